"""Pages for store IT under /it: what the till knows of itself, and the few things a technician does at it."""

from __future__ import annotations

from fastapi import APIRouter

from pos_agent.pages.it import browsers, cache, cameras, devices, looks, queue, register, scan_tester

router = APIRouter()
for _part in (looks, scan_tester, cameras, devices, register, cache, queue, browsers):
    router.include_router(_part.router)
