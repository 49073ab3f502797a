"""Facts of the journal, the cache and the running agent. Read-only: a running agent is never disturbed."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Final

import pysqlite3
from sqlalchemy import select

from pos_agent.cache.store import Cache, CacheError
from pos_agent.config import Config
from pos_agent.doctor.edge import Edge
from pos_agent.doctor.facts import AgentFacts, CacheFacts, JournalFacts, PortState
from pos_agent.journal.database import UNREADABLE, JournalUnusable, reading
from pos_agent.journal.schema import UNDECIDED, document
from pos_agent.journal.statements import sql
from pos_agent.journal.verify import NEWEST, TILL, verify_tail
from pos_agent.queue import ASIDE, CURSOR, HEADQUARTERS, UNSENT
from scanners.occupancy import Holder
from sync.secret_reference import SecretMissing

TAIL_ROWS: Final = 500  # Of the chain that is checked; the whole of it is `journal verify`'s business.
DOUBTS: Final = sql(select(document.c.key).where(UNDECIDED).order_by(document.c.intent_row))
_LISTENING: Final = "0A"  # State of a socket in /proc/net/tcp.
_LOCK: Final = re.compile(r"POSIX\s+ADVISORY\s+WRITE\s+(\d+)\s+[0-9a-f]+:[0-9a-f]+:(\d+)\s")


def journal_facts(path: Path) -> JournalFacts:
    if not path.exists():
        return JournalFacts()
    try:
        verdict = verify_tail(path, TAIL_ROWS)
        with reading(path) as db:
            names = db.execute(TILL).fetchall()
            through = db.execute(CURSOR, {"destination": HEADQUARTERS}).fetchall()
            unsent, oldest_ns = db.execute(UNSENT, {"after": through[0][0] if through else 0}).fetchall()[0]
            return JournalFacts(
                exists=True,
                problem=verdict.problem or "",
                till=str(names[0][0]) if names else "",
                rows=db.execute(NEWEST).fetchall()[0][0] or 0,
                checked_rows=verdict.rows,
                unsent=unsent,
                unsent_oldest_ns=oldest_ns,
                set_aside=tuple((number, reason) for number, reason in db.execute(ASIDE)),
                undecided=tuple(key for (key,) in db.execute(DOUBTS)),
            )
    except (JournalUnusable, *UNREADABLE) as error:
        return JournalFacts(exists=True, problem=str(error))


def cache_facts(path: Path) -> CacheFacts:
    if not path.exists():
        return CacheFacts()
    try:
        with Cache(path, create=False) as cache:
            counts = cache.counts()
    except CacheError as error:
        return CacheFacts(exists=True, problem=str(error))
    return CacheFacts(True, "", counts.products, counts.statuses, counts.statuses_newest_ns)


def agent_facts(config: Config, edge: Edge, *, unseen: bool = False) -> AgentFacts:
    """Is there an agent, and what does it say? Only a running one is asked, over its API.

    `unseen`: who asks may not look into the data folder, so that whoever answers as an agent is taken for it.
    """
    running = bool(_healthy(config, edge)) if unseen else _is_held(config.journal_path)
    pid = _holder(edge.root, Path(f"{config.journal_path}.lock")) if running and not unseen else None
    answers = _healthy(config, edge)
    if answers is None:
        return AgentFacts(running, pid)
    who = _listener(edge.root, config.api.port)
    holder = "" if who is None else str(who)
    if not answers or not running:
        return AgentFacts(running, pid, PortState.OTHER, holder)
    status, silence = _status(config, edge)
    if status is not None and status.get("till") != config.till.name:
        return AgentFacts(running, pid, PortState.OTHER, holder)
    return AgentFacts(running, pid, PortState.OURS, holder, status, silence)


def ask(config: Config, edge: Edge, path: str, timeout_s: float) -> Any:
    """One answer of the running agent, as the first client. Raises SecretMissing, ValueError, httpx.HTTPError."""
    import httpx

    if not config.api.clients:
        raise ValueError("api.clients")
    token = edge.secret(config.api.clients[0].token)
    with httpx.Client(trust_env=False, timeout=timeout_s) as client:
        answer = client.get(_url(config, path), headers={"Authorization": f"Bearer {token}"})
    facts = answer.json()
    if answer.is_error or not isinstance(facts, dict):
        raise ValueError(
            f"HTTP {answer.status_code} {facts.get('code', '') if isinstance(facts, dict) else ''}".strip()
        )
    return facts


def _status(config: Config, edge: Edge) -> tuple[dict[str, Any] | None, str]:
    import httpx

    try:
        return ask(config, edge, "/v1/status", edge.network_s), ""
    except (httpx.HTTPError, SecretMissing, ValueError) as error:
        return None, str(error) or type(error).__name__


def _healthy(config: Config, edge: Edge) -> bool | None:
    """True: an agent answers there; False: something else; None: nobody listens."""
    import httpx

    try:
        with httpx.Client(trust_env=False, timeout=edge.network_s) as client:
            facts = client.get(_url(config, "/-/healthy")).json()
    except httpx.ConnectError:
        return None
    except (httpx.HTTPError, ValueError):
        return False
    return isinstance(facts, dict) and "healthy" in facts


def _url(config: Config, path: str) -> str:
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(config.api.host, config.api.host)  # noqa: S104 - called, not bound
    return f"http://{f'[{host}]' if ':' in host else host}:{config.api.port}{path}"


def _is_held(path: Path) -> bool:
    """Whether an agent holds the journal. A look takes a read lock for an instant, which makes no agent wait."""
    neighbour = Path(f"{path}.lock")
    if not neighbour.exists():
        return False
    try:
        guard = pysqlite3.connect(f"{neighbour.absolute().as_uri()}?mode=ro", uri=True, timeout=0)
    except pysqlite3.Error:
        return False
    try:
        guard.execute("SELECT count(*) FROM sqlite_master").fetchall()
    except pysqlite3.OperationalError as error:
        return str(getattr(error, "sqlite_errorname", "")).startswith("SQLITE_BUSY")
    finally:
        guard.close()
    return False


def _holder(root: Path, lock: Path) -> int | None:
    try:
        inode, rows = lock.stat().st_ino, (root / "proc/locks").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    return next((int(pid) for pid, number in _LOCK.findall(rows) if int(number) == inode), None)


def _listener(root: Path, port: int) -> Holder | None:
    """The program that listens on a port, as far as this user may see."""
    inodes = set()
    for name in ("tcp", "tcp6"):
        try:
            rows = (root / "proc/net" / name).read_text(encoding="ascii", errors="replace").splitlines()[1:]
        except OSError:
            continue
        cells = [row.split() for row in rows]
        inodes |= {one[9] for one in cells if one[3] == _LISTENING and int(one[1].rpartition(":")[2], 16) == port}
    wanted = {f"socket:[{inode}]" for inode in inodes}
    for process in (root / "proc").glob("[0-9]*"):
        try:
            if any(str(link.readlink()) in wanted for link in (process / "fd").iterdir()):
                return Holder(int(process.name), (process / "comm").read_text(encoding="utf-8").strip())
        except OSError:  # Ended, or another user's.
            continue
    return None
