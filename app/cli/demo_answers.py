"""What came of it: waited for and counted, all through the public API."""

import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.cli.progress import following
from app.cli.remote import NotDone, Remote

UNREADABLE = "processing:unreadable"
UNDONE = ("processing:unread", "processing:not_fingerprinted", "processing:not_compared")
SIGHTED = ("processing:missing", "processing:unreachable", "processing:changed")
OUTCOMES = ("read", "nothing_found", "unreadable")
QUIET_SECONDS = 1.0  # without a new event: several times what the sequencer waits
PATIENCE_SECONDS = 300.0  # a lost job is found by a sweep after two minutes
MOST_AT_ONCE = 200


@dataclass(frozen=True)
class Counted:
    """How many images stand under each status or reason, at one place of the log."""

    by: Counter[str]
    log_index: int

    @property
    def undone(self) -> int:
        """Return how many images the worker has not finished with."""
        return max(self.by[code] for code in UNDONE)

    @property
    def sighted(self) -> int:
        """Return how many images are not where they should be, or not what they were."""
        return sum(self.by[code] for code in SIGHTED)


def count(reader: Remote, departments: Sequence[str], key: str) -> Counted:
    """Count the images of these departments by `status` or by `reason`."""
    counts = reader.get("/v1/eligibility", group_by=["department", key])
    found: Counter[str] = Counter()
    for group in counts["groups"]:
        if group["department"] in departments:
            found[group[key]] += group["assets"]
    return Counted(found, counts["log_index"])


def await_processed(
    reader: Remote,
    departments: Sequence[str],
    alive: Callable[[], None],
    *,
    what: str = "Reading, fingerprinting, comparing",
) -> Counted:
    """Wait until every image has a stated outcome and nothing happens any more.

    Returns:
        The counts by reason.

    Raises:
        NotDone: a process has ended, or nothing has moved for five minutes.
    """
    total = count(reader, departments, "status").by.total()
    before, quiet_since = Counted(Counter(), -1), time.monotonic()
    with following(what, total) as track:
        while True:
            alive()
            asked = time.monotonic()
            now = count(reader, departments, "reason")
            if now != before:
                before, quiet_since = now, time.monotonic()
            track.reach(total - max(0, now.undone - now.sighted), now.by[UNREADABLE])
            quiet = time.monotonic() - quiet_since
            calm = quiet > QUIET_SECONDS and now.undone <= now.sighted
            if calm and (not now.undone or not unfinished(reader, departments)):
                return now
            if quiet > PATIENCE_SECONDS:
                left = len(unfinished(reader, departments))
                raise NotDone(f"{left} of {total} images have no stated outcome.")
            # Asking must not become the heaviest work of all.
            time.sleep(max(0.3, 2 * (time.monotonic() - asked)))


def await_likes(left: Callable[[], int], alive: Callable[[], None]) -> None:
    """Wait until likes were looked for of every image that was fingerprinted.

    Raises:
        NotDone: a process has ended, or nothing has moved for five minutes.
    """
    most = waiting = left()
    since = time.monotonic()
    with following("Looking for likes", most) as track:
        while waiting:
            alive()
            time.sleep(0.3)
            before, waiting = waiting, left()
            most = max(most, waiting)
            since = time.monotonic() if waiting != before else since
            track.reach(most - waiting, 0)
            if time.monotonic() - since > PATIENCE_SECONDS:
                raise NotDone(f"Likes of {waiting} images were not looked for.")


def unfinished(reader: Remote, departments: Sequence[str]) -> list[str]:
    """Return the images that the worker has not finished with and that nothing explains."""
    waiting = [
        asset["asset_id"]
        for department in departments
        for asset in reader.pages("/v1/assets", department=department, status="not_assessed")
    ]
    return [
        answer["asset_id"]
        for answer in answers_for(reader, waiting)
        if any(code in answer["reasons"] for code in UNDONE)
        and not any(code in answer["reasons"] for code in SIGHTED)
    ]


def answers_for(reader: Remote, asset_ids: Sequence[str]) -> Iterator[dict[str, Any]]:
    """Yield the eligibility of each of these images."""
    for start in range(0, len(asset_ids), MOST_AT_ONCE):
        body = {"asset_ids": asset_ids[start : start + MOST_AT_ONCE]}
        yield from reader.post("/v1/eligibility/check", body)["answers"]


def assets_of(reader: Remote, departments: Sequence[str]) -> list[dict[str, Any]]:
    """Return every image of these departments as the list shows it."""
    pages = (reader.pages("/v1/assets", department=department) for department in departments)
    return [asset for page in pages for asset in page]


def counts_as_json(
    assets: Sequence[dict[str, Any]],
    statuses: Counted,
    reasons: Counted,
    classes: Mapping[str, int],
) -> dict[str, Any]:
    """Return the counts as the contract of `catalogue demo --json` has them."""
    readings = Counter(asset["reading"] for asset in assets)
    return {
        "assets": len(assets),
        "readings": {outcome: readings[outcome] for outcome in OUTCOMES},
        "fingerprinted": len(assets) - reasons.by["processing:not_fingerprinted"],
        "eligibility": dict(sorted(statuses.by.items())),
        "reasons": dict(sorted(reasons.by.items())),
        "likenesses": dict(classes),
    }
