"""Takes out of a text what must not leave the till: secrets, check parts of marks, tax numbers. Pure.

The log file and the support bundle go through here. A rule rather takes too much than too little: what is left of a
code still tells which goods it is of, and the journal keeps the whole of it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

HIDDEN: Final = "<hidden>"
TIN: Final = "<12 digits>"
CUT: Final = "…"
SECRET_LENGTH_MIN: Final = 4  # A shorter one would take letters out of ordinary words.

# GS as it stands in bytes, in JSON, in a URL, and as our own commands picture it. Python takes 1Dh for white space, so
# the ends of a code are told by hand.
_GS: Final = r"(?:\x1d|␝|\\u001d|\\x1d|%1[dD]|·GS·|<GS>|\{GS\})"
# A key has four characters, of all that GS1 allows: a quote or a comma among them does not end it.
_FOUR: Final = r"[!-~]{0,4}"
_REST: Final = rf"{_FOUR}[^ \t\r\n\"',;]*"
_SECRET_NAME: Final = r"\w*(?:password|passwd|passphrase|token|secret|api[_-]?key|authorization|cookie)\w*"  # noqa: S105 - a pattern

_MIXED: Final = "(?=[{0}]*[A-Z])(?=[{0}]*[a-z])(?=[{0}]*[0-9])"
_NAMED: Final = re.compile(_SECRET_NAME, re.IGNORECASE)
_REFERENCES: Final = ("env:", "file:", "credential:")

_RULES: Final[tuple[tuple[re.Pattern[str], str], ...]] = tuple(
    (re.compile(pattern), written)
    for pattern, written in (
        (r"-----BEGIN [A-Z ]+-----[\s\S]*?(?:-----END [A-Z ]+-----|$)", HIDDEN),
        (r"(?i)\b(bearer|basic)\s+(?!client\b)[\w.~+/=-]{4,}", rf"\1 {HIDDEN}"),
        (r"://[^/\s@\"']+:[^/\s@\"']*@", f"://{HIDDEN}@"),
        # A reference (env:, file:, credential:) says where a secret lies and may be shown.
        (
            rf"(?i)(\"?\b{_SECRET_NAME}\"?\s*[:=]\s*)(?!\"?(?:env|file|credential):)(?:\"[^\"]*\"|'[^']*'|[^\s,;&}}\]]+)",
            rf"\1{HIDDEN}",
        ),
        # 91 to 93 hold the key and the signature of a mark; everything behind the separator goes.
        (rf"({_GS}+9[1-3]){_REST}", rf"\1{CUT}"),
        (rf"(\(9[1-3]\))(?=[!-~]){_FOUR}[^\s()\"']*", rf"\1{CUT}"),
        # A mark whose separators were lost: no more of it than the shortest serial number.
        (r"(?<!\d)(01\d{14}21[!-~]{7})[!-~]+", rf"\1{CUT}"),
        # A pack of tobacco: 14 digits, 7 of the serial number, price and check part.
        (r"(?<!\d)(\d{14}[!-~]{7})[!-~]{8}(?![!#-&(-+\--~])", rf"\1{CUT}"),
        # Signatures, raw bytes of scans and tokens: long, of both cases and digits. A hash or a path is none of them.
        (rf"(?<![\w+/=]){_MIXED.format(r'A-Za-z0-9+/')}[A-Za-z0-9+/]{{40,}}={{0,2}}", CUT),
        (rf"(?<![\w-]){_MIXED.format(r'A-Za-z0-9_-')}[A-Za-z0-9_-]{{40,}}", CUT),
        (r"(?<![\w+/=])[A-Za-z0-9+/]{20,}={1,2}", CUT),
        (r"(?<!\d)\d{12}(?!\d)", TIN),
    )
)

Redactor = Callable[[str], str]


def redactor(secrets: Iterable[str] = ()) -> Redactor:
    """A function that cleans a text; `secrets` are values known to be some, taken out wherever they stand."""
    known = sorted({secret for secret in secrets if len(secret) >= SECRET_LENGTH_MIN}, key=len, reverse=True)

    def clean(text: str) -> str:
        for secret in known:
            text = text.replace(secret, HIDDEN)
        for pattern, written in _RULES:
            text = pattern.sub(written, text)
        return text

    return clean


def cleaned(value: Any, clean: Redactor) -> Any:
    """The same JSON-ready value with every text in it cleaned, and what is named like a secret hidden."""
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, Mapping):
        return {clean(str(name)): HIDDEN if _is_secret(name, inner) else cleaned(inner, clean)
                for name, inner in value.items()}  # fmt: skip
    if isinstance(value, list | tuple):
        return [cleaned(inner, clean) for inner in value]
    return value


def _is_secret(name: object, value: object) -> bool:
    return isinstance(value, str) and _NAMED.fullmatch(str(name)) is not None and not value.startswith(_REFERENCES)
