#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Holds README, doc/ and the manual page against the program and against each other.

usage: examples-test.py links|man|examples PCIPASS SOURCE_ROOT [MAN_PAGE...]

links     every relative link and its anchor exist
man       the pages render at 80 columns without a warning; options and commands are those of --help
examples  every block whose lines begin with "$ " is run; what it shows must be what is printed, a
          line "…" standing for any number of lines

There is no MAN_PAGE where they were not built.
"""

import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

SKIPPED = 77
SAMPLE = "dl380p-gen8"
OTHERS = ("amd-board-k612", "conventional-pci", "desktop-relaxable", "dl380p-gen8-pve")


class Skip(Exception):
    """Something that the test needs is not here."""


def documents(root: Path) -> list[Path]:
    """What people read, without what a build directory may hold."""
    return [*sorted(root.glob("*.md")), *sorted((root / "doc").rglob("*.md")),
            *sorted((root / "tests").rglob("*.md")), *sorted((root / "findings").rglob("*.md"))]


def without_fences(text: str) -> str:
    """Prose alone: what stands in a fence is no link and no heading."""
    return re.sub(r"^ *```.*?^ *```", "", text, flags=re.MULTILINE | re.DOTALL)


def anchors(path: Path) -> set[str]:
    """The anchors of a document's headings, as forges make them."""
    heads = re.findall(r"^#+ (.*)$", without_fences(path.read_text()), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", h.lower()).replace(" ", "-") for h in heads}


def test_links(root: Path) -> list[str]:
    """A line for each link that leads nowhere."""
    wrong, seen = [], 0
    for path in documents(root):
        for link in re.findall(r"\]\(([^)\s]+)\)", without_fences(path.read_text())):
            if re.match(r"[a-z]+:", link):
                continue
            seen += 1
            name, _, anchor = link.partition("#")
            target = (path.parent / name).resolve() if name else path
            where = f"{path.relative_to(root)}: {link}"
            if not target.exists():
                if "tests/machines" in link and not (root / "tests/machines").exists():
                    continue  # the sample machines are not part of this tree
                wrong.append(f"{where}: no such file")
            elif anchor and anchor not in anchors(target):
                wrong.append(f"{where}: no such heading")
    print(f"{seen} links")
    return wrong if seen else ["no links found"]


def help_of(pcipass: str, *args: str) -> str:
    """What --help prints."""
    return subprocess.run([pcipass, *args, "--help"], check=True, capture_output=True,
                          text=True).stdout


def options_of_help(text: str) -> set[str]:
    """'-o, --output FILE' and the like, as a set of (spellings and argument)."""
    found = set()
    for line in text.splitlines():
        if line.startswith("  -"):
            found.add(re.split(r"  +", line.strip())[0])
    return found


def section(source: str, title: str) -> str:
    """The text of a section of the page's source."""
    return re.search(rf"^# {title}\n(.*?)(?=^# |\Z)", source, re.MULTILINE | re.DOTALL).group(1)


def plain(line: str) -> str:
    """A line of the page's source without its marks."""
    return line.replace("*", "").replace("\\", "").replace("_", "").strip()


def heads(text: str, begins: str) -> list[str]:
    """Terms of a section: the lines that are not indented and begin so."""
    return [plain(line) for line in text.splitlines() if line.startswith(begins)]


def test_man_source(pcipass: str, source: str) -> list[str]:
    """Options and commands are those of --help."""
    wrong = []
    help_options = options_of_help(help_of(pcipass))
    man_options = heads(section(source, "OPTIONS"), "*-")
    wrong += [f"the page lacks the option {o}" for o in help_options - set(man_options)]
    wrong += [f"--help lacks the option {o}" for o in set(man_options) - help_options]
    if len(man_options) != len(set(man_options)):
        wrong.append("an option is described twice")
    # "  explain DEVICE     one device, …"
    commands = {m.group(1).strip() for m in
                re.finditer(r"^  ([a-z]+(?: \S+)*)  +\S", help_of(pcipass), re.MULTILINE)}
    described = set(heads(section(source, "COMMANDS"), "*"))
    wrong += [f"the page lacks the command '{c}'" for c in commands - described]
    wrong += [f"--help lacks the command '{c}'" for c in described - commands]
    for command in sorted(c.split()[0] for c in commands):
        for option in options_of_help(help_of(pcipass, command)) - help_options:
            wrong.append(f"{command} --help has {option}, pcipass --help has not")
    if not commands or not help_options:
        wrong.append("no commands or options found in --help")
    print(f"{len(commands)} commands, {len(help_options)} options")
    return wrong


def test_synopsis(pcipass: str, source: str) -> list[str]:
    """The synopsis has every command, and of each the options that it takes; --from where it does."""
    wrong, seen = [], {}
    for line in section(source, "SYNOPSIS").splitlines():
        words = plain(line).replace("[", "").replace("]", "").split()
        if not words:
            continue
        command = next(w for w in words[1:] if not w.startswith("--") and w != "PATH")
        seen.setdefault(command, set()).update(w for w in words if w.startswith("-"))
    commands = {m.group(1) for m in
                re.finditer(r"^  ([a-z]+)(?: \S+)*  +\S", help_of(pcipass), re.MULTILINE)}
    wrong += [f"the synopsis lacks '{c}'" for c in commands - set(seen)]
    wrong += [f"the synopsis has '{c}', --help has not" for c in set(seen) - commands]
    for command in sorted(commands & set(seen)):
        takes = set(re.findall(r"(?<!\S)--?[a-z-]+", " ".join(options_of_help(help_of(pcipass, command))
                                                           ).replace(",", " ")))
        wrong += [f"the synopsis gives {command} {o}, which it does not take"
                  for o in seen[command] - takes]
        # Of a family only some take it.
        if command not in ("override", "settings") and ("--from" in takes) != ("--from" in seen[command]):
            wrong.append(f"the synopsis and --help disagree about {command} and --from")
    return wrong if seen else ["no synopsis found"]


def test_settings_source(pcipass: str, source: str) -> list[str]:
    """The commands of settings, and their options, which the page's OPTIONS describe."""
    commands = {"settings " + m.group(1).strip() for m in
                re.finditer(r"^  ([a-z]+(?: \S+)*)  +\S", help_of(pcipass, "settings"), re.MULTILINE)}
    described = set(heads(section(source, "SETTINGS"), "*settings"))
    wrong = [f"the page and --help disagree about '{c}'" for c in commands ^ described]
    options = options_of_help(help_of(pcipass, "settings"))
    for command in sorted(commands):
        for option in options_of_help(help_of(pcipass, *command.split()[:2])) - options:
            wrong.append(f"{command} --help has {option}, pcipass settings --help has not")
    return wrong if commands else ["settings has no commands"]


def test_conrep_source(conrep: str, source: str) -> list[str]:
    """conrep's options are those of its help."""
    letters = set(re.findall(r"(?<![\w-])(--?[a-z?][a-z-]*)", help_of(conrep).split("Return")[0]))
    described = set(re.findall(r"\*(--?[a-z?][a-z-]*)\*", section(source, "OPTIONS")))
    # --schema is another name of --xml, and not worth a line of the help
    return [f"conrep: the page and --help disagree about {o}"
            for o in letters ^ (described - {"--schema"})]


def test_man(pcipass: str, root: Path, pages: list[str]) -> list[str]:
    """The sources, and the rendered pages."""
    source = (root / "man/pcipass.1.scd").read_text()
    wrong = test_man_source(pcipass, source) + test_synopsis(pcipass, source)
    wrong += test_settings_source(pcipass, source)
    wrong += test_conrep_source(pcipass + "-conrep", (root / "man/conrep.1.scd").read_text())
    if wrong:
        return wrong
    if not pages:
        raise Skip("scdoc is not installed; the pages were not built")
    if not shutil.which("man"):
        raise Skip("man is not installed; the pages were not rendered")
    return [w for page in pages for w in test_page(page)]


def test_page(page: str) -> list[str]:
    """A rendered page."""
    wrong = []
    done = subprocess.run(["man", "--warnings", "-E", "UTF-8", "-l", page], capture_output=True,
                          text=True, check=False,
                          env={**os.environ, "MANWIDTH": "80", "LC_ALL": "C.UTF-8",
                               "MANPAGER": "cat", "MANROFFOPT": ""})
    if done.returncode or done.stderr.strip():
        wrong.append(f"man: exit {done.returncode}: {done.stderr.strip()}")
    lines = done.stdout.splitlines()
    wrong += [f"wider than 80 columns: {line}" for line in lines if len(line) > 80]
    if len(lines) < 60:
        wrong.append(f"man: {len(lines)} lines only; was the page cut out by the system?")
    return wrong


def blocks(path: Path) -> list[list[str]]:
    """Fenced blocks to be run, as lists of lines."""
    found = re.findall(r"^( *)```[a-z]*\n(.*?)^\1```$", path.read_text(), re.MULTILINE | re.DOTALL)
    blocks_ = [[x.removeprefix(indent) for x in b.splitlines()] for indent, b in found]
    return [b for b in blocks_ if b and b[0].startswith("$ ")]


def is_whole(command: str) -> bool:
    """Whether the shell takes it as it stands: no open quote, no pipe that leads nowhere."""
    return subprocess.run(["bash", "-n", "-c", command], capture_output=True,
                          check=False).returncode == 0


def steps(lines: list[str]) -> list[tuple[str, list[str]]]:
    """(command, lines that it shows) of a block."""
    made: list[tuple[str, list[str]]] = []
    for line in lines:
        if line.startswith("$ "):
            made.append((line[2:], []))
        elif not made[-1][1] and not is_whole(made[-1][0]):
            made[-1] = (made[-1][0] + "\n" + line, [])
        else:
            made[-1][1].append(line.rstrip())
    return made


def differs(shown: list[str], printed: list[str]) -> str | None:
    """Where what is shown does not stand in what was printed; None: it does."""
    at, loose = 0, False
    for line in shown:
        if line == "…":
            loose = True
            continue
        if loose and line in printed[at:]:
            at = printed.index(line, at)
        elif at >= len(printed) or printed[at] != line:
            return f"shown '{line}', printed '{printed[at] if at < len(printed) else '(end)'}'"
        at, loose = at + 1, False
    if not loose and at < len(printed):
        return f"not shown: '{printed[at]}'"
    return None


def make_sample(root: Path, directory: Path, document: str) -> None:
    """The sample machines that it names, and the table of one, under the names that the documents use."""
    mkmachine = root / "tests/machines/mkmachine"
    if not mkmachine.exists():
        raise Skip("tests/machines is not in this tree; the examples need its sample machine")
    for name in [x for x in OTHERS if f"{x}.tar.gz" in document] + [SAMPLE]:
        archive = directory / f"{name}.tar.gz"
        subprocess.run([sys.executable, mkmachine, root / f"tests/machines/{name}.machine", "-o",
                        archive], check=True)
    shutil.copy(archive, directory / "host.tar.gz")  # its name in the manual page
    with tarfile.open(archive) as tar:
        member = next(m for m in tar if m.name.endswith("firmware/acpi/tables/DMAR"))
        (directory / "DMAR.bin").write_bytes(tar.extractfile(member).read())


def run_step(command: str, shown: list[str], directory: Path, env: dict) -> str | None:
    """What is wrong with one command; None: nothing."""
    done = subprocess.run(["bash", "-o", "pipefail", "-c", command], cwd=directory, env=env,
                          capture_output=True, text=True, check=False, timeout=60)
    said = done.stderr.strip()
    # 1 and 3 are answers: "no" and "cannot tell".
    if done.returncode not in (0, 1, 3) or "Sanitizer" in said:
        return f"exit {done.returncode}: {said[-600:]}"
    if not shown:
        return None if done.stdout or re.search("capture|image|>|^(mkdir|cp) ", command) else "it printed nothing"
    return differs(shown, [line.rstrip() for line in done.stdout.splitlines()])


def test_examples(pcipass: str, root: Path) -> list[str]:
    """Runs every block, each document in a directory of its own."""
    live = Path("/sys/bus/pci/devices").is_dir()
    wrong, count, left_out = [], 0, []
    for path in [*documents(root), *sorted((root / "man").glob("*.scd"))]:
        if path.is_relative_to(root / "tests"):
            continue
        with tempfile.TemporaryDirectory() as temporary:
            directory = Path(temporary)
            if not blocks(path):
                continue
            make_sample(root, directory, path.read_text())
            (directory / "bin").mkdir()
            for name in ("pcipass", "pcipass-conrep"):
                (directory / "bin" / name).symlink_to(Path(pcipass).resolve().with_name(name))
            env = {**os.environ, "PATH": f"{directory}/bin:{os.environ['PATH']}", "COLUMNS": "80",
                   "TERM": "dumb", "LC_ALL": "C.UTF-8"}
            for command, shown in [s for b in blocks(path) for s in steps(b)]:
                if not re.search(r"--from|--store|>", command) and not live:
                    left_out.append(f"{command}: this host has no PCI devices")
                elif "jq" in command and not shutil.which("jq"):
                    left_out.append(f"{command}: jq is not installed")
                else:
                    count += 1
                    answer = run_step(command, shown, directory, env)
                    if answer:
                        wrong.append(f"{path.relative_to(root)}: {command}: {answer}")
    print(f"{count} examples run")
    if not count:
        wrong.append("no examples found")
    if left_out and not wrong:
        raise Skip("; ".join(left_out))
    return wrong


def main() -> int:
    part, pcipass, root, pages = sys.argv[1], sys.argv[2], Path(sys.argv[3]), sys.argv[4:]
    try:
        wrong = {"links": lambda: test_links(root),
                 "man": lambda: test_man(pcipass, root, pages),
                 "examples": lambda: test_examples(pcipass, root)}[part]()
    except Skip as why:
        print(f"skipped: {why}")
        return SKIPPED
    print("\n".join(wrong))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
