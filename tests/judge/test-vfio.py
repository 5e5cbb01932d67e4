#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What a host needs besides the IOMMU: VFIO in the kernel, and words on the command line that are read."""

import re
import shutil
import subprocess
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "host"))
from hosttree import NOT_REMAPPED, Case  # noqa: E402

RELEASE = "6.12.0-1-amd64"
CARD = "0000:01:00.0"
WHOLE = "# Automatically generated file; DO NOT EDIT.\nCONFIG_PCI=y\n"
DEP = "kernel/drivers/vfio/pci/vfio-pci.ko.xz: kernel/drivers/vfio/vfio.ko.xz\n"
TYPE1 = "kernel/drivers/vfio/vfio_iommu_type1.ko: kernel/drivers/vfio/vfio.ko\n"
OTHER = "kernel/drivers/net/e1000.ko:\n"


class Host(Case):
    def one(self, *, dep=None, builtin=None, config=None, cmdline="quiet", conf=None, driver=None, more=(), **host):
        """A host with a graphics card; its survey, and what is said of it."""
        t = self.host(RELEASE, **host)
        (t.root / "sys/bus/pci/drivers").mkdir(exist_ok=True)
        t.write("proc/cmdline", cmdline + "\n")
        t.bridge("0000:00:01.0", 1, group=1)
        t.device(CARD, 0x030000, vendor=0x10DE, device=0x2504, group=2, driver=driver)
        for name, content in (("modules.dep", dep), ("modules.builtin", builtin)):
            if content is not None:
                t.write(f"lib/modules/{RELEASE}/{name}", content)
        if config is not None:
            t.write(f"boot/config-{RELEASE}", config)
        if conf is not None:
            t.write("etc/modprobe.d/vfio.conf", conf)
        for path in more:
            (t.root / path).mkdir(parents=True)
        return self.again()

    def again(self, **more):
        device = self.survey(**more)[CARD]
        return device, self.document["host"]["findings"]

    def words(self, cmdline: str, **more) -> list:
        """What is said of that command line."""
        self.setUp()
        found = [f["text"] for f in self.one(cmdline=cmdline, **more)[1] if f["rule"] == "argument-ignored"]
        # and of a capture the same, though what is private is left out
        archive = self.directory / "c.tar"
        self.assertEqual(self.run_pcipass("capture", "-o", str(archive)).returncode, 0)
        self.assertEqual(found, [f["text"] for f in self.again(path=archive)[1]
                                 if f["rule"] == "argument-ignored"], cmdline)
        return found


