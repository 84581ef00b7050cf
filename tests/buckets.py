"""Let a test's catalogue read from an object store, as an installation's settings do."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import pytest

from app.kit.settings import settings


@contextmanager
def reading_buckets(told: Mapping[str, str], *buckets: str, **more: object) -> Iterator[None]:
    """Allow these buckets; `told` says where and as whom, `more` what else is set."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("CATALOGUE_ALLOWED_BUCKETS", json.dumps(buckets))
        for name, value in told.items():
            environment.setenv(name, value)
        for name, other in more.items():
            environment.setenv(f"CATALOGUE_{name.upper()}", str(other))
        settings.cache_clear()
        yield
    settings.cache_clear()
