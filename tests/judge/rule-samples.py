#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Every rule fires on a sample machine at least, and stays silent on another host or device of them.

usage: rule-samples.py PCIPASS LIST_IDS SOURCE_ROOT EXCEPTIONS

EXCEPTIONS lists rules that no sample can show, a line each: "RULE fires FILE: TEXT  # reason", where
FILE is a test that makes the rule fire on a host of its own and TEXT stands in it; or "RULE silent"
likewise. A line that is no longer needed fails, too.
"""

import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

PCIPASS, LIST_IDS, ROOT, EXCEPTIONS = *sys.argv[1:3], *map(Path, sys.argv[3:])
sys.path.insert(0, str(ROOT / "tests/machines"))
import sampled  # noqa: E402


def rules_of_code() -> set:
    rows = subprocess.run([LIST_IDS], check=True, capture_output=True, text=True).stdout.splitlines()
    return {row.split("\t")[1] for row in rows if row.startswith("rule\t")}


def scopes(capture: str) -> list:
    """What was looked at on a machine, the host first and then each device, as the rules that fired."""
    done = subprocess.run([PCIPASS, "--from", capture, "--for", "all", "--json"], check=False, capture_output=True, text=True)
    if done.returncode not in (0, 3):
        raise SystemExit(f"{capture}: {done.stderr}")
    survey = json.loads(done.stdout)
    found = [{f["rule"] for f in scope["findings"]} for scope in (survey["host"], *survey["devices"])]
    for device, rules in zip(survey["devices"], found[1:], strict=True):
        rules.update(f["rule"] for other in device["findings_for"].values() for f in other)
    return found


def exceptions(wrong: list) -> dict:
    """(rule, what) of each line whose test is there."""
    known = {}
    for number, line in enumerate(EXCEPTIONS.read_text().splitlines(), 1):
        if not line or line.startswith("#"):
            continue
        row = re.fullmatch(r"(\S+) (fires|silent) (\S+): (.+?)\s+# (.+)", line)
        if not row:
            wrong.append(f"{EXCEPTIONS.name}:{number}: want 'RULE fires FILE: TEXT  # reason'")
            continue
        rule, what, file, text, _ = row.groups()
        if not (ROOT / file).exists() or text not in (ROOT / file).read_text():
            wrong.append(f"{EXCEPTIONS.name}:{number}: {file} does not hold: {text}")
        known[rule, what] = number
    return known


def main() -> int:
    wrong: list = []
    hosts, devices = [], []
    with tempfile.TemporaryDirectory() as scratch:
        for _, capture in sampled.captures(scratch):
            host, *rest = scopes(capture)
            hosts.append(host)
            devices += rest
    on_host, on_device = set().union(*hosts), set().union(*devices)
    known = exceptions(wrong)
    rules = rules_of_code()
    wrong += [f"{rule}: fires, but lib/judge has no such rule" for rule in (on_host | on_device) - rules]
    for rule in sorted(rules):
        looked_at = hosts if rule in on_host else devices
        fires = [rule in scope for scope in looked_at]
        for what, shown in (("fires", any(fires)), ("silent", not all(fires))):
            if not shown and (rule, what) not in known:
                wrong.append(f"{rule}: nothing in the samples on which it {'fires' if what == 'fires' else 'is silent'}")
            elif shown and (rule, what) in known:
                wrong.append(f"{EXCEPTIONS.name}:{known[rule, what]}: {rule}: a sample shows it")
    wrong += [f"{EXCEPTIONS.name}:{n}: no such rule: {rule}" for (rule, _), n in known.items() if rule not in rules]
    print("\n".join(wrong) or f"{len(rules)} rules on {len(hosts)} hosts and {len(devices)} devices, {len(known)} exceptions")
    return 1 if wrong or not rules else 0


if __name__ == "__main__":
    sys.exit(main())
