"""Sixteen clients in a process of their own: wrk where there is one, else plain sockets."""

import asyncio
import json
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

CLIENTS = 16
SCRIPT = """
local ids = {{}}
for line in io.lines("{ids}") do ids[#ids + 1] = line end
math.randomseed(os.time())
local headers = {{ ["Authorization"] = "Bearer {key}" }}
function request()
  return wrk.format("GET", "/v1/assets/" .. ids[math.random(#ids)] .. "/{route}", headers)
end
function done(summary, latency, requests)
  io.write(string.format('{{"requests": %d, "us": %d, "p50": %d, "p99": %d, "bad": %d}}\\n',
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99),
    summary.errors.status + summary.errors.read + summary.errors.connect + summary.errors.timeout))
end
"""


@dataclass(frozen=True)
class Load:
    """What a round came to."""

    per_second: float
    p50_ms: float
    p99_ms: float


def load(port: int, route: str, key: str, ids: Sequence[str], seconds: float) -> Load:
    """Ask for random assets over 16 connections for so long."""
    with tempfile.TemporaryDirectory() as folder:
        names = Path(folder) / "ids"
        names.write_text("\n".join(ids) + "\n")
        if wrk := shutil.which("wrk"):
            script = Path(folder) / "ask.lua"
            script.write_text(SCRIPT.format(ids=names, key=key, route=route))
            address = f"http://127.0.0.1:{port}"
            command = [wrk, "-t1", f"-c{CLIENTS}", f"-d{seconds:.0f}s", "-s", str(script), address]
        else:
            own = [str(port), route, key, str(names), str(seconds)]
            command = [sys.executable, __file__, *own]
        told = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603
    found = json.loads(told.stdout.splitlines()[-1])
    assert found["bad"] == 0, f"{found['bad']} requests failed"  # noqa: S101
    rate = found["requests"] * 1e6 / found["us"]
    return Load(rate, found["p50"] / 1000, found["p99"] / 1000)


async def client(
    port: int, route: str, key: str, ids: Sequence[str], until: float, took: list[float]
) -> int:
    """Ask over one connection, one request after the other; return how many failed."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    bad = 0
    while time.monotonic() < until:
        one = random.choice(ids)  # noqa: S311 - chance, no secret
        started = time.monotonic()
        writer.write(
            f"GET /v1/assets/{one}/{route} HTTP/1.1\r\nHost: bench\r\n"
            f"Authorization: Bearer {key}\r\n\r\n".encode()
        )
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length: ")[2].split(b"\r\n", 1)[0])
        await reader.readexactly(length)
        took.append(time.monotonic() - started)
        bad += not head.startswith(b"HTTP/1.1 200")
    writer.close()
    return bad


async def clients(port: int, route: str, key: str, names: str, seconds: float) -> None:
    """Ask over all connections and print what it came to."""
    ids = (await asyncio.to_thread(Path(names).read_text)).split()
    took: list[float] = []
    started = time.monotonic()
    until = started + seconds
    all_of_them = [client(port, route, key, ids, until, took) for _ in range(CLIENTS)]
    bad = sum(await asyncio.gather(*all_of_them))
    took.sort()
    found = {
        "requests": len(took),
        "us": round((time.monotonic() - started) * 1e6),
        "p50": round(took[len(took) // 2] * 1e6),
        "p99": round(took[len(took) * 99 // 100] * 1e6),
        "bad": bad,
    }
    sys.stdout.write(json.dumps(found) + "\n")


if __name__ == "__main__":
    asyncio.run(
        clients(int(sys.argv[1]), sys.argv[2], sys.argv[3], sys.argv[4], float(sys.argv[5]))
    )
