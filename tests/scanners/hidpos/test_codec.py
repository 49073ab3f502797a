from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hw_sim.scanner.hidpos import Faults, HidPosSim
from scanners.hidpos.layouts import HONEYWELL, LAYOUTS, NEWLAND, Layout
from scanners.hidpos.protocol import HidPosProtocol
from scanners.line_protocol import Frame, LineEvent
from scanners.scan import DropReason, Signal, Terminator

MS = 1_000_000
FULL = "0104603276013765213A8B06OMH52K2\x1d91KZF0\x1d92THdacgzKM1saamrh6LNd8AazrDfKqJDZSE2BKKqk3so="
EAN = "4870249811936"
Play = Callable[..., list[LineEvent]]


def told(events: list[LineEvent]) -> list[tuple[bytes, DropReason | None]]:
    return [(event.data, event.dropped) for event in events if isinstance(event, Frame)]


def fed(protocol: HidPosProtocol, *pieces: tuple[bytes, int]) -> list[LineEvent]:
    for data, at_ms in pieces:
        protocol.receive(data, at_ms * MS)
    events = []
    while (event := protocol.next_event()) is not None:
        events.append(event)
    return events


@pytest.mark.parametrize("number", range(7))
@pytest.mark.parametrize("auto", [False, True])
def test_the_reports_of_the_vectors_are_the_reads_of_the_vectors(
    number: int, auto: bool, vectors: dict[str, Any], play: Play
) -> None:
    vector = vectors["read"][number]
    protocol = HidPosProtocol(None if auto else LAYOUTS[vector["profile"]])
    reports = [bytes.fromhex(report) for report in vector["reports"]]
    for place, report in enumerate(reports):
        protocol.receive(report, (100 + place) * MS)
    protocol.tick(2000 * MS)
    (frame,) = play(protocol, [])
    assert isinstance(frame, Frame)
    assert frame.data == bytes.fromhex(vector["data"])
    assert frame.dropped is None
    assert (frame.first_at_ns, frame.last_at_ns) == (100 * MS, (99 + len(reports)) * MS)
    if vector["profile"] == "honeywell":
        assert (frame.symbology, frame.terminator) == (vector["symbology"], Terminator.LENGTH)


def test_a_logged_command_answer_is_told_whole_and_is_no_scan(vectors: dict[str, Any], play: Play) -> None:
    vector = vectors["command_answer"]
    protocol = HidPosProtocol()
    for report in vector["reports"]:
        protocol.receive(bytes.fromhex(report), MS)
    text, echo = play(protocol, [], silence_s=0)
    assert isinstance(text, Frame)
    assert isinstance(echo, Frame)
    assert (text.data, text.dropped, text.symbology) == (vector["text"].encode(), DropReason.COMMAND_ANSWER, "]X0")
    assert (echo.data, echo.dropped, echo.symbology) == (
        bytes.fromhex(vector["echo"]),
        DropReason.COMMAND_ANSWER,
        "]Z6",
    )
    assert echo.text.endswith("done")


@pytest.mark.parametrize(("status", "word"), [(0x06, "done"), (0x15, "refused"), (0x05, "does not know")])
def test_the_status_of_a_command_is_said(status: int, word: str, play: Play) -> None:
    (frame,) = play(HidPosProtocol(), HidPosSim().answer("REVINF.", status=status))
    assert isinstance(frame, Frame)
    assert word in frame.text


@pytest.mark.parametrize("vendor", ["honeywell", "newland"])
@pytest.mark.parametrize("code", [EAN, FULL, FULL + FULL[:44], "x", "y" * 56, "0" * 55 + "z", "z" + "0" * 111])
def test_what_the_simulator_reads_comes_whole(vendor: str, code: str, play: Play) -> None:
    assert told(play(HidPosProtocol(), HidPosSim(vendor).scan(code))) == [(code.encode(), None)]


