#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Makes the source of the page pcipass-rules(7) from doc/rules.md.

usage: rules.py RULES.MD

Headings, paragraphs, lists and blocks of code. A table is an error, so that nothing is shown wrongly.
"""

import re
import sys
from pathlib import Path

HEAD = """\
pcipass-rules(7)

# NAME

pcipass-rules - the reasons why a device can or cannot be passed through to a virtual machine

# DESCRIPTION
"""

TAIL = """
# SEE ALSO

*pcipass*(1), *pcipass-capture*(5), and the document doc/remedies.md of the package
"""

SPAN = re.compile(r"`([^`]*)`|\*\*([^*]*)\*\*|\[([^\]]*)\]\([^)]*\)|\*([^*\s][^*]*)\*")


def literal(text: str) -> str:
    return re.sub(r"([\\_*~])", r"\\\1", text)


def inline(text: str) -> str:
    """Spans of code and of emphasis; of a link its words."""
    out, at = [], 0
    for found in SPAN.finditer(text):
        code, bold, link, emphasis = found.groups()
        out.append(literal(text[at:found.start()]))
        if code is not None:
            out.append(f"*{literal(code)}*" if code.strip() else literal(code))
        elif link is not None:
            out.append(literal(link.replace("`", "")))
        else:
            out.append(f"*{literal(bold or emphasis)}*")
        at = found.end()
    out.append(literal(text[at:]))
    return "".join(out)


def paragraph(lines: list[str]) -> list[str]:
    """Spans go over ends of lines, so a paragraph or an item is one line."""
    first = lines[0]
    mark = re.match(r"(?:- )?", first).group(0)
    text = inline(" ".join(x.strip() for x in [first[len(mark):], *lines[1:]]))
    # Neither a request of roff nor a table of scdoc.
    return [mark + re.sub(r"^([\[|#.'\]-])", r"\\\1", text)]


def convert(source: str) -> list[str]:
    out, block, fence = [], [], False

    def end() -> None:
        if block:
            out.extend(paragraph(block))
            block.clear()

    for line in source.splitlines():
        if line.startswith("```"):
            end()
            fence = not fence
            out.append("```")
        elif fence:
            out.append(line)
        elif not line.strip():
            end()
            out.append("")
        elif line.startswith("### "):
            end()
            out.append("## " + inline(line[4:]))
        elif line.startswith("## "):
            end()
            out.append("# " + inline(line[3:]).upper())
        elif line.startswith("# "):
            end()
        elif line.startswith("|"):
            raise SystemExit(f"rules.py: a table: {line}")
        elif line.startswith("- "):
            end()
            block.append(line)
        elif line.startswith("  ") and not block:
            raise SystemExit(f"rules.py: an indented line of nothing: {line}")
        else:
            block.append(line)
    end()
    return out


def main() -> None:
    text = Path(sys.argv[1]).read_text(encoding="utf-8")
    print(HEAD + "\n".join(convert(text)).strip("\n") + "\n" + TAIL, end="")


if __name__ == "__main__":
    main()
