from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hw_sim.scanner.evdev import ALT, CTRL, SHIFT, End, EvdevSim, Gs, Typing
from scanners.evdev.decoder import KeySettings
from scanners.evdev.finishing import Caps, Finishing
from scanners.evdev.keys import ENTER, FUNCTION_KEYS, TAB
from scanners.evdev.protocol import EvdevProtocol
from scanners.line_protocol import Frame, LineEvent, Notice
from scanners.scan import DropReason, Terminator

MS = 1_000_000
FULL = "0104603276013765213A8B06OMH52K2\x1d91KZF0\x1d92THdacgzKM1saamrh6LNd8AazrDfKqJDZSE2BKKqk3so="
PACK = "04870249811936t1Xrb-xQWhpeGhG"
LETTER_A = 30
Play = Callable[..., list[LineEvent]]


def protocol_of(**settings: Any) -> EvdevProtocol:
    return EvdevProtocol(KeySettings(**settings), record_bytes=24)


def told(events: list[LineEvent]) -> list[tuple[bytes, DropReason | None]]:
    return [(event.data, event.dropped) for event in events if isinstance(event, Frame)]


def only(events: list[LineEvent]) -> Frame:
    (frame,) = events
    assert isinstance(frame, Frame)
    return frame


def drained(protocol: EvdevProtocol) -> list[LineEvent]:
    events = []
    while (event := protocol.next_event()) is not None:
        events.append(event)
    return events


def presses(text: str) -> list[tuple[int, int]]:
    pairs = [word.split(":") for word in text.split()]
    return [(int(code), int(value)) for code, value in pairs]


@pytest.mark.parametrize("number", range(9))
@pytest.mark.parametrize("bits", [64, 32])
def test_the_keys_of_the_vectors_are_the_characters_of_the_vectors(
    number: int, bits: int, vectors: dict[str, Any], play: Play
) -> None:
    vector = vectors["read"][number]
    protocol = EvdevProtocol(record_bytes=24 if bits == 64 else 16)
    frame = only(play(protocol, EvdevSim(bits=bits).press(*presses(vector["keys"]))))
    assert (frame.data, frame.dropped, frame.terminator) == (bytes.fromhex(vector["data"]), None, Terminator.SUFFIX)


@pytest.mark.parametrize("end", [End.ENTER, End.PAD_ENTER, End.TAB, End.CTRL_M, End.ALT_013])
@pytest.mark.parametrize("code", [FULL, PACK, "12345670", "]d2" + FULL])
def test_every_end_of_a_code_ends_it_and_stays_out_of_it(end: End, code: str, play: Play) -> None:
    frame = only(play(protocol_of(), EvdevSim(Typing(end=end)).scan(code)))
    assert (frame.data, frame.dropped, frame.terminator) == (code.encode(), None, Terminator.SUFFIX)


def test_silence_ends_a_code_without_a_suffix(play: Play) -> None:
    protocol = protocol_of(suffix_keys=frozenset())
    chunks = list(EvdevSim(Typing(end=End.NONE)).scan(FULL))
    assert play(protocol, chunks, silence_s=0.09) == []
    assert only(play(protocol, [], start_s=9)).data == FULL.encode()


def test_enter_is_part_of_the_code_where_only_tab_ends_it(play: Play) -> None:
    sim = EvdevSim()
    chunks = [*sim.scan("0104603276", end="enter"), *sim.scan("91KZF0", end="tab")]
    assert only(play(protocol_of(suffix_keys=TAB), chunks)).data == b"0104603276\r91KZF0"


@pytest.mark.parametrize("digits", [2, 3, 4])
def test_gs_as_an_alt_number_of_any_length(digits: int, play: Play) -> None:
    chunks = EvdevSim(Typing(gs=Gs.ALT, alt_digits=digits)).scan(FULL)
    assert told(play(protocol_of(), chunks)) == [(FULL.encode(), None)]


