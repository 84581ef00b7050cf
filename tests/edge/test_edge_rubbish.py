"""Rubbish of every kind, byte for byte: a clear problem each, and the door stays open."""

import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import httpx2
import pytest
from world import World

from app.kit import reading
from app.kit.documents import read_document
from app.kit.door import Door
from app.kit.errors import Malformed

JSON = b"Content-Type: application/json\r\n"
PATH = b"/v1/persons"


@dataclass(frozen=True)
class Told:
    """One answer as it came over the wire."""

    status: int
    headers: dict[str, str]
    body: dict[str, Any]

    @property
    def code(self) -> tuple[int, object]:
        return self.status, self.body.get("code")


class Line:
    """A connection that sends what no client would."""

    def __init__(self, api: httpx2.Client, world: World) -> None:
        place = urlsplit(str(api.base_url))
        self.key = f"Authorization: {world.headers('operator')['Authorization']}\r\n".encode()
        self.socket = socket.create_connection((place.hostname, place.port or 80), timeout=20)
        self.answers = self.socket.makefile("rb")

    def send(self, *parts: bytes) -> None:
        for part in parts:
            self.socket.sendall(part)

    def post(self, body: bytes, *, headers: bytes = JSON, length: int | None = None) -> Told:
        head = b"POST %b HTTP/1.1\r\nHost: x\r\n%b%b" % (PATH, self.key, headers)
        if b"Transfer-Encoding" not in headers:
            head += b"Content-Length: %d\r\n" % (len(body) if length is None else length)
        self.send(head + b"\r\n", body)
        return self.hear()

    def hear(self) -> Told:
        status = self.answers.readline().split()
        assert status, "the connection was closed without an answer"
        headers = {}
        while line := self.answers.readline().strip():
            name, _, value = line.decode("latin-1").partition(":")
            headers[name.lower()] = value.strip()
        body = self.answers.read(int(headers.get("content-length", 0)))
        return Told(int(status[1]), headers, json.loads(body) if body else {})


@contextmanager
def opened(api: httpx2.Client, world: World) -> Iterator[Line]:
    line = Line(api, world)
    with line.socket, line.answers:
        yield line


@pytest.fixture
def line(town_api: httpx2.Client, town: World) -> Iterator[Line]:
    with opened(town_api, town) as one:
        yield one


def said(told: Told) -> None:
    """Check what every problem says, and that it is one."""
    assert told.headers["content-type"] == "application/problem+json"
    assert told.body["status"] == told.status
    assert told.body["detail"]
    assert told.body["type"].endswith(f"/problems/{told.body['code']}")


# -- bodies ----------------------------------------------------------------------------------------

DEEP = b'{"name": ' + b"[" * 100 + b"]" * 100 + b"}"
BODIES = {
    "nothing": (b"", None),
    "half an object": (b'{"name": ', None),
    "no UTF-8": (b'{"name": "\xff"}', None),
    "UTF-16": ('{"name": "Ada"}'.encode("utf-16"), None),
    "a byte order mark": (b'\xef\xbb\xbf{"name": "Ada"}', None),
    "deep": (DEEP, "/name" + "/0" * 31),
    "bottomless": (b"[" * 200_000, None),
    "bottomless objects": (b'{"a":' * 200_000, None),
    "NUL": (b'{"name": "a\\u0000b"}', "/name"),
    "NUL in a name": (b'{"a\\u0000": 1}', ""),
    "half a surrogate pair": (b'{"name": "\\ud800"}', "/name"),
    "half a pair in a name": (b'{"\\udc00": 1}', ""),
    "1e400": (b'{"name": [1e400]}', "/name/0"),
    "minus 1e400": (b'{"name": -1e400}', "/name"),
    "NaN": (b'{"name": NaN}', "/name"),
    "Infinity": (b'{"name": {"~/": -Infinity}}', "/name/~0~1"),
    "2^53": (b'{"name": 9007199254740992}', "/name"),
    "a million digits": (b'{"name": %b}' % (b"9" * 1_000_000), "/name"),
    "a million decimals": (b'{"name": 0.%b}' % (b"9" * 1_000_000), "/name"),
    "a name twice": (b'{"name": "Ada", "name": "Ben"}', "/name"),
    "a name twice, deeper": (b'{"name": [{"a": 1, "a": 1}]}', "/name/0/a"),
    "a list": (b"[]", ""),
    "a number": (b"1", ""),
    "null": (b"null", ""),
    "a number for a name": (b'{"name": 7}', "/name"),
    "an unknown member": (b'{"name": "Ada", "rank": 1}', "/rank"),
    "many values": (b'{"name": [%b0]}' % (b"0," * 400_000), "/name"),
}


