/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Names of vendors, devices and classes, from the text of the PCI ID database (pci.ids). */
#ifndef PP_PCI_IDS_H
#define PP_PCI_IDS_H

#include "base/arena.h"
#include "base/span.h"

/* More than any file of this database; "pci.ids" has 1.5 MB in 2026. */
#define PP_IDS_MAX_BYTES ((size_t)64 << 20)

/* Entries of one level, in the order of their ids. */
struct pp_ids_index {
	struct pp_ids_entry *entries; /* NULL: not indexed yet */
	size_t nr;
};

/*
 * The database. An index is made of what is asked for: all vendors at the first question, the
 * devices of one vendor at the first question about that vendor.
 */
struct pp_ids {
	struct pp_arena *arena;
	struct pp_span text;
	struct pp_ids_index vendors, classes;
};

/*
 * text: the file, which is read from then on and must stay; bytes that are not in the file's form
 * are passed over. The indexes live in a.
 */
void pp_ids_init(struct pp_ids *ids, struct pp_span text, struct pp_arena *a);

/*
 * "Intel Corporation Ethernet Controller X710", "Intel Corporation Device 1234" without the
 * device, "Device 8086:1234" without either: the words of lspci(8). In ret, cut to size.
 */
void pp_ids_device_name(struct pp_ids *ids, unsigned int vendor, unsigned int device, char *ret,
                        size_t size);

/*
 * class_code: base class and subclass, 16 bits. "Ethernet controller", "Network controller [02ff]"
 * without the subclass, "Class 7fff" without either.
 */
void pp_ids_class_name(struct pp_ids *ids, unsigned int class_code, char *ret, size_t size);

#endif
