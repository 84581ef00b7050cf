"""A few kills; `make drill` does two hundred."""

from pathlib import Path

from kills import drill

KEPT = ("lost", "duplicated", "order_violations", "events_without_state", "state_without_events")


def test_whatever_is_killed_nothing_acknowledged_is_lost_doubled_or_out_of_order(
    tmp_path: Path,
) -> None:
    found = drill(
        tmp_path / "house",
        kills=3,
        count=240,
        batch=40,
        pictures=3,
        pause=(0.2, 0.8),
        seconds=90,
        seed=7,
        victims=("web", "worker", "postmaster"),
        workers=1,
        clients=2,
    )
    assert found["came_to_rest"], found
    assert (found["kills"]["all"], found["acknowledged"]) == (3, 240), found
    assert found["rows"]["readings"] == found["rows"]["compared"] == 6
    assert {name: found[name] for name in KEPT} == dict.fromkeys(KEPT, 0), found["found"]
