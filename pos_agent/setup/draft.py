"""The settings of a new till: what was found, what the answers say over it, and what is still missing. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from fiscal.register import Ability, Capabilities
from pos_agent.clock import SystemClock
from pos_agent.registers import Examined, examine
from pos_agent.setup.finding import Found

CLIENT: Final = "till-program"
NAME_LENGTH_MAX: Final = 16
Settings = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Draft:
    settings: Settings
    notes: Mapping[str, tuple[str, ...]]
    unfilled: tuple[str, ...] = ()  # Secrets of the register and of servers that the settings only name.


def till_name(host: str) -> str:
    """A name for the till out of the machine's: letters, digits, - and _, at most 16.

    >>> till_name("KASSA-02.shop.kz"), till_name("касса")
    ('kassa-02', 'till-1')
    """
    name = re.sub(r"[^a-z0-9_-]+", "-", host.lower().partition(".")[0]).strip("-")
    return name[:NAME_LENGTH_MAX].strip("-") or "till-1"


def merged(under: Mapping[str, Any], over: Mapping[str, Any]) -> Settings:
    """Tables go into one another; everything else, lists too, is replaced."""
    whole = dict(under)
    for name, value in over.items():
        below = whole.get(name)
        both = isinstance(value, Mapping) and isinstance(below, Mapping)
        whole[name] = merged(below, value) if both else value  # type: ignore[arg-type]
    return whole


def drafted(found: Found, answers: Mapping[str, Any], host: str, folder: Path) -> Draft:
    """Settings for the devices found, with the answers over them. `folder`: where secrets lie."""
    base: Settings = {"till": {"name": till_name(host)}}
    scanners = [one for one in found.scanners if one.certain]
    base["scanners"] = [{"name": _scanner_name(number), "url": one.url} for number, one in enumerate(scanners)]
    answered = [one for one in found.registers if one.answered]
    if answered:
        base["register"] = {"url": answered[0].url}
    if found.printers:
        base["printer"] = {"url": found.printers[0].url}
    base["api"] = {"clients": [{"name": CLIENT, "token": f"file:{folder / f'{CLIENT}-token'}"}]}
    settings = merged(base, answers)
    unfilled = _with_secrets(settings, folder)
    capabilities = _examined(settings).capabilities
    if capabilities is not None:
        _fit(settings, capabilities, answers)
    return Draft(settings, _notes(found, settings, capabilities), unfilled)


def _scanner_name(number: int) -> str:
    return ("counter", "hand")[number] if number < 2 else f"scanner-{number + 1}"


def _with_secrets(settings: Settings, folder: Path) -> tuple[str, ...]:
    """Name a file for every secret that the settings need and do not name. Returns those references."""
    added: list[str] = []
    register = settings.get("register", {})
    asked = _examined(settings).secrets
    if asked:
        secrets = dict(register.get("secrets", {}))
        for name in asked:
            if name not in secrets:
                secrets[name] = f"file:{folder / name.replace('_', '-')}"
                added.append(secrets[name])
        settings["register"] = {**register, "secrets": secrets}
    for section, key, file in (("ismpt", "password", "ismpt-password"), ("sync", "key", "hq-key")):
        values = settings.get(section, {})
        if values.get("url") and key not in values and "token" not in values:
            settings[section] = {**values, key: f"file:{folder / file}"}
            added.append(settings[section][key])
    return tuple(added)


def _examined(settings: Mapping[str, Any]) -> Examined:
    """Of an address that cannot be used nothing is known: `config check` says what is wrong with it."""
    try:
        return examine(settings.get("register", {}).get("url", ""), SystemClock())
    except ValueError:
        return Examined(None, ())


def _fit(settings: Settings, capabilities: Capabilities, answers: Mapping[str, Any]) -> None:
    """What this register cannot do is left out, so that the agent starts; answers stand as they were given."""
    register = settings["register"]
    if "marks" not in answers.get("register", {}):
        register = {**register, **_marks(capabilities)}
    if capabilities.test_only:
        register = {**register, "test_only": True}
    settings["register"] = register
    if Ability.PRINTS in capabilities.can and "url" not in answers.get("printer", {}):
        settings.pop("printer", None)


def _marks(capabilities: Capabilities) -> Settings:
    if Ability.MARKS in capabilities.can:
        return {}
    return {"marks": "text" if Ability.MARKS_AS_TEXT in capabilities.can else "none"}


def _notes(found: Found, settings: Mapping[str, Any], capabilities: Capabilities | None) -> dict[str, tuple[str, ...]]:
    chosen = settings.get("register", {}).get("url", "")
    register = [f"found: {one.what}" for one in found.registers if one.url == chosen]
    register += [f"also there: {one.what}: {one.url}" for one in found.registers if one.url != chosen]
    if "tax_16=" in chosen:
        register.append(
            "tax_16: the register's own code of 16 %. LOOK at its table of rates, and read the first receipt."
        )
    if capabilities is not None and Ability.MARKS not in capabilities.can:
        register.append("This register, reached in this way, has no field for marking codes: see register.marks below.")
    if not chosen:
        register.append("none found: docs/registers.md tells the address of each family, for example")
        register.append("  webkassa+https://kkm.webkassa.kz?cashbox=SWK00000001&login=till2@shop.kz")
        register.append("  shtrih+serial:///dev/ttyACM0?model=on-line")
    urls = {scanner["url"] for scanner in settings.get("scanners", ())}
    scanners = [f"found: {one.what}" for one in found.scanners if one.url in urls]
    scanners += [f"perhaps: {one.what}: {one.url}" for one in found.scanners if one.url not in urls]
    printer = settings.get("printer", {}).get("url", "")
    printers = [f"found: {one.what}" for one in found.printers if one.url == printer]
    printers += [f"also there: {one.what}: {one.url}" for one in found.printers if one.url != printer]
    if capabilities is not None and Ability.PRINTS in capabilities.can:
        printers.append("This register prints its receipts itself: no printer of our own.")
    elif printer:
        printers.append("Which profile fits, `pos-agent print-test` tells on paper.")
    return {"register": tuple(register), "scanners": tuple(scanners or ["none found"]), "printer": tuple(printers)}
