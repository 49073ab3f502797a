"""Options of a register URL, read strictly: `family+https://host?name=value&...`.

Whatever is wrong is said before the first sale, with the name of the nearest option that exists. Values are never put
into an error text unless they are one of a few words: someone may have written a password there. Pure.
"""

from __future__ import annotations

import datetime as dt
import difflib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import SplitResult, parse_qsl, urlsplit

URL_LENGTH_MAX = 2000
KAZAKHSTAN = dt.timedelta(hours=5)  # One zone for the whole country since 01.03.2024.

# What someone would write who puts a secret into the URL by mistake.
SECRET_NAMES = frozenset(
    {"password", "pass", "pwd", "token", "api_key", "apikey", "api-key", "x-api-key", "key", "secret", "pin"}
)


class RegisterUrlError(ValueError):
    """The URL of a register cannot be used; `place` names the part: "scheme", "host", "option round"."""

    def __init__(self, place: str, text: str) -> None:
        super().__init__(f"{place}: {text}")
        self.place = place
        self.text = text


def nearest(name: str, known: Iterable[str]) -> str:
    """A hint naming what may have been meant: `; did you mean "cashbox"?`, or the list when nothing is near."""
    names = sorted(known)
    close = difflib.get_close_matches(name, names, n=1, cutoff=0.5)
    return f'; did you mean "{close[0]}"?' if close else f"; known: {', '.join(names)}"


def split(url: str) -> SplitResult:
    """Take a URL apart. RegisterUrlError for one that is too long, broken, or carries user, path or fragment."""
    if len(url) > URL_LENGTH_MAX:
        raise RegisterUrlError("url", f"longer than {URL_LENGTH_MAX} characters")
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError as broken:
        raise RegisterUrlError("url", f"cannot be read ({broken})") from None
    if parts.username is not None or parts.password is not None:
        raise RegisterUrlError("host", "no user or password in a URL: secrets are references")
    if parts.fragment:
        raise RegisterUrlError("url", "has a # part")
    return parts


def refuse_secrets(query: str, instead: str) -> None:
    """RegisterUrlError for an option that looks like a secret's value; `instead` says how it is given."""
    for pair in query.split("&"):
        name = pair.partition("=")[0].lower()
        if name in SECRET_NAMES:
            raise RegisterUrlError(f"option {name}", f"a secret never stands in a URL; {instead}")


@dataclass(frozen=True, slots=True)
class Options:
    """Named text values with typed, checked reading."""

    values: Mapping[str, str]

    @classmethod
    def parse(cls, query: str, known: Iterable[str]) -> Options:
        """Read the query part. RegisterUrlError for an unknown, repeated or empty option."""
        names = frozenset(known)
        values: dict[str, str] = {}
        for name, value in parse_qsl(query, keep_blank_values=True):
            if name not in names:
                raise RegisterUrlError(f"option {name}", "is not known" + nearest(name, names))
            if name in values:
                raise RegisterUrlError(f"option {name}", "is given twice")
            if not value.strip():
                raise RegisterUrlError(f"option {name}", "is empty")
            values[name] = value.strip()
        return cls(values)

    def text(self, name: str, default: str | None = None) -> str:
        value = self.values.get(name, default)
        if value is None:
            raise RegisterUrlError(f"option {name}", "is required")
        return value

    def optional(self, name: str) -> str | None:
        return self.values.get(name)

    def choice(self, name: str, allowed: Iterable[str], default: str) -> str:
        value, words = self.values.get(name, default), list(allowed)
        if value not in words:
            raise RegisterUrlError(f"option {name}", f"must be one of {', '.join(words)}")
        return value

    def yes(self, name: str, default: bool) -> bool:
        return self.choice(name, ("yes", "no"), "yes" if default else "no") == "yes"

    def seconds(self, name: str, default: float, most: float) -> float:
        """A positive number of seconds, at most `most`."""
        text = self.values.get(name)
        if text is None:
            return default
        # Digits only: float() would also take "nan", "inf" and "1_0".
        whole, _, part = text.partition(".")
        if not (whole.isascii() and whole.isdigit() and (not part or (part.isascii() and part.isdigit()))):
            raise RegisterUrlError(f"option {name}", "must be a number of seconds")
        value = float(text)
        if not 0 < value <= most:
            raise RegisterUrlError(f"option {name}", f"must be above 0 and at most {most:g} seconds")
        return value

    def integer(self, name: str, least: int, most: int) -> int | None:
        text = self.values.get(name)
        if text is None:
            return None
        if not (text.isascii() and text.isdigit() and len(text) < 10 and least <= int(text) <= most):
            raise RegisterUrlError(f"option {name}", f"must be a whole number from {least} to {most}")
        return int(text)

    def utc_offset(self, name: str, default: dt.timedelta) -> dt.timedelta:
        """`+05:00`. In a query "+" is a blank, so `05:00` is what arrives of it."""
        text = self.values.get(name)
        if text is None:
            return default
        found = re.fullmatch(r"([+-]?)(0\d|1[0-4]):([0-5]\d)", text)
        if not found:
            raise RegisterUrlError(f"option {name}", "must look like +05:00")
        value = dt.timedelta(hours=int(found[2]), minutes=int(found[3]))
        return -value if found[1] == "-" else value
