#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Which shared libraries a start opens, and what is said where one that a command needs is not usable."""

import os
import re
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

PROGRAM, LINKED, SAMPLE_MAKER = (str(Path(a).resolve()) for a in sys.argv[1:4])


def needed(program: str) -> set:
    """The sonames that the loader looks for at the start."""
    out = subprocess.run(["readelf", "-d", program], capture_output=True, text=True, check=True).stdout
    return set(re.findall(r"\(NEEDED\).*\[(.*)\]", out))


class Libraries(unittest.TestCase):
    def test_start(self) -> None:
        """The libraries that few commands need are not among them."""
        self.assertFalse([n for n in needed(PROGRAM) if re.match(r"lib(archive|xml2)\b", n)])

    def test_soname(self) -> None:
        """The names that are opened are those that a linked program has."""
        text = Path(PROGRAM).read_bytes()
        names = [n for n in needed(LINKED) if re.match(r"lib(archive|xml2)\b", n)]
        self.assertEqual(len(names), 2)
        for name in names:
            self.assertIn(name.encode() + b"\0", text)

    def test_unusable(self) -> None:
        """A library of that name without its functions: one sentence, exit code 4."""
        with tempfile.TemporaryDirectory() as d:
            where = Path(d)
            for name in ("libarchive.so.13", "libxml2.so.2", "libxml2.so.16"):
                subprocess.run(["cc", "-shared", "-fPIC", "-x", "c", "/dev/null", "-o", where / name],
                               check=True)
            subprocess.run([sys.executable, SAMPLE_MAKER, "--generate", "3", "-o", where / "host"], check=True,
                           stdout=subprocess.DEVNULL)
            (where / "schema.xml").write_text("<x/>")
            env = os.environ | {"LD_LIBRARY_PATH": str(where)}

            def run(*args: str) -> subprocess.CompletedProcess:
                return subprocess.run([PROGRAM, *args], cwd=where, env=env, capture_output=True, text=True,
                                      check=False)

            self.assertIn(run("--from", "host").returncode, (0, 3))
            capture = run("--from", "host", "capture", "-o", "host.tar")
            self.assertEqual(capture.returncode, 4, capture)
            self.assertRegex(capture.stderr, r"^pcipass: libarchive.so.13 has no function \w+: another version")
            self.assertEqual(len(capture.stderr.splitlines()), 1)
            self.assertFalse((where / "host.tar").exists())
            (where / "any.tar").write_bytes(b"x" * 10240)
            read = run("--from", "any.tar")
            self.assertEqual(read.returncode, 4, read)
            self.assertIn("libarchive.so.13 has no function", read.stderr)
            recipe = Path(SAMPLE_MAKER).with_name("dl380p-gen8.machine")
            subprocess.run([sys.executable, SAMPLE_MAKER, recipe, "-o", where / "proliant"], check=True,
                           stdout=subprocess.DEVNULL)
            subprocess.run([PROGRAM, "settings", "image", "image", "--from", "proliant"], cwd=where, check=True,
                           stdout=subprocess.DEVNULL)
            conrep = run("settings", "list", "--schema", "./schema.xml", "--store", "image:image")
            self.assertEqual(conrep.returncode, 4, conrep)
            self.assertIn("has no function xml", conrep.stderr)


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *sys.argv[4:]])
