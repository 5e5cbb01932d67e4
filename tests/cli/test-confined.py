#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What --from names is read by a confined child process: seen from outside, by its system calls.

usage: test-confined.py PCIPASS CRASH_LIBRARY CAPTURE [TEST ...]

CRASH_LIBRARY is "" in a build with sanitizers, which want to be first.
"""

import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import unittest
from pathlib import Path

PCIPASS, CRASH, CAPTURE = (Path(sys.argv[1]).resolve(), sys.argv[2], Path(sys.argv[3]).resolve())
LSPCI = """00:00.0 Host bridge [0600]: Intel Corporation 440FX [8086:1237] (rev 02)
00:03.0 SCSI storage controller [0100]: Red Hat, Inc. Virtio SCSI [1af4:1004]
"""
# What the child does after it was confined. Memory, the pipe, and what stands in its input.
AFTER = {"read", "write", "readv", "writev", "pread64", "close", "lseek", "munmap", "brk", "mremap", "madvise", "futex",
         "getrandom", "exit", "exit_group", "sysinfo", "rt_sigreturn", "rt_sigprocmask", "clock_gettime", "getpid",
         "gettid", "sigaltstack", "getrusage", "fcntl", "dup", "newfstatat", "fstat", "statx", "mmap", "mprotect", "tgkill"}
AFTER_DIRECTORY = AFTER | {"openat", "openat2", "readlinkat", "getdents64", "fstatfs"}


def run(*words, **options) -> subprocess.CompletedProcess:
    return subprocess.run([PCIPASS, *words], capture_output=True, text=True, check=False, timeout=120, **options)


class Confined(unittest.TestCase):
    def setUp(self):
        self.where = Path(tempfile.mkdtemp(prefix="confined-"))
        self.addCleanup(shutil.rmtree, self.where)

    def unpack(self) -> Path:
        """A capture as a directory that only its owner can read."""
        made, target = self.where / "made.tar", self.where / "unpacked"
        done = run("--from", CAPTURE, "capture", "-o", made)
        self.assertEqual(done.returncode, 0, done.stderr)
        with tarfile.open(made) as tar:
            tar.extractall(target)
        target.chmod(0o700)
        return target

    def calls(self, *words, stdin=None) -> tuple[list[str], list[str]]:
        """The system calls of the child, before and after it was confined."""
        if not shutil.which("strace"):
            self.skipTest("strace is not installed")
        # A file for each process, so that no line is cut in two.
        log = Path(tempfile.mkdtemp(prefix="strace-", dir=self.where))
        done = subprocess.run(["strace", "-ff", "-o", log / "of", PCIPASS, *words], capture_output=True, text=True,
                              check=False, input=stdin, env=dict(os.environ, ASAN_OPTIONS="detect_leaks=0"), timeout=120)
        self.assertIn(done.returncode, (0, 1, 3), done.stderr)
        children = [text for text in (path.read_text() for path in log.iterdir()) if not text.startswith("execve(")]
        self.assertEqual(len(children), 1)
        mine = children[0].splitlines()
        place = [i for i, text in enumerate(mine) if "SECCOMP_MODE_FILTER" in text]
        self.assertEqual(len(place), 1)
        self.assertIn(" = 0", mine[place[0]])
        return mine[:place[0]], mine[place[0] + 1:]

    def check(self, before: list[str], after: list[str], allowed: set[str]) -> None:
        names = {match.group(1) for text in after if (match := re.match(r"(\w+)\(", text))}
        self.assertTrue(names)
        self.assertLessEqual(names, allowed)
        self.assertFalse([text for text in after if "EPERM" in text], "something that it needs is refused")
        text = "\n".join(before)
        self.assertIn("PR_SET_NO_NEW_PRIVS", text)
        self.assertIn("landlock_restrict_self", text)
        if os.geteuid() == 0:
            self.assertRegex(text, r"setresuid\(65534, 65534, 65534\)\s+= 0")
        # Nothing of the input is read before.
        self.assertFalse([x for x in before if x.startswith(("read(", "pread64(")) and "statm" not in x
                          and not re.search(r'"\d+ \d+ ', x)], text)

    def test_archive(self):
        self.check(*self.calls("--from", CAPTURE), AFTER)

    def test_archive_of_root_alone(self):
        private = self.where / "private.tar.gz"
        shutil.copy(CAPTURE, private)
        private.chmod(0o600)
        self.check(*self.calls("--from", private), AFTER)

    def test_text(self):
        (self.where / "lspci.txt").write_text(LSPCI)
        self.check(*self.calls("--from", self.where / "lspci.txt"), AFTER)

    def test_several_texts(self):
        (self.where / "lspci.txt").write_text(LSPCI)
        (self.where / "cmdline").write_text("BOOT_IMAGE=/vmlinuz root=/dev/sda1 ro quiet intel_iommu=on\n")
        self.check(*self.calls("--from", self.where / "lspci.txt", "--from", self.where / "cmdline"), AFTER)

    def test_standard_input(self):
        self.check(*self.calls("--from", "-", stdin=LSPCI), AFTER)

    def test_unpacked_capture(self):
        self.check(*self.calls("--from", self.unpack()), AFTER_DIRECTORY)

    def test_same_answer(self):
        """An archive and the directory that was made of it: read in two ways, told alike."""
        directory = self.unpack()
        for words in ([], ["--json"], ["groups"], ["reserved"]):
            one, other = (run("--from", place, *words) for place in (self.where / "made.tar", directory))
            texts = [re.sub(r"\s+", " ", done.stdout.replace(str(place), "X"))
                     for done, place in ((one, self.where / "made.tar"), (other, directory))]
            self.assertEqual(*texts)
            self.assertEqual((one.stderr, one.returncode), (other.stderr, other.returncode))

    def test_capture_as_text(self):
        """What is in a text needs a library that the child cannot open by itself."""
        text = run("--from", CAPTURE, "capture", "--text")
        self.assertEqual(text.returncode, 0, text.stderr)
        (self.where / "post").write_text("Hello,\n\n" + text.stdout + "\nthanks\n")
        survey = run("--from", self.where / "post")
        self.assertIn(survey.returncode, (0, 1, 3), survey.stderr)
        self.assertEqual(survey.stderr, "")

    def test_crash(self):
        """It is told, and nothing that is in the way of the output is lost."""
        if not CRASH:
            self.skipTest("a build with sanitizers")
        for how, says in (("segv", r"crashed \(signal 11, "), ("kill", "was killed"), ("exit", r"ended early \(exit 3\)")):
            out = self.where / "out.tar"
            out.write_text("kept")
            for words in (["check", "00:00.0"], ["capture", "--force", "-o", out]):
                with self.subTest(how=how, words=words):
                    done = run("--from", CAPTURE, *words, env=dict(os.environ, LD_PRELOAD=CRASH, PCIPASS_TEST_CRASH=how))
                    self.assertEqual((done.returncode, done.stdout), (4, ""))
                    self.assertRegex(done.stderr, f"^pcipass: {re.escape(str(CAPTURE))}: the process that reads it {says}")
                    self.assertEqual(len(done.stderr.splitlines()), 1)
            self.assertEqual(out.read_text(), "kept")
            self.assertEqual(sorted(p.name for p in self.where.iterdir()), ["out.tar"])

    def test_version_says_what_is_there(self):
        shown = run("--version").stdout.splitlines()[1]
        kernel = {line.split()[0] for line in Path("/proc/self/status").read_text().splitlines()}
        self.assertEqual("seccomp" in shown and "no seccomp" not in shown, "Seccomp:" in kernel)
        print(f"  {shown}")


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1] + sys.argv[4:])
