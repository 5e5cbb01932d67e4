#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""pcipass capture --text: what it writes fits into a post, holds nothing private, and is read back with the same
verdicts out of what mails, forums and web pages make of it.

usage: test-text.py PCIPASS [NAME…]
"""

import base64
import gzip
import html
import importlib.util
import json
import random
import re
import shutil
import sys
import tarfile
import unittest
from pathlib import Path

HERE = Path(__file__).resolve().parent
_spec = importlib.util.spec_from_file_location("test_import", HERE / "test-import.py")
texts = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(texts)
MACHINES, DATA, pcipass = texts.MACHINES, texts.DATA, texts.pcipass
LIMIT = 60000
# Marks in places where a host has what is nobody's business; none may be in the text.
MARKS = {"proc/cmdline": "BOOT_IMAGE=/vmlinuz root=UUID=11112222-MARKCMD quiet intel_iommu=on ip=MARKHOST ro\n",
         "sys/class/dmi/id/product_serial": "MARKSERIAL\n", "sys/class/dmi/id/product_uuid": "MARKUUID\n",
         "sys/class/dmi/id/chassis_asset_tag": "MARKASSET\n", "etc/hostname": "MARKNAME\n",
         "sys/class/net/eth0/address": "02:00:00:4d:41:52\n", "proc/sys/kernel/hostname": "MARKNAME\n",
         "etc/libvirt/qemu/MARKGUEST.xml": "<domain><name>MARKGUEST</name><uuid>MARKUUID</uuid></domain>\n"}
LOG_MARKS = ["usb 1-1: SerialNumber: MARKUSB", "systemd[1]: Hostname set to <MARKHOST>.",
             "tg3 0000:03:00.0 eth0: Tigon3 [partno()] MAC address 02:4d:41:52:4b:01",
             "EXT4-fs (sda1): mounted filesystem 4d41524b-0000-MARKFS", "audit: type=1400 MARKAUDIT",
             'Command line: BOOT_IMAGE=/vmlinuz root=UUID=11112222-MARKCMD quiet']


class Texts(texts.Importing):
    """A host, its text, and what is in that."""

    def text_of(self, host: Path) -> str:
        done = pcipass("--from", host, "capture", "--text")
        self.assertEqual(done.returncode, 0, done.stderr)
        text = done.stdout.decode("ascii")
        self.assertLessEqual(len(text), LIMIT)
        self.assertLessEqual(max(map(len, text.splitlines())), 80)
        return text

    def entries(self, text: str) -> bytes:
        body = text.split("-----BEGIN PCIPASS CAPTURE-----\n")[1].split("-----END")[0]
        return gzip.decompress(base64.b64decode(body))

    def survey(self, path: Path) -> dict:
        done = pcipass("--from", path, "--json")
        self.assertIn(done.returncode, (0, 3), done.stderr)
        return json.loads(done.stdout)

    def refused(self, text: str) -> str:
        done = pcipass("--from", self.file(text))
        self.assertEqual(done.returncode, 4, done.stdout)
        self.assertEqual(done.stdout, b"")
        return done.stderr.decode()


class Same(Texts):
    """The same verdicts, for the same reasons."""

    def check(self, host: Path, name: str) -> int:
        with self.subTest(name):
            text = self.text_of(host)
            made, want = self.survey(self.file(text)), self.survey(host)
            for key in ("address", "verdict", "group", "driver", "slot"):
                self.assertEqual([d[key] for d in made["devices"]], [d[key] for d in want["devices"]], key)
            self.assertEqual([[f["rule"] for f in d["findings"]] for d in made["devices"]],
                             [[f["rule"] for f in d["findings"]] for d in want["devices"]])
            return len(text)
        return 0

    def test_samples(self):
        sizes = []
        for recipe in sorted(MACHINES.glob("*.machine")):
            try:
                sizes.append(self.check(self.sample(recipe.stem), recipe.stem))
            except unittest.SkipTest:
                continue
        print(f"samples: {len(sizes)} texts of {min(sizes)} to {max(sizes)} characters", file=sys.stderr)

    def test_recorded(self):
        sizes = [self.check(capture, capture.parent.name) for capture in sorted(DATA.glob("truth/*/capture.tar.gz"))[::3]]
        if not sizes:
            self.skipTest("no recorded machines")
        print(f"recorded: {len(sizes)} texts of {min(sizes)} to {max(sizes)} characters", file=sys.stderr)

    def test_text_of_a_text(self):
        """A text of what a text told is the same text."""
        text = self.text_of(self.sample("dl380p-gen8"))
        self.assertEqual(self.text_of(self.file(text)), text)

    def test_to_a_file(self):
        host, path = self.sample("amd-board"), self.dir / "post.txt"
        self.assertEqual(pcipass("--from", host, "capture", "--text", "-o", path).returncode, 0)
        self.assertEqual(path.read_text(), self.text_of(host))
        done = pcipass("--from", host, "capture", "--text", "-o", path)
        self.assertEqual(done.returncode, 4)
        self.assertIn(b"--force replaces it", done.stderr)
        self.assertEqual(pcipass("--from", host, "capture", "--text", "--force", "-o", path).returncode, 0)
        self.assertEqual(pcipass("--from", host, "capture", "--text", "--keep-private").returncode, 2)


class Forms(Texts):
    """What a post goes through."""

    def setUp(self):
        super().setUp()
        self.text = self.text_of(self.sample("dl380p-gen8"))
        self.want = self.survey(self.file(self.text))

    def test_forms(self):
        lines = self.text.splitlines()
        narrow = [line[at:at + 40] for line in lines for at in range(0, max(len(line), 1), 40)
                  if "CAPTURE" not in line] + [line for line in lines if "END" in line]
        narrow.insert(narrow.index(next(n for n in narrow if n.startswith("H4sI"))),
                      next(line for line in lines if "BEGIN" in line))
        page = "".join(f"<p>{html.escape(line).replace('+', '&#43;').replace('/', '&#x2F;').replace('=', '&#61;')}\n"
                       if "CAPTURE" in line or not line.strip() else
                       html.escape(line).replace("+", "&#43;").replace("/", "&#x2F;").replace("=", "&#61;") + "\n"
                       for line in lines)
        for name, text in {"CRLF": self.text.replace("\n", "\r\n"), "HTML": page,
                           "quoted": "".join(f"> {line}\n" for line in lines),
                           "twice quoted": "".join(f">> {line}\n" for line in lines),
                           "indented": "".join(f"    {line}\n" for line in lines),
                           "words around": "Hello,\n\n" + self.text + "\nThanks!\n-- \nMe\n",
                           "no break": "".join(f"\u00a0{line}\n" for line in lines),
                           "blanks at the end": "".join(f"{line}  \n" for line in lines),
                           "wrapped": "\n".join(narrow) + "\n",
                           "the block alone": self.text[self.text.index("-----BEGIN"):].rstrip()}.items():
            with self.subTest(name):
                self.assertEqual(self.survey(self.file(text)), self.want)
        done = pcipass("--from", "-", "--json", text=self.text)
        self.assertEqual(json.loads(done.stdout), self.want)

    def test_damage(self):
        """Said with the line; nothing is guessed."""
        lines = self.text.splitlines(True)
        first = next(i for i, line in enumerate(lines) if "BEGIN" in line)
        less = "".join(lines[:first + 5] + lines[first + 6:])
        self.assertRegex(self.refused(less), rf"line {len(lines) - 1}: the capture has \d+ bytes, found \d+: a part")
        for end in range(first + 1, len(lines) - 1, 11):
            self.assertIn(f"line {end}: the text ends before the capture in it does", self.refused("".join(lines[:end])))
        digit = lines[first + 3][10]
        changed = lines[first + 3][:10] + ("A" if digit != "A" else "B") + lines[first + 3][11:]
        self.assertIn("was changed", self.refused("".join(lines[:first + 3] + [changed] + lines[first + 4:])))
        strange = lines[:first + 3] + ["it's broken!\n"] + lines[first + 3:]
        self.assertIn(f"line {first + 4}: ''' does not belong", self.refused("".join(strange)))
        self.assertIn("a second capture begins", self.refused("".join(lines[:-1]) + self.text[self.text.index("-----BEGIN"):]))

    def test_too_long(self):
        """A host that no post can hold: what to do instead."""
        host = self.dir / "large"
        noise = random.Random(1)
        for number in range(1400):
            device = host / f"sys/bus/pci/devices/0000:{number // 200:02x}:{number % 200 // 8:02x}.{number % 8}"
            device.mkdir(parents=True)
            config = bytearray(noise.randbytes(256))
            config[0x0e] = 0x80
            (device / "config").write_bytes(config)
            (device / "resource").write_text("".join(f"0x{noise.randrange(1 << 40):016x} 0x{noise.randrange(1 << 41):016x} 0x200\n"
                                                     for _ in range(13)))
        done = pcipass("--from", host, "capture", "--text")
        self.assertEqual(done.returncode, 4)
        self.assertEqual(done.stdout, b"")
        self.assertIn(b"more than the 60000 that a post takes; write an archive to attach: pcipass capture -o host.tar.gz",
                      done.stderr)

    def test_not_among_texts(self):
        one, two = self.file(self.text), self.file("root=/dev/sda2\n")
        for words in ((one, two), (two, one)):
            done = pcipass("--from", words[0], "--from", words[1])
            self.assertEqual(done.returncode, 4)
            self.assertIn(b"a capture cannot be combined with another --from; give it alone", done.stderr)

    def test_broken_inside(self):
        """Any entries, correctly packed."""
        import zlib
        good = self.entries(self.text)
        for entries in (b"", b"x", good[:-1], good + b"f 1 proc/version\nx\n", b"f 5 ../x\nhello\n", b"f 5 /x\nhello\n",
                        b"f 99999999999999999999 x\n", good.replace(b"pcipass-capture 1", b"pcipass-capture 9"),
                        b"f 1 a\nx\n", b"l 0 a\n\n", good[good.index(b"\n") + 5:]):
            packed = gzip.compress(entries)
            text = ("-----BEGIN PCIPASS CAPTURE-----\n" + base64.encodebytes(packed).decode()
                    + f"-----END PCIPASS CAPTURE {len(packed)} {zlib.crc32(packed):08x}-----\n")
            with self.subTest(entries[:40]):
                self.refused(text)
        bomb = gzip.compress(bytes(200 << 20), 9)
        text = ("-----BEGIN PCIPASS CAPTURE-----\n" + base64.encodebytes(bomb).decode()
                + f"-----END PCIPASS CAPTURE {len(bomb)} {zlib.crc32(bomb):08x}-----\n")
        self.assertIn("too large", self.refused(text))


class Private(Texts):
    """Nothing of what names a person, a machine or a network."""

    def test_marks(self):
        host = self.sample("dl380p-gen8")
        for name, content in MARKS.items():
            path = host / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.unlink(missing_ok=True)
            path.write_text(content)
        log = host / "var/log/dmesg.txt"
        log.write_text(log.read_text() + "".join(f"[    9.000000] {line}\n" for line in LOG_MARKS))
        text = self.text_of(host)
        everything = text.encode() + self.entries(text)
        self.assertNotIn(b"MARK", everything)
        self.assertNotIn(b"02:4d:41", everything)
        self.assertIn(b"intel_iommu=on", everything)
        self.assertIsNone(re.search(rb"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-", everything))
        self.assertNotIn(host.name.encode() + b"/", text.encode())

    def test_recorded(self):
        """Recorded machines: no UUID and no MAC address in any of them."""
        captures = sorted(DATA.glob("truth/*/capture.tar.gz"))[::6]
        if not captures:
            self.skipTest("no recorded machines")
        for capture in captures:
            host = self.dir / "recorded"
            shutil.rmtree(host, ignore_errors=True)
            with tarfile.open(capture) as archive:
                archive.extractall(host)
            text = self.text_of(capture)
            everything = text.encode() + self.entries(text)
            self.assertIsNone(re.search(rb"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-", everything), capture)
            self.assertIsNone(re.search(rb"52:54:00:[0-9a-f]{2}:", everything), capture)


if __name__ == "__main__":
    unittest.main()
