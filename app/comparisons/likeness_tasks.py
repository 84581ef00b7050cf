"""Look for likes: nominate, measure, judge. What is to be measured is never in a transaction."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from time import monotonic
from uuid import UUID

from sqlalchemy.orm import Session

from app.assets.events import BytesChanged
from app.assets.hindrances import hand_back, in_hand, passed, postpone
from app.assets.service import report_sightings
from app.assets.sweeping import Stage, swept
from app.comparisons import queries
from app.comparisons.at_work import AtWork, at_work, key_of
from app.comparisons.events import LikesPostponed
from app.comparisons.measuring import Measured, NotAsHashed, as_measured
from app.comparisons.pair_facts import may_be_equal, sides_of
from app.comparisons.pairing import LOOKING, Look, Pair, companions_for, looks_for
from app.comparisons.recording import record_looked, record_measured
from app.comparisons.service import AGENT
from app.fingerprints.events import AssetsPictured
from app.fingerprints.models import VisualFingerprintRow
from app.fingerprints.registration.aligner import Aligner
from app.fingerprints.registration.warm import warm_aligner
from app.fingerprints.seeing.seen import METHOD as SEEING
from app.fingerprints.viewing import digest_pixels
from app.kit.jobs import batches, in_transaction, on, publish

STAGE, READINGS, COMPANIONS = "likenesses", "readings", "companions"
IMAGES_AT_ONCE = 20
PAIRS_A_TRANSACTION = 10
SLICE_SECONDS = 300.0  # of one job; the rest goes to the end of the queue
NO_CHILD = (ChildProcessError,)  # none can be started, and that is no image's fault


@dataclass(frozen=True, slots=True)
class Share:
    """Some of an image's pairs, measured in one go with others', and whether they are its last."""

    look: Look
    pairs: Sequence[Pair]
    last: bool


@on(AssetsPictured, priority=-1)  # exact copies are known first
def look_for_likes(fact: AssetsPictured) -> None:
    """Look for what up to 500 newly pictured images are like, each once."""
    look_alike(fact.asset_ids)


@on(LikesPostponed, priority=-1)
def look_for_the_rest(fact: LikesPostponed) -> None:
    """Look for what a job had no time for."""
    look_alike(fact.asset_ids)


def look_alike(asset_ids: Sequence[UUID]) -> None:
    """Look for likes of these images until the time is over, and write a job for the rest."""
    until = monotonic() + SLICE_SECONDS
    with warm_aligner() as aligner:
        work = partial(look_for_some, aligner=aligner)
        for start in range(0, len(asset_ids), IMAGES_AT_ONCE):
            if start and monotonic() > until:
                left = LikesPostponed(tuple(asset_ids[start:]))
                in_transaction(partial(publish, fact=left))
                return
            some = asset_ids[start : start + IMAGES_AT_ONCE]
            in_hand(STAGE, some, work, at_once=IMAGES_AT_ONCE, blameless=NO_CHILD)


def look_for_some(asset_ids: Sequence[UUID], aligner: Aligner) -> None:
    """Nominate for some images, measure what is new of it, and record each image's in turn."""
    looks = in_transaction(partial(looks_for, asset_ids=asset_ids))
    alone = [look for look in looks if not look.pairs]
    if alone:
        in_transaction(partial(finish, looks=alone))
    hindered: dict[UUID, list[NotAsHashed]] = {}  # by look, until its last share
    for shares in together([look for look in looks if look.pairs]):
        measure_shares(aligner, shares, hindered)


def together(looks: Sequence[Look]) -> Iterator[list[Share]]:
    """Put as many pairs together as one transaction takes, of one image or of several.

    Two of these images may have nominated each other: the pair is the first one's.
    """
    met: set[tuple[UUID, UUID]] = set()
    some: list[Share] = []
    for look in looks:
        pairs = [pair for pair in look.pairs if key_of(pair) not in met]
        met |= {key_of(pair) for pair in pairs}
        parts = batches(pairs, PAIRS_A_TRANSACTION) or [[]]
        for number, part in enumerate(parts, start=1):
            if some and sum(len(s.pairs) for s in some) + len(part) > PAIRS_A_TRANSACTION:
                yield some
                some = []
            some.append(Share(look, part, last=number == len(parts)))
    if some:
        yield some


def measure_shares(
    aligner: Aligner, shares: Sequence[Share], hindered: dict[UUID, list[NotAsHashed]]
) -> None:
    """Measure some images' pairs; that one was looked for is written with the last of its pairs."""
    with at_work() as held:
        found, away = measure_some(aligner, held, [pair for one in shares for pair in one.pairs])
        for share in shares:
            met = [away[key_of(pair)] for pair in share.pairs if key_of(pair) in away]
            hindered.setdefault(share.look.visual_id, []).extend(met)
        in_transaction(partial(record_some, shares=shares, found=found, hindered=hindered))


