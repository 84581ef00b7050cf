"""What the packaged overlays ask besides, each for its own kind of body."""

from typing import Any

import pytest
from provenance_city import lacking, read_assets, sealed, shown
from world import World

from app.provenance.book import open_book
from app.provenance.changes import Assertion

FILM = {
    "production_title": "The Wild, Wild Rose",
    "still_type": "lobby_card",
    "rights_holder": "MP & GI",
}
NEWS: dict[str, Any] = {
    "credit_line": "Chan / Daily",
    "supplier": "Daily",
    "usage_terms": "until 2030",
    "published": "unpublished",
    "litigation_check": "clear",
    "place": {"name": "Central"},
}


@pytest.mark.parametrize(
    ("policy", "extra", "restricted"),
    [
        ("hk-film-archive", FILM, {"still_type": "selfie"}),
        ("newsroom", NEWS, {"published": "leaked", "litigation_check": "pending"}),
    ],
)
def test_an_overlay_asks_for_its_own_fields_too(
    town: World, policy: str, extra: dict[str, Any], restricted: dict[str, Any]
) -> None:
    system = town.a_source_system(town.a_department(policy=policy))
    [asset_id] = read_assets(town, system, [{}])
    town.complete_record(asset_id)
    asked = {*extra, "publication_links"} if "published" in extra else set(extra)
    assert lacking(town, asset_id) == sorted(f"missing:{field}" for field in asked)
    town.complete_record(asset_id, **extra)
    assert (lacking(town, asset_id), sealed(town, asset_id)) == ([], True)
    for field, value in restricted.items():
        town.change(asset_id, [Assertion(field, value)])
        assert (lacking(town, asset_id), sealed(town, asset_id)) == ([f"source:{field}"], False)
        town.change(asset_id, [Assertion(field, extra[field])])
    assert shown(town, asset_id).policy.startswith(policy)


def test_the_film_archive_asks_for_the_print_unless_the_image_was_born_digital(
    town: World,
) -> None:
    system = town.a_source_system(town.a_department(policy="hk-film-archive"))
    [asset_id] = read_assets(town, system, [{}])
    town.complete_record(asset_id, **FILM, digital_source_type="humanEdits")
    assert lacking(town, asset_id) == ["missing:digitisation_source"]
    town.complete_record(
        asset_id, **FILM, digital_source_type="print", acquisition_method="deposit"
    )
    assert lacking(town, asset_id) == [
        "missing:digitisation_batch",
        "missing:digitisation_source",
        "missing:donor_agreement",
    ]


def test_a_newsroom_says_where_a_published_picture_ran_and_how_it_was_edited(town: World) -> None:
    system = town.a_source_system(town.a_department(policy="newsroom"))
    [asset_id] = read_assets(town, system, [{}])
    said = NEWS | {"published": "published", "digital_source_type": "humanEdits"}
    town.complete_record(asset_id, **said)
    assert lacking(town, asset_id) == ["missing:edit_history", "missing:publication_links"]
    town.change(asset_id, [Assertion("place", unknown_reason="at sea")])
    assert lacking(town, asset_id) == ["missing:edit_history", "missing:publication_links"]


def test_a_book_names_each_policy_once_and_is_known_by_what_it_holds(town: World) -> None:
    for policy in ("newsroom", "newsroom", "hk-city-default", None):
        town.a_department(policy=policy)
    with town.api.transaction() as db:
        book, again = open_book(db), open_book(db)
    names = [policy.id for policy in book.every]
    assert names[0] == "hk-city-default"
    assert len(names) == len(set(names)) >= 2
    assert (book.of(None).id, book.of("newsroom").id) == ("hk-city-default", "newsroom")
    assert book.key == again.key
