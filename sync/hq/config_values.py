"""Values in a configuration of headquarters, each checked."""

from __future__ import annotations

import ipaddress
import re
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field


def _without_secrets(url: str) -> str:
    if urlsplit(url).password is not None:
        raise ValueError("a password does not belong into an address: put the whole address into `dsn`'s secret")
    return url


def _clock(text: str) -> str:
    if not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", text):
        raise ValueError("a time of day such as 05:30")
    return text


def _name(text: str) -> str:
    if not text.strip() or not text.isprintable():
        raise ValueError("one line of text")
    return text


def _network(text: str) -> str:
    ipaddress.ip_network(text)  # Its own words name what is wrong.
    return text


def _gtin_begin(text: str) -> str:
    if not re.fullmatch(r"[0-9]{1,14}", text):
        raise ValueError("up to 14 digits, what a GTIN of 14 digits begins with")
    return text


Address = Annotated[str, AfterValidator(_without_secrets)]
TimeOfDay = Annotated[str, AfterValidator(_clock)]
Name = Annotated[str, AfterValidator(_name)]
NetworkText = Annotated[str, AfterValidator(_network)]
GtinBegin = Annotated[str, AfterValidator(_gtin_begin)]
Hours = Annotated[float, Field(gt=0)]
Minutes = Annotated[float, Field(gt=0)]
