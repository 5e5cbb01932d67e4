#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Whatever the program or a document tells a person to type was run by a test, or is marked as what
cannot be run here. The table is the file "commands" beside this one.

usage: commands-test.py SOURCE_ROOT

Looked at: each string of the C sources that holds blanks, with its neighbours joined; each line of the
shell blocks of README, doc/ and man/ that the examples' test does not run as it stands; code spans
and manual pages where they begin like a command. A row is

    what is typed | who ran it; who else

"*" in it stands for one word or a part of one. Who ran it is a file and what stands in it, "FILE:
TEXT"; or "example: TEXT", of an example that examples-test.py runs; or "not here: why" for what this
machine cannot run; or "no command: why" for words that only look like one. The blocks of a document in
TYPED_WHOLE need no rows: the test named there types every line of them.
"""

import functools
import importlib.util
import re
import subprocess
import sys
import textwrap
from dataclasses import dataclass
from pathlib import Path

LITERAL = r'"(?:[^"\\\n]|\\.)*"'
# Neighbours are one string; macros between them are kept by their names.
JOINED = re.compile(rf"{LITERAL}(?:(?:\s|\b[A-Z][A-Z0-9_]*\b|\bPRI[a-zA-Z0-9]+\b)*{LITERAL})*")
COMMENT = re.compile(rf"({LITERAL}|'(?:[^'\\\n]|\\.)+')|/\*.*?\*/|//[^\n]*|^\s*#\s*include[^\n]*",
                     re.DOTALL | re.MULTILINE)
ESCAPES = {"n": "\n", "t": "\t", '"': '"', "\\": "\\", "0": ""}
PCIPASS = (r"pcipass(?:-conrep)? +(?:--?[a-z]|%s|(?:survey|explain|check|reserved|groups|slots|tree|status|capture|"
           r"settings|free|verify|apply|undo|bind|unbind|override|emit)\b)")
TOOLS = (r"(?:(?:modprobe|ip link|mokutil|apt-get|driverctl|virsh|systemctl|sysctl|meson|clush|sudo|"
         r"proxmox-boot-tool|qm set|qm start) +[-a-z%$\"]|"
         r"(?:mount|umount|grubby|dracut|mkinitcpio|update-initramfs|update-alternatives|ukify|bootctl|"
         r"efibootmgr|iasl|cpio|conrep|qemu-system-(?:x86_64|aarch64)) +-|kernel-install add)")
REDIRECTED = r"echo \S+ ?>"
LINES = (r"(?:options +[a-z0-9_-]+ +[a-z_]+=|GRUB_CMDLINE\w*=|(?:intel_iommu|amd_iommu|iommu)=[a-z]|"
         r"-fw_cfg |-device |-machine |<(?:iommu|ioapic|hostdev|controller|qemu:commandline)\b)")
CMDLETS = r"(?:Get|Set|Add|Remove|Mount|Dismount|Enable|Disable)-[A-Z][A-Za-z]+"
OPTION = r"--[a-z][a-z-]+"
COMMAND = re.compile(rf"(?<![\w.$/<-])(?:{'|'.join((PCIPASS, TOOLS, REDIRECTED, LINES, CMDLETS))})",
                     re.MULTILINE)
# Of an error's hint the option alone is typed behind what was typed before.
COMMAND_OR_OPTION = re.compile(rf"{COMMAND.pattern}|(?<![\w!-]){OPTION}", re.MULTILINE)
# A code span of a document begins so.
SPAN = re.compile(rf"(?:{COMMAND.pattern}|(?:cat|ls|cp|grep|echo|\./run|bash|find|mkdir|diff) |"
                  r"(?:update-grub|update-initramfs|iasl)\b)")
NOT_RUN, NO_COMMAND = "not here", "no command"
TYPED_WHOLE = {"doc/why.md": "tests/docs/why-test.py"}


@dataclass
class Typed:
    """Something that is told to be typed, and where."""

    where: str
    text: str  # from its first word to the end of what is told
    whole: bool = False  # a line of a shell block: all of it is typed


@dataclass
class Row:
    """A line of the table."""

    line: int
    pattern: str
    held_by: list[str]
    used: int = 0

    def match(self, text: str) -> int:
        """How much of the text, from its beginning, it stands for; 0: none of it."""
        expression = r"\s+".join(re.escape(word).replace(r"\*", r"[^\s\"]*")
                                 for word in self.pattern.split())
        found = re.match(expression, text)
        # Not a part of a word, and not a command that goes on with an option.
        if not found or re.match(r"\w|\s+--?[a-z]|\s*>", text[found.end():]):
            return 0
        return found.end()


def unescaped(literals: str) -> str:
    """What a run of C literals says, the names of macros in place of what they stand for."""
    text = ""
    for piece in re.findall(rf"{LITERAL}|\w+", literals):
        text += (re.sub(r"\\(.)", lambda m: ESCAPES.get(m.group(1), "?"), piece[1:-1])
                 if piece.startswith('"') else piece)
    return text


def strings_of_c(source: str) -> list[str]:
    """The strings with blanks in them: without, it is a name or an argument."""
    code = COMMENT.sub(lambda m: m.group(1) or " ", source)
    return [text for text in map(unescaped, JOINED.findall(code)) if re.search(r"\s", text.strip())]


def examples(root: Path):
    """The examples' test, which knows what it runs."""
    spec = importlib.util.spec_from_file_location("examples", root / "tests/docs/examples-test.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def fences(text: str) -> list[tuple[str, str]]:
    """(language, lines without their indent) of each fenced block."""
    found, inside = [], None
    for line in text.splitlines():
        mark = re.match(r" *```(\w*)$", line)
        if mark and inside is None:
            inside = (mark.group(1), [])
        elif mark and inside:
            found.append((inside[0], textwrap.dedent("\n".join(inside[1]) + "\n")))
            inside = None
        elif inside:
            inside[1].append(line)
    return found


def shell_blocks(text: str) -> list[str]:
    """The fenced blocks that hold lines to type and are not run as examples."""
    return [body for kind, body in fences(text) if not body.startswith("$ ")
            and (kind in ("sh", "bash") or (not kind and COMMAND.match(body)))]


def whole_lines(block: str) -> list[str]:
    """A script is one; of others each line without its comment."""
    if block.startswith("#!"):
        return [block]
    lines = (re.sub(r"(?:^|\s)#.*", "", line).strip() for line in block.splitlines())
    return [line for line in lines if line]


def typed_in_document(where: str, text: str) -> list[Typed]:
    """Lines of blocks, and code spans that begin like a command."""
    blocks = [] if where in TYPED_WHOLE else shell_blocks(text)
    made = [Typed(where, line, True) for b in blocks for line in whole_lines(b)]
    prose = re.sub(r"^ *```.*?^ *```", "", text, flags=re.MULTILINE | re.DOTALL)
    spans = (" ".join(s.split()) for s in re.findall(r"`([^`]+)`", prose))
    return made + [Typed(where, s, True) for s in spans if SPAN.match(s)]


def typed_in_page(where: str, text: str) -> list[Typed]:
    """What a manual page tells, without its marks and without the examples, which are run."""
    text = re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)
    text = re.sub(r"^# SYNOPSIS.*?(?=^# )", "", text, flags=re.MULTILINE | re.DOTALL)
    text = re.sub(r"\\(.)", r"\1", re.sub(r"[*]|(?<!\w)_|_(?!\w)", "", text))
    return [Typed(where, text)]


