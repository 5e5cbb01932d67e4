# SPDX-License-Identifier: GPL-2.0-or-later
"""Whether what was predicted is what the kernel did: of devices, and of groups."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, field

from . import kernels
from .trial import ATTACHED, REFUSED, Attempt, Broken, Trial
from machinery.model import Machine
from machinery.topology import References

YES = ("assignable", "care")
NO = ("blocked", "blocked-fixable")
EPERM, EBUSY, ENODEV, EINVAL = 1, 16, 19, 22
# By the first of the lab's series that answers so.
REGION_TEXT = {
    "6.1": (EPERM, "Device is ineligible for IOMMU domain attach due to platform RMRR "
            "requirement"),
    "6.12": (EINVAL, "Firmware has requested this device have a 1:1 IOMMU mapping"),
}
# Where each rule says that the kernel will refuse, and with which errno; 0: without one.
OFF = ("bind", (EINVAL,))
RULES: dict[str, tuple[str, tuple[int, ...]]] = {
    "iommu-absent": OFF, "iommu-off": OFF, "iommu-scope-type": OFF,
    "no-group": ("bind", (EINVAL, ENODEV, EBUSY)),  # AMD's IOMMU itself: EBUSY from 7.3 on
    "stream-shared": OFF,
    "pf-with-vfs": ("bind", (EBUSY,)),
    "bridge-driver": ("get-status", (0,)),
    "interrupt-remapping": ("set-iommu", (EPERM,)),
}
# Without groups the kernel looks at all of that when a device is bound to iommufd.
CDEV_STEP = "bind-iommufd"
CDEV_RULES: dict[str, tuple[str, tuple[int, ...]]] = {
    "bridge-driver": (CDEV_STEP, (EPERM,)),
    "interrupt-remapping": (CDEV_STEP, (EPERM,)),
}
REGION_RULES = ("rmrr-hard", "ivmd-hard", "region-companion")
STEPS = ("bind", "get-status", "set-container", CDEV_STEP, "set-iommu")


def region_refusal(series: str) -> tuple[int, str]:
    """The errno and the text with which a series refuses a region."""
    return REGION_TEXT["6.12" if kernels.at_least(series, "6.6") else "6.1"]


@dataclass
class Device:
    """One endpoint. wrong: why prediction and answer do not agree; empty: they do."""

    address: str
    verdict: str
    findings: list[dict]
    attempt: Attempt
    wrong: str = ""

    @property
    def counts(self) -> bool:
        """It was tried, so it can agree or not."""
        return self.attempt.outcome in (ATTACHED, REFUSED)

    @property
    def by_region(self) -> bool:
        """Refused in the very words that the kernel has for a reserved region."""
        return self.attempt.outcome == REFUSED and any(
            self.attempt.errno == errno and any(text in line for line in self.attempt.log)
            for errno, text in REGION_TEXT.values())

    def story(self) -> str:
        """All about it, for a person."""
        lines = [f"{self.address}: {self.verdict}: {self.wrong}"]
        lines += [f"  {f['effect']} {f['rule']}: {f['text']}" for f in self.findings]
        lines += [f"  {step}" for step in self.attempt.steps]
        if self.attempt.reason:
            lines.append(f"  {self.attempt.outcome}: {self.attempt.reason}")
        return "\n".join(lines)


@dataclass
class Agreement:
    """What one machine came to."""

    devices: list[Device] = field(default_factory=list)
    groups: int = 0  # functions whose group was computed and compared, each way counted
    wrong_groups: list[str] = field(default_factory=list)

    @property
    def wrong(self) -> list[Device]:
        """The devices that do not agree."""
        return [d for d in self.devices if d.wrong]


def _expected(series: str, blocking: list[str], by_cdev: bool) -> tuple[str, set[int]]:
    """The step that will be refused first, and the errnos that explain it."""
    at: dict[str, set[int]] = defaultdict(set)
    rules = {**RULES, **CDEV_RULES} if by_cdev else RULES
    for rule in blocking:
        if rule in rules:
            step, errnos = rules[rule]
            at[step] |= set(errnos)
    # In one step a region comes last.
    region = CDEV_STEP if by_cdev else "set-container"
    if any(rule in REGION_RULES for rule in blocking) and not at[region]:
        at[region].add(region_refusal(series)[0])
    first = next((step for step in STEPS if at[step]), "")
    return first, at[first] if first else set()


def _wrong_reason(series: str, device: Device, by_cdev: bool) -> str:
    """A refusal that was foreseen, but not this one."""
    blocking = [f["rule"] for f in device.findings if f["effect"] == "blocks"]
    step, errnos = _expected(series, blocking, by_cdev)
    a = device.attempt
    if (a.step, a.errno in errnos) != (step, True):
        return (f"refused at {a.step} with {a.errno}, but {', '.join(blocking)} "
                f"means {step or 'nothing'} with {sorted(errnos)}")
    if step == "set-container" or (step == CDEV_STEP and a.errno == EINVAL):
        return "" if device.by_region else (f"refused at {step}, but the kernel does not speak "
                                            "of a region")
    return ""


STREAM_TAKEN = re.compile(r"stream \d+ already in tree from dev (\S+)")


def _taken_before(device: Device, tried: set[str]) -> bool:
    """Refused because its stream is that of a device which got it in this very run: the verdict was
    about the machine as it was before."""
    found = [STREAM_TAKEN.search(line) for line in device.attempt.log]
    return any(m and m[1] in tried for m in found)


def _compare(trial: Trial, device: Device, why_unknown: str) -> str:
    refused = device.attempt.outcome == REFUSED
    if not device.counts:
        return ""
    if device.verdict == "unknown":
        return "" if why_unknown else "no verdict"
    if device.verdict in YES:
        return f"refused at {device.attempt.step}" if refused else ""
    if device.verdict not in NO:
        return f"{device.verdict} is no verdict of an endpoint"
    return _wrong_reason(trial.series, device, trial.by_cdev) if refused else "it attaches"


def _partition(group_of: dict[str, str]) -> dict[str, frozenset[str]]:
    """Each member's companions, itself among them."""
    members: dict[str, set[str]] = defaultdict(set)
    for address, group in group_of.items():
        members[group].add(address)
    return {a: frozenset(members[g]) for a, g in group_of.items()}


