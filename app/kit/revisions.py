"""Strong entity tags: a change says which revision it was made against."""

import re
from typing import Annotated

from fastapi import Header

from app.kit.errors import Malformed, RevisionRequired

IfMatch = Annotated[str | None, Header(description='The `ETag` that you read, such as `"3"`.')]
WRITTEN = re.compile(r'"(\d{1,9})"')


def etag(revision: int) -> str:
    """Write a revision as a strong entity tag."""
    return f'"{revision}"'


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
