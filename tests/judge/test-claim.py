#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Who has a device already: guests that run or are configured, containers, the host. And that a capture
keeps what was found, and no name."""

import json
import os
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "host"))
from hosttree import Case  # noqa: E402

HBA, GPU, AUDIO, NIC, DISK = "0000:07:00.0", "0000:01:00.0", "0000:01:00.1", "0000:03:00.0", "0000:04:00.0"
RULES = {"in-running-guest", "guest-configured", "in-container", "host-network", "host-storage", "host-display",
         "guest-by-mapping", "resource-mapping"}

HOSTDEV = """  <devices>
    <hostdev mode='subsystem' type='pci' managed='yes'>
      <driver name='vfio'/>
      <source>
        <address domain='0x0000' bus='0x07' slot='0x00' function='0x0'/>
      </source>
      <address type='pci' domain='0x0000' bus='0x01' slot='0x00' function='0x0'/>
    </hostdev>
  </devices>
"""


def domain(devices: str, name: str = "secret") -> str:
    return ("<!--\nWARNING: <hostdev type='pci'> AUTO-GENERATED\n-->\n\n"
            f"<domain type='kvm' xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'>\n  <name>{name}</name>\n"
            f"{devices}  <qemu:commandline>\n    <qemu:arg value='-a > b'/>\n  </qemu:commandline>\n</domain>\n")


class Claims(Case):
    def setUp(self):
        super().setUp()
        t = self.host()
        t.bridge("0000:00:01.0", 1, group=1)
        t.bridge("0000:00:02.0", 3, group=2)
        t.bridge("0000:00:03.0", 4, group=3)
        t.bridge("0000:00:04.0", 7, group=4)
        t.device(GPU, 0x030000, group=11, driver="vfio-pci")
        t.device(AUDIO, 0x040300, group=11, driver="vfio-pci")
        t.device(NIC, 0x020000, group=12, driver="ixgbe")
        t.device(DISK, 0x010802, group=14, driver="nvme")
        t.device(HBA, 0x010700, group=13, driver="vfio-pci")

    def link(self, path: str, target: str) -> None:
        file = self.tree.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        os.symlink(target, file)

    def claims(self, *, private: tuple = ("secret",), names: bool = False, always: bool = False) -> dict:
        """Effect and text of what is said, by device and rule; a capture says the same, without names."""
        def said(devices: dict) -> dict:
            return {(a, f["rule"]): (f["effect"], f["text"]) for a, d in devices.items() for f in d["findings"]
                    if f["rule"] in RULES}
        found = said(self.survey())
        if not found and not always:
            return found
        archive = self.directory / "c.tar"
        archive.unlink(missing_ok=True)
        self.assertEqual(self.run_pcipass("capture", "-o", str(archive)).returncode, 0)
        kept = said(self.survey(path=archive))
        self.assertEqual({k: v[0] for k, v in kept.items()}, {k: v[0] for k, v in found.items()})
        if not names:
            self.assertEqual(kept, found)
        bytes_ = archive.read_bytes()
        for word in (*private, "etc/pve", "etc/libvirt", "proc/77", "sys/class/net", "var/lib/lxc", "lib/docker",
                     "etc/xen", "/secret/backup.yaml", "qemu.conf", "lxc.conf"):
            self.assertFalse(word.encode() in bytes_, word)
        return found

    def proxmox(self, number: int, *lines: str, node: str = "secret") -> None:
        self.tree.write(f"etc/pve/nodes/{node}/qemu-server/{number}.conf", "".join(x + "\n" for x in lines))
        for name, target in (("qemu-server", f"nodes/{node}/qemu-server"), ("local", f"nodes/{node}")):
            if not (self.tree.root / "etc/pve" / name).is_symlink():
                self.link(f"etc/pve/{name}", target)

    def process(self, pid: int, *files: str, cmdline: tuple = (), flags: str = "02100002") -> None:
        self.tree.write(f"proc/{pid}/cmdline", "".join(x + "\0" for x in cmdline))
        for fd, target in enumerate(files, 20):
            self.link(f"proc/{pid}/fd/{fd}", target)
            self.tree.write(f"proc/{pid}/fdinfo/{fd}", f"pos:\t0\nflags:\t{flags}\nmnt_id:\t25\n")


class Guests(Claims):
    def test_nobody(self):
        self.assertEqual(self.claims(always=True), {})

    def test_proxmox(self):
        for value in ("0000:07:00.0,pcie=1", "07:00.0", "host=07:00,pcie=1,rombar=0", "09:00;0000:07:00.0", "  07:00.0 "):
            self.setUp()
            self.proxmox(101, "name: secret", "onboot: 1", f"hostpci0: {value}", "memory: 2048")
            found = self.claims(names=True)
            self.assertEqual(found, {(HBA, "guest-configured"):
                                     ("informs", "VM 101 (secret) is configured to have it, and starts with the host")})

    def test_proxmox_every_function(self):
        self.proxmox(101, "hostpci0: 0000:01:00,x-vga=1")
        found = self.claims()
        self.assertEqual(set(found), {(GPU, "guest-configured"), (AUDIO, "guest-configured")})
        self.assertEqual(found[GPU, "guest-configured"], ("informs", "VM 101 is configured to have it"))

    def test_proxmox_not(self):
        for number, lines in ((101, ("[snap]", "hostpci0: 07:00.0")), (101, ("# hostpci0: 07:00.0",)),
                              (101, ("hostpci: 07:00.0",)), (101, ("hostpcix: 07:00.0",)), (101, ("hostpci0: 09:00.0",)),
                              (101, ("hostpci0: pcie=1",)), (101, ("hostpci0:",)), (101, ("hostpci0: mapping=gone",)),
                              (101, ("hostpci0: 07:00.0,mdev=nvidia-63",)),
                              (101, ("template: 1", "hostpci0: 07:00.0")), (101, ("hostpci0: " + "x" * 5000,)),
                              (101, ("hostpci0: 07:00.0.0",)), (0, ("hostpci0: 07:00.0",)), (101, ("\0\xff",))):
            self.setUp()
            self.proxmox(number, *lines)
            self.assertEqual(self.claims(), {}, lines)
        self.setUp()
        self.proxmox(101, "memory: 1")
        self.tree.write("etc/pve/nodes/secret/qemu-server/web.conf", "hostpci0: 07:00.0\n")
        self.tree.write("etc/pve/nodes/secret/qemu-server/1e2.conf", "hostpci0: 07:00.0\n")
        self.tree.write("etc/pve/nodes/other/qemu-server/102.conf", "hostpci0: 07:00.0\n")
        self.assertEqual(self.claims(), {})

    def mapping(self, *lines: str) -> None:
        """pci.cfg as Proxmox VE writes it: a name, and its properties behind a tab."""
        self.tree.write("etc/pve/mapping/pci.cfg", "".join(x + "\n" for x in lines))

    HBA_MAP = "map id=8086:10fb,iommugroup=13,node=secret,path=0000:07:00.0,subsystem-id=0000:0000"
    MAPPED = ("informs", "the resource mapping hba of the cluster names it")

    def test_proxmox_mapping(self):
        self.mapping("other", "\tmap id=1:2,node=secret,path=0000:03:00.0", "",
                     "hba", "\tdescription x", "\tmap id=1000:0087,iommugroup=9,node=hidden,path=0000:04:00.0",
                     "# a comment", "\t" + self.HBA_MAP.replace("07:00.0", "07:00.0;0000:01:00"), "",
                     # what other kinds of files have
                     "pci: hba", "\tmap node=secret,path=0000:03:00.0")
        self.proxmox(101, "hostpci0: mapping=hba,pcie=1")
        found = self.claims(private=("secret", "hidden"), names=True)
        self.assertEqual({a for a, r in found if r == "guest-configured"}, {HBA, GPU, AUDIO})
        self.assertEqual({a for a, r in found if r == "resource-mapping"}, {HBA, GPU, AUDIO, NIC})
        self.assertNotIn("etc/pve/mapping/pci.cfg: ", self.run_pcipass("explain", HBA).stdout)

    def test_proxmox_mapping_of_several(self):
        """Of several on this node the VM gets one that is free."""
        self.mapping("hba", f"\t{self.HBA_MAP}",
                     "\tmap id=8086:10fb,iommugroup=12,node=secret,path=0000:03:00.0,subsystem-id=0000:0000")
        self.proxmox(101, "hostpci0: mapping=hba", "onboot: 1")
        found = self.claims(names=True)
        text = "when VM 101 starts, it gets this device or another one of the same resource mapping"
        self.assertEqual(found, {(d, r): v for d in (HBA, NIC) for r, v in (
            ("guest-by-mapping", ("informs", text)), ("resource-mapping", self.MAPPED))})
        # with an address of its own besides
        self.proxmox(101, "hostpci0: mapping=hba", "hostpci1: 07:00.0")
        self.proxmox(102, "hostpci0: mapping=hba")
        found = self.claims(names=True)
        self.assertEqual(found[HBA, "guest-configured"], ("informs", "VM 101 is configured to have it"))
        self.assertEqual(found[NIC, "guest-by-mapping"], (
            "informs", "guests can get it through resource mappings of the cluster, such as VM 101 and VM 102"))
        # a template starts nothing
        for number in (101, 102):
            self.proxmox(number, "hostpci0: mapping=hba", "template: 1")
        self.assertEqual({r for _, r in self.claims(names=True)}, {"resource-mapping"})

    def test_proxmox_other_nodes(self):
        """A guest elsewhere has this node's device by a mapping alone, and only once it is here."""
        self.mapping("hba", f"\t{self.HBA_MAP}", "\tmap id=8086:10fb,node=hidden,path=0000:01:00.0")
        self.proxmox(101, "memory: 1")
        other = "etc/pve/nodes/hidden/qemu-server"
        self.tree.write(f"{other}/102.conf", "hostpci0: 0000:03:00.0\nhostpci1: mapping=hba\nonboot: 1\n")
        self.tree.write(f"{other}/103.conf", "hostpci0: mapping=gone\n")
        found = self.claims(private=("secret", "hidden"), names=True)
        self.assertEqual(found, {
            (HBA, "resource-mapping"): self.MAPPED,
            (HBA, "guest-by-mapping"): (
                "informs", "VM 102, on another node of the cluster, is configured to have it through a resource mapping: "
                           "it takes it if it is started on this node")})
        self.assertEqual(self.survey()[HBA]["verdict"], "care")
        # without the node's name the file tells nothing of this host
        (self.tree.root / "etc/pve/local").unlink()
        self.assertFalse({f["rule"] for f in self.survey()[HBA]["findings"]} & RULES)
        unread = json.loads(self.run_pcipass("--json").stdout)["host"]["unread"]
        self.assertIn("etc/pve/local", json.dumps(unread))

    def test_proxmox_mapping_that_does_not_fit(self):
        """Proxmox VE compares each property, letter by letter, and starts no guest if one differs."""
        for line, words in (
                ("map id=1000:0087,iommugroup=13,node=secret,path=0000:07:00.0,subsystem-id=0000:0000", "with another id"),
                ("map id=8086:10FB,iommugroup=13,node=secret,path=0000:07:00.0,subsystem-id=0000:0000", "with another id"),
                ("map iommugroup=13,node=secret,path=0000:07:00.0,subsystem-id=0000:0000", "without its id"),
                ("map id=8086:10fb,iommugroup=13,node=secret,path=0000:07:00.0", "without its subsystem-id"),
                ("map id=8086:10fb,iommugroup=13,node=secret,path=0000:07:00,subsystem-id=0000:0001",
                 "with another subsystem-id"),
                ("map id=8086:10fb,node=secret,path=0000:07:00.0,subsystem-id=0000:0000", "without its iommugroup"),
                ("map id=8086:10fb,iommugroup=131,node=secret,path=0000:07:00.0,subsystem-id=0000:0000",
                 "with another iommugroup"),
                ("map id=0x8086:10fb,iommugroup=13,node=secret,path=0000:07:00.0,subsystem-id=0000:0000", "")):
            self.setUp()
            self.mapping("hba", f"\t{line}")
            self.proxmox(101, "memory: 1")
            problem = f", but {words}: Proxmox VE starts no guest with it until that is corrected" if words else ""
            self.assertEqual(self.claims(names=True), {
                (HBA, "resource-mapping"): ("informs", self.MAPPED[1] + problem)}, line)
            if words:
                shown = self.run_pcipass("emit", "proxmox", HBA).stdout.replace("\n# ", " ")
                self.assertIn(f"Correct it first: its {words.split()[-1]} is not that of this device", shown)

    def emitted(self, *devices: str, path=None) -> str:
        """The words of emit proxmox, comments and all, on one line."""
        run = self.run_pcipass("emit", "proxmox", *devices, path=path)
        self.assertEqual(run.stderr, "")
        return " ".join(run.stdout.replace("\n# ", " ").split())

    NIC_MAP = "map id=8086:10fb,iommugroup=12,node=secret,path=0000:03:00.0,subsystem-id=0000:0000"

    def test_emit_offers_the_mapping_of_the_device_alone(self):
        """One that has other devices might give the guest any of these: it is not offered."""
        several = "has several devices on this node. If it is given in place of hostpci0, the guest gets any one of them"
        self.mapping("any", f"\t{self.HBA_MAP}", f"\t{self.NIC_MAP}", "", "lan", f"\t{self.HBA_MAP}")
        self.proxmox(101, "memory: 1")
        said = self.emitted(HBA)
        self.assertIn("mapping lan of the cluster names this device already", said)
        self.assertIn("mapping=lan,", said)
        self.assertNotIn("any", said)
        # the other device has only the wide one
        said = self.emitted(NIC)
        self.assertIn(f"The resource mapping any of the cluster {several}", said)
        self.assertNotIn("mapping=any", said)
        self.assertIn("pvesh create /cluster/mapping/pci", said)
        archive = self.directory / "c.tar"
        self.assertEqual(self.run_pcipass("capture", "-o", str(archive)).returncode, 0)
        self.assertIn(f"A resource mapping of the cluster {several}", self.emitted(NIC, path=archive))
        self.assertIn("pvesh get /cluster/mapping/pci shows which", self.emitted(HBA, path=archive))

    def test_emit_offers_the_mapping_that_fits(self):
        self.mapping("a", f"\t{self.HBA_MAP}".replace("iommugroup=13", "iommugroup=9"), "", "b", f"\t{self.HBA_MAP}")
        self.proxmox(101, "memory: 1")
        said = self.emitted(HBA)
        self.assertIn("mapping=b,", said)
        self.assertNotIn("Correct it", said)

    def test_emit_offers_the_mapping_of_all_functions(self):
        """One function of two is not the card, nor is the card one function of it."""
        second = NIC[:-1] + "1"
        self.tree.device(second, 0x020000, group=15, driver="ixgbe")
        self.mapping("all", "\t" + self.NIC_MAP.replace("03:00.0", "03:00"), "", "one", f"\t{self.NIC_MAP}")
        self.proxmox(101, "memory: 1")
        self.assertIn("mapping=all,", self.emitted(NIC, second))
        self.assertIn("mapping=one,", self.emitted(NIC))
        said = self.emitted(second)
        self.assertNotIn("mapping=", said.replace("mapping=${MAPPING", ""))
        self.assertIn("The resource mapping all of the cluster has other devices as well as this one. If it is given in "
                      "place of hostpci0, the guest gets those as well.", said)

    def test_proxmox_mapping_that_does_not_fit_another(self):
        """The node checks every device that it has for the mapping."""
        self.mapping("any", f"\t{self.HBA_MAP}", "\t" + self.NIC_MAP.replace("iommugroup=12,", ""))
        self.proxmox(101, "memory: 1")
        found = self.claims(names=True)
        self.assertEqual(found[HBA, "resource-mapping"][1],
                         "the resource mapping any of the cluster names it, but 03:00.0 without its iommugroup: Proxmox VE "
                         "starts no guest with it until that is corrected")
        self.assertIn("but without its iommugroup", found[NIC, "resource-mapping"][1])

    def test_proxmox_mapping_of_a_device_that_is_gone(self):
        """The devices of the next mapping are not taken for those of the last one."""
        self.mapping("a", f"\t{self.HBA_MAP}", f"\t{self.HBA_MAP}", "", "b",
                     "\t" + self.HBA_MAP.replace("07:00.0", "09:00.0"), f"\t{self.HBA_MAP}")
        self.proxmox(101, "memory: 1")
        texts = [f["text"] for f in self.survey()[HBA]["findings"] if f["rule"] == "resource-mapping"]
        self.assertEqual(texts, [f"the resource mapping {n} of the cluster names it" for n in "ab"])

    def test_proxmox_mapping_of_nonsense(self):
        for text in ("", "\t", "hba", "hba\n\tmap", "hba\n\tmap ,,,=\n", "hba\n\tmap node=secret,path=;;;\n",
                     "\tmap node=secret,path=07:00.0\n", "h ba\n\tmap node=secret,path=07:00.0\n",
                     "hba\n\tmap node=secret,path=" + "07:00.0" * 9 + "\n", "\0\xff\n" * 99,
                     "hba\n\n\tmap node=secret,path=07:00.0\n"):
            self.setUp()
            self.tree.write("etc/pve/mapping/pci.cfg", text)
            self.proxmox(101, "hostpci0: mapping=hba")
            self.assertEqual(self.claims(), {}, text)

    def test_two(self):
        self.proxmox(101, "hostpci0: 07:00.0")
        self.proxmox(102, "hostpci3: 07:00.0")
        found = self.claims()
        self.assertEqual(found[HBA, "guest-configured"], (
            "degrades", "2 guests are configured to have it, such as VM 101 and VM 102: only one of them can run at a time"))
        self.assertEqual(self.survey()[HBA]["verdict"], "care")
        self.proxmox(101, "hostpci0: 07:00.0", "onboot: 1")
        self.proxmox(102, "hostpci0: 07:00.0", "onboot: 1")
        self.proxmox(103, "hostpci0: 07:00.0")
        self.assertIn("2 guests that start with the host are configured to have it, such as VM 101 and VM 102: "
                      "only one of them can start", self.claims()[HBA, "guest-configured"][1])

    def test_capture_of_capture(self):
        self.proxmox(101, "hostpci0: 07:00.0", "name: secret")
        found, archive, again = self.claims(names=True), self.directory / "c.tar", self.directory / "again.tar"
        self.assertEqual(len(found), 1)
        self.assertEqual(self.run_pcipass("capture", "-o", str(again), path=archive).returncode, 0)
        self.assertEqual(self.survey(path=again), self.survey(path=archive))
        private = self.directory / "private.tar"
        self.assertEqual(self.run_pcipass("capture", "--keep-private", "-o", str(private)).returncode, 0)
        self.assertEqual(self.survey(path=private), self.survey())

    def test_twice_in_one_guest(self):
        self.proxmox(101, "hostpci0: 07:00.0", "hostpci1: 07:00")
        self.assertEqual(self.claims()[HBA, "guest-configured"][0], "informs")

    def test_libvirt(self):
        self.tree.write("etc/libvirt/qemu/secret.xml", domain(HOSTDEV))
        self.link("etc/libvirt/qemu/autostart/secret.xml", "/etc/libvirt/qemu/secret.xml")
        found = self.claims(names=True)
        self.assertEqual(found, {(HBA, "guest-configured"): (
            "informs", "the libvirt guest secret is configured to have it, and starts with the host")})
        self.tree.write("etc/libvirt/qemu/networks/default.xml", domain(HOSTDEV))
        (self.tree.root / "etc/libvirt/qemu/autostart/secret.xml").unlink()
        self.assertEqual(self.claims(names=True)[HBA, "guest-configured"][1],
                         "the libvirt guest secret is configured to have it")
        archive = self.directory / "c.tar"
        text = [f["text"] for f in self.survey(path=archive)[HBA]["findings"] if f["rule"] == "guest-configured"]
        self.assertEqual(text, ["a libvirt guest is configured to have it"])

    def test_libvirt_forms(self):
        address = '<address type="pci" domain="0" bus="7" slot="0" function="0"/>'
        for devices in (f"<interface type='hostdev'><source>{address}</source></interface>",
                        f"<disk type='nvme' device='disk'><source type='pci' managed='yes'>{address}</source></disk>",
                        f"<hostdev mode='subsystem' type='pci'>\n<!-- <x> --><source\n>{address}</source ></hostdev>",
                        f"<hostdev type='pci'><source><address bus='0x07' slot='0' function='0x0'/></source></hostdev>"):
            self.setUp()
            self.tree.write("etc/libvirt/qemu/web.xml", domain(devices, name="web"))
            self.assertEqual(set(self.claims(private=(), names=True)), {(HBA, "guest-configured")}, devices)
        for devices in (f"<hostdev type='usb'><source>{address}</source></hostdev>",
                        f"<hostdev type='pci'>{address}</hostdev>", f"<source>{address}</source>",
                        f"<hostdev type='pci'></hostdev><source>{address}</source>",
                        f"<!-- <hostdev type='pci'><source>{address}</source></hostdev> -->",
                        "<hostdev type='pci'><source><address bus='300' slot='0' function='0'/></source></hostdev>",
                        "<hostdev type='pci'><source><address bus='7' function='0'/></source></hostdev>",
                        "<hostdev type='pci'><source><address bus=7 slot=0 function=0/></source></hostdev>",
                        "<hostdev type='pci", "<", "<>", "</></></>" * 50, "<!--", "<a b='", "\0<hostdev"):
            self.setUp()
            self.tree.write("etc/libvirt/qemu/web.xml", domain(devices, name="web"))
            self.assertEqual(self.claims(private=()), {}, devices)

    def test_libvirt_and_proxmox(self):
        self.tree.write("etc/libvirt/qemu/secret.xml", domain(HOSTDEV))
        self.proxmox(101, "hostpci0: 07:00.0")
        found = self.claims(names=True)
        self.assertIn("such as VM 101 and the libvirt guest secret", found[HBA, "guest-configured"][1])

    def test_unread(self):
        self.proxmox(101, "hostpci0: 07:00.0")
        (self.tree.root / "etc/pve/nodes/secret/qemu-server/101.conf").unlink()
        (self.tree.root / "etc/pve/nodes/secret/qemu-server/101.conf").mkdir()
        self.assertEqual(self.claims(), {})
        self.assertIn("etc/pve/qemu-server/*.conf", {u["path"].lstrip("/") for u in self.document["host"]["unread"]})

    def test_emit(self):
        self.proxmox(101, "hostpci0: 07:00.0")
        text = self.run_pcipass("emit", "proxmox", HBA).stdout.replace("\n# ", " ")
        self.assertIn("VM 101 is configured to have it: this guest can only run while that one does not", text)
        self.assertNotIn("VM 101 is configured", self.run_pcipass("emit", "proxmox", "--vm", "101", HBA).stdout)
        self.assertIn("VM 101 is configured", self.run_pcipass("emit", "qemu", HBA).stdout)
        self.proxmox(102, "hostpci0: 07:00.0")
        text = self.run_pcipass("emit", "proxmox", "--vm", "101", HBA).stdout.replace("\n#   ", " ").replace("\n# ", " ")
        self.assertIn("VM 101 and VM 102: only one of them can run at a time", text)


