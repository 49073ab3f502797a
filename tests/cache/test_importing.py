"""Files into the cache: all or nothing, and every mistake told with its place."""

from __future__ import annotations

import io
import re
import tracemalloc
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest

from marking.groups import standard
from marking.statuses import CodeStatus, Status
from pos_agent.cache import Cache
from pos_agent.cache.importing import Kind, Report, import_file
from pos_agent.cache.lines import LINE_MAX_BYTES, BadRow, UnreadableFile
from pos_agent.cache.rows import Context, instant_ns, instant_text

Import = Callable[..., tuple[Report, list[BadRow]]]

KI = "0104870000000104213kZ7q_W<2hT9m"
PACK = "04870249811936'dTOZwQ"
GOODS = "gtin;name_ru;unit;vat;price\n"
GOOD = "4870000000104;Кеды;796;base;15000\n"
CODES = "ki,status,at\n"
AT = "2026-11-23T14:05:00+05:00"
AT_NS = int(datetime(2026, 11, 23, 9, 5, tzinfo=UTC).timestamp()) * 10**9


def places(bad: list[BadRow]) -> list[tuple[int, str | None]]:
    return [(row.line, row.column) for row in bad]


@pytest.mark.parametrize(
    "content",
    [
        GOODS + GOOD,
        GOODS.replace(";", ",") + GOOD.replace(";", ","),
        "\ufeff" + GOODS + GOOD,
        (GOODS + GOOD).replace("\n", "\r\n"),
        "sep=;\n" + GOODS + GOOD,
        "\n\n" + GOODS + "\n" + GOOD + "\n\n",
        GOODS.replace("\n", ";;\n") + GOOD.replace("\n", ";;\n"),
        GOODS.upper() + '"4870000000104" ; "Кеды" ;796;base;15000\n'.replace(" ;", ";").replace("; ", ";"),
        '{"gtin": 4870000000104, "name_ru": "Кеды", "unit": 796, "vat": "base", "price": 15000}\n',
        '{"gtin": "4870000000104", "name_ru": " Кеды ", "unit": "796", "vat": "base", "price": 15000.0, "group": null}',
    ],
)
def test_every_documented_form_of_a_catalogue_says_the_same(content: str, cache: Cache, importing: Import) -> None:
    report, bad = importing(content)
    assert bad == []
    assert (report.kind, report.rows, report.written) == (Kind.CATALOGUE, 1, 1)
    found = cache.product("04870000000104")
    assert found is not None
    assert (found.name_ru, found.price_tiyn) == ("Кеды", 1_500_000)


def test_an_older_windows_file_is_read_when_told_so(cache: Cache, importing: Import) -> None:
    report, bad = importing((GOODS + GOOD).encode("cp1251"))
    assert report.bad == 1
    assert "--encoding cp1251" in bad[0].reason
    assert importing((GOODS + GOOD).encode("cp1251"), encoding="cp1251")[0].written == 1
    found = cache.product("04870000000104")
    assert found is not None
    assert found.name_ru == "Кеды"


def test_a_status_file_gives_each_code_its_status_and_its_age(cache: Cache, importing: Import) -> None:
    report, bad = importing(CODES + f"{KI},INTRODUCED,{AT}\n{PACK},RETIRED,2026-11-23T09:05:00.000000001Z\n")
    assert (bad, report.written) == ([], 2)
    assert cache.status(KI) == CodeStatus(KI, Status.IN_CIRCULATION, AT_NS, "INTRODUCED")
    assert cache.status(PACK) == CodeStatus(PACK, Status.WITHDRAWN, AT_NS + 1, "RETIRED")


def test_codes_with_quotes_commas_and_semicolons_come_through_csv(cache: Cache, importing: Import) -> None:
    odd = """0104870000000111213aB;5%,Y"8Q'n"""
    assert importing(CODES + '"' + odd.replace('"', '""') + f'",INTRODUCED,{AT}\n')[1] == []
    assert cache.status(odd) is not None


def test_every_field_of_a_status_can_be_given(cache: Cache, importing: Import) -> None:
    row = (
        f'{{"ki": "{KI}", "status": "IN_CIRCULATION", "at": "{AT}", "raw_status": "INTRODUCED",'
        '"extended": "CONNECTED", "package_type": "UNIT", "gtin": "4870000000104",'
        '"expires_on": "2027-01-31T00:00:00Z", "owner_tin": "123456789012",'
        '"template": "GS1_AISTR", "partial_left": 7, "blocked": true}'
    )
    assert importing(row)[1] == []
    assert cache.status(KI) == CodeStatus(
        KI, Status.IN_CIRCULATION, AT_NS, "INTRODUCED", "CONNECTED", "UNIT", "04870000000104", "2027-01-31",
        "123456789012", "GS1_AISTR", 7, True,
    )  # fmt: skip


