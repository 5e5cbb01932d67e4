#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Writes fuzz/corpus/journal: small bodies of journals, an operation of each kind. The same bytes every time."""

import json
import pathlib

CONTENT = {"mode": 420, "uid": 0, "gid": 0, "bytes": "00ff", "attributes": [{"name": "user.x", "bytes": "61"}]}
DRIVER = {"address": "0000:07:00.0", "driver": "mpt3sas", "override": ""}
BITS = {"space": "nvram", "name": None, "offset": 618, "mask": "02", "before": "00", "after": "02"}
NEW = {"space": "ev", "name": "CQA", "offset": 0, "mask": None, "before": None, "after": "0011"}
CELLS = {"store": "efivars", "values": [{"name": "RMRDS_Slot2", "before": "a", "after": "b"}],
         "areas": [BITS, NEW], "schema": "", "before": "", "after": ""}
TEXTS = {"store": "hp:/usr/sbin/conrep", "values": [], "areas": [], "schema": "3c2f3e", "before": "61", "after": "62"}


def body(*operations: tuple, purpose: str = "plan", plan: dict | None = None, previous: dict | None = None) -> dict:
    return {"schema": "pcipass.journal/2", "purpose": purpose, "phase": "applied", "boot_id": "", "plan": plan,
            "previous": previous, "operations": [{"kind": kind, "progress": "done", "step": 0, kind: fields}
                                                 for kind, fields in operations]}


INPUTS = {
    "empty": body(plan={}),
    "files": body(("directory", {"path": "etc/x"}), ("file", {"path": "etc/x/y", "before": None, "after": CONTENT}),
                  plan={}),
    "tools": body(("initrd", {"tool": "dracut", "kernel": None}),
                  ("loader", {"tool": "kernel-install-boot", "kernel": "6.1.0"}), plan={}),
    "drivers": body(("bind", DRIVER), ("unbind", DRIVER), plan={}),
    "attach": body(("borrow", DRIVER), purpose="attach"),
    "cells": body(("setting", CELLS), purpose="settings"),
    "texts": body(("setting", TEXTS), purpose="settings"),
}

corpus = pathlib.Path(__file__).parent / "corpus" / "journal"
corpus.mkdir(parents=True, exist_ok=True)
for name, content in INPUTS.items():
    (corpus / name).write_text(json.dumps(content, sort_keys=True, separators=(",", ":")))
