"""The pages agree with what they describe: tables are fresh, links lead somewhere, commands and options are named."""

from __future__ import annotations

import importlib.util
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
from typer.core import TyperGroup
from typer.main import get_command

from fiscal.escpos.address import PrinterUrlError, parse_url
from fiscal.escpos.profiles import profiles
from fiscal.webkassa.settings import OPTIONS
from marking import reasons
from marking.groups import standard
from pos_agent import problems, support
from pos_agent.cli.main import app
from pos_agent.sale import SaleState

ROOT = Path(__file__).parents[2]
PAGES = sorted([ROOT / "README.md", ROOT / "CHANGELOG.md", *(ROOT / "docs").rglob("*.md")])
LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)")
FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)


def page(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def generator() -> ModuleType:
    found = importlib.util.spec_from_file_location("generate_docs", ROOT / "script" / "generate_docs.py")
    assert found is not None and found.loader is not None
    module = importlib.util.module_from_spec(found)
    sys.modules[found.name] = module  # Its dataclass looks itself up there.
    found.loader.exec_module(module)
    return module


def copied(generator: ModuleType, folder: Path) -> Path:
    """The generator's inputs and pages on their own, to be changed."""
    for name in (*generator.SOURCES, *generator.PAGES):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, folder / name)
    for domain, package in (*generator.CATALOGUES.items(), (generator.DOCTOR_WORDS, "pos_agent")):
        for path in (ROOT / package / "locale").glob(f"*/LC_MESSAGES/{domain}.*"):
            target = folder / path.relative_to(ROOT)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, target)
    return folder


def test_the_generator_needs_no_package_but_python() -> None:
    done = subprocess.run(
        [sys.executable, "-S", "-E", str(ROOT / "script" / "generate_docs.py"), "--check"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_the_drawn_pages_say_what_the_data_says(generator: ModuleType) -> None:
    generator.check()


def test_a_changed_text_makes_the_page_stale_until_it_is_written_again(generator: ModuleType, tmp_path: Path) -> None:
    root = copied(generator, tmp_path)
    words = root / "marking/locale/ru/LC_MESSAGES/reasons.po"
    words.write_text(words.read_text(encoding="utf-8").replace("Уберите товар", "Спрячьте товар"), encoding="utf-8")
    generator.check(root)  # What the program reads is the compiled catalogue.
    compiled = [sys.executable, str(ROOT / "script" / "compile_words.py"), "--root", str(root)]
    subprocess.run(compiled, capture_output=True, check=True)
    with pytest.raises(generator.Stale, match="messages"):
        generator.check(root)
    generator.write(root)
    generator.check(root)
    assert all("Спрячьте товар" in (root / name).read_text(encoding="utf-8") for name in generator.MESSAGES)


def test_a_code_of_a_family_the_page_does_not_have_is_an_error(generator: ModuleType, tmp_path: Path) -> None:
    root = copied(generator, tmp_path)
    with (root / generator.REASONS).open("a", encoding="utf-8") as data:
        data.write('\nM-901 = "sell"\n')
    with pytest.raises(ValueError, match="M-901"):
        generator.messages("en", root)


@pytest.mark.parametrize("lang", support.LANGUAGES)
def test_every_code_has_one_row_with_its_words_its_cause_and_its_remedy(generator: ModuleType, lang: str) -> None:
    (name,) = [name for name, one in generator.MESSAGES.items() if one == lang]
    lines = [line for line in page(name).splitlines() if re.match(r"\| [MTRSP]-\d{3} \|", line)]
    rows = {line.split("|")[1].strip(): line for line in lines}
    assert len(lines) == len(rows) == len(support.codes())
    for code in support.codes():
        found = support.explain(code)
        assert found.cause[lang] in rows[code]
        assert found.remedy[lang] in rows[code]
    for code in reasons.known():
        assert all(reasons.text(code, language) in rows[code] for language in reasons.LANGUAGES)
        assert all(reasons.action(code, language) in rows[code] for language in reasons.LANGUAGES)
    for code, kind in problems.kinds().items():
        assert all(text in rows[code] for text in kind.texts.values())
        assert f"| {kind.status} |" in rows[code]


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_the_links_of_a_page_lead_to_files_and_headings_that_exist(path: Path) -> None:
    targets = LINK.findall(FENCE.sub("", path.read_text(encoding="utf-8")))
    assert [target for target in targets if "://" not in target and not leads_somewhere(path, target)] == []


def leads_somewhere(path: Path, target: str) -> bool:
    name, _, heading = target.partition("#")
    found = path.parent / name if name else path
    if not found.exists():
        return False
    return not heading or heading in {
        anchor(line) for line in found.read_text(encoding="utf-8").splitlines() if line.startswith("#")
    }


def anchor(heading: str) -> str:
    """Name of a heading as GitHub makes it."""
    return re.sub(r"[^\w\- ]", "", heading.lstrip("# ").lower()).replace(" ", "-")


def commands(group: TyperGroup, words: tuple[str, ...] = ("pos-agent",)) -> Iterator[str]:
    for name, command in group.commands.items():
        if isinstance(command, TyperGroup):
            yield from commands(command, (*words, name))
        else:
            yield " ".join((*words, name))


def test_every_command_of_the_agent_is_told_to_store_it() -> None:
    whole = get_command(app)
    assert isinstance(whole, TyperGroup)
    text = page("docs/store-it.md")
    assert [name for name in commands(whole) if name not in text] == []


def printer_options() -> Iterator[str]:
    """What the driver itself names when it meets an option like none of its own."""
    for scheme in ("escpos+tcp://host", "escpos+serial:///dev/ttyS0"):
        with pytest.raises(PrinterUrlError) as told:
            parse_url(f"{scheme}?0=0", time.monotonic, time.sleep)
        yield from told.value.text.partition("known are ")[2].split(", ")


def test_every_option_of_a_printer_is_told_to_store_it() -> None:
    text = page("docs/store-it.md")  # Those of scanners: test_scanners_page.py; of registers: their own pages.
    assert [name for name in sorted(printer_options()) if f"`{name}`" not in text] == []


def test_every_option_of_webkassa_is_told() -> None:
    text = page("docs/registers/webkassa.md")
    assert [name for name in OPTIONS if f"`{name}`" not in text] == []


def test_every_printer_profile_is_told_to_store_it() -> None:
    text = page("docs/store-it.md")
    assert [name for name in profiles() if f"`{name}`" not in text] == []


def test_every_product_group_is_told_with_the_files_of_the_cache() -> None:
    assert [name for name in standard() if f"`{name}`" not in page("docs/cache-files.md")] == []


def test_every_state_of_a_sale_is_told_to_integrators() -> None:
    assert [state for state in SaleState if f"`{state}`" not in page("docs/integrate.md")] == []


def test_a_code_named_on_a_page_exists() -> None:
    known = {*reasons.known(), *problems.kinds()}
    for path in PAGES:
        named = set(re.findall(r"\b[MTRSP]-\d{3}\b", path.read_text(encoding="utf-8")))
        assert named <= known, f"{path.name}: {sorted(named - known)}"


def test_the_cashiers_page_tells_what_to_do_in_every_doubt() -> None:
    doubts = {"R-203", "R-204", *problems.OF_DOUBT.values()}
    assert {code for code in doubts if code not in page("docs/cashier.md")} == set()
