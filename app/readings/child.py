"""The reading child: confines itself, then answers for one open file after another.

Run by extractor.py as `python -m app.readings.child SOCKET READER SCRIPT MEMORY CPU [TRUST]`.
"""

import json
import os
import select
import signal
import socket
import sys
from collections import deque
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import NoReturn

from app.readings.exiftool import TOOL, ExifTool, ToolDied
from app.readings.fallback import FALLBACK, FALLBACK_VERSION, read_limited
from app.readings.noise import TAG, Hearing, as_told, shown
from app.readings.opinions import Others, joined
from app.readings.sandbox import Limits, confine, forbid_processes
from app.readings.wire import LONGEST_ANSWER, Kind, receive_descriptors, send_frame

Reader = Callable[[int], bytes]


def main(arguments: list[str]) -> None:
    """Serve the worker at the other end of the inherited socket until it closes."""
    number, reader, script, memory, cpu, *trust = arguments
    trusted = "".join(Path(path).read_text("ascii") for path in trust)
    limits = Limits(memory_bytes=int(memory), cpu_seconds=int(cpu))
    with socket.socket(fileno=int(number)) as connection:
        network = confine(limits, connection.fileno())
        if reader == FALLBACK:
            greet(connection, FALLBACK, FALLBACK_VERSION, network)
            forbid_processes()
            serve(connection, read_limited)
        else:
            run_exiftool(connection, ExifTool(Path(script)), network, trusted)


def run_exiftool(
    connection: socket.socket, tool: ExifTool, network: str, trusted: str = ""
) -> None:
    """Serve with ExifTool; when it dies say why, if that can be known, and end."""
    others = Others(trusted)
    try:
        greet(connection, TOOL, started(tool), network)
        forbid_processes()
        pass_on(connection, tool, others)
    except ToolDied:
        words = tool.last_words()
        kind = Kind.OUT_OF_MEMORY if b"ut of memory" in words else Kind.CRASHED
        send_frame(connection, kind, as_told({TOOL: shown(tool.dying_noise())}))
    except MemoryError:
        send_frame(connection, Kind.OUT_OF_MEMORY)
    finally:
        tool.stop()
        others.close()


def started(tool: ExifTool) -> str:
    """Start the tool; PyExifTool itself would wait for ever for one that dies of it."""
    before = signal.signal(signal.SIGCHLD, _tool_died)
    try:
        return tool.start()
    finally:
        signal.signal(signal.SIGCHLD, before)


def greet(connection: socket.socket, tool: str, version: str, network: str) -> None:
    """Say that the child stands and how it is confined."""
    hello = {"tool": tool, "version": version, "network": network}
    send_frame(connection, Kind.HELLO, json.dumps(hello).encode())


def pass_on(connection: socket.socket, tool: ExifTool, others: Others) -> None:
    """Pass files to the tool, further ones while it reads, and each answer on as it comes.

    Where nothing is to be passed, other readers are asked about what the tool has in hand.

    Return when the worker closed and has all answers.
    """
    held: deque[int] = deque()
    more = True
    waiting = select.poll()
    for place in (connection.fileno(), tool.answering, tool.complaining):
        waiting.register(place, select.POLLIN)
    while held or more:
        ready = others.asked_until(waiting)
        if tool.complaining in ready:
            tool.last_words()
        if tool.answering in ready:
            for answer in tool.answers():
                whole = others.joined(answer, {TOOL: shown(tool.noise())})
                os.close(held.popleft())
                send_answer(connection, whole)
        if connection.fileno() in ready:
            descriptors = receive_descriptors(connection)
            held.extend(descriptors)
            others.hold(descriptors)
            if descriptors:
                # ExifTool knows only names; these lead to the very files that are held open.
                tool.ask([f"/proc/{os.getpid()}/fd/{number}" for number in descriptors])
            else:
                more = False
                waiting.unregister(connection)


def serve(connection: socket.socket, reader: Reader) -> None:
    """Answer for every descriptor in its order; return when the worker closes."""
    while descriptors := receive_descriptors(connection):
        for descriptor in descriptors:
            try:
                with Hearing() as said:
                    answer = reader(descriptor)
            except MemoryError:
                send_frame(connection, Kind.OUT_OF_MEMORY)
                return
            finally:
                os.close(descriptor)
            noise = as_told({FALLBACK: shown(said.heard())})
            send_answer(connection, joined(answer, {TAG: noise.decode()} if noise else {}))


def send_answer(connection: socket.socket, answer: bytes) -> None:
    """Send an answer, or say that it is beyond what a reading may cost."""
    if len(answer) > LONGEST_ANSWER:
        send_frame(connection, Kind.TOO_LONG)
    else:
        send_frame(connection, Kind.ANSWER, answer)


def _tool_died(_signal: int, _frame: FrameType | None) -> NoReturn:
    raise ToolDied


if __name__ == "__main__":
    main(sys.argv[1:])