class Modules(Host):
    def blocked(self, rule: str, *words: str, remedy: str, **more) -> None:
        self.setUp()
        device, _ = self.one(**more)
        self.assert_finding(device, rule, "blocks", *words, remedies=[remedy])
        self.assertEqual(self.run_pcipass("check", CARD).returncode, 1)
        self.assertEqual(self.run_pcipass("emit", "qemu", CARD).returncode, 1)
        archive = self.directory / "c.tar"
        self.assertEqual(self.run_pcipass("capture", "-o", str(archive)).returncode, 0)
        self.assertEqual(self.again(path=archive)[0], device)

    def fine(self, **more) -> None:
        self.setUp()
        device, _ = self.one(**more)
        self.assert_not_found(device, "no-vfio-pci")
        self.assert_not_found(device, "no-vfio-map")
        self.assertEqual(device["verdict"], "assignable")

    def test_there(self):
        here = "sys/bus/pci/drivers/vfio-pci", "sys/module/vfio_iommu_type1"
        self.fine(more=here)
        self.fine(more=here, dep=OTHER, config="# CONFIG_VFIO is not set\n")  # loaded, whatever the files say
        self.fine(dep=DEP + TYPE1)
        self.fine(dep=OTHER, builtin=DEP.split(":")[0] + "\n" + TYPE1.split(":")[0] + "\n")
        self.fine(config=WHOLE + "CONFIG_VFIO=m\nCONFIG_VFIO_PCI=m\nCONFIG_VFIO_IOMMU_TYPE1=m\n")
        self.fine(config=WHOLE + "CONFIG_VFIO=y\nCONFIG_VFIO_PCI=y\nCONFIG_IOMMUFD=y\n")
        self.fine(more=(here[0], "sys/class/misc/iommu"))

    def test_nothing_known(self):
        """Where nobody looked it is a note; where it should be, the verdict is unknown."""
        self.fine()
        device, notes = self.again()
        self.assertEqual([f["text"] for f in notes if f["rule"] == "no-vfio-pci"],
                         ["cannot tell whether this kernel has vfio-pci: the list of its modules was not read"])
        for path, why in ((f"lib/modules/{RELEASE}/modules.dep", "the list of its modules was not read"),
                          ("proc/version", "its release was not read")):
            self.setUp()
            self.one(dep=DEP + TYPE1)
            self.tree.remove(path)
            for archive in (None, self.directory / "c.tar"):
                if archive:
                    self.assertEqual(self.run_pcipass("capture", "-o", str(archive)).returncode, 0)
                device = self.again(**({"path": archive} if archive else {}))[0]
                self.assert_finding(device, "no-vfio-pci", "unknown", why)
                self.assertEqual(device["verdict"], "unknown")
        for release in ("6.12.0-a/b", "6.12..0", "6.12.0-" + "a" * 122):
            with self.subTest(release):
                self.setUp()
                self.one(dep=DEP + TYPE1)
                self.tree.kernel(release)  # would lead out of lib/modules
                device = self.again()[0]
                self.assert_finding(device, "no-vfio-pci", "unknown")
                self.assertEqual(device["verdict"], "unknown")
        self.fine(config="CONFIG_INTEL_IOMMU=y\n")
        self.fine(dep=DEP, config="CONFIG_INTEL_IOMMU=y\n", builtin="", more=("sys/module/vfio_iommu_type1",))

    def test_not_built(self):
        self.blocked("no-vfio-pci", "this kernel has no vfio-pci", remedy="another-kernel", dep=OTHER)
        self.blocked("no-vfio-pci", remedy="another-kernel", dep="")
        self.blocked("no-vfio-pci", remedy="another-kernel", dep=OTHER + DEP.replace("vfio-pci", "vfio-pci-core"))
        self.blocked("no-vfio-pci", remedy="another-kernel", config="# CONFIG_VFIO is not set\n")
        self.blocked("no-vfio-pci", remedy="another-kernel", config=WHOLE)
        self.blocked("no-vfio-pci", remedy="another-kernel", config=WHOLE + "CONFIG_VFIO=m\n# CONFIG_VFIO_PCI is not set\n")

    def test_not_installed(self):
        self.blocked("no-vfio-pci", "its module file is not installed", remedy="vfio-modules", dep=OTHER,
                     config="CONFIG_VFIO_PCI=m\n")
        self.blocked("no-vfio-pci", "modules of the running kernel are not installed", remedy="vfio-modules",
                     config="CONFIG_VFIO_PCI=m\nCONFIG_VFIO_IOMMU_TYPE1=m\n", more=("lib/modules/6.13.0-1-amd64",))

    def test_forbidden(self):
        both = DEP + TYPE1
        for more in ({"cmdline": "module_blacklist=nouveau,vfio-pci quiet"}, {"cmdline": "module_blacklist=vfio_pci"},
                     {"conf": "install vfio-pci /bin/false\n"}, {"conf": "# x\ninstall vfio_pci /usr/bin/true\n"}):
            self.blocked("no-vfio-pci", "prevents loading it", remedy="vfio-modules", dep=both, **more)
        for more in ({"cmdline": "modprobe.blacklist=vfio-pci"}, {"conf": "blacklist vfio-pci\n"},
                     {"conf": "install vfio-pci modprobe --ignore-install vfio-pci\n"},
                     {"conf": "install vfio-pci\n"}, {"conf": "install vfio-pc /bin/false\n"},
                     {"cmdline": "module_blacklist=vfio_pci_core,xvfio_pci,"}):
            self.fine(dep=both, **more)

    def test_forbidden_and_no_list(self):
        """vfio-pci is not loaded and may not be: what lists of files would say makes no difference."""
        self.blocked("no-vfio-pci", "prevents loading it", remedy="vfio-modules", cmdline="module_blacklist=vfio-pci")
        self.blocked("no-vfio-pci", "prevents loading it", remedy="vfio-modules", conf="install vfio-pci /bin/false\n")

    def test_power(self):
        """There it is vfio_iommu_spapr_tce that maps, which asks for no remapping of interrupts."""
        self.one(dep=DEP, interrupts=NOT_REMAPPED)
        for path in ("sys/firmware/acpi", "sys/class/iommu", "proc/cmdline"):
            if (self.tree.root / path).exists():
                self.tree.remove(path)
        self.tree.write("proc/cmdline", "quiet\n")
        self.tree.write("var/log/dmesg.txt", "[    0.0] x\n")
        self.tree.write("proc/cpuinfo", "cpu\t\t: POWER9, altivec supported\n")
        device = self.again()[0]
        self.assertEqual([f["rule"] for f in device["findings"] if f["effect"] != "informs"], [])
        self.assertIn("on POWER the firmware makes the groups", self.run_pcipass("groups", "--computed").stdout)

    def test_nothing_that_maps(self):
        self.blocked("no-vfio-map", "neither vfio_iommu_type1 nor iommufd", remedy="another-kernel", dep=DEP)
        self.fine(dep=DEP + "kernel/drivers/iommu/iommufd/iommufd.ko.zst:\n")

    def test_odd_files(self):
        for odd in ("\0\0\0", ":", "/.ko:\n", "x" * 100000, "vfio-pci.ko", "\n\n" + DEP.strip()):
            self.setUp()
            self.one(dep=odd)