def test_a_scanner_may_type_every_character_as_an_alt_number(play: Play) -> None:
    chunks = EvdevSim(Typing(gs=Gs.ALT, everything_by_alt=True, alt_digits=4)).scan(FULL)
    assert told(play(protocol_of(), chunks)) == [(FULL.encode(), None)]


def test_gs_as_a_configured_function_key(play: Play) -> None:
    chunks = EvdevSim(Typing(gs=Gs.FUNCTION, gs_key="f8")).scan(FULL)
    assert told(play(protocol_of(gs_key=FUNCTION_KEYS["f8"]), chunks)) == [(FULL.encode(), None)]


def test_a_function_key_that_is_not_configured_is_damage_and_the_text_says_how_to(play: Play) -> None:
    frame = only(play(protocol_of(), EvdevSim(Typing(gs=Gs.FUNCTION, gs_key="f8")).scan(FULL)))
    assert frame.dropped is DropReason.DAMAGED
    assert "gs=f8" in frame.text


def test_gs_as_a_configured_text(play: Play) -> None:
    chunks = EvdevSim(Typing(gs=Gs.TEXT, gs_text="{GS}")).scan(FULL)
    assert told(play(protocol_of(finishing=Finishing(gs_text=b"{GS}")), chunks)) == [(FULL.encode(), None)]


def test_a_dropped_gs_is_not_invented(play: Play) -> None:
    chunks = EvdevSim(Typing(gs=Gs.DROP)).scan(FULL)
    assert told(play(protocol_of(), chunks)) == [(FULL.replace("\x1d", "").encode(), None)]


def test_a_configured_prefix_is_taken_off(play: Play) -> None:
    protocol = protocol_of(finishing=Finishing(prefix=b"~1"))
    sim = EvdevSim()
    assert told(play(protocol, [*sim.scan("~1" + PACK), *sim.scan(PACK)])) == [(PACK.encode(), None)] * 2


def test_a_read_of_the_prefix_alone_is_told(play: Play) -> None:
    frame = only(play(protocol_of(finishing=Finishing(prefix=b"SHOP-0001")), EvdevSim().scan("SHOP-0001")))
    assert (frame.data, frame.dropped) == (b"", DropReason.INCOMPLETE)


def test_swapped_case_is_undone_where_the_identifier_shows_it_and_told_once(play: Play) -> None:
    sim, protocol = EvdevSim(Typing(caps=True)), protocol_of()
    notice, frame, again = play(protocol, [*sim.scan(FULL, "]d2"), *sim.scan(PACK, "]d1")])
    assert isinstance(notice, Notice)
    assert "Caps Lock" in notice.text
    assert isinstance(frame, Frame)
    assert (frame.data, frame.repairs) == (b"]d2" + FULL.encode(), ("D6",))
    assert isinstance(again, Frame)
    assert again.data == b"]d1" + PACK.encode()


def test_swapped_case_without_an_identifier_is_left_alone_unless_configured(play: Play) -> None:
    chunks = list(EvdevSim(Typing(caps=True)).scan(PACK))
    assert only(play(protocol_of(), chunks)).data == PACK.swapcase().encode()
    frame = only(play(protocol_of(finishing=Finishing(caps=Caps.SWAP)), chunks))
    assert (frame.data, frame.repairs) == (PACK.encode(), ("D6",))


def test_swapped_case_is_seen_behind_a_prefix(play: Play) -> None:
    protocol = protocol_of(finishing=Finishing(prefix=b"Ab"))
    frame = play(protocol, EvdevSim(Typing(caps=True)).scan("Ab]d2" + FULL))[-1]
    assert isinstance(frame, Frame)
    assert (frame.data, frame.repairs) == (b"]d2" + FULL.encode(), ("D6",))


def test_an_identifier_known_in_both_cases_proves_nothing(play: Play) -> None:
    frame = only(play(protocol_of(), EvdevSim().scan("]e00104603276013765")))
    assert (frame.data, frame.repairs) == (b"]e00104603276013765", ())


