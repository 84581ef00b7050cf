"""A1: what a running catalogue's public API says of a folder of images, scored against its truth.

CORPUS=DIR names the folder that holds `truth/truth_metadata.json` and `score_metadata.py`. Every
file beneath it is registered as `catalogue demo --images DIR` does, read by the worker, and asked
for over HTTP; a field that is undecided or in conflict counts as not answered.
"""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from app.cli import demo_folder
from app.cli.demo_answers import assets_of
from app.cli.demo_ground import demo_database, operator_key, owner
from app.cli.demo_people import Cast
from app.cli.demo_policy import load_demo_documents
from app.cli.demo_run import Stage
from app.cli.processes import running
from app.cli.remote import NotDone, Remote

HOME = Path("build/bench/metadata")
RESULTS = Path("bench/results")
SILENCE_SECONDS = 120.0
OTHERWISE = 0.99  # of each field's true values, outside the set with captions in every charset
CAPTIONS_RIGHT = 34  # of the 38 of that set, and none of them silently wrong
TEXTS = ("caption", "creator", "copyright", "keywords")
Answers = dict[str, Any]


def main() -> None:
    """Register, wait, ask, score, and print one JSON object with the bars."""
    corpus = Path(os.environ["CORPUS"]).resolve()  # noqa: TID251 - the bench is no part of the product
    RESULTS.mkdir(parents=True, exist_ok=True)
    result = RESULTS / "metadata-result.json"
    result.write_text(json.dumps(ask_all(corpus), ensure_ascii=False, indent=1), "utf-8")
    print(json.dumps(judged(corpus, result), ensure_ascii=False))  # noqa: T201


def ask_all(corpus: Path) -> dict[str, Answers]:
    """Return what a catalogue on a database of its own says of each file, by its relative path."""
    home = HOME.absolute()
    shutil.rmtree(home, ignore_errors=True)  # what was read before would not be read again
    with demo_database(home) as found:
        with owner(found) as db:
            load_demo_documents(db)
        with running(home, [corpus]) as processes:
            stage = Stage(home, found, processes, corpus)
            cast = Cast(processes.url, Remote(processes.url, operator_key(found)))
            try:
                for sentence in demo_folder.register_own(cast, corpus):
                    print(sentence, file=sys.stderr)  # noqa: T201
                reader = cast.give("Bench auditor", "auditor")
                assets = await_read(reader, stage.prove_alive)
                return dict(asked(reader, cast, corpus, assets))
            finally:
                cast.dismiss()


def await_read(reader: Remote, prove_alive: Callable[[], None]) -> list[Answers]:
    """Wait until every file's reading stands in its record, or nothing moves any more."""
    before, since = -1, time.monotonic()
    while True:
        prove_alive()
        assets = assets_of(reader, [demo_folder.CODE])
        done = sum(one["reading"] is not None and one["provenance_version"] > 1 for one in assets)
        if done != before:
            before, since = done, time.monotonic()
        most = done > 0.9 * len(assets)
        silent = time.monotonic() - since > SILENCE_SECONDS / (10 if most else 1)
        if done == len(assets) or silent:
            return assets
        time.sleep(2.0)


def asked(
    reader: Remote, cast: Cast, corpus: Path, assets: list[Answers]
) -> Iterator[tuple[str, Answers]]:
    """Yield each file's answers in the words of the truth."""
    roots = {
        one["code"]: Path(unquote(one["root"].removeprefix("file://")))
        for one in cast.operator.pages("/v1/source-systems")
    }
    for asset in assets:
        record = reader.get(f"/v1/assets/{asset['asset_id']}/provenance")
        place = roots[asset["source_system"]] / unquote(asset["location"] or "")
        yield place.relative_to(corpus).as_posix(), in_words_of_truth(record)


def in_words_of_truth(record: Answers) -> Answers:
    """Return the displayed values; what is undecided or in conflict is no answer."""
    said = {
        field["field"]: field["displayed"] for field in record["fields"] if not field["conflict"]
    }
    technical, device = said.get("technical") or {}, said.get("capture_device") or {}
    format_, coords = said.get("format") or {}, (said.get("place") or {}).get("coords") or {}
    return {
        "format": format_.get("name"),
        "mime": format_.get("mime"),
        **{name: technical.get(name) for name in ("width", "height", "orientation")},
        "captured_at": said.get("date_created"),
        "make": device.get("make"),
        "model": device.get("model"),
        "gps_lat": coords.get("lat"),
        "gps_lon": coords.get("lon"),
        "creator": said.get("creator"),
        "copyright": said.get("rights_notice"),
        "caption": said.get("description"),
        "keywords": said.get("subject"),
        "c2pa": said.get("c2pa_status") not in (None, "none"),
    }


def judged(corpus: Path, result: Path) -> Answers:
    """Score the result on both sets and hold it against the bars."""
    truth = json.loads((corpus / "truth" / "truth_metadata.json").read_text("utf-8"))
    known = {path: one for path, one in truth.items() if not one.get("hostile")}
    sets = {
        "plain": {path: one for path, one in known.items() if not one.get("encoding")},
        "charsets": {path: one for path, one in known.items() if one.get("encoding")},
    }
    scores = {name: scored(corpus, name, part, result) for name, part in sets.items()}
    wide = scores["charsets"]
    held = {
        field: one["found"] is None or (one["found"] >= OTHERWISE and not one["invented"])
        for field, one in scores["plain"].items()
    }
    silently_wrong = {field: wide[field]["wrong"] + wide[field]["invented"] for field in TEXTS}
    ok = all(held.values()) and not any(silently_wrong.values())
    return {
        "claim": "A1 metadata found",
        "ok": ok and wide["caption"]["right"] >= CAPTIONS_RIGHT,
        "held_outside_charsets": held,
        "captions_right": f"{wide['caption']['right']} of {wide['caption']['n']}",
        "silently_wrong": silently_wrong,
        "scores": scores,
        "files": len(known),
    }


def scored(corpus: Path, name: str, truth: Mapping[str, Answers], result: Path) -> Answers:
    """Let the corpus' own script score a part of it."""
    part, out = RESULTS / f"metadata-truth-{name}.json", RESULTS / f"metadata-score-{name}.json"
    part.write_text(json.dumps(truth, ensure_ascii=False), "utf-8")
    command = [sys.executable, str(corpus / "score_metadata.py"), str(part), str(result)]
    told = subprocess.run(  # noqa: S603 - the corpus' own script
        [*command, "--json", str(out)], capture_output=True, text=True, check=False
    )
    if told.returncode:
        raise NotDone(told.stderr)
    scores: Answers = json.loads(out.read_text("utf-8"))
    return scores


if __name__ == "__main__":
    main()
