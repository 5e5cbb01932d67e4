# SPDX-License-Identifier: GPL-2.0-or-later
"""A ProLiant Gen8 in a prefix of wine of its own, planted in the registry. What wine does not have comes from
a directory, live:DIR. At a "reboot" wine begins anew, with a machine whose BIOS has read the settings."""

import atexit
import functools
import shutil
import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "machines"))
import gen8
import registry
import sampled
import wine
from machinery import windows

# Where the module has conrep.exe, and an older version of it.
MODULE = "Program Files/WindowsPowerShell/Modules/HPEBIOSCmdlets"
NEWER, OLDER = f"{MODULE}/10.0.0.0/Tools/ConfigurationData", f"{MODULE}/9.1.0.0/Tools/ConfigurationData"
DRIVER_BYTES = bytes(range(256)) * 40


@functools.cache
def shared(prefix: str) -> tuple[Path, wine.Wine, gen8.Conrep]:
    """A directory, the prefix, and what stands in for conrep: of all classes of a test."""
    place = Path(tempfile.mkdtemp())
    atexit.register(shutil.rmtree, place, ignore_errors=True)
    return place, wine.Wine(place, prefix), gen8.Conrep(place)


class Host(unittest.TestCase):
    """A Gen8 in a prefix of its own, as its BIOS has left it at the last boot."""

    PREFIX = "wine-free"

    @classmethod
    def setUpClass(cls):
        cls.directory, cls.wine, cls.conrep = shared(cls.PREFIX)
        machines = dict(sampled.machines())
        cls.writers = {name: windows.WindowsWriter(machines[name]) for name in ("dl380p-gen8", "dl380p-gen8-freed")}

    def setUp(self):
        self.drive = self.wine.prefix / "drive_c"
        self.state = self.drive / "ProgramData/pcipass"
        shutil.rmtree(self.state, ignore_errors=True)
        shutil.rmtree(self.drive / MODULE, ignore_errors=True)
        self.driver = self.drive / "windows/system32/drivers" / gen8.DRIVER
        self.driver.unlink(missing_ok=True)
        self.conrep.place(self.drive / NEWER)
        self.boot(restart=False)

    def boot(self, restart: bool = True) -> None:
        """The BIOS reads its settings; Windows finds the devices that it then reports."""
        freed = "RMRDS_Slot2" in self.conrep.changed()
        writer = self.writers["dl380p-gen8-freed" if freed else "dl380p-gen8"]
        for path, data in registry.stand_ins(writer).items():
            file = self.directory / "live" / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(data)
        (self.directory / "plant.reg").write_bytes(registry.script(writer))
        if restart:
            self.wine.restart()
        self.assertEqual(self.wine.run("regedit", "/S", self.directory / "plant.reg", cwd=self.directory).returncode, 0)

    def run_it(self, *words: str, code: int = 0, exe: Path | None = None, **more) -> str:
        done = self.wine.run(exe or self.wine.exe, *words, cwd=self.directory, **more)
        self.said = (done.stdout + done.stderr).decode(errors="replace")
        self.assertEqual(done.returncode, code, (words, self.said))
        return self.said

    def live(self, *words: str, **more) -> str:
        return self.run_it("--from", "live:live", *words, **more)

    def needs_driver(self, directory: str = "winpe50/hpsstkio") -> Path:
        """Its package has the driver that conrep needs from now on."""
        (self.drive / NEWER / "needs-driver").touch()
        file = self.drive / MODULE / "10.0.0.0" / directory / gen8.DRIVER
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(DRIVER_BYTES)
        return file

    def left(self) -> set[str]:
        return {p.name for p in self.state.iterdir()} if self.state.exists() else set()
