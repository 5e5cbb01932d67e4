#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""From a wish and a host to a plan: the best way, each way asked for, and what refuses one."""

import json
import subprocess
import sys
import unittest
import zlib
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from planning import Planning  # noqa: E402
from hosttree import PCIPASS, BRIDGE, ENDPOINT, drhd, ivmd, rmrr, scope, smbios_system  # noqa: E402

WITHOUT_SLOTS = "include dl380p-gen8.machine\nno-slots \n"
LOCKED = "include {}.machine\nlockdown integrity\n"
NEWER = "kernel 6.12.9+bpo-amd64 debian \"6.12.9-1\"\n"
DMAR = "sys/firmware/acpi/tables/DMAR"
IVRS = "sys/firmware/acpi/tables/IVRS"


def kinds(plan: dict) -> list[tuple[str, str]]:
    """What the steps are."""
    return [(s["kind"], s["remedy"]) for s in plan["steps"]]


def ways(plan: dict, possible: bool = True) -> list[str]:
    """The other ways."""
    return [a["remedy"] for a in plan["alternatives"] if a["possible"] == possible]


def addresses(plan: dict) -> list[str]:
    """What is freed."""
    return [d["address"].removeprefix("0000:") for d in plan["devices"]]


class Gen8(Planning):
    """The story, and what differs where a fact does."""

    def test_setting_of_the_slot(self):
        plan = self.plan(self.sample("dl380p-gen8"), "slot2")
        self.assertEqual(kinds(plan), [("setting", "bios-rmrds")])
        self.assertEqual(plan["steps"][0]["setting"], {
            "schema": "rmrds.xml", "section": "RMRDS_Slot2", "expected": "Endpoints_Included",
            "wanted": "Endpoints_Excluded", "store": None})
        self.assertTrue(plan["steps"][0]["needs_reboot"])
        self.assertIn("iLO", plan["steps"][0]["side_effect"])
        self.assertEqual(ways(plan), ["table-override", "another-slot"])
        self.assertEqual(addresses(plan), ["07:00.0"])
        self.assertEqual(len(plan["regions"]), 7)
        self.assertEqual(plan["host"]["product"], "ProLiant DL380p Gen8")
        self.assertIn("0000:07:00.0 1000:0087", plan["host"]["pci"])
        self.assertEqual(len(plan["host"]["pci"]), len(set(plan["host"]["pci"])))

    def test_names_no_serial(self):
        """Plans are sent to others: what names one machine alone is not in them."""
        root = self.own("dl380p-gen8")
        for name in ("product_serial", "board_serial", "chassis_serial", "product_uuid"):
            (root / "sys/class/dmi/id" / name).write_text("CZJ4711XYZ\n")
        table = root / "sys/firmware/dmi/tables/DMI"
        self.assertNotIn("serial", json.dumps(self.plan(root, "slot2")).lower())
        self.assertNotIn("CZJ4711XYZ", json.dumps(self.plan(root, "slot2")))
        table.unlink()
        self.assertNotIn("CZJ4711XYZ", json.dumps(self.plan(root, "slot2")))

    def test_all_slots(self):
        plan = self.plan(self.sample("dl380p-gen8"), "all-slots", "--store", "efivars")
        self.assertEqual([s["setting"]["section"] for s in plan["steps"]],
                         ["RMRDS_Slot2", "RMRDS_Slot3"])
        self.assertEqual({s["setting"]["store"] for s in plan["steps"]}, {"efivars"})

    def test_all_slots_everywhere(self):
        """A name like any other, in each command that takes a device."""
        root = self.sample("dl380p-gen8")
        for command, code, words in (("check", 1, "to free it, as root on that host: pcipass free slot2"),
                                     ("explain", 0, "0a:00.1 Intel"), ("emit qemu", 1, ": fixable: ")):
            run = self.run_pcipass(*command.split(), "all-slots", path=root)
            self.assertEqual(run.returncode, code, command)
            self.assertIn(words, run.stdout + run.stderr, command)
        run = self.run_pcipass("check", "all-slot", path=root)
        self.assertIn("did you mean 'all-slots'?", run.stderr)
        run = self.run_pcipass("check", "all-slots", path=self.sample("odd-firmware"))
        self.assertEqual((run.returncode, run.stdout), (2, ""))
        self.assertIn("all-slots: no card is known to be in a slot here", run.stderr)

    def test_without_a_known_slot_the_table(self):
        root = self.own(WITHOUT_SLOTS)
        plan = self.plan(root, "07:00.0")
        self.assertEqual(kinds(plan), [("override", "table-override")])
        table = (root / DMAR).read_bytes()
        step = plan["steps"][0]["override"]
        self.assertEqual(step["expected_crc"], f"{zlib.crc32(table):#010x}")
        self.assertEqual(step["expected_bytes"], len(table))
        # Every scope that is named is this card's: bus 0, port 02.0, function 00.0.
        self.assertEqual(len(step["scopes"]), 7)
        for at in step["scopes"]:
            self.assertEqual(table[at:at + 10], scope(ENDPOINT, 0, "02.0", "00.0"))

    def test_asked_for_the_table(self):
        plan = self.plan(self.sample("dl380p-gen8"), "slot2", "--by", "table-override")
        self.assertEqual(kinds(plan), [("override", "table-override")])
        self.assertEqual(ways(plan), ["bios-rmrds", "another-slot"])
        risk = plan["steps"][0]["side_effect"]
        self.assertIn("Affected: all guests (0xe8000-0xe8fff and 1 more), which no QEMU option avoids; guests with more", risk)
        self.assertIn("more than 3037 MiB", risk)
        self.assertIn("max-ram-below-4g=2G", risk)

    def test_embedded_companions(self):
        # iLO's functions share a group: two are held, one is let go, no slot's setting helps.
        plan = self.plan(self.sample("dl380p-gen8"), "01:00.4")
        self.assertEqual(kinds(plan), [("override", "table-override")])
        self.assertEqual([(d["address"][5:], d["asked"]) for d in plan["devices"]],
                         [("01:00.0", False), ("01:00.2", False), ("01:00.4", True)])

    def test_iommu_off(self):
        root = self.sample("dl380p-gen8-iommu-off")
        plan = self.plan(root, "slot2")
        self.assertEqual(kinds(plan),
                         [("argument", "kernel-argument"), ("setting", "bios-rmrds")])
        self.assertEqual(plan["steps"][0]["argument"], {"argument": "intel_iommu=on"})
        self.assertIn("relax-rmrr", ways(plan))
        plan = self.plan(root, "slot2", "--by", "relax-rmrr")
        self.assertEqual([s["argument"]["argument"] for s in plan["steps"]],
                         ["intel_iommu=on,relax_rmrr"])
        self.assertIn("every device of the host", plan["steps"][0]["side_effect"])
        # Groups are foretold: iLO's functions share one, and with the IOMMU off too.
        self.assertEqual(addresses(self.plan(root, "01:00.4")), ["01:00.0", "01:00.2", "01:00.4"])

    def test_proxmox(self):
        recipe = ("include dl380p-gen8.machine\nkernel 6.5.13-6-pve proxmox \"6.5.13-6\"\n"
                  "cmdline quiet intel_iommu=on\n")
        plan = self.plan(self.sample(recipe), "slot2")
        self.assertEqual(kinds(plan), [("setting", "bios-rmrds")])
        self.assertEqual(ways(plan), ["relax-rmrr", "table-override", "another-slot"])
        # Told so already: nothing is left to do.
        self.assertEqual(self.plan(self.sample("dl380p-gen8-pve"), "slot2")["steps"], [])

    def test_freed(self):
        plan = self.plan(self.sample("dl380p-gen8-freed"), "slot2")
        self.assertEqual((plan["steps"], plan["alternatives"]), ([], []))
        run = self.run_pcipass("free", "slot2", "--dry-run", path=self.sample("dl380p-gen8-freed"))
        self.assertIn("nothing to do", run.stdout)

    def test_locked_down(self):
        root = self.sample(LOCKED.format("dl380p-gen8"))
        plan = self.plan(root, "slot2")
        self.assertEqual(ways(plan, possible=False), ["table-override"])
        text = [a["text"] for a in plan["alternatives"] if not a["possible"]][0]
        self.assertIn("pcipass does not replace firmware tables on a locked-down host "
                      "(integrity)", text)
        why = self.refused(root, "slot2", "--by", "table-override")
        self.assertIn("locked-down host", why)
        self.assertIn("bios-rmrds", why)
        self.assertIn("no remedy is known here", self.refused(root, "02:00.0"))

    def test_tboot(self):
        root = self.own("dl380p-gen8")
        log = next((root / "var/log").iterdir())
        log.write_text("[    0.000000] tboot: found shared page at phys addr 0x6f9f1000:\n"
                       + log.read_text())
        self.assertIn("tboot", self.refused(root, "slot2", "--by", "table-override"))

    def test_without_root(self):
        root = self.sample("dl380p-gen8-user")
        self.assertEqual(kinds(self.plan(root, "slot2")), [("setting", "bios-rmrds")])
        self.assertIn("root can", self.refused(root, "03:00.0", code=3))

    def test_revision_at_its_end(self):
        root = self.own(WITHOUT_SLOTS)
        table = bytearray((root / DMAR).read_bytes())
        table[24:28] = b"\xff\xff\xff\xff"
        (root / DMAR).write_bytes(table)
        self.assertIn("revision", self.refused(root, "07:00.0"))

    def test_bad_wishes(self):
        root = self.sample("dl380p-gen8")
        self.assertIn("not a device name", self.refused(root, "nonsense", code=2))
        self.assertIn("slot9: no such slot; slots here: 1, 2, 3", self.refused(root, "slot9", code=2))
        self.assertIn("unknown remedy 'bios-rmrd', did you mean 'bios-rmrds'?",
                      self.refused(root, "slot2", "--by", "bios-rmrd", code=2))
        self.assertIn("unknown remedy 'x'; remedies here: bios-rmrds, table-override, another-slot",
                      self.refused(root, "slot2", "--by", "x", code=2))
        self.assertIn("bridges", self.refused(root, "00:01.0"))
        self.assertIn("does not help here", self.refused(root, "slot2", "--by", "bios-vmd"))
        for store in ("hp:/bin/sh", "hp:conrep", "hp:/opt/../conrep", "hp:/conrep/sh", "hp:", "hp:/",
                      "hp://conrep", "hp:/a b/conrep", "hp:/x/.conrep", "image:conrep", "efivars:/conrep",
                      "hp:C:\\conrep", "hp:C:conrep.exe", "hp:C:\\a\\..\\conrep.exe", "hp:C:\\\\conrep.exe", "hp:C:\\conrep.exe\\sh.exe",
                      "hp:C:\\a:conrep.exe", "hp:C:\\conrep.exe ", "hp:\\\\host\\conrep.exe", "hp:C:\\.exe", "hp:C:\\x\\conrep.exe\\"):
            self.assertIn("absolute path of HP's conrep",
                          self.refused(root, "slot2", "--store", store, code=2), store)

    def test_program(self):
        """HP's program by its path: recorded, and shown to who is asked."""
        for store in ("hp:/opt/my-own/hp-conrep", "hp:C:\\Program Files\\HP T\u00f6\u00f6ls\\conrep.exe", "hp:d:/hp-conrep.exe"):
            plan = self.plan(self.sample("dl380p-gen8"), "slot2", "--store", store)
            self.assertEqual(plan["steps"][0]["setting"]["store"], store)
            self.assertIn(f" by {store[3:]} (", plan["steps"][0]["text"])


