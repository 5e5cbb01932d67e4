#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""How devices hang together, and what is left alone because it sleeps."""

import os
import unittest

from hosttree import BRIDGE, ENDPOINT, Case, config, drhd, rmrr, scope

START, END = 0xBD000000, 0xBD00FFFF


class Topology(Case):
    def below(self, start_bus, hop, segment=0):
        """What a bridge scope there holds."""
        self.tree.dmar(drhd(), rmrr(START, END, scope(BRIDGE, start_bus, hop), segment=segment))
        return self.reserved()[0]["devices"]

    def test_nested_bridges(self):
        t = self.host()
        t.bridge("0000:00:01.0", 1, 5, group=1)
        t.bridge("0000:01:00.0", 2, 5, group=1, port=5)
        t.bridge("0000:02:00.0", 3, group=1, port=6)
        t.bridge("0000:02:01.0", 4, 5, group=1, port=6)
        t.bridge("0000:04:00.0", 5, group=1, port=7)
        for bus in (3, 4, 5, 6):
            t.device(f"0000:{bus:02x}:1f.7", group=bus + 10)
        self.assertEqual(self.below(2, "01.0"), ["0000:02:01.0", "0000:04:00.0", "0000:04:1f.7",
                                                 "0000:05:1f.7"])
        # only a path from the root bus through all three bridges leads there
        t.dmar(drhd(), rmrr(START, END, scope(ENDPOINT, 0, "01.0", "00.0", "01.0", "00.0",
                                              "1f.7")))
        self.assertEqual(self.reserved()[0]["devices"], ["0000:05:1f.7"])

    def test_domains(self):
        """A path stays in its segment; below a bridge the kernel compares bus numbers alone."""
        t = self.host()
        for domain in ("0000", "0001", "10000"):
            t.bridge(f"{domain}:00:01.0", 1, group=len(domain))
            t.device(f"{domain}:01:00.0", group=9)
        below = ["0000:01:00.0", "0001:01:00.0", "10000:01:00.0"]
        self.assertEqual(self.below(0, "01.0"), sorted(["0000:00:01.0", *below]))
        self.assertEqual(self.below(0, "01.0", segment=1), sorted(["0001:00:01.0", *below]))
        self.assertEqual(list(self.survey()),
                         ["0000:00:01.0", "0000:01:00.0", "0001:00:01.0", "0001:01:00.0",
                          "10000:00:01.0", "10000:01:00.0"])

    def test_vmd_domain_has_no_slot_or_segment_of_its_own(self):
        t = self.host()
        t.device("10000:e1:00.0", 0x010802, group=1)
        # 0x10000 is no segment 0
        t.dmar(drhd(), rmrr(START, END, scope(ENDPOINT, 0xE1, "00.0")))
        self.assertEqual(self.reserved()[0]["devices"], [])
        run = self.run_pcipass(env=os.environ | {"COLUMNS": "80"})
        self.assertIn("10000:e1:00.0", run.stdout)
        self.assertEqual([x for x in run.stdout.splitlines() if len(x) > 80], [])

    def test_bridge_that_leads_back(self):
        """Secondary at or below its own bus: it leads nowhere, and nothing goes in circles."""
        t = self.host()
        t.bridge("0000:00:01.0", 0, 255, group=1)
        t.bridge("0000:05:01.0", 5, 5, group=2)
        t.bridge("0000:05:02.0", 3, 9, group=3)
        t.device("0000:03:00.0", group=4)
        t.device("0000:07:00.0", group=5)
        self.assertEqual(len(self.survey()), 5)

    def test_several_root_buses(self):
        t = self.host()
        for bus in (0x00, 0x3F, 0x80):
            t.bridge(f"0000:{bus:02x}:03.0", bus + 1, group=bus)
            t.device(f"0000:{bus + 1:02x}:00.0", group=bus + 1)
        self.assertEqual(self.below(0x80, "03.0"), ["0000:80:03.0", "0000:81:00.0"])


