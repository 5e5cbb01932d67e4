# SPDX-License-Identifier: GPL-2.0-or-later
"""pcipass.exe under wine: found, or why not; run as the program for Linux is."""

import atexit
import fcntl
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

SOURCE = Path(__file__).resolve().parents[2]
BUILD = SOURCE / "build-windows"
EXE = BUILD / "pcipass.exe"
FAULTS = BUILD / "pcipass-faults.exe"
# What "./run windows" and Debian's package pci.ids have.
PCI_IDS = Path("/usr/share/misc/pci.ids")
# Silent but for the two parts that end a process by themselves, with 1, when it runs into a fault on the stack of a
# signal; no program of ours ends so without a word.
WINE_DEBUG = "-all,err+seh,err+virtual"
DEBUG_LINE = re.compile(rb"[0-9a-f]{4}:err:")


def find_program(*names: str) -> str:
    """The first of these; "": none. Debian's package wine64 has its programs in no directory of PATH."""
    return next(filter(None, (shutil.which(d + name) for name in names for d in ("", "/usr/lib/wine/"))), "")


def why_not(pcipass: Path) -> str:
    """Why nothing can be tested here; "": it can be."""
    if not EXE.exists():
        return "pcipass.exe is not built: ./run windows"
    if EXE.stat().st_mtime < pcipass.stat().st_mtime:
        return f"{EXE} is older than {pcipass}: ./run windows"
    if not find_program("wine64", "wine"):
        return "no wine64"
    return ""


def version() -> int:
    """Of wine, its first number; 0: not known."""
    told = subprocess.run([find_program("wine64", "wine"), "--version"], capture_output=True, text=True, check=False).stdout
    found = re.match(r"wine-(\d+)", told)
    return int(found[1]) if found else 0


# As long as what it replaces: the program's other bytes stay where they are.
AS_INVOKER = b'''        <requestedExecutionLevel level="asInvoker" uiAccess="false"/>
      </requestedPrivileges>'''
AS_ADMINISTRATOR = b'''<requestedExecutionLevel level="requireAdministrator" uiAccess="false"/>
   </requestedPrivileges>'''


def copy_for_administrator(program: Path, to: Path) -> None:
    """wine 8 runs every program with an administrator's rights, wine 10 those whose manifest asks for them."""
    content = program.read_bytes()
    if version() > 8:
        if content.count(AS_INVOKER) != 1:
            raise RuntimeError(f"{program}: no manifest that can be made to ask for an administrator's rights")
        content = content.replace(AS_INVOKER, AS_ADMINISTRATOR)
    to.write_bytes(content)
    shutil.copymode(program, to)


def skip(why: str) -> None:
    print(f"skipped: the program for Windows: {why}")
    sys.exit(77)


def gave_up(done: subprocess.CompletedProcess) -> bool:
    """Whether wine itself ended it: with 1 and without a word, but for what wine says of its own faults.

    A stack that overflows is the program's fault, whoever says it.
    """
    # A program that ours started never began; ours says that it could not be started.
    if b"wine: failed to map the shared user data" in done.stderr:
        return True
    own = [line for line in done.stderr.splitlines() if DEBUG_LINE.match(line) and b"stack overflow" not in line]
    return done.returncode == 1 and not done.stdout and own == done.stderr.splitlines()


