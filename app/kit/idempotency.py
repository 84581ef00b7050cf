"""A change and its answer under one key: written in one transaction, given again when asked."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Index, func, insert, select, text
from sqlalchemy.orm import Mapped, Session, mapped_column
from starlette.requests import Request
from starlette.responses import Response

from app.kit.db import Row
from app.kit.errors import AnswerWithheld, KeyMalformed, KeyReused, RequestInFlight

HEADER = "Idempotency-Key"
WRITTEN = re.compile(r"[!-~]{1,255}")
KEYED = {"POST", "PATCH"}
KEPT_HEADERS = ("content-type", "location", "etag", "retry-after", "link")
TAKEN = text(
    "SELECT pg_try_advisory_xact_lock(hashtextextended('idempotency/' || :by || '/' || :key, 0))"
)


class IdempotencyKeyRow(Row):
    """The answer that a key stands for; removed after a week, by the worker alone."""

    __tablename__ = "idempotency_keys"
    __table_args__ = (Index("ix_idempotency_keys_answered_at", "answered_at"),)
    principal: Mapped[str] = mapped_column(primary_key=True)  # the id of an API key
    key: Mapped[str] = mapped_column(primary_key=True)
    request_sha256: Mapped[bytes]
    status: Mapped[int]
    headers: Mapped[dict[str, Any]]
    body: Mapped[bytes | None]  # None: it held a secret
    answered_at: Mapped[datetime] = mapped_column(server_default=text("clock_timestamp()"))


@dataclass(frozen=True, slots=True)
class Answer:
    """What was answered; without a body when that must not be kept."""

    status: int
    headers: Mapping[str, str]
    body: bytes | None


@dataclass(frozen=True, slots=True)
class Claim:
    """A key that this transaction alone holds, and what was asked under it."""

    db: Session
    principal: str
    key: str
    said: str

    def keep(self, answer: Answer) -> None:
        """Write the answer in the transaction of its effect."""
        values = {
            "principal": self.principal,
            "key": self.key,
            "request_sha256": digest(self.said),
            "status": answer.status,
            "headers": dict(answer.headers),
            "body": answer.body,
        }
        self.db.execute(insert(IdempotencyKeyRow).values(values))


class Replay(Exception):
    """The key stands for this very request, which was answered before."""

    def __init__(self, answer: Answer) -> None:
        """Keep the answer for the edge."""
        super().__init__("answered before")
        self.answer = answer


def remember(db: Session, principal: str, key: str, said: str) -> Claim:
    """Hold a key until the transaction ends; `said` is all that makes two requests the same.

    Raises:
        Replay: the same was asked before, and this was the answer.
        KeyReused: something else was asked under this key (HTTP 422).
        RequestInFlight: another transaction holds the key (HTTP 409).
        AnswerWithheld: it was done, and its answer cannot be given again (HTTP 409).
    """
    if not db.scalar(TAKEN, {"by": principal, "key": key}):
        raise RequestInFlight("The first request with this Idempotency-Key is not answered yet.")
    # A statement of its own, after the lock: its snapshot sees what the last holder committed.
    found = db.execute(
        select(IdempotencyKeyRow, IdempotencyKeyRow.request_sha256 == digest(said)).where(
            IdempotencyKeyRow.principal == principal, IdempotencyKeyRow.key == key
        )
    ).one_or_none()
    if found is None:
        return Claim(db, principal, key, said)
    row, same = found
    if not same:
        raise KeyReused("This Idempotency-Key was sent with another request; draw a new one.")
    if row.body is None:
        made = row.headers.get("location", "see the list")
        raise AnswerWithheld(f"This was done at {row.answered_at:%Y-%m-%dT%H:%M:%SZ}: {made}.")
    raise Replay(Answer(row.status, row.headers, row.body))


def digest(said: str) -> ColumnElement[bytes]:
    """Hash a request where it is compared: in PostgreSQL."""
    return func.sha256(func.convert_to(said, "UTF8"))


def key_of(request: Request) -> str | None:
    """Return the request's key; None where it has none or its method takes none.

    Raises:
        KeyMalformed: not 1 to 255 visible ASCII characters, or several (HTTP 422).
    """
    sent = request.headers.getlist(HEADER) if request.method in KEYED else []
    if not sent:
        return None
    if len(sent) > 1 or not WRITTEN.fullmatch(sent[0]):
        raise KeyMalformed(f"{HEADER} is one word of 1 to 255 visible ASCII characters.")
    return sent[0]


def described(request: Request, document: object) -> str:
    """Say what makes two requests the same; a body that is not JSON counts by its length."""
    headers = request.headers
    parts = [
        request.method,
        request.scope["path"],
        request.scope["query_string"].decode("latin-1"),
        headers.get("if-match"),
        headers.get("content-length") if document is None else document,
    ]
    return json.dumps(parts, sort_keys=True)


def claim(db: Session, request: Request, principal: str) -> None:
    """Hold the request's key, if it has one, for the transaction that answers it."""
    key = key_of(request)
    if key is not None:
        said = described(request, getattr(request.state, "document", None))
        request.state.claim = remember(db, principal, key, said)


def keep_answer(request: Request, response: Response) -> None:
    """Keep what is about to be answered, where a key was claimed."""
    held: Claim | None = getattr(request.state, "claim", None)
    if held is None:
        return
    headers = {name: response.headers[name] for name in KEPT_HEADERS if name in response.headers}
    secret = response.headers.get("cache-control") == "no-store"
    held.keep(Answer(response.status_code, headers, None if secret else bytes(response.body)))


def replayed(answer: Answer) -> Response:
    """Give an answer again."""
    headers = {**answer.headers, "Idempotency-Replayed": "true"}
    return Response(answer.body, answer.status, headers)
