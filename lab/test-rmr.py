#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Arm: memory that an IORT reserves for a card (RMR), on real kernels. QEMU's own IORT has none, so the initrd
brings one; and QEMU's DSDT does not ask that the firmware's PCI configuration be kept, without which Linux
passes over RMRs, so the initrd brings that, too."""

from __future__ import annotations

import os
import struct
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from lab import arm, cpio, initramfs, job, kernels, places, tables  # noqa: E402
from lab.checks import Checks, main  # noqa: E402
from machinery import arm as arm_tables  # noqa: E402
from machinery import recipe  # noqa: E402

RECIPE = """system Sample "Arm server"
iommu smmu
messages its
00:02.0 1b36:000c root-port acs slot=2
  00.0 8086:10d3 ethernet name=held
slot 7 "PCIe Slot 7" held
"""
RMR = "rmr 50000000-5000ffff{} held\n"
CARD = "0000:01:00.0"
RANGE = "0x0000000050000000 0x000000005000ffff"
SECONDS = 300
# AML of QEMU's _DSM: If (Arg2 == 0) Return (Buffer (1) {1}). In as many bytes: If (Arg2 == 5) Return (0), which is
# "keep it" (PCI Firmware Specification 3.3, 4.6.5).
ASKED, KEEPS = bytes.fromhex("936a00 a411030101"), bytes.fromhex("936a0a05 a400 a3a3")
REVISION_AT, CHECKSUM_AT = 24, 9


def keeping(dsdt: bytes) -> bytes:
    """QEMU's DSDT with that answer, and a revision that makes the kernel take it."""
    made = bytearray(dsdt.replace(ASKED, KEEPS))
    struct.pack_into("<I", made, REVISION_AT, struct.unpack_from("<I", made, REVISION_AT)[0] + 1)
    made[CHECKSUM_AT] = 0
    made[CHECKSUM_AT] = -sum(made) & 0xFF
    return bytes(made)


class Board:
    """One kernel on QEMU's board."""

    def __init__(self, checks: Checks, series: str) -> None:
        self.checks, self.kernel = checks, kernels.get(series, arm.ARCH)

    def boot(self, asked: job.Job, text: str, dsdt: bytes = b"", made: bytes = b"") -> job.Answer:
        """With the IORT of a recipe, or with the one of an archive that was made; empty: with QEMU's own tables."""
        machine = recipe.loads(text or RECIPE, str(places.RECIPES))
        archive = cpio.Archive()
        if text and not made:
            archive.file("kernel/firmware/acpi/iort.aml",
                         arm_tables.iort(machine, tables.OEM_ID, tables.OEM_TABLE_ID, tables.OEM_REVISION))
        if dsdt:
            archive.file("kernel/firmware/acpi/dsdt.aml", dsdt)
        with arm.ArmServer(machine, self.kernel, initramfs.Image(self.kernel), arm.ALWAYS) as server:
            return server.boot(asked, made + archive.pack() if text else b"")

    def own_dsdt(self) -> bytes:
        """QEMU's."""
        asked = job.Job()
        read = asked.run("cat /sys/firmware/acpi/tables/DSDT", SECONDS)
        return self.boot(asked, "")[read].stdout

    def judged(self, what: str, text: str, dsdt: bytes, kind: str, *said: str, made: bytes = b"") -> bytes:
        """The kernel lists the region so, pcipass says that of it, and the kernel answers an attach accordingly.
        Returns the override that pcipass makes."""
        asked = job.Job()
        asked.run("modprobe -a e1000e vfio-pci vfio_iommu_type1", SECONDS)
        regions = asked.run(f"cat /sys/bus/pci/devices/{CARD}/iommu_group/reserved_regions", SECONDS)
        check = asked.run(f"pcipass check {CARD}", SECONDS)
        explain = asked.run(f"pcipass | head -1; pcipass explain {CARD}", SECONDS)
        attach = asked.run(f"pcipass verify --attach {CARD} --take", SECONDS)
        override = asked.run(f"pcipass override build {CARD} -o /tmp/table.cpio >&2 && cat /tmp/table.cpio", SECONDS)
        a = self.boot(asked, text, dsdt, made)
        lines = a[regions].text.splitlines()
        self.checks.true(f"{what}: the table is taken", any("Table Upgrade: override [IORT" in x for x in a.log), a.log)
        self.checks.equal(f"{what}: listed", [x for x in lines if x.startswith(RANGE)], [f"{RANGE} {kind}"] if kind else [])
        held = kind == "direct"
        self.checks.equal(f"{what}: check", a[check].exit, 1 if held else 0)
        for word in ("Arm server", '7 ("PCIe Slot 7"; source: SMBIOS)', *said):
            self.checks.true(f"{what}: {word}", word in " ".join(a[explain].text.split()), a[explain].text)
        self.checks.equal(f"{what}: attach: {a[attach].text}", a[attach].exit, 1 if held else 0)
        self.checks.equal(f"{what}: why", "1:1 IOMMU mapping" in a[attach].text, held)
        print(f"Linux {a.kernel}, {what}: {a.seconds:.0f} s", flush=True)
        return a[override].stdout


def one(checks: Checks, series: str) -> None:
    """Five boots."""
    board = Board(checks, series)
    own = board.own_dsdt()
    checks.equal("QEMU's _DSM", own.count(ASKED), 1)
    kept = keeping(own)
    hard, permitted = RECIPE + RMR.format(""), RECIPE + RMR.format(" permitted")
    made = board.judged("held", hard, kept, "direct", "RMR 0x50000000-0x5000ffff", "[table-override]")
    checks.true("an override was made", b"kernel/firmware/acpi/IORT.aml" in made, made[:200])
    board.judged("overridden", hard, kept, "direct-relaxable", "permits", made=made)
    board.judged("remapping permitted", permitted, kept, "direct-relaxable", "permits")
    board.judged("configuration not kept", hard, b"", "", "_DSM 5")


def test(checks: Checks) -> None:
    """Each kernel that is named, else 6.12."""
    for series in sys.argv[1:] or ("6.12",):
        one(checks, series)


if __name__ == "__main__":
    sys.exit(main(test))
