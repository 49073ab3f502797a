#!/usr/bin/python3 -I
"""systemctl in a root without systemd: one service, started as its unit says and watched until it says READY.

Everything it knows lies in /run/played: pid, log, calls. Standard library only.
"""

import configparser
import os
import select
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

UNIT = Path("/etc/systemd/system/pos-agent.service")
STATE = Path("/run/played")
WAIT_S = 90


def running() -> int | None:
    """A handle on the process that lives, which tells its end even where nobody buries it; None: there is none."""
    try:
        handle = os.pidfd_open(int((STATE / "pid").read_text(encoding="utf-8")))
    except (OSError, ValueError):
        return None
    return None if select.select([handle], [], [], 0)[0] else handle


def stop() -> int:
    handle = running()
    if handle is not None:
        signal.pidfd_send_signal(handle, signal.SIGTERM)
        if not select.select([handle], [], [], WAIT_S)[0]:
            return 1
    (STATE / "pid").unlink(missing_ok=True)
    return 0


def start() -> int:
    parser = configparser.ConfigParser(strict=False, interpolation=None, delimiters=("=",), comment_prefixes=("#",))
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read(UNIT, encoding="utf-8")
    service = parser["Service"]
    user = service["User"]
    place = STATE / "notify"
    place.unlink(missing_ok=True)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
        notify.bind(str(place))
        place.chmod(0o777)
        notify.settimeout(0.2)
        with (STATE / "log").open("ab") as log:
            process = subprocess.Popen(
                ["setpriv", f"--reuid={user}", f"--regid={user}", "--init-groups", *service["ExecStart"].split()],
                env={
                    "PATH": os.environ["PATH"],
                    "NOTIFY_SOCKET": str(place),
                    "CREDENTIALS_DIRECTORY": "/run/credentials/pos-agent.service",
                },
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip
        until = time.monotonic() + WAIT_S
        while time.monotonic() < until and process.poll() is None:
            try:
                told = notify.recv(65_536).decode()
            except TimeoutError:
                continue
            if "READY=1" in told.split("\n"):
                (STATE / "pid").write_text(str(process.pid), encoding="utf-8")
                return 0
    if process.poll() is None:
        process.kill()
    (STATE / "failed").touch()
    sys.stderr.write("Job for pos-agent.service failed because the control process exited with error code.\n")
    return 1


def main() -> int:
    STATE.mkdir(exist_ok=True)
    verb = sys.argv[1]
    with (STATE / "calls").open("a", encoding="utf-8") as calls:
        calls.write(" ".join(sys.argv[1:]) + "\n")
    if verb == "is-system-running":
        print("running")
        return 0
    if verb == "is-active":
        state = "active" if running() is not None else "failed" if (STATE / "failed").exists() else "inactive"
        print(state)
        return 0 if state == "active" else 3
    if verb in ("stop", "disable"):
        return stop()
    if verb in ("start", "restart"):
        (STATE / "failed").unlink(missing_ok=True)
        return stop() or start()
    return 0


sys.exit(main())
