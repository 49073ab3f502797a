"""Writes the pages that are drawn from data. `--check` writes nothing and exits 1 when one is stale.

    docs/messages.md, messages.ru.md, messages.kk.md
        marking/data/reasons.toml, pos_agent/data/problems.toml     which codes there are
        the compiled catalogues in CATALOGUES                       what is said of each
    docs/doctor.md
        pos_agent/data/doctor.toml, the compiled catalogue `ops`    checks, and what is said of each

Needs Python alone, so that a technician can run it on a checkout without its packages; words are read as
script/compile_words.py left them.
"""

from __future__ import annotations

import argparse
import re
import sys
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from marking.words import Catalogue

ROOT = Path(__file__).resolve().parent.parent

REASONS = "marking/data/reasons.toml"
PROBLEMS = "pos_agent/data/problems.toml"
DOCTOR = "pos_agent/data/doctor.toml"
SOURCES = (REASONS, PROBLEMS, DOCTOR)
# Domain -> package. In this order their words stand on the page.
CATALOGUES: Mapping[str, str] = {
    "reasons": "marking",
    "problems": "pos_agent",
    "printer": "fiscal",
    "print_test": "pos_agent",
    "support": "pos_agent",
}
DOCTOR_WORDS = "ops"  # Of pos_agent.
LANGUAGES = ("kk", "ru", "en")
TITLES = ("Қазақша", "Русский", "English")
# Page -> its language.
MESSAGES: Mapping[str, str] = {"docs/messages.md": "en", "docs/messages.ru.md": "ru", "docs/messages.kk.md": "kk"}
# First characters of the codes of a family; the catalogue `support` has its heading.
REASON_FAMILIES = ("M-0", "M-1", "M-2", "M-3", "M-4")
PROBLEM_FAMILIES = ("T-", "R-", "S-", "P-")
WRITTEN = "<!-- Written by script/generate_docs.py. Change the data and the catalogues, not this page. -->"
NEXT = " → "  # From what happened to what to do.

DOCTOR_FAMILIES: Mapping[str, str] = {
    "D-1": "D-1xx: configuration, machine, service",
    "D-2": "D-2xx: scanners",
    "D-3": "D-3xx: the cash register",
    "D-4": "D-4xx: the printer",
    "D-5": "D-5xx: servers",
    "D-6": "D-6xx: goods, and what waits",
}
DOCTOR_INTRODUCTION = f"""# What doctor checks

{WRITTEN}

`pos-agent doctor` goes through this table and says, in the language of the terminal or of `--lang`, what it found and
how to fix it. It changes nothing. A number never changes its meaning: read it out when you call for help. Words in
braces are filled in by what was found. While the agent runs, it is asked for what only it can know (register, scanners,
printer); while it does not, doctor looks itself, and asks the register only what changes nothing.

What does not apply at a till is left out, and shown with `--all`. Exit code: 0 all well, 1 warnings, 2 failures. How it
is used: [store-it.md](store-it.md#when-something-does-not-work).
"""

_KEY = re.compile(r'^msgid "(.+)"$', re.MULTILINE)

Table = Mapping[str, Any]


class Stale(Exception):
    """A page does not say what the data says."""


@dataclass(frozen=True, slots=True)
class Book:
    """All that a page of messages is drawn from, and the language it explains in."""

    lang: str
    reasons: Table
    problems: Table
    words: Mapping[str, Catalogue]
    keys: Mapping[str, Sequence[str]]  # Domain -> its keys, in the order in which a translator sees them.

    def page(self, key: str) -> str:
        return self.words["support"].text(f"page.{key}", self.lang)

    def explained(self, code: str) -> Sequence[str]:
        support = self.words["support"]
        return support.text(f"{code}.cause", self.lang), support.text(f"{code}.remedy", self.lang)


def messages(lang: str, root: Path = ROOT) -> str:
    """Text of the page of messages. Raises MissingWords where a text is missing in one language."""
    book = _book(lang, root)
    others = " · ".join(f"[{TITLES[LANGUAGES.index(one)]}]({Path(name).name})" for name, one in MESSAGES.items())
    parts = [f"# {book.page('title')}\n", f"{WRITTEN}\n", f"{others}\n", f"{book.page('introduction')}\n"]
    if not all(catalogue.reviewed("kk") for catalogue in book.words.values()):
        parts.append(book.page("unreviewed") + "\n")
    parts += [*_section(book, "verdicts"), *_families(book, REASON_FAMILIES, book.reasons["action"], _reason_row)]
    parts += [*_section(book, "refusals"), *_families(book, PROBLEM_FAMILIES, book.problems, _problem_row, True)]
    parts += [*_section(book, "paper"), _states(book, "printer", "action")]
    parts += [*_section(book, "set_up"), _states(book, "print_test", "next")]
    return "\n".join(parts)


