#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The firmware on a machine with one of each kind, and EVs as variables of a real efivarfs."""

from __future__ import annotations

import os
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from lab import initramfs, kernels, places, settings  # noqa: E402
from lab.checks import Checks, main  # noqa: E402
from lab.firmware_log import no_complaints, regions  # noqa: E402
from lab.server import Server  # noqa: E402
from lab.terminal import Terminal  # noqa: E402
from machinery import dmar, recipe  # noqa: E402

PATHS = {
    1: "00:02.0/00.0 00:02.0/00.1",
    2: "00:03.0/00.0/00.0/00.0 00:03.0/00.0/01.0/00.0",
    3: "00:04.0/00.0/01.0",
    5: "00:07.0/00.0",
    17: "00:06.0/00.0",
}
SCHEMA = "evs.xml"


def schema() -> bytes:
    """The lab's own settings, on this machine."""
    text = (places.SOURCE / "schemas" / "lab.xml").read_text()
    return text.replace("Lab Machine", "Gen8").encode()


def variables(t: Terminal) -> None:
    """EVs come, change and go: each is a variable, which the kernel makes immutable."""
    tool = f"pcipass settings {{}} --schema {SCHEMA}"
    t.quietly("modprobe efivarfs && mount -t efivarfs efivarfs /sys/firmware/efi/efivars")
    t.type(tool.format("set") + " Lab_Language=de Lab_Asset_Notes.Line0=rack", "^2 changes")
    t.type("dd if=" + settings.variable("PPLANG") + " bs=64 2>/dev/null | od -An -tx1 -w16",
           r"\A 07 00 00 00 64 65 00 00 00 00\n\Z")
    t.type("! rm -f " + settings.variable("PPNOTES"))
    t.type(tool.format("set") + " Lab_Language=fr Lab_Asset_Notes.Line0=", "^2 changes")
    t.type(tool.format("get") + " Lab_Language", "^Lab_Language=fr$")
    t.type("! ls " + settings.variable("PPNOTES"))
    # The lock stays; of the journal and of temporary files there is nothing left.
    t.type("ls -A /var/lib/pcipass", r"\Aapply\.lock\s*\Z")


def test(checks: Checks) -> None:
    """A card of two functions, a switch on a card, conventional PCI; the newer kernel."""
    kernel = kernels.get("6.12")
    machine = recipe.load(str(places.RECIPES / "kinds.machine"))
    image = initramfs.Image(kernel)
    image.add_file(SCHEMA, schema())
    t = Terminal(checks, sys.stdout.write)
    table = t.job.run("cat /sys/firmware/acpi/tables/DMAR")
    check = t.job.run("pcipass check 05:00.0")
    variables(t)
    with Server(machine, kernel, image) as server:
        a = server.boot(t.job)
    t.tell(a)
    said = regions(a)
    checks.equal("kernel", a.kernel, kernel.release)
    checks.equal("paths", {n: said[n][2] for n in said}, PATHS)
    checks.equal("scopes", [len(r.scopes) for r in dmar.unpack(a[table].stdout).of_kind(1)],
                 [2, 2, 1, 1, 1])
    no_complaints(checks, a)
    checks.equal("check the second drive of the switch", a[check].exit, 1)


if __name__ == "__main__":
    sys.exit(main(test))
