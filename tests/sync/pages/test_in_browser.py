"""The main pages in a real browser over a real PostgreSQL."""

from __future__ import annotations

import csv
import io
import json
import re
from typing import Any

import hq_chain
import openpyxl
import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from sync.hq.pages.tables import audit
from sync.hq.tables import exception

from .conftest import PASSWORD, Office


def _audited(office: Office, what: str) -> list[Any]:
    with office.engine.connect() as db:
        return list(db.execute(select(audit).where(audit.c.what == what).order_by(audit.c.id)))


def _case(office: Office, **wanted: Any) -> Any:
    query = select(exception).order_by(exception.c.id)
    for name, value in wanted.items():
        query = query.where(exception.c[name] == value)
    with office.engine.connect() as db:
        return db.execute(query).first()


def _downloaded(page: Page, form: str) -> bytes:
    with page.expect_download() as started:
        page.click(f".exports a:text-is('{form}')")
    return started.value.path().read_bytes()


def test_a_wrong_password_is_told_and_the_right_one_leads_to_the_page_that_was_asked_for(office: Office) -> None:
    page = office.visit(None, "/exceptions?kind=sold-twice")
    page.fill("#name", "Aigerim ")
    page.fill("#password", "wrong")
    page.click("main button")
    expect(page.get_by_role("alert")).to_contain_text("не подходят")
    page.fill("#password", PASSWORD)
    page.click("main button")
    expect(page).to_have_url(f"{office.url}/exceptions?kind=sold-twice")
    assert _audited(office, "sign-in-refused")[-1].who == "aigerim"
    assert _audited(office, "signed-in")[-1].who == "aigerim"


def test_the_session_cookie_is_kept_from_scripts_and_from_other_sites(office: Office) -> None:
    page = office.visit(None)
    page.fill("#name", "viewer")
    page.fill("#password", PASSWORD)
    page.click("main button")
    expect(page.locator("header .me")).to_be_visible()
    (cookie,) = [one for one in page.context.cookies() if one["name"] == "hq"]
    assert (cookie["httpOnly"], cookie["sameSite"]) == (True, "Strict")
    assert page.evaluate("document.cookie") == ""


def test_fleet_shows_red_tills_first_and_filters_by_trouble_in_the_address(office: Office) -> None:
    page = office.visit("viewer")
    lights = page.locator("tbody tr").evaluate_all("rows => rows.map(row => row.className)")
    assert lights == sorted(lights, key=["row-red", "row-amber", "row-green"].index)
    assert len(lights) == len(hq_chain.TILLS)
    page.select_option("#trouble", "queue")
    page.click(".filter button")
    expect(page).to_have_url(re.compile(r"trouble=queue"))
    expect(page.locator("tbody tr")).to_have_count(1)
    expect(page.locator("tbody tr")).to_contain_text("очередь стоит")


def test_a_till_that_falls_silent_is_seen_without_touching_the_page(office: Office) -> None:
    page = office.visit("viewer", "/fleet?text=almaty-01-till-2")
    expect(page.locator("tbody tr")).to_have_class("row-green")
    office.clock.now_ns += 11 * 60 * 10**9
    expect(page.locator("tbody tr")).to_have_class("row-red")
    expect(page.locator("tbody tr")).to_contain_text("молчит")


def test_the_fleet_page_can_be_stopped_from_refreshing(office: Office) -> None:
    page = office.visit("viewer")
    page.click(".live a")
    expect(page).to_have_url(re.compile("refresh=off"))
    expect(page.locator("[data-live]")).to_have_attribute("data-live", "0")


def test_an_alarm_is_cleared_by_an_administrator_with_a_reason_and_by_nobody_else(office: Office) -> None:
    till = hq_chain.TILLS[4][0]
    looking = office.visit("aigerim", f"/fleet/{till}")
    expect(looking.locator(".alarm form")).to_have_count(0)
    page = office.visit("root", f"/fleet/{till}")
    page.fill(".alarm input[name=why]", "restored from a copy, compared")
    page.click(".alarm button")
    expect(page.get_by_role("status")).to_contain_text("Тревога снята")
    expect(page.locator(".alarm")).to_contain_text("restored from a copy, compared")
    assert json.loads(_audited(office, "alarm-cleared")[-1].detail)["cleared"] == 1


