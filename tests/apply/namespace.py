# SPDX-License-Identifier: GPL-2.0-or-later
"""A host that the installed program takes for its own: a sample machine's files, stand-ins for its
tools, and a shell in a mount namespace that has them as its root. Nothing outside is changed."""

import atexit
import functools
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import fakeroot

TESTS = Path(__file__).parent.parent
CONREP = Path(os.environ["PCIPASS_BUILD_ROOT"]) / "tests/store/fake-conrep"
sys.path.insert(0, str(TESTS / "machines"))
from machinery.command import make  # noqa: E402

# The tools see a host below $PCIPASS_ROOT; here that is the root itself.
TOOL_HEAD = "#!/bin/sh\n: ${PCIPASS_ROOT:=/}\n"

# What the root has of this machine.
SHARED = ("usr/bin", "usr/lib", "usr/lib64", "bin", "lib", "lib64")
ENTER = """mount --all --fstab "$0.fstab" && exec chroot "$0" /bin/bash -c 'cd /root; eval "$0"' "$1\""""


def missing() -> str | None:
    """Why there can be no such host here; None: there can."""
    try:
        done = subprocess.run(["unshare", "-rm", "mount", "--rbind", "/proc", "/proc"],
                              capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return "unshare is not installed"
    return None if done.returncode == 0 else f"no namespace for mounts: {done.stderr.strip()}"


@functools.cache
def made(sample: str) -> Path:
    """The sample's files, made once."""
    directory = tempfile.TemporaryDirectory()
    atexit.register(directory.cleanup)
    make(TESTS / f"machines/{sample}.machine", "-o", Path(directory.name) / "host")
    return Path(directory.name) / "host"


class Host(fakeroot.Root):
    """A sample machine with Debian's tools, and HP's conrep."""

    def __init__(self, path: Path, pcipass: str, sample: str = "dl380p-gen8"):
        self.path = path
        self.programs = Path(pcipass).resolve().parent
        path.mkdir()
        self.started(sample)
        super().__init__(path)
        shutil.rmtree(path / "lib")  # the real one takes its place
        for directory in ("usr/local/bin", "proc", "dev", "root", "tmp",
                       "var/tmp", "mnt", "run"):
            (path / directory).mkdir(parents=True, exist_ok=True)
        super().tool("conrep", CONREP.read_bytes())
        self.put("usr/sbin/settings", "".join(f"RMRDS_Slot{n}=Endpoints_Included\n"
                                              for n in range(1, 17)))
        assert self.run("true")[0] == 0  # makes the places for mounts

    def changed(self) -> dict:
        """What an apply may change, and the settings."""
        return {k: v for k, v in self.snapshot().items()
                if k.startswith(("boot", "etc", "var/lib")) or k == "usr/sbin/settings"}

    def started(self, sample: str, boot_id: str = fakeroot.OLD_BOOT) -> None:
        """The kernel's files, as after a boot of that sample."""
        for name, own in (("sys", "sys"), ("proc", "own-proc")):
            shutil.rmtree(self.path / own, ignore_errors=True)
            shutil.copytree(made(sample) / name, self.path / own, symlinks=True)
        self.put("proc/sys/kernel/random/boot_id", boot_id + "\n")
        # Below /lib are this machine's modules, if any: of its own the kernel's configuration tells.
        release = (made(sample) / "proc/version").read_text().split()[2]
        self.put(f"boot/config-{release}", "".join(f"CONFIG_{x}=m\n" for x in (
            "VFIO", "VFIO_PCI", "VFIO_IOMMU_TYPE1", "IOMMUFD")))
        self.put("proc/sys/kernel/osrelease", fakeroot.RELEASE + "\n")
        # The server is a real machine, whatever this one is.
        self.put("proc/cpuinfo", "processor\t: 0\nvendor_id\t: GenuineIntel\ncpu family\t: 6\n"
                                 "model\t\t: 62\nflags\t\t: fpu vme vmx\n")
        for directory in ("block", "net", "graphics"):
            (self.path / "sys/class" / directory).mkdir(parents=True, exist_ok=True)
        (self.path / "sys/fs/btrfs").mkdir(parents=True, exist_ok=True)
        # Its modules are out of sight below the real /lib; these are loaded.
        for directory in ("bus/pci/drivers/vfio-pci", "module/vfio_iommu_type1"):
            (self.path / "sys" / directory).mkdir(parents=True, exist_ok=True)

    def put(self, path: str, content) -> None:
        # The sample's table and lockdown, not those of a directory made by hand.
        if path == "sys/firmware/acpi/tables/DMAR" or path.startswith("sys/kernel/security"):
            return
        super().put(re.sub("^proc/", "own-proc/", path), content)

    def tool(self, name: str, script: str) -> None:
        if script.startswith("#!/bin/sh\n"):
            script = TOOL_HEAD + script.removeprefix("#!/bin/sh\n")
        super().tool(name, script)

    def place_mounts(self) -> None:
        """Writes what is mounted below the root, as fstab has it; makes the places."""
        found = []
        for name in SHARED:
            place = self.path / name
            if os.path.islink(f"/{name}"):
                if not place.is_symlink():
                    place.symlink_to(os.readlink(f"/{name}"))
            elif os.path.isdir(f"/{name}"):
                place.mkdir(parents=True, exist_ok=True)
                found.append((f"/{name}", place))
        found.append(("/proc", self.path / "proc"))
        # What a process reads of itself is the real one's.
        own = self.path / "own-proc"
        for directory, _, names in os.walk(own):
            found += [(f"{directory}/{name}", place) for name in names
                      if (place := self.path / "proc" / os.path.relpath(f"{directory}/{name}", own))
                      and os.path.exists(f"/proc/{place.relative_to(self.path / 'proc')}")]
        found += [("/dev", self.path / "dev"), (self.programs, self.path / "usr/local/bin")]
        # In one go: a process for each mount takes longer than what is tested.
        Path(f"{self.path}.fstab").write_text("".join(f"{a} {b} none rbind 0 0\n" for a, b in found))

    def run(self, line: str) -> tuple[int, str]:
        """What a person would type as root, its exit status and all that it printed."""
        self.place_mounts()
        done = subprocess.run(
            ["unshare", "-rm", "bash", "-c", ENTER, self.path, line], stdin=subprocess.DEVNULL, timeout=60,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
            env={"PATH": "/usr/local/bin:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin",
                 "HOME": "/root", "LC_ALL": "C.UTF-8", "COLUMNS": "80", "TERM": "dumb",
                 **{k: v for k, v in os.environ.items() if k.endswith("SAN_OPTIONS")}})
        return done.returncode, done.stdout
