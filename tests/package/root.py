# SPDX-License-Identifier: GPL-2.0-or-later
"""A fresh root of a Debian release, and commands in it on the files of a sample machine. As root."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

MACHINES = Path(__file__).resolve().parent.parent / "machines"
# What the packages' tools write anew at each installation.
OF_TOOLS = re.compile(r"/(var/(lib/(dpkg|apt|systemd)|cache|log)|etc/ld\.so\.cache|tmp|run|dev|proc|sys|sample|debs"
                      r"|etc/resolv\.conf|etc/hosts|root)(/|$)")

ENTER = r"""
set -e
root=$1
mount --bind "$root" "$root"
mount -t tmpfs none "$root/dev"
mknod -m 666 "$root/dev/null" c 1 3
mknod -m 666 "$root/dev/urandom" c 1 9
mknod -m 666 "$root/dev/tty" c 5 0
ln -s /proc/self/fd "$root/dev/fd"
mount -t proc none "$root/proc"
if [ -d "$root/sample/sys" ]; then
	mount --bind "$root/sample/sys" "$root/sys"
	for name in iomem cmdline interrupts version cpuinfo; do
		[ ! -f "$root/sample/proc/$name" ] || mount --bind "$root/sample/proc/$name" "$root/proc/$name"
	done
fi
exec chroot "$root" env -i HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 \
	DEBIAN_FRONTEND=noninteractive TERM=dumb COLUMNS=80 sh -ec "$2"
"""


def missing() -> str | None:
    """Why no root can be made here; None: one can."""
    if os.geteuid():
        return "only root can make a root of another release"
    return None if shutil.which("mmdebstrap") else "mmdebstrap is not installed"


def apt_options() -> list[str]:
    """Where the package lists are a snapshot, this host's apt is told so; the new one has to be as well."""
    done = subprocess.run(["apt-config", "dump", "--format", "%v", "Acquire::Check-Valid-Until"],
                          capture_output=True, text=True, check=False)
    return ['--aptopt=Acquire::Check-Valid-Until "false"'] if done.stdout.strip() == "false" else []


class Root:
    """A directory with a Debian release."""

    def __init__(self, path: Path, release: str, *packages: str):
        self.path = path
        subprocess.run(["mmdebstrap", "--quiet", "--variant=minbase", *apt_options(),
                        f"--include={','.join(packages)}", release, path], check=True)
        for name in ("resolv.conf", "hosts"):
            shutil.copy(f"/etc/{name}", path / "etc" / name)

    def sample(self, name: str) -> None:
        """From now on the root's kernel shows this sample machine."""
        shutil.rmtree(self.path / "sample", ignore_errors=True)
        subprocess.run([sys.executable, "-B", MACHINES / "mkmachine", MACHINES / f"{name}.machine", "-o",
                        self.path / "sample"], check=True)
        # Its kernel is installed as far as a survey looks: how it was built, and that it has VFIO.
        for config in (self.path / "sample/boot").glob("config-*"):
            (self.path / "boot").mkdir(exist_ok=True)
            shutil.copy(config, self.path / "boot")
            modules = self.path / "usr/lib/modules" / config.name.removeprefix("config-")
            modules.mkdir(parents=True, exist_ok=True)
            (modules / "modules.dep").write_text("kernel/drivers/vfio/pci/vfio-pci.ko:\n")
            (modules / "modules.builtin").write_text("")

    def run(self, line: str) -> tuple[int, str]:
        """A shell command as root, its exit status and all that it printed."""
        done = subprocess.run(["unshare", "--mount", "--pid", "--fork", "--propagation", "private", "sh", "-c",
                               ENTER, "sh", self.path, line], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, errors="replace", check=False)
        return done.returncode, done.stdout

    def files(self) -> set[str]:
        """Every file but those that the packages' tools keep for themselves."""
        found = set()
        for at, directories, names in os.walk(self.path):
            inside = os.path.normpath("/" + os.path.relpath(at, self.path))
            directories[:] = [d for d in directories if not OF_TOOLS.match(os.path.join(inside, d))]
            found.update(os.path.join(inside, n) for n in [*names, *directories]
                         if not OF_TOOLS.match(os.path.join(inside, n)))
        return found
