"""Two policy officers, and documents that they could publish."""

from copy import deepcopy
from datetime import date
from typing import Any

from httpx2 import Client, Response
from world import World

from app.policies.packaged import packaged_documents

Document = dict[str, Any]
PACKAGED = {(d.get("policy") or d["register"])["id"]: d for d in packaged_documents()}


def edition(of: str, rules: Document | None = None, **header: Any) -> Document:  # noqa: ANN401
    """Return a packaged document as a draft that holds from today on."""
    document = deepcopy(PACKAGED[of])
    usual: Document = {"status": "draft", "effective_from": f"{date.today()}", "version": "1.1.0"}  # noqa: DTZ011
    document["policy" if "policy" in document else "register"] |= usual | header
    return document | (rules or {})


def overlay(name: str, rules: Document, **header: Any) -> Document:  # noqa: ANN401
    """Return an overlay on the city default that says no more than these rules."""
    return {"policy": edition("newsroom", id=name, **header)["policy"]} | rules


class Office:
    """Two persons who publish through the API, as two clients would."""

    def __init__(self, api: Client, world: World) -> None:
        self.api, self.world = api, world
        self.ada, self.ben = (world.headers("policy_officer") for _ in range(2))

    def draft(self, document: Document, key: dict[str, str] | None = None) -> Response:
        return self.api.post("/v1/policies", json=document, headers=key or self.ada)

    def propose(self, draft: Document, key: dict[str, str] | None = None) -> Response:
        return self.sign(draft, "proposals", key or self.ada)

    def approve(self, draft: Document, key: dict[str, str] | None = None) -> Response:
        return self.sign(draft, "approvals", key or self.ben)

    def sign(self, draft: Document, what: str, key: dict[str, str]) -> Response:
        path = f"/v1/policies/{draft['id']}/versions/{draft['version']}/{what}"
        said = {"digest": draft["digest"], "reason": "council decision 12/2026"}
        return self.api.post(path, json=said, headers=key)

    def publish(self, document: Document) -> Document:
        """Draft, propose and approve."""
        draft: Document = self.draft(document).json()
        assert self.propose(draft).status_code == 201
        signed = self.approve(draft)
        assert signed.status_code == 201, signed.text
        return dict(signed.json())

    def held(self, policy_id: str) -> Document:
        """Return the policy's version that holds today."""
        page = self.api.get("/v1/policies", headers=self.ada).json()
        [one] = [item for item in page["items"] if item["id"] == policy_id]
        return dict(one)
