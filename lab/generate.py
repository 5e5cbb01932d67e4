# SPDX-License-Identifier: GPL-2.0-or-later
"""A random machine as a recipe: the same seed and number give the same text."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

from . import places  # noqa: F401  (the path of machinery)
from machinery import dmar, recipe  # noqa: E402
from machinery.model import Function

ENDPOINTS_MAX = 10
# Root devices that the board leaves free. 00:01.0 is AMD's IOMMU, 00:1e.0 leads to root bus 80.
FIRST_DEVICE, LAST_DEVICE = 0x02, 0x1C
SECOND_ROOT, SECOND_ROOT_BELOW = 0x80, 0x81
PORT, OLD_PORT = "1b36:000c root-port", "8086:3420 root-port"
CONVENTIONAL_BRIDGES = ("1b36:0001 pci-bridge", "8086:244e pci-bridge")
# Drivers that leave DMA to user space: bound by name, not by loading a module for the device.
STAND_INS = ("vfio-pci", "pci-stub")
# Reserved by SeaBIOS; and further places in low memory, which only memmap= reserves.
SEABIOS_REGION, FIRST_REGION, REGION_STEP = 0x7FFE0000, 0x60000000, 0x100000
LEGACY_REGION = 0xF4000
AMD_EVERY = 8


@dataclass(frozen=True)
class Kind:
    """An endpoint: words of the recipe, the driver that may be loaded for it, how often."""

    words: str
    driver: str
    weight: int
    relaxable: bool = False
    conventional: bool = False  # has no PCI Express capability anywhere
    express: bool = False  # is not to be had for a conventional bus


KINDS = (
    # mptsas, its driver, panics or takes minutes when it loses its device and gets it again.
    Kind("1000:0054 sas", "", 2, conventional=True),
    Kind("8086:2922 sata", "ahci", 3),
    Kind("1b36:0010 nvme", "nvme", 3, express=True),
    Kind("8086:10d3 ethernet", "e1000e", 4, express=True),
    Kind("1b36:000d xhci", "xhci-pci", 3, relaxable=True),
    Kind("8086:24cd ehci", "ehci-pci", 1, relaxable=True, conventional=True),
    Kind("8086:7112 uhci", "uhci-hcd", 1, relaxable=True, conventional=True),
    Kind("1234:1111 display", "", 2, relaxable=True),
    Kind("8086:2668 audio", "", 2),
    Kind("1b36:0002 serial", "", 1, conventional=True),
)
VGA = Kind("1234:1111 vga", "", 0, relaxable=True, conventional=True)


class Generator:
    """Writes one machine. Each function gets a name; scopes are made of names and of nothing."""

    def __init__(self, seed: int, number: int, iommu: str) -> None:
        self.random = random.Random(f"{seed}-{number}")
        self.iommu = iommu
        self.lines: list[str] = []
        self.functions: list[str] = []  # lines of the tree
        self.endpoints: list[tuple[str, Kind]] = []
        self.bridges: list[str] = []
        self.ports: list[str] = []  # on the root bus
        self.slots: list[tuple[int, str]] = []
        self.vga = False
        self.translated = self._chance(0.2)
        self.next_region = 0
        self.second_root = False

    def _chance(self, p: float) -> bool:
        return self.random.random() < p

    # --- the tree --------------------------------------------------------------------------

    def _line(self, depth: int, position: str, words: str) -> None:
        self.functions.append("  " * depth + f"{position} {words}")

    def _kind(self, conventional: bool) -> Kind:
        if not self.vga and self._chance(0.06):
            self.vga = True
            return VGA
        kinds = [k for k in KINDS if not (conventional and k.express)]
        return self.random.choices(kinds, [k.weight for k in kinds])[0]

    def _endpoint(self, depth: int, position: str, extra: str = "",
                  conventional: bool = False) -> str:
        kind = self._kind(conventional)
        name = f"e{len(self.endpoints)}"
        words = [kind.words, f"name={name}"]
        if conventional or kind.conventional:
            words.append("pcie=none")
        # In a domain of AMD's IOMMU no driver can use its device again after it was given away.
        if kind.driver and not (self.translated and self.iommu == "amd") and self._chance(0.4):
            words.append(f"driver={kind.driver}")
        elif self._chance(0.06):
            words.append(f"driver={self.random.choice(STAND_INS)}")
        self._line(depth, position, " ".join([*words, *extra.split()]))
        self.endpoints.append((name, kind))
        return name

    def _bridge(self, depth: int, position: str, words: str) -> str:
        name = f"b{len(self.bridges)}"
        self._line(depth, position, f"{words} name={name}")
        self.bridges.append(name)
        return name

    def _port(self, position: str, extra: str = "") -> None:
        acs = " acs" if self._chance(0.6) else ""
        slot = len(self.ports) + 1
        kind = PORT
        if self._chance(0.1):
            kind, acs = OLD_PORT, " acs"  # the model has it, though not all of its bits
        name = self._bridge(0, position, f"{kind}{acs} slot={slot}{extra}")
        self.ports.append(name)
        self.slots.append((slot, name))

    def _card(self, depth: int) -> None:
        """What is plugged into a port: one to three functions."""
        n = self.random.choices((1, 2, 3), (6, 2, 1))[0]
        for function in range(n):
            self._endpoint(depth, f"00.{function}")

    def _site_card(self, at: str) -> None:
        self._port(at)
        self._card(1)

    def _site_ports(self, at: str) -> None:
        """Root ports that are functions of one device."""
        for function in range(self.random.randint(2, 3)):
            self._port(f"{at[:-1]}{function}")
            if self._chance(0.7):
                self._endpoint(1, "00.0")

    def _site_switch(self, at: str) -> None:
        self._port(at)
        self._bridge(1, "00.0", "104c:8232 upstream")
        for device in range(self.random.randint(1, 2)):
            self._bridge(2, f"{device:02x}.0", f"104c:8233 downstream slot={32 + device}")
            if device == 0 or self._chance(0.7):
                self._card(3)

    def _conventional(self, depth: int) -> None:
        """The devices of a conventional bus, with another bus below at times."""
        for device in range(1, 1 + self.random.randint(1, 2)):
            self._endpoint(depth, f"{device:02x}.0", conventional=True)
        if self._chance(0.4):
            self._bridge(depth, "05.0", CONVENTIONAL_BRIDGES[0])
            self._endpoint(depth + 1, "01.0", conventional=True)

    def _site_pcie_to_pci(self, at: str) -> None:
        words = "1b36:000e pcie-to-pci"
        if self._chance(0.3):
            self._bridge(0, at, words)  # integrated
            self._conventional(1)
            return
        self._port(at)
        self._bridge(1, "00.0", words)
        self._conventional(2)

    def _site_pci_bridge(self, at: str) -> None:
        self._bridge(0, at, self.random.choice(CONVENTIONAL_BRIDGES))
        self._conventional(1)

    def _site_onboard(self, at: str) -> None:
        for function in range(self.random.choices((1, 2), (3, 1))[0]):
            self._endpoint(0, f"{at[:-1]}{function}")

    def _site_vfs(self, at: str) -> None:
        if self.translated and self.iommu == "amd":
            return  # VFs need the driver
        self._port(at)
        total = self.random.randint(1, 3)
        on = self.random.randint(0 if total == 1 else 1, total)
        name = f"e{len(self.endpoints)}"
        self._line(1, "00.0", f"1b36:0010 nvme name={name} driver=nvme sriov={on}/{total} "
                   "vf=0010")
        self.endpoints.append((name, Kind("", "nvme", 0)))

    def _second_root(self) -> None:
        self._port(f"{SECOND_ROOT:02x}:00.0", f" bus={SECOND_ROOT_BELOW:02x}")
        self._card(1)

    def _tree(self) -> None:
        sites: list[tuple[Callable[[str], None], int]] = [
            (self._site_card, 6), (self._site_ports, 2), (self._site_switch, 2),
            (self._site_pcie_to_pci, 2), (self._site_pci_bridge, 1), (self._site_onboard, 3),
            (self._site_vfs, 1)]
        device = FIRST_DEVICE
        wanted = self.random.randint(3, ENDPOINTS_MAX - 3)
        while len(self.endpoints) < wanted and device <= LAST_DEVICE:
            site = self.random.choices([s for s, _ in sites], [w for _, w in sites])[0]
            site(f"00:{device:02x}.0")
            device += self.random.randint(1, 3)
        self.second_root = self._chance(0.15)
        if self.second_root:
            self._second_root()

    # --- tables ----------------------------------------------------------------------------

    def _span(self) -> str:
        """A region, and "uncovered" at times."""
        pages = self.random.choice((1, 2, 16))
        where = self.random.random()
        self.next_region += 1
        if where < 0.3:
            start = SEABIOS_REGION + self.next_region * 0x4000
            pages = min(pages, 4)
        elif where < 0.35:
            start, pages = LEGACY_REGION, 1
        else:
            start = FIRST_REGION + self.next_region * REGION_STEP
        end = start + pages * 0x1000 - 1
        uncovered = ""
        if start >= FIRST_REGION and start < SEABIOS_REGION:
            uncovered = " uncovered" if self._chance(0.25) else ""
            if not self.translated and self._chance(0.1):
                odd = self.random.randrange(3)
                start, end = ((start + 0x800, end), (start, start + 0x7FF),
                              (start, start - 1))[odd]
                uncovered = " uncovered"
        return f"{start:x}-{end:x}{uncovered}"

    def _names(self, n: int) -> str:
        names = [name for name, _ in self.endpoints]
        return " ".join(self.random.sample(names, min(n, len(names))))

    def _relaxable(self) -> str:
        names = [name for name, kind in self.endpoints if kind.relaxable]
        return self.random.choice(names) if names else self._names(1)

    def _without_effect(self) -> str:
        """Scopes that name nothing, or nothing of this segment."""
        return self.random.choice((
            "endpoint:00:1d.7", "endpoint:05:02.0/00.0", "endpoint:00:02.0/1f.3",
            "endpoint:40:00.0/00.0", "hpet:00:02.0", "acpi:1@00:02.0", "ioapic:00@f0:1f.7",
            "segment=1 " + self._names(1)))

    def _raw(self, bus: int, hops: list[tuple[int, int]], bridge: bool) -> str:
        path = "/".join(f"{d:02x}.{f}" for d, f in hops)
        return f"{'bridge' if bridge else 'endpoint'}:{bus:02x}:{path}"

    def _bent(self) -> str:
        """A function's path, and something wrong with it."""
        f: Function = self.random.choice(self._model())
        bus, hops = dmar.path_to(f)
        bridge = bool(f.bridge)
        last = hops[-1]
        ways = [
            self._raw(f.bus, [last], bridge),  # by its address: works where the path fails
            self._raw(f.bus, [last, (0, 0)], bridge),  # beyond it
            self._raw(bus, [*hops[:-1], (last[0], last[1] ^ 1)], bridge),  # its neighbour
            self._raw(bus ^ 1, hops, bridge),  # from a bus that is no root
        ]
        if f.parent:
            ways.append(self._raw(f.parent.bus, [hops[-2], last], bridge))  # from half way
        if self._chance(0.1):
            ways = [self._raw(bus, hops, not bridge)]  # of the wrong type: all stays off
        return self.random.choice(ways)

    def _model(self) -> list[Function]:
        return recipe.loads("\n".join(self.functions)).functions

    def _scopes(self) -> str:
        modes: list[tuple[Callable[[], str], int]] = [
            (lambda: self._names(1), 5), (lambda: self._names(self.random.randint(2, 3)), 3),
            (self._relaxable, 4), (lambda: f"{self._relaxable()} {self._names(1)}", 1),
            (self._without_effect, 2), (self._bent, 4), (lambda: "bridge:00:1f.0", 1)]
        if self.bridges:
            modes.append((lambda: self.random.choice(self.bridges), 3))
        return self.random.choices([m for m, _ in modes], [w for _, w in modes])[0]()

    def _regions(self) -> None:
        for _ in range(self.random.choices((0, 1, 2, 3), (1, 3, 3, 2))[0]):
            self.lines.append(f"rmrr {self._span()} {self._scopes()}")

    def _intel(self) -> None:
        words = "iommu intel"
        if self._chance(0.06):
            words += " off"
        elif self._chance(0.1):
            words += " noremap"
        off = " off" in words
        pt = "" if self.translated else " iommu=pt"
        self.lines += [words, f"cmdline intel_iommu={'off' if off else 'on'}{pt}"]
        if "noremap" in words and self._chance(0.5):
            self.lines.append("unsafe-interrupts yes")
        self.lines += [*self.functions, "drhd fed90000 all ioapic:00@ff:00.0"]
        self._regions()

    def _amd(self) -> None:
        pt = "" if self.translated else "iommu=pt"
        self.lines += ["iommu amd at=iommu", f"cmdline amd_iommu=on {pt}".rstrip(),
                       "00:01.0 1022:0008 iommu name=iommu pcie=none", *self.functions]
        for n in range(self.random.choices((0, 1, 2), (1, 3, 2))[0]):
            start = FIRST_REGION + n * REGION_STEP
            which = self.random.choices(
                (self._names(1), "00:02.0..00:1f.7", "01:00.0..02:00.7", "all"), (4, 1, 1, 1))[0]
            flags = self.random.choices(
                ("unity,read,write", "exclusion", "read,write", "unity"), (4, 2, 1, 1))[0]
            self.lines.append(f"ivmd {which} {start:x}-{start + 0xFFFF:x} {flags}")
        # From Linux 7.3 on nothing else attaches: QEMU's table does not name the I/O APIC as it should.
        if self._chance(0.5):
            self.lines.append("unsafe-interrupts yes")

    def _arm(self) -> None:
        """By ACPI or a device tree; with and without SMMU; who takes messages."""
        pt = "0" if self.translated else "1"
        self.lines.append(f"cmdline iommu.passthrough={pt}")
        self.lines.append("iommu none" if self._chance(0.1) else "iommu smmu")
        # Without either QEMU makes no port: these want MSI-X.
        messages = self.random.choices(("its", "gicv2m"), (3, 1))[0]
        self.lines.append(f"messages {messages}")
        # A second root bus is an ACPI device of QEMU's; a device tree has one.
        if not self.second_root and self._chance(0.3):
            self.lines.append("device-tree iommu-map")
        if messages != "its" and self._chance(0.5):
            self.lines.append("unsafe-interrupts yes")
        self.lines += self.functions

    def _smbios(self) -> None:
        """Slots that agree with the ports' numbers, and some that do not."""
        for number, port in self.slots:
            if self._chance(0.6):
                shown = number if self._chance(0.8) else number + 1
                self.lines.append(f'slot {shown} "PCI-E Slot {shown}" {port} type=pcie3-x8')

    def text(self) -> str:
        """The recipe."""
        product = self.random.choice(("ProLiant DL380p Gen8", "ProLiant ML350p Gen8", "Sample"))
        maker = "Sample" if product == "Sample" else "HP"
        self._tree()
        self.lines += [f'system {maker} "{product}"', f"bios {maker} P70 05/24/2019", "cpu Intel"]
        if self.iommu == "smmu":
            self._arm()
        elif self.iommu == "amd":
            self._amd()
        elif self._chance(0.03):
            self.lines += ["iommu none", *self.functions]
        else:
            self._intel()
        if self.iommu != "smmu":
            self._smbios()
        return "\n".join(self.lines) + "\n"


def recipe_text(seed: int, number: int, iommu: str = "mixed") -> str:
    """Machine `number` of a seed. iommu: intel, amd, smmu (an Arm machine), or mixed: every eighth
    is AMD's."""
    if iommu == "mixed":
        iommu = "amd" if number % AMD_EVERY == AMD_EVERY - 1 else "intel"
    return Generator(seed, number, iommu).text()
