"""Content Credentials: none, valid, invalid, untrusted, read without a network."""

import json
import os
import signal
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from built import box
from drawn import CORPUS, draw, opened
from signed import CAPTURE, authority, sign

from app.readings import verification
from app.readings.compute import conclude
from app.readings.credentials import REMOTE, TAG, UNSTAMPED
from app.readings.extraction import Extraction
from app.readings.extractor import Extractor
from app.readings.manifests import _JUMBF, _STEPS, _TIFF_TAG, holds_manifest

FORMATS = {
    ".jpg": "image/jpeg",
    ".png": "image/png",
    ".webp": "image/webp",
    ".gif": "image/gif",
    ".tif": "image/tiff",
}
BROKEN = {"E-sig-CA.jpg", "XCA.jpg", "no_alg.jpg", "prerelease.jpg"}


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("trust") / "authorities.pem"
    path.write_text(authority(None).root)
    return path


@pytest.fixture(scope="module")
def trusting(root: Path) -> Iterator[Extractor]:
    with Extractor(trusted=root) as reader:
        yield reader


@pytest.fixture(scope="module")
def reader() -> Iterator[Extractor]:
    with Extractor() as one:
        yield one


def said(reader: Extractor, *paths: Path) -> list[Extraction]:
    descriptors = opened(paths)
    try:
        return reader.read(descriptors)
    finally:
        for descriptor in descriptors:
            os.close(descriptor)


def told(found: Extraction, field: str) -> Any:  # noqa: ANN401 - any JSON value
    (statement,) = [one for one in found.statements if one.field == field]
    return statement


@contextmanager
def canary() -> Iterator[tuple[str, list[bytes]]]:
    """Listen on loopback and note whoever calls."""
    calls: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.05)
        over = threading.Event()

        def listen() -> None:
            while not over.is_set():
                try:
                    connection, _ = server.accept()
                except TimeoutError:
                    continue
                with connection:
                    calls.append(connection.recv(200))
                    connection.sendall(b"HTTP/1.1 404 None\r\nContent-Length: 0\r\n\r\n")

        ear = threading.Thread(target=listen)
        ear.start()
        try:
            yield f"http://127.0.0.1:{server.getsockname()[1]}", calls
        finally:
            over.set()
            ear.join()


@pytest.mark.parametrize("suffix", FORMATS)
def test_a_signed_picture_is_valid_where_its_authority_is_trusted(
    tmp_path: Path, trusting: Extractor, suffix: str
) -> None:
    path = sign(draw(tmp_path / f"signed{suffix}"), FORMATS[suffix])
    (found,) = said(trusting, path)
    status = told(found, "c2pa_status")
    assert (status.value, status.picked, status.note) == ("valid", True, UNSTAMPED)
    assert found.outcome == "read"


@pytest.mark.parametrize("suffix", FORMATS)
def test_a_signer_nobody_vouches_for_is_untrusted_and_no_more(
    tmp_path: Path, reader: Extractor, suffix: str
) -> None:
    path = sign(draw(tmp_path / f"signed{suffix}"), FORMATS[suffix])
    (found,) = said(reader, path)
    status = told(found, "c2pa_status")
    assert (status.value, status.note) == ("untrusted", "signingCredential.untrusted")


@pytest.mark.parametrize("suffix", FORMATS)
def test_a_picture_without_a_manifest_has_none(
    tmp_path: Path, reader: Extractor, suffix: str
) -> None:
    (found,) = said(reader, draw(tmp_path / f"plain{suffix}"))
    assert told(found, "c2pa_status").value == "none"
    assert found.outcome == "nothing_found"


def test_formats_that_c2pa_does_not_embed_in_say_nothing(tmp_path: Path, reader: Extractor) -> None:
    (found,) = said(reader, draw(tmp_path / "plain.bmp"))
    assert not [one for one in found.statements if one.field == "c2pa_status"]