def uncovered(typed: Typed, rows: list[Row], commands: re.Pattern) -> list[str]:
    """The commands of a text that no row stands for. Rows that stand for one are marked."""
    wrong, at = [], 0
    while True:
        found = commands.search(typed.text, at)
        if typed.whole and not at:
            start = 0
        elif found:
            start = found.start()
        else:
            return wrong
        lengths = [(row.match(typed.text[start:]), row) for row in rows]
        longest = max((n for n, _ in lengths), default=0)
        if not longest:
            wrong.append(f"{typed.where}: nobody ran: {typed.text[start:start + 90]!r}")
        # A script is run as a whole.
        if longest and typed.text.startswith("#!"):
            longest = len(typed.text)
            lengths = [(n and longest, row) for n, row in lengths]
        for n, row in lengths:
            row.used += bool(n) and n == longest
        at = start + max(longest, 1 if not found else found.end() - start if not longest else 0)


def read_rows(path: Path) -> tuple[list[Row], list[str]]:
    """The table, and what in it is no row."""
    rows, wrong = [], []
    for number, line in enumerate(path.read_text().splitlines(), 1):
        if not line.strip() or line.startswith("# "):
            continue
        pattern, bar, held_by = line.partition(" | ")
        held = [h.strip() for h in held_by.split(";") if h.strip()]
        if not bar or not held:
            wrong.append(f"commands:{number}: need 'what is typed | who ran it'")
        rows.append(Row(number, pattern.strip(), held))
    return rows, wrong


def check_holder(row: Row, held_by: str, root: Path) -> str | None:
    """What is wrong with one of those who are said to have run it."""
    who, colon, what = held_by.partition(": ")
    if who == "example":
        return None if " ".join(what.split()) in examples_run(root) else (
            f"commands:{row.line}: no example has: {what}")
    if who in (NOT_RUN, NO_COMMAND):
        return None if what.strip() else f"commands:{row.line}: {who}, and why?"
    path = root / who
    if not colon or not who.startswith(("tests/", "lab/")) or not path.is_file():
        return f"commands:{row.line}: {who}: no such test"
    squeezed = " ".join(path.read_text().split())
    return None if " ".join(what.split()) in squeezed else (
        f"commands:{row.line}: {who} does not run: {what}")


@functools.cache
def examples_run(root: Path) -> str:
    """All commands that the examples' test runs as they stand."""
    module = examples(root)
    pages = [*module.documents(root), *sorted((root / "man").glob("*.scd"))]
    return " ".join(" ".join(command.split()) for path in pages for block in module.blocks(path)
                    for command, _ in module.steps(block))


