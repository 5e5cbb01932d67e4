#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A lab that is ended or killed leaves no emulator running. Needs none: a sleep stands in for it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from lab import places  # noqa: E402
from lab.checks import Checks, main  # noqa: E402

SOME_SECONDS = 10
# As a test runs it, and as the truth run does: in a thread, with nobody who catches signals.
BODIES = {
    "main": "checks.main(lambda _: wait())",
    "thread": "threading.Thread(target=wait).start()",
}


def program(body: str, mark: Path) -> str:
    """Waits for a stand-in that writes its own number to mark."""
    return (f"import sys, threading\nsys.path.insert(0, {str(places.SOURCE)!r})\n"
            "from lab import checks, qemu\n"
            "def wait():\n"
            f"    qemu._wait(['sh', '-c', 'echo $$ > {mark}; exec sleep 600'], 600)\n"
            f"{body}\n")


def number_in(mark: Path) -> int:
    """The stand-in's, once it runs; 0: it never did."""
    for _ in range(SOME_SECONDS * 20):
        text = mark.read_text() if mark.exists() else ""
        if text.endswith("\n"):
            return int(text)
        time.sleep(0.05)
    return 0


def runs(number: int) -> bool:
    """Whether it does after a while; one that ended and waits for its parent does not."""
    for _ in range(SOME_SECONDS * 20):
        try:
            state = Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[0]
        except (FileNotFoundError, ProcessLookupError):  # gone before, or while it is read
            return False
        if state in "ZX":
            return False
        time.sleep(0.05)
    return True


def one(checks: Checks, kind: str, number: signal.Signals) -> None:
    """The process that waits gets that signal."""
    with tempfile.TemporaryDirectory() as directory:
        mark = Path(directory) / "mark"
        with subprocess.Popen([sys.executable, "-B", "-c", program(BODIES[kind], mark)],
                              stderr=subprocess.DEVNULL) as process:
            stand_in = number_in(mark)
            checks.true(f"{kind}: the stand-in runs", stand_in > 0)
            process.send_signal(number)
            code = process.wait(SOME_SECONDS)
        checks.true(f"{kind}, {number.name}: it says so", code != 0, code)
        left = stand_in > 0 and runs(stand_in)
        checks.true(f"{kind}, {number.name}: nothing is left", not left, stand_in)
        if left:
            os.kill(stand_in, signal.SIGKILL)


def test(checks: Checks) -> None:
    """Each way to run it, each way to end it."""
    places.program("setpriv", "util-linux")
    for kind in BODIES:
        for number in (signal.SIGTERM, signal.SIGKILL):
            one(checks, kind, number)
    one(checks, "main", signal.SIGINT)


if __name__ == "__main__":
    sys.exit(main(test))
