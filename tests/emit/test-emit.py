#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What emit prints: which functions go together, how much room they take, what it says besides."""

import re
import subprocess
import tarfile
import unittest
import xml.etree.ElementTree as ElementTree

from emitting import (FOR_KVM, GIB, HYPERVISORS, IO, KIB, MEMORY, MEMORY_64, MIB, Emitting, commands,
                      qemu_arguments, resource)
from hosttree import ENDPOINT, NOT_REMAPPED, drhd, rmrr, scope


def elements(text: str) -> ElementTree.Element:
    """libvirt's output as one document."""
    return ElementTree.fromstring(f"<devices>{text}</devices>")


class Kubernetes(Emitting):
    """By their published form: no cluster is here to be asked."""

    @staticmethod
    def plain(text: str) -> str:
        return "".join(x for x in text.splitlines(True) if not x.startswith("#"))

    def test_kubevirt(self):
        self.cards()
        text = self.emit("kubevirt", "08:00.0", "07:00.0")
        self.assertEqual(self.plain(text), """\
apiVersion: kubevirt.io/v1
kind: KubeVirt
metadata:
  name: kubevirt
  namespace: kubevirt
spec:
  configuration:
    permittedHostDevices:
      pciHostDevices:
      - pciVendorSelector: "1000:0087"
        resourceName: pcipass.local/pci-1000-0087
      - pciVendorSelector: "10de:2204"
        resourceName: pcipass.local/pci-10de-2204
      - pciVendorSelector: "10de:1aef"
        resourceName: pcipass.local/pci-10de-1aef
---
apiVersion: kubevirt.io/v1
kind: VirtualMachine
spec:
  template:
    spec:
      domain:
        devices:
          hostDevices:
          - deviceName: pcipass.local/pci-1000-0087
            name: hostdev0
          - deviceName: pcipass.local/pci-10de-2204
            name: hostdev1
          - deviceName: pcipass.local/pci-10de-1aef
            name: hostdev2
""")

    def test_kubevirt_two_of_an_id(self):
        """One entry for both; one that was not named is offered as well, which is said."""
        self.cards()
        for bus, group in ((9, 5), (10, 6)):
            self.tree.bridge(f"0000:00:0{bus - 5}.0", bus, group=group + 20)
            self.card(f"0000:{bus:02x}:00.0", (256, IO), class_code=0x010700, vendor=0x1000, device=0x0087, group=group)
        text = self.emit("kubevirt", "07:00.0", "09:00.0")
        self.assertEqual(text.count("pciVendorSelector"), 1)
        self.assertEqual(text.count("deviceName: pcipass.local/pci-1000-0087"), 2)
        self.assertIn("0a:00.0 has the same ID, 1000:0087", " ".join(text.replace("#", "").split()))

    def test_harvester(self):
        self.cards()
        self.assertEqual(self.plain(self.emit("harvester", "07:00.0")), """\
---
apiVersion: devices.harvesterhci.io/v1beta1
kind: PCIDeviceClaim
metadata:
  name: "<node>-000007000"
spec:
  address: "0000:07:00.0"
  nodeName: "<node>"
  userName: admin
""")


class Refused(Emitting):
    def test_blocked(self):
        self.cards()
        self.tree.dmar(drhd(), rmrr(0xBD000000, 0xBD000FFF, scope(ENDPOINT, 7, "00.0")))
        self.tree.regions(1, "0x00000000bd000000 0x00000000bd000fff direct")
        for hypervisor in FOR_KVM + ("hyperv",):  # Xen maps the region
            said = self.emit(hypervisor, "07:00.0", code=1)
            self.assertIn(f"0000:07:00.0: {'blocked' if hypervisor == 'hyperv' else 'fixable'}: ", said)
            self.assertIn("0xbd000000", said)
        # of several, one is enough
        self.tree.slot("4", "0000:07:00")
        self.emit("qemu", "slot4", code=1)

    def test_unknown(self):
        self.cards()
        self.tree.remove("sys/bus/pci/devices/0000:07:00.0/iommu_group")
        (self.tree.root / "sys/bus/pci/devices/0000:07:00.0/iommu_group").mkdir()
        self.assertEqual(self.run_pcipass("check", "07:00.0").returncode, 3)
        self.assertIn("is not known", self.emit("qemu", "07:00.0", code=3))

    def test_not_there(self):
        self.cards()
        for what, code in (("00:02.0", 1), ("09:00.0", 2), ("slot9", 3), ("rubbish", 2), ("", 2)):
            for hypervisor in HYPERVISORS:
                self.emit(hypervisor, what, code=code)
        self.assertIn("need qemu, libvirt, proxmox, hyperv, xen, kubevirt or harvester", self.emit("esxi", "07:00.0", code=2))
        self.assertEqual(self.run_pcipass("emit", "qemu").returncode, 2)
        self.assertEqual(self.run_pcipass("--json", "emit", "qemu", "07:00.0").returncode, 2)

    def test_too_many(self):
        t = self.host()
        for n in range(17):
            self.card(f"0000:{n + 1:02x}:00.0", group=n)
            t.bridge(f"0000:00:{n + 1:02x}.0", n + 1, group=100 + n)
        self.assertIn("more than 16 cards", self.emit("qemu", "8086:10fb", code=2))
        self.tree.remove("sys/bus/pci/devices/0000:11:00.0")
        self.assertEqual(len(re.findall("vfio-pci,host=", self.emit("qemu", "8086:10fb"))), 16)
        self.assertIn("--hostpci15 ", self.emit("proxmox", "8086:10fb"))

    def test_hyperv_takes_less(self):
        self.cards()
        self.tree.dmar(drhd(), rmrr(0xBD000000, 0xBD000FFF, scope(ENDPOINT, 8, "00.0")))
        self.tree.regions(2, "0x00000000bd000000 0x00000000bd000fff direct-relaxable")
        self.emit("qemu", "08:00.0")
        self.assertIn("refuses every such device, even USB and display devices", self.emit("hyperv", "08:00.0", code=1))
        self.emit("qemu", "00:1a.0")
        self.assertIn("conventional", self.emit("hyperv", "00:1a.0", code=1))
        self.card("0000:00:1b.0", class_code=0x040300, group=4, msi=False)
        self.emit("qemu", "00:1b.0")
        self.assertIn("INTx", self.emit("hyperv", "00:1b.0", code=1))


