# SPDX-License-Identifier: GPL-2.0-or-later
"""The boot log, in the kernel's words, as far as PCI and IOMMU go."""

from __future__ import annotations

from .dmar import SCOPE_TYPES
from .kernel import Kernel
from .memory import Range, memory_map, reserves
from .model import Machine

IOAPIC = SCOPE_TYPES["ioapic"]
BANNERS = {
    "debian": "Linux version {0} (debian-kernel@lists.debian.org) (gcc-12 (Debian 12.2.0-14) "
              "12.2.0, GNU ld (GNU Binutils for Debian) 2.40) #1 SMP PREEMPT_DYNAMIC Debian {1}",
    "proxmox": "Linux version {0} (build@proxmox) (gcc (Debian 12.2.0-14) 12.2.0, GNU ld (GNU "
               "Binutils for Debian) 2.40) #1 SMP PREEMPT_DYNAMIC PMX {1}",
    "vanilla": "Linux version {0} (builder@host) (gcc 13.2.0, GNU ld 2.42) #1 SMP PREEMPT_DYNAMIC",
}


def banner(m: Machine) -> str:
    """Text of /proc/version without the newline."""
    package = m.banner or m.release.rpartition("-")[0] or m.release
    return BANNERS[m.flavour].format(m.release, package)


def _early(m: Machine, memory: list[Range]) -> list[str]:
    lines = [banner(m), f"Command line: {m.cmdline}", "BIOS-provided physical RAM map:"]
    lines += [f"BIOS-e820: [mem 0x{first:016x}-0x{last:016x}] {kind}"
              for first, last, kind in memory]
    lines.append(f"DMI: {m.vendor} {m.product}, BIOS {m.bios_version} {m.bios_date}")
    return lines


def _tables(kernel: Kernel) -> list[str]:
    lines = []
    for name, data in sorted(kernel.tables.items()):
        oem, table = data[10:16].decode("latin-1"), data[16:24].decode("latin-1")
        revision = int.from_bytes(data[24:28], "little")
        lines.append(f"ACPI: {name} 0x00000000BDDC{len(lines):04X} {len(data):06X} "
                     f"(v{data[8]:02X} {oem} {table} {revision:08X} "
                     f"{data[28:32].decode('latin-1')} "
                     f"{int.from_bytes(data[32:36], 'little'):08X})")
    return lines


def _regions(kernel: Kernel, memory: list[Range]) -> list[str]:
    """Each RMRR, and the complaints about it."""
    m = kernel.machine
    lines = []
    for r in kernel.rmrrs:
        span = f"[0x{r.base:016x}-0x{r.limit:016x}]"
        lines.append(f"DMAR: RMRR base: 0x{r.base:014x} end: 0x{r.limit:014x}")
        covered = r.bad or reserves(memory, r.base, r.limit)
        if not covered:
            lines.append(f"DMAR: [Firmware Bug]: No firmware reserved region can cover this RMRR "
                         f"{span}, contact BIOS vendor for fixes")
        if r.bad or not covered:
            lines.append(f"DMAR: [Firmware Bug]: Your BIOS is broken; bad RMRR {span}\\x0aBIOS "
                         f"vendor: {m.bios_vendor}; Ver: {m.bios_version}; Product Version: ")
    return lines


def _intel_table(kernel: Kernel, memory: list[Range]) -> list[str]:
    """What the kernel says while it reads the DMAR."""
    started = kernel.machine.iommu.on or kernel.remapping
    if kernel.machine.iommu.kind != "intel" or not kernel.table or not started:
        return []
    lines = [f"DMAR: Host address width {kernel.tables['DMAR'][36] + 1}"]
    for unit in kernel.units:
        lines.append(f"DMAR: DRHD base: 0x{unit.address:014x} flags: 0x{int(unit.include_all):x}")
        lines.append(f"DMAR: dmar{unit.index}: reg_base_addr {unit.address:x} ver 1:0 "
                     f"cap {unit.cap:x} ecap {unit.ecap:x}")
    lines += _regions(kernel, memory)
    if kernel.remapping:
        lines += [f"DMAR-IR: IOAPIC id {scope.enumeration_id} under DRHD base  0x{s.base:x} "
                  f"IOMMU {n}" for n, s in enumerate(kernel.table.of_kind(0))
                  for scope in s.scopes if scope.kind == IOAPIC]
        lines.append("DMAR-IR: Enabled IRQ remapping in x2apic mode")
    return lines


BAR_WORDS = {"io": ("io  size", ""), "32": ("mem size", ""), "32p": ("mem size", " pref"),
             "64": ("mem size", " 64bit"), "64p": ("mem size", " 64bit pref")}


