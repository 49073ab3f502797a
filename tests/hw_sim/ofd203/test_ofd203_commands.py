"""The other commands, the switches at the operator's side, the journal a person reads, the page behind the QR."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest
from ofd203_till import (
    AUTH,
    CLOSE_SHIFT,
    INFO,
    MARK,
    MONEY,
    NOMENCLATURE,
    REG_INFO,
    SYSTEM,
    TICKET,
    Clock,
    Till,
    close_shift,
    money_placement,
    ticket,
    till,
)

from hw_sim.exchange import SimRequest
from hw_sim.ofd import Ofd
from hw_sim.ofd203 import Catalogue, Clerk


def test_system_tells_only_what_it_is_asked_for(shop: Till) -> None:
    assert "service" not in shop.ask(SYSTEM).message
    service = shop.ask(SYSTEM, service={"get_reg_info": True}).message["service"]
    assert set(service) == {"reg_info"}
    service = shop.ask(SYSTEM, service={"get_binded_taxation": True}).message["service"]
    assert service["binded_taxation"]["taxation_type"] == 101


def test_texts_for_receipts_come_when_their_version_is_new(shop: Till) -> None:
    have = [{"type": 0, "version": 1}, {"type": 4, "version": 0}, {"type": 1, "version": 9}]
    service = shop.ask(SYSTEM, service={"ticket_ad_infos": have}).message["service"]
    assert [row["info"] for row in service["ticket_ads"]] == [{"type": 4, "version": 1}]
    have = [{"type": 0, "version": 1}, {"type": 4, "version": 1}]
    assert "service" not in shop.ask(TICKET, ticket(), service={"ticket_ad_infos": have}).message


def test_the_catalogue_by_version_and_by_barcode(shop: Till) -> None:
    def asked(**body: Any) -> dict[str, Any]:
        answer = shop.ask(NOMENCLATURE, body)
        assert answer.code == 0
        return dict(answer.message["nomenclature"])

    whole = asked(current_version=0)
    assert (whole["result"], whole["version"], len(whole["elements"])) == (0, 3, 3)
    assert asked(current_version=3) == {"version": 3, "result": 1}
    one = asked(barcode="4870249811936")["elements"]
    assert [(row["title"], row["title_kk"], row["item"]["is_markedeac"]) for row in one] == [
        ("Сигареты", "Темекі", True)
    ]
    assert one[0]["item"]["ntin"] == "0200091530572" and one[0]["item"]["sell_price"] == {"bills": 900, "coins": 0}
    assert asked(barcode="1") == {"version": 3, "result": 3}
    assert shop.ask(NOMENCLATURE, {}).code == 13
    bare = till(catalogue=Catalogue((), 0))
    assert bare.ask(NOMENCLATURE, {"current_version": 0}).message["nomenclature"]["result"] == 2


def test_a_cashier_is_known_by_login_and_password() -> None:
    shop = till(clerks={"aigul": Clerk("secret", 7, "Айгүл", (1, 2))})
    right = shop.ask(AUTH, {"login": "aigul", "password": "secret"})
    assert right.message["auth"] == {"result": 0, "operator_code": 7, "operator_name": "Айгүл", "roles": [1, 2]}
    for login, password in (("aigul", "x"), ("x", "secret")):
        wrong = shop.ask(AUTH, {"login": login, "password": password})
        assert (wrong.code, wrong.message["auth"]) == (0, {"result": 1})


def test_a_blocked_register_is_told_why_until_it_is_released(shop: Till) -> None:
    shop.console("block Салық берешегі / Долг по налогам")
    blocked = [
        shop.ask(TICKET, ticket()),
        shop.ask(MONEY, money_placement(100)),
        shop.ask(CLOSE_SHIFT, close_shift()),
        shop.ask(INFO),
        shop.ask(SYSTEM, service={"reg_info": REG_INFO}),
    ]
    for answer in blocked:
        assert answer.code == 15
        (text,) = answer.message["service"]["ticket_ads"]
        assert text == {"info": {"type": 4, "version": 2}, "text": "Салық берешегі / Долг по налогам"}
    shop.console("unblock")
    assert shop.ask(SYSTEM).code == 0
    assert shop.ask(TICKET, ticket()).code == 0
    assert shop.documents() == ["sale 900"]


def test_a_repeat_of_what_was_taken_before_the_block_is_still_answered(shop: Till) -> None:
    with shop.fault("answer_lost"):
        shop.try_ask(TICKET, ticket())
    shop.console("block")
    again = shop.again()
    assert again is not None and again.code == 0


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("shift_age 1", "shift_age: no shift is open"),
        ("unknown maybe", "unknown: on or off"),
        ("clock", "usage: clock SECONDS"),
        ("rule order_checked", "usage: rule [NAME VALUE]"),
        ("rule nonsense on", "rule: no rule 'nonsense'"),
        ("clock 60", "the operator's clock says 2026-07-15 09:01:00"),
    ],
)
def test_a_switch_says_what_it_did_or_why_not(shop: Till, line: str, said: str) -> None:
    assert shop.console(line).startswith(said)


def test_the_state_of_the_register_can_be_looked_at(shop: Till) -> None:
    shop.ask(TICKET, ticket())
    assert json.loads(shop.console("device")) == {
        "id": 203001,
        "token": "12345679",
        "known": True,
        "blocked": False,
        "last_reqnum": 101,
        "last_token": "12345678",
        "shift": 1,
        "cash_tiyn": 90_000,
        "report_differences": [],
    }
    assert "block" in shop.console("help") and "shift_age" in shop.console("help")


def test_the_greeting_says_what_to_configure(shop: Till) -> None:
    what, token, cashiers = shop.simulated.greeting
    assert "ID 203001" in what and "305419896 (12345678h)" in token and "kassir / kassir" in cashiers
    reach = shop.simulated.reach
    case = shop.simulated.memory.identity
    assert reach.url("tcp", "127.0.0.1:7777", {"store": "/var/lib/a b.sqlite"}) == (
        f"ofd+tcp://127.0.0.1:7777?id=203001&serial={case.serial}&rnm={case.registration_number}"
        f"&xin={case.taxpayer_xin}&qr=http://consumer.test-oofd.kz&store=/var/lib/a%20b.sqlite"
    )
    assert reach.secrets == {"ofd_token": "305419896"} and list(reach.files) == ["store"] and reach.test_only
    assert shop.simulated.family == "ofd203"


JOURNAL = """\
04:00:00.000 > TICKET   {request}
    version 203  id 203001  token 12345678  reqnum 101
    command: COMMAND_TICKET
    ticket:
        operation: OPERATION_SELL
        date_time: 2026-07-15 09:30:00
        operator:
            code: 1
        domain:
            type: DOMAIN_TRADING
        items:
            type: ITEM_TYPE_COMMODITY
            commodity:
                name: 'Cig'
                section_code: '1'
                quantity: 1000
                price: 900.00
                sum: 900.00
                taxes:
                    tax_type: 100
                    percent: 16000
                    sum: 124.14
                    is_in_total_sum: true
                measure_unit_code: '796'
                list_excise_stamp: '04870249811936t1Xrb-xQWhpeGhG'
        payments:
            type: PAYMENT_CASH
            sum: 900.00
        amounts:
            total: 900.00
            taken: 900.00
            change: 0.00