class Cards(Emitting):
    def setUp(self):
        super().setUp()
        self.cards()

    def test_qemu(self):
        self.assertEqual(qemu_arguments(self.emit("qemu", "07:00.0")), [
            "-device", "pcie-root-port,id=port-0000-07-00.0,chassis=101", "-device",
            "vfio-pci,host=0000:07:00.0,id=host-0000-07-00.0,bus=port-0000-07-00.0,addr=0x0.0x0,"
            "rombar=0"])
        # a display keeps its ROM, its sound goes along, and 32 GiB want a window
        self.assertEqual(qemu_arguments(self.emit("qemu", "08:00.0")), [
            "-device", "pcie-root-port,id=port-0000-08-00.0,chassis=101", "-device",
            "vfio-pci,host=0000:08:00.0,id=host-0000-08-00.0,bus=port-0000-08-00.0,addr=0x0.0x0,"
            "multifunction=on", "-device",
            "vfio-pci,host=0000:08:00.1,id=host-0000-08-00.1,bus=port-0000-08-00.0,addr=0x0.0x1",
            "-fw_cfg", "name=opt/ovmf/X-PciMmio64Mb,string=65536"])
        self.assertEqual(self.emit("qemu", "08:00.1").replace("08:00.1,", "", 1),
                         self.emit("qemu", "08:00.0").replace("08:00.0,", "", 1))
        # conventional, without a ROM
        self.assertEqual(qemu_arguments(self.emit("qemu", "00:1a.0")), [
            "-device", "vfio-pci,host=0000:00:1a.0,id=host-0000-00-1a.0,bus=pcie.0,addr=0x10.0x0"])

    CONFIG = "boot/config-6.12.0-1-amd64"
    DEVICE_FILES = ("# Automatically generated file; DO NOT EDIT.\nCONFIG_VFIO=m\nCONFIG_VFIO_PCI=m\n"
                    "CONFIG_IOMMUFD=m\nCONFIG_VFIO_DEVICE_CDEV=y\n")
    GROUPS = "CONFIG_VFIO_IOMMU_TYPE1=m\n"
    STATUS = "var/lib/dpkg/status"

    def package(self, name, version, status="install ok installed"):
        path = self.tree.root / self.STATUS
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a", encoding="utf-8") as file:
            file.write(f"Package: {name}\nStatus: {status}\nPriority: optional\n"
                       f"Version: {version}\nDescription: x\n Version: 99.9\n\n")

    def library(self, target):
        path = self.tree.root / "usr/lib64/libvirt.so.0"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        path.symlink_to(target)

    def way(self, hypervisor):
        """iommufd or groups, and the text with its lines joined."""
        shown = self.emit(hypervisor, "08:00.0")
        marks = {"qemu": ",iommufd=iommufd0'", "libvirt": "<driver iommufd='yes'/>"}
        self.assertIn(shown.count(marks[hypervisor]), (0, 2))
        if hypervisor == "qemu":
            self.assertEqual("\n\t-object 'iommufd,id=iommufd0'\n" in shown, marks["qemu"] in shown)
        return ("iommufd" if marks[hypervisor] in shown else "groups",
                " ".join(shown.replace("\n#", "\n").split()))

    def test_without_groups(self):
        """A kernel whose VFIO has no groups: QEMU and libvirt are to go by iommufd."""
        self.assertNotIn("iommufd", self.emit("qemu", "08:00.0"))
        self.tree.write(self.CONFIG, self.DEVICE_FILES)
        for hypervisor, words in (("qemu", "QEMU 9.0 or later"), ("libvirt", "libvirt 12.1 or later")):
            way, shown = self.way(hypervisor)
            self.assertEqual(way, "iommufd")
            self.assertIn("this kernel has VFIO without groups; " + words, shown)
        # The same while its modules are loaded.
        for loaded in ("sys/bus/pci/drivers/vfio-pci", "sys/class/misc/iommu"):
            (self.tree.root / loaded).mkdir(parents=True, exist_ok=True)
        self.assertEqual((self.way("qemu")[0], self.way("libvirt")[0]), ("iommufd", "iommufd"))
        self.package("qemu-system-x86", "1:7.2+dfsg-7+deb12u18")
        self.library("libvirt.so.0.9000.0")
        way, shown = self.way("qemu")
        self.assertEqual(way, "iommufd")
        self.assertIn("But this host has QEMU 7.2 (/var/lib/dpkg/status: qemu-system-x86), and 9.0 or "
                      "later is needed", shown)
        self.assertIn("But this host has libvirt 9.0 (/usr/lib64/libvirt.so.0), and 12.1 or later",
                      self.way("libvirt")[1])

    def test_both_ways(self):
        """The kernel has both: by iommufd where the program is known to take it."""
        self.tree.write(self.CONFIG, self.DEVICE_FILES + self.GROUPS)
        for hypervisor in ("qemu", "libvirt"):
            way, shown = self.way(hypervisor)
            self.assertEqual(way, "groups")
            self.assertIn("Its version on this host is not known", shown)
        for version, want, words in (
                ("1:7.2+dfsg-7", "groups", "QEMU 7.2"), ("1:8.2.9+ds-1", "groups", "came with 9.0"),
                ("1:9.0.2+ds-4", "iommufd", "QEMU 9.0"), ("9.0.2-4", "iommufd", "QEMU 9.0"),
                ("1:11.1.3+ds-1", "iommufd", "QEMU 11.1")):
            (self.tree.root / self.STATUS).unlink(missing_ok=True)
            self.package("pve-qemu-kvm", version)
            way, shown = self.way("qemu")
            self.assertEqual(way, want, version)
            self.assertIn(words, shown)
        for target, want in (("libvirt.so.0.12000.0", "groups"), ("libvirt.so.0.12001.0", "iommufd"),
                             ("/usr/lib/libvirt.so.0.12008.2", "iommufd"),
                             ("libvirt.so.0.9000.0", "groups")):
            self.library(target)
            self.assertEqual(self.way("libvirt")[0], want, target)
        # The list of packages comes before the library.
        self.package("libvirt-daemon", "12.8.0-1")
        self.assertEqual(self.way("libvirt")[0], "iommufd")

    def test_versions_that_cannot_be_told(self):
        self.tree.write(self.CONFIG, self.DEVICE_FILES + self.GROUPS)
        self.package("qemu-system-x86-xen", "1:11.1")
        self.package("qemu-system-x86", "1:11.1", status="deinstall ok config-files")
        self.package("qemu-system-x86", "odd")
        self.package("qemu-system-x86", "1:")
        for target in ("libvirt.so", "libvirt.so.0.x", "libvirt.so.0.12", "libvirt-qemu.so.0.12008.0",
                       "libvirt.so.0.99999999.0"):
            self.library(target)
            for hypervisor in ("qemu", "libvirt"):
                way, shown = self.way(hypervisor)
                self.assertEqual(way, "groups", target)
                self.assertIn("is not known", shown)
        (self.tree.root / self.STATUS).write_bytes(b"Package: qemu-system-x86\nVersion: 9" + b"\0" * 99)
        self.assertEqual(self.way("qemu")[0], "groups")

    def test_groups_with_the_container_of_iommufd(self):
        """No vfio_iommu_type1, and no device files either: /dev/vfio/vfio is iommufd's."""
        self.tree.write(self.CONFIG, self.DEVICE_FILES.replace("CONFIG_VFIO_DEVICE_CDEV=y", "# CONFIG_VFIO_DEVICE_CDEV is not set"))
        for hypervisor in ("qemu", "libvirt"):
            self.assertEqual(self.way(hypervisor)[0], "groups")

    def test_a_kernel_without_device_files(self):
        """Nothing is said, and nobody's version is read."""
        self.package("qemu-system-x86", "1:11.1")
        for config in (None, self.DEVICE_FILES.replace("CDEV=y", "CDEV=n") + self.GROUPS,
                       self.DEVICE_FILES.replace("IOMMUFD=m", "IOMMUFD=n") + self.GROUPS):
            if config:
                self.tree.write(self.CONFIG, config)
            for hypervisor in ("qemu", "libvirt"):
                way, shown = self.way(hypervisor)
                self.assertEqual(way, "groups")
                self.assertNotIn("roups:", shown)

    def test_each_way_has_its_own_switch(self):
        """Without interrupt remapping iommufd refuses what vfio_iommu_type1 was told to let through."""
        self.tree.write(self.CONFIG, self.DEVICE_FILES + self.GROUPS)
        self.package("qemu-system-x86", "1:11.1")
        self.tree.write("proc/interrupts", "           CPU0\n  1:  1  IO-APIC  1-edge  i8042\n")
        self.tree.write("sys/module/vfio_iommu_type1/parameters/allow_unsafe_interrupts", "Y\n")
        way, shown = self.way("qemu")
        self.assertEqual(way, "groups")
        self.assertIn("its own allow_unsafe_interrupts", shown)
        self.tree.write("sys/module/iommufd/parameters/allow_unsafe_interrupts", "Y\n")
        self.assertEqual(self.way("qemu")[0], "iommufd")

    def test_captured(self):
        """A capture keeps of the list of packages those two alone."""
        self.tree.write(self.CONFIG, self.DEVICE_FILES + self.GROUPS)
        self.package("secret-tool", "1.0")
        self.package("qemu-system-x86", "1:11.1.3+ds-1")
        path = self.tree.root.parent / "c.tar"
        self.assertEqual(self.run_pcipass("capture", "-o", str(path)).returncode, 0)
        with tarfile.open(path) as archive:
            kept = archive.extractfile(self.STATUS).read().decode()
        self.assertEqual(kept, "Package: qemu-system-x86\nStatus: install ok installed\n"
                               "Version: 1:11.1.3+ds-1\n\n")
        shown = self.run_pcipass("emit", "qemu", "08:00.0", path=path)
        self.assertIn(",iommufd=iommufd0'", shown.stdout)

    def test_libvirt(self):
        (host,) = elements(self.emit("libvirt", "07:00.0"))
        self.assertEqual(host.attrib, {"mode": "subsystem", "type": "pci", "managed": "yes"})
        self.assertEqual(host.find("source/address").attrib,
                         {"domain": "0x0000", "bus": "0x07", "slot": "0x00", "function": "0x0"})
        self.assertEqual([x.tag for x in host], ["source", "rom"])
        controller, *both, more = elements(self.emit("libvirt", "08:00.0"))
        self.assertEqual(controller.attrib["index"], "16")
        places = [x.find("address").attrib for x in both]
        self.assertEqual([(p["bus"], p["slot"], p["function"], p.get("multifunction"))
                          for p in places],
                         [("0x10", "0x00", "0x0", "on"), ("0x10", "0x00", "0x1", None)])
        self.assertEqual([x.find("rom") for x in both], [None, None])
        self.assertIn("string=65536", more[1].attrib["value"])

    def test_proxmox(self):
        self.assertEqual(commands(self.emit("proxmox", "07:00.0")), [
            'qm set "${VMID:?}" --machine q35',
            "qm set \"${VMID:?}\" --hostpci0 '0000:07:00.0,pcie=1,rombar=0'"])
        self.assertEqual(commands(self.emit("proxmox", "07:00.0", "--vm", "104")), [
            "qm set 104 --machine q35", "qm set 104 --hostpci0 '0000:07:00.0,pcie=1,rombar=0'"])
        shown = self.emit("proxmox", "08:00.0")
        self.assertIn("--hostpci0 '0000:08:00,pcie=1'\n", shown)
        # it would replace what the guest has
        self.assertIn("\n# qm set \"${VMID:?}\" --args '-fw_cfg name=opt/ovmf/X-PciMmio64Mb,", shown)
        self.assertEqual(commands(self.emit("proxmox", "00:1a.0")),
                         ["qm set \"${VMID:?}\" --hostpci0 '0000:00:1a.0'"])

    def test_proxmox_in_a_shell(self):
        """Each command gets the words it is meant to get."""
        self.card("0000:08:00.2", group=9)
        text = self.emit("proxmox", "group2")
        self.assertIn(";", text)
        qm = 'qm() { printf "[%s]" "$@"; echo; }\n'
        done = subprocess.run(["bash", "-eu", "-c", f"{qm}VMID=321\n{text}"],
                              capture_output=True, text=True, check=True)
        self.assertEqual(done.stdout.splitlines(), [
            "[set][321][--machine][q35]",
            "[set][321][--hostpci0][0000:08:00.0;0000:08:00.1,pcie=1]"])

        # nothing filled in: no guest is touched, line by line as at a prompt
        for line in (*commands(text), qm + text):
            run = subprocess.run(["bash", "-c", qm + line], capture_output=True, text=True, check=False)
            self.assertEqual((run.stdout, run.returncode != 0), ("", True), line)

    def test_proxmox_mapping(self):
        """What stands there as comments is right when it is typed: the words that pvesh gets."""
        def typed(*devices: str) -> list:
            text = self.emit("proxmox", *devices)
            lines = [x[2:] for x in text.splitlines() if x.startswith(("# pvesh", "# qm set")) and "--args" not in x]
            stub = 'pvesh() { printf "[%s]" "$@"; echo; }; qm() { pvesh "$@"; }; hostname() { echo "node1$1"; }\n'
            run = subprocess.run(["bash", "-eu", "-c", stub + "VMID=321 MAPPING=hba\n" + "\n".join(lines)],
                                 capture_output=True, text=True, check=True)
            nothing = subprocess.run(["bash", "-c", stub + "VMID=321\n" + lines[0]],
                                     capture_output=True, text=True, check=False)
            self.assertEqual((nothing.stdout, nothing.returncode != 0), ("", True))
            return run.stdout.splitlines()

        self.assertEqual(typed("07:00.0"), [
            "[create][/cluster/mapping/pci][--id][hba][--map]"
            "[node=node1-s,path=0000:07:00.0,id=1000:0087,subsystem-id=0000:0000,iommugroup=1]",
            "[set][321][--hostpci0][mapping=hba,pcie=1,rombar=0]"])
        # all of a card: what is said is of its first function
        (create, _) = typed("08:00.0")
        self.assertIn("[node=node1-s,path=0000:08:00,id=10de:", create)
        both = typed("07:00.0", "08:00.0")
        self.assertEqual([x.split("[--")[1] for x in both], ["id][hba-0]", "hostpci0][mapping=hba-0,pcie=1,rombar=0]",
                                                             "id][hba-1]", "hostpci1][mapping=hba-1,pcie=1]"])
        # functions with ids of their own, one by one, are no mapping
        self.card("0000:08:00.2", group=9)
        text = self.emit("proxmox", "group2")
        self.assertIn("one mapping cannot name functions with different IDs", text.replace("\n# ", " "))
        self.assertNotIn("pvesh create", text)

    def test_no_guest_by_default(self):
        """No text names a guest that somebody may have."""
        for hypervisor in HYPERVISORS:
            shown = self.emit(hypervisor, "07:00.0")
            self.assertNotRegex(shown, r"(?m)^[^#]*\b(vm=|VMID=|qm \S+ )[0-9]")
        self.assertIn("$vm = '' ", self.emit("hyperv", "07:00.0"))
        self.assertIn("$vm = 'Ceph 1' ", self.emit("hyperv", "07:00.0", "--vm", "Ceph 1"))
        for hypervisor, guest in (("proxmox", "99"), ("proxmox", "1x0"), ("proxmox", ""), ("proxmox", "0100"),
                                  ("proxmox", "100;reboot"), ("proxmox", "1" * 10), ("hyperv", "a'b"),
                                  ("hyperv", ""), ("hyperv", "a\u2019b"), ("hyperv", "a\nb")):
            self.assertIn("identifies a guest by", self.emit(hypervisor, "07:00.0", "--vm", guest, code=2))
        for hypervisor in ("qemu", "libvirt"):
            self.assertIn("does not name a guest", self.emit(hypervisor, "07:00.0", "--vm", "100", code=2))

    def test_hyperv(self):
        shown = self.emit("hyperv", "07:00.0")
        self.assertIn("$path = 'PCIROOT(0)#PCI(0200)#PCI(0000)'\n", shown)
        self.assertIn(r"'PCI\VEN_1000&DEV_0087*'", shown)
        self.assertIn("-LowMemoryMappedIoSpace 128MB -HighMemoryMappedIoSpace 513MB\n", shown)
        self.assertIn("I/O ports", shown)
        self.assertNotIn("GuestControlledCacheTypes", shown)
        shown = self.emit("hyperv", "08:00.0")
        # 128 + 16 and a rest; 512 + 32,768
        self.assertIn("-LowMemoryMappedIoSpace 145MB -HighMemoryMappedIoSpace 33280MB\n", shown)
        self.assertIn("GuestControlledCacheTypes $true", shown)
        self.assertEqual(shown.count("\nAdd-VMAssignableDevice "), 2)
        self.assertIn("#PCI(0300)#PCI(0001)'\n", shown)
        self.assertNotIn("I/O ports", shown)

    def test_xen(self):
        """Each function is taken by dom0, given in the guest's list, and can be given back."""
        shown = self.emit("xen", "07:00.0", "08:00.0")
        self.assertEqual(commands(shown), ["pci = [", "        '0000:07:00.0',", "        '0000:08:00.0',",
                                           "        '0000:08:00.1'", "]"])
        for verb in ("xl pci-assignable-add", "xl pci-assignable-remove -r"):
            self.assertEqual(re.findall(f"{verb} (.*)", shown), ["0000:07:00.0", "0000:08:00.0", "0000:08:00.1"])

    def test_the_verdict_of_each(self):
        """KVM refuses a region that Xen maps; Hyper-V refuses one that KVM lets go."""
        self.tree.dmar(drhd(), rmrr(0xBD000000, 0xBD000FFF, scope(ENDPOINT, 7, "00.0")),
                       rmrr(0xBE000000, 0xBE000FFF, scope(ENDPOINT, 8, "00.0")))
        self.tree.regions(1, "0x00000000bd000000 0x00000000bd000fff direct")
        self.tree.regions(2, "0x00000000be000000 0x00000000be000fff direct-relaxable")
        for hypervisor, device, code in (("qemu", "07:00.0", 1), ("xen", "07:00.0", 0), ("hyperv", "07:00.0", 1),
                                         ("qemu", "08:00.0", 0), ("xen", "08:00.0", 0), ("hyperv", "08:00.0", 1)):
            self.emit(hypervisor, device, code=code)

    def test_functions_apart(self):
        """In groups of their own only what was named goes; the first is function 0."""
        for n in range(3):
            self.card(f"0000:09:00.{n}", group=30 + n)
        self.tree.bridge("0000:00:04.0", 9, group=40)
        self.tree.slot("5", "0000:09:00")
        self.assertIn("host=0000:09:00.2,id=host-0000-09-00.2,bus=port-0000-09-00.2,addr=0x0.0x0,r",
                      self.emit("qemu", "09:00.2"))
        self.assertIn("'0000:09:00.2,", self.emit("proxmox", "09:00.2"))
        self.assertIn("'0000:09:00,", self.emit("proxmox", "slot5"))
        self.assertEqual(re.findall("addr=(0x0.0x[0-9])", self.emit("qemu", "slot5")),
                         ["0x0.0x0", "0x0.0x1", "0x0.0x2"])

    def test_several(self):
        """One guest: each card once, each below a port of its own, no other with its number."""
        text = self.emit("qemu", "07:00.0", "08:00.1", "8086:10fb", "07:00.0")
        self.assertIn("# qemu configuration for 07:00.0 08:00.1 8086:10fb 07:00.0, by pcipass emit", text)
        arguments = qemu_arguments(text)
        self.assertEqual([a.split(",")[2] for a in arguments if a.startswith("pcie-root-port")],
                         ["chassis=102", "chassis=103"])
        self.assertEqual([a.split(",")[1] for a in arguments if a.startswith("vfio-pci")],
                         [f"host=0000:{a}" for a in ("00:1a.0", "07:00.0", "08:00.0", "08:00.1")])
        # one that may not go holds all
        self.assertIn("a bridge", self.emit("qemu", "07:00.0", "00:02.0", code=1))
        self.emit("qemu", "07:00.0", "slot9", code=3)
        self.assertEqual(self.run_pcipass("emit", "qemu", *["07:00.0"] * 17).returncode, 2)

    def test_virtual_functions(self):
        """Each is a card of its own, and has no ROM to hide."""
        self.tree.bridge("0000:00:05.0", 10, group=50)
        self.card("0000:0a:00.0", group=51, sriov=2)
        for n in (2, 4):
            self.card(f"0000:0a:00.{n}", (16 * KIB, MEMORY_64), rom=0, group=50 + n, device=0x10ED,
                      physfn="0000:0a:00.0")
        shown = self.emit("qemu", "8086:10ed")
        self.assertEqual(shown.count("pcie-root-port"), 2)
        self.assertNotIn("multifunction", shown)
        self.assertNotIn("rombar", shown)
        self.assertIn("'0000:0a:00.2,pcie=1'", self.emit("proxmox", "0a:00.2"))
        self.assertIn("virtual function", self.emit("hyperv", "0a:00.2", code=1))

    def test_two_roots(self):
        self.tree.bridge("0000:80:01.0", 0x81, group=60)
        self.card("0000:81:00.0", group=61)
        self.assertIn("'PCIROOT(1)#PCI(0100)#PCI(0000)'", self.emit("hyperv", "81:00.0"))
        self.tree.bridge("0001:00:1c.4", 1, group=62)
        self.card("0001:01:00.0", group=63)
        self.assertIn("'PCIROOT(2)#PCI(1C04)#PCI(0000)'", self.emit("hyperv", "0001:01:00.0"))
        self.assertIn("host=0001:01:00.0,id=host-0001-01-00.0", self.emit("qemu", "0001:01:00.0"))


