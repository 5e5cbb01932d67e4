# SPDX-License-Identifier: GPL-2.0-or-later
"""Writes a machine as the files of a Linux host."""

from __future__ import annotations

from collections import defaultdict

from . import arm, bootlog, config_space, memory, smbios
from .kernel import Kernel
from .model import Bar, Function, Machine
from .sinks import Sink
from .topology import References, parse_address

NR_RESOURCES, NR_BRIDGE_RESOURCES, IOV_FIRST, WINDOW_FIRST = 13, 17, 7, 13
BAR_FLAGS = {"io": 0x40101, "32": 0x40200, "64": 0x140204, "32p": 0x42208, "64p": 0x14220C}
WINDOW_FLAGS = {"io": 0x101, "mem": 0x200, "pref": 0x102201}
SPEEDS = {1: "2.5", 2: "5.0", 3: "8.0", 4: "16.0", 5: "32.0"}
USER_CONFIG_BYTES = 64
LOCKDOWNS = ("none", "integrity", "confidentiality")
# What the distribution's kernel does when the command line says nothing.
INTEL_DEFAULTS = {
    "debian": "CONFIG_INTEL_IOMMU_DEFAULT_ON_INTGPU_OFF=y\n",
    "on": "CONFIG_INTEL_IOMMU_DEFAULT_ON=y\n",
    "off": "# CONFIG_INTEL_IOMMU_DEFAULT_ON is not set\n",
}


def device_directory(f: Function) -> str:
    """Path of a function's directory, through every bridge above it."""
    parts = []
    at: Function | None = f
    while at:
        parts.append(at.address)
        root, at = at, at.parent
    return f"sys/devices/pci{f.domain:04x}:{root.bus:02x}/" + "/".join(reversed(parts))


def _resource(f: Function) -> bytes:
    rows = [(0, 0, 0)] * (NR_BRIDGE_RESOURCES if f.bridge else NR_RESOURCES)

    def put(index: int, bar: Bar, size: int) -> None:
        if bar.placed:
            rows[index] = (bar.address, bar.address + size - 1, BAR_FLAGS[bar.kind])

    for bar in f.bars:
        put(bar.index, bar, bar.size)
    if f.rom:
        rows[6] = (f.rom.address, f.rom.address + f.rom.size - 1, 0x46200)
    if f.sriov:
        for bar in f.sriov.bars:
            put(IOV_FIRST + bar.index, bar, bar.size * f.sriov.total)
    for n, window in enumerate(("io", "mem", "pref")):
        if window in f.windows:
            rows[WINDOW_FIRST + n] = f.windows[window] + (WINDOW_FLAGS[window],)
    return b"".join(b"0x%016x 0x%016x 0x%016x\n" % row for row in rows)


def _modalias(f: Function) -> str:
    return (f"pci:v{f.vendor_id:08X}d{f.device_id:08X}sv{f.subsystem[0]:08X}"
            f"sd{f.subsystem[1]:08X}bc{f.class_code >> 16:02X}sc{f.class_code >> 8 & 0xFF:02X}"
            f"i{f.class_code & 0xFF:02X}\n")


MOUNTS = "proc/1/mountinfo"


