"""Every page and every file: complete in three languages, safe whatever devices and people wrote, never a dead end."""

from __future__ import annotations

import csv
import io
import json
import re
from pathlib import Path

import pysqlite3
import pytest
from it_shop import HOSTILE, Desk
from markupsafe import escape

import pos_agent.pages
from marking.words import LANGUAGES, MissingWords, catalogue
from pos_agent.pages.it.looks import LISTS
from pos_agent.troubles import IDS

ROOM = Path(pos_agent.pages.__file__).parent
PAGES = ("", "/devices", "/devices/test", "/register", "/cache", "/queue", "/settings", "/log", "/pages")
WORDS = catalogue("pos_agent", "it")


def said(key: str, **values: object) -> str:
    """As it stands in a page."""
    return str(escape(WORDS.text(key, "en", **values)))


def rows_of(desk: Desk, name: str, query: str = "") -> list[dict[str, object]]:
    found: list[dict[str, object]] = desk.get(f"/it/export/{name}.json{query}").json()["rows"]
    return found


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_page_answers_in_the_readers_language(troubled: Desk, lang: str) -> None:
    for path in PAGES:
        answer = troubled.get(f"/it{path}", lang)
        assert answer.status_code == 200, path
        assert answer.text.count("<h1") == 1
        assert f'<html lang="{lang}">' in answer.text
        assert 'aria-current="page"' in answer.text
        assert "<style" not in answer.text
        assert not re.search(r"<script(?! type=\"module\" src=)|\son\w+=(?!alert)|style=\"", answer.text)


def test_every_word_a_page_or_column_asks_for_is_there() -> None:
    asked = {f"trouble.{one}{end}" for one in IDS for end in ("", ".fix")}
    for path in (*ROOM.glob("templates/it/*.html"), *ROOM.glob("it/*.py")):
        written = path.read_text(encoding="utf-8")
        asked |= set(re.findall(r'\bt\("([a-z_]+\.[\w.]+)"[,)]', written))
        asked |= {f"col.{name}" for name in re.findall(r'Col\(\s*"(\w+)"', written)}
    assert len(asked) > 250
    missing = []
    for key in sorted(asked):
        try:
            WORDS.texts(key)
        except MissingWords:
            missing.append(key)
        except KeyError:
            continue  # It wants a value.
    assert missing == []


def test_red_stands_before_amber_and_each_trouble_says_what_to_do(troubled: Desk) -> None:
    text = troubled.get("/it").text
    kinds = re.findall(r'<li class="(bad|look)">', text)
    assert kinds == sorted(kinds)
    ids = re.findall(r'class="id"><code>([\w.]+)<', text)
    assert ids == [row["id"] for row in rows_of(troubled, "troubles")]
    assert {"scanner.offline", "queue.old", "registry.overdue", "queue.set_aside"} <= set(ids)
    for one in ids:
        assert said(f"trouble.{one}.fix") in text


@pytest.mark.parametrize("name", LISTS)
def test_every_list_comes_as_csv_for_spreadsheets_and_as_json(troubled: Desk, name: str) -> None:
    table = troubled.get(f"/it/export/{name}.csv", "ru")
    assert table.content.startswith(b"\xef\xbb\xbf")
    assert f"{name}-" in table.headers["content-disposition"]
    lines = list(csv.reader(io.StringIO(table.text.removeprefix("\ufeff")), delimiter=";"))
    plain = troubled.get(f"/it/export/{name}.json", "ru").json()
    assert lines[0] == [column["title"] for column in plain["columns"]]
    assert len(lines) - 1 == len(plain["rows"])


def test_a_name_that_a_spreadsheet_would_run_is_guarded(desk: Desk) -> None:
    desk.shop.cookie(name='=HYPERLINK("http://evil.kz")')
    text = desk.get("/it/export/browsers.csv").text
    assert "'=HYPERLINK" in text
    assert "\"'=HYPERLINK" in text or ";'=HYPERLINK" in text


