#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Many hosts in one survey: what counts as a host, and that each is told as it is told alone.

usage: test-fleet.py PCIPASS
"""

import atexit
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
from collections import Counter
from pathlib import Path

PCIPASS = Path(sys.argv.pop(1)).resolve()
TESTS = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(TESTS / "machines"))
from machinery import recipe, sinks, tree  # noqa: E402

WORK = Path(tempfile.mkdtemp(prefix="pcipass-fleet-"))
atexit.register(shutil.rmtree, WORK, ignore_errors=True)
MACHINES = ("dl380p-gen8", "amd-board", "vmd-qat", "desktop-relaxable", "arm-server")
ALL_BUT_HOST = "address,slot,group,driver,verdict,device,place,id,class,type,name,physfn,onboard,reset,by-free,rules,reason,remedy"
HOSTS: dict = {}


def run(*words, data=None, **more):
    """pcipass in the directory of the test; text in and out."""
    return subprocess.run([PCIPASS, *map(str, words)], capture_output=True, text=True, check=False, input=data,
                          cwd=WORK, errors="surrogateescape", timeout=120, **more)


def setUpModule():
    for name in MACHINES:
        path = WORK / f"{name}.tar"
        sink = sinks.open_sink(str(path))
        tree.TreeWriter(recipe.load(str(TESTS / "machines" / f"{name}.machine"))).write(sink)
        sink.close()
        HOSTS[name] = path


def tearDownModule():
    shutil.rmtree(WORK)


class Fleet(unittest.TestCase):
    def setUp(self):
        self.directory = Path(tempfile.mkdtemp(dir=WORK))

    def add(self, name: str, machine: str = "dl380p-gen8") -> Path:
        path = self.directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(HOSTS[machine], path)
        return path

    def result(self, machine: str, *words) -> dict:
        return json.loads(run("survey", "--json", "--from", HOSTS[machine], *words).stdout)

    def rows(self, *words, code=0, **more) -> list:
        done = run("survey", "--noheadings", *words, **more)
        self.assertEqual(done.returncode, code, done.stderr)
        return done.stdout.splitlines()

    def hosts(self, *words, code=0, **more) -> list:
        """The names of the hosts, each once, in the order of the table."""
        return list(dict.fromkeys(x.strip() for x in self.rows("--columns", "host", *words, code=code, **more)))

    def unknown(self, *words, code=3) -> dict:
        """Why, for each host of which nothing is known."""
        done = run("survey", "--json", *words)
        self.assertEqual(done.returncode, code, done.stderr)
        documents = [json.loads(line) for line in done.stdout.splitlines()]
        return {d["name"]: d["reason"] for d in documents if d["schema"] == "pcipass.unknown/1"}


class Told(Fleet):
    """A host among many is told what it is told alone."""

    def test_every_cell(self):
        """From its capture, and from the result that was saved of it."""
        for name in MACHINES:
            (self.directory / name).mkdir()
            shutil.copy(HOSTS[name], self.directory / name)
            (self.directory / name / f"{name}.json").write_text(json.dumps(self.result(name)))
            for options in ((), ("--all",), ("--for", "xen")):
                if options == ("--for", "xen"):
                    (self.directory / name / f"{name}.json").write_text(json.dumps(self.result(name, *options)))
                words = ("--noheadings", "--columns", ALL_BUT_HOST, *options)
                alone = [x.split() for x in run("survey", "--from", HOSTS[name], *words).stdout.splitlines()]
                self.assertGreater(len(alone), 3)
                many = [x.split() for x in run("survey", "--from", self.directory / name, *words).stdout.splitlines()]
                self.assertEqual(many, alone * 2, (name, options))

    def test_documents(self):
        for name in MACHINES:
            self.add(f"{name}.tar", name)
        for options in ((), ("--for", "all"), ("--for", "hyperv")):
            done = run("survey", "--json", "--from", self.directory, *options)
            documents = [json.loads(line) for line in done.stdout.splitlines()]
            self.assertEqual([d["name"] for d in documents], sorted(MACHINES))
            for d in documents:
                self.assertEqual(d.pop("from"), f"{self.directory}/{d['name']}.tar")
                self.assertEqual(d, self.result(d.pop("name"), *options))
            again = run("survey", "--json", "--from", "-", *options, data=done.stdout)
            self.assertEqual([json.loads(x) | {"from": ""} for x in again.stdout.splitlines()],
                             [json.loads(x) | {"from": ""} for x in done.stdout.splitlines()])

    def test_all_hypervisors(self):
        self.add("a.tar")
        (self.directory / "b.json").write_text(json.dumps(self.result("dl380p-gen8", "--for", "all")))
        (self.directory / "c.json").write_text(json.dumps(self.result("dl380p-gen8")))
        words = ("--from", self.directory, "--for", "all", "--columns", "host,address,kvm,hyperv,xen")
        found = [x.split() for x in self.rows(*words, code=3)]
        wanted = {t: [x.strip() for x in self.rows("--columns", "verdict", "--for", t, "--from", HOSTS["dl380p-gen8"], code=code)]
                  for t, code in (("kvm", 0), ("hyperv", 0), ("xen", 0))}
        for host in "ab":
            for i, target in enumerate(("kvm", "hyperv", "xen")):
                self.assertEqual([x[2 + i] for x in found if x[0] == host], wanted[target], (host, target))
        self.assertEqual({tuple(x[3:]) for x in found if x[0] == "c"}, {("?", "?")})
        # The same in the survey of one host.
        alone = [x.split() for x in self.rows("--from", HOSTS["dl380p-gen8"], "--for", "all", "--columns", "address,kvm,hyperv,xen")]
        self.assertEqual(alone, [x[1:] for x in found if x[0] == "a"])
        few = self.rows("--from", HOSTS["dl380p-gen8"], "--for", "all", "--filter", "xen=blocked*", "--columns", "xen")
        self.assertEqual(len(few), sum(x.startswith("blocked") for x in wanted["xen"]))

    def test_a_result_of_another_hypervisor(self):
        (self.directory / "a.json").write_text(json.dumps(self.result("dl380p-gen8")))
        (self.directory / "b.json").write_text(json.dumps(self.result("dl380p-gen8", "--for", "all")))
        self.assertEqual(self.unknown("--from", self.directory, "--for", "xen"),
                         {"a": "the result is for kvm, not for xen: make it with --for all"})
        self.assertEqual(self.unknown("--from", self.directory, "--kernel", "6.12").keys(), {"a", "b"})

    def test_filter_and_sort(self):
        self.add("a.tar")
        self.add("b.tar", "amd-board")
        (self.directory / "dead.json").write_text('{"schema":"pcipass.unknown/1","reason":"no route to host"}')
        every = [x.split() for x in self.rows("--from", self.directory, "--columns", "host,driver,group,verdict", code=3)]
        for words, wanted in (("verdict=blocked*", [x for x in every if x[3].startswith("blocked")]),
                              ("driver=nvme", [x for x in every if x[1] == "nvme"])):
            self.assertGreater(len(wanted), 0)
            found = [x.split() for x in self.rows("--from", self.directory, "--columns", "host,driver,group,verdict",
                                                  "--filter", words, code=3)]
            # What is not known of a host cannot be what takes it out of the table.
            self.assertEqual(found, wanted + [["dead", "?", "?", "unknown"]])
        self.assertEqual(self.hosts("--from", self.directory, "--filter", "host=B", code=3), ["b"])
        found = self.rows("--from", self.directory, "--columns", "group,host", "--sort", "group,host", code=3)
        keys = [(not x.split()[0].isdigit(), x.split()[0].rjust(9) if x.split()[0].isdigit() else x.split()[0], x.split()[1]) for x in found]
        self.assertEqual(keys, sorted(keys))
        self.assertEqual(len(found), len(every))

    def test_summary(self):
        self.add("a.tar")
        (self.directory / "dead.json").write_text('{"schema":"pcipass.unknown/1","reason":"no route to host"}')
        done = run("survey", "--from", self.directory)
        devices = len(self.rows("--from", HOSTS["dl380p-gen8"]))
        self.assertIn(f"2 hosts, 1 of them unknown; {devices} devices: ", done.stdout)
        command = next(x for x in done.stdout.splitlines() if x.startswith("Next: "))[len("Next: pcipass "):]
        self.assertIn("free", run(*command.split()).stdout)
        line = next(x for x in done.stdout.splitlines() if x.startswith("dead"))
        self.assertIn("no route to host", line)
        # Where no column has it, it is said.
        self.assertIn("dead: no route to host", run("survey", "--from", self.directory, "--columns", "host").stderr)
        self.assertEqual(run("survey", "--from", self.directory).stderr, "")


class Hosts(Fleet):
    """What is a host, and what it is called."""

    def test_names(self):
        for name in ("web1.example.com.tar.gz", "web2.json.tar", "web3", "rack/one.tar", "rack/two.tar", "rack/deep/er.tar", ".hidden.tar"):
            self.add(name)
        self.assertEqual(self.hosts("--from", self.directory),
                         ["rack/deep/er", "rack/one", "rack/two", "web1.example.com", "web2.json", "web3"])
        self.assertEqual(self.hosts("--from", f"{self.directory}/", "--filter", "host=web3"), ["web3"])

    def test_names_alike(self):
        self.add("a.tar")
        self.add("a.tar.gz")
        self.assertEqual(self.hosts("--from", self.directory), [f"{self.directory}/a.tar", f"{self.directory}/a.tar.gz"])

    def test_one_host(self):
        """A capture, a directory laid out like a host: as ever, with sections and remedies."""
        done = run("survey", "--from", self.add("a.tar"))
        self.assertIn("FIXABLE: blocked, but can be freed", done.stdout)
        unpacked = self.directory / "unpacked"
        unpacked.mkdir()
        subprocess.run(["tar", "-xf", HOSTS["desktop-relaxable"], "-C", unpacked], check=True)
        self.assertIn("ASSIGNABLE", run("survey", "--from", unpacked).stdout)
        self.assertEqual(self.hosts("--from", self.directory), ["a", "unpacked"])
        self.assertEqual(self.hosts("--from", unpacked, "--columns", "host"), ["unpacked"])

    def test_several(self):
        """Captures are hosts of their own; texts are of one host; the two do not mix."""
        a, b = self.add("a.tar"), self.add("b.tar", "amd-board")
        self.assertEqual(self.hosts("--from", a, "--from", b), ["a", "b"])
        self.assertEqual(self.hosts("--from", a, b, HOSTS["vmd-qat"]), ["a", "b", "vmd-qat"])
        self.assertEqual(self.hosts(b, "--from", a), ["a", "b"])
        texts = self.texts(self.directory / "texts")
        one = run("survey", "--from", texts[0], "--from", texts[1])
        self.assertIn("02:00.0", one.stdout)
        self.assertNotIn("HOST ", one.stdout)
        mixed = run("survey", "--from", a, "--from", texts[0])
        self.assertEqual(mixed.returncode, 4)
        self.assertIn("cannot be combined with another --from", mixed.stderr)
        self.assertEqual(run("survey", a).returncode, 2)

    @staticmethod
    def texts(directory: Path) -> list:
        directory.mkdir(parents=True)
        made = [directory / "cmdline.txt", directory / "lspci.txt"]
        made[0].write_text("BOOT_IMAGE=/vmlinuz-6.1.0 root=/dev/sda1 intel_iommu=on\n")
        made[1].write_text("02:00.0 RAID bus controller [0104]: Hewlett-Packard Company Smart Array [103c:323b] (rev 01)\n")
        return made

    def test_texts(self):
        """In a directory of a host's own they are that host; beside others each is a host."""
        texts = self.texts(self.directory / "web1")
        self.add("web2.tar")
        self.assertEqual(self.hosts("--from", self.directory, code=3), ["web1", "web2"])
        self.assertEqual(self.rows("--from", self.directory, "--filter", "host=web1", "--columns", "address,id", code=3),
                         ["02:00.0 103c:323b"])
        alone = run("survey", "--noheadings", "--from", texts[0], "--from", texts[1], "--columns", "address,verdict,rules").stdout
        self.assertEqual(self.rows("--from", self.directory, "--filter", "host=web1", "--columns", "address,verdict,rules", code=3),
                         alone.splitlines())
        self.assertEqual(self.hosts("--from", self.directory / "web1", code=3), ["cmdline", "lspci"])

    def test_broken(self):
        """Each is a row with its reason, and the others are told."""
        good = self.add("good.tar")
        (self.directory / "cut.tar").write_bytes(good.read_bytes()[:10000])
        (self.directory / "empty.tar").touch()
        (self.directory / "notes.txt").write_text("to do\n")
        (self.directory / "nothing").mkdir()
        (self.directory / "gone.tar").symlink_to("nowhere")
        (self.directory / "half.json").write_text(json.dumps(self.result("dl380p-gen8"))[:5000])
        (self.directory / "other.json").write_text('{"schema":"pcipass.check/1"}')
        (self.directory / "listless.json").write_text('{"schema":"pcipass.survey/1","target":"kvm"}')
        (self.directory / "nameless.json").write_text('{"schema":"pcipass.survey/1","target":"kvm","devices":[{}]}')
        (self.directory / "stranger.json").write_text('{"schema":"others/1","x":"pcipass.survey/1","y":"pcipass."}')
        (self.directory / "twice.json").write_text('{"schema":"pcipass.survey/1","schema":"pcipass.survey/1"}')
        os.mkfifo(self.directory / "pipe")
        unknown = self.unknown("--from", self.directory)
        # A pipe, as a socket, is nothing of a host.
        self.assertEqual(set(unknown), {p.stem for p in self.directory.iterdir()} - {"good", "pipe"})
        for name, words in (("notes", "nor a text that pcipass reads"), ("nothing", "empty"), ("gone", "No such file"),
                            ("half", "damaged"), ("other", "pcipass.check/1"), ("listless", "damaged"), ("nameless", "damaged"),
                            ("stranger", "not pcipass's"), ("twice", "damaged")):
            self.assertIn(words, unknown[name], name)
            self.assertNotIn(str(self.directory), unknown[name])
        self.assertIn("good", self.hosts("--from", self.directory, code=3))
        # Of a host whose firmware table is broken the rest is known, and the message has its name.
        done = run("survey", "--from", self.directory / "missing")
        self.assertEqual(done.returncode, 4)
        self.assertIn("No such file", done.stderr)

    def test_lines(self):
        """A broken line among results is one host, and what follows is told."""
        lines = run("survey", "--json", HOSTS["amd-board"], "--from", HOSTS["dl380p-gen8"]).stdout.splitlines()
        path = self.directory / "all.ndjson"
        path.write_text("\n".join((lines[0], lines[1][:3000], lines[1])) + "\n\n")
        documents = [json.loads(x) for x in run("survey", "--json", "--from", path).stdout.splitlines()]
        self.assertEqual([(d["schema"], d["name"]) for d in documents],
                         [("pcipass.survey/1", "dl380p-gen8"), ("pcipass.unknown/1", "all"), ("pcipass.survey/1", "amd-board")])

    def test_nothing(self):
        done = run("survey", "--from", self.directory)
        self.assertEqual((done.returncode, done.stdout), (4, ""))
        self.assertIn("an empty directory, need captures in it", done.stderr)

    def test_commands_of_one_host(self):
        self.add("a.tar")
        self.add("b.tar")
        for words in (["check", "slot2"], ["explain", "slot2"], ["reserved"], ["groups"], ["slots"], ["report", "-o", "-"],
                      ["survey", "--kernel", "all"]):
            done = run(*words, "--from", self.directory)
            self.assertIn(done.returncode, (2, 4), words)
            self.assertEqual(done.stdout, "")
            self.assertRegex(done.stderr, "directory of 2 hosts|need one host, not 2", words)

    def test_what_steers_a_terminal(self):
        self.add("\x1b[31mred\n.tar")
        document = self.result("dl380p-gen8")
        document["devices"][-1]["driver"] = "a\x1b[31m\u009bb"
        (self.directory / "x.json").write_text(json.dumps(document | {"name": "n\x1b[31m\r\nb"}))
        (self.directory / "y.json").write_text('{"schema":"pcipass.unknown/1","reason":"r\x1b[31m","name":"\u202en"}'.replace("\x1b", "\\u001b"))
        for words in ((), ("--columns", "host"), ("--json",)):
            done = run("survey", "--from", self.directory, *words)
            self.assertNotRegex(done.stdout + done.stderr, "[\x1b\x9b\r]")
        self.assertEqual(len(run("survey", "--json", "--from", self.directory).stdout.splitlines()), 3)


