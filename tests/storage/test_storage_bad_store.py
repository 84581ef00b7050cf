"""A store that fails says nothing of the object; only its own clear no means "not there"."""

import io
import logging
import os
import resource
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from badstore import (
    KEY_ID,
    MARKS,
    SECRET,
    Asked,
    BadStore,
    Behaviour,
    complaint,
    serving_badly,
    well,
)
from buckets import reading_buckets
from swift import installed

from app.storage.errors import NotThere, Unreachable
from app.storage.listing import walk_objects
from app.storage.opening import open_located, settle_root

ROOT = "s3://bucket/"
CERTIFICATE = """
from datetime import datetime, timedelta
from pathlib import Path
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
key = ec.generate_private_key(ec.SECP256R1())
name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
today = datetime.now()
made = (
    x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    .not_valid_before(today - timedelta(days=2)).not_valid_after(today + timedelta(days=2))
    .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
    .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    .sign(key, hashes.SHA256())
)
Path("cert.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
Path("key.pem").write_bytes(key.private_bytes(
    serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
"""


@contextmanager
def bad(behaviour: Behaviour, **more: object) -> Iterator[BadStore]:
    patience: dict[str, object] = {"s3_silence_seconds": 0.4, "s3_object_seconds": 3}
    with (
        serving_badly(behaviour) as store,
        reading_buckets(store.settings(), "bucket", **(patience | more)),
    ):
        yield store


def opened(key: str = "one") -> bytes:
    with open_located(ROOT, key) as file:
        return os.read(file.descriptor, 1 << 20)


def page_of_a_proxy(asked: Asked) -> None:
    asked.send(404, b"<html>Not found: the key NoSuchKey</html>")


def redirect(asked: Asked) -> None:
    if asked.path.startswith("/elsewhere"):
        well(asked)
    else:
        asked.send(307, Location="/elsewhere")


def cut_short(asked: Asked) -> None:
    asked.head(200, {"Content-Length": "1000"} | MARKS)
    asked.wfile.write(b"x" * 10)
    asked.break_off()


def cut_at_once(asked: Asked) -> None:
    asked.break_off()


def silent(asked: Asked) -> None:
    asked.store.stopped.wait(10)
    asked.break_off()


def silent_in_the_middle(asked: Asked) -> None:
    asked.head(200, {"Content-Length": "1000"} | MARKS)
    asked.wfile.write(b"x" * 10)
    asked.wfile.flush()
    silent(asked)


def a_byte_now_and_then(asked: Asked) -> None:
    asked.head(200, {"Content-Length": "1000"} | MARKS)
    while not asked.store.stopped.wait(0.1):
        try:
            asked.wfile.write(b"x")
            asked.wfile.flush()
        except OSError:
            break
    asked.break_off()


def a_header_now_and_then(asked: Asked) -> None:
    asked.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slowly: ")
    while not asked.store.stopped.wait(0.1):
        try:
            asked.wfile.write(b"x")
            asked.wfile.flush()
        except OSError:
            break
    asked.break_off()


def part(asked: Asked) -> None:
    asked.send(206, b"byt", Content_Range="bytes 0-2/5", **MARKS)


def no_length(asked: Asked) -> None:
    asked.head(200, {"Transfer-Encoding": "chunked"} | MARKS)
    asked.wfile.write(b"5\r\nbytes\r\n0\r\n\r\n")


def two_lengths(asked: Asked) -> None:
    """In pieces, which is what HTTP counts by, and with another length beside them."""
    asked.head(200, {"Transfer-Encoding": "chunked", "Content-Length": "6"} | MARKS)
    asked.wfile.write(b"5\r\nbytes\r\n0\r\n\r\n")


def more_than_said(asked: Asked) -> None:
    asked.head(200, {"Transfer-Encoding": "chunked", "Content-Length": "4"} | MARKS)
    asked.wfile.write(b"5\r\nbytes\r\n0\r\n\r\n")


