"""Exports of the registry over HTTP: ordered, asked after, fetched into a file as a stream.

Source: description of the IS MPT API, role "user", xTrace 1.0 of 31.10.2025 (MarkSolutions), chapter on exports. The
answer is a ZIP, so every type is accepted: otherwise the server answers 406.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import httpx

from sync.ismpt import refusals
from sync.ismpt.channel import Answered, Channel, Limits, Trouble
from sync.ismpt.profile import XTRACE_KZ, Profile
from sync.ismpt.session import Session, Step
from sync.link import Broken, Reply, exchange, open_client
from sync.link import Limits as LinkLimits

EXPORTS = "/public/api/cod/exports"
FILE_BYTES_MAX = 16 * 1024**3
ANSWER_BYTES_MAX = 1024 * 1024
TRIES = 4
RETRY_S = 1.0
RENEWALS_MAX = 3


class ExportTrouble(RuntimeError):
    """The registry did not give what was asked; the text is for people and holds no secret."""


class ExportGone(ExportTrouble):
    """This order is not there any more."""


class ExportLink:
    """One login. `now`: UTC nanoseconds; `monotonic` and `sleep`: seconds."""

    def __init__(
        self,
        base_url: str,
        login: str,
        password: str,
        *,
        now: Callable[[], int],
        monotonic: Callable[[], float],
        sleep: Callable[[float], None],
        transport: httpx.BaseTransport | None = None,
        profile: Profile = XTRACE_KZ,
    ) -> None:
        self.url = base_url
        self._channel = Channel(base_url, transport, monotonic)
        self._session = Session(self._channel, login, password, profile, now, monotonic)
        self._client = open_client(base_url, headers={"Accept": "*/*"}, transport=transport)
        self._profile = profile
        self._monotonic = monotonic
        self._sleep = sleep

    def close(self) -> None:
        self._channel.close()
        self._client.close()

    def order(self, gtin: str, statuses: Sequence[str] = ()) -> str:
        """The export's id. Raises ExportTrouble."""
        wanted: dict[str, Any] = {"gtin": gtin}
        if statuses:
            wanted["status"] = list(statuses)
        content = json.dumps(wanted, separators=(",", ":")).encode()

        def ask(bearer: str, limits: Limits) -> Answered | Trouble:
            return self._channel.post(EXPORTS, content, limits, bearer=bearer)

        value = _json(self._authorised(ask).body)
        number = value.get("id") if isinstance(value, dict) else None
        if not isinstance(number, str) or not number or not number.replace("-", "").isalnum():
            raise ExportTrouble("the registry gave the export no id")
        return number

    def state(self, number: str) -> str:
        """CREATED, IN_PROCESSING, SUCCESS, ERROR, EXPIRED. Raises ExportTrouble, ExportGone."""
        value = _json(self._authorised(lambda bearer, _: self._get(f"{EXPORTS}/{number}/status", bearer)).body)
        if not isinstance(value, str):
            raise ExportTrouble("the state of the export is no word")
        return value.upper()

    def fetch(self, number: str, into: Path) -> None:
        """The archive, whole or not at all. Raises ExportTrouble, ExportGone, OSError."""
        partial = into.with_name(into.name + ".part")
        self._authorised(lambda bearer, _: self._stream(f"{EXPORTS}/{number}/result", bearer, partial))
        partial.replace(into)

    def _authorised(self, ask: Callable[[str, Limits], Answered | Trouble]) -> Answered:
        """Sent until answered, within measure: ordering an export twice costs the registry a file and us nothing."""
        text, wait_s = "", RETRY_S
        for turn in range(TRIES):
            if turn:
                self._sleep(wait_s)
                wait_s *= 2
            reply = self._with_token(ask)
            if isinstance(reply, Trouble):
                text = reply.reason
                if not reply.transient:
                    break
                continue
            if reply.status == 200:
                return reply
            text = refusals.words(reply.status, reply.body, self._session.secrets())
            if reply.status == 404:
                raise ExportGone(text)
            if reply.status != 429 and reply.status < 500:
                break
        raise ExportTrouble(text)

    def _with_token(self, ask: Callable[[str, Limits], Answered | Trouble]) -> Answered | Trouble:
        spent: set[Step] = set()
        limits = Limits(self._monotonic() + self._profile.background_s, self._profile.background_connect_s)
        bearer = self._session.bearer(limits, spent)
        for _ in range(RENEWALS_MAX + 1):
            if isinstance(bearer, Trouble):
                return bearer
            reply = ask(bearer, limits)
            if isinstance(reply, Trouble) or not refusals.token_is_over(reply.status, reply.body):
                return reply
            limits = Limits(self._monotonic() + self._profile.background_s, self._profile.background_connect_s)
            bearer = self._session.renewed(bearer, limits, spent)
        return Trouble("the registry refuses every token", transient=False)

    def _get(self, path: str, bearer: str) -> Answered | Trouble:
        limits = LinkLimits(self._profile.background_s, self._profile.background_connect_s, ANSWER_BYTES_MAX)
        reply = exchange(self._client, "GET", path, limits=limits, monotonic=self._monotonic, headers=_headers(bearer))
        if isinstance(reply, Broken):
            return Trouble(reply.text, transient=True)
        return _answered(reply)

    def _stream(self, path: str, bearer: str, into: Path) -> Answered | Trouble:
        size = 0
        timeout = httpx.Timeout(self._profile.background_s)
        try:
            with self._client.stream("GET", path, headers=_headers(bearer), timeout=timeout) as response:
                if response.status_code != 200:
                    return Answered(response.status_code, response.read()[:ANSWER_BYTES_MAX])
                with into.open("wb") as file:
                    for block in response.iter_raw():
                        size += len(block)
                        if size > FILE_BYTES_MAX:
                            return Trouble(f"the export is longer than {FILE_BYTES_MAX} bytes", transient=False)
                        file.write(block)
                    file.flush()
                    os.fsync(file.fileno())
        except (httpx.HTTPError, httpx.StreamError) as error:
            return Trouble(f"{type(error).__name__}: {error}"[:300], transient=True)
        return Answered(200, b"")


def _headers(bearer: str) -> Mapping[str, str]:
    return {"Authorization": f"Bearer {bearer}", "Content-Type": "application/json"}


def _answered(reply: Reply) -> Answered:
    return Answered(reply.status, reply.body, reply.headers.get("Retry-After"))


def _json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as error:
        raise ExportTrouble("the answer is not JSON") from error