class Collected(Fleet):
    def test_as_documented(self):
        """What doc/fleet.md says to type, with a stand-in for ssh: web2 is dead."""
        text = (TESTS.parent / "doc/fleet.md").read_text()
        lines = [x for x in text.splitlines() if x.startswith("ssh root@web1 pcipass")]
        self.assertEqual(len(lines), 2)
        programs = self.directory / "bin"
        (self.directory / "hosts").mkdir()
        programs.mkdir()
        (programs / "ssh").write_text('#!/bin/sh\n[ "$1" = root@web1 ] || exit 255\nshift 2\n'
                                      f'exec {PCIPASS} --from {HOSTS["dl380p-gen8"]} "$@"\n')
        (programs / "ssh").chmod(0o755)
        (programs / "pcipass").symlink_to(PCIPASS)
        environment = {**os.environ, "PATH": f"{programs}:{os.environ['PATH']}"}
        for line in lines:
            for line, code in ((line, 0), (line.replace("web1", "web2"), 255)):
                done = subprocess.run(["sh", "-c", line], cwd=self.directory, env=environment, check=False)
                self.assertEqual(done.returncode, code, line)
            done = subprocess.run(["sh", "-c", "pcipass survey --from hosts --columns host,address,verdict"], cwd=self.directory,
                                  env=environment, check=False, capture_output=True, text=True)
            self.assertEqual(done.returncode, 3)
            self.assertIn("web1 07:00.0 blocked-fixable\n", done.stdout)
            self.assertIn("web2 ?       unknown\n", done.stdout)
            for path in (self.directory / "hosts").iterdir():
                path.unlink()


