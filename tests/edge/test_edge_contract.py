"""The contract tells every answer, and there is no 500; `make drill` asks for longer, by role."""

import httpx2
from fuzzing import EVERY_ROLE, a_small_city, fuzz
from served import Server
from world import World

QUICK = ("--phases", "fuzzing,stateful", "--max-examples", "3")


def test_the_contract_tells_every_answer(api: httpx2.Client, server: Server, world: World) -> None:
    real = a_small_city(api, world)
    key = world.a_key(*EVERY_ROLE, department="parks")
    passed, told = fuzz(server, key, real, *QUICK, timeout=100)
    assert passed, told
    operations = api.get("/openapi.json").text.count('"operationId"')
    assert operations > 30
    assert f"Tested: {operations}" in told, told


def test_no_operation_leaves_its_answers_open(town_api: httpx2.Client) -> None:
    contract = town_api.get("/openapi.json").json()
    for path, item in contract["paths"].items():
        for method, operation in item.items():
            answers = operation["responses"]
            assert "default" not in answers, (method, path)
            assert {"400", "414", "431", "500"} <= answers.keys(), (method, path)
            secured = path.startswith("/v1/") and path != "/v1/version"
            assert ("401" in answers) == ("503" in answers) == secured or path == "/readyz", path
            for problem in (a for status, a in answers.items() if status >= "400"):
                name = problem["$ref"].rpartition("/")[2]
                assert name in contract["components"]["responses"]
