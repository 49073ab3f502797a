"""Scans through a real pseudo-terminal with a hostile line: a part of the million, by the same command."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
SCANS = 50_000  # The whole million takes minutes: python -m benchmarks.million_scans --scans 1000000


def test_what_was_sent_is_received_and_every_damaged_frame_is_accounted_for() -> None:
    command = [sys.executable, "-m", "benchmarks.million_scans", "--scans", str(SCANS), "--seed", "20260301"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=280)
    result = json.loads(done.stdout)
    assert result["differences"] == []
    assert done.returncode == 0
    assert result["equal"]
    assert result["undamaged"] + result["damaged"] == SCANS
    assert 0.005 * SCANS < result["damaged"] < 0.03 * SCANS
    assert result["lost_bytes"] > 100
    assert result["doubled_bytes"] > 100
    assert result["received"] > 0.99 * SCANS
