"""import, reconcile, export and status on one data folder, as an office uses them."""

from __future__ import annotations

import csv
import json
from collections import Counter
from pathlib import Path

import openpyxl
import pytest
from typer.testing import CliRunner, Result

from sync.batch import Batch, encode
from sync.hq.cli.main import app
from sync.hq.demo.operators import MAPPINGS, write_files
from sync.hq.demo.registry import write_export
from sync.hq.demo.show import World, make_world
from sync.hq.engine import open_engine
from sync.hq.headquarters import make_tables
from sync.hq.store import Ack, Collector

NOW = 1_790_000_000
DAYS = 3


@pytest.fixture(scope="module")
def world() -> World:
    return make_world(8, 3, NOW)


class Office:
    def __init__(self, folder: Path, world: World) -> None:
        self.folder, self.world = folder, world
        database = f"sqlite:///{folder / 'hq.sqlite'}"
        self.config = folder / "hq.toml"
        mappings = folder / "mappings.toml"
        mappings.write_text(MAPPINGS, encoding="utf-8")
        text = f'[hq]\ndata = "{folder}"\n[database]\nurl = "{database}"\n[imports]\nmappings = "{mappings}"\n'
        self.config.write_text(text, encoding="utf-8")
        engine = open_engine(database)
        make_tables(engine)
        collector = Collector(engine, lambda: NOW * 10**9)
        for journal in world.journals:
            answer = collector.accept(journal.till.name, encode(Batch(journal.till.name, tuple(journal.rows))))
            assert isinstance(answer, Ack), answer
        engine.dispose()
        self.files = dict(write_files(world.story, world.registry, folder, NOW, "all"))

    def run(self, *words: str) -> Result:
        return CliRunner().invoke(app, [*words, "--config", str(self.config)])


@pytest.fixture(scope="module")
def office(world: World, tmp_path_factory: pytest.TempPathFactory) -> Office:
    """Everything delivered, imported and compared once."""
    found = Office(tmp_path_factory.mktemp("office"), world)
    assert found.run("reconcile", "--json").exit_code == 1  # The first landing: registers are known by it.
    for name, path in found.files.items():
        done = found.run("import", "file", str(path), "--mapping", name, "--json")
        assert done.exit_code == 0, done.output
    return found


def test_a_preview_shows_the_receipts_and_changes_nothing(office: Office) -> None:
    before = office.run("export", "imports", str(office.folder / "before.json"))
    assert before.exit_code == 0
    done = office.run("import", "file", str(office.files["beta"]), "--preview", "--json")
    seen = json.loads(done.stdout)
    assert (done.exit_code, seen["trouble"], seen["remarks"]) == (0, "", [])
    assert seen["columns"]["rnm"] == "РНМ"
    assert seen["receipts"] > 50
    office.run("export", "imports", str(office.folder / "after.json"))
    rows = [
        json.loads((office.folder / name).read_text(encoding="utf-8"))["rows"] for name in ("before.json", "after.json")
    ]
    assert rows[0] == rows[1]


def test_a_file_that_was_imported_is_known_the_second_time(office: Office) -> None:
    done = office.run("import", "file", str(office.files["gamma"]), "--json")  # The mapping that fits is found.
    (told,) = json.loads(done.stdout)
    assert (told["known"], told["state"], told["refused"]) == (True, "done", 0)
    assert told["repeated"] > 0
    assert told["rows"] == told["taken"] + told["repeated"]


def test_a_file_no_mapping_fits_is_refused_with_the_way_on(office: Office, tmp_path: Path) -> None:
    strange = tmp_path / "strange.csv"
    strange.write_text("a;b\n1;2\n", encoding="utf-8")
    done = office.run("import", "file", str(strange))
    assert (done.exit_code, "--preview" in done.output) == (2, True)
    named = office.run("import", "file", str(strange), "--mapping", "delta")
    assert (named.exit_code, "there are alpha, beta, gamma" in named.output) == (2, True)


def test_an_export_of_the_registry_is_taken_whole(office: Office) -> None:
    path = write_export(office.world.registry, office.folder / "ismpt.zip", NOW)
    done = office.run("import", "export", str(path), "--json")
    (told,) = json.loads(done.stdout)
    assert (done.exit_code, told["refused"]) == (0, 0)
    assert told["taken"] == sum(not one.unknown for one in office.world.registry.units.values())


