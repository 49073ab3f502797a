"""The requests a till makes of headquarters: where do you stand, take these rows, so I am. No judgement of answers."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Mapping

import httpx

from sync import link
from sync.batch import Batch, Entry, encode
from sync.credential import Credential
from sync.delivery_state import DeliverySettings

BATCHES, CURSOR, HEARTBEAT = "/v1/batches", "/v1/cursor", "/v1/heartbeat"
_NONE: Mapping[str, str] = {}
_JSON = {"Content-Type": "application/json"}
_PACKED = {**_JSON, "Content-Encoding": "gzip"}


class Headquarters:
    """The line of one till to the headquarters at `url`. Raises ValueError for a URL that is none."""

    def __init__(
        self,
        url: str,
        credential: Credential,
        settings: DeliverySettings,
        *,
        till: str,
        transport: httpx.BaseTransport | None,
        monotonic: Callable[[], float],
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._till, self._monotonic, self._credential = till, monotonic, credential
        headers = {"Accept": "application/json"}
        self._client = link.open_client(_checked(url), headers=headers, transport=transport, tls=tls)
        self._limits = link.Limits(
            settings.deadline_s, settings.connect_s, settings.answer_bytes_max, settings.answer_bytes_max
        )

    def cursor(self) -> link.Reply | link.Broken:
        return self._exchange("GET", CURSOR)

    def post(self, entries: tuple[Entry, ...]) -> link.Reply | link.Broken:
        return self._exchange("POST", BATCHES, encode(Batch(self._till, entries)), _PACKED)

    def beat(self, body: bytes) -> link.Reply | link.Broken:
        return self._exchange("POST", HEARTBEAT, body, _JSON)

    def _exchange(
        self, method: str, path: str, body: bytes = b"", headers: Mapping[str, str] = _NONE
    ) -> link.Reply | link.Broken:
        # Signed is the path as headquarters names it, whatever an address before it is taken away on the way.
        proof = {"Authorization": self._credential.authorization(method, path, body)}
        return link.exchange(
            self._client,
            method,
            path,
            limits=self._limits,
            monotonic=self._monotonic,
            content=body or None,
            headers={**headers, **proof},
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
