# SPDX-License-Identifier: GPL-2.0-or-later
"""A sample machine's devices and editions as a file for Windows' registry editor: what the real SetupAPI
then gives, under wine, where no such machine is."""

from __future__ import annotations

from machinery import windows
from machinery.model import Function

ENUM = r"HKEY_LOCAL_MACHINE\System\CurrentControlSet\Enum\PCI"
VERSION = r"HKEY_LOCAL_MACHINE\Software\Microsoft\Windows NT\CurrentVersion"
VMMS = r"HKEY_LOCAL_MACHINE\System\CurrentControlSet\Services\vmms"
CLASS = "{4d36e97d-e325-11ce-bfc1-08002be10318}"
PCI, DEVICE = "{3ab22e31-8264-4b4e-9af5-a8d2d8e33e62}", "{a45c254e-df1c-4efd-8020-67d146a850e0}"
UINT32, STRING, STRING_LIST = 0x07, 0x12, 0x2012
# devpkey.h and pciprop.h: the number of each property in its category.
PCI_NUMBERS = {"DeviceType": 1, "BaseClass": 3, "SubClass": 4, "ProgIf": 5, "InterruptSupport": 14, "SriovSupport": 26,
               "AcsSupport": 29, "AcsCompatibleUpHierarchy": 31, "RequiresReservedMemoryRegion": 34, "OnPostPath": 37}
SERVICE, BUS, ADDRESS, PATHS = 6, 23, 30, 37


def _hex(kind: int, data: bytes) -> str:
    return f"hex({kind:x}):" + ",".join(f"{b:02x}" for b in data)


def _strings(lines: list[str]) -> bytes:
    return "".join(f"{line}\0" for line in lines).encode("utf-16-le") + b"\0\0"


def _property(key: str, category: str, number: int, kind: int, data: bytes) -> str:
    return f"[{key}\\Properties\\{category}\\{number:04X}]\n@={_hex(0xFFFF0000 | kind, data)}\n"


def _device(writer: windows.WindowsWriter, f: Function, index: int, drop: frozenset[str]) -> str:
    p = {name: value for name, value in writer.properties(f).items() if name not in drop}
    ids = p["HardwareIds"]
    assert isinstance(ids, list)
    key = f"{ENUM}\\{ids[0].removeprefix('PCI' + chr(92))}\\3&sample&0&{index:02X}"
    text = f'[{key}]\n"ClassGUID"="{CLASS}"\n"HardwareID"={_hex(7, _strings(ids))}\n'
    for name, number in PCI_NUMBERS.items():
        if name in p:
            text += _property(key, PCI, number, UINT32, int(p[name]).to_bytes(4, "little"))
    if "Service" in p:
        text += _property(key, DEVICE, SERVICE, STRING, (str(p["Service"]) + "\0").encode("utf-16-le"))
    if "LocationPaths" in p:
        text += _property(key, DEVICE, PATHS, STRING_LIST, _strings(p["LocationPaths"]))
    text += _property(key, DEVICE, BUS, UINT32, (f.domain << 8 | f.bus).to_bytes(4, "little"))
    return text + _property(key, DEVICE, ADDRESS, UINT32, (f.device << 16 | f.function).to_bytes(4, "little"))


def script(writer: windows.WindowsWriter, drop: frozenset[str] = frozenset()) -> bytes:
    """For "regedit /S": the devices that were there go first."""
    text = f"Windows Registry Editor Version 5.00\n\n[-{ENUM}]\n"
    text += f'[{VERSION}]\n"ProductName"="{windows.SYSTEM["ProductName"]}"\n"InstallationType"="Server"\n[{VMMS}]\n'
    for index, f in enumerate(writer.functions):
        text += _device(writer, f, index, drop)
    return b"\xff\xfe" + text.replace("\n", "\r\n").encode("utf-16-le")


def stand_ins(writer: windows.WindowsWriter) -> dict[str, bytes]:
    """What wine cannot be made to say: tables, and whether Hyper-V runs below Windows."""
    return {**writer.tables(), "windows/system/Hypervisor": b"root\n", "windows/system/HyperVRole": b"1\n"}
