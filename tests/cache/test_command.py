"""`pos-agent cache`, as store IT types it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from pos_agent.cli.cache import LISTED_MAX, app

KI = "0104870000000104213kZ7q_W<2hT9m"
GOODS = "gtin;ntin;name_ru;name_kk;unit;vat;group;price;templates\n"
SHOES = (
    GOODS
    + "4870000000104;0200000000001;Кеды;Кеды;796;base;shoes;15000,50;FULL44\n;0200000000004;Услуга;;5114;none;;10;\n"
)
CODES = f"ki,status,at,expires_on\n{KI},INTRODUCED,2026-11-01T10:00:00.000000001Z,2027-01-31\n"


class Shell:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.database = folder / "cache.sqlite"

    def file(self, name: str, content: str) -> str:
        (self.folder / name).write_text(content, encoding="utf-8")
        return str(self.folder / name)

    def __call__(self, *words: str) -> Result:
        return CliRunner().invoke(app, list(words), env={"POS_AGENT__CACHE_PATH": str(self.database)})


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    return Shell(tmp_path)


def test_a_good_file_is_imported_and_told_in_one_line(shell: Shell) -> None:
    result = shell("import", shell.file("goods.csv", SHOES))
    assert (result.exit_code, result.stdout) == (0, "2 of 2 rows written to the catalogue\n")
    assert result.stderr == ""  # No bar where nobody looks.


def test_mistakes_are_listed_with_file_line_column_and_reason_and_the_exit_code_is_1(shell: Shell) -> None:
    result = shell("import", shell.file("goods.csv", SHOES + "1;;x;;796;base;shooes;5;\n"))
    assert result.exit_code == 1
    assert "goods.csv: line 4, gtin: 8, 12, 13 or 14 digits wanted" in result.stderr
    assert "goods.csv: line 4, group: unknown product group 'shooes'; the nearest known is 'shoes'" in result.stderr
    assert "2 mistakes in 3 rows; nothing was changed" in result.stderr
    assert shell("show", "4870000000104").exit_code == 1


def test_ten_thousand_mistakes_do_not_flood_the_terminal_and_all_stand_in_the_file(shell: Shell) -> None:
    errors = shell.folder / "errors.jsonl"
    bad = shell.file("goods.csv", GOODS + "x\n" * 10_000)
    result = shell("import", bad, "--errors", str(errors))
    assert result.exit_code == 1
    assert len(result.stderr.splitlines()) == LISTED_MAX + 2
    lines = errors.read_text(encoding="utf-8").splitlines()
    assert len(lines) == 10_000
    assert json.loads(lines[-1]) == {"line": 10_001, "column": None, "reason": "1 columns, the header has 9"}


def test_a_wrong_header_is_a_mistake_of_the_file(shell: Shell) -> None:
    result = shell("import", shell.file("goods.csv", "gtin;name_ru;unti;vat;price\n"))
    assert result.exit_code == 1
    assert "line 1, unti: unknown column 'unti'; the nearest known is 'unit'" in result.stderr


@pytest.mark.parametrize(
    "words",
    [
        ("import", "no-such-file.csv"),
        ("import", ".", "--at", "yesterday"),
        ("import", ".", "--encoding", "koi8-r"),
        ("import",),
        ("stats",),
        ("show", "4870000000104"),
        ("export",),
    ],
)
def test_what_cannot_be_tried_ends_with_2_and_says_why(shell: Shell, words: tuple[str, ...]) -> None:
    result = shell(*words)
    assert result.exit_code == 2
    assert result.stderr.strip()
    assert "Traceback" not in result.output


def test_the_report_as_json_holds_the_first_mistakes(shell: Shell) -> None:
    result = shell("import", shell.file("goods.csv", GOODS + "x\n"), "--json")
    found = json.loads(result.stdout)
    assert (found["imported"], found["bad"], found["rows"]) == (False, 1, 1)
    assert found["first_bad"][0]["line"] == 2
    assert json.loads(shell("import", shell.file("ok.csv", SHOES), "--json").stdout)["imported"] is True


def test_goods_and_codes_are_shown_by_their_numbers(shell: Shell) -> None:
    shell("import", shell.file("goods.csv", SHOES))
    shell("import", shell.file("codes.csv", CODES))
    for number in ("4870000000104", "04870000000104", "0200000000001"):
        assert json.loads(shell("show", number, "--json").stdout)["price"] == "15000.50"
    code = json.loads(shell("show", KI, "--json").stdout)
    assert (code["status"], code["at"]) == ("IN_CIRCULATION", "2026-11-01T10:00:00.000000001Z")
    assert code["age_s"] > 0
    assert "Кеды" in shell("show", "4870000000104").stdout
    missing = shell("show", "4870000000111")
    assert (missing.exit_code, missing.stdout) == (1, "")


def test_the_stats_tell_numbers_ages_and_size(shell: Shell) -> None:
    shell("import", shell.file("codes.csv", CODES))
    stats = json.loads(shell("stats", "--json").stdout)
    assert (stats["products"], stats["statuses"], stats["by_status"]) == (0, 1, {"IN_CIRCULATION": 1})
    assert stats["statuses_oldest_age_s"] > 0
    assert stats["products_oldest_age_s"] is None
    assert "statuses" in shell("stats").stdout


@pytest.mark.parametrize(("kind", "content"), [("catalogue", SHOES), ("statuses", CODES)])
def test_what_is_exported_can_be_imported_again(tmp_path: Path, kind: str, content: str) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    one, two = Shell(tmp_path / "a"), Shell(tmp_path / "b")
    one("import", one.file("in.csv", content))
    written = one("export", "--kind", kind)
    assert written.exit_code == 0
    assert two("import", two.file("in.jsonl", written.stdout)).exit_code == 0
    assert two("export", "--kind", kind).stdout == written.stdout
    target = tmp_path / "out.jsonl"
    assert one("export", "--kind", kind, "--output", str(target)).exit_code == 0
    assert target.read_text(encoding="utf-8") == written.stdout


def test_the_example_of_the_documentation_imports_as_it_stands(shell: Shell) -> None:
    page = (Path(__file__).parents[2] / "docs" / "cache-files.md").read_text(encoding="utf-8")
    examples = [block.split("\n", 1) for block in page.split("```")[1::2]]
    files = [(kind, body) for kind, body in examples if kind in ("csv", "json")]
    assert len(files) >= 3
    for number, (_kind, body) in enumerate(files):
        result = shell("import", shell.file(f"example{number}", body))
        assert (result.exit_code, result.stderr) == (0, "")
