#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What a program reads through libpcipass is what the command prints: doc/examples/walk.c against JSON.

usage: test-walk.py WALK PCIPASS SOURCE_ROOT

The example prints every fact of the public read API. The same lines are made here of the command's
JSON documents, for every sample machine and the recorded ones of PCIPASS_TEST_DATA. Then facts are
taken out of a host, one at a time: unread, absent and zero must stay three different things.
"""

import contextlib
import io
import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Callable
from pathlib import Path

ARGUMENTS = sys.argv[1:]  # hosttree takes the first for itself
sys.path[:0] = [str(Path(__file__).resolve().parent.parent / name) for name in ("host", "harness", "machines")]

from hosttree import REMAP_PERMITTED, SINGLE, iort, iort_rmr, root_complex, smmu  # noqa: E402
from machinery.command import make  # noqa: E402
from machinery.model import MissingData  # noqa: E402
from subset import few, some  # noqa: E402

HBA = "sys/devices/pci0000:00/0000:00:02.0/0000:07:00.0"
DMAR = "sys/firmware/acpi/tables/DMAR"

# The sample DL380p's HBA, word for word: findings and remedies by their ids alone.
EXPECTED_HBA = """\
0000:07:00.0
  ids: 1000:0087, class 010700
  driver: mpt3sas
  slot: 2
  place: slot2
  group: 19
  verdict: blocked-fixable, "pcipass free" frees it
  blocks (rmrr-hard)
    remedy bios-rmrds (by program)
    remedy table-override (by program)
"""


class Programs:
    """The example and the command."""

    def __init__(self, walk: str, pcipass: str, root: Path) -> None:
        self.walk_program, self.pcipass, self.root = walk, pcipass, root

    def walk(self, source: Path, *more: str) -> list[str]:
        """What the example prints."""
        done = subprocess.run([self.walk_program, source, *more], capture_output=True, text=True,
                              check=False)
        assert not done.returncode and not done.stderr, f"{source}: walk: {done.stderr}"
        return done.stdout.splitlines()

    def document(self, source: Path, *command: str) -> dict | None:
        """One of the command's documents; None: it has none."""
        done = subprocess.run([self.pcipass, *command, "--json", "--from", source],
                              capture_output=True, text=True, check=False)
        return json.loads(done.stdout) if done.stdout else None

    def machine(self, name: str, directory: Path) -> Path:
        """A sample machine's files; a recipe may want data that is not here."""
        path = directory / f"{name}.tar"
        with contextlib.suppress(MissingData):
            make(self.root / f"tests/machines/{name}.machine", "-o", path)
        return path


def missing(reason: str | None) -> str:
    """Words for a fact that is not there; reason: the document's, None where it is absent."""
    if reason is None:
        return "none"
    return "not read: root could" if reason == "not permitted" else "not read"


def finding_lines(f: dict) -> list[str]:
    """A finding as the example prints it."""
    could = f", could be: {f['could']}" if "could" in f else ""
    lines = [f"  {f['effect']} ({f['rule']}{could}): {f['text']}"]
    told = {o["evidence"]: f"      told by: {o['file']}, line {o['line']}" for o in f.get("origins", ())}
    for i, x in enumerate(f["evidence"]):
        lines += [f"    evidence: {x}"] + ([told[i]] if i in told else [])
    lines.append(f"    reference: {f['reference']}")
    for r in f["remedies"]:
        how = "by program" if r["by_free"] else "later" if r["needs"] else "by hand"
        lines.append(f"    remedy {r['id']} ({how}): {r['text']}")
        lines += [f"      needs: {r['needs']}"] if r["needs"] else []
        lines += [f"      side effect: {r['side_effect']}"] if r["side_effect"] else []
    return lines


def device_lines(d: dict) -> list[str]:
    """A device as the example prints it."""
    unread = d["unread"]

    def fact(name: str) -> str:
        return missing(unread.get(name)) if d[name] is None else str(d[name])

    ids = f"{d['vendor']}:{d['device']}, class {d['class']}"
    lines = [d["address"],
             "  ids: " + (ids if d["vendor"] else missing(unread["vendor"])),
             f"  driver: {fact('driver')}", f"  slot: {fact('slot')}",
             f"  place: {fact('place')}"]
    lines += [f"  onboard: {d['onboard']}"] if d["onboard"] else []
    lines += [f"  virtual function of: {d['physfn']}"] if d["physfn"] else []
    lines.append(f"  group: {fact('group')}")
    free = ', "pcipass free" frees it' if d["by_free"] else ""
    lines.append(f"  verdict: {d['verdict']}{free}")
    return lines + [x for f in d["findings"] for x in finding_lines(f)]


