"""The unit of systemd: understood, hardened, and such that every device of a till can still be opened."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
from played_systemd import unit

from pos_agent.install.placing import GROUPS, unit_text
from pos_agent.lifesigns import API_WAIT_S, FEEDS, INTAKE_LATE_S

ROOT = Path(__file__).parents[2]
EXPOSURE_MAX = 2.0


@pytest.fixture
def placed(tmp_path: Path) -> Path:
    """With a program that exists: the agent's own is not installed here."""
    path = tmp_path / "pos-agent.service"
    path.write_text(unit_text(Path("/bin/true")), encoding="utf-8")
    return path


def test_systemd_understands_every_line(placed: Path) -> None:
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(placed)], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr, done.stdout) == (0, "", "")


def test_a_line_that_systemd_does_not_know_would_be_told(placed: Path) -> None:
    text = placed.read_text(encoding="utf-8").replace("ProtectSystem=", "ProtektSystem=")
    placed.write_text(text, encoding="utf-8")
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(placed)], capture_output=True, text=True, check=False
    )
    assert "ProtektSystem" in done.stderr


def test_the_service_can_do_little_beside_its_work(placed: Path) -> None:
    said = subprocess.run(
        ["systemd-analyze", "security", "--offline=yes", "--no-pager", str(placed)],
        capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    found = re.search(r"Overall exposure level for pos-agent.service: ([\d.]+)", said)
    assert found is not None
    assert float(found[1]) <= EXPOSURE_MAX, said


def test_devices_of_every_kind_stay_open_whenever_their_module_is_loaded(placed: Path) -> None:
    service = unit(placed)
    assert service["DeviceAllow"] == "char-* rw"
    assert "PrivateDevices" not in service
    assert set(GROUPS) == {"dialout", "input", "lp", "plugdev", "video"}


def test_the_watchdogs_term_has_room_for_every_wait_of_a_look(placed: Path) -> None:
    term_s = float(unit(placed)["WatchdogSec"])
    assert term_s / FEEDS + API_WAIT_S < term_s
    assert term_s >= INTAKE_LATE_S


def test_the_debian_package_opens_the_same_groups_to_the_same_user() -> None:
    script = (ROOT / "deploy/debian/postinst").read_text(encoding="utf-8")
    assert f"for group in {' '.join(GROUPS)};" in script
    assert f"--groups {','.join(GROUPS)} pos-agent" in script


def test_the_scripts_of_the_package_are_read_by_the_shell() -> None:
    scripts = [ROOT / "deploy/debian" / name for name in ("postinst", "prerm", "postrm")]
    for script in (*scripts, ROOT / "deploy/install"):
        assert subprocess.run(["sh", "-n", str(script)], check=False).returncode == 0
