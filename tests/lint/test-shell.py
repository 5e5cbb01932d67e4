#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""shellcheck has nothing to say about the shell scripts. An exception stands in the script, with its reason.

usage: test-shell.py SOURCE_ROOT

Those of findings/ have a test of their own.
"""

import re
import shutil
import subprocess
import sys
from pathlib import Path

INTERPRETER = re.compile(rb"#! ?(/usr/bin/env |/bin/)(ba|da)?sh\b")
# Scripts that something else reads.
READ = ("packaging/PKGBUILD", "completions/pcipass.bash")


def scripts(root: Path) -> list[str]:
    """Of the files that git knows, or of all where this is no checkout."""
    git = shutil.which("git")
    known = subprocess.run([git, "-C", root, "ls-files", "-z"], capture_output=True, text=True,
                           check=False).stdout if git else ""
    names = known.split("\0") if known else [
        str(p.relative_to(root)) for p in root.rglob("*") if not p.relative_to(root).parts[0].startswith("build")]
    found = list(READ)
    for name in names:
        path = root / name
        if name.startswith("findings/") or not name or path.is_symlink() or not path.is_file():
            continue
        with path.open("rb") as file:
            if INTERPRETER.match(file.read(32)):
                found.append(name)
    return found


def main() -> int:
    if not shutil.which("shellcheck"):
        print("skipped: shellcheck is not installed")
        return 77
    root = Path(sys.argv[1])
    found = scripts(root)
    # Fewer would mean that they were not found.
    assert {"run", "debian/pcipass.postrm", "windows/build-libs", "tests/harness/release"} <= set(found), found
    return subprocess.run(["shellcheck", "--format=gcc", *found], cwd=root, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
