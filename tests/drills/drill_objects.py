"""Every file of a corpus, once from a folder and once from Swift: the same readings, byte for byte.

Run by `make drill`; writes bench/results/objects.json. The corpus is the one beside the
repository, or what CATALOGUE_CORPUS names; without one, pictures are drawn.
"""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from time import monotonic
from typing import Any

import pytest
from buckets import reading_buckets
from images import draw
from swift import Swift
from world import AGENT, World

from app.assets.service import SourceSystem, add_source_system
from app.catalogue.registration import Registration
from app.catalogue.service import register
from app.kit.settings import settings
from app.storage.files import walk_files
from app.storage.listing import walk_objects
from app.storage.locations import encode_location

ROOT = Path(__file__).parents[2]
RESULTS = ROOT / "bench" / "results" / "objects.json"
CORPUS = Path(os.environ.get("CATALOGUE_CORPUS", ROOT / "../shared/corpus")).resolve()  # noqa: TID251
BUCKET, PREFIX = "corpus-served", "all of it/語料/"
AT_ONCE = 500
# All that a reading says but for ids, times, and where the bytes lay.
READINGS = """
SELECT a.source_identifier, r.outcome, r.reason, r.tool, r.tool_version, r.limited, r.format,
       r.mime, r.size_bytes, r.ordinal,
       encode(sha256(convert_to(r.statements::text, 'UTF8')), 'hex'),
       encode(sha256(r.raw), 'hex'), encode(f.sha256, 'hex')
  FROM readings r JOIN assets a ON a.id = r.asset_id LEFT JOIN fingerprints f ON f.reading_id = r.id
 WHERE a.source_system = :system ORDER BY a.source_identifier, r.ordinal"""
OUTCOMES = """
SELECT outcome, count(*) FROM readings r JOIN assets a ON a.id = r.asset_id
 WHERE a.source_system = :system GROUP BY 1"""
SEEN = """
SELECT state, count(*) FROM sightings s JOIN assets a ON a.id = s.asset_id
 WHERE a.source_system = :system GROUP BY 1"""


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    if CORPUS.is_dir():
        return CORPUS
    drawn = tmp_path / "drawn"
    drawn.mkdir()
    for number in range(60):
        (drawn / f"圖 {number}.jpg").write_bytes(draw(number, {"description": f"第 {number} 號"}))
    return drawn


@pytest.fixture
def _allowed(swift: Swift, corpus: Path, world: World) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as environment:
        roots = json.dumps([str(corpus), str(world.folder)])
        environment.setenv("CATALOGUE_ALLOWED_ROOTS", roots)
        with reading_buckets(swift.settings(), BUCKET):
            yield
    settings.cache_clear()


@pytest.mark.timeout(3600)
@pytest.mark.usefixtures("_allowed")
def test_the_corpus_reads_the_same_from_swift(swift: Swift, corpus: Path, world: World) -> None:
    began = monotonic()
    names = upload(swift, corpus)
    before = swift.state(BUCKET)
    department = world.a_department()
    told = list(walk_objects(f"s3://{BUCKET}/{PREFIX}", unnameable=pytest.fail))
    assert sorted(encode_location(b"/".join(one.segments)) for one in told) == sorted(names)
    seconds = {"upload": monotonic() - began}
    for system, root in (("folder", f"{corpus.as_uri()}/"), ("swift", f"s3://{BUCKET}/{PREFIX}")):
        add_system(world, system, department, root)
        register_all(world, system, department, names)
        began = monotonic()
        world.work()
        seconds[system] = monotonic() - began
    found = figures(world, names)
    found |= {
        "seconds": {name: round(value, 1) for name, value in seconds.items()},
        "bucket_unchanged": swift.state(BUCKET) == before,
        "corpus": "shared" if corpus == CORPUS else "drawn",
    }
    RESULTS.parent.mkdir(parents=True, exist_ok=True)
    RESULTS.write_text(json.dumps(found, indent=2, ensure_ascii=False))
    print(json.dumps(found, ensure_ascii=False))  # noqa: T201
    assert found["different"] == []
    assert found["equal"] == found["files"]
    assert found["seen"] == {}
    assert found["bucket_unchanged"]


def upload(swift: Swift, corpus: Path) -> list[str]:
    """Put every file under its own name; a name that is no text has no place in a bucket."""
    swift.a_bucket(BUCKET)
    names: list[str] = []
    for segments in walk_files(os.fsencode(corpus), unreadable=fail_on):
        path = b"/".join(segments)
        with Path(os.fsdecode(os.path.join(os.fsencode(corpus), path))).open("rb") as file:  # noqa: PTH118
            swift.put(BUCKET, PREFIX + path.decode(), file.read())
        names.append(encode_location(path))
    return names


def fail_on(segments: tuple[bytes, ...], error: OSError) -> None:
    """Leave no file of the corpus out without a word."""
    pytest.fail(f"{segments}: {error}")


def add_system(world: World, code: str, department: str, root: str) -> None:
    """Add one of the two source systems."""
    label = {"en": code}
    facts: dict[str, Any] = {"custody_kind": "archive", "failure_domain": code}
    system = SourceSystem(
        code, department, label, root, **facts, removable=False, custody_ends_on=None
    )
    with world.api.transaction() as db:
        add_source_system(db, AGENT, system)


def register_all(world: World, system: str, department: str, names: list[str]) -> None:
    """Register every file in one system."""
    caller = world.someone("registrar", department=department)
    for start in range(0, len(names), AT_ONCE):
        said = [
            Registration(
                source_system=system,
                source_identifier=name,
                location=name,
                original_name=name,
                legal_status=["undetermined"],
            )
            for name in names[start : start + AT_ONCE]
        ]
        with world.api.transaction() as db:
            outcomes = register(db, caller, said)
        assert all(getattr(one, "new", False) for one in outcomes)


def figures(world: World, names: list[str]) -> dict[str, Any]:
    """Compare the two systems reading by reading."""
    folder, store = (
        {row[0]: tuple(row[1:]) for row in world.find(READINGS, system=system)}
        for system in ("folder", "swift")
    )
    different = sorted(name for name in names if folder.get(name) != store.get(name))
    return {
        "files": len(names),
        "bytes": sum(row[7] for row in folder.values()),
        "equal": len(names) - len(different),
        "different": different[:20],
        "outcomes": {row[0]: row[1] for row in world.find(OUTCOMES, system="swift")},
        "hashed": sum(row[-1] is not None for row in store.values()),
        "seen": {row[0]: row[1] for row in world.find(SEEN, system="swift")},
    }
