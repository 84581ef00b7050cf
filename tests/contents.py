"""An uploading client, in the words of the contract."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from itertools import count
from typing import Any
from uuid import UUID

import httpx2
from world import System, World

NUMBERS = count(1)


@dataclass(frozen=True, slots=True)
class Uploader:
    """Somebody of one department who hands contents in."""

    http: httpx2.Client
    headers: dict[str, str]
    system: System

    @classmethod
    def of(cls, world: World, http: httpx2.Client, system: System | None = None) -> Uploader:
        """Give somebody a key for a system, a new one where none is named."""
        system = system or world.a_source_system()
        return cls(http, world.headers("registrar", department=system.department), system)

    def registers(self, **facts: object) -> UUID:
        """Register a copy whose content is to come."""
        name = f"upload-{next(NUMBERS)}.jpg"
        body = {
            "source_system": self.system.code,
            "source_identifier": name,
            "original_name": name,
            "legal_status": ["institution_owned_non_record"],
        }
        answer = self.http.post("/v1/assets", json=body | facts, headers=self.headers)
        assert answer.status_code == 201, answer.text
        return UUID(answer.json()["asset_id"])

    def sends(self, asset_id: UUID, content: bytes, **headers: str) -> httpx2.Response:
        """Send a whole content."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        address = f"/v1/assets/{asset_id}/content"
        return self.http.put(address, content=content, headers=self.headers | named)

    def sends_part(
        self, asset_id: UUID, content: bytes, start: int, end: int, total: int | str | None = None
    ) -> httpx2.Response:
        """Send some bytes of a content; its length is told unless another total is."""
        told = f"bytes {start}-{end - 1}/{len(content) if total is None else total}"
        return self.sends(asset_id, content[start:end], Content_Range=told)

    def stands(self, asset_id: UUID) -> tuple[str, str]:
        """Return offset and completeness as HEAD tells them."""
        answer = self.http.head(f"/v1/assets/{asset_id}/content", headers=self.headers)
        assert answer.status_code == 200
        return answer.headers["Upload-Offset"], answer.headers["Upload-Complete"]

    def sees(self, asset_id: UUID, part: str = "") -> Any:  # noqa: ANN401 - JSON
        """Read the asset's page, or a part of it."""
        answer = self.http.get(f"/v1/assets/{asset_id}{part}", headers=self.headers)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def events(self, asset_id: UUID) -> list[tuple[str, Any]]:
        """Return what happened to the asset: kinds and details."""
        items = self.sees(asset_id, "/events?limit=500")["items"]
        return [(event["kind"], event["detail"]) for event in items]


def repr_digest(content: bytes, algorithm: str = "sha-256") -> str:
    """Claim what a content hashes to."""
    found = hashlib.new(algorithm.replace("-", ""), content).digest()
    return f"{algorithm}=:{base64.b64encode(found).decode()}:"