class Ids(Host):
    def test_told(self):
        for more in ({"cmdline": "vfio-pci.ids=8086:1,10de:2504"}, {"cmdline": "vfio_pci.ids=10DE:2504"},
                     {"conf": "options vfio-pci ids=10de:2504,10de:228e disable_vga=1\n"},
                     {"cmdline": "vfio-pci.ids=10de:2504:ffffffff:ffffffff:030000:ff0000"}):
            self.setUp()
            device, _ = self.one(driver="nouveau", **more)
            f = self.assert_finding(device, "ids-not-bound", "informs", "but nouveau claimed it first")
            self.assertIn("10de:2504", f["evidence"][0])
        self.setUp()
        device, _ = self.one(cmdline="vfio-pci.ids=10de:2504")
        self.assert_finding(device, "ids-not-bound", "informs", "not loaded")

    def test_not_told(self):
        for driver, ids in (("vfio-pci", "10de:2504"), ("nouveau", "10de:2505"), ("nouveau", ""), ("nouveau", "10de"),
                            ("nouveau", "10de:2504:1043"), ("nouveau", "10de:2504:ffffffff:ffffffff:020000:ff0000"),
                            ("nouveau", "x" * 2000), ("nouveau", "10de:2504" + ":0" * 200)):
            self.setUp()
            device, _ = self.one(driver=driver, cmdline=f"vfio-pci.ids={ids}")
            self.assert_not_found(device, "ids-not-bound")

    def test_set_again(self):
        """Each setting of ids= replaces the one before: files by name, then the command line."""
        a, b = "options vfio-pci ids=10de:2504\n", "options vfio_pci ids=8086:1533\n"
        for files, cmdline, said in (
                ({"a": a, "b": b}, "quiet", "in /etc/modprobe.d/a.conf names it, but has no effect: /etc/modprobe.d/b.conf sets ids= again"),
                ({"a": a + b}, "quiet", "/etc/modprobe.d/a.conf sets ids= more than once"),
                ({"a": a[:-1] + " ids=8086:1533\n"}, "quiet", "/etc/modprobe.d/a.conf sets ids= more than once"),
                ({"a": a}, 'vfio-pci.ids="8086:1533"', "the kernel command line sets ids= again"),
                ({}, "vfio-pci.ids=10de:2504 vfio_pci.ids=8086:1533", "the kernel command line sets ids= more than once"),
                ({"b": b, "c": a}, "quiet", "configured to claim it"), ({"a": b}, 'vfio-pci.ids="10de:2504"', "configured to claim it"),
                ({"a": a, "b": a}, "quiet", "configured to claim it"), ({"a": a, "b": b * 40}, "quiet", None),
                ({"a": a, "b": "options vfio-pci ids=8086:1533,10de:2504:1043:87f9\n"}, "quiet", None)):
            self.setUp()
            for name, text in files.items():
                self.tree.write(f"etc/modprobe.d/{name}.conf", text)
            device, _ = self.one(driver="nouveau", cmdline=cmdline)
            if said is None:  # no more than sixteen are kept; and a subsystem is not compared
                self.assert_not_found(device, "ids-not-bound")
                continue
            f = self.assert_finding(device, "ids-not-bound", "informs", said)
            self.assertIn("vfio_pci, ids: 10de:2504", f["evidence"][0])
            self.assertEqual("without 10de:2504" in f["evidence"][1], "configured" not in said)
            # A capture has other names for the files, in the same order.
            archive = self.directory / "c.tar"
            self.assertEqual(self.run_pcipass("capture", "-o", str(archive)).returncode, 0)
            captured = self.assert_finding(self.again(path=archive)[0], "ids-not-bound", "informs", "ids")
            archive.unlink()
            self.assertEqual("has no effect" in captured["text"], "configured" not in said)


