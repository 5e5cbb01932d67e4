#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Makes the source of the page libpcipass(3) from the comments of the public headers.

usage: reference.py HEADER...

A comment at the beginning of a line belongs to the declarations below it, up to a blank line or the
next comment. One that a blank line follows introduces what comes after it. A function without a
comment is an error: every function of the library is described where it is declared.
"""

import re
import sys
import textwrap
from dataclasses import dataclass, field
from pathlib import Path

# A page of 80, less the page's margin and a literal block's.
COLUMNS = 68
FUNCTION = re.compile(r"^[a-z][^(]*?\b(pp_\w+)\(", re.MULTILINE)

HEAD = """\
libpcipass(3)

# NAME

libpcipass - tell which PCI devices can be passed through to a virtual machine, and free them

# SYNOPSIS

*#include <pcipass/pcipass.h>*

cc ... *$(pkg-config --cflags --libs libpcipass)*

# DESCRIPTION

The library that *pcipass*(1) is made of. A _source_ gives the files of this host or of a capture; a
_host_ is read from it and decoded; a _survey_ judges the host; reports and plans are made from the
survey. The sections below follow the headers.

Every type is opaque. What a function stores in _ret_ is the caller's where the type has a function
to free it, and is borrowed otherwise. A survey borrows from its host, so it is freed first. The
library never prints, exits or reads the environment.

An example that uses most of what reads is installed as _doc/examples/walk.c_ with the documents.
"""

TAIL = """\
# SEE ALSO

*pcipass*(1), *pcipass-conrep*(1)
"""


@dataclass
class Entry:
    """A comment and what is declared below it."""

    line: int
    comment: list[str]
    code: list[str] = field(default_factory=list)

    def functions(self) -> list[str]:
        """The functions that are declared here."""
        return FUNCTION.findall("\n".join(self.code))


def comment_lines(text: str) -> list[str]:
    """The lines of a comment without its marks."""
    text = text.strip().removeprefix("/*").removesuffix("*/")
    return [re.sub(r"^\s*\*? ?", "", x, count=1).rstrip() if i else x.strip()
            for i, x in enumerate(text.split("\n"))]


def entries(path: Path) -> list[Entry]:
    """Every comment of a header with its declarations."""
    made: list[Entry] = []
    lines = path.read_text().splitlines()
    current: Entry | None = None
    at = 0
    while at < len(lines):
        line, number = lines[at], at + 1
        at += 1
        if line.startswith("/*"):
            block = [line]
            while "*/" not in block[-1]:
                block.append(lines[at])
                at += 1
            if "SPDX" not in line:
                current = Entry(number, comment_lines("\n".join(block)))
                made.append(current)
        elif not line:
            current = None
        elif not line.startswith("#include"):
            block = [line]
            # a body in braces may have blank lines and comments of its own
            while line.endswith("{") and is_code(path, line) and not block[-1].startswith("}"):
                block.append(lines[at])
                at += 1
            if is_code(path, line):
                if current is None:
                    current = Entry(number, [])
                    made.append(current)
                current.code += block
    return made


def is_code(path: Path, line: str) -> bool:
    """Not the guard against a second inclusion, nor what is for C++."""
    guard = f"PCIPASS_{path.stem.upper()}_H"
    return not re.match(rf"#(ifndef|define) {guard}$|#endif|#ifdef __cplusplus|extern \"C\"|\}}$", line)


def escape(text: str) -> str:
    """Text in which scdoc sees no marks."""
    return re.sub(r"([\\*_#\[\]|+<>~`.;:-])", r"\\\1", text)


def literal(lines: list[str]) -> list[str]:
    """A block as it stands, but for lines that are too wide for a page of 80 columns."""
    return ["```", *(y for x in lines for y in narrow(x.replace("\t", "    "))), "```", ""]


def narrow(line: str) -> list[str]:
    """A line as lines that fit: a comment behind code goes above it."""
    if len(line) <= COLUMNS:
        return [line]
    found = re.match(r"(\s*)([^\s/*].*?)\s*/\* (.*?) \*/$", line)
    if found:
        indent, code, comment = found.groups()
        return textwrap.wrap(f"/* {comment} */", COLUMNS, initial_indent=indent,
                             subsequent_indent=indent + "   ", break_on_hyphens=False) + [
            indent + code]
    indent, mark = re.match(r"(\s*)(/?\* )?", line).groups()
    further = {"/* ": "   ", "* ": "* "}.get(mark or "", "    ")
    return textwrap.wrap(line.strip(), COLUMNS, initial_indent=indent,
                         subsequent_indent=indent + further, break_on_hyphens=False,
                         break_long_words=False)


def declarations(lines: list[str]) -> list[str]:
    """Functions broken anew between their parameters; all else as it stands."""
    made: list[str] = []
    at = 0
    while at < len(lines):
        end = at + 1
        if re.match(r"[a-z][^{]*\(", lines[at]) and not lines[at].endswith("{"):
            while not lines[end - 1].endswith(";"):
                end += 1
            made += broken(" ".join(x.strip() for x in lines[at:end]))
        else:
            made.append(lines[at])
        at = end
    return made


def broken(declaration: str) -> list[str]:
    """A function's declaration in lines that fit: a parameter that does not begins a line."""
    if len(declaration) <= COLUMNS:
        return [declaration]
    head, parameters = declaration.split("(", 1)
    made = [head + "("]
    # a parameter that is a function has commas of its own
    parts = re.findall(r"(?:[^,(]|\([^()]*\))+[,;]?", parameters)
    for part in (x.strip() for x in parts):
        if len(made[-1]) + 1 + len(part) <= COLUMNS and made[-1] != head + "(":
            made[-1] += " " + part
        else:
            made.append("        " + part)
    return made


def prose(lines: list[str]) -> list[str]:
    """Paragraphs of a comment; indented lines stay as they are."""
    made: list[str] = []
    at = 0
    while at < len(lines):
        if not lines[at].strip():
            at += 1
            continue
        end, indented = at, lines[at].startswith("  ")
        while end < len(lines) and lines[end].strip() and lines[end].startswith("  ") == indented:
            end += 1
        if indented:
            made += literal([x[2:] for x in lines[at:end]])
        else:
            made += [*(escape(x) for x in lines[at:end]), ""]
        at = end
    return made


def section(path: Path) -> tuple[list[str], list[str]]:
    """A header's part of the page, and what is wrong with it."""
    page, wrong = [f"# pcipass/{path.name}", ""], []
    for entry in entries(path):
        if not entry.comment and entry.functions():
            wrong.append(f"{path}:{entry.line}: {entry.functions()[0]}() has no comment")
        if entry.code:
            page += literal(declarations(entry.code))
        page += prose(entry.comment)
    return page, wrong


def main() -> int:
    page, wrong = [HEAD], []
    for path in map(Path, sys.argv[1:]):
        made, faults = section(path)
        page += made
        wrong += faults
    if wrong:
        print("\n".join(wrong), file=sys.stderr)
        return 1
    print("\n".join(page + [TAIL]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
