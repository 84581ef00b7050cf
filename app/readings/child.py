"""The reading child: confines itself, then answers for one open file after another.

Run by extractor.py as `python -m app.readings.child SOCKET READER SCRIPT MEMORY CPU [TRUST]`.
"""

import json
import os
import signal
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType

from app.readings.exiftool import TOOL, ExifTool
from app.readings.fallback import FALLBACK, FALLBACK_VERSION, read_limited
from app.readings.opinions import joined, opinions
from app.readings.sandbox import Limits, confine
from app.readings.wire import LONGEST_ANSWER, Kind, receive_descriptors, send_frame

NAME = "0001"  # the only name a tool ever sees: no letter of it comes from outside, no extension

Reader = Callable[[int], bytes]


class ToolDied(Exception):
    """ExifTool ended under us: killed by a limit, out of memory, or crashed."""


def main(arguments: list[str]) -> None:
    """Serve the worker at the other end of the inherited socket until it closes."""
    number, reader, script, memory, cpu, *trust = arguments
    trusted = "".join(Path(path).read_text("ascii") for path in trust)
    limits = Limits(memory_bytes=int(memory), cpu_seconds=int(cpu))
    with socket.socket(fileno=int(number)) as connection:
        network = confine(limits, connection.fileno())
        if reader == FALLBACK:
            greet(connection, FALLBACK, FALLBACK_VERSION, network)
            serve(connection, read_limited)
        else:
            run_exiftool(connection, ExifTool(Path(script)), network, trusted)


def run_exiftool(
    connection: socket.socket, tool: ExifTool, network: str, trusted: str = ""
) -> None:
    """Serve with ExifTool; when it dies say why, if that can be known, and end."""

    def ended(_signal: int, _frame: FrameType | None) -> None:
        if tool.ended():  # else it was a process that verified a manifest
            raise ToolDied

    before = signal.signal(signal.SIGCHLD, ended)  # PyExifTool itself would wait for ever
    try:
        greet(connection, TOOL, tool.start(), network)
        serve(connection, reader_by_name(tool, trusted))
    except ToolDied:
        words = tool.last_words()
        send_frame(connection, Kind.OUT_OF_MEMORY if b"ut of memory" in words else Kind.CRASHED)
    finally:
        signal.signal(signal.SIGCHLD, before)
        tool.stop()


def greet(connection: socket.socket, tool: str, version: str, network: str) -> None:
    """Say that the child stands and how it is confined."""
    hello = {"tool": tool, "version": version, "network": network}
    send_frame(connection, Kind.HELLO, json.dumps(hello).encode())


def serve(connection: socket.socket, reader: Reader) -> None:
    """Answer for every descriptor in its order; return when the worker closes."""
    while descriptors := receive_descriptors(connection):
        for descriptor in descriptors:
            try:
                answer = reader(descriptor)
            except MemoryError:
                send_frame(connection, Kind.OUT_OF_MEMORY)
                return
            finally:
                os.close(descriptor)
            if len(answer) > LONGEST_ANSWER:
                send_frame(connection, Kind.TOO_LONG)
            else:
                send_frame(connection, Kind.ANSWER, answer)


def reader_by_name(tool: ExifTool, trusted: str = "") -> Reader:
    """Let ExifTool, which knows only names, read the very file that a descriptor holds open.

    Others are asked after it, so that what it cannot survive never reaches them.
    """
    link = Path(NAME)

    def read(descriptor: int) -> bytes:
        link.symlink_to(f"/proc/{os.getpid()}/fd/{descriptor}")
        try:
            answer = tool.read(NAME)
        finally:
            link.unlink()
        return joined(answer, opinions(descriptor, trusted))

    return read


if __name__ == "__main__":
    main(sys.argv[1:])
