"""No state without its event and no event without its state (P11)."""

import json
from typing import Any

import pytest
import rfc8785
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError, ProgrammingError
from sqlalchemy.orm import Session
from world import AGENT, World

from app.ledger.canonical import canonical, digest_of, read_canonical
from app.ledger.service import Event, record, record_all
from app.people.service import add_department

# Every table whose rows tell of a change cites its event.
STATE = """
SELECT c.relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
 WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r'
   AND a.attname = 'event_id' AND a.attnotnull AND c.relname <> 'log_entries' ORDER BY 1
"""

TOLD = "SELECT kind, count(*) FROM events WHERE asset_id = :a GROUP BY 1"


class Undone(Exception):
    """What makes a transaction roll back."""


def counts(world: World) -> list[int]:
    [row] = world.find("SELECT (SELECT count(*) FROM departments), (SELECT count(*) FROM events)")
    return list(row)


def test_a_rollback_removes_both(world: World) -> None:
    before = counts(world)

    def undo(db: Session) -> None:
        facts: Any = {"label": {"en": "Gone"}, "policy_id": None, "body_kind": "other"}
        add_department(db, AGENT, code="gone", **facts)
        assert db.scalar(text("SELECT count(*) FROM events")) == before[1] + 1
        raise Undone

    with pytest.raises(Undone), world.api.transaction() as db:
        undo(db)
    assert counts(world) == before


def test_a_commit_keeps_both(world: World) -> None:
    departments, events = counts(world)
    world.a_department("kept")
    assert counts(world) == [departments + 1, events + 1]


def test_both_carry_the_same_transaction(world: World) -> None:
    world.a_department("kept")
    same = "SELECT d.xmin::text = (e.xid::text::numeric % 4294967296)::text FROM departments d"
    assert world.find(f"{same} JOIN events e ON e.id = d.event_id") == [(True,)]


def test_no_state_cites_an_event_that_is_not_there(world: World) -> None:
    """The whole life of an image: each row's event tells of the same asset, or of none."""
    asset = world.a_complete_asset()
    copy = world.a_copy_of(asset)
    world.work()
    world.complete_record(copy)
    world.number()
    tables = [name for (name,) in world.find(STATE)]
    assert len(tables) >= 12
    for table in tables:
        orphans = f"SELECT count(*) FROM {table} WHERE event_id NOT IN (SELECT id FROM events)"  # noqa: S608
        assert world.find(orphans) == [(0,)], table
    told: dict[str, int] = {}
    for kind, number in world.find(TOLD, a=asset):
        told[kind] = number
    assert {"ing", "mee", "mem", "mes", "ffa", "x:seal"} <= told.keys()
    assert told["ing"] == told["mee"] == told["mes"] == told["ffa"] == 1
    unlogged = "SELECT count(*) FROM events WHERE id NOT IN (SELECT event_id FROM log_entries)"
    assert world.find(unlogged) == [(0,)]


def test_the_events_say_the_order_too(world: World) -> None:
    """What the audit query asks of the tables holds of the log: read before hashed (P1)."""
    asset = world.a_complete_asset()
    order = world.find(
        "SELECT kind, log_index, xid::text FROM events JOIN log_entries ON event_id = events.id"
        " WHERE asset_id = :a ORDER BY log_index",
        a=asset,
    )
    at = {kind: (index, xid) for kind, index, xid in reversed(order)}
    assert at["ing"][0] < at["mee"][0] < at["mes"][0] < at["ffa"][0]
    assert len({at[kind][1] for kind in ("ing", "mee", "mes")}) == 3


def test_stamps_are_the_databases(db: Session) -> None:
    event_id = record(db, AGENT, Event("ing", {}))
    stamped = db.execute(
        text(
            "SELECT xid = pg_current_xact_id(), cluster = (pg_control_system()).system_identifier,"
            " recorded_at > now() - interval '1 minute' FROM events WHERE id = :e"
        ),
        {"e": event_id},
    ).one()
    assert tuple(stamped) == (True, True, True)


@pytest.mark.parametrize("column", ["xid", "cluster", "recorded_at"])
@pytest.mark.parametrize("role", ["catalogue_api", "catalogue_worker"])
def test_stamps_cannot_be_brought(town: World, role: str, column: str) -> None:
    forged = f"INSERT INTO events (kind, agent, document, {column}) VALUES ('ing', 'x', '', NULL)"  # noqa: S608
    with pytest.raises(ProgrammingError, match="permission denied"):
        town.find(forged, role)


def test_no_state_without_an_event(town: World) -> None:
    without = "INSERT INTO persons (name, event_id) VALUES ('x', uuidv7())"
    with pytest.raises(IntegrityError, match="fk_persons_event_id"):
        town.find(without, "catalogue_api")
    with pytest.raises(IntegrityError, match="event_id"):
        town.find("INSERT INTO persons (name) VALUES ('x')", "catalogue_api")


def test_an_event_is_written_canonically(db: Session) -> None:
    detail = {"b": [1, 2.5, None], "a": "\u5716 \u20ac", "1": {"z": True, "y": False}}
    event_id = record(db, AGENT, Event("ing", detail))
    [document] = db.scalars(text("SELECT document FROM events WHERE id = :e"), {"e": event_id})
    assert bytes(document) == canonical(detail)
    assert bytes(document) == '{"1":{"y":false,"z":true},"a":"圖 €","b":[1,2.5,null]}'.encode()
    assert read_canonical(bytes(document)) == json.loads(json.dumps(detail))


def test_a_digest_does_not_depend_on_the_order_of_keys() -> None:
    assert digest_of({"a": 1, "b": 2}) == digest_of({"b": 2, "a": 1}) != digest_of({"a": 1})
    assert len(digest_of({})) == 64


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 2**60, "\ud800", {1: 2}])
def test_what_json_cannot_say_exactly_is_refused(value: object) -> None:
    with pytest.raises((rfc8785.CanonicalizationError, UnicodeEncodeError)):
        canonical({"value": value})


def test_nothing_to_record(db: Session) -> None:
    assert record_all(db, AGENT, []) == []
