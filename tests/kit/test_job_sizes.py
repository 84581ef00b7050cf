"""A fact about many assets becomes as many jobs as its listeners ask for."""

from uuid import uuid4

from world import World

from app.fingerprints.tasks import FILES_A_JOB
from app.kit.jobs import publish
from app.readings.events import AssetsRead

JOBS = """
SELECT args->'asset_ids' FROM procrastinate_jobs WHERE task_name = :name ORDER BY id
"""


def test_each_listener_gets_jobs_of_the_size_it_takes_and_every_asset_once(world: World) -> None:
    told = tuple(uuid4() for _ in range(2 * FILES_A_JOB + 1))
    with world.worker.transaction() as db:
        publish(db, AssetsRead(told))
    hashing = [ids for (ids,) in world.find(JOBS, name="fingerprints.fingerprint_assets")]
    entering = [ids for (ids,) in world.find(JOBS, name="provenance.adopt_assets")]
    assert [len(ids) for ids in hashing] == [FILES_A_JOB, FILES_A_JOB, 1]
    assert [len(ids) for ids in entering] == [len(told)]
    for jobs in (hashing, entering):
        assert [asset_id for ids in jobs for asset_id in ids] == [str(one) for one in told]
