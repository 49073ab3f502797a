"""A print job from end to end in virtual time: order, status rules, paper out, silence."""

from dataclasses import dataclass, field

import pytest
from escpos_machine import BODY, CONFIRM, JOB, READY, TAIL, Answers, Machine, steady

from fiscal.escpos import commands
from fiscal.escpos.links import LinkFailed
from fiscal.escpos.outcome import Handover, messages
from fiscal.escpos.printer import BLOCK_BYTES_MAX, Printer
from fiscal.escpos.profiles import DrawerWiring, profile
from fiscal.escpos.status import PrintState


@dataclass
class VirtualLink:
    """The machine on a line in virtual time: silence costs its wait, and nothing else does."""

    machine: Machine
    clock: list[float]
    one_way: bool = False
    paperless: bool = False
    writes: list[bytes] = field(default_factory=list)
    incoming: bytes = b""
    fail_on: bytes | None = None
    cause: str = "stalled"
    closed: int = 0

    def open(self) -> "VirtualLink":
        return self

    def write(self, data: bytes) -> None:
        if self.fail_on is not None and self.fail_on in data:
            raise LinkFailed(self.cause, "no more")
        self.writes.append(data)
        self.incoming += self.machine.receive(data)

    def settle(self) -> None:
        pass

    def read(self, timeout_s: float) -> bytes:
        if not self.incoming:
            self.clock[0] += timeout_s
            return b""
        data, self.incoming = self.incoming[:1], self.incoming[1:]
        return data

    def close(self) -> None:
        self.closed += 1


def virtual(answers: Answers, supported: bool | None = None) -> tuple[Printer, VirtualLink]:
    clock = [0.0]
    link = VirtualLink(Machine(answers), clock)

    def sleep(seconds: float) -> None:
        clock[0] += seconds

    printer = Printer(
        link, profile("epson-tm-t20"), monotonic=lambda: clock[0], sleep=sleep, status_supported=supported
    )
    return printer, link


def test_the_order_of_a_job_is_ask_send_ask_cut() -> None:
    printer, link = virtual(steady())
    outcome = printer.print_job(JOB)
    assert outcome.state is PrintState.OK
    assert outcome.handover is Handover.ALL
    q1, q2, q4 = (bytes([0x10, 0x04, n]) for n in (1, 2, 4))
    assert link.writes == [q1, q4, BODY, CONFIRM + b"BAAA", q1, q2, q4, TAIL]
    assert link.closed == 1
    assert printer.kept is None
    assert printer.status_supported is True


def test_a_job_goes_out_in_blocks_of_four_kilobytes() -> None:
    printer, link = virtual(steady())
    printer.print_job(b"x" * 10000)
    assert [len(data) for data in link.writes if data.startswith(b"x")] == [4096, 4096, 1808]
    assert BLOCK_BYTES_MAX == 4096


@pytest.mark.parametrize(
    ("answers", "state", "cause"),
    [
        ({"q4": b"\x72"}, PrintState.PAPER_OUT, "paper_out"),
        ({"q4": b"\x52"}, PrintState.PAPER_OUT, "paper_out"),
        ({"q1": b"\x1a", "q2": b"\x16"}, PrintState.COVER_OPEN, "cover_open"),
        ({"q1": b"\x1a", "q2": b"\x52", "q3": b"\x1a"}, PrintState.ERROR, "cutter"),
        ({"q1": b"\x1a"}, PrintState.OFFLINE, "offline"),
    ],
)
def test_a_printer_that_cannot_print_gets_no_byte_of_the_job(
    answers: dict[str, bytes], state: PrintState, cause: str
) -> None:
    printer, link = virtual(steady(**answers))
    outcome = printer.print_job(JOB)
    assert (outcome.state, outcome.cause, outcome.handover) == (state, cause, Handover.NONE)
    assert link.machine.printed == b""
    assert outcome.action.ru and outcome.action.kk
    assert printer.kept == JOB


def test_paper_out_in_mid_receipt_keeps_the_job_and_reprints_the_whole_copy() -> None:
    loaded = False

    def answers(query: int, printed: bytes) -> bytes:
        out = b"receipt" in printed and not loaded
        return {1: b"\x1a", 2: b"\x32", 4: b"\x72"}.get(query, b"\x12") if out else b"\x12"

    printer, link = virtual(answers)
    outcome = printer.print_job(JOB)
    assert (outcome.state, outcome.handover) == (PrintState.PAPER_OUT, Handover.PART)
    assert TAIL not in link.machine.printed
    assert printer.reprint() is not None
    assert link.machine.printed.count(b"receipt") == 3, "still out of paper: nothing more is sent"
    loaded = True
    again = printer.reprint()
    assert again is not None
    assert again.state is PrintState.OK
    assert link.machine.printed == BODY + TAIL + BODY + TAIL, "the torn half is cut off, then all of it again"
    assert printer.reprint() is None