DIRECTORIES = ("etc", "run", "usr/local/lib", "usr/lib", "lib")


class Options(Host):
    """Options of vfio-pci from all directories of modprobe, as modprobe itself reads them."""

    VGA = "options vfio-pci disable_vga="

    def modprobe(self) -> list:
        """What the real modprobe makes of these directories; None: there is none."""
        program = shutil.which("modprobe") or "/usr/sbin/modprobe"
        if not Path(program).exists():
            return None
        directories = [w for d in DIRECTORIES for w in ("-C", self.tree.root / d / "modprobe.d")
                   if (self.tree.root / d / "modprobe.d").is_dir()]
        said = subprocess.run([program, *directories, "--showconfig"], check=True, text=True, capture_output=True,
                              env={"MODPROBE_OPTIONS": ""}).stdout
        return re.findall(r"^options vfio_pci .*?disable_vga=(\S)", said, re.M)

    def set(self, **files) -> bool:
        """files: DIRECTORY__NAME → content, '/' as '_' in the directory; whether disable_vga is on at the end."""
        self.setUp()
        for where, content in files.items():
            directory, name = where.split("__")
            path = f"{directory.replace('_', '/')}/modprobe.d/{name}.conf"
            if content is None:
                (self.tree.root / path).parent.mkdir(parents=True, exist_ok=True)
                (self.tree.root / path).symlink_to("/dev/null")
            else:
                self.tree.write(path, content)
        device, _ = self.one()
        on = "vga-off" in [f["rule"] for f in device["findings"]]
        said = self.modprobe()
        if said is not None:
            self.assertEqual(on, said[-1:] == ["1"], (files, said))
        archive = self.directory / "c.tar"
        self.assertEqual(self.run_pcipass("capture", "-o", str(archive)).returncode, 0)
        self.assertEqual(self.again(path=archive)[0], device)
        return on

    def test_each_directory(self):
        for directory in DIRECTORIES:
            self.assertTrue(self.set(**{f"{directory.replace('/', '_')}__vfio": self.VGA + "1\n"}), directory)
            self.assertFalse(self.set(**{f"{directory.replace('/', '_')}__.vfio": self.VGA + "1\n"}), directory)

    def test_first_directory_wins(self):
        self.assertFalse(self.set(etc__a=self.VGA + "0\n", run__a=self.VGA + "1\n", usr_lib__a=self.VGA + "1\n"))
        self.assertTrue(self.set(run__a=self.VGA + "1\n", usr_local_lib__a=self.VGA + "0\n", lib__a=self.VGA + "0\n"))
        self.assertFalse(self.set(etc__a="", usr_lib__a=self.VGA + "1\n"))
        self.assertFalse(self.set(etc__a=None, usr_lib__a=self.VGA + "1\n"))

    def test_order_is_of_names(self):
        self.assertTrue(self.set(etc__a=self.VGA + "0\n", usr_lib__b=self.VGA + "1\n"))
        self.assertFalse(self.set(usr_lib__a=self.VGA + "1\n", etc__b=self.VGA + "0\n"))
        self.assertFalse(self.set(lib__a=self.VGA + "1\n", run__b=self.VGA + "0\n"))

    def test_lines(self):
        self.assertTrue(self.set(etc__a="options vfio-pci \\\n disable_vga=1\n"))
        self.assertTrue(self.set(etc__a="\toptions vfio_pci disable_vga=1"))
        self.assertFalse(self.set(etc__a="# options vfio-pci disable_vga=1\n"))
        self.assertFalse(self.set(etc__a="#\\\noptions vfio-pci disable_vga=1\n"))
        self.assertFalse(self.set(etc__a="options vfio disable_vga=1\n"))

    def test_ban_elsewhere(self):
        self.setUp()
        self.tree.write("usr/lib/modprobe.d/x.conf", "install vfio-pci /bin/false\n")
        device, _ = self.one(dep=DEP + TYPE1)
        self.assert_finding(device, "no-vfio-pci", "blocks", "prevents loading it")
        self.tree.write("etc/modprobe.d/x.conf", "")
        self.assert_not_found(self.again()[0], "no-vfio-pci")

    def test_odd(self):
        for odd in ("\0options vfio-pci disable_vga=1", "options\n", "\\\n" * 3000, "x" * 70000 + "\n", "options vfio-pci"):
            self.set(etc__a=odd)
        self.setUp()
        self.tree.write("etc/modprobe.d/a.conf", "x" * (1 << 21))
        self.tree.write("etc/modprobe.d/b.conf/c", "")
        self.one()

    def test_not_a_vga_card(self):
        self.setUp()
        self.tree.write("etc/modprobe.d/a.conf", self.VGA + "1\n")
        self.one()
        self.tree.device("0000:02:00.0", 0x030200, group=9)
        self.assert_not_found(self.survey()["0000:02:00.0"], "vga-off")

    def test_line_interrupts(self):
        self.setUp()
        device, _ = self.one(conf="options vfio-pci nointxmask=1\n")
        self.assert_finding(device, "intx-not-masked", "degrades", "nointxmask=1")
        self.tree.device("0000:02:00.0", 0x020000, group=9, pin=0)
        self.assert_not_found(self.survey()["0000:02:00.0"], "intx-not-masked")
        self.tree.write("sys/module/vfio_pci/parameters/nointxmask", "N\n")  # as it was loaded
        self.assert_not_found(self.survey()[CARD], "intx-not-masked")


