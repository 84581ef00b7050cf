"""What two workers do at once for one image is done once."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from contents import Uploader, repr_digest
from images import draw
from sqlalchemy import select
from world import AGENT, World

from app.assets.keep import keep_root
from app.assets.locks import lock_decisions
from app.assets.models import UploadRow
from app.fingerprints.claims import Checked, Claimed, Claims, turn_away
from app.fingerprints.thumbnailer import Thumbnail
from app.fingerprints.thumbnails import Wanted, keep_thumbnail, make_requested
from app.kit.jobs import bind

SEEN = "SELECT fingerprint_id, key, width FROM thumbnails WHERE asset_id = :id"
OBJECTS = "SELECT count(*) FROM kept_objects"


@pytest.fixture(scope="module")
def someone(server: object, town: World) -> Iterator[Uploader]:
    bind(town.worker)
    with server.client(town.urls("catalogue_api")) as http:  # type: ignore[attr-defined]
        yield Uploader.of(town, http)


def test_a_second_small_picture_of_one_file_is_thrown_away(town: World, someone: Uploader) -> None:
    asset_id = town.an_asset(someone.system)
    town.work()
    asked = someone.http.get(f"/v1/assets/{asset_id}/thumbnail", headers=someone.headers)
    assert asked.status_code == 202
    make_requested()
    [seen] = town.find(SEEN, id=asset_id)
    kept, lying = town.find(OBJECTS), files()
    one = Wanted(seen[0], asset_id, "token", "root", "path")
    keep_thumbnail(one, Thumbnail("made", None, 1, 1, b"\xff\xd8\xff"))
    keep_thumbnail(one, Thumbnail("undecodable", "crashed"))
    assert town.find(SEEN, id=asset_id) == [seen]
    assert (town.find(OBJECTS), files()) == (kept, lying)


def files() -> set[Path]:
    """Return what lies in the keep."""
    return {path for path in Path(keep_root().removeprefix("file://")).rglob("*") if path.is_file()}


def test_a_content_is_set_aside_once(town: World, someone: Uploader) -> None:
    asset_id = someone.registers()
    wrong = repr_digest(b"another content")
    assert someone.sends(asset_id, draw(5), Repr_Digest=wrong).status_code == 201
    town.work()
    with town.worker.transaction() as db:
        lock_decisions(db, [asset_id])
        [upload_id] = db.scalars(select(UploadRow.id).where(UploadRow.asset_id == asset_id)).all()
        claims = Claims((Claimed("sha256", "ab" * 32, upload_id),), upload_id)
        late = Checked(asset_id, "archive", upload_id, {"sha256": "cd" * 32}, claims)
        assert not turn_away(db, AGENT, late)
    told = [kind for kind, _ in someone.events(asset_id) if kind == "x:upload-refused"]
    assert len(told) == 1
