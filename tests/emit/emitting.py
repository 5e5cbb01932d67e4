# SPDX-License-Identifier: GPL-2.0-or-later
"""Hosts with cards whose BARs are known, and what emit says about them."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "host"))
from hosttree import Case, iort, root_complex, smmu  # noqa: E402

FOR_KVM = ("qemu", "libvirt", "proxmox")
HYPERVISORS = ("qemu", "libvirt", "proxmox", "hyperv", "xen", "kubevirt", "harvester")
IO, MEMORY, MEMORY_64 = 0x40101, 0x40200, 0x14220C
KIB, MIB, GIB = 1 << 10, 1 << 20, 1 << 30


def resource(*bars: tuple[int, int], rom: int = 0) -> str:
    """The kernel's resource file: (bytes, flags) of each BAR; every address is made up."""
    rows = [(0xC0000000, 0xC0000000 + size - 1, flags) if size else (0, 0, 0)
            for size, flags in bars]
    rows += [(0, 0, 0)] * (6 - len(rows))
    rows.append((0xD0000000, 0xD0000000 + rom - 1, 0x46200) if rom else (0, 0, 0))
    rows += [(0, 0, 0)] * 6
    return "".join("0x%016x 0x%016x 0x%016x\n" % row for row in rows)


class Emitting(Case):
    """A host with some cards in slots."""

    def card(self, address: str, *bars, rom: int = 64 * KIB, **more) -> None:
        self.tree.device(address, **more)
        self.tree.write(f"sys/bus/pci/devices/{address}/resource", resource(*bars, rom=rom))

    def cards(self) -> None:
        """An HBA, a display with its sound, and a conventional card, each in its own group."""
        t = self.host()
        t.bridge("0000:00:02.0", 7, group=20)
        self.card("0000:07:00.0", (256, IO), (64 * KIB, MEMORY_64), (0, 0), (256 * KIB, MEMORY_64),
                  class_code=0x010700, vendor=0x1000, device=0x0087, group=1, driver="mpt3sas")
        t.bridge("0000:00:03.0", 8, group=21)
        self.card("0000:08:00.0", (16 * MIB, MEMORY), (32 * GIB, MEMORY_64), rom=512 * KIB,
                  class_code=0x030000, vendor=0x10DE, device=0x2204, group=2, driver="nouveau")
        self.card("0000:08:00.1", (16 * KIB, MEMORY), rom=0, class_code=0x040300, vendor=0x10DE,
                  device=0x1AEF, group=2, driver="snd_hda_intel")
        self.card("0000:00:1a.0", (4 * KIB, MEMORY), rom=0, class_code=0x0C0320, group=3,
                  pcie=None, msi=True)

    def arm(self) -> None:
        """An Arm server with an HBA, and a card whose BARs are larger than any guest's window."""
        t = self.host("6.18.0-arm64", iommu="smmu3.0x0000000009050000",
                      interrupts="           CPU0\n 55:  1  ITS-PCI-MSIX-0000:00:02.0 0 Edge x\n")
        t.write("sys/firmware/acpi/tables/IORT", iort(smmu(), root_complex((0, 0x10000, 0, 0))))
        t.bridge("0000:00:02.0", 7, group=20)
        self.card("0000:07:00.0", (64 * KIB, MEMORY_64), (0, 0), (256 * KIB, MEMORY_64),
                  class_code=0x010700, vendor=0x1000, device=0x0087, group=1, driver="mpt3sas")
        t.bridge("0000:00:03.0", 8, group=21)
        self.card("0000:08:00.0", (512 * GIB, MEMORY_64), group=2)

    def emit(self, hypervisor: str, *devices: str, code: int = 0) -> str:
        """What is printed; nothing where it is refused."""
        run = self.run_pcipass("emit", hypervisor, *devices)
        self.assertEqual(run.returncode, code, run.stderr)
        if code:
            self.assertEqual(run.stdout, "")
            self.assertTrue(run.stderr.startswith("pcipass: "), run.stderr)
            refusal, *more = run.stderr.splitlines()
            self.assertLessEqual(len(more), 1, run.stderr)
            # Whoever is refused a device is told where its remedies are, and is told so by a command that works.
            told = re.fullmatch(r"pcipass: ([0-9a-f:.]{12}): (?!a bridge)(?:blocked|fixable|whether it can).*", refusal)
            self.assertEqual(bool(more), bool(told), run.stderr)
            if told:
                command = shlex.split(more[0].removeprefix("pcipass: to see what to do: pcipass "))
                self.assertIn(told.group(1), command, run.stderr)
                self.assertIn("explain", command, run.stderr)
                done = self.run_pcipass(*command[2:] if command[0] == "--from" else command)
                self.assertEqual(done.stderr, "")
                self.assertIn(told.group(1).removeprefix("0000:"), done.stdout)
            return refusal + "\n"
        self.assertEqual(run.stderr, "")
        return run.stdout


def qemu_arguments(text: str) -> list[str]:
    """The array, as bash reads it."""
    done = subprocess.run(["bash", "-u", "-c", text + '\nprintf "%s\\n" "${pcipass[@]}"\n'],
                          capture_output=True, text=True, check=True)
    assert not done.stderr, done.stderr
    return done.stdout.splitlines()


def commands(text: str) -> list[str]:
    """What is left of a text without comments and blank lines."""
    return [x for x in text.splitlines() if x and not x.startswith("#")]
