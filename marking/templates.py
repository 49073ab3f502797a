"""Layouts of identification codes, compiled from data/templates.toml. No other module knows a layout."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from marking import charset, data
from marking.charset import GS
from marking.code import CodeKind
from marking.elements import DICTIONARY

SUBSTITUTES = "*+-_?"  # Legal characters scanners are seen to send in place of GS (rule D4).

Values = tuple[tuple[str, str], ...]  # (AI, value) in the order of the code.


@dataclass(frozen=True, slots=True)
class Field:
    ai: str  # Empty in a template without identifiers,
    name: str  # whose fields have names instead: "gtin", "serial", ...
    low: int
    high: int
    charset: str
    optional: bool

    def holds(self, value: str) -> bool:
        return re.fullmatch(charset.pattern(self.charset, self.low, self.high), value) is not None


@dataclass(frozen=True, slots=True)
class Lost:
    """A reading of a code some of whose separators are missing."""

    template: Template
    values: Values
    first_lost: bool  # The separator after the serial is missing; else only a later one.


@dataclass(frozen=True, slots=True)
class Template:
    id: str
    kind: CodeKind
    fields: tuple[Field, ...]
    offsets_prove: bool  # Exact offsets identify the template when separators are lost.
    issuer_hint: bool
    lengths: tuple[int, int, int] | None  # КИ, full without GS, full with GS.
    source: str
    without_gs: re.Pattern[str]
    substituted: re.Pattern[str]
    bracketed: re.Pattern[str]

    @property
    def ais(self) -> frozenset[str]:
        return frozenset(field.ai for field in self.fields if field.ai)

    @property
    def required(self) -> tuple[Field, ...]:
        return tuple(field for field in self.fields if not field.optional)

    def field(self, ai: str) -> Field | None:
        return next((field for field in self.fields if field.ai == ai), None)

    def has_shape(self, ais: frozenset[str]) -> bool:
        return {field.ai for field in self.required} <= ais <= self.ais

    def fits(self, values: Values) -> bool:
        """Do the elements, in whatever order, make this template?"""
        given = dict(values)
        return self.has_shape(frozenset(given)) and all(
            field.holds(given[field.ai]) for field in self.fields if field.ai in given
        )

    def lost(self, text: str) -> Lost | None:
        """Read `text` by offsets, at least one separator missing."""
        match = self.without_gs.fullmatch(text)
        if match is None:
            return None
        gaps = [match[name] for name in match.re.groupindex if name.startswith("gs")]
        gaps = [gap for gap in gaps if gap is not None]
        if all(gaps):
            return None
        return Lost(self, self._values(match), not gaps[0])

    def replaced(self, text: str) -> tuple[Values, int] | None:
        """Read `text` with one legal character in the place of every separator (D4); and where the first one stands."""
        match = self.substituted.fullmatch(text)
        if match is None or "sub" not in match.re.groupindex:
            return None
        return self._values(match), match.start("sub")

    def unbracketed(self, text: str) -> re.Match[str] | None:
        return self.bracketed.fullmatch(text)

    def _values(self, match: re.Match[str]) -> Values:
        named = ((field.ai, match[f"v{index}"]) for index, field in enumerate(self.fields))
        return tuple((ai, value) for ai, value in named if value is not None)

    def missing(self, text: str) -> int | None:
        """How many characters are missing if `text` is the beginning of such a code; None if it is not."""
        index, left = 0, sum(len(field.ai) + field.low for field in self.required)
        gap = False
        for field in self.required:
            if gap and text[index : index + 1] == GS:
                index += 1
            gap = not self._fixed(field)
            size = len(field.ai) + field.low
            chunk = text[index : index + size]
            head, value = chunk[: len(field.ai)], chunk[len(field.ai) :]
            if not field.ai.startswith(head) or charset.first_bad(field.charset, value) is not None:
                return None
            if len(chunk) < size:
                # Padding ends a signature: what stands before it was lost, nothing is still to come.
                return None if field.charset == "base64" and "=" in value else left - len(chunk)
            index, left = index + size, left - size
        return 0 if index == len(text) else None

    @staticmethod
    def _fixed(field: Field) -> bool:
        return not field.ai or DICTIONARY[field.ai].fixed


def _pattern(fields: tuple[Field, ...], separator: str, ai_form: str) -> re.Pattern[str]:
    """One expression over all fields; groups v0, v1, ... are the values. `{n}` in a separator is the field's number."""
    parts: list[str] = []
    seen = False
    for index, field in enumerate(fields):
        gap = ""
        if index and separator and not Template._fixed(fields[index - 1]):
            gap = "(?P=sub)" if seen and "<sub>" in separator else separator.replace("{n}", str(index))
            seen = True
        value = f"(?P<v{index}>{charset.pattern(field.charset, field.low, field.high)})"
        part = gap + (ai_form.replace("{ai}", field.ai) if field.ai else "") + value
        parts.append(f"(?:{part})?" if field.optional else part)
    return re.compile("".join(parts))


def _field(row: Mapping[str, Any]) -> Field:
    low = row.get("length", row.get("min"))
    high = row.get("length", row.get("max"))
    return Field(row.get("ai", ""), row.get("name", ""), low, high, row["set"], row.get("optional", False))


def _template(row: Mapping[str, Any]) -> Template:
    fields = tuple(_field(field) for field in row["fields"])
    return Template(
        id=row["id"],
        kind=CodeKind(row["kind"]),
        fields=fields,
        offsets_prove=row.get("gs") == "needed",
        issuer_hint=row["issuer"],
        lengths=tuple(row["lengths"]) if "lengths" in row else None,
        source=row["source"],
        without_gs=_pattern(fields, f"(?P<gs{{n}}>{GS}?)", "{ai}"),
        substituted=_pattern(fields, f"(?P<sub>[{re.escape(SUBSTITUTES)}])", "{ai}"),
        bracketed=_pattern(fields, "", r"\({ai}\)"),
    )


class TemplateSet:
    """All layouts of one table."""

    def __init__(self, text: str) -> None:
        table = tomllib.loads(text)
        self.by_id = {row["id"]: _template(row) for row in table["template"]}
        self.issuers: Mapping[str, str] = table["issuers"]
        self.upper_keys: tuple[str, ...] = tuple(table["keys"]["upper"])
        self.serialised = tuple(t for t in self.by_id.values() if {"01", "21"} <= t.ais)
        self.plain = tuple(t for t in self.by_id.values() if t.fields and not t.ais)

    def __iter__(self) -> Iterator[Template]:
        return iter(self.by_id.values())

    def __getitem__(self, template_id: str) -> Template:
        return self.by_id[template_id]

    def serial_lengths(self, ids: tuple[str, ...]) -> set[int]:
        """Lengths a serial may have in the named templates; names not in the table count for nothing."""
        fields = (self.by_id[name].field("21") for name in ids if name in self.by_id)
        return {length for field in fields if field for length in range(field.low, field.high + 1)}

    def issuer(self, template: Template, serial: str) -> str | None:
        return self.issuers.get(serial[:1]) if template.issuer_hint else None


TEMPLATES = TemplateSet(data.read("templates.toml"))
