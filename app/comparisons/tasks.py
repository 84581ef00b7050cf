"""Compare what was hashed."""

from collections.abc import Sequence
from functools import partial
from uuid import UUID

from app.comparisons import queries
from app.comparisons.service import compare_once
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


def compare_files(asset_ids: Sequence[UUID]) -> None:
    """Compare files, some at a time: the locks on their digests are held that long."""
    for some in batches(asset_ids, A_TRANSACTION):
        in_transaction(partial(compare_once, asset_ids=some))
