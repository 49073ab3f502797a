"""Exports of IS MPT: the codes a company owns, as a ZIP with one JSON of the private shape."""

from __future__ import annotations

import io
import json
import random
import uuid
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hw_sim.exchange import NS, Clock
from hw_sim.ismpt.codes import CodeStore
from hw_sim.ismpt.errors import NOT_FOUND, Rejected, bad_parameter
from hw_sim.ismpt.views import private_view

_EPOCH_OF_ZIP = (1980, 1, 1, 0, 0, 0)  # A fixed date keeps the archive the same for the same seed.


@dataclass(frozen=True, slots=True)
class Export:
    """One ordered export."""

    created_ns: int
    owner_tin: str
    gtin: str
    statuses: frozenset[str]


class Exports:
    """Orders of exports: CREATED, IN_PROCESSING, SUCCESS, at last EXPIRED."""

    def __init__(self, now: Clock, rng: random.Random, codes: CodeStore) -> None:
        self.ready_s = 5.0
        self.expires_s = 3600.0
        self._orders: dict[str, Export] = {}
        self._now = now
        self._rng = rng
        self._codes = codes

    def order(self, wanted: Mapping[str, Any], owner_tin: str) -> str:
        """Take an order; `gtin` (14 digits) is required."""
        gtin = wanted.get("gtin")
        if not isinstance(gtin, str) or len(gtin) != 14 or not gtin.isdecimal():
            raise bad_parameter("gtin", "expected 14 digits")
        statuses = wanted.get("status") or []
        if not isinstance(statuses, list):
            raise bad_parameter("status", "expected a list")
        number = str(uuid.UUID(int=self._rng.getrandbits(128), version=4))
        self._orders[number] = Export(self._now(), owner_tin, gtin, frozenset(map(str, statuses)))
        return number

    def status(self, number: str) -> str:
        """The state of an order by its age."""
        if number not in self._orders:
            raise Rejected(404, NOT_FOUND, parameter="id")
        age_s = (self._now() - self._orders[number].created_ns) / NS
        if age_s >= self.expires_s:
            return "EXPIRED"
        return "SUCCESS" if age_s >= self.ready_s else "IN_PROCESSING" if age_s >= 1 else "CREATED"

    def result(self, number: str) -> bytes:
        """The archive of a finished order; 404 before and after."""
        if self.status(number) != "SUCCESS":
            raise Rejected(404, NOT_FOUND, parameter="id", _cause=self.status(number))
        order = self._orders[number]
        chosen = [
            private_view(code)
            for code in self._codes
            if code.owner_tin == order.owner_tin and code.gtin == order.gtin
            if not order.statuses or code.status in order.statuses
        ]
        archive = io.BytesIO()
        with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as out:
            entry = zipfile.ZipInfo(f"{number}.json", _EPOCH_OF_ZIP)
            out.writestr(entry, json.dumps({"results": chosen}, ensure_ascii=False))
        return archive.getvalue()
