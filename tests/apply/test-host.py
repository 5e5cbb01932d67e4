#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The program as it is typed on a host: each command that it names next is the one that is run.

The host is a directory that a mount namespace has as its root, so this is all of pcipass with nothing
given to it but its command line. What the kernel does with a driver or a table is not in it: a
story of the lab has that.

usage: test-host.py PCIPASS
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import fakeroot
import namespace

PCIPASS = sys.argv.pop(1)
KILLED = "#!/bin/sh\nkill -9 $PPID\n"  # the power goes while the initrd is made


def named(text: str, pattern: str) -> str:
    """A command that a text tells to type, over its line breaks."""
    found = re.search(pattern, re.sub(r"\s+", " ", text))
    assert found, f"no {pattern} in: {text}"
    return found.group(1)


class OnHost(unittest.TestCase):
    """Types, and looks at what comes."""

    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.host = namespace.Host(Path(directory.name) / "host", PCIPASS)

    def type(self, line: str, code: int, *words: str) -> str:
        """What it said; its exit status and some words are as expected."""
        status, text = self.host.run(line)
        self.assertEqual(status, code, f"{line}: {text}")
        for word in words:
            self.assertIn(word, text, line)
        self.assertNotIn("Sanitizer", text)
        return text


class Typed(OnHost):
    """What pcipass does itself."""

    def test_a_setting(self):
        """Surveyed, freed, rebooted, verified, and taken back, each by the command named before."""
        before = self.host.changed()
        survey = self.type("pcipass", 0)
        free = named(survey, r"Next: to free slot 2, .*? to do it: (pcipass free slot2) \(as root; ")
        self.assertEqual(named(self.type("pcipass check slot2", 1), r"; to free it, as root: (pcipass free \S+)"), free)
        explained = self.type(named(survey, "More: (pcipass explain slot2)"), 0)
        self.assertEqual(named(explained, r"as root \(it asks first\): (pcipass free \S+)"), free)
        planned = self.type(named(explained, r"To see what frees it: (pcipass free \S+ --dry-run)"), 0)
        self.assertEqual(named(planned, r"run (pcipass free \S+) as root"), free)
        yes = named(self.type(free, 2), "not a terminal, so pcipass cannot ask: add (--yes)")
        self.assertEqual(before, self.host.changed())
        done = self.type(f"{free} {yes}", 0, "set RMRDS_Slot2 to Endpoints_Excluded")
        self.assertNotIn("Next:", done)
        self.assertIn("RMRDS_Slot2=Endpoints_Excluded\n", self.host.text("usr/sbin/settings"))
        verify, undo = (named(done, f'Done. Reboot, .*?"(pcipass {x})"') for x in ("verify", "undo"))
        self.type(verify, 1, "reboot first")
        self.type("pcipass status", 0, "Applied, but the host has not been rebooted since:\n\npcipass free slot2 (",
                  "WHAT WAS DONE\n  1. set the BIOS setting RMRDS_Slot2", "to undo: set it back",
                  "\nNext: reboot, then pcipass verify checks")
        self.assertEqual(self.status("slot2"), ("applied", True, False))
        self.host.started("dl380p-gen8-freed", fakeroot.NEW_BOOT)
        self.assertEqual(self.status("slot2"), ("applied", True, True))
        self.type(verify, 0, "slot2: freed")
        self.type("pcipass status", 0, "Applied, and the host has been rebooted since:")
        self.type("pcipass check slot2", 0, "assignable")
        self.type(f"{undo} --yes", 0, "set RMRDS_Slot2 back to")
        self.type("pcipass status", 1, "pcipass has changed nothing on this host")
        self.assertEqual(self.status(None), ("none", False, False))
        self.assertNotIn("Excluded", self.host.text("usr/sbin/settings"))
        self.type(f"{undo} --yes", 0, "Nothing to undo: the last apply was undone already.")
        self.type("pcipass apply --resume", 0, "Nothing to resume: no apply was interrupted.")
        self.type("pcipass override remove", 0, "Nothing to remove: the last apply was undone already.")

    def status(self, request: str | None) -> tuple:
        """What status says in JSON, where this was applied, or nothing."""
        told = json.loads(self.type("pcipass status --json", 0 if request else 1))
        self.assertEqual(told["schema"], "pcipass.status/1")
        self.assertEqual(told["plan"] and (told["plan"]["schema"], told["plan"]["request"]),
                         request and ("pcipass.plan/1", request))
        return told["state"], told["needs_reboot"], told["rebooted"]

    def new_bios(self):
        """Version and family stay, as HP's do; the date is another."""
        table = self.host.path / "sys/firmware/dmi/tables/DMI"
        old = table.read_bytes()
        self.assertEqual(old.count(b"05/24/2019\0"), 1)
        table.write_bytes(old.replace(b"05/24/2019\0", b"07/01/2020\0"))

    def test_at_every_boot(self):
        """One line, by which the log tells what a BIOS update undid; none where nothing is applied."""
        self.assertEqual(self.type("pcipass verify --boot", 0), "")
        self.type("pcipass free slot2 --yes", 0)
        self.type("pcipass verify --boot", 1, "slot2: what pcipass applied is not in effect: ", "reboot first",
                  "; to see all: pcipass verify\n")
        self.host.started("dl380p-gen8-freed", fakeroot.NEW_BOOT)
        fine = "slot2: what pcipass applied is in effect\n"
        self.assertEqual(self.type("pcipass verify --boot", 0), fine)
        self.assertEqual(self.type("JOURNAL_STREAM=8:1 pcipass verify --boot", 0), "<6>" + fine)
        answer = json.loads(self.type("pcipass verify --json", 0))
        self.assertEqual((answer["warning"], answer["bios_changed"]), (None, False))
        # An update that keeps the setting is no reason to warn.
        self.new_bios()
        self.assertEqual(self.type("pcipass verify --boot", 0), fine)
        self.assertIs(json.loads(self.type("pcipass verify --json", 0))["bios_changed"], True)
        self.host.started("dl380p-gen8", fakeroot.NEW_BOOT)
        self.new_bios()
        line = self.type("JOURNAL_STREAM=8:1 pcipass verify --boot", 1, "still names 07:00.0",
                         "; the BIOS was P70 (05/24/2019) and is P70 (07/01/2020) now")
        self.assertRegex(line, r"\A<4>slot2: [^\n]*\n\Z")
        answer = json.loads(self.type("pcipass verify --json", 1))
        self.assertEqual(line, f"<4>{answer['warning']}; to see all: pcipass verify\n")
        self.type("pcipass undo --yes", 0)
        self.assertEqual(self.type("pcipass verify --boot", 0), "")
        self.type("pcipass verify --now", 2, "verify does not take --now")
        for line in ("pcipass verify --boot --json", "pcipass verify --boot --plan x"):
            self.type(line, 2, "verify --boot takes no option but --color")

    def test_two_plans(self):
        """verify checks both, but for what the later one changed again."""
        self.type("pcipass free slot2 --yes", 0)
        self.type("pcipass bind slot3 --boot --yes", 0)
        self.host.started("dl380p-gen8-freed", fakeroot.NEW_BOOT)
        told = re.sub(r"\s+", " ", self.type("pcipass verify", 1))
        self.type("pcipass status", 0, "\npcipass bind slot3 (", "\nApplied before: slot2\n")
        self.assertRegex(told, r"slot3: not freed.*Earlier plan, slot2:.*RMRDS_Slot2=Endpoints_Excluded is in effect.*"
                               r"slot2: freed Next: pcipass explain slot3")
        answer = json.loads(self.type("pcipass verify --json", 1))
        self.assertEqual((answer["result"], answer["earlier"]), ("no", ["slot2"]))
        self.assertEqual([(e["request"], e["result"], e["booted_since"]) for e in answer["earlier_checks"]],
                         [("slot2", "yes", True)])
        self.assertTrue(answer["earlier_checks"][0]["checks"])
        self.type("pcipass unbind slot3 --boot --yes", 0)
        answer = json.loads(self.type("pcipass verify --json", 1))
        self.assertEqual(answer["earlier"], ["slot3", "slot2"])
        self.assertFalse([c for c in answer["earlier_checks"][0]["checks"] if "vfio-pci" in c["what"]])
        self.type("pcipass undo --yes", 0)
        self.type("pcipass undo --yes", 0)
        self.assertNotIn("earlier", self.type("pcipass verify", 0, "slot2: freed"))

    def test_one_of_the_times(self):
        for when in ("--now", "--boot"):
            self.type(f"pcipass bind slot2 --dry-run {when}", 0, f"run pcipass bind slot2 {when} as root")

    def test_runs_of_conrep(self):
        """Each takes seconds, at times minutes: what was read once is not read again."""
        log = self.host.path / "usr/sbin/log"
        for line, most in (("pcipass free slot2 --yes", 3), ("pcipass undo --yes", 4),
                           ("pcipass settings set --yes RMRDS_Slot2=Endpoints_Excluded", 3),
                           ("pcipass settings get RMRDS_Slot2", 1)):
            log.write_text("")
            self.type(line, 0)
            runs = log.read_text().splitlines()
            self.assertLessEqual(len(runs), most, f"{line}:\n" + "\n".join(runs))

    def test_a_table(self):
        before = self.host.changed()
        free = named(self.type("pcipass free slot2 --dry-run --by table-override", 0),
                     r"run (pcipass free slot2 --by table-override) as root")
        self.type(f"{free} --yes", 0, "run update-initramfs -u -k all")
        self.type("pcipass override status", 1, "reboot")
        self.type("pcipass override remove", 0)
        self.assertEqual(before, self.host.changed())
        self.type("pcipass override install 02:00.0 --yes", 0)
        self.type("pcipass undo --yes", 0)
        self.assertEqual(before, self.host.changed())

    def test_override_remove_is_not_for_more(self):
        self.type("pcipass free slot2 --yes", 0)
        undo = named(self.type("pcipass override remove", 1), '"(pcipass undo)" undoes all')
        self.type(f"{undo} --yes", 0)

    def test_arguments(self):
        self.host.started("dl380p-gen8-iommu-off")
        before = self.host.changed()
        free = named(self.type("pcipass", 0), r"Next: add intel_iommu=on .*? to do it: (pcipass \S+ \S+)")
        self.type(f"{free} --yes", 0, "run update-grub")
        self.assertIn("intel_iommu=on", self.host.text("boot/grub/grub.cfg"))
        self.type("pcipass undo --yes", 0)
        self.assertEqual(before, self.host.changed())

    def test_half_done(self):
        before = self.host.changed()
        for which in ("apply --resume", "undo"):
            tool = self.host.path / "usr/sbin/update-initramfs"
            whole = tool.read_text()
            tool.write_text(KILLED)
            self.type("pcipass free slot2 --by table-override --yes; code=$?; sleep 0.5; exit $code",
                      137)
            tool.write_text(whole)
            told = self.type("pcipass free slot2 --yes", 4, "was interrupted")
            command = named(told, f'"(pcipass {which})"')
            self.assertIn(command, self.type("pcipass verify", 3, "was interrupted"))
            self.assertIn(command, self.type("pcipass verify --boot", 1, "was interrupted"))
            self.type(f"{command} --yes", 0)
            if which != "undo":
                self.type("pcipass undo --yes", 0)
            self.assertEqual(before, self.host.changed())

    def test_interrupted(self):
        """A signal while the initrd is made: it is waited for, then all is taken back."""
        before = self.host.changed()
        tool = self.host.path / "usr/sbin/update-initramfs"
        whole = tool.read_text()
        for name in ("INT", "TERM", "HUP", "QUIT"):
            # The tool of the way back sends none: the second time its file is there.
            tool.write_text(f"#!/bin/sh\n[ -e /run/sent ] || {{ : > /run/sent; kill -{name} $PPID; sleep 0.2; }}\n"
                            + whole.split("\n", 1)[1])
            told = self.type("pcipass free slot2 --by table-override --yes", 4, "pcipass: interrupted: finishing",
                             "stopped by a signal", "is as it was before", "rebuilt: update-initramfs")
            self.assertNotIn("undo\" tries", told)
            self.type("rm /run/sent", 0)
            tool.write_text(whole)
            self.assertEqual(before, self.host.changed(), name)
            self.type("pcipass undo --yes", 0, "undone already")

    def test_nobody_reads(self):
        """Output into a pipe that is closed: what was begun is done all the same."""
        before = self.host.changed()
        self.type("{ pcipass free slot2 --by table-override --yes; echo $? >/run/code; } 2>&1 | sed -n '/^pcipass: /q';"
                  " cat /run/code", 0, "0\n")
        self.type("rm /run/code; pcipass verify", 1, "reboot first")
        self.type("{ pcipass undo --yes; echo $? >/run/code; } 2>&1 | sed -n '/^pcipass: /q'; cat /run/code", 0, "0\n")
        self.type("rm /run/code", 0)
        self.assertEqual(before, self.host.changed())

    def test_undo_shows_what_it_does(self):
        """In the order in which it is then done; and asks."""
        self.type("pcipass free slot2 --by table-override --yes", 0)
        asked = self.type("pcipass undo", 2, "This will be undone:", "pcipass cannot ask")
        self.type("pcipass override status", 1, "installed")
        shown = [line[2:] for line in asked.splitlines() if line.startswith("  ")]
        self.assertIn("run update-initramfs -u -k all again", shown)
        done = self.type("pcipass undo --yes", 0)
        said = [line[len("pcipass: "):] for line in done.splitlines() if line.startswith("pcipass: ")]
        self.assertEqual(shown, said)

    def test_nothing_applied(self):
        told = self.type("pcipass verify", 3)
        self.assertEqual(named(told, "need (--plan) FILE or --attach DEVICE"), "--plan")
        self.type("pcipass free slot2 -o plan.json", 0)
        self.type("pcipass verify --plan plan.json", 1, "the plan's file does not say when")
        self.type("pcipass apply --plan plan.json --dry-run", 0, "would set RMRDS_Slot2")
        self.type("pcipass apply --plan plan.json --yes", 0)

    def conrep_at(self, path: str, was: str = "usr/sbin/conrep") -> None:
        """HP's program and its settings are there and nowhere else."""
        to = self.host.path / path
        to.parent.mkdir(parents=True, exist_ok=True)
        (self.host.path / was).rename(to)
        (self.host.path / was).with_name("settings").rename(to.with_name("settings"))

    def test_without_conrep(self):
        """Where HP's program is missing it is said before anything is changed, and how to name it."""
        self.conrep_at("root/tools/conrep-5.2")
        before = self.host.changed()
        survey = self.type("pcipass", 0)
        self.assertRegex(re.sub(r"\s+", " ", survey), r"to do it: pcipass free slot2 .*?it needs HP's conrep, "
                         "which is not installed here")
        self.type("pcipass free slot2 --dry-run", 0, "needs: HP's conrep (package hp-scripting-tools)")
        told = self.type("pcipass free slot2 --yes", 4, "not installed", "hp-scripting-tools 11.60")
        self.assertIn("hp:PROGRAM", told)
        self.assertNotIn("HPEBIOSCmdlets", told)  # Windows' package
        self.assertEqual(before, self.host.changed())
        store = "--store hp:/root/tools/conrep-5.2"
        self.type(f"pcipass settings get {store} RMRDS_Slot2", 0, "RMRDS_Slot2=Endpoints_Included")
        self.type("pcipass settings get --store hp:tools/conrep-5.2 RMRDS_Slot2", 2, "absolute path")

    def test_named_conrep(self):
        """Named once: the plan shows and records it, and undo runs that one and no other."""
        self.conrep_at("root/tools/conrep-5.2")
        store = "--store hp:/root/tools/conrep-5.2"
        settings = "root/tools/settings"
        self.assertIn(" by /root/tools/conrep-5.2 (", re.sub(
            r"\s+", " ", self.type(f"pcipass free slot2 {store} --yes", 0, "set RMRDS_Slot2 to")))
        self.assertIn("Slot2=Endpoints_Excluded", self.host.text(settings))
        self.host.tool("conrep", "#!/bin/sh\ntouch /root/wrong; exit 1\n")
        self.type("pcipass undo --yes", 0)
        self.assertNotIn("Excluded", self.host.text(settings))
        self.type(f"pcipass free slot2 {store} -o plan.json", 0)
        self.type("pcipass apply --plan plan.json --store hp:/usr/sbin/conrep --yes", 2,
                  "the plan names hp:/root/tools/conrep-5.2 for RMRDS_Slot2, so hp:/usr/sbin/conrep cannot")
        self.type("pcipass apply --plan plan.json --yes", 0)
        self.assertIn("Slot2=Endpoints_Excluded", self.host.text(settings))
        self.type("pcipass undo --yes", 0)
        # Of a plan that names none it is named to apply.
        self.type("pcipass free slot2 -o plain.json", 0)
        self.type(f"pcipass apply --plan plain.json {store} --yes", 0)
        self.assertIn("Slot2=Endpoints_Excluded", self.host.text(settings))
        # It has moved: where it was a link does.
        moved = "mv /root/tools/conrep-5.2 /root/tools/conrep-6"
        told = self.type(f"{moved}; pcipass undo --yes", 4, "/root/tools/conrep-5.2: No such file")
        self.assertIn("if HP's conrep has moved, put a symbolic link to it there", told)
        self.type("ln -s conrep-6 /root/tools/conrep-5.2; pcipass undo --yes", 0)
        self.assertNotIn("Excluded", self.host.text(settings))
        self.assertFalse((self.host.path / "root/wrong").exists())

    def test_found_conrep(self):
        """Under each name and in each place of HP's packages, never in the current directory or PATH;
        what was found is what undo runs."""
        was = "usr/sbin/conrep"
        for place in ("opt/hp/hp-scripting-tools/bin/conrep", "opt/hp/conrep/conrep",
                      "opt/hp/tools/hp-conrep", "usr/local/sbin/hp-conrep", "usr/sbin/hp-conrep"):
            self.conrep_at(place, was)
            was = place
            self.type("pcipass free slot2 --yes", 0, "set RMRDS_Slot2 to")
            told = self.type("cat /var/lib/pcipass/apply.json", 0)
            self.assertIn(f"hp:/{place}", told.replace("\\/", "/"))
            self.type("pcipass undo --yes", 0)
        self.conrep_at("root/conrep", was)
        self.type("PATH=/root:$PATH pcipass settings list", 4, "not installed")

    def test_ours_is_not_hps(self):
        """A copy of pcipass-conrep under HP's name would call itself without end."""
        self.conrep_at("root/tools/conrep-5.2")
        self.type("cp /usr/local/bin/pcipass-conrep /usr/sbin/conrep; pcipass settings list", 4,
                  "not installed")
        self.type("pcipass settings list --store hp:/usr/sbin/conrep", 2, "pcipass's own conrep")
        self.type("conrep -s -f x.dat", 3, "not installed")

    def test_cards_are_named(self):
        """The drawback is the last line before the return code, with the cards that it concerns."""
        self.host.put("root/on.dat", '<Conrep><Section name="RMRDS_Slot2">Endpoints_Excluded</Section>'
                      "</Conrep>")
        shown = r"iLO no longer sees the card in slot 2 \(07:00\.0 [^)]*\): no temperature, no health"
        told = self.type("pcipass settings set RMRDS_Slot2=Endpoints_Excluded --dry-run", 0)
        self.assertRegex(re.sub(r"\s+", " ", told), f"side effect: {shown}")
        lines = self.type("pcipass-conrep -l -x conrep_rmrds.xml -f on.dat", 0).splitlines()
        self.assertRegex(lines[-2], f"^conrep: {shown}$")
        self.assertEqual(lines[-1], "Conrep Return Code: 0")
        self.assertLessEqual(len(lines), 10, lines)

    def test_full_schema(self):
        """One setting of a schema with hundreds, of which HP's program tells a few and many are odd: at
        the most ten lines, and none about what nobody named."""
        ours = (namespace.TESTS.parent / "schemas/rmrds.xml").read_text()
        odd = "".join(f'<Section name="Odd_{i}"><ev>CQODD{i}</ev><length>1</length><value id="0">A</value>'
                      f'<value id="1">B</value></Section>\n' for i in range(240))
        self.host.put("root/full.xml", ours.replace("</Conrep>", odd + "</Conrep>"))
        self.host.put("root/on.dat", '<Conrep><Section name="RMRDS_Slot2">Endpoints_Excluded</Section>'
                      "</Conrep>")
        told = self.type("pcipass-conrep -l -x full.xml -f on.dat", 0)
        self.assertLessEqual(told.count("\n"), 10, told)
        self.assertIn("XML System Configuration: /root/full.xml\n", told)
        self.assertNotIn("Odd", told)
        told = self.type("pcipass settings set --schema full.xml RMRDS_Slot2=Endpoints_Included", 0)
        self.assertNotIn("Odd", told)
        self.type("pcipass settings save --schema full.xml >/dev/null", 0,
                  "240 settings could not be read and are left out; --verbose names them")
        told = self.type("pcipass-conrep -l -v -x full.xml -f on.dat", 0)
        self.assertGreater(told.count("Odd"), 240)

    def test_plan_from_elsewhere(self):
        """A plan's schema is the built-in one, whatever files are where it is carried out."""
        self.type("pcipass free slot2 -o plan.json", 0)
        self.host.put("root/rmrds.xml", "<Conrep/>")
        self.type("cd /tmp && pcipass apply --plan /root/plan.json --dry-run", 0, "would set")
        self.type("pcipass apply --plan plan.json --yes", 0)
        self.assertIn("Slot2=Endpoints_Excluded", self.host.text("usr/sbin/settings"))

    def test_bound_at_boot(self):
        before = self.host.changed()
        bind = named(self.type("pcipass bind slot2 --dry-run", 0), "run (pcipass bind slot2) as root")
        self.type(f"{bind} --boot --yes", 0, "write /etc/udev/rules.d/05-pcipass.rules")
        self.type("pcipass undo --yes", 0)
        self.assertEqual(before, self.host.changed())


    def test_bound_with_an_isa_bridge(self):
        """Its driver keeps the group from VFIO, and vfio-pci takes its header: bind takes it, too."""
        self.host.started("desktop-relaxable")
        bind = named(self.type("pcipass explain 00:1f.2", 0), r"Next: (pcipass bind \S+)")
        self.type(f"{bind} --boot --yes", 0)
        rules = self.host.text("etc/udev/rules.d/05-pcipass.rules")
        self.assertIn("00:1f.0]driver_override", rules)
        told = self.type("pcipass emit qemu 00:1f.2", 0)
        self.assertEqual(set(re.findall(r"pcipass bind 0000:(\S+) # now: ", told)),
                         set(re.findall(r"pci/0000:(\S+?)\]driver_override", rules)))
        # A guest is not given the bridge, so that no answer about that is wanted.
        told = self.type("pcipass verify", 1, "no      00:1f.0 is bound to vfio-pci", "\n00:1f.2\n")
        self.assertNotIn("\n00:1f.0\n", told)
        self.type("pcipass unbind group11 --boot --yes", 0)
        self.assertFalse((self.host.path / "etc/udev/rules.d/05-pcipass.rules").exists())
        self.type("pcipass bind 00:00.0", 2, "00:00.0: names only bridges, which need not be bound")

    def test_bound_vmd_controller(self):
        """What is behind it is gone by then: it is neither bound nor kept for vfio-pci."""
        self.host.started("vmd-qat")
        self.type("pcipass bind 10000:01:00.0", 2,
                  "names only what is behind an Intel VMD controller: bind the controller")
        self.type("pcipass bind group1 --boot --yes", 0)
        rules = self.host.text("etc/udev/rules.d/05-pcipass.rules")
        self.assertIn("0000:00:05.5]driver_override", rules)
        self.assertNotIn("10000:", rules)


