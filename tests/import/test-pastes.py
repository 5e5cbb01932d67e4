#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What people paste: texts out of forums, web pages, terminals, editors and logs give what they gave before, a damaged
one never gives a device another's facts, and what no reader takes is named, with what to give instead.

usage: test-pastes.py PCIPASS [NAME…]
"""

import bz2
import gzip
import html
import json
import lzma
import re
import shutil
import subprocess
import textwrap
import unittest

from texts import TABLES, Importing, acpidump, pcipass

FACTS = ("vendor", "device", "class", "driver", "group", "slot", "verdict")
HBA = "07:00.0"


def lines(form: str, text: str) -> str:
    """Each line in that form: {0} is its number, {1} the line."""
    return "".join(form.format(n, line) + "\n" for n, line in enumerate(text.splitlines(), 1))


def bold(text: str, form: str) -> str:
    """The line of the card that somebody asks about."""
    return re.sub(rf"^({re.escape(HBA)} .*)$", form.replace("X", r"\1"), text, flags=re.M)


# name: what it does to a text
WAYS = {
    "bullets": lambda t: lines("- {1}", t), "stars": lambda t: lines("* {1}", t),
    "dots": lambda t: lines("\u2022 {1}", t), "bars": lambda t: lines("| {1}", t),
    "a diff": lambda t: lines("+{1}", t), "back quotes": lambda t: lines("`{1}`", t),
    "cat -n": lambda t: lines("{0:6}\t{1}", t), "numbers": lambda t: lines("{0}: {1}", t),
    "a web page's numbers": lambda t: lines("{0}. {1}", t), "grep -n": lambda t: lines("{0}:{1}", t),
    "grep FILE": lambda t: lines("lspci.txt:{1}", t),
    "[code]": lambda t: f"[CODE=bash]{t.rstrip()}[/CODE]\n", "[b]": lambda t: bold(t, "[B]X[/B]"),
    "[color]": lambda t: bold(t, '[COLOR="#FF0000"]X[/COLOR]'), "**": lambda t: bold(t, "**X**"),
    "--->": lambda t: bold(t, "---> X"), "<---": lambda t: bold(t, "X  <--- this one"),
    "```": lambda t: f"```\n{t}```\n", "Markdown": lambda t: t.replace("[", "\\[").replace("]", "\\]").replace("_", "\\_"),
    "{noformat}": lambda t: f"{{noformat}}{t.rstrip()}{{noformat}}\n",
    "<pre>": lambda t: f"<pre><code>{html.escape(t)}</code></pre>\n",
    "<br>": lambda t: lines("{1}<br>", html.escape(t)),
    "<br /> for a line's end": lambda t: f"<p>{html.escape(t)}</p>".replace("\n", "<br />"),
    "<span>": lambda t: lines('<span class="line">{1}</span>', html.escape(t)),
    "entities": lambda t: html.escape(t).replace("[", "&#91;").replace("]", "&#x5d;"),
    "colours": lambda t: bold(t, "\x1b[01;31m\x1b[KX\x1b[m\x1b[K"), "colours of a pager": lambda t: bold(t, "^[[31mX^[[0m"),
    "colours without ESC": lambda t: bold(t, "[01;31m[KX[m[K"),
    "no break": lambda t: t.replace(" ", "\u00a0"), "thin blanks": lambda t: t.replace(" ", "\u2009"),
    "no width": lambda t: t.replace(" ", " \u200b"), "dashes": lambda t: t.replace("-", "\u2011"),
    "a mark at the start": lambda t: "\ufeff" + t, "CR": lambda t: t.replace("\n", "\r"),
    "CRCRLF": lambda t: t.replace("\n", "\r\r\n"),
    "UTF-16": lambda t: t.replace("\n", "\r\n").encode("utf-16"), "UTF-16 bare": lambda t: t.encode("utf-16-le"),
    "Latin-1": lambda t: t.replace(" ", "\u00a0").encode("latin-1"),
    "a prompt": lambda t: f"root@pve:~# lspci -nnk\n{t}root@pve:~# \n",
}


class Pastes(Importing):
    def setUp(self):
        super().setUp()
        self.host = self.sample("dl380p-gen8")

    def facts(self, *texts: str | bytes) -> dict:
        made = self.read(*texts)
        return {d["address"]: {f: d[f] for f in FACTS} for d in made["devices"]}

    def refused(self, text: str | bytes) -> str:
        done = pcipass("--from", self.file(text))
        self.assertEqual((done.returncode, done.stdout), (4, b""), text[:80])
        return done.stderr.decode()


class Ways(Pastes):
    """The same text as it was, and as it comes."""

    def test_ways(self):
        for options in (["-nnk"], ["-nnvv"]):
            text = self.lspci(self.host, *options)
            want = self.facts(text)
            for name, way in WAYS.items():
                with self.subTest(f"{name} {options}"):
                    self.assertEqual(self.facts(way(text)), want)
                    self.assertEqual(self.said, "")

    def test_lists_that_look_marked(self):
        """Buses that count up are no numbers of lines, and a log of one kind of lines has no mark."""
        text = "".join(f"{bus:02}:00.0 VGA compatible controller [0300]: X [10de:1c0{bus}]\n" for bus in range(1, 6))
        self.assertEqual(sorted(self.facts(text)), [f"0000:{bus:02}:00.0" for bus in range(1, 6)])
        log = "DMAR: Host address width 46\nDMAR: Intel(R) Virtualization Technology for Directed I/O\n"
        self.read(self.lspci(self.host, "-nn"), log)
        self.assertEqual(self.said, "")


class Damaged(Pastes):
    """A heading that is not there or not read: the device is missing, and no other has its facts."""

    def test_headings(self):
        for options in (["-nnk"], ["-nnvv"]):
            text = self.lspci(self.host, *options)
            want = self.facts(text)
            for name, made in {"lost": bold(text, ""), "odd": bold(text, "~!X"),
                               "words": bold(text, "my card"), "masked": text.replace(f"\n{HBA} ", "\nXX:XX.X "),
                               "no address": text.replace(f"\n{HBA} ", "\n")}.items():
                with self.subTest(f"{name} {options}"):
                    self.assertNotEqual(made, text)
                    found = self.facts(made)
                    self.assertNotIn(f"0000:{HBA}", found)
                    self.assertRegex(self.said, r"line \d+: the line with a device's address is missing or damaged")
                    for address, facts in found.items():
                        self.assertIn(facts["driver"], (want[address]["driver"], None), address)
                        self.assertEqual({**facts, "driver": None}, {**want[address], "driver": None}, address)

    def test_two_hosts(self):
        """A second list with other devices is told; one of the same host, of whatever depth, is welcome."""
        first, line = self.lspci(self.host, "-nnk"), 1
        self.facts(first + "\n" + self.lspci(self.host, "-nnvv"))
        self.assertEqual(self.said, "")
        line += len(first.splitlines())
        self.facts(first + self.lspci(self.sample("sriov-nic"), "-nnk"))
        self.assertIn(f"line {line}: another list of devices, with 6 that the list before it does not have", self.said)

    def test_one_line(self):
        for options in (["-nn"], ["-n"], ["-nnk"]):
            self.assertIn("line 1: several devices in one line", self.refused(" ".join(self.lspci(self.host, *options).split())))


class Logs(Pastes):
    """The kernel's log in the forms that dmesg, journalctl and syslog have."""

    def test_forms(self):
        stamped = [re.match(r"\[ *([0-9.]+)\] (.*)", line).groups()
                   for line in (self.host / "var/log/dmesg.txt").read_text().splitlines()]
        text = self.lspci(self.host, "-nnk")
        want = self.read(text, "".join(f"[{s:>12}] {m}\n" for s, m in stamped))
        self.assertEqual(want["host"]["kernel"], "6.1.0-25-amd64")
        compact = {"separators": (",", ":")}
        forms = {"dmesg -x": "kern  :info  : [{0:>12}] {1}", "dmesg -xT": "kern  :warn  : [Sat Nov 28 17:00:00 2026] {1}",
                 "dmesg -d": "[{0:>12} <    0.000012>] {1}", "dmesg -T in Chinese": "[\u516d 11\u6708 28 17:00:00 2026] {1}",
                 "iso": "2026-11-28T17:00:00,000000+00:00 {1}", "callers": "[{0:>12}][    T0] {1}",
                 "short-monotonic": "[{0:>12}] server kernel: {1}", "short-full": "Sat 2026-11-28 17:00:00 UTC server kernel: {1}",
                 "RFC 5424": "<6>1 2026-11-28T17:00:00.1Z server kernel - - - {1}",
                 "kern.log": "<6>Nov 28 17:00:00 server kernel: [{0:>12}] {1}",
                 "a container's": "2026-11-28T17:00:00.123456789Z [{0:>12}] {1}",
                 "colours": "\x1b[32m[{0:>12}] \x1b[0m{1}", "bullets": "- [{0:>12}] {1}"}
        made = {name: "".join(form.format(s, m) + "\n" for s, m in stamped) for name, form in forms.items()}
        made["journalctl -o json"] = "".join(json.dumps({"_TRANSPORT": "kernel", "MESSAGE": m}, **compact) + "\n"
                                             for _, m in stamped)
        made["dmesg --json"] = json.dumps({"dmesg": [{"pri": 6, "time": float(s), "msg": m} for s, m in stamped]}, indent=3)
        made["numbers"] = lines("{0}: {1}", made["bullets"].replace("- [", "["))
        for name, log in made.items():
            with self.subTest(name):
                found = self.read(text, log)
                self.assertEqual(self.said, "")
                self.assertEqual((found["host"], found["devices"]), (want["host"], want["devices"]))

    def test_brackets(self):
        """Memory in brackets is no end of a colour that has lost its ESC."""
        said = f"vfio-pci 0000:{HBA}: BAR 1: can't reserve [mem 0xc0000000-0xcfffffff 64bit pref]"
        for line, form in ((said, "[    9.000000] {}"), (said.replace("vfio-pci", "vfio[m[K-pci"), "[    9.000000] [01;31m[K{}")):
            text = self.lspci(self.host, "-nnk"), "[    0.000000] Linux version 6.12.9\n" + form.format(line) + "\n"
            found = next(d["findings"] for d in self.read(*text)["devices"] if d["address"] == f"0000:{HBA}")
            self.assertIn(f"kernel log: {said}", [e for f in found if f["rule"] == "boot-framebuffer" for e in f["evidence"]])

    def test_others_words(self):
        """In a journal as JSON what others write is not the kernel's."""
        line = json.dumps({"_TRANSPORT": "syslog", "MESSAGE": "Linux version 9.9.9 (x)"}, separators=(",", ":"))
        kernels = json.dumps({"_TRANSPORT": "kernel", "MESSAGE": "DMAR: IOMMU enabled"}, separators=(",", ":"))
        self.assertIsNone(self.read(self.lspci(self.host, "-nn"), f"{kernels}\n{line}\n")["host"]["kernel"])

    def test_unread_forms(self):
        log = "".join(f"_TRANSPORT=kernel\nMESSAGE=pci 0000:00:0{n}.0: Adding to iommu group {n}\n\n" for n in range(4))
        self.read(self.lspci(self.host, "-nn"), log)
        self.assertIn("in a form that pcipass reads; on that host: sudo dmesg >dmesg.txt", self.said)