def series(text: str) -> dict:
    """Of each metric its samples: labels and value. Whatever is not in Prometheus' text format is refused."""
    found, typed = {}, []
    for line in text.splitlines():
        head = re.fullmatch(r"# (HELP|TYPE) ([a-z_]+) (.+)", line)
        if head:
            typed += [head[2]] if head[1] == "TYPE" and head[3] == "gauge" else []
            found.setdefault(head[2], {})
            continue
        name, labels, value = re.fullmatch(r"([a-z_]+)(?:\{(.*)\})? ([0-9]+)", line).groups()
        pairs = re.findall(r'([a-z_]+)="((?:[^"\\\n]|\\[\\"n])*)"', labels or "")
        assert ",".join(f'{k}="{v}"' for k, v in pairs) == (labels or ""), line
        key = tuple((k, re.sub(r"\\(.)", lambda m: "\n" if m[1] == "n" else m[1], v)) for k, v in pairs)
        # The samples of a metric stand together, and none is there twice.
        assert name == typed[-1] and key not in found[name], line
        found[name][key] = int(value)
    assert sorted(typed) == sorted(found)
    return found


class Metrics(Fleet):
    def metrics(self, *words, code=0) -> dict:
        done = run("survey", "--prometheus", *words)
        self.assertEqual(done.returncode, code, done.stderr)
        if shutil.which("promtool"):
            check = subprocess.run(["promtool", "check", "metrics"], input=done.stdout, text=True, capture_output=True, check=False)
            self.assertEqual((check.returncode, check.stderr), (0, ""))
        return series(done.stdout)

    def test_one_host(self):
        for name in MACHINES:
            found, survey = self.metrics("--from", HOSTS[name], code=run("survey", "--from", HOSTS[name]).returncode), self.result(name)
            self.assertEqual(found["pcipass_host_known"], {(): 1})
            self.assertEqual({dict(k)["verdict"]: v for k, v in found["pcipass_devices"].items()},
                             {k: v for k, v in survey["summary"].items() if k != "devices"})
            wanted = {(d["address"], d["verdict"], "" if d["group"] is None else str(d["group"]), d["class"], d["name"])
                      for d in survey["devices"] if d["verdict"] != "not-endpoint"}
            labels = [dict(k) for k in found["pcipass_device_info"]]
            self.assertEqual({(x["address"], x["verdict"], x["group"], x["class"], x["name"]) for x in labels}, wanted)
            self.assertEqual(len(labels), len(wanted))

    def test_many(self):
        """A host that is not known has no devices, and says so; a result gives what its capture gives."""
        self.add("a.tar")
        (self.directory / "b.json").write_text(json.dumps(self.result("dl380p-gen8", "--for", "all")))
        (self.directory / "dead.json").write_text('{"schema":"pcipass.unknown/1"}')
        for options in ((), ("--for", "all"), ("--for", "xen")):
            found = self.metrics("--from", self.directory, *options, code=3)
            self.assertEqual({dict(k)["host"]: v for k, v in found["pcipass_host_known"].items()}, {"a": 1, "b": 1, "dead": 0})
            for metric in ("pcipass_devices", "pcipass_device_info"):
                of = {host: {k[1:]: v for k, v in found[metric].items() if k[0] == ("host", host)} for host in ("a", "b", "dead")}
                self.assertEqual(of["a"], of["b"])
                self.assertEqual(of["dead"], {})
                self.assertEqual({dict(k)["target"] for k in of["a"]}, {"kvm", "hyperv", "xen"} if "all" in options else {options[1] if options else "kvm"})

    def test_escapes(self):
        document = self.result("dl380p-gen8")
        document["devices"][-1]["driver"] = 'a"b\\c{}=,d'
        (self.directory / "x.json").write_text(json.dumps(document | {"name": 'n"\\ü'}))
        found = self.metrics("--from", self.directory)
        self.assertIn('a"b\\c{}=,d', {dict(k)["driver"] for k in found["pcipass_device_info"]})
        self.assertEqual([dict(k)["host"] for k in found["pcipass_host_known"]], ['n"\\ü'])

    def test_names_alike(self):
        line = json.dumps({"schema": "pcipass.unknown/1", "name": "x", "reason": "y"})
        (self.directory / "x.ndjson").write_text(f"{line}\n{line}\n")
        done = run("survey", "--prometheus", "--from", self.directory)
        self.assertEqual(done.returncode, 4)
        self.assertIn("same name", done.stderr)

    def test_file(self):
        """Written whole or not at all, over what is there only with --force, and readable by others."""
        path = self.directory / "pcipass.prom"
        words = ("survey", "--prometheus", "--from", HOSTS["amd-board"], "-o", path)
        self.assertEqual(run(*words, umask=0o022).returncode, 0)
        self.assertEqual(path.stat().st_mode & 0o777, 0o644)
        before = path.read_text()
        self.assertEqual(before, run(*words[:-2]).stdout)
        self.assertEqual(run(*words).returncode, 4)
        path.write_text("older")
        self.assertEqual(run(*words, "--force").returncode, 0)
        self.assertEqual(path.read_text(), before)
        bad = run("survey", "--prometheus", "--from", self.directory / "nowhere", "-o", path, "--force")
        self.assertNotEqual(bad.returncode, 0)
        self.assertEqual(path.read_text(), before)
        self.assertEqual([p.name for p in self.directory.iterdir()], ["pcipass.prom"])

    def test_features(self):
        """Lines of node-feature-discovery: a namespace, a label's name and value as Kubernetes takes them."""
        for options in ((), ("--for", "all"), ("--for", "hyperv")):
            done = run("survey", "--nfd", "--from", HOSTS["dl380p-gen8"], *options)
            self.assertEqual(done.returncode, 0, done.stderr)
            lines = [x for x in done.stdout.splitlines() if not x.startswith("# ")]
            self.assertNotIn("# +", done.stdout)
            for line in lines:
                self.assertRegex(line, r"^feature\.node\.kubernetes\.io/[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?=[0-9]{1,5}$")
            values = dict(x.split("/")[1].split("=") for x in lines)
            self.assertEqual(len(values), len(lines))
            for target in {"kvm", "hyperv", "xen"} if "all" in options else {options[1] if options else "kvm"}:
                survey = self.result("dl380p-gen8", "--for", target)
                self.assertEqual({k: int(values[f"pcipass-{target}.{k}"]) for k in ("assignable", "care", "blocked-fixable", "blocked", "unknown")},
                                 {k: v for k, v in survey["summary"].items() if k not in ("devices", "not-endpoint")})
                free = Counter(f"{d['vendor']}_{d['device']}" for d in survey["devices"] if d["verdict"] in ("assignable", "care"))
                self.assertEqual({k.split(".")[1]: int(v) for k, v in values.items() if k.startswith(f"pcipass-{target}.") and "_" in k}, free)

    def test_refused(self):
        self.add("a.tar")
        for words in (("--nfd", "--from", self.directory), ("--nfd", "--json"), ("--prometheus", "--columns", "host"),
                      ("--prometheus", "--nfd"), ("--prometheus", "--kernel", "all")):
            done = run("survey", *words)
            self.assertEqual((done.returncode, done.stdout), (2, ""), words)


class Cost(Fleet):
    def memory(self, count: int, *words) -> int:
        """The most that the process had in memory, in KiB."""
        for i in range(count):
            path = self.directory / f"{i:04}.tar"
            if not path.exists():
                os.link(HOSTS["dl380p-gen8"], path)
        with open(os.devnull, "wb") as null:
            pid = os.posix_spawn(PCIPASS, [str(PCIPASS), "survey", "--from", str(self.directory), *words], os.environ,
                                 file_actions=[(os.POSIX_SPAWN_DUP2, null.fileno(), 1)])
            return os.wait4(pid, 0)[2].ru_maxrss

    def test_memory_is_flat(self):
        """Ten times the hosts, and no more memory than their names take."""
        if "PCIPASS_TEST_SANITIZED" in os.environ:
            print("skipped: sanitizers keep what was freed")
            return
        few = self.memory(20, "--json")
        self.assertLess(self.memory(200, "--json"), few + 4096)


if __name__ == "__main__":
    unittest.main()
