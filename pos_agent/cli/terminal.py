"""What a command for store IT writes: lines that fold at the terminal's width, commands that never do, or JSON."""

from __future__ import annotations

import json
import shutil
import sys
import textwrap
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Annotated, Any, Final

import typer

from pos_agent.speech import Language

WIDTH: Final = 80  # Where nobody looks, and the most a line takes where somebody does.
STYLES: Final = {"good": typer.colors.GREEN, "warn": typer.colors.YELLOW, "bad": typer.colors.RED,
                 "step": typer.colors.CYAN}  # fmt: skip

LangOption = Annotated[
    Language | None, typer.Option("--lang", help="Language of what is told; default: the terminal's, else Russian.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="One JSON object instead of words.")]


def _emit(text: str) -> None:
    """Bytes: the encoding of a redirected Windows console has no Kazakh letters."""
    sys.stdout.buffer.write(text.encode("utf-8", "replace"))
    sys.stdout.buffer.flush()


@dataclass(frozen=True, slots=True)
class Terminal:
    width: int
    styled: bool
    emit: Callable[[str], None] = field(default=_emit)

    def say(self, text: str = "", style: str = "", indent: int = 0, hang: int | None = None) -> None:
        """A paragraph, folded between words; `hang` is the indent of its further lines."""
        further = " " * (indent if hang is None else hang)
        for paragraph in text.split("\n"):
            folded = textwrap.wrap(
                paragraph, self.width, initial_indent=" " * indent, subsequent_indent=further,
                break_long_words=False, break_on_hyphens=False,
            )  # fmt: skip
            for line in folded or [""]:
                self.exact(line, style)

    def exact(self, line: str, style: str = "") -> None:
        """A line as it is: what is there to be copied must not be folded."""
        if self.styled and style:
            line = typer.style(line, fg=STYLES.get(style), dim=style == "dim", bold=style in ("bad", "head"))
        self.emit(f"{line}\n")


def terminal() -> Terminal:
    sys.stdout.flush()
    if not sys.stdout.isatty():
        return Terminal(WIDTH, styled=False)
    return Terminal(min(WIDTH, shutil.get_terminal_size().columns), styled=True)


def say_json(data: Any) -> None:
    sys.stdout.flush()
    _emit(json.dumps(data, ensure_ascii=False) + "\n")


def columns(rows: Iterable[tuple[str, str]], gap: str = "  ") -> list[str]:
    """Names and values in two columns."""
    listed = list(rows)
    width = max((len(name) for name, _ in listed), default=0)
    return [f"{name.ljust(width)}{gap}{value}".rstrip() for name, value in listed]
