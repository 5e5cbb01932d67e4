#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Metrics as Prometheus' own programs read them: promtool, and node_exporter's textfile collector on loopback.

usage: test-node-exporter.py PCIPASS

Debian's packages are unpacked into a temporary directory, not installed: installed, node_exporter would start to
listen on every interface of this machine.
"""

import atexit
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.error
import urllib.request
from pathlib import Path

PCIPASS = Path(sys.argv.pop(1)).resolve()
TESTS = Path(__file__).resolve().parent.parent
WORK = Path(tempfile.mkdtemp(prefix="pcipass-exporter-"))
atexit.register(shutil.rmtree, WORK, ignore_errors=True)
PROGRAMS = {"promtool": "prometheus", "prometheus-node-exporter": "prometheus-node-exporter"}


def program(name: str) -> str:
    """Installed, or unpacked from its package."""
    if shutil.which(name):
        return name
    unpacked = WORK / "unpacked" / "usr/bin" / name
    if not unpacked.exists():
        done = subprocess.run(["apt-get", "-q", "download", PROGRAMS[name]], cwd=WORK, capture_output=True, text=True, check=False)
        if done.returncode:
            print(f"skipped: {name}: {done.stderr.strip().splitlines()[-1]}")
            sys.exit(77)
        package = next(WORK.glob(f"{PROGRAMS[name]}_*.deb"))
        subprocess.run(["dpkg-deb", "-x", package, WORK / "unpacked"], check=True)
    return str(unpacked)


def setUpModule():
    (WORK / "hosts").mkdir()
    for each in PROGRAMS:
        program(each)
    for name in ("dl380p-gen8", "amd-board"):
        subprocess.run([sys.executable, "-B", TESTS / "machines/mkmachine", TESTS / f"machines/{name}.machine", "-o",
                        WORK / f"hosts/{name}.tar.gz"], check=True)
    (WORK / "hosts/dead.tar").touch()


def metrics(path: Path, *words, code: int) -> None:
    done = subprocess.run([PCIPASS, "survey", "--prometheus", "--force", "-o", path, *words], check=False, cwd=WORK)
    assert done.returncode == code, done.returncode


class Scraped(unittest.TestCase):
    def test_promtool(self):
        for words, code in ((("--from", "hosts"), 3), (("--from", "hosts", "--for", "all", "--all"), 3),
                            (("--from", "hosts/dl380p-gen8.tar.gz"), 0)):
            metrics(WORK / "x.prom", *words, code=code)
            done = subprocess.run([program("promtool"), "check", "metrics"], input=(WORK / "x.prom").read_text(), capture_output=True,
                                  text=True, check=False)
            self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "", ""))

    def test_node_exporter(self):
        exporter, directory = program("prometheus-node-exporter"), WORK / "textfile"
        directory.mkdir()
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        with subprocess.Popen([exporter, f"--web.listen-address=127.0.0.1:{port}", "--collector.disable-defaults",
                               "--collector.textfile", f"--collector.textfile.directory={directory}"],
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
            try:
                for words, code in ((("--from", "hosts/dl380p-gen8.tar.gz"), 0), (("--from", "hosts", "--for", "all"), 3)):
                    path = directory / "pcipass.prom"
                    metrics(path, *words, code=code)
                    text = self.scrape(port, process)
                    self.assertIn("node_textfile_scrape_error 0\n", text)
                    self.assertIn('node_textfile_mtime_seconds{file="', text)
                    served = {self.series(x) for x in text.splitlines() if x.startswith("pcipass_")}
                    written = {self.series(x) for x in path.read_text().splitlines() if x.startswith("pcipass_")}
                    self.assertEqual(served, written)
                    self.assertGreater(len(served), 20)
            finally:
                process.terminate()

    @staticmethod
    def series(line: str) -> tuple:
        """Labels in any order; one that is empty is none."""
        labels = re.findall(r'([a-z_]+)="((?:[^"\\]|\\.)*)"', line)
        return line.split("{")[0].split(" ")[0], frozenset(x for x in labels if x[1]), line.rsplit(" ", 1)[1]

    def scrape(self, port: int, process) -> str:
        end = time.monotonic() + 60
        while True:
            self.assertIsNone(process.poll(), "node_exporter ended")
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=30) as page:
                    return page.read().decode()
            except (urllib.error.URLError, ConnectionError):
                self.assertLess(time.monotonic(), end, "node_exporter does not answer")
                time.sleep(0.1)


def tearDownModule():
    shutil.rmtree(WORK)


if __name__ == "__main__":
    os.environ.setdefault("no_proxy", "127.0.0.1")
    unittest.main()
