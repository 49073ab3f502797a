"""A receipt printer's controller without a line: what it prints, what it is asked and what it answers."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from fiscal.escpos.job import PrintJob
from fiscal.escpos.printer import Printer, open_printer

READY = {1: b"\x12", 2: b"\x12", 3: b"\x12", 4: b"\x12"}
BODY = b"\x1b@" + b"receipt\n" * 3
TAIL = b"\x1dVB\x00"
JOB = PrintJob(BODY, TAIL)

Answers = Callable[[int, bytes], bytes]  # (query, what was printed so far) -> answer


def steady(**changes: bytes) -> Answers:
    answers = READY | {int(key[1:]): value for key, value in changes.items()}
    return lambda query, _printed: answers[query]


CONFIRM = b"\x1d(H\x06\x0000"  # Then a process number of four characters.


@dataclass
class Machine:
    """A printer's controller as the command reference has it: questions never reach the paper, and a process number is
    answered once everything before it is printed, which an offline printer does not do."""

    answers: Answers
    printed: bytes = b""
    asked: list[int] = field(default_factory=list)
    waiting: bytes = b""
    confirms: bool = True

    def receive(self, data: bytes) -> bytes:
        self.waiting += data
        out = b""
        while self.waiting:
            if self.waiting.startswith(b"\x10\x04"):
                if len(self.waiting) < 3:
                    break
                number = self.waiting[2]
                self.asked.append(number)
                out += self.answers(number, self.printed)
                self.waiting = self.waiting[3:]
            elif self.waiting.startswith(CONFIRM):
                if len(self.waiting) < len(CONFIRM) + 4:
                    break
                process, self.waiting = self.waiting[len(CONFIRM) :][:4], self.waiting[len(CONFIRM) + 4 :]
                if self.confirms and self.answers(1, self.printed) == READY[1]:
                    out += b"7\x22" + process + b"\x00"
            elif b"\x10".startswith(self.waiting) or CONFIRM.startswith(self.waiting):
                break
            else:
                self.printed += self.waiting[:1]
                self.waiting = self.waiting[1:]
        return out


def opened(url: str, supported: bool | None = None) -> Printer:
    return open_printer(url, monotonic=time.monotonic, sleep=time.sleep, status_supported=supported)
