#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Compares the SMBIOS parser with dmidecode.

usage: dmidecode-oracle.py DUMP-SMBIOS ACCEPTED-FOLDER

Inputs: the tables of the sample machines; and, where they are, dmidecode text of real servers in
$PCIPASS_TEST_DATA/dmidecode/*.txt, turned back into tables, and the tables of the recorded machines
in $PCIPASS_TEST_DATA/truth/*/capture.tar.gz.
Our parser, dmidecode --from-dump on the same table and the text it was made from must agree, and
the redacted table must parse the same. Each difference must have a line in
ACCEPTED-FOLDER/<input>.txt (what follows # is the reason), and each line must still occur.
"""
import glob
import json
import os
import shutil
import subprocess
import sys
import tempfile

import dmitext

sys.path[:0] = [os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", name) for name in ("machines", "harness")]
import sampled  # noqa: E402
from subset import few  # noqa: E402


def text_or_none(value):
    return None if value in (None, "Not Specified", "<BAD INDEX>") else value.strip()


def first(records, kind, key):
    for r in records:
        if r.type == kind:
            return text_or_none(r.fields.get(key))
    return None


def slot_facts(r):
    kind, width = dmitext.slot_type(r.fields)
    return {"handle": r.handle, "designation": text_or_none(r.fields.get("Designation")) or "",
            "type": kind, "width": width, "usage": dmitext.USAGES[r.fields["Current Usage"]],
            "length": dmitext.LENGTHS[r.fields["Length"]], "id": int(r.fields.get("ID", "0")),
            "address": r.fields.get("Bus Address")}


def onboard_facts(r):
    return {"handle": r.handle,
            "designation": text_or_none(r.fields.get("Reference Designation")) or "",
            "type": dmitext.ONBOARD_TYPES[r.fields["Type"].strip()],
            "enabled": r.fields["Status"] == "Enabled",
            "instance": int(r.fields["Type Instance"]), "address": r.fields.get("Bus Address")}


def hpe_facts(r):
    if r.raw:
        def string(number):
            return r.strings[number - 1].strip() if number else ""
        raw = r.raw
        address = None
        if len(raw) >= 0x28:
            address = "%04x:%02x:%02x.%x" % (raw[0x24] | raw[0x25] << 8, raw[0x26],
                                             raw[0x27] >> 3, raw[0x27] & 7)
        return {"handle": r.handle, "assoc": raw[4] | raw[5] << 8, "name": string(raw[0x1e]),
                "type": raw[0x16], "location": raw[0x17], "instance": raw[0x18],
                "address": address}
    assoc = r.fields["Associated Device Record"]
    address = None
    if "PCI Device" in r.fields:
        address = "%04x:%s" % (int(r.fields["Segment Group Number"], 16), r.fields["PCI Device"])
    return {"handle": r.handle, "assoc": 0xfffe if assoc == "N/A" else int(assoc, 16),
            "name": text_or_none(r.fields["Device Name"]) or "",
            "type": dmitext.HPE_TYPES[r.fields["Device Type"]],
            "location": dmitext.HPE_LOCATIONS[r.fields["Device Location"]],
            "instance": int(r.fields["Device Instance"]), "address": address}


def facts_of_text(records):
    return {
        "bios_vendor": first(records, 0, "Vendor"), "bios_version": first(records, 0, "Version"),
        "bios_date": first(records, 0, "Release Date"),
        "manufacturer": first(records, 1, "Manufacturer"),
        "product": first(records, 1, "Product Name"),
        "processor_manufacturer": first(records, 4, "Manufacturer"),
        "slots": [slot_facts(r) for r in records if r.type == 9],
        "onboard": [onboard_facts(r) for r in records if r.type == 41],
        "hpe_devices": [hpe_facts(r) for r in records if r.type == 203],
    }


def differences(a, b, name_a, name_b, where=""):
    if isinstance(a, dict):
        lines = []
        for key in b:
            lines += differences(a[key], b[key], name_a, name_b, (where + " " + key).strip())
        return lines
    if isinstance(a, list) and len(a) == len(b):
        lines = []
        for x, y in zip(a, b):
            lines += differences(x, y, name_a, name_b, "%s 0x%04x" % (where, x["handle"]))
        return lines
    if a != b:
        return ["%s: %s %s, %s %s" % (where, name_a, json.dumps(a), name_b, json.dumps(b))]
    return []


def ours(dump, table):
    run = subprocess.run([dump], input=table, stdout=subprocess.PIPE, check=True)
    return json.loads(run.stdout)


def redacted(dump, table):
    return subprocess.run([dump, "--redact"], input=table, stdout=subprocess.PIPE,
                          check=True).stdout


def dmidecode(table):
    with tempfile.NamedTemporaryFile(suffix=".dmi") as f:
        f.write(dmitext.dump_file(table))
        f.flush()
        out = subprocess.run(["dmidecode", "--from-dump", f.name], check=True,
                             stdout=subprocess.PIPE, encoding="utf-8", errors="replace").stdout
    return dmitext.parse_text(out)


def compare(dump, table, original):
    """original: the records the table was made from, or None where the table is the original."""
    mine = ours(dump, table)
    lines = ["note: %s" % n["text"] for n in mine.pop("notes")]
    theirs = facts_of_text(dmidecode(table))
    lines += differences(mine, theirs, "ours", "dmidecode")
    if original is not None:
        lines += differences(theirs, facts_of_text(original), "dmidecode", "text")
    again = redacted(dump, table)
    if redacted(dump, again) != again:
        lines.append("redacting again changes bytes")
    after = ours(dump, again)
    del after["notes"]
    return mine, lines + differences(mine, after, "ours", "redacted")


def accepted(directory, name):
    path = os.path.join(directory, name + ".txt")
    if not os.path.exists(path):
        return []
    lines = []
    with open(path, encoding="utf-8") as f:
        for line in f:
            difference, _, reason = line.partition("#")
            if difference.strip():
                assert reason.strip(), "%s: no reason for: %s" % (path, line.strip())
                lines.append(difference.strip())
    return lines


def older(lines):
    """Those that begin with "?": releases of dmidecode since do not differ."""
    return [x.removeprefix("? ") for x in lines], {x[2:] for x in lines if x.startswith("? ")}


def inputs(data):
    """(name, table, records or None)"""
    for path in few(sorted(glob.glob(data + "/dmidecode/*.txt")), 2):
        with open(path, encoding="utf-8", errors="replace") as f:
            records = dmitext.parse_text(f.read())
        yield os.path.basename(path)[:-4], dmitext.compile_records(records), records
    with tempfile.TemporaryDirectory() as scratch:
        captures = [("sample-" + name, path) for name, path in sampled.captures(scratch)]
        captures += [("truth-" + os.path.basename(os.path.dirname(path)), path)
                     for path in sorted(glob.glob(data + "/truth/*/capture.tar.gz"))]
        for name, path in few(captures, 8):
            for _, table in sampled.files(path, "sys/firmware/dmi/tables/DMI"):
                yield name, table, None


def main():
    dump, directory = sys.argv[1:]
    data = os.environ.get("PCIPASS_TEST_DATA", "")
    os.environ["PATH"] += ":/usr/sbin:/sbin"
    if not shutil.which("dmidecode"):
        print("skipped: no dmidecode (Debian package dmidecode)")
        return 77
    machines = failures = known = 0
    counts = {"slots": 0, "onboard": 0, "hpe_devices": 0}
    for name, table, records in inputs(data):
        mine, lines = compare(dump, table, records)
        machines += 1
        for key in counts:
            counts[key] += len(mine[key])
        expected, may_be_gone = older(accepted(directory, name))
        for line in sorted(set(lines) - set(expected)):
            print("%s: %s" % (name, line))
            failures += 1
        for line in sorted(set(expected) - set(lines) - may_be_gone):
            print("%s: accepted, but does not occur: %s" % (name, line))
            failures += 1
        known += len(expected)
    if not glob.glob(data + "/dmidecode/*.txt"):
        print("skipped: no real servers' texts (PCIPASS_TEST_DATA); sample machines only")
    print("%d machines, %s, %d accepted differences, %d failures"
          % (machines, ", ".join("%d %s" % (n, key) for key, n in counts.items()), known,
             failures))
    return 1 if failures or not machines else 0


if __name__ == "__main__":
    sys.exit(main())