class Wine:
    """wine as Windows 10, in a prefix that tests share by its name; and the program in a directory with pci.ids."""

    def __init__(self, directory: Path, prefix: str = "wine"):
        self.loader = find_program("wine64", "wine")
        self.server = find_program("wineserver64", "wineserver")
        self.prefix = BUILD / prefix
        self.environ = {**os.environ, "WINEPREFIX": str(self.prefix), "WINEDEBUG": WINE_DEBUG, "LC_ALL": "C.UTF-8",
                        "WINEDLLOVERRIDES": "mscoree,mshtml="}
        # meson has glibc fill freed memory with something else each time, which is for our programs and not for wine.
        for name in ("DISPLAY", "MALLOC_PERTURB_"):
            self.environ.pop(name, None)
        self.given_up = 0
        self.said_server = ""
        # Held while the prefix is in use: what one test does there is none of another's.
        self.lock = open(BUILD / f"{prefix}.lock", "w", encoding="ascii")
        self.begin()
        self.exe, self.faults = directory / "pcipass.exe", directory / "pcipass-faults.exe"
        copy_for_administrator(EXE, self.exe)
        if FAULTS.exists():
            copy_for_administrator(FAULTS, self.faults)
        if PCI_IDS.exists():
            shutil.copy(PCI_IDS, directory / "pci.ids")

    def begin(self) -> None:
        """Makes the prefix, and starts what runs in the background: each start of it takes seconds."""
        fcntl.flock(self.lock, fcntl.LOCK_EX)
        self.prefix.mkdir(exist_ok=True)
        self.start_server()
        atexit.register(self.end)
        if not (self.prefix / "ready").exists():
            self.run("wineboot", "-i", timeout=300)
            self.run("reg", "add", r"HKCU\Software\Wine", "/v", "Version", "/d", "win10", "/f")
            (self.prefix / "ready").touch()
        self.run("cmd", "/c", "exit", "0")

    def end(self) -> None:
        """Ends what this prefix runs in the background, and lets the next test have it."""
        self.tell_server("-k")
        self.tell_server("-w")
        self.lock.close()

    def start_server(self) -> None:
        """One that stays: a program whose server ends under it ends as well, with 1 and without a word. Another one
        that is about to end is waited for."""
        for _ in range(10):
            code = self.tell_server("-p")
            if code == 0:
                return
            self.tell_server("-k")
            self.tell_server("-w")
        if code < 0:  # Seen of wine 10: "free(): invalid pointer". That tells nothing of the program.
            skip(f"wineserver is ended by signal {-code} here: {self.said_server}")
        raise RuntimeError(f"{self.prefix}: no wineserver -p: {self.said_server}")

    def restart(self) -> None:
        """As a reboot: everything ends, and time begins anew. Of a prefix that only one test uses."""
        self.tell_server("-k")
        self.tell_server("-w")
        self.start_server()
        self.run("cmd", "/c", "exit", "0")

    def tell_server(self, option: str) -> int:
        """Its exit code; self.said_server: what it said. Into a file, for a server that stays would keep a pipe open."""
        with tempfile.TemporaryFile() as said:
            done = subprocess.run([self.server, option], env=self.environ, check=False, timeout=120, stdin=subprocess.DEVNULL,
                                  stdout=said, stderr=said)
            said.seek(0)
            self.said_server = said.read(2000).decode(errors="replace").strip()
        return done.returncode

    def run(self, *command, **how) -> subprocess.CompletedProcess:
        """A program of Windows; again where wine itself gave it up, which is told, and passed over twice only."""
        done = self.run_once(*command, **how)
        while gave_up(done) and self.given_up < 2:
            self.given_up += 1
            print(f"wine gave up {' '.join(map(str, command))}: {done.stderr}", file=sys.stderr)
            done = self.run_once(*command, **how)
        return done

    def run_once(self, *command, cwd=None, stdin=b"", timeout=120, **more) -> subprocess.CompletedProcess:
        """Bytes go in and out by files: a pipe would stay open in the background."""
        with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
            given.write(stdin)
            given.seek(0)
            done = subprocess.run([self.loader, *map(str, command)], cwd=cwd, stdin=given, stdout=out, stderr=err,
                                  env={**self.environ, **more}, timeout=timeout, check=False)
            out.seek(0)
            err.seek(0)
            return subprocess.CompletedProcess(done.args, done.returncode, out.read(), err.read())

    def pcipass(self, *arguments, **more) -> subprocess.CompletedProcess:
        return self.run(self.exe, *arguments, **more)
