"""Text as it can be shown: letters that turn, hide or command are written out."""

import re
from typing import Any

# Controls but for tab and line feed; what turns the direction of text; what is there and not seen.
# Joiners (U+200C, U+200D) stay: Persian, Indic scripts and emoji are not written without them.
UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2064"
    "\u2066-\u206f\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]"
)


def made_visible(value: Any) -> Any:  # noqa: ANN401 - any JSON value
    """Write letters that could make a text look like another as `⟨U+202E⟩`, at any depth."""
    match value:
        case str():
            return UNSEEN.sub(lambda found: f"⟨U+{ord(found[0]):04X}⟩", value)
        case list():
            return [made_visible(part) for part in value]
        case dict():
            return {made_visible(name): made_visible(part) for name, part in value.items()}
        case _:
            return value
