"""/it, /it/settings, /it/log, and every list of these pages as a file."""

from __future__ import annotations

import platform
import sys
from collections.abc import Mapping
from typing import Final

import pysqlite3
from fastapi import APIRouter, Request
from starlette.responses import Response

from pos_agent.agent import Agent
from pos_agent.api.calls import AgentOf
from pos_agent.clock import NS_PER_S
from pos_agent.pages.it import browsers, cache, cameras, devices, queue, register
from pos_agent.pages.it.listing import FORMS, MOMENT, Col, Lister, Listing, Query, as_file
from pos_agent.pages.it.shell import formats_of, shown
from pos_agent.problems import Problem
from pos_agent.settings_shown import Origin, Shown
from pos_agent.settings_shown import shown as settings_of
from pos_agent.till_facts import till_facts
from pos_agent.troubles import Severity, troubles

router = APIRouter(prefix="/it")

TROUBLES: Final = (Col("severity", look="badge"), Col("id", look="code"), Col("values"), Col("detail"))
SETTINGS: Final = (Col("key", look="code"), Col("value", look="code"), Col("origin", look="badge"), Col("variable"))
LOG: Final = (Col("at", MOMENT), Col("level", look="badge"), Col("logger", look="code"), Col("text"))


@router.get("")
def overview(request: Request, agent: AgentOf) -> Response:
    facts = till_facts(agent)
    return shown(
        request,
        agent,
        "overview",
        facts=facts,
        troubles=troubles(facts),
        failure=Severity.FAILURE,
        uptime_s=_uptime_s(agent),
        broken=facts.journal_broken or bool(facts.journal_text),
    )


@router.get("/settings")
def settings(request: Request, agent: AgentOf) -> Response:
    query = dict(request.query_params)
    listing = setting_list(agent, query)
    return shown(
        request,
        agent,
        "settings",
        settings=listing,
        sections=sorted({row.section for row in _settings(agent)}),
        origins=tuple(Origin),
        file=agent.config.written.name,
        query=query,
    )


@router.get("/log")
def log(request: Request, agent: AgentOf) -> Response:
    query = dict(request.query_params)
    return shown(
        request,
        agent,
        "log",
        entries=log_list(agent, query),
        counts=agent.recent_log.counts(),
        uptime_s=_uptime_s(agent),
        sqlite=pysqlite3.sqlite_version,
        platform=platform.platform(),
        python=sys.version.split()[0],
        data=agent.config.till.data,
        free=till_facts(agent).disk_free_bytes,
        query=query,
    )


@router.get("/export/{name}.{form}")
def export(request: Request, agent: AgentOf, name: str, form: str) -> Response:
    lister = LISTS.get(name)
    if lister is None or form not in FORMS:
        raise Problem("P-408", f"{name[:40]}.{form[:8]}")
    return as_file(lister(agent, dict(request.query_params)), form, formats_of(request, agent), agent.clock.now_ns())


def trouble_list(agent: Agent, _query: Query) -> Listing:
    rows = [
        (
            "failure" if one.severity is Severity.FAILURE else "warning",
            one.id,
            ", ".join(f"{name}={value}" for name, value in one.values.items()),
            one.detail,
        )
        for one in troubles(till_facts(agent))
    ]
    return Listing("troubles", TROUBLES, rows)


def setting_list(agent: Agent, query: Query) -> Listing:
    """`section` and `origin` of the address choose."""
    section, origin = query.get("section", ""), query.get("origin", "")
    rows = [
        (row.key, row.text, str(row.origin), row.variable or None)
        for row in _settings(agent)
        if section in ("", row.section) and origin in ("", row.origin)
    ]
    known = {"section": section if rows else "", "origin": origin if rows else ""}
    return Listing("settings", SETTINGS, rows, "&".join(f"{key}={value}" for key, value in known.items() if value))


def log_list(agent: Agent, query: Query) -> Listing:
    """`level` of the address: only those."""
    level = query.get("level", "") if query.get("level", "") in ("WARNING", "ERROR", "CRITICAL") else ""
    rows = [
        (entry.at_ns, entry.level, entry.logger, entry.text)
        for entry in agent.recent_log.entries()
        if level in ("", entry.level)
    ]
    return Listing("log", LOG, rows, f"level={level}" if level else "")


def _settings(agent: Agent) -> tuple[Shown, ...]:
    written = agent.config.written
    return settings_of(agent.config, written.file, written.variables, agent.policy.values)


def _uptime_s(agent: Agent) -> float:
    return (agent.clock.now_ns() - agent.started_ns) / NS_PER_S


LISTS: Final[Mapping[str, Lister]] = {
    "troubles": trouble_list,
    "scanners": devices.scanner_list,
    "plugged": devices.plugged_list,
    "cameras": cameras.camera_list,
    "documents": register.document_list,
    "groups": cache.group_list,
    "statuses": cache.status_list,
    "imports": cache.import_list,
    "unsent": queue.unsent_list,
    "set-aside": queue.aside_list,
    "attempts": queue.attempt_list,
    "withdrawals": queue.withdrawal_list,
    "settings": setting_list,
    "log": log_list,
    "browsers": browsers.browser_list,
}
