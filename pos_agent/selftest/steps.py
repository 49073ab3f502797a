"""The steps of `pos-agent selftest`. Each is timed, and none stops another. Nothing here makes a fiscal document."""

from __future__ import annotations

import io
import statistics
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from marking import parse
from marking.code import Source
from marking.errors import CodeError
from marking.groups import standard
from marking.policy import PolicyError, policy_from
from marking.statuses import CodeStatus
from marking.verdict import Product, Purpose, UnitState
from pos_agent.cache.store import Cache, CacheError
from pos_agent.config import Config, ConfigError
from pos_agent.doctor.edge import Edge
from pos_agent.doctor.facts import AgentFacts, EndpointFacts, RegisterFacts
from pos_agent.doctor.gather_data import agent_facts
from pos_agent.doctor.gather_devices import register_facts
from pos_agent.doctor.gather_machine import may_look_into
from pos_agent.doctor.gather_outside import endpoint_facts
from pos_agent.doctor.verdict import State
from pos_agent.journal.database import JournalUnusable
from pos_agent.journal.journal import Event, Journal
from pos_agent.journal.verify import verify
from pos_agent.judging import Judge

# Codes of nobody, and what must be read of them: a shoe, a bottle whose separator a scanner dropped, a pack of tobacco.
KNOWN: Final[Mapping[bytes, str]] = {
    b"0104870000000104213kZ7q_W<2hT9m\x1d91KZF1\x1d92Ne2o3IgVFwgEjNZm+TcpPw9CoQ84AyCgeJbl/O4zYNw=":
        "0104870000000104213kZ7q_W<2hT9m",
    b"0104870000000128213hB?7tR93aB9+": "0104870000000128213hB?7tR",
    b"04870249811936t1Xrb-xQWhpeGhG": "04870249811936t1Xrb-x",
}  # fmt: skip
SAMPLE: Final = next(iter(KNOWN))
ROWS: Final = 20
SLOW_MS: Final = 50.0  # A commit of the journal that takes longer is felt at the till.


@dataclass(frozen=True, slots=True)
class Step:
    """What one step found. `values` fill the words `selftest.NAME.ok` or `.bad`."""

    name: str
    state: State
    values: Mapping[str, Any] = field(default_factory=dict)
    ms: float = 0.0


def run(config: Config, edge: Edge, *, on_paper: bool) -> Iterator[Step]:
    """Every step in the order of a sale."""

    def timed(work: Callable[[], Iterable[Step]]) -> Iterator[Step]:
        begun = edge.clock.monotonic()
        for step in work():
            now = edge.clock.monotonic()
            yield Step(step.name, step.state, step.values, step.ms or (now - begun) * 1_000)
            begun = now

    yield from timed(codes)
    yield from timed(lambda: [verdict(config, edge)])
    yield from timed(lambda: [disk(config, edge)])
    yield from timed(lambda: [receipt(config, edge, on_paper=on_paper)])
    unseen = not may_look_into(config.till.data)
    agent = agent_facts(config, edge, unseen=unseen)
    yield from timed(lambda: [asked_register(config, edge, agent, unseen=unseen)])
    yield from timed(lambda: map(server, endpoint_facts(config, edge)))


def codes() -> Iterator[Step]:
    """The parser on codes whose reading is known."""
    wrong = []
    for data, ki in KNOWN.items():
        try:
            read = parse(data)
        except CodeError as error:
            wrong.append(str(error))
        else:
            if ki not in (read.ki, *read.candidates):
                wrong.append(str(read.ki))
    yield Step("codes", State.FAILURE if wrong else State.OK, {"count": len(KNOWN), "reason": ", ".join(wrong)})


class _Reading:
    """The cache without its writing side."""

    def __init__(self, cache: Cache) -> None:
        self._cache = cache

    def product(self, gtin: str) -> Product | None:
        return self._cache.product(gtin)

    def product_by_ntin(self, ntin: str) -> Product | None:
        return self._cache.product_by_ntin(ntin)

    def catalogue(self, gtin: str) -> tuple[str, ...] | None:
        return self._cache.catalogue(gtin)

    def status(self, ki: str) -> CodeStatus | None:
        return self._cache.status(ki)

    def put_statuses(self, statuses: Iterable[CodeStatus]) -> None:
        """Nothing is learnt here."""

    def learn_template(self, gtin: str, template: str) -> None:
        """Nothing is learnt here."""


def _nobody_has(_keys: Iterable[str], _sale: str | None) -> Mapping[str, UnitState]:
    return {}