def test_a_read_is_given_with_its_last_report_and_not_before(play: Play) -> None:
    first, last = HidPosSim().reports(FULL)
    protocol = HidPosProtocol()
    assert fed(protocol, (first, 1)) == []
    assert told(fed(protocol, (last, 2))) == [(FULL.encode(), None)]


def test_zeros_inside_the_data_are_data_as_the_length_says(play: Play) -> None:
    data = b"ab\0\0\0cd\0\0\0"
    for vendor in ("honeywell", "newland"):
        (frame,) = play(HidPosProtocol(LAYOUTS[vendor]), HidPosSim(vendor).scan(data))
        assert isinstance(frame, Frame)
        assert frame.data == data


def test_a_lost_last_report_is_an_incomplete_read_after_the_limit(play: Play) -> None:
    protocol = HidPosProtocol()
    events = play(protocol, HidPosSim().scan(FULL, faults=Faults(lose=frozenset({1}))), silence_s=0.2)
    assert events == []
    protocol.tick(1_201 * MS + MS)
    (frame,) = play(protocol, [], start_s=1.3)
    assert isinstance(frame, Frame)
    assert (frame.data, frame.dropped) == (FULL[:56].encode(), DropReason.INCOMPLETE)
    assert "never came" in frame.text


def test_reports_carry_no_number_so_a_lost_one_in_front_is_for_the_code_to_show(play: Play) -> None:
    """Nothing is added or repaired: what is left is no code, and the marking rules refuse it."""
    for lost, left in ((0, FULL[56:] + FULL[:44]), (1, FULL[:56] + (FULL + FULL[:44])[112:])):
        chunks = HidPosSim().scan(FULL + FULL[:44], faults=Faults(lose=frozenset({lost})))
        assert told(play(HidPosProtocol(), chunks)) == [(left.encode(), None)]


def test_the_read_after_an_incomplete_one_is_whole(play: Play) -> None:
    sim, protocol = HidPosSim(), HidPosProtocol()
    play(protocol, sim.scan(FULL, faults=Faults(lose=frozenset({1}))))
    assert told(play(protocol, sim.scan(FULL), start_s=9)) == [(FULL.encode(), None)]


def test_a_pause_inside_a_read_up_to_the_limit_is_none(play: Play) -> None:
    faults = Faults(pause={1: 0.195})
    assert told(play(HidPosProtocol(), HidPosSim().scan(FULL, faults=faults))) == [(FULL.encode(), None)]


def test_a_stalled_reader_cuts_no_read() -> None:
    first, last = HidPosSim().reports(FULL)
    protocol = HidPosProtocol()
    protocol.receive(first, 10 * MS, earliest_ns=9 * MS)
    protocol.receive(last, 5_000 * MS, earliest_ns=10 * MS)
    assert told(fed(protocol)) == [(FULL.encode(), None)]


@pytest.mark.parametrize("place", [0, 1])
def test_a_doubled_report_inside_a_read_is_damage_and_its_rest_no_scan(place: int, play: Play) -> None:
    code = FULL + FULL[:44]  # Three reports.
    (frame,) = play(HidPosProtocol(), HidPosSim().scan(code, faults=Faults(double=frozenset({place}))))
    assert isinstance(frame, Frame)
    assert (frame.dropped, frame.terminator) == (DropReason.DAMAGED, Terminator.LENGTH)
    assert "twice" in frame.text


def test_a_doubled_last_report_is_told_and_is_no_second_scan(play: Play) -> None:
    events = play(HidPosProtocol(), HidPosSim().scan(FULL, faults=Faults(double=frozenset({1}))))
    assert told(events) == [(FULL.encode(), None), (FULL[56:].encode(), DropReason.DUPLICATE)]


def test_a_last_report_that_comes_three_times_is_no_second_scan_either() -> None:
    first, last = HidPosSim().reports(FULL)
    events = fed(HidPosProtocol(), (first, 1), (last, 2), (last, 3), (last, 150), (last, 300))
    assert told(events) == [(FULL.encode(), None), *[(FULL[56:].encode(), DropReason.DUPLICATE)] * 3]


