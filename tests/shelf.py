"""A prefix of a bucket as a source system, for tests of a catalogue that reads from Swift."""

from itertools import count
from uuid import UUID

import httpx2
from swift import Swift
from world import World

_numbers = count(1)


class Shelf:
    """A prefix of the bucket as a source system of one department, spoken to by HTTP."""

    def __init__(
        self, town: World, api: httpx2.Client, swift: Swift, department: str, bucket: str
    ) -> None:
        self.town, self.api, self.swift, self.department = town, api, swift, department
        self.bucket = bucket
        self.code = f"shelf-{next(_numbers)}"
        self.prefix = f"{self.code}/"
        self.registrar = town.headers("registrar", department=department)

    @property
    def uri(self) -> str:
        """Return its root."""
        return f"s3://{self.bucket}/{self.prefix}"

    def added(self, root: str | None = None) -> httpx2.Response:
        """Add the source system."""
        facts = {
            "code": self.code,
            "department": self.department,
            "label": {"en": "Shelf"},
            "root": root or self.uri,
            "custody_kind": "archive",
            "failure_domain": "vault 1",
            "removable": False,
            "custody_ends_on": "none",
        }
        operator = self.town.headers("operator")
        return self.api.post("/v1/source-systems", json=facts, headers=operator)

    def register(self, location: str) -> httpx2.Response:
        """Register one object."""
        said = {
            "source_system": self.code,
            "source_identifier": location,
            "location": location,
            "original_name": location,
            "legal_status": ["institution_owned_non_record"],
        }
        return self.api.post("/v1/assets", json=said, headers=self.registrar)

    def an_asset(self, picture: bytes, key: str = "picture.jpg", location: str = "") -> UUID:
        """Lay a picture into the bucket and register it."""
        self.swift.put(self.bucket, self.prefix + key, picture)
        answer = self.register(location or key)
        assert answer.status_code == 201, answer.text
        return UUID(answer.json()["asset_id"])