class Arguments(Host):
    AMD = {"iommu": "ivhd0"}

    def test_fine(self):
        for line in ("intel_iommu=on iommu=pt", "intel_iommu=on,sm_on,igfx_off", "intel-iommu=on", "iommu=pt,force",
                     "vfio-pci.ids=10de:2504,10de:228e", "vfio_pci.ids=10de:2504:1:2:3:4", "vfio-pci.disable_vga=1",
                     "pcie_acs_override=downstream,multifunction", "intremap=no_x2apic_optout", "quiet splash",
                     "iommu.passthrough=1 iommu.strict=0", "rd.driver.pre=vfio-pci", "root=/dev/vfio-pool-7",
                     "memmap=1G", "kvm.ignore_msrs=1", "mtk_iommu.x=1", "arm-smmu.disable_bypass=0", "iommu=memaper=3",
                     "intel_pstate=disable", "pci=realloc,noaer", "vfio=", "=", "", "\"quiet\"", "x" * 600,
                     "nvidia-drm.modeset=1", "vfio_iommu_type1.dma_entry_limit=100000", "intel_idle.max_cstate=1"):
            self.assertEqual(self.words(line), [], line)

    def test_names(self):
        for word, meant in (("vfio-pci-ids=10de:2504", "vfio-pci.ids="), ("vfio-pci.id=10de:2504", "vfio-pci.ids="),
                            ("vfio-pcs.ids=10de:2504", "vfio-pci.ids="), ("vifo-pci.ids=1:2", "vfio-pci.ids="),
                            ("intel_iommu.on", "intel_iommu="), ("intel_iommmu=on", "intel_iommu="),
                            ("Intel_iommu=on", "intel_iommu="), ("intel_iommu", None), ("inetl_iommu=on", "intel_iommu="),
                            ("iommu-pt", "iommu="), ("pci_acs_override=downstream", "pcie_acs_override="),
                            ("allow_unsafe_interrupts=1", "vfio_iommu_type1.allow_unsafe_interrupts=1"),
                            ("vfio_iommu.allow_unsafe_interrupts=1", "vfio_iommu_type1.allow_unsafe_interrupts=1"),
                            ("vfio_iommu_type1.allow_unsafe_interrupt=1", "vfio_iommu_type1.allow_unsafe_interrupts=1"),
                            ("vfio-pci.disable_idle_D3=1", "vfio-pci.disable_idle_d3=1")):
            said = self.words(f"quiet {word} splash")
            if not meant:
                self.assertEqual(said, [])
                continue
            self.assertEqual(len(said), 1, word)
            self.assertIn(f"nothing reads {word.split('=')[0]} on the kernel command line; did you mean {meant}?", said[0])
        self.assertIn("no longer read kvm.allow_unsafe_assigned_interrupts",
                      self.words("kvm.allow_unsafe_assigned_interrupts=1")[0])

    def test_values(self):
        for word, words in (("iommu=on", "it does not accept on; did you mean intel_iommu=on?"), ("iommu=pt,on", "iommu=on has no effect"),
                            ("intel_iommu=pt", "did you mean iommu=?"), ("intel_iommu=onn", "did you mean on?"),
                            ("intel_iommu=on,relax_rmrr", "only the kernels of Proxmox VE know it"), ("intel_iommu=on,iommu=pt", "separate arguments with spaces"),
                            ("\"intel_iommu=on iommu=pt\"", "separate arguments with spaces"), ("intremap=yes", "does not accept yes"),
                            ("vfio-pci.ids=0000:01:00.0", "expects vendor:device"), ("vfio-pci.ids=10de2504", "expects vendor"),
                            ("vfio-pci.ids=10de:2504;10de:228e", "expects vendor:device"),
                            ("vfio-pci.disable_vga=ja", "does not accept ja")):
            said = self.words(word)
            self.assertEqual(len(said), 1, (word, said))
            self.assertIn(words, said[0])

    def test_where_a_word_ends(self):
        """At 0xa0 as well, the second byte of the space of web pages that does not break."""
        self.assertEqual(self.words("quiet\u00a0intel_iommu=igfx_off\v\u00a0vfio-pci.disable_vga=1"), [])
        said = self.words("intel_iommu=on\u00a0iommu=pt")
        self.assertEqual(len(said), 1, said)
        self.assertIn("on?", said[0])
        self.assertIn("goes to init", self.words("quiet --\u00a0-- intel_iommu=on")[0])

    def test_switches(self):
        """The kernel goes by the first letter; of "on" and "off" by the second."""
        for value in ("yes", "true", "no", "False", "1x", "On", "OFF", "y"):
            self.assertEqual(self.words(f"vfio_pci.disable_denylist={value}"), [], value)
        for value in ("ja", "o", "enable", "2"):
            self.assertIn(f"does not accept {value}", self.words(f"vfio_pci.disable_denylist={value}")[0])
        self.assertEqual(self.words("quiet nointremap"), [])

    def test_proxmox(self):
        self.setUp()
        self.one(cmdline="intel_iommu=on,relax_rmrr")
        self.tree.kernel("6.8.12-1-pve")
        self.assertNotIn("argument-ignored", [f["rule"] for f in self.again()[1]])

    def test_other_maker(self):
        cpu = "processor\t: 0\nvendor_id\t: AuthenticAMD\nflags\t\t: fpu\n"
        self.one(cmdline="intel_iommu=on amd_iommu=on", **self.AMD)
        self.tree.write("proc/cpuinfo", cpu)
        said = [f["text"] for f in self.again()[1] if f["rule"] == "argument-ignored"]
        self.assertEqual(len(said), 2)
        self.assertIn("intel_iommu on the kernel command line has no effect: it applies to Intel's IOMMU", said[0])
        self.assertIn("amd_iommu=on has no effect: AMD's IOMMU is on by default", said[1])
        self.tree.write("proc/cpuinfo", cpu.replace("AuthenticAMD", "GenuineIntel"))
        self.tree.write("proc/cmdline", "amd_iommu=off\n")
        self.tree.remove("sys/class/iommu/ivhd0")
        self.tree.iommu("dmar0")
        said = [f["text"] for f in self.again()[1] if f["rule"] == "argument-ignored"]
        self.assertIn("it applies to AMD's IOMMU", said[0])

    def test_behind_the_dashes(self):
        self.assertIn("goes to init", self.words("quiet -- intel_iommu=on")[0])
        self.assertEqual(self.words("quiet -- single"), [])

    def test_unsafe_interrupts(self):
        def found(**more) -> list:
            self.setUp()
            return [f["rule"] for f in self.one(**more)[1] if f["rule"] == "unsafe-not-needed"]

        for line in ("vfio_iommu_type1.allow_unsafe_interrupts=1", "vfio_iommu_type1.allow_unsafe_interrupts",
                     "iommufd.allow_unsafe_interrupts=Y"):
            self.assertEqual(found(cmdline=line), ["unsafe-not-needed"], line)
            self.assertEqual(found(cmdline=line, interrupts=NOT_REMAPPED), [])
            self.assertEqual(found(cmdline=line, interrupts=None), [])
        self.assertEqual(found(conf="options vfio_iommu_type1 allow_unsafe_interrupts=1\n"), ["unsafe-not-needed"])
        self.assertEqual(found(cmdline="vfio_iommu_type1.allow_unsafe_interrupts=0"), [])
        self.assertEqual(found(), [])


if __name__ == "__main__":
    unittest.main()
