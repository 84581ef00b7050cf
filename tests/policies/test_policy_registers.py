"""Legal statuses taken together, instruments that may authorise, citations that are wrong."""

from copy import deepcopy
from datetime import date
from itertools import permutations
from typing import Any

import pytest

from app.policies.documents import parse_instruments, parse_legal_statuses
from app.policies.errors import PolicyMalformed
from app.policies.packaged import packaged_documents
from app.policies.rules.instruments import LegalInstruments
from app.policies.rules.legal import EFFECTS, Effect, LegalStatuses, strictest

REGISTERS = {d["register"]["id"]: d for d in packaged_documents() if "register" in d}
WRONG = "Public Records Ordinance, Cap. 480"
DAY = date(2026, 10, 1)


def statuses(**changes: dict[str, Any]) -> LegalStatuses:
    document = deepcopy(REGISTERS["legal-status"])
    for code, change in changes.items():
        document["legal_status"][code] = {**document["legal_status"].get(code, {}), **change}
    return parse_legal_statuses(document)


def instruments(**changes: Any) -> LegalInstruments:  # noqa: ANN401
    """Return the register with facts put into its circular."""
    document = deepcopy(REGISTERS["legal-instruments"])
    document["instruments"][0] |= changes
    return parse_instruments(document)


def test_the_register_holds_the_fourteen_statuses() -> None:
    effects = [status.effect for status in statuses().statuses.values()]
    assert [effects.count(effect) for effect in EFFECTS] == [1, 7, 5, 1]
    assert statuses().statuses["erasure_due"].to == "erasure_case"
    assert statuses().statuses["evidential"].release == "hold_officer"


@pytest.mark.parametrize("effects", list(permutations(EFFECTS)), ids=" ".join)
def test_the_strictest_effect_wins_in_any_order(effects: tuple[Effect, ...]) -> None:
    assert strictest(effects) == "diverts"
    assert strictest(one for one in effects if one != "diverts") == "forbids"
    assert strictest(one for one in effects if one in {"permits", "conditions"}) == "conditions"


def test_no_status_at_all_forbids() -> None:
    assert strictest([]) == "forbids"
    assert statuses().together([]).effect == "forbids"


def test_conditions_of_several_statuses_are_united() -> None:
    effect = statuses().together(["government_record", "contract_restricted", "government_record"])
    assert effect.effect == "conditions"
    assert effect.conditions == (
        "disposal_class_assigned",
        "retention_elapsed",
        "disposal_action_is_destroy",
        "external_authority_agreement",
        "contract_terms_recorded",
        "contract_permits_or_expired",
    )


def test_a_status_that_the_register_does_not_know_forbids() -> None:
    assert statuses().together(["institution_owned_non_record"]).effect == "permits"
    assert statuses().together(["institution_owned_non_record", "our_own"]).effect == "forbids"


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"evidential": {"conditions": ["x"]}}, "only where the effect is conditions"),
        ({"government_record": {"release": "x"}}, "only where the effect is forbids"),
        ({"evidential": {"to": "erasure_case"}}, "only where the effect is diverts"),
        ({"government_record": {"conditions": []}}, "none is named"),
        ({"undetermined": {"effect": "permits"}}, "with the effect forbids"),
    ],
)
def test_a_status_that_contradicts_itself_is_refused(
    change: dict[str, dict[str, Any]], why: str
) -> None:
    with pytest.raises(PolicyMalformed, match=why):
        statuses(**change)


def test_a_register_without_undetermined_is_refused() -> None:
    document = deepcopy(REGISTERS["legal-status"])
    del document["legal_status"]["undetermined"]
    with pytest.raises(PolicyMalformed, match="the register needs `undetermined`"):
        parse_legal_statuses(document)


@pytest.mark.parametrize(
    "citation",
    [
        WRONG,
        "PUBLIC RECORDS   ORDINANCE",
        "s. 3, cap.480",
        "Chapter (Cap 480)",
        "《公共檔案條例》(第480章)",
        "公共檔案條例",
        "《公共档案条例》第480章",
        "香港法例第 480 章",
        "香港法例第４８０章",
        "Public Records\nOrdinance",
    ],
)
def test_the_ordinance_that_does_not_exist_is_rejected_in_three_scripts(citation: str) -> None:
    rejected = instruments().rejected(citation)
    assert rejected is not None
    assert rejected.cites == WRONG
    assert "Sex Discrimination Ordinance" in rejected.why.en
    assert "性別歧視條例" in rejected.why.zh_hant
    assert "性别歧视条例" in rejected.why.zh_hans


@pytest.mark.parametrize(
    "citation",
    [
        "Sex Discrimination Ordinance (Cap. 480)",
        "《性別歧視條例》(第480章)",
        "《性别歧视条例》(第480章)",
        "Personal Data (Privacy) Ordinance (Cap. 486)",
        "Cap. 4801",
        "General Circular No. 2/2009",
        "",
    ],
)
def test_other_citations_are_not_rejected(citation: str) -> None:
    assert instruments().rejected(citation) is None


def test_every_packaged_instrument_is_unverified_and_authorises_nothing() -> None:
    register = instruments()
    assert len(register.instruments) == 4
    assert not any(one.may_authorise(DAY) for one in register.instruments)


VERIFIED = {"by": "Records officer", "on": "2026-09-01", "note": "read in full"}


@pytest.mark.parametrize(
    ("begins", "ends", "authorises"),
    [
        (None, None, True),
        ("2026-10-01", "2026-10-01", True),
        ("2026-10-02", None, False),
        (None, "2026-09-30", False),
    ],
    ids=["without dates", "on its only day", "not yet", "no more"],
)
def test_a_verified_instrument_authorises_within_its_dates(
    begins: str | None, ends: str | None, authorises: bool
) -> None:
    register = instruments(verified=VERIFIED, effective_from=begins, effective_to=ends)
    assert register.may_authorise(["hk-gc-2-2009"], DAY) is authorises


@pytest.mark.parametrize(
    "authority",
    [[], ["hk-gc-2-2009", "hk-cap-142"], ["hk-gc-2-2009", "unheard-of"]],
    ids=["none", "one unverified", "one unknown"],
)
def test_an_authority_needs_every_instrument_of_it(authority: list[str]) -> None:
    assert instruments(verified=VERIFIED).may_authorise(authority, DAY) is False


def test_an_instrument_that_ends_before_it_begins_is_refused() -> None:
    with pytest.raises(PolicyMalformed, match="effective_to 2025-01-01 is before 2026-01-01"):
        instruments(effective_from="2026-01-01", effective_to="2025-01-01")


def test_two_instruments_of_one_name_are_refused() -> None:
    with pytest.raises(PolicyMalformed, match="named more than once: hk-cap-142"):
        instruments(id="hk-cap-142")


def test_an_instrument_is_found_by_name() -> None:
    found = instruments().named("hk-cap-142")
    assert found is not None
    assert found.citation.zh_hant == "《書刊註冊條例》(第142章)"
    assert instruments().named("unheard-of") is None
