"""Departments, persons and keys, as operators see them."""

from datetime import datetime, timedelta
from typing import Annotated, Any, Self, cast
from uuid import UUID

from fastapi import APIRouter, Path, Response
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import Row

from app.kit.db import Db
from app.kit.errors import AnswerWithheld, NoSuchResource
from app.kit.paging import Cursor, Limit, Listing, Page, read_page
from app.kit.refusals import refuses
from app.kit.revisions import content_tag, tagged
from app.kit.text import Label, Line, Storable
from app.people import queries, service
from app.people.errors import DepartmentTaken
from app.people.models import ApiKeyRow, DepartmentRow, PersonRow
from app.people.rights import Counter, Operator
from app.people.roles import Role
from app.policies.errors import NoPolicyInForce
from app.policies.rules.bodies import BODY_KINDS, BodyKind

router = APIRouter(prefix="/v1", tags=["people"])
Code = Annotated[
    str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$", description="A short lasting name.")
]
KeyId = Annotated[Storable, Path(max_length=64)]


class DepartmentIn(BaseModel):
    """A body answerable for images."""

    model_config = ConfigDict(extra="forbid")
    code: Code
    label: Label
    policy_id: Annotated[Line | None, Field(description="Absent: the city default.")] = None
    body_kind: Annotated[BodyKind, Field(description="What kind of body; instruments bind by it.")]


class BodyKindIn(BaseModel):
    """What kind of body a department is, and why it is said anew."""

    model_config = ConfigDict(extra="forbid")
    body_kind: BodyKind
    reason: Line


class DepartmentOut(BaseModel):
    """A department, the policy it names (null: the city default) and what kind of body it is.

    Of a department of before nobody may have stated the kind (null): what binds by it is unknown
    there, and blocks.
    """

    code: str
    label: dict[str, str]
    policy_id: str | None
    body_kind: BodyKind | None
    body_kind_label: dict[str, str] | None

    @classmethod
    def of(cls, row: DepartmentRow) -> Self:
        """Show a department."""
        kind = cast(BodyKind | None, row.body_kind)  # the table's own check has the same words
        return cls(
            code=row.code,
            label=row.label,
            policy_id=row.policy_id,
            body_kind=kind,
            body_kind_label=BODY_KINDS[kind].model_dump() if kind else None,
        )


class PersonIn(BaseModel):
    """A person who will act by keys."""

    model_config = ConfigDict(extra="forbid")
    name: Line


class PersonOut(BaseModel):
    """A person's lasting id."""

    id: UUID


class KeyIn(BaseModel):
    """Whom a key is for, what it may do, and for how long."""

    model_config = ConfigDict(extra="forbid")
    person_id: UUID
    roles: Annotated[set[Role], Field(min_length=1)]
    department: Annotated[
        Code | None, Field(description="Absent: the whole city, for some roles.")
    ] = None
    valid_days: Annotated[int, Field(ge=1, le=730)] = 365


class KeyGivenOut(BaseModel):
    """A new key, with its secret for the only time."""

    id: str
    key: str


class KeyOut(BaseModel):
    """A key without its secret."""

    id: str
    person_id: UUID
    person: str
    department: str | None
    roles: list[Role]
    expires_at: datetime
    revoked_at: datetime | None


@router.post(
    "/departments",
    operation_id="add_department",
    status_code=201,
    responses={200: {"model": DepartmentOut, "description": "There already."}},
)
@refuses(DepartmentTaken, NoPolicyInForce, NoSuchResource)
def add_department(
    db: Db, caller: Operator, department: DepartmentIn, response: Response
) -> DepartmentOut:
    """Add a department. The same request again answers 200 and changes nothing."""
    row, new = service.add_department(db, caller.agent, **department.model_dump())
    response.status_code = 201 if new else 200
    return DepartmentOut.of(row)