class Asleep(Case):
    def watched(self, address, **more):
        """A device whose configuration space must not be opened: a directory cannot be read."""
        d = self.tree.device(address, **more)
        (d / "config").unlink()
        (d / "config").mkdir()
        self.status(d, "suspended")
        return d

    def status(self, device, word):
        (device / "power").mkdir()
        (device / "power/runtime_status").write_text(word + "\n")

    def opened(self):
        """Was some configuration space asked for that gave an error?"""
        return [u for u in self.document["host"]["unread"] if "config" in u["path"]]

    def test_d3cold_is_left_alone(self):
        self.host()
        self.watched("0000:01:00.0", group=1, power="D3cold\n")
        device = self.survey()["0000:01:00.0"]
        self.assertEqual(self.opened(), [])
        self.assertEqual((device["vendor"], device["class"]), ("8086", "020000"))
        self.assertEqual(device["verdict"], "care")
        f = self.assert_finding(device, "asleep", "unknown", "did not wake it")
        self.assertEqual(f["could"], "degrades")

    def test_the_watch_works(self):
        """Near miss: the same directory under a device that is awake is told."""
        self.host()
        self.watched("0000:01:00.0", group=1)
        device = self.survey()["0000:01:00.0"]
        self.assertNotEqual(self.opened(), [])
        self.assert_not_found(device, "asleep")

    def test_d3hot_endpoint_answers(self):
        self.host().device("0000:01:00.0", group=1, power="D3hot\n", msi=False)
        device = self.survey()["0000:01:00.0"]
        self.assert_not_found(device, "asleep")
        self.found(device, "line-interrupts")

    def test_d3hot_bridge_hides_what_is_below(self):
        t = self.host()
        self.status(t.bridge("0000:00:1c.0", 1, 2, group=1, power="D3hot\n"), "suspended")
        t.bridge("0000:01:00.0", 2, group=2, port=5)
        self.watched("0000:02:00.0", group=3)
        device = self.survey()["0000:02:00.0"]
        self.assertEqual(self.opened(), [])
        self.found(device, "asleep")

    def test_awake_below_awake(self):
        t = self.host()
        t.bridge("0000:00:1c.0", 1, group=1)
        t.device("0000:01:00.0", group=2)
        self.assert_not_found(self.survey()["0000:01:00.0"], "asleep")

    def test_d3cold_bridge_keeps_its_place(self):
        """Where it leads is known from the kernel's files."""
        t = self.host()
        bridge = t.bridge("0000:00:1c.0", 1, group=1, power="D3cold\n")
        (bridge / "config").unlink()
        (bridge / "config").mkdir()
        self.status(bridge, "suspended")
        self.watched("0000:01:00.0", group=2)
        t.dmar(drhd(), rmrr(START, END, scope(BRIDGE, 0, "1c.0")))
        self.assertEqual(self.reserved()[0]["devices"], ["0000:00:1c.0", "0000:01:00.0"])
        self.survey()
        self.assertEqual(self.opened(), [])

    def test_old_kernels_do_not_say(self):
        self.host().device("0000:01:00.0", group=1, power=None)
        self.assertEqual(self.survey()["0000:01:00.0"]["verdict"], "assignable")


CARD, PORT = "0000:01:00.0", "0000:00:1c.0"
LOST = "vfio-pci 0000:01:00.0: Unable to change power state from D3cold to D0, device inaccessible"
ONES = bytearray(b"\xff" * 4096)