@pytest.mark.parametrize("name", BODIES)
def test_a_body_of_rubbish_is_malformed_and_says_where(line: Line, name: str) -> None:
    body, place = BODIES[name]
    told = line.post(body)
    said(told)
    assert told.code == (422, "malformed-request")
    if place is not None:
        assert place in {error["pointer"] for error in told.body["errors"]}
    assert line.post(b'{"name": "Ada Wong"}').status == 201, "the connection is still good"


@pytest.mark.parametrize(
    "headers",
    [
        b"",
        b"Content-Type: text/plain\r\n",
        b"Content-Type: application/x-www-form-urlencoded\r\n",
        b"Content-Type: application/jsonp\r\n",
        b"Content-Type: \xff\r\n",
        JSON + b"Content-Encoding: gzip\r\n",
        JSON + b"Content-Encoding: br\r\n",
    ],
    ids=lambda headers: headers.decode("latin-1").strip()[-40:] or "none",
)
def test_another_type_of_body_is_not_read(line: Line, headers: bytes) -> None:
    told = line.post(b'{"name": "Ada Wong"}', headers=headers)
    said(told)
    assert told.code == (415, "media-type-unknown")
    assert line.post(b'{"name": "Ada Wong"}').status == 201


def test_five_megabytes_are_refused_and_the_connection_goes_on(line: Line) -> None:
    body = b'{"name": "%b"}' % (b"a" * 5_000_000)
    told = line.post(body)
    said(told)
    assert told.code == (413, "body-too-large")
    chunks = b"".join(b"%x\r\n%b\r\n" % (10**6, b"a" * 10**6) for _ in range(5)) + b"0\r\n\r\n"
    told = line.post(chunks, headers=JSON + b"Transfer-Encoding: chunked\r\n")
    assert told.code == (413, "body-too-large")
    assert line.post(b'{"name": "Ada Wong"}').status == 201


def test_a_body_in_pieces_is_read(line: Line) -> None:
    headers = JSON + b"Transfer-Encoding: chunked\r\n"
    told = line.post(b'8\r\n{"name":\r\n6\r\n "Ada"\r\n1\r\n}\r\n0\r\n\r\n', headers=headers)
    assert told.status == 201


def test_a_length_that_is_too_short(line: Line) -> None:
    told = line.post(b'{"name": "Ada Wong"}', length=5)
    assert told.code == (422, "malformed-request"), "the request is answered, not what follows"
    assert line.answers.read() == b"", "and the connection is closed"


def test_pieces_that_are_none(line: Line) -> None:
    told = line.post(b"rubbish\r\n", headers=JSON + b"Transfer-Encoding: chunked\r\n")
    said(told)
    assert told.code == (400, "http-malformed")


def test_a_length_that_is_too_long(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "SECONDS", 0.2)
    told = line.post(b'{"name": "Ada Wong"}', length=500)
    said(told)
    assert told.code == (408, "request-too-slow")


@pytest.mark.parametrize("length", [b"-1", b"x", b"1, 2", b"99999999999999999999999"])
def test_a_length_that_is_none(line: Line, length: bytes) -> None:
    line.send(b"POST %b HTTP/1.1\r\nHost: x\r\nContent-Length: %b\r\n\r\n" % (PATH, length))
    told = line.hear()
    said(told)
    assert told.status in {400, 413}


# -- heads -----------------------------------------------------------------------------------------