def test_a_file_without_times_takes_the_one_it_is_given(cache: Cache, importing: Import) -> None:
    content = f"ki,status\n{KI},INTRODUCED\n"
    assert places(importing(content)[1]) == [(2, "at")]
    assert importing(content, at_ns=AT_NS)[1] == []
    found = cache.status(KI)
    assert found is not None
    assert found.at_ns == AT_NS


def test_one_bad_row_and_nothing_is_changed(cache: Cache, importing: Import) -> None:
    importing(GOODS + GOOD)
    before = list(cache.products())
    many = "".join(f"{n:08};Товар {n};796;base;1\n" for n in range(1))
    report, bad = importing(GOODS + GOOD.replace("15000", "1") + many.replace("00000000", "4870000000111") + "x;;;;\n")
    assert report.bad == len(bad) > 0
    assert report.written == 0
    assert list(cache.products()) == before


@pytest.mark.parametrize(
    ("row", "column", "words"),
    [
        ("4870000000105;Кеды;796;base;1", "gtin", "check digit"),
        ("48700;Кеды;796;base;1", "gtin", "8, 12, 13 or 14 digits"),
        ("4,87E+12;Кеды;796;base;1", "gtin", "format the column as text"),
        ("٤٨٧٠٠٠٠٠٠٠١٠٤;Кеды;796;base;1", "gtin", "digits"),
        (";Кеды;796;base;1", "gtin", "a GTIN or an NTIN"),
        ("4870000000104;;796;base;1", "name_ru", "missing"),
        ("4870000000104;Ке\tды;796;base;1", "name_ru", "U\\+0009"),
        (f"4870000000104;{'К' * 501};796;base;1", "name_ru", "longer than 500"),
        ("4870000000104;Кеды;штука;base;1", "unit", "796"),
        ("4870000000104;Кеды;796;12%;1", "vat", "base, medicine"),
        ("4870000000104;Кеды;796;base;-5", "price", "tenge"),
        ("4870000000104;Кеды;796;base;1 000", "price", "tenge"),
        ("4870000000104;Кеды;796;base;1.005", "price", "two decimals"),
        ("4870000000104;Кеды;796;base;1e3", "price", "tenge"),
        ("4870000000104;Кеды;796;base;9999999999999", "price", "tenge"),
        ("4870000000104;Кеды;796;base", None, "4 columns, the header has 5"),
        ("4870000000104;Кеды;796;base;1;2", None, "6 columns, the header has 5"),
        ('4870000000104;"Кеды;796;base;1', None, "quotes do not match"),
        ('4870000000104;"Ке"ды;796;base;1', None, "quotes do not match"),
        ("4870000000104;Ке\x00ды;796;base;1", None, "NUL byte at byte 19"),
    ],
)
def test_a_bad_catalogue_row_is_told_by_line_column_and_reason(
    row: str, column: str | None, words: str, importing: Import
) -> None:
    report, bad = importing(GOODS + GOOD + row + "\n")
    assert report.bad == 1
    assert places(bad) == [(3, column)]
    assert re.search(words, bad[0].reason)


