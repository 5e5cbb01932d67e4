#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What people have in hand, read back: the texts that a sample's own tools would print give the sample's
verdict, or an unknown, and never another.

usage: test-import.py PCIPASS [NAME…]
"""

import html
import itertools
import json
import re
import shutil
import subprocess
import sys
import tarfile
import textwrap
import unittest
from pathlib import Path

from texts import DATA, MACHINES, PCIPASS, TABLES, Importing, acpidump, hex_lines, pcipass, squeezed

sys.path.insert(0, str(Path(__file__).parent.parent / "harness"))
from subset import some, thin  # noqa: E402

OPTIONS = (["-nn"], ["-nnk"], ["-nnv"], ["-nnvv"], ["-nnvvv"], ["-nnx"], ["-nnxxx"], ["-nnvvvxxxx"], ["-Dnnvv"])


class Samples(Importing):
    """Every sample, by lspci alone and by everything that there is of it."""

    def test_every_sample(self):
        all_same = all_unknown = 0
        for recipe in some(sorted(MACHINES.glob("*.machine")), 8):
            try:
                host = self.sample(recipe.stem)
            except unittest.SkipTest:
                continue
            survey = json.loads(pcipass("--from", host, "--json").stdout)
            for options in OPTIONS:
                with self.subTest(f"{recipe.stem} {options}"):
                    self.compare(self.read(self.lspci(host, *options)), survey, f"{recipe.stem} lspci {options}")
            # Which modules the kernel has is in no text.
            if recipe.stem.startswith("no-vfio"):
                continue
            for option in ("-nnv", "-nnvv", "-nnvvvxxxx"):
                with self.subTest(f"{recipe.stem} everything {option}"):
                    same, unknown = self.compare(self.read(*self.texts(host, option)), survey, f"{recipe.stem} all {option}")
                    all_same += same
                    all_unknown += unknown
        print(f"with every text: {all_same} verdicts the same, {all_unknown} unknown", file=sys.stderr)
        self.assertGreater(all_same, all_unknown)

    def test_recorded(self):
        """What a capture holds of a real or virtual host, as texts."""
        all_same = all_unknown = 0
        for capture in some(sorted(DATA.glob("truth/*/capture.tar.gz"))[::4], 8):
            host = self.dir / "recorded"
            shutil.rmtree(host, ignore_errors=True)
            with tarfile.open(capture) as archive:
                archive.extractall(host)
            log = host / "var/log/dmesg.txt"
            if not log.exists() or not list((host / "sys/bus/pci/devices").glob("*/config")):
                continue
            survey = json.loads(pcipass("--from", capture, "--json").stdout)
            for option in ("-nnk", "-nnvv"):
                with self.subTest(f"{capture.parent.name} {option}"):
                    same, unknown = self.compare(self.read(*self.texts(host, option)), survey, capture.parent.name)
                    all_same += same
                    all_unknown += unknown
        if not all_same + all_unknown:
            self.skipTest("no recorded machines")
        print(f"recorded: {all_same} verdicts the same, {all_unknown} unknown", file=sys.stderr)


class VirtualFunctions(Importing):
    """Whether a physical function has some enabled: "-vv" tells, "-v" names the capability alone."""

    def test_depths(self):
        host = self.sample("sriov-nic")
        want = json.loads(pcipass("--from", host, "--json").stdout)
        blocked = {d["address"] for d in want["devices"] if "pf-with-vfs" in [f["rule"] for f in d["findings"]]}
        self.assertTrue(blocked)
        for option, effect in (("-nnv", "unknown"), ("-nnvv", "blocks"), ("-nnxxxx", "blocks")):
            made = self.read(self.lspci(host, option))
            found = {d["address"]: f["effect"] for d in made["devices"] for f in d["findings"] if f["rule"] == "pf-with-vfs"}
            self.assertEqual({a: e for a, e in found.items() if a in blocked}, dict.fromkeys(blocked, effect), option)
            self.assertLessEqual({e for a, e in found.items() if a not in blocked}, {"unknown"}, option)


class Forms(Importing):
    """The same text as it comes out of mails, forums and Windows."""

    def setUp(self):
        super().setUp()
        self.host = self.sample("dl380p-gen8")
        self.text = self.lspci(self.host, "-nnvv")
        self.plain = self.read(self.text)

    @staticmethod
    def wrapped(text: str, width: int) -> str:
        """As a mail program breaks long lines: at blanks."""
        return "\n".join(part for line in text.split("\n") for part in
                         (textwrap.wrap(line, width, expand_tabs=False, replace_whitespace=False,
                                        break_long_words=False, break_on_hyphens=False) or [""]))

    @staticmethod
    def cut(text: str, width: int) -> str:
        """As a terminal breaks them: anywhere. It wraps what is indented too, but of a pasted text nobody can tell."""
        return "\n".join(line if line.startswith("\t") else
                         "\n".join(line[i:i + width] for i in range(0, max(1, len(line)), width))
                         for line in text.split("\n"))

    def test_what_a_text_goes_through(self):
        mail = self.wrapped(self.text, 72)
        self.assertNotEqual(mail, self.text)
        quoted = "".join(f"> {line}\n" for line in self.text.splitlines())
        for name, text in {
                "CRLF": self.text.replace("\n", "\r\n"), "quoted": quoted,
                "twice quoted": "".join(f"> {line}\n" for line in quoted.splitlines()),
                "HTML": html.escape(self.text), "blanks for tabs": self.text.expandtabs(8),
                "a blank for a tab": self.text.replace("\t", " "), "no tabs": self.text.replace("\t", ""),
                "wrapped": mail, "wrapped and quoted": "".join(f"> {line}\n" for line in mail.splitlines()),
                "narrow": self.wrapped(self.text, 60), "terminal": self.cut(self.text, 80),
                "a blank before all": "".join(f" {line}\n" for line in self.text.splitlines()),
                "words before": "Hello,\nthis is my server:\n\n" + self.text + "\nThanks!\n",
                "no break": self.text.replace("  ", "\u00a0 ")}.items():
            with self.subTest(name):
                self.assertEqual(self.read(text)["devices"], self.plain["devices"])

    def test_wrapped_lists(self):
        """A heading ends with its ids, and is not mistaken for one without."""
        for options in (["-nn"], ["-nnk"], ["-nnv"], ["-nnvvvxxxx"]):
            text = self.lspci(self.host, *options)
            want = self.read(text)["devices"]
            for width in (60, 72, 80):
                with self.subTest(f"{options} {width}"):
                    self.assertEqual(self.read(self.wrapped(text, width))["devices"], want)
                    self.assertEqual(self.read(self.cut(text, width))["devices"], want)

    def test_cropped(self):
        """Where a terminal left out what is behind its edge, the ids of the subsystem are not the device's."""
        for text in (self.text, self.text.replace("\t", " "), self.text.replace("\t", "")):
            lines = [line[:60] if not line.startswith("\t") else line for line in text.splitlines(True)]
            made = self.read("".join(line.rstrip("\n") + "\n" for line in lines), self.lspci(self.host, "-n"))
            self.assertEqual([(d["vendor"], d["device"]) for d in made["devices"]],
                             [(d["vendor"], d["device"]) for d in self.plain["devices"]])

    def test_standard_input(self):
        done = pcipass("--from", "-", "--json", text=self.text)
        self.assertEqual(self.without_origins(json.loads(done.stdout))["devices"], self.plain["devices"])

    def test_pins_of_lspci_3_15(self):
        """It says the letter behind the pin's."""
        text = re.sub(r"Interrupt: pin ([A-D])", lambda m: f"Interrupts: pin {chr(ord(m[1]) + 1)}", self.text)
        self.assertIn("Interrupts: pin ", text)
        self.assertEqual(self.read(text)["devices"], self.plain["devices"])

    def test_table_on_standard_input(self):
        dmar = (self.host / TABLES / "DMAR").read_bytes()
        done = subprocess.run([PCIPASS, "--from", "-", "reserved"], input=dmar, capture_output=True, check=False)
        table = self.host / TABLES / "DMAR"
        by_file = pcipass("--from", table, "reserved")
        self.assertIn(b"0xbdf83000", by_file.stdout)
        self.assertEqual((done.returncode, done.stdout), (by_file.returncode, by_file.stdout.replace(bytes(table), b"-")))

    def test_dump_alone(self):
        """A text that begins with a table's name, as of "acpidump -n DMAR", is no table."""
        dmar = (self.host / TABLES / "DMAR").read_bytes()
        regions = [json.loads(pcipass("--from", self.file(form), "reserved", "--json").stdout)["regions"]
                   for form in (dmar, acpidump({"DMAR": dmar}), "root@pve:~# acpidump -n DMAR\n" + acpidump({"DMAR": dmar}))]
        self.assertTrue(regions[0])
        self.assertEqual(regions[1:], regions[:1] * 2)

    def test_together(self):
        """The DMAR says what holds whom, lspci which device that is, and the log that the IOMMU runs."""
        log, dmar = self.host / "var/log/dmesg.txt", (self.host / TABLES / "DMAR").read_bytes()
        alone = {d["address"]: d["verdict"] for d in self.plain["devices"]}
        self.assertEqual(alone["0000:07:00.0"], "unknown")
        for form in (dmar, hex_lines(dmar, "xxd"), hex_lines(dmar, "hexdump"), acpidump({"FACP": b"FACP", "DMAR": dmar})):
            both = self.read(self.text, form, log.read_text())
            hba = next(d for d in both["devices"] if d["address"] == "0000:07:00.0")
            self.assertEqual(hba["verdict"], "blocked-fixable")
            self.assertIn("RMRDS_Slot2", hba["findings"][0]["remedies"][0]["text"])

    def test_dumps_of_a_table(self):
        """Words that are turned round, octal addresses, and rows that stand for many."""
        dmar = bytearray((self.host / TABLES / "DMAR").read_bytes())
        dmar += bytes([0, 0, 88, 0]) + bytes(84)  # a structure of an unknown kind, so that rows repeat
        dmar[4:8], dmar[9] = len(dmar).to_bytes(4, "little"), 0
        dmar[9] = -sum(dmar) & 0xff
        (path := Path(self.dir) / "dmar").write_bytes(dmar)
        length = len(dmar)
        forms = {form: subprocess.run([*form.split(), path], check=True, capture_output=True, text=True).stdout
                 for form in ("od -t x1", "od -x", "od -v -t x1", "od -A x -t x4", "od -A x -t x1z", "od -t x2")}
        forms["hexdump -C"] = squeezed(hex_lines(dmar, "hexdump"), length)
        forms["hexdump"] = squeezed(hex_lines(dmar, "words"), length, 7)
        want = self.read(self.text, bytes(dmar))["devices"]
        for name, form in forms.items():
            with self.subTest(name):
                self.assertEqual(len([x for x in form.splitlines() if x == "*"]), 0 if "-v" in name else 1, form)
                self.assertEqual(self.read(self.text, form)["devices"], want)

    def test_way_unread(self):
        """A table, and a list without the bridges' buses: whom a region holds is not known."""
        made = self.read(self.lspci(self.host, "-nn"), (self.host / TABLES / "DMAR").read_bytes())
        hba = next(d for d in made["devices"] if d["address"] == "0000:07:00.0")
        self.assertEqual(hba["verdict"], "unknown")
        self.assertIn("scope-unread", [f["rule"] for f in hba["findings"] if f["effect"] == "unknown"])

    def test_logs(self):
        """dmesg, dmesg -T, dmesg -r, journalctl -k and syslog tell the same."""
        lines = (self.host / "var/log/dmesg.txt").read_text().splitlines()
        bare = [line.split("] ", 1)[1] for line in lines]
        forms = {"dmesg": lines, "dmesg -r": [f"<6>{line}" for line in lines],
                 "dmesg -T": [f"[Sat Nov 28 17:00:00 2026] {line}" for line in bare],
                 "journalctl -k": [f"Nov 28 17:00:00 server kernel: {line}" for line in bare],
                 "iso": [f"2026-11-28T17:00:00+00:00 server kernel: {line}" for line in bare],
                 "bare": bare}
        want = None
        for name, form in forms.items():
            with self.subTest(name):
                made = self.read(self.text, "\n".join(form) + "\n")
                want = want or made
                self.assertEqual((made["host"], made["devices"]), (want["host"], want["devices"]))
                self.assertEqual(made["host"]["kernel"], "6.1.0-25-amd64")

    def test_groups_listing(self):
        """The usual loop's lines: the group, then lspci -nns."""
        groups = {d["address"]: d["group"] for d in self.plain["devices"]}
        short = self.lspci(self.host, "-nn").splitlines()
        for form in ("IOMMU Group {0} {1}", "IOMMU Group {0}:\t{1}", "Group {0}:  {1}", "IOMMU Group {0}:\n\t{1}"):
            text = "\n".join(form.format(groups["0000:" + line.split()[0]], line) for line in short)
            with self.subTest(form):
                self.assertEqual({d["address"]: d["group"] for d in self.read(text)["devices"]}, groups)

    def test_two_that_differ(self):
        """Both are told, and the first is believed."""
        other = self.text.replace("Kernel driver in use: mpt3sas", "Kernel driver in use: vfio-pci")
        made = self.read(self.text, other)
        self.assertEqual(next(d["driver"] for d in made["devices"] if d["address"] == "0000:07:00.0"), "mpt3sas")
        self.assertRegex(self.said, r"text\d+: line \d+: /sys/bus/pci/devices/0000:07:00.0/driver is vfio-pci; "
                         r"\S+text\d+, line \d+ says mpt3sas, which counts")
        self.read(self.text, self.text)
        self.assertEqual(self.said, "")


