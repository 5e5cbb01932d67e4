#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""All or nothing, wherever it stops: a load is killed at each of its system calls, and each of them
is made to fail; then the next start must bring the store to old or new, to the byte, say which, and
leave nothing of the dead behind. A signal that can be caught, at each call, leaves nothing to bring to an end.

usage: test-kill.py LOAD-STORE
"""

import collections
import concurrent.futures
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

VENDOR = "61895abc-946b-42ea-a511-0085097942bf"
PROGRAM = sys.argv[1]
# Of what could go wrong, every so many.
EVERY = int(sys.argv[2]) if len(sys.argv) > 2 else 1
# Calls that a full or broken disk can refuse.
WRITING = {"openat", "write", "pwrite64", "fsync", "rename", "renameat", "renameat2", "unlink",
           "unlinkat", "ftruncate", "fchmod", "fchown", "mkdir", "close", "ioctl", "getrandom"}
CALL = re.compile(r"^(?:\d+ +)?(\w+)\(")


class Image:
    """One file; all writes at once."""
    name = "image"

    def __init__(self, directory: Path):
        self.directory = directory
        self.store = f"image:{directory}/settings"
        subprocess.run([PROGRAM, "make", directory / "settings"], check=True)
        os.chmod(directory / "settings", 0o640)

    def content(self):
        path = self.directory / "settings"
        return path.read_bytes(), path.stat().st_mode


class Efivars:
    """A directory of variables; each written on its own, so that a kill can leave a part."""
    name = "efivars"

    def __init__(self, directory: Path):
        self.directory = directory
        self.store = f"efivars:{directory}/vars"
        (directory / "vars").mkdir()
        attributes = bytes([7, 0, 0, 0])
        self.path("CQTEST").write_bytes(attributes + bytes(range(40)))
        self.path("NVRAM").write_bytes(attributes + bytes(i * 7 & 255 for i in range(4096)))

    def path(self, name: str) -> Path:
        return self.directory / "vars" / f"{name}-{VENDOR}"

    def content(self):
        return {p.name: p.read_bytes() for p in sorted((self.directory / "vars").iterdir())}


def run(store, command: str, strace=()):
    # One more than needed, so that the state directory is made within the call.
    return subprocess.run([*strace, PROGRAM, command, store.store, f"{store.directory}/state"],
                          capture_output=True, text=True, timeout=60)


def names(directory: Path) -> set[str]:
    return {str(p.relative_to(directory)) for p in directory.rglob("*") if not p.is_dir()}


class Case:
    """A store of its own, and what has to hold after something went wrong in it."""

    def __init__(self, kind, base: Path):
        self.base = Path(tempfile.mkdtemp(dir=base))
        self.store = kind(self.base)

    def close(self):
        shutil.rmtree(self.base)


def check_order(kind, lines):
    """A kill loses nothing that was written, a power cut does. So what has to be on the disk before
    what is looked up in the calls: journal, its directory, the store, its directory, then no journal."""
    seen = ""
    for line in lines:
        if re.match(r"(\d+ +)?rename", line):
            seen += "J" if '.journal"' in line or 'apply.json"' in line else "W"
        elif "fsync(" in line:
            seen += "f" if "/vars/" in line or ".tmp>" in line else "d"
        elif re.search(r"write\(\d+</[^>]*/vars/", line):
            seen += "W"
        elif "unlink" in line and (".journal" in line or "apply.json" in line):
            seen += "U"
    # Of the host's own store the state directory is made first, and is in its parent for good.
    want = {"image": "fJdfWdUd", "efivars": "dfJdWfWfWfdUd"}[kind.name]
    if seen != want:
        sys.exit(f"{kind.name}: the calls are {seen}, they should be {want}\n"
                 "(f, d: a file or directory synced; J, U: journal in place, removed; W: written)")


def learn(kind, base: Path):
    """Old and new content, the files that belong, and the calls of a load."""
    case = Case(kind, base)
    old = case.store.content()
    log = base / "log"
    done = run(case.store, "load", ["strace", "-f", "-y", "-o", log])
    if done.returncode:
        sys.exit(f"{kind.name}: a plain load fails: {done.stderr}")
    new = case.store.content()
    assert old != new, "the load changes nothing"
    check_order(kind, log.read_text().splitlines())
    calls = collections.Counter(m[1] for m in map(CALL.match, log.read_text().splitlines()) if m)
    files = names(case.base)
    case.close()
    return old, new, files, calls


def settle(case, old, new, files, what: str) -> str:
    """The next start."""
    before = case.store.content()
    look = run(case.store, "look")
    wrote = case.store.content() != before
    done = run(case.store, "recover")
    word = done.stdout.split(":")[0]
    now = case.store.content()
    problems = []
    if wrote:
        problems.append("a look that may not write has written")
    if done.returncode:
        problems.append(f"the next start fails: {done.stderr.strip()}")
    if now not in (old, new):
        problems.append("neither old nor new")
    if word in ("old", "restored") and now != old or word == "new" and now != new:
        problems.append(f"it says '{word}', and that is not so")
    if word == "restored" and not look.stdout.startswith("part"):
        problems.append("what has to be put back was not told to who only looks")
    # Files that are still of the old or new content belong; nothing else does.
    left = names(case.base) - files
    if left:
        problems.append(f"left behind: {' '.join(sorted(left))}")
    again = run(case.store, "recover")
    if again.returncode or not again.stdout.startswith("none"):
        problems.append(f"the start after that: {again.stdout}{again.stderr}")
    if problems:
        return f"{what}: " + "; ".join(problems)
    return word


def judge_failure(case, done, old, new) -> str:
    """What a load may answer when a call fails. 127: the loader of programs gave up."""
    now = case.store.content()
    if done.returncode == 0:
        return "" if now == new else "says done and is not"
    if done.returncode not in (1, 127):
        return f"ends with {done.returncode}"
    if now == old or any(n.endswith((".journal", "apply.json")) for n in names(case.base)):
        return ""
    # Gone, but the directory could not be synced.
    if now == new and "all is written and reads back" in done.stderr:
        return ""
    return "failed, left something changed and no journal"


def inject(kind, base, known, call: str, how: str):
    old, new, files, _ = known
    case = Case(kind, base)
    what = f"{kind.name}: {call}:{how}"
    strace = ["strace", "-f", "-o", "/dev/null", "-e", "trace=all", "-e", f"inject={call}:{how}"]
    done = run(case.store, "load", strace)
    problem = ""
    if how.startswith("error"):
        problem = judge_failure(case, done, old, new)
        problem = problem and f"{what}: {problem}: {done.stderr.strip()}"
    word = problem or settle(case, old, new, files, what)
    case.close()
    return word


def interrupt(kind, base, known, call: str, when: int, signal: str):
    """INT, TERM, HUP and PIPE: all is written at once, and nothing is left for a later start."""
    old, new, files, _ = known
    case = Case(kind, base)
    what = f"{kind.name}: {signal} at {call} {when}"
    done = run(case.store, "catch-load", ["strace", "-f", "-o", "/dev/null", "-e", f"trace={call}", "-e",
                                          f"inject={call}:signal={signal}:when={when}"])
    now, left = case.store.content(), names(case.base) - files
    recovered = run(case.store, "recover")
    case.close()
    # Before the program catches them they end it, as strace tells; it has done nothing then.
    early = done.returncode < 0 and now == old
    if not early and (done.returncode or now != new):
        return f"{what}: {done.returncode}, not the new: {done.stderr.strip()}"
    if left or not recovered.stdout.startswith("none"):
        return f"{what}: left behind: {' '.join(sorted(left))} {recovered.stdout.strip()}"
    return "early" if early else "new"


def interruptions(calls):
    """Each call that changes something, with each signal in turn."""
    number = 0
    for call, count in sorted(calls.items()):
        for when in range(1, count + 1 if call in WRITING else 1):
            number += 1
            yield call, when, ("INT", "TERM", "HUP", "PIPE")[number % 4]


def part_of_it(case, known):
    """A load killed in its middle: before the last of its writes to a variable."""
    strace = ["strace", "-f", "-o", "/dev/null", "-e", "trace=all",
              "-e", f"inject=write:signal=KILL:when={known[3]['write']}"]
    run(case.store, "load", strace)
    assert case.store.content() not in known[:2], "the load was not killed in its middle"


def inject_recovery(base, known, call: str, how: str):
    """Killed, or failing, a second time: while the old is put back."""
    case = Case(Efivars, base)
    part_of_it(case, known)
    run(case.store, "recover", ["strace", "-f", "-o", "/dev/null", "-e", "trace=all",
                                "-e", f"inject={call}:{how}"])
    word = settle(case, *known[:3], f"recovery: {call}:{how}")
    if word in ("none", "old", "restored") and case.store.content() != known[0]:
        word = f"recovery: {call}:{how}: not the old"
    case.close()
    return word


def recovery_calls(base, known):
    case = Case(Efivars, base)
    part_of_it(case, known)
    log = base / "log"
    run(case.store, "recover", ["strace", "-f", "-o", log])
    case.close()
    return collections.Counter(m[1] for m in map(CALL.match, log.read_text().splitlines()) if m)


def plan(calls):
    for call, count in sorted(calls.items()):
        for n in range(1, count + 1):
            # Before the program's own first call there is nothing to kill.
            if call == "execve":
                continue
            yield call, f"signal=KILL:when={n}"
            if call in WRITING:
                yield call, f"error=EIO:when={n}"
                yield call, f"error=ENOSPC:when={n}+"


def main() -> int:
    if not shutil.which("strace"):
        print("skipped: there is no strace")
        return 77
    probe = subprocess.run(["strace", "-o", "/dev/null", "-e", "inject=write:error=EIO", "true"],
                           capture_output=True, text=True)
    if probe.returncode:
        print(f"skipped: strace cannot trace here: {probe.stderr.strip()}")
        return 77
    words, wrong = collections.Counter(), []
    shm = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix="pcipass-test-", dir=shm) as directory:
        for kind in (Image, Efivars):
            known = learn(kind, Path(directory))
            with concurrent.futures.ThreadPoolExecutor(3) as pool:
                jobs = [pool.submit(inject, kind, Path(directory), known, *p) for p in [*plan(known[3])][::EVERY]]
                for job in jobs:
                    word = job.result()
                    if word in ("none", "old", "new", "restored"):
                        words[f"{kind.name} {word}"] += 1
                    else:
                        wrong.append(word)
                jobs = [pool.submit(interrupt, kind, Path(directory), known, *p) for p in [*interruptions(known[3])][::EVERY]]
                for job in jobs:
                    word = job.result()
                    if word in ("early", "new"):
                        words[f"{kind.name} signal {word}"] += 1
                    else:
                        wrong.append(word)
        # known is now that of the variables.
        with concurrent.futures.ThreadPoolExecutor(3) as pool:
            jobs = [pool.submit(inject_recovery, Path(directory), known, *p)
                    for p in [*plan(recovery_calls(Path(directory), known))][::EVERY]]
            for job in jobs:
                word = job.result()
                if word in ("none", "old", "restored"):
                    words[f"recovery {word}"] += 1
                else:
                    wrong.append(word)
    print("\n".join(wrong))
    print(f"{sum(words.values())} fine: {dict(words)}; {len(wrong)} wrong")
    # What never came about was not tried.
    for word in ("image signal new", "efivars signal new", "image old", "image new", "efivars old", "efivars new", "efivars restored",
                 "recovery old", "recovery restored"):
        if not words[word]:
            wrong.append(f"'{word}' never came about")
            print(wrong[-1])
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