def test_the_filter_of_exceptions_is_the_address_and_back_brings_the_list_again(office: Office) -> None:
    page = office.visit("viewer", "/exceptions")
    page.select_option("#region", "Алматы")
    page.select_option("#sort", "oldest")
    page.click(".filter .go button")
    expect(page).to_have_url(re.compile(r"region=%D0%90.*sort=oldest"))
    shown = page.url
    titles = page.locator("tbody th").all_inner_texts()
    page.click("tbody tr:nth-child(2) th a")
    expect(page.locator("h1 small")).to_contain_text("Случай")
    page.go_back()
    assert page.url == shown
    assert page.locator("tbody th").all_inner_texts() == titles
    expect(page.locator("#region")).to_have_value("Алматы")


def test_kinds_are_switched_on_and_off_and_pages_follow_each_other(office: Office) -> None:
    page = office.visit("viewer", "/exceptions?state=any")
    first = page.locator("tbody th a").evaluate_all("links => links.map(link => link.href)")
    page.click("a[rel=next]")
    second = page.locator("tbody th a").evaluate_all("links => links.map(link => link.href)")
    assert first
    assert second
    assert not set(first) & set(second)
    page.click(".kinds a:has-text('Продано дважды')")
    page.click(".kinds a:has-text('Сумма отличается')")
    expect(page).to_have_url(re.compile("kind=sold-twice&kind=amount-differs"))
    kinds = set(page.locator("tbody th > a").all_inner_texts())
    assert kinds == {"Продано дважды", "Сумма отличается"}


def test_an_address_that_cannot_be_read_is_told_and_the_rest_of_it_counts(office: Office) -> None:
    page = office.visit("viewer", "/exceptions?kind=nonsense&first=31.12.2026&region=ШҚО&page=x")
    expect(page.get_by_role("alert")).to_contain_text("first, kind, page")
    assert all("oskemen" in row for row in page.locator("tbody tr").all_inner_texts())


@pytest.mark.parametrize("form", ["XLSX", "CSV", "JSON"])
def test_an_export_has_exactly_the_cases_of_the_list(office: Office, form: str) -> None:
    page = office.visit("viewer", "/exceptions?kind=sold-not-withdrawn&region=Алматы&state=any&sort=oldest")
    shown = [link.rsplit("/", 1)[1] for link in page.locator("tbody th a").evaluate_all("all => all.map(a => a.href)")]
    content = _downloaded(page, form)
    if form == "XLSX":
        sheet = openpyxl.load_workbook(io.BytesIO(content)).active
        assert sheet is not None
        found = [str(row[0]) for row in sheet.iter_rows(min_row=2, values_only=True)]
    elif form == "CSV":
        assert content.startswith(b"\xef\xbb\xbf")
        found = [row[0] for row in csv.reader(io.StringIO(content.decode("utf-8-sig")), delimiter=";")][1:]
    else:
        found = [str(row["id"]) for row in json.loads(content)["rows"]]
    assert found == shown
    detail = json.loads(_audited(office, "exported")[-1].detail)
    assert detail["format"] == form.lower()
    assert "kind=sold-not-withdrawn" in detail["filter"]


