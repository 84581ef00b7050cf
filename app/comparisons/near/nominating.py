"""Which images an image is to be measured against; nothing is decided by this."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from app.comparisons.near.held import held_index
from app.comparisons.near.index import Asked, Candidates, NearIndex
from app.comparisons.queries import current_fingerprints
from app.fingerprints.models import FingerprintRow, VisualFingerprintRow
from app.policies.rules.standard import Nomination as Rules
from app.policies.service import policy_in_force

Places = NDArray[np.intp]
MOST = 50  # images that one image is measured against
AT_ONCE = 200  # candidates that are looked up at a time
MOST_LOOKED_UP = 4000
TWINS_AT_ONCE = 8  # of equal files, that many are looked up to find the earliest asset


@dataclass(frozen=True)
class Nomination:
    """An image that may be of the same picture, and by what: bits, form, shared words."""

    fingerprint_id: UUID
    asset_id: UUID
    by: dict[str, int]


@dataclass(frozen=True)
class Nominated:
    """The strongest nominations, and how many more there may have been."""

    pairs: list[Nomination]
    passed_over: int


@dataclass(frozen=True)
class Pool:
    """Candidates with what is needed to look them up after the index was given to others."""

    found: Candidates
    fingerprints: list[bytes]
    groups: Places  # equal files have equal numbers


def nominate(db: Session, visual: VisualFingerprintRow, rules: Rules | None = None) -> Nominated:
    """Return what looks like an image, among all that was committed before this snapshot.

    The strongest first, at most MOST. An equal file is no candidate, and of many equal files one
    counts. `rules`: the city's in force, unless given.
    """
    if rules is None:
        rules = policy_in_force(db, None).effective.duplicate_standard.nomination
    return nominate_each(db, [visual], rules)[0]


def nominate_each(
    db: Session, visuals: Sequence[VisualFingerprintRow], rules: Rules
) -> list[Nominated]:
    """Nominate for each of some images, looked at by one method, with one look for what is new."""
    asking = [v for v in visuals if v.outcome == "decoded" and v.low_information is None]
    digests = select(FingerprintRow.id, FingerprintRow.sha256).where(
        FingerprintRow.id.in_([visual.fingerprint_id for visual in asking])
    )
    pools: dict[UUID, Pool] = {}
    if asking:
        own = {row.id: row.sha256 for row in db.execute(digests)}
        with held_index(db, asking[0].method) as index:
            if index is not None:
                for visual in asking:
                    pools[visual.id] = pooled(index, visual, own[visual.fingerprint_id], rules)
    return [
        chosen(db, visual, pools[visual.id]) if visual.id in pools else Nominated([], 0)
        for visual in visuals
    ]


def pooled(index: NearIndex, visual: VisualFingerprintRow, own: bytes, rules: Rules) -> Pool:
    """Ask the index; leave out the image itself and files equal to it, by their SHA-256."""
    asked = Asked.of(
        visual.turned_phash or b"",
        visual.turned_pdq or b"",
        visual.pdq_quality or 0,
        sorted(set(visual.words or [])),
    )
    found = index.find(asked, rules)
    digests = index.digests_of(found.rows)
    others = np.flatnonzero(digests != np.frombuffer(own[:8], np.uint64)[0])
    found = found.only(others)
    groups = np.unique(digests[others], return_inverse=True)[1]
    return Pool(found, index.fingerprints_of(found.rows), groups)


def chosen(db: Session, visual: VisualFingerprintRow, pool: Pool) -> Nominated:
    """Look candidates up, the strongest first, until enough of them count today."""
    kept: list[tuple[float, Nomination]] = []
    open_ = np.ones(len(pool.groups), bool)
    for _ in range(MOST_LOOKED_UP // AT_ONCE):
        some = next_ones(pool, open_)
        if not len(some) or enough(kept, pool.found.strength[some[0]]):
            break
        open_[some] = False
        asset_of = current(db, [pool.fingerprints[at] for at in some], visual.method)
        best: dict[int, int] = {}  # by group: the place of its earliest asset
        for at in some:
            asset_id = asset_of.get(pool.fingerprints[at])
            if asset_id is None or asset_id == visual.asset_id:
                continue
            held = best.setdefault(int(pool.groups[at]), int(at))
            if asset_id < asset_of[pool.fingerprints[held]]:
                best[int(pool.groups[at])] = int(at)
        open_ &= ~np.isin(pool.groups, list(best))
        for at in best.values():
            fingerprint = pool.fingerprints[at]
            told = Nomination(UUID(bytes=fingerprint), asset_of[fingerprint], pool.found.by(at))
            kept.append((float(pool.found.strength[at]), told))
    kept.sort(key=lambda one: -one[0])
    left = len(np.unique(pool.groups[open_])) + len(kept[MOST:]) + pool.found.beyond
    return Nominated([told for _, told in kept[:MOST]], left)


def next_ones(pool: Pool, open_: NDArray[np.bool_]) -> Places:
    """Return the strongest candidates that are open, of equal files the first few only."""
    places = np.flatnonzero(open_)
    by_group = np.argsort(pool.groups[places], kind="stable")
    groups = pool.groups[places][by_group]
    firsts = np.searchsorted(groups, groups)
    rank = np.empty(len(places), np.intp)
    rank[by_group] = np.arange(len(places)) - firsts
    return places[rank < TWINS_AT_ONCE][:AT_ONCE]


def enough(kept: list[tuple[float, Nomination]], strongest_left: float) -> bool:
    """Tell whether nothing that is left can come before what is kept."""
    return sum(strength >= strongest_left for strength, _ in kept) >= MOST


def current(db: Session, fingerprints: list[bytes], method: int) -> dict[bytes, UUID]:
    """Return the assets of those fingerprints that are of the bytes an asset has today.

    And that were looked at: a transaction that asked about its own looks may have taken them back.
    """
    looked_at = exists().where(
        VisualFingerprintRow.fingerprint_id == FingerprintRow.id,
        VisualFingerprintRow.method == method,
    )
    asked = current_fingerprints().where(
        FingerprintRow.id.in_([UUID(bytes=one) for one in fingerprints]), looked_at
    )
    rows = db.execute(asked.with_only_columns(FingerprintRow.id, FingerprintRow.asset_id))
    return {fingerprint_id.bytes: asset_id for fingerprint_id, asset_id in rows}