def test_a_code_that_reads_like_the_end_of_an_earlier_one_is_a_scan() -> None:
    first, last = HidPosSim().reports(FULL)
    reads = [(FULL.encode(), None), (FULL[56:].encode(), None)]
    assert told(fed(HidPosProtocol(), (first, 1), (last, 2), (last, 203))) == reads
    protocol = HidPosProtocol()
    events = fed(protocol, (first, 1), (last, 2))
    protocol.close(3 * MS)
    protocol.opened(4 * MS)
    assert told(events + fed(protocol, (last, 5))) == reads


@pytest.mark.parametrize("data", [b"1", b"12", b"123"])
def test_the_layout_of_short_reads_is_told(data: bytes) -> None:
    for vendor in ("honeywell", "newland"):
        (report,) = HidPosSim(vendor).reports(data, "]E0")
        (frame,) = fed(HidPosProtocol(), (report, 1))
        assert isinstance(frame, Frame)
        assert (frame.data, frame.symbology) == (data, "]E0" if vendor == "honeywell" else None)


def test_a_report_without_an_identifier_is_a_read_without_one() -> None:
    (report,) = HidPosSim().reports(EAN, "")
    (frame,) = fed(HidPosProtocol(HONEYWELL), (report, 1))
    assert isinstance(frame, Frame)
    assert (frame.data, frame.symbology, frame.dropped) == (EAN.encode(), None, None)


def test_beeps_that_nobody_took_do_not_pile_up() -> None:
    protocol = HidPosProtocol(beeps=frozenset({Signal.REFUSED}))
    for _ in range(100):
        protocol.signal(Signal.REFUSED)
    assert len(protocol.outgoing()) == 8 * 64


def test_what_silence_ends_is_told_in_its_order_however_late_the_clock_is_looked_at() -> None:
    """A read without its rest, then half a report; and a command answer without its rest, then such a read."""
    first, _ = HidPosSim().reports(FULL)
    (answer, *_) = HidPosSim().reports("x" * 60, "]X0")
    for pieces in ([(first, 1), (first[:9], 100)], [(answer, 1), (first, 100)]):
        seldom, often = HidPosProtocol(), HidPosProtocol()
        assert fed(seldom, *pieces) == fed(often, *pieces) == []
        seldom.tick(900 * MS)
        for at_ms in range(101, 900, 50):
            often.tick(at_ms * MS)
        assert len(events := fed(seldom)) == 2
        assert events == fed(often)


def test_another_aim_identifier_inside_a_read_discards_it_whole(play: Play) -> None:
    code = FULL + FULL[:44]
    sim, protocol = HidPosSim(), HidPosProtocol()
    (frame,) = play(protocol, sim.scan(code, faults=Faults(aim={1: "]Q3"})))
    assert isinstance(frame, Frame)
    assert (frame.data, frame.dropped) == (code[:112].encode(), DropReason.DAMAGED)
    assert "]d2" in frame.text
    assert "]Q3" in frame.text
    assert protocol.discarded_bytes == 17  # The last report: thrown away, and counted.
    assert told(play(protocol, sim.scan(EAN, "]E0"), start_s=9)) == [(EAN.encode(), None)]


def test_what_follows_a_discarded_read_after_the_limit_is_a_read_again(play: Play) -> None:
    sim, protocol = HidPosSim(), HidPosProtocol()
    faults = Faults(aim={1: "]Q3"}, lose=frozenset({2}))
    play(protocol, sim.scan(FULL + FULL[:44], faults=faults), silence_s=0)
    assert told(play(protocol, sim.scan(EAN), start_s=1.4)) == [(EAN.encode(), None)]


def test_a_command_answer_between_the_reports_of_a_read_does_not_mix_with_it(play: Play) -> None:
    events = play(HidPosProtocol(), HidPosSim().scan(FULL, faults=Faults(answer=frozenset({1}))))
    assert told(events) == [(b"REVINF\x06.", DropReason.COMMAND_ANSWER), (FULL.encode(), None)]


