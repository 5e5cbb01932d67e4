/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Builds SMBIOS tables in memory for tests. */
#ifndef TESTS_SMBIOS_SMBIOS_BUILDER_H
#define TESTS_SMBIOS_SMBIOS_BUILDER_H

#include <assert.h>
#include <string.h>

#include "base/span.h"

/*
 * A structure table made in memory, structure by structure: sb_begin, formatted bytes, strings,
 * sb_finish. Each sb_string gives the number to put into the formatted area, which may be filled
 * before or after.
 */
struct smbios_builder {
	uint8_t bytes[65536];
	size_t len;
	size_t start; /* of the structure being made */
	uint8_t nr_strings;
};

static inline void sb_init(struct smbios_builder *b)
{
	memset(b, 0, sizeof(*b));
}

static inline struct pp_span sb_span(const struct smbios_builder *b)
{
	return PP_SPAN(b->bytes, b->len);
}

/* length: of the formatted area, at least 4; zeroed behind the header. */
static inline void sb_begin(struct smbios_builder *b, uint8_t type, uint8_t length, uint16_t handle)
{
	assert(length >= 4 && b->len + length + 2 <= sizeof(b->bytes));
	b->start = b->len;
	b->nr_strings = 0;
	b->bytes[b->start] = type;
	b->bytes[b->start + 1] = length;
	b->bytes[b->start + 2] = (uint8_t)handle;
	b->bytes[b->start + 3] = (uint8_t)(handle >> 8);
	b->len += length;
}

/* What does not fit into the formatted area is left out: short structures are made that way. */
static inline void sb_u8(struct smbios_builder *b, size_t at, uint8_t v)
{
	if (at < b->bytes[b->start + 1])
		b->bytes[b->start + at] = v;
}

static inline void sb_u16(struct smbios_builder *b, size_t at, uint16_t v)
{
	sb_u8(b, at, (uint8_t)v);
	sb_u8(b, at + 1, (uint8_t)(v >> 8));
}

static inline uint8_t sb_string(struct smbios_builder *b, const char *s)
{
	size_t n = strlen(s) + 1;

	assert(b->len + n + 2 <= sizeof(b->bytes));
	memcpy(b->bytes + b->len, s, n);
	b->len += n;
	return ++b->nr_strings;
}

/* A string whose number goes to a byte of the formatted area. */
static inline void sb_text(struct smbios_builder *b, size_t at, const char *s)
{
	sb_u8(b, at, sb_string(b, s));
}

static inline void sb_finish(struct smbios_builder *b)
{
	size_t n = b->nr_strings ? 1 : 2;

	memset(b->bytes + b->len, 0, n);
	b->len += n;
}

static inline void sb_end(struct smbios_builder *b)
{
	sb_begin(b, 127, 4, 0xfeff);
	sb_finish(b);
}

static inline void sb_bios(struct smbios_builder *b, const char *vendor, const char *version,
                           const char *date)
{
	sb_begin(b, 0, 0x1a, 0x0000);
	sb_text(b, 0x04, vendor);
	sb_text(b, 0x05, version);
	sb_text(b, 0x08, date);
	sb_finish(b);
}

/* With a serial number and a UUID, as every machine has. */
static inline void sb_system(struct smbios_builder *b, const char *manufacturer,
                             const char *product, const char *serial)
{
	sb_begin(b, 1, 0x1b, 0x0100);
	sb_text(b, 0x04, manufacturer);
	sb_text(b, 0x05, product);
	sb_text(b, 0x07, serial);
	memset(b->bytes + b->start + 0x08, 0x5a, 16);
	sb_finish(b);
}

static inline void sb_address(struct smbios_builder *b, size_t at, uint16_t segment, uint8_t bus,
                              uint8_t devfn)
{
	sb_u16(b, at, segment);
	sb_u8(b, at + 2, bus);
	sb_u8(b, at + 3, devfn);
}

/* length 0x0c (2.0), 0x0d (2.1), 0x11 (2.6) or more; usage 3 available, 4 in use. */
static inline void sb_slot(struct smbios_builder *b, uint8_t length, uint16_t handle,
                           const char *name, uint16_t id, uint8_t usage, uint8_t bus, uint8_t devfn)
{
	sb_begin(b, 9, length, handle);
	sb_text(b, 0x04, name);
	sb_u8(b, 0x05, 0xb5); /* PCI Express 3 x8 */
	sb_u8(b, 0x06, 0x0b); /* x8 */
	sb_u8(b, 0x07, usage);
	sb_u8(b, 0x08, 4); /* long */
	sb_u16(b, 0x09, id);
	sb_address(b, 0x0d, 0, bus, devfn);
	sb_finish(b);
}

/* type: with the enabled bit 0x80. */
static inline void sb_onboard(struct smbios_builder *b, uint16_t handle, const char *name,
                              uint8_t type, uint8_t instance, uint8_t bus, uint8_t devfn)
{
	sb_begin(b, 41, 0x0b, handle);
	sb_text(b, 0x04, name);
	sb_u8(b, 0x05, type);
	sb_u8(b, 0x06, instance);
	sb_address(b, 0x07, 0, bus, devfn);
	sb_finish(b);
}

/* HPE type 203 in a PCI slot; length 0x28 from Gen10 on has the address, 0x22 has not. */
static inline void sb_hpe_device(struct smbios_builder *b, uint8_t length, uint16_t handle,
                                 uint16_t assoc, uint8_t instance, const char *name, uint8_t bus,
                                 uint8_t devfn)
{
	sb_begin(b, 203, length, handle);
	sb_u16(b, 0x04, assoc);
	sb_u8(b, 0x16, 0x09);
	sb_u8(b, 0x17, 0x0a);
	sb_u8(b, 0x18, instance);
	sb_text(b, 0x1c, "PciRoot(0x0)/Pci(0x2,0x0)/Pci(0x0,0x0)");
	sb_text(b, 0x1d, "PCI.Slot.2.1");
	sb_text(b, 0x1e, name);
	sb_address(b, 0x24, 0, bus, devfn);
	sb_finish(b);
}

#endif
