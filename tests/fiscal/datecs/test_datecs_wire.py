"""One exchange against scripted lines that play exact bytes: the golden frames, SYN, NAK, silence, late answers."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from datecs_vectors import frame

from fiscal.datecs import LANGUAGES
from fiscal.datecs.codec import P, X, encode
from fiscal.datecs.protocol import Call, Kind
from fiscal.datecs.wire import REPEAT_WITHIN_S, Wire
from fiscal.device.family import Silence
from fiscal.failures import FailureKind

OPEN_P, OPENED_P = frame("P", "request", "open sale"), frame("P", "answer", "open sale")
OPEN = Call(0x30, "1,0000,1", Kind.ACT)
STATE = Call(0x4C, "T")
PAY_X, REFUSED_X = frame("X", "request", "payment by pinpad"), frame("X", "answer", "payment refused")
NAK, SYN = b"\x15", b"\x16"
Script = list[bytes | Exception | None]


@dataclass
class Line:
    """Says one entry of the script at each read: bytes, None for silence, an error. What is written is kept."""

    script: Script = field(default_factory=list)
    written: list[bytes] = field(default_factory=list)
    at_s: float = 0.0
    opens: int = 0
    fails: list[OSError] = field(default_factory=list)  # At the next writes.

    def open(self) -> None:
        self.opens += 1

    def write(self, data: bytes) -> None:
        if self.fails:
            raise self.fails.pop(0)
        self.written.append(data)

    def read(self, timeout_s: float) -> bytes:
        entry = self.script.pop(0) if self.script and timeout_s else None
        if isinstance(entry, Exception):
            raise entry
        if entry is None:
            self.at_s += timeout_s
            return b""
        self.at_s += 0.06
        return entry

    def close(self) -> None:
        self.opens = -1


class FirstSeq(random.Random):
    """Starts so that the next SEQ is the given one."""

    def __init__(self, seq: int) -> None:
        super().__init__(0)
        self._seq = seq

    def randint(self, a: int, b: int) -> int:
        assert a <= self._seq - 1 <= b
        return self._seq - 1


def wire(line: Line, seq: int = 0x23, family: str = "datecs-p") -> Wire:
    return Wire(
        line, LANGUAGES[family], answer_s=0.5, codepage="cp1251", monotonic=lambda: line.at_s, rng=FirstSeq(seq)
    )


def silence(work: Callable[[], Any]) -> Silence:
    with pytest.raises(Silence) as caught:
        work()
    assert caught.value.failure.kind is FailureKind.NO_ANSWER
    return caught.value


def test_a_golden_exchange() -> None:
    line = Line([OPENED_P])
    answer = wire(line).exchange(OPEN)
    assert line.written == [OPEN_P]
    assert answer.data == "0012,0010" and answer.status.has("2.3") and answer.writes == 1


def test_the_published_exchange_came_after_a_syn_and_in_pieces() -> None:
    line = Line([SYN, *(REFUSED_X[at : at + 3] for at in range(0, len(REFUSED_X), 3))])
    answer = wire(line, 0x30, "datecs-x").exchange(Call(0x35, "4\t1.53\t1\t", Kind.ACT))
    assert line.written == [PAY_X] and answer.data == "-111016\t"


def test_seq_goes_up_by_one_and_begins_anew_after_the_last() -> None:
    for family, dialect in (("datecs-p", P), ("datecs-x", X)):
        line = Line(
            [encode(dialect, seq, 0x4A, b"x", b"\x80" * dialect.status_bytes) for seq in (dialect.seq_max, 0x20)]
        )
        one = wire(line, dialect.seq_max, family)
        one.exchange(Call(0x4A))
        one.exchange(Call(0x4A))
        assert line.written == [encode(dialect, dialect.seq_max, 0x4A), encode(dialect, 0x20, 0x4A)]


@pytest.mark.parametrize(
    "before",
    [
        [None],  # Lost on either way.
        [NAK],
        [NAK, NAK],
        [OPENED_P[:10], None],  # Cut short.
        [OPENED_P[:10] + b"\xff" + OPENED_P[11:], None],  # One byte wrong.
        [SYN, SYN, None],
        [encode(P, 0x22, 0x38, b"0011,0009", b"\x80" * 6), None],  # Late, of the command before.
        [b"\xff\x00noise", None],
    ],
)
def test_a_lost_answer_is_asked_for_with_the_same_frame_again(before: Script) -> None:
    line = Line([*before, OPENED_P])
    answer = wire(line).exchange(OPEN)
    assert answer.data == "0012,0010" and answer.writes == len(line.written) > 1
    assert set(line.written) == {OPEN_P}


def test_a_late_answer_does_not_make_the_printer_hear_the_command_again() -> None:
    line = Line([encode(P, 0x22, 0x38, b"0011,0009", b"\x80" * 6), OPENED_P])
    assert wire(line).exchange(OPEN).data == "0012,0010" and len(line.written) == 1


def test_what_came_late_is_read_away_before_the_next_command() -> None:
    answers = [encode(P, 0x24, 0x4C, b"0,0000,0", b"\x80" * 6)]
    line = Line([None, OPENED_P, *answers])
    one = wire(line)
    one.exchange(OPEN)
    reads: list[float] = []
    original = line.read

    def read(timeout_s: float) -> bytes:
        reads.append(timeout_s)
        return OPENED_P if reads == [0] else original(timeout_s)

    line.read = read
    assert one.exchange(STATE).data == "0,0000,0"
    assert reads[:2] == [0, 0]


def test_a_command_that_does_something_is_repeated_only_while_the_printer_cannot_have_restarted() -> None:
    line = Line()
    caught = silence(lambda: wire(line).exchange(OPEN))
    assert caught.sent and set(line.written) == {OPEN_P} and line.at_s <= REPEAT_WITHIN_S + 0.5
    # A SYN is a sign of life: the command is still under way, and may be asked for again.
    line = Line([SYN, None, SYN, None, OPENED_P])
    assert wire(line).exchange(OPEN).data == "0012,0010" and len(line.written) == 3


def test_with_a_slower_line_it_is_not_repeated_at_all() -> None:
    line = Line()
    slow = Wire(
        line, LANGUAGES["datecs-p"], answer_s=2.0, codepage="cp1251", monotonic=lambda: line.at_s, rng=FirstSeq(0x23)
    )
    silence(lambda: slow.exchange(OPEN))
    assert line.written == [OPEN_P]


def test_a_reading_is_asked_for_six_times() -> None:
    line = Line()
    assert silence(lambda: wire(line).exchange(STATE)).sent
    assert len(line.written) == 6 and len(set(line.written)) == 1


def test_an_endless_syn_ends_at_the_limit_of_the_command() -> None:
    line = Line([SYN] * 10_000)
    caught = silence(lambda: wire(line).exchange(OPEN))
    assert "30h" in caught.failure.text and line.at_s == pytest.approx(Kind.ACT.total_s, abs=1)
    assert len(line.written) == 1


def test_an_answer_to_another_command_under_our_number_is_no_answer() -> None:
    line = Line([encode(P, 0x23, 0x38, b"0011,0009", b"\x80" * 6)])
    caught = silence(lambda: wire(line).exchange(OPEN))
    assert caught.sent and caught.failure.text == "an answer to 38h under the number of 30h"


def test_a_session_begins_with_two_status_commands_of_different_seq() -> None:
    stale = encode(P, 0x22, 0x38, b"0011,0009", b"\x80" * 6)  # Swallowed: our first SEQ was the last one before us.
    status = frame("P", "answer", "status")
    assert status[2] == 0x22
    line = Line([stale, status[:2] + b"\x23" + status[3:-5] + encode(P, 0x23, 0x4A, status[4:10], status[11:17])[-5:]])
    one = wire(line, 0x22)
    one.connect()
    assert line.opens == 1
    assert line.written == [frame("P", "request", "status"), encode(P, 0x23, 0x4A)]
    one.close()
    assert line.opens == -1


def test_where_a_session_begins_is_left_to_chance() -> None:
    firsts = set()
    for seed in range(20):
        line = Line([OSError("gone")])
        chance = Wire(
            line, LANGUAGES["datecs-x"], answer_s=0.5, codepage="cp1251", monotonic=lambda: 0.0,
            rng=random.Random(seed),
        )  # fmt: skip
        silence(chance.connect)
        firsts.add(line.written[0][5])
    assert len(firsts) > 5


def test_nobody_there_means_that_nothing_was_sent() -> None:
    class Absent(Line):
        def open(self) -> None:
            raise ConnectionRefusedError("refused")

    assert not silence(wire(Absent()).connect).sent
    assert not silence(wire(Line()).connect).sent  # Silent: only status commands have left.


def test_a_line_that_breaks_is_a_silence_after_which_bytes_may_have_left() -> None:
    line = Line(fails=[ConnectionResetError("reset")])
    assert silence(lambda: wire(line).exchange(OPEN)).sent
    line = Line([ConnectionResetError("reset")])
    caught = silence(lambda: wire(line).exchange(OPEN))
    assert caught.sent and caught.failure.code == "line" and caught.failure.text == "reset"


def test_a_line_that_is_broken_before_anything_is_written_has_sent_nothing() -> None:
    line = Line([None, OPENED_P])
    one = wire(line)
    one.exchange(OPEN)

    def broken(_timeout_s: float) -> bytes:
        raise ConnectionResetError("reset")

    line.read = broken
    assert not silence(lambda: one.exchange(STATE)).sent
    assert len(line.written) == 2
