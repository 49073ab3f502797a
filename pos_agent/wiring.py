"""Puts the agent together. The only place that chooses: clocks, randomness, transports and devices come in here."""

from __future__ import annotations

import random
import secrets as system_secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import httpx

from fiscal.device.links import Opener, open_link
from fiscal.register import Ability, Operation, Register
from fiscal.vat import kazakhstan
from marking.code import ReadContext
from marking.groups import standard
from marking.policy import Policy, PolicyError, policy_from
from marking.verdict import OnlineAnswer
from pos_agent.agent import Agent, close_all
from pos_agent.api.atol.queue import RequestQueue
from pos_agent.api.idempotency import Once
from pos_agent.cache.store import Cache, CacheError
from pos_agent.cache_look import CacheLook
from pos_agent.checkout import Checkout
from pos_agent.clock import Clock, SystemClock
from pos_agent.closing import Closing, ReceiptRules
from pos_agent.config import Config, ConfigError
from pos_agent.desk import DeskRules, RegisterDesk
from pos_agent.device_counts import DeviceCounts
from pos_agent.device_names import configured_name
from pos_agent.heartbeat import Vitals
from pos_agent.hooks.opening import open_hooks
from pos_agent.intake import Answer, Intake
from pos_agent.journal.ballast import Ballast
from pos_agent.journal.journal import Event, Journal
from pos_agent.judging import Judge, OnlineCheck
from pos_agent.link_watch import LinkWatch
from pos_agent.pages.sessions import Sessions, SessionsUnusable
from pos_agent.printing import Printing, PrintsLines, RegisterPaper
from pos_agent.queue import JournalQueue, WithdrawalWatch
from pos_agent.recent_log import RecentLog
from pos_agent.register_watch import RegisterWatch
from pos_agent.registers import open_configured
from pos_agent.requirements import unmet
from pos_agent.scan_test import ScanTest
from pos_agent.shifts import Shifts
from pos_agent.stationery import stationery
from pos_agent.till import Till
from pos_agent.to_headquarters import open_delivery, open_heartbeat
from scanners.registry import Scanner, Surroundings, open_scanner
from scanners.scan import Signal
from sync.ismpt.client import IsMptClient
from sync.ismpt.recheck import RecheckWorker
from sync.secret_reference import read_secret

EPOCH_LETTERS = "abcdefghijkmnpqrstuvwxyz23456789"  # Without look-alikes: a support person reads it aloud.
EPOCH_LENGTH = 6


@dataclass(frozen=True, slots=True)
class World:
    """The outside. The defaults are the real one; the demo and the tests put their own in its place."""

    clock: Clock = field(default_factory=SystemClock)
    rng: random.Random = field(default_factory=system_secrets.SystemRandom)
    secret: Callable[[str], str] = read_secret  # Reference -> value.
    register_transport: httpx.BaseTransport | None = None  # None: the real network.
    register_link: Opener = open_link  # Lines to registers that speak bytes.
    ismpt_transport: httpx.BaseTransport | None = None
    hq_transport: httpx.BaseTransport | None = None
    scanners: Callable[[Config, Surroundings], Iterable[Scanner]] | None = None
    printer: Callable[[Config], PrintsLines | None] | None = None


def build(config: Config, world: World | None = None) -> Agent:
    """A whole agent, idle. Raises ConfigError, SecretMissing, JournalUnusable; nothing is half open after that."""
    world = world or World()
    if not config.register_.url:
        raise ConfigError("register.url: no cash register is configured (docs/store-it.md)")
    opened: list[Callable[[], object]] = []
    try:
        return _built(config, world, opened)
    except BaseException:
        close_all(reversed(opened))
        raise


