"""Start simulated services by hand: `python -m hw_sim webkassa|ismpt|world [--port N] [--codes N] [--seed N]`."""

from __future__ import annotations

import argparse
import random
import sys
import threading
import time
from collections.abc import Callable, Sequence
from typing import TextIO

from hw_sim.http import Serving, serve
from hw_sim.world import ISMPT_LOGIN, WEBKASSA_LOGIN, World


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m hw_sim", description="Simulated fiscal and marking services.")
    parser.add_argument("what", choices=("webkassa", "ismpt", "world"), help="which service to start; world: both")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free port; world uses PORT and PORT + 1")
    parser.add_argument("--codes", type=int, default=10_000, help="marking codes in the invented shop")
    parser.add_argument("--seed", type=int, default=1, help="the same seed gives the same shop")
    return parser


def start(arguments: argparse.Namespace) -> tuple[World, dict[str, Serving]]:
    """Build the world and open the sockets asked for."""
    world = World(time.time_ns, random.Random(arguments.seed), codes=arguments.codes)
    if arguments.what == "world":
        second = arguments.port + 1 if arguments.port else 0
        webkassa, ismpt = world.serve(arguments.host, arguments.port, second)
        return world, {"webkassa": webkassa, "ismpt": ismpt}
    server = world.webkassa if arguments.what == "webkassa" else world.ismpt
    return world, {arguments.what: serve(server, arguments.host, arguments.port, world.lock)}


def describe(world: World, services: dict[str, Serving]) -> list[str]:
    """What a person needs to talk to the services."""
    lines = [f"{name}: {service.url}   (control: {service.url}/sim/faults)" for name, service in services.items()]
    box = next(iter(world.webkassa.cashboxes.values()))
    key = min(world.webkassa.profile.api_keys)
    if "webkassa" in services:
        lines.append(f"webkassa login: {' / '.join(WEBKASSA_LOGIN)}, cashbox {box.unique_number}, x-api-key {key}")
    if "ismpt" in services:
        lines.append(f"ismpt login: {' / '.join(ISMPT_LOGIN)}, {len(world.ismpt.codes)} codes")
    lines += [f"code to sell: {mark.text!r}" for mark in world.shop.codes[:3]]
    return lines


def main(
    arguments: Sequence[str] | None = None, out: TextIO | None = None, wait: Callable[[], object] | None = None
) -> int:
    """Serve until `wait` returns (by default never) or the user interrupts."""
    out, wait = out or sys.stdout, wait or threading.Event().wait
    world, services = start(_parser().parse_args(arguments))
    try:
        out.write("\n".join(describe(world, services)) + "\nCtrl+C ends.\n")
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
