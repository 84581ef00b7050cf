"""API keys: `cat_<id>_<secret>`, 256 random bits, of which only the SHA-256 is kept."""

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass

WRITTEN = re.compile(r"cat_([a-z0-9]{12})_([A-Za-z0-9_-]{43})")
ALPHABET = "abcdefghijklmnopqrstuvwxyz0123456789"


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key at the one moment when its secret is known."""

    id: str
    secret: str

    def __str__(self) -> str:
        """Write the key as a client sends it."""
        return f"cat_{self.id}_{self.secret}"


def draw_key() -> NewKey:
    """Draw a key; at 256 bits a slow hash would gain nothing."""
    return NewKey("".join(secrets.choice(ALPHABET) for _ in range(12)), secrets.token_urlsafe(32))


def split_key(written: str) -> NewKey | None:
    """Take a key apart; None when it is not written like one."""
    found = WRITTEN.fullmatch(written)
    return NewKey(*found.groups()) if found else None


def hash_secret(secret: str) -> bytes:
    """Return the 32 bytes kept of a secret."""
    return hashlib.sha256(secret.encode()).digest()


def same_secret(secret: str, kept: bytes) -> bool:
    """Compare in constant time."""
    return hmac.compare_digest(hash_secret(secret), kept)