def test_owner_note_and_resolution_are_kept_with_names_and_shown_as_text(office: Office) -> None:
    case = _case(office, state="open", owner="", kind="mark-differs")
    page = office.visit("aigerim", f"/exceptions/{case.id}")
    page.click("form[action$='/owner'] button")
    expect(page.get_by_role("status")).to_contain_text("Ответственный назначен")
    page.fill("#note", hq_chain.HOSTILE)
    page.click("form[action$='/note'] button")
    expect(page.locator("q").first).to_have_text(hq_chain.HOSTILE)
    page.fill("#resolve", "Код в чеке исправлен возвратом")
    page.click("form[action$='/resolve'] button")
    expect(page.locator(".head .badge").nth(1)).to_contain_text("закрыто")
    expect(page.locator(".history")).to_contain_text("Код в чеке исправлен возвратом")
    kept = _case(office, id=case.id)
    assert (kept.state, kept.owner, kept.closed_ns) == ("resolved", "aigerim", hq_chain.NOW_NS)
    assert _audited(office, "resolved")[-1].object == f"exception {case.id}"
    page.click("form[action$='/reopen'] button")
    expect(page.locator(".head .badge").nth(1)).to_contain_text("открыто")


def test_going_back_after_a_change_and_reloading_repeats_nothing(office: Office) -> None:
    case = _case(office, state="open", kind="number-gap")
    page = office.visit("aigerim", f"/exceptions/{case.id}")
    page.fill("#note", "once")
    page.click("form[action$='/note'] button")
    expect(page.locator("q")).to_have_count(1)
    page.reload()
    page.go_back()
    page.reload()
    expect(page.locator("q")).to_have_count(1)


def test_marked_cases_get_an_owner_and_are_resolved_together(office: Office) -> None:
    page = office.visit("aigerim", "/exceptions?kind=clock-drift")
    rows = page.locator("tbody tr").count()
    page.check("[data-all]")
    page.select_option("#bulk-owner", "viewer")
    page.click("button[value=owner]")
    expect(page.get_by_role("status")).to_contain_text(str(rows))
    assert set(page.locator("tbody td:last-child").all_inner_texts()) == {"viewer"}
    page.check("tbody tr:first-child input")
    page.click("button[value=resolve]")
    expect(page.get_by_role("alert")).to_contain_text("Нужна заметка")
    page.go_back()
    page.check("tbody tr:first-child input")
    page.fill("#bulk-note", "time synchronised")
    page.click("button[value=resolve]")
    expect(page.locator("tbody tr")).to_have_count(rows - 1)


def test_a_viewer_sees_no_forms_of_work_and_is_refused_by_name_of_the_role(office: Office) -> None:
    page = office.visit("viewer", f"/exceptions/{_case(office, state='open').id}")
    expect(page.locator("main form")).to_have_count(0)
    for path in ("/accounts", "/audit", "/documents/new?exceptions=1"):
        assert page.goto(path).status == 403  # type: ignore[union-attr]
        expect(page.get_by_role("alert")).to_contain_text("нужна роль")


def test_the_life_of_a_unit_is_found_by_a_code_with_its_tail_and_hostile_goods_are_only_text(office: Office) -> None:
    page = office.visit("viewer", "/unit")
    page.fill("main #code", hq_chain.ki(1) + "hpeGhG12")
    page.click("main form button")
    expect(page.locator(".life")).to_contain_text(hq_chain.HOSTILE)
    assert page.locator(".life .witness").all_inner_texts().count("ОФД") == 1
    times = page.locator(".life th[scope=row]").all_inner_texts()
    assert times == sorted(times)
    expect(page.locator("main ul")).to_contain_text("Продано, не выбыло из оборота")


def test_a_group_separator_typed_by_a_scanner_is_not_lost(office: Office) -> None:
    page = office.visit("viewer", "/unit")
    page.focus("main #code")
    page.keyboard.type("0104870000000104")
    page.keyboard.press("Control+BracketRight")
    page.keyboard.type("91")
    expect(page.locator("main #code")).to_have_value("0104870000000104\u241d91")


def test_a_document_is_prepared_by_one_and_approved_by_an_administrator(office: Office) -> None:
    case = _case(office, state="open", kind="sold-not-withdrawn", cause="still-in-circulation")
    page = office.visit("aigerim", f"/exceptions/{case.id}")
    page.click("a.button")
    page.click("button.main")
    expect(page.get_by_role("status")).to_contain_text("Отправит его только утверждение")
    expect(page.locator("main form")).to_have_count(0)
    expect(page.locator(".note")).to_contain_text("Ждёт утверждения")
    path = page.url.removeprefix(office.url)
    deciding = office.visit("root", path)
    deciding.fill("#why", "checked in the cabinet")
    deciding.click("button.main")
    expect(deciding.get_by_role("status")).to_contain_text("утверждён")
    expect(deciding.locator(".card dl")).to_contain_text("root")
    assert _audited(office, "document-approved")[-1].who == "root"


