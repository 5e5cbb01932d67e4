#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Where the output goes: colours, width, and what happens when it cannot be written."""

import json
import os
import pty
import re
import shutil
import subprocess
import sys
import unittest
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parent.parent / name) for name in ("host", "harness")]
from hosttree import (ENDPOINT, NOT_REMAPPED, PCIPASS, Case, drhd, rmrr, scope,  # noqa: E402
                      smbios_slot, smbios_system)
from terminal import read_terminal  # noqa: E402


class Output(Case):
    def setUp(self):
        super().setUp()
        t = self.host(interrupts=NOT_REMAPPED)
        t.smbios(smbios_system("HP", "ProLiant DL380p Gen8"), smbios_slot(2, "PCI-E Slot 2", 7, 0))
        t.bridge("0000:00:03.0", 7, group=1, driver="a-driver-with-a-long-name")
        for function in range(8):
            t.device(f"0000:07:00.{function}", 0x010700, vendor=0x1000, device=0x0072,
                     group=1234567890, driver="mpt3sas-and-more", reset=None)
        t.device("10000:e1:00.0", 0x010802, vendor=0x8086, device=0xF1A8, group=3, msi=False)
        t.dmar(drhd(), rmrr(0xBD000000, 0xBD000FFF, scope(ENDPOINT, 7, "00.0")))
        t.regions(1234567890, "0x00000000bd000000 0x00000000bd000fff direct")

    def environment(self, **more):
        keep = {k: v for k, v in os.environ.items()
                if k not in ("COLUMNS", "NO_COLOR", "TERM")}
        return keep | {"TERM": "xterm"} | more

    def stdout(self, *arguments, **more):
        return self.run_pcipass(*arguments, env=self.environment(**more)).stdout

    def on_a_terminal(self, *arguments, **more):
        """The same with a terminal as standard output."""
        try:
            master, slave = pty.openpty()
        except OSError as why:
            self.skipTest(f"no terminal to be had: {why}")
        with subprocess.Popen([PCIPASS, "--from", self.tree.root, *arguments], stdout=slave,
                              env=self.environment(**more)) as process:
            os.close(slave)
            text = read_terminal(master)
            process.wait(60)
        return text.decode()

    def test_colour(self):
        for arguments in ((), ("--all",), ("explain", "group1234567890"), ("reserved",)):
            self.assertNotIn("\x1b", self.stdout(*arguments))
            self.assertIn("\x1b[", self.stdout("--color", "always", *arguments))
            self.assertIn("\x1b[", self.stdout("--color", "always", *arguments, NO_COLOR="1"))
        self.assertNotIn("\x1b", self.stdout("--color", "always", "--json"))

    def test_colour_on_a_terminal(self):
        self.assertIn("\x1b[", self.on_a_terminal())
        self.assertIn("\x1b[", self.on_a_terminal(NO_COLOR=""))
        for arguments, more in (((), {"NO_COLOR": "1"}), (("--color", "never"), {}),
                                ((), {"TERM": "dumb"}), (("--json",), {})):
            self.assertNotIn("\x1b", self.on_a_terminal(*arguments, **more))

    def test_width(self):
        for columns in (80, 120, 200):
            lines = self.stdout("--all", COLUMNS=str(columns)).splitlines()
            self.assertEqual([x for x in lines if len(x) > columns], [])
            self.assertGreater(len(lines), 10)
        for odd in ("", "0", "-5", "x", "80x"):
            self.assertEqual(self.stdout(COLUMNS=odd), self.stdout(), odd)
        # narrow: words longer than a line stand out, all else is cut or wrapped
        for columns in ("40", "1"):
            for line in self.stdout(COLUMNS=columns).splitlines():
                if len(line) > 40:
                    self.assertRegex(line, r"^( *\S+$|  [0-9a-f:.]+ |  ADDRESS )")
        self.assertTrue(self.stdout(COLUMNS="99999999999999999999"))

    def test_names_are_cut_by_a_terminal_only(self):
        """In a pipe two devices never look alike because of their names' length."""
        for arguments in (("--all",), ("groups",), ("reserved",), ("--columns", "+name")):
            piped = self.stdout(*arguments)
            self.assertNotIn("…", piped, arguments)
            self.assertIn("SAS2008 PCI-Express Fusion-MPT SAS-2 [Falcon]", piped, arguments)
            for narrow in (self.on_a_terminal(*arguments), self.stdout(*arguments, COLUMNS="80")):
                lines = narrow.replace("\r", "").splitlines()
                self.assertIn("…", narrow, arguments)
                self.assertEqual([x for x in lines if len(re.sub("\x1b\\[[0-9]*m", "", x)) > 80], [])

    def table(self, *arguments, **more):
        """The cells of each line."""
        return [line.split() for line in self.stdout(*arguments, **more).splitlines()]

    def test_columns(self):
        table = self.table("survey", "--columns", "address,VERDICT,Group")
        self.assertEqual(table[0], ["ADDRESS", "VERDICT", "GROUP"])
        self.assertEqual(len(table), 1 + 9)
        self.assertIn(["0000:07:00.0", "blocked-fixable", "1234567890"], table)
        self.assertEqual(self.table("--columns", "address", "--all")[1], ["0000:00:03.0"])
        usual = self.table("--noheadings")
        self.assertEqual([x[:6] for x in self.table("--columns", "+id", "--noheadings")],
                         [x[:6] for x in usual])
        self.assertEqual(self.table("--columns", "+id")[1][-1], "1000:0072")
        self.assertEqual(self.table("--columns", "id,id")[0], ["ID", "ID"])

    def test_filter(self):
        """By any column, shown or not; a part of the cell is not the cell."""
        every = self.table("--columns", "address,driver,group,verdict", "--noheadings")
        for column, at in (("driver", 1), ("group", 2), ("verdict", 3)):
            for value in {x[at] for x in every}:
                self.assertEqual(self.table("--filter", f"{column}={value.upper()}", "--columns", "address", "--noheadings"),
                                 [x[:1] for x in every if x[at] == value], (column, value))
        for words, address in (("place=slot2", "0000:07:00."), ("id=1000:0072", "0000:07:00."), ("id=*:0072", "0000:07:00."),
                               ("address=*:07:*,class=*", "0000:07:00."), ("device=*sas2008*falcon]", "0000:07:00.")):
            found = self.table("survey", "--filter", words)
            self.assertGreater(len(found), 1, words)
            self.assertEqual([x[0] for x in found[1:] if not x[0].startswith(address)], [], words)
        for words in ("id=1000:007", "id=000:0072", "address=", "id=1000:0072,class=0c*", "id=1000:0072*2"):
            self.assertEqual(self.table("--filter", words, "--noheadings"), [], words)

    def test_sort(self):
        every = self.table("--columns", "address,group,driver,id", "--noheadings")
        number = {x[0]: i for i, x in enumerate(every)}
        by_group = self.table("--columns", "address,group,driver,id", "--noheadings", "--sort", "GROUP")
        self.assertEqual(by_group, sorted(every, key=lambda x: (not x[1].isdigit(), int(x[1]) if x[1].isdigit() else x[1])))
        self.assertNotEqual(by_group, every)
        by_two = self.table("--columns", "address,group,driver,id", "--noheadings", "--sort", "driver,id")
        self.assertEqual(by_two, sorted(every, key=lambda x: (x[2], x[3], number[x[0]])))
        self.assertEqual(self.table("--sort", "address", "--noheadings", "--columns", "address,group,driver,id"), every)
        for word, name in (("fixable", "blocked-fixable"), ("Bridge", "not-endpoint"), ("*fix*", "blocked-fixable")):
            for column in ("verdict", "kvm"):
                shown = self.table("--all", "--for", "all", "--filter", f"{column}={word}", "--columns", "verdict", "--noheadings")
                self.assertEqual({x[0] for x in shown}, {name})
        few = self.table("survey", "--filter", "verdict=blocked*", "--sort", "driver,group", "--columns", "address,driver")
        self.assertEqual(few[0], ["ADDRESS", "DRIVER"])
        self.assertEqual([x[1] for x in few[1:]], sorted(x[1] for x in few[1:]))

    def test_the_title_says_the_verdict(self):
        """Below the titles of its sections the survey does not repeat it; a plain table has it."""
        self.assertNotIn("VERDICT", self.stdout())
        self.assertNotIn("blocked-fixable", self.stdout())
        self.assertIn("FIXABLE: blocked, but can be freed", self.stdout())
        self.assertIn("VERDICT", self.table("--columns", "+id")[0])
        self.assertIn("blocked-fixable", self.stdout("--noheadings"))

    def test_chipset(self):
        """Parts of the chipset without a driver share a line, unless all is asked for."""
        for number, class_code, driver in ((5, 0x088000, None), (6, 0x080020, None), (8, 0x088000, "ioatdma")):
            self.tree.device(f"0000:00:{number:02x}.0", class_code, group=number, reset=None, driver=driver)
        text = self.stdout()
        self.assertIn("  2 chipset devices without a driver (--all): 00:05.0, 00:06.0\n", text)
        self.assertRegex(text, r"(?m)^  0000:00:08\.0 .* ioatdma ")
        self.assertNotRegex(text, r"(?m)^  0000:00:0[56]\.0 ")
        self.assertIn("FIXABLE: blocked, but can be freed (12)\n", text)
        everything = self.stdout("--all")
        self.assertNotIn("chipset devices", everything)
        self.assertEqual(len(re.findall(r"(?m)^  0000:00:0[568]\.0 ", everything)), 3)

    def test_evidence(self):
        """Much of one kind is folded, and a finding is explained once."""
        more = [rmrr(0xBD000000 + i * 0x2000, 0xBD000FFF + i * 0x2000, scope(ENDPOINT, 7, "00.0")) for i in range(6)]
        self.tree.dmar(drhd(), *more)
        short, whole = self.stdout("explain", "07:00.0"), self.stdout("explain", "07:00.0", "-v")
        self.assertEqual((short.count("evidence: DMAR RMRR"), whole.count("evidence: DMAR RMRR")), (2, 6))
        self.assertIn("and 4 more like that (-v)\n", short)
        self.assertNotIn(" see: ", short)
        self.assertIn(" see: ", whole)
        self.assertLess(short.index("remedy:"), short.index("evidence:"))
        group = self.stdout("explain", "group1234567890")
        self.assertIn("remedies and evidence: as for 0000:07:00.0 above\n".replace("0000:", ""), group)
        self.assertNotIn("above\n", self.stdout("explain", "group1234567890", "-v"))

    def test_reserved_of_one_device(self):
        self.tree.dmar(drhd(), rmrr(0xBD000000, 0xBD000FFF, scope(ENDPOINT, 7, "00.0")),
                       rmrr(0xBE000000, 0xBE000FFF, scope(ENDPOINT, 7, "00.1")),
                       rmrr(0xBF000000, 0xBF000FFF, scope(ENDPOINT, 7, "00.0")))
        every, one = self.stdout("reserved"), self.stdout("reserved", "07:00.0")
        self.assertRegex(every, r"07:00\.0 +2 unlisted +2 .*\n")
        self.assertRegex(every, r"07:00\.0 +2 hard +0 .*\n")
        self.assertEqual([re.findall(r"(?m)^RMRR +(\d)", x) for x in (every, one)], [["0", "1", "2"], ["0", "2"]])
        self.assertNotIn("07:00.1", one)
        document = json.loads(self.stdout("reserved", "07:00.0", "--json"))
        self.assertEqual([r["index"] for r in document["regions"] if r["source"] == "DMAR"], [0, 2])
        self.assertIn("No region of the firmware's table is for 10000:e1:00.0.", self.stdout("reserved", "10000:e1:00.0"))
        self.assertEqual(self.run_pcipass("reserved", "slot9").returncode, 2)

    def test_slots(self):
        lines = self.stdout("slots").splitlines()
        self.assertEqual(lines[0].split(), ["PLACE", "ADDRESS", "VERDICT", "DEVICE"])
        self.assertRegex(lines[1], r"^slot2 07:00\.0 fixable +Broadcom")
        self.assertRegex(lines[2], r"^      07:00\.1 fixable +Broadcom")
        self.assertTrue(lines[-1].endswith(" explain slot2"), lines[-1])
        self.tree.smbios(smbios_system("HP", "ProLiant DL380p Gen8"), smbios_slot(10, "PCI-E Slot 10", 7, 0))
        self.assertRegex(self.stdout("slots"), r"\nslot10 07:00\.0 ")
        self.tree.remove("sys/firmware/dmi/tables/DMI")
        run = self.run_pcipass("slots")
        self.assertEqual(run.returncode, 3)
        self.assertIn("No device is in a slot whose number is known.\n", run.stdout)

    def test_tree(self):
        lines = self.stdout("tree").splitlines()
        self.assertEqual(lines[0].split(), ["DEVICE", "PLACE", "GROUP", "VERDICT", "NAME"])
        self.assertEqual(lines[1], "0000:00")
        at = next(i for i, x in enumerate(lines) if "07:00.0" in x)
        # its bridge above, its functions side by side, the last one with a corner
        self.assertRegex(lines[at - 1], r"^[├└]─00:\S+ .* bridge ")
        self.assertRegex(lines[at], r"^[│ ] ├─07:00\.0 +slot2 \d* +fixable +Broadcom")
        self.assertRegex(lines[at + 7], r"^[│ ] └─07:00\.7 +slot2 \d* +fixable +Broadcom")
        self.assertTrue(any(x.startswith("Next: ") for x in lines))
        # a root for each domain and root bus
        self.assertEqual([x for x in lines if re.fullmatch(r"[0-9a-f]{4,}:[0-9a-f]{2}", x)], ["0000:00", "10000:e1"])
        # every device that the survey lists, once
        tree = re.findall(r"─(\S+)", "\n".join(x for x in lines if " bridge " not in x and "─" in x))
        survey = [x.split()[0] for x in self.stdout("--columns", "ADDRESS", "--noheadings").splitlines()]
        self.assertEqual(sorted(tree), sorted(x.removeprefix("0000:") for x in survey))

    def test_tree_of_one_device(self):
        lines = self.stdout("tree", "slot2").splitlines()
        self.assertEqual([x.split("─")[1].split()[0] for x in lines if "─" in x][1:],
                         [f"07:00.{n}" for n in range(8)])
        self.assertRegex(" ".join(x.strip() for x in lines), r"Next: .* check slot2$")
        self.assertEqual(self.run_pcipass("tree", "slot9").returncode, 2)
        self.assertIn("--json", self.run_pcipass("tree", "--json").stderr)

    def test_tree_by_locale(self):
        for locale, mark in (("C.UTF-8", "├─"), ("C", "|-"), ("POSIX", "|-"), ("", "|-")):
            run = self.run_pcipass("tree", env={**os.environ, "LC_ALL": locale, "LANG": "", "LC_CTYPE": ""})
            self.assertIn(mark, run.stdout, locale)
            self.assertEqual(run.stdout.isascii(), mark == "|-", locale)

    def progress(self, *arguments, see: bytes, keys: bytes = b"") -> bytes:
        """On a terminal of its own, each file opened a second late: what comes up to see; then keys are typed."""
        strace = shutil.which("strace")
        if not strace or subprocess.run([strace, "-o", "/dev/null", "true"], check=False, capture_output=True).returncode:
            self.skipTest("strace is not installed, or may not trace here")
        command = [strace, "-f", "-I1", "-o", "/dev/null", "-e", "trace=openat", "-e",
                   "inject=openat:delay_enter=1000000:when=8+", PCIPASS, "--from", str(self.tree.root), *arguments]
        try:
            pid, master = pty.fork()
        except OSError as why:
            self.skipTest(f"no terminal to be had: {why}")
        if not pid:
            os.execve(strace, command, self.environment(ASAN_OPTIONS="detect_leaks=0"))
        text = read_terminal(master, see, keys)
        self.assertNotEqual(os.waitpid(pid, 0)[1], 0)
        return text

    def test_progress(self):
        """A line on a terminal after a second; Ctrl-C leaves no file."""
        for command, name in (("capture", "host.tar.gz"), ("report", "host.html")):
            directory = self.directory / command
            directory.mkdir()
            text = self.progress(command, "-o", str(directory / name), see=b"pcipass: reading: 2 s", keys=b"\x03")
            self.assertIn(b"\r\x1b[Kpcipass: reading: 1 s\r\x1b[Kpcipass: reading: 2 s", text)
            self.assertEqual(list(directory.iterdir()), [])
        # Of many hosts, which one it is; and in a pipe nothing.
        other = str(self.directory / "other")
        shutil.copytree(self.tree.root, other, symlinks=True)
        text = self.progress("survey", other, see=b"pcipass: host 1 of 2: 2 s", keys=b"\x03")
        self.assertNotIn(b"reading", text)
        self.assertNotIn("host 1", self.run_pcipass("survey", other).stderr)

    def on_a_users_terminal(self, *arguments, **environment) -> str:
        """On a terminal, as somebody who is not root."""
        user = [] if os.geteuid() else ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
        try:
            pid, master = pty.fork()
        except OSError as why:
            self.skipTest(f"no terminal to be had: {why}")
        if not pid:
            command = [*user, PCIPASS, "--from", str(self.tree.root), *arguments]
            os.execvpe(command[0], command, self.environment(**environment))
        text = read_terminal(master)
        self.code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        return text.decode()

    def test_pager(self):
        """As git's: the variables in their order, less with its options, a terminal alone; never for root."""
        for path in (self.directory, self.tree.root):
            path.chmod(0o755)
        pager, other = "printf '<%s>' \"$LESS\"; sed s/^/paged:/", "sed s/^/other:/"
        text = self.on_a_users_terminal("tree", PAGER=other, PCIPASS_PAGER=pager, COLUMNS="60")
        self.assertTrue(text.startswith("<FRX>paged:"), text)
        self.assertEqual(self.code, 0)
        # width and colours are those of the terminal
        self.assertIn("\x1b[", text)
        self.assertTrue(all(len(re.sub(r"\x1b\[\w+", "", x)) < 70 for x in text.splitlines() if "─" in x), text)
        for command in ("survey", "groups", "reserved", "slots"):
            self.assertIn("other:", self.on_a_users_terminal(command, PAGER=other), command)
        for environment in ({"PAGER": "cat"}, {"PAGER": ""}, {"PAGER": other, "PCIPASS_PAGER": ""}, {"PAGER": other, "TERM": "dumb"}):
            text = self.on_a_users_terminal("tree", **environment)
            self.assertTrue(text.replace("\x1b[2m", "").startswith("DEVICE"), environment)
        self.assertNotIn("other:", self.on_a_users_terminal("check", "slot2", PAGER=other))
        self.assertNotIn("other:", self.on_a_users_terminal("--json", PAGER=other))
        self.assertNotIn("other:", self.stdout("tree", PAGER=other))
        # one that ends early or is not there
        self.assertEqual(self.on_a_users_terminal("survey", PAGER="head -n 1").count("\n"), 1)
        if not os.geteuid():
            self.assertNotIn("other:", self.on_a_terminal("tree", PAGER=other))

    @staticmethod
    def cell(value):
        if isinstance(value, bool):
            return "yes" if value else "no"
        return "-" if value in (None, "", []) else ",".join(value) if isinstance(value, list) else str(value)

    def test_columns_are_those_of_json(self):
        """A column of a field's name says what the field says."""
        devices = json.loads(self.stdout("--json"))["devices"]
        rows = (Path(__file__).parents[2] / "lib/report/columns.c").read_text(encoding="utf-8")
        fields = re.findall(r'\{ "([A-Z-]+)", \.field = "(\w+)"', rows)
        self.assertGreater(len(fields), 8)
        for column, name in fields:
            # A field that is misspelt would show "-" for every device.
            self.assertTrue(all(name in d for d in devices), name)
            lines = self.stdout("--columns", column, "--noheadings", "--all").splitlines()
            cells = [line.strip() for line in lines]
            wanted = ["?" if name in d["unread"] else self.cell(d[name]) for d in devices]
            self.assertEqual(cells, wanted, name)

    def test_every_column(self):
        listed = self.stdout("survey", "--list-columns").splitlines()
        names = [line.split()[0] for line in listed]
        self.assertEqual(len(names), len(set(names)))
        for line in listed:
            self.assertRegex(line, r"^[A-Z-]+ +\S.*\.$")
            self.assertLessEqual(len(line), 80)
        table = self.table("--columns", ",".join(names))
        self.assertEqual(table[0], names)
        self.assertEqual({len(x) >= len(names) for x in table}, {True})

    def test_columns_that_are_not_there(self):
        for words, said in ((("--columns", "verdic"), "unknown column 'verdic', did you mean 'VERDICT'?"),
                            (("--columns", "+"), "unknown column ''; pcipass --list-columns names them"),
                            (("--columns", "address,,id"), "unknown column ''"),
                            (("--columns", "id\x1b[31m"), "unknown column 'id?[31m'"),
                            (("--columns", ",".join(["id"] * 33)), "more than 32 columns"),
                            (("--columns", "x" * 5000), "unknown column 'xxx"),
                            (("--json", "--columns", "id"), "JSON has no columns: it has all fields"),
                            (("--filter", "driver"), "filter 'driver': need COLUMN=VALUE, such as driver=nvme"),
                            (("--filter", "driver=a,"), "need COLUMN=VALUE"),
                            (("--filter", "verdict=fixed"), "unknown verdict 'fixed'; expected assignable, care, fixable"),
                            (("--filter", "verdict=fixabel*"), "unknown verdict 'fixabel*'"),
                            (("--for", "all", "--filter", "xen="), "unknown verdict ''"),
                            (("--filter", "verdic=a"), "unknown column 'verdic', did you mean 'VERDICT'?"),
                            (("--filter", ",".join(["id=*"] * 33)), "more than 32 columns"),
                            (("--sort", "+id"), "unknown column '+id'"),
                            (("--sort", "id,"), "unknown column ''"),
                            (("--sort", "id", "--json"), "JSON has no columns: it has all fields"),
                            (("check", "slot2", "--sort", "id"), "check does not take --sort"),
                            (("check", "slot2", "--noheadings"), "check does not take --noheadings")):
            run = self.run_pcipass(*words)
            self.assertEqual(run.returncode, 2, words)
            self.assertEqual(run.stdout, "", words)
            self.assertIn(said, run.stderr)
            self.assertNotIn("\x1b", run.stderr)

    def test_full_disk(self):
        for arguments in ((), ("--json",), ("explain", "slot2"), ("check", "slot2"), ("reserved",),
                          ("report", "-o", "-"), ("tree",), ("slots",), ("capture", "--text"),
                          ("--help",), ("check", "--help"), ("--version",)):
            with open("/dev/full", "wb") as full:
                run = subprocess.run([PCIPASS, "--from", self.tree.root, *arguments], stdout=full,
                                     stderr=subprocess.PIPE, text=True, check=False, timeout=60)
            self.assertEqual(run.returncode, 4, arguments)
            self.assertIn("pcipass: standard output: No space left on device\n", run.stderr, arguments)

    def test_table_alone(self):
        """It has no devices: the answer names the command for which it is enough."""
        table = self.tree.root / "sys/firmware/acpi/tables/DMAR"
        run = self.run_pcipass(path=table)
        self.assertEqual((run.returncode, run.stdout), (3, ""))
        command = re.search(r"; for its reserved regions: pcipass --from (\S+) (reserved)\n\Z", run.stderr)
        self.assertIn("RMRR 0", self.run_pcipass(command.group(2), path=command.group(1)).stdout)

    def test_empty_file_name(self):
        """As of a variable that is not set."""
        for arguments in (("report", "-o", ""), ("capture", "-o", ""), ("free", "slot2", "-o", ""),
                          ("verify", "--plan", ""), ("survey", "--from", "")):
            run = self.run_pcipass(*arguments)
            self.assertEqual(run.returncode, 2, arguments)
            self.assertRegex(run.stderr, r"^pcipass: --\w+: empty file name; see pcipass ")

    def written(self, command, name, *more, code):
        run = self.run_pcipass(*command, "-o", self.directory / name, *more)
        self.assertEqual(run.returncode, code, run.stderr)
        return run.stderr

    def leftovers(self):
        return [x for x in self.directory.rglob(".pcipass-*")]

    def test_files(self):
        """What -o writes: whole, over an old file only with --force, and over a file only."""
        for command, name in ((("free", "slot2"), "plan.json"), (("capture",), "host.tar"),
                              (("override", "build", "slot2"), "dmar.aml"),
                              (("override", "build", "slot2"), "dmar.cpio")):
            file = self.directory / name
            self.assertIn(f"wrote {file}", self.written(command, name, code=0))
            whole = file.read_bytes()
            file.write_bytes(b"older")
            said = self.written(command, name, code=4)
            self.assertIn(f"{name}: File exists; --force replaces it", said)
            self.assertEqual(file.read_bytes(), b"older")
            other = self.directory / ("other-" + name)
            os.link(file, other)
            self.written(command, name, "--force", code=0)
            self.assertEqual((file.read_bytes(), other.read_bytes()), (whole, b"older"))
            for make in (os.mkfifo, os.mkdir, lambda x: os.symlink(other, x)):
                there = self.directory / ("odd-" + name)
                make(there)
                for force in ((), ("--force",)):
                    said = self.written(command, there.name, *force, code=4)
                    self.assertIn("a directory, need the name of a file" if make is os.mkdir
                                  else "not a regular file, so pcipass does not replace it", said)
                    self.assertNotIn("--force", said)
                if there.is_dir() and not there.is_symlink():
                    there.rmdir()
                else:
                    there.unlink()
            self.assertEqual(other.read_bytes(), b"older")
            self.assertEqual(self.leftovers(), [])

    def test_full_disk_keeps_the_older_file(self):
        for command, name in ((("free", "slot2"), "plan.json"),
                              (("override", "build", "slot2"), "dmar.cpio")):
            file = self.directory / name
            file.write_bytes(b"older")
            run = subprocess.run(["sh", "-c", 'ulimit -f 0; exec "$@"', "sh", PCIPASS, "--from",
                                  self.tree.root, *command, "-o", file, "--force"],
                                 capture_output=True, text=True, check=False, timeout=60)
            self.assertNotEqual(run.returncode, 0)
            self.assertEqual(file.read_bytes(), b"older")

    def test_to_standard_output(self):
        plan = self.stdout("free", "slot2", "-o", "-")
        self.assertEqual(json.loads(plan)["schema"].split("/")[0], "pcipass.plan")
        self.written(("free", "slot2"), "plan.json", code=0)
        self.assertEqual((self.directory / "plan.json").read_text(), plan)
        run = subprocess.run([PCIPASS, "--from", self.tree.root, "override", "build", "slot2",
                              "-o", "-"], capture_output=True, check=False, timeout=60)
        self.assertEqual((run.returncode, run.stdout[:4], run.stderr), (0, b"DMAR", b""))
        with open("/dev/full", "wb") as full:
            run = subprocess.run([PCIPASS, "--from", self.tree.root, "free", "slot2", "-o", "-"],
                                 stdout=full, stderr=subprocess.PIPE, text=True, check=False,
                                 timeout=60)
        self.assertEqual(run.returncode, 4)

    def closed(self, redirection, *arguments):
        return subprocess.run(["sh", "-c", f'exec "$@" {redirection}', "sh", PCIPASS, "--from",
                               self.tree.root, *arguments], capture_output=True, text=True,
                              check=False, timeout=60)

    def test_closed_output(self):
        for arguments in ((), ("--json",), ("--version",), ("check", "slot2")):
            self.assertEqual(self.closed(">&-", *arguments).returncode, 4, arguments)

    def test_closed_input_and_errors(self):
        whole = self.run_pcipass("--json")
        for redirection in ("<&-", "2>&-", "<&- 2>&-"):
            run = self.closed(redirection, "--json")
            self.assertEqual((run.returncode, run.stdout), (whole.returncode, whole.stdout))

    def test_closed_errors_do_not_land_in_the_capture(self):
        """The next file opened would take the number of standard error."""
        for name, redirection in (("a.tar", ""), ("b.tar", "2>&-"), ("c.tar", "<&- >&- 2>&-")):
            self.closed(redirection, "capture", "-o", self.directory / name)
        whole = (self.directory / "a.tar").read_bytes()
        self.assertEqual((self.directory / "b.tar").read_bytes(), whole)
        self.assertEqual((self.directory / "c.tar").read_bytes(), whole)

    def test_reader_that_goes_away(self):
        run = subprocess.run(f'"{PCIPASS}" --from "{self.tree.root}" --json | head -c 1',
                             shell=True, capture_output=True, text=True, check=False, timeout=60)
        self.assertEqual(run.stdout, "{")


if __name__ == "__main__":
    unittest.main()
