"""How many codes are read where there is none: `python -m benchmarks.noise_frames --frames 10000 --seed N`.

Each frame goes through the whole cascade, libdmtx included. One JSON line on standard output; progress on the other.
Ends with 1 when anything was read.
"""

from __future__ import annotations

import argparse
import base64
import json
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from hw_sim.optics.frames import noise_frame
from scanners.camera.cascade import Cascade
from scanners.camera.dmtx.process import DmtxProcess
from scanners.camera.reading import Reader, Sorts

_PROGRESS_FRAMES = 100


@dataclass
class Tally:
    seed: int
    frames: int = 0
    ms: list[float] = field(default_factory=list)
    false_reads: list[dict[str, object]] = field(default_factory=list)
    with_places: int = 0  # Frames in which something was looked at closely.

    def line(self) -> str:
        times = np.array(self.ms or [0.0])
        return json.dumps(
            {
                "seed": self.seed,
                "frames": self.frames,
                "with_places": self.with_places,
                "false_reads": self.false_reads,
                "ms_mean": round(float(times.mean()), 2),
                "ms_p95": round(float(np.percentile(times, 95)), 2),
                "ms_max": round(float(times.max()), 1),
            }
        )


def pictures(seed: int, count: int) -> Iterator[np.ndarray[tuple[int, ...], np.dtype[np.uint8]]]:
    """Frame by frame from a generator of its own, so that one that was read can be made again alone."""
    for index in range(count):
        yield noise_frame(np.random.default_rng((seed, index)))


def measure(reader: Reader, seed: int, count: int, told: Callable[[Tally], None] = lambda tally: None) -> Tally:
    """Read `count` frames of this seed. Every symbol is false: the frames hold none."""
    tally = Tally(seed)
    for index, picture in enumerate(pictures(seed, count)):
        started = time.perf_counter()
        found = reader.read(picture)
        tally.ms.append((time.perf_counter() - started) * 1000)
        tally.frames += 1
        tally.with_places += bool(found.seen)
        for symbol in found.symbols:
            data = base64.b64encode(symbol.data).decode("ascii")
            tally.false_reads.append(
                {"frame": index, "bytes": data, "symbology": symbol.symbology, "step": symbol.step}
            )
        told(tally)
    return tally


def _progress(tally: Tally) -> None:
    if tally.frames % _PROGRESS_FRAMES == 0:
        sys.stderr.write(f"\r{tally.frames:7} frames, {len(tally.false_reads)} false reads")
        sys.stderr.flush()


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--frames", type=int, default=10_000, help="how many; default 10000")
    parser.add_argument("--seed", type=int, required=True, help="a fresh one each time")
    parser.add_argument("--formats", default="dm", help="what to look for, with commas: dm (default), qr, ean, gs1-128")
    parser.add_argument("--without-libdmtx", action="store_true", help="leave the slow reader out")
    parser.add_argument(
        "--thorough", action="store_true", help="read as `pos-agent decode` does, within the whole budget"
    )
    given = parser.parse_args(arguments)
    sorts = [Sorts(word) for word in given.formats.split(",")]
    with DmtxProcess() as process:
        second = None if given.without_libdmtx else process
        if second is not None and not second.start(wait_s=15):
            parser.error(f"libdmtx: {second.text}; --without-libdmtx does without")
        cascade = Cascade(sorts, dmtx=second, thorough=given.thorough)
        tally = measure(cascade, given.seed, given.frames, _progress)
    sys.stderr.write("\n")
    sys.stdout.write(tally.line() + "\n")
    return 1 if tally.false_reads else 0


if __name__ == "__main__":
    raise SystemExit(main())