def no_marks(asked: Asked) -> None:
    asked.send(200, b"bytes", Last_Modified=MARKS["Last-Modified"])


def weak_mark(asked: Asked) -> None:
    asked.send(200, b"bytes", ETag='W/"mark"')


def null_version(asked: Asked) -> None:
    asked.send(200, b"bytes", x_amz_version_id="null")


def long_marks(asked: Asked) -> None:
    asked.send(200, b"bytes", ETag='"%s"' % ("%" * 2000))


def not_http(asked: Asked) -> None:
    asked.wfile.write(b"220 smtp.example.org ready\r\n")
    asked.break_off()


@pytest.mark.parametrize(
    ("behaviour", "said", "times"),
    [
        (complaint(404, "NoSuchBucket"), "no bucket", 1),
        (complaint(404, "NoSuchUpload"), "no proper answer .*404 NoSuchUpload", 1),
        (complaint(410, "NoSuchKey"), "no proper answer", 1),
        (page_of_a_proxy, "404 .* does not say why", 1),
        (complaint(403, "AccessDenied"), "does not let .*AccessDenied", 1),
        (complaint(403, "RequestTimeTooSkewed"), "RequestTimeTooSkewed", 1),
        (complaint(403, "InvalidObjectState"), "archived", 1),
        (complaint(401, ""), "does not let .*401", 1),
        (complaint(503, "SlowDown"), "fails .*503 SlowDown", 3),
        (complaint(500, "InternalError"), "fails .*500", 3),
        (complaint(429, ""), "fails .*429", 3),
        (redirect, "sends elsewhere .*307", 1),
        (complaint(301, "PermanentRedirect"), "sends elsewhere .*301 PermanentRedirect", 1),
        (complaint(418, "Teapot"), "no proper answer .*418", 1),
        (part, "no proper answer .*206", 1),
        (cut_at_once, "broke off", 3),
        (cut_short, "broke off", 3),
        (not_http, "broke off", 3),
        (no_length, "how long", 1),
        (two_lengths, "5 of 6 bytes", 3),
        (more_than_said, "more of one than", 1),
        (no_marks, "neither a version nor a strong ETag", 1),
        (weak_mark, "neither a version nor a strong ETag", 1),
        (null_version, "neither a version nor a strong ETag", 1),
        (long_marks, "too long", 1),
    ],
    ids=lambda value: getattr(value, "__name__", None) or str(value),
)
def test_each_failure_is_named_and_none_is_an_absence(
    behaviour: Behaviour, said: str, times: int
) -> None:
    with bad(behaviour) as store:
        with pytest.raises(Unreachable, match=said) as refused:
            opened()
        assert len(store.asked) == times
        assert {path for _, path in store.asked} == {"/bucket/one"}
        assert SECRET not in refused.value.detail
        assert "Signature" not in refused.value.detail


@pytest.mark.timeout(30)
@pytest.mark.parametrize(
    "behaviour",
    [silent, silent_in_the_middle, a_byte_now_and_then, a_header_now_and_then],
    ids=lambda value: value.__name__,
)
def test_a_slow_store_holds_nobody(behaviour: Behaviour) -> None:
    with bad(behaviour, s3_object_seconds=0.7), pytest.raises(Unreachable, match="in time"):
        opened()


def test_a_clear_no_means_not_there() -> None:
    with bad(complaint(404, "NoSuchKey")) as store, pytest.raises(NotThere):
        opened()
    assert len(store.asked) == 1


@pytest.mark.parametrize("failing", [complaint(503, "SlowDown"), cut_short, cut_at_once])
def test_what_fails_in_passing_is_asked_again(failing: Behaviour) -> None:
    def at_first(asked: Asked) -> None:
        (failing if asked.attempt < 3 else well)(asked)

    with bad(at_first):
        assert opened() == b"bytes"


