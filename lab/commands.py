# SPDX-License-Identifier: GPL-2.0-or-later
"""What is typed on one boot, each line with the exit code and the words that it must have."""

from __future__ import annotations

from . import job
from .checks import Checks


class Commands:
    """A job of which every answer is checked."""

    def __init__(self, checks: Checks, seconds: int) -> None:
        self.checks, self.seconds, self.job = checks, seconds, job.Job()
        self._wanted: list[tuple[int, str, int, tuple[str, ...]]] = []

    def type(self, line: str, *words: str, code: int = 0) -> None:
        """One line for the shell."""
        self._wanted.append((self.job.run(f"{{ {line}; }} 2>&1", self.seconds), line, code, words))

    def check(self, answer: job.Answer) -> None:
        """Compares the answers with what was wanted."""
        for index, line, code, words in self._wanted:
            said = answer[index].text
            self.checks.equal(f"{line}: {said}", (answer[index].exit, answer[index].timed_out), (code, False))
            for word in words:
                self.checks.true(f"{line} says {word!r}", word in said, said)
