from __future__ import annotations

from typing import Any

from scanners.scan import Scan
from scanners.ssi.symbology import known, told


def test_the_type_byte_tells_the_symbology_where_the_data_keeps_its_promise(vectors: dict[str, Any]) -> None:
    for case in vectors["types"]:
        found = told(case["type"], case["data"].encode())
        expected = case.get("told", case["data"]).encode()
        assert (found.data, found.symbology) == (expected, case.get("symbology")), case
        assert bool(found.repairs) is ("told" in case)


def test_upc_says_that_its_digits_were_brought_to_thirteen() -> None:
    assert told(0x08, b"036000291452").repairs == ("UPC-A",)
    assert told(0x09, b"04252614").repairs == ("UPC-E",)


def test_a_prefix_the_scanner_put_in_front_of_the_data_stays_and_counts() -> None:
    found = told(0x1B, b"]d20104603276013765")
    assert (found.data, found.symbology) == (b"]d20104603276013765", None)
    assert Scan(found.data, "]d2", "left", 0).identified == b"]d20104603276013765"


def test_an_unknown_type_tells_nothing_and_changes_nothing() -> None:
    assert not known(0x99)
    assert told(0x99, b"036000291452").data == b"036000291452"
    assert told(0x99, b"036000291452").symbology is None
    assert known(0x33)
