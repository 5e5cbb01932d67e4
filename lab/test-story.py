#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The story without its guest, and beside it what firmware, table and variable say each time.

usage: test-story.py [6.1|6.12]
"""

from __future__ import annotations

import os
import re
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from lab import job, kernels, places, settings, steps, story  # noqa: E402
from lab.checks import Checks, main  # noqa: E402
from lab.firmware_log import no_complaints, regions  # noqa: E402
from lab.server import Server  # noqa: E402
from lab.terminal import Chapter, Terminal  # noqa: E402
from machinery import dmar, recipe  # noqa: E402

PATHS = {2: [(2, 0), (0, 0)], 3: [(3, 0), (0, 0)]}
PATH_TEXTS = {2: "00:02.0/00.0", 3: "00:03.0/00.0"}
SHORT_BYTES = 999


def table_regions(table: bytes) -> list[tuple[int, int, list[tuple[int, int]]]]:
    """The regions of a DMAR, each with its only scope's path."""
    return [(r.base, r.limit, r.scopes[0].path) for r in dmar.unpack(table).of_kind(1)]


def direct(base: int, limit: int) -> str:
    """How the kernel lists a region that must be mapped 1:1."""
    return f"0x{base:016x} 0x{limit:016x} direct\n"


class Witness:
    """Commands behind a boot's chapters whose answers do not depend on ours."""

    def __init__(self, asked: job.Job) -> None:
        self.table = asked.run("cat /sys/firmware/acpi/tables/DMAR")
        self.listed = {card.slot: asked.run(f"cat /sys/bus/pci/devices/{card.address}"
                                            "/iommu_group/reserved_regions")
                       for card in steps.CARDS}
        self.nvram = asked.run(f"cat {settings.VARIABLE}")
        self.guarded = asked.run(f"! rm -f {settings.VARIABLE}")

    def check(self, checks: Checks, a: job.Answer, held: list[int], bits: int) -> None:
        """Firmware, table and kernel hold these slots, and the setting is now these bits."""
        said = regions(a)
        checks.equal("held slots", sorted(said), held)
        checks.equal("paths", [said[n][2] for n in held], [PATH_TEXTS[n] for n in held])
        checks.true("slot 4 is empty", "slot 4: empty" in a.firmware, a.firmware)
        checks.equal("table", table_regions(a[self.table].stdout),
                     [(*said[n][:2], PATHS[n]) for n in held])
        for slot, index in self.listed.items():
            wanted = direct(*said[slot][:2]) if slot in held else ""
            checks.true(f"the kernel's list for slot {slot}", a[index].exit == 0 and
                        wanted in a[index].text and (slot in held or
                                                     "direct" not in a[index].text),
                        a[index].text)
        checks.equal("NVRAM", settings.nvram(a[self.nvram].stdout),
                     {settings.OFFSET: bits} if bits else {})
        checks.equal("its attributes", a[self.nvram].stdout[:4], b"\7\0\0\0")
        checks.equal("it is immutable again", a[self.guarded].exit, 0)
        no_complaints(checks, a)


def boot(checks: Checks, server: Server, *chapters: Chapter,
         after: str = "") -> tuple[job.Answer, Witness]:
    """One boot of the story. after: a line for its end, when all has been looked at."""
    t = Terminal(checks, sys.stdout.write)
    for chapter in chapters:
        chapter(t)
    witness = Witness(t.job)
    if after:
        t.quietly(after)
    steps.stop(t)
    answer = server.boot(t.job)
    t.tell(answer)
    return answer, witness


def first(checks: Checks, server: Server) -> None:
    """Never set up: every populated slot is held. Ends with both excluded."""
    series = server.kernel.series
    a, witness = boot(checks, server, lambda t: story.blocked(t, series))
    witness.check(checks, a, [2, 3], 0x06)
    checks.true("NVRAM is made", "NVRAM: absent, made of zeros; nothing is excluded" in a.firmware,
                a.firmware)
    checks.true("published", any(re.match(r"DMAR: 2 regions, \d+ bytes, lists changed 2$", line)
                                 for line in a.firmware), a.firmware)


def second(checks: Checks, server: Server, last: Chapter, bits: int) -> None:
    """Both are free. Ends with these bits left."""
    a, witness = boot(checks, server, story.freed, last)
    witness.check(checks, a, [], bits)
    checks.true("NVRAM is read", "NVRAM: read, excluded slots 0006" in a.firmware, a.firmware)
    for slot in (2, 3):
        checks.true(f"slot {slot} is excluded",
                    f"slot {slot}: endpoints excluded, no region" in a.firmware, a.firmware)


def third(checks: Checks, server: Server) -> None:
    """As at the beginning."""
    a, witness = boot(checks, server, story.blocked_again)
    witness.check(checks, a, [2, 3], 0)


def one_of_two(t: Terminal) -> None:
    """Slot 2 is held again, slot 3 is not."""
    steps.start(t)
    steps.held(t, steps.HBA)
    steps.assignable(t, steps.DRIVE)


def half(checks: Checks, server: Server) -> None:
    """Each slot has a setting of its own. Ends with a variable of another size, all ones."""
    a, witness = boot(checks, server, one_of_two, after=settings.replace(SHORT_BYTES, 0xFF))
    witness.check(checks, a, [2], 0x04)


def short(checks: Checks, server: Server) -> None:
    """With a variable of another size nothing is excluded, and nobody writes to it."""
    t = Terminal(checks, sys.stdout.write)
    steps.start(t)
    t.type("pcipass settings set RMRDS_Slot2=Endpoints_Included",
           f"an NVRAM of {SHORT_BYTES} bytes, want {settings.NVRAM_BYTES}", code=4, wide=True)
    size = t.job.run(f"cat {settings.VARIABLE} | wc -c")
    a = server.boot(t.job)
    t.tell(a)
    checks.true("NVRAM is left alone", f"NVRAM: {SHORT_BYTES} bytes, need {settings.NVRAM_BYTES}; "
                "left as it is, nothing is excluded" in a.firmware, a.firmware)
    checks.equal("held slots", sorted(regions(a)), [2, 3])
    checks.equal("its size", a[size].text.strip(), str(SHORT_BYTES + settings.ATTRIBUTE_BYTES))


def test(checks: Checks, series: str) -> None:
    """The newer kernel goes the story's way, the older one that of the odd settings."""
    kernel = kernels.get(series)
    machine = recipe.load(str(places.RECIPES / story.RECIPE))
    with Server(machine, kernel, story.image_for(kernel), with_state=True) as server:
        first(checks, server)
        if series == "6.1":
            second(checks, server, lambda t: steps.undo(t, steps.HBA), 0x04)
            half(checks, server)
            short(checks, server)
        else:
            second(checks, server, story.back, 0)
            third(checks, server)
        print(f"{server.boots} boots, {server.retries} repeated for faults of the emulator")


if __name__ == "__main__":
    SERIES = sys.argv[1] if len(sys.argv) > 1 else "6.1"
    sys.exit(main(lambda checks: test(checks, SERIES)))
