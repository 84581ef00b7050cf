"""Under which rights statement or licence a file says that it stands.

Only addresses of the two vocabularies answer: RightsStatements.org 1.0 and Creative Commons. XMP's
place for them holds any page of its owner's as well, which is kept and answers nothing.
"""

import re
from collections.abc import Iterator

from app.readings.extraction import Extracted
from app.readings.tags import Tags
from app.readings.texts import read_text

NO_TERM = "of no vocabulary of rights"
_PLACES = ("XMP:XMP-xmpRights:WebStatement", "XMP:XMP-cc:License")
_TERM = re.compile(
    r"https?://(?:www\.)?(?:rightsstatements\.org/(?:vocab|page)/"
    r"(?:InC(?:-OW-EU|-EDU|-NC|-RUU)?|NoC-(?:CR|NC|OKLR|US)|CNE|UND|NKC)/1\.0"
    r"|creativecommons\.org/(?:licenses|publicdomain)/[a-z]+(?:-[a-z]+)*/\d\.\d(?:/[a-z]{2})?)/?"
)
_LONGEST = 500


def rights_statements(tags: Tags) -> Iterator[Extracted]:
    """Yield what each place says, the first that is a term picked."""
    picked = False
    for tag in filter(None, map(tags.get, _PLACES)):
        if value := read_text(tag.text, None, "utf-8").value[:_LONGEST]:
            term = _TERM.fullmatch(value) is not None
            note = None if term else NO_TERM
            yield Extracted("rights_statement", value, tag.locator, term and not picked, note=note)
            picked = picked or term
