#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Compares the configuration space decoder with lspci, on sample machines and on real dumps.

usage: lspci-oracle.py DUMP-CONFIG ACCEPTED-FOLDER

Inputs: the configuration space of the sample machines; and, where they are,
$PCIPASS_TEST_DATA/lspci/*.lspci and the config files of the recorded machines in
$PCIPASS_TEST_DATA/truth/*/capture.tar.gz. Each difference must have a line in
ACCEPTED-FOLDER/<dump>.txt (what follows # is the reason), and each line must still occur.
"""
import glob
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

sys.path[:0] = [os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", name) for name in ("machines", "harness")]
import sampled  # noqa: E402
from subset import few  # noqa: E402

CAPS = [
    ("pm", r"Power Management version"), ("msi", r"MSI: "), ("msix", r"MSI-X: "),
    ("pcix", r"PCI-X (non-)?bridge device"), ("pcie", r"Express "),
    ("af", r"PCI Advanced Features"), ("acs", r"Access Control Services"),
    ("ari", r"Alternative Routing-ID Interpretation"),
    ("sriov", r"Single Root I/O Virtualization"), ("rebar", r"Physical Resizable BAR"),
]
EXTENDED = {"acs", "ari", "sriov", "rebar"}
PCIE_TYPES = {
    "Endpoint": 0, "Legacy Endpoint": 1, "Root Port": 4, "Upstream Port": 5, "Downstream Port": 6,
    "PCI-Express to PCI/PCI-X Bridge": 7, "PCI/PCI-X to PCI-Express Bridge": 8,
    "Root Complex Integrated Endpoint": 9, "Root Complex Event Collector": 10,
}
ACS_BITS = ["SrcValid", "TransBlk", "ReqRedir", "CmpltRedir", "UpstreamFwd", "EgressCtrl",
            "DirectTrans"]
# What hangs on a capability: absent with it, for both sides.
HANGS_ON = {"flr": "pcie", "af_flr": "af", "slot_implemented": "pcie", "slot": "pcie",
            "pcie_type": "pcie", "acs_cap": "acs", "acs_ctl": "acs", "vf_enable": "sriov",
            "total_vfs": "sriov", "num_vfs": "sriov"}


def flag(text, name):
    m = re.search(r"\b%s([+-])" % re.escape(name), text)
    return None if not m else m.group(1) == "+"


def acs_bits(line):
    return sum(1 << i for i, name in enumerate(ACS_BITS) if flag(line, name))


def capability_facts(name, text, facts):
    """text: the capability's first line and those indented below it."""
    first = text.split("\n", 1)[0]
    if name == "pm":
        facts["no_soft_reset"] = flag(text, "NoSoftRst")
    elif name == "af":
        facts["af_flr"] = bool(flag(text, "TP")) and bool(flag(text, "FLR"))
    elif name == "pcie":
        m = re.match(r"Express (?:\(v\d+\) )?(.*?)(?: \(Slot([+-])\))?(?:, MSI|, IntMsgNum|$)", first)
        facts["pcie_type"] = PCIE_TYPES.get(m.group(1), m.group(1))
        facts["slot_implemented"] = m.group(2) == "+"
        facts["flr"] = bool(flag(text, "FLReset"))
        slot = re.search(r"Slot #(\d+)", text)
        facts["slot"] = int(slot.group(1)) if slot else False
    elif name == "acs":
        facts["acs_cap"] = acs_bits(re.search(r"ACSCap:(.*)", text).group(1))
        facts["acs_ctl"] = acs_bits(re.search(r"ACSCtl:(.*)", text).group(1))
    elif name == "sriov":
        facts["vf_enable"] = int(flag(re.search(r"IOVCtl:(.*)", text).group(1), "Enable"))
        m = re.search(r"Total VFs: (\d+), Number of VFs: (\d+)", text)
        facts["total_vfs"], facts["num_vfs"] = int(m.group(1)), int(m.group(2))


def function_facts(block):
    """lspci's words on one function: facts, and whether its lists were whole."""
    facts = {}
    text = "\n".join(block)
    whole = "<chain" not in text and "access denied" not in text
    m = re.match(r"\S+ (?:Class )?([0-9a-f]{4}): ([0-9a-f]{4}):([0-9a-f]{4})", block[0])
    facts["vendor"], facts["device"] = int(m.group(2), 16), int(m.group(3), 16)
    facts["base_class"] = int(m.group(1), 16)
    m = re.search(r"\(rev ([0-9a-f]{2})\)", block[0])
    facts["revision"] = int(m.group(1), 16) if m else 0
    m = re.search(r"\tBus: primary=(\w\w), secondary=(\w\w), subordinate=(\w\w)", text)
    if m:
        facts["primary"], facts["secondary"], facts["subordinate"] = (
            int(g, 16) for g in m.groups())
    # lspci 3.15 says "Interrupts:", and the letter behind the pin's.
    m = re.search(r"\tInterrupt(s?): pin (\S)", text)
    facts["pin"] = "?ABCDE".find(m.group(2)) - len(m.group(1)) if m else 0
    for chunk in re.split(r"\n\tCapabilities: ", text)[1:]:
        chunk = chunk.split("\n\tKernel ")[0]
        m = re.match(r"\[([0-9a-f]+)(?: v\d+)?\] (.*)", chunk, re.S)
        if not m:
            continue
        for name, pattern in CAPS:
            if re.match(pattern, m.group(2)) and name not in facts \
                    and (int(m.group(1), 16) >= 0x100) == (name in EXTENDED):
                facts[name] = int(m.group(1), 16)
                capability_facts(name, m.group(2), facts)
    return facts, whole


def lspci(path):
    out = subprocess.run(["lspci", "-F", path, "-vv", "-n", "-D"], check=True,
                         capture_output=True, encoding="utf-8", errors="replace").stdout
    functions = {}
    for para in out.split("\n\n"):
        block = para.split("\n")
        if block[0]:
            functions[block[0].split()[0]] = function_facts(block)
    return functions


def ours(dump, path):
    with open(path, "rb") as f:
        out = subprocess.run([dump], check=True, stdin=f, capture_output=True,
                             encoding="utf-8").stdout
    return {o["address"]: o for o in map(json.loads, out.splitlines())}


def compare_function(mine, theirs, whole):
    """[(fact, ours, lspci's)] where the two disagree."""
    diffs = []

    def check(fact, a, b):
        if a != b:
            diffs.append((fact, a, b))

    check("base_class", mine["class"] >> 8, theirs["base_class"])
    for fact in ("vendor", "device", "revision", "pin"):
        check(fact, mine[fact], theirs[fact])
    for fact in ("primary", "secondary", "subordinate"):
        if fact in theirs:
            check(fact, mine[fact], theirs[fact])
    for name, _ in CAPS:
        # lspci does not tell unread from absent: unknown is right where it cannot be known.
        may_be_unknown = not whole or mine["bytes"] < (4096 if name in EXTENDED else 256)
        if mine[name] is None and may_be_unknown:
            check(name, False, theirs.get(name, False))
        else:
            check(name, mine[name], theirs.get(name, False))
    for fact, cap in HANGS_ON.items():
        if mine[cap] is None and mine[fact] is None:
            continue
        a = mine[fact] & 0x7f if fact.startswith("acs_") and mine[cap] else mine[fact]
        check(fact, a, theirs.get(fact, False))
    if mine["pm"]:
        check("no_soft_reset", mine["no_soft_reset"], theirs.get("no_soft_reset"))
    return diffs


def compare(dump, path):
    mine, theirs = ours(dump, path), lspci(path)
    lines = []
    if set(mine) != set(theirs):
        lines.append("functions: %s" % " ".join(sorted(set(mine) ^ set(theirs))))
    for address in sorted(set(mine) & set(theirs)):
        if "error" in mine[address]:
            lines.append("%s: %s" % (address, mine[address]["error"]))
            continue
        for fact, a, b in compare_function(mine[address], *theirs[address]):
            lines.append("%s %s: ours %s, lspci %s" % (address, fact, json.dumps(a),
                                                       json.dumps(b)))
    return len(mine), lines


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


def unpack(capture, path):
    """The config files of a capture as lspci -xxxx text."""
    with open(path, "w", encoding="ascii") as out:
        for name, data in sampled.files(capture, "/config"):
            out.write("%s device\n" % os.path.basename(os.path.dirname(name)))
            for at in range(0, len(data), 16):
                out.write("%02x: %s\n" % (at, data[at:at + 16].hex(" ")))
            out.write("\n")


def all_inputs(real, scratch):
    """(name, file of lspci -xxxx text)"""
    inputs = [(os.path.basename(p)[:-6], p) for p in sorted(glob.glob(real + "/lspci/*.lspci"))]
    captures = [("sample-" + name, path) for name, path in sampled.captures(scratch)]
    captures += [("truth-" + os.path.basename(os.path.dirname(p)), p)
                 for p in sorted(glob.glob(real + "/truth/*/capture.tar.gz"))]
    for name, capture in few(captures, 4):
        path = os.path.join(scratch, name)
        unpack(capture, path)
        inputs.append((name, path))
    return inputs


def main():
    dump, directory = sys.argv[1:]
    data = os.environ.get("PCIPASS_TEST_DATA", "")
    if not shutil.which("lspci"):
        print("skipped: no lspci (Debian package pciutils)")
        return 77
    if not glob.glob(data + "/lspci/*.lspci"):
        print("skipped: no real dumps (PCIPASS_TEST_DATA); sample machines only")
    with tempfile.TemporaryDirectory() as scratch:
        return compare_all(dump, directory, all_inputs(data, scratch))


def compare_all(dump, directory, inputs):
    functions = failures = known = 0
    for name, path in inputs:
        count, lines = compare(dump, path)
        functions += count
        expected = accepted(directory, name)
        for line in sorted(set(lines) - set(expected)):
            print("%s: %s" % (name, line))
            failures += 1
        for line in sorted(set(expected) - set(lines)):
            print("%s: accepted, but does not occur: %s" % (name, line))
            failures += 1
        known += len(expected)
    print("%d inputs, %d functions, %d accepted differences, %d failures"
          % (len(inputs), functions, known, failures))
    return 1 if failures or not functions else 0


if __name__ == "__main__":
    sys.exit(main())
