"""One task from its adding to its end, whatever is lost, damaged, doubled or late: done once, or told as a doubt."""

from __future__ import annotations

import pytest
from atol_host import wrapped
from atol_peer import OK, Peer, wire_of

from fiscal.atol import packets
from fiscal.atol.packets import CrcOver
from fiscal.atol.tasks import State, Word
from fiscal.atol.wire import DECISIVE_FIRST, DECISIVE_LAST, OTHERS_LAST, TaskWire, Tempo
from fiscal.device.family import Silence

OPEN, CLOSE, STATE = bytes.fromhex("0000 92 00 01"), bytes.fromhex("0000 4A"), bytes.fromhex("0000 3F")
READY = Word(State.DONE, OK)


def adding(wire: TaskWire, command: bytes = OPEN, *, reads: bool = False, task: int | None = None) -> Word:
    return wire.exchange(command, timeout_s=20.0, reads=reads, task=task)


def silence_of(wire: TaskWire, command: bytes = OPEN, *, reads: bool = False, task: int | None = None) -> Silence:
    with pytest.raises(Silence) as caught:
        adding(wire, command, reads=reads, task=task)
    return caught.value


def test_a_task_that_is_done_at_once_takes_one_packet() -> None:
    peer = Peer()
    wire = wire_of(peer)
    assert adding(wire) == READY and peer.seen == ["C1 92 #1"] and peer.done == ["92"]
    assert adding(wire, STATE, reads=True) == READY and peer.seen[1:] == ["C1 3F #2"]


def test_a_task_that_takes_its_time_is_asked_for_when_its_event_rings() -> None:
    peer = Peer()
    wire = wire_of(peer)
    peer.plan("C1", "pending")
    assert adding(wire) == READY
    # Once a second until the event comes, and then once more: the event is only the bell.
    assert peer.seen[0] == "C1 92 #1" and set(peer.seen[1:]) == {"C3 #1"} and peer.done == ["92"]


def test_a_task_whose_event_is_lost_is_asked_for_by_its_number() -> None:
    peer = Peer()
    wire = wire_of(peer)
    peer.plan("C1", "pending_mute")
    assert adding(wire) == READY and peer.done == ["92"] and peer.clock.at_s < 5.0


@pytest.mark.parametrize(
    "fault",
    ["lose_answer", "damage_answer", "half", "late", "twice", "noise", "foreign_event", "empty", "nonsense", "cut"],
)
def test_recovery_of_a_task_whose_answer_had_trouble_is_done_once(fault: str) -> None:
    peer = Peer()
    wire = wire_of(peer)
    adding(wire, STATE, reads=True)  # The witness that the register's memory is whole.
    peer.plan("C1", fault)
    assert adding(wire) == READY
    assert peer.done.count("92") == 1
    for _ in range(3):
        assert adding(wire, STATE, reads=True) == READY


@pytest.mark.parametrize("fault", ["lose_request", "cut_before"])
def test_recovery_of_a_task_that_never_came_adds_it_again_only_to_a_register_that_has_its_memory(fault: str) -> None:
    peer = Peer()
    wire = wire_of(peer)
    adding(wire, STATE, reads=True)
    peer.plan("C1", fault)
    assert adding(wire) == READY and peer.done == ["3F", "92"]
    assert "C3 #1" in peer.seen  # The witness was asked for.


@pytest.mark.parametrize("fault", ["off_on", "off_on_before"])
def test_recovery_of_a_task_that_a_register_may_have_forgotten_is_a_doubt(fault: str) -> None:
    peer = Peer()
    wire = wire_of(peer)
    adding(wire, STATE, reads=True)
    peer.plan("C1", fault)
    silence = silence_of(wire)
    assert silence.sent and peer.done.count("92") <= 1 and [one for one in peer.seen if "92" in one] == ["C1 92 #2"]


