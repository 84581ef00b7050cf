"""B17: finding images among many: each filter, question, order and count, with its plan."""

import json
import os
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from b12_growth import STORE, cost
from measuring import FULL, Claim, alternating, machine, middle, say
from prototypes import CITY, a_key, prove
from seeding import seeded
from sqlakeyset.types import Marker
from sqlalchemy import ClauseElement
from sqlalchemy.orm import Session

from app.catalogue.listing import list_assets
from app.catalogue.searching.asked import AssetQuery
from app.catalogue.searching.filters import narrow
from app.catalogue.searching.orders import ids_in_order
from app.kit.db import Database
from app.kit.paging import Around, Listing, sign
from app.kit.settings import settings
from app.people.roles import Principal, Role

SIZES = (100_000, 1_000_000) if FULL else (20_000, 100_000)
HOMES = (Path("build/bench/search_small"), Path("build/bench/search"))
TIMES, ROUNDS, PAGE, BAR = 15, 5, 50, 300.0  # ms that a page may take
SECRET = {"CATALOGUE_SECRET_KEY": "for the bench only"}
COMMON, RARE = "w3", "w19000"
FACETS = [
    "department",
    "source_system",
    "format",
    "reading",
    "legal_status",
    "digital_source_type",
    "custodian_kind",
    "year",
]
QUESTIONS: dict[str, dict[str, Any]] = {
    "nothing": {},
    "department": {"department": CITY},
    "source system": {"source_system": "bench-one"},
    "legal status, rare": {"legal_status": "donor_restricted"},
    "legal status, of most": {"legal_status": "institution_owned_non_record"},
    "format, rare": {"format": "PNG"},
    "format, of most": {"format": "JPEG"},
    "media type that none has": {"mime": "image/x-none"},
    "reading": {"reading": "unreadable"},
    "conflict": {"conflict": "date_created"},
    "creator": {"creator": "Chan Siu Ming"},
    "digital source type": {"digital_source_type": "digitalCapture"},
    "a month of creation": {"created_from": "1967-05-01", "created_to": "1967-05-31"},
    "before all": {"created_to": "1925-01-01"},
    "size": {"size_min": 16_770_000},
    "name": {"original_name": "IMG_12345"},
    "identifier that none has": {"identifier": "none.jpg"},
    "registered in an hour long ago": {
        "registered_from": "2020-01-01T00:00:00Z",
        "registered_to": "2020-01-01T01:00:00Z",
    },
    "q, common word": {"q": COMMON},
    "q, rare word": {"q": RARE},
    "q, two characters": {"q": f"title:{chr(19968 + 40)}{chr(19968 + 280)}"},
    "q, one character": {"q": chr(19968 + 900)},
    "q, beginning": {"q": "w1234*"},
    "q, both of two common": {"q": f"{COMMON} AND w5"},
    "q, one without another": {"q": f"{COMMON} NOT w5"},
    "q, without": {"q": f"NOT {COMMON}"},
    "q, word and date": {"q": "w50 AND date_created:[1960 TO 1970]"},
    "q, word that none has": {"q": "nowhere"},
    "q within a department": {"q": "w50", "department": CITY},
    "sort by title": {"sort": ["title"]},
    "sort by date, latest first": {"sort": ["-date_created"]},
    "sort by size": {"sort": ["-size"]},
    "sort by date and registration": {"sort": ["-date_created", "id"]},
    "q, common word, sort by title": {"q": COMMON, "sort": ["title"]},
    "department, sort by date": {"department": CITY, "sort": ["date_created"]},
    "missing, judged": {"missing": "creator"},
    "status, judged": {"status": "not_assessed"},
    "status that none has, judged": {"status": "blocked_legal"},
    "complete, judged": {"complete": True},
    "facets of everything": {"facets": FACETS, "limit": 1},
    "facets of a common word": {"facets": FACETS, "limit": 1, "q": COMMON},
    "facets, judged": {"facets": ["status", "missing"], "limit": 1},
}
DEEP = (
    *("nothing", "department", "sort by title", "sort by date, latest first", "sort by size"),
    "sort by date and registration",
)


def main() -> None:
    """Measure and print the claims."""
    sizes = [int(size) for size in sys.argv[1:]] or list(SIZES)
    os.environ |= SECRET  # noqa: TID251 - so that cursors made here are good here
    settings.cache_clear()
    claims: list[Claim] = []
    with ExitStack() as held:
        sides = [
            held.enter_context(seeded(home.absolute(), size, lean=True))
            for home, size in zip(HOMES, sizes, strict=True)
        ]
        on = machine()
        api = Database(sides[1].api, pool_size=1)
        caller = prove(api, a_key(api, Role.AUDITOR))
        for name, asked in QUESTIONS.items():
            claims.append(
                latency(api, caller, name, AssetQuery(**({"limit": PAGE} | asked)), sizes[1])
            )
        for name in DEEP:
            asked_of = AssetQuery(**({"limit": PAGE} | QUESTIONS[name]))
            claims.append(depth(api, caller, name, asked_of, sizes[1]))
        api.close()
        work = [
            cost(found, home.absolute() / "sources" / STORE)
            for found, home in zip(sides, HOMES, strict=True)
        ]
        small, large = alternating(ROUNDS, *work)
        claims.extend(growth(small, large, sizes))
    say(claims, on)


