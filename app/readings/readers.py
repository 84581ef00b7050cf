"""What decides a reading beside the tool and the bytes: each reader by its version.

A reading keeps them, so that upgrading any of them makes older readings known as such.
"""

from importlib.metadata import version
from pathlib import Path

from app.ledger.canonical import digest_of
from app.readings.charsets.guess import DETECTOR, DETECTOR_VERSION
from app.readings.credentials import LIBRARY
from app.readings.exiftool import UnfitTool
from app.readings.fallback import FALLBACK, FALLBACK_VERSION

# Of our own conclusions: raised by whoever changes what is picked, noted or derived of an answer.
RULES, RULES_VERSION = "catalogue-rules", "4"
CREDENTIALS, TRUST, NOBODY = LIBRARY, "c2pa-trust", "none"


def trust_in(configured: Path | None) -> str:
    """Return the certificates, as PEM, of the authorities whose signers are trusted.

    Raises:
        UnfitTool: the file is not there, may not be read, or is no PEM; no file is to blame.
    """
    try:
        return configured.read_text("ascii") if configured else ""
    except (OSError, ValueError) as trouble:
        why = trouble.strerror if isinstance(trouble, OSError) else "it is no PEM"
        message = f"CATALOGUE_C2PA_TRUST names {configured}, which cannot be read: {why}."
        raise UnfitTool(message) from trouble


def readers(trusted: str) -> dict[str, str]:
    """Return every reader's version; of the list of trusted authorities the digest of its text."""
    return {
        RULES: RULES_VERSION,
        DETECTOR: DETECTOR_VERSION,
        FALLBACK: FALLBACK_VERSION,
        CREDENTIALS: version(CREDENTIALS),
        TRUST: digest_of(trusted) if trusted else NOBODY,
    }
