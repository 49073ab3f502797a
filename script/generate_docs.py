"""Writes the pages that are drawn from data. `--check` writes nothing and exits 1 when one is stale.

    docs/messages.md    marking/data/reasons.toml, pos_agent/data/problems.toml, fiscal/escpos/messages.toml,
                        pos_agent/data/print_test.toml

Needs Python alone, so that a technician can run it on a checkout without its packages.
"""

from __future__ import annotations

import argparse
import sys
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent

REASONS = "marking/data/reasons.toml"
PROBLEMS = "pos_agent/data/problems.toml"
PRINTER = "fiscal/escpos/messages.toml"
PRINT_TEST = "pos_agent/data/print_test.toml"
SOURCES = (REASONS, PROBLEMS, PRINTER, PRINT_TEST)

LANGUAGES = ("kk", "ru", "en")
TITLES = ("Қазақша", "Русский", "English")
# First characters of a code, and what the family speaks of.
REASON_FAMILIES: Mapping[str, str] = {
    "M-0": "M-0xx: in order",
    "M-1": "M-1xx: the code itself",
    "M-2": "M-2xx: what this till knows",
    "M-3": "M-3xx: what the registry (IS MPT) says",
    "M-4": "M-4xx: nobody could say",
}
PROBLEM_FAMILIES: Mapping[str, str] = {
    "T-": "T-1xx: the sale",
    "R-": "R-2xx: the cash register",
    "S-": "S-3xx: disk and journal",
    "P-": "P-4xx, P-500: the call",
}

INTRODUCTION = f"""# Messages

<!-- Written by script/generate_docs.py. Change the data, not this page. -->

Every message has a number that never changes its meaning. Read it out when you call for help; the words may be
improved, the number stays. What the colours mean and what to do: [cashier.md](cashier.md).

Data: {", ".join(f"`{name}`" for name in SOURCES)}.
"""
UNREVIEWED = "The Kazakh texts have not been read by a native reviewer yet."

REASONS_TEXT = """## Verdicts on a code

The answer to "may this unit be sold?". In each cell the first line is what happened, the second the one next action.
The colour is not part of the number: some answers are the shop's policy (`[policy]` of the configuration), so the same
number may refuse in one shop and ask in another."""

PROBLEMS_TEXT = """## Refusals of the agent

What the API answers when a call cannot be carried out (`code` of problem+json). *Again*: the same call may be repeated
with the same `Idempotency-Key` and may then succeed."""

PRINTER_TEXT = """## Paper

What became of the paper of a receipt (`printed` of a receipt, `printer` of the status). None of these undoes a
receipt: it is registered before it is printed. Second line: the one next action."""

PRINT_TEST_TEXT = """## Set-up of a printer

What `pos-agent print-test` tells (`kind` of its JSON). Second line: the next step. Words in braces are filled in."""

Table = Mapping[str, Any]


class Stale(Exception):
    """A page does not say what the data says."""


def messages(root: Path = ROOT) -> str:
    """Text of docs/messages.md. Raises KeyError where a text is missing in one language."""
    reasons, problems, printer, print_test = (_read(root / name) for name in SOURCES)
    parts = [INTRODUCTION]
    if not reasons["kk_reviewed"]:
        parts.append(UNREVIEWED + "\n")
    parts += [REASONS_TEXT + "\n", *_families(REASON_FAMILIES, reasons["reason"], _reason_row(reasons["action"]))]
    parts += [PROBLEMS_TEXT + "\n", *_families(PROBLEM_FAMILIES, problems, _problem_row, ("HTTP", "again"))]
    parts += [PRINTER_TEXT + "\n", _table(("state", *TITLES), [_printer_row(*one) for one in printer.items()])]
    parts += [
        PRINT_TEST_TEXT + "\n",
        _table(("kind", *TITLES), [_kind_row(*one) for one in print_test["text"].items()]),
    ]
    return "\n".join(parts)


PAGES: Mapping[str, Callable[[Path], str]] = {"docs/messages.md": messages}


def write(root: Path = ROOT) -> None:
    for name, page in PAGES.items():
        (root / name).write_text(page(root), encoding="utf-8", newline="\n")


def check(root: Path = ROOT) -> None:
    """Raises Stale, naming the page, when one is not what `write` would write."""
    for name, page in PAGES.items():
        path = root / name
        if not path.exists() or path.read_text(encoding="utf-8") != page(root):
            raise Stale(f"{name} is stale: run python script/generate_docs.py")


def _read(path: Path) -> dict[str, Any]:
    return tomllib.loads(path.read_text(encoding="utf-8"))


def _families(
    families: Mapping[str, str],
    rows: Mapping[str, Table],
    cells: Callable[[str, Table], Sequence[str]],
    extra: Sequence[str] = (),
) -> Iterator[str]:
    left = dict(rows)
    for prefix, title in families.items():
        found = [cells(code, left.pop(code)) for code in rows if code.startswith(prefix)]
        yield f"### {title}\n"
        yield _table(("code", *extra, *TITLES), found)
    if left:
        raise ValueError(f"codes of no family: {', '.join(left)}")


def _reason_row(actions: Mapping[str, Table]) -> Callable[[str, Table], Sequence[str]]:
    def row(code: str, reason: Table) -> Sequence[str]:
        action = actions[reason["action"]]
        return (code, *(f"{reason[name]}<br>{action[name]}" for name in LANGUAGES))

    return row


def _problem_row(code: str, problem: Table) -> Sequence[str]:
    again = "yes" if problem.get("retry", False) else ""
    return (code, str(problem["status"]), again, *(problem[name] for name in LANGUAGES))


def _printer_row(state: str, message: Table) -> Sequence[str]:
    texts = (f"{message[name]}<br>{message[f'action_{name}']}".removesuffix("<br>") for name in LANGUAGES)
    return (f"`{state}`", *texts)


def _kind_row(kind: str, text: Table) -> Sequence[str]:
    texts = (f"{text[name]}<br>{text.get(f'next_{name}', '')}".removesuffix("<br>") for name in LANGUAGES)
    return (f"`{kind}`", *texts)


def _table(titles: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [titles, ["---"] * len(titles), *rows]
    return "".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |\n" for line in lines)


def main() -> int:
    options = argparse.ArgumentParser(description="Write the pages that are drawn from data.")
    options.add_argument("--check", action="store_true", help="write nothing; exit 1 when a page is stale")
    if not options.parse_args().check:
        write()
        return 0
    try:
        check()
    except Stale as stale:
        sys.stderr.write(f"{stale}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
