#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""For each slot of recorded HP servers: is an RMRDS setting offered?

usage: rmrds-slots.py PCIPASS DMIDECODE_FOLDER ACCEPTED_FILE [--print]

Each text of dmidecode becomes a host: its SMBIOS table, a card at the address of every slot, and one
reserved region that holds them all. The answers are compared with a table that a person has read; a
line of it is how many slots, product, designation, the name of the place, and the answer. --print
writes the table as it is now.
"""
import os
import shutil
import sys
import tempfile
from collections import Counter
from pathlib import Path

ARGUMENTS = sys.argv[1:]
HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "host"), str(HERE.parent / "smbios")]

import dmitext  # noqa: E402
import hosttree  # noqa: E402

REGION = (0xBDF83000, 0xBDF84FFF)


def address_of(record):
    """Address of a slot's card as text, or None; some firmware writes ffff where it has no segment."""
    text = record.fields.get("Bus Address")
    if not text:
        return None
    segment, rest = text.split(":", 1)
    return f"{'0000' if segment == 'ffff' else segment}:{rest}"


class Server(hosttree.Case):
    """Not a test: the helpers of one, for a server at a time."""

    def runTest(self):
        """Nothing."""

    def answers(self, text):
        """(product, designation, place, answer) of each slot."""
        records = dmitext.parse_text(text)
        slots = [r for r in records if r.type == 9]
        tree = self.host("6.1.0-25-amd64")
        tree.write("sys/firmware/dmi/tables/DMI", dmitext.compile_records(records))
        addresses = sorted({a for a in map(address_of, slots) if a and a != "0000:00:00.0"})
        scopes = []
        for group, address in enumerate(addresses):
            tree.device(address, 0x010700, group=group)
            tree.regions(group, "0x%016x 0x%016x direct" % REGION)
            _, bus, rest = address.split(":")
            device, function = rest.split(".")
            scopes.append(hosttree.scope(hosttree.ENDPOINT, int(bus, 16), f"{device}.0{function}"))
        tree.dmar(hosttree.drhd(), *([hosttree.rmrr(*REGION, *scopes)] if scopes else []))
        devices = self.survey() if addresses else {}
        product = next(r.fields["Product Name"] for r in records if r.type == 1)
        for r in slots:
            yield (product, r.fields["Designation"].strip(),
                   *self.answer(devices.get(address_of(r)), r))

    @staticmethod
    def answer(device, record):
        """Name of the place, and whether the setting is offered."""
        if device is None:
            return "-", "no address"
        offered = [c["text"] for f in device["findings"] for c in f["remedies"]
                   if c["id"] == "bios-rmrds"]
        assert any(f["rule"].startswith("rmrr") for f in device["findings"]), record.fields
        if not offered:
            return device["place"] or "-", "no"
        assert len(offered) == 1 and f"RMRDS_Slot{device['slot']} " in offered[0], offered
        return device["place"], f"RMRDS_Slot{device['slot']}"


def table_of(texts):
    """The table's lines, and how many texts."""
    counts = Counter()
    for path in texts:
        server = Server()
        server.setUp()
        counts.update(server.answers(path.read_text(errors="replace")))
        shutil.rmtree(server.directory)
    return [f"{n} | {' | '.join(key)}" for key, n in sorted(counts.items())]


def accepted_lines(path):
    """The table that was read, without its comments."""
    lines = [x.rstrip("\n") for x in open(path, encoding="utf-8")] if os.path.exists(path) else []
    return [x for x in lines if x and not x.startswith("#")]


def main():
    hosttree.PCIPASS, directory, accepted = ARGUMENTS[:3]
    texts = sorted(Path(directory).glob("*.txt"))
    if not texts:
        print(f"skipped: no dmidecode texts in {directory}")
        return 77
    lines = table_of(texts)
    if "--print" in ARGUMENTS:
        print("\n".join(lines))
        return 0
    was = accepted_lines(accepted)
    for line in sorted(set(lines) ^ set(was)):
        print(f"{'new' if line in lines else 'gone'}: {line}")
    slots = sum(int(x.split(" | ")[0]) for x in lines)
    offered = sum(int(x.split(" | ")[0]) for x in lines if "| RMRDS_Slot" in x)
    wrong = [x for x in lines if "| RMRDS_Slot" in x and not x.split(" | ")[3].startswith("slot")]
    print(f"{len(texts)} texts, {slots} slots, a setting offered for {offered}, "
          f"{len(wrong)} of them in no PCI slot")
    return 1 if set(lines) != set(was) or wrong else 0


if __name__ == "__main__":
    sys.exit(main())