def test_one_changed_pixel_makes_a_manifest_invalid_and_its_story_is_not_believed(
    tmp_path: Path, trusting: Extractor
) -> None:
    path = sign(draw(tmp_path / "signed.png"), "image/png")
    content = bytearray(path.read_bytes())
    content[content.rindex(b"IDAT") + 12] ^= 1
    path.write_bytes(content)
    (found,) = said(trusting, path)
    status = told(found, "c2pa_status")
    assert (status.value, status.note) == ("invalid", "assertion.dataHash.mismatch")
    assert not told(found, "edit_history").picked
    assert not told(found, "digital_source_type").picked


def test_actions_generator_signer_and_source_type_are_told(
    tmp_path: Path, trusting: Extractor
) -> None:
    (found,) = said(trusting, sign(draw(tmp_path / "signed.jpg")))
    history = told(found, "edit_history")
    assert history.value == {
        "generator": "Archives Test 1.2",
        "issuer": "Test Archives",
        "signer": "Test Archives Camera",
        "actions": [{"action": "c2pa.created", "source_type": CAPTURE}],
    }
    assert (told(found, "digital_source_type").value, history.picked) == (CAPTURE, True)


def test_xmp_tells_the_source_type_before_the_manifest_does(
    tmp_path: Path, reader: Extractor
) -> None:
    path = sign(draw(tmp_path / "a.jpg", "-XMP-iptcExt:DigitalSourceType=print"))
    (found,) = said(reader, path)
    types = {one.value: one.picked for one in found.statements if "source_type" in one.field}
    assert types == {"print": True, CAPTURE: False}


def test_a_manifest_elsewhere_is_named_and_never_fetched(tmp_path: Path, reader: Extractor) -> None:
    with canary() as (place, calls):
        path = sign(draw(tmp_path / "remote.jpg"), remote=f"{place}/picture.c2pa")
        (found,) = said(reader, path)
        verification.read_manifest(opened([path])[0], "image/jpeg", "")
    status = told(found, "c2pa_status")
    assert (status.value, status.note) == ("none", REMOTE)
    assert not calls


def test_revocation_is_not_asked_for(tmp_path: Path) -> None:
    with canary() as (place, calls):
        path = sign(draw(tmp_path / "revocable.jpg"), ocsp=f"{place}/ocsp")
        trusted = authority(f"{place}/ocsp").root
        found = verification.read_manifest(opened([path])[0], "image/jpeg", trusted)
    assert found["failures"] == []
    assert not calls


@pytest.mark.parametrize("asks", ["remote", "ocsp"])
def test_the_canary_hears_what_is_not_forbidden(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, asks: str
) -> None:
    """Without our settings, and without a namespace, the library does call."""
    asking = {"verify": {"remote_manifest_fetch": True, "ocsp_fetch": True}}
    monkeypatch.setattr(verification, "_OFFLINE", asking)
    with canary() as (place, calls):
        path = sign(draw(tmp_path / "asking.jpg"), **{asks: f"{place}/asked"})
        trusted = authority(f"{place}/asked").root
        verification.read_manifest(opened([path])[0], "image/jpeg", trusted)
    assert calls