def test_markup_in_names_and_answers_is_only_text(desk: Desk) -> None:
    shop = desk.shop
    shop.cookie(name=HOSTILE[:40])
    shop.delivered_one(HOSTILE)
    shop.health_text("hand", HOSTILE)
    number = shop.hostile_goods()
    answers = [desk.get(f"/it{path}").text for path in PAGES]
    answers.append(desk.post("/it/cache", code=number).text)
    answers.append(desk.post("/it/devices/test/code", code=f"<b>{HOSTILE}").text)
    answers.append(desk.post("/it/pages/code", name=HOSTILE[:40]).text)
    answers.append(desk.get(f"/it?done={HOSTILE}").text)
    answers.append(desk.get(f"/it/settings?section={HOSTILE}").text)
    assert sum("&lt;img" in text for text in answers) >= 6
    assert [text for text in answers if "<img" in text or 'onerror=alert(1)>"' in text] == []
    assert all("49" not in re.findall(r"&lt;img[^<]*", text) for text in answers)


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/it/nowhere", 404),
        ("/it/devices/nobody", 404),
        ("/it/export/nothing.csv", 404),
        ("/it/export/scanners.exe", 404),
        ("/it/export/%00.csv", 404),
        ("/it/queue/1/release", 405),
    ],
)
def test_an_address_that_leads_nowhere_gives_a_page_that_says_where_to_go(calm: Desk, path: str, status: int) -> None:
    answer = calm.get(path)
    assert answer.status_code == status
    assert said("next.gone") in answer.text
    assert 'href="/it"' in answer.text
    assert calm.http.get(path, headers={"Accept": "application/json"}).json()["code"] in ("P-408", "P-410")


@pytest.mark.parametrize(
    ("path", "form"),
    [
        ("/it/queue/5/release", {}),
        ("/it/queue/5/release", {"sure": "no"}),
        ("/it/queue/abc/release", {"sure": "yes"}),
        ("/it/queue/-1/release", {"sure": "yes"}),
        ("/it/queue/99999999999999999999/release", {"sure": "yes"}),
        ("/it/register/test-print", {"ticket": "x" * 65, "sure": "yes"}),
        ("/it/register/test-print", {"ticket": "x"}),
        ("/it/register/x-report", {"sure": "x" * 9}),
        ("/it/pages/code", {}),
        ("/it/pages/code", {"name": "x" * 41}),
        ("/it/pages/code", {"name": "a\x00b"}),
        ("/it/pages/code", {"name": "x", "role": "king"}),
        ("/it/pages/revoke", {"client": "x" * 41, "sure": "yes"}),
        ("/it/devices/test/code", {"code": "x" * 4_097}),
        ("/it/devices/test/code", {"code": "x", "source": "moon"}),
        ("/it/cache", {"code": "x" * 4_097}),
    ],
)
def test_bad_input_changes_nothing_and_says_what_is_wrong(calm: Desk, path: str, form: dict[str, str]) -> None:
    before = calm.shop.agent.journal.head()
    answer = calm.post(path, **form)
    assert answer.status_code == 422
    assert said("next.again") in answer.text
    assert calm.shop.agent.journal.head() == before


@pytest.mark.parametrize("code", ["", " ", "\x00", "\x1d", "<b>", "0" * 4_096, "\ud7ff\U0001f600", "é", "[GS]", "%s{}"])
def test_any_text_can_be_looked_up_and_taken_apart(troubled: Desk, code: str) -> None:
    for path in ("/it/cache", "/it/devices/test/code"):
        assert troubled.post(path, code=code).status_code == 200


def test_a_till_without_anything_says_what_to_do_first(plain: Desk) -> None:
    with plain.shop.agent.cache.writing() as connection:
        connection.exec_driver_sql("DELETE FROM product")
        connection.exec_driver_sql("DELETE FROM code_status")
    wanted = {
        "": ("trouble.cache.empty.fix", "trouble.scanner.none.fix", "trouble.register.unknown.fix"),
        "/devices": ("devices.no_scanners", "devices.no_printer"),
        "/devices/test": ("test.no_scanners",),
        "/register": ("register.no_documents", "register.print_no"),
        "/cache": ("cache.none",),
        "/queue": ("queue.no_headquarters", "queue.no_aside", "queue.no_registry", "queue.no_withdrawals"),
        "/log": ("log.none",),
        "/pages": ("pages.none",),
    }
    for path, keys in wanted.items():
        answer = plain.get(f"/it{path}")
        assert [key for key in keys if said(key) not in answer.text] == [], path


def test_a_cache_that_cannot_be_read_is_told_and_the_other_pages_work(desk: Desk) -> None:
    with desk.shop.agent.cache.writing() as connection:
        for table in ("product", "code_status", "facts"):
            connection.exec_driver_sql(f"DROP TABLE {table}")
    assert "cache.unusable" in desk.get("/it").text
    for path in PAGES:
        assert desk.get(f"/it{path}").status_code == 200, path
    fix = said("trouble.cache.unusable.fix")
    assert fix in desk.get("/it/cache").text
    assert fix in desk.post("/it/cache", code="4870249811936").text
    code = desk.post("/it/devices/test/code", code=desk.shop.unit().text)
    assert said("read.no_verdict") in code.text
    assert desk.get("/it/export/groups.csv").status_code == 503


