from __future__ import annotations

import gzip
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.batch import (
    Batch,
    BatchError,
    BatchErrorKind,
    cursor_from_json,
    decode,
    encode,
    tombstone,
)


def _packed(content: object) -> bytes:
    return gzip.compress(json.dumps(content).encode())


def _content(**changes: Any) -> dict[str, Any]:
    row = {"number": 1, "at_ns": 5, "kind": "k", "body": "{}", "previous": "00" * 32, "hash": "11" * 32}
    return {"protocol": 1, "till": "T1", "first": 1, "last": 1, "rows": [row], **changes}


def test_rows_and_tombstones_come_out_as_they_went_in(new_journal: Any) -> None:
    journal = new_journal("Касса №1")
    rows = [journal.add(name="Айран «Әже»\u001d"), journal.add(kis=["01"])]
    batch = Batch("Касса №1", (rows[0], tombstone(rows[1], "күтеді")))
    assert decode(encode(batch)) == batch
    assert encode(batch) == encode(batch)


@pytest.mark.parametrize(
    ("content", "kind", "place"),
    [
        ([], BatchErrorKind.FIELD, ""),
        (_content(protocol=2), BatchErrorKind.PROTOCOL, "protocol"),
        (_content(protocol=True), BatchErrorKind.PROTOCOL, "protocol"),
        (_content(till=""), BatchErrorKind.FIELD, "till"),
        (_content(rows=[]), BatchErrorKind.FIELD, "rows"),
        (_content(rows=[7]), BatchErrorKind.FIELD, "rows[0]"),
        (_content(first=2), BatchErrorKind.ORDER, "first"),
        (_content(last=True), BatchErrorKind.FIELD, "last"),
        (_content(rows=[{**_content()["rows"][0], "number": 2**63}]), BatchErrorKind.FIELD, "rows[0].number"),
        (_content(rows=[{**_content()["rows"][0], "hash": "11" * 31}]), BatchErrorKind.FIELD, "rows[0].hash"),
        (_content(rows=[{**_content()["rows"][0], "body": "\ud800"}]), BatchErrorKind.FIELD, "rows[0].body"),
        (_content(rows=[{**_content()["rows"][0], "body": "a\0"}]), BatchErrorKind.FIELD, "rows[0].body"),
        (_content(rows=_content()["rows"] * 2), BatchErrorKind.ORDER, "rows[1].number"),
    ],
)
def test_a_wrong_batch_is_named_with_its_place(content: object, kind: BatchErrorKind, place: str) -> None:
    with pytest.raises(BatchError) as caught:
        decode(_packed(content))
    assert (caught.value.kind, caught.value.place) == (kind, place)


def test_a_small_bomb_is_not_unpacked() -> None:
    bomb = gzip.compress(bytes(40 << 20))
    assert len(bomb) < 100_000
    with pytest.raises(BatchError) as caught:
        decode(bomb)
    assert caught.value.kind is BatchErrorKind.TOO_LARGE


def test_a_cut_or_prolonged_stream_is_refused() -> None:
    packed = _packed(_content())
    for damaged in (packed[:-1], packed + b"x", b"", b"{}"):
        with pytest.raises(BatchError) as caught:
            decode(damaged)
        assert caught.value.kind is BatchErrorKind.COMPRESSION


@pytest.mark.parametrize("text", ["[" * 100_000, "9" * 5000, "{", "\xff"])
def test_text_that_is_hard_to_parse_is_an_error_like_any_other(text: str) -> None:
    with pytest.raises(BatchError):
        decode(gzip.compress(text.encode("latin-1")))


@given(st.binary(max_size=200))
def test_any_bytes_give_a_batch_error_and_nothing_else(data: bytes) -> None:
    for read in (decode, cursor_from_json, lambda plain: decode(gzip.compress(plain))):
        with pytest.raises(BatchError):
            read(data)
