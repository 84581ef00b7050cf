"""When a zoneless local date was, in the world's time, by the zone that the policy names: derived.

The date itself stays as the file says it. Zones come with the installation, not from the machine,
so that the same release of their rules gives the same instant everywhere.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from functools import lru_cache
from importlib import resources
from importlib.metadata import version as version_of
from typing import Any
from zoneinfo import ZoneInfo

from app.policies.rules.in_force import PolicyInForce
from app.provenance.projection import Record
from app.provenance.statements import Statement
from app.readings.moments import EPOCH

RULE = "policy-time-zone"
FIELD, DATE = "capture_instant", "date_created"
TOOL = "tzdata"
TWICE = "ambiguous: the clocks were put back over this time"
NEVER = "nonexistent: the clocks were put forward over this time"


def is_dated(record: Record) -> bool:
    """Tell whether a record holds, or may hold, an instant that a policy's zone gives."""
    return any(s.rule == RULE for s in record.statements) or zoneless(record) is not None


def with_instant(record: Record, policy: PolicyInForce, *, version: int) -> Record:
    """Let a record say the instant of its zoneless date by the policy that judges it now.

    What stands and would be said again stays as it is; of another zone, or of a date that went, it
    goes.
    """
    standing = [s for s in record.statements if s.rule == RULE]
    wanted = derived(record, policy, version=version)
    if wanted and [
        s for s in standing if replace(wanted, id=s.id, since_version=s.since_version) == s
    ]:
        return record
    kept = tuple(s for s in record.statements if s.rule != RULE)
    return replace(record, statements=(*kept, wanted) if wanted else kept)


def derived(record: Record, policy: PolicyInForce, *, version: int) -> Statement | None:
    """Return the instant of a record's zoneless date; None where the file tells one, or none is."""
    date, name = zoneless(record), policy.effective.completeness.default_time_zone
    zone = zone_called(name)
    if date is None or zone is None:
        return None
    local = datetime.fromisoformat(str(date.value))
    value, note = instant(local, zone)
    parts = parts_of(record, value["local"])
    if parts is not None:
        value["sub_seconds"] = parts.value["sub_seconds"]
    return Statement(
        id=f"{version}.{record.next_number(version)}",
        field=FIELD,
        value=value,
        source_kind="derived",
        locator=f"policy:{policy.id}/completeness/default_time_zone",
        agent="process:provenance",
        since_version=version,
        certainty="uncertain" if note else "probable",
        tool=TOOL,
        tool_version=version_of(TOOL),
        rule=RULE,
        inputs=(date.id, parts.id) if parts else (date.id,),
        note=note,
    )


def zoneless(record: Record) -> Statement | None:
    """Return the file's date that counts, if it has a time and neither it nor the file a zone."""
    known = (s.value for s in record.of(FIELD) if s.source_kind == "extracted")
    if any(isinstance(value, Mapping) and value.get("utc") for value in known):
        return None
    date = next((s for s in record.of(DATE) if s.source_kind == "extracted"), None)
    if date is None or date.note == EPOCH:
        return None
    try:
        local = datetime.fromisoformat(str(date.value))
    except ValueError:
        return None
    return date if "T" in str(date.value) and local.tzinfo is None else None


def parts_of(record: Record, local: str) -> Statement | None:
    """Return the file's word on the parts of that second; a date alone has none (EDTF)."""
    said = (
        s for s in record.of(FIELD) if s.source_kind == "extracted" and s.value.get("sub_seconds")
    )
    return next((s for s in said if s.value.get("local") == local), None)


def instant(local: datetime, zone: ZoneInfo) -> tuple[dict[str, Any], str | None]:
    """Say when a local time was: once, twice where clocks were put back, or never."""
    moments = [local.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1)]
    real = {one for one in moments if one.astimezone(zone).replace(tzinfo=None) == local}
    told = [f"{one.replace(tzinfo=None).isoformat()}Z" for one in sorted(real)]
    value: dict[str, Any] = {"local": local.isoformat(), "zone": zone.key, "utc": None}
    match told:
        case [once]:
            return value | {"utc": once}, None
        case []:
            return value, NEVER
        case _:
            return value | {"either": told}, TWICE


@lru_cache(maxsize=64)
def zone_called(name: str) -> ZoneInfo | None:
    """Return a zone of the IANA database by its name; None: this release has none."""
    place = resources.files("tzdata.zoneinfo").joinpath(*name.split("/"))
    if not place.is_file():
        return None
    with place.open("rb") as rules:
        return ZoneInfo.from_file(rules, key=name)
