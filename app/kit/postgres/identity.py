"""As whom the server runs: PostgreSQL refuses root, and wants its user to have a name."""

import os
import pwd
from dataclasses import dataclass
from pathlib import Path

from app.kit.postgres import namespace
from app.kit.postgres.errors import PostgresUnavailable

OVERFLOW_UID = Path("/proc/sys/kernel/overflowuid")


@dataclass(frozen=True)
class Identity:
    """The user of the server's programs.

    `before` stands before every command, `demoted_to` is a user to change to (uid and gid), and
    `client_name` is what the server will call the user who runs the catalogue.
    """

    client_name: str
    before: tuple[str, ...] = ()
    demoted_to: tuple[int, int] | None = None

    @property
    def owner_uid(self) -> int:
        """Return who must own the server's files, seen from here."""
        return self.demoted_to[0] if self.demoted_to else os.geteuid()


def choose_identity() -> Identity:
    """Run as oneself; where that cannot be, in a user namespace; as root without one, demoted.

    Raises:
        PostgresUnavailable: this machine offers none of the three.
    """
    own_name = _name_of(os.geteuid())
    if os.geteuid() != 0 and own_name is not None:
        return Identity(own_name)
    if (stand_in := _stand_in()) is not None and namespace.is_allowed():
        before = namespace.wrap(stand_in.pw_uid, stand_in.pw_gid)
        return Identity(stand_in.pw_name, before=tuple(before))
    if os.geteuid() == 0 and own_name is not None and (user := _existing_user()) is not None:
        return Identity(own_name, demoted_to=(user.pw_uid, user.pw_gid))
    message = (
        f"PostgreSQL cannot run as user id {os.geteuid()} here: user namespaces are refused and"
        " there is no named unprivileged user. Allow user namespaces, run as a user that has a"
        " name, or set CATALOGUE_DATABASE_URL to a PostgreSQL elsewhere."
    )
    raise PostgresUnavailable(message)


def _name_of(uid: int) -> str | None:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return None


def _stand_in() -> pwd.struct_passwd | None:
    # Never the overflow id: inside a namespace every unmapped user of the machine looks like it,
    # and peer authentication would take them all for the one user it lets in.
    overflow = int(OVERFLOW_UID.read_text("ascii"))
    return next((user for user in pwd.getpwall() if user.pw_uid not in {0, overflow}), None)


def _existing_user() -> pwd.struct_passwd | None:
    by_name = {user.pw_name: user for user in pwd.getpwall() if user.pw_uid != 0}
    return next((by_name[name] for name in ("postgres", "nobody") if name in by_name), None)