class Dead(Case):
    """Dead is not asleep: only what is suspended sleeps."""

    def dead(self, *, power="D3cold\n", status="active", bytes_=ONES, log=(), lanes=None, port=None,
             driver="vfio-pci"):
        self.setUp()
        t = self.host(log=("DMAR: IOMMU enabled", *log))
        above = t.bridge(PORT, 1, group=1, **(port or {}))
        if lanes is not None:
            (above / "current_link_width").write_text(f"{lanes}\n")
        d = t.device(CARD, group=2, power=power, bytes_=bytes_, driver=driver)
        if status:
            (d / "power").mkdir()
            (d / "power/runtime_status").write_text(status + "\n")
        return self.survey()[CARD]

    def blocked(self, *words, remedies, rule="no-answer", **more):
        device = self.dead(**more)
        self.assertEqual(device["verdict"], "blocked-fixable")
        f = self.assert_finding(device, rule, "blocks", *words, remedies=remedies)
        self.assert_not_found(device, "asleep")
        self.assertEqual(self.run_pcipass("check", CARD).returncode, 1)
        return "\n".join(f["evidence"])

    def test_not_back_from_d3cold(self):
        for status in ("active", "error", "unsupported"):
            proof = self.blocked("fails to wake from D3cold", status=status, log=(LOST,),
                                 remedies=["disable-idle-d3", "power-cycle"])
            for words in ("power_state: D3cold", f"runtime_status: {status}", f"kernel log: {LOST}"):
                self.assertIn(words, proof)
        # another host's driver, which has no such option
        self.blocked(driver="nvme", remedies=["keep-awake", "power-cycle"])

    def test_the_option_that_is_there_is_not_offered(self):
        self.blocked(remedies=["disable-idle-d3", "power-cycle"])
        self.tree.write("etc/modprobe.d/vfio.conf", "options vfio-pci disable_idle_d3=1\n")
        self.assert_finding(self.survey()[CARD], "no-answer", "blocks", remedies=["power-cycle"])

    def test_suspended_is_asleep(self):
        for status in ("suspended", "suspending", "resuming"):
            device = self.dead(status=status)
            self.assertEqual(device["verdict"], "care")
            f = self.assert_finding(device, "asleep", "unknown")
            self.assertIn(f"runtime_status: {status}", f["evidence"][1])

    def test_not_known_is_unknown(self):
        device = self.dead(status=None)
        f = self.assert_finding(device, "no-answer", "unknown", "cannot tell")
        self.assertEqual(f["could"], "blocks")
        self.assertEqual(device["verdict"], "unknown")
        (self.tree.root / "sys/bus/pci/devices" / CARD / "config").unlink()
        self.assert_finding(self.survey()[CARD], "asleep", "unknown")

    def test_awake_again(self):
        """The kernel's state is old, the device answers: nothing is wrong."""
        device = self.dead(bytes_=None)
        self.assertEqual(device["verdict"], "assignable")
        self.assertEqual(device["findings"], [])

    def test_link_down(self):
        proof = self.blocked("link below the port 00:1c.0 is down", power="D0\n", lanes=0,
                             remedies=["power-cycle"])
        self.assertIn(f"{PORT}/current_link_width: 0", proof)
        line = f"pcieport {PORT}: pciehp: Slot(4): Card not present"
        self.assertIn(line, self.blocked("is down", power="D0\n", log=(line,),
                                         remedies=["power-cycle"]))

    def test_bridge_above(self):
        cold = {"power": "D3cold\n", "bytes_": ONES}
        self.dead(power="D0\n", port=cold)
        self.tree.write(f"sys/bus/pci/devices/{PORT}/power/runtime_status", "active\n")
        self.tree.write(f"sys/bus/pci/devices/{PORT}/secondary_bus_number", "1\n")
        self.tree.write(f"sys/bus/pci/devices/{PORT}/subordinate_bus_number", "1\n")
        f = self.assert_finding(self.survey()[CARD], "no-answer", "blocks", "bridge 00:1c.0 above it",
                                remedies=["disable-idle-d3", "power-cycle"])
        self.assertIn(f"{PORT}/power_state: D3cold", "\n".join(f["evidence"]))

    def test_only_the_header_answers(self):
        header = config(0x8086, 0x10FB, 0x020000)
        header[0x40:] = b"\xff" * (len(header) - 0x40)
        self.blocked("after the header", power="D0\n", bytes_=header, remedies=["power-cycle"])
        # a later capability of all ones is odd, and the device answers
        odd = config(0x8086, 0x10FB, 0x020000)
        odd[0x41], odd[0xF0:0xF4] = 0xF0, b"\xff" * 4
        self.assert_not_found(self.dead(power="D0\n", bytes_=odd), "no-answer")

    def test_stuck_in_d3hot(self):
        line = f"vfio-pci {CARD}: Refused to change power state from D3hot to D0"
        proof = self.blocked("fails to wake from D3hot", rule="stuck-asleep", power="D3hot\n",
                             bytes_=None, log=(line,), remedies=["disable-idle-d3", "power-cycle"])
        self.assertIn(line, proof)
        for more in ({"log": ()}, {"status": "suspended"}, {"power": "D0\n"}, {"status": None}):
            self.assertEqual(self.dead(**{"power": "D3hot\n", "bytes_": None, "log": (line,),
                                          **more})["findings"], [])

    def test_lines_that_name_no_device(self):
        for line in (": Unable to change power state from D3cold to D0, device inaccessible",
                     "vfio-pci: Refused to change power state from D3hot to D0",
                     "a b: not ready 1ms after c; giving up", "x 0000:01:00.0:device recovery failed"):
            self.assertNotIn("kernel log", "\n".join(
                self.found(self.dead(log=(line,)), "no-answer")["evidence"]))

    def test_a_capture_keeps_it(self):
        self.dead(log=(LOST,), lanes=8)
        archive = self.directory / "c.tar"
        self.assertEqual(self.run_pcipass("capture", "-o", str(archive)).returncode, 0)
        live, kept = self.ask(), self.ask(path=archive)
        self.assertEqual(live["devices"], kept["devices"])