class Running(Claims):
    def test_group(self):
        self.process(77, "/dev/null", "/dev/vfio/vfio", "/dev/vfio/13",
                     cmdline=("/usr/bin/kvm", "-id", "101", "-name", "secret,debug-threads=on"))
        found = self.claims(names=True)
        self.assertEqual(found, {(HBA, "in-running-guest"): (
            "degrades", "VM 101 (secret) is running and has it: no other guest can have it until VM 101 (secret) is shut down")})
        self.assertEqual(self.survey()[HBA]["verdict"], "care")
        text = self.run_pcipass("emit", "qemu", HBA).stdout.replace("\n#", "")
        self.assertIn("VM 101 (secret) is running and has it", " ".join(text.split()))

    def test_names(self):
        for cmdline, who in ((("qemu", "-name", "guest=secret,debug-threads=on"), "the guest secret is running and has"),
                             (("qemu", "-name"), "a running guest has"), ((), "a running guest has"), (("x" * 9000,), "a running guest has"),
                             (("qemu", "-id", "x", "-name", ",,"), "a running guest has"), (("qemu", "-id", "9" * 30), "a running guest has")):
            self.setUp()
            self.process(77, "/dev/vfio/13", cmdline=cmdline)
            self.assertIn(f"{who} it", self.claims(names=True)[HBA, "in-running-guest"][1])

    def test_shared_group(self):
        self.process(77, "/dev/vfio/11")
        found = self.claims()
        self.assertEqual(set(found), {(GPU, "in-running-guest"), (AUDIO, "in-running-guest")})
        self.assertIn("guest has its group", found[GPU, "in-running-guest"][1])

    def test_device_file(self):
        (self.tree.root / f"sys/bus/pci/devices/{AUDIO}/vfio-dev/vfio3").mkdir(parents=True)
        self.process(77, "/dev/vfio/devices/vfio3")
        found = self.claims()
        self.assertIn("running guest has it:", found[AUDIO, "in-running-guest"][1])
        self.assertIn("running guest has its group:", found[GPU, "in-running-guest"][1])

    def test_not(self):
        for file in ("/dev/vfio/vfio", "/dev/vfio/99", "/dev/vfio/", "/dev/vfio/x", "/dev/vfio/devices/vfio9", "/dev/vfio",
                     "/dev/vfio/devices/../13", "anon_inode:[vfio-device]", "/home/x/vfio/13", "/x" * 300, "/dev/vfio/99999999999999999999"):
            self.setUp()
            self.process(77, file)
            self.assertEqual(self.claims(), {}, file)
        self.setUp()
        self.process(77, "/dev/vfio/13", flags="012100000")  # udev's O_PATH
        self.assertEqual(self.claims(), {})
        self.setUp()
        self.process(77, "/dev/vfio/13")
        self.link("proc/self", "77")
        os.rename(self.tree.root / "proc/77", self.tree.root / "proc/abc")
        self.assertEqual(self.claims(), {})


