"""What schemathesis is told of this catalogue: ids that exist, and how NDJSON is written.

Loaded by schemathesis itself (SCHEMATHESIS_HOOKS), in a process of its own.
"""

import json
import os
import zlib
from typing import Any
from uuid import UUID

import schemathesis
from schemathesis.transport.requests import REQUESTS_TRANSPORT

REAL: dict[str, str] = json.loads(os.environ["FUZZED_REAL"])  # noqa: TID251 - by parameter
OWN_KEY = os.environ["FUZZED_OWN_KEY"]  # noqa: TID251


@schemathesis.hook
def before_call(_: object, case: Any, __: object) -> None:  # noqa: ANN401
    """Aim two thirds of the well-formed ids at what exists, and draw a key for each change."""
    for name, real in REAL.items():
        drawn = (case.path_parameters or {}).get(name)
        if drawn and well_formed(name, str(drawn)) and zlib.crc32(str(drawn).encode()) % 3:
            case.path_parameters[name] = real
    if (case.path_parameters or {}).get("key_id") == OWN_KEY:
        case.path_parameters["key_id"] = "spared"  # or every answer that follows is 401
    key = (case.headers or {}).get("Idempotency-Key")
    if key and len(key) < 20:
        case.headers["Idempotency-Key"] = f"{key}-{zlib.crc32(repr(case.body).encode())}"


def well_formed(name: str, drawn: str) -> bool:
    """Tell whether a drawn value was meant to be a good one."""
    if not name.endswith("_id"):
        return drawn.isalnum()
    try:
        return bool(UUID(drawn))
    except ValueError:
        return False


@REQUESTS_TRANSPORT.serializer("application/x-ndjson")
def as_lines(_: object, value: Any) -> dict[str, bytes]:  # noqa: ANN401
    """Write text as it is, and anything else as one line of JSON."""
    if isinstance(value, bytes):
        return {"data": value}
    text = value if isinstance(value, str) else json.dumps(value)
    return {"data": text.encode("utf-8", "surrogatepass")}
