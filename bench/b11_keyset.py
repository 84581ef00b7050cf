"""B11: the deepest keyset page of a list against its first, by statement and by HTTP."""

import os
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from uuid import UUID

import httpx2
from b8_eligibility import serving
from itsdangerous import URLSafeSerializer
from measuring import FULL, Claim, alternating, machine, middle, say
from prototypes import CITY, a_key, prove
from seeding import administrator, seeded
from sqlakeyset import serialize_bookmark

from app.catalogue.listing import list_assets
from app.catalogue.searching.asked import AssetQuery
from app.kit.connecting import Addresses
from app.kit.db import Database
from app.kit.paging import Listing
from app.kit.settings import settings
from app.people.roles import Role

MANY = 10_000_000 if FULL else 300_000
HOME = Path("build/bench/listing")
ROUNDS, TIMES, PAGE = 5, 20, 50
SECRET = {"CATALOGUE_SECRET_KEY": "for the bench only"}
FILTERS = {
    "no filter": AssetQuery(limit=PAGE),
    "department": AssetQuery(limit=PAGE, department=CITY),
    "source system": AssetQuery(limit=PAGE, source_system="bench-one"),
}


def main() -> None:
    """Measure and print the claims."""
    many = int(sys.argv[1]) if len(sys.argv) > 1 else MANY
    os.environ |= SECRET  # noqa: TID251 - so that a cursor made here is good there
    settings.cache_clear()
    home = HOME.absolute()
    with seeded(home, many, lean=True) as found:
        api = Database(found.api, pool_size=1)
        caller = prove(api, key := a_key(api, Role.AUDITOR))
        on, claims = machine(), []
        for name, asked in FILTERS.items():
            cursors = [None, deepest(found, asked)]

            def page(cursor: str | None, asked: AssetQuery = asked) -> None:
                at = asked.model_copy(update={"cursor": cursor})
                with api.transaction() as db:
                    got = list_assets(db, caller, at)
                assert len(got.items) == PAGE  # noqa: S101

            first, deep = alternating(ROUNDS, *(timed(page, cursor) for cursor in cursors))
            claims.append(claim(f"B11 statement, {name}, ms", deep, first, many))
        api.close()
        with serving(home, SECRET) as port:
            cursors = [None, deepest(found, FILTERS["no filter"])]
            client = httpx2.Client(
                base_url=f"http://127.0.0.1:{port}",
                headers={"Authorization": f"Bearer {key}"},
            )

            def fetch(cursor: str | None) -> None:
                asked = {"limit": PAGE} | ({"cursor": cursor} if cursor else {})
                answer = client.get("/v1/assets", params=asked)
                assert len(answer.raise_for_status().json()["items"]) == PAGE  # noqa: S101

            first, deep = alternating(ROUNDS, *(timed(fetch, cursor) for cursor in cursors))
            claims.append(claim("B11 by HTTP, no filter, ms", deep, first, many))
    say(claims, on)


def claim(name: str, deep: list[float], first: list[float], n: int) -> Claim:
    """Compare the deepest page with the first."""
    ratio = middle(deep) / middle(first)
    return Claim(name, middle(deep), middle(first), ratio, 1.5, ratio <= 1.5, n)


def timed(page: Callable[[str | None], None], cursor: str | None) -> Callable[[], float]:
    """Return the median of one page's time in milliseconds."""

    def run() -> float:
        took = []
        for _ in range(TIMES):
            started = time.perf_counter()
            page(cursor)
            took.append((time.perf_counter() - started) * 1000)
        return statistics.median(took)

    return run


def deepest(found: Addresses, asked: AssetQuery) -> str:
    """Make the cursor of the last full page, as the list itself would."""
    conditions = {"department": asked.department, "source_system": asked.source_system}
    chosen = [f"{name} = '{value}'" for name, value in conditions.items() if value]
    where = f"WHERE {' AND '.join(chosen)}" if chosen else ""
    with administrator(found) as db:
        row = db.execute(
            f"SELECT id FROM assets {where} ORDER BY id DESC OFFSET {PAGE} LIMIT 1"  # noqa: S608
        ).fetchone()
    place: tuple[UUID] = (row[0],) if row else (UUID(int=0),)
    salt = Listing("assets", (None, *asked.binding())).salt
    signed = URLSafeSerializer(settings().secret_key or "", salt=salt)
    return str(signed.dumps(serialize_bookmark((place, False))))


if __name__ == "__main__":
    main()