class Display(Claims):
    """A card with its host driver, whose files a container may be given."""

    def setUp(self):
        super().setUp()
        self.tree.remove(f"sys/bus/pci/devices/{GPU}/driver")
        self.link(f"sys/bus/pci/devices/{GPU}/driver", "../../../bus/pci/drivers/amdgpu")
        for name in ("card0", "renderD128"):
            self.link(f"sys/class/drm/{name}", f"../../devices/pci0000:00/0000:00:01.0/{GPU}/drm/{name}")
        self.link("sys/dev/char/226:128", f"../../devices/pci0000:00/0000:00:01.0/{GPU}/drm/renderD128")

    def container(self, words: str, **more) -> None:
        found = self.claims(**more)
        self.assertEqual(set(found), {(GPU, "in-container")})
        self.assertEqual(found[GPU, "in-container"][0], "degrades")
        self.assertIn(words, found[GPU, "in-container"][1])


class Containers(Display):
    def test_proxmox(self):
        for line in ("dev0: /dev/dri/renderD128,gid=104", "dev1: path=/dev/dri/card0", "dev0: /dev/kfd,mode=0660",
                     "lxc.mount.entry: /dev/dri dev/dri none bind,optional,create=dir",
                     f"dev0: /dev/dri/by-path/pci-{GPU}-render"):
            self.setUp()
            self.tree.write("etc/pve/lxc/105.conf", f"arch: amd64\nhostname: secret\n{line}\n")
            self.container("container 105 uses it through its host driver")
        for line in ("dev0: /dev/null", "dev0: /dev/dri/card7", "dev0: /dev/../dri/card0", "devx: /dev/dri/card0",
                     "dev0: /dev/dri/", "dev0:", "[snap]\ndev0: /dev/dri/card0", "#dev0: /dev/dri/card0",
                     "dev0: /dev/" + "x" * 300):
            self.setUp()
            self.tree.write("etc/pve/lxc/105.conf", f"arch: amd64\n{line}\n")
            if line != "dev0: /dev/dri/":
                self.assertEqual(self.claims(), {}, line)

    def test_plain(self):
        self.tree.write("var/lib/lxc/secret/config", "lxc.start.auto = 1\nlxc.mount.entry = /dev/dri/card0 dev/dri/card0 none "
                        "bind 0 0\n")
        self.container("the LXC container secret", names=True)
        self.setUp()
        odd = "x\nproxmox 9 9 - - " + HBA
        self.tree.write(f"var/lib/lxc/{odd}/config", "lxc.mount.entry = /dev/dri/card0 dev/dri/card0 none bind 0 0\n")
        self.assertEqual(set(self.claims(names=True)), {(GPU, "in-container")})
        self.setUp()
        self.tree.write("var/lib/lxc/105/config", "lxc.mount.entry = /dev/dri/card0 dev/dri/card0 none bind 0 0\n")
        self.assertEqual(self.claims(), {})

    def test_docker(self):
        self.tree.write("var/lib/docker/containers/abcdef/hostconfig.json",
                        '{"Devices":[{"PathOnHost":"/dev/dri","PathInContainer":"/dev/dri"}],"RestartPolicy":{"Name":"always"}}')
        self.container("a Docker container uses it")
        for text in ('{"Devices":[]}', "{", "[]", "", '{"Devices":{"PathOnHost":1}}', '{"Devices":[7,{"PathOnHost":null}]}',
                     '{"Devices":null,"DeviceRequests":[{"Count":1}]}', "\0", '{"Devices":[{"PathOnHost":"/dev/dri/card9"}]}'):
            self.setUp()
            self.tree.write("var/lib/docker/containers/abcdef/hostconfig.json", text)
            self.assertEqual(self.claims(), {}, text)

    def test_docker_nvidia(self):
        self.tree.remove(f"sys/bus/pci/devices/{GPU}/driver")
        self.link(f"sys/bus/pci/devices/{GPU}/driver", "../../../bus/pci/drivers/nvidia")
        self.tree.write("var/lib/docker/containers/a/hostconfig.json", '{"DeviceRequests":[{"Driver":"","Count":-1}]}')
        self.container("a Docker container")
        self.tree.write("var/lib/docker/containers/a/hostconfig.json", '{"Devices":[{"PathOnHost":"/dev/nvidia0"}]}')
        self.assertEqual(self.claims(), {})
        self.tree.write(f"proc/driver/nvidia/gpus/{GPU}/information", "Model: \t\t X\nDevice Minor: \t 0\n")
        self.container("a Docker container")

    def nvidia(self, *, more: bool = True) -> None:
        """Two cards of NVIDIA's: the second has the lower minor number."""
        self.setUp()
        self.tree.remove(f"sys/bus/pci/devices/{GPU}/driver")
        self.tree.bridge("0000:00:05.0", 8, group=5)
        self.tree.device("0000:08:00.0", 0x030200, group=15, driver="nvidia")
        for gpu, minor, uuid in ((GPU, 1, "aaaa-1"), ("0000:08:00.0", 0, "bbbb-2")):
            if gpu == GPU:
                self.link(f"sys/bus/pci/devices/{gpu}/driver", "../../../bus/pci/drivers/nvidia")
            if more:
                self.tree.write(f"proc/driver/nvidia/gpus/{gpu}/information",
                                f"Model: \t\t X\nGPU UUID: \t GPU-{uuid}\nDevice Minor: \t {minor}\n")

    def test_docker_some_gpus(self):
        second = "0000:08:00.0"
        for request, wanted in (('{"Count":0,"DeviceIDs":["0"]}', {GPU}), ('{"DeviceIDs":["1"]}', {second}),
                                ('{"Count":1}', {GPU}), ('{"Count":2}', {GPU, second}), ('{"Count":900}', {GPU, second}),
                                ('{"DeviceIDs":["GPU-bbbb"]}', {second}), ('{"DeviceIDs":["GPU-aaaa-1","1"]}', {GPU, second}),
                                ('{"DeviceIDs":["0:1"]}', {GPU}), ('{"Driver":"cdi","DeviceIDs":["nvidia.com/gpu=1"]}', {second}),
                                ('{"DeviceIDs":["nvidia.com/gpu=all"]}', {GPU, second}), ('{"DeviceIDs":["all"]}', {GPU, second}),
                                ('{"DeviceIDs":["2"]}', set()), ('{"DeviceIDs":["GPU-"]}', set()), ('{"DeviceIDs":[0,null]}', set()),
                                ('{"DeviceIDs":["amd.com/gpu=0"]}', set()), ('{"DeviceIDs":["MIG-x"]}', set()),
                                ('{"DeviceIDs":["-1"]}', set()), ('{"DeviceIDs":"0"}', set()), ('{"Count":"2"}', set()), ('7', set())):
            self.nvidia()
            self.tree.write("var/lib/docker/containers/a/hostconfig.json", f'{{"DeviceRequests":[{request}]}}')
            self.assertEqual({a for a, _ in self.claims()}, wanted, request)
        self.nvidia(more=False)
        self.tree.write("var/lib/docker/containers/a/hostconfig.json", '{"DeviceRequests":[{"DeviceIDs":["GPU-aaaa"]}]}')
        self.assertEqual(self.claims(), {})

    def test_docker_runtime(self):
        for runtime, environment, wanted in (("nvidia", '["A=1","NVIDIA_VISIBLE_DEVICES=1,"]', {"0000:08:00.0"}),
                                             ("nvidia", '["NVIDIA_VISIBLE_DEVICES=all"]', {GPU, "0000:08:00.0"}),
                                             ("nvidia", '["NVIDIA_VISIBLE_DEVICES=none"]', set()), ("nvidia", "7", set()),
                                             ("nvidia", '["NVIDIA_VISIBLE_DEVICES=' + "9" * 99 + '"]', set()),
                                             ("runc", '["NVIDIA_VISIBLE_DEVICES=all"]', set())):
            self.nvidia()
            self.tree.write("var/lib/docker/containers/a/hostconfig.json", f'{{"Runtime":"{runtime}"}}')
            self.tree.write("var/lib/docker/containers/a/config.v2.json",
                            f'{{"Name":"/secret","Config":{{"Env":{environment}}}}}')
            self.assertEqual({a for a, _ in self.claims()}, wanted, environment)
        (self.tree.root / "var/lib/docker/containers/a/config.v2.json").unlink()
        self.tree.write("var/lib/docker/containers/a/hostconfig.json", '{"Runtime":"nvidia"}')
        self.assertEqual(self.claims(), {})

    def test_podman(self):
        self.tree.write("var/lib/containers/storage/overlay-containers/abc/userdata/config.json",
                        '{"linux":{"devices":[{"path":"/dev/x","type":"c","major":226,"minor":128}]}}')
        self.container("a Podman container")

    def test_program(self):
        self.process(77, "/dev/dri/card0", "/dev/dri/renderD128")
        found = self.claims()
        self.assertEqual(set(found), {(GPU, "host-display")})
        self.assertIn("a program of the host has it open", found[GPU, "host-display"][1])


