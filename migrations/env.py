"""Run migrations as the owner: one at a time, never waiting long for a busy table."""

from alembic import context
from sqlalchemy import NullPool, create_engine, text
from sqlalchemy.dialects.postgresql.base import ischema_names

from app.assets import models as assets
from app.catalogue import models as catalogue
from app.comparisons import models as comparisons
from app.fingerprints import models as fingerprints
from app.kit import idempotency, installation, operations
from app.kit.db import Row, Xid8
from app.kit.migrations import LOCK
from app.ledger import models as ledger
from app.people import models as people
from app.policies import models as policies
from app.provenance import models as provenance
from app.provenance import searched
from app.readings import models as readings

ROOMS = (
    *(idempotency, installation, operations, ledger, policies, people, assets, readings),
    *(provenance, searched, fingerprints, comparisons, catalogue),
)
TABLES = frozenset(Row.metadata.tables)
ischema_names["xid8"] = Xid8
config = context.config


def of_ours(_: object, name: str | None, kind: str, *__: object) -> bool:
    """Leave the queue's own tables out of comparisons; its SQL is one of our revisions."""
    return kind != "table" or (name or "") in TABLES


def run() -> None:
    """Upgrade or downgrade over one connection."""
    url = config.attributes["url"]
    with create_engine(url, poolclass=NullPool).connect() as connection:
        connection.execute(text("SET lock_timeout = '10s'"))
        connection.execute(text("SET statement_timeout = '1h'"))
        connection.execute(text("SELECT pg_advisory_lock(:lock)"), {"lock": LOCK})
        connection.commit()
        context.configure(
            connection=connection,
            target_metadata=Row.metadata,
            include_object=of_ours,
            transaction_per_migration=True,
            compare_server_default=False,
        )
        with context.begin_transaction():
            context.run_migrations()


run()