04:00:00.000 < TICKET   {answer}
    version 203  id 203001  token 12345679  reqnum 101
    command: COMMAND_TICKET
    result:
        result_code: 0
    ticket:
        ticket_number: '4228143550'
        qr_code: 'http://consumer.test-oofd.kz?i=4228143550&f=010100000001&s=900.00&t=20260715T093000'"""


def test_the_journal_can_be_read_by_a_person() -> None:
    shop = till(service_required=(), signs=lambda: "4228143550")
    shop.service = {}
    shop.ask(TICKET, ticket())
    answer = shop.heard(shop.sent)
    expected = JOURNAL.format(request=shop.sent.hex(" ").upper(), answer=answer.hex(" ").upper())
    assert "\n".join(note.text() for note in shop.simulated.machine.frames).startswith(expected)
    assert "\n    command: COMMAND_TICKET\n" in shop.console("frames")
    assert "! retry" in shop.console("frames 2") and "the stored answer" in shop.console("frames 2")


def test_the_journal_names_what_could_not_be_read(shop: Till) -> None:
    frame = shop.frame(SYSTEM)
    shop.heard(frame[:18] + b"\xff" * (len(frame) - 18))
    shop.heard(b"GET / HTTP/1.1\r\n\r\n")
    journal = shop.console("frames")
    assert "a number of more than ten bytes" in journal and "APPCODE 4547" in journal


def test_every_fiscal_sign_is_another_one(shop: Till) -> None:
    signs = {shop.ask(TICKET, ticket()).sign for _ in range(5)}
    assert len(signs) == 5 and all(len(sign) == 10 for sign in signs)


class Registry:
    """The traceability system: it notes which marks arrived."""

    def __init__(self) -> None:
        self.marks: list[str] = []

    def receive_mark(self, mark: str, *_rest: object) -> None:
        self.marks.append(mark)


def test_a_receipt_reaches_the_public_page_and_its_marks_the_traceability_system() -> None:
    registry, clock = Registry(), Clock()
    public = Ofd(clock, random.Random(3), registry, signs=lambda: "1234567890")
    shop = till(public=public, receipt_page="http://127.0.0.1/")
    shop.clock.sleep(1800)
    clock.sleep(1800)
    answer = shop.ask(TICKET, ticket())
    qr = answer.message["ticket"]["qr_code"].decode()
    assert qr == "http://127.0.0.1/?i=1234567890&f=010100000001&s=900.00&t=20260715T093000"
    page = public.handle(SimRequest("GET", "/api/tickets/get-by-url?" + qr.partition("?")[2]))
    assert page.status == 200 and json.loads(page.body)["sign"] == answer.sign
    assert registry.marks == [MARK]
