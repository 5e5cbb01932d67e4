# SPDX-License-Identifier: GPL-2.0-or-later
"""What the lab's tests have in common: expectations that are counted, reasons to skip."""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Callable

from . import places, qemu

PASSED, FAILED, SKIPPED = 0, 1, 77
SHOWN_CHARACTERS = 20_000


class Checks:
    """Counts expectations; prints those that do not hold."""

    def __init__(self) -> None:
        self.done = 0
        self.failed = 0

    def equal(self, what: str, got: object, want: object) -> None:
        """got is want."""
        self.true(what, got == want, f"got {got!r}, want {want!r}")

    def true(self, what: str, holds: bool, otherwise: object = "") -> None:
        """It holds; else tells what was found instead."""
        self.done += 1
        if not holds:
            self.failed += 1
            print(f"FAILED: {what}: {str(otherwise)[:SHOWN_CHARACTERS]}")


def _end(number: int, _: object) -> None:
    """As an interrupt does: what was started is ended, directories are removed."""
    raise SystemExit(128 + number)


def main(test: Callable[[Checks], None]) -> int:
    """Runs a test; the exit code."""
    signal.signal(signal.SIGTERM, _end)
    checks = Checks()
    start = time.monotonic()
    try:
        test(checks)
    except places.Skip as e:
        print(f"skipped: {e}")
        return SKIPPED
    except qemu.Failed as e:
        print(f"FAILED: {e}")
        return FAILED
    print(f"{checks.done} checks, {checks.failed} failed, {time.monotonic() - start:.0f} s",
          file=sys.stderr)
    return FAILED if checks.failed or not checks.done else PASSED
