"""The web process: one application over one database."""

from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

from fastapi import Depends, FastAPI, Request
from fastapi.responses import RedirectResponse
from starlette.staticfiles import StaticFiles

from app.assets import routes as assets
from app.assets import set_aside_routes, surrounding_tasks
from app.catalogue import (
    change_routes,
    content_routes,
    import_routes,
    rehoming_routes,
    surrounding_routes,
    withdrawal_routes,
)
from app.catalogue import routes as catalogue
from app.catalogue import tasks as catalogue_tasks
from app.catalogue.contract_page import contract_page, parts
from app.comparisons import group_routes, judging_tasks, likeness_tasks
from app.comparisons import routes as comparisons
from app.comparisons import tasks as comparison_tasks
from app.disposals import routes as disposals
from app.fingerprints import routes as fingerprints
from app.fingerprints import tasks as fingerprint_tasks
from app.fingerprints import thumbnail_routes
from app.kit import health
from app.kit.bounds import Bounds
from app.kit.connecting import addresses
from app.kit.contract import complete
from app.kit.db import Database
from app.kit.problems import install_problems
from app.kit.reads import Reads
from app.kit.routing import at_the_edge
from app.kit.telemetry import configure_logging
from app.ledger import metrics as ledger_metrics
from app.overview import routes as overview
from app.overview import tasks as overview_tasks
from app.people import routes as people
from app.people.rights import authenticated
from app.policies import routes as policies
from app.policies.errors import NoPolicyInForce
from app.provenance import history_routes, series_routes
from app.provenance import routes as provenance
from app.provenance import tasks as provenance_tasks
from app.publishing import routes as publishing
from app.readings import metrics as reading_metrics
from app.readings import rereading_routes, rereading_tasks
from app.readings import routes as readings
from app.readings import tasks as reading_tasks

SWAGGER = Path(__file__).with_name("vendored") / "swagger-ui"
# A job is written for each listener that is known, so a process that publishes must know them all.
LISTENERS = (
    *(surrounding_tasks, catalogue_tasks, reading_tasks, rereading_tasks, provenance_tasks),
    *(fingerprint_tasks, comparison_tasks, likeness_tasks, judging_tasks, overview_tasks),
)
MEASURED = (ledger_metrics, reading_metrics)  # their gauges are known by being imported
DESCRIPTION = """Every image is described before it is hashed, and nothing may go until its record
is complete, a verified copy stays, the law allows it and people have signed."""


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Hold the database up while this process serves."""
    configure_logging()
    with ExitStack() as held:
        found = held.enter_context(addresses())
        app.state.database = Database(found.api, pool_size=40)
        held.callback(app.state.database.close)
        async with Reads(found.api) as app.state.reads:
            yield


def front_door(request: Request) -> RedirectResponse:
    """Lead whoever opens the bare address to the page of the contract, in the language asked."""
    return RedirectResponse(f"/docs?{request.url.query}".removesuffix("?"))


class Catalogue(FastAPI):
    """The application, whose contract names our problems instead of the framework's."""

    def openapi(self) -> dict[str, Any]:
        """Return the contract."""
        return complete(super().openapi(), self.routes)


def create_app() -> FastAPI:
    """Put the rooms' routes together."""
    app = Catalogue(
        title="Provenance Catalogue",
        version="1.0.0",
        description=DESCRIPTION,
        lifespan=lifespan,
        openapi_tags=parts(),
        docs_url=None,
        redoc_url=None,
        separate_input_output_schemas=False,
    )
    rooms = (
        people,
        publishing,
        assets,
        set_aside_routes,
        catalogue,
        provenance,
        readings,
        fingerprints,
    )
    for room in (*rooms, comparisons, group_routes):
        app.include_router(at_the_edge(room.router))
    doors = (import_routes, content_routes, thumbnail_routes, withdrawal_routes, change_routes)
    more = (rehoming_routes, history_routes, series_routes, rereading_routes, surrounding_routes)
    for room in (*doors, *more):
        app.include_router(at_the_edge(room.router))
    app.include_router(at_the_edge(disposals.router, NoPolicyInForce))
    app.include_router(at_the_edge(overview.router, NoPolicyInForce))
    app.include_router(
        at_the_edge(policies.router, NoPolicyInForce), dependencies=[Depends(authenticated)]
    )
    app.include_router(at_the_edge(health.router))
    app.get("/", include_in_schema=False)(front_door)
    app.get("/docs", include_in_schema=False)(contract_page)
    app.mount("/docs-assets", StaticFiles(directory=SWAGGER, check_dir=False), name="docs-assets")
    app.add_middleware(Bounds)
    install_problems(app)
    return app
