#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What --from names is read by a confined process: seen from outside, by its system calls.

usage: test-confined.py PCIPASS CRASH_LIBRARY CAPTURE [TEST ...]

CRASH_LIBRARY is "" in a build with sanitizers, which want to be first.
"""

import os
import re
import resource
import shutil
import signal
import subprocess
import sys
import tarfile
import tempfile
import time
import unittest
from pathlib import Path

PCIPASS, CRASH, CAPTURE = (Path(sys.argv[1]).resolve(), sys.argv[2], Path(sys.argv[3]).resolve())
# What can be freed of the sample machine.
DEVICE = "slot2"
LSPCI = """00:00.0 Host bridge [0600]: Intel Corporation 440FX [8086:1237] (rev 02)
00:03.0 SCSI storage controller [0100]: Red Hat, Inc. Virtio SCSI [1af4:1004]
"""
# What the decoder, the process for several of many hosts, does after it was confined. Memory, the pipe, and what stands in its input.
AFTER = {"read", "write", "readv", "writev", "pread64", "close", "lseek", "munmap", "brk", "mremap", "madvise", "futex",
         "getrandom", "exit", "exit_group", "sysinfo", "rt_sigreturn", "rt_sigprocmask", "clock_gettime", "getpid",
         "gettid", "sigaltstack", "getrusage", "fcntl", "dup", "newfstatat", "fstat", "statx", "mmap", "mprotect", "tgkill"}
AFTER_DIRECTORY = AFTER | {"openat", "openat2", "readlinkat", "getdents64", "fstatfs"}
# And what the whole command may do besides.
AFTER_READER = AFTER_DIRECTORY | {
    "readlink", "stat", "lstat", "access", "faccessat", "faccessat2", "statfs", "getcwd", "getuid", "geteuid", "getppid",
    "prctl", "prlimit64", "rt_sigaction", "pipe2", "dup2", "close_range", "wait4", "recvmsg", "set_robust_list", "rseq", "ioctl",
    "clone", "landlock_create_ruleset", "landlock_add_rule", "landlock_restrict_self", "capget", "capset", "setgroups",
    "setresuid", "setresgid", "getrandom", "poll", "getpgrp", "ptrace"}


def children_of(pid: int) -> list[int]:
    text = Path(f"/proc/{pid}/task/{pid}/children")
    return [int(word) for word in text.read_text().split()] if text.exists() else []


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

    def calls(self, *words, stdin=None, reader=False, processes=1) -> list[tuple[list[str], list[str]]]:
        """The system calls of each decoder, or of the whole command, before and after it was confined."""
        if not shutil.which("strace"):
            self.skipTest("strace is not installed")
        # A file for each process, so that no line is cut in two.
        log = Path(tempfile.mkdtemp(prefix="strace-", dir=self.where))
        done = subprocess.run(["strace", "-ff", "-o", log / "of", PCIPASS, *words], capture_output=True, text=True,
                              check=False, input=stdin, env=dict(os.environ, ASAN_OPTIONS="detect_leaks=0"), timeout=120)
        self.assertIn(done.returncode, (0, 1, 3), done.stderr)
        confined = [text for text in (path.read_text() for path in log.iterdir())
                    if "SECCOMP_MODE_FILTER" in text and ("RLIMIT_NOFILE" in text) != reader]
        self.assertEqual(len(confined), processes)
        halves = []
        for text in confined:
            mine = text.splitlines()
            place = [i for i, line in enumerate(mine) if "SECCOMP_MODE_FILTER" in line]
            self.assertEqual(len(place), 1)
            self.assertIn(" = 0", mine[place[0]])
            halves.append((mine[:place[0]], mine[place[0] + 1:]))
        return halves

    def test_whole_command(self):
        """Nothing of the input is read before, and nothing that it needs is refused."""
        (self.where / "lspci.txt").write_text(LSPCI)
        for words in (["--from", CAPTURE], ["--from", self.unpack()], ["--from", self.where / "lspci.txt", "groups"],
                      ["--from", CAPTURE, "report", "-o", self.where / "page.html"],
                      ["--from", CAPTURE, "capture", "-o", self.where / "again.tar.gz"]):
            with self.subTest(words=words):
                (before, after), = self.calls(*words, reader=True)
                # A root in which one works may be without devices.
                self.assertNotIn("/dev/null", "\n".join(before))
                self.check(before, [text for text in after if "statm" not in text], AFTER_READER)

    def attempts(self, *words, **env) -> str:
        secret = self.where / "secret"
        secret.write_text("x")
        secret.chmod(0o666)
        self.where.chmod(0o777)
        done = run(*words, env=dict(os.environ, LD_PRELOAD=CRASH, PCIPASS_TEST_SECRET=secret,
                                    **{"PCIPASS_TEST_CRASH": "attempts", **env}), input="")
        self.assertIn(done.returncode, (0, 1, 3), done.stderr)
        found = [line for line in done.stderr.splitlines() if line.startswith("attempts: ")]
        self.assertEqual(len(found), 1, done.stderr)
        return found[0]

    def test_attempts_of_every_command(self):
        """From inside of each command that reads: no other file, network, program or process."""
        if not CRASH:
            self.skipTest("a build with sanitizers")
        uid = 65534 if os.geteuid() == 0 else os.geteuid()
        log = Path(tempfile.mkstemp(prefix="confined-log-", dir="/tmp")[1])
        self.addCleanup(log.unlink)
        log.write_text("vfio-pci 0000:00:03.0: not ready 1023ms after FLR; waiting\n")
        plan, hosts = self.where / "plan.json", self.where / "hosts"
        run("--from", CAPTURE, "free", DEVICE, "-o", plan)
        hosts.mkdir()
        (hosts / "linked.tar.gz").symlink_to(CAPTURE)
        saved = self.where / "saved.json"
        saved.write_text(run("--from", CAPTURE, "--json").stdout)
        mine = [["survey"], ["--json"], ["check", DEVICE], ["explain", DEVICE], ["reserved"], ["groups"], ["slots"], ["tree"],
                ["report", "-o", self.where / "page.html"], ["report", "-o", "-"], ["emit", "qemu", DEVICE],
                ["capture", "-o", self.where / "again.tar.gz"], ["capture", "--text"], ["capture", "--list"],
                ["free", DEVICE, "--dry-run"], ["verify", "--plan", plan], ["explain", "--log", log],
                ["override", "build", DEVICE, "-o", self.where / "table.cpio"]]
        lines = {" ".join(map(str, words)): self.attempts("--from", CAPTURE, *words) for words in mine}
        lines["directory"] = self.attempts("--from", self.unpack())
        lines["hosts"] = self.attempts("--from", hosts)
        lines["several"] = self.attempts("--from", CAPTURE, "survey", CAPTURE, saved)
        # Of this host as well, which is read first, with all rights.
        lines["log"] = self.attempts("explain", "--log", log, PCIPASS_TEST_CRASH="log")
        for name, line in lines.items():
            with self.subTest(command=name):
                self.assertEqual(line, f"attempts: open=13 write=1 connect=1 exec=1 kill=1 trace=1 uid={uid}")

    def test_kernel_without_landlock(self):
        """The rest holds."""
        if not CRASH:
            self.skipTest("a build with sanitizers")
        uid = 65534 if os.geteuid() == 0 else os.geteuid()
        for place in (CAPTURE, self.unpack()):
            self.assertEqual(self.attempts("--from", place, PCIPASS_TEST_NO_LANDLOCK="1"),
                             f"attempts: open=0 write=1 connect=1 exec=1 kill=1 trace=1 uid={uid}")
        done = run("--version", env=dict(os.environ, LD_PRELOAD=CRASH, PCIPASS_TEST_NO_LANDLOCK="1"))
        self.assertIn("this kernel has no Landlock", done.stdout)

    def test_output_belongs_to_the_program(self):
        """-o: whole or not at all, the rights that it had, and no file that is there is replaced."""
        page, capture = self.where / "page.html", self.where / "out.tar.gz"
        os.umask(0o022)
        for path, words, mode in ((page, ["report"], 0o644), (capture, ["capture"], 0o600)):
            done = run("--from", CAPTURE, *words, "-o", path)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertEqual((path.stat().st_mode & 0o777, path.stat().st_uid), (mode, os.geteuid()))
            first = path.read_bytes()
            done = run("--from", CAPTURE, *words, "-o", path)
            self.assertEqual(done.returncode, 4)
            self.assertRegex(done.stderr, "File exists; --force replaces it$")
            done = run("--from", CAPTURE, *words, "-o", path, "--force")
            self.assertEqual((done.returncode, path.read_bytes()), (0, first), done.stderr)
            self.assertEqual(run("--from", CAPTURE, *words, "-o", self.where / "no" / "such.tar").returncode, 4)
        self.assertEqual(sorted(p.name for p in self.where.iterdir()), ["out.tar.gz", "page.html"])
        self.assertEqual(run("--from", CAPTURE, "capture", "-o", self.where / "out.zip").returncode, 2)

    def test_links_in_a_directory_of_hosts(self):
        """They lead where they lead; what the directory's files name else is not read."""
        hosts, elsewhere = self.where / "hosts", self.where / "elsewhere"
        hosts.mkdir()
        elsewhere.mkdir()
        shutil.copy(CAPTURE, elsewhere / "one.tar.gz")
        shutil.copytree(self.unpack(), elsewhere / "two", symlinks=True)
        (hosts / "a.tar.gz").symlink_to(elsewhere / "one.tar.gz")
        (hosts / "b").symlink_to("../elsewhere/two")
        done = run("--from", hosts, "--columns", "HOST,ADDRESS")
        self.assertIn(done.returncode, (0, 3), done.stderr)
        self.assertEqual({line.split()[0] for line in done.stdout.split("\n\n")[0].splitlines()[1:]}, {"a", "b"})

    def test_signals(self):
        """Who ends the program ends all of it, and no temporary file stays."""
        fifo = self.where / "fifo"
        os.mkfifo(fifo)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            # nohup(1) has SIGHUP ignored.
            child = subprocess.Popen([PCIPASS, "--from", "-", "report", "-o", self.where / "page.html"], stdin=subprocess.PIPE,
                                     stderr=subprocess.PIPE, text=True,
                                     preexec_fn=lambda number=number: signal.signal(number, signal.SIG_DFL))
            # It waits for standard input.
            deadline = time.monotonic() + 20
            while not (found := children_of(child.pid)) and time.monotonic() < deadline:
                time.sleep(0.01)
            self.assertEqual(len(found), 1)
            child.send_signal(number)
            self.assertEqual(child.wait(20), -number)
            child.stdin.close()
            child.stderr.close()
            while Path(f"/proc/{found[0]}").exists() and time.monotonic() < deadline:
                time.sleep(0.01)
            self.assertFalse(Path(f"/proc/{found[0]}").exists())
        self.assertEqual([p.name for p in self.where.iterdir()], ["fifo"])

    def test_reader_that_goes_away(self):
        """The shell sees that it was SIGPIPE."""
        done = subprocess.run(["bash", "-c", '"$0" --from "$1" --json | head -c 1 >/dev/null; echo ${PIPESTATUS[0]}', PCIPASS,
                               CAPTURE], capture_output=True, text=True, check=False, timeout=60)
        self.assertIn(done.stdout, ("141\n", "0\n"))

    def check(self, before: list[str], after: list[str], allowed: set[str]) -> None:
        names = {match.group(1) for text in after if (match := re.match(r"(\w+)\(", text))}
        self.assertTrue(names)
        self.assertLessEqual(names, allowed)
        self.assertFalse([text for text in after if "EPERM" in text], "something that it needs is refused")
        text = "\n".join(before)
        self.assertIn("PR_SET_NO_NEW_PRIVS", text)
        self.assertIn("landlock_restrict_self", text)
        if os.geteuid() == 0:
            # Of the decoder the command's process has become it already.
            self.assertRegex(text, r"setresuid\(65534, 65534, 65534\)\s+= 0|geteuid\(\)\s+= 65534")
        # Nothing of the input is opened before, and of what is open nothing is read.
        self.assertFalse([x for x in before if x.startswith("open") and "O_PATH" not in x
                          and re.search(f"{re.escape(str(self.where))}|{re.escape(str(CAPTURE))}", x)], text)
        self.assertFalse([x for x in before if re.match(r"p?read(64)?\(0,", x)
                          and not re.search(r'"\d+ \d+ ', x)], text)

    def decoded(self, *words, allowed=AFTER, **options) -> None:
        """By a process of its own, as one of many hosts is."""
        for before, after in self.calls(*words, "survey", CAPTURE, **options):
            self.check(before, after, allowed)

    def test_archive(self):
        self.decoded("--from", CAPTURE)

    def test_archive_of_root_alone(self):
        private = self.where / "private.tar.gz"
        shutil.copy(CAPTURE, private)
        private.chmod(0o600)
        self.decoded("--from", private)

    def test_text(self):
        (self.where / "lspci.txt").write_text(LSPCI)
        self.decoded("--from", self.where / "lspci.txt")

    def test_several_texts(self):
        (self.where / "lspci.txt").write_text(LSPCI)
        (self.where / "cmdline").write_text("BOOT_IMAGE=/vmlinuz root=/dev/sda1 ro quiet intel_iommu=on\n")
        for before, after in self.calls("--from", self.where / "lspci.txt", "--from", self.where / "cmdline"):
            self.check(before, after, AFTER)

    def test_standard_input(self):
        self.decoded("--from", "-", stdin=LSPCI, processes=2)

    def test_unpacked_capture(self):
        self.decoded("--from", self.unpack(), allowed=AFTER_DIRECTORY, processes=2)

    def test_so_many_hosts_a_process(self):
        """One for sixteen; the last of a directory by itself."""
        hosts = self.where / "hosts"
        hosts.mkdir()
        for n in range(17):
            (hosts / f"{n:02}.tar.gz").symlink_to(CAPTURE)
        self.assertEqual(len(run("--from", hosts, "survey", "--json").stdout.splitlines()), 17)
        for before, after in self.calls("--from", hosts, processes=2):
            self.check(before, after, AFTER)

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
        out = self.where / "out.tar"
        write = ["capture", "--force", "-o", out]
        out.write_text("kept")
        for words in (["check", "00:00.0"], write):
            with self.subTest(words=words):
                done = run("--from", CAPTURE, *words, env=dict(os.environ, LD_PRELOAD=CRASH, PCIPASS_TEST_CRASH="segv"))
                self.assertEqual((done.returncode, done.stdout), (4, ""))
                self.assertRegex(done.stderr, rf"^pcipass: {re.escape(str(CAPTURE))}: the process that reads it crashed \(signal 11, ")
                self.assertEqual(len(done.stderr.splitlines()), 1)
        self.assertEqual(out.read_text(), "kept")
        self.assertEqual(sorted(p.name for p in self.where.iterdir()), ["out.tar"])

    def test_crash_at_one_of_many(self):
        """A row of its own, with the reason; the others are as they are without it."""
        if not CRASH:
            self.skipTest("a build with sanitizers")
        hosts = self.where / "hosts"
        hosts.mkdir()
        bad = self.where / "of-which-it-dies.tar.gz"
        shutil.copy(CAPTURE, bad)
        for n in range(20):
            (hosts / f"{n:02}.tar.gz").symlink_to(CAPTURE)
        words = ["--from", hosts, "survey", "--json"]
        good = run(*words)
        self.assertEqual((good.returncode in (0, 1, 3), good.stderr), (True, ""))
        for place in (0, 7, 15, 16, 19):
            for how, says in (("segv", r"crashed \(signal 11, "), ("exit", r"ended early \(exit 3\)")):
                with self.subTest(place=place, how=how):
                    name = hosts / f"{place:02}.tar.gz"
                    name.unlink()
                    name.symlink_to(bad)
                    done = run(*words, env=dict(os.environ, LD_PRELOAD=CRASH, PCIPASS_TEST_CRASH=how, PCIPASS_TEST_MARK=bad))
                    name.unlink()
                    name.symlink_to(CAPTURE)
                    self.assertEqual(done.returncode, 3, done.stderr)
                    lines, whole = done.stdout.splitlines(), good.stdout.splitlines()
                    self.assertEqual(len(lines), len(whole))
                    self.assertEqual([i for i, pair in enumerate(zip(lines, whole)) if len(set(pair)) > 1], [place])
                    self.assertRegex(lines[place], f"the process that reads it {says}")

    def hosts(self, bad: int, nr: int = 20) -> dict:
        """A directory of so many captures; the environment in which one of them is read without end."""
        hosts, other = self.where / "hosts", self.where / "other.tar.gz"
        hosts.mkdir()
        shutil.copy(CAPTURE, other)
        for n in range(nr):
            (hosts / f"{n:02}.tar.gz").symlink_to(other if n == bad else CAPTURE)
        return dict(os.environ, LD_PRELOAD=CRASH, PCIPASS_TEST_CRASH="spin", PCIPASS_TEST_MARK=other)

    def test_reading_without_end(self):
        """Its time is limited, also where signals wait for a file; and nobody waits for it who has given up."""
        if not CRASH:
            self.skipTest("a build with sanitizers")
        env = self.hosts(bad=3)
        with open("/dev/full", "w", encoding="utf-8") as full:
            done = subprocess.run([PCIPASS, "--from", self.where / "hosts", "survey", "--json"], env=env, stdout=full,
                                  stderr=subprocess.PIPE, text=True, check=False, timeout=30)
        self.assertEqual((done.returncode, done.stderr), (4, "pcipass: standard output: No space left on device\n"))
        other = self.where / "other.tar.gz"
        for words in (["check", DEVICE], ["report", "-o", self.where / "page"], ["capture", "-o", self.where / "c.tar"],
                      ["survey", "--prometheus", "-o", self.where / "metrics"], ["survey", "--nfd"]):
            with self.subTest(words=words):
                done = run("--from", other, *words, env=dict(env, PCIPASS_TEST_CPU="1"))
                self.assertEqual((done.returncode, done.stdout), (4, ""))
                self.assertRegex(done.stderr, f"^pcipass: {re.escape(str(other))}: the process that reads it was killed: it took "
                                 "too much processor time\n$")
        self.assertEqual(sorted(p.name for p in self.where.iterdir()), ["hosts", "other.tar.gz"])

    def test_few_files(self):
        """Where no more may be open than one host needs, they are read one by one."""
        self.hosts(bad=-1)
        words = ["--from", self.where / "hosts", "survey", "--json"]
        good = run(*words)
        for most in (10, 12, 16, 20, 24):
            with self.subTest(most=most):
                done = run(*words, preexec_fn=lambda most=most: resource.setrlimit(resource.RLIMIT_NOFILE, (most, most)))
                self.assertEqual((done.returncode, done.stdout), (good.returncode, good.stdout), done.stderr)

    def test_long_files_beside_it(self):
        """What is added to a log that is longer than a page may be is not lost."""
        log, page = self.where / "log", self.where / "page.html"
        with log.open("a", encoding="utf-8") as f:
            f.truncate(70 << 20)
            done = subprocess.run([PCIPASS, "--from", CAPTURE, "report", "-o", page], stdout=f, stderr=f, check=False,
                                  timeout=60)
        self.assertEqual(done.returncode, 0)
        with log.open("rb") as f:
            f.seek(70 << 20)
            self.assertIn(b"wrote", f.read())

    def test_file_that_is_not_handed_over(self):
        if not CRASH:
            self.skipTest("a build with sanitizers")
        for words in (["report", "-o", self.where / "out"], ["capture", "-o", self.where / "out"]):
            done = run("--from", CAPTURE, *words, env=dict(os.environ, LD_PRELOAD=CRASH, PCIPASS_TEST_NO_FILE="1"))
            self.assertEqual((done.returncode, done.stdout), (4, ""))
            self.assertEqual(done.stderr, f"pcipass: {self.where}/out: cannot be written: the system did not pass on the open file\n")
            self.assertEqual(list(self.where.iterdir()), [])

    def test_standard_input_among_hosts(self):
        done = run("--from", CAPTURE, "survey", "--json", "-", input=LSPCI)
        self.assertEqual(len(done.stdout.splitlines()), 2)
        self.assertIn("440FX", done.stdout.splitlines()[1])

    def test_version_says_what_is_there(self):
        shown = run("--version").stdout.splitlines()[1]
        kernel = {line.split()[0] for line in Path("/proc/self/status").read_text().splitlines()}
        self.assertEqual("seccomp" in shown and "no seccomp" not in shown, "Seccomp:" in kernel)
        print(f"  {shown}")


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1] + sys.argv[4:])
