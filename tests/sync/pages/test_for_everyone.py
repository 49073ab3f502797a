"""What holds for every page in every language: width, contrast, labels, headings, keyboard; no data, everything red."""

from __future__ import annotations

from collections.abc import Iterator

import hq_chain
import pytest
from playwright.sync_api import Browser, expect
from real_browser import CONTRASTS

from sync.hq.lake.layout import Lake

from .conftest import Office, serving

PAGES = (
    "/fleet",
    f"/fleet/{hq_chain.TILLS[4][0]}",
    "/reconciliation",
    "/reconciliation?till=almaty-01-till-1",
    "/exceptions",
    "/exceptions?kind=sold-twice&first=2026-11-01&cause=two-shops",
    "/exceptions/1",
    "/exceptions/23",
    f"/unit?code={hq_chain.ki(1)}",
    "/documents",
    "/documents/new?exceptions=1,2,3,9",
    "/imports",
    "/imports/3",
    "/coverage",
    "/accounts",
    "/audit",
    "/me",
    "/nowhere",
)

# The legend of the picture is hidden from readers.
UNSCOPED = "table:not(.u-legend) :is(thead th:not([scope=col]), tbody th:not([scope=row]))"

UNNAMED = """() => [...document.querySelectorAll("input, select, textarea, button, a, meter")]
  .filter(one => one.type !== "hidden" && one.checkVisibility())
  .filter(one => !(one.labels?.length || one.ariaLabel || one.textContent.trim()))
  .map(one => one.outerHTML.slice(0, 120))"""


@pytest.mark.parametrize("language", ["ru", "kk", "en"])
def test_every_page_can_be_read_by_everyone(office: Office, language: str) -> None:
    page = office.visit("root", language=language)
    for path in PAGES:
        page.goto(path)
        assert page.evaluate("document.documentElement.scrollWidth") <= 1366, path
        assert page.evaluate(UNNAMED) == [], path
        expect(page.locator("h1")).to_have_count(1)
        expect(page.locator("html")).to_have_attribute("lang", language)
        assert page.locator(UNSCOPED).count() == 0, path
        poor = [found for found in page.evaluate(CONTRASTS) if found[0] < (7 if "badge" in str(found[1]) else 4.5)]
        assert poor == [], path
        colours = page.locator(".badge").all_inner_texts()
        assert all(len(text.split()) > 1 or text in ("не участвует", "not asked", "қатыспайды") for text in colours)


def test_state_colours_of_text_have_a_contrast_of_seven(office: Office) -> None:
    page = office.visit("viewer")
    for path in ("/fleet", "/exceptions", "/reconciliation", "/imports/3"):
        page.goto(path)
        coloured = [
            found
            for found in page.evaluate(CONTRASTS)
            if set(str(found[1]).split()) & {"red", "amber", "green", "blue", "why", "differs", "agrees", "bad"}
        ]
        assert [found for found in coloured if found[0] < 7] == []
        assert coloured or path == "/imports/3"


def test_the_keyboard_alone_reaches_a_case_and_the_focus_is_seen(office: Office) -> None:
    page = office.visit("aigerim", "/exceptions?kind=number-gap")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.closest('tbody th') !== null"):
            break
    outline = page.evaluate("getComputedStyle(document.activeElement).outlineWidth")
    assert outline == "3px"
    page.keyboard.press("Enter")
    expect(page.locator("h1 small")).to_contain_text("Случай")


def test_printed_pages_keep_their_tables_and_leave_the_controls_away(office: Office) -> None:
    page = office.visit("viewer", "/exceptions")
    page.emulate_media(media="print")
    expect(page.locator("table")).to_be_visible()
    for gone in (".sections", ".filter >> nth=0", ".exports", ".find"):
        expect(page.locator(gone)).to_be_hidden()


@pytest.fixture(scope="module")
def empty_server(postgresql_url: str, browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    with serving(postgresql_url, lambda _engine: None, Lake(tmp_path_factory.mktemp("empty"))) as office:
        office.browser = browser
        yield office


def test_with_no_data_every_page_says_so_and_what_to_do(empty_server: Office) -> None:
    page = empty_server.visit("root")
    said = {
        "/fleet": "Ни одна касса ещё не выходила на связь",
        "/reconciliation": "продаж с маркировкой нет",
        "/exceptions": "все свидетели согласны",
        "/exceptions?kind=sold-twice": "По этому отбору случаев нет",
        f"/unit?code={hq_chain.ki(1)}": "ни один свидетель ничего не знает",
        "/documents": "Документов ещё нет",
        "/imports": "Импорта ещё не было",
        "/coverage": "данных нет",
    }
    for path, words in said.items():
        page.goto(path)
        expect(page.locator(".empty")).to_contain_text(words)
    empty_server.close_sessions()
    assert empty_server.trouble == []


def test_with_everything_red_the_fleet_page_still_tells_tills_apart(
    postgresql_url: str, browser: Browser, lake: Lake
) -> None:
    def fill(engine: object) -> None:
        hq_chain.fill(engine)  # type: ignore[arg-type]
        hq_chain.all_red(engine)  # type: ignore[arg-type]

    with serving(postgresql_url, fill, lake) as red:
        red.browser = browser
        page = red.visit("viewer")
        expect(page.locator("tbody tr.row-red")).to_have_count(len(hq_chain.TILLS))
        assert all("исход чека неизвестен" in row for row in page.locator("tbody tr").all_inner_texts())
        expect(page.locator(".lights a.green b")).to_have_text("0")
        red.close_sessions()
        assert red.trouble == []
