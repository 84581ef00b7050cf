"""Compare what was hashed."""

from collections.abc import Sequence
from functools import partial
from uuid import UUID

from sqlalchemy.orm import Session

from app.assets.hindrances import in_hand
from app.assets.sweeping import Stage, swept
from app.comparisons import queries
from app.comparisons.queries import large_sets
from app.comparisons.service import EVERY_PAIR_UP_TO, compare_once, pair_with_first
from app.fingerprints.events import AssetsFingerprinted
from app.fingerprints.models import FingerprintRow
from app.kit.jobs import in_transaction, on, sweep

STAGE = "comparisons"
A_TRANSACTION = 50


@on(AssetsFingerprinted)
def compare_assets(fact: AssetsFingerprinted) -> None:
    """Compare up to 500 newly hashed files, each once."""
    compare_files(fact.asset_ids)


@sweep("pairs", cron="17 * * * *")
def pair_large_sets() -> None:
    """Pair each file of a large set with the one that ranks first by now, once an hour."""
    for first_byte in range(256):
        for sha256, size_bytes in in_transaction(partial(large_ones, first_byte=first_byte)):
            in_transaction(partial(pair_with_first, sha256=sha256, size_bytes=size_bytes))


def large_ones(db: Session, first_byte: int) -> list[tuple[bytes, int]]:
    """Return digest and size of the large sets among those whose digest begins with a byte."""
    rows = db.execute(large_sets(EVERY_PAIR_UP_TO, first_byte)).all()
    return [(sha256, size_bytes) for sha256, size_bytes in rows]


def compare_files(asset_ids: Sequence[UUID]) -> None:
    """Compare files, some at a time: the locks on their digests are held that long."""
    waiting = in_transaction(lambda db: db.scalars(queries.uncompared_of(asset_ids)).all())
    ids = list(dict.fromkeys(row.asset_id for row in waiting))
    in_hand(STAGE, ids, compare_some, at_once=A_TRANSACTION)


def compare_some(asset_ids: Sequence[UUID]) -> None:
    """Compare some files in one transaction."""
    in_transaction(partial(compare_once, asset_ids=asset_ids))


LEFT = Stage(
    STAGE,
    task="comparisons.compare_assets",
    rows=FingerprintRow.id,
    left=lambda _: queries.uncompared().with_only_columns(FingerprintRow.asset_id),
    do=compare_files,
    again=compare_files,
)
compare_what_was_left, compare_all_that_was_left = swept(LEFT)
