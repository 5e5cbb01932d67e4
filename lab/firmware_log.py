# SPDX-License-Identifier: GPL-2.0-or-later
"""What the lab's firmware says of a boot, and whether the kernel has anything to say against it."""

from __future__ import annotations

import re

from .checks import Checks
from .job import Answer

REGION = re.compile(r"slot (\d+): region ([0-9a-f]{8})-([0-9a-f]{8}) (.+)$")
COMPLAINTS = ("BIOS is broken", "bad RMRR", "scope type does not match", "ncorrect checksum")


def regions(answer: Answer) -> dict[int, tuple[int, int, str]]:
    """What the firmware says it declared: first and last byte and the paths, by slot."""
    found = (REGION.match(line) for line in answer.firmware)
    return {int(m[1]): (int(m[2], 16), int(m[3], 16), m[4]) for m in found if m}


def no_complaints(checks: Checks, answer: Answer) -> None:
    """The table is one that the kernel has nothing to say against."""
    bad = [line for line in answer.log if any(text in line for text in COMPLAINTS)]
    checks.equal("complaints about the firmware", bad, [])
