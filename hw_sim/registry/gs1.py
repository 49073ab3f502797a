"""Building identification codes: check digits, serials and tails of each layout, from a seeded source of chance.

Sources: GS1 General Specifications (check digit, AI 01, 21, 91-93, 8005), Order 44-н/қ of 30.01.2026 for the characters
and the tail of Kazakh oils, public captures for the 29-character pack. GS is 1Dh.
"""

from __future__ import annotations

import base64
import random
import string
from dataclasses import dataclass

GS = "\x1d"
SET_80 = string.ascii_uppercase + string.ascii_lowercase + string.digits + "!\"%&'*+-./_,:;=<>?"
KZ_GS1_PREFIX = "487"
KZ_ISSUER = "3"


@dataclass(frozen=True, slots=True)
class Symbol:
    """What is printed on a unit: `text` as a scanner sends it (GS between fields), `ki` as the registry knows it."""

    text: str
    ki: str


def check_digit(body: str) -> str:
    """The mod-10 digit that ends a GTIN or SSCC whose other digits are `body`."""
    total = sum(int(digit) * (3 if place % 2 == 0 else 1) for place, digit in enumerate(reversed(body)))
    return str(-total % 10)


def gtin13(number: int) -> str:
    """A Kazakh EAN-13 around a nine-digit item number."""
    body = f"{KZ_GS1_PREFIX}{number:09d}"
    return body + check_digit(body)


def sscc(number: int) -> str:
    """A transport code: AI 00 and 18 digits."""
    body = f"0{KZ_GS1_PREFIX}{number:013d}"
    return "00" + body + check_digit(body)


def _chars(rng: random.Random, count: int) -> str:
    return "".join(rng.choice(SET_80) for _ in range(count))


def _unit(rng: random.Random, gtin14: str, serial_length: int, tail: str) -> Symbol:
    ki = f"01{gtin14}21{KZ_ISSUER}{_chars(rng, serial_length - 1)}"
    return Symbol(f"{ki}{GS}{tail}", ki)


def full44(rng: random.Random, gtin14: str) -> Symbol:
    """01 21(13) GS 91(4) GS 92(44): key and signature, 85 characters."""
    signature = base64.b64encode(rng.randbytes(32)).decode("ascii")
    return _unit(rng, gtin14, 13, f"91KZ{_chars(rng, 1).upper()}{rng.randrange(10)}{GS}92{signature}")


def short7(rng: random.Random, gtin14: str) -> Symbol:
    """01 21(7) GS 93(4), 32 characters."""
    return _unit(rng, gtin14, 7, f"93{_chars(rng, 4)}")


def short13(rng: random.Random, gtin14: str) -> Symbol:
    """01 21(13) GS 93(4), 38 characters."""
    return _unit(rng, gtin14, 13, f"93{_chars(rng, 4)}")


def pack29(rng: random.Random, gtin14: str) -> Symbol:
    """A tobacco pack: GTIN, serial of 7, 4 and 4 characters, no identifiers and no separators."""
    ki = gtin14 + _chars(rng, 7)
    return Symbol(ki + _chars(rng, 8), ki)


def block(rng: random.Random, gtin14: str) -> Symbol:
    """A block of packs: 01 21(7) GS 8005(6) GS 93(4), 43 characters."""
    ki = f"01{gtin14}21{_chars(rng, 7)}"
    return Symbol(f"{ki}{GS}8005{rng.randrange(60_000, 120_000):06d}{GS}93{_chars(rng, 4)}", ki)


BUILDERS = {"FULL44": full44, "SHORT-7": short7, "SHORT-13": short13, "PACK29": pack29, "BLOCK": block}
