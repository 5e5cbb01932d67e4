# SPDX-License-Identifier: GPL-2.0-or-later
"""What a person types on one boot, what should come, and how it looks on paper."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Callable
from dataclasses import dataclass

from . import job
from .checks import Checks

COLUMNS = 80
TAB_COLUMNS = 4
WIDE_COLUMNS = 400  # no line is cut, so patterns see it whole
PROMPT = "# "
LEFT_OUT = "…"


@dataclass(frozen=True)
class Typed:
    """A line and what is expected of it. Patterns are regular expressions."""

    index: int
    line: str
    exit: int
    wanted: tuple[str, ...]
    shown: str  # only lines that match are printed; empty: all
    quiet: bool


def fold(line: str) -> list[str]:
    """A line as a narrow page has it: cut at blanks, the leading ones kept."""
    line = line.expandtabs(TAB_COLUMNS).rstrip()
    indent = re.match(" *", line)[0]
    return textwrap.wrap(line, COLUMNS, subsequent_indent=indent + "  ", drop_whitespace=True,
                         break_long_words=True, break_on_hyphens=False) or [""]


def fold_command(line: str) -> list[str]:
    """A command that may be typed as it is printed: never cut inside a word or quotes."""
    lines = [PROMPT.strip()]
    for word in re.findall(r"(?:'[^']*'|[^\s'])+", line):
        if len(lines[-1]) + 1 + len(word) > COLUMNS - 2:
            lines[-1] += " \\"
            lines.append("   ")
        lines[-1] += " " + word
    return lines


def visible(text: str, shown: str) -> list[str]:
    """The lines that match; a mark where some between or around them do not."""
    lines: list[str] = []
    for line in text.replace("\r", "").splitlines():
        if re.search(shown, line):
            lines.append(line)
        elif lines[-1:] != [LEFT_OUT]:
            lines.append(LEFT_OUT)
    return lines


class Terminal:
    """Fill it, boot its job, have it told."""

    def __init__(self, checks: Checks, write: Callable[[str], object]) -> None:
        self.job = job.Job()
        self.checks = checks
        self._write = write
        self._typed: list[Typed | str] = []

    def say(self, text: str) -> None:
        """A sentence between commands."""
        self._typed.append(text)

    def quietly(self, line: str, seconds: int = job.COMMAND_SECONDS) -> None:
        """What must be done and is not worth telling."""
        self._typed.append(Typed(self.job.run(line, seconds), line, 0, (), "", True))

    def type(self, line: str, *wanted: str, code: int = 0, shown: str = "",
             wide: bool = False, seconds: int = job.COMMAND_SECONDS) -> None:
        """A command, its exit code, and what its output must match."""
        columns = WIDE_COLUMNS if wide else COLUMNS
        index = self.job.run(f"export COLUMNS={columns}; {{ {line}; }} 2>&1", seconds)
        self._typed.append(Typed(index, line, code, wanted, shown, False))

    def tell(self, answer: job.Answer) -> None:
        """Prints commands and answers, and holds these against what was expected."""
        for item in self._typed:
            if isinstance(item, str):
                self._print("", *textwrap.wrap(item, COLUMNS))
                continue
            result = answer[item.index]
            if not item.quiet:
                self._show(item, result)
            self._check(item, result)

    def _print(self, *lines: str) -> None:
        for line in lines:
            self._write(line + "\n")

    def _show(self, typed: Typed, result: job.Result) -> None:
        self._print("", *fold_command(typed.line))
        for line in visible(result.text, typed.shown):
            self._print(*fold(line))
        if result.timed_out:
            self._print("[ran into its time limit]")
        elif result.exit:
            self._print(f"[exit status {result.exit}]")

    def _check(self, typed: Typed, result: job.Result) -> None:
        said = result.text + result.stderr.decode("utf-8", "replace")
        self.checks.equal(f"exit status of {typed.line}: {said}",
                          (result.exit, result.timed_out), (typed.exit, False))
        for pattern in typed.wanted:
            self.checks.true(f"{typed.line} says {pattern!r}",
                             re.search(pattern, said, re.MULTILINE), said)


Chapter = Callable[[Terminal], None]