def test_an_impossible_length_is_damage(play: Play) -> None:
    for vendor in ("honeywell", "newland"):
        (frame,) = play(HidPosProtocol(LAYOUTS[vendor]), HidPosSim(vendor).scan(EAN, faults=Faults(length={0: 57})))
        assert isinstance(frame, Frame)
        assert frame.dropped is DropReason.DAMAGED


def test_newland_reports_under_the_honeywell_layout_are_refused_with_a_hint(play: Play) -> None:
    (frame,) = play(HidPosProtocol(HONEYWELL), HidPosSim("newland").scan(EAN))
    assert isinstance(frame, Frame)
    assert frame.dropped is DropReason.DAMAGED
    assert "profile=" in frame.text


def test_a_shorter_length_is_believed_and_not_the_zeros(play: Play) -> None:
    assert told(play(HidPosProtocol(), HidPosSim().scan(EAN, faults=Faults(length={0: 8})))) == [(b"48702498", None)]


def test_unplugging_inside_a_read_leaves_evidence_that_is_never_sold(play: Play) -> None:
    (frame,) = play(HidPosProtocol(), HidPosSim().scan(FULL, faults=Faults(unplug_after=1)))
    assert isinstance(frame, Frame)
    assert (frame.data, frame.terminator) == (FULL[:56].encode(), Terminator.UNPLUG)


def test_the_half_of_before_an_unplugging_does_not_join_what_comes_after(play: Play) -> None:
    sim, protocol = HidPosSim(), HidPosProtocol()
    play(protocol, sim.scan(FULL, faults=Faults(unplug_after=1)), silence_s=0)
    protocol.opened(1_003 * MS)
    assert told(play(protocol, sim.scan(EAN), start_s=1.01)) == [(EAN.encode(), None)]


def test_a_full_newland_report_waits_for_its_rest_or_silence(play: Play) -> None:
    sim = HidPosSim("newland")
    (frame,) = play(HidPosProtocol(), sim.scan("y" * 56))
    assert isinstance(frame, Frame)
    assert frame.terminator is Terminator.GAP
    with_suffix = HidPosSim("newland", suffix=b"\r").reports("y" * 55)[0]
    assert told(fed(HidPosProtocol(suffixes=(b"\r",)), (with_suffix, 1))) == [(b"y" * 55, None)]
    assert told(fed(HidPosProtocol(NEWLAND, join_ms=0), (sim.reports("y" * 56)[0], 1))) == [(b"y" * 56, None)]


def test_the_join_limit_of_newland_is_configurable(play: Play) -> None:
    chunks = list(HidPosSim("newland").scan(FULL, faults=Faults(pause={1: 0.3})))
    assert told(play(HidPosProtocol(join_ms=400), chunks)) == [(FULL.encode(), None)]
    assert told(play(HidPosProtocol(join_ms=100), chunks)) == [(FULL[:56].encode(), None), (FULL[56:].encode(), None)]


def test_a_newland_read_that_begins_with_an_identifier_is_not_the_rest_of_the_one_before(play: Play) -> None:
    sim = HidPosSim("newland", aim_in_data=True)
    chunks = [*sim.scan(FULL, faults=Faults(lose=frozenset({1}))), *sim.scan(EAN, "]E0")]
    assert told(play(HidPosProtocol(), chunks)) == [
        (b"]d2" + FULL[:53].encode(), None),
        (b"]E0" + EAN.encode(), None),
    ]


def test_a_suffix_is_taken_off_where_it_is_there(play: Play) -> None:
    protocol = HidPosProtocol(suffixes=(b"\r", b"\r\n"))
    chunks = [*HidPosSim(suffix=b"\r\n").scan(FULL), *HidPosSim().scan(EAN)]
    assert told(play(protocol, chunks)) == [(FULL.encode(), None), (EAN.encode(), None)]


