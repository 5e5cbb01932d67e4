/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Kinds of places that a board has for cards, and their names; not which device sits in one. */
#ifndef PP_HOST_PLACE_H
#define PP_HOST_PLACE_H

#include "host/host.h"

/*
 * What SMBIOS' type 9 record says of a place. Words and code may disagree, and the narrower of the
 * two counts: HP gives a mezzanine the code of a PCI Express slot, for that is how it is wired, and
 * a slot for OCP cards may be called "PCI-E Slot". Only what neither speaks against is a PCI slot.
 */
enum pp_place_kind pp_place_kind_of(const char *designation, uint8_t slot_type);

/*
 * The number in "PCI-E Slot 2", "SLOT1 J107", "Mezz2", "OCP NIC 3.0 Slot 14", without leading
 * zeros; else the record's id. *ret is in a, NULL: no number. -ENOMEM.
 */
int pp_place_number(struct pp_arena *a, const char *designation, uint16_t id, const char **ret);

/* For people, with its article: "a mezzanine". */
const char *pp_place_title(enum pp_place_kind kind);

/*
 * The kind whose word text begins with; *number: what stands behind it, without blanks, "-", ":"
 * and leading zeros between. PP_PLACE_NONE: no such word, or nothing behind it.
 */
enum pp_place_kind pp_place_parse(const char *text, const char **number);

/* For people: "slot 2", and a place of another kind by its name, "mezz2". "": it has no name. */
void pp_place_format(enum pp_place_kind kind, const char *number, char *buf, size_t size);

#endif
