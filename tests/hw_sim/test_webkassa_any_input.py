"""Whatever arrives, the simulated services answer and keep their books: no exception, no half-registered receipt."""

from __future__ import annotations

import json
import random

import pytest

from hw_sim.exchange import SimRequest
from hw_sim.world import World

ODD = [
    None,
    True,
    False,
    0,
    -1,
    1,
    2.5,
    1e300,
    -1e-300,
    10**30,
    "",
    "x",
    "\ud800",
    "\x00",
    [],
    [None],
    [[]],
    {},
    {"a": 1},
]


def spoil(value, rng):
    """Replace one random place of a JSON value by something odd."""
    if isinstance(value, dict) and value and rng.random() < 0.85:
        name = rng.choice(list(value))
        return {**value, name: spoil(value[name], rng)}
    if isinstance(value, list) and value and rng.random() < 0.85:
        place = rng.randrange(len(value))
        return [*value[:place], spoil(value[place], rng), *value[place + 1 :]]
    return rng.choice(ODD)


@pytest.mark.parametrize("seed", range(3))
def test_spoiled_requests_are_answered_and_never_half_registered(till, sale, vectors, seed):
    rng = random.Random(seed)
    bodies = {
        "check": sale(),
        "money": json.loads(vectors["cash_in_request"]),
        "history": {"ShiftNumber": 1, "Skip": 0},
    }
    bodies |= {"lookup": {"ExternalCheckNumber": "a", "ShiftNumber": 1}, "print": {"ExternalCheckNumber": "a"}}
    back = json.loads(vectors["return_request"])
    till.ask("check", sale("a"))
    for number in range(400):
        what, body = rng.choice([*bodies.items(), ("check", back)])
        body = {**body, "Token": till.token, "CashboxUniqueNumber": "SWK00000001"}
        if "ExternalCheckNumber" in body and what in ("check", "money"):
            body["ExternalCheckNumber"] = f"n{number}"
        before = len(till.box.documents)
        reply = till.send(till.PATHS[what], json.dumps(spoil(body, rng)).encode())
        assert reply.status == 200
        answer = reply.json()
        assert ("Data" in answer) != ("Errors" in answer)
        assert len(till.box.documents) - before == (1 if "Data" in answer and what in ("check", "money") else 0)
    assert len(till.ofd.rows()) == len(till.box.documents)


def test_random_bytes_on_every_path_get_an_answer(clock):
    rng = random.Random(1)
    world = World(clock, rng, codes=5)
    paths = [
        "/api/v4/check",
        "/api/v4/Authorize",
        "/api/users/authenticate",
        "/api/users/tokens/refresh",
        "/sim/faults",
    ]
    paths += [
        "/public/api/cod/public/codes",
        "/public/api/v1/doc/withdrawal",
        "/",
        "//",
        "/sim/",
        "/%00?=&",
        "/sim/switches",
    ]
    for _ in range(300):
        headers = {"x-api-key": "sim-api-key", "content-type": "application/json", "accept": "*/*"}
        request = SimRequest("POST", rng.choice(paths), headers, rng.randbytes(rng.randrange(40)))
        for server in (world.webkassa, world.ismpt):
            assert 200 <= server.handle(request).status < 500