class Parts(Pastes):
    """One post with the output of several commands says what they say as a file each."""

    PROMPTS = ("root@pve:~# ", "[root@server ~]# ", "user@host:/tmp$ sudo ", "# ", "$ sudo ")
    GROUPS = "".join(f"/sys/kernel/iommu_groups/{group}/devices/{address}\n"
                     for address, group in (("0000:07:00.0", 19), ("0000:0a:00.0", 20)))

    def setUp(self):
        super().setUp()
        self.tables = {p.name: p.read_bytes() for p in sorted((self.host / TABLES).iterdir())
                       if p.is_file() and p.stat().st_size}
        self.commands = {
            "lspci -nnk": self.lspci(self.host, "-nnk"), "dmesg": (self.host / "var/log/dmesg.txt").read_text(),
            "find /sys/kernel/iommu_groups -type l": self.GROUPS,
            "cat /proc/cmdline": (self.host / "proc/cmdline").read_text(),
            "cat /proc/interrupts": (self.host / "proc/interrupts").read_text(),
            "cat /proc/iomem": (self.host / "proc/iomem").read_text(), "acpidump": acpidump(self.tables)}

    def same(self, post: str, want: dict):
        found = self.read(post)
        self.assertEqual(self.said, "")
        self.assertEqual((found["host"], found["devices"]), (want["host"], want["devices"]))

    def test_posts(self):
        """In any order, with and without prompts, blank lines and words."""
        commands = list(self.commands.items())
        for order in (commands, commands[::-1], commands[3:] + commands[:3]):
            want = self.read(*[text for _, text in order])
            self.assertEqual(want["host"]["kernel"], "6.1.0-25-amd64")
            self.same("".join(text for _, text in order), want)
            self.same("\n".join(text for _, text in order), self.read(*[text + "\n" for _, text in order[:-1]], order[-1][1]))
            for prompt in self.PROMPTS:
                with self.subTest(f"{order[0][0]} {prompt}"):
                    self.same("".join(f"{prompt}{command}\n{text}" for command, text in order), want)
        texts = [text for command, text in commands if "/proc/i" not in command and "cmdline" not in command]
        self.same("Hello, my card does not work.\n\n" + "\nand then:\n".join(texts),
                  self.read(*[text + "\n" for text in texts[:-1]], texts[-1]))

    def test_ways(self):
        """As forums, web pages and mails leave it."""
        post = "".join(f"root@pve:~# {command}\n{text}" for command, text in self.commands.items())
        want = self.read(post)
        for name in ("[code]", "```", "Markdown", "<pre>", "<br>", "entities", "CR", "CRCRLF", "UTF-16", "no break", "bullets"):
            with self.subTest(name):
                self.same(WAYS[name](post), want)

    def test_the_same_again(self):
        """Two greps of one log, and two lists, are as if they were one."""
        log = self.commands["dmesg"].splitlines(True)
        first, rest = "".join(log[::2]), "".join(log[1::2])
        self.same(f"root@pve:~# dmesg | grep a\n{first}root@pve:~# dmesg | grep b\n{rest}root@pve:~# lspci -nnk\n"
                  + self.commands["lspci -nnk"] + "root@pve:~# \n", self.read(first + rest, self.commands["lspci -nnk"]))

    def test_lines(self):
        """Evidence names the line of the post."""
        post = "Hello,\n\n" + "".join(f"root@pve:~# {command}\n{text}" for command, text in self.commands.items())
        of, lines_ = self.file(post), post.splitlines()
        document = json.loads(pcipass("--from", of, "--json").stdout)
        found = {}
        for device in document["devices"]:
            for finding in device["findings"]:
                for origin in finding["origins"]:
                    found[finding["evidence"][origin["evidence"]]] = lines_[origin["line"] - 1]
        for evidence, words in (("/sys/kernel/iommu_groups/14/devices", "iommu group 14"), ("class 010700", f"{HBA} "),
                                ("kernel 6.1.0-25-amd64", "Linux version"), ("DMAR RMRR", "44 4D 41 52")):
            some = [line for e, line in found.items() if e.startswith(evidence)]
            self.assertTrue(some and all(words in line for line in some), (evidence, some))
        # Ids that come further down: the list is read a second time, and has its lines all the same.
        text = "$ cat /proc/cmdline\n" + self.commands["cat /proc/cmdline"] + self.GROUPS.replace(
            "0000:07:00.0", "0000:00:1f.0").replace("/19/", "/14/").replace("0000:0a:00.0", "0000:00:1f.2").replace("/20/", "/14/")
        done = pcipass("--from", self.file(text + self.commands["lspci -nnk"]), "explain", "00:1f.2").stdout.decode()
        self.assertRegex(" ".join(done.split()), r"/sys/kernel/iommu_groups/14/devices: 2 functions, [^(]*\(\S*text\d+, line 3\)")

    def test_broken_part(self):
        """It is named, and the others are read."""
        cut = self.commands["acpidump"].splitlines(True)
        post = self.commands["lspci -nnk"] + "".join(cut[:3]) + cut[0] + "".join(cut[1:]) + self.commands["dmesg"]
        found = self.read(post)
        self.assertRegex(self.said, r"line \d+: acpidump: not read: ")
        self.assertEqual(found["host"]["kernel"], "6.1.0-25-amd64")

    def test_too_many(self):
        line = "07:00.0 Serial Attached SCSI controller [0107]: Broadcom / LSI SAS2308 [1000:0087] (rev 05)\n"
        self.read((line + "[    1.000000] DMAR: IOMMU enabled\n") * 200)
        self.assertIn("line 257: more than 256 texts in one: what follows was not read", self.said)

    def test_one_kind(self):
        """What looks a little like another text, in the middle of one."""
        text = self.lspci(self.host, "-nnvv")
        want = self.read(text)
        for words in ("[AHCI 1.0])", "my kernel: 6.8.12", "[12:30] I wrote:", "me@example.org wrote:", "# my list", "Linux is fine",
                      "[1000:0087] it is", "# dmidecode is not there", "DMI: @ 0x"):
            with self.subTest(words):
                self.same(f"{words}\n{text}\n{words}\n", want)