@pytest.mark.parametrize("key", [SHIFT, CTRL, ALT])
def test_a_lost_release_of_a_modifier_is_damage_and_the_next_read_does_not_suffer(key: int, play: Play) -> None:
    sim, protocol = EvdevSim(Typing(gs=Gs.ALT if key == ALT else Gs.CTRL)), protocol_of()
    frame = only(play(protocol, sim.scan(FULL, lose_release_of=key)))
    assert frame.dropped is DropReason.DAMAGED
    assert told(play(protocol, sim.scan(FULL), start_s=9)) == [(FULL.encode(), None)]


def test_a_shift_that_is_still_down_at_the_end_is_damage(play: Play) -> None:
    frame = only(play(protocol_of(), EvdevSim().scan("0123456789Abcdef", lose_release_of=SHIFT)))
    assert frame.dropped is DropReason.DAMAGED
    assert "Shift" in frame.text


def test_a_lost_release_of_a_letter_costs_nothing(play: Play) -> None:
    assert told(play(protocol_of(), EvdevSim().scan("aabbaaccaadd", lose_release_of=LETTER_A))) == [
        (b"aabbaaccaadd", None)
    ]


def test_an_alt_that_was_given_up_adds_nothing_to_the_next_read_when_it_is_let_go_of(play: Play) -> None:
    sim, protocol = EvdevSim(), protocol_of()
    (frame,) = play(protocol, [*sim.scan(PACK, end="none"), *sim.press((ALT, 1), (80, 1), (80, 0), (73, 1), (73, 0))])
    assert isinstance(frame, Frame)
    assert frame.dropped is DropReason.DAMAGED
    assert told(play(protocol, [*sim.press((ALT, 0)), *sim.scan(PACK)], start_s=9)) == [(PACK.encode(), None)]


def test_releases_of_keys_that_were_never_down_mean_nothing(play: Play) -> None:
    sim = EvdevSim()
    chunks = [*sim.press((42, 0), (29, 0), (30, 0), (56, 0)), *sim.scan(PACK)]
    assert told(play(protocol_of(), chunks)) == [(PACK.encode(), None)]


def test_lost_characters_are_not_invented(play: Play) -> None:
    chunks = EvdevSim().scan(PACK, lose=frozenset({3, 4}))
    assert told(play(protocol_of(), chunks)) == [((PACK[:3] + PACK[5:]).encode(), None)]


def test_events_the_system_lost_damage_the_read(play: Play) -> None:
    sim, protocol = EvdevSim(), protocol_of()
    frame = only(play(protocol, sim.scan(FULL, dropped_at=20, dropped_count=5)))
    assert frame.dropped is DropReason.DAMAGED
    assert "lost key events" in frame.text
    assert told(play(protocol, sim.scan(FULL), start_s=9)) == [(FULL.encode(), None)]


def test_what_follows_lost_events_is_damaged_even_when_it_was_typed_much_later(play: Play) -> None:
    """The program was held up: the rest of one code, its Enter and the beginning of the next were lost."""
    sim, protocol = EvdevSim(), protocol_of()
    read_before = b"".join(chunk.data for chunk in sim.scan(FULL, unplug_at=40))
    sim.wait(0.5)
    read_after = b"".join(chunk.data for chunk in sim.scan(FULL, dropped_at=0, dropped_count=30))
    protocol.receive(read_before, 1_000 * MS, earliest_ns=999 * MS)
    protocol.receive(read_after, 1_700 * MS, earliest_ns=1_000 * MS)
    protocol.tick(3_000 * MS)
    assert [dropped for _, dropped in told(drained(protocol))] == [DropReason.DAMAGED]
    assert told(play(protocol, sim.scan(FULL), start_s=9)) == [(FULL.encode(), None)]


def test_events_lost_before_the_first_key_damage_what_follows(play: Play) -> None:
    frame = only(play(protocol_of(), EvdevSim().scan(FULL, dropped_at=0, dropped_count=3)))
    assert (frame.data, frame.dropped) == (FULL[3:].encode(), DropReason.DAMAGED)


