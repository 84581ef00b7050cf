"""A demo catalogue with its real web process and worker, for the commands that speak to one."""

import gc
import warnings
from collections.abc import Iterator

import pytest
from demonstration import Catalogue

from app.cli.demo_ground import demo_database, operator_key, owner
from app.cli.demo_people import Cast
from app.cli.demo_policy import load_demo_documents
from app.cli.processes import running
from app.cli.remote import Remote


@pytest.fixture(scope="session")
def catalogue(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Catalogue]:
    home, sources = tmp_path_factory.mktemp("home"), tmp_path_factory.mktemp("sources")
    with warnings.catch_warnings():
        # Roles and migrations are made over engines that the product, which ends soon, leaves open.
        warnings.simplefilter("ignore", ResourceWarning)
        with demo_database(home) as found:
            with owner(found) as db:
                load_demo_documents(db)
            gc.collect()
            with running(home, [sources]) as processes:
                cast = Cast(processes.url, Remote(processes.url, operator_key(found)))
                yield Catalogue(cast, sources)
                cast.dismiss()
