#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The Ansible role against hosts that sshd instances on loopback stand in for.

usage: test-role.py PCIPASS SOURCE_ROOT

Each host is an sshd with a port of its own, in a mount namespace with its own /etc/passwd, /run and keys; what pcipass reads
there is a sample machine's capture. Debian's packages are unpacked into a temporary directory and not installed.
"""

import atexit
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

PCIPASS, ROOT = Path(sys.argv[1]).resolve(), Path(sys.argv[2]).resolve()
del sys.argv[1:3]
WORK = Path(tempfile.mkdtemp(prefix="pcipass-ansible-"))
atexit.register(shutil.rmtree, WORK, ignore_errors=True)
DEBS = WORK / "unpacked"
PACKAGES = ("ansible-core", "python3-jinja2", "python3-markupsafe", "python3-packaging", "python3-resolvelib", "python3-yaml",
            "python3-cryptography", "openssh-server", "libwrap0")
SAMPLES = ("dl380p-gen8", "dl380p-gen8-freed", "amd-board", "desktop-relaxable")
ALIVE, DEAD = 20, 2
SERVERS: list = []

# pcipass on such a host. What acts is noted in the host's log; a file FAIL-COMMAND makes it fail.
STAND_IN = """#!/bin/sh
cd "{work}/hosts/$PCIPASS_HOST" || exit 99
printf '%s\\n' "$*" >>log
command=$1
[ "$1 $3" != "free --dry-run" ] || command=plan
if [ -e "fail-$command" ]; then echo "$command fails here" >&2; exit 4; fi
case $command in
free) shift 2; exec "{pcipass}" --from capture free slot2 --dry-run >/dev/null ;;
verify) [ -e rebooted ] || exit 3; exec "{pcipass}" --from capture check slot2 ;;
*) exec "{pcipass}" --from capture "$@" ;;
esac
"""
# The namespace that the servers are in.
ENTER = """set -e
mount --make-rprivate /
mount -t tmpfs none /run
mkdir -p /run/sshd
mount --bind "$1/passwd" /etc/passwd
shift
exec "$@"
"""


def skip(why: str) -> None:
    print(f"skipped: {why}")
    shutil.rmtree(WORK)
    sys.exit(77)


def unpack() -> None:
    if os.geteuid():
        skip("a namespace with its own /etc/passwd needs root")
    done = subprocess.run(["apt-get", "-q", "download", *PACKAGES], cwd=WORK, capture_output=True, text=True, check=False)
    if done.returncode:
        skip(f"packages could not be downloaded: {done.stderr.strip().splitlines()[-1]}")
    for package in WORK.glob("*.deb"):
        subprocess.run(["dpkg-deb", "-x", package, DEBS], check=True)


def free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def answers(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), 1) as s:
            return s.recv(4) == b"SSH-"
    except OSError:
        return False


def serve(name: str) -> int:
    """An sshd for this host; its port."""
    for _ in range(5):
        port = free_port()
        command = [DEBS / "usr/sbin/sshd", "-D", "-e", "-f", "/dev/null", "-h", WORK / "host-key", "-p", str(port),
                   "-o", "ListenAddress=127.0.0.1", "-o", f"AuthorizedKeysFile={WORK}/key.pub", "-o", "StrictModes=no",
                   "-o", "PidFile=none", "-o", "UsePAM=no", "-o", "PasswordAuthentication=no",
                   "-o", f"SetEnv=PCIPASS_HOST={name}"]
        with (WORK / "sshd.log").open("ab") as log:
            process = subprocess.Popen(["unshare", "-m", "sh", "-c", ENTER, "sh", WORK, *command], stderr=log,
                                       env={**os.environ, "LD_LIBRARY_PATH": str(next(DEBS.glob("**/libwrap.so.0")).parent)})
        SERVERS.append(process)
        end = time.monotonic() + 60
        while process.poll() is None and time.monotonic() < end:
            if answers(port):
                return port
            time.sleep(0.05)
    raise RuntimeError((WORK / "sshd.log").read_text())


def setUpModule():
    unpack()
    for kind, path in (("ed25519", "host-key"), ("ed25519", "key")):
        subprocess.run(["ssh-keygen", "-q", "-t", kind, "-N", "", "-f", WORK / path], check=True)
    (WORK / "passwd").write_text(Path("/etc/passwd").read_text() + "sshd:x:742:65534::/run/sshd:/usr/sbin/nologin\n")
    for sample in SAMPLES:
        subprocess.run([sys.executable, "-B", ROOT / "tests/machines/mkmachine", ROOT / f"tests/machines/{sample}.machine", "-o",
                        WORK / f"{sample}.tar.gz"], check=True)
    (WORK / "pcipass").write_text(STAND_IN.format(work=WORK, pcipass=PCIPASS))
    (WORK / "pcipass").chmod(0o755)
    lines = ["[all:vars]", "ansible_host=127.0.0.1", "ansible_user=root", "ansible_python_interpreter=/usr/bin/python3",
             f"ansible_ssh_private_key_file={WORK}/key", "ansible_pipelining=true", f"pcipass_command={WORK}/pcipass",
             f"pcipass_local_command={PCIPASS}", "pcipass_become=false",
             "ansible_ssh_common_args=-F /dev/null -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o ConnectTimeout=10",
             "[all]"]
    for i in range(ALIVE + DEAD):
        name = f"node{i:02}"
        (WORK / "hosts" / name).mkdir(parents=True)
        lines.append(f"{name} ansible_port={serve(name) if i < ALIVE else free_port()}")
    (WORK / "ansible.cfg").write_text("[defaults]\n")
    (WORK / "inventory").write_text("\n".join(lines) + "\n")


def tearDownModule():
    for process in SERVERS:
        process.terminate()
        process.wait(30)
    shutil.rmtree(WORK)


class Role(unittest.TestCase):
    def setUp(self):
        for i in range(ALIVE + DEAD):
            directory = WORK / f"hosts/node{i:02}"
            for path in directory.iterdir():
                path.unlink()
            (directory / "capture").symlink_to(WORK / f"{SAMPLES[(0, 2, 3)[i % 3]]}.tar.gz")
        self.results = Path(tempfile.mkdtemp(dir=WORK)) / "results"

    def play(self, name: str, *words: str, **variables) -> subprocess.CompletedProcess:
        environment = {**os.environ, "PYTHONPATH": str(DEBS / "usr/lib/python3/dist-packages"), "ANSIBLE_LOCALHOST_WARNING": "false",
                       "ANSIBLE_ROLES_PATH": str(ROOT / "contrib/ansible/roles"), "ANSIBLE_CONFIG": str(WORK / "ansible.cfg"), "ANSIBLE_NOCOLOR": "1",
                       "ANSIBLE_LOCAL_TEMP": str(WORK / "local"), "ANSIBLE_HOME": str(WORK / "home"), "ANSIBLE_FORKS": "4",
                       "HOME": str(WORK), "LC_ALL": "C.UTF-8"}
        variables.setdefault("pcipass_directory", str(self.results))
        return subprocess.run(["/usr/bin/python3", "-B", DEBS / "usr/bin/ansible-playbook", "-i", WORK / "inventory", "-e",
                               json.dumps(variables), *words, ROOT / f"contrib/ansible/{name}.yml"],
                              capture_output=True, text=True, check=False, env=environment, timeout=1200, stdin=subprocess.DEVNULL)

    def did(self, node: str) -> list:
        """What pcipass was asked for there."""
        log = WORK / "hosts" / node / "log"
        return log.read_text().splitlines() if log.exists() else []

    def test_survey(self):
        (WORK / "hosts/node01/fail-survey").touch()
        done = self.play("survey", pcipass_table_options=["--json"])
        self.assertIn("Make the table", done.stdout, done.stderr)
        documents = {p.stem: json.loads(p.read_text()) for p in self.results.iterdir()}
        self.assertEqual(len(documents), ALIVE + DEAD)
        unknown = {k: d["reason"] for k, d in documents.items() if d["schema"] == "pcipass.unknown/1"}
        self.assertEqual(set(unknown), {"node01", "node20", "node21"})
        self.assertEqual(unknown["node01"], "survey fails here")
        # As ssh or as Ansible puts it, whichever is first.
        self.assertRegex(unknown["node20"], "Connection refused|reached over ssh")
        alone = subprocess.run([PCIPASS, "--json", "--from", WORK / "dl380p-gen8.tar.gz"], capture_output=True, check=False).stdout
        self.assertEqual(documents["node00"], json.loads(alone))
        table = subprocess.run([PCIPASS, "survey", "--from", self.results, "--columns", "host,verdict", "--noheadings"],
                               capture_output=True, text=True, check=False)
        self.assertEqual(table.returncode, 3)
        rows = [x.split() for x in table.stdout.splitlines()]
        self.assertEqual({x[0] for x in rows}, set(documents))
        self.assertEqual({x[0] for x in rows if x[1] == "unknown"}, set(unknown))
        for host in documents:
            self.assertIn(host, done.stdout.split("Show the table")[1])

    @unittest.skipUnless(shutil.which("ansible-lint"), "ansible-lint is not installed")
    def test_lint(self):
        done = subprocess.run(["ansible-lint", "--offline", "--nocolor", "-p", "survey.yml", "free.yml", "roles/pcipass"],
                              cwd=ROOT / "contrib/ansible", capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def free(self, *words: str, **variables) -> subprocess.CompletedProcess:
        for hook in ("drain", "restore", "reboot"):
            lines = f"echo {hook} >>$dir/log; [ ! -e $dir/fail-{hook} ] || exit 1"
            if hook == "reboot":
                lines += f"; touch $dir/rebooted; ln -sfn {WORK}/dl380p-gen8-freed.tar.gz $dir/capture"
            (WORK / f"{hook}.yml").write_text(json.dumps([{
                "name": hook, "ansible.builtin.shell": f"dir={WORK}/hosts/{{{{ inventory_hostname }}}}; {lines}"}]))
        return self.play("free", *words, pcipass_nodes="node00:node03:node06", pcipass_device="slot2",
                         **{f"pcipass_{hook}_tasks": str(WORK / f"{hook}.yml") for hook in ("drain", "restore", "reboot")},
                         **variables)

    ALL = ["check --json slot2", "free slot2 --dry-run", "drain", "free slot2 --yes", "reboot", "verify", "check slot2", "restore"]

    def test_free(self):
        """A node after the other; one that is free already is left alone."""
        done = self.free()
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        for node in ("node00", "node03", "node06"):
            self.assertEqual(self.did(node), self.ALL)
        again = self.free()
        self.assertEqual(again.returncode, 0, again.stdout)
        self.assertEqual(self.did("node03"), [*self.ALL, "check --json slot2"])

    def test_stops(self):
        """At the first that fails, wherever it fails: the others are not touched."""
        for step, did in (("plan", 2), ("drain", 3), ("free", 4), ("reboot", 5), ("verify", 6), ("check", 1)):
            self.setUp()
            (WORK / f"hosts/node03/fail-{step}").touch()
            done = self.free()
            self.assertNotEqual(done.returncode, 0, step)
            self.assertEqual(self.did("node00"), self.ALL, step)
            self.assertEqual(self.did("node03"), self.ALL[:did], step)
            self.assertEqual(self.did("node06"), [], step)

    def test_address_without_quotes(self):
        """07:00.0 in YAML is 420.0: nothing is asked of a node, and it is said why."""
        done = self.play("free", pcipass_nodes="node00", pcipass_device=420.0)
        self.assertNotEqual(done.returncode, 0, done.stdout)
        self.assertIn("put the address or ids in quotes", done.stdout)
        self.assertEqual(self.did("node00"), [])

    def test_check_mode(self):
        """The plan is shown, and nothing else is done, neither here nor there."""
        done = self.free("--check")
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertIn("RMRDS_Slot2", done.stdout)
        for node in ("node00", "node03", "node06"):
            self.assertEqual(self.did(node), self.ALL[:2])
        self.play("survey", "--check", "--limit", "node00,localhost", pcipass_directory=str(self.results))
        self.assertFalse(self.results.exists())


if __name__ == "__main__":
    unittest.main()