def latency(api: Database, caller: Principal, name: str, asked: AssetQuery, n: int) -> Claim:
    """Measure one question's first page, and tell the plan of its statement of ids."""
    took = []
    with api.transaction() as db:
        shown = list_assets(db, caller, asked)
    for _ in range(TIMES):
        started = time.perf_counter()
        with api.transaction() as db:
            list_assets(db, caller, asked)
        took.append((time.perf_counter() - started) * 1000)
    ours = statistics.median(took)
    with api.transaction() as db:
        planned = plan(
            db, ids_in_order(narrow(db, caller, asked), asked.sort).limit(asked.limit + 1)
        )
    more = {
        "found": len(shown.items),
        "partial": shown.partial,
        "worst": round(max(took), 1),
    } | planned
    if asked.facets:
        more["exact"] = {facet: one.exact for facet, one in shown.facets.items()}
    return Claim(f"B17 {name}, ms", round(ours, 2), BAR, ours / BAR, 1.0, ours <= BAR, n, more)


def plan(db: Session, statement: ClauseElement) -> dict[str, Any]:
    """Explain a statement: its nodes with their indexes, and what it took."""
    connection = db.connection()
    compiled = statement.compile(dialect=connection.dialect)
    [[found]] = connection.exec_driver_sql(
        f"EXPLAIN (ANALYZE, FORMAT JSON) {compiled}", dict(compiled.params)
    )
    [top] = found if isinstance(found, list) else json.loads(found)
    return {"plan": list(nodes(top["Plan"])), "executed_ms": round(top["Execution Time"], 2)}


def nodes(node: dict[str, Any]) -> Iterator[str]:
    """Name a plan's nodes from the top down."""
    where = node.get("Index Name") or node.get("Relation Name")
    yield f"{node['Node Type']} {where}" if where else str(node["Node Type"])
    for below in node.get("Plans", ()):
        yield from nodes(below)


def depth(api: Database, caller: Principal, name: str, asked: AssetQuery, n: int) -> Claim:
    """Compare the deepest page with the first."""
    way = [one[1:] if one.startswith("-") else f"-{one}" for one in asked.sort]
    with api.transaction() as db:
        back = ids_in_order(narrow(db, caller, asked), way)
        [place] = db.execute(with_keys(back).offset(PAGE).limit(1)).all()
        listing = Listing("assets", (caller.department, *asked.binding()))
        cursor, _ = sign(db, listing, Around(Marker(tuple(place)), None))
    at = asked.model_copy(update={"cursor": cursor})
    first, deep = alternating(ROUNDS, timed(api, caller, asked), timed(api, caller, at))
    ratio = middle(deep) / middle(first)
    return Claim(
        f"B17 deepest page, {name}, ms", middle(deep), middle(first), ratio, 1.5, ratio <= 1.5, n
    )


def with_keys(statement: Any) -> Any:  # noqa: ANN401 - a statement
    """Select what a statement is ordered by."""
    keys = [getattr(one, "element", one) for one in statement._order_by_clauses]  # noqa: SLF001
    return statement.with_only_columns(*keys)


def timed(api: Database, caller: Principal, asked: AssetQuery) -> Callable[[], float]:
    """Return the median of one page's time in milliseconds."""

    def run() -> float:
        took = []
        for _ in range(TIMES):
            started = time.perf_counter()
            with api.transaction() as db:
                assert len(list_assets(db, caller, asked).items) == PAGE  # noqa: S101
            took.append((time.perf_counter() - started) * 1000)
        return statistics.median(took)

    return run


def growth(small: list[Any], large: list[Any], sizes: list[int]) -> Iterator[Claim]:
    """Compare what one more asset costs with the index in both catalogues."""
    for at, stage in enumerate(("registering", "reading")):
        ours, before = (middle([one[at] for one in side[1:]]) for side in (large, small))
        ratio = ours / before
        more = {"rounds": [[round(one[at], 3) for one in side] for side in (large, small)]}
        name = f"B17 growth with the index, {stage}, ms an asset"
        yield Claim(name, ours, before, ratio, 1.15, ratio <= 1.15, sizes[1], more)


if __name__ == "__main__":
    main()