def measure_some(
    aligner: Aligner, held: AtWork, pairs: Sequence[Pair]
) -> tuple[list[Measured], dict[tuple[UUID, UUID], NotAsHashed]]:
    """Measure some pairs, but for contents that were measured before, and digest equal ones."""
    found = in_transaction(partial(as_measured, pairs=pairs)) if pairs else []
    known = {key_of(one.pair) for one in found}
    fresh = [pair for pair in pairs if key_of(pair) not in known]
    away: dict[tuple[UUID, UUID], NotAsHashed] = {}
    for pair, answer in zip(fresh, held.measure(aligner, fresh), strict=True):
        if isinstance(answer, Measured):
            found.append(answer)
        else:
            away[key_of(pair)] = answer
    equal = in_transaction(partial(perhaps_equal, found=found)) if found else []
    if equal:
        digest_pixels(equal)
    return found, away


def perhaps_equal(db: Session, found: Sequence[Measured]) -> list[UUID]:
    """Return the images whose samples may all be equal to another's, so that it is to be known."""
    pairs = [(one.pair.a, one.pair.b, one.measurement.measured) for one in found]
    sides = sides_of(db, {f.fingerprint_id for a, b, _ in pairs for f in (a, b)})
    return sorted(
        {
            file.asset_id
            for a, b, measured in pairs
            if may_be_equal(sides[a.fingerprint_id], sides[b.fingerprint_id], measured)
            for file in (a, b)
        }
    )


def record_some(
    db: Session,
    shares: Sequence[Share],
    found: Sequence[Measured],
    hindered: Mapping[UUID, Sequence[NotAsHashed]],
) -> None:
    """Record some images' pairs; with an image's last ones, that none is left, or why one is."""
    record_measured(db, found)
    ended = [share.look for share in shares if share.last]
    finish(db, [look for look in ended if not hindered[look.visual_id]])
    for look in ended:
        if hindered[look.visual_id]:
            report(db, look, hindered[look.visual_id])


def finish(db: Session, looks: Sequence[Look]) -> None:
    """Record that all likes of these images were looked for."""
    record_looked(db, looks)
    passed(db, STAGE, [look.asset_id for look in looks])


def report(db: Session, look: Look, hindered: Sequence[NotAsHashed]) -> None:
    """Say which files were not as they were hashed, and look for the rest of the pairs later.

    What changed is read anew, and looked for under its next fingerprint.
    """
    seen = {one.asset_id: one for one in hindered}
    report_sightings(db, AGENT, [(one.asset_id, one.state, one.detail) for one in seen.values()])
    first = next(iter(seen.values()))
    looks = postpone(db, STAGE, [(look.asset_id, first.detail)])
    changed = tuple(one.asset_id for one in seen.values() if one.state == "changed")
    if changed and looks[look.asset_id] == 1:
        publish(db, BytesChanged(changed))
    elif look.asset_id in changed:
        hand_back(db, STAGE, [look.asset_id], to=READINGS)


def measure_companions(asset_ids: Sequence[UUID], aligner: Aligner) -> None:
    """Measure what travels with images and was found after their likes were looked for."""
    for look in in_transaction(partial(companions_for, asset_ids=asset_ids)):
        hindered: list[NotAsHashed] = []
        for some in batches(look.pairs, PAIRS_A_TRANSACTION):
            with at_work() as held:
                found, away = measure_some(aligner, held, some)
                in_transaction(partial(record_measured, found=found))
            hindered += away.values()
        settle = partial(settle_companions, look=look, hindered=hindered)
        in_transaction(settle)


def settle_companions(db: Session, look: Look, hindered: Sequence[NotAsHashed]) -> None:
    """Note that an image's companions were measured, or which file was not as it was hashed."""
    seen = {one.asset_id: one for one in hindered}
    report_sightings(db, AGENT, [(one.asset_id, one.state, one.detail) for one in seen.values()])
    if hindered:
        postpone(db, COMPANIONS, [(look.asset_id, hindered[0].detail)])
    else:
        passed(db, COMPANIONS, [look.asset_id])


LEFT = Stage(
    STAGE,
    task="comparisons.likeness_tasks.look_for_likes",
    rows=VisualFingerprintRow.id,
    left=lambda _: queries.unlooked(SEEING, LOOKING).with_only_columns(
        VisualFingerprintRow.asset_id
    ),
    do=look_alike,
    again=look_alike,
)
look_for_what_was_left, look_for_all_that_was_left = swept(LEFT)
