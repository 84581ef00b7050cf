"""Pictures and what becomes of them, through a running catalogue: each pair under its own name."""

import struct
import zlib
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

import pytest
from derivations import derived, original, record_card
from easel import encoded, photograph
from httpx2 import Client
from PIL import Image
from served import Server
from traps import TRAPS, all_traps
from working import at_rest, until, working
from world import System, World

pytestmark = pytest.mark.timeout(500)  # a worker starts, and works off half a hundred files

SIZE = (540, 360)
DELETABLE = {
    "exact_bytes",
    "identical_image_data",
    "derivative_reduced",
    "derivative_converted",  # a curator decides; of what follows it must never be said
}
TURNED = ("flip_left_right", "rotate_270")
WANTED: Mapping[str, str] = {
    "copy": "exact_bytes",
    "without metadata": "identical_image_data",
    "scale 0.5": "derivative_reduced",
    "quality 60": "derivative_converted",
    "webp": "derivative_converted",
    "keeps 0.6 of each side": "crop",
    "-1.4 stops": "tonal_variant",
    "greyscale": "tonal_variant",
    "words": "retouched_or_composite",
    "a part painted over": "retouched_or_composite",
    "1 s later": "sequence",
}
# Of equal size and detail, which side was made of which may stay open.
UNSURE = {"quality 60": ("undetermined",), "webp": ("undetermined",)}
PHOTOGRAPHS = {  # a street; shelves
    3: ("copy", "without metadata", "scale 0.5", "-1.4 stops", "words", "1 s later", TURNED[0]),
    4: (
        "quality 60",
        "webp",
        "keeps 0.6 of each side",
        "greyscale",
        "a part painted over",
        TURNED[1],
    ),
}
Pairs = Mapping[tuple[str, str], dict[str, Any]]


def canvas_gif() -> bytes:
    """35 bytes that ask for a canvas of four thousand million pixels."""
    screen = struct.pack("<HHBBB", 65535, 65535, 0x80, 0, 0) + bytes(6)
    frame = b"\x2c" + struct.pack("<HHHHB", 0, 0, 1, 1, 0)
    return b"GIF89a" + screen + frame + b"\x02\x02\x44\x01\x00\x3b"


def vast_png() -> bytes:
    """A few bytes that claim to be 900 megapixels."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        sum_ = struct.pack(">I", zlib.crc32(kind + body))
        return struct.pack(">I", len(body)) + kind + body + sum_

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", 30_000, 30_000, 8, 0, 0, 0, 0))
    rows = chunk(b"IDAT", zlib.compress(bytes(1_000_000)))
    return b"\x89PNG\r\n\x1a\n" + head + rows + chunk(b"IEND", b"")


def laid_out() -> Iterator[tuple[str, bytes]]:
    """Yield the files of this journey by name."""
    for number in PHOTOGRAPHS:
        stored = original(photograph(number, SIZE), number)
        yield f"{number}.jpg", stored
        for one in derived(stored, number):
            if one.how in PHOTOGRAPHS[number]:
                yield f"{number} {one.how}.{one.suffix}", one.data
    for trap, pair in all_traps(SIZE).items():
        for side, (suffix, data) in zip("ab", pair, strict=True):
            yield f"{trap} {side}.{suffix}", data
    for number in range(2):
        yield f"card {number}.jpg", record_card(number)
    for wide in (400, 800):
        yield f"blank {wide}.png", encoded(Image.new("RGB", (wide, wide), "white"), "PNG")
    yield "canvas.gif", canvas_gif()
    yield "vast.png", vast_png()


@pytest.fixture(scope="module")
def found(server: Server, town: World) -> Pairs:
    """Register all by HTTP, let a real worker do its work, and ask for every pair."""
    store = town.a_source_system()
    key = town.headers("registrar", department=store.department)
    pairs: dict[tuple[str, str], dict[str, Any]] = {}
    with server.client(town.urls("catalogue_api")) as api:
        names = worked_off(api, town, store, key)  # without suffixes
        for asset_id, name in names.items():
            for one in all_of(api, f"/v1/assets/{asset_id}/likenesses", key):
                first, second = sorted((name, names[one["other_asset_id"]]))
                pairs.setdefault((first, second), one)  # the newest comes first
    return pairs


def worked_off(api: Client, town: World, store: System, key: dict[str, str]) -> dict[str, str]:
    """Register everything and wait until no job is left; return the names by asset."""
    names: dict[str, str] = {}
    for name, content in laid_out():
        (store.folder / name).write_bytes(content)
        said = {
            "source_system": store.code,
            "source_identifier": name,
            "location": quote(name),
            "original_name": name,
            "legal_status": ["undetermined"],
        }
        answer = api.post("/v1/assets", json=said, headers=key)
        assert answer.status_code == 201, answer.text
        names[answer.json()["asset_id"]] = name.rpartition(".")[0]
    with working(town, "duplicates") as worker:
        until(lambda: worker.process.poll() is not None or at_rest(town), 400)
        assert worker.process.poll() is None, worker.words[-2000:]
    return names


def all_of(api: Client, path: str, key: dict[str, str]) -> Iterator[dict[str, Any]]:
    """Yield what stands on every page of a list."""
    more: dict[str, str] = {}
    while True:
        page = api.get(path, params={"limit": "10"} | more, headers=key).json()
        yield from page["items"]
        if page["next"] is None:
            return
        more = {"cursor": page["next"]}


def class_of(found: Pairs, one: str, other: str) -> str | None:
    """Return the proposed class of a pair, if it was found."""
    first, second = sorted((one, other))
    likeness = found.get((first, second))
    return None if likeness is None else str(likeness["proposed_class"])


@pytest.mark.parametrize(
    ("number", "how"),
    [
        pytest.param(number, how, id=f"{number} {how}")
        for number, made in PHOTOGRAPHS.items()
        for how in made
    ],
)
def test_what_was_made_of_a_photograph_is_found_under_its_own_name(
    found: Pairs, number: int, how: str
) -> None:
    given = class_of(found, f"{number}", f"{number} {how}")
    assert given is not None
    if how in TURNED:
        assert given not in DELETABLE | {"unrelated"}
    else:
        assert given in {WANTED[how], *UNSURE.get(how, ())}


@pytest.mark.parametrize("trap", TRAPS)
def test_no_trap_is_taken_for_the_same_image(found: Pairs, trap: str) -> None:
    given = class_of(found, f"{trap} a", f"{trap} b")
    assert given not in {"exact_bytes", "identical_image_data"}


def test_cards_of_one_form_and_blank_pages_are_never_deletable(found: Pairs) -> None:
    given = {
        pair: one["proposed_class"]
        for pair, one in found.items()
        if pair[0].startswith(("card", "blank")) or pair[1].startswith(("card", "blank"))
    }
    assert set(given.values()) & DELETABLE == set()


def test_nothing_is_found_between_two_photographs_or_with_what_is_too_large(found: Pairs) -> None:
    given = {pair for pair, one in found.items() if one["proposed_class"] != "unrelated"}
    assert {pair for pair in given if family_of(pair[0]) != family_of(pair[1])} == set()


def family_of(name: str) -> str:
    """Return the first word of a name: the photograph, the trap, the kind of page."""
    return name.split(" ")[0]
