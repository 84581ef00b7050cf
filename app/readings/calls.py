"""System calls that reading never needs: the kernel refuses them, to root as to anyone.

A filter of seccomp asks for no right and no namespace, so it holds where a container withholds
both, and what a process starts has it too. Machines that are neither of the two known ones go
without.
"""

import ctypes
import platform
import struct
from errno import ENOSYS, EPERM

_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER = 22, 2
_LOAD, _EQUAL, _ANY_BIT, _RETURN = 0x20, 0x15, 0x45, 0x06  # BPF
_NUMBER, _MACHINE, _FIRST_ARGUMENT = 0, 4, 16  # offsets in struct seccomp_data
_ALLOW, _KILL, _ERRNO = 0x7FFF0000, 0x80000000, 0x00050000
_CLONE_THREAD = 0x10000
_OTHER_ABI = 0x40000000  # x32: the same calls by other numbers

# AUDIT_ARCH of the machine, and each call's number there.
_MACHINES: dict[str, tuple[int, dict[str, int]]] = {
    "x86_64": (
        0xC000003E,
        {
            "socket": 41,
            "clone": 56,
            "fork": 57,
            "vfork": 58,
            "execve": 59,
            "ptrace": 101,
            "prctl": 157,
            "execveat": 322,
            "io_uring_setup": 425,
            "clone3": 435,
        },
    ),
    "aarch64": (
        0xC00000B7,
        {
            "socket": 198,
            "clone": 220,
            "execve": 221,
            "ptrace": 117,
            "prctl": 167,
            "execveat": 281,
            "io_uring_setup": 425,
            "clone3": 435,
        },
    ),
}
SOCKETS = ("socket", "io_uring_setup", "ptrace")
PROCESSES = ("clone", "clone3", "fork", "vfork", "execve", "execveat")


def filter_of(names: tuple[str, ...], machine: str | None = None) -> bytes:
    """Write the filter that refuses these calls; empty: nobody knows this machine's numbers.

    A thread is no process. The newer way to make either hides which it is, so it is said not to
    exist, and the C library takes the older one.
    """
    known = _MACHINES.get(machine or platform.machine())
    if known is None:
        return b""
    architecture, numbers = known
    program = [
        (_LOAD, 0, 0, _MACHINE),
        (_EQUAL, 1, 0, architecture),
        (_RETURN, 0, 0, _KILL),
        (_LOAD, 0, 0, _NUMBER),
        (_ANY_BIT, 0, 1, _OTHER_ABI),
        (_RETURN, 0, 0, _KILL),
    ]
    for name in names:
        if name not in numbers:
            continue
        refusal = (_RETURN, 0, 0, _ERRNO | (ENOSYS if name == "clone3" else EPERM))
        if name == "clone":
            program += [
                (_EQUAL, 0, 4, numbers[name]),
                (_LOAD, 0, 0, _FIRST_ARGUMENT),
                (_ANY_BIT, 0, 1, _CLONE_THREAD),
                (_RETURN, 0, 0, _ALLOW),
                refusal,
            ]
        else:
            program += [(_EQUAL, 0, 1, numbers[name]), refusal]
    return b"".join(struct.pack("HBBI", *one) for one in (*program, (_RETURN, 0, 0, _ALLOW)))


def refuse(names: tuple[str, ...]) -> bool:
    """Have the kernel refuse these calls from now on; tell whether it does. Needs NO_NEW_PRIVS."""
    written = filter_of(names)
    if not written:
        return False
    content = ctypes.create_string_buffer(written, len(written))
    program = struct.pack("HxxxxxxQ", len(written) // 8, ctypes.addressof(content))
    held = ctypes.create_string_buffer(program, len(program))
    kernel = ctypes.CDLL(None, use_errno=True)
    where = ctypes.c_void_p(ctypes.addressof(held))
    return not kernel.prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, where, 0, 0)


def for_the_tool() -> str:
    """Say to the tool's own Perl how it gives up starting processes: prctl's number, the filter."""
    written = filter_of(PROCESSES)
    return f"{_MACHINES[platform.machine()][1]['prctl']}:{written.hex()}" if written else ""
