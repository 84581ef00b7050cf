"""schemathesis over the whole contract, against a real server on a real database."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import httpx2
from served import Server
from world import World

HERE = Path(__file__).parent
PROGRAM = Path(sys.executable).with_name("schemathesis")
EVERY_ROLE = (
    *("registrar", "cataloguer", "records_manager", "curator"),
    *("auditor", "dashboard", "operator"),
)


def a_small_city(api: httpx2.Client, world: World) -> dict[str, str]:
    """Make one of everything, and name it by the parameter that asks for it."""
    department = world.a_department("parks")
    asset = world.a_complete_asset(world.a_source_system(department, code="shelf"))
    world.a_copy_of(asset, world.a_source_system(department, code="platform"))
    world.work()
    registrar = world.headers("registrar", department=department)
    registrar["Content-Type"] = "application/x-ndjson"
    operation = str(api.post("/v1/imports", content=b"{}\n", headers=registrar).json()["id"])
    return {
        "asset_id": str(asset),
        "name": "shelf",
        "operation_id": operation,
        "import_id": operation,
    }


def fuzz(
    server: Server, key: str, real: dict[str, str], *size: str, timeout: float
) -> tuple[bool, str]:
    """Run schemathesis as a user would; return its verdict and what it printed."""
    own = {"FUZZED_REAL": json.dumps(real), "FUZZED_OWN_KEY": key.split("_")[1]}
    command: Sequence[str | Path] = (
        *(PROGRAM, "--config-file", HERE / "fuzzed.toml", "run", f"{server.address}/openapi.json"),
        *("--no-color", "--seed", "1", "--continue-on-failure", "--warnings", "off"),
        *("--suppress-health-check", "all", "-H", f"Authorization: Bearer {key}", *size),
    )
    with tempfile.TemporaryDirectory() as place:  # it keeps notes where it is started
        ran = subprocess.run(  # noqa: S603
            command,
            env={**os.environ, **own, "SCHEMATHESIS_HOOKS": "fuzzed", "PYTHONPATH": str(HERE)},  # noqa: TID251
            cwd=place,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )
    return ran.returncode == 0, ran.stdout + ran.stderr
