"""uKassa cloud register: requests, answers and settings; the driver is fiscal/cloud's."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import SplitResult

import httpx

from fiscal.cloud.driver import CloudRegister
from fiscal.cloud.secrets import checked
from fiscal.ukassa import settings as url_settings
from fiscal.ukassa.service import UkassaService


def open_ukassa(
    parts: SplitResult,
    *,
    secret: Callable[[str], str],
    transport: httpx.BaseTransport | None,
    now: Callable[[], int],
    monotonic: Callable[[], float],
    sleep: Callable[[float], None],
) -> CloudRegister:
    """A driver from the parts of its URL. RegisterUrlError for a wrong option or an unusable secret."""
    settings = url_settings.parse(parts)
    password = checked(secret, settings.password_secret)
    return CloudRegister(UkassaService(settings, password, transport, monotonic), now=now, sleep=sleep)
