#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What emit prints for Hyper-V, held against a real grammar of PowerShell, tree-sitter's: no error, the
commands that are meant and no others, whatever names a machine and a guest have.

usage: test-powershell.py PCIPASS SOURCE_ROOT SCRATCH [NAME…]

The grammar is installed into SCRATCH by npm, in the versions of powershell/package-lock.json. The test is
skipped where that cannot be done.
"""

import json
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

PCIPASS, ROOT, SCRATCH = sys.argv.pop(1), Path(sys.argv.pop(1)), Path(sys.argv.pop(1))
sys.path.insert(0, str(ROOT / "tests/machines"))
import sampled  # noqa: E402
from machinery import sinks, windows  # noqa: E402

HERE = ROOT / "tests/windows/powershell"
SKIPPED = 77
# Once for the guest, once for each function; Where-Object twice.
FOR_GUEST = ["Set-VM", "Set-VM"]
FOR_FUNCTION = ["Get-PnpDevice", "Where-Object", "Where-Object", "Get-PnpDeviceProperty", "Disable-PnpDevice",
                "Dismount-VMHostAssignableDevice", "Add-VMAssignableDevice"]
BACK = ["Remove-VMAssignableDevice", "Mount-VMHostAssignableDevice"]
# As Microsoft's pages on these commands have them.
PARAMETERS = {"-Name", "-AutomaticStopAction", "-GuestControlledCacheTypes", "-LowMemoryMappedIoSpace",
              "-HighMemoryMappedIoSpace", "-PresentOnly", "-Like", "-contains", "-InstanceId", "-Confirm", "-Force",
              "-LocationPath", "-VMName"}
# Names that end a string, a comment or a line in PowerShell if they are not kept from it.
HOSTILE = ["'; Stop-Computer #", "\"; Stop-Computer", "`n Stop-Computer", "$(Stop-Computer)", "#> Stop-Computer <#",
           "\nStop-Computer\n", "\r\nStop-Computer\r\n", "\u2019; Stop-Computer; \u2018", "@'\nStop-Computer\n'@",
           "\u2028Stop-Computer", "\x85Stop-Computer", "\x0bStop-Computer", "\0Stop-Computer", "{ Stop-Computer }"]


def prepared() -> str | None:
    """Why the grammar is not there; None: it is."""
    if not shutil.which("npm") or not shutil.which("node"):
        return "no npm or no node"
    lock = (HERE / "package-lock.json").read_text()
    copy = SCRATCH / "package-lock.json"
    grammar = SCRATCH / "node_modules/tree-sitter-powershell/tree-sitter-powershell.wasm"
    if grammar.exists() and copy.exists() and copy.read_text() == lock:
        return None
    SCRATCH.mkdir(parents=True, exist_ok=True)
    shutil.copy(HERE / "package.json", SCRATCH)
    copy.write_text(lock)
    try:
        done = subprocess.run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=SCRATCH, check=False,
                              capture_output=True, text=True, timeout=120)
    except subprocess.TimeoutExpired:
        return "npm could not install the grammar in time"
    return None if done.returncode == 0 and grammar.exists() else "npm could not install the grammar"


def parsed(scripts: list[str]) -> list[dict]:
    done = subprocess.run(["node", "--liftoff-only", HERE / "check.mjs", SCRATCH], input=json.dumps(scripts), check=False,
                          capture_output=True, text=True, timeout=120)
    if done.returncode:
        raise AssertionError(done.stderr)
    return json.loads(done.stdout)


def emitted(capture: str, device: str, *words: str) -> subprocess.CompletedProcess:
    return subprocess.run([PCIPASS, "--from", capture, "emit", "hyperv", device, *words], capture_output=True, check=False)


def allowed(capture: str) -> list[str]:
    """The devices that Hyper-V may be given; emit refuses all others."""
    done = subprocess.run([PCIPASS, "--from", capture, "--for", "hyperv", "--json"], capture_output=True, check=False)
    devices = json.loads(done.stdout)["devices"] if done.stdout else []
    return [d["address"] for d in devices if d["verdict"] in ("assignable", "care")]


def way_back(script: str) -> str:
    """Its last lines, without the marks of a comment."""
    tail = [line.removeprefix("#   ") for line in script.splitlines()[-2:]]
    return "$path = 'x'\n$vm = 'y'\n" + "\n".join(tail) + "\n"


class PowerShell(unittest.TestCase):
    """Each script as the grammar sees it."""

    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.scratch = scratch.name
        self.made = 0

    def capture(self, writer) -> str:
        self.made += 1
        path = f"{self.scratch}/{self.made}.tar"
        sink = sinks.open_sink(path)
        writer.write(sink)
        sink.close()
        return path

    def assert_script(self, found: dict, functions: int, what: str, guest: str | None = None):
        self.assertEqual(found["errors"], [], what)
        display = found["parameters"].count("-GuestControlledCacheTypes")
        self.assertEqual(found["commands"], FOR_GUEST + ["Set-VM"] * display + FOR_FUNCTION * functions, what)
        self.assertLessEqual(set(p.split(":")[0] for p in found["parameters"]), PARAMETERS, what)
        if guest is not None:
            self.assertIn(f"'{guest}'", found["strings"], what)

    def test_every_sample(self):
        """Of both worlds, each device that may go, and its way back."""
        scripts, named = [], []
        for name, machine in sampled.machines():
            if machine.device_tree or machine.iommu.kind not in ("intel", "amd", "none"):
                continue
            for world in (sampled.tree.TreeWriter(machine), windows.WindowsWriter(machine)):
                capture = self.capture(world)
                for address in allowed(capture):
                    done = emitted(capture, address, "--vm", "Ceph 1")
                    if done.returncode == 0:
                        scripts.append(done.stdout.decode())
                        named.append(f"{name} {address}")
        self.assertGreater(len(scripts), 40)
        for what, script, found in zip(named, scripts, parsed(scripts), strict=True):
            self.assert_script(found, script.count("\n$path = "), what, "Ceph 1")
        for what, found in zip(named, parsed([way_back(s) for s in scripts]), strict=True):
            self.assertEqual((found["errors"], found["commands"]), ([], BACK), what)
        print(f"{len(scripts)} scripts", file=sys.stderr)

    def held_machine(self) -> "sampled.Machine":
        return dict(sampled.machines())["dl380p-gen8-freed"]

    def test_names_of_guests(self):
        """Each is taken and is one string, or is refused."""
        capture = self.capture(windows.WindowsWriter(self.held_machine()))
        taken = []
        for name in [*(n for n in HOSTILE if "\0" not in n), "a`b", "a$b", "a;b", "a b", "#", "-Force", "$x", "@a", "a" * 100]:
            done = emitted(capture, "slot2", "--vm", name)
            self.assertIn(done.returncode, (0, 2), done.stderr)
            if done.returncode == 0:
                taken.append((name, done.stdout.decode()))
        self.assertGreaterEqual(len(taken), 9)
        for (name, _), found in zip(taken, parsed([script for _, script in taken]), strict=True):
            self.assert_script(found, 1, name, name)

    def test_names_of_machines(self):
        """What firmware and Windows call things stands in comments, if anywhere, and stays there."""
        scripts = []
        for name in HOSTILE:
            machine = self.held_machine()
            for slot in machine.slots:
                slot.designation = f"PCI-E Slot {slot.slot_id}{name}".replace("\0", "").encode()
            machine.product = "ProLiant DL380p Gen8"
            for f in machine.functions:
                f.driver = f"{f.driver}{name}" if f.driver else ""
            there = windows.WindowsWriter(machine)
            done = emitted(self.capture(there), "07:00.0")
            self.assertEqual(done.returncode, 0, done.stderr)
            scripts.append(done.stdout.decode())
        for name, found in zip(HOSTILE, parsed(scripts), strict=True):
            self.assertNotIn("Stop-Computer", json.dumps(found["commands"]), name)
            self.assert_script(found, 1, name)

    def test_the_grammar_sees_errors(self):
        """What is wrong is told: a script with one character left out, where that breaks it, and more."""
        script = emitted(self.capture(windows.WindowsWriter(self.held_machine())), "slot2", "--vm", "g").stdout.decode()
        broken = [script.replace("'Stop'", "'Stop", 1), script.replace("throw \"", "throw ", 1), script.replace("contains $path })", "contains $path )", 1),
                  script.replace("@(Get", "@Get", 1), script + "| |\n", script + "if ($a) {\n"]
        for text, found in zip(broken, parsed(broken), strict=True):
            self.assertNotEqual(text, script)
            self.assertTrue(found["errors"], text)
        injected = script.replace("'g'", "'g'; Stop-Computer", 1)
        self.assertIn("Stop-Computer", parsed([injected])[0]["commands"])


if __name__ == "__main__":
    why = prepared()
    if why:
        print(f"skipped: {why}")
        sys.exit(SKIPPED)
    unittest.main()
