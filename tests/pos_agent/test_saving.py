"""Copies of a till: whole while it sells, and put back only where no number comes twice."""

from __future__ import annotations

import hashlib
import json
import tarfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from shop_till import ShopTill
from typer.testing import CliRunner

from pos_agent.cli.main import app
from pos_agent.config import Config, from_mapping
from pos_agent.journal.database import AlreadyRunning, engine_for
from pos_agent.journal.journal import Event, Journal
from pos_agent.journal.verify import verify
from pos_agent.saving.archive import BadCopy, check
from pos_agent.saving.backup import NotSaved, back_up
from pos_agent.saving.headquarters import ask
from pos_agent.saving.restore import NotRestored, Restored, Unanswered, Wish, restore
from pos_agent.saving.standing import Obstacle, Seen, Standing, obstacle, standing_of
from pos_agent.to_headquarters import open_delivery
from pos_agent.wiring import World
from sync.hq.engine import open_engine
from sync.hq.inprocess import CollectorTransport
from sync.hq.store import Collector

NOW_NS = 1_800_000_000 * 10**9
MOMENT = "20270115T080000Z"
TOKEN = "of-a-test"


@pytest.fixture
def till(tmp_path: Path) -> Iterator[ShopTill]:
    """One that has sold a unit."""
    built = ShopTill(tmp_path / "data")
    sold(built)
    yield built
    built.close()


def sold(till: ShopTill) -> None:
    sale, _ = till.with_units()
    till.pay(sale)


def copied(till: ShopTill, tmp_path: Path, configuration: Path | None = None) -> Path:
    path, _ = back_up(till.agent.config, configuration, tmp_path / "copies", NOW_NS)
    return path


def put_back(
    archive: Path, config: Config, tmp_path: Path, *, seen: Seen | None = None, moment: str = MOMENT, **wish: bool
) -> Restored:
    return restore(archive, config, tmp_path / "agent.toml", Wish(**wish), lambda _till: seen, moment)


def renamed(config: Config, name: str) -> Config:
    return config.model_copy(update={"till": config.till.model_copy(update={"name": name})})


def test_a_copy_made_while_rows_are_written_is_one_whole_moment(till: ShopTill, tmp_path: Path) -> None:
    journal, stop = till.agent.journal, threading.Event()
    before = journal.head()[0]

    def write() -> None:
        while not stop.is_set():
            journal.append(Event("set_aside", {"number": 1, "reason": "a test"}))

    writer = threading.Thread(target=write)
    writer.start()
    try:
        archive = copied(till, tmp_path)
    finally:
        stop.set()
        writer.join(60)
    found = check(archive)
    assert before <= found.rows <= journal.head()[0]
    assert found.head == journal.row(found.rows).hash.hex()
    assert archive.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in (tmp_path / "copies").iterdir()] == [archive.name]


def test_it_holds_journal_cache_and_configuration_and_no_secret(till: ShopTill, tmp_path: Path) -> None:
    secret = tmp_path / "password"
    secret.write_text("s3cret-word", encoding="utf-8")
    configuration = tmp_path / "till.toml"
    configuration.write_text(f'[sync]\ntoken = "file:{secret}"\n', encoding="utf-8")
    archive = copied(till, tmp_path, configuration)
    with tarfile.open(archive) as opened:
        assert opened.getnames() == ["manifest.json", "agent.toml", "cache.sqlite", "journal.sqlite"]
        contents = b"".join(source.read() for entry in opened if (source := opened.extractfile(entry)) is not None)
    assert b"file:" in contents
    assert b"s3cret-word" not in contents