def instance(*devices: str, kind: str = "container", key: str = "container", step: int = 2, **config) -> str:
    """backup.yaml as LXD and Incus write it; a device is "KEY=VALUE KEY=VALUE"."""
    pad = " " * step
    lines = [f"{key}:", f"{pad}architecture: x86_64", f"{pad}config:", f"{pad * 2}user.user-data: |-",
             f"{pad * 3}#cloud-config", f"{pad * 3}name: no", f"{pad}devices:", f"{pad * 2}x:", f"{pad * 3}type: gpu",
             f"{pad}expanded_config:", f"{pad * 2}raw.lxc: |-", f"{pad * 3}boot.autostart: \"true\"",
             *(f"{pad * 2}{k.replace('_', '.')}: {v}" for k, v in config.items()), f"{pad}expanded_devices:"]
    for n, device in enumerate(devices):
        lines += [f"{pad * 2}d{n}:", *(f"{pad * 3}{x.replace('=', ': ', 1)}" for x in device.split())]
    lines += [f"{pad}name: secret", f"{pad}status: Running", f"{pad}type: {kind}", "snapshots:",
              "- expanded_devices:", "    g:", "      type: gpu", "  name: s", "pool:", "  config:", "    source: /dev/sda", ""]
    return "\n".join(lines)