class Doubled(Importing):
    """Two texts of a kind: what the one does not show is taken of the other, in whatever order they come."""

    def both(self, first: str | bytes, second: str | bytes, what: str) -> dict:
        """Of the same host, which nothing is to be said about."""
        made = self.read(first, second)
        self.assertEqual(self.said, "", what)
        again = self.read(second, first)
        self.assertEqual(self.said, "", what)
        self.assertEqual(made["devices"], again["devices"], what)
        return made

    def decided(self, document: dict) -> set:
        return {d["address"] for d in document["devices"] if d["verdict"] != "unknown"}

    def test_lspci_of_any_depth(self):
        for name in ("dl380p-gen8", "sriov-nic"):
            host = self.sample(name)
            survey = json.loads(pcipass("--from", host, "--json").stdout)
            log, tables = (host / "var/log/dmesg.txt").read_text(), acpidump({"DMAR": (host / TABLES / "DMAR").read_bytes()})
            texts = {" ".join(o): self.lspci(host, *o) for o in OPTIONS}
            alone = {o: self.read(text) for o, text in texts.items()}
            for one, two in thin(itertools.combinations(texts, 2), 3):
                with self.subTest(f"{name}: {one} and {two}"):
                    made = self.both(texts[one], texts[two], f"{one} and {two}")
                    self.compare(made, survey, f"{one} and {two}")
                    self.assertLessEqual(self.decided(alone[one]) | self.decided(alone[two]), self.decided(made))
            # What is decided with the richest alone is with any before it.
            best = self.decided(self.read(texts["-nnvvvxxxx"], log, tables))
            for one in texts:
                with self.subTest(f"{name}: {one} before the richest"):
                    made = self.read(texts[one], texts["-nnvvvxxxx"], log, tables)
                    self.assertEqual(self.decided(made), best)

    def test_names_and_ids(self):
        """A list of names needs the ids of another one, and may come before it: the two tell what one with both does."""
        host = self.sample("sriov-nic")
        ids = self.lspci(host, "-nn")
        for options in (["-vvv"], ["-k"], ["-vmmk"]):
            with self.subTest(str(options)):
                names = self.lspci(host, *options)
                made = self.both(names, ids, f"{options} and -nn")
                self.assertEqual(made["devices"], self.both(self.lspci(host, "-nn", *options), ids, "both")["devices"])

    def test_some_without_ids(self):
        """A device that no text has ids of is there all the same, in its group, and unknown."""
        host = self.sample("dl380p-gen8")
        groups = {d["address"]: d["group"] for d in self.read(self.lspci(host, "-nnvv"))["devices"]}
        ids = "".join(line for line in self.lspci(host, "-nn").splitlines(True) if not line.startswith("03:00.3"))
        for texts in ((ids, self.lspci(host, "-vv")), (self.lspci(host, "-vv"), ids),
                      (self.lspci(host, "-vmm"), ids), (ids, self.lspci(host, "-vmm"))):
            made = self.read(*texts)
            self.assertEqual(self.said.count("\n"), 1, self.said)
            self.assertIn("has no ids for 1 of its devices; on that host: sudo lspci -nnvvxxxx", self.said)
            self.assertEqual({d["address"]: d["group"] for d in made["devices"]}, groups)
            device = next(d for d in made["devices"] if d["address"] == "0000:03:00.3")
            self.assertEqual((device["vendor"], device["class"], device["verdict"]), (None, None, "unknown"))

    def test_without_root_then_with(self):
        """What lspci shows without root is 64 bytes, and "<access denied>"."""
        host = self.sample("sriov-nic")
        root = self.lspci(host, "-nnvv")
        user = re.sub(r"\tCapabilities: .*\n(\t\t.*\n)*(\tCapabilities: .*\n(\t\t.*\n)*)*",
                      "\tCapabilities: <access denied>\n", root)
        self.assertIn("<access denied>", user)
        self.assertNotEqual(self.read(user)["devices"], self.read(root)["devices"])
        self.assertEqual(self.both(user, root, "user and root")["devices"], self.read(root)["devices"])

    def test_evidence_is_the_richer_texts(self):
        host = self.sample("sriov-nic")
        paths = [self.file(self.lspci(host, *o)) for o in (["-nn"], ["-nnvvvxxxx"])]
        done = pcipass("--from", paths[0], "--from", paths[1], "--json")
        names = {o["file"] for d in json.loads(done.stdout)["devices"] for f in d["findings"] for o in f["origins"]
                 if f["evidence"][o["evidence"]].startswith("SR-IOV capability")}
        self.assertEqual(names, {str(paths[1])})

    def test_another_card_at_the_same_place(self):
        """The first counts, and it is told what differs."""
        host = self.sample("sriov-nic")
        text = self.lspci(host, "-nnvvvxxxx")
        devices = text.split("\n\n")
        place = next(i for i, d in enumerate(devices) if "[100 v1]" in d and "\n100: " in d and "Bridge" not in d)
        other = list(devices)
        # The first extended capability is another, as in another firmware.
        other[place] = re.sub(r"\n100: .. ..", "\n100: 0b 00", other[place])
        made = self.read(text, "\n\n".join(other))
        self.assertRegex(self.said, r"line \d+: differs in /sys/bus/pci/devices/\S+/config \(capabilities\) from "
                         r"\S+text\d+, line \d+, which counts")
        self.assertEqual(made["devices"], self.read(text)["devices"])
        other[place] = re.sub(r"\n00: .. ..", "\n00: de 10", devices[place])
        self.read(text, "\n\n".join(other))
        self.assertIn("/config (ids) from", self.said)

    def test_cut_off_in_a_list(self):
        """The capability that follows may be the one that decides: nothing is known to be absent."""
        host = self.sample("sriov-nic")
        text = self.lspci(host, "-nnvv")
        at = text.index("\tCapabilities: ", text.index("[0604]"))
        made = self.read(text[:text.index("\n", at) + 1])
        last = made["devices"][-1]
        want = next(d for d in self.read(text)["devices"] if d["address"] == last["address"])
        self.assertEqual(self.both(text[:text.index("\n", at) + 1], text, "cut and whole")["devices"],
                         self.read(text)["devices"])
        self.assertNotEqual(last, want)

    def test_logs_of_one_boot(self):
        """dmesg, and the journal of the same boot."""
        host = self.sample("dl380p-gen8")
        text, log = self.lspci(host, "-nnvv"), (host / "var/log/dmesg.txt").read_text()
        journal = "".join(f"Nov 28 17:00:00 server kernel: {line.split('] ', 1)[1]}\n" for line in log.splitlines())
        want = self.read(text, log)
        for first, second in ((log, journal), (journal, log), (log.split("\n", 9)[9], log)):
            made = self.read(text, first, second)
            self.assertEqual(self.said, "")
            self.assertEqual((made["host"], made["devices"]), (want["host"], want["devices"]))

    def test_both_command_lines_of_a_boot(self):
        """The kernel prints it twice; the second has what a bootconfig adds, and is no other boot."""
        host = self.sample("dl380p-gen8")
        text, log = self.lspci(host, "-nnvv"), (host / "var/log/dmesg.txt").read_text()
        lines = log.splitlines(True)
        at = next(i for i, line in enumerate(lines) if "Linux version" in line) + 1
        twice = ["[    0.000000] Command line: root=/dev/sda1 intel_iommu=on\n",
                 "[    0.010000] Kernel command line: x=1 root=/dev/sda1 intel_iommu=on\n"]
        rest = [line for line in lines if "ommand line: " not in line]
        made, want = (self.read(text, "".join(rest[:at] + twice[:n] + rest[at:])) for n in (2, 1))
        self.assertEqual(self.said, "")
        self.assertEqual((made["host"], made["devices"]), (want["host"], want["devices"]))

    def test_logs_of_two_boots(self):
        """Lines of another boot are none of the host as it is: the first text's counts, of one text the last."""
        host = self.sample("dl380p-gen8")
        text, log = self.lspci(host, "-nnvv"), (host / "var/log/dmesg.txt").read_text()
        off = re.sub(r".*(DMAR|iommu|AMD-Vi|IOMMU).*\n", "", log).replace("Linux version 6.1.0-25", "Linux version 5.10.0-9")
        self.assertNotEqual(off, log)
        on, without = self.read(text, log), self.read(text, off)
        self.assertNotEqual(on["host"]["iommu_on"], None)
        for first, second, want in ((log, off, on), (off, log, without)):
            made = self.read(text, first, second)
            self.assertRegex(self.said, r"line \d+: .*Linux version|line \d+: differs in /proc/version")
            self.assertIn("another boot", self.said)
            self.assertEqual((made["host"], made["devices"]), (want["host"], want["devices"]))
        for whole, want in ((off + log, on), (log + off, without)):
            made = self.read(text, whole)
            self.assertIn("holds 2 boots", self.said)
            self.assertEqual((made["host"], made["devices"]), (want["host"], want["devices"]))

    def test_tables(self):
        """The same table in another form is no difference; another is told."""
        host = self.sample("dl380p-gen8")
        text, dmar = self.lspci(host, "-nnvv"), (host / TABLES / "DMAR").read_bytes()
        want = self.read(text, dmar)
        other = bytearray(dmar)
        other[9] ^= 1 # the checksum
        for form in (hex_lines(dmar, "xxd"), acpidump({"DMAR": dmar})):
            self.assertEqual(self.read(text, dmar, form)["devices"], want["devices"])
            self.assertEqual(self.said, "")
            self.assertEqual(self.read(text, form, bytes(other))["devices"], want["devices"])
            self.assertIn("differs in /sys/firmware/acpi/tables/DMAR from", self.said)