def test_a_journal_that_cannot_be_read_is_told_and_no_page_breaks(plain: Desk) -> None:
    vandal = pysqlite3.connect(str(plain.shop.folder / "journal.sqlite"))
    for table in ("withdrawal", "document", "delivery", "set_aside", "shift"):
        vandal.execute(f"DROP TABLE {table}")
    vandal.commit()
    vandal.close()
    text = plain.get("/it").text
    assert said("trouble.journal") in text
    assert said("trouble.journal.fix") in text
    answers = {path: plain.get(f"/it{path}").status_code for path in PAGES}
    assert {path for path, status in answers.items() if status != 200} == {"/register", "/queue"}
    assert plain.get("/it/queue").status_code == 503
    assert said("next.log") in plain.get("/it/queue").text
    assert plain.http.get("/v1/status").json()["code"] == "S-302"


def test_filters_live_in_the_address_and_hold_for_the_file_too(troubled: Desk) -> None:
    kinds = {row["kind"] for row in rows_of(troubled, "documents", "?kind=sale_return")}
    assert kinds == {"sale_return"}
    page = troubled.get("/it/register?kind=sale_return&state=MADE").text
    assert '<option value="sale_return" selected>' in page
    assert "/it/export/documents.csv?kind=sale_return&amp;state=MADE" in page
    assert rows_of(troubled, "documents", "?state=REFUSED") == []
    everything = len(rows_of(troubled, "withdrawals"))
    assert 0 < len(rows_of(troubled, "withdrawals", "?older=3")) < everything
    assert len(rows_of(troubled, "withdrawals", "?older=x")) == everything
    assert {row["origin"] for row in rows_of(troubled, "settings", "?origin=environment")} == {"environment"}
    assert {row["level"] for row in rows_of(troubled, "log", "?level=WARNING")} <= {"WARNING"}


def test_documents_show_number_sum_sign_and_what_became_of_the_paper(troubled: Desk) -> None:
    (returned,) = rows_of(troubled, "documents", "?kind=sale_return")
    (document,) = [one for one in troubled.shop.receipts() if "RETURN" in one.operation.name]
    assert (returned["sum"], returned["state"]) == (document.total * 100, "MADE")
    assert (returned["recovered"], returned["printed"]) == (False, "ok")
    assert str(returned["sign"]) in troubled.get("/it/register").text


def test_settings_show_where_each_value_comes_from_and_no_secret(troubled: Desk) -> None:
    rows = {row["key"]: row for row in rows_of(troubled, "settings")}
    assert rows["scan.join_ms"]["variable"] == "POS_AGENT__SCAN__JOIN_MS"
    assert rows["sync.token"]["value"] == '"env:DEMO_HQ_TOKEN"'
    assert rows["policy.offline.max_age_h"]["origin"] == "default"
    text = troubled.get("/it/settings").text
    assert "/etc/pos-agent/agent.toml" in text
    assert "demo-till-token" not in text


def test_a_known_number_and_a_known_code_are_found_with_their_age(troubled: Desk) -> None:
    goods = troubled.shop.sim.shop.products[0]
    assert goods.name_ru in troubled.post("/it/cache", "ru", code=goods.gtin).text
    mark = troubled.shop.unit()
    text = troubled.post("/it/cache", "ru", code=mark.text).text
    assert "в обороте" in text
    assert mark.text.partition("\x1d")[2].split("\x1d")[-1][2:] not in text  # The check part stays out of pages.


def test_groups_and_imports_of_the_cache_add_up(troubled: Desk) -> None:
    counts = troubled.shop.agent.cache.counts()
    groups = rows_of(troubled, "groups")
    assert sum(int(str(row["products"])) for row in groups) == counts.products
    assert sum(int(str(row["codes"])) for row in groups) == counts.statuses
    assert sum(int(str(row["codes"])) for row in rows_of(troubled, "statuses")) == counts.statuses
    assert sum(int(str(row["products"])) for row in rows_of(troubled, "imports")) == counts.products


def test_the_newest_warnings_are_shown_with_version_and_platform(troubled: Desk) -> None:
    text = troubled.get("/it/log").text
    assert "no such port: /dev/ttyUSB7" in text
    assert all(word in text for word in ("SQLite", "Python", "0.1.0"))


def test_scanners_show_health_and_how_much_they_read(troubled: Desk) -> None:
    rows = {row["device"]: row for row in rows_of(troubled, "scanners")}
    assert (rows["counter"]["health"], rows["counter"]["judged"]) == ("online", 2)
    assert (rows["hand"]["health"], rows["hand"]["text"]) == ("offline", "no such port: /dev/ttyUSB7")
    assert rows["counter"]["url"] == "serial://usb/05e0:1701?serial=S123"


def test_a_page_of_store_it_is_not_for_the_till_and_json_is_for_programs(calm: Desk) -> None:
    assert calm.http.get("/it/nowhere").headers["content-type"] == "application/problem+json"
    assert json.loads(calm.http.post("/it/pages/code", data={}).text)["code"] == "P-407"
