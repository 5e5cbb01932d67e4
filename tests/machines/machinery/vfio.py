# SPDX-License-Identifier: GPL-2.0-or-later
"""What a kernel answers when every function of a group is bound to vfio-pci, one is attached, and what every guest has
of memory is mapped for it.

Written from drivers/vfio and drivers/iommu of Linux, not from what pcipass does; test_recorded.py
holds it against what real kernels answered.
"""

from __future__ import annotations

from .kernel import Kernel
from .model import Function

# Ports whose driver leaves DMA alone (driver_managed_dma).
HARMLESS = ("", "pcieport", "pci-stub")
# vfio_pci_dev_in_denylist(): Intel's QuickAssist.
DENIED = (0x0435, 0x0443, 0x19E2, 0x19E3, 0x37C8, 0x37C9)
NO_GROUP, SRIOV, REGION, BRIDGE, INTERRUPTS = "no group", "VFs in use", "region", "bridge", "interrupts"
STREAM = "stream of another"
DENYLIST, VMD, NO_VFIO = "denylist", "behind a VMD", "no VFIO"


def refusal(k: Kernel, f: Function) -> str:
    """The first reason for which it refuses; "" if it attaches."""
    lists = [content for path, content in k.machine.files if path.endswith("/modules.dep")]
    if lists and not any(b"/vfio-pci.ko" in content for content in lists):
        return NO_VFIO  # modprobe finds none
    company = k.company(f)
    if k.stream_taken(f):
        return STREAM
    if not company:
        return NO_GROUP
    if f.vendor_id == 0x8086 and f.device_id in DENIED and k.machine.version >= (5, 9):
        return DENYLIST
    if f.domain >= 0x10000:
        return VMD  # its interrupts go through the VMD, which stays with the host
    if f.sriov and f.sriov.enabled:
        return SRIOV  # vfio_pci_probe(): -EBUSY
    if any(o.bridge and o.driver not in HARMLESS for o in company):
        return BRIDGE
    # The Intel driver always refused a device that an RMRR holds; the core refuses any, from 6.6 on.
    refuses = k.machine.iommu.kind == "intel" or k.machine.version >= (6, 6)
    # An older one attaches it and maps nothing there: vfio_iommu_resv_exclude(), 5.4. Below 1 MiB is every guest's.
    omits = k.machine.version >= (5, 4)
    if any(kind == "direct" and (refuses or omits and start < 1 << 20) for o in company for start, _, kind in k.regions_of(o)):
        return REGION
    if not k.remapping and not k.machine.unsafe_interrupts:
        return INTERRUPTS
    return ""
