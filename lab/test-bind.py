#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A virtual function that appears when its driver, and vfio-pci, are loaded already: bound at boot all the
same, by Debian's udev and the rule that pcipass writes. pci-stub stands for the driver."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from lab import initramfs, job, kernels, places  # noqa: E402
from lab.checks import Checks, main  # noqa: E402
from lab.server import Server  # noqa: E402
from machinery import recipe  # noqa: E402

SERIES = sys.argv[1] if len(sys.argv) > 1 else "6.12"
RECIPE = """system HP "ProLiant DL380p Gen8"
iommu intel
cmdline intel_iommu=on iommu=pt
00:02.0 1b36:000c root-port acs slot=1 name=b0
  00.0 1b36:0010 nvme name=pf driver=nvme sriov=1/3 vf=0010
drhd fed90000 all ioapic:00@ff:00.0
"""
PF, VF = "0000:01:00.0", "0000:01:00.1"
DEVICES = "/sys/bus/pci/devices"
RULES = "/etc/udev/rules.d/05-pcipass.rules"
SECONDS = 120
DRIVER = f"basename $(readlink {DEVICES}/{VF}/driver) 2>/dev/null || echo none"
# udev must have heard of the removal before the function comes anew. "settle" is no promise: it does not wait
# for the last event of a rebinding, and on a busy host its talk with the daemon may fail. So a device has ten
# seconds for its driver, and what settle said is only told.
SETTLE = "{ udevadm settle || echo settle: $? >&2; }"
AGAIN = (f"cd {DEVICES}/{PF} && echo 0 >sriov_numvfs && [ ! -e {DEVICES}/{VF} ] && {SETTLE} && "
         f"echo 1 >sriov_numvfs && {SETTLE} && [ -e {DEVICES}/{VF} ]")
WAIT = (f"for i in 1 2 3 4 5 6 7 8 9 10; do case $(readlink {DEVICES}/{VF}/driver) in */vfio-pci) break;; esac; "
        "sleep 1; done")


def udev() -> Path:
    """Debian's udev, unpacked in the cache."""
    ready = places.cache() / "udev"
    if not ready.exists():
        if not os.environ.get("PCIPASS_LAB_FETCH"):
            raise places.Skip("no udev yet: ./run lab fetches it")
        with tempfile.TemporaryDirectory(dir=places.cache()) as made:
            package = kernels.fetch("udev", Path(made))
            subprocess.run([places.program("dpkg-deb", "dpkg"), "-x", package, Path(made) / "udev"],
                           check=True)
            (Path(made) / "udev").rename(ready)
    return ready


def image(kernel: kernels.Kernel) -> initramfs.Image:
    """With udev and the rule by which it loads modules."""
    made, root = initramfs.Image(kernel), udev()
    made.add_modules("nvme", "pci-stub", "vfio-pci", "vfio_iommu_type1")
    made.add_program(places.program("depmod", "kmod"), to="sbin", name="depmod")  # udev reads its index
    made.add_program(root / "bin" / "udevadm")
    made.add_program(root / "bin" / "udevadm", "sbin", "systemd-udevd")
    for name in ("80-drivers.rules", "50-udev-default.rules"):
        rules = next(root.glob(f"**/rules.d/{name}"), None)
        if rules:
            made.add_file(f"usr/lib/udev/rules.d/{name}", rules.read_bytes())
    return made


def test(checks: Checks) -> None:
    """vfio-pci is not loaded when the function appears, then it is; and without the rule again."""
    kernel = kernels.get(SERIES)
    asked = job.Job()
    # The first to be asked for the VF is what was registered first.
    asked.run("mkdir -p /etc/udev/rules.d /run/udev; /sbin/depmod; modprobe pci-stub; modprobe nvme")
    asked.run("systemd-udevd --daemon --debug 2>/run/udevd.log; udevadm settle; echo 1b36 0010 "
              ">/sys/bus/pci/drivers/pci-stub/new_id", SECONDS)
    asked.run(f"echo 1 >{DEVICES}/{PF}/sriov_numvfs; udevadm settle", SECONDS)
    before = asked.run(DRIVER)
    bound = asked.run(f"pcipass --yes bind --boot {VF}", SECONDS)
    kept = asked.run(DRIVER)
    rule = asked.run(f"cat {RULES}")
    asked.run("udevadm control --reload", SECONDS)
    again = [asked.run(AGAIN, SECONDS)]
    at_once = asked.run(DRIVER)
    asked.run(WAIT, SECONDS)
    cold = asked.run(DRIVER)
    loaded = asked.run("cat /proc/modules")
    again.append(asked.run(AGAIN, SECONDS))
    asked.run(WAIT, SECONDS)
    warm = asked.run(DRIVER)
    unbound = asked.run(f"pcipass --yes unbind --boot {VF}", SECONDS)
    asked.run("udevadm control --reload", SECONDS)
    again.append(asked.run(AGAIN, SECONDS))
    after = asked.run(DRIVER)
    log = asked.run(f"grep -a {VF} /run/udevd.log | tail -n 25; dmesg | tail -n 15")
    with Server(recipe.loads(RECIPE, str(places.RECIPES)), kernel, image(kernel), firmware=False,
                cmdline="console=ttyS0 no_timer_check panic=-1 intel_iommu=on iommu=pt") as server:
        answer = server.boot(asked)
    names = {n: answer[n].text.strip() for n in (before, kept, at_once, cold, warm, after)}
    # Short enough for what meson keeps of a test that fails, and the results last.
    story = "\n".join((answer[log].text, answer[rule].text, answer[loaded].text,
                       *(f"{r.command}: {r.exit} {r.text[:400]} {r.stderr!r}" for r in answer.results[:log]),
                       str(names)))
    checks.equal("before", names[before], "pci-stub")
    checks.equal("bind --boot", answer[bound].exit, 0)
    checks.equal("bind --boot changes nothing now", names[kept], "pci-stub")
    for n in again:
        checks.true("the function comes anew", answer[n].exit == 0, story)
    checks.true("vfio-pci not loaded before", names[cold] == "vfio-pci", story)
    checks.true("vfio-pci loaded before", names[warm] == "vfio-pci", story)
    checks.equal("unbind --boot", answer[unbound].exit, 0)
    checks.true("after unbind", names[after] == "pci-stub", story)


if __name__ == "__main__":
    sys.exit(main(test))