class Asked(OnHost):
    """What is refused is refused before anything is shown or asked; and the question itself."""

    SHOWN = ("WHAT WILL BE DONE", "WHAT WOULD BE DONE", "[y/N]", "Next:")
    # A terminal, on which somebody types what comes in.
    TERMINAL = "python3 -c 'import pty, sys; sys.exit(pty.spawn(sys.argv[1:]) >> 8)' "

    def refused(self, line: str, *words: str) -> None:
        """A no, and nothing before it."""
        before = self.host.changed()
        told = self.type(line, 1, *words)
        for shown in self.SHOWN:
            self.assertNotIn(shown, told, line)
        self.assertEqual(told.count("\n"), 1, told)
        self.assertEqual(before, self.host.changed())

    def answered(self, line: str, answer: str, code: int, *words: str) -> str:
        return self.type(f"printf '{answer}' | {self.TERMINAL} {line}", code, *words)

    def test_in_use(self):
        disk = (self.host.path / "sys/bus/pci/devices/0000:07:00.0").resolve() / "block/sda"
        (disk / "holders").mkdir(parents=True)
        self.host.put("proc/swaps", "Filename Type Size Used Priority\n/dev/sda partition 1024 0 -2\n")
        (disk / "dev").write_text("8:0\n")
        (self.host.path / "sys/class/block").mkdir(exist_ok=True)
        (self.host.path / "sys/class/block/sda").symlink_to(disk)
        for command in ("bind 07:00.0", "bind slot2 --now", "bind slot2 --yes", "bind slot2 --dry-run"):
            self.refused(f"mount -t tmpfs none /dev && touch /dev/sda && pcipass {command}",
                         "07:00.0 is needed by the host: sda")

    def exchange(self, address: str, device: int) -> None:
        """Another card of the same maker."""
        directory = self.host.path / f"sys/bus/pci/devices/0000:{address}"
        (directory / "device").write_text(f"{device:#06x}\n")
        config = (directory / "config").read_bytes()
        (directory / "config").write_bytes(config[:2] + device.to_bytes(2, "little") + config[4:])

    def test_another_host(self):
        self.type("pcipass free slot2 -o plan.json", 0)
        commands = ("apply --plan plan.json", "apply --plan plan.json --yes",
                    "apply --plan plan.json --dry-run", "free --plan plan.json --yes")
        # A host that does not say what it is: the devices tell.
        dmi = self.host.path / "sys/firmware/dmi/tables/DMI"
        table = dmi.read_bytes()
        dmi.unlink()
        shutil.rmtree(self.host.path / "sys/class/dmi")
        self.exchange("07:00.0", 0x72)
        for command in commands:
            self.refused(f"pcipass {command}", "1000:0087 at 0000:07:00.0, and 1000:0072 is there now")
        self.exchange("07:00.0", 0x87)
        # The card of another slot, too: exchanged, and then without an answer.
        self.exchange("04:00.0", 0x1b80)
        for command in commands:
            self.refused(f"pcipass {command}", "10de:06fd at 0000:04:00.0, and 10de:1b80 is there now")
        self.exchange("04:00.0", 0x6fd)
        card = self.host.path / "sys/bus/pci/devices/0000:04:00.0"
        target = card.readlink()
        card.unlink()
        self.refused(f"pcipass {commands[1]}", "10de:06fd at 0000:04:00.0, and no device is there now")
        card.symlink_to(target)
        # One that says it is another.
        dmi.write_bytes(table.replace(b"DL380p", b"DL360p"))
        for command in commands:
            self.refused(f"pcipass {command}", "this host's is ProLiant DL360p Gen8")

    def test_undo_on_another_host(self):
        """The disk is in another machine: that one keeps its settings."""
        before = self.host.changed()
        self.type("pcipass free slot2 --yes", 0)
        after = self.host.changed()
        dmi = self.host.path / "sys/firmware/dmi/tables/DMI"
        dmi.write_bytes(dmi.read_bytes().replace(b"DL380p", b"DL360p"))
        for command in ("pcipass undo", "pcipass undo --yes"):
            told = self.type(command, 1, "product is ProLiant DL380p Gen8; this host's is ProLiant DL360p Gen8",
                             "this is another host, and nothing was undone")
            self.assertNotIn("This will be undone", told)
        journal = "var/lib/pcipass/apply.lock"
        same = [{k: v for k, v in x.items() if k != journal} for x in (after, self.host.changed())]
        self.assertEqual(*same)
        files = named(told, '"(pcipass undo --files)" undoes only what was changed in files')
        self.type(f"{files} --yes", 0, "not undone: set RMRDS_Slot2 to Endpoints_Excluded", "Undone")
        self.assertEqual(self.host.changed()["usr/sbin/settings"], after["usr/sbin/settings"])
        self.assertNotEqual(before["usr/sbin/settings"], after["usr/sbin/settings"])

    def test_odd_product_name(self):
        """The same machine, whatever bytes its maker put into the name."""
        dmi = self.host.path / "sys/firmware/dmi/tables/DMI"
        for name in (b"ProLiant DL380p\xaeGen8", b" ProLiant DL380p Gen"):
            dmi.write_bytes(dmi.read_bytes().replace(b"ProLiant DL380p Gen8", name))
            self.host.put("sys/class/dmi/id/product_name", "ProLiant DL380p Gen8\n")
            self.type("pcipass bind 04:00.0 --now --dry-run", 0, "would bind 0000:04:00.0")
            dmi.write_bytes(dmi.read_bytes().replace(name, b"ProLiant DL380p Gen8"))

    def test_answers(self):
        before = self.host.changed()
        for answer, words in (("maybe\\n", "please answer y or n; nothing was changed"),
                              ("yeah, of course, go on\\n", "please answer y or n; nothing was changed"),
                              ("n\\n", "nothing was changed"), ("\\n", "nothing was changed")):
            told = self.answered("pcipass free slot2", answer, 1, "Carry this out? [y/N]", words)
            self.assertEqual("please answer" in told, "please" in words)
            self.assertEqual(before, self.host.changed())
        self.answered("pcipass settings set RMRDS_Slot2=Endpoints_Excluded", "j\\n", 1,
                      "please answer y or n; nothing was written")
        self.assertEqual(before, self.host.changed())
        self.answered("pcipass free slot2", "yes\\n", 0, "Done. Reboot, then run")
        self.assertNotEqual(before, self.host.changed())
        self.answered("pcipass undo", "Y\\n", 0, "Undone")

    def test_progress(self):
        """On a terminal a line says that a tool is still at work, and is gone before the next one; elsewhere none."""
        tool = self.host.path / "usr/sbin/update-initramfs"
        whole = tool.read_text()
        # at work until somebody has read the line
        tool.write_text("#!/bin/sh\nwhile [ ! -e /run/seen ]; do sleep 0.05; done\n" + whole.split("\n", 1)[1])
        shown = ("python3 -c 'import os, pty, sys\n"
                 "def read(fd):\n"
                 "    piece = os.read(fd, 4096)\n"
                 "    if b\": 1 s\" in piece: open(\"/run/seen\", \"w\").close()\n"
                 "    return piece\n"
                 "sys.exit(pty.spawn(sys.argv[1:], read) >> 8)' ")
        free = "pcipass free slot2 --by table-override --yes"
        told = self.type(f"export TERM=xterm; {shown} {free}", 0)
        # carriage returns come as newlines here
        self.assertRegex(told, r"\n\x1b\[Kpcipass: run update-initramfs .*: 1 s(\n\x1b\[Kpcipass: .*)*\n\x1b\[KDone\.")
        self.type("pcipass undo --yes", 0)
        self.assertNotIn("\x1b", self.type(f"TERM=xterm {free}", 0))

    def test_plan_in_a_file(self):
        told = self.type("pcipass free slot2 -o plan.json", 0, "wrote plan.json")
        apply = named(told, r"Next: run (pcipass apply --plan plan\.json) as root")
        # What a dry run ends with is the command that it was tried with.
        self.assertEqual(apply, named(self.type(f"{apply} --dry-run", 0, "would set RMRDS_Slot2"),
                                      r"Next: run (pcipass apply --plan plan\.json) as root"))
        self.type(f"{apply} --yes", 0, "Done. Reboot, then run")

    def test_what_is_free(self):
        """The commands that an assignable device is named with."""
        self.host.started("dl380p-gen8-freed")
        bind, emit = (named(self.type("pcipass explain slot2", 0),
                            rf"Next: .*?({x})") for x in
                      (r"pcipass bind \S+", r"pcipass emit qemu 07:00\.0"))
        self.assertEqual(bind, "pcipass bind 07:00.0")
        self.type(f"{bind} --boot --yes", 0, "write /etc/udev/rules.d/05-pcipass.rules")
        self.type(emit, 0, "vfio-pci,host=0000:07:00.0")
        told = self.type("pcipass free slot2 --yes", 0, "nothing to do")
        self.assertEqual(named(told, r"Next: (pcipass bind \S+)"), "pcipass bind slot2")


