# SPDX-License-Identifier: GPL-2.0-or-later
"""Every name of this system's pci.ids, and ids that it does not have, as libpci gives them."""

import ctypes
import random
import re
import subprocess
import sys
from pathlib import Path

IDS = Path("/usr/share/misc/pci.ids")
LOOKUP_VENDOR, LOOKUP_DEVICE, LOOKUP_CLASS, LOOKUP_NO_HWDB = 1, 2, 4, 0x800000


def questions(text: str) -> list:
    found, vendor, base = [], None, None
    for line in text.splitlines():
        if m := re.match(r"([0-9a-f]{4})\s", line):
            vendor, base = m[1], None
            found += [f"{vendor} fffe", f"{vendor} 0000"]
        elif m := re.match(r"C ([0-9a-f]{2})\s", line):
            vendor, base = None, m[1]
            found += [f"C {base}00", f"C {base}7e"]
        elif m := re.match(r"\t([0-9a-f]{4})\s", line):
            found.append(f"{vendor} {m[1]}")
        elif (m := re.match(r"\t([0-9a-f]{2})\s", line)) and base:
            found.append(f"C {base}{m[1]}")
    rng = random.Random(4)
    found += [f"{rng.randrange(1 << 16):04x} {rng.randrange(1 << 16):04x}" for _ in range(2000)]
    found += [f"C {code:04x}" for code in range(0, 1 << 16, 251)]
    rng.shuffle(found)
    return found


Said = ctypes.CFUNCTYPE(None, ctypes.c_char_p)


class Access(ctypes.Structure):
    """The first members of libpci's struct pci_access, which its pci/pci.h makes public."""

    _fields_ = [("method", ctypes.c_uint), ("writeable", ctypes.c_int), ("buscentric", ctypes.c_int),
                ("id_file_name", ctypes.c_char_p), ("free_id_name", ctypes.c_int),
                ("numeric_ids", ctypes.c_int), ("id_lookup_mode", ctypes.c_uint),
                ("debugging", ctypes.c_int), ("error", Said), ("warning", Said), ("debug", Said)]


def libpci_names(asked: list) -> list:
    pci = ctypes.CDLL("libpci.so.3")
    pci.pci_alloc.restype = ctypes.POINTER(Access)
    pci.pci_lookup_name.restype = ctypes.c_char_p
    access, buf, names = pci.pci_alloc(), ctypes.create_string_buffer(512), []
    # It calls these unasked, and without pci_init(), which looks for devices, nobody has set them.
    access.contents.error = access.contents.warning = access.contents.debug = said = Said(lambda text: None)
    for line in asked:
        first, second = line.split()
        if first == "C":
            flags, ids = LOOKUP_CLASS, [int(second, 16)]
        else:
            flags, ids = LOOKUP_VENDOR | LOOKUP_DEVICE, [int(first, 16), int(second, 16)]
        name = pci.pci_lookup_name(access, buf, ctypes.c_int(512),
                                   ctypes.c_int(flags | LOOKUP_NO_HWDB), *map(ctypes.c_int, ids))
        names.append(name.decode())
    del said
    return names


def main(dump: str) -> int:
    if not IDS.exists():
        print("skipped: no pci.ids on this system")
        return 77
    asked = questions(IDS.read_text(encoding="utf-8"))
    try:
        wanted = libpci_names(asked)
    except OSError as e:
        print(f"skipped: {e}")
        return 77
    got = subprocess.run([dump, str(IDS)], input="\n".join(asked) + "\n", capture_output=True, text=True,
                         check=True, encoding="utf-8").stdout.split("\n")[:-1]
    assert len(got) == len(asked) > 20000, (len(got), len(asked))
    differ = [(a, w, g) for a, w, g in zip(asked, wanted, got) if w != g]
    for line in differ[:20]:
        print("%s: libpci %r, here %r" % line)
    print(f"{len(asked)} names, {len(differ)} differ")
    return 1 if differ else 0


sys.exit(main(*sys.argv[1:]))