def _built(config: Config, world: World, opened: list[Callable[[], object]]) -> Agent:
    clock = world.clock
    recent_log = RecentLog()
    recent_log.attach()
    opened.append(recent_log.detach)
    ballast = Ballast(config.till.data / "ballast")
    journal = Journal(
        config.journal_path,
        till_name=config.till.name,
        now=clock.now_ns,
        new_epoch=lambda: "".join(world.rng.choice(EPOCH_LETTERS) for _ in range(EPOCH_LENGTH)),
        ballast=ballast,
    )
    opened.append(journal.close)
    ballast.fill()
    cache = _cache(config)
    opened.append(cache.close)
    register = open_configured(
        config.register_,
        secret=world.secret,
        transport=world.register_transport,
        clock=world.clock,
        link=world.register_link,
    )
    opened.append(register.close)
    if lacking := unmet(config, register.capabilities):
        raise ConfigError("\n".join(lacking))
    ismpt = _ismpt(config, world)
    if ismpt is not None:
        opened.append(ismpt.close)
    till = Till(journal)
    policy = _policy(config)
    ismpt_link = None if ismpt is None else LinkWatch(clock.now_ns)
    online = _online(ismpt, config.ismpt.deadline_s, ismpt_link)
    judge = Judge(cache, till.unit_states, policy, online, clock.now_ns, config.scan.suffixes)
    checkout = Checkout(journal, till, judge, kazakhstan(), clock.now_ns, config.till.zone)
    section = config.register_
    desk = RegisterDesk(
        journal, till, register, DeskRules(section.doubt_wait_s, section.auto_z, section.clock_skew_max_s)
    )
    printing = _printing(config, world, journal, till, register)
    rules = ReceiptRules(config.receipt.group_marks, config.receipt.return_sends_marks, section.marks != "none")
    queue = JournalQueue(journal)
    watch = WithdrawalWatch(journal, config.ismpt.recheck_after_s, config.ismpt.recheck_days_max)
    scanners = tuple(_scanners(config, world))
    opened.extend(scanner.close for scanner in scanners)
    context = ReadContext(catalogue=cache.catalogue, suffixes=config.scan.suffixes)
    scan_test = ScanTest(journal, clock)
    device_counts = DeviceCounts()
    journal.subscribe(device_counts.take)
    intake = Intake(
        journal,
        till,
        checkout,
        lambda: checkout.open(Operation.SALE, config.till.cashier),
        context,
        config.scan.join_ms,
        config.scan.other_device_ms,
        scan_test,
        _answering(scanners),
    )
    sessions = _signed_in_pages(config, world)
    register_watch = RegisterWatch(register, clock.now_ns, section.look_every_s)
    heartbeat = None
    delivery = open_delivery(config, world, queue)
    if delivery is not None:
        opened.append(delivery.close)
        vitals = Vitals(clock, journal, till, cache, queue, register_watch, intake, printing, delivery)
        heartbeat = open_heartbeat(config, world, vitals)
    if heartbeat is not None:
        opened.append(heartbeat.close)
    hooks = open_hooks(config, world, journal, till)
    opened.extend(hook.close for hook in hooks)
    return Agent(
        config=config,
        clock=clock,
        rng=world.rng,
        journal=journal,
        till=till,
        cache=cache,
        policy=policy,
        cache_look=CacheLook(cache, clock.now_ns, clock.monotonic),
        judge=judge,
        checkout=checkout,
        register=register,
        register_watch=register_watch,
        desk=desk,
        closing=Closing(journal, till, checkout, desk, rules, printing.receipt),
        shifts=Shifts(journal, till, desk, printing.report),
        printing=printing,
        once=Once(journal, till),
        sessions=sessions,
        requests=RequestQueue(journal, till),
        intake=intake,
        scan_test=scan_test,
        device_counts=device_counts,
        queue=queue,
        watch=watch,
        scanners=scanners,
        delivery=delivery,
        heartbeat=heartbeat,
        hooks=hooks,
        ismpt_link=ismpt_link,
        recheck=None if ismpt is None else _recheck(ismpt, watch, world),
        started_ns=clock.now_ns(),
        closers=tuple(reversed(opened)),
        recent_log=recent_log,
    )


