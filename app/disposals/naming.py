"""What each rule is called, where it is written down, and where its facts can be read."""

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

import yaml

from app.people.roles import COUNTING, READING, WATCHING, Role
from app.policies.rules.in_force import PolicyInForce, Registers, RegisterVersion
from app.policies.rules.instruments import Instrument
from app.policies.rules.model import Label

NAMES = Path(__file__).with_name("data") / "rules.yaml"
PERIODS = Path(__file__).with_name("data") / "periods.yaml"
# Not rules themselves: how a rule is called that an instrument puts.
APPLIES, REQUIRES, VERIFIED, UNVERIFIED = PUT_BY = (
    *("instrument:applies", "instrument:requires", "instrument:verified", "instrument:unverified"),
)
ON_FIELDS = {"complete", "floor", "agreed"}
STATUS_RULE = "legal:not_"
PRODUCT = "catalogue"  # asked by the product itself, whatever a policy says

# Where in the policy a rule is written, or in a register; the longest beginning is used.
IN_POLICY = {
    "complete": "/completeness/fields/{name}",
    "complete:sealed": "/completeness",
    "fresh": "/completeness/freshness/max_extractor_age_days",
    "agreed": "/completeness/conflicts/material_fields",
    "legal:personal_data": "/completeness/fields/personal_data_status",
    "alarm": "/duplicate_standard/repetition_alarm",
    "policy:published": "/policy/status",
    "policy": "/policy/authority",
    "keeper": "/duplicate_standard/keeper_filters",
    "keeper:not_itself": "/duplicate_standard/keeper_rank",
    "keeper:fixity_fresh": "/duplicate_standard/keeper_fixity_max_age_days",
    "keeper:custody_not_ending": "/disposal/recovery_window_days",
    "copies": "/duplicate_standard/min_verified_copies",
    "verdict": "/duplicate_standard/classes/exact_bytes",
}
ASSET = "/v1/assets/{id}"
# Where the facts of an asset stand that a rule is about.
FACTS = {
    "processing": "/v1/assets/{id}/readings",
    "processing:registered": "/v1/assets/{id}/withdrawal",
    "processing:fingerprinted": "/v1/assets/{id}/fingerprints",
    "processing:as_claimed": "/v1/assets/{id}/fingerprints",
    "processing:compared": "/v1/assets/{id}/likenesses",
    "processing:not_struck_out": "/v1/set-aside",
    "complete": "/v1/assets/{id}/provenance",
    "floor": "/v1/assets/{id}/provenance",
    "fresh": "/v1/assets/{id}/readings",
    "agreed": "/v1/assets/{id}/provenance",
    "legal": "/v1/assets/{id}/provenance",
    "legal:body_kind": "/v1/departments",
    "instrument": "/v1/legal-instruments",
    "policy": "/v1/policies",
    "policy:verified_instruments": "/v1/legal-instruments",
    "keeper": "/v1/assets/{id}/likenesses",
    "copies": "/v1/assets/{id}/likenesses",
    "location": "/v1/assets/{id}/readings",
    "container": "/v1/assets/{id}/surroundings",
    "companion": "/v1/assets/{id}/surroundings",
    "verdict": "/v1/assets/{id}/likenesses",
    "alarm": "/v1/faults",
}


# Whoever asks may read these whatever they do, or by another right than the facts of an image.
READ_BY: Mapping[str, frozenset[Role] | None] = {
    "/v1/policies": None,
    "/v1/legal-instruments": None,
    "/v1/departments": COUNTING,
    "/v1/set-aside": WATCHING,
}


def longest(known: Mapping[str, str], rule: str) -> str | None:
    """Return what is known of a rule by its whole name, else by its beginning."""
    return known.get(rule, known.get(rule.partition(":")[0]))


@lru_cache
def names() -> Mapping[str, Mapping[str, str]]:
    """Return what the rules are called that no policy or register names, in three scripts."""
    found: dict[str, dict[str, str]] = yaml.safe_load(NAMES.read_text("utf-8"))
    return found


