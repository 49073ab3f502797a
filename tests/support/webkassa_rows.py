"""Items of an answer read as rows, without a server."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from fiscal.webkassa.rows import Page, Parse, Place, Raw, RawPage, read_page
from fiscal.webkassa.settings import Settings, parse
from fiscal.webkassa.wire import decode

PATH = "/api/v4/Check/History"


def settings(cashbox: str = "SWK00033717") -> Settings:
    return parse(urlsplit(f"webkassa+https://kkm.webkassa.kz?cashbox={cashbox}&login=a"))


def page(values: list[Any], read: Parse[Any], shift: int | None = None, cashbox: str = "SWK00033717") -> Page[Any]:
    items = tuple(Raw(Place(PATH, index, shift), value) for index, value in enumerate(values))
    return read_page(RawPage(items, None, len(items), False), read, settings(cashbox))


def data(vectors: dict[str, Any], name: str) -> Any:
    return decode(vectors[name]["body"].encode()).data