def test_a_whole_code_lost_by_the_system_is_told(play: Play) -> None:
    chunks = list(EvdevSim().scan(PACK, dropped_at=0, dropped_count=29, end="none"))
    assert told(play(protocol_of(), chunks)) == [(b"", DropReason.DAMAGED)]


def test_a_key_held_for_ever_is_told_once_and_never_a_scan(play: Play) -> None:
    protocol = protocol_of(keep_typing=True)
    events = play(protocol, EvdevSim().hold(LETTER_A, repeats=5000))
    notices = [event for event in events if isinstance(event, Notice)]
    assert len(notices) == 1
    assert "A is held down" in notices[0].text
    assert told(events) == [(b"a", None)]  # The one press; with typing=keep that is typing.


def test_a_key_that_hangs_inside_a_code_makes_no_scan_of_its_beginning(play: Play) -> None:
    events = play(protocol_of(), EvdevSim().scan(FULL, stuck_at=40, stuck_repeats=100))
    (data, dropped), *rest = told(events)
    assert (dropped, rest) == (DropReason.DAMAGED, [])
    assert data == FULL[:41].encode()
    assert any(isinstance(event, Notice) for event in events)


def test_codes_read_while_a_key_hangs_are_refused_until_it_is_free(play: Play) -> None:
    sim, protocol = EvdevSim(), protocol_of()
    play(protocol, sim.hold(LETTER_A, repeats=60))
    assert only(play(protocol, sim.scan("0123456789"), start_s=20)).dropped is DropReason.DAMAGED
    play(protocol, sim.press((LETTER_A, 0)), start_s=30)
    assert told(play(protocol, sim.scan("0123456789"), start_s=40)) == [(b"0123456789", None)]


def test_typing_by_hand_is_told_as_such_without_its_text(play: Play) -> None:
    frame = only(play(protocol_of(), EvdevSim().type_by_hand("my password")))
    assert (frame.data, frame.dropped) == (b"", DropReason.INCOMPLETE)
    assert "typed by hand: 11 keys" in frame.text
    assert "typing=keep" in frame.text


def test_typing_by_hand_is_kept_where_configured_with_all_its_pauses(play: Play) -> None:
    frame = only(play(protocol_of(keep_typing=True), EvdevSim().type_by_hand("4870249811936", gap_s=0.4)))
    assert (frame.data, frame.dropped, frame.terminator) == (b"4870249811936", None, Terminator.SUFFIX)


def test_a_few_fast_keys_are_no_code(play: Play) -> None:
    frame = only(play(protocol_of(), EvdevSim().scan("1234567")))
    assert (frame.data, frame.dropped) == (b"", DropReason.INCOMPLETE)
    assert "7 keys" in frame.text


def test_a_scan_after_typing_does_not_stick_to_it(play: Play) -> None:
    sim = EvdevSim()
    chunks = [*sim.scan("48702", key_s=0.1, end="none")]
    sim.wait(0.4)
    chunks += sim.scan(PACK)
    assert told(play(protocol_of(), chunks)) == [(b"", DropReason.INCOMPLETE), (PACK.encode(), None)]


@pytest.mark.parametrize(("key_s", "is_scan"), [(0.001, True), (0.008, True), (0.0149, True), (0.0151, False)])
def test_a_scan_is_faster_than_thirty_milliseconds_a_key(key_s: float, is_scan: bool, play: Play) -> None:
    frame = only(play(protocol_of(), EvdevSim(Typing(key_s=key_s)).scan("4870249811936")))
    assert (frame.dropped is None) is is_scan


