"""The two requests a till makes of headquarters: where do you stand, and take these rows. No judgement of answers."""

from __future__ import annotations

from collections.abc import Callable

import httpx

from sync import link
from sync.batch import Batch, Entry, encode
from sync.delivery_state import DeliverySettings

BATCHES, CURSOR = "/v1/batches", "/v1/cursor"
_HEADERS = {"Content-Type": "application/json", "Content-Encoding": "gzip"}


class Headquarters:
    """The line of one till to the headquarters at `url`. Raises ValueError for a URL that is none."""

    def __init__(
        self,
        url: str,
        token: str,
        settings: DeliverySettings,
        *,
        till: str,
        transport: httpx.BaseTransport | None,
        monotonic: Callable[[], float],
    ) -> None:
        self._till, self._monotonic = till, monotonic
        headers = {"Authorization": f"Bearer {token}", "Accept": "application/json"}
        self._client = link.open_client(_checked(url), headers=headers, transport=transport)
        self._limits = link.Limits(
            settings.deadline_s, settings.connect_s, settings.answer_bytes_max, settings.answer_bytes_max
        )

    def cursor(self) -> link.Reply | link.Broken:
        return link.exchange(self._client, "GET", CURSOR, limits=self._limits, monotonic=self._monotonic)

    def post(self, entries: tuple[Entry, ...]) -> link.Reply | link.Broken:
        return link.exchange(
            self._client,
            "POST",
            BATCHES,
            limits=self._limits,
            monotonic=self._monotonic,
            content=encode(Batch(self._till, entries)),
            headers=_HEADERS,
        )

    def close(self) -> None:
        self._client.close()


def _checked(url: str) -> str:
    try:
        parsed = httpx.URL(url)
    except httpx.InvalidURL as error:
        raise ValueError(f"{url!r}: {error}") from error
    if parsed.scheme not in ("http", "https") or not parsed.host:
        raise ValueError(f"{url!r} is no address of a headquarters: http://host or https://host is needed")
    return url
