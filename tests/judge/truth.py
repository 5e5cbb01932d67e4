#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Holds every verdict against what a real kernel answered.

usage: truth.py PCIPASS FOLDER

FOLDER holds recorded machines: a capture made before any driver was touched, and for each function
whether a VFIO attach then succeeded. A function counts if it was scored and is no bridge (class
06). Assignable, with care or without, must mean attached; blocked must mean refused; unknown is
always wrong. Where the kernel said why it refused, the verdict's reasons must say the same.
"""

import gzip
import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

YES = {"assignable", "care"}
NO = {"blocked", "blocked-curable"}

# What the kernel answered, as (step, errno), and the rules of which one must then have blocked.
REGION = {"rmrr-hard", "ivmd-hard", "region-hard", "region-companion"}
REASONS = {
    ("bind", 22): {"no-group", "iommu-absent", "iommu-off", "iommu-scope-type"},
    ("bind", 16): {"pf-with-vfs"},
    ("bind", 19): {"no-group"},
    ("set_container", 22): REGION,
    ("set_container", 1): REGION | {"bridge-driver"},
    ("set_iommu", 1): {"interrupt-remapping"},
    # A kernel without groups, with cdev and iommufd alone.
    ("bind_iommufd", 22): REGION,
    ("bind_iommufd", 1): {"interrupt-remapping"},
}


def survey(pcipass: str, capture: Path) -> dict:
    """The JSON of a survey; a non-zero exit is an error of its own."""
    run = subprocess.run([pcipass, "--from", capture, "--json"], capture_output=True, check=False)
    if run.returncode not in (0, 3):
        raise RuntimeError(f"{capture}: exit {run.returncode}: {run.stderr.decode()}")
    return json.loads(run.stdout)


def blocking_rules(device: dict) -> set[str]:
    """Ids of the rules that block the device."""
    return {f["rule"] for f in device["findings"] if f["effect"] == "blocks"}


def expected_rules(truth: dict) -> set[str]:
    """What the kernel's answer means; its text tells a region from a group that is not viable."""
    rules = REASONS.get((truth["step"], truth["errno"]), set())
    # The IOMMU's own function: its driver works with it without being bound to it.
    if (truth["step"], truth["errno"]) == ("bind", 16):
        text = "\n".join(truth["kernel_text"])
        return {"no-group"} if "Resources present before probing" in text else rules
    # Remapping is looked at first: what then remains is a bridge's driver.
    if (truth["step"], truth["errno"]) == ("bind_iommufd", 1):
        return {"bridge-driver"} if truth["attach_after_bridge_unbind"] else rules
    if (truth["step"], truth["errno"]) == ("set_container", 1):
        text = "\n".join(truth["kernel_text"])
        if "RMRR requirement" in text:
            return REGION
        viable = [s.get("viable") for phase in ("B", "A") if phase in truth
                  for s in truth[phase]["steps"] if s["step"] == "get_status"]
        if viable and viable[0] is False and truth["attach_after_bridge_unbind"]:
            return {"bridge-driver"}
    return rules


def compare(machine: Path, pcipass: str, counts: Counter) -> list[str]:
    """The disagreements of one machine, a line each."""
    answer = survey(pcipass, machine / "capture.tar.gz")
    devices = {d["address"]: d for d in answer["devices"]}
    with gzip.open(machine / "truth.json.gz") as f:
        truths = json.load(f)["devices"]
    wrong = []
    for truth in truths:
        device = devices.get(truth["bdf"])
        if device is None:
            wrong.append(f"{machine.name} {truth['bdf']}: not in the survey")
            continue
        if device["class"].startswith("06") or truth["attach"] is None:
            continue
        counts["functions"] += 1
        verdict = device["verdict"]
        if verdict not in (YES if truth["attach"] else NO):
            wrong.append(f"{machine.name} {truth['bdf']}: verdict {verdict}, the kernel "
                         f"{'attached it' if truth['attach'] else 'refused it at'} "
                         f"{truth['step'] or ''} errno {truth['errno']} {truth['kernel_text']}; "
                         f"rules {sorted(blocking_rules(device))}")
            continue
        counts["agree"] += 1
        if not truth["attach"]:
            wanted = expected_rules(truth)
            counts["reasons"] += 1
            if not wanted & blocking_rules(device):
                wrong.append(f"{machine.name} {truth['bdf']}: reasons "
                             f"{sorted(blocking_rules(device))}, wanted one of {sorted(wanted)}")
            else:
                counts["reasons agree"] += 1
    return wrong


def main() -> int:
    pcipass, folder = sys.argv[1], Path(sys.argv[2])
    machines = sorted(p.parent for p in folder.glob("*/truth.json.gz"))
    if not machines:
        print(f"skipped: no recorded machines in {folder}")
        return 77
    counts: Counter = Counter()
    wrong = []
    for machine in machines:
        wrong += compare(machine, pcipass, counts)
    for line in wrong:
        print(line)
    print(f"agreement: {counts['agree']} of {counts['functions']} functions on {len(machines)} "
          f"machines; reasons {counts['reasons agree']} of {counts['reasons']}")
    return 1 if wrong or not counts["functions"] else 0


if __name__ == "__main__":
    sys.exit(main())