@pytest.mark.parametrize(
    ("row", "column", "words"),
    [
        (f'{{"ki": "{KI}\\u001d91KZF1", "status": "INTRODUCED", "at": "{AT}"}}', "ki", "without 91, 92 or 93"),
        (f'{{"ki": "{KI}91KZF192abc", "status": "INTRODUCED", "at": "{AT}"}}', "ki", "check part still there"),
        (f'{{"ki": "01048700 0000104", "status": "INTRODUCED", "at": "{AT}"}}', "ki", "character 9"),
        (f'{{"ki": "short", "status": "INTRODUCED", "at": "{AT}"}}', "ki", "characters wanted"),
        (
            f'{{"ki": "\\ud800\\ud800\\ud800\\ud800\\ud800\\ud800\\ud800\\ud800", "status": "X", "at": "{AT}"}}',
            "ki",
            "character 1",
        ),
        (f'{{"ki": "{KI}", "at": "{AT}"}}', "status", "missing"),
        (f'{{"ki": "{KI}", "status": "INTRODUCED", "at": "yesterday"}}', "at", "offset"),
        (f'{{"ki": "{KI}", "status": "INTRODUCED", "at": "2026-11-23T14:05:00"}}', "at", "offset"),
        (f'{{"ki": "{KI}", "status": "INTRODUCED", "at": "2026-13-23T14:05:00Z"}}', "at", "offset"),
        (f'{{"ki": "{KI}", "status": "INTRODUCED", "at": "2027-11-23T14:05:00Z"}}', "at", "future"),
        (f'{{"ki": "{KI}", "status": "INTRODUCED", "at": "{AT}", "expires_on": "31.01.2027"}}', "expires_on", "date"),
        (f'{{"ki": "{KI}", "status": "INTRODUCED", "at": "{AT}", "owner_tin": "12"}}', "owner_tin", "12 digits"),
        (f'{{"ki": "{KI}", "status": "INTRODUCED", "at": "{AT}", "package_type": "BAG"}}', "package_type", "UNIT"),
        (f'{{"ki": "{KI}", "status": "INTRODUCED", "at": "{AT}", "blocked": "maybe"}}', "blocked", "true or false"),
        (
            f'{{"ki": "{KI}", "status": "INTRODUCED", "at": "{AT}", "partial_left": 1.5}}',
            "partial_left",
            "whole number",
        ),
        (f'{{"ki": "{KI}", "status": "INTRODUCED", "at": "{AT}", "stauts": "A"}}', "stauts", "'status'"),
        (f'{{"ki": {{"a": 1}}, "status": "INTRODUCED", "at": "{AT}"}}', "ki", "a list of texts"),
        (f'{{"ki": "{KI}", "ki": "{PACK}", "status": "A"}}', None, "'ki' stands twice"),
        ('{"ki": "abc', None, "not JSON"),
        ("{" * 60_000, None, "JSON"),
        ('{"ki":' + "[" * 60_000, None, "JSON"),
        ('{"partial_left":' + "9" * 20_000 + "}", None, "JSON"),
        ('{"partial_left": NaN}', None, "NaN"),
        ("[1, 2]", None, "an object"),
        ('"text"', None, "an object"),
    ],
)
def test_a_bad_status_row_is_told_by_line_column_and_reason(
    row: str, column: str | None, words: str, cache: Cache, importing: Import
) -> None:
    good = f'{{"ki": "{PACK}", "status": "INTRODUCED", "at": "{AT}"}}\n'
    report, bad = importing(good + row + "\n")
    assert report.bad == len(bad) >= 1
    assert (2, column) in places(bad)
    assert any(words in row.reason for row in bad)
    assert cache.status(PACK) is None


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty"),
        (b"\n\r\n\n", "empty"),
        ((GOODS + GOOD).encode("utf-16"), "UTF-16"),
        (b"[1]", "JSON lines"),
        (b"name_ru,nmae_kk,unit,vat,price\n", "'name_kk'"),
        (b"name_ru,name_ru,price\n", "stands twice"),
        (b"name_ru,,price\n", "no name"),
        (b"gtin,name_ru,unit,price\n", "'vat'"),
        (b"a,b\n", "neither"),
        (b'"name_ru,price\n', "quotes"),
        (b"\x00\x00\x00\n", "NUL"),
        (b"x" * (LINE_MAX_BYTES + 10), "longer than"),
        (b"sep=\t\nname_ru\tprice\n", "separator"),
        (b"\xff\xff\xff\n", "is not utf-8"),
    ],
)
def test_a_file_whose_form_is_wrong_is_refused_at_its_head(content: bytes, words: str, importing: Import) -> None:
    with pytest.raises(UnreadableFile, match=words):
        importing(content)


def test_a_file_with_a_header_alone_is_a_mistake(importing: Import) -> None:
    report, bad = importing(GOODS)
    assert (report.bad, bad[0].reason) == (1, "the file has no rows")


def test_a_row_said_twice_is_one_row_and_said_differently_a_mistake(cache: Cache, importing: Import) -> None:
    report, bad = importing(GOODS + GOOD + GOOD + GOOD)
    assert (bad, report.written, report.repeated) == ([], 1, 2)
    report, bad = importing(GOODS + GOOD + GOOD.replace("4870000000104", "04870000000104").replace("15000", "1"))
    assert places(bad) == [(3, "gtin")]
    assert "line 2" in bad[0].reason
    found = cache.product("04870000000104")
    assert found is not None
    assert found.price_tiyn == 1_500_000
    report, bad = importing(CODES + f"{KI},INTRODUCED,{AT}\n{PACK},APPLIED,{AT}\n{KI},WITHDRAWN,{AT}\n")
    assert places(bad) == [(4, "ki")]