class TreeWriter:
    """One machine, into any sink."""

    sink: Sink

    def __init__(self, m: Machine) -> None:
        self.m = m
        self.kernel = Kernel(m)
        self.refs = References(m)
        self.smbios = smbios.build(m)
        self.slot_addresses = self._slot_addresses()
        self.virtual: dict[int, list[Function]] = defaultdict(list)
        for f in m.functions:
            if f.physfn:
                self.virtual[id(f.physfn)].append(f)

    def text(self, path: str, content: str, mode: int = 0o444) -> None:
        """A small text file."""
        self.sink.file(path, content.encode(), mode)

    def write(self, sink: Sink) -> None:
        """All of it. Directories that exist on every host are there even when they are empty."""
        self.sink = sink
        for directory in ("sys/bus/pci/devices", "sys/bus/pci/drivers", "sys/bus/pci/slots",
                       "sys/class/iommu", "sys/kernel/iommu_groups", "sys/class/block"):
            self.sink.directory(directory)
        self._proc()
        self._machine()
        for f in self.m.functions:
            self._device(f)
        self._units()
        self._groups()
        self._slots()
        for path, content in self.m.files:
            self.sink.file(path, content)
        for path, target in self.m.links:
            self.sink.link(path, target)

    def _proc(self) -> None:
        m = self.m
        self.text("proc/version", bootlog.banner(m) + "\n")
        self.text("proc/cmdline", m.cmdline + "\n")
        self.text("proc/iomem", memory.iomem(self.kernel, memory.memory_map(self.kernel)))
        self.text("proc/modules", "".join(
            f"{name.replace('-', '_')} 65536 0 - Live 0x0000000000000000\n"
            for name in sorted({f.driver for f in m.functions if f.driver})))
        if MOUNTS not in {path for path, _ in m.files}:  # it runs from no disk of its own
            self.text(MOUNTS, "22 1 0:20 / / rw,relatime - nfs server:/root rw\n")
        if m.as_root:
            self.text("var/log/dmesg.txt", bootlog.build(self.kernel))
        if m.messages:
            self.text("proc/interrupts", arm.interrupts(m))
            return
        prefix = "IR-" if self.kernel.remapping else ""
        rows = ["           CPU0       \n",
                f"  0:         95  {prefix}IO-APIC   2-edge      timer\n",
                f"  9:          0  {prefix}IO-APIC   9-fasteoi   acpi\n"]
        rows += [f" {f.irq:>2}:          3  {prefix}IO-APIC  {f.irq}-fasteoi   {f.driver}\n"
                 for f in m.functions if f.irq and f.driver and not (f.msi or f.msix)]
        rows += [f" {64 + n}:         10  {prefix}PCI-MSI {f.requester_id << 12}-edge      "
                 f"{f.driver}\n" for n, f in enumerate(m.functions)
                 if f.driver and (f.msi or f.msix) and not m.lean]
        self.text("proc/interrupts", "".join(rows))

    def _cpuinfo(self) -> None:
        self.text("proc/cpuinfo", "processor\t: 0\nBogoMIPS\t: 108.00\nFeatures\t: fp asimd\n"
                                  "CPU implementer\t: 0x41\nCPU architecture: 8\n")

    def _device_tree(self) -> None:
        """An Arm board: each PCI host is a node, and the kernel links its root bus to it."""
        base = "sys/firmware/devicetree/base"
        self.text(f"{base}/model", f"{self.m.vendor} {self.m.product}\0")
        self.text(f"{base}/compatible", "sample,board\0sample,soc\0")
        for domain, bus in sorted({(f.domain, f.bus) for f in self.m.functions if not f.parent}):
            node = f"axi/pcie@{0x1000110000 + (domain << 16):x}"
            for name, data in arm.tree_properties(self.m).items():
                self.sink.file(f"{base}/{node}/{name}", data, 0o444)
            self.sink.link(f"sys/class/pci_bus/{domain:04x}:{bus:02x}/of_node",
                           f"../../../firmware/devicetree/base/{node}")
        for path, data in arm.tree_nodes(self.m).items():
            self.sink.file(f"{base}/{path}", data, 0o444)

    def _machine(self) -> None:
        m = self.m
        if m.arm:
            self._cpuinfo()
        if m.device_tree:
            self._device_tree()
            return
        table, entry = self.smbios
        fields = {"sys_vendor": m.vendor, "product_name": m.product, "bios_vendor": m.bios_vendor,
                  "bios_version": m.bios_version, "bios_date": m.bios_date}
        for name, value in fields.items():
            self.text(f"sys/devices/virtual/dmi/id/{name}", value + "\n")
        self.sink.link("sys/class/dmi/id", "../../devices/virtual/dmi/id")
        if m.as_root:
            self.sink.file("sys/firmware/dmi/tables/DMI", table, 0o400)
            self.sink.file("sys/firmware/dmi/tables/smbios_entry_point", entry, 0o400)
            # Every ACPI host shows this one: without any, tables would seem to be hidden.
            self.sink.file("sys/firmware/acpi/tables/FACP", b"FACP", 0o400)
            for name, data in sorted(self.kernel.tables.items()):
                self.sink.file(f"sys/firmware/acpi/tables/{name}", data, 0o400)
        self.text("sys/kernel/security/lockdown", " ".join(
            f"[{word}]" if word == m.lockdown else word for word in LOCKDOWNS) + "\n")
        self.text("sys/module/vfio_iommu_type1/parameters/allow_unsafe_interrupts",
                  "Y\n" if m.unsafe_interrupts else "N\n", 0o644)
        if m.arm:
            self.text(f"boot/config-{m.release}", "CONFIG_ARM_SMMU_V3=y\n")
            return
        default = m.flavour
        if default != "debian":
            default = "on" if default == "proxmox" and m.version >= (6, 8) else "off"
        self.text(f"boot/config-{m.release}", "CONFIG_INTEL_IOMMU=y\n" + INTEL_DEFAULTS[default])

    def _device(self, f: Function) -> None:
        base = device_directory(f)
        up = "../" * base.count("/")  # from the device's directory to sys/
        put = self.text
        self.sink.link(f"sys/bus/pci/devices/{f.address}", "../../../" + base[4:])
        config = config_space.build(f)
        self.sink.file(f"{base}/config",
                       config if self.m.as_root else config[:USER_CONFIG_BYTES], 0o644)
        for name, value in (("vendor", f.vendor_id), ("device", f.device_id),
                            ("subsystem_vendor", f.subsystem[0]),
                            ("subsystem_device", f.subsystem[1])):
            put(f"{base}/{name}", f"0x{value:04x}\n")
        put(f"{base}/class", f"0x{f.class_code:06x}\n")
        put(f"{base}/revision", f"0x{f.revision:02x}\n")
        put(f"{base}/irq", f"{f.irq}\n")
        if self.m.version >= (5, 11):
            put(f"{base}/power_state", "D0\n")
        put(f"{base}/enable", f"{1 if f.driver else 0}\n", 0o644)
        put(f"{base}/numa_node", f"{f.numa}\n", 0o644)
        self.sink.file(f"{base}/resource", _resource(f))
        reset = self.kernel.reset_method(f)
        if reset:
            put(f"{base}/reset_method", reset + "\n", 0o644)
        if f.driver:
            self.sink.link(f"{base}/driver", f"{up}bus/pci/drivers/{f.driver}")
            self.sink.link(f"sys/bus/pci/drivers/{f.driver}/{f.address}", "../../../../" + base[4:])
        group = self.kernel.group_of.get(id(f))
        if group is not None:
            self.sink.link(f"{base}/iommu_group", f"{up}kernel/iommu_groups/{group}")
        self._virtual(f, base)
        if not self.m.lean:
            self._detail(f, base, up)

    def _virtual(self, f: Function, base: str) -> None:
        if f.physfn:
            self.sink.link(f"{base}/physfn", f"../{f.physfn.address}")
        if not f.sriov:
            return
        for name, value in (("totalvfs", f.sriov.total), ("numvfs", f.sriov.enabled),
                            ("offset", f.sriov.offset), ("stride", f.sriov.stride)):
            self.text(f"{base}/sriov_{name}", f"{value}\n")
        self.text(f"{base}/sriov_vf_device", f"{f.sriov.device_id:x}\n")
        for n, v in enumerate(self.virtual[id(f)]):
            self.sink.link(f"{base}/virtfn{n}", f"../{v.address}")

    def _detail(self, f: Function, base: str, up: str) -> None:
        """What a real device's directory holds besides."""
        put = self.text
        put(f"{base}/modalias", _modalias(f))
        put(f"{base}/ari_enabled", f"{int(f.ari and bool(f.parent and f.parent.ari))}\n")
        put(f"{base}/driver_override", "(null)\n", 0o644)
        put(f"{base}/msi_bus", "1\n", 0o644)
        put(f"{base}/power/control", "on\n", 0o644)
        put(f"{base}/power/runtime_status", "active\n")
        self.sink.link(f"{base}/subsystem", f"{up}bus/pci")
        if f.pcie and f.pcie != "rciep":
            speed = f"{SPEEDS[f.link[0]]} GT/s PCIe\n"
            for which in ("current", "max"):
                put(f"{base}/{which}_link_speed", speed)
                put(f"{base}/{which}_link_width", f"{f.link[1]}\n")
        if f.bridge:
            put(f"{base}/secondary_bus_number", f"{f.secondary}\n")
            put(f"{base}/subordinate_bus_number", f"{f.subordinate}\n")
        unit = self.kernel.unit_of(f)
        if unit:
            self.sink.link(f"{base}/iommu", f"{up}{self._unit_directory(unit.index)[4:]}")

    def _unit_directory(self, index: int) -> str:
        if self.m.iommu.kind == "intel":
            return f"sys/devices/virtual/iommu/dmar{index}"
        if self.m.iommu.kind == "smmu":
            return (f"sys/devices/platform/arm-smmu-v3.{index}.auto/iommu/"
                    f"smmu3.0x{arm.SMMU_BASE:016x}")
        at = self.refs.one(self.m.iommu.at)
        if self.m.iommu.kind == "virtio":
            return f"{device_directory(at)}/virtio0/iommu/{at.address}"
        return f"{device_directory(at)}/iommu/ivhd{index}"

    def _units(self) -> None:
        for unit in self.kernel.units if self.kernel.active else []:
            directory = self._unit_directory(unit.index)
            self.sink.link(f"sys/class/iommu/{directory.rpartition('/')[2]}", "../../" + directory[4:])
            if self.m.iommu.kind in ("smmu", "virtio"):
                self.sink.directory(directory)
                continue
            if self.m.iommu.kind == "amd":
                self.text(f"{directory}/amd-iommu/cap", "190b640f\n")
                self.text(f"{directory}/amd-iommu/features", f"{self.m.iommu.efr:x}:0\n")
                continue
            for name, value in (("address", f"{unit.address:x}"), ("cap", f"{unit.cap:x}"),
                                ("ecap", f"{unit.ecap:x}"), ("version", "1:0")):
                self.text(f"{directory}/intel-iommu/{name}", value + "\n")

    def _groups(self) -> None:
        for f, number in self.kernel.items():
            self.sink.link(f"sys/kernel/iommu_groups/{number}/devices/{f.address}",
                           "../../../../" + device_directory(f)[4:])
        for number, regions in sorted(self.kernel.regions.items()):
            base = f"sys/kernel/iommu_groups/{number}"
            self.text(f"{base}/reserved_regions", "".join(
                f"0x{first:016x} 0x{last:016x} {kind}\n" for first, last, kind in regions))
            self.text(f"{base}/type", self.kernel.group_type + "\n", 0o644)

    def _slot_address(self, target: str, line: int) -> str:
        """A port's slot is what is below it; the address of a slot has no function."""
        position = parse_address(target)
        text = "%04x:%02x:%02x.%x" % position if position else ""
        if position and text not in self.refs.by_address:
            return text[:-2]
        f = self.refs.one(target, line)
        return f"{f.domain:04x}:{f.secondary:02x}:00" if f.bridge else f.address[:-2]

    def _slot_addresses(self) -> dict[str, str]:
        """What /sys/bus/pci/slots shows: address by name."""
        named = [(s.kernel, s.target, s.line) for s in self.m.slots if s.kernel]
        return {name: self._slot_address(target, line)
                for name, target, line in named + self.m.kernel_slots}

    def _slots(self) -> None:
        for name, address in self.slot_addresses.items():
            self.text(f"sys/bus/pci/slots/{name}/address", address + "\n")
