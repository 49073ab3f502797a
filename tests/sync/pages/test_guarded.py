"""What the pages refuse: other sites, foreign names, forms without a token, too many tries, roles that may not."""

from __future__ import annotations

import re
from collections.abc import Iterator

import hq_chain
import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import Engine, select

from sync.hq.lake.layout import Lake
from sync.hq.pages.accounts import AccountInvalid, Accounts
from sync.hq.pages.app import create_pages
from sync.hq.pages.settings import PagesSettings
from sync.hq.pages.tables import audit
from sync.hq.tables import exception

from .conftest import PASSWORD, Clock

HOST = "hq.test"
ORIGIN = {"origin": f"https://{HOST}"}
POSTS = (
    ("/exceptions/1/note", {"note": "x"}),
    ("/exceptions/1/owner", {"owner": "root"}),
    ("/exceptions/1/resolve", {"note": "x"}),
    ("/exceptions/1/reopen", {}),
    ("/exceptions/bulk", {"id": "1", "act": "resolve", "note": "x"}),
    ("/documents", {"exceptions": "1"}),
    ("/documents/1/approve", {"why": "x"}),
    ("/documents/1/cancel", {"why": "x"}),
    ("/documents/1/found", {"why": "x", "document_id": "D-1"}),
    ("/documents/1/absent", {"why": "x"}),
    ("/accounts", {"name": "mallory", "role": "administrator", "password": PASSWORD}),
    ("/accounts/root", {"role": "viewer"}),
    (f"/fleet/{hq_chain.TILLS[4][0]}/alarm", {"number": "1204", "kind": "fork", "why": "x"}),
)


@pytest.fixture(scope="module")
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory, clock: Clock) -> Iterator[FastAPI]:
    from sync.hq.engine import open_engine

    folder = tmp_path_factory.mktemp("guarded")
    engine = open_engine(f"sqlite:///{folder / 'hq.sqlite'}")
    settings = PagesSettings("Chain", frozenset({HOST}), secure=True, scrypt_cost=4)
    app = create_pages(engine, settings, hq_chain.ports(engine, Lake(folder / "lake")), now=clock)
    hq_chain.fill(engine, cases=40)
    for name, role in (("viewer", "viewer"), ("aigerim", "controller"), ("root", "administrator")):
        accounts(app).create(name, "", role, PASSWORD, by="test", address="")
    yield app
    engine.dispose()


def accounts(app: FastAPI) -> Accounts:
    found: Accounts = app.state.office.accounts
    return found


def engine_of(app: FastAPI) -> Engine:
    found: Engine = app.state.office.engine
    return found


def client(app: FastAPI, name: str | None = None) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(app)
    cookies = {} if name is None else {"__Host-hq": accounts(app).sign_in(name, PASSWORD, f"of {name}")}
    return httpx.AsyncClient(transport=transport, base_url=f"https://{HOST}", cookies=cookies)


async def _csrf(asking: httpx.AsyncClient) -> str:
    page = await asking.get("/me")
    found = re.search(r'name="csrf" value="([0-9a-f]+)"', page.text)
    assert found is not None
    return found[1]


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.mark.anyio
async def test_a_foreign_name_is_not_served(app: FastAPI) -> None:
    async with client(app) as asking:
        answer = await asking.get("/sign-in", headers={"host": "evil.test"})
    assert answer.status_code == 421


@pytest.mark.anyio
@pytest.mark.parametrize("origin", [{}, {"origin": "https://evil.test"}, {"origin": "null"}])
async def test_a_change_from_another_site_is_refused(app: FastAPI, origin: dict[str, str]) -> None:
    async with client(app, "root") as asking:
        token = await _csrf(asking)
        answer = await asking.post("/exceptions/1/note", data={"csrf": token, "note": "x"}, headers=origin)
    assert answer.status_code == 403


@pytest.mark.anyio
@pytest.mark.parametrize(("path", "form"), POSTS)
async def test_a_form_without_the_token_of_this_session_changes_nothing(
    app: FastAPI, path: str, form: dict[str, str]
) -> None:
    async with client(app, "aigerim") as other, client(app, "root") as asking:
        foreign = await _csrf(other)
        for token in ({}, {"csrf": ""}, {"csrf": foreign}):
            answer = await asking.post(path, data=form | token, headers=ORIGIN)
            assert answer.status_code == 403
            assert "Форма устарела" in answer.text
    with engine_of(app).connect() as db:
        assert not db.scalar(select(audit.c.id).where(audit.c.who == "root", audit.c.what != "signed-in").limit(1))


@pytest.mark.anyio
@pytest.mark.parametrize(("path", "form"), POSTS)
async def test_a_viewer_may_change_nothing(app: FastAPI, path: str, form: dict[str, str]) -> None:
    async with client(app, "viewer") as asking:
        token = await _csrf(asking)
        answer = await asking.post(path, data=form | {"csrf": token}, headers=ORIGIN)
    assert answer.status_code == 403
    assert "нужна роль" in answer.text


