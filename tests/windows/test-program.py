#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""pcipass.exe itself: what it needs of Windows, what it leaves out, its paths, files, input and output.

usage: test-program.py PCIPASS [Class.test...]
"""

import atexit
import bz2
import contextlib
import fcntl
import functools
import gzip
import json
import lzma
import os
import pty
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import termios
import unittest
from pathlib import Path

from wine import EXE, SOURCE, Wine, skip, why_not

PCIPASS = Path(sys.argv.pop(1)).resolve()
# Libraries that every Windows has.
SYSTEM = {"ADVAPI32.dll", "CFGMGR32.dll", "KERNEL32.dll", "SETUPAPI.dll", "msvcrt.dll"}


@functools.cache
def shared() -> tuple:
    place = tempfile.mkdtemp()
    atexit.register(shutil.rmtree, place, ignore_errors=True)
    capture = Path(place, "host.tar.gz")
    subprocess.run([sys.executable, SOURCE / "tests/machines/mkmachine", SOURCE / "tests/machines/dl380p-gen8.machine",
                    "-o", capture], check=True)
    return Path(place), Wine(Path(place)), capture


def dump(*options: str) -> str:
    return subprocess.run(["x86_64-w64-mingw32-objdump", *options, EXE], check=True, capture_output=True,
                          text=True).stdout


class Case(unittest.TestCase):
    """All classes share a directory with the program, and a capture in it."""

    @classmethod
    def setUpClass(cls):
        cls.directory, cls.wine, cls.capture = shared()

    def run_it(self, *arguments, code=0, **more):
        done = self.wine.pcipass(*arguments, cwd=self.directory, **more)
        self.assertEqual(done.returncode, code, (arguments, done.stdout[-500:], done.stderr))
        return done.stdout.decode(), done.stderr.decode()

    def linux(self, *arguments) -> subprocess.CompletedProcess:
        return subprocess.run([PCIPASS, *arguments], cwd=self.directory, capture_output=True, check=False)


class Program(Case):
    def test_needs_only_windows(self):
        text = dump("-p")
        needs = {line.split()[-1] for line in text.splitlines() if "DLL Name:" in line}
        self.assertTrue(needs)
        self.assertLessEqual({n.lower() for n in needs}, {s.lower() for s in SYSTEM})
        for wanted in ("HIGH_ENTROPY_VA", "DYNAMIC_BASE", "NX_COMPAT", "pei-x86-64"):
            self.assertIn(wanted, text[:3000])
        self.assertLess(EXE.stat().st_size, 4 << 20)

    def test_same_bytes(self):
        """No time of the build, no path of the builder."""
        stamp = next(line for line in dump("-p").splitlines() if line.startswith("Time/Date"))
        self.assertRegex(stamp, r"\s(0+|Thu Jan  1 00:00:00 1970)$")
        # Of a checkout in /pcipass the name alone also stands where files are installed.
        places = "|".join(re.escape(p.name) for p in SOURCE.iterdir() if p.is_dir())
        named = re.search(rf"(?<![\w.:-]){re.escape(str(SOURCE))}/({places})/".encode(), EXE.read_bytes())
        self.assertIsNone(named, "the program names the directory of its sources")

    def test_version_says_what_is_left_out(self):
        out, _ = self.run_it("--version")
        first, second, third = out.splitlines()
        self.assertEqual(first, self.linux("--version").stdout.decode().splitlines()[0])
        self.assertEqual(second, "What --from names is read by this process: Windows has no confinement for it here.")
        self.assertEqual(third, "On Windows these are left out: bind, unbind, override install, override status, "
                                 "override remove, verify --attach")

    def test_what_is_left_out_says_so(self):
        for words in (["bind", "slot2"], ["unbind", "slot2"], ["override", "install", "slot2"], ["override", "status"],
                      ["override", "remove"]):
            out, err = self.run_it(*words, code=2)
            name = " ".join(w for w in words if w != "slot2")
            self.assertEqual((out, err), ("", f"pcipass: {name} works on Linux only\n"))
        out, _ = self.run_it("--help")
        self.assertNotIn("  bind", out)
        self.assertIn("  explain", out)

    def test_no_name_without_pci_ids(self):
        names = self.directory / "pci.ids"
        away = names.rename(self.directory / "elsewhere") if names.exists() else None
        try:
            out, _ = self.run_it("--from", "host.tar.gz", "--json")
        finally:
            if away:
                away.rename(names)
        self.assertIn("Device 1000:0087", {d["name"] for d in json.loads(out)["devices"]})


class Paths(Case):
    def test_blanks_and_letters(self):
        for name in ("a b.tar.gz", "f\u00fcr.tar.gz", "\u65e5\u672c.tar.gz", "it's.tar.gz", "a&b^%PATH%.tar.gz"):
            with self.subTest(name):
                (self.directory / name).write_bytes(self.capture.read_bytes())
                out, err = self.run_it("--from", name, "check", "04:00.0")
                self.assertEqual((out.partition(";")[0], err), ("0000:04:00.0: assignable", ""))
        out, _ = self.run_it("--from", "a b.tar.gz")
        self.assertIn('pcipass --from "a b.tar.gz" explain', out)

    def test_missing(self):
        for name in ("f\u00fcr-nicht.tar", r"no\such\dir.tar", "no/such.tar", "a?b.tar"):
            with self.subTest(name):
                _, err = self.run_it("--from", name, code=4)
                self.assertEqual(err, f"pcipass: {name}: No such file or directory\n")

    def test_no_file(self):
        for name in ("CON", "NUL", r"\\.\NUL", r"\\.\pipe\pcipass", "//./C:", r"\\?\GLOBALROOT\Device\Null"):
            with self.subTest(name):
                out, err = self.run_it("--from", name, code=4)
                self.assertEqual((out, err.count("\n")), ("", 1))
                self.assertIn(name, err)

    def test_directory(self):
        (self.directory / "directory").mkdir()
        _, err = self.run_it("--from", "directory", code=4)
        self.assertIn("directory: a directory without windows/devices: on Windows pcipass reads a capture of Linux as an archive only", err)
        _, err = self.run_it("--from", "directory", "--from", "host.tar.gz", code=4)
        self.assertIn("directory: a directory without windows/devices: on Windows pcipass reads a capture of Linux as an archive only", err)


class Streams(Case):
    def test_no_carriage_return(self):
        for words in ([], ["--json"], ["explain", "slot2"]):
            out, _ = self.run_it("--from", "host.tar.gz", *words)
            self.assertNotIn("\r", out)
            self.assertIn("\n", out)

    def test_output_that_cannot_be_written(self):
        """A full disk."""
        for words in (["--from", "host.tar.gz"], ["--from", "host.tar.gz", "--json"], ["--help"], ["--from", "host.tar.gz", "reserved"]):
            with open("/dev/full", "wb") as full:
                done = subprocess.run([self.wine.loader, self.wine.exe, *words], cwd=self.directory, env=self.wine.environ,
                                      stdin=subprocess.DEVNULL, stdout=full, stderr=subprocess.PIPE, check=False, timeout=60)
            self.assertEqual(done.returncode, 4, (words, done.stderr))
            # By how much of it fits into a buffer.
            self.assertIn(done.stderr, (b"pcipass: standard output: No space left on device\n",
                                        b"pcipass: the report could not be written\n"), words)

    def test_a_pipe(self):
        """Read to its end, it has the bytes that a file has."""
        words = ["--from", "host.tar.gz", "--for", "all", "--json"]
        done = subprocess.run([self.wine.loader, self.wine.exe, *words], cwd=self.directory, env=self.wine.environ,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False, timeout=60)
        self.assertEqual(done.stdout.decode(), self.run_it(*words)[0])

    def test_standard_input(self):
        text = "00:1f.0 ISA bridge [0601]: Intel Corporation C600 [8086:1d41]\n"
        for end in ("\n", "\r\n"):
            given = text.replace("\n", end).encode()
            theirs = self.run_it("--from", "-", "--json", stdin=given)
            ours = subprocess.run([PCIPASS, "--from", "-", "--json"], input=given, capture_output=True, check=False)
            self.assertEqual(theirs, (ours.stdout.decode(), ours.stderr.decode()))

    def test_capture_of_a_capture(self):
        """The same bytes as Linux writes; a file that is there stays without --force."""
        for name in ("again.tar", "again.tar.gz", "\u00fcber.tgz"):
            with self.subTest(name):
                self.run_it("--from", "host.tar.gz", "capture", "-o", name)
                theirs = (self.directory / name).read_bytes()
                self.linux("--from", "host.tar.gz", "capture", "--force", "-o", name)
                if name.endswith(".tar"):
                    self.assertEqual(theirs, (self.directory / name).read_bytes())
                (self.directory / name).write_bytes(theirs)
                self.assertEqual(self.linux("--from", name, "--json").stdout,
                                 self.linux("--from", "host.tar.gz", "--json").stdout)
                _, err = self.run_it("--from", "host.tar.gz", "capture", "-o", name, code=4)
                self.assertIn("--force replaces it", err)
                self.run_it("--from", "host.tar.gz", "capture", "--force", "-o", name)
        self.assertEqual([p.name for p in self.directory.glob(".pcipass-*")], [])

    def test_what_is_no_file_is_not_replaced(self):
        """In the words of the program for Linux."""
        (self.directory / "taken.tar").mkdir()
        arguments = ("--from", "host.tar.gz", "capture", "--force", "-o", "taken.tar")
        _, err = self.run_it(*arguments, code=4)
        self.assertEqual(err.replace("\r", ""), self.linux(*arguments).stderr.decode())
        self.assertIn("a directory, need the name of a file", err)
        self.assertNotIn("--force", err)

    def test_compressions(self):
        """What people send is read, whole and cut off, by what is built in; only gzip is written."""
        plain = gzip.decompress(self.capture.read_bytes())
        said = self.run_it("--from", "host.tar.gz", "check", "slot2", code=1)
        # As Linux' programs compress at their strongest: with the largest windows.
        forms = {"bz2": bz2.compress(plain), "xz": lzma.compress(plain, preset=9), "crc.xz": lzma.compress(plain, check=lzma.CHECK_CRC64)}
        if shutil.which("zstd"):
            for level in ("-1", "-19"):
                forms[f"{level[1:]}.zst"] = subprocess.run(["zstd", level, "-c"], input=plain, check=True, capture_output=True).stdout
        for form, packed in forms.items():
            with self.subTest(form):
                (self.directory / f"whole.tar.{form}").write_bytes(packed)
                self.assertEqual(self.run_it("--from", f"whole.tar.{form}", "check", "slot2", code=1), said)
                (self.directory / f"cut.tar.{form}").write_bytes(packed[:len(packed) * 2 // 3])
                _, err = self.run_it("--from", f"cut.tar.{form}", code=4)
                self.assertEqual(err, self.linux("--from", f"cut.tar.{form}").stderr.decode())
        _, err = self.run_it("--from", "host.tar.gz", "capture", "-o", "new.tar.zst", code=2)
        self.assertEqual(err, "pcipass: new.tar.zst: this program cannot compress with zstd; name the file .tar.gz\n")
        self.assertFalse((self.directory / "new.tar.zst").exists())


class Console(Case):
    """A console of an older code page, as Windows has it in most countries: a pseudo-terminal, which wine takes
    for its console."""

    def console(self, command: str, lines: int = 1, columns: int = 200) -> str:
        """What is on it after a command of cmd.exe, without what steers it; lines: that it has at least.

        Again where it has fewer: wine gave up one of the command's programs (chcp is one), which it does without a
        word, and cmd.exe tells of its last program only.
        """
        shown = self.console_once(command, columns)
        while len(shown.split("\n")) <= lines and self.wine.given_up < 2:
            self.wine.given_up += 1
            print(f"wine gave up something of {command}: {shown!r}", file=sys.stderr)
            shown = self.console_once(command, columns)
        return shown

    def console_once(self, command: str, columns: int) -> str:
        ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
        process = subprocess.Popen([self.wine.loader, "cmd", "/c", command], cwd=self.directory, stdin=theirs, stdout=theirs,
                                   stderr=theirs, env={**self.wine.environ, "TERM": "xterm"}, start_new_session=True)
        os.close(theirs)
        shown = []
        # Its end: nobody has the other side open any more.
        with open(ours, "rb", buffering=0, closefd=True) as terminal, contextlib.suppress(OSError):
            while data := terminal.read(65536):
                shown.append(data)
        process.wait(timeout=60)
        return re.sub(r"\x1b\[[?0-9;]*[A-Za-z]|\r", "", b"".join(shown).decode())

    def test_letters(self):
        """Whole letters, and the code page that was there is back."""
        for page in ("437", "850", "1252"):
            with self.subTest(page):
                shown = self.console(f"chcp {page} & pcipass.exe --from f\u00fcr-\u65e5\u672c.tar check slot2 & chcp", lines=3)
                self.assertIn("pcipass: f\u00fcr-\u65e5\u672c.tar: No such file or directory", shown)
                self.assertEqual(re.findall(r"Active code page: (\d+)", shown), [page, page])

    def test_redirected(self):
        """The same bytes in a file and through a pipe, whatever the code page."""
        words = "--from host.tar.gz explain slot2"
        wanted, _ = self.run_it(*words.split())
        for page in ("437", "1252"):
            self.console(f"chcp {page} & pcipass.exe {words} > shown.txt")
            self.assertEqual((self.directory / "shown.txt").read_bytes().decode(), wanted)
        # In a file: how wine quotes it for cmd.exe would be another thing.
        (self.directory / "pipe.cmd").write_text(f'@pcipass.exe {words} | find "RMRDS_Slot2"\r\n')
        self.assertIn("RMRDS_Slot2", self.console("chcp 850 & pipe.cmd"))

    def test_order(self):
        """What is asked comes after what it is about; nobody answers, so that nothing is changed."""
        self.run_it("--from", "host.tar.gz", "settings", "image", "c")
        shown = self.console("pcipass.exe settings set RMRDS_Slot2=Endpoints_Excluded --store image:c < NUL")
        self.assertLess(shown.index("RMRDS_Slot2: "), shown.index("not a terminal" if "not a terminal" in shown else "[y/N]"), shown)


class Settings(Case):
    def setUp(self):
        (self.directory / "i").unlink(missing_ok=True)
        done = self.linux("settings", "image", "i", "--from", "host.tar.gz")
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_image(self):
        """Got, set, compared and saved as on Linux; no lock, journal or temporary file is left."""
        out, _ = self.run_it("settings", "get", "RMRDS_Slot2", "--store", "image:i")
        self.assertEqual(out, self.linux("settings", "get", "RMRDS_Slot2", "--store", "image:i").stdout.decode())
        self.run_it("settings", "set", "RMRDS_Slot2=Endpoints_Excluded", "--store", "image:i", "--yes")
        theirs = (self.directory / "i").read_bytes()
        self.setUp()
        done = self.linux("settings", "set", "RMRDS_Slot2=Endpoints_Excluded", "--store", "image:i", "--yes")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(theirs, (self.directory / "i").read_bytes())
        self.run_it("settings", "save", "-o", "saved.xml", "--store", "image:i")
        self.linux("settings", "save", "--force", "-o", "ours.xml", "--store", "image:i")
        self.assertEqual((self.directory / "saved.xml").read_bytes(), (self.directory / "ours.xml").read_bytes())
        self.assertEqual([p.name for p in self.directory.glob("i.*")], [])


if __name__ == "__main__":
    reason = why_not(PCIPASS)
    if reason:
        skip(reason)
    unittest.main(verbosity=1)
