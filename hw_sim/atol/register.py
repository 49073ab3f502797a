"""The ATOL register behind a line: packets in, tasks run in order, answers and events out."""

from __future__ import annotations

import random

from hw_sim.atol.agenda import TimedMachine
from hw_sim.atol.buffer import WANTS_RESULT, Stage, Status, Task, TaskBuffer, Word
from hw_sim.atol.commands import execute
from hw_sim.atol.faults import LEVEL3_KINDS
from hw_sim.atol.hands import follow, meet
from hw_sim.atol.kkm import Kkm
from hw_sim.atol.names import about, command_name
from hw_sim.atol.packets import EVENT_ID, Packet, PacketReader, packet
from hw_sim.atol.problems import Interrupted, Refused
from hw_sim.atol.profile import Profile
from hw_sim.atol.session import Session
from hw_sim.device.memory import FiscalMemory
from hw_sim.exchange import Clock

RS232, ETHERNET = 1, 6  # Interface byte of 3Fh.
ACCEPTED = bytes((Status.RESULT,))  # To C4 (github Zzzzipper/projects testAtolTaskLayer.cpp); to C2 not published.


class AtolRegister(TimedMachine):
    """One register on a line. Fiscal memory survives everything; the task buffer lives in RAM."""

    def __init__(self, now: Clock, rng: random.Random, memory: FiscalMemory, profile: Profile) -> None:
        super().__init__(now, rng, LEVEL3_KINDS)
        self.profile = profile
        self.kkm = Kkm(memory, self.mechanics, self.moment, rng, profile, self._between_fn_and_paper)
        self.session = Session(self.kkm, profile, self.moment, ETHERNET if profile.network else RS232)
        self.buffer = TaskBuffer(
            profile.buffer_tasks,
            profile.kept_results,
            lasting_stop=profile.lasting_stop,
            last_number=profile.last_task,
        )
        self._reader = PacketReader(profile.crc_over)
        self._name = ""  # Of the command at work.
        self._working: Task | None = None  # A slow one; abort forgets its result and does not stop it.

    # The line and the power

    def take_bytes(self, data: bytes) -> None:
        for came in self._reader.feed(data):
            if not self.powered or self.hung_up:
                return
            if came.flaw:
                self._flawed(came)
            elif came.data:
                self._word(came)

    def line_opened(self) -> None:
        self._reader.reset()
        if self.profile.network:
            self._outgoing.clear()

    def line_dropped(self) -> None:
        self._reader.reset()

    def lose_power(self) -> None:
        self.forget_work()
        self._working = None
        self.buffer.clear()
        self.session.power_lost()
        self._reader.reset()

    def gain_power(self) -> None:
        self.kkm.wake_printer()

    def paper_loaded(self) -> None:
        self.kkm.wake_printer()

    # The task queue

    def _flawed(self, came: Packet) -> None:
        self.note("!", "dropped", came.raw, came.flaw)
        if self.profile.asks_again and came.flaw == "wrong CRC":
            self.say_plainly(packet(came.id, b"", self.profile.crc_over))

    def _word(self, came: Packet) -> None:
        word, rest = came.data[0], came.data[1:]
        if word in (Word.ADD, Word.ACKNOWLEDGE_AND_ADD):
            self._add(came, word == Word.ACKNOWLEDGE_AND_ADD)
        elif word in (Word.ACKNOWLEDGE, Word.ASK, Word.ABORT):
            name = f"{word:02X}"
            if self.heard(name, came.raw, about(came.data)):
                answer = self._about_a_task(Word(word), rest)
                if self.executed(name):
                    self._say(name, came.id, answer)
        elif self.heard(f"{word:02X}", came.raw, "unknown"):
            self._say(f"{word:02X}", came.id, bytes((Status.ILLEGAL_VALUE,)))

    def _about_a_task(self, word: Word, rest: bytes) -> bytes:
        if word is Word.ABORT:
            # A command at work is not stopped by this; its result is forgotten all the same.
            self.buffer.clear()
            return ACCEPTED
        if len(rest) != 1:
            return bytes((Status.ILLEGAL_VALUE,))
        if word is Word.ACKNOWLEDGE:
            return ACCEPTED if self.buffer.acknowledge(rest[0]) else bytes((Status.NOT_FOUND,))
        task = self.buffer.get(rest[0])
        return bytes((Status.NOT_FOUND,)) if task is None else task.answer()

    def _add(self, came: Packet, acknowledging: bool) -> None:
        name = command_name(came.data)
        if not self.heard(name, came.raw, about(came.data)):
            return
        for fault, status in (("buffer_full", Status.OVERFLOW), ("illegal_value", Status.ILLEGAL_VALUE)):
            if self.draw(fault, name) is not None:
                self._say(name, came.id, bytes((status,)))
                return
        if len(came.data) < 3:
            self._say(name, came.id, bytes((Status.ILLEGAL_VALUE,)))
            return
        if acknowledging:
            self.buffer.acknowledge_finished()
        added = self.buffer.add(came.data[1], came.data[2], came.data[3:])
        if isinstance(added, Status):
            self._say(name, came.id, bytes((added,)))
        else:
            self._begin(name, came.id, added)

    def _begin(self, name: str, packet_id: int, task: Task) -> None:
        """Run a task at once when it is quick and nothing is before it; else promise an event."""
        cut = self.draw("hang_up_added", name)
        first = self._working is None and self.buffer.next() is task
        work_s = self._work_s(task) if first else 0.0
        if first and work_s <= 0 and cut is None:
            if self._run(task):
                self._say(name, packet_id, task.answer())
            return
        promise = task.answer()
        if first:
            self._start(task, work_s)
        if cut is not None:
            self.note("!", cut.name)
            self.hang_up()
        self._say(name, packet_id, promise)

    def _work_s(self, task: Task) -> float:
        extra = self.draw("slow", task.name)
        return self.profile.work_s.get(task.code, 0.0) + (0.0 if extra is None else extra.seconds)

    def _start(self, task: Task, work_s: float) -> None:
        task.stage = Stage.RUNNING
        self._working = task
        self.later(work_s, lambda: self._finish(task))

    def _finish(self, task: Task) -> None:
        """The moment of a slow task has come."""
        self._working = None
        if self._run(task) and self.buffer.holds(task) and task.flags & WANTS_RESULT:
            self._say("F0", EVENT_ID, task.event())
        following = self.buffer.next() if self.powered else None
        if following is not None:
            self._start(following, self._work_s(following))

    def _run(self, task: Task) -> bool:
        """Do the work and keep the result. False: nothing is said about it."""
        self._name = name = task.name
        try:
            meet(self, self.kkm, name)
            result, failed = execute(self.session, task.command), False
        except Refused as refused:
            result, failed = bytes((0x55, refused.code, 0x00)), True
        except Interrupted:
            return False
        self.buffer.finish(task, result, failed=failed)
        follow(self, self.kkm, name)
        if not self.executed(name):
            return False
        if self.draw("task_forgotten", name) is None:
            return True
        self.note("!", "task_forgotten")
        self.buffer.clear()
        return False

    def _between_fn_and_paper(self) -> bool:
        """The document is filed and not yet printed."""
        if self.draw("paper_out_during", self._name) is not None:
            self.end_paper()
        cut = self.draw("power_off_during", self._name)
        if cut is not None:
            self.power_off(cut.seconds if "seconds" in cut.params else None)
        return self.powered

    def _say(self, name: str, packet_id: int, data: bytes) -> None:
        if self.hung_up:
            self.note("!", f"{name} unsaid", data, "nobody is there")
            return
        self.say(name, packet(packet_id, data, self.profile.crc_over), about=about(data))