def collect(root: Path) -> tuple[list[Typed], list[Typed]]:
    """What the program tells, and what the documents tell."""
    said, written = [], []
    for path in sorted([*root.glob("cli/*.c"), *root.glob("lib/**/*.c")]):
        said += [Typed(str(path.relative_to(root)), s) for s in strings_of_c(path.read_text())]
    for path in [*sorted(root.glob("*.md")), *sorted((root / "doc").rglob("*.md"))]:
        written += typed_in_document(str(path.relative_to(root)), path.read_text())
    for path in sorted((root / "man").glob("*.scd")):
        written += typed_in_page(str(path.relative_to(root)), path.read_text())
    return said, written


def check_syntax(root: Path) -> list[str]:
    """What cannot be run is at least a line that the shell takes."""
    wrong = []
    for path in [*sorted(root.glob("*.md")), *sorted((root / "doc").rglob("*.md"))]:
        for block in shell_blocks(path.read_text()):
            if re.match(r"options ", block.strip()):
                continue
            run = subprocess.run(["bash", "-n"], input=block, capture_output=True, text=True,
                                 check=False)
            if run.returncode:
                wrong.append(f"{path.name}: {run.stderr.strip()}")
    return wrong


def check(root: Path, rows: list[Row]) -> list[str]:
    """The whole of it."""
    said, written = collect(root)
    # A usage text is not a hint: other tests hold it against the manual page.
    wrong = [w for t in said for w in uncovered(
        t, rows, COMMAND if t.text.startswith("usage: ") else COMMAND_OR_OPTION)]
    wrong += [w for t in written for w in uncovered(t, rows, COMMAND)]
    wrong += [f"commands:{row.line}: nobody tells to type this any more: {row.pattern}"
              for row in rows if not row.used]
    wrong += [w for row in rows for h in row.held_by if (w := check_holder(row, h, root))]
    wrong += [f"{name}: {test} does not type it" for name, test in TYPED_WHOLE.items()
              if name not in (root / test).read_text() or not shell_blocks((root / name).read_text())]
    if len(said) < 500 or len(written) < 50:
        wrong.append(f"{len(said)} strings and {len(written)} lines only: are the sources there?")
    return wrong + check_syntax(root)


def check_itself(root: Path) -> list[str]:
    """That it can fail: made-up sources and rows, each with what must be found."""
    wrong = []

    def expect(what: str, found: list, wanted: int) -> None:
        if len(found) != wanted:
            wrong.append(f"this test itself: {what}: {found}, want {wanted}")

    def told(source: str, *patterns: str) -> list[str]:
        rows = [Row(0, p, []) for p in patterns]
        return [w for s in strings_of_c(source) for w in uncovered(Typed("x.c", s), rows,
                                                                   COMMAND_OR_OPTION)]
    made_up = 'say("then \\"pcipass free " /* a comment */ NAME "\\" and, as root,\\n" "modprobe nonsense");'
    expect("two commands, no row", told(made_up), 2)
    expect("two commands, one row", told(made_up, "pcipass free NAME"), 1)
    expect("two commands, two rows", told(made_up, "pcipass free *", "modprobe nonsense"), 0)
    expect("another option", told('f("pcipass free slot2 --now");', "pcipass free slot2"), 2)
    expect("an option alone", told('f("need --yes");'), 1)
    expect("a part of a word", told('f("run pcipass undone");', "pcipass undo"), 0)
    expect("redirected", told('f("echo %s > /sys/x");', "echo %s"), 1)
    expect("no text", told('run("modprobe", "vfio-pci"); /* "modprobe vfio-pci now" */'), 0)
    document = "```sh\nrm -rf everything # why\n```\nSee `pcipass undo` and `nothing`."
    typed = typed_in_document("x.md", document)
    expect("a block and a span", typed, 2)
    expect("any line of a block", uncovered(typed[0], [], COMMAND), 1)
    page = typed_in_page("x.scd", "Type *pcipass undo* or\n\tqm set _vm_")
    expect("a page", [w for t in page for w in uncovered(t, [], COMMAND)], 2)
    for held in ("tests/docs/commands-test.py: never" + " said", "tests/none.py: x", "not here:",
                 "README.md: pcipass"):
        expect(held, [w for w in [check_holder(Row(1, "x", []), held, root)] if w], 1)
    expect("held", [w for w in [check_holder(Row(1, "x", []), "tests/docs/commands-test.py: held",
                                             root)] if w], 0)
    return wrong


def main() -> int:
    root = Path(sys.argv[1])
    rows, wrong = read_rows(root / "tests/docs/commands")
    wrong += check_itself(root) + check(root, rows)
    print("\n".join(wrong))
    held = [h.partition(": ")[0] for row in rows for h in row.held_by[:1]]
    print(f"{len(rows)} rows: {len(rows) - held.count(NOT_RUN) - held.count(NO_COMMAND)} run by tests, "
          f"{held.count(NOT_RUN)} not testable here, {held.count(NO_COMMAND)} no commands")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