class Groups(Pastes):
    """Lists of IOMMU groups: what find and ls print, and the loops of wikis and of Unraid."""

    def setUp(self):
        super().setUp()
        self.short = self.lspci(self.host, "-nn")
        made = self.read(self.lspci(self.host, "-nnvv"))
        self.groups = {d["address"]: d["group"] for d in made["devices"]}

    def groups_of(self, *texts: str) -> dict:
        return {a: d["group"] for a, d in self.facts(*texts).items()}

    def test_paths(self):
        top, by = "/sys/kernel/iommu_groups", {}
        for address, group in sorted(self.groups.items()):
            by.setdefault(group, []).append(address)
        forms = {"find": "".join(f"{top}/{g}/devices/{a}\n" for a, g in self.groups.items()),
                 "ls -l": "".join(f"lrwxrwxrwx 1 root root 0 Nov 28 17:00 {top}/{g}/devices/{a} -> "
                                  f"../../../../devices/pci0000:00/{a}\n" for a, g in self.groups.items()),
                 "ls": "\n".join(f"{top}/{g}/devices:\n{'  '.join(a)}\n" for g, a in by.items()),
                 "ls -lR": "\n".join(f"{top}/{g}/devices:\ntotal 0\n" + "".join(f"lrwxrwxrwx 1 root root 0 Nov 28 17:00 {x} -> "
                                                                           f"../../../../devices/pci0000:00/{x}\n" for x in a)
                                     for g, a in by.items()),
                 "ls of devices": "".join(f"lrwxrwxrwx 1 root root 0 Nov 28 17:00 /sys/bus/pci/devices/{a}/iommu_group -> "
                                          f"../../../../kernel/iommu_groups/{g}\n" for a, g in self.groups.items())}
        for name, text in forms.items():
            with self.subTest(name):
                self.assertEqual(self.groups_of(text, self.short), self.groups)
                self.assertEqual(self.groups_of(self.short, text), self.groups)
                self.assertEqual(self.said, "")
                self.assertIn("paths of IOMMU groups, which have no ids: add the output of lspci -nn", self.refused(text))
        # What grep left out is not known.
        some = [line for line in forms["find"].splitlines(True) if HBA in line]
        found = self.groups_of("".join(some), self.short)
        self.assertEqual({g for a, g in found.items() if not a.endswith(HBA)}, {None})

    def test_loops(self):
        rows = [(line.split(" ", 1)[0], line.split(" ", 1)[1], line.split("[")[-1].split("]")[0]) for line in self.short.splitlines()]
        for form in ("IOMMU group {g}\n[RESET]\t{a} {rest}", "IOMMU group {g}:\t[{ids}] {a} {rest}",
                     "Group {g}:\t[{ids}] [R] {a}  {rest}"):
            with self.subTest(form):
                text = "".join(form.format(g=self.groups["0000:" + a], a=a, rest=rest, ids=ids) + "\n" for a, rest, ids in rows)
                self.assertEqual(self.groups_of(text), self.groups)
        unraid = "".join(f"IOMMU group {self.groups['0000:' + a]}:\t[{ids}] {a} {rest.split(' [')[0]}: Somebody's\n"
                         for a, rest, ids in rows)
        self.assertEqual(self.groups_of(unraid, self.short), self.groups)


