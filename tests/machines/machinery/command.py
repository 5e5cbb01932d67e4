# SPDX-License-Identifier: GPL-2.0-or-later
"""Makes the tree of a sample machine from its recipe, or a generated host of many functions."""

from __future__ import annotations

import argparse
import os
import sys

from . import generate, recipe, sinks, tree, windows
from .model import MachineError, MissingData

SKIPPED = 77


def _arguments(words: list[str]) -> argparse.Namespace:
    p = argparse.ArgumentParser(prog="mkmachine", description=__doc__)
    p.add_argument("recipe", nargs="?", help="a .machine file")
    p.add_argument("--generate", type=int, metavar="N", help="a host of N functions instead")
    p.add_argument("-o", "--output", required=True,
                   help="a directory (new or empty), or a name that ends in .tar or .tar.gz")
    who = p.add_mutually_exclusive_group()
    who.add_argument("--as-root", dest="as_root", action="store_true", default=None)
    who.add_argument("--as-user", dest="as_root", action="store_false")
    p.add_argument("--windows", action="store_true", help="as a capture made under Windows has it")
    p.add_argument("-v", "--verbose", action="store_true", help="say how many files were made")
    args = p.parse_args(words)
    if (args.recipe is None) == (args.generate is None):
        p.error("want either a recipe or --generate")
    return args


def make(*words: str | os.PathLike) -> tuple[int, int]:
    """As the program with these arguments, in this process: its numbers of functions, and of files and links.
    Raises MissingData, MachineError or OSError."""
    args = _arguments([os.fspath(word) for word in words])
    machine = recipe.load(args.recipe) if args.recipe else generate.machine(args.generate)
    if args.as_root is not None:
        machine.as_root = args.as_root
    # All checks are done before anything is written.
    writer = windows.WindowsWriter(machine) if args.windows else tree.TreeWriter(machine)
    sink = sinks.open_sink(args.output)
    writer.write(sink)
    sink.close()
    return len(machine.functions), sink.files


def main(words: list[str]) -> int:
    """0 done, 77 the recipe needs data that is not there, 1 failed."""
    try:
        functions, files = make(*words)
    except MissingData as e:
        print(f"skipped: {e}")
        return SKIPPED
    except (MachineError, OSError) as e:
        print(f"mkmachine: {e}", file=sys.stderr)
        return 1
    if _arguments(words).verbose:
        print(f"{functions} functions, {files} files and links")
    return 0
