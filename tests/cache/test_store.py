"""The store: what goes in comes out, newer words win, threads and processes do not disturb each other."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from marking.statuses import CodeStatus, Status
from pos_agent.cache import Cache, CacheError

KI = "0104870000000104213kZ7q_W<2hT9m"
FULL = CodeStatus(
    KI, Status.IN_CIRCULATION, 1_795_000_000_000_000_001, "INTRODUCED", "CONNECTED", "UNIT", "04870000000104",
    "2027-01-31", "123456789012", "GS1_AISTR", 7, True,
)  # fmt: skip
GOODS = "gtin,ntin,name_ru,name_kk,unit,vat,group,price,templates\n"
SHOES = GOODS + "4870000000104,0200000000001,Кеды,Кеды,796,base,shoes,15000.50,FULL44\n"


def test_a_status_comes_back_as_it_was_put(cache: Cache) -> None:
    bare = CodeStatus("04870249811936t1Xrb-x", Status.NOT_FOUND, 5)
    assert cache.put_statuses([FULL, bare]) == 2
    assert cache.status(KI) == FULL
    assert cache.status(bare.ki) == bare
    assert cache.status("0104870000000104213kZ7q_W<2hT9M") is None


def test_a_newer_word_replaces_an_older_one_and_never_the_other_way(cache: Cache) -> None:
    sold = replace(FULL, status=Status.WITHDRAWN, at_ns=FULL.at_ns + 10)
    assert cache.put_statuses([sold]) == 1
    assert cache.put_statuses([FULL]) == 0
    assert cache.status(KI) == sold
    assert cache.put_statuses([FULL, replace(sold, at_ns=sold.at_ns + 1)]) == 1
    assert cache.status(KI) == replace(sold, at_ns=sold.at_ns + 1)


def test_many_statuses_go_in_together_or_not_at_all(cache: Cache) -> None:
    def breaking() -> object:
        yield FULL
        raise OSError("the line broke")

    with pytest.raises(OSError, match="the line broke"):
        cache.put_statuses(breaking())  # type: ignore[arg-type]
    assert cache.status(KI) is None
    assert cache.put_statuses([replace(FULL, ki=f"KI{n:09}") for n in range(25_000)]) == 25_000


def test_goods_are_found_by_gtin_and_by_ntin_with_or_without_leading_zeros(
    cache: Cache, importing: Callable[..., object]
) -> None:
    importing(SHOES)
    shoes = cache.product("04870000000104")
    assert shoes is not None
    assert (shoes.name_ru, shoes.price_tiyn, shoes.unit_code, shoes.group) == ("Кеды", 1_500_050, 796, "shoes")
    assert (shoes.ntin, shoes.vat_class, shoes.templates) == ("0200000000001", "base", ("FULL44",))
    assert cache.product_by_ntin("0200000000001") == shoes
    assert cache.product_by_ntin("00200000000001") == shoes
    assert cache.product_by_ntin("0200000000002") is None
    assert cache.product("04870000000111") is None


def test_a_number_that_two_goods_carry_names_neither(cache: Cache, importing: Callable[..., object]) -> None:
    importing(SHOES + "4870000000111,0200000000001,Кеды 2,,796,base,shoes,1,\n")
    assert cache.product_by_ntin("0200000000001") is None
    assert cache.product("04870000000111") is not None


def test_goods_without_a_gtin_are_found_by_their_number(cache: Cache, importing: Callable[..., object]) -> None:
    importing(GOODS + ",0200000000004,Услуга,,5114,none,,10,\n")
    found = cache.product_by_ntin("0200000000004")
    assert found is not None
    assert found.gtin is None
    assert found.group is None


def test_a_layout_is_learned_once_and_survives_the_next_import(cache: Cache, importing: Callable[..., object]) -> None:
    importing(SHOES)
    assert cache.catalogue("04870000000104") == ("FULL44",)
    assert cache.catalogue("04870000000111") is None
    assert cache.learn_template("04870000000104", "SHORT-13")
    assert not cache.learn_template("04870000000104", "SHORT-13")
    assert not cache.learn_template("04870000000104", "FULL44")
    assert not cache.learn_template("04870000000111", "FULL44")
    importing(SHOES.replace("15000.50", "16000"))
    assert cache.catalogue("04870000000104") == ("FULL44", "SHORT-13")


def test_the_counts_tell_how_much_and_how_old(cache: Cache, importing: Callable[..., object], now_ns: int) -> None:
    importing(SHOES)
    cache.put_statuses([FULL, CodeStatus("04870249811936t1Xrb-x", Status.WITHDRAWN, 5)])
    counts = cache.counts()
    assert (counts.products, counts.statuses) == (1, 2)
    assert counts.by_status == {"IN_CIRCULATION": 1, "WITHDRAWN": 1}
    assert (counts.statuses_oldest_ns, counts.statuses_newest_ns) == (5, FULL.at_ns)
    assert (counts.products_oldest_ns, counts.products_newest_ns) == (now_ns, now_ns)
    assert counts.size_bytes > 0


def test_an_empty_cache_has_counts_too(cache: Cache) -> None:
    counts = cache.counts()
    assert (counts.products, counts.statuses, counts.by_status, counts.statuses_oldest_ns) == (0, 0, {}, None)


def test_threads_read_whole_statuses_while_another_writes(cache: Cache) -> None:
    # GTIN and expiry change together; a reader that saw one without the other would have read half a write.
    one = replace(FULL, gtin="04870000000104", expires_on="2027-01-31")
    two = replace(FULL, gtin="04870000000111", expires_on="2028-01-31")
    cache.put_statuses([one])
    wrong: list[CodeStatus | None] = []
    stop = threading.Event()

    def read() -> None:
        while not stop.is_set():
            seen = cache.status(KI)
            if seen is None or (seen.gtin, seen.expires_on) not in (
                (one.gtin, one.expires_on), (two.gtin, two.expires_on),
            ):  # fmt: skip
                wrong.append(seen)

    readers = [threading.Thread(target=read) for _ in range(4)]
    for reader in readers:
        reader.start()
    for turn in range(60):
        cache.put_statuses([replace((one, two)[turn % 2], at_ns=FULL.at_ns + turn)])
    stop.set()
    for reader in readers:
        reader.join()
    assert wrong == []


def test_what_another_process_wrote_is_seen_at_once(cache: Cache, path: Path) -> None:
    assert cache.status("WRITTEN-ELSEWHERE") is None
    script = (
        "import sys; from pathlib import Path; from pos_agent.cache import Cache\n"
        "from marking.statuses import CodeStatus, Status\n"
        "with Cache(Path(sys.argv[1])) as c: c.put_statuses([CodeStatus('WRITTEN-ELSEWHERE', Status.APPLIED, 1)])"
    )
    subprocess.run([sys.executable, "-c", script, str(path)], check=True, timeout=60)
    found = cache.status("WRITTEN-ELSEWHERE")
    assert found is not None
    assert found.status is Status.APPLIED


def test_a_key_no_database_can_hold_is_simply_not_there(cache: Cache) -> None:
    assert cache.status("\ud800") is None
    assert cache.product("\ud800") is None
    assert cache.product_by_ntin("\ud800") is None
    assert cache.product("x' OR 1=1 --") is None


def test_a_file_that_is_no_database_is_refused_with_the_remedy(path: Path) -> None:
    path.write_bytes(b"gtin;name_ru\n" * 500)
    with pytest.raises(CacheError, match="import the files again"):
        Cache(path)
    assert path.read_bytes().startswith(b"gtin;")


def test_a_database_of_something_else_is_never_written_to(path: Path) -> None:
    other = sqlite3.connect(path)
    other.execute("CREATE TABLE journal (number INTEGER)")
    other.commit()
    other.close()
    with pytest.raises(CacheError, match="something else"):
        Cache(path)


def test_a_cache_of_another_layout_is_refused_with_the_remedy(path: Path) -> None:
    Cache(path).close()
    newer = sqlite3.connect(path)
    newer.execute("PRAGMA user_version=99")
    newer.close()
    with pytest.raises(CacheError, match="layout 99"):
        Cache(path)


def test_a_cache_that_is_only_looked_at_is_not_created(path: Path) -> None:
    with pytest.raises(CacheError, match="there is no cache"):
        Cache(path, create=False)
    assert not path.exists()


def test_a_writer_that_finds_the_file_locked_says_so(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pos_agent.cache.schema.BUSY_TIMEOUT_MS", 50)
    with Cache(path) as mine, Cache(path) as theirs, theirs.writing() as connection:
        connection.exec_driver_sql("DELETE FROM code_status")
        with pytest.raises(CacheError, match="another import is writing"):
            mine.put_statuses([FULL])


def test_a_folder_whose_name_looks_like_an_address_holds_the_cache_all_the_same(tmp_path: Path) -> None:
    folder = tmp_path / "till #1?mode=ro%20"
    folder.mkdir()
    with Cache(folder / "cache.sqlite") as cache:
        assert cache.counts().products == 0
    assert [path.name for path in folder.iterdir() if path.suffix == ".sqlite"] == ["cache.sqlite"]
