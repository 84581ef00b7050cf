"""Who acts in the demo: departments, persons and keys, all made through the public API."""

from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from app.cli.demo_policy import POLICY_ID
from app.cli.remote import NotDone, Refused, Remote
from app.policies.rules.bodies import BodyKind

KEY_DAYS = 1


@dataclass(frozen=True, slots=True)
class Department:
    """A demo department, the system that holds its pictures, and the folder of that system."""

    code: str
    label: dict[str, str]
    system: str
    folder: str
    custody_kind: str
    failure_domain: str


@dataclass(slots=True)
class Cast:
    """Every key that this run gave out; they end with it."""

    url: str
    operator: Remote
    given: list[Remote] = field(default_factory=list)
    _persons: dict[str, str] | None = None

    def give(self, name: str, role: str, department: str | None = None) -> Remote:
        """Give a person a key for one role; a person of an earlier run is not added twice."""
        body = {
            "person_id": self._person(name),
            "roles": [role],
            "department": department,
            "valid_days": KEY_DAYS,
        }
        given = Remote(self.url, self.operator.post("/v1/api-keys", body)["key"])
        self.given.append(given)
        return given

    def dismiss(self) -> None:
        """End every key, the operator's last."""
        for one in (*self.given, self.operator):
            key_id = one.key.split("_")[1]
            with suppress(NotDone):  # a day later it ends by itself
                self.operator.call("POST", f"/v1/api-keys/{key_id}/revoke")
            one.close()

    def _person(self, name: str) -> str:
        if self._persons is None:
            known = self.operator.pages("/v1/api-keys")
            self._persons = {one["person"]: one["person_id"] for one in known}
        if name not in self._persons:
            self._persons[name] = self.operator.post("/v1/persons", {"name": name})["id"]
        return self._persons[name]


def add_department(operator: Remote, code: str, label: dict[str, str], body_kind: BodyKind) -> None:
    """Add a department under the demo policy."""
    facts = {"code": code, "label": label, "policy_id": POLICY_ID, "body_kind": body_kind}
    operator.post("/v1/departments", facts)


def add_system(operator: Remote, facts: dict[str, Any]) -> None:
    """Add a source system whose custody does not end and that cannot be taken away."""
    try:
        operator.post("/v1/source-systems", {"removable": False, "custody_ends_on": "none"} | facts)
    except Refused as refusal:
        raise NotDone(f"Source system {facts['code']}: {refusal}") from refusal