def start(agent: Agent) -> None:
    """What must happen before the first customer: note the start, and settle what the last run left undecided.

    A document that was on its way when the power went is asked for; the units of one the register does not have are
    still held by their sale, which the cashier sees as open.
    """
    agent.journal.append(Event("agent_started", {"undecided": [pending.key for pending in agent.till.undecided()]}))
    agent.closing.settle()


def _cache(config: Config) -> Cache:
    try:
        return Cache(config.cache_path)
    except CacheError as error:
        raise ConfigError(f"{error}; it can be deleted and imported again") from error


def _signed_in_pages(config: Config, world: World) -> Sessions:
    try:
        return Sessions(config.till.data / "pages.json", world.clock.now_ns, world.rng.randbytes)
    except SessionsUnusable as error:
        raise ConfigError(str(error)) from error


def _policy(config: Config) -> Policy:
    try:
        return policy_from(config.policy, standard())
    except PolicyError as error:
        raise ConfigError(f"policy: {error}") from error


def _printing(
    config: Config, world: World, journal: Journal, till: Till, register: Register
) -> Printing | RegisterPaper:
    """Paper of documents: by the register where it prints itself, else by our printer."""
    if Ability.PRINTS in register.capabilities.can:
        return RegisterPaper(journal, till, register)
    printer = _printer(config, world)
    return Printing(journal, till, printer, stationery(config, printer))


def _printer(config: Config, world: World) -> PrintsLines | None:
    if world.printer is not None:
        return world.printer(config)
    if not config.printer.url:
        return None
    # Imported here: python-escpos and what draws letters take 10 MB, and a till without a receipt printer has no use.
    from fiscal.escpos.printer import open_printer
    from fiscal.escpos.raster import FontMissing

    try:
        return open_printer(config.printer.url, monotonic=world.clock.monotonic, sleep=world.clock.sleep)
    except (ValueError, FontMissing) as error:
        raise ConfigError(f"printer.url: {error}") from error


def _scanners(config: Config, world: World) -> Iterable[Scanner]:
    surroundings = Surroundings(now=world.clock.now_ns, monotonic=world.clock.monotonic)
    if world.scanners is not None:
        return world.scanners(config, surroundings)
    opened = []
    for section in config.scanners:
        try:
            opened.append(open_scanner(section.name, section.url, surroundings))
        except ValueError as error:
            raise ConfigError(f"scanners.{section.name}: {error}") from error
    return opened


def _answering(scanners: Iterable[Scanner]) -> Answer:
    devices = {scanner.name: scanner for scanner in scanners}

    def answer(device: str, signal: Signal) -> None:
        name = configured_name(device, devices)
        if name is not None:
            devices[name].signal(signal)

    return answer


def _ismpt(config: Config, world: World) -> IsMptClient | None:
    section = config.ismpt
    if not section.url:
        return None
    if section.password is None:
        raise ConfigError("ismpt.password: the login needs one, as env:, file: or credential:")
    try:
        return IsMptClient(
            section.url,
            section.login,
            world.secret(section.password),
            transport=world.ismpt_transport,
            now=world.clock.now_ns,
            monotonic=world.clock.monotonic,
            sleep=world.clock.sleep,
            rng=world.rng,
        )
    except ValueError as error:
        raise ConfigError(f"ismpt.url: {error}") from error


def _online(client: IsMptClient | None, deadline_s: float, link: LinkWatch | None) -> OnlineCheck | None:
    if client is None or link is None:
        return None

    def ask(kis: tuple[str, ...]) -> OnlineAnswer:
        answer = client.check(kis, deadline_s=deadline_s)
        return link.heard(OnlineAnswer(answer.statuses, answer.unavailable))

    return ask


def _recheck(client: IsMptClient, watch: WithdrawalWatch, world: World) -> RecheckWorker:
    return RecheckWorker(client, watch, now=world.clock.now_ns, monotonic=world.clock.monotonic, rng=world.rng)
