#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""explain --log: each phrase in a line as the program prints it, and the same line as people paste it.

usage: test-log.py PCIPASS SOURCE_ROOT
"""

import html
import json
import os
import random
import re
import subprocess
import sys
import tempfile
import textwrap
import unittest
from pathlib import Path

ROOT = Path(sys.argv.pop(2)).resolve()
PCIPASS = sys.argv.pop(1)
DATA = Path(os.environ.get("PCIPASS_TEST_DATA", ROOT.parent / "shared/data"))
LINES = {row[0]: row[1].replace("\\n", "\n") for row in
         (line.split(" | ", 1) for line in (ROOT / "tests/log/lines").read_text().splitlines()
          if not line.startswith("#"))}
IDS = re.findall(r'\.id = "([^"]+)"', "".join(
    p.read_text() for p in sorted(ROOT.glob("lib/judge/phrases-*.c"))))
# What no reason of a host is: the rest of a system's log.
OTHER = """\
[    0.000000] Linux version 6.12.57+deb13-amd64 (debian-kernel@lists.debian.org)
[    0.004000] ACPI: DMAR 0x00000000BDDAD000 0004A8 (v01 HP     ProLiant 00000001 \xd2?  0000162E)
[    1.204000] usb 1-1: new high-speed USB device number 2 using ehci-pci
[    2.301000] EXT4-fs (sda1): mounted filesystem with ordered data mode. Quota mode: none.
[    2.501000] e1000e 0000:00:19.0: registered PHC clock
[    3.100000] systemd[1]: Started systemd-journald.service - Journal Service.
""".encode("latin-1")


def ask(text: bytes | None, *arguments, code=(0, 1)) -> dict:
    """The document of a text on standard input, or of arguments."""
    run = subprocess.run([PCIPASS, "explain", "--log", "--json", *arguments], input=text or b"",
                         capture_output=True, check=False, timeout=120)
    assert run.returncode in code, (run.returncode, run.stderr)
    return json.loads(run.stdout)


def found(text: str | bytes) -> list[str]:
    return [m["id"] for m in ask(text if isinstance(text, bytes) else text.encode())["messages"]]


class EachRow(unittest.TestCase):
    """The line of each phrase is known as that phrase, and as no other."""

    def all_known(self, change, rows=None):
        """The lines one by one would be a process each: they stand far apart in one text."""
        rows = rows or LINES
        text = b"".join(change(line) + b"\n" + OTHER for line in rows.values())
        document = ask(text)
        self.assertEqual([m["id"] for m in document["messages"]], list(rows))
        return document

    def test_a_line_for_each(self):
        self.assertEqual(sorted(LINES), sorted(IDS))

    def test_nothing_is_left_of_a_format(self):
        """What programs print has values where the row's text and their format strings have places for them."""
        for name, line in LINES.items():
            self.assertNotRegex(line, r"%[-#0-9.]*(l|ll|h|hh)?[a-zA-Z]\b|\{w?\}|__func__|\w_function:|\b1a\b", name)

    def test_as_printed(self):
        document = self.all_known(str.encode)
        self.assertEqual(document["known"], len(LINES))
        text = b"".join(line.encode() + b"\n" + OTHER for line in LINES.values()).split(b"\n")
        for message in document["messages"]:
            self.assertTrue(message["means"], message["id"])
            self.assertEqual(message["count"], 1)
            first = LINES[message["id"]].split("\n")[0]
            self.assertIn(first[:40].encode(), text[message["line"] - 1])

    def test_device(self):
        """Where the line names a device, it is that; a time of day and a version are none."""
        document = self.all_known(lambda line: b"Nov 28 10:20:30.1234 host kernel: [v1.02:03.4.5] "
                                  + line.encode())
        once = {m["id"] for m in document["messages"] if m["device"] is None}
        for message in document["messages"]:
            names = re.findall(r"(?:0000:)?(\d\d:\d\d\.\d)(?!\d)", LINES[message["id"]])
            if names and message["id"] not in once:
                self.assertEqual(message["device"], "0000:" + names[0], message["id"])
        told = len(document["messages"]) - len(once)
        self.assertGreater(told, 90)

    def test_stamps(self):
        for stamp in ("[   12.345678] ", "[Sat Nov 28 17:00:00 2026] ", "<4>[   12.345678] ",
                      "Nov 28 17:00:00 host kernel: ", "2026-11-28T17:00:00+00:00 host kernel: ",
                      "2026-11-28 17:00:00.123+0000: 1234: ", "    ", "\t"):
            self.all_known(lambda line, stamp=stamp: (stamp + line).encode())

    def test_quoted_by_mail(self):
        self.all_known(lambda line: "\n".join("> > " + part for part in
                                              textwrap.wrap(line, 60)).encode())

    def test_wrapped_by_a_terminal(self):
        """Inside of words: every width hides some anchors, and few phrases at once."""
        for width in (50, 61, 80):
            text = b"".join("\n".join(line[i:i + width] for i in range(0, len(line), width)).encode()
                            + b"\n" + OTHER for line in LINES.values())
            known = {m["id"] for m in ask(text)["messages"]}
            self.assertGreater(len(known), len(LINES) * 0.85, width)

    def test_windows(self):
        self.all_known(lambda line: line.encode().replace(b"\n", b"\r\n") + b"\r")
        text = "\n".join(LINES.values())
        for encoding in ("utf-16", "utf-16-be"):
            mark = b"\xfe\xff" if encoding == "utf-16-be" else b""
            document = ask(mark + text.encode(encoding))
            self.assertEqual(len(document["messages"]), len(LINES), encoding)

    def test_web(self):
        self.all_known(lambda line: html.escape(line).encode())
        self.all_known(lambda line: html.escape(line).replace("&#x27;", "&#39;").encode())
        self.all_known(lambda line: line.replace(" ", "\u00a0").encode())

    def test_typographic(self):
        self.all_known(lambda line: line.replace("'", "\u2019").replace('"', "\u201d").encode())

    def test_colours(self):
        self.all_known(lambda line: b"\x1b[32m[   12.3] \x1b[0m\x1b[33m" + line.encode() + b"\x1b[0m")

    def test_tabs_and_blanks(self):
        self.all_known(lambda line: line.replace(" ", " \t ").encode())
        self.all_known(lambda line: line.lower().encode())

    def test_pieces(self):
        """However the bytes come in."""
        text = b"".join(line.encode() + b"\n" for line in LINES.values()) + OTHER * 3000
        whole = ask(text)
        self.assertEqual(len(whole["messages"]), len(LINES))
        process = subprocess.Popen([PCIPASS, "explain", "--log", "--json"], stdin=subprocess.PIPE,
                                   stdout=subprocess.PIPE)
        assert process.stdin
        chance = random.Random(7)
        place = 0
        while place < len(text):
            n = chance.choice((1, 7, 300, 70000))
            process.stdin.write(text[place:place + n])
            process.stdin.flush()
            place += n
        answer = process.communicate()[0]
        self.assertEqual(json.loads(answer), whole)

    def test_where_blocks_meet(self):
        """A line across any place where the reader's buffer may end."""
        line = LINES["linux-direct"].encode()
        for size in (65536, 262144, 262144 - 500, 262144 - 700):
            for before in (0, 40, len(line) - 3):
                padding = b"x" * 79 + b"\n"
                text = (padding * (size // 80 + 1))[:size - before - 1] + b"\n" + line + b"\n" + padding * 20
                document = ask(text)
                self.assertEqual([m["id"] for m in document["messages"]], ["linux-direct"])
                self.assertEqual(document["messages"][0]["line"],
                                 text[:text.index(line)].count(b"\n") + 1)


class Unknown(unittest.TestCase):
    def test_left_alone(self):
        self.assertEqual(found(OTHER * 50), [])
        self.assertEqual(found(b""), [])
        self.assertEqual(found(b"\xff"), [])
        self.assertEqual(found(os.urandom(100000)), [])

    def test_exit_code(self):
        for text, code in ((b"nothing of it\n", 1), (LINES["linux-direct"].encode(), 0)):
            run = subprocess.run([PCIPASS, "explain", "--log"], input=text, capture_output=True,
                                 check=False, timeout=60)
            self.assertEqual(run.returncode, code)
            self.assertIn(b"\nNext: ", b"\n" + run.stdout)

    def test_half_a_phrase(self):
        """Less than the first sentence of the phrase is not the phrase."""
        for name in ("linux-rmrr", "linux-no-remapping", "qemu-verify-bound", "xen-rmrr-ignored"):
            line = LINES[name]
            half = line[:line.find(". ", 30) // 2 if ". " in line[30:] else len(line) // 2]
            self.assertEqual(found(half), [], name)
            self.assertEqual(found(half + "\n" + OTHER.decode("latin-1")), [], name)

    def test_holes_are_short(self):
        self.assertEqual(found("not ready 60000ms after " + "x" * 500 + "; giving up"), [])
        self.assertEqual(found("not ready 60000ms after FLR; waiting\n" * 3
                               + "something else; giving up"), [])


class Repeated(unittest.TestCase):
    def test_counted(self):
        document = ask((LINES["linux-vtd-fault"] + "\n").encode() * 5000 + OTHER)
        self.assertEqual([(m["count"], m["line"]) for m in document["messages"]], [(5000, 1)])

    def test_parts_of_one_message(self):
        """A message with two known parts is one, also where its line was broken between them."""
        first, second = "vfio: error, group 99 is not viable", LINES["qemu-not-viable"]
        for between in (", ", ",\n", ", \r\n> "):
            message = f"qemu-system-x86_64: -device vfio-pci,host=07:00.0: {first}{between}{second}\n"
            document = ask((message + message.replace("99", "98")).encode())
            self.assertEqual([(m["group"], m["device"], m["count"]) for m in document["messages"]],
                             [(99, "0000:07:00.0", 1), (98, "0000:07:00.0", 1)], between)
            self.assertEqual(document["known"], 2)
        # On lines of their own they are messages of their own, and so is that of another device.
        document = ask(f"{first}\n{second}\n{second}\n".encode())
        self.assertEqual([m["count"] for m in document["messages"]], [1, 2])
        document = ask("".join(LINES[name].replace("07:00", bus + ":00") + "\n" for bus in ("07", "08")
                               for name in ("linux-rmrr", "linux-direct")).encode())
        self.assertEqual(document["known"], 4)

    def test_devices_apart(self):
        lines = "".join(f"vfio-pci 0000:{b:02x}:00.0: reset recovery - restoring BARs\n"
                        for b in range(256)) * 2
        document = ask(lines.encode())
        self.assertEqual({m["count"] for m in document["messages"]}, {2})
        self.assertEqual([m["device"] for m in document["messages"]],
                         [f"0000:{b:02x}:00.0" for b in range(256)])

    def test_too_many(self):
        lines = "".join(f"vfio-pci {d:04x}:{b:02x}:00.0: reset recovery - restoring BARs\n"
                        for d in range(4) for b in range(256))
        document = ask(lines.encode())
        self.assertEqual((document["known"], len(document["messages"]), document["not_listed"]),
                         (1024, 512, 512))

    def test_libvirt_names(self):
        document = ask(b"pci_0001_07_00_1: VFIO_MAP_DMA failed: Cannot allocate memory\n")
        self.assertEqual(document["messages"][0]["device"], "0001:07:00.1")


class Input(unittest.TestCase):
    def test_argument_file_and_standard_input(self):
        line = LINES["qemu-group-not-viable"]
        self.assertEqual(ask(None, line)["messages"][0]["group"], 13)
        self.assertEqual(ask(None, "--", *line.split())["messages"][0]["id"], "qemu-group-not-viable")
        with tempfile.NamedTemporaryFile() as file:
            file.write(line.encode())
            file.flush()
            self.assertEqual(len(ask(None, file.name)["messages"]), 1)
        self.assertEqual(len(ask(line.encode(), "-")["messages"]), 1)

    def test_refused(self):
        run = subprocess.run([PCIPASS, "explain", "--log", "/"], capture_output=True, text=True,
                             check=False, timeout=60)
        self.assertEqual((run.returncode, run.stderr), (4, "pcipass: /: Is a directory\n"))
        run = subprocess.run([PCIPASS, "explain", "--log", "dmesg.tx"], capture_output=True, text=True,
                             check=False, timeout=60)
        self.assertEqual((run.returncode, run.stderr), (4, "pcipass: dmesg.tx: No such file or directory\n"))
        run = subprocess.run([PCIPASS, "--from", "/nowhere", "explain", "--log", "x"],
                             capture_output=True, text=True, check=False, timeout=60)
        self.assertNotEqual(run.returncode, 0)


class AtAHost(unittest.TestCase):
    """With a host at hand its own answer stands beside the line."""

    @classmethod
    def setUpClass(cls):
        cls.directory = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.directory.cleanup)
        cls.archive = Path(cls.directory.name) / "host.tar"
        machines = ROOT / "tests/machines"
        subprocess.run([sys.executable, machines / "mkmachine", machines / "dl380p-gen8.machine",
                        "-o", cls.archive], check=True)

    def text(self, line):
        run = subprocess.run([PCIPASS, "--from", self.archive, "explain", "--log", line],
                             capture_output=True, text=True, check=True, timeout=60)
        return " ".join(run.stdout.split())

    def test_blocked(self):
        text = self.text(LINES["linux-rmrr"])
        self.assertIn("here 0000:07:00.0: fixable: the BIOS reserves memory for it", text)
        self.assertIn(f"pcipass --from {self.archive} explain 07:00.0", text)
        self.assertIn("by Linux before 6.6", text)

    def test_document(self):
        document = ask(None, LINES["linux-rmrr"], "--from", str(self.archive))
        here = document["messages"][0]["here"]
        self.assertEqual(here["verdict"], "blocked-fixable")
        self.assertEqual({f["rule"] for f in here["findings"]}, {"rmrr-hard"})

    def test_no_such_device(self):
        text = self.text(LINES["linux-rmrr"].replace("07:00.0", "7f:1f.7"))
        self.assertIn("here no device 7f:1f.7: the text is from another host", text)
        self.assertIn("on the host that printed it: pcipass explain 7f:1f.7", text)

    def test_no_such_group(self):
        text = self.text("vfio: error: group 1999 is not viable")
        self.assertIn("here no group1999: the text is from another host", text)

    def test_no_device_named(self):
        text = self.text(LINES["linux-rmrr-found"])
        self.assertRegex(text, r"this concerns (\S+, )+\S+ and \d+ more")
        text = self.text(LINES["linux-acs-override"])
        self.assertIn("here nothing of that is found now", text)

    def test_commands_to_type(self):
        """What it says to type next works: on a capture every command that looks."""
        text = "\n".join(LINES.values()).encode()
        run = subprocess.run([PCIPASS, "--from", self.archive, "explain", "--log"], input=text,
                             capture_output=True, check=True, timeout=60)
        said = " ".join(run.stdout.decode().split())
        typed = set(re.findall(r"pcipass --from \S+((?: --for xen)?(?: (?:explain (?!--)(?:\S+)|reserved|"
                               r"groups))?)", said))
        for command in ("", " reserved", " groups", " --for xen", " explain 07:00.0"):
            self.assertIn(command, typed)
        for command in typed:
            run = subprocess.run([PCIPASS, "--from", self.archive, *command.replace("DEVICE", "07:00.0").split()],
                                 capture_output=True, check=False, timeout=60)
            self.assertIn(run.returncode, (0, 3), (command, run.stderr))
        self.assertIn("pcipass override status", said)
        self.assertNotRegex(said, r"--from \S+ (?:override|bind|unbind)")

    def test_group(self):
        """The group that the line names, also where it names the device; on another host, that host's."""
        here = f"next see who is in the group: pcipass --from {self.archive} explain group13"
        self.assertIn(here, self.text(LINES["qemu-group-not-viable"]))
        self.assertIn(here, self.text(LINES["qemu-group-not-viable"].split(": ", 3)[3]))
        self.assertIn("see who is in the group; on the host that printed it: pcipass explain group1999",
                      self.text("vfio: error: group 1999 is not viable"))

    def test_device_in_the_command(self):
        text = self.text(LINES["linux-in-use"])
        self.assertIn("next shut the guest down, then: sudo pcipass unbind 07:00.0", text)


@unittest.skipUnless((DATA / "logs/odd-rmrr-lines.txt").exists(), "no real logs")
class RealLogs(unittest.TestCase):
    def test_odd_lines(self):
        text = (DATA / "logs/odd-rmrr-lines.txt").read_bytes()
        self.assertEqual(set(found(text)) - {"linux-bad-rmrr"},
                         {"linux-rmrr-found", "linux-rmrr-uncovered", "xen-rmrr-missing",
                          "xen-rmrr-map-old"})


if __name__ == "__main__":
    unittest.main()
