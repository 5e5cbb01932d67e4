# SPDX-License-Identifier: GPL-2.0-or-later
"""Hosts of thousands of functions, the same for the same number."""

from __future__ import annotations

from collections.abc import Iterator

from . import topology
from .functions import apply_words
from .model import Function, Machine, Region, Unit

PORTS_PER_DOMAIN = 120
FUNCTIONS_PER_PORT = 8
VF_PORT_EVERY = 7  # each so many ports carry a card with SR-IOV
VFS = 7

PORT = "8086:2030 root-port rev=07 sub=8086:0000 pm msi acs ari link=3/16".split()
# One card a port: words of its function 0 and of the others.
CARDS = (
    ("8086:1572 ethernet rev=02 sub=8086:0002 driver=i40e pin=A pm msi msix=129 flr acs ari "
     "bars=8M:64p,-,32K:64p").split(),
    "1000:0097 sas rev=02 sub=1000:3090 driver=mpt3sas pin=A pm msix=96 flr bars=64K:64p".split(),
    "144d:a808 nvme sub=144d:a801 driver=nvme pin=A pm msix=33 flr bars=16K:64p".split(),
    "10de:1eb8 0302 rev=a1 sub=10de:12a2 driver=vfio-pci pm msi flr bars=256M:64p".split(),
    "14e4:1657 ethernet rev=01 sub=103c:22be driver=tg3 pin=A pm msi msix=17 flr "
    "bars=64K:64p,64K:64p,64K:64p".split(),
)
SRIOV_CARD = (f"8086:1592 ethernet rev=02 sub=8086:0002 driver=ice pm msix=512 flr ari "
              f"bars=32M:64p sriov={VFS}/64 vf=1889,iavf vf-at=8/1 vf-bars=128K:64p").split()


def _function(m: Machine, where: tuple[int, int, int], words: list[str],
              parent: Function | None = None) -> Function:
    domain, device, function = where
    f = Function(domain, 0, device, function, parent=parent)
    apply_words(f, words)
    if parent:
        parent.children.append(f)
    m.functions.append(f)
    return f


def _ports(m: Machine) -> Iterator[tuple[int, Function]]:
    """Root ports, eight to a device, in as many domains as it takes."""
    index = 0
    while True:
        domain, nth = divmod(index, PORTS_PER_DOMAIN)
        yield index, _function(m, (domain, 1 + nth // 8, nth % 8), PORT)
        index += 1


def machine(count: int) -> Machine:
    """A server of exactly count functions, VFs among them."""
    m = Machine(name=f"generated-{count}", product=f"Host of {count} functions",
                release="6.12.9-amd64", cmdline="quiet intel_iommu=on", lean=True)
    m.iommu.kind = "intel"
    left = count
    for index, port in _ports(m):
        left -= 1
        if left <= 0:
            break
        if index % VF_PORT_EVERY == 3 and left > VFS:
            _function(m, (port.domain, 0, 0), SRIOV_CARD, port)
            left -= 1 + VFS
        else:
            words = CARDS[index % len(CARDS)]
            for n in range(min(FUNCTIONS_PER_PORT, left)):
                _function(m, (port.domain, 0, n), words, port)
                left -= 1
        if left <= 0:
            break
    topology.finish(m)
    for domain in sorted({f.domain for f in m.functions}):
        m.units.append(Unit(0xFBF00000 + domain * 0x1000, domain, True))
    held = [f for f in m.functions if f.parent and not f.physfn][::97]
    for n, f in enumerate(held):
        start = 0xB0000000 + n * 0x10000
        m.regions.append(Region(start, start + 0x3FFF, f.domain, [f.address]))
    return m
