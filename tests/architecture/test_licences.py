"""What runs brings no code under the GPL along, by the words of what is installed."""

import re
from importlib import metadata
from pathlib import Path

ROOT = Path(__file__).parents[2]
PINNED = re.compile(r"^([a-z0-9._-]+)(?:\[[a-z,]+\])?==", re.MULTILINE)


def test_no_code_under_the_gpl_comes_with_what_runs() -> None:
    """Nothing of what runs is to bring it along: see decision 15."""
    names = PINNED.findall((ROOT / "requirements" / "run.txt").read_text())
    assert {"pi-heif", "imagecodecs"} <= set(names)
    found = {name: gpl_in(metadata.distribution(name)) for name in names if is_here(name)}
    assert {name: why for name, why in found.items() if why} == {}


def test_the_words_of_what_brings_it_along_are_understood() -> None:
    """The tests draw HEIC with it, and nothing that runs does."""
    assert "libx265" in str(gpl_in(metadata.distribution("pillow-heif")))


def is_here(name: str) -> bool:
    try:
        metadata.distribution(name)
    except metadata.PackageNotFoundError:  # pinned for another system
        return False
    return True


def gpl_in(one: metadata.Distribution) -> list[str]:
    """Return what of a distribution is under the GPL, by its own words, and nothing else."""
    said = one.metadata
    own = next((said[name] for name in ("License-Expression", "License") if name in said), "")
    bundled = [
        str(file.locate())
        for file in one.files or []
        if re.search(r"LICENSES?_bundled|THIRD", file.name)
    ]
    words = [own.partition("\n")[0], *(Path(file).read_text("utf-8") for file in bundled)]
    libraries = [file.name for file in one.files or [] if re.match(r"libx26[45]", file.name)]
    strict = [w for text in words for w in re.findall(r"(?<!L)GPL[^\n]*", text)]
    return libraries + [
        w for w in strict if not re.search(r"GCC(?: Runtime Library E|-e)xception|/BSD", w)
    ]
