"""What a technician does on these pages, with and without a second press: release, print, ask, let in, send out."""

from __future__ import annotations

import json

import pytest
from it_shop import Desk
from markupsafe import escape

from marking.words import catalogue
from pos_agent.pages.sessions import Role
from scanners.scan import DroppedRead, DropReason

WORDS = catalogue("pos_agent", "it")


def said(key: str, **values: object) -> str:
    """As it stands in a page."""
    return str(escape(WORDS.text(key, "en", **values)))


def paper(desk: Desk) -> str:
    return "\n".join(piece.text for piece in desk.shop.paper.paper.pieces())


def test_a_row_is_released_once_however_often_the_button_is_pressed(desk: Desk) -> None:
    number = desk.shop.delivered_one("unknown key")
    for done in ("released", "not_aside"):
        answer = desk.post(f"/it/queue/{number}/release", sure="yes")
        assert (answer.status_code, answer.headers["location"]) == (303, f"/it/queue?done={done}")
        assert said(f"done.{done}") in desk.get(answer.headers["location"]).text
    assert desk.shop.rows("released") == [{"number": number}]
    assert desk.shop.agent.queue.set_aside_rows() == []


def test_a_row_there_never_was_gives_a_page(desk: Desk) -> None:
    for number in (0, 4_000):
        answer = desk.post(f"/it/queue/{number}/release", sure="yes")
        assert answer.status_code == 404
        assert said("next.gone") in answer.text


def test_a_row_that_waits_for_another_offers_no_button(desk: Desk) -> None:
    number = desk.shop.delivered_one("unknown key")
    desk.shop.agent.queue.set_aside(number - 1, f"held behind row {number}")
    text = desk.get("/it/queue").text
    assert f"/it/queue/{number}/release" in text
    assert f"/it/queue/{number - 1}/release" not in text
    assert said("queue.by_itself") in text


def test_failed_tries_are_listed_with_what_the_line_said(desk: Desk) -> None:
    desk.shop.tried()
    rows = desk.get("/it/export/attempts.json").json()["rows"]
    assert [row["state"] for row in rows] == ["waiting"] * 3
    assert all("ConnectError" in row["text"] for row in rows)
    assert rows[0]["at"] > rows[-1]["at"]


def test_a_test_page_is_printed_once_and_says_that_it_is_no_receipt(desk: Desk) -> None:
    for _ in range(2):
        answer = desk.post("/it/register/test-print", ticket="one", sure="yes")
    assert answer.headers["location"] == "/it/register?done=already"
    assert paper(desk).count("НЕ ЧЕК") == 2  # At both ends of one page.
    assert "Ә Ғ Қ Ң Ө Ұ Ү Һ І" in paper(desk)
    assert desk.shop.rows("printed") == []
    desk.post("/it/register/test-print", ticket="two", sure="yes")
    assert paper(desk).count("НЕ ЧЕК") == 4


def test_without_a_printer_of_the_agent_the_page_says_so(plain: Desk) -> None:
    answer = plain.post("/it/register/test-print", ticket="one", sure="yes")
    assert answer.status_code >= 400
    assert said("next.printer") in answer.text


def test_the_register_is_asked_now_and_its_x_report_closes_nothing(desk: Desk) -> None:
    desk.shop.sold()
    total = int(desk.shop.receipts()[0].total)
    before = desk.shop.agent.journal.head()
    asked = desk.post("/it/register/look").text
    assert desk.shop.agent.journal.head() == before
    assert "SWK00000001" in asked
    assert said("word.answers") in asked
    report = desk.post("/it/register/x-report", sure="yes").text
    assert f"{total:,}".replace(",", "\u00a0") in report
    shift = desk.shop.agent.till.open_shift()
    assert shift is not None


def test_a_register_that_cannot_be_reached_is_told_on_every_way_to_it(desk: Desk) -> None:
    desk.shop.register.link_down = True
    asked = desk.post("/it/register/look")
    assert asked.status_code == 200
    assert said("word.silent") in asked.text
    assert said("trouble.register.silent.fix") in desk.get("/it").text
    report = desk.post("/it/register/x-report", sure="yes")
    assert said("next.register") in report.text
    assert "R-202" in report.text


def test_a_document_in_doubt_stands_beside_what_the_register_shows(desk: Desk) -> None:
    desk.shop.doubted()
    text = desk.get("/it/register").text
    assert said("register.doubts_how") in text
    assert said("doubt.person") in text
    assert said("doubt.ours") in text
    assert said("doubt.registers") in text
    assert "IN_DOUBT" in {row["state"] for row in desk.get("/it/export/documents.json").json()["rows"]}
    (trouble,) = [row for row in desk.get("/it/export/troubles.json").json()["rows"] if row["id"].startswith("doubt.")]
    assert (trouble["id"], trouble["severity"]) == ("doubt.person", "failure")


