"""Compare what was hashed."""

from collections.abc import Sequence
from functools import partial
from uuid import UUID

from app.comparisons import queries
from app.comparisons.queries import large_sets
from app.comparisons.service import EVERY_PAIR_UP_TO, compare_once, pair_with_first
from app.fingerprints.events import AssetsFingerprinted
from app.kit.jobs import batches, in_transaction, on, sweep

A_TRANSACTION = 50


@on(AssetsFingerprinted)
def compare_assets(fact: AssetsFingerprinted) -> None:
    """Compare up to 500 newly hashed files, each once."""
    compare_files(fact.asset_ids)


@sweep("comparisons")
def compare_what_was_left() -> None:
    """Compare files that were hashed a while ago and that no job has compared."""
    compare_files(in_transaction(lambda db: list(db.scalars(queries.left_uncompared()))))


@sweep("pairs", cron="17 * * * *")
def pair_large_sets() -> None:
    """Pair each file of a large set with the one that ranks first by now, once an hour."""
    sets = in_transaction(lambda db: db.execute(large_sets(EVERY_PAIR_UP_TO)).all())
    for sha256, size_bytes in sets:
        in_transaction(partial(pair_with_first, sha256=sha256, size_bytes=size_bytes))


def compare_files(asset_ids: Sequence[UUID]) -> None:
    """Compare files, some at a time: the locks on their digests are held that long."""
    for some in batches(asset_ids, A_TRANSACTION):
        in_transaction(partial(compare_once, asset_ids=some))
