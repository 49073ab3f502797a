"""Catalogues made by GNU-shaped .po files written here, compiled by the script, read by the product."""

from __future__ import annotations

import contextlib
import importlib.util
import io
import subprocess
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import ModuleType

import pytest

from marking.words import LANGUAGES, Catalogue, MissingWords, catalogue, read

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = ROOT / "script" / "compile_words.py"
PLURALS = {
    "kk": "nplurals=2; plural=(n != 1);",
    "ru": "nplurals=3; plural=(n%10==1 && n%100!=11 ? 0 : n%10>=2 && n%10<=4 && (n%100<10 || n%100>=20) ? 1 : 2);",
    "en": "nplurals=2; plural=(n != 1);",
}
WORDS = {
    "kk": ('msgid "T-1"\nmsgstr "Чек бос"\n', ("{n} жол", "{n} жол")),
    "ru": ('msgid "T-1"\nmsgstr "Чек пуст"\n', ("{n} строка", "{n} строки", "{n} строк")),
    "en": ('msgid "T-1"\nmsgstr "Empty"\n', ("{n} row", "{n} rows")),
}


def header(lang: str) -> str:
    return (
        'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=utf-8\\n"\n'
        f'"Language: {lang}\\n"\n"Plural-Forms: {PLURALS[lang]}\\n"\n\n'
    )


def write(root: Path, words: dict[str, str]) -> None:
    for lang, text in words.items():
        folder = root / "made_up" / "locale" / lang / "LC_MESSAGES"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "till.po").write_text(header(lang) + text, encoding="utf-8")


def full(lang: str) -> str:
    text, forms = WORDS[lang]
    plural = "".join(f'msgstr[{number}] "{form}"\n' for number, form in enumerate(forms))
    return f'{text}\nmsgid "rows"\nmsgid_plural "rows"\n{plural}'


@dataclass(frozen=True, slots=True)
class Ran:
    returncode: int
    stdout: str
    stderr: str


@cache
def script() -> ModuleType:
    """The script as a module: a process of its own for each call would cost half a second."""
    found = importlib.util.spec_from_file_location("compile_words", SCRIPT)
    assert found is not None and found.loader is not None
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module


def compile_words(root: Path, *arguments: str) -> Ran:
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        returncode = script().main(["--root", str(root), *arguments])
    return Ran(returncode, out.getvalue(), err.getvalue())


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Catalogue:
    write(tmp_path, {lang: full(lang) for lang in LANGUAGES})
    (tmp_path / "made_up" / "__init__.py").write_text("")
    done = compile_words(tmp_path)
    assert done.returncode == 0, done.stderr
    monkeypatch.syspath_prepend(tmp_path)
    catalogue.cache_clear()
    sys.modules.pop("made_up", None)
    return catalogue("made_up", "till")


def test_a_key_has_its_words_in_each_language(made: Catalogue) -> None:
    assert made.texts("T-1") == {"kk": "Чек бос", "ru": "Чек пуст", "en": "Empty"}


def test_a_number_takes_the_form_its_language_wants(made: Catalogue) -> None:
    assert [made.count("rows", n, "ru") for n in (1, 3, 5, 11, 21)] == [
        "1 строка",
        "3 строки",
        "5 строк",
        "11 строк",
        "21 строка",
    ]
    assert made.count("rows", 5, "kk") == "5 жол"


def test_what_is_not_there_is_an_error_and_never_the_key_itself(made: Catalogue) -> None:
    with pytest.raises(MissingWords, match="T-2"):
        made.text("T-2", "ru")
    with pytest.raises(MissingWords, match="uz"):
        made.text("T-1", "uz")
    with pytest.raises(MissingWords, match="T-1"):
        made.count("T-1", 5, "ru")


def test_a_text_that_goes_without_is_empty_and_a_language_that_is_not_there_an_error(made: Catalogue) -> None:
    assert made.optional("T-1", "ru") == "Чек пуст"
    assert made.optional("T-1.next", "ru") == ""
    with pytest.raises(MissingWords, match="uz"):
        made.optional("T-1.next", "uz")
    with pytest.raises(MissingWords, match="empty key"):
        made.text("", "ru")


def test_the_header_says_whether_a_native_reader_has_read_the_words(tmp_path: Path) -> None:
    write(tmp_path, {lang: full(lang) for lang in LANGUAGES})
    assert compile_words(tmp_path).returncode == 0
    folder = tmp_path / "made_up" / "locale"
    assert {lang: read(folder, "till", "made_up").reviewed(lang) for lang in LANGUAGES} == {
        "kk": False,  # Until its header says otherwise.
        "ru": True,
        "en": True,
    }
    path = folder / "kk" / "LC_MESSAGES" / "till.po"
    for said, reviewed in (("yes", True), ("no", False)):
        path.write_text(header("kk").replace("\n\n", f'\n"X-Reviewed: {said}\\n"\n\n') + full("kk"), encoding="utf-8")
        assert compile_words(tmp_path).returncode == 0
        assert read(folder, "till", "made_up").reviewed("kk") is reviewed
    path.write_text(path.read_text(encoding="utf-8").replace("X-Reviewed: no", "X-Reviewed: soon"), encoding="utf-8")
    assert "X-Reviewed wants yes or no, not 'soon'" in compile_words(tmp_path).stderr


def test_the_same_words_are_the_same_bytes_on_another_day(tmp_path: Path) -> None:
    write(tmp_path, {lang: full(lang) for lang in LANGUAGES})
    assert compile_words(tmp_path).returncode == 0
    compiled = (tmp_path / "made_up/locale/ru/LC_MESSAGES/till.mo").read_bytes()
    assert b"Date" not in compiled and b"2026" not in compiled and b"Babel" not in compiled


def test_a_stale_catalogue_is_told_and_not_written_by_check(tmp_path: Path) -> None:
    write(tmp_path, {lang: full(lang) for lang in LANGUAGES})
    assert compile_words(tmp_path, "--check").returncode == 1
    assert not list(tmp_path.rglob("*.mo"))
    assert compile_words(tmp_path).returncode == 0
    assert compile_words(tmp_path, "--check").returncode == 0


@pytest.mark.parametrize(
    ("lang", "text", "told"),
    [
        ("kk", "", "kk: T-1 is missing"),
        ("kk", 'msgid "T-1"\nmsgstr ""\n', "kk: T-1 has no words"),
        ("kk", 'msgid "T-1"\nmsgstr "{n} чек"\n', "kk: T-1 has other placeholders than in ru"),
        ("en", '#, fuzzy\nmsgid "T-1"\nmsgstr "Empty"\n', "en: T-1 is marked fuzzy"),
    ],
)
def test_languages_that_do_not_agree_are_refused(tmp_path: Path, lang: str, text: str, told: str) -> None:
    write(tmp_path, {other: WORDS[other][0] for other in LANGUAGES} | {lang: text})
    done = compile_words(tmp_path)
    assert done.returncode == 1
    assert told in done.stderr


def test_every_catalogue_of_the_product_is_compiled_and_whole() -> None:
    done = subprocess.run([sys.executable, str(SCRIPT), "--check"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