class Instances(Display):
    """Of LXD and Incus."""

    ADDRESS = f'"{HBA}"'

    def test_container(self):
        for place, key, step, who in (("var/lib/incus", "instance", 4, "the Incus container secret"),
                                      ("var/lib/lxd", "container", 2, "the LXD container secret"),
                                      ("var/snap/lxd/common/lxd", "container", 2, "the LXD container secret")):
            for device in (f'type=gpu pci="{GPU}"', "gputype=physical pci='01:00.0' type=gpu", "type=gpu", "type=gpu id=\"0\"",
                           "type=gpu vendorid=8086 productid=10fb", "path=/dev/dri/card0 type=unix-char",
                           "source=/dev/dri/renderD128 path=/dev/x type=unix-char"):
                self.setUp()
                self.tree.write(f"{place}/containers/secret/backup.yaml", instance(device, key=key, step=step))
                self.container(f"{who} uses it through its host driver", names=True)

    def test_vm(self):
        for device, wanted in ((f"type=pci address={self.ADDRESS}", HBA), (f'type=gpu pci="{GPU}"', GPU)):
            self.setUp()
            self.tree.write("var/lib/incus/virtual-machines/p_secret/backup.yaml",
                            instance("type=disk path=/ pool=default", device, kind="virtual-machine", boot_autostart='"true"'))
            self.assertEqual(self.claims(names=True), {(wanted, "guest-configured"): (
                "informs", "the Incus VM secret is configured to have it, and starts with the host")})
        archive = self.directory / "c.tar"
        self.assertIn("an Incus VM is configured to have it", str(self.survey(path=archive)))
        text = self.run_pcipass("emit", "qemu", HBA if wanted == HBA else GPU).stdout
        self.assertIn("the Incus VM secret is configured to have it", " ".join(text.replace("\n#", "").split()))

    def test_network_and_disk(self):
        self.link("sys/class/net/enp3s0", f"../../devices/pci0000:00/0000:00:02.0/{NIC}/net/enp3s0")
        self.tree.write(f"sys/devices/pci0000:00/0000:00:02.0/{NIC}/net/enp3s0/flags", "0x1002\n")
        self.link("sys/class/block/nvme0n1", f"../../devices/pci0000:00/0000:00:03.0/{DISK}/nvme/nvme0/nvme0n1")
        self.tree.write("var/lib/lxd/containers/a/backup.yaml", instance(
            "type=nic nictype=physical parent=enp3s0", "type=disk source=/dev/nvme0n1 path=/mnt"))
        self.assertEqual(set(self.claims(private=("secret",), names=True)), {(NIC, "in-container"), (DISK, "in-container")})

    def test_not(self):
        for text in (instance("type=nic nictype=bridged parent=br0"), instance("type=nic nictype=physical parent=../x"),
                     instance("type=pci"), instance("type=disk source=/srv path=/srv"), instance("type=gpu id=7"),
                     instance("type=gpu vendorid=10de"), instance("type=gpu pci=09:00.0"), instance("type=unix-char path=/etc"),
                     instance(f"type=gpu gputype=mdev pci={GPU}"), instance(f"type=gpu gputype=sriov pci={GPU}"),
                     instance("type=gpu", key="volume"), "", "\0", ":\n:::\n  :\n", "container:\n", "- a\n", "container: {}\n",
                     "container:\n  expanded_devices: {g: {type: gpu}}\n", "x" * 100000, "container:\n\texpanded_devices:\n",
                     "container:\n  expanded_devices:\n    a:\n      type: " + "gpu" * 100 + "\n"):
            self.setUp()
            self.tree.write("var/lib/incus/containers/a/backup.yaml", text)
            self.assertEqual(self.claims(private=()), {}, text)
        self.setUp()
        self.assertEqual(self.claims(), {})

    def unread(self, place: str, why: str, *commands: str) -> None:
        """That it is not known is said of each device; and by the capture, without a name."""
        self.assertEqual(self.claims(always=True, private=("secret", "known")), {})
        for path in None, self.directory / "c.tar":
            devices = self.survey(path=path)
            self.assertEqual(devices[HBA]["verdict"], "care")
            f = self.found(devices[HBA], "instances-unread")
            self.assertEqual((f["effect"], f["evidence"]), ("informs", [f"/{place}/*/backup.yaml: {why}", *commands]))
            self.assertIn(f"{place}/*/backup.yaml", {u["path"].lstrip("/") for u in self.document["host"]["unread"]})
        self.assertIn(commands[0], " ".join(self.run_pcipass("explain", HBA).stdout.split()))

    def test_not_read(self):
        """Its storage is not mounted, or only for the daemon; it cannot be read."""
        lxc, incus = (f"to see one: {p} config show NAME --expanded" for p in ("lxc", "incus"))
        for place, command in (("var/lib/incus/containers", incus), ("var/lib/lxd/virtual-machines", lxc),
                               ("var/snap/lxd/common/lxd/containers", lxc)):
            self.setUp()
            secret = self.tree.root / place / "secret"
            self.tree.write(f"{place}/known/backup.yaml", instance("type=gpu id=7"))
            secret.mkdir()
            self.unread(place, "absent", command)
            (secret / "backup.yaml").mkdir()
            self.unread(place, "not read", command)
            (secret / "backup.yaml").rmdir()
            secret.rmdir()
            secret.symlink_to("/nowhere/secret")
            self.unread(place, "not read", command)
            secret.unlink()
            self.tree.write(f"{place}/secret/backup.yaml", instance("type=gpu id=7"))
            self.assert_not_found(self.survey()[HBA], "instances-unread")

    QEMU = ('# Machine\n[machine]\ngraphics = "off"\nhost = "0000:01:00.0"\n\n# PCI card ("x" device)\n[device "dev-lxd_x"]\n'
            'driver = "vfio-pci"\nbus = "qemu_pcie8"\naddr = "00.0"\nhost = "{}"\nbootindex = "9"\n')

    def started(self, place: str, logs: str, file: str, text: str) -> dict:
        self.setUp()
        self.link(f"{place}/secret", "/nowhere")
        self.tree.write(f"{logs}/secret/{file}", text)
        return self.claims(names=True)

    def test_last_start_of_a_vm(self):
        for place, logs, who in (("var/lib/incus", "run/incus", "Incus"), ("var/lib/incus", "var/log/incus", "Incus"),
                                 ("var/lib/lxd", "var/log/lxd", "LXD"),
                                 ("var/snap/lxd/common/lxd", "var/snap/lxd/common/lxd/logs", "LXD")):
            found = self.started(f"{place}/virtual-machines", logs, "qemu.conf", self.QEMU.format(HBA))
            self.assertEqual(found, {(HBA, "guest-configured"): (
                "informs", f"the {who} VM secret is configured to have it")})
        for text in ("", "\0", self.QEMU.format("09:00.0"), self.QEMU.format("7" * 300), self.QEMU.format(""),
                     f'[device "a"]\nhost = {HBA}\nhost = "\nhost =\nhost\n= "{HBA}"\nhost = "{HBA}\n',
                     f'[device "a"]\nsysfsdev = "/sys/bus/mdev/devices/x"\nhosts = "{HBA}"\n', "host = \"" + HBA + '"\n'):
            self.assertEqual(self.started("var/lib/lxd/virtual-machines", "var/log/lxd", "qemu.conf", text), {}, text)
        self.assertEqual(self.started("var/lib/lxd/containers", "var/log/lxd", "qemu.conf", self.QEMU.format(HBA)), {})

    def test_last_start_of_a_container(self):
        devices = "/var/snap/lxd/common/lxd/devices/secret"
        gpu = f"lxc.mount.entry = {devices}/unix.g.dev-dri-card0 dev/dri/card0 none bind,create=file 0 0\n"
        found = self.started("var/snap/lxd/common/lxd/containers", "var/snap/lxd/common/lxd/logs", "lxc.conf",
                             f"lxc.log.file = {devices}\n{gpu}")
        self.assertEqual({(a, r) for a, r in found}, {(GPU, "in-container")})
        self.assertIn("the LXD container secret uses it", found[GPU, "in-container"][1])
        for text in ("", "\0", "lxc.mount.entry =\n", "lxc.mount.entry = a\n", gpu.replace("unix.", "disk."),
                     gpu.replace(" dev/", " /dev/"), gpu.replace("dev/dri/card0", "dev/" + "x" * 300), "lxc.net.0.link = enp3s0\n",
                     "lxc.net.0.type = veth\nlxc.net.0.link = enp3s0\n", "lxc.net.\nlxc.net.link =\n",
                     "lxc.net.0.type = phys\nlxc.net.0.link = ../../x\n", "lxc.net.0.type = phys\nlxc.net.0.link =\n"):
            self.assertEqual(self.started("var/lib/incus/containers", "run/incus", "lxc.conf", text), {}, text)

    def test_interface_of_a_container(self):
        """Where it was not handed over yet it is found by its name."""
        self.setUp()
        self.link("var/lib/incus/containers/secret", "/nowhere")
        self.link("sys/class/net/enp3s0", f"../../devices/pci0000:00/0000:00:02.0/{NIC}/net/enp3s0")
        self.tree.write(f"sys/devices/pci0000:00/0000:00:02.0/{NIC}/net/enp3s0/flags", "0x1002\n")
        self.tree.write("run/incus/secret/lxc.conf", "lxc.net.0.type = phys\nlxc.net.0.link = enp3s0\n")
        self.assertEqual(set(self.claims(names=True)), {(NIC, "in-container")})

    def test_interface_of_another_namespace(self):
        """The device's directory of interfaces is there, and shows none of ours."""
        (self.tree.root / f"sys/bus/pci/devices/{NIC}").resolve().joinpath("net").mkdir()
        self.assertEqual(self.claims(), {(NIC, "in-container"): (
            "degrades", "its network interface is in another network namespace, such as a container's, and is lost "
            "there when a guest gets it")})
        f = self.found(self.survey()[NIC], "in-container")
        self.assertIn("lsns -t net", f["evidence"][1])
        self.tree.write("var/lib/lxc/secret/config", f"lxc.mount.entry = /dev/none x\n")
        self.assertEqual(len(self.claims()), 1)