class Told(Emitting):
    def test_companions(self):
        self.cards()
        self.card("0000:00:1f.2", class_code=0x010601, group=7, driver="ahci")
        self.card("0000:00:1f.3", class_code=0x0C0500, group=7, driver="i801_smbus")
        self.card("0000:00:1f.4", class_code=0x0C0500, group=7)
        self.card("0000:00:1f.5", class_code=0x0C0500, group=7, driver="vfio-pci")
        self.card("0000:00:1f.6", class_code=0x0C0500, group=7, driver="pci-stub")
        own = "pcipass bind 0000:00:1f.2 # now: ahci"
        other = "pcipass bind 0000:00:1f.3 # now: i801_smbus"
        for hypervisor, binds in (("qemu", 1), ("libvirt", 0), ("proxmox", 0)):
            shown = self.emit(hypervisor, "00:1f.2")
            self.assertEqual(shown.count(own), binds, hypervisor)
            self.assertIn(other, shown)
            self.assertEqual(shown.count("pcipass bind"), 1 + binds)
        self.assertNotIn("pcipass bind", self.emit("hyperv", "00:1f.2"))
        # who is named himself is no companion
        self.assertEqual(self.emit("libvirt", "group7").count("pcipass bind"), 0)
        self.assertEqual(self.emit("qemu", "group7").count("pcipass bind"), 4)
        self.assertNotIn("pcipass bind", self.emit("qemu", "00:1f.5").split("share its group")[0])

    def test_care(self):
        self.cards()
        self.card("0000:00:1b.0", class_code=0x040300, group=4, reset=None)
        self.card("0000:00:1c.0", class_code=0x040300, group=5, reset=None)
        self.assertEqual(self.run_pcipass("check", "00:1b.0").returncode, 0)
        for hypervisor in HYPERVISORS:
            shown = self.emit(hypervisor, "8086:10fb") if hypervisor != "hyperv" else \
                self.emit(hypervisor, "00:1b.0")
            if hypervisor != "hyperv":  # Windows resets by its own means
                self.assertEqual(shown.count("cannot reset"), 1)
            self.assertIn("with care, 00:1b.0: ", shown)
            alone = self.emit(hypervisor, "07:00.0")
            if hypervisor == "hyperv":
                self.assertIn("with care, 07:00.0: it has I/O ports", " ".join(alone.replace("# ", "").split()))
            else:
                # The tree has no mounts.
                self.assertEqual(alone.count("with care, "), 1, (hypervisor, alone))
                self.assertIn("with care, 07:00.0: cannot tell whether the host runs from it", alone)

    def test_hostile_names(self):
        """A name from a capture stays inside its comment, whatever it is."""
        self.cards()
        name = "x--> <a b='\"$(touch /tmp/no)`'# \n;\r-"
        link = self.tree.root / "sys/bus/pci/devices/0000:08:00.1/driver"
        link.unlink()
        link.symlink_to(name)
        self.card("0000:08:01.0", group=2, driver="-" * 200)
        for hypervisor in ("qemu", "proxmox"):
            for line in commands(self.emit(hypervisor, "08:01.0")):
                self.assertRegex(line, r"^(pcipass=\(|\t-(device|fw_cfg) '[^']*'$|\)|qm set )")
        tags = [x.tag for x in elements(self.emit("libvirt", "08:01.0"))]
        self.assertEqual(tags, ["hostdev"])

    def test_no_colour_no_width(self):
        self.cards()
        first = self.emit("qemu", "08:00.0")
        run = self.run_pcipass("emit", "qemu", "08:00.0", env={"COLUMNS": "40", "TERM": "xterm"})
        self.assertEqual(run.stdout, first)