HOST = b" HTTP/1.1\r\nHost: x\r\n"
HEADS = {
    "a long address": (b"GET /v1/%b%b\r\n" % (b"a" * 10_000, HOST), "address-too-long"),
    "an address without end": (b"GET /v1/%b" % (b"a" * 300_000), "address-too-long"),
    "a large field": (
        b"GET /livez%bCookie: %b\r\n\r\n" % (HOST, b"a" * 40_000),
        "headers-too-large",
    ),
    "many fields": (b"GET /livez%b%b\r\n" % (HOST, b"A: b\r\n" * 101), "headers-too-large"),
    "a field without end": (
        b"GET /livez%bCookie: %b" % (HOST, b"a" * 300_000),
        "headers-too-large",
    ),
    "fields without end": (b"GET /livez%b%b" % (HOST, b"A: b\r\n" * 50_000), "headers-too-large"),
    "TLS": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", "http-malformed"),
    "an unknown verb": (b"BREW /v1/persons HTTP/1.1\r\n\r\n", "http-malformed"),
    "NUL in a field": (b"GET /livez%bA\0: b\r\n\r\n" % HOST, "http-malformed"),
    "an address of raw bytes": (b"GET /\xff\xfe%b\r\n" % HOST, "http-malformed"),
    "CONNECT": (b"CONNECT x:1%b\r\n" % HOST, "http-malformed"),
    "PUT": (b"PUT /v1/persons%b\r\n" % HOST, "method-not-allowed"),
    "GET": (b"GET /v1/persons%b\r\n" % HOST, "method-not-allowed"),
    "climbing": (b"GET /%%2e%%2e/%%2e%%2e/etc/passwd%b\r\n" % HOST, "not-found"),
    "climbing among our own files": (
        b"GET /docs-assets/..%%2f..%%2fmain.py%b\r\n" % HOST,
        "not-found",
    ),
    "NUL in an address": (b"GET /v1/%%00%b\r\n" % HOST, "not-found"),
    "NUL in the name of a file": (b"GET /docs-assets/%%00%b\r\n" % HOST, "not-found"),
    "double slashes": (b"GET //v1//assets%b\r\n" % HOST, "not-found"),
    "OPTIONS": (b"OPTIONS *%b\r\n" % HOST, "not-found"),
    "nobody": (b"GET /v1/assets%b\r\n" % HOST, "not-authenticated"),
}


@pytest.mark.parametrize("name", HEADS)
def test_a_head_of_rubbish(line: Line, name: str) -> None:
    head, code = HEADS[name]
    line.send(head)
    told = line.hear()
    said(told)
    assert told.body["code"] == code


def test_a_head_that_does_not_end(
    town_api: httpx2.Client, town: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Door, "head_seconds", 0.2)
    for beginning in (b"", b"GET /livez HTTP/1.1\r\nHost:"):
        with opened(town_api, town) as line:
            line.send(beginning)
            told = line.hear()
            said(told)
            assert told.code == (408, "request-too-slow")
            assert line.answers.read() == b"", "and the connection is closed"


def test_a_client_that_goes_away_harms_nobody(
    town_api: httpx2.Client, town: World, caplog: pytest.LogCaptureFixture
) -> None:
    with opened(town_api, town) as line:
        head = b"POST %b HTTP/1.1\r\nHost: x\r\n%b%bContent-Length: 500\r\n\r\n{"
        line.send(head % (PATH, line.key, JSON))
    with opened(town_api, town) as line:
        assert line.post(b'{"name": "Ada Wong"}').status == 201
    assert "unforeseen" not in caplog.text


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b'{"any": "\\ud800"}', "half of a surrogate pair"),
        (b'{"\\udc00": 1}', "half of a surrogate pair"),
        (b'{"any": ["a\\u0000"]}', "NUL"),
    ],
)
def test_text_that_cannot_be_stored_is_found_before_any_schema(body: bytes, why: str) -> None:
    with pytest.raises(Malformed) as refused:
        read_document(body)
    assert why in " ".join(refused.value.pointers.values())


def test_a_refused_method_is_told_which_are_known(town_api: httpx2.Client) -> None:
    for method in ("OPTIONS", "PUT"):
        assert town_api.request(method, "/v1/departments").headers["Allow"] == "GET, POST"