class Xen(Claims):
    """Guests of xl; asked for KVM and for Xen."""

    def guest(self, text: str, *, name: str = "web.cfg", **more) -> dict:
        self.setUp()
        self.tree.write(f"etc/xen/{name}", text)
        return self.claims(**more)

    def test_forms(self):
        for value in ("[ '07:00.0' ]", '["0000:07:00.0"]', "['07:00.0@20,seize=1']", "['bdf=07:00.0,permissive=1']",
                      "[\n  '09:00.0', # none\n  '07:00.0',\n]", "[ '07:00.*' ]", "'07:00.0'", "[' 07:00.0,rdm_policy=relaxed']"):
            found = self.guest(f"# pci = ['01:00.0']\nname = \"secret\"; memory=512\npci = {value}\nvif = ['bridge=b']\n", names=True)
            self.assertEqual(found, {(HBA, "guest-configured"): ("informs", "the Xen guest secret is configured to have it")}, value)
            devices = {d["address"]: d for d in self.ask("--for", "xen")["devices"]}
            self.assertIn("guest-configured", {f["rule"] for f in devices[HBA]["findings"]})
        self.assertEqual({a for a, _ in self.guest("pci=['01:00.*']\n")}, {GPU, AUDIO})

    def test_not(self):
        for text in ("# pci=['07:00.0']\n", "xpci=['07:00.0']\n", "pcis=['07:00.0']\n", "pci=07:00.0\n", "pci=['07:00.0\n", "pci=[\n",
                     "pci", "pci=", "=", "[", "'", "pci=['07:00']]", "pci=['']\n", "pci=['" + "7" * 500 + "']\n", "\0", "memory = 'pci=07'\n",
                     "extra = [ \"pci\", '07:00.0' ]\n", "pci=['name=x']\n", "pci='09:00.0'\n"):
            if text != "pci=['07:00']]":
                self.assertEqual(self.guest(text), {}, text)
        self.assertEqual(self.guest("pci=['07:00.0']\n", name="web"), {})

    def test_starts(self):
        self.guest("pci=['07:00.0']\n")
        self.link("etc/xen/auto/10-web", "/etc/xen/web.cfg")
        self.assertEqual(self.claims()[HBA, "guest-configured"],
                         ("informs", "a Xen guest is configured to have it, and starts with the host"))
        self.tree.write("etc/xen/db.cfg", "pci=['07:00.0']\n")
        self.assertEqual(self.claims()[HBA, "guest-configured"][0], "degrades")

    def test_unread(self):
        self.setUp()
        (self.tree.root / "etc/xen/web.cfg").mkdir(parents=True)
        self.assertEqual(self.claims(), {})
        self.assertIn("etc/xen/*.cfg", {u["path"].lstrip("/") for u in self.document["host"]["unread"]})