class ByHand(OnHost):
    """What is left to a person: the lines as the program or doc/remedies.md has them. What writes to the
    kernel's files writes to plain ones here, so it is seen that each goes where it should."""

    def blocks(self, remedy: str, kind: str = "sh") -> list[str]:
        """The fenced blocks of a remedy's section."""
        text = (namespace.TESTS.parent / "doc/remedies.md").read_text()
        section = re.search(rf"^## {remedy}\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL).group(1)
        found = re.findall(rf"^( *)```{kind}\n(.*?)^ *```$", section, re.MULTILINE | re.DOTALL)
        self.assertTrue(found, remedy)
        return [re.sub(rf"^{indent}", "", body, flags=re.MULTILINE) for indent, body in found]

    def remedy(self, sample: str, pattern: str) -> str:
        """A remedy of that sample's survey."""
        self.host.started(sample)
        return named(self.type("pcipass", 0), pattern)

    def test_unbind_bridge(self):
        told = self.remedy("conventional-pci", r"remedy: unbind the bridge: (echo \S+ > \S+/shpchp/unbind)")
        self.type(told, 0)
        self.assertEqual(self.host.text("sys/bus/pci/drivers/shpchp/unbind"), "0000:01:00.0\n")
        (by_hand,) = self.blocks("unbind-bridge")
        self.assertEqual(re.sub("0000:..:00.0", "", by_hand.strip()), told.replace("0000:01:00.0", ""))

    def test_vfs_off(self):
        self.host.started("sriov-nic")
        told = [m for m in re.findall(r"\[vfs-off\] disable its virtual functions: (echo 0 > \S+)",
                                      " ".join(self.explained("sriov-nic").split()))]
        self.assertTrue(told)
        self.type(told[0], 0)
        self.assertEqual(self.host.text(told[0].split(" > /")[1]), "0\n")

    def explained(self, sample: str) -> str:
        """Everything about all devices of a sample."""
        self.host.started(sample)
        listed = self.type("pcipass --all", 0)
        return "".join(self.host.run(f"pcipass explain {a}")[1]
                       for a in re.findall(r"^  ([0-9a-f:.]{7}) ", listed, re.MULTILINE))

    def test_modules_options(self):
        """modprobe understands the lines, and would give them to the module."""
        (unsafe,), (denylist,) = (self.blocks(c, "") for c in
                                  ("allow-unsafe-interrupts", "disable-denylist"))
        told = self.remedy("no-intremap", r'remedy: write "(options .*?)" to a file in')
        self.assertEqual(told, unsafe.strip())
        modprobe = shutil.which("modprobe") or "/usr/sbin/modprobe"
        if not Path(modprobe).exists():
            self.skipTest("modprobe is not installed")
        with tempfile.TemporaryDirectory() as directory:
            (Path(directory) / "vfio.conf").write_text(unsafe + denylist)
            said = subprocess.run([modprobe, "-C", directory, "--showconfig"], check=True, text=True,
                                  capture_output=True).stdout
        self.assertIn("options vfio_iommu_type1 allow_unsafe_interrupts=1\n", said)
        self.assertIn("options vfio_pci disable_denylist=1\n", said)

    def test_conrep(self):
        """The way of HP's program, with ours in its place, which carries it to HP's."""
        (schema, data) = self.blocks("bios-rmrds", "xml")
        self.assertIn("RMRDS_Slot2", schema)
        by_pcipass, *by_hand = self.blocks("bios-rmrds")
        self.host.put("root/exclude.dat", data)
        before = self.host.changed()
        shown, written = by_pcipass.strip().splitlines()
        self.type(shown, 0, "would take effect")
        self.assertEqual(before, self.host.changed())
        self.type(written, 0, "written: takes effect")
        self.type("pcipass settings set RMRDS_Slot2=Endpoints_Included", 0)
        self.host.put("root/conrep_rmrds.xml", (namespace.TESTS.parent / "schemas/rmrds.xml")
                      .read_text())
        *first, compared = "".join(by_hand).strip().splitlines()
        for line in first:
            self.type(f'conrep() {{ pcipass-conrep "$@"; }}; {line}', 0, "Conrep Return Code: 0")
        changed = self.type(compared, 1)
        self.assertEqual([x[0] for x in changed.splitlines()[1:]], ["<", "-", ">"], changed)

    def test_table(self):
        """An archive made by hand holds what pcipass's own does; the bare table stands for iasl's."""
        if not shutil.which("cpio"):
            self.skipTest("cpio is not installed")
        by_pcipass, by_hand = self.blocks("table-override")
        *_, build = by_pcipass.strip().splitlines()
        self.type(build, 0)
        self.type("pcipass override build 07:00.0 -o DMAR.aml", 0)
        self.type(": >/boot/initrd.img-$(uname -r); " + by_hand, 0)
        self.assertEqual(*(self.type(f"cpio -t --quiet <{x}; cpio -i --quiet --to-stdout "
                                     f"'*DMAR.aml' <{x} | md5sum", 0).splitlines()[-2:]
                           for x in ("acpi-override.cpio", "/boot/initrd.img-override")))
        self.assertIn(self.host.read("root/DMAR.aml"), self.host.read("root/acpi-override.cpio"))

    def test_overrides(self):
        """The block of the other way, line by line."""
        (by_pcipass, _) = self.blocks("table-override")
        install, status, remove, _ = by_pcipass.strip().splitlines()
        self.type(f"{install} --yes", 0)
        self.type(status, 1)
        self.type(remove, 0)

    def test_mounts(self):
        """What makes a mount that is read-only writable does, and an interface is taken down."""
        if os.geteuid():
            self.skipTest("an ordinary user's namespace may not remount")
        self.type("mount -t tmpfs -o ro none /mnt && ! touch /mnt/x 2>/dev/null && "
                  "mount -o remount,rw /mnt && touch /mnt/x", 0)
        if not shutil.which("ip"):
            self.skipTest("iproute2 is not installed")
        done = subprocess.run(["unshare", "-rn", "sh", "-c", "ip link set lo up && ip link set lo down "
                               "&& ip -o link show up"], capture_output=True, text=True, check=False)
        self.assertEqual((done.returncode, done.stdout), (0, ""), done.stderr)

    def test_name_of_conrep(self):
        """The line of the manual page, for a host without HP's."""
        page = (namespace.TESTS.parent / "man/conrep.1.scd").read_text()
        line = re.search(r"^\t(update-alternatives .*)$", page, re.MULTILINE).group(1)
        own = "--altdir /tmp/a --admindir /tmp/b --log /tmp/log --install"
        line = line.replace("/usr/bin/", "/tmp/").replace("--install", own)
        self.type("mkdir /tmp/a /tmp/b; cp /usr/local/bin/pcipass-conrep /tmp; " + line, 0)
        self.type("/tmp/conrep --version", 0)


if __name__ == "__main__":
    WHY = namespace.missing()
    if WHY:
        print(f"skipped: {WHY}")
        sys.exit(77)
    if not shutil.which("chroot"):
        print("skipped: chroot is not installed")
        sys.exit(77)
    unittest.main()
