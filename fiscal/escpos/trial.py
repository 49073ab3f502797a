"""What set-up prints to learn how this very printer wants its letters and its QR, and what each answer means. Pure.

The number of a code page belongs to a firmware, not to a brand: the technician looks which line reads right, and the
line says which options of the printer's URL make every receipt look like it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from . import commands
from .job import render
from .lines import Feed, Qr, Text
from .profiles import Profile, QrDialect
from .raster import Typeface
from .text import Method, TextEncoder, page

RUSSIAN = "АБЖЯабжя№"
KAZAKH = "ӘҒҚҢӨҰҮҺІ әғқңөұүһі"
DRAWN = 1  # The drawn line is always the first: it shows how the others must look.
# A QR in the private dialect without lengths reads, to a printer of the usual one, as the promise of 6730h bytes: it
# would swallow the next receipts. So many NULs, which print nothing, set it free.
PRIVATE_QR_PROMISE_BYTES = 0x6730
_QR_MODULE = 5


@dataclass(frozen=True, slots=True)
class Candidate:
    """One way to print letters, tried on a line of its own."""

    number: int  # Printed before the line.
    way: Method  # RASTER: drawn by us. PAGE, UTF8, GLYPHS: as the printer itself makes them.
    name: str  # As printed beside the number.
    kazakh: bool  # The line shows Kazakh letters; where not, they are drawn or replaced.
    data: bytes
    options: Mapping[str, str]  # Of the printer's URL, when this line reads right.


def candidates(profile: Profile, typeface: Typeface | None) -> tuple[Candidate, ...]:
    """The lines to try, numbered. Without a `typeface` there is no drawn one, and the numbers begin at 2."""
    drawn = () if typeface is None else (_drawn(profile, typeface),)
    ways = enumerate(_printed_ways(profile, typeface), DRAWN + 1)
    return (*drawn, *(_printed(profile, typeface, number, *way) for number, way in ways))


def _printed_ways(profile: Profile, typeface: Typeface | None) -> Iterator[tuple[Method, str, int]]:
    """Kazakh pages first, the profile's own before others of its kind."""
    own = (profile.page, profile.page_number)
    slots = [(name, slot) for name, numbers in profile.numbers.items() for slot in numbers]
    for name, slot in sorted(slots, key=lambda one: (not _holds_kazakh(one[0]), one != own)):
        yield Method.PAGE, name, slot
    if Method.GLYPHS in profile.methods and typeface is not None:
        yield Method.GLYPHS, *own
    if profile.utf8:
        yield Method.UTF8, "utf-8", profile.page_number


def _holds_kazakh(name: str) -> bool:
    table = page(name).table
    return all(letter in table for letter in KAZAKH)


def _drawn(profile: Profile, typeface: Typeface) -> Candidate:
    drawing = replace(profile, methods=(Method.RASTER, Method.SUBSTITUTE))
    lines = [Text(f"={DRAWN}= raster {RUSSIAN}"), Text(f"    {KAZAKH}")]
    return Candidate(DRAWN, Method.RASTER, "raster", True, render(lines, drawing, typeface).body, {"raster": "all"})


def _printed(profile: Profile, typeface: Typeface | None, number: int, way: Method, name: str, slot: int) -> Candidate:
    kazakh = way is not Method.PAGE or _holds_kazakh(name)
    shown = {Method.GLYPHS: f"glyphs {name} {slot}", Method.UTF8: "utf-8"}.get(way, f"{name} {slot}")
    lines = [Text(f"={number}= {shown} {RUSSIAN}"), *([Text(f"    {KAZAKH}")] if kazakh else [])]
    if way is Method.PAGE:
        encoder = TextEncoder(page(name), (Method.PAGE,))
        text = b"".join(encoder.encode(line.text).data + commands.LF for line in lines)
        options = {"page": name, "page_number": str(slot)}
        # Where only Russian reads right, glyphs are known to be wrong: their own line was not chosen.
        options |= {"glyphs": "no"} if not kazakh and Method.GLYPHS in profile.methods else {}
        return Candidate(number, way, shown, kazakh, commands.initialise(slot) + text, options)
    trying = replace(profile, methods=(way,) if way is Method.UTF8 else (Method.PAGE, way))
    options = {"utf8": "yes"} if way is Method.UTF8 else {"page": name, "page_number": str(slot), "glyphs": "yes"}
    return Candidate(number, way, shown, True, render(lines, trying, typeface).body, options)


def page_test(profile: Profile, typeface: Typeface | None) -> bytes:
    """All candidates one under the other, and the cut."""
    body = b"".join(candidate.data for candidate in candidates(profile, typeface))
    return body + commands.cut(profile.cutter)


def released(dialect: QrDialect) -> bytes:
    """What to send after a QR in a dialect that is not proven yet, so that the next job is not swallowed."""
    return bytes(PRIVATE_QR_PROMISE_BYTES) if dialect is QrDialect.XPRINTER else b""


def native_dialect(profile: Profile) -> QrDialect:
    """The printer's own QR to try: that of the profile, or the usual one where the profile draws it."""
    return QrDialect.EPSON if profile.qr is QrDialect.RASTER else profile.qr


def qr_test(profile: Profile, data: str) -> bytes:
    """The same QR drawn by us, then by the printer, with a cut: both must read alike.

    Ours stands first: a wrong dialect can swallow what follows it.
    """
    native = native_dialect(profile)
    ours = replace(profile, qr=QrDialect.RASTER, qr_module_max=_QR_MODULE)
    own = replace(profile, qr=native, qr_module_max=_QR_MODULE)
    body = render([Text("=A= QR raster"), Qr(data), Text(f"=B= QR {native}"), Feed()], ours).body
    body += render([Qr(data), Feed()], own).body
    return body + released(native) + render([Text("=C= end")], ours).body + commands.cut(profile.cutter)
