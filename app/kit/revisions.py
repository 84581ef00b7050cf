"""Strong entity tags: a change says what it was made against, and nothing is sent twice."""

import re
from collections.abc import Callable
from typing import Annotated, Any, TypeVar
from urllib.parse import quote

from fastapi import Header, Request, Response
from pydantic import BaseModel
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.kit.errors import Malformed, RevisionRequired

T = TypeVar("T", bound=Callable[..., Any])
IfMatch = Annotated[str | None, Header(description='The `ETag` that you read, such as `"3"`.')]
# A record's version, and after a dot what else its page shows; a change is bound to the version.
WRITTEN = re.compile(r'"(\d{1,9})(?:\.[\x21\x23-\x7e]{1,200})?"')
ONE_OF = re.compile(r'(?:W/)?("[\x21\x23-\x7e]*")')


class NotModified(Exception):
    """The caller has this representation already."""

    def __init__(self, tag: str) -> None:
        """Keep the tag for the answer."""
        super().__init__(tag)
        self.tag = tag


def tagged(call: T) -> T:
    """Say in the contract that a route sends an `ETag` and answers `If-None-Match` with 304."""
    call.__dict__["tagged"] = True
    return call


def etag(*parts: object) -> str:
    """Write what a representation depends on as a strong entity tag.

    For one that is dear to compute, such as counts, name the log index, the day and the policies,
    and ask `prove_modified` before computing.
    """
    return f'"{".".join(quote(str(part), safe=":+@") for part in parts)}"'


def content_tag(db: Session, shown: BaseModel, *revision: int) -> str:
    """Tag a representation by its content, after the record's version where it has one.

    A page shows more than its version: a new reading or policy changes it too. PostgreSQL hashes.
    """
    text = func.convert_to(shown.model_dump_json(), "UTF8")
    digest: str = db.scalars(select(func.encode(func.sha256(text), "hex"))).one()
    return etag(*revision, digest[:32])


def prove_modified(request: Request, tag: str) -> None:
    """Go on only where the caller does not have this representation.

    Raises:
        NotModified: it does; the edge answers 304.
    """
    sent = ",".join(request.headers.getlist("if-none-match"))
    if sent.strip() == "*" or tag in ONE_OF.findall(sent):
        raise NotModified(tag)


def unmodified(request: Request, response: Response) -> Response:
    """Leave out a representation that the caller has."""
    tag = response.headers.get("etag")
    if request.method == "GET" and response.status_code == 200 and tag is not None:
        try:
            prove_modified(request, tag)
        except NotModified:
            return not_modified(tag)
    return response


def not_modified(tag: str) -> Response:
    """Answer 304."""
    return Response(status_code=304, headers={"ETag": tag})


def required_revision(if_match: str | None) -> int:
    """Return the revision that a change was made against.

    Raises:
        RevisionRequired: no If-Match (HTTP 428).
        Malformed: not an entity tag of ours (HTTP 422).
    """
    if if_match is None:
        raise RevisionRequired("Read the record and send its ETag as If-Match.")
    found = WRITTEN.fullmatch(if_match.strip())
    if found is None:
        raise Malformed('If-Match is the ETag as it was read, such as "3".')
    return int(found[1])
