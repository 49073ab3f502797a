"""Documents at IS MPT: sent once, looked for, followed, their errors read.

There is no idempotency key. Whoever sends a document and hears nothing must look for it before sending it again, so
every outcome of a sending that is not a plain yes or no is `Unanswered`.
Source: description of the IS MPT API, role "user", xTrace 1.0 (MarkSolutions), chapters on documents and HTTP codes.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import quote, urlencode

import httpx

from sync.ismpt import refusals
from sync.ismpt.answers import AnswerMalformed
from sync.ismpt.authorised import authorised
from sync.ismpt.channel import Answered, Channel, Limits, Trouble
from sync.ismpt.document_answers import (
    DocumentCard,
    DocumentError,
    read_card,
    read_cards,
    read_document_id,
    read_errors,
    read_stored,
)
from sync.ismpt.profile import XTRACE_KZ, Profile
from sync.ismpt.session import Session

PAGES_MAX = 1000
# Statuses after which nothing was filed: the request as such was turned away.
TURNED_AWAY = frozenset({400, 401, 403, 404, 405, 406, 413, 415, 422})

Read = TypeVar("Read")


@dataclass(frozen=True, slots=True)
class Sent:
    document_id: str


@dataclass(frozen=True, slots=True)
class Refused:
    """The registry said no; nothing was filed, and the same body will not do."""

    reason: str


@dataclass(frozen=True, slots=True)
class NotSent:
    """Nothing left us: there is no token."""

    reason: str
    wait_s: float | None = None


@dataclass(frozen=True, slots=True)
class Unanswered:
    """It may have been filed or not. Only a search tells."""

    reason: str
    wait_s: float | None = None


class NoSuchDocument(Trouble):
    """404 to a question about a document."""


class DocumentClient:
    """Documents of one login. Safe for threads; never raises for what the line or the server does.

    Args: as of IsMptClient. Nothing is retried here: the filing worker decides when to ask again.
    """

    def __init__(
        self,
        base_url: str,
        login: str,
        password: str,
        *,
        transport: httpx.BaseTransport | None = None,
        now: Callable[[], int],
        monotonic: Callable[[], float],
        profile: Profile = XTRACE_KZ,
    ) -> None:
        self._channel = Channel(base_url, transport, monotonic)
        self._session = Session(self._channel, login, password, profile, now, monotonic)
        self._now = now
        self._monotonic = monotonic
        self._profile = profile

    def close(self) -> None:
        self._channel.close()

    def send(self, path: str, body: bytes) -> Sent | Refused | NotSent | Unanswered:
        """File `body`, the document's JSON, once. `path` is "withdrawal" or "return-to-turnover"."""
        # `signature` is reserved in this generation of the registry and is not sent.
        content = json.dumps({"documentBody": base64.b64encode(body).decode("ascii")}, separators=(",", ":")).encode()
        left = False

        def post(bearer: str) -> Answered | Trouble:
            nonlocal left
            reply = self._channel.post(self._profile.documents_path + path, content, limits, bearer=bearer)
            left = not (isinstance(reply, Answered) and refusals.token_is_over(reply.status, reply.body))
            return reply

        limits = self._limits()
        reply = authorised(self._session, limits, set(), post)
        if isinstance(reply, Trouble):
            return Unanswered(reply.reason, reply.wait_s) if left else NotSent(reply.reason, reply.wait_s)
        if reply.status == 200:
            try:
                return Sent(read_document_id(reply.body))
            except AnswerMalformed as malformed:
                return Unanswered(str(malformed))
        trouble = self._trouble(reply)
        if reply.status in TURNED_AWAY:
            return Refused(trouble.reason)
        return Unanswered(trouble.reason, trouble.wait_s)

    def search(self, path: str, since: str, *, any_type: bool = False) -> list[DocumentCard] | Trouble:
        """All documents created from `since` (ISO 8601, UTC) on; of the path's type unless `any_type`."""
        wanted = "" if any_type else self._profile.document_types.get(path, "")
        query = {"dateFrom": since, "limit": str(self._profile.page_max), **({"types": wanted} if wanted else {})}
        found: dict[str, DocumentCard] = {}
        for _ in range(PAGES_MAX):
            page = self._ask("storage/docs/search?" + urlencode(query), read_cards)
            if isinstance(page, Trouble):
                return page
            fresh = [card for card in page if card.document_id not in found]
            found.update((card.document_id, card) for card in fresh)
            # Not "fewer than asked for": a server may have a cap of its own that we do not know.
            if not fresh:
                return list(found.values())
            query["cursor"] = page[-1].document_id
        return Trouble("the search does not end", transient=False)

    def card(self, document_id: str) -> DocumentCard | Trouble:
        return self._ask(f"storage/docs/{quote(document_id, safe='')}", read_card)

    def stored(self, document_id: str) -> dict[str, Any] | Trouble:
        return self._ask(f"storage/json/{quote(document_id, safe='')}", read_stored)

    def errors(self, document_id: str) -> list[DocumentError] | Trouble:
        """All errors of a document's codes and of the document itself, page by page."""
        found: list[DocumentError] = []
        query = {"limit": str(self._profile.page_max)}
        for _ in range(PAGES_MAX):
            page = self._ask(f"storage/errors/{quote(document_id, safe='')}?{urlencode(query)}", read_errors)
            if isinstance(page, Trouble):
                return page
            fresh = [error for error in page if error not in found[-len(page) :]]
            found += fresh
            indexes = [error.index for error in fresh if error.index is not None]
            if not indexes:
                return found
            query["lastIndex"] = str(max(indexes))
        return Trouble("the errors do not end", transient=False)

    def _ask(self, path: str, read: Callable[[bytes], Read]) -> Read | Trouble:
        limits = self._limits()
        whole = self._profile.documents_path + path
        reply = authorised(self._session, limits, set(), lambda bearer: self._channel.get(whole, limits, bearer=bearer))
        if isinstance(reply, Trouble):
            return reply
        if reply.status != 200:
            return self._trouble(reply)
        try:
            return read(reply.body)
        except AnswerMalformed as malformed:
            return Trouble(str(malformed), transient=False)

    def _limits(self) -> Limits:
        return Limits(self._monotonic() + self._profile.background_s, self._profile.background_connect_s)

    def _trouble(self, reply: Answered) -> Trouble:
        reason = refusals.words(reply.status, reply.body, self._session.secrets())
        if reply.status == 404:
            return NoSuchDocument(reason, transient=False)
        wait_s = refusals.retry_after_s(reply.retry_after, self._now())
        return Trouble(reason, transient=reply.status == 429 or reply.status >= 500, wait_s=wait_s)