def test_recovery_of_a_first_task_that_nobody_can_vouch_for_is_a_doubt() -> None:
    peer = Peer()
    wire = wire_of(peer)
    peer.plan("C1", "lose_request")
    assert silence_of(wire).sent and peer.done == []


@pytest.mark.parametrize("fault", ["lose_request", "off_on", "cut_before", "lose_answer"])
def test_what_merely_reads_is_added_again_whatever_happened(fault: str) -> None:
    peer = Peer()
    wire = wire_of(peer)
    peer.plan("C1", fault)
    assert adding(wire, STATE, reads=True) == READY


def test_a_lost_task_that_comes_late_after_all_is_not_done_twice() -> None:
    peer = Peer()
    wire = wire_of(peer)
    adding(wire, STATE, reads=True)
    peer.plan("C1", "lose_answer", "lose_answer")
    peer.plan("C3", "lose_answer", "lose_answer")
    # Its number is known by now: "exists already", and then its result is asked for.
    assert adding(wire) == READY and peer.done == ["3F", "92"]


def test_nothing_is_ever_cleared_at_the_register() -> None:
    peer = Peer()
    wire = wire_of(peer)
    for fault in ("cut", "lose_answer", "damage_answer", "overflow", "empty"):
        peer.plan("C1", fault)
        adding(wire, STATE, reads=True)
    wire.connect()
    assert not [one for one in peer.seen if one.startswith("C4")]


def test_a_task_that_never_ends_is_a_doubt() -> None:
    peer = Peer()
    wire = wire_of(peer)
    peer.plan("C1", "endless")
    silence = silence_of(wire)
    assert silence.sent and silence.failure.text == "it works on the command for too long"
    assert 20.0 <= peer.clock.at_s < 30.0


def test_a_full_queue_is_given_room_and_the_task_is_added_again() -> None:
    peer = Peer()
    wire = wire_of(peer)
    adding(wire)
    peer.plan("C1", "overflow", "overflow")
    assert adding(wire, STATE, reads=True) == READY
    assert "C2 #1" in peer.seen and peer.done == ["92", "3F"]
    peer.plan("C1", *["overflow"] * 5)
    assert adding(wire).state is State.OVERFLOW and peer.done == ["92", "3F"]


@pytest.mark.parametrize(("fault", "state"), [("illegal", State.ILLEGAL), ("stopped", State.STOPPED)])
def test_a_task_the_queue_refuses_is_told_as_such(fault: str, state: State) -> None:
    peer = Peer()
    wire = wire_of(peer)
    peer.plan("C1", fault)
    assert adding(wire).state is state and peer.done == []


def test_a_number_that_somebody_has_left_is_acknowledged_and_taken() -> None:
    peer = Peer(known={1: b"\xa3\x55\x01\x00"})
    wire = wire_of(peer)
    assert adding(wire) == READY and peer.seen == ["C1 92 #1", "C2 #1", "C1 92 #1"] and peer.done == ["92"]


def test_numbers_of_a_process_before_are_given_up_one_by_one_before_they_are_taken() -> None:
    peer = Peer(known={1: b"\xa3", 2: b"\xa3", 3: b"\xa4\x55\x01\x00"})
    wire = wire_of(peer)
    for _ in range(5):
        assert adding(wire) == READY
    assert peer.seen == [
        "C1 92 #1", "C2 #1", "C1 92 #1", "C2 #2", "C1 92 #2", "C2 #3", "C1 92 #3", "C2 #4", "C1 92 #4", "C1 92 #5"
    ]  # fmt: skip
    assert peer.done == ["92"] * 5


def test_a_document_is_never_added_under_a_number_that_the_register_knows() -> None:
    peer = Peer()
    wire = wire_of(peer)
    peer.known[wire.reserved] = b"\xa3\x55\x00\x00"
    silence = silence_of(wire, CLOSE, task=wire.reserved)
    assert silence.sent and "another task" in silence.failure.text and peer.done == []


