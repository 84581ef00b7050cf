"""Each right is a typed dependency: a route that takes a Registrar cannot run without one."""

from collections.abc import Callable
from typing import Annotated

from fastapi import Depends, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from app.kit.db import Db
from app.people import roles
from app.people.errors import NotAuthenticated
from app.people.keys import NewKey
from app.people.roles import Principal, Role
from app.people.service import prove_key, prove_role, read_key

bearer = HTTPBearer(auto_error=False, scheme_name="api_key", description="`cat_<id>_<secret>`")
Credentials = Annotated[HTTPAuthorizationCredentials | None, Security(bearer)]


def authenticated(db: Db, credentials: Credentials) -> Principal:
    """Prove the key that came with the request."""
    return prove_key(db, sent(credentials))


def sent(credentials: HTTPAuthorizationCredentials | None) -> str:
    """Return the key that came with the request, as it is written."""
    if credentials is None:
        raise NotAuthenticated("Send `Authorization: Bearer cat_...`; an operator gives out keys.")
    return credentials.credentials


async def presented(credentials: Credentials) -> NewKey:
    """Take the key apart that came with the request; whoever takes this proves it themselves."""
    return read_key(sent(credentials))


def holding(allowed: frozenset[Role]) -> Callable[[Principal], Principal]:
    """Make the dependency that lets only holders of one of these roles pass."""

    def check(caller: Annotated[Principal, Depends(authenticated)]) -> Principal:
        prove_role(caller, allowed)
        return caller

    return check


Registrar = Annotated[Principal, Depends(holding(roles.REGISTERING))]
Describer = Annotated[Principal, Depends(holding(roles.DESCRIBING))]
Reader = Annotated[Principal, Depends(holding(roles.READING))]
Counter = Annotated[Principal, Depends(holding(roles.COUNTING))]
Operator = Annotated[Principal, Depends(holding(roles.OPERATING))]
# Not proved yet: a hot read proves it in the transaction that answers.
PresentedKey = Annotated[NewKey, Depends(presented)]
