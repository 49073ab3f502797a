"""The golden frames, alone: header, message and back, in any pieces; and the operator against them."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ofd203_till import FIRST_TOKEN, Till, till

from hw_sim.ofd203.frames import HEADER, Frame, Framer, framed
from hw_sim.ofd203.journal import frame_text
from hw_sim.ofd203.wire import Stranger, read, write

VECTORS = tomllib.loads((Path(__file__).parents[2] / "vectors" / "ofd203.toml").read_text("utf-8"))
FRAMES: list[dict[str, Any]] = VECTORS["frame"]
NAMES = [row["name"] for row in FRAMES]
KIND = {"request": "Request", "answer": "Response"}


def raw(row: dict[str, Any]) -> bytes:
    return bytes.fromhex(row["bytes"])


def whole(data: bytes) -> Frame:
    framer = Framer()
    framer.receive(data)
    event = framer.next_event()
    assert isinstance(event, Frame)
    assert framer.next_event() is None
    return event


def with_text(message: dict[str, Any]) -> dict[str, Any]:
    """The message as the vectors show it: the QR bytes as text."""
    ticket = message.get("ticket", {})
    if "qr_code" not in ticket:
        return message
    return message | {"ticket": ticket | {"qr_code": ticket["qr_code"].decode()}}


@pytest.mark.parametrize("row", FRAMES, ids=NAMES)
def test_a_golden_frame_reads_as_its_header_and_its_message(row: dict[str, Any]) -> None:
    frame = whole(raw(row))
    header = row["header"]
    assert (frame.header.version, len(frame.raw)) == (header["version"], header["size"])
    assert (frame.header.id, frame.header.token, frame.header.reqnum) == (
        header["id"],
        header["token"],
        header["reqnum"],
    )
    strangers: list[Stranger] = []
    message = read(KIND[row["way"]], frame.payload, strangers)
    assert with_text(message) == row["message"]
    assert [(row.place, row.number, row.wire) for row in strangers] == [
        (stranger.get("path", ""), stranger["number"], stranger["wire"]) for stranger in row.get("unknown", [])
    ]


@pytest.mark.parametrize("row", [row for row in FRAMES if "unknown" not in row], ids=lambda row: row["name"])
def test_a_golden_message_is_written_back_byte_for_byte(row: dict[str, Any]) -> None:
    frame = whole(raw(row))
    kind = KIND[row["way"]]
    assert framed(frame.header, write(kind, read(kind, frame.payload))) == raw(row)


@given(st.data())
def test_any_chunking_of_all_golden_frames_gives_the_same_frames(data: st.DataObject) -> None:
    stream = b"".join(raw(row) for row in FRAMES)
    cuts = sorted(data.draw(st.sets(st.integers(0, len(stream)), max_size=40)))
    framer = Framer()
    came = []
    for begin, end in zip([0, *cuts], [*cuts, len(stream)], strict=True):
        framer.receive(stream[begin:end])
        while (event := framer.next_event()) is not None:
            came.append(event.raw)
    assert came == [raw(row) for row in FRAMES]


def test_a_frame_is_read_byte_by_byte_and_not_a_byte_too_early() -> None:
    data = raw(FRAMES[4])
    framer = Framer()
    for byte in data[:-1]:
        framer.receive(bytes((byte,)))
        assert framer.next_event() is None
    framer.receive(data[-1:])
    assert isinstance(framer.next_event(), Frame)


def test_an_unknown_field_is_passed_over_and_named_in_the_journal(frames: dict[str, dict[str, Any]]) -> None:
    row = frames["ticket answer with a field nobody has published"]
    strangers: list[Stranger] = []
    message = read("Response", raw(row)[HEADER.size :], strangers)
    assert strangers == [Stranger("", 11, 2, row["unknown"][0]["size"])]
    assert "unknown field 11, 454 bytes" in frame_text(whole(raw(row)).header, "Response", message, strangers)


def golden(**options: Any) -> Till:
    signs = iter(options.pop("signs", ["4228143550"]))
    return till(service_required=(), first_shift=7, signs=lambda: next(signs), **options)


@pytest.mark.parametrize(
    ("request_name", "answer_name"),
    [
        ("system request", "system answer, OK"),
        ("ticket request, sale of one marked pack", "ticket answer, OK with a new token"),
    ],
)
def test_a_golden_request_gets_the_golden_answer(
    frames: dict[str, dict[str, Any]], request_name: str, answer_name: str
) -> None:
    assert golden().heard(raw(frames[request_name])) == raw(frames[answer_name])


@pytest.mark.parametrize(
    ("code", "answer_name"), [(254, "ticket answer, service unavailable"), (13, "ticket answer, incorrect data")]
)
def test_an_ordered_refusal_is_the_golden_one(frames: dict[str, dict[str, Any]], code: int, answer_name: str) -> None:
    shop = golden()
    with shop.fault("result", code=code):
        sale = raw(frames["ticket request, sale of one marked pack"])
        assert shop.heard(sale) == raw(frames[answer_name])
    assert shop.documents() == []


def test_a_wrong_token_gets_the_golden_refusal(frames: dict[str, dict[str, Any]]) -> None:
    shop = golden(token=FIRST_TOKEN + 1)
    assert shop.heard(raw(frames["info request"])) == raw(frames["info answer, invalid token"])


def test_the_golden_return_names_the_golden_sale_as_its_basis(frames: dict[str, dict[str, Any]]) -> None:
    shop = golden(signs=["4228143549", "4228143551"])
    shop.heard(raw(frames["ticket request, sale of one marked pack"]))
    shop.heard(raw(frames["ticket request, return of the pack"]))
    assert shop.documents() == ["sale 900", "sale_return 900"]
    sold, returned = shop.simulated.memory.documents
    assert sold.marks == returned.marks == ("04870249811936t1Xrb-xQWhpeGhG",)
    assert sold.shift == 7
    assert shop.simulated.memory.cash_tiyn == 0


@pytest.mark.parametrize("row", [row for row in FRAMES if row["way"] == "request"], ids=lambda row: row["name"])
def test_every_golden_request_is_answered_with_its_own_numbers(row: dict[str, Any]) -> None:
    header = row["header"]
    simulated = till(token=header["token"]).simulated
    simulated.machine.host_opened()
    simulated.machine.receive(raw(row))
    answer = whole(simulated.machine.take())
    assert (answer.header.id, answer.header.reqnum) == (header["id"], header["reqnum"])
    assert read("Response", answer.payload)["command"] == row["message"]["command"]
