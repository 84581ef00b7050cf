"""What a reading process takes from itself before it sees a byte that came from outside.

Called once, early, single-threaded, in the child; what it sets is inherited by ExifTool.
"""

import ctypes
import os
import resource
import select
import shutil
import signal
import threading
from dataclasses import dataclass
from pathlib import Path

from app.readings.calls import PROCESSES, SOCKETS, refuse

HOME_PREFIX = "catalogue-reading-"
OPEN = "open"  # the network, where neither namespace nor filter cuts it off
_PR_SET_DUMPABLE, _PR_CAPBSET_DROP, _PR_SET_NO_NEW_PRIVS = 4, 24, 38
_CLONE_NEWUSER, _CLONE_NEWNET = 0x10000000, 0x40000000
_CAPABILITY_VERSION_3, _CAPABILITIES = 0x20080522, 64
_CAP_DAC_OVERRIDE, _CAP_DAC_READ_SEARCH = 1, 2


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of one reading process and, each for itself, of the tool that it starts."""

    memory_bytes: int = 512 * 1024 * 1024  # address space, so resident memory stays below it
    cpu_seconds: int = 120  # of a process's whole life: a stop should the parent not be watching
    open_files: int = 64


def confine(limits: Limits, worker: int) -> str:
    """Give up what reading does not need; return how the network was cut off, for the doctor.

    Args:
        limits: for this process and what it starts.
        worker: the socket at whose other end the worker is; when that closes, all here dies.
    """
    network = _leave_network()
    _drop_capabilities()
    _call("prctl", _PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    if refuse(SOCKETS) and network == OPEN:
        network = "no sockets"
    # Else /proc/<us>/fd, by which the tool reads the very file we hold, belongs to root.
    _call("prctl", _PR_SET_DUMPABLE, 1, 0, 0, 0)
    _limit(resource.RLIMIT_CORE, 0)
    _limit(resource.RLIMIT_FSIZE, 0)  # pipes and sockets are free of it, redirected files are not
    _limit(resource.RLIMIT_NOFILE, limits.open_files)
    _limit(resource.RLIMIT_CPU, limits.cpu_seconds)
    _limit(resource.RLIMIT_AS, limits.memory_bytes)
    # No RLIMIT_NPROC: it counts the user's processes on the whole machine and never binds root;
    # forbid_processes() does what it cannot.
    threading.Thread(target=_die_with, args=(worker,), daemon=True).start()
    return network


def _die_with(worker: int) -> None:
    """Kill this session when the worker is gone, however it went.

    PR_SET_PDEATHSIG would do so when the *thread* ends that started us, and a worker's threads come
    and go.
    """
    hangup = select.poll()
    hangup.register(worker, 0)
    hangup.poll()
    if Path.cwd().name.startswith(HOME_PREFIX):  # the worker cannot clear it up any more
        shutil.rmtree(Path.cwd(), ignore_errors=True)
    os.killpg(0, signal.SIGKILL)


def _leave_network() -> str:
    """Enter an empty network namespace: as root alone, else inside a namespace of users."""
    for flags, name in (
        (_CLONE_NEWNET, "namespace"),
        (_CLONE_NEWUSER | _CLONE_NEWNET, "user namespace"),
    ):
        try:
            _call("unshare", flags)
        except OSError:
            continue
        return name
    return OPEN


def forbid_processes() -> bool:
    """Start nothing any more, once all that is needed runs; tell whether the kernel sees to it."""
    return refuse(PROCESSES)


def _drop_capabilities() -> None:
    """Keep root's right to read any file (the worker opened it with that right), nothing else."""
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0)
    sets = (ctypes.c_uint32 * 6)()
    _call("capget", ctypes.byref(header), ctypes.byref(sets))
    keep = _reading_rights(sets[1]) if os.geteuid() == 0 else 0
    for capability in range(_CAPABILITIES):
        if not keep >> capability & 1:
            try:
                _call("prctl", _PR_CAPBSET_DROP, capability, 0, 0, 0)
            except OSError:
                break  # no right to, so nothing to lose, or past the kernel's last capability
    sets = (ctypes.c_uint32 * 6)(keep, keep, 0, 0, 0, 0)  # effective, permitted, inheritable
    _call("capset", ctypes.byref(header), ctypes.byref(sets))


def _reading_rights(permitted: int) -> int:
    """Choose the right to read; where a container withholds it, the wider one it grants instead."""
    return permitted & 1 << _CAP_DAC_READ_SEARCH or permitted & 1 << _CAP_DAC_OVERRIDE


def _limit(kind: int, amount: int) -> None:
    hard = resource.getrlimit(kind)[1]
    ceiling = amount if hard == resource.RLIM_INFINITY else min(amount, hard)
    resource.setrlimit(kind, (ceiling, ceiling))


def _call(name: str, *arguments: object) -> None:
    if getattr(ctypes.CDLL(None, use_errno=True), name)(*arguments) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{name}: {os.strerror(number)}")
