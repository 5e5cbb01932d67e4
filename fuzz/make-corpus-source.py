#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Writes fuzz/corpus/source: small archives and manifests. The same bytes every time."""
import gzip
import io
import lzma
import pathlib
import subprocess
import tarfile

MANIFEST = b"""pcipass-capture 1
tool pcipass 0.1.0
root no
redacted yes
asked sys/a/*/gone
asked /
asked sys/
unread EACCES sys/t
named sys/n
partial sys/c 0-3,8-9,40-
"""


def tar(entries, fmt=tarfile.USTAR_FORMAT):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=fmt) as t:
        for name, kind, what in entries:
            info = tarfile.TarInfo(name)
            info.type = kind
            if kind == tarfile.REGTYPE:
                info.size = len(what)
                t.addfile(info, io.BytesIO(what))
            else:
                info.linkname = what
                t.addfile(info)
    # Without the padding to a record: the end mark is enough.
    data = out.getvalue().rstrip(b"\0")
    return data + bytes(-len(data) % 512 + 1024)


FILE, LINK, HARD, FOLDER, FIFO = (tarfile.REGTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE,
                                  tarfile.DIRTYPE, tarfile.FIFOTYPE)
HOST = tar([("sys/l", LINK, "../sys/d/../f"), ("sys/f", FILE, b"0x8086\n")])
CASES = {
    "host.tar": HOST,
    "host.tar.gz": gzip.compress(HOST, mtime=0),
    "host.tar.xz": lzma.compress(HOST, check=lzma.CHECK_CRC32, preset=0),
    "host.tar.zst": subprocess.run(["zstd", "-q", "-c"], input=HOST, stdout=subprocess.PIPE,
                                   check=True).stdout,
    "capture.tar": tar([("pcipass/manifest", FILE, MANIFEST), ("sys/c", FILE, b"0123456789"),
                        ("sys/t", FILE, b"")]),
    "top-folder.tar": tar([("./h/proc/x", FILE, b"x"), ("h/sys/u", LINK, "/../proc")]),
    "odd.tar": tar([("sys/h", HARD, "sys/f"), ("sys/f", FILE, b"f"), ("sys/p", FIFO, "")]),
    "loop.tar": tar([("sys/a", LINK, "b"), ("sys/b", LINK, "a/a")]),
    "pax.tar": tar([("sys/" + "n" * 110 + "\u00e4", FILE, b"x")], tarfile.PAX_FORMAT),
    "gnu.tar": tar([("sys/" + "n" * 110, FILE, b"x")], tarfile.GNU_FORMAT),
    "table": b"DMAR" + (48).to_bytes(4, "little") + bytes(40),
    "manifest": MANIFEST,
}

corpus = pathlib.Path(__file__).parent / "corpus" / "source"
corpus.mkdir(parents=True, exist_ok=True)
for name, data in CASES.items():
    (corpus / name).write_bytes(data)
