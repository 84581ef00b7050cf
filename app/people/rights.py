"""Each right is a typed dependency: a route that takes a Registrar cannot run without one."""

from collections.abc import Callable
from typing import Annotated

from fastapi import Depends, Request, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from app.kit.db import Database, Db
from app.kit.errors import KeyMalformed, KeyReused, RefusedByDatabase, RequestInFlight
from app.kit.idempotency import claim
from app.kit.refusals import refuses
from app.people import roles
from app.people.errors import NotAuthenticated, RoleMissing
from app.people.keys import NewKey
from app.people.roles import Principal, Role
from app.people.service import prove_key, prove_role, read_key

bearer = HTTPBearer(auto_error=False, scheme_name="api_key", description="`cat_<id>_<secret>`")
Credentials = Annotated[HTTPAuthorizationCredentials | None, Security(bearer)]


@refuses(NotAuthenticated)
def authenticated(request: Request, db: Db, credentials: Credentials) -> Principal:
    """Prove the key that came with the request."""
    caller = prove_key(db, sent(credentials))
    request.state.key_id = caller.key_id  # for the log; the secret is nowhere
    return caller


def sent(credentials: HTTPAuthorizationCredentials | None) -> str:
    """Return the key that came with the request, as it is written."""
    if credentials is None:
        raise NotAuthenticated("Send `Authorization: Bearer cat_...`; an operator gives out keys.")
    return credentials.credentials


@refuses(NotAuthenticated, RoleMissing)
async def presented(request: Request, credentials: Credentials) -> NewKey:
    """Take the key apart that came with the request; whoever takes this proves it themselves."""
    key = read_key(sent(credentials))
    request.state.key_id = key.id
    return key


@refuses(NotAuthenticated)
def authenticated_briefly(request: Request, credentials: Credentials) -> Principal:
    """Prove the key in a transaction of its own, for bodies that take long to come."""
    database: Database = request.app.state.database
    with database.transaction() as db:
        return authenticated(request, db, credentials)


def holding(
    allowed: frozenset[Role], proved: Callable[..., Principal] = authenticated
) -> Callable[[Principal], Principal]:
    """Make the dependency that lets only holders of one of these roles pass."""

    @refuses(RoleMissing)
    def check(caller: Annotated[Principal, Depends(proved)]) -> Principal:
        prove_role(caller, allowed)
        return caller

    return check


def changing(allowed: frozenset[Role]) -> Callable[[Request, Db, Principal], Principal]:
    """Make the dependency of a right to change: it holds the request's Idempotency-Key too.

    The key is claimed in the request's own transaction, after the right was proved and before
    the change; what was answered under it already is answered again.
    """

    @refuses(claim, KeyMalformed, KeyReused, RequestInFlight, RefusedByDatabase)
    def claimed(
        request: Request, db: Db, caller: Annotated[Principal, Depends(holding(allowed))]
    ) -> Principal:
        claim(db, request, caller.key_id)
        return caller

    return claimed


Registrar = Annotated[Principal, Depends(changing(roles.REGISTERING))]
BriefRegistrar = Annotated[Principal, Depends(holding(roles.REGISTERING, authenticated_briefly))]
BriefDescriber = Annotated[Principal, Depends(holding(roles.DESCRIBING, authenticated_briefly))]
Uploader = BriefRegistrar
Describer = Annotated[Principal, Depends(changing(roles.DESCRIBING))]
Speaker = Annotated[Principal, Depends(changing(roles.SPEAKING))]
Reader = Annotated[Principal, Depends(holding(roles.READING))]
Counter = Annotated[Principal, Depends(holding(roles.COUNTING))]
Officer = Annotated[Principal, Depends(changing(roles.PUBLISHING))]
Simulator = Annotated[Principal, Depends(changing(roles.COUNTING))]
Operator = Annotated[Principal, Depends(changing(roles.OPERATING))]
Watcher = Annotated[Principal, Depends(holding(roles.WATCHING))]
Tender = Annotated[Principal, Depends(changing(roles.TENDING))]
Reviewer = Annotated[Principal, Depends(changing(roles.REVIEWING))]
Withdrawer = Annotated[Principal, Depends(changing(roles.WITHDRAWING))]
# Not proved yet: a hot read proves it in the transaction that answers.
PresentedKey = Annotated[NewKey, Depends(presented)]
