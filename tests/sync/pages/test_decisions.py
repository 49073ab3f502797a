"""What an administrator decides on the pages: an unknown result, four eyes; and what a till's page says is left out."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import hq_chain
import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import Engine, insert, select, update

from sync.hq.actions.schema import document, document_event
from sync.hq.engine import open_engine
from sync.hq.lake.layout import Lake
from sync.hq.lake.tables import pending, unreadable
from sync.hq.pages.app import create_pages
from sync.hq.pages.settings import PagesSettings
from sync.hq.pages.tables import audit
from sync.hq.tables import exception

from .conftest import PASSWORD, Clock

HOST = "hq.test"
TILL = hq_chain.TILLS[0][0]
PEOPLE = (("viewer", "viewer"), ("aigerim", "controller"), ("root", "administrator"), ("second", "administrator"))


@dataclass
class House:
    engine: Engine
    app: FastAPI

    @asynccontextmanager
    async def visit(self, name: str) -> AsyncIterator[Visitor]:
        cookie = self.app.state.office.accounts.sign_in(name, PASSWORD, "test")
        transport = httpx.ASGITransport(self.app)
        async with httpx.AsyncClient(
            transport=transport, base_url=f"https://{HOST}", cookies={"__Host-hq": cookie}
        ) as client:
            found = re.search(r'name="csrf" value="([0-9a-f]+)"', (await client.get("/me")).text)
            assert found is not None
            yield Visitor(client, found[1])

    def state(self, number: int) -> str:
        with self.engine.connect() as db:
            return str(db.scalar(select(document.c.state).where(document.c.id == number)))


@dataclass
class Visitor:
    client: httpx.AsyncClient
    csrf: str

    async def post(self, path: str, **form: str) -> httpx.Response:
        return await self.client.post(path, data={"csrf": self.csrf, **form}, headers={"origin": f"https://{HOST}"})

    async def prepared(self, engine: Engine) -> int:
        """A document of one case."""
        with engine.connect() as db:
            case = db.scalar(
                select(exception.c.id)
                .where(exception.c.state == "open", exception.c.kind == "sold-not-withdrawn")
                .order_by(exception.c.id)
            )
        answer = await self.post("/documents", exceptions=str(case))
        assert answer.status_code == 303
        return int(answer.headers["location"].rpartition("/")[2])


@contextmanager
def opened(folder: Path, *, four_eyes: bool) -> Iterator[House]:
    engine = open_engine(f"sqlite:///{folder / 'hq.sqlite'}")
    settings = PagesSettings("Chain", frozenset({HOST}), secure=True, scrypt_cost=4, four_eyes=four_eyes)
    app = create_pages(engine, settings, hq_chain.ports(engine, Lake(folder / "lake")), now=Clock())
    hq_chain.fill(engine, cases=40)
    for name, role in PEOPLE:
        app.state.office.accounts.create(name, "", role, PASSWORD, by="test", address="")
    yield House(engine, app)
    engine.dispose()


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with opened(tmp_path, four_eyes=False) as found:
        yield found


@pytest.fixture
def strict(tmp_path: Path) -> Iterator[House]:
    with opened(tmp_path, four_eyes=True) as found:
        yield found


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


async def unknown(house: House) -> int:
    """A document that went out and was not answered."""
    async with house.visit("aigerim") as controller, house.visit("root") as administrator:
        number = await controller.prepared(house.engine)
        assert (await administrator.post(f"/documents/{number}/approve", why="checked")).status_code == 303
    with house.engine.begin() as db:
        values = {"state": "UNKNOWN_RESULT", "attempts": 1, "sent_ns": hq_chain.NOW_NS, "reason": "no answer"}
        db.execute(update(document).where(document.c.id == number).values(**values))
    return number


@pytest.mark.anyio
async def test_an_administrator_says_under_which_number_the_registry_has_it(house: House) -> None:
    number = await unknown(house)
    async with house.visit("second") as administrator:
        page = (await administrator.client.get(f"/documents/{number}")).text
        assert f'action="/documents/{number}/found"' in page
        assert f'action="/documents/{number}/absent"' in page
        for form, status in (({"why": "seen"}, 422), ({"document_id": "D-77"}, 422)):
            assert (await administrator.post(f"/documents/{number}/found", **form)).status_code == status
        assert house.state(number) == "UNKNOWN_RESULT"
        answer = await administrator.post(f"/documents/{number}/found", document_id="D-77", why="seen in the cabinet")
        assert answer.status_code == 303
    assert house.state(number) == "SENT"
    with house.engine.connect() as db:
        assert db.scalar(select(document.c.document_id).where(document.c.id == number)) == "D-77"
        last = db.execute(select(document_event).order_by(document_event.c.id.desc()).limit(1)).one()
        told = db.execute(select(audit).where(audit.c.what == "document-decided")).one()
    assert (last.who, last.what, last.detail) == ("second", "SENT", "seen in the cabinet")
    assert told.who == "second"
    assert json.loads(told.detail) == {"document_id": "D-77", "outcome": "found", "why": "seen in the cabinet"}


@pytest.mark.anyio
async def test_what_is_not_there_goes_out_again_under_the_same_approval(house: House) -> None:
    number = await unknown(house)
    async with house.visit("second") as administrator:
        assert (await administrator.post(f"/documents/{number}/absent", why="not in the cabinet")).status_code == 303
        assert house.state(number) == "APPROVED"
        again = await administrator.post(f"/documents/{number}/absent", why="once more")
        assert (again.status_code, "APPROVED" in again.text) == (422, True)
    with house.engine.connect() as db:
        assert db.scalar(select(document.c.approved_by).where(document.c.id == number)) == "root"


@pytest.mark.anyio
@pytest.mark.parametrize("name", ["viewer", "aigerim"])
async def test_nobody_else_decides_an_unknown_result(house: House, name: str) -> None:
    number = await unknown(house)
    async with house.visit(name) as visitor:
        assert "/absent" not in (await visitor.client.get(f"/documents/{number}")).text
        for act in ("found", "absent"):
            answer = await visitor.post(f"/documents/{number}/{act}", document_id="D-1", why="x")
            assert answer.status_code == 403
    assert house.state(number) == "UNKNOWN_RESULT"


@pytest.mark.anyio
async def test_an_administrator_may_approve_what_he_prepared_unless_four_eyes_are_wanted(house: House) -> None:
    async with house.visit("root") as administrator:
        number = await administrator.prepared(house.engine)
        assert (await administrator.post(f"/documents/{number}/approve", why="checked")).status_code == 303
    assert house.state(number) == "APPROVED"


@pytest.mark.anyio
async def test_with_four_eyes_another_administrator_approves(strict: House) -> None:
    async with strict.visit("root") as preparing, strict.visit("second") as other:
        number = await preparing.prepared(strict.engine)
        page = (await preparing.client.get(f"/documents/{number}")).text
        assert f"/documents/{number}/approve" not in page
        assert f"/documents/{number}/cancel" in page
        refused = await preparing.post(f"/documents/{number}/approve", why="checked")
        assert (refused.status_code, "другой администратор" in refused.text) == (403, True)
        assert strict.state(number) == "PREPARED"
        assert f"/documents/{number}/approve" in (await other.client.get(f"/documents/{number}")).text
        assert (await other.post(f"/documents/{number}/approve", why="checked too")).status_code == 303
    assert strict.state(number) == "APPROVED"


@pytest.mark.anyio
async def test_with_four_eyes_one_may_still_cancel_the_own_document(strict: House) -> None:
    async with strict.visit("root") as preparing:
        number = await preparing.prepared(strict.engine)
        assert (await preparing.post(f"/documents/{number}/cancel", why="a mistake")).status_code == 303
    assert strict.state(number) == "CANCELLED"


@pytest.mark.anyio
async def test_a_till_s_page_tells_what_is_not_in_the_comparison_and_exports_all_of_it(house: House) -> None:
    with house.engine.begin() as db:
        rows = [
            {"till": TILL, "number": n, "kind": "document_made", "reason": f"no sign {hq_chain.HOSTILE}", "found_ns": n}
            for n in range(1, 61)
        ]
        db.execute(insert(unreadable), rows)
        blank = {"sale": "s", "order": "", "made": "", "kind": "sale", "register": "SWK1", "since_ns": hq_chain.NOW_NS}
        stages = ("intended", "in-doubt", "handed-over", "made")
        waiting = [
            {"till": TILL, "key": f"k{n}", "stage": stage, "row": 100 + n, "total_tiyn": 123_450, **blank}
            for n, stage in enumerate(stages)
        ]
        db.execute(insert(pending), waiting)
    async with house.visit("viewer") as visitor:
        page = (await visitor.client.get(f"/fleet/{TILL}")).text
        assert "60 строк журнала не понято" in page
        assert "4 чека без исхода" in page
        assert hq_chain.HOSTILE not in page
        assert page.count("no sign") == 50
        assert all(words in page for words in ("касса выясняет", "решает человек на кассе", "строка заказа ещё не"))
        unread = (await visitor.client.get(f"/fleet/{TILL}/unread/export?format=json")).json()["rows"]
        left = (await visitor.client.get(f"/fleet/{TILL}/waiting/export?format=json")).json()["rows"]
        other = (await visitor.client.get(f"/fleet/{hq_chain.TILLS[1][0]}")).text
        assert (await visitor.client.get(f"/fleet/{TILL}/other/export")).status_code == 404
    assert [row["number"] for row in unread] == list(range(1, 61))
    assert {row["stage"] for row in left} == set(stages)
    assert 'id="left"' not in other
    with house.engine.connect() as db:
        exported = db.scalars(select(audit.c.object).where(audit.c.what == "exported")).all()
    assert exported == ["till-unread", "till-waiting"]
