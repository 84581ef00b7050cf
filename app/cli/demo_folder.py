"""A person's own folder: one source system a first-level sub-folder, nothing completed."""

import os
import re
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from app.cli.demo_people import Cast, add_department, add_system
from app.cli.remote import NotDone
from app.cli.scanning import Folder, files_of, register_place
from app.storage.locations import display_name, encode_location, parse_root

CODE = "demo-images"
LABEL = {"en": "Own folder (demo)", "zh-Hant": "自選資料夾(示範)", "zh-Hans": "自选文件夹(示范)"}
LONGEST_CODE = 63
LEGAL_STATUS = "undetermined"


def register_own(cast: Cast, images: Path) -> list[str]:
    """Register everything beneath a folder; return the sentences about what was left out."""
    add_department(cast.operator, CODE, LABEL, "other")
    registrar = cast.give(f"Registrar of {CODE}", "registrar", CODE)
    known = {
        parse_root(one["root"]): one["code"]
        for one in cast.operator.pages("/v1/source-systems")
        if one["department"] == CODE
    }
    left_out: list[str] = []
    found = places(images, left_out.append)
    for root, wish in found:
        if root not in known:
            known[root] = first_free(wish, set(known.values()))
            add_system(cast.operator, facts_of(known[root], root))
        folder = Folder(known[root], root, (), only_direct=root == os.fsencode(images))
        told = register_place(registrar, folder, [LEGAL_STATUS], left_out.append)
        left_out += [f"refused {r['name']!r}: {r['detail']} ({r['code']})" for r in told.refused]
    if not found and not left_out:
        raise NotDone(f"There is no file in {images}.")
    return left_out


def places(images: Path, unlisted: Callable[[str], None]) -> list[tuple[bytes, str]]:
    """Return each folder that becomes a system's root, with the code that fits it best."""
    top = os.fsencode(images)
    found = []
    if any(True for _ in files_of(Folder("root", top, (), only_direct=True), unlisted)):
        found.append((top, "root"))
    with os.scandir(top) as entries:
        names = sorted(e.name for e in entries if e.is_dir(follow_symlinks=False))
    for name in names:
        try:
            os.scandir(top.rstrip(b"/") + b"/" + name).close()
        except OSError as trouble:
            unlisted(f"{display_name(name)} cannot be listed: {trouble.strerror}.")
        else:
            found.append((top.rstrip(b"/") + b"/" + name, code_of(name)))
    return found


def code_of(name: bytes) -> str:
    """Make a system's code of a folder's name."""
    kept = re.sub(r"[^a-z0-9]+", "-", display_name(name).lower()).strip("-")
    return kept[:LONGEST_CODE].rstrip("-") or "folder"


def first_free(wish: str, taken: set[str]) -> str:
    """Return the code, with a number where it stands for another folder already."""
    number, code = 1, wish
    while code in taken:
        number += 1
        code = f"{wish[: LONGEST_CODE - 5]}-{number}"
    return code


def facts_of(code: str, root: bytes) -> dict[str, Any]:
    """Say of a person's own folder what is certain: nothing that would let a copy go."""
    return {
        "code": code,
        "department": CODE,
        "label": {"en": display_name(root.rstrip(b"/").rpartition(b"/")[2]) or code},
        "root": f"file:///{encode_location(root.strip(b'/'))}/",
        "custody_kind": "department",
        "failure_domain": "demo: this machine",
    }


def outcomes(assets: Sequence[dict[str, Any]]) -> dict[str, Counter[str]]:
    """Count by system how each file's reading came out; without one it was not there to read."""
    found: dict[str, Counter[str]] = {}
    for asset in assets:
        stated = asset["reading"] or "not there or not reachable"
        found.setdefault(asset["source_system"], Counter())[stated] += 1
    return found


def why_unreadable(assets: Sequence[dict[str, Any]]) -> Counter[str]:
    """Count the reasons why files cannot be read."""
    return Counter(a["reading_reason"] for a in assets if a["reading"] == "unreadable")