def test_asking_a_registry_that_is_not_configured_says_what_is_missing(office: Office) -> None:
    done = office.run("import", "ismpt")
    assert (done.exit_code, "ismpt.password" in done.output) == (2, True)
    done = office.run("import", "webkassa")
    assert (done.exit_code, "webkassa.url" in done.output) == (2, True)


@pytest.mark.parametrize("engine", ["duckdb", "polars"])
def test_reconcile_tells_kinds_causes_and_rows(office: Office, engine: str) -> None:
    done = office.run("reconcile", "--engine", engine, "--json")
    told = json.loads(done.stdout)
    assert (done.exit_code, told["engine"]) == (1, engine)
    vendor = office.world.story.of_vendor  # Its receipts stand in no file.
    cases = office.world.planted.stays
    planted = [
        one.cause for one in cases if one.kind == "mark-differs" and one.document and one.document.till is not vendor
    ]
    assert told["found"]["mark-differs"] == Counter(planted)
    assert told["rows"]["agent"] > 700


def test_reconcile_takes_a_range_of_days(office: Office) -> None:
    first, *_, last = office.world.story.timeline.days
    one = json.loads(office.run("reconcile", "--from", str(first), "--to", str(first), "--json").stdout)
    assert (one["first"], one["last"]) == (str(first), str(first))
    wrong = office.run("reconcile", "--from", str(last), "--to", str(first))
    assert (wrong.exit_code, "comes after" in wrong.output) == (2, True)


def test_cases_are_exported_in_every_form(office: Office, tmp_path: Path) -> None:
    for form in ("json", "csv", "xlsx"):
        assert office.run("export", "exceptions", str(tmp_path / f"cases.{form}"), "--state", "open").exit_code == 0
    rows = json.loads((tmp_path / "cases.json").read_text(encoding="utf-8"))["rows"]
    with (tmp_path / "cases.csv").open(encoding="utf-8-sig", newline="") as file:
        from_csv = list(csv.DictReader(file, delimiter=";"))
    sheet = openpyxl.load_workbook(tmp_path / "cases.xlsx").worksheets[0]
    kinds = sorted(row["kind"] for row in rows)
    assert kinds == sorted(row["kind"] for row in from_csv)
    assert len(rows) == sum(1 for _ in sheet.iter_rows(min_row=2))
    assert {"sold-twice", "mark-differs"} <= set(kinds)
    assert not list(tmp_path.glob(".*.part"))


def test_sales_are_exported_as_epcis_events(office: Office, tmp_path: Path) -> None:
    day = office.world.story.timeline.days[0]
    path = tmp_path / "sales.json"
    assert office.run("export", "epcis", str(path), "--from", str(day), "--to", str(day)).exit_code == 0
    events = json.loads(path.read_text(encoding="utf-8"))["epcisBody"]["eventList"]
    assert {event["bizStep"] for event in events} == {"retail_selling", "receiving"}
    assert {event["eventTime"][:10] for event in events} == {str(day)}


def test_an_export_needs_a_name_that_says_its_form(office: Office, tmp_path: Path) -> None:
    assert office.run("export", "exceptions", str(tmp_path / "cases.doc")).exit_code == 2
    assert office.run("export", "epcis", str(tmp_path / "sales.xlsx")).exit_code == 2


def test_status_warns_of_silent_tills_and_counts_what_is_held(office: Office) -> None:
    done = office.run("status", "--json")
    facts = json.loads(done.stdout)
    assert facts["rows"] == sum(len(journal.rows) for journal in office.world.journals)
    assert facts["tills"]["known"] == len(office.world.story.tills)
    assert facts["tills"]["silent"] == len(office.world.story.tills)
    assert (done.exit_code, facts["warnings"][0]) == (1, f"{len(office.world.story.tills)} tills: silent")


def test_a_database_that_is_not_there_is_exit_2(tmp_path: Path) -> None:
    config = tmp_path / "hq.toml"
    config.write_text('[database]\nurl = "postgresql://nobody@127.0.0.1:1/none"\n', encoding="utf-8")
    done = CliRunner().invoke(app, ["status", "--config", str(config)])
    assert done.exit_code == 2
    assert done.output.startswith("database: ")
