# SPDX-License-Identifier: GPL-2.0-or-later
"""The truth run: random machines boot, and every verdict is held against a real attach.

Exit codes: 0 all agree, 1 something does not, 4 a machine gave no answer, 77 cannot run here.
"""

from __future__ import annotations

import argparse
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from . import arm, cdev, generate, initramfs, kernels, places, qemu, tables
from .agreement import Agreement, compare
from .kernels import Kernel
from .server import Server
from .trial import ATTACHED, HUNG, NOT_TRIED, REFUSED, Asked, Broken
from machinery import recipe
from machinery.model import Machine

AT_ONCE = 2
KERNELS = ("6.1", "6.12")  # of "./run test"
DRIVERS = tuple(sorted({k.driver for k in generate.KINDS if k.driver}))
AGREE, DISAGREE, FAILED = 0, 1, 4


@dataclass
class Outcome:
    """One machine: its recipe and what it came to."""

    name: str
    text: str
    agreement: Agreement = field(default_factory=Agreement)
    fault: str = ""  # why there was no answer
    seconds: float = 0.0


def image_for(kernel: Kernel, command: Path | None = None) -> initramfs.Image:
    """The image of a run: with every driver that a recipe may ask for."""
    image = initramfs.Image(kernel, command)
    image.add_modules(*DRIVERS, *generate.STAND_INS)
    image.pack()
    return image


def _server(machine: Machine, kernel: Kernel, image: initramfs.Image) -> Server:
    if machine.arm:
        return arm.ArmServer(machine, kernel, image, f"{machine.cmdline} {arm.ALWAYS}")
    words = [machine.cmdline, qemu.ALWAYS, *tables.reserving_words(machine)]
    return Server(machine, kernel, image, firmware=False, cmdline=" ".join(words))


def boot(name: str, text: str, kernel: Kernel, image: initramfs.Image) -> Outcome:
    """Boots a recipe and compares."""
    outcome = Outcome(name, text)
    machine = recipe.loads(text, str(places.RECIPES))
    asked = Asked(machine)
    try:
        with _server(machine, kernel, image) as server:
            answer = server.boot(asked.job, tables.early_from_recipe(machine))
            trial = asked.read(kernel, answer)
        outcome.agreement = compare(machine, trial)
    except (qemu.Failed, Broken, ValueError) as e:
        outcome.fault = f"{type(e).__name__}: {e}"
        return outcome
    outcome.seconds = trial.seconds
    return outcome


class Report:
    """Counts over machines, and what is said of each."""

    def __init__(self, release: str, keep: bool = False) -> None:
        self.release = release
        self.keep = keep
        self.directory = places.BUILD / "truth"
        self.outcomes: list[Outcome] = []

    def add(self, outcome: Outcome) -> None:
        """Tells what does not agree, and keeps its recipe."""
        self.outcomes.append(outcome)
        a = outcome.agreement
        print(f"{outcome.name}: {len(a.devices)} devices, {outcome.seconds:.0f} s",
              file=sys.stderr)
        for device in a.devices:
            if not device.counts:
                print(f"  {device.address} {device.attempt.outcome}: {device.attempt.reason}",
                      file=sys.stderr)
        wrong = bool(outcome.fault or a.wrong or a.wrong_groups)
        if not wrong and not self.keep:
            return
        self.directory.mkdir(parents=True, exist_ok=True)
        path = self.directory / f"{outcome.name}.machine"
        path.write_text(outcome.text)
        if not wrong:
            return
        print(f"--- {path}")
        for device in a.wrong:
            print(device.story())
        for text in a.wrong_groups:
            print(f"group of {text}")
        if outcome.fault:
            print(f"no answer: {outcome.fault}")
        print(outcome.text, flush=True)

    def _outcomes(self, *kinds: str) -> int:
        return sum(d.attempt.outcome in kinds for o in self.outcomes for d in o.agreement.devices)

    @property
    def by_region(self) -> int:
        """Devices that were refused in the kernel's words for a region."""
        return sum(d.by_region for o in self.outcomes for d in o.agreement.devices)

    @property
    def attached(self) -> int:
        """Devices that attached."""
        return self._outcomes(ATTACHED)

    @property
    def devices(self) -> int:
        """Those that were tried."""
        return self._outcomes(ATTACHED, REFUSED)

    @property
    def wrong(self) -> int:
        """Devices that do not agree."""
        return sum(len(o.agreement.wrong) for o in self.outcomes)

    @property
    def wrong_groups(self) -> int:
        """Functions whose group does not agree."""
        return sum(len(o.agreement.wrong_groups) for o in self.outcomes)

    @property
    def faults(self) -> int:
        """Machines without an answer."""
        return sum(bool(o.fault) for o in self.outcomes)

    def summary(self) -> str:
        """The last lines of a run."""
        groups = sum(o.agreement.groups for o in self.outcomes)
        skipped = self._outcomes(NOT_TRIED, HUNG)
        return "\n".join((
            f"agreement: {self.devices - self.wrong} of {self.devices} devices on "
            f"{len(self.outcomes) - self.faults} machines, kernel {self.release}",
            f"groups: {groups - self.wrong_groups} of {groups} devices, computed with and without "
            "the kernel's",
            f"attached {self.attached}, refused {self._outcomes(REFUSED)} "
            f"({self.by_region} for a region), not tried {skipped} "
            f"({self._outcomes(HUNG)} hung), no answer from {self.faults} machines"))

    @property
    def code(self) -> int:
        """The exit code."""
        if self.faults:
            return FAILED
        return DISAGREE if self.wrong or self.wrong_groups else AGREE