class Config(Case):
    def test_all_ones(self):
        """The kernel remembers the ids of a device that is gone."""
        self.host().device("0000:01:00.0", group=1, bytes_=bytearray(b"\xff" * 4096))
        device = self.survey()["0000:01:00.0"]
        self.assert_finding(device, "no-answer", "blocks", "does not respond",
                            remedies=["power-cycle"])
        self.assertEqual(device["verdict"], "blocked-fixable")

    def test_not_there(self):
        d = self.host().device("0000:01:00.0", group=1)
        (d / "config").unlink()
        device = self.survey()["0000:01:00.0"]
        f = self.found(device, "config-unread")
        self.assertEqual((f["effect"], f["could"]), ("unknown", "blocks"))
        self.assertEqual(device["verdict"], "unknown")

    def test_sixty_four_bytes(self):
        """What a user may read: capabilities are neither there nor absent."""
        d = self.host().device("0000:01:00.0", group=1)
        os.truncate(d / "config", 64)
        device = self.survey()["0000:01:00.0"]
        self.assert_finding(device, "line-interrupts", "unknown", "cannot tell")
        self.assertEqual(device["verdict"], "care")

    def test_nothing_at_all(self):
        d = self.host().device("0000:01:00.0", group=1)
        for name in ("config", "vendor", "device", "class"):
            (d / name).unlink()
        device = self.survey()["0000:01:00.0"]
        self.assertIsNone(device["vendor"])
        f = self.assert_finding(device, "no-answer", "unknown", "cannot tell")
        self.assertEqual(f["could"], "blocks")
        self.assertEqual(device["verdict"], "unknown")

    def test_vf_takes_the_kernels_ids(self):
        t = self.host()
        t.device("0000:01:00.0", group=1, sriov=1, reset="flr\n")
        t.device("0000:01:10.0", group=2, device=0x10ED, physfn="0000:01:00.0")
        device = self.survey()["0000:01:10.0"]
        self.assertEqual((device["vendor"], device["device"]), ("8086", "10ed"))
        self.assertEqual(device["physfn"], "0000:01:00.0")


if __name__ == "__main__":
    unittest.main()