def test_the_end_of_the_library_is_not_the_end_of_the_child(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(*_: object) -> dict[str, Any]:
        os.kill(os.getpid(), signal.SIGKILL)
        return {}

    monkeypatch.setattr(verification, "read_manifest", die)
    (descriptor,) = opened([sign(draw(tmp_path / "signed.jpg"))])
    with closing(verification.Verifier()) as verifier:
        for _ in range(2):
            found, _ = verifier.verify(descriptor, "image/jpeg")
            assert found == {"error": "the library gave no answer"}


def test_an_end_before_any_answer_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(number: int, _: str) -> None:
        socket.recv_fds(socket.socket(fileno=number), 100, 1)
        os._exit(0)

    monkeypatch.setattr(verification, "_serve_alone", gone)
    (descriptor,) = opened([sign(draw(tmp_path / "signed.jpg"))])
    with closing(verification.Verifier()) as verifier:
        found = verifier.verify(descriptor, "image/jpeg")
    assert found == ({"error": "the library gave no answer"}, b"")


def test_a_picture_beside_a_manifest_is_read_by_the_same_child(
    tmp_path: Path, reader: Extractor
) -> None:
    paths = [sign(draw(tmp_path / f"{n}.jpg", f"-IFD0:Make=Maker {n}")) for n in range(4)]
    before = reader._warm_child().process.pid
    found = said(reader, *paths)
    assert [told(one, "capture_device").value["make"] for one in found] == [
        f"Maker {n}" for n in range(4)
    ]
    assert reader._warm_child().process.pid == before


def test_what_only_the_clock_says_does_not_judge() -> None:
    failures = ["signingCredential.expired", "cawg.x509.signature.outside_validity"]
    manifest: dict[str, Any] = {"failures": failures}
    manifest |= {"actions": [], "generator": None, "issuer": None, "signer": None}
    tags = {"File:FileType": "JPEG", "File:MIMEType": "image/jpeg"}
    tags |= {TAG: json.dumps(manifest | {"signed_at": "2020-01-01T00:00:00Z"})}
    answer = json.dumps([{name: {"val": text} for name, text in tags.items()}])
    found = conclude(answer.encode(), b"\xff\xd8\xff", 100, "ExifTool", "13.59")
    assert told(found, "c2pa_status").value == "valid"


def test_what_is_said_of_one_manifest_has_an_end() -> None:
    actions = [{"action": "a" * 900, "when": "w", "digitalSourceType": None}] * 90
    held = {"label": "c2pa.actions.v2", "data": {"actions": actions}}
    endless = {
        "active_manifest": "urn:x",
        "manifests": {"urn:x": {"assertions": [held, held], "claim_generator": "g" * 900}},
        "validation_results": {
            "activeManifest": {"failure": [{"code": f"{n}" + "f" * 900} for n in range(200)]}
        },
    }
    found = verification._summary(endless)
    assert (len(found["actions"]), len(found["failures"])) == (100, 100)
    assert found["actions"][0] == {"action": "a" * 500, "when": "w", "source_type": None}
    assert (len(found["generator"]), len(found["failures"][0])) == (500, 500)
    tags = {"File:FileType": "JPEG", "File:MIMEType": "image/jpeg", TAG: json.dumps(found)}
    answer = json.dumps([{name: {"val": text} for name, text in tags.items()}])
    status = told(conclude(answer.encode(), b"", 100, "ExifTool", "13.59"), "c2pa_status")
    assert (status.value, len(status.note)) == ("invalid", 500)


def test_what_the_library_cannot_parse_is_invalid_and_tells_no_story() -> None:
    tags = {"File:FileType": "JPEG", "File:MIMEType": "image/jpeg", TAG: '{"error": "odd"}'}
    answer = json.dumps([{name: {"val": text} for name, text in tags.items()}])
    found = conclude(answer.encode(), b"", 100, "ExifTool", "13.59")
    assert (told(found, "c2pa_status").value, told(found, "c2pa_status").note) == ("invalid", "odd")
    assert not [one for one in found.statements if one.field == "edit_history"]


def test_an_answer_without_end_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verification, "read_manifest", lambda *_: {"error": "x" * (1 << 18)})
    (descriptor,) = opened([sign(draw(tmp_path / "signed.jpg"))])
    with closing(verification.Verifier()) as verifier:
        found, _ = verifier.verify(descriptor, "image/jpeg")
    assert found == {"error": "the library gave no answer"}


def jpeg_of(fillers: int) -> bytes:
    manifest = b"\xff\xeb" + struct.pack(">H", 2 + len(_JUMBF)) + _JUMBF
    return b"\xff\xd8" + b"\xff\xe0\x00\x02" * fillers + manifest


