"""What makes a package, as RFC 8493, OCFL 1.1 and METS have it, whole or in part."""

import errno
import os
import random
from pathlib import Path
from uuid import uuid4

import pytest

from app.assets import packages
from app.assets.containers import Container, containers_in, kind_of, may_be_mets
from app.assets.sniffing import BEGINNING, is_mets
from app.assets.surroundings import MOST_LEVELS, Eyes, Place
from app.kit.settings import settings

NAMESPACE = "http://www.loc.gov/METS/"
METS = f'<mets:mets xmlns:mets="{NAMESPACE}" TYPE="page">'
ALTO = '<alto xmlns="http://www.loc.gov/standards/alto/ns-v4#"><mets/></alto>'
DOCTYPE = """<!DOCTYPE mets [<!ENTITY a "]>"> <!ENTITY b SYSTEM 'file:///etc/passwd'>]>"""


def test_only_markers_make_a_package() -> None:
    markers = {
        b"bagit.txt": "bag",
        b"BAGIT.TXT": "bag",
        b"0=ocfl_object_1.1": "ocfl",
        b"0=ocfl_object_1.0": "ocfl",
        b"0=OCFL_1.0": "ocfl",
        b"0=ocfl_1.1": "ocfl",
        b"mets.xml": "mets",
        b"METS.7f3a.xml": "mets",
        b"METS.XML": "mets",
        b"box12.mets.xml": "mets",
        b"box12-METS_2.xml": "mets",
        b"box12.mets": "mets",
        b"\xff\nmets.xml": "mets",
        b"bag.txt": None,
        b"bagit.txt.bak": None,
        b"manifest-sha256.txt": None,
        b"fetch.txt": None,
        b"inventory.json": None,
        b"0=dflat_1.0": None,
        b"meta.xml": None,
        b"mets.jpg": None,
    }
    assert {name: kind_of(name) for name in markers} == markers


@pytest.mark.parametrize(
    ("names", "towards", "kind"),
    [
        ([b"manifest-sha512.txt"], b"data", "bag"),
        ([b"tagmanifest-md5.txt"], b"DATA", "bag"),
        ([b"Fetch.txt"], b"data", "bag"),
        ([b"manifest-sha512.txt"], b"a.jpg", None),
        ([b"manifest.txt"], b"data", None),
        ([b"inventory.json", b"inventory.json.sha512"], b"v1", "ocfl"),
        ([b"inventory.json.sha512"], b"v1", None),
        ([b"inventory.json"], b"v1", None),
    ],
)
def test_a_package_that_lost_its_marker_is_told_by_its_parts(
    names: list[bytes], towards: bytes, kind: str | None
) -> None:
    found = containers_in("box", names, towards)
    assert [one.kind for one in found] == ([kind] if kind else [])


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        (METS, "utf-8"),
        (f'<mets xmlns="{NAMESPACE}">', "utf-8-sig"),
        (f"<?xml version='1.0'?>\n<!-- <alto> -->\n<?xsl a?>\r\n{METS}", "utf-8"),
        (f"<?xml version='1.0' encoding='UTF-16'?>{METS}", "utf-16"),
        (f"{METS}", "utf-16-le"),
        (f"\ufeff{METS}", "utf-16-be"),
        (f"{METS}", "utf-16-be"),
        (f"{DOCTYPE}{METS}", "utf-8"),
        ("<mets>", "ascii"),
    ],
)
def test_a_mets_document_is_known_by_its_root(text: str, encoding: str) -> None:
    assert is_mets(text.encode(encoding), whole=True) is True


@pytest.mark.parametrize(
    "text",
    [ALTO, "", " \n", "{}", "mets", "<!-- <mets> --><alto/>", "<metsHdr/>", "<mets", "a<mets>"],
)
def test_another_document_is_none(text: str) -> None:
    assert is_mets(text.encode(), whole=True) is False


@pytest.mark.parametrize(
    "text", ["<!-- a", " ", "<?xml", "<me", f"<!DOCTYPE a [ <!-- it's -->]>{METS}"]
)
def test_a_root_that_was_not_reached_is_unknown(text: str) -> None:
    assert is_mets(text.encode(), whole=False) is None


