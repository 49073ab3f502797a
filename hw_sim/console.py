"""The hand at a simulated register, whatever it is reached by: one line of text in, what happened out.

A word is a function of the rest of its line. The first line of its docstring is "usage: meaning", and the help is made
of these.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from textwrap import fill
from typing import Any

from hw_sim.faults import FaultQueue
from hw_sim.journal import SCREEN_BYTES, Told
from hw_sim.listing import WIDTH, Row, columns, printable, spreadsheet, table, totals_text, whole

SHOWN = 20
CSV = "--csv"
QUIT = ("quit", "end it")  # Carried out by whoever reads the lines.
MATCHES = (
    "MATCH: a command by its name in `frames`; without it the fault meets what it is made for, mostly any. "
    "`faults` shows what waits, `clear` takes it back."
)
# Python's words for a text that is no number, and for too few words or too many.
MISUSED = ("invalid literal", "could not convert", "not enough values", "too many values")

Switch = Callable[[list[str]], str]


class Hand:
    """What can be done to every simulated register.

    Args:
        faults: what waits to go wrong.
        documents: the fiscal memory, as rows of `FiscalDocument.row()`.
        totals: counters and sums.
        journal: what went over the line, both ways, oldest first.
        words: what is there beside these, by name.
    """

    def __init__(
        self,
        faults: FaultQueue,
        documents: Callable[[], Sequence[Row]],
        totals: Callable[[], Mapping[str, Any]],
        journal: Callable[[], Sequence[Told]],
        words: Mapping[str, Switch],
    ) -> None:
        self._faults = faults
        self._rows = documents
        self._sums = totals
        self._journal = journal
        self.words: Mapping[str, Switch] = {
            "help": self._help,
            "status": self._status,
            "documents": self._documents,
            "document": self._document,
            "totals": self._totals,
            "frames": self._frames,
            "fault": self._fault,
            "faults": self._waiting,
            "clear": self._clear,
            **words,
        }

    def run(self, line: str) -> str:
        """Carry out one line; what went wrong is said, never raised."""
        word, *rest = line.split() or ["help"]
        command = self.words.get(word)
        if command is None:
            near = difflib.get_close_matches(word, self.words, 1)
            hint = f", did you mean {near[0]!r}? Known" if near else "; known"
            return fill(printable(f"{word}: no such command{hint}: {', '.join(self.words)}"), WIDTH)
        try:
            return printable(command(rest))
        except IndexError:
            return f"usage: {usage(word, command)[0]}"
        except (ValueError, TypeError, OSError, ArithmeticError) as error:
            if str(error).startswith(MISUSED):
                return f"usage: {usage(word, command)[0]}"
            return printable(f"{word}: {error}")

    def _help(self, _rest: list[str]) -> str:
        """help: this list"""
        return columns([*(usage(word, command) for word, command in self.words.items()), QUIT])

    def standing(self) -> Mapping[str, str]:
        """What a hand has changed and can change back, by name."""
        return {}

    def _status(self, _rest: list[str]) -> str:
        """status: how it stands now, and which faults wait"""
        rows = self._rows()
        last = f", the last is {rows[-1]['document_number']}" if rows else ""
        return columns(
            [
                *self.standing().items(),
                ("documents", f"{len(rows)}{last}"),
                ("faults", ", ".join(map(_order, self._faults.waiting())) or "none"),
            ]
        )

    def _documents(self, rest: list[str]) -> str:
        """documents [N]|--csv FILE: the fiscal memory, its last N documents; or all of it into a spreadsheet"""
        rows = self._rows()
        if rest[:1] == [CSV]:
            path = Path(" ".join(rest[1:]) or rest[1])
            path.write_bytes(spreadsheet(rows))
            return f"{len(rows)} documents written to {path}"
        return table(rows[-_count(rest) :])

    def _document(self, rest: list[str]) -> str:
        """document [NUMBER]: everything of one document, its marks too; the newest unless told otherwise"""
        rows = self._rows()
        found = [row for row in rows if not rest or str(row["document_number"]) == rest[0]]
        if not found:
            return f"there is no document {rest[0]}" if rest else "none"
        return whole(found[-1])

    def _totals(self, _rest: list[str]) -> str:
        """totals: counters and sums in tenge, of the open shift too"""
        return totals_text(self._sums())

    def _frames(self, rest: list[str]) -> str:
        """frames [N]: the journal of the line, both ways; > to the register, < from it, ! what happened to it"""
        return "\n".join(told.page(SCREEN_BYTES) for told in self._journal()[-_count(rest) :]) or "none"

    def _fault(self, rest: list[str]) -> str:
        """fault [NAME [MATCH] [count=N] [skip=N] [key=value ...]]: let something go wrong; alone: what can"""
        if not rest:
            known = columns((name, kind.about) for name, kind in self._faults.kinds.items())
            return f"{known}\n{fill(MATCHES, WIDTH)}"
        try:
            return plant(self._faults, rest)
        except ValueError as error:
            if rest[0] not in self._faults.kinds:
                raise ValueError(f"{error}; `fault` alone lists them") from error
            raise

    def _waiting(self, _rest: list[str]) -> str:
        """faults: what waits to go wrong"""
        return "\n".join(map(_order, self._faults.waiting())) or "none"

    def _clear(self, rest: list[str]) -> str:
        """clear [NAME]: forget every fault that waits, or those of one name"""
        if not self._faults.clear(*rest[:1]) and rest:
            raise ValueError(f"no fault {rest[0]!r} waits")
        return "cleared"


def plant(faults: FaultQueue, words: Sequence[str]) -> str:
    """Order a fault: its name, what it meets, then key=value.

    Raises:
        ValueError: there is no such fault, or it does not take what stands there.
    """
    name, *rest = words
    match = rest.pop(0) if rest and "=" not in rest[0] else ""
    params: dict[str, Any] = {}
    for word in rest:
        key, equals, value = word.partition("=")
        if not equals or not key:
            raise ValueError(f"{word}: key=value is wanted")
        if key == "match":
            match = value
        else:
            params[key] = _plain(value)
    faults.add(name, match, **params)
    return f"{name} waits"


def usage(word: str, command: Switch) -> tuple[str, str]:
    """How a word is used and what it means, from its docstring."""
    told = (command.__doc__ or word).strip().splitlines()[0]
    how, _, meaning = told.partition(": ")
    return how, meaning.removesuffix(".")


def _count(rest: list[str]) -> int:
    if rest and not (rest[0].isascii() and rest[0].isdigit() and int(rest[0])):
        raise ValueError(f"{rest[0]}: how many? A whole number, at least 1")
    return int(rest[0]) if rest else SHOWN


def _plain(text: str) -> int | str:
    """A whole number where the text is one and nothing else: 0055 is hexadecimal to whoever wrote it."""
    try:
        number = int(text)
    except ValueError:
        return text
    return number if str(number) == text else text


def _order(fault: Mapping[str, Any]) -> str:
    """A waiting fault as it would be typed."""
    params = {"count": fault["count"], "skip": fault["skip"], **fault["params"]}
    words = (f"{key}={value}" for key, value in params.items() if (key, value) != ("skip", 0))
    return " ".join((str(fault["name"]), str(fault["match"]), *words))
