"""Register what imports brought."""

from uuid import UUID

from app.catalogue.events import ImportReceived
from app.catalogue.imports import register_lines
from app.kit.jobs import in_transaction, on
from app.people.roles import Principal, Role


@on(ImportReceived, priority=1)  # somebody waits for its results; reading can follow
def register_import(fact: ImportReceived) -> None:
    """Register an import's lines, 500 a transaction; done lines are not done again."""
    caller = Principal(
        fact.key_id, UUID(fact.person_id), fact.department, frozenset(map(Role, fact.roles))
    )
    import_id = UUID(fact.import_id)
    while in_transaction(lambda db: register_lines(db, caller, import_id)):
        continue
