"""Refusals that any room may need."""

from typing import ClassVar

from app.kit.refusals import Refusal


class Malformed(Refusal):
    """The request cannot be understood as written."""

    code: ClassVar[str] = "malformed-request"
    status: ClassVar[int] = 422


class NoSuchResource(Refusal):
    """Nothing is there, or nothing that this key may know of."""

    code: ClassVar[str] = "not-found"
    status: ClassVar[int] = 404


class MethodNotAllowed(Refusal):
    """The resource knows no such method."""

    code: ClassVar[str] = "method-not-allowed"
    status: ClassVar[int] = 405


class BodyTooLarge(Refusal):
    """The body is larger than this route reads."""

    code: ClassVar[str] = "body-too-large"
    status: ClassVar[int] = 413


class RevisionRequired(Refusal):
    """A change must say which revision it was made against."""

    code: ClassVar[str] = "revision-required"
    status: ClassVar[int] = 428


class RevisionStale(Refusal):
    """The record moved on since the caller read it."""

    code: ClassVar[str] = "revision-stale"
    status: ClassVar[int] = 412


class CursorUnknown(Refusal):
    """The cursor is not one of ours, or belongs to another filter or sort."""

    code: ClassVar[str] = "cursor-unknown"
    status: ClassVar[int] = 400


class RefusedByDatabase(Refusal):
    """A constraint of the database stopped what no rule above it had stopped."""

    code: ClassVar[str] = "refused-by-database"


class DatabaseUnavailable(Refusal):
    """The database did not answer, or not in time."""

    code: ClassVar[str] = "database-unavailable"
    status: ClassVar[int] = 503


class StorageFull(Refusal):
    """A disk of this service is full: nothing of the request was kept, nothing older is lost."""

    code: ClassVar[str] = "storage-full"
    status: ClassVar[int] = 503


class Unforeseen(Refusal):
    """A fault of this service, recorded under the trace id."""

    code: ClassVar[str] = "unforeseen"
    status: ClassVar[int] = 500


class KeyMalformed(Refusal):
    """The Idempotency-Key is not one."""

    code: ClassVar[str] = "idempotency-key-malformed"
    status: ClassVar[int] = 422


class KeyReused(Refusal):
    """The Idempotency-Key stands for another request."""

    code: ClassVar[str] = "idempotency-key-reused"
    status: ClassVar[int] = 422


class RequestInFlight(Refusal):
    """A request with the same Idempotency-Key is still at work."""

    code: ClassVar[str] = "request-in-flight"
    headers: ClassVar[dict[str, str]] = {"Retry-After": "1"}


class AnswerWithheld(Refusal):
    """The request was done, and its answer held a secret that is shown once."""

    code: ClassVar[str] = "answer-withheld"


class HttpMalformed(Refusal):
    """What arrived is no HTTP request."""

    code: ClassVar[str] = "http-malformed"
    status: ClassVar[int] = 400


class RequestTooSlow(Refusal):
    """The rest of the request did not come in time."""

    code: ClassVar[str] = "request-too-slow"
    status: ClassVar[int] = 408


class AddressTooLong(Refusal):
    """The address is longer than any of ours."""

    code: ClassVar[str] = "address-too-long"
    status: ClassVar[int] = 414


class MediaTypeUnknown(Refusal):
    """The body is not of a type that this operation reads."""

    code: ClassVar[str] = "media-type-unknown"
    status: ClassVar[int] = 415


class HeadersTooLarge(Refusal):
    """The request has more or longer header fields than this server reads."""

    code: ClassVar[str] = "headers-too-large"
    status: ClassVar[int] = 431