def test_a_code_of_the_page_lets_one_browser_in_and_the_page_sends_it_out(desk: Desk) -> None:
    text = desk.post("/it/pages/code", name="Касса 2", role="till").text
    code = "".join(text.partition('big-code">')[2].partition("<")[0].split())
    token, session = desk.shop.agent.sessions.redeem(code)
    assert (session.name, session.role) == ("Касса 2", Role.TILL)
    assert "Касса 2" in desk.get("/it/pages").text
    for done in ("revoked", "nobody"):
        answer = desk.post("/it/pages/revoke", client=session.client, sure="yes")
        assert answer.headers["location"] == f"/it/pages?done={done}"
    assert desk.shop.agent.sessions.find(token) is None


def test_one_browser_of_two_with_one_name_is_sent_out(desk: Desk) -> None:
    first, second = desk.shop.cookie(name="Касса"), desk.shop.cookie(name="Касса")
    client = desk.shop.agent.sessions.find(first)
    assert client is not None
    desk.post("/it/pages/revoke", client=client.client, sure="yes")
    assert desk.shop.agent.sessions.find(first) is None
    assert desk.shop.agent.sessions.find(second) is not None


def test_a_scan_test_is_seen_by_the_till_and_streams_what_is_read(desk: Desk) -> None:
    shop = desk.shop
    assert desk.post("/it/devices/test/start").headers["location"].endswith("done=test_started")
    assert desk.post("/it/devices/test/start").headers["location"].endswith("done=test_on")
    assert desk.http.get("/v1/status").json()["scan_test"]["by"] == "test"
    assert said("frame.testing", by="test") in desk.get("/it").text
    mark = shop.unit()
    shop.agent.intake.feed(shop.frame(f"]d2{mark.text}", device="counter"))
    with desk.http.stream("GET", "/it/devices/test/events") as stream:
        lines = stream.iter_lines()
        assert next(lines) == "event: read"
        html = json.loads(next(lines).removeprefix("data: "))["html"]
        assert "1D" in html
        assert "GS1 Data Matrix" in html
        assert mark.product.name_ru in html or mark.product.name_kk in html
    ended = wait_for_row(desk, "scan_test_ended")
    assert ended["why"] == "left"
    assert desk.http.get("/v1/status").json()["scan_test"] is None
    assert desk.post("/it/devices/test/stop").headers["location"].endswith("done=test_off")


def wait_for_row(desk: Desk, kind: str) -> dict[str, object]:
    """The stream of events tells it as soon as it is there."""
    with desk.http.stream("GET", "/v1/events?after=0") as stream:
        for line in stream.iter_lines():
            if line.startswith("data:") and json.loads(line[5:])["kind"] == kind:
                body: dict[str, object] = json.loads(line[5:])["body"]
                return body
    raise AssertionError(kind)


def test_the_check_part_of_a_pasted_code_shows_only_during_a_test(desk: Desk) -> None:
    code = "0104870000000128213hB?7tR[GS]93aB9+"
    off = desk.post("/it/devices/test/code", code=code).text
    assert "aB9+" not in off
    assert "61 42 39 2B" not in off
    assert said("read.hidden", n=4) in off
    assert "SHORT-7" in off
    desk.post("/it/devices/test/start")
    on = desk.post("/it/devices/test/code", code=code).text
    assert "<code>aB9+</code>" in on


@pytest.mark.parametrize(
    ("code", "word"),
    [
        ("0104870000000128213hB?7tR93aB9+", "word.repair.D1"),
        ("0104870000000129213hB?7tR\u241d93aB9+", "word.fault.check_digit"),
        ("0104870000000128213hB?7tR", "word.fault.tail_missing"),
    ],
)
def test_a_pasted_code_tells_what_was_mended_or_where_it_is_wrong(calm: Desk, code: str, word: str) -> None:
    assert said(word) in calm.post("/it/devices/test/code", code=code).text


def test_reads_that_were_dropped_are_shown_with_their_reason(desk: Desk) -> None:
    desk.post("/it/devices/test/start")
    desk.shop.agent.intake.feed(DroppedRead(desk.shop.frame("4870249811936"), DropReason.DUPLICATE))
    assert said("word.duplicate") in desk.get("/it/devices/test").text
