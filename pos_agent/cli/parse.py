"""`pos-agent parse`: what a code says, and why a code will not sell. One JSON object per code."""

from __future__ import annotations

import base64
import binascii
import json
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Annotated

import typer

from marking import ReadContext, Source, report

_LINE_BYTES_MAX = 16 * 1024  # Of a line in memory; longer ones are counted, not kept.
_ENCODING = "encoding"

Decoder = Callable[[bytes], bytes]


def parse_command(
    codes: Annotated[list[str] | None, typer.Argument(help="Codes; without any, lines of standard input.")] = None,
    as_hex: Annotated[bool, typer.Option("--hex", help="The codes are hexadecimal bytes.")] = False,
    as_base64: Annotated[bool, typer.Option("--base64", help="The codes are base64.")] = False,
    source: Annotated[
        Source, typer.Option(help="Where the codes come from; a scanner never reads a code without its tail.")
    ] = Source.SCANNER,
    catalogue_template: Annotated[
        list[str] | None,
        typer.Option(metavar="GTIN=TEMPLATE", help="A GTIN the catalogue knows, and its layout. Repeatable."),
    ] = None,
) -> None:
    """Read identification codes and print one JSON object each; exit status 1 if any could not be read."""
    if as_hex and as_base64:
        raise typer.BadParameter("--hex and --base64 exclude each other")
    decode: Decoder = _from_hex if as_hex else _from_base64 if as_base64 else bytes
    known = _catalogue(catalogue_template or [])
    context = ReadContext(source=source, catalogue=known.get)
    given = _arguments(codes) if codes else _lines(iter(lambda: sys.stdin.buffer.readline(_LINE_BYTES_MAX), b""))
    failed = False
    for number, (line, dropped) in enumerate(given, 1):
        found = _describe(line, dropped, number, decode, context)
        failed = failed or "error" in found
        # Bytes, since a Windows console encoding holds neither Kazakh letters nor every character of a bad code.
        sys.stdout.buffer.write(json.dumps(found, ensure_ascii=False).encode() + b"\n")
        sys.stdout.buffer.flush()
    if failed:
        raise typer.Exit(1)


def _describe(line: bytes, dropped: int, number: int, decode: Decoder, context: ReadContext) -> dict[str, object]:
    if dropped:
        text = f"a line of {len(line) + dropped} bytes; no code has so many"
        return _fault("too_long", number, text, position=len(line))
    try:
        raw = decode(line)
    except (binascii.Error, ValueError) as error:
        return _fault(_ENCODING, number, f"the line is no {decode.__name__.removeprefix('_from_')}: {error}")
    found = report(raw, context)
    if isinstance(fault := found.get("error"), dict):
        fault["line"] = number
    return found


def _fault(kind: str, number: int, text: str, position: int = 0) -> dict[str, object]:
    return {"error": {"kind": kind, "position": position, "text": text, "line": number}}


def _arguments(codes: Iterable[str]) -> Iterator[tuple[bytes, int]]:
    # surrogateescape gives back the very bytes the shell handed over.
    return ((code.encode("utf-8", "surrogateescape"), 0) for code in codes)


def _lines(chunks: Iterable[bytes]) -> Iterator[tuple[bytes, int]]:
    """(line, bytes dropped) split on LF only: GS and CR are data here. A long line is read through, not kept."""
    line: bytes | None = None
    dropped = 0
    for chunk in chunks:
        ended = chunk.endswith(b"\n")
        piece = chunk[:-1] if ended else chunk
        if line is None:
            line = piece
        else:
            dropped += len(piece)
        if ended:
            yield line, dropped
            line, dropped = None, 0
    if line is not None:
        yield line, dropped


def _from_hex(line: bytes) -> bytes:
    return bytes.fromhex(line.decode("ascii"))


def _from_base64(line: bytes) -> bytes:
    return base64.b64decode(line.rstrip(b"\r\n\t "), validate=True)


def _catalogue(rows: Iterable[str]) -> Mapping[str, tuple[str, ...]]:
    known: dict[str, tuple[str, ...]] = {}
    for row in rows:
        gtin, separator, template = row.partition("=")
        if not (gtin.isascii() and gtin.isdigit() and len(gtin) <= 14) or not separator:
            raise typer.BadParameter(f"{row!r} is not GTIN=TEMPLATE", param_hint="--catalogue-template")
        number = gtin.rjust(14, "0")
        known[number] = (*known.get(number, ()), *([template] if template else []))
    return known
