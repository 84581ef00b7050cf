"""Traditional and Simplified Chinese: two spellings of one word."""

from functools import lru_cache

import opencc


@lru_cache(maxsize=1)
def _converter() -> opencc.OpenCC:
    """Load the dictionaries once a process."""
    return opencc.OpenCC("t2s")


def to_simplified(text: str) -> str:
    """Write Chinese in simplified characters; everything else stays as it is."""
    return text if text.isascii() else str(_converter().convert(text))
