"""A folder renamed into a link to a secret while workers read: `make drill` counts and writes."""

import hashlib
import json
import os
import threading
from pathlib import Path
from uuid import UUID

from images import draw
from sqlalchemy import select
from world import World

from app.assets.queries import whereabouts
from app.fingerprints import tasks as fingerprint_tasks
from app.fingerprints.service import Hashed
from app.kit.jobs import bind
from app.readings import tasks as reading_tasks
from app.readings.models import ReadingRow
from app.readings.service import prove_read

SWAPS = int(os.environ.get("SWAPS", "10000"))  # noqa: TID251 - a drill's size
RESULTS = Path(__file__).parents[2] / "bench" / "results" / "renames.json"
OUTSIDE = "secret words from outside"
READ = "SELECT outcome, reason, convert_from(raw, 'utf8') LIKE '%secret words%' FROM readings"


def swap_until(done: threading.Event, inside: Path, secret: Path) -> None:
    """Put a link to the secret in the folder's place and take it away, again and again."""
    aside = inside.with_name("aside")
    try:
        for _ in range(SWAPS):
            inside.rename(aside)
            inside.symlink_to(secret)
            inside.unlink()
            aside.rename(inside)
            done.wait(0.0003)  # or it would never be a folder long enough to be read
    finally:
        done.set()


def hash_again(world: World, assets: list[UUID]) -> None:
    """Open and hash what was hashed before, for whoever was hashed once is not asked for again."""
    with world.worker.transaction() as db:
        read = set(db.scalars(select(ReadingRow.asset_id).where(ReadingRow.asset_id.in_(assets))))
        places = [
            (prove_read(db, asset_id), root, path)
            for asset_id, root, path in db.execute(whereabouts(sorted(read)))
        ]
    for place in places:
        one = fingerprint_tasks.hash_file(*place)
        assert not isinstance(one, Hashed) or one.token.size == place[0].size_bytes


def test_renames_into_links_never_lead_outside(world: World) -> None:
    bind(world.worker)
    store = world.a_source_system()
    inside, secret = store.folder / "1962", world.folder / "secret"
    for folder in (inside, secret):
        folder.mkdir()
    names = [f"{number}.jpg" for number in range(20)]
    assets = [world.an_asset(store, name=f"1962/{name}", description="A tram") for name in names]
    for name in names:
        (secret / name).write_bytes(draw(1000, {"description": OUTSIDE}))
    done, reads = threading.Event(), 0
    swapping = threading.Thread(target=swap_until, args=(done, inside, secret))
    swapping.start()
    while not done.is_set():
        reading_tasks.read_files(assets)
        fingerprint_tasks.fingerprint_files(assets)
        hash_again(world, assets)
        reads += len(assets)
    swapping.join()
    found = world.find(READ)
    figures = {"name": "renames", "swaps": SWAPS, "reads": reads, "readings": len(found)}
    theirs = {hashlib.sha256((secret / name).read_bytes()).digest() for name in names}
    hashed = {bytes(digest) for (digest,) in world.find("SELECT sha256 FROM fingerprints")}
    figures |= {"hashed": len(hashed)}
    escapes = sum(1 for *_, leaked in found if leaked) + len(hashed & theirs)
    RESULTS.parent.mkdir(parents=True, exist_ok=True)
    RESULTS.write_text(json.dumps(figures | {"escapes": escapes}) + "\n")
    assert found, "nothing was read at all, so nothing is shown"
    assert hashed, "nothing was hashed at all, so nothing is shown"
    assert escapes == 0