def test_nothing_is_asked_of_a_long_beginning_but_time_in_its_length() -> None:
    drawn = random.Random(4711)  # noqa: S311
    for piece in ("<!--", "<?", "<!DOCTYPE a [", "<!DOCTYPE '", '"', "[", " ", "<a ", "-->", "]>"):
        assert is_mets((piece * BEGINNING)[:BEGINNING].encode(), whole=False) in (None, False)
    pieces = ["<!--", "-->", "<!DOCTYPE", "[", "]", '"', "'", "<", ">", "<?", "?>", " ", "mets"]
    for _ in range(50):
        text = "".join(drawn.choices(pieces, k=BEGINNING // 2))
        assert is_mets(text.encode()[:BEGINNING], whole=False) in (None, False, True)


def found_around(root: Path, path: str) -> list[Container]:
    """Look around a file for the packages that own it."""
    place = Place(uuid4(), "d", root.as_uri() + "/", path, 1)
    return list(Eyes([place]).look(place).containers)


def put(root: Path, *files: tuple[str, str]) -> None:
    for name, content in files:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(content)


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CATALOGUE_ALLOWED_ROOTS", str(tmp_path))
    settings.cache_clear()
    return tmp_path / "bag" / "data"


@pytest.mark.parametrize(
    ("files", "found"),
    [
        ([("box/bagit.txt", "no bag at all")], [("bag", "box")]),
        ([("0=ocfl_1.1", ""), ("box/0=ocfl_object_1.1", "")], [("ocfl", "box"), ("ocfl", "")]),
        ([("box/volume.xml", METS)], [("mets", "box")]),
        ([("box/data/page.xml", ALTO), ("box/data/VOL.XML", METS)], [("mets", "box/data")]),
        ([("box/METS.xml", ""), ("box/other.xml", METS)], [("mets", "box")]),
        ([("box/page.xml", ALTO)], []),
        ([("box/long.xml", f"<!--{'a' * BEGINNING}-->{METS}")], [("unknown", "box")]),
        ([("box/manifest-md5.txt", "")], [("bag", "box")]),
        ([("../manifest-md5.txt", "")], [("bag", "..")]),
        ([("../vol.xml", METS)], [("mets", "..")]),
        ([("../../manifest-md5.txt", "")], []),
        ([("beside/bagit.txt", ""), ("box/data/deeper/bagit.txt", "")], []),
    ],
)
def test_a_look_finds_the_packages_above_a_file(
    root: Path, files: list[tuple[str, str]], found: list[tuple[str, str]]
) -> None:
    put(root, ("box/data/a.jpg", ""), *files)
    assert [(one.kind, one.folder) for one in found_around(root, "box/data/a.jpg")] == found


def test_a_link_to_a_mets_document_is_none_and_leads_nowhere(root: Path) -> None:
    put(root, ("a.jpg", ""), ("../../volume", METS))
    (root / "volume.xml").symlink_to(root.parent.parent / "volume")
    (root / "volume.xml.mets.xml").mkdir()
    assert found_around(root, "a.jpg") == []


def test_a_document_that_cannot_be_opened_leaves_it_unknown(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(root, ("a.jpg", ""), ("closed.xml", METS), ("gone.xml", METS))
    real = os.open

    def closed(path: bytes, *rest: int, **options: int) -> int:
        if path == b"closed.xml":
            raise PermissionError(errno.EACCES, "closed")
        if path == b"gone.xml":
            raise FileNotFoundError(errno.ENOENT, "gone")
        return real(path, *rest, **options)

    monkeypatch.setattr(os, "open", closed)
    assert found_around(root, "a.jpg") == [Container("unknown", "", b"closed.xml")]
    (root / "closed.xml").unlink()
    assert found_around(root, "a.jpg") == []


def test_more_documents_than_are_looked_at_leave_it_unknown(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(root, ("a.jpg", ""), ("1.xml", ALTO), ("2.xml", ALTO), ("3.xml", ALTO))
    assert found_around(root, "a.jpg") == []
    monkeypatch.setattr(packages, "MOST_SNIFFED", 2)
    assert found_around(root, "a.jpg") == [Container("unknown", "", b"3.xml")]


def test_deeper_than_is_looked_it_is_unknown(root: Path) -> None:
    folder = "a/" * (MOST_LEVELS - 1)
    put(root, (f"{folder}a.jpg", ""), (f"{folder}b/a.jpg", ""), ("a/bagit.txt", ""))
    assert [one.kind for one in found_around(root, f"{folder}a.jpg")] == ["bag"]
    assert [one.kind for one in found_around(root, f"{folder}b/a.jpg")] == ["bag", "unknown"]


def test_only_xml_of_another_name_is_opened() -> None:
    names = {b"a.xml": True, b"A.XML": True, b"mets.xml": False, b"a.xmp": False, b"xml": False}
    assert {name: may_be_mets(name) for name in names} == names
