"""Make sure that a database is there, at the newest revision, with the packaged policies."""

from app.kit.connecting import EMBEDDED_NAME, Addresses
from app.kit.db import Database
from app.kit.installation import mark_installation
from app.kit.migrations import upgrade
from app.kit.roles import create_database, create_roles
from app.policies.service import load_packaged


def prepare(found: Addresses, *, purpose: str = "catalogue") -> None:
    """Create the embedded database where there is none, migrate, load what is packaged.

    Of a database that was named by URL the roles exist already, and only its owner migrates.
    """
    if found.administrator is not None:
        create_roles(found.administrator)
        create_database(found.administrator, EMBEDDED_NAME)
    if found.owner is None:
        return
    upgrade(found.owner)
    owner = Database(found.owner, pool_size=1)
    with owner.transaction() as session:
        load_packaged(session)
        mark_installation(session, purpose)
    owner.close()
