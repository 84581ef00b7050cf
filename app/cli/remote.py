"""The public REST API as a command line speaks to it: refusal or silence becomes one sentence."""

from collections.abc import Iterator
from ipaddress import ip_address
from types import TracebackType
from typing import Any, Self

import httpx2

from app.kit.settings import settings

PATIENCE_SECONDS = 120.0
PAGE = 500


class NotDone(Exception):
    """What was asked for was refused or could not be done; the sentence is for people."""


class Refused(NotDone):
    """The catalogue refused, with a code that never changes."""

    def __init__(self, status: int, code: str, detail: str) -> None:
        super().__init__(f"{detail} ({code}, {status})")
        self.status = status
        self.code = code


class Remote:
    """One key's way into one catalogue."""

    def __init__(self, url: str, key: str) -> None:
        base = httpx2.URL(url.rstrip("/"))
        self.url = str(base)
        self.key = key
        self.answered = False  # ever
        self._http = httpx2.Client(
            base_url=base,
            headers={"Authorization": f"Bearer {key}"},
            timeout=PATIENCE_SECONDS,
            # A proxy knows the way to other machines, not back into this one.
            trust_env=not _is_here(base.host),
        )

    def __enter__(self) -> Self:
        """Keep the connections as long as the block lasts."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close them."""
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def call(
        self,
        method: str,
        path: str,
        *,
        json: Any = None,  # noqa: ANN401 - any JSON value
        content: bytes | None = None,
        params: Any = None,  # noqa: ANN401 - what httpx2 takes
        headers: dict[str, str] | None = None,
    ) -> httpx2.Response:
        """Send one request and return the answer.

        Raises:
            Refused: the catalogue answered with a problem.
            NotDone: nothing answered, or not in time.
        """
        try:
            answer = self._http.request(
                method, path, json=json, content=content, params=params, headers=headers
            )
        except (httpx2.HTTPError, httpx2.InvalidURL) as trouble:
            told = str(trouble) or type(trouble).__name__
            raise NotDone(f"{self.url} does not answer: {told}") from trouble
        self.answered = True
        if answer.status_code >= 300:
            raise _refusal(answer)
        return answer

    def lines(self, path: str, **params: Any) -> Iterator[str]:  # noqa: ANN401
        """Yield the lines of a streamed answer as they come."""
        try:
            with self._http.stream("GET", path, params=params) as answer:
                if answer.status_code >= 300:
                    answer.read()
                    raise _refusal(answer)
                yield from answer.iter_lines()
        except httpx2.HTTPError as trouble:
            raise NotDone(f"{self.url} broke off: {trouble}") from trouble

    def get(self, path: str, **params: Any) -> Any:  # noqa: ANN401 - any JSON value
        """Read what stands at a path."""
        return self.call("GET", path, params=params).json()

    def post(self, path: str, body: Any) -> Any:  # noqa: ANN401 - any JSON value
        """Post a body and return what came of it."""
        return self.call("POST", path, json=body).json()

    def pages(self, path: str, **params: Any) -> Iterator[dict[str, Any]]:  # noqa: ANN401
        """Yield the items of every page of a list."""
        cursor: dict[str, str] = {}
        while True:
            page = self.get(path, limit=PAGE, **params, **cursor)
            yield from page["items"]
            if page["next"] is None:
                return
            cursor = {"cursor": page["next"]}


def local_url() -> str:
    """Return where `catalogue serve` answers under this machine's settings."""
    return f"http://{settings().host}:{settings().port}"


def _refusal(answer: httpx2.Response) -> Refused:
    try:
        problem = answer.json()
    except ValueError:
        problem = {}
    if not isinstance(problem, dict):
        problem = {}
    code = str(problem.get("code", "no-problem-document"))
    detail = str(problem.get("detail", f"{answer.request.url} is no catalogue"))
    faults = "; ".join(f"{e.get('pointer')}: {e.get('detail')}" for e in problem.get("errors", []))
    return Refused(answer.status_code, code, f"{detail} [{faults}]" if faults else detail)


def _is_here(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
