"""Every reason code has its explanation, and it is the one that was agreed (P25).

`python tests/disposals/test_disposal_explanations.py` writes the golden file anew, to be read.
"""

import json
import tempfile
from collections.abc import Iterator
from copy import deepcopy
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from ground import Ground, open_ground
from sqlalchemy.orm import Session
from yielded import yielded

from app.disposals.answering import explained
from app.disposals.eligibility import Question
from app.disposals.explaining import mends, told
from app.disposals.naming import FACTS, IN_POLICY, PUT_BY, names, periods
from app.disposals.reasons import FIXED, is_reason, known_reasons
from app.disposals.retention import REASONS
from app.kit.db import Database
from app.ledger.agents import process
from app.main import create_app
from app.people.service import add_department
from app.policies.packaged import packaged_documents
from app.policies.service import load_packaged, record_document
from app.provenance.book import open_book

GOLDEN = Path(__file__).with_name("explanations.json")
NOTHING: frozenset[str] = frozenset()
DAY = date(2026, 11, 26)
Explanations = dict[str, dict[str, Any]]


def documents() -> Iterator[dict[str, Any]]:
    """Yield, beside the packaged ones, what lets every code be reached."""
    superseded = deepcopy(packaged_documents()[2])
    superseded["policy"] |= {"id": "superseded", "status": "published"}
    superseded["completeness"]["freshness"] = {"max_extractor_age_days": 365}
    newer = deepcopy(packaged_documents()[0])
    newer["policy"] |= {"version": "1.0.1"}
    instruments = deepcopy(packaged_documents()[4])
    instruments["register"] |= {"version": "1.0.1"}
    verified = {"by": "Records officer", "on": "2026-09-01", "note": "read in full"}
    asking = {"requires": ["news_desk_heard"], "verified": verified}
    when = {"when": {"field": "genre", "in": ["news"]}}
    one = instruments["instruments"][0] | {"id": "of-news", "applies_to": when}
    instruments["instruments"].append(one | asking)
    yield from (superseded, newer, instruments)


@pytest.fixture
def question(db: Session) -> Question:
    return asked_under(db)


def asked_under(db: Session) -> Question:
    """Ask under the city's policy, both overlays, and one whose base moved on."""
    load_packaged(db)
    for one in documents():
        record_document(db, one)
    for policy in ("hk-film-archive", "newsroom", "superseded"):
        facts: Any = {"label": {"en": policy}, "policy_id": policy, "body_kind": "other"}
        add_department(db, process("test"), code=policy, **facts)
    return Question(open_book(db), DAY)


def explanations(question: Question) -> Explanations:
    """Explain every code that the statement can yield, under the first policy that yields it."""
    found: Explanations = {}
    for code, (rule, policy) in yielded(question).items():
        found[code] = told(rule, code, policy, question.book.registers).model_dump(mode="json")
    return found


def written(found: Explanations) -> str:
    return json.dumps(found, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def test_every_code_is_explained_as_agreed(question: Question) -> None:
    found, agreed = explanations(question), json.loads(GOLDEN.read_text("utf-8"))
    assert sorted(found) == sorted(agreed), "a code without its golden explanation"
    assert written(found) == GOLDEN.read_text("utf-8")


def test_the_same_codes_give_the_same_bytes(question: Question) -> None:
    for policy in question.book.every:
        codes = tuple(
            "missing:creator" if n % 3 else None for n in range(len(question.rules(policy)))
        )
        first = explained(question, policy.version_id, codes, NOTHING).before_keeper
        explained.cache_clear()
        assert explained(question, policy.version_id, codes, NOTHING).before_keeper == first


def test_an_explanation_names_rule_policy_evidence_and_remedy_in_three_scripts(
    question: Question,
) -> None:
    for code, one in explanations(question).items():
        assert code.removeprefix("?") == one["reason"]
        assert set(one["label"]) == set(one["mend"]) == {"en", "zh-Hant", "zh-Hans"}, code
        assert "#" in one["basis"], code
        assert one["outcome"] == ("unknown" if code.startswith("?") else "fail")


def test_every_address_of_evidence_is_in_the_contract() -> None:
    paths = {path.replace("{asset_id}", "{id}") for path in create_app().openapi()["paths"]}
    assert set(FACTS.values()) <= paths


def test_every_place_that_a_rule_is_based_on_is_in_the_policy(question: Question) -> None:
    document: Any = question.book.city.effective.model_dump(mode="json", by_alias=True)
    for rule, pointer in IN_POLICY.items():
        place = document
        for step in pointer.replace("/{name}", "/creator").strip("/").split("/"):
            assert step in place, f"{rule}: {pointer}"
            place = place[step]


def test_why_a_record_is_kept_is_told_in_three_scripts() -> None:
    assert set(periods()) == set(REASONS)
    for label in periods().values():
        assert set(label) == {"en", "zh-Hant", "zh-Hans"}


def test_nothing_is_explained_that_cannot_happen(question: Question) -> None:
    rules = {rule for policy in question.book.every for rule in question.rules(policy)}
    rules |= {f"legal:{rule.split(':')[2]}" for rule in rules if rule.count(":") == 2}
    unused = {name for name in names() if name != "legal"} - rules - set(PUT_BY)
    assert not unused, "a rule that no policy has"
    codes = [code.removeprefix("?") for code in yielded(question)]
    stale = {one for one in mends() if not any(c == one or c.startswith(f"{one}:") for c in codes)}
    assert not stale - {"last_copy", "processing"}, "a remedy for what cannot fail"


def test_every_reason_is_a_word_that_a_list_can_be_asked_for(question: Question) -> None:
    codes = {code.removeprefix("?") for code in yielded(question)}
    assert not [code for code in codes if not is_reason(question, code)]
    assert all(is_reason(question, word) for word in ("copies:0<2", "retention:12031-04-01"))
    assert codes | {"policy:draft", "policy:example", "policy:superseded"} >= FIXED
    assert all(is_reason(question, word) for word in known_reasons(question))


def test_a_word_that_no_image_is_kept_for_is_no_reason(question: Question) -> None:
    words = ["x", "missing:creatr", "keeper", "keeper:", "processing:unred", "legal:nonsense"]
    words += ["retention:soon", "retention:", "copies:1", "copies:1<", "copies:1<2x"]
    words += ["?last_copy", "policy:published"]
    assert not [word for word in words if is_reason(question, word)]


def main(ground: Ground) -> None:
    """Write the golden file."""
    name = ground.clone()
    database = Database(ground.url("catalogue_owner", name), pool_size=1)
    with database.transaction() as db:
        GOLDEN.write_text(written(explanations(asked_under(db))), "utf-8")
    database.close()
    ground.drop(name)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder, open_ground(Path(folder)) as opened:
        main(opened)