def test_an_object_that_was_replaced_between_two_attempts_is_never_mixed() -> None:
    def replaced(asked: Asked) -> None:
        if asked.attempt == 1:
            asked.head(200, {"Content-Length": "100"} | MARKS)
            asked.wfile.write(b"the old and longer ")
            asked.break_off()
        else:
            asked.send(200, b"new", ETag='"new"')

    with bad(replaced), open_located(ROOT, "one") as file:
        assert os.read(file.descriptor, 100) == b"new"
        assert file.token.e_tag == '"new"'  # type: ignore[union-attr]


def test_a_store_that_falls_silent_after_reading_leaves_the_bytes_in_doubt() -> None:
    opened_by_now = threading.Event()  # a slow machine may ask several times until it is

    def then_failing(asked: Asked) -> None:
        (complaint(403, "AccessDenied") if opened_by_now.is_set() else well)(asked)

    with bad(then_failing), open_located(ROOT, "one") as file:
        opened_by_now.set()
        with pytest.raises(Unreachable):
            file.current_token()


def test_a_404_without_words_is_asked_again_for_them() -> None:
    opened_by_now = threading.Event()

    def gone(asked: Asked) -> None:
        if not opened_by_now.is_set():
            well(asked)
        elif asked.command == "HEAD":
            asked.send(404)
        else:
            asked.complain(404, "NoSuchBucket")

    with bad(gone), open_located(ROOT, "one") as file:
        opened_by_now.set()
        with pytest.raises(Unreachable, match="no bucket"):
            file.current_token()


def test_nobody_listens() -> None:
    with bad(well) as store:
        address = store.address
    told = store.settings() | {"CATALOGUE_S3_ENDPOINT": address}
    with reading_buckets(told, "bucket"), pytest.raises(Unreachable, match="refuses connections"):
        opened()


def test_a_name_that_nobody_knows() -> None:
    with (
        bad(well, s3_endpoint="http://store.invalid"),
        pytest.raises(Unreachable, match="cannot be resolved"),
    ):
        opened()


@pytest.mark.usefixtures("swift")  # its environment can make certificates
def test_a_certificate_that_nobody_vouches_for_is_refused(tmp_path: Path) -> None:
    with tls_door(tmp_path) as (port, authority):
        secure = {"s3_endpoint": f"https://localhost:{port}", "s3_object_seconds": 10}
        with bad(well, **secure), pytest.raises(Unreachable, match=r"TLS .* self.signed"):
            opened()
        with bad(well, **secure, s3_ca_file=authority):
            assert opened() == b"bytes"


@contextmanager
def tls_door(folder: Path) -> Iterator[tuple[int, Path]]:
    """Answer well over TLS, by a certificate of one's own."""
    command = [str(installed() / "bin" / "python"), "-c", CERTIFICATE]
    subprocess.run(command, cwd=folder, check=True, capture_output=True, timeout=60)  # noqa: S603
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    stop = threading.Event()
    head = ["HTTP/1.1 200 OK", "Content-Length: 5", 'ETag: "t"', "Connection: close", "", "bytes"]
    answer = "\r\n".join(head).encode()

    def serve(door: socket.socket) -> None:
        while not stop.is_set():
            try:
                with context.wrap_socket(door.accept()[0], server_side=True) as connection:
                    connection.recv(65536)
                    connection.sendall(answer)
            except OSError:
                continue

    with socket.create_server(("localhost", 0)) as door:
        door.settimeout(0.1)
        thread = threading.Thread(target=serve, args=(door,), daemon=True)
        thread.start()
        yield door.getsockname()[1], folder / "cert.pem"
        stop.set()
        thread.join(timeout=10)


def test_an_object_larger_than_allowed_is_not_fetched() -> None:
    with bad(well, s3_largest_bytes=4), pytest.raises(Unreachable, match="more than the 4"):
        opened()


def test_an_object_that_the_disk_has_no_room_for_is_not_fetched() -> None:
    def huge(asked: Asked) -> None:
        asked.head(200, {"Content-Length": str(1 << 50)} | MARKS)
        asked.break_off()

    with bad(huge, s3_largest_bytes=1 << 60), pytest.raises(Unreachable, match="no room"):
        opened()


