"""Pictures with Content Credentials, signed here by an authority of our own."""

import datetime as dt
import io
import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import c2pa  # type: ignore[import-untyped]
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID, NameOID

CAPTURE = "http://cv.iptc.org/newscodes/digitalsourcetype/digitalCapture"


@dataclass(frozen=True)
class Authority:
    """Who vouches for a signer: certificates in PEM, and the signer's key."""

    root: str
    chain: str
    key: bytes


@lru_cache
def authority(ocsp: str | None) -> Authority:
    """Make a root and, signed by it, a signer fit for C2PA; valid from yesterday."""
    root_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    root_name = _named("Test Archives Root")
    root = _certificate(root_name, root_name, root_key, root_key, authority=True)
    camera = _named("Test Archives Camera")
    signer = _certificate(camera, root_name, key, root_key, authority=False, ocsp=ocsp)
    pem = root.public_bytes(serialization.Encoding.PEM).decode()
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    own = signer.public_bytes(serialization.Encoding.PEM).decode()
    return Authority(pem, own + pem, private)


def sign(
    path: Path, mime: str = "image/jpeg", *, remote: str | None = None, ocsp: str | None = None
) -> Path:
    """Sign a picture in place: one action, a capture, by a program called Archives Test."""
    who = authority(ocsp)
    manifest = {
        "claim_generator_info": [{"name": "Archives Test", "version": "1.2"}],
        "assertions": [
            {
                "label": "c2pa.actions",
                "data": {"actions": [{"action": "c2pa.created", "digitalSourceType": CAPTURE}]},
            }
        ],
    }
    signer = c2pa.Signer.from_info(c2pa.C2paSignerInfo(b"es256", who.chain.encode(), who.key, None))
    settings = json.dumps({"verify": {"verify_after_sign": False}})
    with c2pa.Context(c2pa.Settings.from_json(settings)) as context:
        builder = c2pa.Builder(json.dumps(manifest), context)
        if remote:
            builder.set_no_embed()
            builder.set_remote_url(remote)
        signed = io.BytesIO()
        builder.sign(signer, mime, io.BytesIO(path.read_bytes()), signed)
    path.write_bytes(signed.getvalue())
    return path


def _named(name: str) -> x509.Name:
    parts = ((NameOID.COMMON_NAME, name), (NameOID.ORGANIZATION_NAME, "Test Archives"))
    return x509.Name([x509.NameAttribute(oid, text) for oid, text in parts])


def _certificate(
    name: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePrivateKey,
    issuer_key: ec.EllipticCurvePrivateKey,
    *,
    authority: bool,
    ocsp: str | None = None,
) -> x509.Certificate:
    start = dt.datetime.now(dt.UTC) - dt.timedelta(days=1)  # noqa: TID251
    usage = dict.fromkeys(
        (
            "content_commitment",
            "key_encipherment",
            "data_encipherment",
            "key_agreement",
            "encipher_only",
            "decipher_only",
        ),
        False,
    )
    own = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    theirs = x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key())
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + dt.timedelta(days=3650))
        .add_extension(x509.BasicConstraints(authority, None), critical=True)
        .add_extension(
            x509.KeyUsage(
                digital_signature=not authority,
                key_cert_sign=authority,
                crl_sign=authority,
                **usage,
            ),
            critical=True,
        )
        .add_extension(own, critical=False)
        .add_extension(theirs, critical=False)
    )
    if not authority:
        purposes = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION])
        builder = builder.add_extension(purposes, critical=False)
    if ocsp:
        place = x509.AccessDescription(
            AuthorityInformationAccessOID.OCSP, x509.UniformResourceIdentifier(ocsp)
        )
        builder = builder.add_extension(x509.AuthorityInformationAccess([place]), critical=False)
    return builder.sign(issuer_key, hashes.SHA256())
