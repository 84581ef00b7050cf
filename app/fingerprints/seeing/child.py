"""The seeing child: confines itself, then looks at one file after another.

Run by viewer.py as `python -m app.fingerprints.seeing.child SOCKET MEMORY CPU KIND`; KIND is
`look` or `pixels`. No pixel is decoded before the header says that it fits the budget.
"""

import json
import socket
import sys
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

import cv2

from app.fingerprints.seeing.looking import look, warm
from app.fingerprints.seeing.picture import Undecodable
from app.fingerprints.seeing.pixels import digest
from app.fingerprints.shown import TooLarge
from app.readings.child import greet, serve
from app.readings.sandbox import Limits, confine, forbid_processes


def main(arguments: list[str]) -> None:
    """Serve the worker at the other end of the inherited socket until it closes."""
    number, memory, cpu = map(int, arguments[:3])
    answer = ANSWERS[arguments[3]]
    warm()
    with socket.socket(fileno=number) as connection:
        network = confine(Limits(memory_bytes=memory, cpu_seconds=cpu), connection.fileno())
        forbid_processes()
        greet(connection, "OpenCV", cv2.__version__, network)
        serve(connection, answer)


def look_at(descriptor: int) -> bytes:
    """Say in JSON what a file looks like, and what its pixels are where all were decoded."""
    with again(descriptor) as file:
        found = look(file)
    pixels = written(asdict(found.pixels)) if found.pixels else None
    return json.dumps({"seen": written(asdict(found.seen)), "pixels": pixels}).encode()


def digest_of(descriptor: int) -> bytes:
    """Say in JSON what a file's pixels are, or why that is not known."""
    with again(descriptor) as file:
        try:
            found = written(asdict(digest(file)))
        except TooLarge:
            found = {"reason": "over_budget"}
        except Undecodable:
            found = {"reason": "not_decodable"}
    return json.dumps(found).encode()


def again(descriptor: int) -> Any:  # noqa: ANN401 - a file
    """Open a file anew: the worker reads it too, and one descriptor has one place."""
    return open(f"/proc/self/fd/{descriptor}", "rb")  # noqa: PTH123 - closed by callers


def written(said: dict[str, Any]) -> dict[str, Any]:
    """Write digests in hexadecimal, as JSON has no bytes."""
    return {
        name: value.hex() if isinstance(value, bytes) else value for name, value in said.items()
    }


ANSWERS: dict[str, Callable[[int], bytes]] = {"look": look_at, "pixels": digest_of}

if __name__ == "__main__":
    main(sys.argv[1:])