def verdict(config: Config, edge: Edge) -> Step:
    """A whole judgement against the till's own goods and policy; nobody is asked online, nothing is kept."""
    try:
        policy = policy_from(config.policy, standard())
        with Cache(config.cache_path, create=False) as cache:
            judge = Judge(_Reading(cache), _nobody_has, policy, None, edge.clock.now_ns, config.scan.suffixes)
            judge.judge(SAMPLE, Source.SCANNER, Purpose.SALE, None)  # The first one reads the rules from disk.
            begun = edge.clock.monotonic()
            said = judge.judge(SAMPLE, Source.SCANNER, Purpose.SALE, None).verdict
            ms = (edge.clock.monotonic() - begun) * 1_000
    except (CacheError, PolicyError, OSError) as error:
        return Step("verdict", State.FAILURE, {"reason": str(error)})
    return Step("verdict", State.OK, {"reason": said.reason, "decision": str(said.decision)}, ms)


def disk(config: Config, edge: Edge) -> Step:
    """Rows into a journal of its own on the till's disk, each durable before the next; then all of it verified."""
    times_ms = []
    try:
        with tempfile.TemporaryDirectory(prefix=".selftest-", dir=config.till.data) as folder:
            path = Path(folder) / "journal.sqlite"
            with Journal(path, till_name="selftest", now=edge.clock.now_ns, new_epoch=lambda: "abcdef") as journal:
                for number in range(ROWS):
                    begun = edge.clock.monotonic()
                    journal.append(Event("agent_started", {"undecided": [], "number": number}))
                    times_ms.append((edge.clock.monotonic() - begun) * 1_000)
            found = verify(path)
    except (OSError, JournalUnusable) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        return Step("disk", State.FAILURE, {"reason": reason, "rows": 0, "median": "-"})
    median_ms = statistics.median(times_ms)
    state = State.OK if found.good and median_ms <= SLOW_MS else State.WARNING if found.good else State.FAILURE
    values = {"rows": found.rows, "median": f"{median_ms:.1f}", "reason": found.problem or f"{median_ms:.1f} ms"}
    return Step("disk", state, values)


def receipt(config: Config, edge: Edge, *, on_paper: bool) -> Step:
    """The sample receipt as the shop's paper has it, drawn; on paper only when that was asked for."""
    from fiscal.escpos.preview import preview
    from fiscal.escpos.printer import Printer, open_printer
    from fiscal.escpos.raster import FontMissing, Typeface, find_font
    from fiscal.escpos.sample import layout_sample
    from fiscal.escpos.status import PrintState
    from pos_agent.stationery import stationery

    try:
        printer: Printer | None = None
        if config.printer.url:
            printer = open_printer(config.printer.url, monotonic=edge.clock.monotonic, sleep=edge.clock.sleep)
        look = stationery(config, printer)
        lines = layout_sample(look.paper, mark_form=look.mark_form, tenge=look.tenge, zone=look.zone)
        picture = io.BytesIO()
        preview(lines, look.paper, Typeface(find_font())).save(picture, "PNG")
    except (ConfigError, FontMissing, ValueError) as error:
        return Step("receipt", State.FAILURE, {"reason": str(error), "lines": 0})
    if on_paper and printer is not None:
        outcome = printer.print_lines(lines)
        if outcome.state not in (PrintState.OK, PrintState.UNKNOWN):
            return Step("receipt", State.FAILURE, {"reason": f"{outcome.state} {outcome.detail}", "lines": len(lines)})
    return Step("receipt", State.OK, {"lines": len(lines)})


def asked_register(config: Config, edge: Edge, agent: AgentFacts, *, unseen: bool) -> Step:
    """Where nobody can tell whether an agent holds the register, it is left alone."""
    if unseen and not agent.running:
        return Step("register", State.SKIPPED, {"reason": str(config.till.data)})
    return register(register_facts(config, edge, agent), agent)


def register(facts: RegisterFacts | None, agent: AgentFacts) -> Step:
    """What it answers to questions that change nothing."""
    if facts is None:
        return Step("register", State.WARNING, {"reason": "register.url"})
    cause = facts.status.get("failure") or {}
    if facts.problem or (facts.looked and not facts.status.get("reachable")):
        reason = facts.problem or f"{cause.get('code', '?')}: {cause.get('text', '')}"
        return Step("register", State.FAILURE, {"reason": reason})
    if not facts.looked:
        return Step("register", State.SKIPPED, {"reason": agent.silence or "-"})
    return Step("register", State.OK, {"shift": facts.status.get("shift") or "-"})


def server(facts: EndpointFacts) -> Step:
    reason = facts.unresolved or facts.unreachable or facts.refused
    values = {"name": facts.name, "host": facts.host, "reason": reason}
    return Step("server", State.FAILURE if reason else State.OK, values)