def _no_room(m: Machine) -> list[str]:
    """BARs that get no address; 6.9 put what it is before what became of it."""
    lines = []
    for f in m.functions:
        bars = [("BAR", b, b.size) for b in f.bars] if not f.physfn else []
        if f.sriov:
            bars += [("VF BAR", b, b.size * f.sriov.total) for b in f.sriov.bars]
        for what, b, size in bars:
            if b.placed:
                continue
            kind, tail = BAR_WORDS[b.kind]
            of = f"[{kind} 0x{size:08x}{tail}]"
            if m.version >= (6, 9):
                lines += [f"pci {f.address}: {what} {b.index} {of}: can't assign; no space",
                          f"pci {f.address}: {what} {b.index} {of}: failed to assign"]
            else:
                number = b.index + (7 if what == "VF BAR" else 0)
                lines += [f"pci {f.address}: BAR {number}: no space for {of}",
                          f"pci {f.address}: BAR {number}: failed to assign {of}"]
    return lines


def _bridges(m: Machine) -> list[str]:
    """What the firmware gives the kernel of PCI Express, at each host bridge."""
    if m.iommu.kind not in ("intel", "amd"):
        return []
    roots = {(f.domain, f.root.bus) for f in m.functions}
    if m.pcie_control == "kept":
        said = "_OSC: platform retains control of PCIe features (AE_NOT_FOUND)"
    else:
        said = "_OSC: OS now controls [PCIeHotplug PME AER PCIeCapability LTR]"
    return [f"acpi PNP0A08:{n:02x}: {said}" for n in range(len(roots))]


def _devices(m: Machine) -> list[str]:
    lines = []
    for f in m.functions:
        if f.physfn:
            continue
        lines.append(f"pci {f.address}: [{f.vendor_id:04x}:{f.device_id:04x}] "
                     f"type {1 if f.bridge else 0:02d} class 0x{f.class_code:06x}")
    return lines


def _iommu(kernel: Kernel) -> list[str]:
    """When the IOMMU driver starts, after the devices are known."""
    m = kernel.machine
    lines = list(kernel.scope_messages)
    if not kernel.active:
        return lines
    if m.iommu.kind == "intel":
        if kernel.table and not kernel.table.of_kind(2):
            lines.append("DMAR: No ATSR found")
        if m.version >= (5, 15):
            lines.append("DMAR: No SATC found")
        lines += [f"DMAR: dmar{u.index}: Using Queued invalidation" for u in kernel.units]
    lines += [f"pci {f.address}: Adding to iommu group {n}" for f, n in kernel.items()
              if not f.physfn]
    if m.iommu.kind in ("smmu", "virtio"):
        return lines
    if m.iommu.kind == "intel":
        lines.append("DMAR: Intel(R) Virtualization Technology for Directed I/O")
    else:
        lines.append(f"AMD-Vi: Extended features (0x{m.iommu.efr:x}, 0x0): PPR X2APIC NX GT IA GA "
                     "PC GA_vAPIC")
        if kernel.remapping:
            lines.append("AMD-Vi: Interrupt remapping enabled")
    lines += [f"pci {f.address}: Adding to iommu group {n}" for f, n in kernel.items() if f.physfn]
    return lines


def _messages(m: Machine) -> list[str]:
    """Arm's taker of message interrupts, as its driver names it."""
    return {"its": ["GICv3: 256 SPIs implemented", "ITS [mem 0x08080000-0x0809ffff]"],
            "gicv2m": ["GICv2m: range[mem 0x08020000-0x08020fff], SPI[80:143]"],
            "none": ["GICv3: 256 SPIs implemented"], "": []}[m.messages]


def _options(kernel: Kernel) -> list[str]:
    if kernel.machine.iommu.kind != "intel":
        return []
    lines = ["DMAR: IOMMU enabled"] if "on" in kernel.options else []
    lines += ["DMAR: IOMMU disabled"] if "off" in kernel.options else []
    if kernel.relax_all:
        lines.append("DMAR: Intel-IOMMU: assuming all RMRRs are relaxable. "
                     "This can lead to instability or data loss")
    return lines + [f"DMAR: Unknown option - '{o}'" for o in kernel.unknown_options]


def build(kernel: Kernel) -> str:
    """The log with stamps that only grow."""
    m = kernel.machine
    memory = memory_map(kernel)
    lines = _early(m, memory) + _tables(kernel) + _messages(m) + [f"Kernel command line: {m.cmdline}"]
    lines += _options(kernel) + _intel_table(kernel, memory)
    if kernel.active and m.iommu.kind == "amd":
        lines.append(f"AMD-Vi: Using global IVHD EFR:0x{m.iommu.efr:x}, EFR2:0x0")
    if m.iommu.kind != "none":
        passthrough = kernel.group_type == "identity"
        lines.append("iommu: Default domain type: "
                     + ("Passthrough (set via kernel command line)" if passthrough
                        else "Translated"))
    lines += m.log + _bridges(m) + _devices(m) + _no_room(m) + _iommu(kernel)
    early = len(_early(m, memory))
    stamped = [(0.0 if n < early else 0.1 + (n - early) * 0.000731, line)
               for n, line in enumerate(lines)]
    return "".join(f"[{stamp:12.6f}] {line}\n" for stamp, line in stamped)