def test_a_full_disk_ends_in_a_sentence(tmp_path: Path) -> None:
    """A limit on the size of files stands for the disk's end, met while writing."""

    def large(asked: Asked) -> None:
        asked.send(200, b"x" * 200_000, **MARKS)

    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    with bad(large, scratch_dir=tmp_path):
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, before[1]))
        try:
            with pytest.raises(Unreachable, match="no room"):
                opened()
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_scratch_folder_that_is_not_there_ends_in_a_sentence(tmp_path: Path) -> None:
    missing = tmp_path / "missing"
    with bad(well, scratch_dir=missing), pytest.raises(Unreachable, match="scratch folder"):
        opened()


def page(*keys: str, more: str | None = None, before: str = "") -> Behaviour:
    contents = "".join(f"<Contents><Key>{key}</Key><Size>1</Size></Contents>" for key in keys)
    following = f"<NextContinuationToken>{more}</NextContinuationToken>" if more else ""
    truncated = "true" if more is not None else "false"
    text = f"{before}<ListBucketResult><IsTruncated>{truncated}</IsTruncated>{contents}{following}"
    return lambda asked: asked.send(200, f"{text}</ListBucketResult>".encode())


@pytest.mark.parametrize(
    ("behaviour", "said"),
    [
        (page("a/one", more=""), "is none"),
        (page("a/one", more="again"), "again and again"),
        (page("b/one"), "does not lie in"),
        (page("a/one", before="<!DOCTYPE x [<!ENTITY y 'z'>]>"), "is none"),
        (lambda asked: asked.send(200, b"<html></html>"), "is none"),
        (lambda asked: asked.send(200, b"<ListBuck"), "is none"),
        (lambda asked: asked.send(200, b" " * (17 << 20)), "too long"),
        (complaint(403, "AccessDenied"), "AccessDenied"),
        (complaint(404, "NoSuchBucket"), "no bucket"),
        (redirect, "sends elsewhere"),
    ],
    ids=[
        *("the next page has no name", "the same page again", "another folder", "a DTD"),
        *("no XML of a listing", "cut off", "endless", "forbidden", "no bucket", "a redirect"),
    ],
)
def test_a_listing_that_is_none_is_not_taken_for_an_empty_one(
    behaviour: Behaviour, said: str
) -> None:
    with bad(behaviour), pytest.raises(Unreachable, match=said):
        list(walk_objects("s3://bucket/a/", unnameable=pytest.fail))


def test_keys_that_no_location_can_say_are_named() -> None:
    unnameable: list[str] = []
    with bad(page("a/../b", "a//b", "a/fine", "a/./c", "a/folder/")):
        found = list(walk_objects("s3://bucket/a/", unnameable=unnameable.append))
    assert [one.key for one in found] == ["a/fine"]
    assert unnameable == ["a/../b", "a//b", "a/./c"]


def test_a_root_is_taken_only_when_its_bucket_answers() -> None:
    with bad(complaint(503, "SlowDown")), pytest.raises(Unreachable):
        settle_root("s3://bucket/a/")
    with bad(page()):
        assert settle_root("s3://bucket/a/") == "s3://bucket/a/"


def test_nothing_of_a_credential_is_logged() -> None:
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    logging.getLogger().addHandler(handler)
    before = logging.getLogger().level
    logging.getLogger().setLevel(logging.DEBUG)
    try:
        with bad(well):
            opened()
        with bad(complaint(403, "AccessDenied")), pytest.raises(Unreachable):
            opened()
    finally:
        logging.getLogger().setLevel(before)
        logging.getLogger().removeHandler(handler)
    assert written.getvalue()  # the libraries do speak at this level
    for secret in (SECRET, KEY_ID, "X-Amz-Signature", "X-Amz-Credential"):
        assert secret not in written.getvalue()


def test_every_request_only_reads() -> None:
    with bad(well) as store:
        with open_located(ROOT, "one") as file:
            file.current_token()
        assert {command for command, _ in store.asked} == {"GET", "HEAD"}
