#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A file that is written while the system sets a limit: it is there whole or not at all, and nothing else is.

usage: test-limits.py PCIPASS CAPTURE [TEST ...]
"""

import os
import resource
import signal
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

PCIPASS, CAPTURE = (Path(arg).resolve() for arg in sys.argv[1:3])
WRITERS = {"capture": ["capture", "-o", "{}.tar"], "compressed capture": ["capture", "-o", "{}.tar.gz"],
           "report": ["report", "-o", "{}"], "plan": ["free", "slot2", "--by", "bios-rmrds", "-o", "{}"],
           "table": ["override", "build", "slot2", "-o", "{}"]}


class Limits(unittest.TestCase):
    def setUp(self):
        self.where = Path(tempfile.mkdtemp(prefix="limits-"))
        self.addCleanup(shutil.rmtree, self.where)

    def write(self, words, *, limit) -> subprocess.CompletedProcess:
        def begin():
            # Python ignores it, and a child inherits that.
            signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
        return subprocess.run([PCIPASS, "--from", CAPTURE, *(w.format("out") for w in words)], cwd=self.where,
                              capture_output=True, text=True, check=False, timeout=120, preexec_fn=begin,
                              # libarchive does not free its buffer once a write of it has failed.
                              env=dict(os.environ, ASAN_OPTIONS="detect_leaks=0"))

    def test_size(self):
        """SIGXFSZ does not end the program: the write that is refused says why."""
        for name, words in WRITERS.items():
            with self.subTest(name):
                for limit in (0, 100):
                    done = self.write(words, limit=limit)
                    self.assertEqual((done.returncode, done.stdout), (4, ""), done.stderr)
                    self.assertIn("File too large", done.stderr)
                    self.assertEqual(os.listdir(self.where), [])

    def test_size_that_is_enough(self):
        for name, words in WRITERS.items():
            with self.subTest(name):
                done = self.write(words, limit=64 << 20)
                self.assertEqual(done.returncode, 0, done.stderr)
                self.assertEqual(len(os.listdir(self.where)), 1)
                for path in self.where.iterdir():
                    path.unlink()

    def test_what_was_there(self):
        """A file that was to be replaced stays."""
        (self.where / "out.tar").write_text("kept")
        done = self.write(["capture", "--force", "-o", "{}.tar"], limit=100)
        self.assertEqual(done.returncode, 4)
        self.assertEqual((self.where / "out.tar").read_text(), "kept")
        self.assertEqual(os.listdir(self.where), ["out.tar"])

    def test_signals_while_it_is_written(self):
        """At a call in the middle of it: the file is finished, and no temporary file stays."""
        if not shutil.which("strace"):
            self.skipTest("strace is not installed")
        for name in ("XCPU", "XFSZ"):
            for call in ("fchmod", "fsync", "renameat2", "linkat"):
                with self.subTest(signal=name, call=call):
                    target = Path(tempfile.mkdtemp(dir=self.where))
                    done = subprocess.run(
                        ["strace", "-o", "log", "-e", f"trace={call}", "-e", f"inject={call}:signal={name}", PCIPASS,
                         "--from", CAPTURE, "capture", "-o", "out.tar"], cwd=target, capture_output=True, text=True,
                        check=False, timeout=120, env=dict(os.environ, ASAN_OPTIONS="detect_leaks=0"))
                    self.assertEqual(done.returncode, 0, done.stderr)
                    self.assertEqual(sorted(os.listdir(target)), ["log", "out.tar"])


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1] + sys.argv[3:])
