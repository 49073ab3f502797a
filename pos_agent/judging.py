"""One scan, judged: read the code, gather what is known, ask online where policy wants, decide. Writes nothing."""

from __future__ import annotations

import base64
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

from marking import confirmed, parse
from marking.code import CodeKind, IdentificationCode, ReadContext, Source
from marking.errors import CodeError
from marking.policy import Policy
from marking.rules import judge, wants_online
from marking.statuses import CodeStatus, Status
from marking.verdict import Evidence, OnlineAnswer, Product, Purpose, UnitState, Verdict
from pos_agent.cache.store import CacheError

log = logging.getLogger(__name__)

SCAN_BYTES_MAX = 4_096  # A journal row keeps the bytes as they came; beyond this only their beginning.
NO_LAYOUT = frozenset({"KI", "OPAQUE"})  # Readings that say nothing of how a GTIN's symbols are laid out.

OnlineCheck = Callable[[tuple[str, ...]], OnlineAnswer]
UnitStates = Callable[[Iterable[str], str | None], Mapping[str, UnitState]]


class Knowledge(Protocol):
    """The local cache, as judging needs it. Every method may raise CacheError."""

    def product(self, gtin: str) -> Product | None: ...

    def product_by_ntin(self, ntin: str) -> Product | None: ...

    def catalogue(self, gtin: str) -> tuple[str, ...] | None: ...

    def status(self, ki: str) -> CodeStatus | None: ...

    def put_statuses(self, statuses: Iterable[CodeStatus]) -> object: ...

    def learn_template(self, gtin: str, template: str) -> object: ...


@dataclass(frozen=True, slots=True)
class Judged:
    """A scan with its verdict and what the verdict leaned on."""

    data: bytes
    code: IdentificationCode | CodeError
    product: Product | None
    verdict: Verdict
    evidence: Evidence
    at_ns: int

    @property
    def unit_key(self) -> str | None:
        """Name under which this till keeps the unit: the registry key, or the text of a code that has none."""
        if isinstance(self.code, CodeError):
            return None
        return self.verdict.ki or (self.code.text if self.code.kind is CodeKind.OPAQUE else None)