def test_imports_show_every_refused_row_as_text_and_export_them(office: Office) -> None:
    page = office.visit("viewer", "/imports")
    expect(page.locator("tbody")).to_contain_text(hq_chain.HOSTILE)
    page.click("text=ofd-november.xlsx")
    expect(page.locator("tbody tr")).to_have_count(32)
    expect(page.locator("tbody")).to_contain_text(hq_chain.HOSTILE)
    assert len(json.loads(_downloaded(page, "JSON"))["rows"]) == 32


def test_a_difference_leads_into_the_exceptions_behind_it_and_levels_go_down_to_the_shift(office: Office) -> None:
    page = office.visit("viewer", "/reconciliation")
    page.click("tbody tr:has-text('Алматы') td:nth-child(6) a.differs")
    expect(page).to_have_url(re.compile(r"/exceptions\?region=.*kind=sold-not-withdrawn&kind=withdrawn-not-sold"))
    page.go_back()
    for level in ("Магазин", "Касса", "День", "Смена"):
        page.click("tbody tr:first-child th a")
        expect(page.locator("thead th").first).to_have_text(level)
    expect(page.locator(".crumbs li")).to_have_count(5)


def test_the_trend_is_drawn_and_the_same_numbers_stand_in_a_table(office: Office) -> None:
    page = office.visit("viewer", "/reconciliation")
    expect(page.locator(".chart canvas")).to_be_visible()
    assert page.locator(".chart canvas").evaluate("canvas => canvas.width") > 600
    page.click("summary")
    data = json.loads(page.locator("#trend-data").inner_text() or page.locator("#trend-data").text_content() or "")
    table = page.locator(".trend details tbody tr").first.locator("td").all_inner_texts()
    assert table == [str(line[-1]) for line in data["y"]]


def test_after_signing_out_the_back_button_shows_nothing(office: Office) -> None:
    page = office.visit("viewer", "/exceptions")
    page.click("text=Выйти")
    expect(page.locator("#password")).to_be_visible()
    page.go_back()
    expect(page.locator("#password")).to_be_visible()
    expect(page.locator("tbody")).to_have_count(0)


def test_everything_works_without_scripts(office: Office) -> None:
    page = office.visit("aigerim", "/exceptions?kind=amount-differs", scripts=False)
    page.check("tbody tr:first-child input")
    page.click("button[value=owner]")
    expect(page.get_by_role("status")).to_contain_text("Ответственный назначен")
    page.goto("/reconciliation")
    page.click("summary")
    expect(page.locator(".trend details tbody tr").first).to_be_visible()
    page.goto("/fleet")
    expect(page.locator("noscript meta")).to_have_count(1)


def test_an_administrator_makes_an_account_and_closes_it_again(office: Office) -> None:
    page = office.visit("root", "/accounts")
    page.fill("#new-name", "daniyar")
    page.fill("#new-full", hq_chain.HOSTILE)
    page.fill("#new-password", PASSWORD)
    page.select_option("#new-role", "controller")
    page.click("text=Создать")
    expect(page.get_by_role("status")).to_contain_text("сохранена")
    theirs = office.visit("daniyar")
    page.goto("/accounts")
    page.uncheck("form[action='/accounts/daniyar'] input[name=active]")
    page.click("form[action='/accounts/daniyar'] button")
    expect(page.get_by_role("status")).to_be_visible()
    theirs.goto("/exceptions")
    expect(theirs.locator("#password")).to_be_visible()
    page.goto("/audit?what=account-changed")
    expect(page.locator("tbody tr")).to_have_count(1)
    expect(page.locator("tbody tr")).to_contain_text("daniyar")
