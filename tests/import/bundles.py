# SPDX-License-Identifier: GPL-2.0-or-later
"""Support bundles of a host's files, in the layouts that the tools have used; for the tests beside."""

import shutil
import subprocess
from pathlib import Path

LSPCI = shutil.which("lspci", path="/usr/local/bin:/usr/bin:/usr/sbin")
SECTION = {"command": "Command", "file": "Configuration File"}


def lspci(host: Path, *options: str) -> str:
    """The real lspci on these files."""
    done = subprocess.run([LSPCI, "-A", "linux-sysfs", "-O", f"sysfs.path={host}/sys/bus/pci", *options],
                          capture_output=True, text=True, check=True)
    return done.stdout


def text_of(host: Path, name: str) -> str:
    path = host / name
    return path.read_text(errors="replace") if path.is_file() else ""


def put(root: Path, name: str, content: str | bytes) -> None:
    if not content:
        return
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())


def uname(host: Path) -> str:
    """What uname -a prints there."""
    words = text_of(host, "proc/version").split(" ", 3)
    return f"Linux server {words[2]} #1 SMP x86_64 GNU/Linux\n" if len(words) > 2 else ""


def proc_iomem(host: Path) -> str:
    return text_of(host, "proc/iomem")


def proc_interrupts(host: Path) -> str:
    """As the kernel shows it; a capture keeps of it less than that."""
    text = text_of(host, "proc/interrupts")
    return text if "CPU0" in text else ""


def sos(host: Path, root: Path, release: str = "4.9") -> None:
    """A sosreport: "3.0" has the names of 2013, "3.5" no firmware tables of its own."""
    first = release == "3.0"
    put(root, "version.txt", f"sosreport: {release}\n")
    put(root, "sos_commands/pci/" + ("lspci_-nvv" if first else "lspci_-nnvv"),
        "lspci: Unable to load libkmod resources: error -2\n" + lspci(host, "-nvv" if first else "-nnvv"))
    put(root, "sos_commands/pci/lspci_-tv", lspci(host, "-tv"))
    put(root, ("sos_commands/general/" if first else "sos_commands/kernel/") + "dmesg", text_of(host, "var/log/dmesg.txt"))
    if not first:
        put(root, "sos_commands/kernel/dmesg_-T", text_of(host, "var/log/dmesg.txt"))
    put(root, "sos_commands/kernel/uname_-a", uname(host))
    put(root, "sos_commands/hardware/dmidecode", "/dev/mem: Operation not permitted\n")
    put(root, "sys/module/vfio/parameters/enable_unsafe_noiommu_mode", "N\n")
    put(root, "sys/kernel/softlockup_count", "0\n")
    for name in ("proc/iomem", "proc/interrupts", "proc/cmdline"):
        put(root, name, text_of(host, name))
    for name in ("sys_vendor", "product_name", "bios_version", "bios_date"):
        put(root, f"sys/devices/virtual/dmi/id/{name}", text_of(host, f"sys/class/dmi/id/{name}"))
    if (root / "sys/devices/virtual/dmi/id").is_dir():
        (root / "sys/class/dmi").mkdir(parents=True)
        (root / "sys/class/dmi/id").symlink_to("../../devices/virtual/dmi/id")
    for device in (host / "sys/bus/pci/devices").iterdir():
        domain, bus, function = device.name.split(":")
        bus = bus if domain == "0000" else f"{domain}:{bus}"
        config = device / "config"
        if release != "3.5" and config.is_file():
            put(root, f"proc/bus/pci/{bus}/{function}", config.read_bytes())
    tables = host / "sys/firmware/acpi/tables"
    if release != "3.5" and tables.is_dir():
        for table in tables.iterdir():
            if table.is_file():
                put(root, f"sys/firmware/acpi/tables/{table.name}", table.read_bytes())


def probe(host: Path, root: Path, short: bool = False) -> None:
    """hw-probe -save; short: as with -log-level minimal, without lspci -vvnn."""
    put(root, "host", "arch:x86_64\nkernel:6.1.0\n")
    put(root, "devices", "pci:1000-0087;01-07-00;detected;storage\n")
    put(root, "logs/lspci", lspci(host, "-vmnnk"))
    if not short:
        put(root, "logs/lspci_all", lspci(host, "-vvnn"))
    put(root, "logs/dmesg", text_of(host, "var/log/dmesg.txt"))
    put(root, "logs/dmesg.1", "[    0.000000] Linux version 3.10.0-other\n[    0.000000] Command line: iommu=off\n")
    put(root, "logs/interrupts", proc_interrupts(host))
    put(root, "logs/uname", uname(host))
    names = ("sys_vendor", "product_name", "bios_version", "bios_date")
    put(root, "logs/dmi_id", "".join(f"{n}: {text_of(host, f'sys/class/dmi/id/{n}')}" for n in names))


def section(kind: str, heading: str, body: str) -> str:
    return f"#==[ {SECTION[kind]} ]".ljust(51, "=") + f"#\n# {heading}\n{body}\n"


def supportconfig(host: Path, root: Path) -> None:
    """The texts of supportconfig that tell of PCI."""
    head = "=" * 77 + "\n                     Support Utilities - Supportconfig\n" + "=" * 77 + "\n\n"
    put(root, "basic-environment.txt", head + section("command", "/bin/uname -a", uname(host)))
    put(root, "hardware.txt", head + section("file", "/proc/cmdline", text_of(host, "proc/cmdline"))
        + section("command", "/sbin/lspci -b", lspci(host, "-b"))
        + section("command", "/usr/sbin/dmidecode", "/dev/mem: Operation not permitted\n")
        + section("command", "/sbin/lspci -nn", lspci(host, "-nn"))
        + section("command", "/sbin/lspci -vvv", lspci(host, "-vvv")))
    put(root, "boot.txt", head + section("command", "/bin/uname -a", uname(host))
        + section("file", "/etc/default/grub", 'GRUB_CMDLINE_LINUX="iommu=off"\n')
        + section("command", "/usr/bin/dmesg -T", text_of(host, "var/log/dmesg.txt")))
    put(root, "proc.txt", head + section("file", "/proc/interrupts", proc_interrupts(host))
        + section("file", "/proc/iomem", proc_iomem(host)))
    put(root, "messages.txt", head + section("command", "/bin/dmesg", "[    0.0] Command line: iommu=off\n"))


def pve(host: Path) -> str:
    """What pvereport prints."""
    words = text_of(host, "proc/version").split(" ", 3)
    kernel = words[2] if len(words) > 2 else "6.8.12-4-pve"
    parts = {
        "general system info": {
            "hostname": "node1\n", "date -R": "Sat, 28 Nov 2026 17:00:00 +0000\n",
            "cat /proc/cmdline": text_of(host, "proc/cmdline"),
            "pveversion --verbose": f"proxmox-ve: 8.3.0 (running kernel: {kernel})\npve-manager: 8.3.0\n",
            "cat /etc/hosts": "127.0.0.1 localhost\n\n# The following lines are desirable for IPv6 capable hosts\n::1 ip6-localhost\n"},
        "info about virtual guests": {"qm list": "\n"},
        "info about hardware": {"dmidecode -t bios": "# dmidecode 3.4\nGetting SMBIOS data from sysfs.\n",
                                "lspci -nnk": lspci(host, "-nnk")},
        "info about block devices": {"lsblk --ascii": "NAME SIZE\nsda 1T\n"}}
    return "".join(f"\n==== {title} ====\n" + "".join(f"\n# {command}\n{body}" for command, body in commands.items())
                   for title, commands in parts.items())
