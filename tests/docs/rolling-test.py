#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The script of doc/rolling.md: the shell takes it, pcipass has its options, and it stops in time.

usage: rolling-test.py PCIPASS SOURCE_ROOT

It is run on nodes that are directories: a program called ssh stands in for them.
"""

import re
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

ROOT = Path(sys.argv.pop(2))
PCIPASS = sys.argv.pop(1)
TEXT = (ROOT / "doc/rolling.md").read_text()

# A node answers with the exit code that stands in a file of its directory; what is done is one line.
SSH = r"""#!/bin/bash
while [[ $1 == -* ]]; do [ "$1" = -o ] && shift; shift; done
node=$1; shift
cd "$NODES/$node" 2>/dev/null || exit 255
case "$*" in
"cat /proc/sys/kernel/random/boot_id") cat boot ;;
"systemctl reboot") echo "$node reboot" >>"$NODES/log"; [ -e stays-away ] && rm boot
	[ ! -e boot ] || echo x >>boot; exit 255 ;;
"pcipass check --json slot2") echo '{}'; [ -e stuck ] || [ ! -e freed ] || exit 0; exit "$(cat check)" ;;
"pcipass free --dry-run --json slot2") echo '{}'; exit "$(cat plan)" ;;
"pcipass free --yes --json slot2") echo "$node free" >>"$NODES/log"; touch freed; exit "$(cat free)" ;;
"pcipass verify --json") echo '{}'; exit "$(cat verify)" ;;
*) echo "$node: what? $*" >>"$NODES/log"; exit 99 ;;
esac
"""
GOOD = {"boot": "1", "check": "1", "plan": "0", "free": "0", "verify": "0"}


def script() -> str:
    """The block that begins with #!."""
    (found,) = re.findall(r"^```bash\n(#!.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)
    return found


class Script(unittest.TestCase):
    def test_syntax(self):
        run = subprocess.run(["bash", "-n"], input=script(), capture_output=True, text=True,
                             check=False)
        self.assertEqual((run.returncode, run.stderr), (0, ""))

    @unittest.skipUnless(shutil.which("shellcheck"), "shellcheck is not installed")
    def test_shellcheck(self):
        run = subprocess.run(["shellcheck", "-"], input=script(), capture_output=True, text=True,
                             check=False)
        self.assertEqual(run.stdout, "")

    def test_words(self):
        """Each command and option that the document names is one of pcipass."""
        spans = re.findall(r"`([^`\n]+)`", TEXT) + script().splitlines() + re.findall(
            r"^pcipass .*", TEXT, re.MULTILINE)
        seen = set()
        for span in spans:
            for command, rest in re.findall(
                    r"\b(check|free|verify|undo|apply|emit)((?: --?[a-z-]+)+)", span):
                help_text = subprocess.run([PCIPASS, command, "--help"], capture_output=True,
                                           text=True, check=True).stdout
                for option in rest.split():
                    self.assertRegex(help_text, rf"(?m)^  (-., )?{option}\b", span)
                    seen.add((command, option))
        self.assertGreaterEqual(seen, {("free", "--yes"), ("free", "--json"), ("verify", "--json"),
                                       ("undo", "--yes"), ("apply", "--resume"),
                                       ("verify", "--attach"), ("check", "--json")})


class Rolling(unittest.TestCase):
    def setUp(self):
        self.directory = Path(tempfile.mkdtemp(prefix="pcipass-"))
        self.addCleanup(shutil.rmtree, self.directory)
        for name, text in (("rolling.sh", script()), ("bin/ssh", SSH)):
            path = self.directory / name
            path.parent.mkdir(exist_ok=True)
            path.write_text(text)
            path.chmod(0o755)
        for hook in ("healthy", "drain", "restore"):
            path = self.directory / "hooks" / hook
            path.parent.mkdir(exist_ok=True)
            path.write_text(f'#!/bin/sh\necho "$1 {hook}" >>"$NODES/log"\n'
                            f'[ ! -e "$NODES/$1/not-{hook}" ]\n')
            path.chmod(0o755)

    def node(self, name: str, **more: str) -> None:
        directory = self.directory / "nodes" / name
        directory.mkdir(parents=True)
        for file, text in {**GOOD, **more}.items():
            (directory / file.replace("_", "-")).write_text(text + "\n")

    def roll(self, *nodes: str) -> tuple[int, list[str], str]:
        run = subprocess.run(
            ["bash", "rolling.sh", "slot2", *nodes], cwd=self.directory, capture_output=True, text=True,
            check=False, timeout=60,
            env={"PATH": f"{self.directory}/bin:/usr/bin:/bin", "PAUSE": "0", "TRIES": "3",
                 "NODES": str(self.directory / "nodes")})
        self.assertEqual(run.stderr, "")
        log = self.directory / "nodes/log"
        return run.returncode, log.read_text().splitlines() if log.exists() else [], run.stdout

    @staticmethod
    def whole(node: str) -> list[str]:
        return [f"{node} {x}" for x in ("healthy", "drain", "free", "reboot", "restore", "healthy")]

    def test_all_well(self):
        for name in ("a", "b"):
            self.node(name)
        self.node("c", check="0")
        code, log, said = self.roll("a", "c", "b")
        self.assertEqual((code, log), (0, self.whole("a") + self.whole("b")))
        self.assertIn("c: free already", said)
        (directory,) = self.directory.glob("rolling-*-*")
        self.assertEqual(sorted(p.name for p in directory.glob("a.*.json")),
                         [f"a.{x}.json" for x in ("after", "before", "free", "plan", "verify")])

    def test_nothing_to_do(self):
        self.node("c", check="0")
        self.assertEqual(self.roll("c")[:2], (0, []))

    def test_all_are_asked_first(self):
        self.node("a")
        self.node("b", plan="1")
        self.node("c", check="3")
        for last, word in (("b", "no plan: exit 1"), ("c", "check: exit 3"), ("d", "exit 255")):
            code, log, said = self.roll("a", last)
            self.assertEqual((code, log), (1, []), last)
            self.assertIn(f"{last}: STOPPED", said)
            self.assertIn(word, said)

    def test_stops_at_the_first(self):
        ways = {"verify": "1", "free": "4", "stays_away": "", "stuck": "", "not_drain": "",
                "not_healthy": "", "not_restore": ""}
        for way, text in ways.items():
            with self.subTest(way):
                shutil.rmtree(self.directory / "nodes", ignore_errors=True)
                self.node("a")
                self.node("b", **{way: text})
                self.node("c")
                code, log, said = self.roll("a", "b", "c")
                self.assertEqual(code, 1)
                self.assertEqual(log[:6], self.whole("a"))
                self.assertIn("b: STOPPED", said)
                self.assertEqual([x for x in log if x.startswith("c ")], [])
                self.assertEqual("b restore" in log, way == "not_restore")
                self.assertEqual("b reboot" in log,
                                 way in ("verify", "stays_away", "stuck", "not_restore"))


if __name__ == "__main__":
    unittest.main()