class Named(Pastes):
    """What no reader takes: what it is, and a command."""

    def test_samples(self):
        for text, said in {
                b"PK\x03\x04" + bytes(60): "a zip archive: unpack it", b"\x89PNG\r\n\x1a\n" + bytes(60): "a picture",
                b"": "empty\n", gzip.compress(bytes(range(256)) * 40)[:100]: "it is damaged or cut off",
                bz2.compress(b"notes"): "a compressed text must be decompressed first",
                lzma.compress(b"notes")[:20]: "it is damaged or cut off",
                b"%PDF-1.7\n" + bytes(60): "a PDF", "pci_0000_00_00_0\npci_0000_07_00_0\n": "by their names",
                "  QEMU: Checking for device assignment IOMMU support : PASS\n": "virt-host-validate",
                "<domain type='kvm'>\n  <devices>\n  </devices>\n</domain>\n": "a guest's definition",
                "boot: order=scsi0\nhostpci0: 0000:07:00,pcie=1\n": "a guest's configuration of Proxmox VE",
                "12: PCI 700.0: 0107 SAS\n  SysFS BusID: 0000:07:00.0\n": "hwinfo",
                "hostb0@pci0:0:0:0:\tclass=0x060000 card=0x1590 chip=0x3c00\n": "pciconf",
                "0000:07:00.0\n   Address: 0000:07:00.0\n   VMkernel Name: vmhba2\n": "esxcli",
                'GRUB_CMDLINE_LINUX_DEFAULT="quiet intel_iommu=on"\n': "cat /proc/cmdline >cmdline.txt",
                "Graphics:\n  Device-1: NVIDIA driver: nvidia v: 550 bus-ID: 01:00.0\n": "inxi",
                "System Information report written at: 11/28/26\n[System Summary]\n".encode("utf-16"): "msinfo32"}.items():
            with self.subTest(said):
                self.assertIn(said, self.refused(text))

    def test_lspci(self):
        for options, said in ((["-t"], "lspci -t"), (["-tvnn"], "lspci -t"), (["-mm"], "lspci -mm"), (["-mmnn"], "lspci -mm")):
            self.assertIn(said, self.refused(self.lspci(self.host, *options)))

    def test_its_own_answer(self):
        done = pcipass("--from", self.host)
        self.assertIn("sudo pcipass capture --text >post.txt", self.refused(done.stdout))
        head = pcipass("--from", self.host, "capture", "--text").stdout.split(b"All that decides")[0]
        self.assertIn("without what stands below its table", self.refused(head))

    @unittest.skipUnless(shutil.which("lshw"), "no lshw")
    def test_lshw(self):
        for options in ([], ["-html"], ["-xml"]):
            done = subprocess.run(["lshw", *options, "-quiet", "-disable", "network"], capture_output=True, text=True, check=False)
            if "pci" not in done.stdout:
                self.skipTest("lshw finds no PCI device here")
            self.assertIn("sudo lshw -json -numeric >lshw.json", self.refused(done.stdout), options)
        done = subprocess.run(["lshw", "-json", "-numeric", "-quiet"], capture_output=True, text=True, check=False)
        self.assertTrue(self.read(done.stdout)["devices"])

    def test_pveversion(self):
        for text in ("pve-manager/8.2.4/faa83925c9641325 (running kernel: 6.8.8-2-pve)\n",
                     "root@pve:~# pveversion -v\nproxmox-ve: 8.2.0 (running kernel: 6.8.8-2-pve)\npve-manager: 8.2.4\n"):
            self.assertEqual(self.read(self.lspci(self.host, "-nn"), text)["host"]["kernel"], "6.8.8-2-pve")


if __name__ == "__main__":
    unittest.main()