def test_a_file_never_makes_a_code_older(cache: Cache, importing: Import) -> None:
    cache.put_statuses([CodeStatus(KI, Status.WITHDRAWN, AT_NS + 1)])
    report, _ = importing(CODES + f"{KI},INTRODUCED,{AT}\n{PACK},INTRODUCED,{AT}\n")
    assert (report.written, report.kept_newer) == (1, 1)
    found = cache.status(KI)
    assert found is not None
    assert found.status is Status.WITHDRAWN


def test_a_status_word_never_seen_is_kept_as_unknown_and_told(cache: Cache, importing: Import) -> None:
    report, bad = importing(CODES + f"{KI},FROZEN,{AT}\n{PACK},FROZEN,{AT}\n")
    assert (bad, report.unknown_words) == ([], {"FROZEN": 2})
    found = cache.status(KI)
    assert found is not None
    assert (found.status, found.raw_status) == (Status.UNKNOWN, "FROZEN")


class Endless(io.RawIOBase):
    """A header, then one line of 300 MB, then a good row: never in memory as a whole."""

    def __init__(self) -> None:
        self._chunks = self._make()
        self._rest = b""

    def _make(self) -> Iterator[bytes]:
        yield GOODS.encode()
        for _ in range(300):
            yield b"9" * 1_000_000
        yield b"\n" + GOOD.encode()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray) -> int:  # type: ignore[override]
        while not self._rest:
            self._rest = next(self._chunks, b"")
            if not self._rest:
                return 0
        part, self._rest = self._rest[: len(buffer)], self._rest[len(buffer) :]
        buffer[: len(part)] = part
        return len(part)


def test_a_line_of_300_mb_is_one_mistake_and_does_not_fill_the_memory(cache: Cache, now_ns: int) -> None:
    bad: list[BadRow] = []
    tracemalloc.start()
    report = import_file(cache, io.BufferedReader(Endless()), Context(standard(), now_ns), on_bad=bad.append)  # type: ignore[type-var]
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (places(bad), report.rows) == ([(2, None)], 2)
    assert peak < 20_000_000


def test_ten_thousand_bad_rows_are_all_told_and_none_is_kept(cache: Cache, importing: Import) -> None:
    report, bad = importing(GOODS + GOOD + "1;2;3\n" * 10_000)
    assert report.bad == len(bad) == 10_000
    assert cache.counts().products == 0


def test_the_till_puts_and_reads_statuses_while_a_file_is_being_imported(cache: Cache, now_ns: int) -> None:
    seen: list[object] = []

    class Slow(io.BytesIO):
        """A file in the middle of which the till gets an online answer."""

        def readline(self, size: int | None = -1, /) -> bytes:
            line = super().readline(size)
            if line.startswith(b"0104870000000104210006000"):
                cache.put_statuses([CodeStatus(PACK, Status.APPLIED, 7)])
                seen.append((cache.status(PACK), cache.status("0104870000000104210000001")))
            return line

    content = CODES + "".join(f"010487000000010421{n:07},INTRODUCED,{AT}\n" for n in range(12_000))
    report = import_file(cache, Slow(content.encode()), Context(standard(), now_ns))
    assert report.written == 12_000
    assert seen == [(CodeStatus(PACK, Status.APPLIED, 7), None)]
    assert cache.status("0104870000000104210000001") is not None


def test_the_bar_ends_where_the_file_ends(cache: Cache, now_ns: int) -> None:
    content = (GOODS + "".join(GOOD for _ in range(2_500))).encode()
    read: list[int] = []
    import_file(cache, io.BytesIO(content), Context(standard(), now_ns), progress=read.append)
    assert read == sorted(read)
    assert len(read) > 2
    assert read[-1] == len(content)


@pytest.mark.parametrize("text", ["2026-11-23T14:05:00Z", "2026-11-23T14:05:00.123456789Z", "1970-01-01T00:00:00Z"])
def test_a_moment_survives_being_written_and_read(text: str) -> None:
    assert instant_ns(instant_text(instant_ns(text))) == instant_ns(text)