class Judge:
    """Holds the evidence sources; one instance serves every thread."""

    def __init__(
        self,
        cache: Knowledge,
        unit_states: UnitStates,
        policy: Policy,
        online: OnlineCheck | None,
        now: Callable[[], int],
        suffixes: tuple[str, ...] = (),
    ) -> None:
        self._cache = cache
        self._unit_states = unit_states
        self._policy = policy
        self._online = online
        self._now = now
        self._contexts = {
            source: ReadContext(source=source, catalogue=cache.catalogue, suffixes=suffixes) for source in Source
        }

    def judge(self, data: bytes, source: Source, purpose: Purpose, sale: str | None) -> Judged:
        """Decide on one scan for one sale. Any bytes give a verdict. Raises CacheError: the cache cannot be read."""
        at_ns = self._now()
        try:
            code: IdentificationCode | CodeError = parse(data, self._contexts[source])
        except CodeError as error:
            code = error
        evidence = self._local(code, purpose, sale, at_ns)
        if self._online is not None and wants_online(evidence, self._policy):
            evidence = replace(evidence, online=self._asked(evidence))
        judged = self._decided(data, evidence, at_ns)
        self._learn(judged)
        return judged

    def again(self, judged: Judged, sale: str | None) -> Judged:
        """The same scan against the units as they stand now: what was free a second ago may be held."""
        keys = unit_keys(judged.evidence.code)
        evidence = replace(judged.evidence, units=self._unit_states(keys, sale))
        return self._decided(judged.data, evidence, judged.at_ns)

    def _decided(self, data: bytes, evidence: Evidence, at_ns: int) -> Judged:
        verdict = judge(evidence, self._policy)
        code = evidence.code
        if isinstance(code, IdentificationCode) and code.confirm and verdict.ki in code.candidates:
            code = confirmed(code, verdict.ki)  # The reading that proved known is the one that is sold.
        return Judged(data, code, evidence.product, verdict, evidence, at_ns)

    def _local(self, code: IdentificationCode | CodeError, purpose: Purpose, sale: str | None, at_ns: int) -> Evidence:
        if isinstance(code, CodeError):
            return Evidence(code=code, purpose=purpose, product=None, now_ns=at_ns)
        keys = unit_keys(code)
        cached = {ki: status for ki in keys if (status := self._cache.status(ki)) is not None}
        return Evidence(
            code=code,
            purpose=purpose,
            product=self.product(code),
            units=self._unit_states(keys, sale),
            cached=cached,
            now_ns=at_ns,
        )

    def product(self, code: IdentificationCode) -> Product | None:
        if code.kind is CodeKind.IN_STORE:
            return self._cache.product_by_ntin(code.text)
        return self._cache.product(code.gtin) if code.gtin else None

    def _learn(self, judged: Judged) -> None:
        """The layouts of KZ groups are unpublished: the first code of a GTIN that the registry confirms teaches one."""
        code, online = judged.code, judged.evidence.online
        if online is None or isinstance(code, CodeError) or code.gtin is None or judged.verdict.ki is None:
            return
        status = online.statuses.get(judged.verdict.ki)
        if status is None or status.status is not Status.IN_CIRCULATION or code.kind is not CodeKind.UNIT:
            return
        known = () if judged.product is None else judged.product.templates
        if code.template not in NO_LAYOUT and code.template not in known:
            self._kept(lambda: self._cache.learn_template(code.gtin or "", code.template))

    def _kept(self, write: Callable[[], object]) -> None:
        """The answer counts although it could not be kept: the next scan of this unit asks again."""
        try:
            write()
        except CacheError as error:
            log.warning("an online answer was not kept: %s", error)

    def _asked(self, evidence: Evidence) -> OnlineAnswer:
        assert self._online is not None and isinstance(evidence.code, IdentificationCode)  # noqa: S101 - see judge()
        answer = self._online(unit_keys(evidence.code))
        if answer.statuses:
            self._kept(lambda: self._cache.put_statuses(answer.statuses.values()))
        return answer


def unit_keys(code: IdentificationCode | CodeError) -> tuple[str, ...]:
    """Names of the units a code may mean; none for goods that are not marked."""
    if isinstance(code, CodeError):
        return ()
    if code.candidates:
        return code.candidates
    if code.ki is not None:
        return (code.ki,)
    return (code.text,) if code.kind is CodeKind.OPAQUE else ()


def device_facts(repairs: Sequence[str], step: str) -> dict[str, Any]:
    """What the device did by itself to make sense of a read, for its row: damage rules, and the reader of a camera.

    Nothing where it did nothing; rows of earlier versions have neither key.
    """
    facts: dict[str, Any] = {"device_repairs": list(repairs)} if repairs else {}
    return {**facts, "reader_step": step} if step else facts


def judged_body(sale: str | None, judged: Judged, source: Source, device: str) -> dict[str, Any]:
    """Body of a `scan_judged` row: the bytes as they came, what was read, and why it was decided so."""
    verdict, code = judged.verdict, judged.code
    return {
        "sale": sale,
        "device": device,
        "source": str(source),
        "data": base64.b64encode(judged.data[:SCAN_BYTES_MAX]).decode(),
        "data_bytes": len(judged.data),
        "ki": judged.unit_key,
        "gtin": None if isinstance(code, CodeError) else code.gtin,
        "template": None if isinstance(code, CodeError) else code.template,
        "decision": str(verdict.decision),
        "reason": verdict.reason,
        "evidence": str(verdict.source),
        "age_s": verdict.age_s,
        "repairs": list(verdict.repairs),
        "detail": verdict.detail,
    }