class Others(Planning):
    """Other boards and other reasons."""

    def test_amd(self):
        root = self.own("amd-board-k612")
        plan = self.plan(root, "02:00.0")
        self.assertEqual(kinds(plan), [("instruction", "bios-preboot-dma")])
        self.assertEqual(ways(plan), ["table-override"])
        plan = self.plan(root, "02:00.0", "--by", "table-override")
        step = plan["steps"][0]["override"]
        self.assertEqual((step["table"], step["devices"]), ("IVRS", ["0000:02:00.0"]))
        self.assertEqual(step["expected_crc"], f"{zlib.crc32((root / IVRS).read_bytes()):#010x}")

    def test_arm(self):
        """The RMR that names the device is permitted to be remapped, and no other."""
        root = self.own("arm-server")
        plan = self.plan(root, "slot2")
        self.assertEqual(kinds(plan), [("override", "table-override")])
        step = plan["steps"][0]["override"]
        table = (root / "sys/firmware/acpi/tables/IORT").read_bytes()
        self.assertEqual((step["table"], step["expected_crc"]), ("IORT", f"{zlib.crc32(table):#010x}"))
        self.assertEqual(len(step["scopes"]), 1)
        self.assertEqual(table[step["scopes"][0]], 6)  # type of an RMR node
        self.assertEqual(self.plan(root, "slot1")["steps"], [])

    def test_amd_locked_down(self):
        root = self.sample(LOCKED.format("amd-board") + NEWER)
        self.assertEqual(kinds(self.plan(root, "02:00.0")), [("instruction", "bios-preboot-dma")])
        self.assertIn("locked-down host", self.refused(root, "02:00.0", "--by", "table-override"))

    def test_virtual_functions(self):
        root = self.sample("sriov-nic")
        plan = self.plan(root, "slot1")
        self.assertEqual(kinds(plan), [("override", "table-override"), ("vfs", "vfs-off")])
        self.assertEqual(plan["steps"][1]["vfs"]["address"], "0000:41:00.0")
        self.assertIn("loses them", plan["steps"][1]["side_effect"])
        # Its virtual functions go with it: they are not to be found afterwards.
        self.assertEqual(addresses(plan), ["41:00.0", "41:00.1"])
        plan = self.plan(root, "slot1", "--by", "use-vf")
        self.assertEqual(kinds(plan), [("instruction", "use-vf")])
        self.assertIn("41:10.0", plan["steps"][0]["text"])
        self.assertEqual(self.plan(root, "41:10.2")["steps"], [])

    def test_instructions(self):
        for name, wish, remedy in (("dl380p-gen8-vtd-off", "slot2", "bios-iommu"),
                                   ("vmd-qat", "10000:01:00.0", "bios-vmd")):
            root = self.sample(name)
            self.assertEqual(kinds(self.plan(root, wish)), [("instruction", remedy)])
            # Without --dry-run it has to say that it cannot.
            run = self.run_pcipass("free", wish, path=root)
            self.assertEqual(run.returncode, 2, run.stderr)

    def test_option(self):
        plan = self.plan(self.sample("no-intremap"), "slot3")
        self.assertEqual(kinds(plan), [("option", "allow-unsafe-interrupts")])
        self.assertEqual(plan["steps"][0]["option"],
                         {"module": "vfio_iommu_type1", "option": "allow_unsafe_interrupts"})
        self.assertIn("inject interrupts", plan["steps"][0]["side_effect"])
        self.assertTrue(plan["steps"][0]["needs_reboot"])

    def test_taken_off(self):
        root = self.own("dl380p-gen8-iommu-off")
        (root / "proc/cmdline").write_text("quiet intel_iommu=off\n")
        plan = self.plan(root, "slot1")
        self.assertEqual(kinds(plan)[:2], [("take-off", "kernel-argument"), ("argument", "kernel-argument")])
        self.assertEqual([step[step["kind"]]["argument"] for step in plan["steps"][:2]],
                         ["intel_iommu=off", "intel_iommu=on"])
        # What may stand there for another reason is left.
        (root / "proc/cmdline").write_text("quiet acpi=off\n")
        self.assertEqual(kinds(self.plan(root, "slot1"))[0], ("instruction", "kernel-argument"))

    def test_bridge(self):
        """Each bridge of the group that has such a driver; nothing waits for a reboot."""
        root = self.sample("conventional-pci")
        plan = self.plan(root, "02:00.0")
        self.assertEqual(kinds(plan), [("no-driver", "unbind-bridge")])
        step = plan["steps"][0]
        self.assertFalse(step["needs_reboot"])
        self.assertEqual(step["no-driver"]["expected_driver"], "shpchp")
        self.assertIn(f"unbind the bridge {step['no-driver']['address'][5:]} from shpchp", step["text"])
        t = self.host("6.12.0-1-amd64")
        for bus in (1, 2, 3):
            t.bridge(f"0000:00:0{bus}.0", bus, group=1, driver="pcieport" if bus == 3 else "shpchp")
        t.device("0000:01:00.0", 0x010700, group=1)
        t.device("0000:02:00.0", 0x020000, group=1)
        plan = self.plan(t.root, "01:00.0")
        self.assertEqual([s["no-driver"]["address"] for s in plan["steps"]],
                         ["0000:00:01.0", "0000:00:02.0"])
        self.assertEqual([bool(s["side_effect"]) for s in plan["steps"]], [True, False])

    def test_incurable(self):
        self.assertIn("no remedy is known", self.refused(self.sample("amd-board"), "00:00.2"))

    def held(self, *regions: bytes, product: str = "Z420") -> Path:
        """An HBA and its neighbour below one port, each in a group of its own."""
        t = self.host("6.12.0-1-amd64")
        t.bridge("0000:00:03.0", 7, group=1)
        t.device("0000:07:00.0", 0x010700, group=2)
        t.device("0000:07:00.1", 0x020000, group=3)
        t.dmar(drhd(), *regions)
        for group in (2, 3):
            t.regions(group, "0x00000000bdf83000 0x00000000bdf84fff direct")
        t.smbios(smbios_system("HP" if "ProLiant" in product else "Maker", product))
        return t.root

    def test_bridge_scope_covers_neighbours(self):
        region = rmrr(0xbdf83000, 0xbdf84fff, scope(BRIDGE, 0, "03.0"))
        plan = self.plan(self.held(region), "07:00.0")
        self.assertEqual(len(plan["steps"][0]["override"]["scopes"]), 1)
        self.assertIn("00:03.0", plan["steps"][0]["side_effect"])
        self.assertIn("07:00.1", plan["steps"][0]["side_effect"])

    def test_each_scope_that_covers(self):
        # By its own entry and by the bridge's: both go, or it stays held.
        region = rmrr(0xbdf83000, 0xbdf84fff, scope(ENDPOINT, 0, "03.0", "00.0"),
                      scope(BRIDGE, 0, "03.0"))
        plan = self.plan(self.held(region), "07:00.0")
        self.assertEqual(len(plan["steps"][0]["override"]["scopes"]), 2)

    def test_gen9_network_card(self):
        region = rmrr(0xbdf83000, 0xbdf84fff, scope(ENDPOINT, 0, "03.0", "00.1"))
        root = self.held(region, product="ProLiant DL380 Gen9")
        self.tree.regions(2, "0x00000000fee00000 0x00000000feefffff msi")
        plan = self.plan(root, "07:00.1")
        self.assertEqual(kinds(plan), [("instruction", "bios-shared-memory")])
        self.assertEqual(ways(plan), ["table-override"])

    def test_where_guests_have_memory(self):
        for start, words, not_words in (
                (0x10000, "all guests", "MiB"), (0x7f000000, "max-ram-below-4g=1G", "q35"),
                (0x20000000, "more than 512 MiB (0x20000000-0x20000fff), which no QEMU option", "max-ram"),
                (0xb8000000, "except with machine type q35", "all guests"),
                (0xf0000000, "no QEMU guest", "MiB"),
                (0x880000000, "above 4 GiB", "max-ram")):
            self.setUp()
            region = rmrr(start, start + 0xfff, scope(ENDPOINT, 0, "03.0", "00.0"))
            risk = self.plan(self.held(region), "07:00.0")["steps"][0]["side_effect"]
            self.assertIn(words, risk)
            self.assertNotIn(not_words, risk)

    def test_ranges_of_ids(self):
        t = self.host("6.12.0-1-amd64", iommu="ivhd0")
        t.bridge("0000:00:03.0", 7, group=1)
        for i in range(3):
            t.device(f"0000:07:00.{i}", 0x020000, group=2)
        t.regions(2, "0x0000000000000000 0x0000000000000fff direct")
        t.ivrs(ivmd(0, 0x1000, 0x0000, 0x0fff))
        step = self.plan(t.root, "07:00.1", "--by", "table-override")["steps"][0]["override"]
        self.assertEqual(step["devices"], [f"0000:07:00.{i}" for i in range(3)])

    def test_table_names_nobody(self):
        t = self.host("6.12.0-1-amd64")
        t.bridge("0000:00:03.0", 7, group=1)
        t.device("0000:07:00.0", 0x010700, group=2)
        t.regions(2, "0x00000000bdf83000 0x00000000bdf84fff direct")
        t.dmar(drhd())
        self.assertIn("does not name all", self.refused(t.root, "07:00.0"))

    def test_companion_need_not_work(self):
        # A neighbour that does not answer must be unbound, not given away.
        t = self.host("6.12.0-1-amd64")
        t.bridge("0000:00:03.0", 7, group=1)
        t.device("0000:07:00.0", 0x010700, group=2)
        t.device("0000:07:00.1", 0x020000, group=2, bytes_=bytearray(b"\xff" * 64))
        self.assertEqual(self.plan(t.root, "07:00.0")["steps"], [])
        self.assertEqual([s["remedy"] for s in self.plan(t.root, "07:00.1")["steps"]], ["power-cycle"])