def test_two_codes_read_late_by_a_stalled_program_stay_two_by_the_times_of_the_keys() -> None:
    sim, protocol = EvdevSim(Typing(end=End.NONE)), protocol_of(suffix_keys=frozenset())
    first = b"".join(chunk.data for chunk in sim.scan(PACK))
    sim.wait(0.2)
    second = b"".join(chunk.data for chunk in sim.scan(FULL))
    protocol.receive(first + second, 9_000 * MS, earliest_ns=1_000 * MS)
    protocol.tick(9_200 * MS)
    assert told(drained(protocol)) == [(PACK.encode(), None), (FULL.encode(), None)]


def test_a_stalled_program_does_not_cut_a_code() -> None:
    stream = b"".join(chunk.data for chunk in EvdevSim().scan(FULL))
    protocol = protocol_of()
    protocol.receive(stream[:4800], 1_000 * MS, earliest_ns=999 * MS)
    protocol.receive(stream[4800:], 9_000 * MS, earliest_ns=1_000 * MS)
    assert told(drained(protocol)) == [(FULL.encode(), None)]


def test_a_clock_set_back_in_the_middle_of_a_code_does_not_matter(play: Play) -> None:
    late, early = EvdevSim(start_s=5000.0), EvdevSim(start_s=1000.0)
    chunks = [*late.scan(FULL[:40], end="none"), *early.scan(FULL[40:])]
    assert told(play(protocol_of(), chunks)) == [(FULL.encode(), None)]


def test_a_clock_set_back_makes_no_scan_of_slow_typing(play: Play) -> None:
    late, early = EvdevSim(start_s=5000.0), EvdevSim(start_s=1000.0)
    chunks = [*late.scan("123456", key_s=0.04, end="none"), *early.scan("7890123", key_s=0.04)]
    assert told(play(protocol_of(), chunks)) == [(b"", DropReason.INCOMPLETE)]


def test_lost_events_and_half_a_record_of_before_an_unplugging_mean_nothing_after_it(play: Play) -> None:
    protocol = protocol_of()
    protocol.receive(struct.pack("<qqHHi", 1, 0, 0, 3, 0) + b"\0" * 13, 900 * MS)
    protocol.close(950 * MS)
    assert [dropped for _, dropped in told(drained(protocol))] == [DropReason.DAMAGED]
    protocol.opened(960 * MS)
    assert protocol.discarded_bytes == 13
    assert told(play(protocol, EvdevSim().scan(PACK))) == [(PACK.encode(), None)]


def test_unplugging_inside_a_code_leaves_evidence_that_is_never_sold(play: Play) -> None:
    frame = only(play(protocol_of(), EvdevSim().scan(FULL, unplug_at=30)))
    assert (frame.data, frame.terminator) == (FULL[:30].encode(), Terminator.UNPLUG)


def test_a_modifier_that_was_down_when_the_cable_came_out_is_up_after_it(play: Play) -> None:
    protocol = protocol_of()
    play(protocol, EvdevSim().press((SHIFT, 1)))
    protocol.close(4_100 * MS)
    protocol.opened(5_000 * MS)
    assert told(play(protocol, EvdevSim().scan(PACK), start_s=9)) == [(PACK.encode(), None)]


def test_a_code_without_end_overflows_once_and_holds_no_memory(play: Play) -> None:
    protocol = protocol_of()
    events = play(protocol, EvdevSim().scan("x" * 5000))
    frame = only(events)
    assert (frame.terminator, len(frame.data)) == (Terminator.OVERFLOW, 512)
    assert protocol.discarded_bytes == 5000 - 512
    assert told(play(protocol, EvdevSim().scan(PACK), start_s=99)) == [(PACK.encode(), None)]


def test_the_lamp_is_put_out_at_opening_and_whenever_another_program_lights_it(
    vectors: dict[str, Any], play: Play
) -> None:
    off = bytes.fromhex(vectors["lamp_off"]["bytes_64"])
    sim, protocol = EvdevSim(), protocol_of()
    assert protocol.outgoing() == b""
    protocol.opened(MS)
    assert (protocol.outgoing(), protocol.outgoing()) == (off, b"")
    play(protocol, sim.light())
    assert (protocol.outgoing(), protocol.outgoing()) == (off, b"")