def test_reports_of_another_kind_are_counted_and_mean_nothing(play: Play) -> None:
    protocol = HidPosProtocol()
    assert fed(protocol, (bytes([5, 99]).ljust(64, b"\0"), 1)) == []
    assert protocol.discarded_bytes == 64
    assert told(play(protocol, HidPosSim().scan(EAN))) == [(EAN.encode(), None)]


def test_a_read_without_data_is_told(play: Play) -> None:
    assert told(play(HidPosProtocol(), HidPosSim().scan(""))) == [(b"", DropReason.INCOMPLETE)]


def test_a_report_whose_rest_never_comes_is_told_and_the_next_one_is_in_step(play: Play) -> None:
    report = HidPosSim().reports(EAN)[0]
    assert told(fed(HidPosProtocol(), (report[:30], 1), (report, 300))) == [
        (report[:30], DropReason.DAMAGED),
        (EAN.encode(), None),
    ]


def test_reports_without_end_are_told_and_hold_no_memory(play: Play) -> None:
    protocol = HidPosProtocol()
    reports = [HidPosSim().reports(f"{number:056d}" + "rest")[0] for number in range(400)]
    for place, report in enumerate(reports):
        protocol.receive(report, place * MS)
    (frame,) = play(protocol, [])
    assert isinstance(frame, Frame)
    assert (frame.terminator, frame.dropped, len(frame.data)) == (Terminator.OVERFLOW, DropReason.DAMAGED, 512)
    assert protocol.discarded_bytes == 400 * 56 - 512


def test_a_beep_is_sent_for_the_signals_asked_for_and_for_no_other(vectors: dict[str, Any]) -> None:
    protocol = HidPosProtocol(beeps=frozenset({Signal.REFUSED}))
    protocol.signal(Signal.ACCEPTED)
    assert protocol.outgoing() == b""
    protocol.signal(Signal.REFUSED)
    sent = protocol.outgoing()
    assert len(sent) == 64
    assert sent.rstrip(b"\0") == bytes.fromhex(vectors["beep"]["bytes"])
    assert protocol.outgoing() == b""


def test_any_chunking_gives_the_same_frames() -> None:
    sim = HidPosSim()
    stream = b"".join(
        chunk.data
        for chunk in (
            *sim.scan(FULL + FULL[:44]),
            *sim.scan(FULL, faults=Faults(double=frozenset({0}))),
            *sim.scan(FULL, faults=Faults(answer=frozenset({1}))),
            *sim.scan(EAN, "]E0"),
        )
    )
    whole = fed(HidPosProtocol(), (stream, 5))
    assert len(whole) == 5
    for size in (1, 7, 63, 64, 65, 200):
        pieces = [(stream[at : at + size], 5) for at in range(0, len(stream), size)]
        assert fed(HidPosProtocol(), *pieces) == whole


LAYOUT_CHOICES = st.sampled_from([None, HONEYWELL, NEWLAND])
REPORTLIKE = st.one_of(
    st.binary(max_size=150),
    st.builds(
        lambda size, aim, data, last: (bytes([2, size]) + aim + data).ljust(63, b"\0")[:63] + bytes([last]),
        st.integers(0, 60),
        st.sampled_from([b"]d2", b"]E0", b"]X0", b"]Z6", b""]),
        st.binary(max_size=56),
        st.integers(0, 3),
    ),
)


@given(LAYOUT_CHOICES, st.lists(st.tuples(REPORTLIKE, st.integers(0, 400)), max_size=12), st.integers(1, 80))
def test_any_bytes_give_the_same_events_in_any_chunking(
    layout: Layout | None, pieces: list[tuple[bytes, int]], size: int
) -> None:
    whole, cut = HidPosProtocol(layout), HidPosProtocol(layout)
    at_ms = 0
    for data, pause_ms in pieces:
        at_ms += pause_ms
        whole.receive(data, at_ms * MS)
        for start in range(0, len(data), size):
            cut.receive(data[start : start + size], at_ms * MS)
    for protocol in (whole, cut):
        protocol.close(at_ms * MS + 1)
    assert fed(whole) == fed(cut)
    assert whole.discarded_bytes == cut.discarded_bytes
