#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""How a device is reset between guests: with its bus, in a way that it does not stand, or not at all.

usage: test-resets.py PCIPASS
"""

import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "host"))
from hosttree import Case, config  # noqa: E402

CARD, AUDIO, PORT = "0000:03:00.0", "0000:03:00.1", "0000:00:01.0"


class WithItsBus(Case):
    """A graphics card of two functions, neither of which has a reset of its own."""

    def card(self, *, release="6.12.9", groups=(1, 1), more=()):
        t = self.host(release)
        t.bridge(PORT, 3, group=1)
        t.device(CARD, 0x030000, vendor=0x10DE, device=0x2860, group=groups[0], reset=None)
        t.device(AUDIO, 0x040300, vendor=0x10DE, device=0x22BD, group=groups[1], reset=None)
        for address, vendor, device in more:
            t.device(address, vendor=vendor, device=device, group=1, reset=None)
        return self.survey()

    def test_a_whole_card_is_fine(self):
        devices = self.card()
        for address, other in ((CARD, "03:00.1"), (AUDIO, "03:00.0")):
            f = self.assert_finding(devices[address], "no-reset", "informs", "together with", other)
            self.assertIn("below the bridge 00:01.0", f["evidence"][0])

    def test_in_two_groups_both_must_go(self):
        devices = self.card(groups=(2, 3))
        for address, other in ((CARD, "03:00.1"), (AUDIO, "03:00.0")):
            self.assert_finding(devices[address], "no-reset", "degrades", other, "same guest")

    def test_on_a_root_bus_there_is_none(self):
        t = self.host()
        for function in "01":
            t.device(f"0000:00:1f.{function}", group=1, reset=None)
        self.assert_finding(self.survey()["0000:00:1f.0"], "no-reset", "degrades", "cannot reset it")

    def test_below_a_switch_more_is_reset(self):
        t = self.host()
        t.bridge(PORT, 3, 4, group=1)
        t.bridge(CARD, 4, port=5, group=1)
        t.device(AUDIO, group=1, reset=None)
        self.assert_finding(self.survey()[AUDIO], "no-reset", "degrades", "cannot reset it")

    def test_a_function_that_does_not_stand_it(self):
        """The kernel resets no bus with such a function on it."""
        devices = self.card(release="7.1.0", more=(("0000:03:00.2", 0x1B21, 0x1164),))
        self.assert_finding(devices[CARD], "no-reset", "degrades", "cannot reset it")

    def test_virtual_functions_do_not_count(self):
        t = self.host()
        t.bridge(PORT, 3, group=1)
        t.device(CARD, group=2, reset=None)
        t.device(AUDIO, group=2, reset=None)
        t.device("0000:03:10.0", group=9, physfn=CARD, reset="flr\n")
        self.assert_finding(self.survey()[CARD], "no-reset", "informs", "03:00.1")


class KnownBad(Case):
    """Devices of the kernel's own lists, on kernels that have them and on others."""

    def device(self, release, vendor, device, reset, *, class_code=0x010601, port=0x3C04, alone=True,
               port_vendor=0x8086, **more):
        self.setUp()
        t = self.host(release)
        t.bridge(PORT, 3, group=1, vendor=port_vendor, device=port)
        t.device(CARD, class_code, vendor=vendor, device=device, group=2, reset=reset, **more)
        if not alone:
            t.device(AUDIO, group=2, reset="flr\n")
        return self.survey()[CARD]

    def bad(self, *words, effect="degrades", remedies=("another-kernel",), **more):
        return self.assert_finding(self.device(**more), "reset-known-bad", effect, *words,
                                   remedies=list(remedies))

    def fine(self, **more):
        self.assert_not_found(self.device(**more), "reset-known-bad")

    def test_bus(self):
        asm = {"vendor": 0x1B21, "device": 0x1164}
        f = self.bad("reset of its bus", "stays down", release="6.8.12-8-pve",
                     reset="pm bus\n", **asm)
        self.assertIn("Linux 7.0 (6.12.75, 6.1.165) and later", f["remedies"][0]["text"])
        self.assertIn("reset_method: pm bus", f["evidence"])
        self.bad(release="6.12.74", reset="bus\n", **asm)
        # what the kernel no longer offers it knows, whatever its number
        self.fine(release="6.8.12-8-pve", reset="pm\n", **asm)
        for release in ("7.0.0", "7.3.4+deb13-amd64", "6.12.75", "6.1.170"):
            self.fine(release=release, reset="pm\n", **asm)
        self.fine(release="6.8.0", reset="bus\n", vendor=0x1B21, device=0x1166)

    def test_with_others_on_the_bus_the_list_is_no_witness(self):
        asm = {"vendor": 0x1B21, "device": 0x1164, "reset": "pm\n", "alone": False}
        self.bad(release="6.12.74", **asm)
        self.fine(release="6.12.75", **asm)
        for release in ("6.8.12-8-pve", "6.1.0-47-amd64", "6.12.0-124.el10.x86_64", None):
            self.bad("cannot tell whether", effect="unknown", release=release, **asm)

    def test_an_own_reset_comes_first(self):
        self.fine(release="6.8.0", vendor=0x1B21, device=0x1164, reset="flr bus\n", flr=True)

    def test_on_a_root_bus_no_bus_is_reset(self):
        t = self.host("6.8.0")
        t.device("0000:00:17.0", vendor=0x1B21, device=0x1164, group=1, reset="pm\n")
        self.assert_not_found(self.survey()["0000:00:17.0"], "reset-known-bad")

    def test_by_the_port_above(self):
        port = {"vendor": 0x10DE, "device": 0x1234, "port_vendor": 0x10DE, "port": 0x22CE}
        f = self.bad(release="6.12.9", reset="bus\n", **port)
        self.assertIn("the port above it, 00:01.0", f["evidence"][0])
        self.fine(release="7.1.0", reset="bus\n", **port)
        self.fine(release="6.12.9", reset="flr bus\n", **port)

    def test_function_level(self):
        wifi = {"vendor": 0x14C3, "device": 0x0616, "flr": True}
        self.bad("function-level reset", "hangs", release="6.8.0", reset="flr bus\n", **wifi)
        self.fine(release="6.8.0", reset="bus\n", **wifi)
        self.fine(release="6.14.0", reset="bus\n", **wifi)
        self.fine(release="6.8.0", reset="bus\n", vendor=0x14C3, device=0x0616)
        # before 5.15 there is no list
        self.bad(effect="unknown", release="5.10.0", reset=None, **wifi)

    def test_revision(self):
        snet = {"vendor": 0xD063, "device": 0x1000, "reset": "flr\n", "release": "6.1.10"}
        self.bad("function-level reset", flr=True, **snet)
        second = config(0xD063, 0x1000, 0x020000, flr=True)
        second[8] = 2
        self.fine(bytes_=second, **snet)

    def test_a_wait_behind_it(self):
        disk = {"vendor": 0x8086, "device": 0x0A54, "flr": True}
        self.bad("without a delay", release="5.15.0", reset="flr bus\n", **disk)
        self.fine(release="6.12.9", reset="device_specific flr bus\n", **disk)

    def test_power_cycle_that_does_nothing(self):
        self.bad("power cycle", release="6.5.0", reset="pm bus\n", vendor=0x15B3, device=0xCF6C,
                 remedies=("another-kernel",))
        self.fine(release="6.8.0", reset="bus\n", vendor=0x15B3, device=0xCF6C)

    def test_amd_graphics(self):
        card = {"vendor": 0x1002, "device": 0x67DF, "class_code": 0x030000, "release": "6.12.9"}
        self.bad("reset of its bus", remedies=("vendor-reset",), reset="bus\n", **card)
        self.fine(reset="device_specific bus\n", **card)
        # Navi 21 resets
        self.fine(reset="bus\n", **{**card, "device": 0x73BF})
        self.fine(reset="bus\n", **{**card, "class_code": 0x040300})


if __name__ == "__main__":
    unittest.main()
