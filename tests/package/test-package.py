#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The Debian packages: made in a fresh root of Debian 12, held against lintian, and installed, used and
purged in fresh roots of Debian 12, 13 and sid. And what other systems take, as far as it can be used here: the
static program in a root that has nothing else, the files of the RPM package and of that for Arch Linux.

usage: test-package.py SOURCE_ROOT [DIRECTORY-WITH-PACKAGES]     with it nothing is built
"""

import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import root as roots

SOURCE = Path(sys.argv.pop(1))
GIVEN = Path(sys.argv.pop(1)) if len(sys.argv) > 1 and Path(sys.argv[1]).is_dir() else None
WORK = Path(tempfile.mkdtemp(prefix="pcipass-package-"))
PACKAGES = ("pcipass", "libpcipass1", "libpcipass-dev")
TOOLS = ("rpm", "makepkg", "zlib1g-dev", "libarchive-tools", "fakeroot", "zstd")
SHELLS = ("man-db", "bash", "bash-completion", "zsh", "fish")


def copy_source(to: Path) -> None:
    """What git knows; where this is no checkout, all that is not built."""
    to.mkdir()
    names = subprocess.run(["git", "-C", SOURCE, "ls-files", "-z"], capture_output=True, check=False).stdout
    if not names:
        shutil.copytree(SOURCE, to, dirs_exist_ok=True, ignore=shutil.ignore_patterns("build*", ".git"))
        return
    with subprocess.Popen(["tar", "-C", SOURCE, "-c", "--null", "-T", "-"], stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE) as tar:
        unpack = subprocess.Popen(["tar", "-x", "-C", to], stdin=tar.stdout)
        tar.stdin.write(names)
        tar.stdin.close()
        assert unpack.wait() == 0 and tar.wait() == 0


class InRoot(unittest.TestCase):
    """Types, and looks at what comes."""

    def type(self, line: str, code: int = 0, *words: str) -> str:
        status, text = self.root.run(line)
        self.assertEqual(status, code, f"{line}: {text}")
        for word in words:
            self.assertIn(word, text, line)
        return text


DEBS = GIVEN or WORK / "debs"


def setUpModule() -> None:  # pylint: disable=invalid-name
    """All that is made, before the first class that installs it."""
    if GIVEN:
        return
    root = roots.Root(WORK / "build", "bookworm", "lintian", "ca-certificates", *TOOLS)
    copy_source(root.path / "pcipass")
    status, text = root.run("cd /pcipass && ./run package /debs && "
                            "lintian --allow-root --fail-on error,warning /debs/*_0*_*.deb")
    assert status == 0, text
    print(text[-600:], file=sys.stderr)
    shutil.copytree(root.path / "debs", DEBS)
    shutil.rmtree(root.path)


class Made(InRoot):
    """By "./run package" on Debian 12."""

    debs = DEBS

    def test_there(self):
        for name in PACKAGES:
            self.assertEqual(len(list(self.debs.glob(f"{name}_*.deb"))), 1, name)
        for name in ("pcipass-[0-9]*.tar.gz", "pcipass-[0-9]*.pkg.tar.zst", "pcipass-[0-9]*-linux-*", "pcipass-[0-9]*.rpm",
                     "pcipass-libs-*.rpm", "pcipass-devel-*.rpm"):
            self.assertEqual(len(list(self.debs.glob(name))), 1, name)

    def listed(self, pattern: str) -> set[str]:
        """The files in a package, which is an archive of one kind or another."""
        done = subprocess.run(["bsdtar", "-tf", *self.debs.glob(pattern)], capture_output=True, text=True, check=True)
        return {x.removeprefix("./").rstrip("/") for x in done.stdout.splitlines() if not x.endswith("/")}

    @unittest.skipUnless(shutil.which("bsdtar"), "bsdtar is not installed")
    def test_same_files(self):
        """What the Debian packages install, the others do as well."""
        wanted = {"usr/bin/pcipass", "usr/bin/pcipass-conrep", "usr/lib/systemd/system/pcipass-verify.service",
                  "usr/share/bash-completion/completions/pcipass", "usr/share/zsh/site-functions/_pcipass",
                  "usr/share/fish/vendor_completions.d/pcipass.fish", "usr/share/pcipass/schemas/rmrds.xml",
                  "usr/share/doc/pcipass/doc/rules.md"}
        arch, rpm = self.listed("pcipass-*.pkg.tar.zst"), self.listed("pcipass-[0-9]*.rpm")
        for name, files in (("Arch Linux", arch), ("RPM", rpm)):
            self.assertEqual(wanted - files, set(), name)
            for page in ("man1/pcipass.1", "man5/pcipass-capture.5", "man7/pcipass-rules.7"):
                self.assertTrue(any(x.startswith(f"usr/share/man/{page}") for x in files), (name, page))
        self.assertTrue(any(x.endswith("/libpcipass.so.1") for x in self.listed("pcipass-libs-*.rpm")))
        self.assertTrue(any(x.endswith("include/pcipass/report.h") for x in self.listed("pcipass-devel-*.rpm")))

    def test_static_program(self):
        """In a root that has nothing but it and a capture: no library, no shell, no /proc."""
        empty = WORK / "empty"
        empty.mkdir()
        (program,) = self.debs.glob("pcipass-[0-9]*-linux-*")
        shutil.copy(program, empty / "pcipass")
        for ending in ("tar", "tar.gz", "tar.zst"):
            subprocess.run([sys.executable, "-B", roots.MACHINES / "mkmachine", roots.MACHINES / "dl380p-gen8.machine", "-o",
                            empty / f"host.{ending}"], check=True)
            run = subprocess.run(["chroot", empty, "/pcipass", "--from", f"host.{ending}", "check", "slot2"],
                                 capture_output=True, text=True, check=False)
            self.assertEqual((run.returncode, run.stderr), (1, ""), ending)
            self.assertIn("to free it", run.stdout)
        for line, words in (("--from host.tar settings image i.img", ""), ("settings get RMRDS_Slot2 --store image:i.img", "RMRDS_Slot2="),
                            ("--from host.tar capture -o again.tar.zst", ""), ("--from again.tar.zst tree slot2", "07:00.0")):
            run = subprocess.run(["chroot", empty, "/pcipass", *line.split()], capture_output=True, text=True, check=False)
            self.assertEqual(run.returncode, 0, line + run.stderr)
            self.assertIn(words, run.stdout, line)


class Installed:
    """What holds in every release."""

    release: str
    also: tuple[str, ...] = ()  # what the packages recommend, of this release

    @classmethod
    def setUpClass(cls):
        cls.root = roots.Root(WORK / cls.release, cls.release, *SHELLS, "pkg-config", "gcc", "libc6-dev")
        cls.root.sample("dl380p-gen8")
        cls.before = cls.root.files()
        shutil.copytree(DEBS, cls.root.path / "debs")
        packages = ("pci.ids", *cls.also, *(f"/debs/{name}_*.deb" for name in PACKAGES))
        status, text = cls.root.run("apt-get -qq update; apt-get -qq install --no-install-recommends -y "
                                    f"{' '.join(packages)} 2>&1")
        assert status == 0, text

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.root.path)

    def test_a_used(self):
        """By root and by a user."""
        self.type("pcipass --version", 0, "pcipass ")
        self.type("pcipass", 0, "SAS2308", "Next: to free slot 2")
        self.type("setpriv --reuid=65534 --regid=65534 --clear-groups pcipass check slot2", 1, "fixable")
        self.type("cd /tmp && pcipass capture -o /tmp/c.tar.gz && pcipass --from c.tar.gz check slot2", 1, "fixable")
        self.type("rm /tmp/c.tar.gz")

    def test_a_settings(self):
        self.type("cd /tmp && pcipass --from /sample settings image x.img && "
                  "pcipass settings get RMRDS_Slot2 --store image:x.img && rm x.img", 0,
                  "RMRDS_Slot2=Endpoints_Included")

    def test_a_at_boot(self):
        """The unit is enabled; what it runs has nothing to say yet."""
        self.type("test -e /etc/systemd/system/multi-user.target.wants/pcipass-verify.service")
        self.assertEqual(self.type("pcipass verify --boot"), "")

    def test_a_manual(self):
        for page in ("1 pcipass", "1 pcipass-conrep", "3 libpcipass", "5 pcipass-capture", "7 pcipass-rules"):
            self.type(f"man -w {page}", 0, "/usr/share/man/man")
            self.assertEqual(self.type(f"man --warnings -E UTF-8 -Tutf8 -Z {page} 2>&1 >/dev/null"), "")

    def test_a_completion(self):
        """Each shell finds it where it looks by itself."""
        self.type("bash -c '. /usr/share/bash-completion/bash_completion; "
                  "{ _comp_load pcipass || __load_completion pcipass; } 2>/dev/null; complete -p pcipass'", 0, "__pcipass")
        self.type("zsh -fc 'autoload -Uz compinit; compinit -u -D; print -r -- $_comps[pcipass]'", 0, "_pcipass")
        self.type("fish -c 'complete -C \"pcipass expl\"'", 0, "explain")

    def test_a_library(self):
        self.type("zcat -f /usr/share/doc/pcipass/doc/examples/walk.c* >/tmp/walk.c && cd /tmp && "
                  "cc walk.c -o walk $(pkg-config --cflags --libs libpcipass) && ./walk >walk.txt", 0)
        self.type("grep -q 0000:07:00.0 /tmp/walk.txt && rm /tmp/walk*")

    def test_b_purged_while_applied(self):
        """The journal stays, and with the package back it is undone."""
        self.type("printf '#!/bin/sh\\n' >/usr/sbin/update-initramfs && chmod +x /usr/sbin/update-initramfs")
        self.type("mkdir -p /boot /etc/initramfs-tools && : >/boot/initrd.img-$(uname -r)")
        before = self.root.files()
        self.type("pcipass bind slot3 --boot --yes", 0, "pcipass undo")
        rule = self.root.path / "etc/udev/rules.d/05-pcipass.rules"
        self.assertTrue(rule.is_file())
        self.type("apt-get -qq purge -y pcipass 2>&1", 0, "stays in place without it", "/var/lib/pcipass is kept",
                  "pcipass undo")
        self.assertTrue((self.root.path / "var/lib/pcipass/apply.json").is_file())
        self.assertTrue(rule.is_file())
        self.type("apt-get -qq install --no-install-recommends -y /debs/pcipass_*.deb 2>&1")
        self.type("pcipass status", 0, "bind slot3")
        self.type("pcipass undo --yes", 0)
        self.assertEqual(self.root.files() - before, {"/var/lib/pcipass/apply.json", "/var/lib/pcipass/apply.lock",
                                                      "/var/lib/pcipass"})
        self.type("rm -r /usr/sbin/update-initramfs /etc/initramfs-tools /boot/initrd.img-$(uname -r)")

    def test_c_purged(self):
        """After an undo nothing is left, nor said."""
        # What was installed by its name is not removed by itself.
        text = self.type("apt-get -qq purge -y --auto-remove pcipass libpcipass1 libpcipass-dev pci.ids "
                         f"{' '.join(self.also)} 2>&1")
        self.assertNotIn("pcipass undo", text)
        self.assertEqual(self.root.files() - self.before, set())


class Debian12(Installed, InRoot):
    release = "bookworm"


class Debian13(Installed, InRoot):
    release = "trixie"


class Sid(Installed, InRoot):
    """Its libxml2 has another name than the one that the program was built with."""

    release = "sid"
    also = ("libxml2-16",)

    def test_a_library_names(self):
        self.assertNotEqual(self.root.run("ls /usr/lib/*/libxml2.so.2")[0], 0)
        self.type("dpkg-query -W -f '${Recommends}' pcipass", 0, "libxml2-16 | libxml2")


if __name__ == "__main__":
    why = roots.missing()
    if why:
        print(f"skipped: the packages: {why}")
        sys.exit(77)
    try:
        unittest.main()
    finally:
        shutil.rmtree(WORK, ignore_errors=True)
