"""No room on a disk is told as such; other trouble with files is a fault of ours."""

import errno
import os

import psycopg
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy.exc import OperationalError

from app.kit.problems import install_problems

FULL = OperationalError("INSERT", {}, psycopg.errors.DiskFull("no space left on device"))


@pytest.mark.parametrize(
    ("trouble", "status", "code", "later"),
    [
        (FULL, 503, "storage-full", "30"),
        (OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)), 503, "storage-full", "30"),
        (OSError(errno.EDQUOT, os.strerror(errno.EDQUOT)), 503, "storage-full", "30"),
        (OSError(errno.EIO, os.strerror(errno.EIO)), 500, "unforeseen", None),
    ],
    ids=["the database's disk", "a disk of ours", "a quota", "something else"],
)
def test_a_full_disk_is_told_with_a_time_to_come_again(
    trouble: Exception, status: int, code: str, later: str | None
) -> None:
    app = FastAPI()
    install_problems(app)

    @app.post("/write")
    def write() -> None:
        raise trouble

    answer = TestClient(app, raise_server_exceptions=False).post("/write")
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.headers.get("Retry-After") == later