class Sizes(Emitting):
    def hyperv(self, content) -> str:
        self.tree.write("sys/bus/pci/devices/0000:07:00.0/resource", content)
        return re.search("-LowMemory.*", self.emit("hyperv", "07:00.0")).group(0)

    def test_not_known(self):
        self.cards()
        good = resource((4 * KIB, MEMORY))
        known = "-LowMemoryMappedIoSpace 129MB -HighMemoryMappedIoSpace 512MB"
        self.assertEqual(self.hyperv(good), known)
        guess = "-LowMemoryMappedIoSpace 3072MB -HighMemoryMappedIoSpace 33280MB"
        lines = good.splitlines()
        backwards = "0x0000000000002000 0x0000000000001000 0x0000000000040200"
        everything = "0x0000000000000000 0xffffffffffffffff 0x0000000000040200"
        for odd in ("", "\n" * 13, "\n".join(lines[:6]), "x" * 5000, good.replace("0x", "0y"),
                    "\n".join([backwards, *lines[1:]]), "\n".join([everything, *lines[1:]]),
                    "\n".join([lines[0][:40], *lines[1:]]), "0x" + "0" * 40 + " 0 0\n" + good):
            self.assertEqual(self.hyperv(odd), guess, odd[:80])
            for hypervisor in FOR_KVM + ("hyperv",):  # xl asks for no sizes
                self.assertIn("were not read", self.emit(hypervisor, "07:00.0"))
        # what is not known may be there
        self.assertIn("rombar=0", self.emit("qemu", "07:00.0"))
        self.tree.remove("sys/bus/pci/devices/0000:07:00.0/resource")
        self.assertIn("were not read", self.emit("qemu", "07:00.0"))
        self.assertEqual(self.run_pcipass("check", "07:00.0").returncode, 0)

    def test_too_large_below(self):
        self.cards()
        self.assertIn(" 3584MB ", self.hyperv(resource((2 * GIB, MEMORY), (2 * GIB, MEMORY))))
        self.assertIn("need more room below 4 GiB", self.emit("hyperv", "07:00.0"))

    def test_window(self):
        self.cards()
        for bars, wanted in (([16 * GIB], None), ([16 * GIB, 2 * MIB], 65536), ([32 * GIB], 65536),
                             ([32 * GIB, 256 * MIB], 131072), ([64 * GIB], 131072),
                             ([1 << 48] * 3, 1 << 31)):
            rows = [row for size in bars for row in ((size, MEMORY_64), (0, 0))]
            self.tree.write("sys/bus/pci/devices/0000:07:00.0/resource", resource(*rows))
            found = re.search("X-PciMmio64Mb,string=([0-9]+)", self.emit("qemu", "07:00.0"))
            self.assertEqual(found and int(found.group(1)), wanted, bars)

    def test_capture(self):
        """A capture knows the sizes too."""
        self.cards()
        archive = self.directory / "c.tar"
        self.assertEqual(self.run_pcipass("capture", "-o", str(archive)).returncode, 0)
        for hypervisor in HYPERVISORS:
            run = self.run_pcipass("emit", hypervisor, "08:00.0", path=archive)
            self.assertEqual(run.stdout, self.emit(hypervisor, "08:00.0"))

    def test_ports(self):
        """I/O ports take no memory."""
        self.cards()
        self.assertEqual(self.hyperv(resource((256, IO), (64 * KIB, MEMORY))),
                         "-LowMemoryMappedIoSpace 129MB -HighMemoryMappedIoSpace 512MB")