# What the computation must have known of access control, or it was not the one that was asked for.
ACCESS_CONTROL = {"as found": "as-found", "hidden": "assumed"}


def _compare_groups(trial: Trial, ret: Agreement) -> None:
    kernel = _partition(trial.kernel_groups)
    for how, document in trial.computed_groups.items():
        if document["access_control"] != ACCESS_CONTROL[how]:
            raise Broken(f"the groups {how} are computed with access control "
                         f"{document['access_control']}")
        computed = _partition({d["address"]: str(g["number"]) for g in document["groups"]
                               for d in g["devices"] if d["address"] in kernel})
        for address, companions in kernel.items():
            ret.groups += 1
            if computed.get(address) != companions:
                ret.wrong_groups.append(
                    f"{address} ({how}): computed {' '.join(sorted(computed.get(address, [])))}, "
                    f"the kernel's {' '.join(sorted(companions))}")


def compare(machine: Machine, trial: Trial) -> Agreement:
    """Holds the predictions of a trial against its answers."""
    refs, ret = References(machine), Agreement()
    unknowns = {refs.one(ref, line).address: why for ref, why, line in machine.unknowns}
    rows = {d["address"]: d for d in trial.survey["devices"]}
    late: set[str] = set()
    for address, attempt in trial.attempts.items():
        row = rows[address]
        device = Device(address, row["verdict"], row["findings"], attempt)
        device.wrong = _compare(trial, device, unknowns.get(address, ""))
        if device.wrong and _taken_before(device, late):
            device.wrong = ""
        # It has a group now, and its streams with it.
        if not row.get("group") and attempt.outcome in (ATTACHED, REFUSED):
            late.add(address)
        ret.devices.append(device)
    _compare_groups(trial, ret)
    return ret
