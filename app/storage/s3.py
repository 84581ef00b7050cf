"""How the object store is reached: endpoint, region and credentials, from settings alone.

obstore reads AWS_* variables and follows redirects by itself. So it is told everything here, and
since it must be certain where bytes come from and go to, it only signs: app.storage.asking asks.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

import obstore
from obstore.store import S3Store

from app.kit.settings import settings
from app.storage.errors import LocationMalformed, Unreachable

if TYPE_CHECKING:
    from pathlib import Path

    from obstore.store import ClientConfig, S3Credential
    from pydantic import SecretStr

# Amazon's rules of 2018, which Swift, Ceph and MinIO keep too.
_BUCKET = re.compile(r"[a-z0-9](?:[a-z0-9]|[.-](?![.])){1,61}[a-z0-9]")
# Second names of a bucket: through them one object would look like two.
_ALIASES = ("-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3")
# What obstore can say: no control character, no empty or dotted segment.
_PLAIN_KEY = re.compile(r"(?:(?!\.{1,2}(?:/|$))[^\x00-\x1f\x7f/]+(?:/(?!$)|$))+")
_SIGNED_FOR = timedelta(minutes=5)  # from asking until the answer begins
_RETRYING = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class Access:
    """What is needed to speak to the store; printing it shows no secret."""

    endpoint: str
    region: str
    path_style: bool
    ca_file: Path | None
    silence_seconds: float
    object_seconds: float
    key_id: str
    secret: SecretStr
    session_token: SecretStr | None

    def address_of(self, bucket: str) -> str:
        """Return the URL that a bucket's keys are appended to, without a slash."""
        if self.path_style:
            return f"{self.endpoint}/{bucket}"
        parts = urlsplit(self.endpoint)
        return f"{parts.scheme}://{bucket}.{parts.netloc}"

    def credential(self) -> S3Credential:
        """Return the credential as obstore asks for it."""
        return {
            "access_key_id": self.key_id,
            "secret_access_key": self.secret.get_secret_value(),
            "token": self.session_token.get_secret_value() if self.session_token else None,
            "expires_at": None,
        }


def access() -> Access:
    """Return how the settings let the store be reached.

    Raises:
        Unreachable: no credentials are set.
    """
    told = settings()
    if not told.s3_access_key_id or not told.s3_secret_access_key:
        raise Unreachable(
            "No credentials for object storage are set: CATALOGUE_S3_ACCESS_KEY_ID and"
            " CATALOGUE_S3_SECRET_ACCESS_KEY."
        )
    return Access(
        endpoint=told.s3_endpoint or f"https://s3.{told.s3_region}.amazonaws.com",
        region=told.s3_region,
        path_style=told.s3_path_style,
        ca_file=told.s3_ca_file,
        silence_seconds=told.s3_silence_seconds,
        object_seconds=told.s3_object_seconds,
        key_id=told.s3_access_key_id,
        secret=told.s3_secret_access_key,
        session_token=told.s3_session_token,
    )


def check_bucket(bucket: str) -> str:
    """Return a bucket's name if it can be one, and the first name of what it names.

    Raises:
        LocationMalformed: no bucket's name, or the alias of an access point.
    """
    if not _BUCKET.fullmatch(bucket):
        raise LocationMalformed("A bucket has 3 to 63 small letters, digits, dots and hyphens.")
    if bucket.endswith(_ALIASES):
        raise LocationMalformed(f"{bucket} is an alias of an access point: name the bucket itself.")
    return bucket


def signed(told: Access, method: str, bucket: str, key: str, query: str = "") -> str:
    """Return a URL that may be asked: a credential while it lasts, so it is never logged.

    obstore can say neither queries nor keys with control characters; it signs what its endpoint
    says all the same, and ends it with a slash, which goes into a parameter that no store heeds.

    Raises:
        LocationMalformed: a key that a URL would turn into another, as `a/../b`.
    """
    address = told.address_of(bucket)
    path = f"/{quote(key, safe='/~')}" if key else ""
    if not query and _PLAIN_KEY.fullmatch(key):
        url = _sign(_kept_store(told, address), method, key)
    else:
        parameters = f"{query}&x-id=" if query else "x-id="
        url = _sign(_store(told, f"{address}{path}?{parameters}"), method, "")
    if not url.startswith(f"{address}{path}?"):
        raise LocationMalformed("A key without `.` and `..` segments is needed.")
    return url


def _sign(store: S3Store, method: str, path: str) -> str:
    return obstore.sign(store, method, path, _SIGNED_FOR)  # type: ignore[call-overload,no-any-return]


@lru_cache(maxsize=64)
def _kept_store(told: Access, address: str) -> S3Store:
    return _store(told, address)


def _store(told: Access, address: str) -> S3Store:
    """Build a store by its bucket's address in full, whatever AWS_* variables say."""
    options: ClientConfig = {
        "allow_http": address.startswith("http://"),
        "connect_timeout": timedelta(seconds=min(5.0, told.silence_seconds)),
        "read_timeout": timedelta(seconds=told.silence_seconds),
        "timeout": timedelta(seconds=told.object_seconds),
    }
    if told.ca_file:
        options["root_certificate"] = told.ca_file.read_bytes()
    return S3Store(
        config={
            "bucket": "named-by-its-address",
            "endpoint": address,
            "aws_endpoint_url_s3": address,  # or AWS_ENDPOINT_URL_S3 would win over `endpoint`
            "virtual_hosted_style_request": True,
            "region": told.region,
            "skip_signature": False,
            "unsigned_payload": True,  # otherwise obstore hashes what is uploaded
        },
        client_options=options,
        retry_config={"max_retries": 2, "retry_timeout": _RETRYING},
        credential_provider=told.credential,
    )
