"""How many damaged symbols each reader reads, and how long it takes: `python -m benchmarks.camera_table --seed N`.

Every reader sees every frame, one after the other and in changing order, so that a noisy machine is noisy for all.
A code counts when its bytes are exact. Compare figures inside one run only.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import zxingcpp

from hw_sim.optics.frames import Frame, frames
from scanners.camera.cascade import Cascade
from scanners.camera.dmtx.process import DmtxProcess

DMTX_MS = 300
ZXING, DMTX, OURS = "zxing-cpp", "libdmtx", "cascade"
GS = b"\x1d"

Reader = Callable[[Any], set[bytes]]


@dataclass
class Tally:
    """One kind of damage."""

    frames: int = 0
    codes: int = 0
    read: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    union: int = 0
    false: dict[str, list[bytes]] = field(default_factory=lambda: defaultdict(list))
    ms: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))


def zxing_reader() -> Reader:
    formats = zxingcpp.BarcodeFormat.DataMatrix

    def read(image: Any) -> set[bytes]:
        return {bytes(one.bytes) for one in zxingcpp.read_barcodes(image, formats=formats) if one.valid}

    return read


def dmtx_reader(process: DmtxProcess) -> Reader:
    return lambda image: {one.data.removeprefix(GS) for one in process.read(image, DMTX_MS)}


def our_reader(cascade: Cascade) -> Reader:
    return lambda image: {one.data for one in cascade.read(image).symbols}


def measure(readers: dict[str, Reader], shown: Iterator[Frame], order: random.Random) -> dict[str, Tally]:
    tallies: dict[str, Tally] = {}
    for frame in shown:
        tally = tallies.setdefault(frame.kind, Tally())
        wanted = {code.data for code in frame.codes}
        tally.frames += 1
        tally.codes += len(wanted)
        got: dict[str, set[bytes]] = {}
        for name in order.sample(sorted(readers), len(readers)):
            started = time.perf_counter()
            got[name] = readers[name](frame.image)
            tally.ms[name].append((time.perf_counter() - started) * 1000)
        for name, found in got.items():
            tally.read[name] += len(found & wanted)
            tally.false[name] += sorted(found - wanted)
        tally.union += len((got.get(ZXING, set()) | got.get(DMTX, set())) & wanted)
    return tallies


def report(tallies: dict[str, Tally], seed: int) -> list[str]:
    """The table in Markdown."""
    with_code = [tally for tally in tallies.values() if tally.codes]
    without = [tally for tally in tallies.values() if not tally.codes]
    total = {name: sum(tally.read[name] for tally in with_code) for name in (ZXING, DMTX, OURS)}
    codes, union = sum(tally.codes for tally in with_code), sum(tally.union for tally in with_code)
    lines = [
        f"Seed {seed}: {sum(t.frames for t in with_code)} frames with {codes} codes, "
        f"{sum(t.frames for t in without)} frames without.",
        "",
        "| kind | codes | zxing-cpp % | libdmtx % | union % | cascade % | zxing-cpp ms | cascade ms | cascade p95 ms |",
        "| --- | --: | --: | --: | --: | --: | --: | --: | --: |",
    ]
    for kind, tally in sorted(tallies.items(), key=lambda item: (not item[1].codes, item[0])):
        shares = [
            _percent(count, tally.codes)
            for count in (tally.read[ZXING], tally.read[DMTX], tally.union, tally.read[OURS])
        ]
        times = [_ms(tally.ms[ZXING], 50), _ms(tally.ms[OURS], 50), _ms(tally.ms[OURS], 95)]
        lines.append(f"| {kind} | {tally.codes} | {' | '.join(shares)} | {' | '.join(times)} |")
    lines.append(
        f"| **all with a code** | {codes} | {_percent(total[ZXING], codes)} | {_percent(total[DMTX], codes)} | "
        f"{_percent(union, codes)} | {_percent(total[OURS], codes)} | | | |"
    )
    return [*lines, "", *_summary(tallies, with_code, without, total, union)]


def _summary(
    tallies: dict[str, Tally], with_code: list[Tally], without: list[Tally], total: dict[str, int], union: int
) -> list[str]:
    rows: list[tuple[str, float, str]] = []
    told = []
    if with_code:
        times = {name: np.concatenate([tally.ms[name] for tally in with_code]) for name in (ZXING, OURS)}
        rows += [
            ("codes read, against zxing-cpp", total[OURS] / max(total[ZXING], 1), "at least 1.25"),
            ("codes read, against the union of zxing-cpp and libdmtx", total[OURS] / max(union, 1), "at least 1"),
            ("median ms, frames with a code", np.median(times[OURS]) / np.median(times[ZXING]), "1.5 or less"),
            ("mean ms, frames with a code", times[OURS].mean() / times[ZXING].mean(), "6 or less"),
        ]
        told.append(
            f"Milliseconds, frames with a code: zxing-cpp median {np.median(times[ZXING]):.1f}, mean "
            f"{times[ZXING].mean():.1f}; cascade median {np.median(times[OURS]):.1f}, mean {times[OURS].mean():.1f}."
        )
    if shelf := tallies.get("shelf"):
        rows.append(("shelf, against zxing-cpp", shelf.read[OURS] / max(shelf.read[ZXING], 1), "at least 2.2"))
    if without:
        empty = {
            name: np.percentile(np.concatenate([tally.ms[name] for tally in without]), 95) for name in (ZXING, OURS)
        }
        rows.append(("p95 ms, frames without", empty[OURS] / empty[ZXING], "6 or less"))
        told.append(f"Frames without, p95: zxing-cpp {empty[ZXING]:.1f}, cascade {empty[OURS]:.1f}.")
    false = sum(len(tally.false[OURS]) for tally in tallies.values())
    lines = ["| what | ratio | floor |", "| --- | --: | --- |"]
    lines += [f"| {what} | {ratio:.2f} | {floor} |" for what, ratio, floor in rows]
    return [*lines, f"| false reads of the cascade | {false} | 0 |", "", " ".join(told)]


def _percent(count: int, of: int) -> str:
    return f"{100 * count / of:.0f}" if of else ""


def _ms(times: list[float], percentile: int) -> str:
    return f"{np.percentile(times, percentile):.1f}" if times else ""


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, required=True, help="a fresh one each time")
    parser.add_argument("--per-kind", type=int, default=25, help="frames of each kind of damage")
    parser.add_argument("--kinds", help="only these, with commas")
    parser.add_argument("--without-libdmtx", action="store_true", help="leave the slow reader out")
    parser.add_argument("--out", type=Path, help="write the table to this file as well")
    given = parser.parse_args(arguments)
    kinds = given.kinds.split(",") if given.kinds else None
    with DmtxProcess() as process:
        process.start(wait_s=15)
        readers = {ZXING: zxing_reader(), OURS: our_reader(Cascade(dmtx=process))}
        if not given.without_libdmtx:
            readers[DMTX] = dmtx_reader(process)
        shown = _with_progress(frames(given.seed, given.per_kind, kinds))
        lines = report(measure(readers, shown, random.Random(given.seed)), given.seed)
    sys.stdout.write("\n".join(lines) + "\n")
    if given.out:
        given.out.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return 0


def _with_progress(shown: Iterator[Frame]) -> Iterator[Frame]:
    last = ""
    for number, frame in enumerate(shown, 1):
        if frame.kind != last:
            last = frame.kind
            sys.stderr.write(f"\r{number:5} frames, {frame.kind:<24}")
            sys.stderr.flush()
        yield frame
    sys.stderr.write("\n")


if __name__ == "__main__":
    raise SystemExit(main())
