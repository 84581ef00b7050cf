"""Each right is a typed dependency: a route that takes a Registrar cannot run without one."""

from collections.abc import Callable
from typing import Annotated

from fastapi import Depends, Request, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from app.kit.db import Database, Db
from app.people import roles
from app.people.errors import NotAuthenticated, RoleMissing
from app.people.roles import Principal, Role
from app.people.service import prove_key

bearer = HTTPBearer(auto_error=False, scheme_name="api_key", description="`cat_<id>_<secret>`")
Credentials = Annotated[HTTPAuthorizationCredentials | None, Security(bearer)]


def authenticated(db: Db, credentials: Credentials) -> Principal:
    """Prove the key that came with the request."""
    if credentials is None:
        raise NotAuthenticated("Send `Authorization: Bearer cat_...`; an operator gives out keys.")
    return prove_key(db, credentials.credentials)


def holding(allowed: frozenset[Role]) -> Callable[[Principal], Principal]:
    """Make the dependency that lets only holders of one of these roles pass."""

    def check(caller: Annotated[Principal, Depends(authenticated)]) -> Principal:
        if not caller.roles & allowed:
            named = ", ".join(sorted(allowed))
            raise RoleMissing(f"This needs a key with one of these roles: {named}.")
        return caller

    return check


def proved_apart(allowed: frozenset[Role]) -> Callable[..., Principal]:
    """Make the same dependency for routes that take long: it keeps no transaction open."""

    def check(request: Request, credentials: Credentials) -> Principal:
        database: Database = request.app.state.database
        with database.transaction() as db:
            return holding(allowed)(authenticated(db, credentials))

    return check


Registrar = Annotated[Principal, Depends(holding(roles.REGISTERING))]
Describer = Annotated[Principal, Depends(holding(roles.DESCRIBING))]
Reader = Annotated[Principal, Depends(holding(roles.READING))]
Counter = Annotated[Principal, Depends(holding(roles.COUNTING))]
Operator = Annotated[Principal, Depends(holding(roles.OPERATING))]
Uploader = Annotated[Principal, Depends(proved_apart(roles.REGISTERING))]
