"""Text that remembers where each character came from, so that an error names the place in what the scanner sent."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from marking.errors import CodeError, ErrorKind


@dataclass(frozen=True, slots=True)
class Traced:
    """`at[i]` is the place of `text[i]` in the original; `end` is the place just after the last character."""

    text: str
    at: Sequence[int]
    end: int

    @classmethod
    def of(cls, text: str) -> Traced:
        return cls(text, range(len(text)), len(text))

    def place(self, index: int) -> int:
        return self.at[index] if index < len(self.at) else self.end

    def error(self, kind: ErrorKind, index: int, text: str) -> CodeError:
        return CodeError(kind, self.place(index), text)

    def cut(self, start: int, stop: int | None = None) -> Traced:
        """
        >>> Traced.of("]d20104").cut(3).place(0)
        3
        """
        stop = len(self.text) if stop is None else stop
        return Traced(self.text[start:stop], self.at[start:stop], self.place(stop))

    def convert(self, change: Callable[[str], str]) -> Traced:
        """One character for one character: a key map, a change of case."""
        return Traced(change(self.text), self.at, self.end)

    def substitute(self, found: re.Pattern[str], new: str) -> Traced:
        """Replace every match; each new character takes the place of the match it stands for."""
        text: list[str] = []
        at: list[int] = []
        last = 0
        for match in found.finditer(self.text):
            text += (self.text[last : match.start()], new)
            at += self.at[last : match.start()]
            at += [self.place(match.start())] * len(new)
            last = match.end()
        if not last:
            return self
        return Traced("".join(text) + self.text[last:], [*at, *self.at[last:]], self.end)

    def join(self, *parts: tuple[str, int, int]) -> Traced:
        """Build a text of pieces: (literal, start, stop), the literal followed by this text's slice."""
        text, at = "", list[int]()
        for literal, start, stop in parts:
            text += literal + self.text[start:stop]
            at += [self.place(start)] * len(literal)
            at += self.at[start:stop]
        return Traced(text, at, self.end)