def test_numbers_of_documents_are_taken_in_turn_and_the_oldest_is_given_up() -> None:
    peer = Peer()
    wire = wire_of(peer)
    taken = []
    for _ in range(DECISIVE_LAST - DECISIVE_FIRST + 4):
        wire.reserve()
        taken.append(wire.reserved)
        assert adding(wire, CLOSE, task=wire.reserved) == READY
    span = DECISIVE_LAST - DECISIVE_FIRST + 1
    assert taken[:span] == list(range(DECISIVE_FIRST, DECISIVE_LAST + 1)) and taken[span:] == taken[:3]
    assert peer.done.count("4A") == len(taken)


def test_a_number_is_kept_until_it_is_used() -> None:
    wire = wire_of(Peer())
    first = wire.reserved
    wire.reserve()
    assert wire.reserved == first


def test_another_process_begins_behind_the_numbers_that_are_known() -> None:
    peer = Peer(known={DECISIVE_FIRST: b"\xa3", DECISIVE_FIRST + 1: b"\xa4\x55\x67\x00"})
    assert wire_of(peer).reserved == DECISIVE_FIRST + 2


def test_a_number_is_found_although_giving_one_up_was_lost() -> None:
    peer = Peer()
    wire = wire_of(peer)
    span = DECISIVE_LAST - DECISIVE_FIRST + 1
    taken = []
    for number in range(3 * span):
        if number >= span - 1 and number % 3 == 0:
            peer.plan("C2", "lose_request")  # The one behind stays taken: next time none is free.
        wire.reserve()
        taken.append(wire.reserved)
        assert adding(wire, CLOSE, task=wire.reserved) == READY
    assert peer.done.count("4A") == 3 * span
    assert taken == [DECISIVE_FIRST + number % span for number in range(3 * span)]


def test_a_register_that_gives_no_number_up_is_told_and_asked_again() -> None:
    peer = Peer(known=dict.fromkeys(range(DECISIVE_FIRST, DECISIVE_LAST + 1), b"\xa3\x55\x00\x00"))
    peer.plan("C2", "lose_request")
    with pytest.raises(Silence, match="every number for a document is taken"):
        wire_of(peer)
    assert wire_of(peer).reserved == DECISIVE_FIRST


def test_other_numbers_go_round_and_never_into_those_of_documents() -> None:
    peer = Peer()
    wire = wire_of(peer)
    for _ in range(OTHERS_LAST + 5):
        assert adding(wire, STATE, reads=True) == READY
    numbers = [int(one.split("#")[1]) for one in peer.seen if one.startswith("C1")]
    assert max(numbers) == OTHERS_LAST and numbers[OTHERS_LAST] == 1
    assert "C2 #1" in peer.seen  # What it had is given up before its number is used again.


def test_the_number_of_a_packet_whose_answer_is_owed_is_not_used_again() -> None:
    peer = Peer()
    wire = wire_of(peer)
    owed: list[int] = []
    for _ in range(3):
        peer.plan("C1", "lose_answer")
        adding(wire, STATE, reads=True)
        owed.append(peer.ids[-2])
    before = len(peer.ids)
    for _ in range(packets.ID_LAST):
        adding(wire, STATE, reads=True)
    later = peer.ids[before:]
    assert not set(owed) & set(later) and len(set(later)) == packets.ID_LAST - len(owed)


def test_an_answer_that_comes_after_all_belongs_to_its_own_packet() -> None:
    peer = Peer()
    wire = wire_of(peer)
    peer.plan("C1", "late")
    peer.results = {"3F": b"\x44\x01"}
    assert adding(wire, STATE, reads=True).data == b"\x44\x01"
    assert adding(wire) == READY  # The late answer has come by now.
    assert adding(wire, STATE, reads=True).data == b"\x44\x01"


def test_an_event_of_an_older_task_of_this_number_is_not_believed() -> None:
    peer = Peer()
    wire = wire_of(peer)
    peer.event(1, b"\x55\x67\x00")
    peer.plan("C1", "pending_mute")
    assert adding(wire) == READY


