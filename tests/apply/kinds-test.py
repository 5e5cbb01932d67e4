#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Every kind of step is one that drive can apply, and is in an apply that the kill test ends at each of its
calls. A kind of Windows alone is driven and killed there.

usage: kinds-test.py SOURCE_ROOT
"""

import importlib.util
import re
import sys
from pathlib import Path

ROOT = Path(sys.argv[1])
# Kinds that no Linux host can apply: the test that ends them, and what it checks of them.
ELSEWHERE = {"driver_file": ("tests/windows/test-free.py", "self.driver.read_bytes() == DRIVER_BYTES")}


def kinds() -> set[str]:
    """The words of the rows, as a step for drive spells them."""
    return set(re.findall(r"^PP_KIND\(\w+, (\w+)\)", (ROOT / "lib/plan/kinds.def").read_text(), re.MULTILINE))


def driven() -> set[str]:
    """What drive takes in front of a colon."""
    text = (ROOT / "tests/apply/drive.c").read_text()
    return {word.replace("-", "_") for word in re.findall(r'strcmp\(kind, "([a-z-]+)"\)', text)}


def killed() -> set[str]:
    """The kinds of the steps of all hosts of the kill test."""
    sys.path.insert(0, str(ROOT / "tests/apply"))
    spec = importlib.util.spec_from_file_location("kill", ROOT / "tests/apply/test-kill.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return {step.partition(":")[0].replace("-", "_") for _, _, steps, _ in module.HOSTS for step in steps}


def main() -> int:
    known, wrong = kinds(), []
    for what, found in (("drive.c", driven()), ("test-kill.py", killed())):
        wrong += [f"{what}: no step of the kind {kind}" for kind in sorted(known - found - ELSEWHERE.keys())]
        wrong += [f"{what}: {kind} is no kind of step" for kind in sorted(found - known)]
        wrong += [f"{what}: {kind} is there, and in ELSEWHERE" for kind in sorted(found & ELSEWHERE.keys())]
    for kind, (file, text) in ELSEWHERE.items():
        if kind not in known or text not in (ROOT / file).read_text():
            wrong.append(f"{file} does not hold: {text}, or {kind} is no kind of step")
    print("\n".join(wrong) or f"{len(known)} kinds of steps, each applied and killed")
    return 1 if wrong or not known else 0


if __name__ == "__main__":
    sys.exit(main())