def test_a_damaged_copy_is_told_with_its_place(till: ShopTill, tmp_path: Path) -> None:
    archive = copied(till, tmp_path)
    whole = archive.read_bytes()
    for spoiled in (whole[: len(whole) // 2], whole[:2000] + b"\xff" * 64 + whole[2064:], b"", b"no archive"):
        archive.write_bytes(spoiled)
        with pytest.raises(BadCopy, match=archive.name):
            check(archive)
    with pytest.raises(BadCopy, match="no such file"):
        check(tmp_path / "none.tar.gz")


def test_a_file_exchanged_inside_a_copy_is_named(till: ShopTill, tmp_path: Path) -> None:
    archive = copied(till, tmp_path)
    other = tmp_path / "other.tar.gz"
    with tarfile.open(archive) as source, tarfile.open(other, "w:gz") as target:
        for entry in source:
            content = source.extractfile(entry)
            assert content is not None
            if entry.name == "cache.sqlite":
                (tmp_path / "empty").write_bytes(bytes(entry.size))
                target.add(tmp_path / "empty", entry.name)
            else:
                target.addfile(entry, content)
    with pytest.raises(BadCopy, match=r"cache\.sqlite is not what was copied"):
        check(other)


def test_a_damaged_journal_is_not_copied_as_if_it_were_good(till: ShopTill, tmp_path: Path) -> None:
    till.agent.close()
    with engine_for(till.folder / "journal.sqlite").connect() as db:
        driver: Any = db.connection.driver_connection
        driver.execute("DROP TRIGGER journal_keeps")
        driver.execute("UPDATE journal SET body = '{}' WHERE number = 3")
    with pytest.raises(NotSaved, match="row 3"):
        copied(till, tmp_path)
    assert list((tmp_path / "copies").iterdir()) == []
    with engine_for(till.folder / "journal.sqlite").connect() as db:
        db.connection.driver_connection.execute("DELETE FROM held")  # type: ignore[union-attr]
    (till.folder / "journal.sqlite").unlink()
    till.agent = ShopTill(till.folder).agent  # So that the fixture closes a good one.


def test_a_damaged_cache_is_named_and_no_copy_is_left(till: ShopTill, tmp_path: Path) -> None:
    cache = till.agent.config.cache_path
    till.close()
    for end in ("-wal", "-shm"):
        Path(f"{cache}{end}").unlink(missing_ok=True)
    cache.write_bytes(b"no database " * 1_000)
    configuration = tmp_path / "agent.toml"
    lines = f"[till]\nname = {json.dumps(till.agent.config.till.name)}\ndata = {json.dumps(str(cache.parent))}\n"
    configuration.write_text(lines)
    answer = CliRunner().invoke(
        app, ["backup", "--config", str(configuration), "--to", str(tmp_path / "copies"), "--json"]
    )
    assert answer.exit_code == 2, answer.exception
    assert f"{cache} cannot be copied: file is not a database" in json.loads(answer.stdout)["problem"]
    assert list((tmp_path / "copies").iterdir()) == []
    cache.unlink()
    till.agent = ShopTill(till.folder).agent  # So that the fixture closes a good one.


def test_nothing_is_put_back_under_a_running_agent(till: ShopTill, tmp_path: Path) -> None:
    archive = copied(till, tmp_path)
    with pytest.raises(AlreadyRunning):
        put_back(archive, till.agent.config, tmp_path)


def test_a_copy_that_lacks_nothing_is_put_back_and_sold_on(till: ShopTill, tmp_path: Path) -> None:
    archive = copied(till, tmp_path)
    rows, epoch = till.agent.journal.head()[0], till.agent.journal.epoch
    till.agent.close()
    (till.folder / "cache.sqlite").unlink()
    (till.folder / "cache.sqlite-wal").write_bytes(b"left by a crash")
    done = put_back(archive, till.agent.config, tmp_path)
    assert done.as_journal
    assert done.kept is not None and (done.kept / "journal.sqlite").exists()
    assert (done.kept / "cache.sqlite-wal").read_bytes() == b"left by a crash"
    assert not (till.folder / "cache.sqlite-wal").exists()
    assert sorted(path.name for path in till.folder.iterdir() if path.name.startswith("journal")) == [
        "journal.sqlite",
        "journal.sqlite.lock",
    ]
    till.restart()
    assert (till.agent.journal.head()[0], till.agent.journal.epoch) == (rows + 1, epoch)
    sold(till)


def test_a_copy_that_lacks_a_sale_is_refused_and_nothing_is_touched(till: ShopTill, tmp_path: Path) -> None:
    archive = copied(till, tmp_path)
    sold(till)
    till.agent.close()
    there = (till.folder / "journal.sqlite").read_bytes()
    with pytest.raises(NotRestored, match=r"a second time.*--force-older") as told:
        put_back(archive, till.agent.config, tmp_path, nothing_sold_since=True)
    assert told.value.obstacle is Obstacle.OLDER_HERE
    assert (till.folder / "journal.sqlite").read_bytes() == there
    till.restart()


def test_forced_an_older_copy_is_a_file_to_read_and_the_till_begins_a_new_journal(
    till: ShopTill, tmp_path: Path
) -> None:
    archive = copied(till, tmp_path)
    rows, epoch, config = till.agent.journal.head()[0], till.agent.journal.epoch, till.agent.config
    sold(till)
    till.agent.close()
    with pytest.raises(NotRestored, match="a name that no till ever had"):
        put_back(archive, config, tmp_path, force_older=True)
    done = put_back(archive, renamed(config, "till-9"), tmp_path, force_older=True)
    assert not done.as_journal
    assert verify(done.journal).rows == rows
    assert not (till.folder / "journal.sqlite").exists()
    assert done.kept is not None and verify(done.kept / "journal.sqlite").rows > rows
    begun = Journal(
        till.folder / "journal.sqlite", till_name="till-9", now=till.clock.now_ns, new_epoch=lambda: "another"
    )
    assert begun.epoch != epoch
    begun.close()
    (till.folder / "journal.sqlite").unlink()
    till.restart()


def test_after_the_loss_of_a_disk_a_person_must_say_that_nothing_was_sold_since(till: ShopTill, tmp_path: Path) -> None:
    archive = copied(till, tmp_path)
    till.agent.close()
    for path in till.folder.iterdir():
        path.unlink()
    with pytest.raises(NotRestored, match="--nothing-sold-since") as told:
        put_back(archive, till.agent.config, tmp_path)
    assert told.value.obstacle is Obstacle.NO_WITNESS
    assert put_back(archive, till.agent.config, tmp_path, nothing_sold_since=True).kept is None
    till.restart()


def test_headquarters_that_holds_more_is_believed_over_a_persons_word(till: ShopTill, tmp_path: Path) -> None:
    archive = copied(till, tmp_path)
    sold(till)
    collector = Collector(open_engine(f"sqlite:///{tmp_path / 'hq.sqlite'}"), till.clock.now_ns)
    line = CollectorTransport(collector, {"demo-1": hashlib.sha256(TOKEN.encode()).hexdigest()})
    synced = from_mapping({"sync": {"url": "https://hq.test", "token": "env:HQ_TOKEN"}}, environment={}).sync
    config = till.agent.config.model_copy(update={"sync": synced})
    world = World(clock=till.clock, secret=lambda _reference: TOKEN, hq_transport=line)
    delivery = open_delivery(config, world, till.agent.queue)
    assert delivery is not None
    while till.agent.queue.unsent()[0]:
        delivery.step()
    delivery.close()
    till.agent.close()
    for path in till.folder.iterdir():
        path.unlink()
    asked = restore_asking(archive, config, tmp_path, line)
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("HQ_TOKEN", TOKEN)
        with pytest.raises(NotRestored, match="headquarters holds rows that the copy lacks") as told:
            asked()
        line.link_down = True
        with pytest.raises(Unanswered, match="does not say what it holds"):
            asked()
    assert told.value.obstacle is Obstacle.OLDER_THERE
    till.restart()


def restore_asking(archive: Path, config: Config, tmp_path: Path, line: CollectorTransport) -> Any:
    wish = Wish(nothing_sold_since=True)
    return lambda: restore(archive, config, tmp_path / "agent.toml", wish, lambda name: ask(config, name, line), MOMENT)


def test_a_journal_that_cannot_be_read_stands_in_the_way_until_somebody_decides(till: ShopTill, tmp_path: Path) -> None:
    archive = copied(till, tmp_path)
    till.agent.close()
    (till.folder / "journal.sqlite").write_bytes(b"no database at all" * 500)
    (till.folder / "journal.sqlite-wal").write_bytes(b"its log")
    with pytest.raises(NotRestored, match="cannot be read"):
        put_back(archive, till.agent.config, tmp_path, nothing_sold_since=True)
    done = put_back(archive, renamed(till.agent.config, "till-9"), tmp_path, force_older=True)
    assert done.kept is not None and (done.kept / "journal.sqlite").read_bytes().startswith(b"no database")
    assert not (till.folder / "journal.sqlite-wal").exists()
    till.restart()


def test_a_copy_of_another_till_is_refused(till: ShopTill, tmp_path: Path) -> None:
    archive = copied(till, tmp_path)
    till.agent.close()
    with pytest.raises(NotRestored, match="the copy is of till 'demo-1', the configuration says 'till-2'"):
        put_back(archive, renamed(till.agent.config, "till-2"), tmp_path)
    till.restart()


def stand(rows: int, *, epoch: str = "abc", parted_at: int = 99) -> Standing:
    def hash_at(number: int) -> bytes | None:
        return None if number > rows else f"{number}{'x' if number >= parted_at else ''}".encode()

    return Standing("T1", epoch, rows, hash_at(rows) or b"", hash_at)


@pytest.mark.parametrize(
    ("present", "seen", "word", "wanted"),
    [
        (stand(5), None, False, None),
        (stand(4), None, False, None),
        (stand(6), None, True, Obstacle.OLDER_HERE),
        (stand(5, epoch="xyz"), None, True, Obstacle.OTHER_JOURNAL),
        (stand(5, parted_at=4), None, True, Obstacle.PARTED_HERE),
        (stand(5), Seen(6, b"6"), True, Obstacle.OLDER_THERE),
        (stand(5), Seen(4, b"4"), False, None),
        (stand(5), Seen(4, b"other"), True, Obstacle.PARTED_THERE),
        (None, Seen(5, b"5"), False, Obstacle.NO_WITNESS),
        (None, Seen(5, b"5"), True, None),
        (None, Seen(0, b"0"), True, None),
        (None, None, False, Obstacle.NO_WITNESS),
    ],
)
def test_a_copy_of_five_rows(present: Standing | None, seen: Seen | None, word: bool, wanted: Obstacle | None) -> None:
    assert obstacle(stand(5), present, seen, nothing_sold_since=word) is wanted


def test_the_commands_copy_a_till_onto_a_new_machine_configuration_and_all(till: ShopTill, tmp_path: Path) -> None:
    data = till.folder
    till.agent.close()
    config = tmp_path / "etc" / "agent.toml"
    config.parent.mkdir()
    config.write_text(f'[till]\nname = "demo-1"\ndata = {json.dumps(str(data))}\n', encoding="utf-8")
    said = CliRunner().invoke(app, ["backup", "--config", str(config), "--to", str(tmp_path / "usb"), "--json"])
    assert said.exit_code == 0, said.output
    archive = json.loads(said.stdout)["file"]
    rows = standing_of(data / "journal.sqlite")
    for path in (*data.iterdir(), config):
        path.unlink()

    arguments = ["restore", archive, "--config", str(config), "--json"]
    said = CliRunner().invoke(app, arguments)
    assert (said.exit_code, json.loads(said.stdout)["obstacle"]) == (2, "no-witness")
    said = CliRunner().invoke(app, [*arguments, "--nothing-sold-since"])
    assert said.exit_code == 0, said.output
    facts = json.loads(said.stdout)
    assert rows is not None
    assert (facts["as_journal"], facts["rows"], facts["configuration"]) == (True, rows.rows, str(config))
    assert 'name = "demo-1"' in config.read_text(encoding="utf-8")
    till.restart()