class Files(Planning):
    """A plan as a file: kept, read again, refused."""

    def test_kept_and_read(self):
        root, path = self.sample("dl380p-gen8"), self.directory / "kept.json"
        made = self.run_pcipass("free", "slot2", "-o", path, path=root)
        self.assertEqual(made.returncode, 0, made.stderr)
        self.assertEqual(json.loads(path.read_text()), self.plan(root, "slot2"))
        again = self.run_pcipass("free", "slot2", "-o", path, path=root)
        self.assertEqual(again.returncode, 4)
        self.assertIn("--force", again.stderr)
        self.assertEqual(self.run_pcipass("free", "slot2", "-o", path, "--force",
                                          path=root).returncode, 0)
        self.assertEqual(self.load(path).stdout, made.stdout)

    def load(self, path: Path):
        """Shows the plan in a file."""
        return subprocess.run([PCIPASS, "free", "--plan", path, "--dry-run"], capture_output=True,
                              text=True, check=False)

    def test_width(self):
        for name, wish in (("dl380p-gen8-iommu-off", "all-slots"), ("sriov-nic", "slot1")):
            run = self.run_pcipass("free", wish, "--dry-run", path=self.sample(name))
            self.assertEqual([x for x in run.stdout.splitlines() if len(x) > 80], [])

    def test_text_is_made_anew(self):
        plan = self.plan(self.sample("dl380p-gen8"), "slot2")
        plan["steps"][0]["text"] = "nothing at all"
        run = self.load(self.file(plan))
        self.assertEqual(run.returncode, 0, run.stderr)
        self.assertIn("RMRDS_Slot2", run.stdout)
        self.assertNotIn("nothing at all", run.stdout)

    def test_refused(self):
        plan = self.plan(self.sample("dl380p-gen8"), "slot2", "--by", "table-override")
        setting = self.plan(self.sample("dl380p-gen8"), "slot2")

        def changed(base: dict, *path, to):
            made = json.loads(json.dumps(base))
            at = made
            for key in path[:-1]:
                at = at[key]
            if to is KeyError:
                del at[path[-1]]
            else:
                at[path[-1]] = to
            return made

        step, inner = ("steps", 0), ("steps", 0, "override")
        wrong = [
            changed(plan, "schema", to="pcipass.plan/2"), changed(plan, "more", to=1),
            changed(plan, "request", to=KeyError), changed(plan, "request", to="a\u001b[0m"),
            changed(plan, "devices", to=[]), changed(plan, "steps", to={}),
            changed(plan, "steps", to=plan["steps"] * 257),
            changed(plan, *step, "kind", to="run"), changed(plan, *step, "kind", to="bind"),
            changed(plan, *step, "needs_reboot", to=False), changed(plan, *step, "extra", to=0),
            changed(plan, *inner, "table", to="FACP"), changed(plan, *inner, "scopes", to=[]),
            changed(plan, *inner, "scopes", to=[90, 80]), changed(plan, *inner, "scopes", to=[-1]),
            changed(plan, *inner, "scopes", to=[1 << 30]),
            changed(plan, *inner, "expected_crc", to="0x1ffffffff"),
            changed(plan, *inner, "expected_crc", to=5),
            changed(plan, *inner, "expected_bytes", to=35),
            changed(plan, *inner, "expected_bytes", to=(1 << 20) + 1),
            changed(plan, *inner, "expected_bytes", to=1.5),
            changed(plan, *inner, "devices", to=["0000:07:00.0"]),
            changed(plan, "devices", 0, "address", to="07:00.0"),
            changed(plan, "devices", 0, "vendor", to="10000"),
            changed(plan, "devices", 0, "asked", to=1),
            changed(plan, "regions", 0, "start", to="0x10000000000000000"),
            changed(plan, "host", "kernel", to=5),
            changed(setting, *step, "setting", "schema", to="../evil.xml"),
            *(changed(setting, *step, "setting", "store", to=store)
              for store in ("hp:/bin/sh", "hp:conrep", "hp:/../conrep", "hp:", "image:/conrep", "",
                            "hp:/" + "x" * 200 + "/conrep", "hp:/conrep/", "hp:/x\u0001/conrep")),
            changed(setting, *step, "setting", "wanted", to=""),
        ]
        for document in wrong:
            run = self.load(self.file(document))
            self.assertEqual(run.returncode, 4, json.dumps(document)[:300])
            self.assertIn("plan: ", run.stderr)
            self.assertEqual(run.stdout, "")
        text = json.dumps(plan)
        for broken in (text[:-1], text + "x", text.replace('"request"', '"request": "a", "request"', 1), "",
                       "[]", " " * (4 << 20) + text):
            self.assertEqual(self.load(self.file(broken)).returncode, 4)
        argument = {"kind": "argument", "remedy": "x", "text": "", "side_effect": None, "undo": "",
                    "needs_reboot": True, "argument": {"argument": "init=/bin/sh"}}
        self.assertIn("not one that a plan may add",
                      self.load(self.file(changed(plan, "steps", to=[argument]))).stderr)

    def test_usage(self):
        root = self.sample("dl380p-gen8")
        for arguments in ((), ("slot2",), ("slot2", "--plan", "x"), ("--plan", "x", "--by", "y")):
            self.assertEqual(self.run_pcipass("free", *arguments, path=root).returncode, 2,
                             arguments)
        run = self.run_pcipass("free", "slot2", "-o", self.directory / "no/such/directory", path=root)
        self.assertEqual(run.returncode, 4)


if __name__ == "__main__":
    unittest.main()
