# SPDX-License-Identifier: GPL-2.0-or-later
"""Sample machines as directories that a test may change, and plans made of them."""

import atexit
import functools
import json
import shutil
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "host"))
from hosttree import Case  # noqa: E402

RECIPES = Path(__file__).parent.parent / "machines"
sys.path.insert(0, str(RECIPES))
from machinery.command import make  # noqa: E402


@functools.cache
def made(recipe: str, name: str) -> Path:
    """A sample or a recipe's text as an archive (host.tar) or a tree (host); made once."""
    directory = tempfile.TemporaryDirectory()
    atexit.register(directory.cleanup)
    path = RECIPES / f"{recipe}.machine"
    if "\n" in recipe:
        path = Path(directory.name) / "own.machine"
        path.write_text(recipe.replace("include ", f"include {RECIPES}/"))
    make(path, "-o", Path(directory.name) / name)
    return Path(directory.name) / name


class Planning(Case):
    """Asks for plans, and holds hosts against them."""

    def sample(self, recipe: str) -> Path:
        """The sample as an archive, for all tests: one file is read faster than thousands."""
        return made(recipe, "host.tar")

    def own(self, recipe: str) -> Path:
        """A copy of the sample's tree, for this test to change."""
        root = self.directory / "own"
        shutil.copytree(made(recipe, "host"), root, symlinks=True)
        return root

    def plan(self, root: Path, wish: str, *options: str) -> dict:
        """The plan as its JSON; of one that is all to be done by hand the exit code says so."""
        run = self.run_pcipass("free", wish, "--dry-run", "--json", *options, path=root)
        self.assertIn(run.returncode, (0, 1), run.stderr)
        plan = json.loads(run.stdout)
        by_hand = bool(plan["steps"]) and all(s["kind"] == "instruction" for s in plan["steps"])
        self.assertEqual(run.returncode, by_hand, run.stdout)
        return plan

    def refused(self, root: Path, wish: str, *options: str, code: int = 1) -> str:
        """Why there is no plan."""
        run = self.run_pcipass("free", wish, "--dry-run", *options, path=root)
        self.assertEqual(run.returncode, code, run.stdout + run.stderr)
        self.assertEqual(run.stdout, "")
        return run.stderr

    def file(self, plan: dict | str, name: str = "plan.json") -> Path:
        """The plan in a file."""
        path = self.directory / name
        path.write_text(plan if isinstance(plan, str) else json.dumps(plan))
        return path

    def verify(self, root: Path, plan: dict, code: int) -> dict:
        """The answers by what was asked; of several devices, of the first."""
        run = self.run_pcipass("verify", "--plan", self.file(plan), "--json", path=root)
        self.assertEqual(run.returncode, code, run.stdout + run.stderr)
        document = json.loads(run.stdout)
        self.assertEqual(document["result"], {0: "yes", 1: "no", 3: "unknown"}[code])
        return {c["what"]: c for c in reversed(document["checks"])}