@pytest.mark.anyio
@pytest.mark.parametrize(("path", "form"), POSTS[6:])
async def test_a_controller_may_not_do_what_an_administrator_does(
    app: FastAPI, path: str, form: dict[str, str]
) -> None:
    async with client(app, "aigerim") as asking:
        token = await _csrf(asking)
        answer = await asking.post(path, data=form | {"csrf": token}, headers=ORIGIN)
    assert answer.status_code == 403
    assert "администратор" in answer.text


@pytest.mark.anyio
async def test_without_a_session_every_page_leads_to_the_form_and_no_change_is_made(app: FastAPI) -> None:
    async with client(app) as asking:
        for path in ("/fleet", "/exceptions?kind=sold-twice", "/exceptions/export?format=csv", "/audit"):
            answer = await asking.get(path)
            assert (answer.status_code, answer.headers["location"][:14]) == (303, "/sign-in?next=")
        for path, form in POSTS:
            answer = await asking.post(path, data=form, headers=ORIGIN)
            assert answer.status_code == 303


@pytest.mark.anyio
async def test_every_answer_forbids_inline_scripts_frames_and_keeping(app: FastAPI) -> None:
    async with client(app, "viewer") as asking:
        for path in ("/fleet", "/sign-in", "/nowhere", "/exceptions/999999"):
            answer = await asking.get(path)
            policy = answer.headers["content-security-policy"]
            assert "default-src 'none'" in policy
            assert "unsafe" not in policy
            assert answer.headers["cache-control"] == "no-store"
            assert answer.headers["x-content-type-options"] == "nosniff"
            assert not re.search(r"<script(?![^>]*(src|application/json))|\son\w+=|style=", answer.text)
        cookie = (await asking.get("/static/hq.js")).headers
    assert cookie["cache-control"] == "max-age=3600"


@pytest.mark.anyio
@pytest.mark.parametrize("back", ["//evil.test/", "https://evil.test/", "/\\evil.test", "/a\\b", "javascript:alert(1)"])
async def test_signing_in_leads_nowhere_else(app: FastAPI, back: str) -> None:
    async with client(app) as asking:
        page = await asking.get("/sign-in", params={"next": back})
        token = re.search(r'name="csrf" value="([0-9a-f]+)"', page.text)
        assert token is not None
        form = {"csrf": token[1], "name": "viewer", "password": PASSWORD, "next": back}
        answer = await asking.post("/sign-in", data=form, headers=ORIGIN)
    assert answer.headers["location"] == "/fleet"
    cookie = answer.headers["set-cookie"]
    assert all(word in cookie for word in ("__Host-hq=", "HttpOnly", "SameSite=strict", "Secure", "Path=/"))


@pytest.mark.anyio
async def test_after_five_failures_even_the_right_password_waits_and_others_do_not(app: FastAPI, clock: Clock) -> None:
    accounts(app).create("slow", "", "viewer", PASSWORD, by="test", address="")
    async with client(app) as asking:

        async def tried(name: str, password: str) -> int:
            asking.cookies.clear()
            token = re.search(r'name="csrf" value="([0-9a-f]+)"', (await asking.get("/sign-in")).text)
            assert token is not None
            form = {"csrf": token[1], "name": name, "password": password}
            return (await asking.post("/sign-in", data=form, headers=ORIGIN)).status_code

        assert [await tried("slow", f"wrong {n}") for n in range(5)] == [401] * 5
        assert await tried("slow", PASSWORD) == 429
        assert await tried("viewer", PASSWORD) == 303
        clock.now_ns += 901 * 10**9
        assert await tried("slow", PASSWORD) == 303


@pytest.mark.anyio
async def test_a_new_password_ends_the_other_sessions_of_the_account_and_not_this_one(app: FastAPI) -> None:
    accounts(app).create("asel", "", "viewer", PASSWORD, by="test", address="")
    async with client(app, "asel") as here, client(app, "asel") as elsewhere, client(app, "viewer") as another:
        form = {"csrf": await _csrf(here), "old": PASSWORD, "new": "a longer and newer one"}
        assert (await here.post("/me/password", data=form, headers=ORIGIN)).status_code == 303
        assert [(await asking.get("/fleet")).status_code for asking in (here, elsewhere, another)] == [200, 303, 200]


@pytest.mark.anyio
async def test_a_session_ends_by_idleness_and_a_page_that_refreshes_itself_does_not_keep_it(
    app: FastAPI, clock: Clock
) -> None:
    async with client(app, "viewer") as asking:
        for _ in range(3):
            clock.now_ns += 50 * 60 * 10**9
            assert (await asking.get("/fleet")).status_code == 200
        clock.now_ns += 50 * 60 * 10**9
        assert (await asking.get("/fleet", headers={"x-hq-refresh": "1"})).status_code == 200
        clock.now_ns += 20 * 60 * 10**9
        assert (await asking.get("/fleet")).status_code == 303


