"""What the linters cannot say, read off the source."""

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

from app.kit.db import Row
from app.worker import LISTENERS

ROOT = Path(__file__).parents[2]
SOURCES = sorted((ROOT / "app").rglob("*.py"))
TREES = {p.relative_to(ROOT).as_posix(): ast.parse(p.read_text("utf-8")) for p in SOURCES}
MINTS = {"CommittedReading": "app/readings/service.py", "Seal": "app/provenance/service.py"}
EDGES = {"app/kit/db.py", "app/kit/jobs.py"}


def calls(tree: ast.AST) -> Iterator[tuple[str, ast.Call]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield getattr(node.func, "attr", getattr(node.func, "id", "")), node


def classes(*files: str) -> Iterator[ast.ClassDef]:
    trees = (tree for path, tree in TREES.items() if path.endswith(files))
    yield from (n for tree in trees for n in ast.walk(tree) if isinstance(n, ast.ClassDef))


def test_each_proof_is_minted_in_one_place() -> None:
    made = {(n, path) for path, tree in TREES.items() for n, _ in calls(tree) if n in MINTS}
    assert made == set(MINTS.items())


def test_only_the_edges_end_a_transaction() -> None:
    ends = {"commit", "rollback"}
    assert {path for path, tree in TREES.items() for n, _ in calls(tree) if n in ends} <= EDGES


def test_a_room_writes_only_its_own_tables() -> None:
    for path, tree in TREES.items():
        other = rf"app\.(?!{path.split('/')[1]}\.)\w+\.models"
        foreign = {
            name.asname or name.name
            for node in ast.walk(tree)
            if isinstance(node, ast.ImportFrom) and re.fullmatch(other, node.module or "")
            for name in node.names
        }
        for name, call in calls(tree):
            target = getattr(call.args[0], "id", "") if call.args else ""
            written = target if name in {"insert", "upsert", "update", "delete"} else ""
            assert not {name, written} & foreign, f"{path}:{call.lineno}"


def test_an_event_is_a_frozen_fact_in_the_past_tense() -> None:
    for node in classes("/events.py"):
        assert re.search(r"(ed|Read|Found|Lost|Withdrawn)$", node.name), node.name
        assert "frozen=True" in " ".join(map(ast.unparse, node.decorator_list)), node.name


def test_every_refusal_has_its_paragraph_and_every_paragraph_its_refusal() -> None:
    codes = [
        ast.literal_eval(line.value)
        for node in classes("/errors.py")
        for line in node.body
        if isinstance(line, ast.AnnAssign) and ast.unparse(line.target) == "code" and line.value
    ]
    problems = (ROOT / "openapi/problems.md").read_text("utf-8")
    assert sorted(re.findall(r"^## `([a-z-]+)`$", problems, re.MULTILINE)) == sorted(codes)


def test_every_room_has_its_place_in_the_contract() -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    [order] = [c for c in contracts["tool"]["importlinter"]["contracts"] if c["id"] == "order"]
    placed = {room for layer in order["layers"] for room in layer.split(" : ")}
    built = {p.stem for p in (ROOT / "app").iterdir() if (p / "__init__.py").exists()}
    built |= {p.stem for p in (ROOT / "app").glob("*.py")} - {"__init__"}
    assert {room for room in placed if not room.startswith("(")} == built
    assert not {room.strip("()") for room in placed if room.startswith("(")} & built


def test_no_part_of_a_composite_foreign_key_is_nullable() -> None:
    """A NULL in one part switches the whole key off (trap 20)."""
    assert LISTENERS  # with them every room's tables are known
    composite = [
        key
        for table in Row.metadata.tables.values()
        for key in table.foreign_key_constraints
        if len(key.columns) > 1
    ]
    assert len(composite) >= 9
    for key in composite:
        for column in key.columns:
            assert not column.nullable, f"{key.name}: {column.name}"


def test_a_task_reaches_the_database_through_its_job_alone() -> None:
    for path, tree in TREES.items():
        if path.endswith("/tasks.py"):
            named = {getattr(n, "attr", getattr(n, "id", "")) for n in ast.walk(tree)}
            assert not named & {"transaction", "Database", "bind", "connect"}, path
