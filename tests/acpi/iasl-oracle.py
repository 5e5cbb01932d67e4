#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Compares what our parsers and iasl make of DMAR and IVRS tables: those of the sample machines, those
of the fuzzers' corpus that are well-formed, and real ones where there are any.

usage: iasl-oracle.py DUMP-ACPI ACCEPTED-FOLDER

iasl's disassembly is brought into the form of dump-acpi, a line per record. A difference passes if
the file of the table's name in ACCEPTED-FOLDER holds it, and a difference that is held there and
does not occur fails too. Such a file:

    # the reason, at least one line
    before 20210331
    the difference, word for word, as this script prints it

"before" is optional and limits the lines behind it to an older iasl than that.
"""

import concurrent.futures
import difflib
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / 'tests/machines'))
import sampled  # noqa: E402

# Every type of structure, scope and device entry.
BUILT = {'dmar': ('plain', 'two-hops', 'bridge', 'all-types', 'acpi-scope'),
         'ivrs': ('three-kinds', 'all-devices', 'ivmd')}
FIELD = re.compile(r'\[([0-9A-F]+)h \d+ +([0-9A-F]+h?)\]\s+(.+?) : (.*)')
UNKNOWN = re.compile(r'\*\*\*\* Unknown (?:DMAR|IVRS) subtable type 0x([0-9A-F]+)')
SCOPED = {0: 'DRHD', 1: 'RMRR', 2: 'ATSR', 3: 'RHSA', 4: 'ANDD', 5: 'SATC', 6: 'SIDP'}


class Record:
    """The fields of one structure, scope, block or device entry, as iasl names them."""

    def __init__(self, offset):
        self.offset = offset
        self.fields = {}
        self.unknown = False
        self.path = []

    def add(self, name, value):
        self.fields.setdefault(name.replace(' (decoded below)', '').replace(' (limit)', ''), value)

    def has(self, name):
        return name in self.fields

    def number(self, *names):
        name = next(n for n in names if n in self.fields)
        return int(self.fields[name].split()[0], 16)

    def text(self, name):
        value = self.fields.get(name, '""')
        if value.startswith('"'):
            return value[1:value.rindex('"')].strip()
        return '' if int(value.split()[0], 16) == 0 else value


def records(dsl):
    """The records of a disassembly in their order; the first is the table's header."""
    found = [Record(0)]
    for line in dsl.splitlines():
        if line.startswith('Raw Table Data'):
            break
        unknown = UNKNOWN.match(line)
        if unknown:
            # Old versions print the head of what they do not know, new ones nothing of it.
            if not found[-1].fields.get('Subtable Type', '').endswith('[Unknown Subtable Type]'):
                found.append(Record(None))
            found[-1].unknown = True
            found[-1].add('Subtable Type', unknown[1])
            continue
        field = FIELD.match(line)
        if not field:
            continue
        offset, name, value = int(field[1], 16), field[3], field[4]
        if name in ('Subtable Type', 'Device Scope Type', 'Entry Type'):
            found.append(Record(offset))
        if name in ('Host Address Width',) or (name == 'Virtualization Info' and offset == 36):
            found.append(Record(offset))
        if name == 'PCI Path':
            found[-1].path.append(value.strip().lower().replace(',', '.'))
        else:
            found[-1].add(name, value)
    return found


def header_line(r):
    return (f'0x0000 header signature="{r.text("Signature")}" length={r.number("Table Length")} '
            f'revision={r.number("Revision")} checksum=0x{r.number("Checksum"):02x} '
            f'oem_id="{r.text("Oem ID")}" oem_table_id="{r.text("Oem Table ID")}" '
            f'oem_revision=0x{r.number("Oem Revision"):08x} '
            f'creator="{r.text("Asl Compiler ID")}" '
            f'creator_revision=0x{r.number("Asl Compiler Revision"):08x}')


def scope_line(r):
    # Reserved, 2 bytes, before there were flags.
    flags = r.number('Flags', 'Reserved') & 0xff
    return (f'0x{r.offset:04x} scope type={r.number("Device Scope Type")} '
            f'length={r.number("Entry Length")} flags=0x{flags:02x} '
            f'enumeration=0x{r.number("Enumeration ID"):02x} '
            f'bus=0x{r.number("PCI Bus Number"):02x} path={"/".join(r.path)}')


