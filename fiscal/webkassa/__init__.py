"""Webkassa cloud KKM, API v4, data protocol 2.0.3: codec, error table and driver."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import SplitResult

import httpx

from fiscal.options import RegisterUrlError
from fiscal.webkassa import settings as url_settings
from fiscal.webkassa.driver import WebkassaRegister


def open_webkassa(
    parts: SplitResult,
    *,
    secret: Callable[[str], str],
    transport: httpx.BaseTransport | None,
    monotonic: Callable[[], float],
    sleep: Callable[[float], None],
) -> WebkassaRegister:
    """A driver from the parts of its URL. RegisterUrlError for a wrong option or an unusable secret."""
    settings = url_settings.parse(parts)
    password, api_key = secret(settings.password_secret), secret(settings.api_key_secret)
    # Both travel in places where a stray newline would be refused only at the first sale.
    for name, value in ((settings.password_secret, password), (settings.api_key_secret, api_key)):
        if not value or not value.isprintable():
            raise RegisterUrlError(f"secret {name}", "is empty or holds a line break")
    if not api_key.isascii():
        raise RegisterUrlError(f"secret {settings.api_key_secret}", "must be ASCII: it travels in a header")
    return WebkassaRegister(
        settings, password=password, api_key=api_key, transport=transport, monotonic=monotonic, sleep=sleep
    )
