"""The door of the pages over real HTTP: who gets in, who is led to the sign-in page, who is refused."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
from served_till import Served, assert_problem

from pos_agent.api.guard import COOKIE


@pytest.fixture(scope="module")
def till(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    served = Served(tmp_path_factory.mktemp("door"))
    yield served
    served.down()


class Browser:
    """Cookies and the Origin a browser adds; redirects are looked at and not followed."""

    def __init__(self, till: Served) -> None:
        self.till = till
        self.http = httpx.Client(base_url=self.address, timeout=20)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.till.port}"

    def get(self, path: str) -> httpx.Response:
        return self.http.get(path)

    def post(self, path: str, *, origin: str | None = "own", **what: object) -> httpx.Response:
        headers = {"Idempotency-Key": f"page-{next(self.till._keys)}"}
        if origin is not None:
            headers["Origin"] = self.address if origin == "own" else origin
        return self.http.post(path, headers=headers, **what)  # type: ignore[arg-type]

    def sign_in(self, role: str, name: str = "Касса 1", next: str = "") -> httpx.Response:  # noqa: A002
        code = self.till.post("/v1/pages/codes", {"role": role, "name": name}).json()["code"]
        return self.post("/sign-in", data={"code": f"{code[:4]} {code[4:]}", "next": next})


@pytest.fixture
def browser(till: Served) -> Iterator[Browser]:
    one = Browser(till)
    yield one
    one.http.close()


def test_a_browser_that_is_not_signed_in_is_led_to_the_door(browser: Browser) -> None:
    for path in ("/till", "/it", "/it/devices"):
        answer = browser.get(path)
        assert (answer.status_code, answer.headers["location"]) == (303, f"/sign-in?next={path}")
    assert "pos-agent page code" in browser.get("/sign-in").text


def test_a_code_lets_a_browser_in_and_its_cookie_is_for_this_agent_alone(browser: Browser) -> None:
    answer = browser.sign_in("till", next="/till?x=1")
    assert (answer.status_code, answer.headers["location"]) == (303, "/till?x=1")
    cookie = answer.headers["set-cookie"].lower()
    assert cookie.startswith(COOKIE)
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert browser.get("/v1/status").status_code == 200
    assert browser.post("/v1/sales", json={}).status_code == 201


def test_a_wrong_code_is_refused_in_the_readers_language(browser: Browser) -> None:
    browser.http.headers["Accept-Language"] = "kk"
    answer = browser.post("/sign-in", data={"code": "hello"})
    assert answer.status_code == 403
    assert "Код сәйкес келмеді" in answer.text


@pytest.mark.parametrize("away", ["https://evil.kz/", "//evil.kz", "/\\evil.kz", "javascript:x", "/a\nb", "\\\\evil"])
def test_the_door_leads_nowhere_but_inside(browser: Browser, away: str) -> None:
    assert browser.sign_in("till", next=away).headers["location"] == "/till"


def test_a_cashiers_page_may_not_do_what_is_for_store_it(browser: Browser) -> None:
    browser.sign_in("till")
    assert_problem(browser.get("/it"), 403, "P-411")
    assert_problem(browser.get("/v1/pages/sessions"), 403, "P-411")
    assert_problem(browser.post("/v1/pages/codes", json={"role": "it", "name": "me"}), 403, "P-411")
    browser.sign_in("it")
    assert browser.get("/v1/pages/sessions").status_code == 200


def test_a_person_at_a_cashiers_browser_is_led_to_the_door_of_store_it(browser: Browser) -> None:
    browser.sign_in("till")
    answer = browser.http.get("/it/queue", headers={"Accept": "text/html"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in?next=/it/queue")
    assert "pos-agent page code --role it" in browser.get(answer.headers["location"]).text
    assert browser.get("/v1/status").status_code == 200  # And stays what it was.


@pytest.mark.parametrize("origin", [None, "null", "http://evil.kz", "http://127.0.0.1:1"])
def test_no_other_page_can_use_the_cookie(browser: Browser, origin: str | None) -> None:
    browser.sign_in("till")
    before = browser.get("/v1/sales").json()
    assert_problem(browser.post("/v1/sales", origin=origin, json={}), 403, "P-402")
    assert_problem(browser.post("/sign-in", origin=origin, data={"code": "1"}), 403, "P-402")
    assert browser.get("/v1/sales").json() == before


def test_a_name_rebound_to_this_machine_sees_nothing(browser: Browser) -> None:
    browser.sign_in("it")
    for path in ("/", "/till", "/it", "/sign-in", "/static/base.css", "/v1/status"):
        assert_problem(browser.http.get(path, headers={"Host": "evil.kz"}), 403, "P-402")


def test_a_revoked_browser_gets_no_further_and_the_others_do(browser: Browser, till: Served) -> None:
    browser.sign_in("till", "украден")
    other = Browser(till)
    other.sign_in("till", "Касса 2")
    gone = till.http.delete("/v1/pages/sessions/украден")
    assert gone.json() == {"revoked": 1}
    assert_problem(browser.get("/v1/status"), 401, "P-401")
    assert_problem(browser.post("/v1/sales", json={}), 401, "P-401")
    assert browser.get("/till").headers["location"] == "/sign-in?next=/till"
    assert other.get("/v1/status").status_code == 200
    other.http.close()


def test_signing_out_ends_the_session_and_not_only_the_cookie(browser: Browser) -> None:
    browser.sign_in("till")
    kept = browser.http.cookies[COOKIE]
    assert browser.post("/sign-out").headers["location"] == "/sign-in"
    browser.http.cookies.set(COOKIE, kept)
    assert browser.get("/v1/status").status_code == 401


def test_every_answer_tells_the_browser_to_run_nothing_foreign(browser: Browser) -> None:
    for path in ("/sign-in", "/static/base.css", "/openapi.json", "/nowhere"):
        headers = browser.get(path).headers
        assert headers["x-frame-options"] == "DENY"
        assert "script-src 'self'" in headers["content-security-policy"]
        assert "unsafe-inline" not in headers["content-security-policy"]
    assert browser.get("/sign-in").headers["cache-control"] == "no-store"


def test_a_browser_stays_in_over_a_restart_of_the_agent(browser: Browser, till: Served) -> None:
    browser.sign_in("till", "долгая")
    cookie = browser.http.cookies[COOKIE]
    till.restart()
    again = Browser(till)
    again.http.cookies.set(COOKIE, cookie)
    assert again.get("/v1/status").status_code == 200
    again.http.close()


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"role": "king", "name": "x"},
        {"role": "till", "name": ""},
        {"role": "till", "name": "x" * 41},
        {"role": "till", "name": "a\x00b"},
        {"role": "till", "name": "x", "more": 1},
        [],
        "x",
        None,
    ],
)
def test_a_code_for_nobody_in_particular_is_not_given(till: Served, body: object) -> None:
    answer = till.http.post("/v1/pages/codes", json=body)
    assert_problem(answer, 422, "P-407")


@pytest.mark.parametrize("code", ["", "x" * 65, "<script>", "0" * 64, "\u0661" * 8])
def test_any_text_on_the_sign_in_page_is_answered_with_a_page(browser: Browser, code: str) -> None:
    answer = browser.post("/sign-in", data={"code": code})
    assert answer.status_code in (403, 422)
    assert "<script>" not in answer.text.replace('<script src="/static/sign_in.js" defer></script>', "")
