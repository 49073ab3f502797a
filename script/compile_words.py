"""Compiles every catalogue of words (.po) into what the program reads (.mo). `--check` writes nothing and exits 1 when
one is stale. Also refuses a catalogue whose languages differ in keys or placeholders, an empty or fuzzy entry.

Needs Babel (in the development set): .venv/bin/python script/compile_words.py
"""

from __future__ import annotations

import argparse
import io
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.mofile import write_mo
from babel.messages.pofile import PoFileError, read_po

ROOT = Path(__file__).resolve().parent.parent
LANGUAGES = ("kk", "ru", "en")
REVIEWED = "X-Reviewed"
PLACEHOLDER = re.compile(r"\{[^{}]*\}")
SKIPPED = frozenset({".venv", ".git", "build", "dist"})


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 when a compiled catalogue is stale")
    parser.add_argument("--root", type=Path, default=ROOT, help="another tree than this checkout")
    options = parser.parse_args(argv)
    faults, stale, count = [], [], 0
    for folder, domain in domains(options.root):
        try:
            paths = {lang: po_path(folder, lang, domain) for lang in LANGUAGES}
            catalogues = {lang: read(path, lang) for lang, path in paths.items()}
            reviewed = {lang: is_reviewed(path) for lang, path in paths.items()}
        except (OSError, ValueError, PoFileError) as error:
            faults.append(str(error))
            continue
        faults += [f"{folder.relative_to(options.root)}/{domain}: {fault}" for fault in mistakes(catalogues)]
        for lang, catalogue in catalogues.items():
            count += 1
            target = paths[lang].with_suffix(".mo")
            wanted = compiled(catalogue, reviewed[lang])
            if target.exists() and target.read_bytes() == wanted:
                continue
            stale.append(str(target.relative_to(options.root)))
            if not options.check:
                target.write_bytes(wanted)
    for fault in faults:
        print(fault, file=sys.stderr)
    for name in stale:
        print(f"{'stale' if options.check else 'wrote'}: {name}")
    if not faults and not stale:
        print(f"{count} catalogues are up to date")
    return 1 if faults or (options.check and stale) else 0


def domains(root: Path) -> Iterator[tuple[Path, str]]:
    """Every (locale folder, domain) of the tree, from whichever languages it has."""
    seen = {
        (path.parents[2], path.stem)
        for path in root.glob("*/**/locale/*/LC_MESSAGES/*.po")
        if not SKIPPED & set(path.relative_to(root).parts)
    }
    yield from sorted(seen)


def po_path(folder: Path, lang: str, domain: str) -> Path:
    return folder / lang / "LC_MESSAGES" / f"{domain}.po"


def read(path: Path, lang: str) -> Catalog:
    with path.open("rb") as file:
        return read_po(file, locale=lang, abort_invalid=True)


class _Compiled(Catalog):
    """A catalogue to be written: no date in its header, so that the same words are the same bytes."""

    header: Sequence[tuple[str, str]] = ()

    @property
    def mime_headers(self) -> Sequence[tuple[str, str]]:
        return self.header


def compiled(catalogue: Catalog, reviewed: bool) -> bytes:
    language = str(catalogue.locale)
    made = _Compiled(locale=language, charset="utf-8", fuzzy=False)
    made.header = (
        ("Language", language),
        ("Content-Type", "text/plain; charset=utf-8"),
        ("Plural-Forms", catalogue.plural_forms),
        (REVIEWED, "yes\n" if reviewed else "no\n"),
    )
    for message in _messages(catalogue):
        made[message.id] = message
    out = io.BytesIO()
    write_mo(out, made)
    return out.getvalue()


def is_reviewed(path: Path) -> bool:
    """Has a native reader read these words? Of Kazakh only a header that says so counts. Raises ValueError.

    Babel itself forgets headers it does not know.
    """
    said = re.search(rf'^"{REVIEWED}: *(.*?)\\n"$', path.read_text(encoding="utf-8"), re.MULTILINE)
    word = said[1] if said else ("no" if path.parts[-3] == "kk" else "yes")
    if word not in ("yes", "no"):
        raise ValueError(f"{path}: {REVIEWED} wants yes or no, not {word!r}")
    return word == "yes"


def mistakes(catalogues: Mapping[str, Catalog]) -> Iterator[str]:
    keys = {lang: {_key(message) for message in _messages(catalogue)} for lang, catalogue in catalogues.items()}
    every = set().union(*keys.values())
    for lang, known in keys.items():
        for key in sorted(every - known):
            yield f"{lang}: {key} is missing"
    russian = {_key(message): _placeholders(message) for message in _messages(catalogues["ru"])}
    for lang, catalogue in catalogues.items():
        for message in _messages(catalogue):
            key = _key(message)
            if message.fuzzy:
                yield f"{lang}: {key} is marked fuzzy"
            if not all(_strings(message)):
                yield f"{lang}: {key} has no words"
            elif _placeholders(message) != russian.get(key, _placeholders(message)):
                yield f"{lang}: {key} has other placeholders than in ru"


def _messages(catalogue: Catalog) -> Iterator[Message]:
    return (message for message in catalogue if message.id)


def _key(message: Message) -> str:
    return message.id if isinstance(message.id, str) else message.id[0]


def _strings(message: Message) -> tuple[str, ...]:
    return (message.string,) if isinstance(message.string, str) else tuple(message.string)


def _placeholders(message: Message) -> frozenset[str]:
    return frozenset(found for text in _strings(message) for found in PLACEHOLDER.findall(text))


if __name__ == "__main__":
    sys.exit(main())
