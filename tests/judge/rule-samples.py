#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Every rule fires on a sample machine at least, and stays silent on another host or device of them; every
remedy is offered on one.

usage: rule-samples.py PCIPASS LIST_IDS SOURCE_ROOT EXCEPTIONS

EXCEPTIONS lists rules that no sample can show, a line each: "RULE fires FILE: TEXT  # reason", where
FILE is a test that makes the rule fire on a host of its own and TEXT stands in it; or "RULE silent", or
"REMEDY offered" likewise. A line that is no longer needed fails, too.
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


def ids_of_code(what: str) -> set:
    rows = subprocess.run([LIST_IDS], check=True, capture_output=True, text=True).stdout.splitlines()
    return {row.split("\t")[1] for row in rows if row.startswith(f"{what}\t")}


def scopes(capture: str, offered: set) -> list:
    """What was looked at on a machine, the host first and then each device, as the rules that fired. Adds the
    remedies of all of them to what is offered."""
    done = subprocess.run([PCIPASS, "--from", capture, "--for", "all", "--json"], check=False, capture_output=True, text=True)
    if done.returncode not in (0, 3):
        raise SystemExit(f"{capture}: {done.stderr}")
    survey = json.loads(done.stdout)
    found = [{f["rule"] for f in scope["findings"]} for scope in (survey["host"], *survey["devices"])]
    findings = [f for scope in (survey["host"], *survey["devices"]) for f in scope["findings"]]
    for device, rules in zip(survey["devices"], found[1:], strict=True):
        others = [f for other in device["findings_for"].values() for f in other]
        rules.update(f["rule"] for f in others)
        findings += others
    offered.update(r["id"] for f in findings for r in f["remedies"])
    return found


def exceptions(wrong: list) -> dict:
    """(rule, what) of each line whose test is there."""
    known = {}
    for number, line in enumerate(EXCEPTIONS.read_text().splitlines(), 1):
        if not line or line.startswith("#"):
            continue
        row = re.fullmatch(r"(\S+) (fires|silent|offered) (\S+): (.+?)\s+# (.+)", line)
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
    hosts, devices, offered = [], [], set()
    with tempfile.TemporaryDirectory() as scratch:
        for _, capture in sampled.captures(scratch):
            host, *rest = scopes(capture, offered)
            hosts.append(host)
            devices += rest
    on_host, on_device = set().union(*hosts), set().union(*devices)
    known = exceptions(wrong)
    rules, remedies = ids_of_code("rule"), ids_of_code("remedy")
    wrong += [f"{rule}: fires, but lib/judge has no such rule" for rule in (on_host | on_device) - rules]
    for rule in sorted(rules):
        looked_at = hosts if rule in on_host else devices
        fires = [rule in scope for scope in looked_at]
        for what, shown in (("fires", any(fires)), ("silent", not all(fires))):
            if not shown and (rule, what) not in known:
                wrong.append(f"{rule}: nothing in the samples on which it {'fires' if what == 'fires' else 'is silent'}")
            elif shown and (rule, what) in known:
                wrong.append(f"{EXCEPTIONS.name}:{known[rule, what]}: {rule}: a sample shows it")
    for remedy in sorted(remedies):
        if remedy not in offered and (remedy, "offered") not in known:
            wrong.append(f"{remedy}: a remedy that no sample is offered")
        elif remedy in offered and (remedy, "offered") in known:
            wrong.append(f"{EXCEPTIONS.name}:{known[remedy, 'offered']}: {remedy}: a sample shows it")
    wrong += [f"{EXCEPTIONS.name}:{n}: no such rule or remedy: {name}" for (name, what), n in known.items()
              if name not in (remedies if what == "offered" else rules)]
    print("\n".join(wrong) or f"{len(rules)} rules and {len(remedies)} remedies on {len(hosts)} hosts and "
          f"{len(devices)} devices, {len(known)} exceptions")
    return 1 if wrong or not rules or not remedies else 0


if __name__ == "__main__":
    sys.exit(main())