class Limits(Emitting):
    """What the IOMMU cannot map is kept from the guest."""

    NARROW, WIDE = 0x8D2008C40660462, 0xD2078C106F0466  # 39 and 48 bits

    def unit(self, cap, cpu: int | None = None, unit: str = "dmar0") -> None:
        self.tree.write(f"sys/class/iommu/{unit}/intel-iommu/cap", cap if isinstance(cap, str) else f"{cap:x}\n")
        if cpu:
            self.tree.write("proc/cpuinfo", "processor\t: 0\nflags\t\t: fpu vmx\n"
                            f"address sizes\t: {cpu} bits physical, 48 bits virtual\n")

    def assert_limit(self, limit: int | None) -> None:
        wanted = {"qemu": "-global 'x86_64-cpu.host-phys-bits=on'\n"
                          f"\t-global 'x86_64-cpu.host-phys-bits-limit={limit}'",
                  "libvirt": f"<maxphysaddr mode='passthrough' limit='{limit}'/>",
                  "proxmox": f"qm set \"${{VMID:?}}\" --cpu 'host,phys-bits={limit}'"}
        for hypervisor, line in wanted.items():
            shown = self.emit(hypervisor, "07:00.0")
            if limit:
                self.assertIn(line, shown)
                self.assertIn("address bits", " ".join(shown.split()))
            else:
                self.assertNotRegex(shown, "phys-bits|maxphysaddr|address bits")
        if not limit:
            return
        qemu_arguments(self.emit("qemu", "07:00.0"))
        elements(self.emit("libvirt", "08:00.0"))

    def test_width(self):
        self.cards()
        for cap, cpu, limit in ((self.NARROW, None, 39), (self.NARROW, 46, 39), (self.NARROW, 40, 39),
                                (self.NARROW, 39, None), (self.NARROW, 36, None), (self.WIDE, None, None),
                                (self.WIDE, 52, 48), (self.WIDE, 46, None), ("", None, None), ("0", None, None),
                                ("zz", None, None), ("0x" + "1" * 30, None, None)):
            if (self.tree.root / "proc/cpuinfo").exists():
                self.tree.remove("proc/cpuinfo")
            self.unit(cap, cpu)
            self.assert_limit(limit)

    def test_tables_of_fewer_levels(self):
        """The page tables that it walks count as well: of 57 bits and three levels 39 are left."""
        self.cards()
        self.unit(56 << 16 | 2 << 8)
        self.assert_limit(39)

    def test_narrowest_unit(self):
        self.cards()
        self.unit(self.WIDE)
        self.tree.iommu("dmar1")
        self.unit(self.NARROW, unit="dmar1")
        self.assert_limit(39)
        self.tree.write("sys/class/iommu/dmar2", "")  # odd, and no directory
        self.assert_limit(39)

    def test_by_the_table(self):
        self.cards()
        self.tree.dmar(drhd())
        self.assert_limit(39)  # its host address width
        self.unit(self.WIDE)
        self.assert_limit(None)

    def test_amd(self):
        self.cards()
        self.tree.remove("sys/class/iommu/dmar0")
        self.tree.iommu("ivhd0")
        for features, cpu, limit in (("206d73ef22254ade:0", 48, None), ("206d73ef222542de", 52, 48), ("0", 52, None)):
            self.tree.write("sys/class/iommu/ivhd0/amd-iommu/features", features + "\n")
            self.tree.write("proc/cpuinfo", f"flags\t: fpu\naddress sizes\t: {cpu} bits physical, 48 bits virtual\n")
            self.assert_limit(limit)

    def test_odd_processors(self):
        self.cards()
        for text in ("address sizes\t: x bits physical", "address sizes", "address sizes\t:  bits physical",
                     "address sizes\t: 9999 bits physical", "address sizes\t: 4 6 bits physical, "):
            self.unit(self.NARROW)
            self.tree.write("proc/cpuinfo", text + "\n")
            self.assert_limit(39)

    def test_a_capture_knows_it(self):
        self.cards()
        self.unit(self.WIDE, 52)
        archive = self.directory / "c.tar"
        self.assertEqual(self.run_pcipass("capture", "-o", str(archive)).returncode, 0)
        self.assertEqual(self.run_pcipass("emit", "qemu", "07:00.0", path=archive).stdout,
                         self.emit("qemu", "07:00.0"))

    def test_reserved_where_larger_guests_have_none(self):
        """Between 2 GiB and 2816 MiB a guest on q35 has memory only if it is small."""
        self.cards()
        self.tree.regions(1, "0x000000009d800000 0x000000009fffffff direct-relaxable",
                          "0x0000000100000000 0x00000001000fffff reserved")
        shown = " ".join(self.emit("qemu", "07:00.0").replace("#", "").split())
        self.assertIn("A guest with 2521 to 2815 MiB, on i440fx also a larger one, has memory there", shown)
        self.assertIn("0x100000000-0x1000fffff. A guest with more than 2048 MiB", shown)

    def test_window_that_does_not_fit(self):
        self.cards()
        self.unit(self.NARROW)
        self.tree.write("sys/bus/pci/devices/0000:07:00.0/resource", resource((256 * GIB, MEMORY_64)))
        self.assertIn("does not fit below", " ".join(self.emit("qemu", "07:00.0").split()))

    def test_reserved(self):
        """Ranges where a guest has memory are told, the others are not."""
        self.cards()
        self.tree.regions(1, "0x0000000040000000 0x00000000400fffff direct-relaxable",
                          "0x00000000fee00000 0x00000000feefffff msi",
                          "0x000000fd00000000 0x000000ffffffffff reserved",
                          "0x00000000c0000000 0x00000000c0ffffff reserved")
        for hypervisor in ("qemu", "libvirt", "proxmox"):
            shown = " ".join(self.emit(hypervisor, "07:00.0").replace("#", "").split())
            self.assertIn("0x40000000-0x400fffff. A guest with more than 1024 MiB", shown)
            self.assertIn("0xfd00000000-0xffffffffff. A guest with more than 1034240 MiB", shown)
            self.assertNotIn("0xfee00000", shown)
            self.assertNotIn("0xc0000000", shown)
            self.assertNotIn("A guest with more than", self.emit(hypervisor, "08:00.0"))


