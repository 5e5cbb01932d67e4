#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The lab's firmware holds the slots' devices, and obeys the setting after a reboot."""

from __future__ import annotations

import os
import re
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from lab import initramfs, job, kernels, places, settings  # noqa: E402
from lab.checks import Checks, main  # noqa: E402
from lab.server import Server  # noqa: E402
from machinery import dmar, recipe  # noqa: E402

HBA, DRIVE = "0000:01:00.0", "0000:02:00.0"
HBA_PATH, DRIVE_PATH = [(2, 0), (0, 0)], [(3, 0), (0, 0)]
REGION = re.compile(r"slot (\d+): region ([0-9a-f]{8})-([0-9a-f]{8}) (.+)$")


class Look:
    """A job that asks for everything the test wants to know of one boot."""

    def __init__(self) -> None:
        self.job = job.Job()
        self.efi = self.job.efi_variables()
        self.modules = self.job.modules("ahci", "sd_mod", "nvme")
        self.table = self.job.run("cat /sys/firmware/acpi/tables/DMAR")
        self.hba = self._regions(HBA)
        self.drive = self._regions(DRIVE)
        self.check = self.job.run("pcipass check slot2")
        self.nvram = self.job.run(f"cat {settings.VARIABLE}")

    def _regions(self, address: str) -> int:
        return self.job.run(f"cat /sys/bus/pci/devices/{address}/iommu_group/reserved_regions")


def firmware_regions(answer: job.Answer) -> dict[int, tuple[int, int, str]]:
    """What the firmware says it declared: first and last byte and the paths, by slot."""
    found = (REGION.match(line) for line in answer.firmware)
    return {int(m[1]): (int(m[2], 16), int(m[3], 16), m[4]) for m in found if m}


def table_regions(table: bytes) -> list[tuple[int, int, list[tuple[int, int]]]]:
    """The regions of a DMAR, each with its only scope's path."""
    return [(r.base, r.limit, r.scopes[0].path) for r in dmar.unpack(table).of_kind(1)]


def direct(base: int, limit: int) -> bytes:
    """How the kernel lists a region that must be mapped 1:1."""
    return f"0x{base:016x} 0x{limit:016x} direct\n".encode()


def no_complaints(checks: Checks, answer: job.Answer) -> None:
    """The table is one that the kernel has nothing to say against."""
    bad = [line for line in answer.log if "BIOS is broken" in line or "bad RMRR" in line or
           "scope type does not match" in line or "ncorrect checksum" in line]
    checks.equal("complaints about the firmware", bad, [])


def first_boot(checks: Checks, server: Server) -> None:
    """Never set up: every populated slot is held. Ends with slot 2 excluded."""
    look = Look()
    write = look.job.run(settings.exclude(2))
    a = server.boot(look.job)
    said = firmware_regions(a)
    checks.true("NVRAM is made", "NVRAM: absent, made of zeros; nothing is excluded" in a.firmware,
                a.firmware)
    checks.equal("held slots", sorted(said), [2, 3])
    checks.true("slot 4 is empty", "slot 4: empty" in a.firmware, a.firmware)
    checks.equal("paths", [said[n][2] for n in sorted(said)],
                 ["00:02.0/00.0", "00:03.0/00.0"])
    checks.true("published", any(re.match(r"DMAR: 2 regions, \d+ bytes, lists changed 2$", line)
                                 for line in a.firmware), a.firmware)
    checks.equal("table", table_regions(a[look.table].stdout),
                 [(*said[2][:2], HBA_PATH), (*said[3][:2], DRIVE_PATH)])
    checks.true("the kernel holds slot 2", direct(*said[2][:2]) in a[look.hba].stdout,
                a[look.hba].text)
    checks.true("the kernel holds slot 3", direct(*said[3][:2]) in a[look.drive].stdout,
                a[look.drive].text)
    no_complaints(checks, a)
    checks.equal("variables are there", a[look.efi].exit, 0)
    checks.equal("check slot2", a[look.check].exit, 1)
    checks.true("its reason", b"blocked" in a[look.check].stdout and
                f"0x{said[2][0]:x}".encode() in a[look.check].stdout, a[look.check].text)
    checks.equal("NVRAM", settings.nvram(a[look.nvram].stdout), {})
    checks.equal("its attributes", a[look.nvram].stdout[:4], b"\7\0\0\0")
    checks.true("the setting is written", a[write].exit == 0, a[write].stderr)


