#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Real bundles: sos report and hw-probe -save are run in roots of Debian, on a sample machine's files, and read. The
verdicts are the sample's or unknown, and what a bundle lacks is what doc/evidence.md says. Slow: ./run test --slow.

usage: real-bundles.py PCIPASS [RELEASE…]     default: bookworm trixie; exits with 77 where none can be made
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
SAMPLE = HERE.parent / "machines/dl380p-gen8.machine"
# What the survey says was not read, and the devices that hang on that.
LACKS = {"sos": {"sys/kernel/iommu_groups/*/reserved_regions"},
         "hw-probe": {"sys/firmware/acpi/tables/DMAR", "sys/kernel/iommu_groups/*/reserved_regions"}}
MAY_LACK = {"proc/interrupts"}
LEAST_SAME = {"sos": 18, "hw-probe": 0}


def survey(pcipass: str, path: Path) -> dict:
    done = subprocess.run([pcipass, "--from", path, "--json"], capture_output=True, text=True, check=False)
    if done.returncode not in (0, 3):
        sys.exit(f"{path}: {done.stderr}")
    return json.loads(done.stdout)


def check(kind: str, made: dict, want: dict) -> list[str]:
    """What is wrong with a bundle's survey."""
    wrong, verdicts = [], {d["address"]: d["verdict"] for d in want["devices"]}
    if {d["address"] for d in made["devices"]} != set(verdicts):
        wrong.append("other devices than the sample's")
    same = unknown = 0
    for d in made["devices"]:
        unsure = any(f["effect"] == "unknown" for f in d["findings"])
        theirs = verdicts.get(d["address"])
        if theirs != "not-endpoint":
            same += d["verdict"] == theirs
            unknown += d["verdict"] == "unknown"
        if d["verdict"] not in (theirs, "unknown") and not (d["verdict"] == "care" and theirs == "assignable" and unsure):
            wrong.append(f"{d['address']}: {d['verdict']}, the sample says {theirs}")
    unread = {u["path"] for u in made["host"]["unread"]}
    if not LACKS[kind] <= unread <= LACKS[kind] | MAY_LACK:
        wrong.append(f"unread: {sorted(unread)}, expected {sorted(LACKS[kind])}")
    if made["host"]["iommu_on"] is not True or made["host"]["kernel"] != want["host"]["kernel"]:
        wrong.append(f"IOMMU {made['host']['iommu_on']}, kernel {made['host']['kernel']}")
    if same < LEAST_SAME[kind]:
        wrong.append(f"{same} verdicts of endpoints are the same, need {LEAST_SAME[kind]}")
    print(f"{kind}: {same} verdicts of endpoints the same, {unknown} unknown; unread: {', '.join(sorted(unread))}")
    return wrong


def main() -> int:
    pcipass, releases = sys.argv[1], sys.argv[2:] or ["bookworm", "trixie"]
    wrong, made = [], 0
    with tempfile.TemporaryDirectory() as scratch:
        host = Path(scratch) / "host"
        subprocess.run([sys.executable, "-B", HERE.parent / "machines/mkmachine", SAMPLE, "-o", host], check=True,
                       stdout=subprocess.DEVNULL)
        want = survey(pcipass, host)
        for release in releases:
            out = Path(scratch) / release
            done = subprocess.run([HERE / "bundle-root", release, host, out], capture_output=True, text=True, check=False)
            found = {"sos": list(out.glob("sosreport-*.tar.xz")), "hw-probe": list(out.glob("probe/hw.info.txz"))}
            if done.returncode == 3:
                print(f"skipped: {done.stderr.strip()}")
                return 77
            for kind, paths in found.items():
                if not paths:
                    wrong.append(f"{release}: no bundle of {kind}: {done.stderr[-400:]}")
                for path in paths:
                    made += 1
                    print(f"{release}: ", end="")
                    wrong += [f"{release}, {kind}: {line}" for line in check(kind, survey(pcipass, path), want)]
    print("\n".join(wrong))
    return 1 if wrong or not made else 0


if __name__ == "__main__":
    sys.exit(main())