class Refused(Importing):
    """A sentence that names the text and what is wrong with it."""

    def refused(self, *texts: str | bytes) -> str:
        words = [w for text in texts for w in ("--from", self.file(text))]
        done = pcipass(*words)
        self.assertEqual(done.returncode, 4, done.stdout)
        self.assertEqual(done.stdout, b"")
        return done.stderr.decode()

    def test_unknown_texts(self):
        for text in ("\n" * 50, "hello\n", "07:00.0\n", b"\xff\xfe" + "x".encode("utf-16-le"),
                     "IOMMU Group 13\n", "{}\n", "[]\n", "<device>\n</device>\n", "System Information\n"):
            self.assertIn("nor a text that pcipass reads", self.refused(text), repr(text[:20]))

    def test_windows_lists(self):
        """What Windows' own commands print has no addresses: the sentence says what helps."""
        listing = ("Status     Class           FriendlyName          InstanceId\r\n"
                   "OK         SCSIAdapter     HP H220 Host Bus      PCI\\VEN_1000&DEV_0087&SUBSYS_00411590&REV_05\\4&1\r\n")
        survey = ("HP H220 Host Bus Adapter\nBIOS requires that this device remain attached to BIOS-owned memory.  "
                  "Not assignable.\n")
        self.assertIn("tells no device's address: on that host, pcipass.exe capture -o host.tar", self.refused(listing))
        said = self.refused(survey)
        self.assertIn("pcipass explain --log FILE", said)
        done = pcipass("explain", "--log", self.file(survey))
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn(b"BIOS requires that this device remain attached", done.stdout)

    def test_binary_journal(self):
        self.assertIn("journalctl --file FILE -k >journal.txt", self.refused(b"LPKSHHRH" + bytes(5000)))

    def test_without_ids(self):
        for text in ("07:00.0 Serial Attached SCSI controller: Broadcom\n",
                     "07:00.0 Serial Attached SCSI controller: Broadcom\n\tFlags: bus master\n",
                     "Slot:\t07:00.0\nClass:\tSerial Attached SCSI controller\nVendor:\tBroadcom\nDevice:\tSAS2308\n"):
            self.assertIn("prints no ids: add the output of lspci -nn with another --from, or on that host: sudo lspci -nnvvxxxx", self.refused(text))

    def test_broken_tables(self):
        dmar = (self.sample("dl380p-gen8") / TABLES / "DMAR").read_bytes()
        cut = hex_lines(dmar[:len(dmar) // 2], "xxd")
        self.assertIn("a part is missing", self.refused(cut))
        lines = hex_lines(dmar, "hexdump").splitlines()
        self.assertIn("a line is missing", self.refused("\n".join(lines[:4] + lines[5:])))

    def test_too_many_and_not_there(self):
        done = pcipass(*["--from", "/nonexistent"] * 17)
        self.assertEqual(done.returncode, 2)
        self.assertIn(b"at most 16", done.stderr)
        self.assertEqual(pcipass("--from", "/nonexistent", "--from", "/nonexistent").returncode, 4)
        # one level too deep
        for command in ((), ("groups",)):
            done = pcipass(*command, "--from", self.sample("dl380p-gen8") / "sys")
            self.assertEqual(done.returncode, 4)
            self.assertIn(b"/sys: the directory sys of a host, need the one above it\n", done.stderr)
        # survey takes several directories as many hosts
        done = pcipass("groups", "--from", self.dir, "--from", self.dir)
        self.assertIn(b"a directory cannot be combined with another --from", done.stderr)

    def test_archive_among_texts(self):
        for mode in ("w", "w:gz", "w:xz"):
            archive = Path(self.dir) / "host.tar"
            with tarfile.open(archive, mode) as tar:
                tar.add(self.file("hello\n"), "proc/cmdline")
            for words in (("--from", archive, "--from", self.file("x\n")),
                          ("--from", MACHINES.parent.parent / "fuzz/corpus/import/dmesg", "--from", archive)):
                done = pcipass(*words)
                self.assertEqual(done.returncode, 4)
                self.assertIn(b"an archive cannot be combined with another --from; give it alone", done.stderr)

    def test_any_piece(self):
        """Cut at any place, a text is read or refused, and nothing is guessed."""
        host = self.sample("sriov-nic")
        survey = {d["address"]: d["verdict"] for d in json.loads(pcipass("--from", host, "--json").stdout)["devices"]}
        text = self.lspci(host, "-nnvv")
        for end in range(200, len(text), max(1, len(text) // 40)):
            done = pcipass("--from", self.file(text[:end]), "--json")
            self.assertIn(done.returncode, (0, 3, 4), done.stderr)
            for d in json.loads(done.stdout)["devices"] if done.stdout else ():
                if d["address"] in survey:
                    self.assertIn(d["verdict"], (survey[d["address"]], "unknown", "not-endpoint"))


if __name__ == "__main__":
    unittest.main()
