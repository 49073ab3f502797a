"""Start simulated services by hand: `python -m hw_sim SERVICE [--port N] [--codes N] [--seed N]`; see --help."""

from __future__ import annotations

import argparse
import random
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import TextIO

from hw_sim import rekassa, ukassa
from hw_sim.http import Serving, serve
from hw_sim.world import ISMPT_LOGIN, WEBKASSA_LOGIN, World

# Cloud registers beside the world's own: their receipts go to the same operator, whose marks go to the same registry.
_REGISTERS: Mapping[str, Callable[..., rekassa.Rekassa | ukassa.Ukassa]] = {
    "rekassa": rekassa.make,
    "ukassa": ukassa.make,
}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m hw_sim", description="Simulated fiscal and marking services.")
    choices = ("webkassa", *_REGISTERS, "ismpt", "world")
    parser.add_argument("what", choices=choices, help="which service to start; world: webkassa and ismpt")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free port; world uses PORT and PORT + 1")
    parser.add_argument("--codes", type=int, default=10_000, help="marking codes in the invented shop")
    parser.add_argument("--seed", type=int, default=1, help="the same seed gives the same shop")
    return parser


def start(arguments: argparse.Namespace) -> tuple[World, dict[str, Serving], tuple[str, ...]]:
    """Build the world and open the sockets asked for; with them, how to log in where the world does not know it."""
    world = World(time.time_ns, random.Random(arguments.seed), codes=arguments.codes)
    if arguments.what == "world":
        second = arguments.port + 1 if arguments.port else 0
        webkassa, ismpt = world.serve(arguments.host, arguments.port, second)
        return world, {"webkassa": webkassa, "ismpt": ismpt}, ()
    if arguments.what in _REGISTERS:
        register = _REGISTERS[arguments.what](time.time_ns, random.Random(arguments.seed), ofd=world.ofd)
        serving = serve(register, arguments.host, arguments.port, world.lock)
        return world, {arguments.what: serving}, register.greeting
    server = world.webkassa if arguments.what == "webkassa" else world.ismpt
    return world, {arguments.what: serve(server, arguments.host, arguments.port, world.lock)}, ()


def describe(world: World, services: dict[str, Serving], greeting: tuple[str, ...]) -> list[str]:
    """What a person needs to talk to the services."""
    lines = [f"{name}: {service.url}   (control: {service.url}/sim/faults)" for name, service in services.items()]
    box = next(iter(world.webkassa.cashboxes.values()))
    key = min(world.webkassa.profile.api_keys)
    if "webkassa" in services:
        lines.append(f"webkassa login: {' / '.join(WEBKASSA_LOGIN)}, cashbox {box.unique_number}, x-api-key {key}")
    if "ismpt" in services:
        lines.append(f"ismpt login: {' / '.join(ISMPT_LOGIN)}, {len(world.ismpt.codes)} codes")
    lines += greeting
    lines += [f"code to sell: {mark.text!r}" for mark in world.shop.codes[:3]]
    return lines


def main(
    arguments: Sequence[str] | None = None, out: TextIO | None = None, wait: Callable[[], object] | None = None
) -> int:
    """Serve until `wait` returns (by default never) or the user interrupts."""
    out, wait = out or sys.stdout, wait or threading.Event().wait
    world, services, greeting = start(_parser().parse_args(arguments))
    try:
        out.write("\n".join(describe(world, services, greeting)) + "\nCtrl+C ends.\n")
        out.flush()
        wait()
    except KeyboardInterrupt:
        out.write("\n")
    finally:
        for service in services.values():
            service.close()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
