#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A short truth run on both kernels, every machine that was once judged wrongly, and the proof that
such a run notices a wrong rule."""

from __future__ import annotations

import contextlib
import io
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from lab import generate, places, truth  # noqa: E402
from lab.checks import Checks, main  # noqa: E402

SEED = 1
# Numbers of machines, by kernel; the last of each is AMD's.
RUNS = {"6.1": (0, 8), "6.12": (4, 4)}
REGRESSIONS = places.RECIPES / "regressions"

HELD = """system HP "ProLiant DL380p Gen8"
iommu intel
cmdline intel_iommu=on iommu=pt
00:02.0 1b36:000c root-port acs slot=2
  00.0 8086:10d3 ethernet name=held
drhd fed90000 all ioapic:00@ff:00.0
rmrr 7fff8000-7fff8fff held
"""


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
    for series in truth.KERNELS:
        short_run(checks, series)
    wrong_rule(checks)


if __name__ == "__main__":
    sys.exit(main(test))
