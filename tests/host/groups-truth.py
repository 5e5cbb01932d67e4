#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Holds computed IOMMU groups against those that real kernels made, and those of the sample machines.

usage: groups-truth.py PCIPASS FOLDER ACCEPTED

FOLDER holds recorded machines, each a capture with the kernel's groups in it. Two devices must be
together in the computed groups exactly if the kernel put them together; a device that the kernel
gave no group is left out, an unknown one is a disagreement. ACCEPTED lists, a line each, "MACHINE
ADDRESS reason"; a line that no longer occurs fails too.
"""

import json
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parent.parent / name) for name in ("machines", "harness")]
import sampled  # noqa: E402
from subset import few  # noqa: E402


def groups(pcipass: str, capture: Path, *options: str) -> dict[str, int | None]:
    """Group of each device, None for none, by the command's own document."""
    done = subprocess.run([pcipass, "--from", capture, "--json", "groups", *options],
                          check=True, capture_output=True)
    document = json.loads(done.stdout)
    wanted = "computed" if options else "kernel"
    # A machine whose kernel made no groups has nothing to compare.
    if document["source"] != wanted:
        return {}
    found = {d["address"]: g["number"] for g in document["groups"] for d in g["devices"]}
    return found | {d["address"]: None for d in document["ungrouped"]}


def partners(found: dict[str, int | None], among: set[str], address: str) -> frozenset[str]:
    """All that share the group of a device, and itself."""
    return frozenset(a for a in among if found[a] == found[address])


def compare(pcipass: str, capture: Path, counts: Counter) -> dict[str, str]:
    """The devices of one machine that are grouped differently, and how."""
    kernel = groups(pcipass, capture)
    computed = groups(pcipass, capture, "--computed")
    among = {a for a, g in kernel.items() if g is not None}
    wrong = {}
    for address in sorted(among):
        counts["devices"] += 1
        mine, theirs = partners(computed, among, address), partners(kernel, among, address)
        if computed[address] is None:
            wrong[address] = "unknown"
        elif mine != theirs:
            wrong[address] = f"computed with {sorted(mine)}, the kernel's with {sorted(theirs)}"
        else:
            counts["agree"] += 1
            counts["shared"] += len(theirs) > 1
    counts["machines"] += bool(among)
    return wrong


def main() -> int:
    pcipass, directory, accepted_file = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
    real = {p.parent.name: p for p in sorted(directory.glob("*/capture.tar.gz"))}
    if not real:
        print(f"skipped: no recorded machines in {directory}; sample machines only")
    accepted = {tuple(line.split()[:2]) for line in accepted_file.read_text().splitlines()
                if line and not line.startswith("#")}
    if not real:
        accepted = {words for words in accepted if words[0].startswith("sample-")}
    counts: Counter = Counter()
    wrong = {}
    with tempfile.TemporaryDirectory() as scratch:
        own = {f"sample-{name}": Path(path) for name, path in sampled.captures(scratch, whole=True)}
        looked_at = few((own | real).items(), 4)
        for name, capture in looked_at:
            wrong.update({(name, a): text for a, text in compare(pcipass, capture, counts).items()})
    names = {name for name, _ in looked_at}
    accepted = {words for words in accepted if words[0] in names or words[0] not in own | real}
    for (machine, address), text in sorted(wrong.items()):
        if (machine, address) not in accepted:
            print(f"{machine} {address}: {text}")
    for machine, address in sorted(accepted - set(wrong)):
        print(f"{machine} {address}: accepted, and no longer so")
    print(f"agreement: {counts['agree']} of {counts['devices']} devices in {counts['machines']} "
          f"machines, {counts['shared']} of them in shared groups; {len(wrong)} differences, "
          f"{len(accepted)} accepted")
    return 1 if set(wrong) != accepted or not counts["shared"] else 0


if __name__ == "__main__":
    sys.exit(main())
