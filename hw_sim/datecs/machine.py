"""A Datecs printer behind its line: frames in, answers out, the rule of SEQ, power, the print buffer.

A frame with the SEQ of the last accepted one is not carried out: its answer is said once more, whatever the frame
holds. That answer lives in RAM; whether it outlives a power loss is a switch of the model.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from hw_sim.datecs import reads_p, reads_x
from hw_sim.datecs.command import Command, Reply
from hw_sim.datecs.faults import KINDS, UPSETS_AFTER, UPSETS_BEFORE, bits_in, upset
from hw_sim.datecs.framing import ANSWER_DATA_MAX, LAYOUTS, NAK, OFFSET, SYN, Broken, Decoder, Layout, Request, encoded
from hw_sim.datecs.paper import Paper
from hw_sim.datecs.profiles import Profile, Protocol
from hw_sim.datecs.refusals import Reason, Refused
from hw_sim.datecs.signs import bits_of, status_bytes
from hw_sim.datecs.state import Closure, LastError, Past, State
from hw_sim.datecs.telling import answer_in_words, request_in_words
from hw_sim.device.machine import Machine
from hw_sim.device.memory import FiscalMemory
from hw_sim.exchange import NS
from hw_sim.faults import Fault

SYN_EVERY_S = 0.06
STATUS = 0x4A
PIECE_EVERY_S = 0.002
COMMANDS: dict[Protocol, dict[int, Command]] = {Protocol.P: reads_p.COMMANDS, Protocol.X: reads_x.COMMANDS}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a command. `signs` and `bits` are wrong with this command alone."""

    reply: Reply
    signs: frozenset[str] = frozenset()
    bits: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Kept:
    """The last accepted frame's SEQ and the answer to it."""

    seq: int
    command: int
    data: bytes
    status: bytes

    def frame(self, layout: Layout) -> bytes:
        return encoded(layout, self.seq, self.command, self.data, self.status)