@pytest.mark.anyio
async def test_too_many_cases_at_once_are_refused(app: FastAPI) -> None:
    async with client(app, "aigerim") as asking:
        form = {"csrf": await _csrf(asking), "act": "owner", "owner": "", "id": [str(n) for n in range(1, 502)]}
        answer = await asking.post("/exceptions/bulk", data=form, headers=ORIGIN)
    assert answer.status_code == 422
    assert "500" in answer.text


@pytest.mark.anyio
async def test_a_large_form_is_refused_before_it_is_read(app: FastAPI) -> None:
    async with client(app, "root") as asking:
        answer = await asking.post("/exceptions/1/note", content=b"x" * 300_000, headers=ORIGIN)
    assert answer.status_code == 413


@pytest.mark.anyio
async def test_what_comes_in_addresses_never_ends_in_an_error_of_the_server(app: FastAPI) -> None:
    odd = ("", "x", "-1", "9" * 40, "\x00", "é\ud7ff", "%", "_", "'\"<>&", "2026-99-99", "0")
    names = (
        "state",
        "kind",
        "first",
        "last",
        "page",
        "shift",
        "text",
        "sort",
        "region",
        "shop",
        "till",
        "owner",
        "code",
    )
    async with client(app, "root") as asking:
        for path in ("/exceptions", "/fleet", "/reconciliation", "/unit", "/coverage", "/audit", "/exceptions/export"):
            for value in odd:
                answer = await asking.get(path, params=dict.fromkeys(names, value))
                assert answer.status_code < 500, (path, value)
        for path in ("/exceptions/99999999999999999999", "/imports/x", "/documents/-1", "/fleet/%00", "/nowhere"):
            assert (await asking.get(path)).status_code in (404, 422)


@pytest.mark.anyio
async def test_no_text_with_a_nul_reaches_a_database(app: FastAPI) -> None:
    """PostgreSQL refuses it, and the page would end in an error of the server."""
    async with client(app, "root") as asking:
        for path in ("/audit?who=%00", "/reconciliation?shop=a%00", "/unit?code=01%00", "/fleet/%00", "/audit?%00=1"):
            assert (await asking.get(path)).status_code == 422, path
        form = {"csrf": await _csrf(asking), "note": "seen\0 in the shop"}
        assert (await asking.post("/exceptions/2/note", data=form, headers=ORIGIN)).status_code == 303
    with engine_of(app).connect() as db:
        newest = select(audit.c.detail).where(audit.c.what == "note").order_by(audit.c.id.desc()).limit(1)
        assert db.scalar(newest) == '{"note": "seen in the shop"}'


@pytest.mark.anyio
async def test_numbers_and_days_beyond_measure_are_no_error_of_the_server(app: FastAPI) -> None:
    async with client(app, "root") as asking:
        for path in ("/reconciliation", "/reconciliation/export"):
            days = {"first": "0001-01-01", "last": "0001-01-02"}
            assert (await asking.get(path, params=days)).status_code == 200
        for number in ("9" * 30, "9" * 5000):
            form = {"csrf": await _csrf(asking), "id": number, "act": "resolve", "note": "x"}
            assert (await asking.post("/exceptions/bulk", data=form, headers=ORIGIN)).status_code == 422


def test_the_last_administrator_stays_and_nobody_changes_the_own_account(app: FastAPI) -> None:
    keeping = accounts(app)
    for name, by, kind in (("root", "root", "yourself"), ("root", "viewer", "last-administrator")):
        with pytest.raises(AccountInvalid) as caught:
            keeping.change(name, "viewer", True, "", by=by, address="")
        assert caught.value.kind == kind


def test_changing_an_account_ends_its_sessions(app: FastAPI) -> None:
    keeping = accounts(app)
    cookie = keeping.sign_in("viewer", PASSWORD, "")
    assert keeping.signed(cookie) is not None
    keeping.change("viewer", "viewer", True, "", by="root", address="")
    assert keeping.signed(cookie) is None


@pytest.mark.anyio
async def test_a_code_is_searched_as_it_is_written_and_not_as_a_pattern(app: FastAPI) -> None:
    async with client(app, "viewer") as asking:
        everything = await asking.get("/exceptions", params={"state": "any", "text": "%"})
        part = await asking.get("/exceptions", params={"state": "any", "text": hq_chain.ki(1)[3:18]})
    assert "<tbody>" not in everything.text
    with engine_of(app).connect() as db:
        number = db.scalar(select(exception.c.id).where(exception.c.ki == hq_chain.ki(1)))
    assert f'href="/exceptions/{number}"' in part.text
