"""The edge of every operation: one transaction a request, retried, and answered once a key."""

import random
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import AsyncExitStack
from typing import Any, cast

import anyio
from fastapi import APIRouter, Request, Response
from fastapi.routing import APIRoute
from sqlalchemy.exc import DBAPIError
from starlette.concurrency import run_in_threadpool

from app.kit.db import RETRIED
from app.kit.idempotency import Replay, keep_answer, replayed
from app.kit.paging import AROUND
from app.kit.reading import with_document
from app.kit.refusals import Refusal
from app.kit.revisions import NotModified, not_modified, unmodified

ATTEMPTS = 3
Handler = Callable[[Request], Awaitable[Response]]


class Operation(APIRoute):
    """A route whose transaction ends inside it: what fails at commit can still be done again."""

    refusals: tuple[type[Refusal], ...] = ()

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Wrap the framework's handler."""
        handle = super().get_route_handler()
        reads_document = self.body_field is not None

        async def at_the_edge(request: Request) -> Response:
            if reads_document:
                request = await with_document(request)
            for left in range(ATTEMPTS - 1, -1, -1):
                try:
                    return unmodified(request, await once(handle, request))
                except Replay as found:
                    return replayed(found.answer)
                except NotModified as found:
                    return not_modified(found.tag)
                except DBAPIError as error:
                    if left == 0 or not victim(error) or consumed(request):
                        raise
                # As app.kit.db.retried: the victim steps aside before it tries again.
                await anyio.sleep(random.uniform(0.02, 0.2))  # noqa: S311 - chance, no secret
            raise AssertionError

        return at_the_edge


async def once(handle: Handler, request: Request) -> Response:
    """Run one attempt; `Db` commits when the stack closes, which is before the answer leaves."""
    request.state.claim = None
    async with AsyncExitStack() as stack:
        # FastAPI would close its own stack outside of this handler, where nothing can be retried.
        request.scope["fastapi_function_astack"] = stack
        response = await handle(request)
        link_pages(request, response)
        if request.state.claim is not None:
            await run_in_threadpool(keep_answer, request, response)
    return response


def link_pages(request: Request, response: Response) -> None:
    """Name the pages before and after as links (RFC 8288), where the answer is a page."""
    session = getattr(request.state, "session", None)
    links = [
        f'<{request.url.path}?{request.url.include_query_params(cursor=cursor).query}>; rel="{rel}"'
        for rel, cursor in (session.info.get(AROUND, {}) if session else {}).items()
    ]
    if links:
        response.headers["Link"] = ", ".join(links)


def victim(error: DBAPIError) -> bool:
    """Tell whether PostgreSQL sacrificed the transaction though the request was in order."""
    return getattr(error.orig, "sqlstate", None) in RETRIED


def consumed(request: Request) -> bool:
    """Tell whether the body was streamed and is gone."""
    return getattr(request, "_stream_consumed", False) and not hasattr(request, "_body")


def at_the_edge(router: APIRouter, *refusals: type[Refusal]) -> APIRouter:
    """Make every route of a room an Operation, whoever wrote it; a room cannot forget to.

    `refusals` are what any of the room's routes may answer besides what each declares.
    """
    for route in router.routes:
        if isinstance(route, APIRoute):
            route.__class__ = Operation
            cast(Operation, route).refusals = refusals
    return router
