# SPDX-License-Identifier: GPL-2.0-or-later
"""What the tests of applies share: a program under test, hosts to apply to, what is expected of both."""

import os
import signal
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "harness"))

from fakeroot import RELEASE, STATE, Driver, Root, differences, override  # noqa: E402
from subset import split  # noqa: E402

drive = Driver(sys.argv[1])
ARGUMENT = "argument:intel_iommu=on"
SETTING = "setting:RMRDS_Slot2:Endpoints_Included:Endpoints_Excluded"
CPIO = f"{STATE}/acpi-override.cpio"
DEVICE, RULES = "0000:07:00.0", "etc/udev/rules.d/05-pcipass.rules"
# A tool that stops in the middle, by its name.
HALF = {"update-initramfs": f"echo half > boot/initrd.img-{RELEASE}", "update-grub": "echo half > boot/grub/grub.cfg"}


def expect(what, code: int, text: str, want: int, *words: str) -> None:
    """The errno, and that the text says what is to be known."""
    assert code == want, f"{what}: errno {code}, want {want}: {text}"
    for word in words:
        assert word in text, f"{what}: '{word}' is not in: {text}"


def same(what, a: dict, b: dict) -> None:
    assert a == b, f"{what}: not the same:\n" + "\n".join(differences(a, b))


def roundtrip(root: Root, *steps: str) -> None:
    """Apply, apply again, undo: the second changes nothing, the third leaves no trace."""
    before = root.snapshot()
    expect("dry", *drive(root, "dry", *steps), 0, "would ")
    same("a dry run", before, root.snapshot(True))
    expect("run", *drive(root, "run", *steps), 0)
    after = root.snapshot()
    assert after != before
    expect("again", *drive(root, "run", *steps), 0, "nothing to change")
    same("twice is once", after, root.snapshot())
    assert "done" in drive(root, "status")[1]
    root.changed = after


def undo(root: Root, before: dict) -> None:
    expect("undo", *drive(root, "undo"), 0)
    same("undo", before, root.snapshot())
    expect("undo twice", *drive(root, "undo"), 2, "undone already")
    assert "undone" in drive(root, "status")[1]


def refused(root: Root, want: int, *words: str, steps: tuple = ()) -> None:
    """Nothing is changed, and there is nothing to undo."""
    before = root.snapshot()
    expect(words, *drive(root, "run", *(steps or (ARGUMENT, override(), SETTING))), want, *words)
    same(words, before, root.snapshot())
    expect(words, *drive(root, "undo"), 2)


def spoil(root: Root, name: str, how: str, always: bool = False) -> dict:
    """The tool does that instead, once or always; the host as it is then."""
    script = root.text(f"usr/sbin/{name}").split("\n", 1)[1]
    root.put("spoiled", "")
    root.tool(name, "#!/bin/sh\n# reads default/grub.d\ncd \"$PCIPASS_ROOT\"\nif [ -e spoiled ]; then\n"
                    f"{'' if always else 'rm spoiled'}\n{how}\nfi\n{script}")
    before = root.snapshot()
    if not always:
        del before["spoiled"]
    return before


def tool_of(root: Root) -> int:
    """The process of the tool that runs, by the lock's note; waits for it, and until it is at work: a spoiled one
    begins with taking its mark away."""
    for _ in range(3000):
        words = root.text(f"{STATE}/apply.lock").split() if (root.path / STATE / "apply.lock").exists() else []
        if len(words) == 3 and not (root.path / "spoiled").exists():
            return int(words[1])
        time.sleep(0.01)
    raise AssertionError("no tool was started")


def main(names: dict) -> int:
    """Runs the tests of a file, each on a host of its own; or those that are named behind DRIVE."""
    # A shell starts what it puts into the background with this ignored, and programs inherit that.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    known = [name for name in names if name.startswith("test_")]
    tests = [names[name] for name in known if name in sys.argv[2:]] if sys.argv[2:] else [
        names[name] for name in split(known, int(os.environ.get("PCIPASS_TEST_EVERY", "1")))]
    failures = 0
    for test in tests:
        with tempfile.TemporaryDirectory() as directory:
            try:
                test(Root(Path(directory) / "root"))
            except AssertionError as e:
                failures += 1
                print(f"{test.__name__}: {e}")
    print(f"{len(tests) - failures} of {len(tests)} tests passed")
    return 1 if failures or not tests else 0