def structure_line(r):
    kind = r.number('Subtable Type')
    line = f'0x{r.offset:04x} {SCOPED[kind]} type={kind} length={r.number("Length")}'
    if kind in (0, 2, 5):
        line += f' flags=0x{r.number("Flags"):02x}'
    if kind == 0:
        line += f' size=0x{r.number("Size", "Reserved"):02x}'
    if kind in (0, 1, 2, 5, 6):
        line += f' segment=0x{r.number("PCI Segment Number"):04x}'
    if kind == 0:
        line += f' base=0x{r.number("Register Base Address"):016x}'
    if kind == 1:
        line += f' base=0x{r.number("Base Address"):016x} limit=0x{r.number("End Address"):016x}'
    if kind == 3:
        line += (f' base=0x{r.number("Base Address"):016x} '
                 f'proximity=0x{r.number("Proximity Domain"):08x}')
    if kind == 4:
        line += f' device=0x{r.number("Device Number"):02x} name="{r.text("Device Name")}"'
    return line


def block_line(r):
    kind = r.number('Subtable Type')
    name = 'IVMD' if kind in (0x20, 0x21, 0x22) else 'IVHD'
    line = (f'0x{r.offset:04x} {name} type=0x{kind:02x} flags=0x{r.number("Flags"):02x} '
            f'length={r.number("Length")}')
    if kind != 0x20:
        line += f' id=0x{r.number("DeviceId"):04x}'
    if name == 'IVMD':
        if kind == 0x22:
            line += f' end=0x{r.number("Auxiliary Data"):04x}'
        return line + (f' segment=0x{r.number("Reserved") & 0xffff:04x} '
                       f'base=0x{r.number("Start Address"):016x} '
                       f'bytes=0x{r.number("Memory Length"):016x}')
    line += (f' capability=0x{r.number("Capability Offset"):04x} '
             f'base=0x{r.number("Base Address"):016x} '
             f'segment=0x{r.number("PCI Segment Group"):04x} '
             f'info=0x{r.number("Virtualization Info"):04x} '
             f'features=0x{r.number("Feature Reporting", "Attributes"):08x}')
    if kind != 0x10:
        line += f' efr=0x{r.number("EFR Image"):016x} efr2=0x{r.number("Reserved"):016x}'
    return line


def device_line(r):
    kind = r.number('Entry Type', 'Subtable Type')
    line = (f'0x{r.offset:04x} device type=0x{kind:02x} id=0x{r.number("Device ID"):04x} '
            f'flags=0x{r.number("Data Setting"):02x}')
    if kind in (0x42, 0x43):
        line += f' alias=0x{r.number("Source Used Device ID"):04x}'
    if kind in (0x46, 0x47):
        line += f' extended=0x{r.number("Extended Data"):08x}'
    if kind == 0x48:
        line += (f' handle=0x{r.number("Handle"):02x} '
                 f'alias=0x{r.number("Source Used Device ID"):04x} variety={r.number("Variety")}')
    if kind == 0xf0:
        # Of format 1 it is a number, and may be 0.
        uid = str(r.number('UID')) if r.has('UID Format') and r.number('UID Format') == 1 else r.text('UID')
        line += f' hid="{r.text("ACPI HID")}" cid="{r.text("ACPI CID")}" uid="{uid}"'
    return line


def line_of(r, signature):
    if r.unknown:
        return f'unknown type={r.number("Subtable Type")}'
    if r.has('Signature'):
        return header_line(r)
    if r.has('Host Address Width'):
        return (f'0x{r.offset:04x} dmar width={r.number("Host Address Width") + 1} '
                f'flags=0x{r.number("Flags"):02x}')
    if r.offset == 36:
        return f'0x{r.offset:04x} ivrs info=0x{r.number("Virtualization Info"):08x}'
    if r.has('Device Scope Type'):
        return scope_line(r)
    if signature == 'DMAR':
        return structure_line(r)
    if r.has('Entry Type') or r.has('Data Setting'):
        return device_line(r)
    return block_line(r)


def without_unknown(ours, theirs):
    """Takes out of ours what iasl does not decode; returns what is left and the differences."""
    differences = []
    at = 0
    for line in theirs:
        if not line.startswith('unknown'):
            continue
        kind = int(line.split('=')[1])
        while at < len(ours):
            words = ours[at].split()
            if len(words) > 2 and words[1] not in ('device', 'scope', 'header') and \
                    words[2].startswith('type=') and int(words[2][5:], 0) == kind:
                break
            at += 1
        if at == len(ours):
            return ours, differences + [f'iasl knows of a type={kind} that we do not see']
        words = ours[at].split()
        end = at + 1
        while end < len(ours) and ours[end].split()[1] in ('device', 'scope'):
            end += 1
        # Its walk over a DMAR ends at what it does not know.
        if 'DMAR' in ours[0]:
            end = len(ours)
        if words[1] != 'unknown' or end > at + 1:
            differences.append(f'iasl does not decode {words[0]}-{ours[end - 1].split()[0]}: '
                               f'{words[1]} {words[2]}, {end - at} records')
        ours = ours[:at] + [line] + ours[end:]
        at += 1
    return ours, differences


