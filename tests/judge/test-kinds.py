#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""No word and no remedy of one kind of machine on another: every sample machine, the recorded ones where
they are, and hosts of kinds that no recipe makes, asked everything that is said of them.

usage: test-kinds.py PCIPASS SOURCE_ROOT DATA
"""

import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

PCIPASS, ROOT, DATA = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
sys.path.insert(0, str(ROOT / "tests/machines"))
sys.path[:0] = [str(ROOT / "tests/host"), str(ROOT / "tests/harness")]
sys.argv[2:] = []
import sampled  # noqa: E402
from hosttree import Tree, iort, root_complex, smmu  # noqa: E402
from subset import few, some  # noqa: E402

INTEL = r"\bintel_iommu|VT-d|\bDMAR\b|\bRMRR|\bDRHD|relax_rmrr|RMRDS|\bVMD\b|\bigfx_off"
AMD = r"\bamd_iommu|AMD-Vi|\bIVRS\b|\bIVMD\b|\bIVHD\b|ivrs_ioapic|Pre-boot DMA"
ARM = r"\bSMMU|\bIORT\b|\bGICv2m|\bITS\b"
X86 = r"\bBIOS\b|ProLiant|/proc/iomem: |intremap|IR-"
TREE = r"device tree|iommu-map"
# What must not be said on a host of that kind.
FOREIGN = {
    "intel": (AMD, ARM, TREE),
    "amd": (INTEL, ARM, TREE),
    "x86": (ARM, TREE),
    "arm-acpi": (INTEL, AMD, X86, TREE),
    "arm-device-tree": (INTEL, AMD, X86, r"\bIORT\b", r"\bACPI\b"),
    "arm": (INTEL, AMD, X86),
    "riscv": (INTEL, AMD, ARM, X86),
    "power": (INTEL, AMD, ARM, X86, TREE),
    "other": (INTEL, AMD, ARM, X86, TREE),
}
# With these a guest can do harm: whatever else helps stands before them.
INSECURE = {"allow-unsafe-interrupts", "disable-denylist"}
# Said of the machine itself, not by us: names of devices, messages of other programs, the rule's files.
QUOTED = re.compile(r"Messages that mean the same:.*?(\n\n|\Z)|^ +see: .*?(?=\n +\S+: |\n\n|\Z)"
                    r"|^\S*[0-9a-f]{2}:[0-9a-f]{2}\.[0-7].*$|^\S.*Linux \d.*$", re.M | re.S)


def ask(host: Path, *arguments: str) -> str:
    done = subprocess.run([PCIPASS, "--from", host, *arguments], capture_output=True, text=True, check=False)
    return done.stdout + done.stderr


def sentences(document: dict) -> list:
    """Every sentence of a survey that is ours."""
    said = [u["adds"] + " " + u["path"] for u in document["host"]["unread"]]
    for findings in [document["host"]["findings"]] + [d["findings"] for d in document["devices"]]:
        for f in findings:
            said.append(f["text"])
            said += f["evidence"]
            for r in f["remedies"]:
                said += [r["text"], r["side_effect"] or "", r["id"]]
    return said


def check(name: str, host: Path, wrong: list) -> str:
    document = json.loads(subprocess.run([PCIPASS, "--from", host, "--json"], capture_output=True, text=True,
                                         check=False).stdout)
    kind = document["host"]["kind"]
    said = sentences(document)
    for f in (f for d in document["devices"] for f in d["findings"]):
        insecure = [r["id"] in INSECURE for r in f["remedies"]]
        if insecure != sorted(insecure):
            wrong.append(f"{name}: {f['rule']}: {[r['id'] for r in f['remedies']]}")
    for d in document["devices"][:8]:
        said.append(QUOTED.sub("", ask(host, "explain", d["address"])))
    said.append(QUOTED.sub("", ask(host)))
    for pattern in FOREIGN.get(kind, ()):
        for text in said:
            found = re.search(pattern, text)
            if found:
                wrong.append(f"{name} ({kind}): '{found.group()}' in: {' '.join(text[max(0, found.start() - 80):][:200].split())}")
                break
    return kind


CPUS = {"intel": "vendor_id\t: GenuineIntel\nflags\t\t: fpu\n", "amd": "vendor_id\t: AuthenticAMD\nflags\t\t: fpu\n",
        "x86": "flags\t\t: fpu\n", "arm": "CPU implementer\t: 0x41\n", "riscv": "hart\t: 0\nisa\t: rv64gc\n",
        "power": "cpu\t\t: POWER9, altivec supported\n", "other": "vendor_id       : IBM/S390\n"}
NOT_REMAPPED = "           CPU0\n 55:  1  PCI-MSI 32768 Edge      x\n"


def bare(root: Path, cpu: str, *, acpi: bool, guest: bool) -> Tree:
    """A host with a card and next to nothing else."""
    t = Tree(root)
    t.kernel("6.12.0")
    t.write("proc/cmdline", "quiet\n")
    text = CPUS[cpu]
    t.write("proc/cpuinfo", text.replace("fpu", "fpu hypervisor") if guest else text)
    if guest:
        t.write("sys/class/dmi/id/sys_vendor", "QEMU\n")
    if acpi:
        t.write("sys/firmware/acpi/tables/FACP", b"FACP")
    else:
        t.remove("sys/firmware/acpi")
        t.write("sys/firmware/devicetree/base/model", "Board\0")
    t.device("0000:03:00.0", vendor=0x10DE)
    return t


def made(directory: Path) -> list:
    """Hosts of each kind: without an IOMMU, with one that is off, with one whose interrupts are not remapped."""
    hosts = []
    for cpu in CPUS:
        for acpi in (True, False):
            for guest in (False, True):
                for state in ("none", "off", "on", "unread"):
                    name = f"{cpu}-{'acpi' if acpi else 'tree'}{'-guest' * guest}-{state}"
                    t = bare(directory / name, cpu, acpi=acpi, guest=guest)
                    if state == "off" and acpi and cpu == "arm":
                        t.write("sys/firmware/acpi/tables/IORT", iort(smmu(), root_complex((0, 4096, 0, 0))))
                    elif state == "off" and not acpi:
                        t.write("sys/firmware/devicetree/base/soc/pcie@1000/iommu-map", b"\0" * 16)
                    elif state == "off" and cpu == "intel":
                        t.dmar()
                    elif state == "off" and cpu == "amd":
                        t.ivrs()
                    elif state == "on":
                        t.write("proc/interrupts", NOT_REMAPPED)
                        t.device("0000:04:00.0", vendor=0x10DE, group=1)
                        if cpu in ("intel", "amd"):
                            t.iommu({"intel": "dmar0", "amd": "ivhd0"}[cpu])
                    elif state == "unread" and acpi:
                        t.remove("sys/firmware/acpi/tables/FACP")
                    hosts.append((name, t.root))
    return hosts


def main() -> int:
    wrong: list = []
    kinds: dict = {}
    recorded = sorted(DATA.glob("*/capture.tar*"))
    with tempfile.TemporaryDirectory() as scratch:
        for name, host in (*some(sampled.captures(scratch), 12), *few(made(Path(scratch)), 3),
                           *((p.parent.name, p) for p in some(recorded, 16))):
            kind = check(name, host, wrong)
            kinds[kind] = kinds.get(kind, 0) + 1
    missing = set(FOREIGN) - set(kinds)
    wrong += [f"no host of the kind {k} was looked at" for k in missing]
    print("\n".join(wrong) or ", ".join(f"{n} {k}" for k, n in sorted(kinds.items())))
    if not recorded:
        print(f"skipped: recorded machines: {DATA} is not there")
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