@lru_cache
def periods() -> Mapping[str, Mapping[str, str]]:
    """Return why a record is kept until a day, or until none that can be named."""
    found: dict[str, dict[str, str]] = yaml.safe_load(PERIODS.read_text("utf-8"))
    return found


def asker(rule: str, registers: Registers) -> tuple[int, Instrument, str]:
    """Return the instrument that a rule is of, its place in the register, and what it asks."""
    _, name, condition = f"{rule}:".split(":")[:3]
    asked = enumerate(registers.instruments.instruments)
    return next((place, one, condition) for place, one in asked if one.id == name)


def of_instrument(rule: str, registers: Registers) -> Mapping[str, str]:
    """Return what an instrument asks in three scripts, with its name and whether it is verified."""
    _, one, condition = asker(rule, registers)
    known = names()
    asked, sure = f"legal:{condition}", known[UNVERIFIED if one.verified is None else VERIFIED]
    said = {script: f"{known['legal'][script]}: {condition}" for script in SCRIPTS}
    parts = {
        script: {"id": one.id, "sure": sure[script], "said": known.get(asked, said)[script]}
        for script in SCRIPTS
    }
    whole = known[REQUIRES if condition else APPLIES]
    return {script: whole[script].format(**parts[script]) for script in SCRIPTS}


def label_of(rule: str, policy: PolicyInForce, registers: Registers) -> Mapping[str, str]:
    """Return what a rule is called in three scripts; a field as the policy calls it."""
    kind, _, name = rule.partition(":")
    fields = policy.effective.completeness.fields
    if rule not in names() and kind in ON_FIELDS and name in fields:
        return written(fields[name].label)
    if rule.startswith(STATUS_RULE):
        status = registers.legal_statuses.statuses[rule.removeprefix(STATUS_RULE)]
        return written(status.label)
    if kind == "instrument":
        return of_instrument(rule, registers)
    known = names()
    return known[rule] if rule in known else known.get(kind, dict.fromkeys(SCRIPTS, name))


SCRIPTS = ("en", "zh-Hant", "zh-Hans")


def written(label: Label) -> Mapping[str, str]:
    """Write a label as JSON has it."""
    return {"en": label.en, "zh-Hant": label.zh_hant, "zh-Hans": label.zh_hans}


def basis_of(rule: str, policy: PolicyInForce, registers: Registers) -> str:
    """Return the version of the document that puts a rule, and where in it, by JSON Pointer."""
    kind, _, name = rule.partition(":")
    in_policy = longest(IN_POLICY, rule)
    if in_policy is not None and rule != "policy:verified_instruments":
        return f"{policy.id}@{policy.version}#{in_policy.format(name=name)}"
    if kind == "instrument":
        place, _, condition = asker(rule, registers)
        what = "requires" if condition else "applies_to"
        return at(registers.instruments_version, f"/instruments/{place}/{what}")
    if rule in {"policy:verified_instruments", "legal:body_kind"}:
        return at(registers.instruments_version, "/instruments")
    if rule == "legal:citation":
        return at(registers.instruments_version, "/rejected_citations")
    if name in {"retention_elapsed", "disposal_action_is_destroy"}:
        return at(registers.retention_schedules_version, "/retention_schedules")
    if rule.startswith(STATUS_RULE):
        status = rule.removeprefix(STATUS_RULE)
        return at(registers.legal_statuses_version, f"/legal_status/{status}")
    if kind == "legal":
        return at(registers.legal_statuses_version, "/legal_status")
    return f"{PRODUCT}#{rule}"


def at(version: RegisterVersion, pointer: str) -> str:
    """Name a place in a register."""
    return f"{version.id}@{version.version}#{pointer}"


def facts_of_rule(rule: str) -> str:
    """Return where the facts that a rule is about can be read, of the image `{id}`."""
    return longest(FACTS, rule) or ASSET


@lru_cache
def closed_to(roles: frozenset[Role]) -> frozenset[str]:
    """Return the addresses of facts at which a holder of these roles would be refused."""
    readers = {address: READ_BY.get(address, READING) for address in (*FACTS.values(), ASSET)}
    return frozenset(
        address for address, who in readers.items() if who is not None and not roles & who
    )
