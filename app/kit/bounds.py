"""How long an address and how many header fields a request may have."""

from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from app.kit.errors import AddressTooLong, HeadersTooLarge
from app.kit.problems import answer
from app.kit.refusals import Refusal

LONGEST_ADDRESS = 8 * 1024
MOST_FIELDS = 100
LARGEST_FIELDS = 32 * 1024


class Bounds:
    """ASGI middleware; it answers before anything is looked up or read."""

    def __init__(self, app: ASGIApp) -> None:
        """Wrap the application."""
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse what is out of bounds, pass on the rest."""
        refusal = out_of_bounds(scope) if scope["type"] == "http" else None
        if refusal is None:
            await self.app(scope, receive, send)
        else:
            await answer(Request(scope), refusal)(scope, receive, send)


def out_of_bounds(scope: Scope) -> Refusal | None:
    """Return why a request goes no further, if it does not."""
    if len(scope["raw_path"]) + len(scope["query_string"]) > LONGEST_ADDRESS:
        return AddressTooLong(f"An address has at most {LONGEST_ADDRESS} bytes.")
    fields = scope["headers"]
    size = sum(len(name) + len(value) + 4 for name, value in fields)
    if len(fields) > MOST_FIELDS or size > LARGEST_FIELDS:
        most = f"{MOST_FIELDS} header fields and {LARGEST_FIELDS} bytes of them"
        return HeadersTooLarge(f"A request has at most {most}.")
    return None
