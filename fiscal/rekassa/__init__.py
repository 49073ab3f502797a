"""reKassa (COMRUN) cloud register: requests, answers, error table and settings; the driver is fiscal/cloud's."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import SplitResult

import httpx

from fiscal.cloud.driver import CloudRegister
from fiscal.cloud.secrets import checked
from fiscal.rekassa import settings as url_settings
from fiscal.rekassa.service import RekassaService, Secrets


def open_rekassa(
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
    secrets = Secrets(
        password=checked(secret, settings.password_secret),
        api_key=checked(secret, settings.api_key_secret),
        pin=checked(secret, settings.pin_secret, in_header=True),
    )
    return CloudRegister(RekassaService(settings, secrets, transport, monotonic), now=now, sleep=sleep)
