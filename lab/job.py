# SPDX-License-Identifier: GPL-2.0-or-later
"""What a virtual server is asked to run, and its answer. guest/runner.c is the other side."""

from __future__ import annotations

import json
from dataclasses import dataclass, field

from . import cpio

COMMAND_SECONDS = 30


class Job:
    """Lines for the shell, run in order whatever the ones before them did."""

    def __init__(self) -> None:
        self._records: list[bytes] = []

    def run(self, line: str, seconds: int = COMMAND_SECONDS) -> int:
        """Adds a line; returns the index of its result in the answer."""
        self._records.append(f"{seconds} {line}".encode() + b"\0")
        return len(self._records) - 1

    def modules(self, *names: str) -> int:
        """Loads modules that the image has."""
        return self.run("modprobe -a " + " ".join(names))

    def efi_variables(self) -> int:
        """Mounts the UEFI variables at their usual place."""
        return self.run("modprobe efivarfs && "
                        "mount -t efivarfs efivarfs /sys/firmware/efi/efivars")

    def records(self) -> bytes:
        """As the runner reads it."""
        return b"".join(self._records)

    def pack(self) -> bytes:
        """An archive that goes behind the image."""
        archive = cpio.Archive()
        archive.file("job", self.records())
        return archive.pack()


@dataclass(frozen=True)
class Result:
    """What became of one command."""

    command: str
    exit: int  # as a shell says it: 128 + the signal
    timed_out: bool
    wall_ms: int
    stdout: bytes
    stderr: bytes
    log: list[str]  # what the kernel logged meanwhile

    @property
    def text(self) -> str:
        """Standard output as text."""
        return self.stdout.decode("utf-8", "replace")

    def json(self) -> dict:
        """Standard output as a JSON document."""
        return json.loads(self.stdout)


@dataclass
class Answer:
    """What one boot came to."""

    kernel: str
    log: list[str]  # the kernel's, up to the first command
    results: list[Result]
    firmware: list[str] = field(default_factory=list)  # lines of the lab's own firmware
    seconds: float = 0.0  # from the start of the emulator to its end
    retries: int = 0

    def __getitem__(self, index: int) -> Result:
        return self.results[index]


def _bytes(text: str) -> bytes:
    """The runner writes each byte as the code point of its value."""
    return text.encode("latin-1")


def _text(text: str) -> str:
    return _bytes(text).decode("utf-8", "replace")


def parse_answer(data: bytes) -> Answer:
    """Reads the runner's document; ValueError: it is not whole."""
    document = json.loads(data)
    results = [Result(_text(c["command"]), c["exit"], c["timed_out"], c["wall_ms"],
                      _bytes(c["stdout"]), _bytes(c["stderr"]), [_text(s) for s in c["log"]])
               for c in document["commands"]]
    return Answer(_text(document["kernel"]), [_text(s) for s in document["log"]], results)
