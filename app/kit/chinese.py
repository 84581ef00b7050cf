"""Chinese characters of both standards, by the tables of OpenCC."""

from functools import lru_cache

from opencc import OpenCC


@lru_cache(maxsize=1)
def _converter() -> OpenCC:
    # Its tables take a while to load and are the same for everybody.
    return OpenCC("t2s")


def to_simplified(text: str) -> str:
    """Write a text in simplified characters; what is simplified or no Chinese stays as it is."""
    return str(_converter().convert(text))
