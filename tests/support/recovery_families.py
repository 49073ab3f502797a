"""Every family of registers with its rig: what the matrix walks."""

from __future__ import annotations

from collections.abc import Mapping

from recovery_atol import AtolJsonRig, AtolRig
from recovery_ofd import OfdRig
from recovery_shop import Rig
from recovery_webkassa import WebkassaRig

RIGS: Mapping[str, type[Rig]] = {rig.name: rig for rig in (WebkassaRig, OfdRig, AtolRig, AtolJsonRig)}
