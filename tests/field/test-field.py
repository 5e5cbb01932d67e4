#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What the program must say on hosts of people who were stuck; README.md has the form of a case.

usage: test-field.py PCIPASS [NAME…]

A case whose inputs are not there is skipped. It fails if it wants nothing of any command.
"""

import glob
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path.insert(0, str(HERE.parent / "harness"))
from subset import few  # noqa: E402

MACHINES = ROOT / "tests/machines"
sys.path.insert(0, str(MACHINES))
from machinery import command as mkmachine  # noqa: E402

DATA = Path(os.environ.get("PCIPASS_TEST_DATA", ROOT.parent / "shared/data"))
SKIPPED = 77


class Skipped(Exception):
    """The case needs what is not here."""


class Wrong(Exception):
    """The case itself is wrong, or an answer of the program's."""


def source(word: str) -> Path:
    """The file that an input of a case names."""
    path = DATA / word.removeprefix("data/") if word.startswith("data/") else ROOT / word
    if word.startswith("data/") and not path.exists():
        raise Skipped(f"{path} is not there")
    if not path.exists():
        raise Wrong(f"no such input: {word}")
    return path


def make_machine(recipe: Path, host: Path) -> None:
    """Without a process of its own, whose start takes as long as the rest."""
    try:
        mkmachine.make(recipe, "-o", host)
    except mkmachine.MissingData as e:
        raise Skipped(str(e)) from e
    except (mkmachine.MachineError, OSError) as e:
        raise Wrong(f"{recipe}: {e}") from e


def run_to_make(command: list, host: Path) -> None:
    path = f"{MACHINES}{os.pathsep}{os.environ.get('PATH', '/usr/bin:/bin')}"
    made = subprocess.run(command, capture_output=True, text=True, check=False, cwd=host.parent,
                          env={**os.environ, "PATH": path})
    if made.returncode == SKIPPED:
        raise Skipped((made.stdout + made.stderr).strip())
    if made.returncode:
        raise Wrong(f"{command[0]}: {made.stdout}{made.stderr}")


def remove(host: Path, pattern: str) -> None:
    found = glob.glob(str(host / pattern))
    if not found:
        raise Wrong(f"remove: nothing matches {pattern}")
    for name in found:
        if os.path.isdir(name) and not os.path.islink(name):
            shutil.rmtree(name)
        else:
            os.unlink(name)


def add(path: Path, content: bytes, mode: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, mode) as file:
        file.write(content)


def make(host: Path, word: str, rest: str) -> None:
    """Carries out one line of the part that makes the host."""
    words = rest.split()
    if word == "machine":
        make_machine(source(rest), host)
    elif word == "script":
        arguments = [str(source(w)) if w.startswith("data/") else w for w in words[1:]]
        run_to_make(["sh", str(source(words[0])), str(host), *arguments], host)
    elif word == "append":
        add(host / words[1], source(words[0]).read_bytes(), "ab")
    elif word in ("line", "write"):
        path, _, text = rest.partition(" ")
        add(host / path, f"{text}\n".encode() if text else b"", "ab" if word == "line" else "wb")
    elif word == "link":
        (host / words[0]).parent.mkdir(parents=True, exist_ok=True)
        (host / words[0]).symlink_to(words[1])
    elif word == "remove":
        for pattern in words:
            remove(host, pattern)
    elif word == "mkdir":
        (host / rest).mkdir(parents=True, exist_ok=True)
    else:
        raise Wrong(f"no such line: {word} {rest}")


class Command:
    """A command of a case, and what is wanted of it."""

    def __init__(self, line: str) -> None:
        self.words = shlex.split(line)
        if self.words[:1] != ["pcipass"]:
            raise Wrong(f"not a command of pcipass: {line}")
        self.line, self.code, self.wants = line, 0, []

    def want(self, word: str, rest: str) -> None:
        if word == "exit":
            self.code = int(rest)
        elif word in ("has", "not") and rest:
            self.wants.append((word, " ".join(rest.split())))
        elif word == "first" and rest.count(" | ") == 1:
            self.wants.append((word, rest))
        else:
            raise Wrong(f"no such line behind a command: {word} {rest}")

    def check(self, pcipass: str, host: Path) -> list:
        """What is wrong with the answer, a sentence each."""
        done = subprocess.run([pcipass, "--from", host, *self.words[1:]], capture_output=True,
                              text=True, check=False, env={**os.environ, "COLUMNS": "100"})
        text = " ".join((done.stdout + done.stderr).split())
        wrong = []
        if done.returncode != self.code:
            wrong.append(f"exit code {done.returncode}, want {self.code}")
        for word, want in self.wants:
            if word == "first":
                a, b = (" ".join(part.split()) for part in want.split(" | "))
                if a not in text or b not in text or text.index(a) > text.index(b):
                    wrong.append(f"want first '{a}', then '{b}'")
            elif (want in text) != (word == "has"):
                wrong.append(f"{'lacks' if word == 'has' else 'has'}: {want}")
        return [f"$ {self.line}: {w}" for w in wrong] + ([done.stdout + done.stderr] if wrong else [])


class Case:
    """A file read: the lines that make the host, and the commands."""

    def __init__(self, path: Path) -> None:
        self.path, self.makes, self.commands, self.no_capture = path, [], [], ""
        for number, line in enumerate(path.read_text().splitlines(), 1):
            try:
                self.learn(line.strip())
            except (Wrong, ValueError) as e:
                raise Wrong(f"{path.name}:{number}: {e}") from e
        if not any(c.wants or c.code for c in self.commands):
            raise Wrong(f"{path.name}: wants nothing")

    def learn(self, line: str) -> None:
        word, _, rest = line.partition(" ")
        if not word or word.startswith("#"):
            return
        if word == "$":
            self.commands.append(Command(rest))
        elif word == "no-capture":
            self.no_capture = rest
        elif self.commands:
            self.commands[-1].want(word, rest.strip())
        else:
            self.makes.append((word, rest.strip()))

    def run(self, pcipass: str, scratch: Path) -> list:
        host = scratch / "host"
        for word, rest in self.makes:
            make(host, word, rest)
        wrong = [w for c in self.commands for w in c.check(pcipass, host)]
        if wrong or self.no_capture:
            return wrong
        capture = scratch / "capture.tar"
        done = subprocess.run([pcipass, "--from", host, "capture", "-o", capture],
                              capture_output=True, text=True, check=False)
        if done.returncode:
            return [f"capture: exit code {done.returncode}: {done.stderr}"]
        return [f"on a capture: {w}" for c in self.commands for w in c.check(pcipass, capture)]


def main() -> int:
    pcipass, names = sys.argv[1], sys.argv[2:]
    failed, skipped, passed = [], 0, 0
    cases = sorted(HERE.glob("*.case"))
    for path in cases if names else few(cases, 8):
        if names and not any(path.name.startswith(n) for n in names):
            continue
        with tempfile.TemporaryDirectory() as scratch:
            try:
                wrong = Case(path).run(pcipass, Path(scratch))
            except Skipped as e:
                print(f"skipped: {path.stem}: {e}")
                skipped += 1
                continue
            except Wrong as e:
                wrong = [str(e)]
        passed += not wrong
        if wrong:
            failed.append(path.stem)
            print(f"{path.stem}:", *wrong, sep="\n  ")
    print(f"{passed} right, {len(failed)} wrong, {skipped} skipped")
    if failed:
        return 1
    return 0 if passed else SKIPPED


if __name__ == "__main__":
    sys.exit(main())
