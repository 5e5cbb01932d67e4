#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The decisions of doc/decisions: numbered without a gap, dated, with a status, and all in the index.

usage: decisions-test.py SOURCE_ROOT
"""

import datetime
import re
import sys
from pathlib import Path

HEAD = re.compile(r"# (?P<title>\S.*)\n\n- Date: (?P<date>\d{4}-\d\d-\d\d)\n- Status: (?P<status>.+)\n\n\S")
STATUS = re.compile(r"accepted|withdrawn|superseded by (?P<by>\d+)")


def row_of(path: Path, wrong: list, count: int) -> str:
    """The row that the index must have for a decision."""
    head = HEAD.match(path.read_text())
    if not head:
        wrong.append(f"{path.name}: must begin with a heading, '- Date: YYYY-MM-DD' and '- Status: ...'")
        return ""
    datetime.date.fromisoformat(head["date"])
    status = STATUS.fullmatch(head["status"])
    if not status:
        wrong.append(f"{path.name}: status '{head['status']}'")
    elif status["by"] and not int(path.name[:4]) < int(status["by"]) <= count:
        wrong.append(f"{path.name}: superseded by a decision that is not a later one")
    return f"| [{int(path.name[:4])}]({path.name}) | {head['date']} | {head['status']} | {head['title']} |"


def main() -> int:
    directory = Path(sys.argv[1]) / "doc/decisions"
    files = sorted(p for p in directory.glob("*.md") if p.name != "README.md")
    wrong = [f"{p.name}: want {n:04d}-*.md" for n, p in enumerate(files, 1)
             if not re.fullmatch(rf"{n:04d}-[a-z0-9-]+\.md", p.name)]
    want = [row_of(p, wrong, len(files)) for p in files]
    index = re.findall(r"^\| \[.*$", (directory / "README.md").read_text(), re.MULTILINE)
    wrong += [f"README.md lacks: {row}" for row in want if row not in index]
    wrong += [f"README.md has, but no file says so: {row}" for row in index if row not in want]
    print("\n".join(wrong) or f"{len(files)} decisions")
    return 1 if wrong or not files else 0


if __name__ == "__main__":
    sys.exit(main())