class Host(Claims):
    def interface(self, name: str, flags: str = "0x1003", uppers: tuple = (), below: str = NIC) -> None:
        base = f"sys/devices/pci0000:00/0000:00:02.0/{below}/net/{name}" if below else f"sys/devices/virtual/net/{name}"
        self.tree.write(f"{base}/flags", flags + "\n")
        for upper in uppers:
            self.link(f"{base}/upper_{upper}", f"../{upper}")
        self.link(f"sys/class/net/{name}", "../../" + base[4:])

    def routes(self, *rows: tuple) -> None:
        self.tree.write("proc/net/route", "Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\tMTU\n" + "".join(
            f"{name}\t{to}\t0102A8C0\t0003\t0\t0\t0\t{mask}\t0\t0\t0\n" for name, to, mask in rows))

    def network(self, words: str) -> None:
        found = self.claims()
        self.assertEqual(set(found), {(NIC, "host-network")})
        self.assertIn(words, found[NIC, "host-network"][1])

    def test_network(self):
        self.interface("secret0")
        self.assertEqual(self.claims(), {})  # up, and nothing goes over it
        self.routes(("secret0", "0002A8C0", "00FFFFFF"))
        self.network("the host has an address on it")
        self.routes(("secret0", "0002A8C0", "00FFFFFF"), ("secret0", "00000000", "00000000"))
        self.network("the host's default route goes over it")
        self.tree.write("proc/net/route", "")
        self.tree.write("proc/net/ipv6_route", f"{'0' * 32} 00 {'0' * 32} 00 {'f' * 32} 1 1 1 1 secret0\n")
        self.network("the host's default route goes over it")

    def test_down(self):
        self.interface("secret0", flags="0x1002", uppers=("br0",))
        self.interface("br0", below="")
        self.routes(("br0", "00000000", "00000000"))
        self.assertEqual(self.claims(), {})

    def test_stack(self):
        self.interface("secret0", uppers=("secretbr",))
        self.interface("secretbr", below="")
        self.network("a bridge, bond or VLAN of the host goes over it")
        self.routes(("secretbr", "00000000", "00000000"))
        self.network("the host's default route goes over it")

    def test_odd(self):
        self.interface("a", flags="what")
        self.interface("b", uppers=("b",))
        many = tuple(f"m{i}" for i in range(40))
        for name in many:  # each above each
            self.interface(name, uppers=many)
        self.link("sys/class/net/c", "../../nowhere")
        self.tree.write("proc/net/route", "\0\0 b\nb")
        self.claims(private=())

    def test_storage(self):
        base = f"sys/devices/pci0000:00/0000:00:03.0/{DISK}/nvme/nvme0/nvme0n1"
        self.link("sys/class/block/nvme0n1", "../../" + base[4:])
        (self.tree.root / base / "holders").mkdir(parents=True)
        self.assertEqual(self.claims(), {})
        for holder, what in (("dm-3", "a volume"), ("md127", "an array"), ("bcache0", "a larger device")):
            (self.tree.root / base / "holders" / holder).mkdir()
            found = self.claims()
            self.assertEqual(set(found), {(DISK, "host-storage")})
            self.assertIn(f"part of {what} of the host", found[DISK, "host-storage"][1])
            (self.tree.root / base / "holders" / holder).rmdir()

    def test_console(self):
        self.link("sys/class/graphics/fb0", f"../../devices/pci0000:00/0000:00:01.0/{GPU}/graphics/fb0")
        found = self.claims()
        self.assertEqual(set(found), {(GPU, "host-display")})
        self.tree.remove("sys/class/graphics/fb0")
        self.link("sys/class/graphics/fb0", "../../devices/platform/simple-framebuffer.0/graphics/fb0")
        self.assertEqual(self.claims(), {})
        self.tree.write(f"sys/bus/pci/devices/{GPU}/boot_vga", "1\n")
        found = self.claims()
        self.assertIn("shows its console on it", found[GPU, "host-display"][1])