def test_a_register_that_forgets_what_it_has_told_is_believed_by_its_event() -> None:
    peer = Peer()
    wire = wire_of(peer)
    peer.plan("C1", "pending_told")
    assert adding(wire) == Word(State.DONE, OK, 1) and peer.done == ["92"]


@pytest.mark.parametrize("over", CrcOver)
def test_a_request_that_is_asked_for_again_goes_out_as_it_was(over: CrcOver) -> None:
    peer = Peer()
    wire = TaskWire(peer, Tempo(5.0, 1.0), over, peer.clock.monotonic)
    wire.connect()
    peer.plan("C1", "empty", "empty")
    assert adding(wire) == READY
    assert peer.ids[-1] == peer.ids[-2] == peer.ids[-3] and peer.done == ["92"]


def test_nobody_on_the_line_is_told_before_anything_is_sent() -> None:
    peer = Peer(dead=True)
    wire = TaskWire(peer, Tempo(5.0, 1.0), CrcOver.STUFFED, peer.clock.monotonic)
    with pytest.raises(Silence) as caught:
        wire.connect()
    assert not caught.value.sent and caught.value.failure.code == "timeout"
    with pytest.raises(Silence, match="never opened"):
        _ = wire.reserved
    peer.refuses = 1
    with pytest.raises(Silence) as caught:
        wire.connect()
    assert not caught.value.sent and caught.value.failure.code == "line"


def test_a_line_that_broke_while_nothing_was_sent_is_opened_again() -> None:
    peer = Peer()
    wire = wire_of(peer)
    adding(wire, STATE, reads=True)
    peer.broken = True
    assert adding(wire) == READY and peer.done == ["3F", "92"]
    peer.broken, peer.refuses = True, 1
    silence = silence_of(wire)
    assert silence.failure.code == "line" and peer.done == ["3F", "92"]


def test_a_line_that_breaks_twice_is_told() -> None:
    peer = Peer()
    wire = wire_of(peer)
    peer.plan("C1", "cut")
    peer.plan("C3", "cut")
    silence = silence_of(wire)
    assert silence.sent and silence.failure.code == "line" and peer.done == ["92"]


def test_a_register_that_goes_silent_is_a_doubt() -> None:
    peer = Peer()
    wire = wire_of(peer)
    peer.plan("C1", "lose_answer")
    peer.plan("C3", *["lose_answer"] * 3)
    silence = silence_of(wire)
    assert silence.sent and silence.failure.text == "nobody answers"


def test_how_a_task_stands_can_be_asked_at_any_time() -> None:
    peer = Peer()
    wire = wire_of(peer)
    assert wire.state_of(DECISIVE_FIRST) is State.UNKNOWN
    adding(wire, CLOSE, task=wire.reserved)
    assert wire.state_of(DECISIVE_FIRST) is State.DONE
    peer.dead = True
    with pytest.raises(Silence) as caught:
        wire.state_of(DECISIVE_FIRST)
    assert not caught.value.sent
    peer.dead, peer.broken = False, True
    with pytest.raises(Silence) as caught:
        wire.state_of(DECISIVE_FIRST)
    assert caught.value.failure.code == "line"


def test_a_task_that_failed_can_be_given_up_so_that_its_number_is_free() -> None:
    peer = Peer()
    wire = wire_of(peer)
    adding(wire, CLOSE, task=wire.reserved)
    wire.forget(wire.reserved)
    assert wire.state_of(wire.reserved) is State.UNKNOWN
    peer.broken = True
    with pytest.raises(Silence):
        wire.forget(wire.reserved)


def test_what_was_on_the_way_to_somebody_before_us_is_read_away() -> None:
    peer = Peer()
    peer.comes(wrapped(1, b"\xa3\x55\x67\x00"))
    peer.event(1, b"\x55\x67\x00")
    wire = wire_of(peer)
    assert adding(wire) == READY