def group_lines(survey: dict, reserved: dict) -> list[str]:
    """The groups with their devices and the kernel's regions."""
    numbers = sorted({d["group"] for d in survey["devices"] if d["group"] is not None})
    lines = [f"groups: {len(numbers)}"]
    for number in numbers:
        members = [d["address"] for d in survey["devices"] if d["group"] == number]
        lines.append(f"group {number}: {' '.join(members)}")
        lines += [f"  kernel region: {r['start']}-{r['end']} {r['kind']}"
                  for r in reserved["regions"] if r["source"] == "kernel" and r["group"] == number]
    return lines


def region_lines(reserved: dict) -> list[str]:
    """The regions of the firmware's table."""
    regions = [r for r in reserved["regions"] if r["source"] != "kernel"]
    lines = []
    for r in regions:
        lines.append(f"region {r['source']} {r['index']}: {r['start']}-{r['end']} {r['kind']}")
        lines += [f"  device: {x}" for x in r["devices"]]
    return lines


def plan_lines(plan: dict | None) -> list[str]:
    """A plan's steps."""
    if plan is None:
        return []
    lines = []
    for s in plan["steps"]:
        lines.append(f"step {s['kind']} ({s['remedy']}): {s['text']}")
        lines += [f"  side effect: {s['side_effect']}"] if s["side_effect"] else []
        lines.append(f"  undo: {s['undo']}")
        lines += ["  at the next boot"] if s["needs_reboot"] else []
    return lines


def compare(p: Programs, source: Path) -> int:
    """One machine, line by line; how many lines were compared."""
    survey, reserved = p.document(source), p.document(source, "reserved")
    assert survey, f"{source}: no survey"
    # a table that cannot be decoded has no document
    reserved = reserved or {"regions": []}
    blocked = [d["address"] for d in survey["devices"] if d["verdict"] == "blocked-fixable"]
    device = blocked[0] if blocked else survey["devices"][0]["address"]
    expected = [f"devices: {len(survey['devices'])}"]
    expected += [x for d in survey["devices"] for x in device_lines(d)] + ["host"]
    expected += [x for f in survey["host"]["findings"] for x in finding_lines(f)]
    expected += group_lines(survey, reserved) + region_lines(reserved)
    expected += plan_lines(p.document(source, "free", device, "--dry-run"))
    # counts and reasons that no document has; test_missing() has them
    apart = ("regions: ", "  kernel regions: ", "plan: ", "no plan: ")
    printed = [x for x in p.walk(source, device) if not x.startswith(apart)]
    for number, (a, b) in enumerate(zip(printed, expected)):
        assert a == b, f"{source.name}, line {number}: the library has\n{a}\nthe command\n{b}"
    assert len(printed) == len(expected), f"{source.name}: {len(printed)} lines, not {len(expected)}"
    return len(printed)


def without(source: Path, name: str, drop: Callable[[str], bool], note: str = "") -> Path:
    """The archive without some of its entries; note: a line for its manifest."""
    made = source.with_name(f"{name}.tar")
    dropped = 0
    with tarfile.open(source) as old, tarfile.open(made, "w") as new:
        for entry in old:
            if drop(entry.name):
                dropped += 1
                continue
            content = old.extractfile(entry).read() if entry.isreg() else b""
            if entry.name == "pcipass/manifest":
                kept = [x for x in content.decode().splitlines()
                        if not (x.startswith("partial ") and drop(x.split()[1]))]
                content = ("\n".join(kept + ([note] if note else [])) + "\n").encode()
                entry.size = len(content)
            new.addfile(entry, io.BytesIO(content))
    assert dropped, f"{name}: nothing to drop"
    return made


def of_hba(lines: list[str]) -> list[str]:
    """The lines of the HBA."""
    at = lines.index("0000:07:00.0")
    end = next(i for i in range(at + 1, len(lines)) if not lines[i].startswith(" "))
    return lines[at:end]


def test_hba(p: Programs, sample: Path) -> None:
    """One device word for word, without the sentences."""
    short = [x.split(": ")[0] if x.startswith(("  blocks", "    remedy")) else x
             for x in of_hba(p.walk(sample))
             if not x.startswith(("    evidence", "    reference", "      ", "  informs", "  degrades"))]
    assert short == EXPECTED_HBA.splitlines(), "\n".join(short)