def second_boot(checks: Checks, server: Server) -> None:
    """Slot 2 is free, slot 3 as before. Ends with a variable of another size."""
    look = Look()
    shorten = look.job.run(settings.replace(999, 0xFF))
    a = server.boot(look.job)
    said = firmware_regions(a)
    checks.true("NVRAM is read", "NVRAM: read, excluded slots 0002" in a.firmware, a.firmware)
    checks.true("slot 2 is excluded", "slot 2: endpoints excluded, no region" in a.firmware,
                a.firmware)
    checks.equal("held slots", sorted(said), [3])
    checks.equal("table", table_regions(a[look.table].stdout), [(*said[3][:2], DRIVE_PATH)])
    checks.true("the kernel lets slot 2 go", a[look.hba].exit == 0 and
                b"direct" not in a[look.hba].stdout, a[look.hba].text)
    checks.true("the kernel holds slot 3", direct(*said[3][:2]) in a[look.drive].stdout,
                a[look.drive].text)
    no_complaints(checks, a)
    checks.equal("check slot2", a[look.check].exit, 0)
    checks.equal("NVRAM", settings.nvram(a[look.nvram].stdout), {settings.OFFSET: 0x02})
    checks.equal("the variable is replaced", a[shorten].exit, 0)


def third_boot(checks: Checks, server: Server) -> None:
    """A variable of another size, all ones: nothing is excluded, and it stays as it is."""
    asked = job.Job()
    asked.efi_variables()
    variable = asked.run(f"cat {settings.VARIABLE} | wc -c")
    a = server.boot(asked)
    checks.true("NVRAM is left alone", "NVRAM: 999 bytes, need 4096; left as it is, nothing is "
                "excluded" in a.firmware, a.firmware)
    checks.equal("held slots", sorted(firmware_regions(a)), [2, 3])
    checks.equal("its size", a[variable].text.strip(), str(999 + settings.ATTRIBUTE_BYTES))


def other_kinds(checks: Checks) -> None:
    """A card of two functions, a switch on a card, conventional PCI; the newer kernel."""
    kernel = kernels.get("6.12")
    machine = recipe.load(str(places.RECIPES / "kinds.machine"))
    asked = job.Job()
    table = asked.run("cat /sys/firmware/acpi/tables/DMAR")
    check = asked.run("pcipass check 05:00.0")
    with Server(machine, kernel, initramfs.Image(kernel)) as server:
        a = server.boot(asked)
    said = firmware_regions(a)
    checks.equal("kernel", a.kernel, kernel.release)
    checks.equal("paths", {n: said[n][2] for n in said}, {
        1: "00:02.0/00.0 00:02.0/00.1",
        2: "00:03.0/00.0/00.0/00.0 00:03.0/00.0/01.0/00.0",
        3: "00:04.0/00.0/01.0",
        5: "00:07.0/00.0",
        17: "00:06.0/00.0"})
    checks.equal("scopes", [len(r.scopes) for r in dmar.unpack(a[table].stdout).of_kind(1)],
                 [2, 2, 1, 1, 1])
    no_complaints(checks, a)
    checks.equal("check the second drive of the switch", a[check].exit, 1)


def test(checks: Checks) -> None:
    """Three boots with the same variables, and one of another machine."""
    kernel = kernels.get("6.1")
    machine = recipe.load(str(places.RECIPES / "dl380p.machine"))
    with Server(machine, kernel, initramfs.Image(kernel)) as server:
        first_boot(checks, server)
        second_boot(checks, server)
        third_boot(checks, server)
        print(f"{server.boots} boots, {server.retries} repeated for faults of the emulator")
    other_kinds(checks)


if __name__ == "__main__":
    sys.exit(main(test))