@router.post("/departments/{code}/body-kind", operation_id="state_body_kind")
@refuses(NoSuchResource)
def state_body_kind(
    db: Db, caller: Operator, code: Annotated[Code, Path()], said: BodyKindIn
) -> DepartmentOut:
    """State what kind of body a department is: at once other instruments may bind its images.

    The same again changes nothing. What was said before stays in the log, with the reason.
    """
    row = service.state_body_kind(db, caller.agent, code, said.body_kind, said.reason)
    return DepartmentOut.of(row)


@router.get("/departments", operation_id="list_departments")
def list_departments(
    db: Db, caller: Counter, limit: Limit = 50, cursor: Cursor = None
) -> Page[DepartmentOut]:
    """List the departments that your key may know of, by code."""
    asked = queries.departments(caller)
    listing = Listing("departments", (caller.department,))
    return read_page(db, asked, listing, limit=limit, cursor=cursor, show=show_department)


def show_department(row: Row[*tuple[Any, ...]]) -> DepartmentOut:
    """Show a department."""
    return DepartmentOut.of(row[0])


@router.post("/persons", operation_id="add_person", status_code=201)
def add_person(db: Db, caller: Operator, person: PersonIn) -> PersonOut:
    """Add a person. Duties are kept apart by person, so nobody should be added twice."""
    return PersonOut(id=service.add_person(db, caller.agent, person.name))


@router.post("/api-keys", operation_id="give_api_key", status_code=201)
@refuses(AnswerWithheld, NoSuchResource)
def give_api_key(db: Db, caller: Operator, key: KeyIn, response: Response) -> KeyGivenOut:
    """Give a person a key. Keep the secret: it is never shown again.

    Under an Idempotency-Key the key is given once, and asking again is refused with its address:
    the answer is not kept. Whoever lost it revokes the key and asks for another.
    """
    given = service.give_key(
        db,
        caller.agent,
        person_id=key.person_id,
        roles=key.roles,
        department=key.department,
        valid_for=timedelta(days=key.valid_days),
    )
    response.headers["Cache-Control"] = "no-store"
    response.headers["Location"] = f"/v1/api-keys/{given.id}"
    return KeyGivenOut(id=given.id, key=str(given))


@router.get("/api-keys", operation_id="list_api_keys")
def list_api_keys(
    db: Db, caller: Operator, limit: Limit = 50, cursor: Cursor = None
) -> Page[KeyOut]:
    """List keys with their persons, roles and ends, newest first."""
    asked, listing = queries.keys(caller), Listing("api-keys", (caller.department,))
    return read_page(db, asked, listing, limit=limit, cursor=cursor, show=show_listed)


def show_listed(row: Row[*tuple[Any, ...]]) -> KeyOut:
    """Show a key of a list."""
    key, person = row
    return show_key(key, person)


@router.get("/api-keys/{key_id}", operation_id="read_api_key")
@tagged
def read_api_key(db: Db, caller: Operator, key_id: KeyId, response: Response) -> KeyOut:
    """Show one key without its secret."""
    found = db.execute(queries.keys(caller).where(ApiKeyRow.id == key_id)).one_or_none()
    if found is None:
        raise NoSuchResource(f"There is no key {key_id!r}.")
    shown = show_key(*found)
    response.headers["ETag"] = content_tag(db, shown)
    return shown


def show_key(key: ApiKeyRow, person: PersonRow) -> KeyOut:
    """Show a key with its person."""
    return KeyOut(
        id=key.id,
        person_id=person.id,
        person=person.name,
        department=key.department,
        roles=list(map(Role, key.roles)),
        expires_at=key.expires_at,
        revoked_at=key.revoked_at,
    )


@router.post("/api-keys/{key_id}/revoke", operation_id="revoke_api_key", status_code=204)
def revoke_api_key(db: Db, caller: Operator, key_id: KeyId) -> None:
    """End a key at once."""
    service.revoke_key(db, caller, key_id)
