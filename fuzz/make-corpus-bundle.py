#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Makes the corpus of fuzz-bundle, and what fuzz-import has of texts with sections."""

from pathlib import Path

HERE = Path(__file__).resolve().parent / "corpus"
LSPCI = """07:00.0 Serial Attached SCSI controller [0107]: Broadcom / LSI SAS2308 [1000:0087] (rev 05)
\tSubsystem: Hewlett-Packard Company H220 [1590:0041]
\tControl: I/O+ Mem+ BusMaster+ SpecCycle- DisINTx+
\tInterrupt: pin A routed to IRQ 40
\tIOMMU group: 19
\tRegion 1: Memory at f7a40000 (64-bit, non-prefetchable) [size=64K]
\tCapabilities: [50] Power Management version 3
\t\tStatus: D0 NoSoftRst+ PME-Enable- DSel=0 DScale=0 PME-
\tKernel driver in use: mpt3sas

"""
NAMES = LSPCI.replace(" [0107]", "").replace(" [1000:0087]", "")
LOG = """[    0.000000] Linux version 6.1.0-25-amd64 (x) #1 SMP
[    0.000000] Command line: root=/dev/sda2 intel_iommu=on
[    0.004000] ACPI: DMAR 0x00000000BDDAD000 000A12 (v01 HP)
[    0.900000] pci 0000:07:00.0: Adding to iommu group 19
"""
TAGS = """Device:\t07:00.0
Class:\tSerial Attached SCSI controller [0107]
Vendor:\tBroadcom / LSI [1000]
Device:\tSAS2308 [0087]
Rev:\t05
PhySlot:\t2
Driver:\tmpt3sas
IOMMUGroup:\t19

"""
CONFIG = bytes.fromhex("00108700060410000500070100000000") + bytes(240)
UNAME = "Linux server 6.1.0-25-amd64 #1 SMP x86_64 GNU/Linux\n"


def section(kind: str, heading: str, body: str) -> str:
    return f"#==[ {kind} ]".ljust(51, "=") + f"#\n# {heading}\n{body}\n"


HARDWARE = (section("Command", "/sbin/lspci -nn", LSPCI.splitlines()[0] + "\n") + section("Command", "/sbin/lspci -vvv", NAMES)
            + section("Configuration File", "/proc/cmdline", "root=/dev/sda2\n"))
PVE = ("\n==== general system info ====\n\n# hostname\nnode1\n\n# cat /proc/cmdline\nroot=/dev/sda2 quiet\n\n"
       "# pveversion --verbose\nproxmox-ve: 8.3.0 (running kernel: 6.8.12-4-pve)\n\n==== info about hardware ====\n\n"
       "# lspci -nnk\n" + "\n".join(LSPCI.splitlines()[:2]) + "\n\tKernel driver in use: mpt3sas\n")
BUNDLES = {
    "sos": {"sos_commands/pci/lspci_-nnvv": LSPCI, "sos_commands/kernel/dmesg": LOG, "sos_commands/kernel/uname_-a": UNAME,
            "proc/bus/pci/07/00.0": CONFIG, "sys/firmware/acpi/tables/FACP": b"FACP" + bytes(40),
            "etc/libvirt/qemu/guest.xml": "<domain/>\n", "lib/modules/6.1.0/modules.dep": "kernel/vfio.ko:\n"},
    "sos-top": {"sosreport-x/sos_commands/pci/lspci_-nvv": LSPCI, "sosreport-x/proc/cmdline": "root=/dev/sda2\n"},
    "two": {"a/sos_commands/x": "", "b/sos_commands/x": ""},
    "probe": {"hw.info/host": "x\n", "hw.info/logs/lspci": TAGS, "hw.info/logs/dmesg": LOG,
              "hw.info/logs/dmi_id": "sys_vendor: HP\nproduct_name: ProLiant\n"},
    "supportconfig": {"scc_x/basic-environment.txt": section("Command", "/bin/uname -a", UNAME),
                      "scc_x/hardware.txt": HARDWARE, "scc_x/boot.txt": section("Command", "/bin/dmesg -T", LOG)},
}


def main() -> None:
    (HERE / "bundle").mkdir(exist_ok=True)
    for name, files in BUNDLES.items():
        made = b"".join(b"=== " + path.encode() + b"\n" + (c if isinstance(c, bytes) else c.encode()) + b"\n"
                        for path, c in files.items())
        (HERE / "bundle" / name).write_bytes(made)
    for name, text in {"supportconfig": HARDWARE, "pvereport": PVE, "lspci-tags": TAGS, "uname": UNAME}.items():
        (HERE / "import" / name).write_text(text)


main()