def run(series: str, recipes: list[tuple[str, str]], command: Path | None = None,
        keep: bool = False, arch: str = places.NATIVE) -> Report:
    """Boots recipes (name and text), two at once; tells what does not agree as it goes."""
    kernel = cdev.get(series) if series in cdev.WAYS else kernels.get(series, arch)
    image = image_for(kernel, command)
    report = Report(kernel.release, keep)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for outcome in pool.map(lambda r: boot(*r, kernel, image), recipes):
            report.add(outcome)
    return report


def generated(series: str, seed: int, first: int, count: int,
              iommu: str = "mixed") -> list[tuple[str, str]]:
    """Names and texts of so many machines of a seed."""
    prefix = "arm-" if iommu == "smmu" else ""
    return [(f"{prefix}{series}-{seed}-{n}", generate.recipe_text(seed, n, iommu))
            for n in range(first, first + count)]


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="./run truth", description=__doc__.splitlines()[0])
    parser.add_argument("--machines", type=int, default=10, metavar="N", help="how many")
    parser.add_argument("--seed", type=int, default=1, metavar="S", help="which")
    parser.add_argument("--first", type=int, default=0, metavar="N", help="number of the first")
    parser.add_argument("--kernel", help="both, cdev: the newest with VFIO's groups and device "
                        "files, or with device files alone", choices=(*KERNELS, kernels.NEWEST, *cdev.WAYS), default="6.1")
    parser.add_argument("--iommu", choices=("mixed", "intel", "amd"), default="mixed",
                        help="mixed: every eighth machine is AMD's")
    parser.add_argument("--arm", action="store_true", help="Arm machines, built by ./run arm64")
    parser.add_argument("--recipe", type=Path, metavar="FILE", help="this machine, no random one")
    parser.add_argument("--command", type=Path, metavar="PCIPASS", help="another pcipass")
    parser.add_argument("--keep", action="store_true", help="keep every recipe in build/truth")
    return parser.parse_args()


def main() -> int:
    """The command."""
    o = _arguments()
    recipes = generated(o.kernel, o.seed, o.first, o.machines, "smmu" if o.arm else o.iommu)
    if o.recipe:
        recipes = [(o.recipe.stem, o.recipe.read_text(encoding="utf-8"))]
    start = time.monotonic()
    try:
        report = run(o.kernel, recipes, o.command, o.keep, arm.ARCH if o.arm else places.NATIVE)
    except places.Skip as e:
        print(f"skipped: {e}")
        return 77
    print(report.summary())
    print(f"{time.monotonic() - start:.0f} s")
    return report.code


if __name__ == "__main__":
    sys.exit(main())
