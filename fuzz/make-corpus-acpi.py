#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Writes the seeds of the table fuzzers: fuzz/corpus/{dmar,ivrs,iort,viot}/*, small and made here.

usage: make-corpus-acpi.py CORPUS-FOLDER
"""

import pathlib
import struct
import sys


def table(signature, revision, body, length=None):
    size = 36 + len(body) if length is None else length
    data = bytearray(struct.pack('<4sIBB6s8sI4sI', signature, size, revision, 0, b'OEMID ',
                                 b'OEMTABLE', 1, b'CRID', 1) + body)
    data[9] = -sum(data[:max(size, 10)]) & 0xff
    return bytes(data)


def dmar(*structures, width=39, flags=1, length=None):
    return table(b'DMAR', 1, struct.pack('<BB10x', width - 1, flags) + b''.join(structures), length)


def structure(kind, body, length=None):
    return struct.pack('<HH', kind, 4 + len(body) if length is None else length) + body


def scope(kind, path, enumeration=0, bus=0, length=None, flags=0):
    size = 6 + len(path) if length is None else length
    return struct.pack('<BBBxBB', kind, size, flags, enumeration, bus) + bytes(path)


def drhd(*scopes, flags=0, base=0xfed90000, segment=0):
    return structure(0, struct.pack('<BBHQ', flags, 0, segment, base) + b''.join(scopes))


def rmrr(base, limit, *scopes, segment=0):
    return structure(1, struct.pack('<2xHQQ', segment, base, limit) + b''.join(scopes))


def short(kind, flags, *scopes, segment=0):
    return structure(kind, struct.pack('<BxH', flags, segment) + b''.join(scopes))


def andd(device, name):
    return structure(4, struct.pack('<3xB', device) + name)


def rhsa(base, proximity):
    return structure(3, struct.pack('<4xQI', base, proximity))


def dmar_seeds():
    endpoint = scope(1, (0x1d, 0))
    return {
        'empty': dmar(),
        'plain': dmar(drhd(scope(3, (0x1e, 1), 8), scope(4, (0x1f, 0)), flags=1),
                      rmrr(0xdf7e6000, 0xdf7e7fff, endpoint)),
        'two-hops': dmar(drhd(flags=1), rmrr(0xdf7df000, 0xdf7e4fff, scope(1, (0x1c, 4, 0, 0)),
                                             scope(1, (0x1c, 4, 0, 2)))),
        'bridge': dmar(drhd(flags=1), rmrr(0x1000, 0x1fff, scope(2, (1, 0)))),
        'all-types': dmar(drhd(endpoint), rmrr(0x1000, 0x1fff, endpoint), short(2, 1, endpoint),
                          rhsa(0xfed90000, 1), andd(1, b'\\_SB.PCI0.I2C0\0'),
                          short(5, 1, endpoint), short(6, 0, endpoint), structure(7, b'unknown')),
        'acpi-scope': dmar(drhd(scope(5, (0x15, 0), 1)), andd(1, b'\\_SB.PCI0\0\0\0')),
        'andd-no-nul': dmar(andd(1, b'\\_SB'), andd(2, b'')),
        'rmrr-zero': dmar(rmrr(0, 0, endpoint)),
        'rmrr-odd': dmar(rmrr(0x1001, 0x1ffe, endpoint), rmrr(0x3000, 0x1fff, endpoint),
                         rmrr(0, 2**64 - 1, endpoint)),
        'scope-no-hop': dmar(drhd(scope(1, ()))),
        'scope-odd': dmar(drhd(scope(1, (1, 2, 3)))),
        'scope-length-0': dmar(drhd(scope(1, (1, 0), length=0))),
        'scope-past-end': dmar(drhd(scope(1, (1, 0), length=9))),
        'scope-longest': dmar(drhd(scope(1, [1, 2] * 124 + [0]))),
        'structure-length-0': dmar(rmrr(0x1000, 0x1fff), structure(0, b'', 0), rmrr(0, 0)),
        'structure-past-end': dmar(structure(1, bytes(20), 25)),
        'structure-short': dmar(structure(1, bytes(19))),
        'trailing': dmar(drhd(), b'\0\0\0'),
        'behind': dmar(drhd()) + b'behind',
        'length-short': dmar(drhd(), length=47),
        'length-long': dmar(drhd(), length=0xffffffff),
        'width-256': dmar(width=256),
    }


def ivrs(*blocks, length=None):
    return table(b'IVRS', 2, struct.pack('<I8x', 0x203041) + b''.join(blocks), length)


def block(kind, body, flags=0, length=None):
    return struct.pack('<BBH', kind, flags, 4 + len(body) if length is None else length) + body


def ivhd(kind, *devices, length=None):
    head = struct.pack('<HHQHHI', 2, 0x40, 0xfeb80000, 0, 0, 0x80048f6e)
    return block(kind, head + (b'' if kind == 0x10 else bytes(16)) + b''.join(devices), 0xb0,
                 length)


def device(kind, devid, flags=0, more=b''):
    return struct.pack('<BHB', kind, devid, flags) + more


def hid(name, form, uid, length=None):
    return device(0xf0, 0xa5, 0x40, struct.pack('<8s8xBB', name, form,
                                                len(uid) if length is None else length) + uid)


def ivmd(kind, devid, aux, base, size, flags=8):
    return block(kind, struct.pack('<HH8xQQ', devid, aux, base, size), flags)


def ivrs_seeds():
    devices = (device(3, 8), device(4, 0xfffe), device(0x43, 0xff00, 0, b'\0\xa5\0\0'),
               device(4, 0xffff), device(0x48, 0, 0xd7, b'\x21\xa0\0\1'))
    hids = (hid(b'AMDI0020', 2, b'\\_SB.FUR0'), hid(b'AMDI0040', 0, b''),
            hid(b'AMDI0095', 1, bytes(8)))
    return {
        'empty': ivrs(),
        'three-kinds': ivrs(ivhd(0x10, *devices), ivhd(0x11, *devices),
                            ivhd(0x40, *devices, *hids)),
        'all-devices': ivrs(ivhd(0x11, *(device(k, 1) for k in range(0, 5)),
                                 *(device(k, 1, 0, bytes(4)) for k in (0x40, 0x42, 0x43, 0x46,
                                                                       0x47, 0x48)))),
        'unknown-devices': ivrs(ivhd(0x10, device(5, 1), device(0x7f, 1, 0, bytes(4)),
                                     device(0x80, 1, 0, bytes(12)), device(0xef, 1, 0, bytes(28)))),
        'ivmd': ivrs(ivmd(0x20, 0, 0, 0x1000, 0x1000), ivmd(0x21, 0x300, 0, 0x7132f000, 0x26000),
                     ivmd(0x22, 0x100, 0x1ff, 0x2000, 0x1000, 7)),
        'ivmd-odd': ivrs(ivmd(0x22, 2, 1, 0x1001, 0), ivmd(0x20, 0, 0, 2**64 - 4096, 0x2000)),
        'unknown-block': ivrs(block(0x51, bytes(28), 8), block(0, b'')),
        'hid-odd': ivrs(ivhd(0x40, hid(b'', 2, b''), hid(b'A', 0, b'x'), hid(b'A', 1, b'xyz'),
                             hid(b'A\x1b', 3, b'x')), ivhd(0x11, hids[0])),
        'hid-past-end': ivrs(ivhd(0x40, hid(b'AMDI0020', 2, b'abc', 4))),
        'hid-short': ivrs(ivhd(0x40, hids[1][:21])),
        'device-f1': ivrs(ivhd(0x40, device(0xf1, 1, 0, bytes(20)))),
        'device-short': ivrs(ivhd(0x10, device(0x48, 1))),
        'ranges-odd': ivrs(ivhd(0x10, device(4, 1), device(3, 9), device(3, 8), device(4, 7),
                                device(3, 1))),
        'block-length-0': ivrs(block(0x51, b'', 0, 0), ivhd(0x10)),
        'block-past-end': ivrs(ivhd(0x10, *devices, length=200)),
        'block-short': ivrs(ivhd(0x40, length=39)),
        'trailing': ivrs(ivhd(0x10), b'\0\0\0'),
        'length-short': ivrs(ivhd(0x10), length=47),
    }


def iort(*nodes, revision=5, count=None, at=48):
    head = struct.pack('<II4x', len(nodes) if count is None else count, at)
    return table(b'IORT', revision, head + bytes(max(at - 48, 0) % 4096) + b''.join(nodes))


def node(kind, fields, mappings=b'', length=None, count=None, at=None):
    size = 16 + len(fields) + len(mappings) if length is None else length
    where = (16 + len(fields) if mappings else 0) if at is None else at
    return struct.pack('<BHBIII', kind, size, 0, 1, len(mappings) // 20 if count is None else count,
                       where) + fields + mappings


def mapping(reference, count=0, output=0x100, flags=0, start=0):
    return struct.pack('<5I', start, count, output, reference, flags)


def rmr(*ranges, mappings=b'', count=None, at=28, flags=1):
    fields = struct.pack('<III', flags, len(ranges) if count is None else count, at)
    return node(6, fields + b''.join(struct.pack('<QQ4x', *r) for r in ranges), mappings)


def component(name, mappings=b''):
    return node(1, struct.pack('<IQB', 0, 0, 48) + name, mappings)


def iort_seeds():
    smmu = node(4, struct.pack('<QI', 0x2b400000, 1) + bytes(40))
    root = node(2, struct.pack('<QIIB3x', 1, 1, 0, 48), mapping(48, 0xffff))
    return {
        'empty': iort(),
        'plain': iort(smmu, root, rmr((0x80000000, 0x10000), (0x90000000, 0x20000),
                                      mappings=mapping(48, 0, 0x100) + mapping(48, 7, 0x200))),
        'all-types': iort(node(0, struct.pack('<II', 1, 0)), component(b'\\_SB.DEV0\0\0\0',
                          mapping(48, flags=1)), root, node(3, bytes(60)), smmu,
                          node(5, bytes(24)), rmr((0, 0x10000), mappings=mapping(48)),
                          node(7, bytes(12)), node(8, b'')),
        'padding': iort(smmu, at=56),
        'component-no-nul': iort(component(b'\\_SB', mapping(48)), component(b'')),
        'rmr-odd': iort(smmu, rmr((0x1000, 0x1000), (0, 0), (2**64 - 65536, 0x20000))),
        'rmr-empty': iort(rmr(at=0), revision=3),
        'rmr-past-end': iort(rmr((0, 0x10000), count=2)),
        'rmr-huge': iort(rmr((0, 0x10000), count=0xffffffff)),
        'mapping-nowhere': iort(smmu, node(2, bytes(16), mapping(0) + mapping(49))),
        'mapping-circle': iort(node(2, bytes(16), mapping(48))),
        'mapping-rounds': iort(node(2, bytes(16), mapping(84, 0xffff, 0)),
                               node(1, bytes(17), mapping(48, 0xffff, 0))),
        'mapping-ranges': iort(smmu, node(2, bytes(16), mapping(48, 0x28, 0) + mapping(
            0x74, 0xff, 0x28, 0, 0x28) + mapping(48, 0xffffffff, 1, 0, 0x80)), node(0, bytes(8))),
        'mapping-stages': iort(smmu, node(1, bytes(17), mapping(48, 0xffff, 0x10000)),
                               node(2, bytes(16), mapping(0x74, 0x3ff, 0x400)),
                               node(2, struct.pack('<QII', 0, 0, 1), mapping(48, flags=1)),
                               rmr((0x10000, 0x10000), mappings=mapping(48, 3, 0x10428))),
        'mapping-past-end': iort(node(2, bytes(16), mapping(48), count=2)),
        'mapping-in-head': iort(node(2, bytes(16), mapping(48), at=8)),
        'node-length-0': iort(node(0, b'', length=0), smmu),
        'node-past-end': iort(node(0, b'', length=17)),
        'node-short': iort(node(2, bytes(15))),
        'count-more': iort(smmu, count=0xffffffff),
        'count-less': iort(smmu, root, count=1),
        'nodes-past-end': iort(at=0x7fffffff, count=1),
        'nodes-in-head': iort(smmu, at=4),
    }


def viot(*nodes, count=None, at=48):
    head = struct.pack('<HH8x', len(nodes) if count is None else count, at)
    return table(b'VIOT', 0, head + b''.join(nodes))


def viot_node(kind, fields, length=None):
    return struct.pack('<BxH', kind, 4 + len(fields) if length is None else length) + fields


def pci_range(first, last, iommu=48, segment=0):
    return viot_node(1, struct.pack('<IHHHHH6x', first, segment, segment, first, last, iommu))


def viot_seeds():
    iommu = viot_node(3, struct.pack('<HH8x', 0, 8))
    return {
        'empty': viot(),
        'plain': viot(iommu, pci_range(0, 0x2ff)),
        'all-types': viot(iommu, pci_range(0, 0xffff), pci_range(0x100, 0x1ff, segment=3),
                          viot_node(2, struct.pack('<IQH6x', 1, 0xa003e00, 112)),
                          viot_node(4, struct.pack('<4xQ', 0xa003c00)), viot_node(9, b'')),
        'odd': viot(iommu, pci_range(2, 1), pci_range(0, 1, 52), pci_range(0, 1, 64), count=9),
        'node-length-0': viot(viot_node(3, bytes(12), 0), iommu),
        'node-past-end': viot(viot_node(4, bytes(12), 17)),
        'node-short': viot(viot_node(1, bytes(19))),
        'nodes-in-head': viot(iommu, at=47),
        'nodes-past-end': viot(at=0xffff, count=1),
    }


def main():
    corpus = pathlib.Path(sys.argv[1])
    for kind, seeds in (('dmar', dmar_seeds()), ('ivrs', ivrs_seeds()), ('iort', iort_seeds()),
                        ('viot', viot_seeds())):
        (corpus / kind).mkdir(parents=True, exist_ok=True)
        for name, data in seeds.items():
            (corpus / kind / name).write_bytes(data)


if __name__ == '__main__':
    main()
