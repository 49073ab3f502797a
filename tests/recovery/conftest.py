"""A folder for many commits, and the place where walks tell how they ended."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
from recovery_print import keep
from recovery_shop import Ending

MEMORY = Path("/dev/shm")  # noqa: S108 - a folder that is only looked for


@pytest.fixture
def ended(request: pytest.FixtureRequest) -> Callable[[Ending], None]:
    """Where a walk tells its ending: all of them are printed as a matrix at the end of the run."""
    return partial(keep, request)


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """Thousands of commits: in memory where the system offers it, for a disk would be measured and nothing else."""
    if not MEMORY.is_dir():
        yield tmp_path
        return
    with tempfile.TemporaryDirectory(dir=MEMORY, prefix="pos-agent-") as name:
        yield Path(name)
