"""What this process did, and what the database has waiting, for Prometheus; bounded labels only."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import structlog
from prometheus_client import (
    CollectorRegistry,
    Counter,
    GCCollector,
    Histogram,
    PlatformCollector,
    ProcessCollector,
    generate_latest,
)
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from app.kit.db import Database

log = structlog.get_logger(__name__)
METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)
# Of this process alone; not the library's own, which anything imported may write to.
REGISTRY = CollectorRegistry()
for kind in (ProcessCollector, PlatformCollector, GCCollector):
    kind(registry=REGISTRY)
REQUESTS = Counter(
    "catalogue_http_requests",
    "Requests answered, by route template.",
    ("method", "route", "status"),
    registry=REGISTRY,
)
SECONDS = Histogram(
    "catalogue_http_request_duration_seconds",
    "From the head of a request to the end of its answer, by route template.",
    ("method", "route"),
    buckets=BUCKETS,
    registry=REGISTRY,
)
Rows = Iterable[Sequence[Any]]  # the values of the labels, then the number
Measure = Callable[[Session], Rows]
_measures: dict[str, tuple[str, Sequence[str], Measure]] = {}


class Found(Collector):
    """Gauges that were just measured."""

    def __init__(self, families: list[GaugeMetricFamily]) -> None:
        """Keep them until they are written."""
        self.families = families

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Yield them."""
        yield from self.families


def count_request(method: str, route: str, status: int, seconds: float) -> None:
    """Count one request under labels that a client cannot multiply."""
    method = method if method in METHODS else "other"
    REQUESTS.labels(method, route, str(status)).inc()
    SECONDS.labels(method, route).observe(seconds)


def measured(name: str, told: str, *labels: str) -> Callable[[Measure], Measure]:
    """Offer a gauge that a room reads from its tables at each scrape, by index or estimate."""

    def register(measure: Measure) -> Measure:
        _measures[name] = (told, labels, measure)
        return measure

    return register


def exposition(database: Database) -> bytes:
    """Write everything in Prometheus's text format; without a database, the process's own part."""
    up = GaugeMetricFamily("catalogue_database_up", "Whether the database answered this scrape.")
    families = [up]
    try:
        with database.transaction() as db:
            db.execute(text("SET LOCAL statement_timeout = '3s'"))
            families += [read(db, name) for name in sorted(_measures)]
    except SQLAlchemyError as error:
        log.warning("not_measured", error=str(getattr(error, "orig", error)))
    up.add_metric((), float(len(families) > 1))
    now = CollectorRegistry()
    now.register(Found(families))
    return generate_latest(REGISTRY) + generate_latest(now)


def read(db: Session, name: str) -> GaugeMetricFamily:
    """Measure one gauge."""
    told, labels, measure = _measures[name]
    family = GaugeMetricFamily(name, told, labels=labels)
    for *values, number in measure(db):
        family.add_metric([str(value) for value in values], float(number))
    return family