class Datecs(Machine):
    """One printer. `state` is everything it holds; `memory` of `hw_sim.device` is what the tax side knows."""

    def __init__(
        self, now: Callable[[], int], rng: random.Random, profile: Profile, memory: FiscalMemory, past: Past,
        last_seq: int | None = None,
    ) -> None:  # fmt: skip
        super().__init__(now, rng, KINDS)
        self.profile = profile
        paper = Paper(self.mechanics, memory, profile.line_s)
        self.state = State(profile, memory, self.mechanics, paper, self.now)
        self._layout = LAYOUTS[profile.protocol]
        self._commands = COMMANDS[profile.protocol]
        self._decoder = Decoder(self._layout)
        self._busy_until_ns = 0
        self._kept: Kept | None = None
        self._take_up(past)
        if last_seq is not None:
            self._kept = self._status_kept(last_seq)

    def _take_up(self, past: Past) -> None:
        state = self.state
        state.document, state.fiscal_count = past.document, past.fiscal
        state.day.receipts, state.day.fiscal = past.receipts, past.fiscal_receipts
        state.memory.next_shift = past.z + 1
        if past.z:
            state.closures.append(Closure(past.z, state.local(past.z_at_ns), (0,) * 8, (0,) * 8))
        if past.receipts:
            state.memory.open_shift(state.now_ns())

    def _status_kept(self, seq: int) -> Kept:
        """What is kept when an earlier program's last frame asked for the status."""
        request = Request(seq, STATUS, b"", b"")
        return self._keep(request, self._worked(request))

    # The line

    def take_bytes(self, data: bytes) -> None:
        self._decoder.receive(data)
        while (event := self._decoder.next_event()) is not None:
            if isinstance(event, Request):
                self._request(event)
            else:
                self._broken(event)

    def lose_power(self) -> None:
        self._decoder.reset()
        if self.profile.line_s:  # A printer without print time has lines left only in the middle of a command.
            self.state.paper.run(self.now())
        self.state.wrong_passwords = 0
        self.state.reading = None
        self._busy_until_ns = 0
        if not self.profile.keeps_answer:
            self._kept = None

    def gain_power(self) -> None:
        paper = self.state.paper
        drop = paper.interrupted and self.profile.voltage_drop
        paper.resume(self.now(), "VOLTAGE DROP" if drop else "")

    def line_dropped(self) -> None:
        self._decoder.reset()

    def paper_loaded(self) -> None:
        self.state.paper.run(self.now())

    def forget_answer(self) -> None:
        """RAM is gone, and the answer kept for a repeat with it."""
        self._kept = None

    # One frame

    def _broken(self, event: Broken) -> None:
        self.note("!", "frame", event.raw, event.why)
        if not event.cut:
            self._say_nak()

    def _say_nak(self) -> None:
        self.note("<", "NAK", NAK)
        self.say_plainly(NAK)

    def _request(self, request: Request) -> None:
        name = f"{request.command:02X}"
        if self.draw("nak_once", name) is not None:
            self.note("!", "nak_once", request.raw)
            self._say_nak()
            return
        command = self._commands.get(request.command)
        title = command.title if command is not None else "no such command"
        if not self.heard(name, request.raw, request_in_words(request, title, self.profile.code_page)):
            return
        self.state.paper.run(self.now())
        self._upset(name, UPSETS_BEFORE)
        if self.draw("swallow_first", name) is not None:
            self.note("!", "swallow_first")
            self._kept = replace(self._kept or self._status_kept(request.seq), seq=request.seq)
        if self._kept is not None and self._kept.seq == request.seq:
            self.note("!", "repeat", b"", "the SEQ of the last frame: nothing is done")
            self._send(name, self._kept, 0.0)
        else:
            self._carry_out(name, request)

    def _carry_out(self, name: str, request: Request) -> None:
        outcome = self._outcome(request)
        self._upset(name, UPSETS_AFTER)
        if (fault := self.draw("status_bits", name)) is not None:
            self.note("!", "status_bits")
        self._kept = self._keep(request, outcome, fault)  # A line or power that goes now must find it kept.
        if self.executed(name):
            self._kept = answer = self._keep(request, outcome, fault)  # Paper may have ended: the status says so.
            work_s = outcome.reply.wait_s + self.profile.busy_s.get(name, 0.0)
            self._send(name, self._spoilt(name, answer), work_s)
        if self.powered:
            self.state.paper.run(self.now())

    def _spoilt(self, name: str, answer: Kept) -> Kept:
        """What is sent: a fault may put another name on it than on what is kept."""
        if self.draw("wrong_seq", name) is not None:
            self.note("!", "wrong_seq")
            answer = replace(answer, seq=answer.seq - 1 if answer.seq > OFFSET else answer.seq + 1)
        if (fault := self.draw("wrong_command", name)) is not None:
            self.note("!", "wrong_command")
            answer = replace(answer, command=int(str(fault.params.get("command", "4A")), 16))
        return answer

    def _upset(self, name: str, kinds: Iterable[str]) -> None:
        for kind in kinds:
            if (fault := self.draw(kind, name)) is not None:
                self.note("!", kind)
                upset(self.state, fault)
                if kind == "ram_reset":
                    self.forget_answer()

    # The work

    def _outcome(self, request: Request) -> Outcome:
        name = f"{request.command:02X}"
        if (fault := self.draw("refused", name)) is not None:
            self.note("!", "refused")
            return Outcome(Reply(), bits=bits_in(fault, "set") or frozenset(("0.5", "1.1")))
        fault = self.draw("error_code", name)
        if fault is not None and not fault.params.get("done"):
            return self._coded(fault)
        outcome = self._worked(request)
        return outcome if fault is None else self._coded(fault)

    def _coded(self, fault: Fault) -> Outcome:
        self.note("!", "error_code")
        return Outcome(Reply(f"{int(fault.params.get('code', -111_999))}\t"))

    def _worked(self, request: Request) -> Outcome:
        state = self.state
        try:
            command = self._allowed(request.command)
            return Outcome(command.run(state, request.data.decode(self.profile.code_page, "replace")))
        except Refused as refusal:
            said = refusal.reason.value
            code = said.code_p if self.profile.protocol is Protocol.P else refusal.code_x
            state.last_error = LastError(request.command, code, state.local(), said.text)
            return self._refusal(refusal)

    def _allowed(self, code: int) -> Command:
        """The command, unless the printer takes none, or not this one, whatever its data."""
        command, state = self._commands.get(code), self.state
        if command is None:
            raise Refused(Reason.COMMAND)
        if state.locked and self.profile.protocol is Protocol.P and not command.reads:
            raise Refused(Reason.LOCKED)
        if command.fills_journal and "journal_full" in state.signs:
            raise Refused(Reason.JOURNAL_FULL)
        return command

    def _refusal(self, refusal: Refused) -> Outcome:
        said = refusal.reason.value
        if self.profile.protocol is Protocol.P:
            return Outcome(Reply(), said.signs_p)
        if self.profile.refusals_have_code:
            return Outcome(Reply(f"{refusal.code_x}\t"), said.signs_x)
        return Outcome(Reply(), said.signs_x | said.signs_p)

    def _keep(self, request: Request, outcome: Outcome, fault: Fault | None = None) -> Kept:
        """The answer as it stands now, with the signs of this moment."""
        # A command refused for want of paper needs no sign of its own: the state shows it.
        bits = bits_of(self.profile.protocol, self.state.shown() | outcome.signs) | outcome.bits
        if fault is not None:
            bits = (bits | bits_in(fault, "set")) - bits_in(fault, "clear")
        status = status_bytes(self.profile.protocol, bits)
        before, _, after = outcome.reply.data.partition("{}") if outcome.reply.status else (outcome.reply.data, "", "")
        data = self._bytes(before) + (status if outcome.reply.status else b"") + self._bytes(after)
        return Kept(request.seq, request.command, data[:ANSWER_DATA_MAX], status)

    def _bytes(self, text: str) -> bytes:
        """Text in the code page; codes below 20h but tab and LF go as 10h and the code plus 40h."""
        raw = text.encode(self.profile.code_page, "replace")
        return b"".join(
            bytes((byte,)) if byte >= 0x20 or byte in b"\t\n" else bytes((0x10, byte + 0x40)) for byte in raw
        )

    # Saying

    def _send(self, name: str, answer: Kept, work_s: float) -> None:
        """Say an answer after its work, with SYN meanwhile. Work that is still going on comes first."""
        if (fault := self.draw("syn_stream", name)) is not None:
            self.note("!", "syn_stream")
            work_s += fault.seconds
        frame = answer.frame(self._layout)
        told = answer_in_words(frame, self._layout, self.profile.code_page)
        begin_s = max(0, self._busy_until_ns - self.now()) / NS
        for number in range(1, int(work_s / SYN_EVERY_S) + 1):
            self.say_plainly(SYN, begin_s + number * SYN_EVERY_S)
        if work_s >= SYN_EVERY_S:
            self.note("<", "SYN", SYN, f"x {int(work_s / SYN_EVERY_S)}")
        self._busy_until_ns = self.now() + int((begin_s + work_s) * NS)
        if (fault := self.draw("chunks", name)) is not None:
            self.note("<", name, frame, f"in pieces: {told}")
            self._say_in_pieces(frame, begin_s + work_s, int(fault.params.get("longest", 8)))
        else:
            self.say(name, frame, begin_s + work_s, told)

    def _say_in_pieces(self, frame: bytes, after_s: float, longest: int) -> None:
        start = number = 0
        while start < len(frame):
            size = self.rng.randint(1, max(1, longest))
            self.say_plainly(frame[start : start + size], after_s + number * PIECE_EVERY_S)
            start, number = start + size, number + 1