def test_the_lamp_of_a_shared_device_is_left_alone(play: Play) -> None:
    protocol = EvdevProtocol(lamp_off=False, record_bytes=24)
    protocol.opened(MS)
    play(protocol, EvdevSim().light())
    assert protocol.outgoing() == b""


def test_a_scanner_that_watches_the_lamp_sends_right_letters_once_it_is_out(play: Play) -> None:
    sim, protocol = EvdevSim(watches_lamp=True), protocol_of()
    sim.caps_lamp = True
    assert told(play(protocol, sim.scan(PACK))) == [(PACK.swapcase().encode(), None)]
    protocol.opened(4_500 * MS)
    sim.receive(protocol.outgoing())
    assert told(play(protocol, sim.scan(PACK), start_s=9)) == [(PACK.encode(), None)]


def test_half_a_record_is_forgotten_after_a_silence(play: Play) -> None:
    protocol = protocol_of()
    protocol.receive(b"\0" * 13, MS)
    assert told(play(protocol, EvdevSim().scan(PACK))) == [(PACK.encode(), None)]
    assert protocol.discarded_bytes == 13


def test_any_chunking_gives_the_same_frames() -> None:
    sim = EvdevSim()
    stream = b"".join(
        chunk.data
        for chunk in (
            *sim.scan(FULL, "]d2"),
            *sim.scan(FULL, lose_release_of=SHIFT),
            *sim.scan(PACK, dropped_at=4, dropped_count=3),
            *sim.type_by_hand("123"),
            *sim.scan(PACK, gs="alt"),
        )
    )

    def fed(size: int) -> list[LineEvent]:
        protocol = protocol_of()
        for at in range(0, len(stream), size):
            protocol.receive(stream[at : at + size], 5 * MS)
        protocol.close(6 * MS)
        return drained(protocol)

    whole = fed(len(stream))
    assert [event.dropped for event in whole if isinstance(event, Frame)] == [
        None, DropReason.DAMAGED, DropReason.DAMAGED, DropReason.INCOMPLETE, None
    ]  # fmt: skip
    for size in (1, 23, 24, 25, 1000):
        assert fed(size) == whole


KEYS = st.sampled_from([*range(1, 90), 96, 97, 100, 125, 183, 700])
RECORDS = st.builds(
    lambda ms, kind, code, value: struct.pack("<qqHHi", ms // 1000, ms % 1000 * 1000, kind, code, value),
    st.integers(-500, 5000),
    st.sampled_from([0, 1, 1, 1, 1, 4, 17]),
    st.one_of(KEYS, st.integers(0, 4)),
    st.integers(-1, 3),
)
PIECES = st.lists(
    st.tuples(st.one_of(st.binary(max_size=60), st.lists(RECORDS, max_size=40).map(b"".join)), st.integers(0, 150)),
    max_size=8,
)


@given(PIECES, st.integers(1, 100), st.booleans(), st.sampled_from([frozenset(), TAB, ENTER | TAB]))
def test_any_bytes_give_the_same_events_in_any_chunking(
    pieces: list[tuple[bytes, int]], size: int, keep: bool, suffix_keys: frozenset[int]
) -> None:
    settings = KeySettings(
        suffix_keys=suffix_keys, keep_typing=keep, finishing=Finishing(b"1", b"2", Caps.SWAP if keep else Caps.AUTO)
    )
    whole, cut = (EvdevProtocol(settings, record_bytes=24) for _ in range(2))
    at_ms = 0
    for data, pause_ms in pieces:
        at_ms += pause_ms
        whole.receive(data, at_ms * MS)
        for start in range(0, len(data), size):
            cut.receive(data[start : start + size], at_ms * MS)
    for protocol in (whole, cut):
        protocol.close((at_ms + 1) * MS)
    assert drained(whole) == drained(cut)
    assert whole.discarded_bytes == cut.discarded_bytes
