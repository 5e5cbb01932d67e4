# SPDX-License-Identifier: GPL-2.0-or-later
"""The setting of the lab's firmware, written from the guest by plain means: no command of ours.

Names and places are read from the header that firmware and library share.
"""

from __future__ import annotations

import re

from . import places

HEADER = places.SOURCE / "lib" / "store" / "efi-names.h"
FOLDER = "/sys/firmware/efi/efivars"
ATTRIBUTE_BYTES = 4  # efivarfs puts them in front of the value


def _defined(name: str) -> str:
    found = re.search(rf"^#define {name}\s+(\S+)", HEADER.read_text(), re.MULTILINE)
    if not found:
        raise ValueError(f"{HEADER}: no {name}")
    return found[1].strip('"')


def variable(name: str) -> str:
    """The file of a variable under this project's vendor id."""
    return f"{FOLDER}/{name}-{_defined('PP_EFI_VENDOR_TEXT')}"


VARIABLE = variable(_defined("PP_EFI_NVRAM_NAME"))
NVRAM_BYTES = int(_defined("PP_EFI_NVRAM_BYTES"), 0)
OFFSET = int(_defined("PP_EFI_RMRDS_OFFSET"), 0)


def replace(size: int, fill: int) -> str:
    """A line that makes the variable one of so many bytes, all of them `fill`.

    A variable is written whole, by one write(); the kernel guards it by the immutable flag.
    """
    return (f"v={VARIABLE} && chattr -i $v && rm $v && "
            f"(printf '\\007\\000\\000\\000'; "
            f"head -c {size} /dev/zero | tr '\\000' '\\{fill:03o}') >/tmp/nvram && "
            "dd if=/tmp/nvram of=$v bs=65536")


def nvram(content: bytes) -> dict[int, int]:
    """The bytes of the NVRAM that are not zero, by offset, from the variable's file."""
    if len(content) != ATTRIBUTE_BYTES + NVRAM_BYTES:
        raise ValueError(f"a variable of {len(content)} bytes, want 4 + {NVRAM_BYTES}")
    return {at: byte for at, byte in enumerate(content[ATTRIBUTE_BYTES:]) if byte}