def test_silence_is_unknown_after_three_tries_and_the_receipt_is_still_sent() -> None:
    printer, link = virtual(lambda _query, _printed: b"")
    outcome = printer.print_job(JOB)
    assert outcome.state is PrintState.UNKNOWN
    assert outcome.handover is Handover.ALL
    assert link.machine.printed == BODY + TAIL
    assert link.machine.asked == [1, 1, 1, 1]
    assert link.clock[0] == pytest.approx(0.9 + 0.3)
    assert printer.status_supported is False
    assert printer.kept == JOB, "a copy may be needed"


def test_a_printer_known_to_be_mute_is_asked_once_and_heard_when_it_speaks_again() -> None:
    printer, link = virtual(steady(), supported=False)
    assert printer.print_job(JOB).state is PrintState.OK
    assert printer.status_supported is True
    mute, mute_link = virtual(lambda _query, _printed: b"", supported=False)
    assert mute.print_job(JOB).state is PrintState.UNKNOWN
    assert mute_link.machine.asked == [1, 1]
    assert link.machine.asked == [1, 4, 1, 2, 4]


def test_a_printer_that_answered_before_keeps_its_status_support_through_a_silence() -> None:
    printer, _ = virtual(lambda _query, _printed: b"", supported=True)
    assert printer.print_job(JOB).state is PrintState.UNKNOWN
    assert printer.status_supported is True


@pytest.mark.parametrize("noise", [b"\x00", b"\xff", b"\x13\x11\x00"])
def test_noise_is_not_an_answer(noise: bytes) -> None:
    printer, _ = virtual(lambda _query, _printed: noise)
    assert printer.print_job(JOB).state is PrintState.UNKNOWN
    heard, _ = virtual(lambda query, _printed: noise + READY[query])
    assert heard.print_job(JOB).state is PrintState.OK


def test_an_answer_that_comes_late_is_not_taken_for_the_next_question() -> None:
    asked: list[int] = []

    def answers(query: int, _printed: bytes) -> bytes:
        asked.append(query)
        # The first query 1 is answered together with its repetition; the paper query gets its own.
        return {1: b"" if len(asked) == 1 else b"\x12\x12", 4: b"\x72"}[query]

    printer, _ = virtual(answers)
    assert printer.print_job(JOB).state is PrintState.PAPER_OUT


def test_the_near_end_of_the_roll_is_warned_of_once() -> None:
    paper = [b"\x1e"]
    printer, _ = virtual(lambda query, _printed: paper[0] if query == 4 else b"\x12")
    first, second = printer.print_job(JOB), printer.print_job(JOB)
    assert (first.state, first.paper_low, first.warn_paper) == (PrintState.OK, True, True)
    assert (second.paper_low, second.warn_paper) == (True, False)
    paper[0] = b"\x12"
    assert not printer.print_job(JOB).paper_low
    paper[0] = b"\x1e"
    assert printer.print_job(JOB).warn_paper


def test_a_cleared_cutter_jam_is_recovered_before_the_copy() -> None:
    jammed = [True]

    def answers(query: int, printed: bytes) -> bytes:
        if b"\x10\x05\x02" in printed:
            jammed[0] = False
        return {1: b"\x1a", 2: b"\x52", 3: b"\x1a", 4: b"\x12"}[query] if jammed[0] else b"\x12"

    printer, link = virtual(answers)
    assert printer.print_job(JOB).cause == "cutter"
    outcome = printer.reprint()
    assert outcome is not None
    assert outcome.state is PrintState.OK
    assert link.machine.printed.endswith(BODY + TAIL)


def test_a_printer_that_stops_taking_data_is_asked_why() -> None:
    printer, link = virtual(
        lambda query, _printed: {4: b"\x72"}.get(query, b"\x12") if len(link.writes) > 2 else b"\x12"
    )
    link.fail_on = b"receipt"
    outcome = printer.print_job(JOB)
    assert (outcome.state, outcome.handover) == (PrintState.PAPER_OUT, Handover.PART)


@pytest.mark.parametrize("cause", ["stalled", "closed"])
def test_a_line_that_fails_gives_an_outcome_and_never_an_exception(cause: str) -> None:
    printer, link = virtual(steady())
    link.fail_on, link.cause = b"receipt", cause
    outcome = printer.print_job(JOB)
    assert (outcome.state, outcome.cause, outcome.handover) == (PrintState.OFFLINE, cause, Handover.PART)
    assert outcome.detail
    assert link.closed == 1


def test_the_drawer_opens_without_touching_the_kept_job() -> None:
    printer, link = virtual(steady(q4=b"\x72"))
    printer.print_job(JOB)
    link.machine.answers = steady()
    assert printer.open_drawer().state is PrintState.OK
    assert link.machine.printed == commands.drawer(DrawerWiring())
    assert printer.kept == JOB


def test_check_prints_nothing() -> None:
    printer, link = virtual(steady(q1=b"\x1a", q2=b"\x16"))
    assert printer.check().state is PrintState.COVER_OPEN
    assert link.machine.printed == b""


def test_every_cause_has_its_words_in_both_languages() -> None:
    for cause, (message, action) in messages().items():
        assert message.kk and message.ru and message.en
        assert cause == "ok" or (action.kk and action.ru and action.en)
