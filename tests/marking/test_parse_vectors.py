"""Published, constructed and certification codes, read as their sources say."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

from marking import CodeError, ReadContext, Source, parse
from marking.parse import read_any
from marking.templates import TEMPLATES

VECTORS = tomllib.loads((Path(__file__).parents[1] / "vectors" / "marking_codes.toml").read_text(encoding="utf-8"))
FIELDS = ("template", "kind", "gtin", "serial", "ki", "symbology", "confirm", "issuer")


def context_of(row: dict[str, Any]) -> ReadContext:
    given = row.get("context", {})
    return ReadContext(source=Source(given.get("source", "scanner")), caps_lock=given.get("caps_lock"))


@pytest.mark.parametrize("row", VECTORS["code"], ids=lambda row: row["name"])
def test_a_code_reads_as_its_source_says(row: dict[str, Any]) -> None:
    raw = row["text"].encode()
    code = parse(raw, context_of(row))
    for name in FIELDS:
        if name in row:
            assert getattr(code, name) == row[name], name
    assert code.raw == raw
    if "elements" in row:
        assert [list(pair) for pair in code.elements] == row["elements"]
    for name in ("repairs", "candidates"):
        if name in row:
            assert list(getattr(code, name)) == row[name], name
    if "cleaned" in row:
        assert code.text == row["cleaned"]
    if "lengths" in row:
        assert [len(code.ki or ""), len(code.text.replace("\x1d", "")), len(code.text)] == row["lengths"]


@pytest.mark.parametrize("row", VECTORS["refused"], ids=lambda row: row["name"])
def test_an_unusable_text_is_refused_with_kind_and_place(row: dict[str, Any]) -> None:
    with pytest.raises(CodeError) as caught:
        parse(row["text"].encode(), context_of(row))
    assert (caught.value.kind, caught.value.position) == (row["error"], row["position"])


@pytest.mark.parametrize("row", VECTORS["certification"], ids=lambda row: row["case"])
def test_a_certification_code_reads_clean(row: dict[str, Any]) -> None:
    raw = row["text"].encode()
    code = parse(raw)
    assert (code.template, code.ki, code.repairs, code.confirm) == (row["template"], row["ki"], (), False)
    template = TEMPLATES[row["template"]]
    assert template.lengths == (len(code.ki or ""), len(raw.replace(b"\x1d", b"")), len(raw))


def test_the_certification_set_is_whole() -> None:
    assert len(VECTORS["certification"]) == 24


@pytest.mark.parametrize("row", [*VECTORS["code"], *VECTORS["certification"]], ids=lambda row: row["text"])
def test_the_fast_path_changes_nothing(row: dict[str, Any]) -> None:
    for prefix in (b"", b"]d2", b"\x1d", b"]d2\x1d"):
        raw = prefix + row["text"].encode()
        results: list[object] = []
        for reader in (parse, read_any):
            try:
                results.append(reader(raw, context_of(row)))
            except CodeError as error:
                results.append((error.kind, error.position))
        assert results[0] == results[1]