def doctor(root: Path = ROOT) -> str:
    """Text of the page of doctor's checks. Raises MissingWords."""
    words = _catalogue(root, "pos_agent", DOCTOR_WORDS)
    checks = tomllib.loads((root / DOCTOR).read_text(encoding="utf-8"))
    parts = [DOCTOR_INTRODUCTION]
    for prefix, title in DOCTOR_FAMILIES.items():
        rows = [_check_row(words, name, row) for name, row in checks.items() if name.startswith(prefix)]
        parts += [f"## {title}\n", _table(("check", "looks whether", "finds", "what to do"), rows)]
    return "\n".join(parts)


def _check_row(words: Catalogue, check: str, row: Table) -> Sequence[str]:
    title, bad, fix = (words.text(f"{check}.{part}", "en") for part in ("title", "bad", "fix"))
    return check, title, bad, f"{fix}<br>`{row['command']}`" if row["command"] else fix


PAGES: Mapping[str, Callable[[Path], str]] = {
    **{name: partial(messages, lang) for name, lang in MESSAGES.items()},
    "docs/doctor.md": doctor,
}


def write(root: Path = ROOT) -> None:
    for name, page in PAGES.items():
        (root / name).write_text(page(root), encoding="utf-8", newline="\n")


def check(root: Path = ROOT) -> None:
    """Raises Stale, naming the page, when one is not what `write` would write."""
    for name, page in PAGES.items():
        path = root / name
        if not path.exists() or path.read_text(encoding="utf-8") != page(root):
            raise Stale(f"{name} is stale: run python script/generate_docs.py")


def _catalogue(root: Path, package: str, domain: str) -> Catalogue:
    if str(ROOT) not in sys.path:
        sys.path.insert(0, str(ROOT))
    from marking.words import read

    return read(root / package / "locale", domain, package)


def _book(lang: str, root: Path) -> Book:
    reasons, problems = (tomllib.loads((root / name).read_text(encoding="utf-8")) for name in (REASONS, PROBLEMS))
    words = {domain: _catalogue(root, package, domain) for domain, package in CATALOGUES.items()}
    keys = {domain: _KEY.findall(_source(root, domain).read_text(encoding="utf-8")) for domain in CATALOGUES}
    return Book(lang, reasons, problems, words, keys)


def _source(root: Path, domain: str) -> Path:
    return root / CATALOGUES[domain] / "locale" / "en" / "LC_MESSAGES" / f"{domain}.po"


def _section(book: Book, name: str) -> Sequence[str]:
    return f"## {book.page(name)}\n", book.page(f"{name}.text") + "\n"


def _families(
    book: Book,
    families: Sequence[str],
    rows: Table,
    cells: Callable[[Book, str, Any], Sequence[str]],
    refusals: bool = False,
) -> Iterator[str]:
    left = dict(rows)
    extra = ("HTTP", book.page("again")) if refusals else ()
    titles = (book.page("code"), *extra, book.page("shown"), book.page("cause"), book.page("remedy"))
    for prefix in families:
        found = [cells(book, code, left.pop(code)) for code in rows if code.startswith(prefix)]
        yield f"### {book.page(prefix)}\n"
        yield _table(titles, found)
    if left:
        raise ValueError(f"codes of no family: {', '.join(left)}")


def _reason_row(book: Book, code: str, action: str) -> Sequence[str]:
    words = book.words["reasons"]
    shown = (words.text(code, lang) + NEXT + words.text(f"action.{action}", lang) for lang in LANGUAGES)
    return code, "<br>".join(shown), *book.explained(code)


def _problem_row(book: Book, code: str, problem: Table) -> Sequence[str]:
    again = book.page("yes") if problem.get("retry", False) else ""
    shown = (book.words["problems"].text(code, lang) for lang in LANGUAGES)
    return code, str(problem["status"]), again, "<br>".join(shown), *book.explained(code)


def _states(book: Book, domain: str, part: str) -> str:
    """Words that have no number, in three languages with their next step."""
    words, rows = book.words[domain], []
    for key in (key for key in book.keys[domain] if "." not in key):
        steps = (words.optional(f"{key}.{part}", lang) for lang in LANGUAGES)
        texts = (words.text(key, lang) for lang in LANGUAGES)
        rows.append((f"`{key}`", *(NEXT.join(filter(None, pair)) for pair in zip(texts, steps, strict=True))))
    return _table(("", *TITLES), rows)


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
