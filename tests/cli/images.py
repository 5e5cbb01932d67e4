# SPDX-License-Identifier: GPL-2.0-or-later
"""Images of settings, schemas and data files for the tests of pcipass settings and conrep."""

import fcntl
import os
import shutil
import struct
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

PCIPASS = Path(sys.argv.pop(1) if len(sys.argv) > 1 else "pcipass").resolve()
CONREP = PCIPASS.with_name("pcipass-conrep")
SCHEMAS = Path(os.environ["PCIPASS_SOURCE_ROOT"]) / "schemas"
RMRDS = 0x26A

# As it is published: no condition of any kind.
UNGUARDED = """<Conrep>
<global><minimumconrepversion>3.40</minimumconrepversion></global>
""" + "".join(f"""<Section name="RMRDS_Slot{n}"><helptext><![CDATA[.]]></helptext>
<nvram>{0x26A + (n - 1) // 8:#x}</nvram><value id="0x00">Endpoints_Included</value>
<value id="{1 << (n - 1) % 8:#04x}">Endpoints_Excluded</value><mask>{1 << (n - 1) % 8:#04x}</mask>
</Section>
""" for n in range(1, 17)) + "</Conrep>\n"

# One section of each kind.
KINDS = """<Conrep>
<global>
<helptext><![CDATA[One of each]]></helptext>
<fileversion>1.0</fileversion><minimumconrepversion>3.40</minimumconrepversion>
<platforms><platform>Gen9</platform><platform>Gen8</platform></platforms>
</global>
<Section name="Turbo"><helptext><![CDATA[EV & enum]]></helptext><altname>Boost</altname>
<ev>CQTEST</ev><length>2</length><value id="0x00">Off</value><value id="0x10">On</value>
<value id="0x30">Auto Set</value><mask>0x30</mask><byte>1</byte></Section>
<Section name="Wake"><nvram>0x52</nvram><value id="0">Disabled</value><value id="1">Enabled</value>
<mask>0x01</mask></Section>
<Section name="Clock"><cmos>0x5c</cmos><value id="0">Slow</value><value id="2">Fast</value>
<mask>0x02</mask></Section>
<Section name="Boot"><ev>CQORD</ev><length>4</length><record_size>1</record_size><Fields><Field>
<Field_name>Index</Field_name><Field_size>1</Field_size><Field_start>0</Field_start></Field></Fields>
</Section>
<Section name="Title"><ev>CQNAME</ev><length>16</length><record_size>16</record_size><Fields><Field>
<Field_name>Line</Field_name><Field_size>16</Field_size><Field_start>0</Field_start></Field></Fields>
<format>text</format><empty_delete>1</empty_delete></Section>
<Section name="Blob"><ev>CQRAW</ev><length>3</length></Section>
<Section name="Elsewhere"><platforms><platform>DL980</platform></platforms><nvram>0x53</nvram>
<value id="0">A</value><value id="1">B</value><mask>1</mask></Section>
</Conrep>
"""


def data(*sections: tuple[str, str]) -> str:
    """A data file with these sections."""
    rows = "".join(f'  <Section name="{n}">{v}</Section>\n' for n, v in sections)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<Conrep version="1.0">\n{rows}</Conrep>\n'


class Case(unittest.TestCase):
    """A test with a directory of its own, in which it runs."""

    maxDiff = None

    def setUp(self) -> None:
        self.directory = Path(tempfile.mkdtemp(prefix="pcipass-"))
        self.addCleanup(shutil.rmtree, self.directory, ignore_errors=True)
        self.env = {**os.environ, "COLUMNS": "80"}

    def write(self, name: str, content: str | bytes) -> Path:
        path = self.directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def run_in(self, program: Path, *arguments, **more) -> subprocess.CompletedProcess:
        more.setdefault("timeout", 60)
        more.setdefault("env", self.env)
        done = subprocess.run([program, *map(str, arguments)], cwd=self.directory, text=True,
                              capture_output=True, check=False, errors="surrogateescape", **more)
        self.assertNotIn("Sanitizer", done.stderr)
        self.assertNotIn("runtime error", done.stderr)
        return done

    def settings(self, *arguments, code: int | None = 0, **more) -> subprocess.CompletedProcess:
        """pcipass settings on the image, which must end with that code."""
        done = self.run_in(PCIPASS, "settings", *arguments, **more)
        if code is not None:
            self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done

    def conrep(self, *arguments, code: int | None = 0, store: str | None = "image:i",
               **more) -> subprocess.CompletedProcess:
        """conrep on the image; its last line must be the code that it ends with."""
        done = self.run_in(CONREP, *arguments, *(["--store", store] if store else []), **more)
        if code is not None:
            self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        self.assertEqual(done.stdout.splitlines()[-1], f"Conrep Return Code: {done.returncode}")
        return done

    def host(self, product: str, version: str, date: str = "05/24/2019",
             vendor: str = "GenuineIntel") -> Path:
        """A directory that knows a machine's name, and nothing else."""
        self.write("host/sys/class/dmi/id/product_name", product + "\n")
        self.write("host/sys/class/dmi/id/bios_version", version + "\n")
        self.write("host/sys/class/dmi/id/bios_date", date + "\n")
        self.write("host/proc/cpuinfo", f"processor\t: 0\nvendor_id\t: {vendor}\n")
        return self.directory / "host"

    def image(self, generation: int = 8, schema: str = "rmrds.xml", name: str = "i") -> Path:
        """A blank image of a DL380p Gen8 or DL380 Gen9."""
        identity = {8: ("ProLiant DL380p Gen8", "P70"),
                    9: ("ProLiant DL380 Gen9", "P89 v2.76 (10/21/2019)", "10/21/2019")}[generation]
        self.settings("image", name, "--from", self.host(*identity), "--schema", schema)
        return self.directory / name

    def cells(self, name: str = "i") -> bytes:
        return (self.directory / name).read_bytes()

    def unchanged(self, action, *arguments, **more):
        """Runs it; the image is the same file with the same bytes, and no journal is left."""
        image = self.directory / "i"
        before = (image.read_bytes(), image.stat().st_mtime_ns, image.stat().st_ino)
        names = {p.name for p in self.directory.iterdir() if p.name.startswith((".", "i"))}
        done = action(*arguments, **more)
        self.assertEqual((image.read_bytes(), image.stat().st_mtime_ns, image.stat().st_ino),
                         before, "the image was touched")
        left = {p.name for p in self.directory.iterdir() if p.name.startswith((".", "i"))} - names
        self.assertEqual(left, set())
        return done

    def as_nobody(self) -> dict:
        """What makes subprocess run as somebody who may not write here; root may everywhere."""
        os.chmod(self.directory, 0o555)
        self.addCleanup(os.chmod, self.directory, 0o755)
        return {"user": 65534, "group": 65534, "extra_groups": []} if os.geteuid() == 0 else {}

    def take_lock(self) -> None:
        """Holds the image as another process would, until the test ends."""
        lock = os.open(self.directory / "i.lock", os.O_RDWR | os.O_CREAT, 0o600)
        self.addCleanup(os.close, lock)
        # F_OFD_SETLK, as the store takes it
        fcntl.fcntl(lock, 37, struct.pack("hhqqi4x", fcntl.F_WRLCK, 0, 0, 0, 0))
        os.write(lock, b"1234\n")


def main() -> None:
    """Runs the tests of a file, and says what was skipped; 77 if all of it was."""
    result = unittest.main(exit=False).result
    for _, reason in result.skipped:
        print(f"skipped: {reason}")
    sys.exit(1 if not result.wasSuccessful() else 77 if result.testsRun == len(result.skipped) else 0)
