"""What compose.yaml promises of each service, read off the file; no engine is asked."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from app.kit.settings import Settings

ROOT = Path(__file__).parents[2]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text("utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
services = pytest.mark.parametrize("name", SERVICES)


@services
def test_each_service_runs_without_rights(name: str) -> None:
    told = SERVICES[name]
    user, _, group = told["user"].partition(":")
    assert int(user) > 0
    assert int(group) > 0
    assert told["cap_drop"] == ["ALL"]
    assert told["read_only"] is True
    assert told["security_opt"] == ["no-new-privileges:true"]
    assert not {"privileged", "cap_add", "pid", "ipc", "network_mode", "devices"} & set(told)


@services
def test_each_service_has_a_pinned_image_and_bounds_on_its_end(name: str) -> None:
    told = SERVICES[name]
    image, _, version = told["image"].partition(":")
    assert image
    assert re.match(r"\d", version), f"{told['image']} names no version"
    if told["restart"] == "no":
        assert told["healthcheck"] == {"disable": True}
        return
    assert told["healthcheck"]["test"][0] == "CMD"
    assert told["stop_grace_period"]


@services
def test_no_secret_is_written_into_the_file(name: str) -> None:
    for key, value in SERVICES[name]["environment"].items():
        assert not re.search(r"(?i)password|secret|key", key) or key.endswith("_FILE"), key
        assert not re.search(r"://[^/@]*:[^/@]*@", str(value)), key


@services
def test_each_secret_is_one_of_the_files_and_a_setting(name: str) -> None:
    for one in SERVICES[name].get("secrets", []):
        source = one if isinstance(one, str) else one["source"]
        assert source in COMPOSE["secrets"]
        if isinstance(one, dict) and name != "prepare":  # which reads the others' by itself
            assert one["target"].removeprefix("catalogue_") in Settings.model_fields
    for key in SERVICES[name]["environment"]:
        ours = key.startswith("CATALOGUE_")
        assert not ours or key.removeprefix("CATALOGUE_").lower() in Settings.model_fields


def test_every_secret_is_made_by_the_script() -> None:
    script = (ROOT / "docker" / "make-secrets.sh").read_text("utf-8")
    found = re.search(r"for name in (.*); do", script)
    assert found
    assert sorted(found[1].split()) == sorted(COMPOSE["secrets"])


def test_sources_are_only_read_and_only_the_proxy_reaches_the_web() -> None:
    for name in ("web", "worker"):
        [sources] = [one for one in SERVICES[name]["volumes"] if "/srv/sources" in one]
        assert sources.endswith(":ro")
    published = {name: told["ports"] for name, told in SERVICES.items() if "ports" in told}
    assert published == {"web": ["127.0.0.1:8080-8081:8080"]}
    assert COMPOSE["networks"]["database"] == {"internal": True}


def test_nothing_starts_before_the_database_is_prepared() -> None:
    waits = {name: told.get("depends_on") for name, told in SERVICES.items()}
    prepared = {"prepare": {"condition": "service_completed_successfully"}}
    assert waits == {
        "database": None,
        "prepare": {"database": {"condition": "service_healthy"}},
        "web": prepared,
        "worker": prepared,
    }


def test_the_image_runs_without_rights_and_takes_no_secret_in() -> None:
    lines = (ROOT / "Dockerfile").read_text("utf-8").splitlines()
    assert [line for line in lines if line.startswith("USER ")] == ["USER catalogue"]
    assert all(re.match(r"FROM python:\d", line) for line in lines if line.startswith("FROM "))
    assert (ROOT / ".dockerignore").read_text("utf-8").splitlines()[1] == "*"