class Relaxed(Emitting):
    """Regions that Linux lets go, where guests have memory: the verdict's degree and no other."""

    REGION = "0x00000000000e8000 0x00000000000e8fff direct-relaxable"
    OVERWRITES, EXEMPT = "which the firmware may still overwrite", "Linux exempts USB and display devices"

    def regions(self, *, relaxed: bool = False, group: int = 2, bus: int = 8) -> None:
        self.cards()
        if relaxed:
            self.tree.log("DMAR: Intel-IOMMU: assuming all RMRRs are relaxable. This can lead to instability or data loss")
        self.tree.dmar(drhd(), rmrr(0xE8000, 0xE8FFF, scope(ENDPOINT, bus, "00.0")))
        self.tree.regions(group, self.REGION)

    def said(self, address: str, wanted: str, not_wanted: str, verdict: str) -> None:
        for hypervisor in FOR_KVM:
            shown = " ".join(self.emit(hypervisor, address).replace("# ", "").split())
            self.assertIn("0xe8000-0xe8fff. ", shown)
            self.assertIn("Every guest has memory there", shown)
            self.assertIn(wanted, shown)
            self.assertNotIn(not_wanted, shown)
        self.assertEqual(self.survey()[f"0000:{address}"]["verdict"], verdict)

    def test_exempt(self):
        """A display, with relax_rmrr or without: its note is no more than a note."""
        for relaxed in (False, True):
            self.regions(relaxed=relaxed)
            self.said("08:00.0", self.EXEMPT, self.OVERWRITES, "assignable")
            self.setUp()

    def test_exempt_without_the_table(self):
        self.cards()
        self.tree.regions(2, self.REGION)
        self.said("08:00.0", self.EXEMPT, self.OVERWRITES, "assignable")

    def test_by_argument(self):
        self.regions(relaxed=True, group=1, bus=7)
        self.said("07:00.0", self.OVERWRITES, self.EXEMPT, "care")

    def test_kernels_own(self):
        """The first 16 MiB of an ISA bridge's group: what the firmware has there is told, and nothing else."""
        isa = "0x0000000000000000 0x0000000000ffffff direct-relaxable"
        self.cards()
        self.tree.regions(1, isa)
        for hypervisor in FOR_KVM:
            self.assertNotIn("Reserved in group", self.emit(hypervisor, "07:00.0"))
        self.setUp()
        self.regions(relaxed=True, group=1, bus=7)
        self.tree.regions(1, isa)
        self.said("07:00.0", self.OVERWRITES, "0xffffff", "care")