class Framebuffer(Claims):
    ARGUMENT = "initcall_blacklist=sysfb_init,simpledrm_platform_driver_init"

    def found_on(self, release: str, kind: int = 0x030000, iomem: str = "    c0000000-c02fffff : BOOTFB\n", log: tuple = (),
                 cmdline: str = "quiet"):
        """The finding about a display with a BAR of 256 MiB; None: there is none, and in a capture neither."""
        self.tree.remove("sys/bus/pci/devices")
        (self.tree.root / "sys/bus/pci/devices").mkdir()
        self.tree.kernel(release)
        self.tree.log("DMAR: IOMMU enabled", *log)
        self.tree.write("proc/cmdline", cmdline + "\n")
        self.tree.device(GPU, kind, group=11, driver="vfio-pci")
        self.tree.write(f"sys/bus/pci/devices/{GPU}/resource", "".join("0x%016x 0x%016x 0x%016x\n" % row for row in (
            (0xC0000000, 0xCFFFFFFF, 0x14220C), *[(0, 0, 0)] * 12)))
        self.tree.write("proc/iomem", "00001000-0009ffff : System RAM\n  c0000000-cfffffff : 0000:01:00.0\n" + iomem)

        def said(**where):
            some = [f for f in self.survey(**where)[GPU]["findings"] if f["rule"] == "boot-framebuffer"]
            return some[0] if some else None
        archive = self.directory / "c.tar"
        archive.unlink(missing_ok=True)
        found = said()
        self.assertEqual(self.run_pcipass("capture", "-o", str(archive)).returncode, 0)
        self.assertEqual(said(path=archive), found)
        return found

    def test_removed_by_vfio(self):
        f = self.found_on("5.15.0-1-amd64")
        self.assertEqual(f["effect"], "degrades")
        self.assertIn("vfio-pci does not remove it", f["text"])
        self.assertIn("BOOTFB at 0xc0000000-0xc02fffff", f["evidence"][0])
        self.assertIn(self.ARGUMENT, f["remedies"][0]["text"])
        self.assertIsNone(self.found_on("6.1.0-28-amd64"))
        self.assertIn("does not remove it", self.found_on("6.12.0-1-amd64", kind=0x038000)["text"])
        self.assertIn("may not remove it", self.found_on("odd")["text"])

    def test_refused(self):
        line = f"vfio-pci {GPU}: BAR 1: can't reserve [mem 0xc0000000-0xcfffffff 64bit pref]"
        f = self.found_on("6.12.0-1-amd64", log=(line,))
        self.assertIn(line, f["evidence"][1])
        f = self.found_on("6.12.0-1-amd64", kind=0x020000, iomem="", log=(line,))
        self.assertIn("could not reserve one of its BARs", f["text"])
        self.assertEqual(f["remedies"], [])
        self.assertIsNone(self.found_on("6.12.0-1-amd64", iomem="", log=(line.replace("vfio-pci", "nouveau"),)))

    def test_given(self):
        self.assertEqual(self.found_on("5.10.0-1-amd64", cmdline=f"quiet {self.ARGUMENT}")["remedies"], [])

    def test_not_there(self):
        for iomem in ("", "    c0000000-c02fffff : nouveau\n", "    d0000000-d02fffff : BOOTFB\n", "BOOTFB\n", " : BOOTFB\n",
                      "    00000000-00000000 : BOOTFB\n", "    c0000000 : BOOTFB\n", "    c02fffff-c0000000 : efifb\n",
                      "    cff00000-d00fffff : efifb\n", "x" * 100 + " : efifb\n", "c0000000-c02fffff : efifb2\n"):
            self.assertIsNone(self.found_on("5.10.0-1-amd64", iomem=iomem), iomem)


if __name__ == "__main__":
    unittest.main()