def test_missing(p: Programs, sample: Path, directory: Path) -> None:
    """Zero, absent and unread, each told from the others."""
    def has(source: Path, *wanted: str) -> None:
        lines = p.walk(source)
        for line in wanted:
            assert line in lines, f"{source.name}: no line '{line}'"

    def hba_has(source: Path, *wanted: str) -> None:
        lines = of_hba(p.walk(source))
        for line in wanted:
            assert line in lines, f"{source.name}: the HBA has no line '{line}':\n" + "\n".join(lines)

    has(sample, "devices: 31", "regions: 9")
    has(without(sample, "no-table", lambda n: n == DMAR), "regions: no table")
    has(p.machine("dl380p-gen8-user", directory), "regions: not read")
    has(p.machine("dl380p-gen8-iommu-off", directory), "groups: 0", "regions: 9")
    hba_has(without(sample, "no-driver", lambda n: n == f"{HBA}/driver"), "  driver: none")
    hba_has(without(sample, "no-group", lambda n: n == f"{HBA}/iommu_group"), "  group: none")
    # A capture says what was looked for: what it does not hold was not read.
    capture = directory / "capture.tar"
    subprocess.run([p.pcipass, "capture", "--from", sample, "-o", capture], check=True,
                   capture_output=True)
    hba_has(without(capture, "cut-driver", lambda n: n == f"{HBA}/driver"), "  driver: not read")
    hba_has(without(capture, "cut-group", lambda n: n == f"{HBA}/iommu_group"), "  group: not read")
    hba_has(without(capture, "cut-ids", lambda n: n.startswith(f"{HBA}/") and
                    n.rsplit("/", 1)[1] in ("config", "vendor", "device", "class")),
            "  ids: not read")
    has(without(capture, "cut-table", lambda n: n == DMAR), "regions: not read")
    has(without(capture, "denied-table", lambda n: n == DMAR, f"unread EACCES {DMAR}"),
        "regions: not read: root could")
    has(without(capture, "cut-regions", lambda n: n.endswith("/reserved_regions")),
        "  kernel regions: not read")
    # A table alone is no host: its regions are known, and nobody knows whom they hold.
    table = directory / "dmar.bin"
    with tarfile.open(sample) as archive:
        table.write_bytes(archive.extractfile(DMAR).read())
    has(table, "devices: not read", "groups: not read", "regions: 9", "  devices: not read")
    # Arm's says itself whether the kernel may let the devices go.
    for flags, kind in (0, "direct"), (REMAP_PERMITTED, "direct-relaxable"):
        rmr = iort_rmr((0x4A000000, 0x10000), maps=((0, 1, 0x100, 0, SINGLE),), flags=flags)
        table.write_bytes(iort(smmu(), root_complex((0, 0x10000, 0, 0)), rmr, revision=5))
        has(table, "regions: 1", f"region IORT 0: 0x4a000000-0x4a00ffff {kind}")
    table.write_bytes(iort(smmu(), root_complex((0, 0x10000, 0, 0))))
    has(table, "regions: 0")


def compare_text(p: Programs, sample: Path, directory: Path) -> int:
    """A host that is made of a text: each evidence has its line there."""
    lspci = shutil.which("lspci", path=os.environ.get("PATH", "") + ":/usr/bin:/usr/sbin")
    if not lspci:
        print("skipped: a host of a text: no lspci")
        return 0
    host, text = directory / "host", directory / "lspci.txt"
    with tarfile.open(sample) as archive:
        archive.extractall(host)
    text.write_bytes(subprocess.run([lspci, "-A", "linux-sysfs", "-O", f"sysfs.path={host}/sys/bus/pci", "-nnvv"],
                                    check=True, capture_output=True).stdout)
    told = [x for x in p.walk(text) if x.startswith("      told by: ")]
    numbers = {int(x.rsplit(" ", 1)[1]) for x in told}
    assert all(x.startswith(f"      told by: {text}, line ") for x in told), told
    assert len(numbers) > 10 and max(numbers) > 100, told
    return compare(p, text)


def compare_recorded(p: Programs) -> None:
    """Hosts that were recorded while a kernel ran on them."""
    data = Path(os.environ.get("PCIPASS_TEST_DATA", ""), "truth")
    captures = few(sorted(data.glob("*/capture.tar.gz")), 9)
    if not captures:
        print("skipped: recorded hosts: no PCIPASS_TEST_DATA")
        return
    lines = sum(compare(p, x) for x in captures)
    print(f"{lines} lines of {len(captures)} recorded hosts")


def main() -> int:
    p = Programs(ARGUMENTS[0], ARGUMENTS[1], Path(ARGUMENTS[2]))
    names = some(sorted(x.stem for x in (p.root / "tests/machines").glob("*.machine")), 9)
    machines = lines = 0
    with tempfile.TemporaryDirectory() as where:
        directory = Path(where)
        for name in names:
            source = p.machine(name, directory)
            if source.exists():
                machines += 1
                lines += compare(p, source)
        sample = p.machine("dl380p-gen8", directory)
        test_hba(p, sample)
        test_missing(p, sample, directory)
        lines += compare_text(p, sample, directory)
    compare_recorded(p)
    print(f"{lines} lines of {machines} machines are those of the command")
    return 0 if machines > 3 else 1


if __name__ == "__main__":
    sys.exit(main())
