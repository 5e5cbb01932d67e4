# SPDX-License-Identifier: GPL-2.0-or-later
"""A ProLiant Gen8 under wine: its SMBIOS, and a program that stands in for HP's conrep.

Wine makes its SMBIOS of files of Linux, so that the test runs in a mount namespace where these are ours;
without the rights to make one it is skipped.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import wine

HERE = Path(__file__).resolve().parent
DMI = {"sys_vendor": "HP", "product_name": "ProLiant DL380p Gen8", "bios_vendor": "HP", "bios_version": "P70",
       "bios_date": "05/24/2019", "chassis_type": "23", "product_uuid": "00000000-0000-0000-0000-000000000000"}
INSIDE = "PCIPASS_TEST_INSIDE"
OLD, NEW = "Endpoints_Included", "Endpoints_Excluded"
DRIVER = "hpsstkio.sys"


def start() -> None:
    """What each test on this machine begins with; its first argument is taken."""
    reason = wine.why_not(Path(sys.argv[1])) or other_processor()
    if reason:
        wine.skip(reason)
    enter()
    sys.argv.pop(1)


def other_processor() -> str:
    """Why this machine cannot pass for a Gen8; "": it can. wine 8 makes no SMBIOS record of the processor, wine 10
    that of this machine's own, of which nothing in a file tells."""
    if wine.version() > 8 and "AuthenticAMD" in Path("/proc/cpuinfo").read_text():
        return "wine shows it this machine's AMD processor, and no Gen8 with the setting has one"
    return ""


def enter() -> None:
    """Runs this test again where /sys/class is ours, or skips it."""
    if INSIDE in os.environ:
        subprocess.run(["mount", "-t", "tmpfs", "tmpfs", "/sys/class"], check=True)
        Path("/sys/class/dmi/id").mkdir(parents=True)
        for name, text in DMI.items():
            Path("/sys/class/dmi/id", name).write_text(text + "\n")
        return
    if not shutil.which("unshare") or subprocess.run(["unshare", "-m", "true"], capture_output=True, check=False).returncode:
        wine.skip("no rights for a mount namespace")
    if not shutil.which("x86_64-w64-mingw32-gcc"):
        wine.skip("no mingw-w64")
    os.environ[INSIDE] = "1"
    os.execvp("unshare", ["unshare", "-m", sys.executable, "-B", *sys.argv])


class Conrep:
    """The stand-in in a directory of the prefix, with the settings that it keeps."""

    def __init__(self, directory: Path):
        self.built = directory / "conrep.exe"
        subprocess.run(["x86_64-w64-mingw32-gcc", "-O1", "-include", "stdbool.h", "-o", self.built, HERE / "fake-conrep.c"],
                       check=True)

    def place(self, tools: Path) -> None:
        """Anew, with every setting as it is delivered."""
        self.tools = tools
        shutil.rmtree(tools, ignore_errors=True)
        tools.mkdir(parents=True)
        shutil.copy(self.built, tools)
        self.reset()

    def reset(self) -> None:
        (self.tools / "store").write_text("".join(f"RMRDS_Slot{n}={OLD}\n" for n in range(1, 17)))
        self.mode("")

    def values(self) -> dict[str, str]:
        return dict(line.split("=") for line in (self.tools / "store").read_text().split())

    def changed(self) -> set[str]:
        """The settings that are not as they were delivered."""
        return {name for name, value in self.values().items() if value != OLD}

    def mode(self, word: str) -> None:
        """How it misbehaves: fake-conrep.c."""
        (self.tools / "mode").write_text(word)
