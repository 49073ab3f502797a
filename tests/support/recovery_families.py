"""Every family of registers with its rig: what the matrix walks."""

from __future__ import annotations

from collections.abc import Mapping

from recovery_cloud import RekassaBareRig, RekassaRig, UkassaBareRig, UkassaRig
from recovery_ofd import OfdRig
from recovery_shop import Rig
from recovery_webkassa import WebkassaRig

_FAMILIES: tuple[type[Rig], ...] = (
    WebkassaRig,
    RekassaRig,
    RekassaBareRig,
    UkassaRig,
    UkassaBareRig,
    OfdRig,
)
RIGS: Mapping[str, type[Rig]] = {rig.name: rig for rig in _FAMILIES}
