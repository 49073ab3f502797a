"""Every family of registers with its rig: what the matrix walks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from recovery_atol import AtolJsonRig, AtolRig
from recovery_cloud import RekassaBareRig, RekassaRig, UkassaBareRig, UkassaRig
from recovery_datecs import DatecsRig, DatecsXRig
from recovery_ofd import OfdRig
from recovery_shop import Rig
from recovery_shtrih import ShtrihKzRig, ShtrihNumberedRig, ShtrihOnLineRig, ShtrihRig
from recovery_webkassa import WebkassaRig

ALL: Sequence[type[Rig]] = (
    WebkassaRig,
    RekassaRig,
    RekassaBareRig,
    UkassaRig,
    UkassaBareRig,
    OfdRig,
    ShtrihRig,
    ShtrihNumberedRig,
    ShtrihOnLineRig,
    ShtrihKzRig,
    DatecsRig,
    DatecsXRig,
    AtolRig,
    AtolJsonRig,
)
RIGS: Mapping[str, type[Rig]] = {rig.name: rig for rig in ALL}
