#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What saving all settings costs, side by side with xmllint on the same two files.

usage: settings.py BUILD_FOLDER

Makes a schema of 300 sections, as large as the largest that is published, and an image of its
settings; runs both programs in turn. xmllint only reads the two files, so the ratio tells what
checking, decoding and writing cost besides. It judges nothing: no ratio makes it fail.
"""

import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

RUNS = 41
SECTIONS = 300


def section(n: int) -> str:
    """Four of five are enums, in EVs that several share and in NVRAM; the others are records."""
    head = (f'<Section name="Setting_{n}">\n<helptext><![CDATA[What setting {n} is good for, in a '
            "sentence of the usual length.]]></helptext>\n")
    if n % 5 == 4:
        return head + (f"<ev>EVR{n}</ev>\n<length>16</length>\n<record_size>1</record_size>\n"
                       "<Fields>\n<Field>\n<Field_name>Index</Field_name>\n<Field_size>1"
                       "</Field_size>\n<Field_start>0</Field_start>\n</Field>\n</Fields>\n"
                       "</Section>\n")
    place = (f"<nvram>{n:#06x}</nvram>\n" if n % 5 == 3 else
             f"<ev>EVE{n // 40}</ev>\n<length>48</length>\n<byte>{n % 40}</byte>\n")
    values = "".join(f'<value id="{v:#04x}">Choice_{v}</value>\n' for v in range(4))
    return f"{head}{place}{values}<mask>0x03</mask>\n</Section>\n"


def schema(sections: int) -> str:
    return ("<Conrep>\n<global>\n<fileversion>1.0</fileversion>\n</global>\n"
            + "".join(map(section, range(sections))) + "</Conrep>\n")


def measure(build: Path, folder: Path, command: list) -> float:
    """CPU seconds of one run."""
    run = subprocess.run([build / "bench/measure", *command], capture_output=True, text=True,
                         check=True, cwd=folder)
    cpu, _, code = run.stdout.splitlines()[-1].split()
    if int(code):
        raise SystemExit(f"{' '.join(map(str, command))}: exit {code}\n{run.stdout}{run.stderr}")
    return float(cpu)


def main() -> int:
    build = Path(sys.argv[1]).resolve()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        (folder / "schema.xml").write_text(schema(SECTIONS))
        identity = folder / "host/sys/class/dmi/id"
        identity.mkdir(parents=True)
        (identity / "product_name").write_text("ProLiant DL380p Gen8\n")
        subprocess.run([build / "pcipass", "settings", "image", "image", "--from", "host",
                        "--schema", "./schema.xml"], cwd=folder, check=True,
                       stderr=subprocess.DEVNULL)
        commands = {
            "conrep -s": [build / "pcipass-conrep", "-s", "-x", "schema.xml", "-f", "data.xml",
                          "--store", "image:image"],
            "xmllint --noout": ["xmllint", "--noout", "schema.xml", "data.xml"],
        }
        times: dict[str, list[float]] = {name: [] for name in commands}
        for run in range(RUNS + 1):  # the first warms the caches and is not counted
            for name, command in commands.items():
                cpu = measure(build, folder, command)
                if run:
                    times[name].append(cpu)
        sizes = [(folder / f).stat().st_size for f in ("schema.xml", "data.xml")]
        saved = (folder / "data.xml").read_text().count("<Section")
    cost = {name: statistics.median(values) for name, values in times.items()}
    print(f"{SECTIONS} sections, {saved} saved; schema {sizes[0] // 1024} KiB, data "
          f"{sizes[1] // 1024} KiB; CPU time, median of {RUNS} runs in turn")
    for name, seconds in cost.items():
        print(f"  {name:<18} {seconds * 1000:9.2f} ms")
    pairs = [a / b for a, b in zip(*times.values())]
    print(f"ratio\n  conrep -s / xmllint         {statistics.median(pairs):.2f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
