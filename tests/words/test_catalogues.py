"""Every code has words in every language, every word a code or a page that uses it, and wheels carry them all."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterable
from functools import cache

import pytest
from po_files import LANGUAGES, ROOT, catalogues, entries, keys

from fiscal.escpos.labels import labels
from fiscal.escpos.outcome import CAUSES as PRINTER_CAUSES
from fiscal.escpos.outcome import OK
from fiscal.units import okei
from marking import reasons
from marking.groups import standard
from marking.words import catalogue
from pos_agent import problems, support
from pos_agent.doctor.checks import CHECKS
from sync.hq.kinds import CAUSES, KINDS

CATALOGUES = tuple(catalogues())


def _of_support() -> Iterable[str]:
    parts = ("cause", "remedy")
    places = (ROOT / "script" / "generate_docs.py", ROOT / "pos_agent" / "cli" / "explain.py")
    named = set(re.findall(r"""["']([\w.-]+)["']""", "".join(path.read_text(encoding="utf-8") for path in places)))
    told = (key for key in keys("pos_agent", "support") if key.startswith(("page.", "explain.")))
    spoken = {key for key in told if key.removeprefix("page.").removesuffix(".text") in named}
    return {f"{code}.{part}" for code in support.codes() for part in parts} | spoken


def _of_kinds() -> Iterable[str]:
    parts = ("title", "explanation", "action")
    causes = (f"{kind}.{cause}.{part}" for kind, causes in CAUSES.items() for cause in causes for part in parts)
    return {f"{kind}.title" for kind in KINDS} | set(causes)


# Catalogues whose keys are known to the letter: what has to be there, and nothing else.
EXACT: dict[tuple[str, str], Callable[[], Iterable[str]]] = {
    ("marking", "reasons"): lambda: reasons.known() | {f"action.{key}" for key in reasons.action_keys()},
    ("marking", "groups"): lambda: standard(),
    ("fiscal", "printer"): lambda: {*PRINTER_CAUSES, *(f"{cause}.action" for cause in PRINTER_CAUSES if cause != OK)},
    ("fiscal", "labels"): lambda: labels(),
    ("fiscal", "units"): lambda: map(str, okei().units),
    ("pos_agent", "problems"): lambda: problems.kinds(),
    ("pos_agent", "support"): _of_support,
    ("sync/hq", "kinds"): _of_kinds,
}
# Beginnings of keys whose rest is a value the program meets (a status, a kind): nothing mechanical can follow those.
MET = {
    ("sync/hq", "pages"): ("value.", "event.", "fact.", "witness.", "refusal."),
    ("pos_agent", "print_test"): ("word.",),
    ("pos_agent", "ops"): tuple(f"{check.id}." for check in CHECKS),
}
# Words that Kazakh and Russian share, each looked at: a text of these alone may be the same in both.
SHARED = frozenset({
    "агент", "ампула", "байт", "блок", "драйвер", "журнал", "идентификатор", "импорт", "карта", "касса", "кассир",
    "код", "кэш", "модуль", "операция", "порт", "принтер", "профиль", "символ", "сканер", "техник", "файл", "чек",
    "г", "га", "гл", "кг", "км", "л", "м", "гиб", "миб", "мин", "мкм", "мл", "мм", "пог", "с", "см", "т", "ц",
})  # fmt: skip
CYRILLIC = re.compile("[а-яё]+")


@cache
def written(package: str) -> str:
    """Everything in a package that may name a key: program, templates, scripts of pages, tables."""
    files = (path for path in (ROOT / package).rglob("*") if path.suffix in {".py", ".html", ".js", ".toml"})
    return "\n".join(path.read_text(encoding="utf-8") for path in sorted(files))


def unused(package: str, domain: str) -> list[str]:
    """Keys that stand nowhere in the program, neither whole nor by a beginning to which it adds."""
    text = written(package)
    named = set(re.findall(r"[\w.-]+", text))
    # "nav." + key, t("span." ~ unit), f"roles.{role}", `audit.a_${act}`, partial(_worded, language, "imports.s_")
    begun = tuple(re.findall(r"""["'`]([a-z_]+\.[\w.-]*)(?:["']\s*[+~]|\$?\{)""", text))
    begun += tuple(re.findall(r"""["']([a-z_]+\.(?:[\w.-]*[._-])?)["']\s*[,)]""", text))
    begun += MET.get((package, domain), ())
    left = []
    for key in keys(package, domain):
        whole = key.removesuffix(".next") if domain == "print_test" else key
        if whole not in named and not whole.startswith(begun or ("\0",)):
            left.append(key)
    return sorted(left)


def test_a_domain_is_met_in_every_language() -> None:
    found = {path.parents[3].relative_to(ROOT).as_posix() for path in ROOT.glob("*/**/locale/*/LC_MESSAGES/*.po")}
    assert {package for package, _ in CATALOGUES} == {one for one in found if not one.startswith(".venv")}
    for package, domain in CATALOGUES:
        assert {keys(package, domain)} == {frozenset(entries(package, domain, lang)) for lang in LANGUAGES}


@pytest.mark.parametrize(("package", "domain"), EXACT)
def test_every_code_has_its_words_and_every_word_its_code(package: str, domain: str) -> None:
    wanted = frozenset(EXACT[package, domain]())
    for lang in LANGUAGES:
        there = frozenset(entries(package, domain, lang))
        where = f"{package}/locale/{lang}/LC_MESSAGES/{domain}.po"
        assert sorted(wanted - there) == [], f"no words in {where} (docs/translating.md)"
        assert sorted(there - wanted) == [], f"words that nothing uses in {where}"


@pytest.mark.parametrize(("package", "domain"), [one for one in CATALOGUES if one not in EXACT])
def test_every_word_of_a_page_or_a_command_is_named_somewhere(package: str, domain: str) -> None:
    left = unused(package, domain)
    assert left == [], f"{package}:{domain}: nothing names these keys; take them out, or add their beginning to MET"


@pytest.mark.parametrize(("package", "domain"), CATALOGUES)
def test_kazakh_is_not_russian_left_as_it_was(package: str, domain: str) -> None:
    russian = entries(package, domain, "ru")
    alike = {key: forms[0] for key, forms in entries(package, domain, "kk").items() if forms[0] == russian[key][0]}
    assert {key: text for key, text in alike.items() if not SHARED.issuperset(CYRILLIC.findall(text.lower()))} == {}


@pytest.mark.parametrize(("package", "domain"), CATALOGUES)
def test_the_header_says_whether_a_native_reader_has_read_the_kazakh(package: str, domain: str) -> None:
    text = (ROOT / package / "locale" / "kk" / "LC_MESSAGES" / f"{domain}.po").read_text(encoding="utf-8")
    assert "native reviewer" in text.partition("msgid")[0]
    assert catalogue(package.replace("/", "."), domain).reviewed("kk") is ('\n"X-Reviewed: yes' in text)


def test_every_compiled_catalogue_is_packed_into_a_wheel() -> None:
    """What setuptools takes: files that match a pattern of a package's folder, and a package has an `__init__.py`."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["setuptools"]
    patterns = project["package-data"]["*"]
    packed = {
        file
        for package, _ in CATALOGUES
        if (ROOT / package / "__init__.py").exists()
        for pattern in patterns
        for file in (ROOT / package).glob(pattern)
    }
    compiled = {
        ROOT / package / "locale" / lang / "LC_MESSAGES" / f"{domain}.mo"
        for package, domain in CATALOGUES
        for lang in LANGUAGES
    }
    assert sorted(map(str, compiled - packed)) == []
    assert all(path.exists() for path in compiled)
