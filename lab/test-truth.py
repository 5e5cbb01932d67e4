#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A short truth run on both kernels, with the machines that are easily judged wrongly; and the proof
that such a run notices a wrong rule."""

from __future__ import annotations

import contextlib
import io
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from lab import generate, places, truth  # noqa: E402
from lab.agreement import REGION_TEXT, compare  # noqa: E402
from lab.checks import Checks, main  # noqa: E402
from lab.trial import ATTACHED, NOT_TRIED, REFUSED, Attempt, Trial  # noqa: E402
from machinery import recipe  # noqa: E402

SEED = 1
# Numbers of machines, by kernel; the last of each is AMD's.
RUNS = {"6.1": (4, 4), "6.12": (4, 4)}
REGRESSIONS = places.RECIPES / "regressions"

HELD = """system HP "ProLiant DL380p Gen8"
iommu intel
cmdline intel_iommu=on iommu=pt
00:02.0 1b36:000c root-port acs slot=2
  00.0 8086:10d3 ethernet name=held
drhd fed90000 all ioapic:00@ff:00.0
rmrr 7fff8000-7fff8fff held
"""


def judged(series: str, verdict: str, rule: str, attempt: Attempt, text: str = HELD) -> str:
    """What is wrong with a prediction and an answer, made up."""
    effect = "blocks" if verdict.startswith("blocked") else "informs"
    finding = {"rule": rule, "effect": effect, "text": ""}
    row = {"address": "0000:01:00.0", "verdict": verdict, "findings": [finding]}
    trial = Trial(series, {"devices": [row]}, {}, {}, {"0000:01:00.0": attempt}, 0)
    return compare(recipe.loads(text), trial).devices[0].wrong


def comparisons(checks: Checks) -> None:
    """Each way not to agree is seen, and agreement is."""
    attached = Attempt(ATTACHED)
    region = {series: Attempt(REFUSED, "set-container", errno, [f"x: {words}."])
              for series, (errno, words) in REGION_TEXT.items()}
    silent = Attempt(REFUSED, "set-container", 1)
    unknown = HELD + 'unknown held "nobody can tell"\n'
    agree = [("6.1", "care", "", attached), ("6.1", "blocked", "rmrr-hard", region["6.1"]),
             ("6.12", "blocked-fixable", "region-companion", region["6.12"]),
             ("7.3", "blocked", "rmrr-hard", region["6.12"]),
             ("6.1", "blocked", "bridge-driver", Attempt(REFUSED, "get-status")),
             ("6.1", "unknown", "", attached, unknown),
             ("6.1", "blocked", "no-group", Attempt(NOT_TRIED))]
    differ = [("6.1", "assignable", "", region["6.1"]), ("6.1", "blocked", "rmrr-hard", attached),
              ("6.12", "blocked", "rmrr-hard", region["6.1"]),
              ("7.3", "blocked", "rmrr-hard", region["6.1"]),
              ("6.1", "blocked", "rmrr-hard", silent),
              ("6.1", "blocked", "bridge-driver", region["6.1"]),
              ("6.1", "blocked", "a-new-rule", region["6.1"]),
              ("6.1", "unknown", "", attached), ("6.1", "not-endpoint", "", attached)]
    for case in agree:
        checks.equal(f"agrees: {case}", judged(*case), "")
    for case in differ:
        checks.true(f"differs: {case}", bool(judged(*case)))
    grouped = Trial("6.1", {"devices": []}, {"a": "1", "b": "1", "c": "2"}, {"hidden": {
        "access_control": "assumed", "groups": [
            {"number": 0, "devices": [{"address": "a"}]},
            {"number": 1, "devices": [{"address": "b"}, {"address": "c"}]}]}}, {}, 0)
    checks.equal("wrong groups", len(compare(recipe.loads(HELD), grouped).wrong_groups), 3)
    grouped.kernel_groups["b"], grouped.kernel_groups["c"] = "3", "3"
    checks.equal("right groups", compare(recipe.loads(HELD), grouped).wrong_groups, [])


def short_run(checks: Checks, series: str) -> None:
    """Random machines, and the regressions: all agree, and each answer of interest was given."""
    first, count = RUNS[series]
    recipes = truth.generated(series, SEED, first, count)
    recipes += [(p.stem, p.read_text(encoding="utf-8"))
                for p in sorted(REGRESSIONS.glob("*.machine"))]
    report = truth.run(series, recipes)
    print(report.summary())
    checks.equal(f"{series}: exit code", report.code, truth.AGREE)
    checks.true(f"{series}: devices were tried", report.devices >= 4 * count, report.devices)
    checks.true(f"{series}: the kernel's words about a region", report.by_region > 0)
    checks.true(f"{series}: some attach", report.attached > count, report.attached)


def wrong_rule(checks: Checks) -> None:
    """The same machine with the right command and with one that lacks a rule."""
    right = truth.run("6.1", [("held", HELD)])
    checks.equal("a held device", (right.code, right.by_region), (truth.AGREE, 1))
    wrong = places.built("lab/wrong/pcipass-wrong", "build it first")
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        report = truth.run("6.1", [("held", HELD)], wrong)
    checks.equal("with a wrong rule", (report.code, report.wrong), (truth.DISAGREE, 1))
    checks.true("what it tells", "0000:01:00.0: assignable: refused at set-container"
                in said.getvalue() and "rmrr 7fff8000" in said.getvalue(), said.getvalue())


def reproducible(checks: Checks) -> None:
    """A seed is a machine."""
    texts = [generate.recipe_text(SEED, n) for n in range(50)]
    checks.equal("the same again", [generate.recipe_text(SEED, n) for n in range(50)], texts)
    checks.equal("another each", len(set(texts)), 50)


def test(checks: Checks) -> None:
    """All of it."""
    reproducible(checks)
    comparisons(checks)
    for series in truth.KERNELS:
        short_run(checks, series)
    wrong_rule(checks)


if __name__ == "__main__":
    sys.exit(main(test))