def differences_of(path, dump, directory):
    """All differences between the two for one table, as lines."""
    name = re.sub(r'\W', '_', table_name(path))
    copy = directory / f'{name}.bin'
    shutil.copyfile(path, copy)
    iasl = subprocess.run(['iasl', '-d', copy.name], cwd=directory, capture_output=True, check=False)
    dsl = directory / f'{name}.dsl'
    if not dsl.exists():
        return [f'iasl made nothing of it, exit code {iasl.returncode}'], 0
    found = records(dsl.read_text(errors='replace'))
    signature = found[0].text('Signature')
    theirs = [line_of(r, signature) for r in found]
    ran = subprocess.run([dump, path], capture_output=True, text=True, check=False)
    if ran.returncode:
        return [f'dump-acpi: exit code {ran.returncode}: {ran.stderr.strip()}'], 0
    ours = [line for line in ran.stdout.splitlines() if line.split()[1] != 'note']
    ours, lines = without_unknown(ours, theirs)
    for line in difflib.unified_diff(theirs, ours, 'iasl', 'ours', lineterm='', n=0):
        if line[:2] not in ('--', '++', '@@'):
            lines.append(line[0] + ' ' + line[1:])
    return lines, len(ours)


def accepted(file, version):
    lines, reason, applies = [], False, True
    for line in file.read_text().splitlines():
        if line.startswith('#'):
            reason = True
        elif line.startswith('before '):
            applies = version < int(line.split()[1])
        elif line and applies:
            lines.append(line)
    if not reason:
        raise SystemExit(f'{file}: gives no reason')
    return lines


def table_name(path):
    return path.stem if path.stem != 'DMAR' else f'{path.parent.name}.DMAR'


def iasl_version():
    shown = subprocess.run(['iasl', '-v'], capture_output=True, text=True, check=False)
    return int(re.search(r'version (\d{8})', shown.stdout)[1])


def real_tables():
    data = pathlib.Path(os.environ.get('PCIPASS_TEST_DATA', '.'))
    return sorted([*data.glob('acpi/DMAR/*.bin'), *data.glob('acpi/IVRS/*.bin'),
                   *data.glob('machines/*/DMAR.bin')])


def own_tables(directory):
    """Makes them; sample-MACHINE.DMAR.bin, and built-NAME.DMAR.bin."""
    made = []

    def put(name, content):
        made.append(directory / name)
        made[-1].write_bytes(content)

    for machine, archive in sampled.captures(str(directory)):
        for signature in ('DMAR', 'IVRS'):
            for _, content in sampled.files(archive, f'firmware/acpi/tables/{signature}'):
                put(f'sample-{machine}.{signature}.bin', content)
    for fuzzer, names in BUILT.items():
        for name in names:
            put(f'built-{name}.{fuzzer.upper()}.bin', (ROOT / 'fuzz/corpus' / fuzzer / name).read_bytes())
    return made


def main():
    dump, directory = os.path.abspath(sys.argv[1]), pathlib.Path(sys.argv[2])
    if not shutil.which('iasl'):
        print('skipped: no iasl (package acpica-tools)')
        return 77
    real = real_tables()
    if not real:
        print('skipped: no real tables (PCIPASS_TEST_DATA); built ones only')
    version = iasl_version()
    bad = nr_records = nr_accepted = 0
    known = {f.name for f in directory.iterdir() if real or f.name.startswith(('sample-', 'built-'))}
    with tempfile.TemporaryDirectory() as temporary, tempfile.TemporaryDirectory() as own, \
            concurrent.futures.ThreadPoolExecutor(2) as pool:
        tables = [*own_tables(pathlib.Path(own)), *real]
        results = pool.map(lambda p: differences_of(p, dump, pathlib.Path(temporary)), tables)
        for path, (lines, count) in zip(tables, results):
            name = table_name(path)
            allowed = accepted(directory / name, version) if name in known else []
            known.discard(name)
            nr_records += count
            nr_accepted += len([line for line in lines if line in allowed])
            for line in difflib.ndiff(allowed, lines):
                if line[0] == '+':
                    print(f'{name}: not accepted: {line[2:]}')
                    bad += 1
                elif line[0] == '-':
                    print(f'{name}: accepted, but does not occur: {line[2:]}')
                    bad += 1
    for name in sorted(known):
        print(f'{name}: accepted differences of a table that is not there')
        bad += 1
    print(f'iasl {version}: {len(tables)} tables, {nr_records} records compared, '
          f'{nr_accepted} differences accepted, {bad} not')
    return 1 if bad else 0


if __name__ == '__main__':
    sys.exit(main())
