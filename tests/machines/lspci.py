# SPDX-License-Identifier: GPL-2.0-or-later
"""What the real lspci says of a tree, for comparison with a recipe."""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass

FIRST_LINE = re.compile(r"([0-9a-f]{4,5}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-7]) .* ?\[([0-9a-f]{4})\]: "
                        r".*\[([0-9a-f]{4}):([0-9a-f]{4})\]")
ACS_BITS = (("SrcValid", 0x01), ("TransBlk", 0x02), ("ReqRedir", 0x04), ("CmpltRedir", 0x08),
            ("UpstreamFwd", 0x10), ("EgressCtrl", 0x20), ("DirectTrans", 0x40))


@dataclass
class Row:
    """One device as lspci shows it."""

    class_code: int
    ids: tuple[int, int]
    body: str

    def field(self, name: str) -> str | None:
        """Text after "name: " on a line of its own."""
        found = re.search(rf"^\s+{re.escape(name)}: (.*)$", self.body, re.MULTILINE)
        return found[1] if found else None

    def has(self, text: str) -> bool:
        """Whether the text stands anywhere in the device's lines."""
        return text in self.body

    def acs(self) -> tuple[int, int] | None:
        """Capability and control bits."""
        words = []
        for which in ("ACSCap", "ACSCtl"):
            found = re.search(rf"{which}:\s+(.*)$", self.body, re.MULTILINE)
            if not found:
                return None
            words.append(sum(bit for name, bit in ACS_BITS if f"{name}+" in found[1]))
        return words[0], words[1]


def run(tree: str) -> dict[str, Row]:
    """Every device in a tree, by address."""
    text = subprocess.run(
        ["lspci", "-A", "linux-sysfs", "-O", f"sysfs.path={tree}/sys/bus/pci", "-D", "-nn", "-vv"],
        check=True, capture_output=True, text=True, errors="replace").stdout
    rows = {}
    for block in text.strip().split("\n\n"):
        first, _, body = block.partition("\n")
        found = FIRST_LINE.match(first)
        if not found:
            raise ValueError(f"lspci: {first!r}")
        rows[found[1]] = Row(int(found[2], 16), (int(found[3], 16), int(found[4], 16)), body)
    return rows