def png_of(fillers: int) -> bytes:
    return b"\x89PNG\r\n\x1a\n" + b"\0\0\0\0tEXtsums" * fillers + b"\0\0\0\0caBXsums"


def webp_of(fillers: int) -> bytes:
    return b"RIFF\0\0\0\0WEBP" + b"JUNK\0\0\0\0" * fillers + b"C2PA\0\0\0\0"


def boxes_of(fillers: int) -> bytes:
    return box(b"free") * fillers + box(b"jumb", _JUMBF)


def tiff_of(fillers: int) -> bytes:
    entries = bytes(12) * fillers + struct.pack("<H", _TIFF_TAG) + bytes(10)
    return b"II*\0" + struct.pack("<IH", 8, fillers + 1) + entries


def gif_of(fillers: int) -> bytes:
    comment = b"\x21\xfe" + b"\x01a" * (fillers - 2) + b"\0"
    return b"GIF89a" + bytes(7) + comment + b"\x21\xff\x0bC2PA_GIF\x01\0\0"


MANY: dict[str, Callable[[int], bytes]] = {
    "image/jpeg": jpeg_of,
    "image/png": png_of,
    "image/webp": webp_of,
    "image/avif": boxes_of,
    "image/tiff": tiff_of,
    "image/gif": gif_of,
}


@pytest.mark.parametrize("mime", MANY)
def test_a_manifest_is_looked_for_in_so_many_steps_and_no_more(tmp_path: Path, mime: str) -> None:
    for fillers, there in ((_STEPS - 1, True), (_STEPS, False)):
        (path := tmp_path / str(fillers)).write_bytes(MANY[mime](fillers))
        (descriptor,) = opened([path])
        assert holds_manifest(descriptor, mime) is there
        os.close(descriptor)


@pytest.mark.parametrize(
    ("mime", "content"),
    [
        ("image/jpeg", b"\xff\xd8" + b"\xff\xe0\x00\x02" * 9000),
        ("image/jpeg", b"\xff\xd8\xff\xeb\x00\x01"),
        ("image/png", b"\x89PNG\r\n\x1a\n" + b"\xff\xff\xff\xffIDAT"),
        ("image/webp", b"RIFF\0\0\0\0WEBP" + b"JUNK\0\0\0\0" * 9000),
        ("image/avif", b"\0\0\0\x01mdat" + b"\xff" * 8),
        ("image/heic", b"\0\0\0\0free"),
        ("image/heic", b"\0\0\0\x04" + box(b"jumb", _JUMBF)),
        ("image/tiff", b"II*\0" + struct.pack("<I", 4)),
        ("image/tiff", b"II+\0\x08\0\0\0" + b"\xff" * 8),
        ("image/gif", b"GIF89a" + b"\0" * 7 + b"\x21\xfe" + b"\x01a" * 9000),
        ("image/gif", b"GIF89a"),
        ("image/jxl", b"\xff\x0a"),
    ],
)
def test_a_hostile_container_holds_no_manifest(tmp_path: Path, mime: str, content: bytes) -> None:
    path = tmp_path / "hostile"
    path.write_bytes(content)
    (descriptor,) = opened([path])
    assert holds_manifest(descriptor, mime) is False


@pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus is not beside this checkout")
def test_the_signed_files_of_the_corpus_are_told_apart(reader: Extractor) -> None:
    truth = json.loads((CORPUS / "truth" / "truth_metadata.json").read_text())
    folder = "newsroom/c2pa-desk/"
    names = [name for name in truth if name.startswith(folder)]
    found = said(reader, *(CORPUS / name for name in names))
    status = {
        name.removeprefix(folder): [one.value for one in each.statements if "c2pa" in one.field]
        for name, each in zip(names, found, strict=True)
    }
    signed = {name.removeprefix(folder) for name in names if truth[name]["c2pa"]}
    assert {name for name, said in status.items() if said not in ([], ["none"])} == signed
    assert len(signed) == 19
    assert {name for name, said in status.items() if said == ["invalid"]} == BROKEN
