# SPDX-License-Identifier: GPL-2.0-or-later
"""One boot of the truth run: what a machine is asked, and what it answered.

First the predictions, before anything is touched; then an attach of every endpoint.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field

from . import cdev, job, tables
from .generate import STAND_INS
from .kernels import Kernel
from machinery.functions import CLASSES
from machinery.model import Function, Machine

ATTACH_SECONDS = 60
LOOK_SECONDS = 90  # a second or two, unless the host has much else to do
ARM_ATTACH_SECONDS = 120
ATA_SECONDS = 2
DEVICES = "/sys/bus/pci/devices"
# The board's own that a guest could be given.
BOARD_ENDPOINTS = ("0000:00:1f.2", "0000:00:1f.3")
# What the shell says of a refused bind.
SHELL_ERRORS = {"Invalid argument": 22, "Device or resource busy": 16, "No such device": 19}
ATTACHED, REFUSED, NOT_TRIED, HUNG = "attached", "refused", "not-tried", "hung"
GROUPS = (f"cd {DEVICES}; for d in *; do [ -e $d/iommu_group ] && "
          "echo $d $(basename $(readlink $d/iommu_group)); done; true")
# The computation then sees neither the kernel's groups nor that an IOMMU runs.
HIDDEN_GROUPS = ("pcipass capture -o /tmp/c.tar && mkdir /tmp/c && cd /tmp/c && "
                 "tar -xf /tmp/c.tar && rm -rf sys/kernel/iommu_groups sys/class/iommu && "
                 "find sys -name iommu_group | while read f; do rm $f; done; "
                 "pcipass --from /tmp/c groups --computed --json")


class Broken(Exception):
    """The boot is no trial: the machine is not the recipe's."""


@dataclass
class Attempt:
    """What became of an attach."""

    outcome: str
    step: str = ""  # that was refused
    errno: int = 0
    log: list[str] = field(default_factory=list)  # what the kernel said during that step
    reason: str = ""
    steps: list[str] = field(default_factory=list)  # for a person


@dataclass
class Trial:
    """All of one boot."""

    series: str
    survey: dict
    kernel_groups: dict[str, str]  # number by address
    computed_groups: dict[str, dict]  # the documents, by how they were computed
    attempts: dict[str, Attempt]
    seconds: float
    by_cdev: bool = False  # the kernel has VFIO without groups


def endpoints(machine: Machine) -> list[str]:
    """Every function that is to be tried, in the order of the attempts: PFs with VFs first."""
    tried = [f for f in machine.functions
             if not f.bridge and f.class_code >> 16 != CLASSES["isa"] >> 16]
    tried.sort(key=lambda f: not _has_vfs(f))
    return [f.address for f in tried] + ([] if machine.arm else list(BOARD_ENDPOINTS))


def _has_vfs(f: Function) -> bool:
    return bool(f.sriov and f.sriov.enabled)


def _bind(address: str, driver: str = "vfio-pci") -> str:
    """A plain bind: of what no group can be opened, or of what a recipe gives to that driver."""
    return (f"cd {DEVICES}/{address} && echo {driver} >driver_override; "
            f"[ -e driver ] && echo {address} >driver/unbind; "
            f"echo {address} >/sys/bus/pci/drivers/{driver}/bind")


