#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""BARs without an address: what shows them, what is told of them, and what is no such thing."""

import struct
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "host"))
from hosttree import Case, config  # noqa: E402

CARD, PORT = "0000:01:00.0", "0000:00:01.0"
MEMORY, PREFETCHABLE_64, IO, UNSET = 0x40200, 0x14220C, 0x40101, 0x20000000
NOTHING = (0, 0, 0)
LOG = "pci 0000:01:00.0: BAR 1 [mem size 0x10000000 64bit pref]: failed to assign"
OLD_LOG = "pci 0000:01:00.0: BAR 1: failed to assign [mem size 0x10000000 64bit pref]"
VF_LOG = "pci 0000:01:00.0: VF BAR 0 [mem size 0x00100000 64bit pref]: failed to assign"
OLD_VF_LOG = "pci 0000:01:00.0: BAR 7: failed to assign [mem size 0x00100000 64bit pref]"


def rows(*given: tuple) -> str:
    """The kernel's resource file: its first lines, the rest empty."""
    return "".join("0x%016x 0x%016x 0x%016x\n" % row for row in [*given, *[NOTHING] * (13 - len(given))])


class Address(Case):
    def card(self, *resources: tuple, bars=(0xC4000000, 0xC, 0), log=(), cmdline="quiet", window=None,
             rebar=None, sriov=None, vf_bars=(), hot_plug=False) -> dict:
        """A graphics card below a port; what the survey has of it."""
        t = self.host(log=("DMAR: IOMMU enabled", *log))
        t.write("proc/cmdline", cmdline + "\n")
        port = config(0x8086, 0x1901, 0x060400, header=1, buses=(1, 1), port=4, slot=1)
        struct.pack_into("<HHHH", port, 0x20, 0xC400, 0xC500, *(window or (0xFFF1, 0x0001)))
        if hot_plug:
            port[0x40 + 0x14] |= 0x40
        t.device(PORT, 0x060400, group=1, header=1, buses=(1, 1), bytes_=port)
        space = config(0x10DE, 0x2204, 0x030000, sriov=sriov)
        struct.pack_into(f"<{len(bars)}I", space, 0x10, *bars)
        if sriov:
            struct.pack_into(f"<{len(vf_bars)}I", space, 0x124, *vf_bars)
            struct.pack_into("<HH", space, 0x108, 0, 0)
            struct.pack_into("<H", space, 0x110, 0)
        if rebar:
            struct.pack_into("<III", space, 0x100, 0x10015, rebar[0] << 4, 1 << 5 | rebar[1] << 8 | 1)
        t.device(CARD, 0x030000, vendor=0x10DE, device=0x2204, group=2, bytes_=space)
        t.write(f"sys/bus/pci/devices/{CARD}/resource", rows(*resources) if resources else rows(
            (0xC4000000, 0xC4FFFFFF, MEMORY)))
        return self.survey()[CARD]

    def bar(self, *words: str, **more) -> dict:
        device = self.card(**more)
        self.assertEqual(device["verdict"], "care")
        return self.assert_finding(device, "bar-no-address", "degrades", "BAR 1 ", *words)

    def none(self, *resources, **more) -> None:
        device = self.card(*resources, **more)
        self.assert_not_found(device, "bar-no-address")
        self.assert_not_found(device, "vf-bar-no-room")

    def test_what_shows_it(self):
        first = (0xC4000000, 0xC4FFFFFF, MEMORY)
        self.bar("unknown size, 64-bit prefetchable", "bridge 00:01.0 above it has no prefetchable window")
        for log in (LOG, OLD_LOG):
            self.setUp()
            self.bar("(256 MiB, 64-bit prefetchable)", log=(log,))
        for row in ((0, 0xFFFFFFF, PREFETCHABLE_64 | UNSET), (0, 0xFFFFFFF, PREFETCHABLE_64),
                    (0xD0000000, 0xDFFFFFFF, PREFETCHABLE_64 | UNSET)):
            self.setUp()
            f = self.assert_finding(self.card(first, row), "bar-no-address", "degrades", "BAR 1 (256 MiB")
            self.assertIn("line in resource", "".join(f["evidence"]))

    def test_only_the_log_knows_a_32_bit_one(self):
        """Its register is 0, as if the function had no such BAR."""
        line = LOG.replace(" 64bit pref", "").replace("BAR 1", "BAR 2")
        device = self.card(bars=(0xC4000000,), log=(line,))
        self.assert_finding(device, "bar-no-address", "degrades", "BAR 2 (256 MiB, 32-bit)", "is only 17 MiB")
        self.assertEqual(device["findings"][0]["remedies"][0]["id"], "kernel-argument")
        self.setUp()
        self.none(bars=(0xC4000000,))

    def test_no_such_thing(self):
        first, second = (0xC4000000, 0xC4FFFFFF, MEMORY), (0x380000000000, 0x38000FFFFFFF, PREFETCHABLE_64)
        self.none(first, second)
        for more in ({"log": (LOG,)},  # the second try found room
                     {"bars": (0xC4000000, 0xC, 0x3800)}):
            self.setUp()
            self.none(first, second, **more)
        # ports, what the kernel leaves out though its register holds an address, and what is not read
        for bars, more in (((0xC4000000, 1), {}), ((0xC4000000, 0xD000000C, 0), {}), ((0xC4000000, 0xC, 0x38), {}),
                           ((0xC4000000, 0), {})):
            self.setUp()
            self.none(bars=bars, **more)
        for log in (LOG.replace("0000:01:00.0", "0000:01:00.7"), LOG.replace("BAR 1", "BAR 6"),
                    LOG.replace("BAR 1", "BAR 13"), LOG.replace("mem", "io "), LOG.replace("failed to", "can't"),
                    LOG.replace("0x10000000", "0x0"), LOG.replace("0x10000000", "0x" + "1" * 17),
                    LOG.replace("0x10000000", "0xg"), LOG.replace("[mem", "mem"), LOG.replace("]", ""),
                    LOG.replace("BAR 1", "BAR "), LOG.replace("BAR 1", "BAR 99999"), "failed to assign",
                    ": BAR 1 [mem size 0x1000]: failed to assign", LOG.replace("0000:01:00.0", "0" * 400)):
            self.setUp()
            self.none(bars=(0xC4000000,), log=(log,))

    def unknown(self) -> None:
        """Whether something is wrong with a BAR is not known: with care at best."""
        device = self.survey()[CARD]
        self.assert_finding(device, "bar-no-address", "unknown", "they were not read")
        self.assertNotEqual(device["verdict"], "assignable")

    def test_unread(self):
        self.card()
        self.tree.remove(f"sys/bus/pci/devices/{CARD}/resource")
        self.unknown()
        for odd in ("", "0x0 0x0\n", "\n" * 20, rows((5, 1, MEMORY))):
            self.tree.write(f"sys/bus/pci/devices/{CARD}/resource", odd)
            self.unknown()
        self.tree.write(f"sys/bus/pci/devices/{CARD}/resource", "".join(rows().splitlines(True)[:7]))
        self.found(self.survey()[CARD], "bar-no-address")

    def test_bridges(self):
        """The window is told as it is."""
        self.bar("window of the bridge 00:01.0 above it is only 32 MiB", window=(0xD001, 0xD1F1), log=(LOG,))
        self.setUp()
        f = self.bar("00:01.0 above it is only 512 MiB", window=(0xD001, 0xEFF1), log=(LOG,))
        self.assertIn("0xd0000000-0xefffffff", "".join(f["evidence"]))

    def remedies(self, **more) -> list:
        self.setUp()
        return [(r["id"], r["text"]) for r in self.bar(**more)["remedies"]]

    def test_remedies(self):
        ids = [r[0] for r in self.remedies()]
        self.assertEqual(ids, ["bios-above-4g", "kernel-argument"])
        # what is given already is not offered again
        for given in ("pci=realloc", "pci=noaer,realloc=on quiet", "quiet pci=noats pci=realloc"):
            self.assertEqual([r[0] for r in self.remedies(cmdline=given)], ["bios-above-4g"], given)
        for given in ("pci=reallocate", "xpci=realloc", "-- pci=realloc"):
            self.assertIn("kernel-argument", [r[0] for r in self.remedies(cmdline=given)], given)
        hot = self.remedies(hot_plug=True, log=(LOG,))
        self.assertIn("pci=realloc,hpmmioprefsize=256M", hot[1][1])
        self.assertNotIn("hpmmioprefsize", str(self.remedies(hot_plug=True)))  # how much is not known

    def test_above_4g_is_on(self):
        """Where there is memory above 4 GiB the entry is on."""
        self.card(log=(LOG,))
        self.tree.device("0000:00:02.0", 0x030000, group=3)
        self.tree.write("sys/bus/pci/devices/0000:00:02.0/resource", rows((1 << 38, (1 << 38) + 0xFFFF,
                                                                         PREFETCHABLE_64)))
        f = self.found(self.survey()[CARD], "bar-no-address")
        self.assertEqual([r["id"] for r in f["remedies"]], ["kernel-argument"])
        self.tree.write("proc/cmdline", "pci=realloc\n")
        f = self.found(self.survey()[CARD], "bar-no-address")
        self.assertIn("MMIO High Size", f["remedies"][0]["text"])

    def test_resizable(self):
        """Its capability has the size, and the sizes that it could have."""
        f = self.bar("(16 GiB, ", rebar=(0x7F00, 14))
        self.assertEqual(f["remedies"][0]["id"], "smaller-bar")
        self.assertIn(f"echo 8 > /sys/bus/pci/devices/{CARD}/resource1_resize", f["remedies"][0]["text"])
        for sizes, now in ((0x0100, 8), (0, 14), (0x100, 63)):
            self.assertNotIn("smaller-bar", [r[0] for r in self.remedies(rebar=(sizes, now))])

    def test_virtual_functions(self):
        for log in (VF_LOG, OLD_VF_LOG, None):
            self.setUp()
            device = self.card((0xC4000000, 0xC4FFFFFF, MEMORY), sriov=16, vf_bars=(0xC, 0), bars=(0xC4000000,),
                               log=(log,) if log else ())
            self.assert_not_found(device, "bar-no-address")
            self.assert_finding(device, "vf-bar-no-room", "degrades", "no address space for their BAR 0",
                                "1 MiB" if log else "unknown size")
        self.setUp()
        self.none((0xC4000000, 0xC4FFFFFF, MEMORY), sriov=16, bars=(0xC4000000,))

    def test_a_capture_knows_it(self):
        """The log's lines and the registers are kept."""
        wanted = self.card(log=(LOG,), window=(0xD001, 0xD1F1))
        archive = self.directory / "c.tar"
        self.assertEqual(self.run_pcipass("capture", "-o", str(archive)).returncode, 0)
        self.assertEqual(self.survey(path=archive)[CARD], wanted)

    def test_emit(self):
        """The guest's window has room for it, and what is not known is said."""
        self.card(log=(LOG.replace("0x10000000", "0x1000000000"),))
        self.assertIn("X-PciMmio64Mb,string=131072", self.run_pcipass("emit", "qemu", CARD).stdout)
        self.setUp()
        self.card()
        self.assertIn("were not read", self.run_pcipass("emit", "qemu", CARD).stdout)


if __name__ == "__main__":
    unittest.main()