class Remapping(Emitting):
    def test_no_remapping(self):
        """What holds for the whole host counts."""
        self.cards()
        self.tree.write("proc/interrupts", NOT_REMAPPED)
        code = self.run_pcipass("check", "07:00.0").returncode
        self.assertIn(code, (1, 3))
        self.emit("qemu", "07:00.0", code=code)


class Arm(Emitting):
    """On an Arm host guests are Arm's: no word of q35, OVMF or x86."""

    def test_words(self):
        self.arm()
        for hypervisor in "qemu", "libvirt":
            for what in "07:00.0", "08:00.0":
                text = self.emit(hypervisor, what)
                for word in "q35", "OVMF", "x86", "intel", "X-PciMmio64Mb", "phys-bits":
                    self.assertNotIn(word, text)
                self.assertIn("aarch64", text)
                self.assertIn("AAVMF", text)
                self.assertEqual("512 GiB" in text, what == "08:00.0")

    def test_reserved(self):
        """Memory of virt begins at 1 GiB, in one piece."""
        self.arm()
        for lines, words in (("0x0000000008000000 0x00000000080fffff msi", None),
                             ("0x0000000048000000 0x0000000048ffffff reserved", "than 128 MiB"),
                             ("0x0000000030000000 0x0000000048ffffff reserved", "Every guest"),
                             ("0x0000000140000000 0x0000000140ffffff reserved", "than 4096 MiB")):
            self.tree.regions(1, lines)
            text = self.emit("qemu", "07:00.0").replace("\n# ", " ")
            self.assertEqual("Reserved in group 1" in text, bool(words), text)
            self.assertIn(words or "", text)
        self.tree.regions(1, "0x0000000048000000 0x0000000048ffffff direct-relaxable")
        text = self.emit("qemu", "07:00.0").replace("\n# ", " ")
        self.assertIn("The firmware permits remapping. A guest with more than 128 MiB", text)
        self.assertNotIn("may still overwrite", text)

    def test_proxmox(self):
        self.arm()
        self.assertIn("proxmox runs on x86 hosts only, and this is an Arm machine with ACPI: use "
                      "pcipass emit qemu", self.emit("proxmox", "07:00.0", code=1))


if __name__ == "__main__":
    unittest.main()
