"""Every page, in the order of the navigation."""

from __future__ import annotations

from sync.hq.pages.routes import (
    accounts,
    case,
    coverage,
    documents,
    exceptions,
    fleet,
    imports,
    reconciliation,
    sign_in,
    trail,
    unit,
)

ROUTERS = tuple(
    module.router
    for module in (
        sign_in, fleet, reconciliation, exceptions, case, unit, documents, imports, coverage, accounts, trail,
    )
)  # fmt: skip
