#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What other programs print stands in one table, lib/judge/phrases-*.c; of those that explain quotes,
rules.md, why.md and explain have it from there, to the letter.

usage: phrases-test.py PCIPASS SOURCE_ROOT
"""

import json
import re
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

ROOT = Path(sys.argv.pop(2))
PCIPASS = sys.argv.pop(1)
TABLE = sorted(ROOT.glob("lib/judge/phrases-*.c"))
STRING = r'"(?:[^"\\]|\\.)*"'


def joined(literals: str) -> str:
    """What a run of C strings says."""
    return "".join(re.sub(r"\\(.)", r"\1", s[1:-1]) for s in re.findall(STRING, literals))


def rows() -> dict[str, dict]:
    """The table by id: source, text and rules."""
    source = "\n".join(p.read_text() for p in TABLE)
    macros = dict(re.findall(r"^#define (\w+_RULES) (.*)$", source, re.MULTILINE))
    made = {}
    for row in re.findall(r'\{ (\.id = ".*?) \},?\n(?=\t(?:\{|/\*)|\};)', source, re.DOTALL):
        rules = re.search(r"\.rules = \{ (.*?) \}", row)
        listed = rules.group(1) if rules else ""
        made[re.search(r'\.id = "([^"]+)"', row).group(1)] = {
            "source": re.search(r"\.source = PP_PHRASE_(\w+)", row).group(1),
            "text": joined(re.search(rf"\.text = ((?:{STRING}\s*)+)", row).group(1)),
            "rules": re.findall(r'"([^"]+)"', macros.get(listed, listed)),
            "quoted": ".quoted = true" in row,
            "as": (re.search(r'\.as = "([^"]+)"', row) or [None, None])[1],
            "means": ".means = " in row}
    return made


def squeezed(text: str) -> str:
    """Over line breaks; two blanks are one in a wrapped text."""
    return " ".join(text.split())


EVERY_ROW = rows()
ROWS = {name: row for name, row in EVERY_ROW.items() if row["quoted"]}


class Table(unittest.TestCase):
    def test_read_whole(self):
        """This test sees each row."""
        self.assertEqual(len(EVERY_ROW), sum(p.read_text().count(".source = ") for p in TABLE))
        self.assertGreater(len(ROWS), 10)

    def test_each_means_something(self):
        """Itself, or by another row that does."""
        for name, row in EVERY_ROW.items():
            other = EVERY_ROW[row["as"]] if row["as"] else row
            self.assertTrue(other["means"] or row["source"] in ("SURVEY_DDA", "HPE"), name)

    def test_nowhere_else_in_the_program(self):
        for path in [*ROOT.glob("lib/**/*.c"), *ROOT.glob("cli/*.c")]:
            if path in TABLE:
                continue
            text = squeezed(re.sub(rf"(?:{STRING}\s*)+", lambda m: joined(m.group()) + " ",
                                   path.read_text()))
            for name, row in ROWS.items():
                # A fragment short enough to be read in a log may stand where the log is read.
                if len(row["text"]) > 40:
                    self.assertNotIn(squeezed(row["text"]), text, f"{path.name}: {name}")


class Documents(unittest.TestCase):
    def test_rules(self):
        text = (ROOT / "doc/rules.md").read_text()
        sections = {m.group(1): squeezed(m.group(2)) for m in
                    re.finditer(r"^### ([a-z0-9-]+)\n(.*?)(?=^##|\Z)", text, re.MULTILINE | re.DOTALL)}
        for name, row in EVERY_ROW.items():
            for rule in row["rules"]:
                self.assertIn(rule, sections, f"{name}: no such rule")
                if not row["quoted"]:
                    continue
                self.assertIn(squeezed(row["text"]), sections[rule], f"{rule}: {name}")
        said = [s for section in sections.values() for s in re.findall(r'"([^"]+ [^"]+)"',
                section.partition("- messages:")[2])]
        self.assertTrue(said)
        for sentence in said:
            self.assertTrue(any(sentence in squeezed(row["text"]) for row in EVERY_ROW.values())
                            or re.match("group N is|allow_uns| to enable VFIO|No interrupt", sentence),
                            sentence)

    def test_why(self):
        text = squeezed((ROOT / "doc/why.md").read_text())
        for name, row in ROWS.items():
            self.assertIn(squeezed(row["text"]), text, name)

    def test_readme(self):
        """The two that people search by stand at its beginning, to the full stop."""
        text = squeezed((ROOT / "README.md").read_text().split("\n## ")[0])
        for name in ("linux-rmrr", "dda-region"):
            self.assertIn(squeezed(ROWS[name]["text"].split(".")[0]), text, name)


class Explained(unittest.TestCase):
    """What explain shows of them, for two kernels and more than one reason."""

    @classmethod
    def setUpClass(cls):
        cls.directory = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.directory.cleanup)

    def explained(self, sample: str, device: str) -> tuple[str, dict[str, dict]]:
        """As text, and the phrases of the document by id."""
        archive = Path(self.directory.name) / f"{sample}.tar"
        if not archive.exists():
            machines = ROOT / "tests/machines"
            subprocess.run([sys.executable, machines / "mkmachine", machines / f"{sample}.machine",
                            "-o", archive], check=True)
        text, document = (subprocess.run(
            [PCIPASS, "--from", archive, "explain", device, *more], capture_output=True, text=True,
            check=True).stdout for more in ((), ("--json",)))
        return squeezed(text), {p["id"]: p for p in json.loads(document)["phrases"]}

    def test_the_kernel_that_runs(self):
        """Its words are a proof; those of older or newer ones stand below."""
        old, new = (squeezed(ROWS[n]["text"]) for n in ("linux-rmrr", "linux-direct"))
        for sample, own, other, word in (
                ("dl380p-gen8", old, new, "newer kernels, 6.6 and later"),
                ("dl380p-gen8-k612", new, old, "older kernels, before 6.6")):
            text, phrases = self.explained(sample, "slot2")
            self.assertRegex(text, rf'evidence: kernel \S+ refuses with \w+: "{re.escape(own)}"')
            self.assertIn(f'{word}: "{other}"', text)
            self.assertEqual([text.count(s) for s in (old, new)], [1, 1])
            here = {n: p["this_kernel"] for n, p in phrases.items() if p["source"] == "linux"}
            self.assertEqual(here, {"linux-rmrr": own == old, "linux-direct": own == new})

    def test_the_words_of_others(self):
        text, phrases = self.explained("dl380p-gen8", "slot2")
        self.assertIn("Microsoft's SurveyDDA.ps1, for Hyper-V: \"BIOS requires that", text)
        self.assertIn("HPE's customer advisory: document emr_na-c04781229", text)
        self.assertIn('"Sea of Sensors"', text)
        self.assertEqual(set(phrases), {"linux-rmrr", "linux-direct", "dda-region", "hpe-advisory"})
        for name, phrase in phrases.items():
            self.assertEqual((phrase["text"], phrase["rules"]),
                             (ROWS[name]["text"], ROWS[name]["rules"]))

    def test_no_proliant(self):
        """HPE's document and iLO are told of HPE's machines."""
        text, phrases = self.explained("amd-board-k612", "02:00.0")
        self.assertEqual(set(phrases), {"linux-direct"})
        self.assertIn("Why a guest cannot have it", text)
        self.assertNotIn("iLO", text)
        self.assertNotIn("advisory", text)

    def test_of_bridges(self):
        """What holds a bridge refuses nothing; that it is none to pass on is told."""
        text, phrases = self.explained("dl380p-gen8", "00:02.0")
        self.assertEqual(set(phrases), {"dda-old-style"})
        self.assertNotIn("Why a guest", text)

    def test_nothing_to_say(self):
        text, phrases = self.explained("dl380p-gen8", "slot1")
        self.assertNotIn("Other programs report the same problem as", text)
        self.assertEqual(phrases, {})


if __name__ == "__main__":
    unittest.main()
