#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Holds every verdict against what a kernel answers: a real one, and a model of it.

usage: truth.py PCIPASS FOLDER|samples

FOLDER holds recorded machines: a capture made before any driver was touched, and for each function
whether a VFIO attach then succeeded. A function counts if it was scored and is no bridge (class
06). Assignable, with care or without, must mean attached; blocked must mean refused; unknown is
always wrong. Where the kernel said why it refused, the verdict's reasons must say the same.

The sample machines are nobody's: "samples" takes them, and for the answer the model of
tests/machines/machinery/vfio.py.
"""

import gzip
import json
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parent.parent / name) for name in ("machines", "harness")]
import sampled  # noqa: E402
from machinery import vfio  # noqa: E402
from machinery.kernel import Kernel  # noqa: E402
from subset import few  # noqa: E402

YES = {"assignable", "care"}
NO = {"blocked", "blocked-fixable"}

# What the kernel answered, as (step, errno), and the rules of which one must then have blocked.
REGION = {"rmrr-hard", "ivmd-hard", "region-hard", "region-companion"}
REASONS = {
    ("bind", 22): {"no-group", "stream-shared", "iommu-absent", "iommu-off", "iommu-scope-type"},
    ("bind", 16): {"pf-with-vfs"},
    ("bind", 19): {"no-group"},
    ("set_container", 22): REGION,
    ("set_container", 1): REGION | {"bridge-driver"},
    ("set_iommu", 1): {"interrupt-remapping"},
    # A kernel without groups, with cdev and iommufd alone.
    ("bind_iommufd", 22): REGION,
    ("bind_iommufd", 1): {"interrupt-remapping"},
}
# The same of the model's answers.
MODEL_REASONS = {
    vfio.NO_VFIO: {"no-vfio-pci"},
    vfio.NO_GROUP: {"no-group", "iommu-absent", "iommu-off", "iommu-scope-type"},
    vfio.STREAM: {"stream-shared"},
    vfio.DENYLIST: {"vfio-denylist"},
    vfio.VMD: {"behind-vmd"},
    vfio.SRIOV: {"pf-with-vfs"},
    vfio.REGION: REGION,
    vfio.BRIDGE: {"bridge-driver"},
    vfio.INTERRUPTS: {"interrupt-remapping"},
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


def compare_sample(name: str, capture: str, pcipass: str, counts: Counter) -> list[str]:
    """The disagreements of a sample machine."""
    devices = {d["address"]: d for d in survey(pcipass, Path(capture))["devices"]}
    kernel = Kernel(dict(sampled.machines())[name])
    wrong = []
    for f in kernel.machine.functions:
        if f.class_code >> 16 == 6:
            continue
        counts["functions"] += 1
        answer, device = vfio.refusal(kernel, f), devices[f.address]
        rules = blocking_rules(device)
        if device["verdict"] not in (NO if answer else YES) or (answer and not MODEL_REASONS[answer] & rules):
            wrong.append(f"{name} {f.address}: verdict {device['verdict']} by {sorted(rules)}, the model says "
                         f"{answer or 'attached'}")
        else:
            counts["agree"] += 1
            counts["refused"] += bool(answer)
    return wrong


def samples(pcipass: str) -> list[str]:
    """The disagreements of all of them."""
    counts: Counter = Counter()
    wrong = []
    with tempfile.TemporaryDirectory() as scratch:
        for name, capture in sampled.captures(scratch, whole=True):
            wrong += compare_sample(name, capture, pcipass, counts)
    print(f"samples: {counts['agree']} of {counts['functions']} functions agree with the model, "
          f"{counts['refused']} refused")
    if not counts["refused"] or counts["refused"] == counts["agree"]:
        wrong.append("the samples are all refused, or all attached")
    return wrong


def main() -> int:
    pcipass, directory = sys.argv[1], Path(sys.argv[2])
    if sys.argv[2] == "samples":
        wrong = samples(pcipass)
        print("\n".join(wrong))
        return 1 if wrong else 0
    machines = sorted(p.parent for p in directory.glob("*/truth.json.gz"))
    if not machines:
        print(f"skipped: no recorded machines in {directory}")
        return 77
    counts: Counter = Counter()
    wrong = []
    for machine in few(machines, 8):
        wrong += compare(machine, pcipass, counts)
    for line in wrong:
        print(line)
    print(f"agreement: {counts['agree']} of {counts['functions']} functions on {len(machines)} "
          f"machines; reasons {counts['reasons agree']} of {counts['reasons']}")
    return 1 if wrong or not counts["functions"] else 0


if __name__ == "__main__":
    sys.exit(main())
