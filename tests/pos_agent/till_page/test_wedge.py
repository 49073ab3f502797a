"""A keyboard scanner at the page: read by the place of its keys and told from a person by its pace."""

from __future__ import annotations

import json
from base64 import b64decode
from typing import Any

import pytest
from playwright.sync_api import expect

from .conftest import Room, TillPage

CODE = "0104870000000104213kZ7q_W<2hT9m\x1d91KZF1\x1d92Ne2o3IgVFwgEjNZm+TcpPw9CoQ84AyCgeJbl/O4zYNw="
TORN_MS = 5_000
TRIES = 12
PACK = "04870000000135kR4_vZ8AbCd9xYz"


def _read(till: TillPage) -> bytes:
    rows = [row for row in till.counter.agent.journal.rows_after(0, 10**6) if row.kind == "scan_judged"]
    return b64decode(json.loads(rows[-1].body)["data"])


@pytest.mark.parametrize(
    "how",
    [
        {"layout": "ru"},
        {"layout": "kz"},
        {"layout": "ru", "caps": True},
        {"caps": True},
        {"layout": "kazrus", "gs": "alt"},
        {"gs": "alt"},
        {"end": "Tab"},
        {"end": ""},
        {"gap_ms": 45},
        {"gap_ms": 90},
    ],
    ids=lambda how: "-".join(f"{name}-{value}" for name, value in how.items()),
)
def test_a_code_arrives_byte_for_byte(till: TillPage, how: dict[str, Any]) -> None:
    till.scan(CODE, "bad", **how)
    assert _read(till) == CODE.encode()


def test_a_scan_cut_by_enter_in_the_place_of_gs_is_one(till: TillPage) -> None:
    head, tail = till.counter.mark_of("SHORT-7").text.split("\x1d")
    till.scan(f"{head}\r{tail}")
    till.lines(1)
    assert _read(till) == f"{head}\r{tail}".encode()


def _came_whole(till: TillPage, text: str) -> bool:
    """A scan of events of the browser itself, which would type and press; a machine that stands still tears it."""
    till.press("F2")
    expect(till.at("#manual-number")).to_be_focused()
    before = till.at("body").get_attribute("data-verdicts") or ""
    till.keys.scan(text, trusted=True)
    try:
        expect(till.at("body")).not_to_have_attribute("data-verdicts", before, timeout=TORN_MS)
    except AssertionError:
        return False
    return _read(till) == text.encode()


def test_a_scan_types_nothing_presses_nothing_and_confirms_nothing(room: Room) -> None:
    text = room.counter.mark_of("PACK29").text
    for _ in range(TRIES):
        till = room.page()
        if _came_whole(till, text):
            break
        room.close()
        room.counter.forget_open()
    else:
        pytest.fail("torn each time")
    expect(till.at("#manual")).to_be_hidden()
    assert till.at("#manual-number").input_value() == ""
    till.lines(1)
    before = till.counter.receipts()
    till.press("F3")
    expect(till.at("#pay-cash")).to_be_focused()
    till.keys.scan(PACK)
    expect(till.at("#pay-cash")).to_have_value("")
    till.press("Escape")
    till.tone("bad")
    assert till.counter.receipts() == before


def test_a_person_types_names_in_any_layout_and_numbers_by_the_place_of_the_key(till: TillPage) -> None:
    till.scan(till.counter.unit().text)
    till.press("F3")
    expect(till.at("#pay-cash")).to_be_focused()
    for char in "500":
        till.keys.scan(char, layout="kz", end="")  # The digit row of this layout types letters.
        till.page.wait_for_timeout(120)
    expect(till.at("#pay-cash")).to_have_value("500")
    till.press("Escape")
    till.scan(till.counter.gtin_of("beer")[1:], "look")
    till.keys.enter()
    for char in "Fquekm":
        till.keys.scan(char, layout="ru", end="")
        till.page.wait_for_timeout(120)
    expect(till.at("#ask-by")).to_have_value("Айгуль")


PACE = """async runs => {
  const { Wedge } = await import("/static/till/wedge.js");
  return runs.map(events => {
    const told = [];
    const wedge = new Wedge({
      scan: (text, meta) => told.push(["scan", text, Boolean(meta.slow)]),
      typed: keys => told.push(["typed", keys.map(key => key.key).join("")]),
      enter: () => told.push(["enter"]),
    });
    for (const [what, code, at] of events) {
      const key = { code, key: code.replace(/^(Key|Digit)/, "").toLowerCase(), at, repeat: what === "repeat",
        shiftKey: false, ctrlKey: false, altKey: false, metaKey: false };
      if (what === "up") wedge.up(key); else if (what === "tick") wedge.tick(at); else wedge.down(key);
    }
    return told;
  });
}"""


def _paced(text: str, gap_ms: float, from_ms: float = 0) -> list[list[Any]]:
    return [["down", f"Digit{char}", from_ms + index * gap_ms] for index, char in enumerate(text)]


def test_the_pace_tells_a_scanner_from_a_person(till: TillPage) -> None:
    enter = [["down", "Enter", 2_000.0], ["up", "Enter", 2_080.0]]
    quick = [["down", "Enter", 2_000.0], ["up", "Enter", 2_008.0]]
    code, scan = "0104870000000128215555", ["scan", "40123455", False]
    runs: list[tuple[list[list[Any]], list[list[Any]]]] = [
        ([*_paced("40123455", 5), ["down", "Enter", 42], ["up", "Enter", 47]], [scan]),
        ([*_paced("40123455", 5), ["tick", "", 100], ["tick", "", 140]], [scan]),
        # A quick typist: pairs of keys overlap, but never six of them in a row.
        (
            [*_paced("123", 40), ["tick", "", 131], *_paced("456", 40, 400), ["tick", "", 531]],
            [["typed", "123"], ["typed", "456"]],
        ),
        ([*_paced("12345678", 110), ["tick", "", 900], *enter], [*[["typed", char] for char in "12345678"], ["enter"]]),
        (enter, [["enter"]]),
        (quick, []),
        # Enter on the heels of a scan is its suffix, however long it is held.
        ([*_paced("40123455", 5), ["tick", "", 140], ["down", "Enter", 300], ["up", "Enter", 390]], [scan]),
        # A slow scanner shows by the shape of a marking code.
        ([*_paced(code, 80), ["down", "Enter", 1_760]], [*[["typed", char] for char in code], ["scan", code, True]]),
        # A key held down repeats as fast as a scanner and is none.
        ([["repeat", "Digit1", 30.0 * count] for count in range(10)], [["typed", "1"]] * 10),
        ([["down", "Enter", 0], *[["repeat", "Enter", 30.0 * count] for count in range(1, 5)]], []),
    ]  # fmt: skip
    assert till.page.evaluate(PACE, [events for events, _ in runs]) == [told for _, told in runs]