class Asked:
    """The job for a machine, and where in the answer its parts are."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self.job = job.Job()
        self._prepare()
        self.survey = self.job.run("pcipass --json", LOOK_SECONDS)
        self.groups = self.job.run(GROUPS)
        self.computed = {"as found": self.job.run("pcipass groups --computed --json",
                                                  LOOK_SECONDS),
                         "hidden": self.job.run(HIDDEN_GROUPS, LOOK_SECONDS)}
        self.attempts = {address: self._attempt(address) for address in endpoints(machine)}

    def _prepare(self) -> None:
        unsafe = " allow_unsafe_interrupts=1" if self.machine.unsafe_interrupts else ""
        self.job.run(f"modprobe iommufd{unsafe}; modprobe vfio_iommu_type1{unsafe}; "
                     "modprobe vfio-pci")
        drivers = {f.driver for f in self.machine.functions
                   if f.driver and not f.bridge and not f.physfn}
        # QEMU's AHCI may lose a disk's answer once it was given away and came back: do not wait for
        # it three times, 45 s in all. What became of its disks decides nothing here.
        self.job.run(f"modprobe libata ata_probe_timeout={ATA_SECONDS}")
        for driver in sorted(drivers):
            self.job.run(f"modprobe {driver}")
        for f in self.machine.functions:
            if f.driver in STAND_INS:
                self.job.run(_bind(f.address, f.driver))
        for f in self.machine.functions:
            if _has_vfs(f) and f.sriov:
                # Its driver would wait for VFs that have no resources yet.
                self.job.run(f"cd {DEVICES}/{f.address} && echo 0 >sriov_drivers_autoprobe && "
                             f"echo {f.sriov.enabled} >sriov_numvfs")

    def _attempt(self, address: str) -> int:
        held = [f for f in self.machine.functions if f.address == address and _has_vfs(f)]
        if held:
            return self.job.run(_bind(address), ATTACH_SECONDS)
        if self.machine.iommu.kind == "smmu":
            # Its group may come only when it is bound.
            return self.job.run(f"pcipass verify --attach {address} --take --json",
                                ARM_ATTACH_SECONDS)
        return self.job.run(f"if [ -e {DEVICES}/{address}/iommu_group ]; then "
                            f"pcipass verify --attach {address} --take --json; "
                            f"else {_bind(address)}; fi", ATTACH_SECONDS)

    def read(self, kernel: Kernel, answer: job.Answer) -> Trial:
        """The answer as a trial."""
        wanted = bool(tables.early_from_recipe(self.machine))
        if wanted and not any("Table Upgrade: override" in line for line in answer.log):
            raise Broken("the kernel has not taken the recipe's table")
        asked = [self.survey, *self.computed.values()]
        late = [answer[n].command for n in asked if answer[n].timed_out]
        if late:
            raise Broken(f"no end within {LOOK_SECONDS} s: {late[0]}")
        survey = answer[self.survey].json()
        found = {d["address"] for d in survey["devices"]}
        missing = [f.address for f in self.machine.functions if f.address not in found]
        if missing:
            raise Broken(f"the machine lacks {' '.join(missing)}")
        groups = dict(line.split() for line in answer[self.groups].text.splitlines())
        computed = {how: answer[n].json() for how, n in self.computed.items()} if groups else {}
        attempts = {a: _read_attempt(answer[n]) for a, n in self.attempts.items()}
        return Trial(kernel.series, survey, groups, computed, attempts, answer.seconds,
                     kernel.vfio == cdev.ALONE)


def _read_attempt(result: job.Result) -> Attempt:
    if result.timed_out:
        return Attempt(HUNG, reason="no end in time: " + "; ".join(result.log[-3:]))
    if result.stdout.startswith(b"{"):
        return _read_document(json.loads(result.stdout))
    said = result.stderr.decode("utf-8", "replace").strip()
    if not result.exit:
        return Attempt(ATTACHED, step="bind", steps=["bind: ok"])
    errno = next((n for text, n in SHELL_ERRORS.items() if text in said), 0)
    return Attempt(REFUSED, "bind", errno, result.log, said, [f"bind: {said}"])


def _read_document(d: dict) -> Attempt:
    """pcipass.attach/1"""
    steps = [f"{'ok' if s['ok'] else s['errno'] or 'no'} {s['step']}: {s['text']}"
             + "".join(f"\n    {line}" for line in s["log"]) for s in d["steps"]]
    refused = next((s for s in d["steps"] if s["step"] == d["refused_at"] and not s["ok"]), None)
    if d["result"] != REFUSED or not refused:
        outcome = d["result"] if d["result"] in (ATTACHED, NOT_TRIED) else HUNG
        return Attempt(outcome, reason=d["reason"] or "", steps=steps)
    return Attempt(REFUSED, d["refused_at"], refused["errno_number"], refused["log"],
                   d["reason"] or "", steps)
