/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Builds ACPI tables in memory for tests. */
#ifndef TESTS_ACPI_BUILDER_H
#define TESTS_ACPI_BUILDER_H

#include <assert.h>
#include <stdint.h>
#include <string.h>

/*
 * Makes ACPI tables in memory, little-endian, byte by byte: right ones with the calls below, wrong
 * ones by changing the bytes afterwards (acpi_seal() again, if the checksum is not the point).
 * The struct is large: keep it static.
 */
struct acpi_builder {
	uint8_t data[2 * 1024 * 1024];
	size_t len;
	size_t open;      /* where the structure being made begins */
	size_t length_at; /* and where its u16 length goes */
};

static inline void acpi_put(struct acpi_builder *b, uint64_t value, size_t bytes)
{
	assert(bytes <= sizeof(b->data) - b->len);
	for (size_t i = 0; i < bytes; i++)
		b->data[b->len++] = (uint8_t)(i < 8 ? value >> (8 * i) : 0);
}

static inline void acpi_put_bytes(struct acpi_builder *b, const void *bytes, size_t len)
{
	assert(len <= sizeof(b->data) - b->len);
	if (len)
		memcpy(b->data + b->len, bytes, len);
	b->len += len;
}

/* Text padded with zeroes to size. */
static inline void acpi_put_text(struct acpi_builder *b, const char *text, size_t size)
{
	size_t len = strlen(text);

	assert(len <= size);
	acpi_put_bytes(b, text, len);
	acpi_put(b, 0, size - len);
}

static inline void acpi_poke(struct acpi_builder *b, size_t at, uint64_t value, size_t bytes)
{
	assert(at + bytes <= b->len);
	for (size_t i = 0; i < bytes; i++)
		b->data[at + i] = (uint8_t)(value >> (8 * i));
}

/* Length and checksum of the whole. */
static inline void acpi_seal(struct acpi_builder *b)
{
	uint8_t sum = 0;

	acpi_poke(b, 4, b->len, 4);
	b->data[9] = 0;
	for (size_t i = 0; i < b->len; i++)
		sum = (uint8_t)(sum + b->data[i]);
	b->data[9] = (uint8_t)-sum;
}

static inline void acpi_begin(struct acpi_builder *b, const char *signature, uint8_t revision)
{
	b->len = 0;
	acpi_put_text(b, signature, 4);
	acpi_put(b, 0, 4);
	acpi_put(b, revision, 1);
	acpi_put(b, 0, 1);
	acpi_put_text(b, "OEMID ", 6);
	acpi_put_text(b, "OEMTABLE", 8);
	acpi_put(b, 0x11223344, 4);
	acpi_put_text(b, "CRID", 4);
	acpi_put(b, 0x55667788, 4);
}

static inline void acpi_end(struct acpi_builder *b)
{
	acpi_poke(b, b->length_at, b->len - b->open, 2);
}

/* DMAR: width in bits */
static inline void dmar_begin(struct acpi_builder *b, unsigned int width, uint8_t flags)
{
	acpi_begin(b, "DMAR", 1);
	acpi_put(b, width - 1, 1);
	acpi_put(b, flags, 1);
	acpi_put(b, 0, 10);
}

/* Any structure: what follows is put by hand or by dmar_scope(); acpi_end() closes it. */
static inline void dmar_structure(struct acpi_builder *b, uint16_t type)
{
	b->open = b->len;
	b->length_at = b->len + 2;
	acpi_put(b, type, 2);
	acpi_put(b, 0, 2);
}

static inline void dmar_drhd(struct acpi_builder *b, uint8_t flags, uint16_t segment, uint64_t base)
{
	dmar_structure(b, 0);
	acpi_put(b, flags, 1);
	acpi_put(b, 0, 1);
	acpi_put(b, segment, 2);
	acpi_put(b, base, 8);
}

static inline void dmar_rmrr(struct acpi_builder *b, uint16_t segment, uint64_t base,
                             uint64_t limit_incl)
{
	dmar_structure(b, 1);
	acpi_put(b, 0, 2);
	acpi_put(b, segment, 2);
	acpi_put(b, base, 8);
	acpi_put(b, limit_incl, 8);
}

/* path: device and function of each hop */
static inline void dmar_scope(struct acpi_builder *b, uint8_t type, uint8_t enumeration_id,
                              uint8_t start_bus, const uint8_t *path, size_t path_bytes)
{
	acpi_put(b, type, 1);
	acpi_put(b, 6 + path_bytes, 1);
	acpi_put(b, 0, 2);
	acpi_put(b, enumeration_id, 1);
	acpi_put(b, start_bus, 1);
	acpi_put_bytes(b, path, path_bytes);
}

#define DMAR_PATH(...)   (const uint8_t[]){ __VA_ARGS__ }, sizeof((const uint8_t[]){ __VA_ARGS__ })
#define DMAR_PATH_NONE() NULL, 0

static inline void ivrs_begin(struct acpi_builder *b, uint32_t info)
{
	acpi_begin(b, "IVRS", 2);
	acpi_put(b, info, 4);
	acpi_put(b, 0, 8);
}

/* Any block: what follows is put by hand or by ivhd_device(); acpi_end() closes it. */
static inline void ivrs_block(struct acpi_builder *b, uint8_t type, uint8_t flags)
{
	b->open = b->len;
	b->length_at = b->len + 2;
	acpi_put(b, type, 1);
	acpi_put(b, flags, 1);
	acpi_put(b, 0, 2);
}

static inline void ivrs_ivhd(struct acpi_builder *b, uint8_t type, uint16_t devid, uint64_t base,
                             uint16_t segment)
{
	ivrs_block(b, type, 0);
	acpi_put(b, devid, 2);
	acpi_put(b, 0x40, 2);
	acpi_put(b, base, 8);
	acpi_put(b, segment, 2);
	acpi_put(b, 0, 2);
	acpi_put(b, 0, 4);
	acpi_put(b, 0, type == 0x10 ? 0 : 16);
}

/* The first 4 bytes of every device entry. */
static inline void ivhd_device(struct acpi_builder *b, uint8_t type, uint16_t devid, uint8_t flags)
{
	acpi_put(b, type, 1);
	acpi_put(b, devid, 2);
	acpi_put(b, flags, 1);
}

/* A whole IVMD; aux is the last device of a range. */
static inline void ivrs_ivmd(struct acpi_builder *b, uint8_t type, uint8_t flags, uint16_t devid,
                             uint16_t aux, uint64_t base, uint64_t length)
{
	ivrs_block(b, type, flags);
	acpi_put(b, devid, 2);
	acpi_put(b, aux, 2);
	acpi_put(b, 0, 8);
	acpi_put(b, base, 8);
	acpi_put(b, length, 8);
	acpi_end(b);
}

/* IORT: the number of nodes as given, the nodes right behind the header. */
static inline void iort_begin(struct acpi_builder *b, uint8_t revision, uint32_t nr_nodes)
{
	acpi_begin(b, "IORT", revision);
	acpi_put(b, nr_nodes, 4);
	acpi_put(b, 48, 4);
	acpi_put(b, 0, 4);
}

/* A node's head; its own fields follow, then iort_mappings(). acpi_end() closes it. */
static inline void iort_node(struct acpi_builder *b, uint8_t type, uint8_t revision,
                             uint32_t identifier)
{
	b->open = b->len;
	b->length_at = b->len + 1;
	acpi_put(b, type, 1);
	acpi_put(b, 0, 2);
	acpi_put(b, revision, 1);
	acpi_put(b, identifier, 4);
	acpi_put(b, 0, 8);
}

/* Tells the open node that n mappings begin here. */
static inline void iort_mappings(struct acpi_builder *b, uint32_t n)
{
	acpi_poke(b, b->open + 8, n, 4);
	acpi_poke(b, b->open + 12, b->len - b->open, 4);
}

static inline void iort_mapping(struct acpi_builder *b, uint32_t input, uint32_t ids_minus_1,
                                uint32_t output, uint32_t reference, uint32_t flags)
{
	acpi_put(b, input, 4);
	acpi_put(b, ids_minus_1, 4);
	acpi_put(b, output, 4);
	acpi_put(b, reference, 4);
	acpi_put(b, flags, 4);
}

/* The fields of an RMR with n ranges right behind them; mappings may follow those. */
static inline void iort_rmr(struct acpi_builder *b, uint32_t flags, uint32_t n)
{
	iort_node(b, 6, 3, 0);
	acpi_put(b, flags, 4);
	acpi_put(b, n, 4);
	acpi_put(b, 28, 4);
}

static inline void iort_range(struct acpi_builder *b, uint64_t base, uint64_t length)
{
	acpi_put(b, base, 8);
	acpi_put(b, length, 8);
	acpi_put(b, 0, 4);
}

static inline void viot_begin(struct acpi_builder *b, uint16_t nr_nodes)
{
	acpi_begin(b, "VIOT", 0);
	acpi_put(b, nr_nodes, 2);
	acpi_put(b, 48, 2);
	acpi_put(b, 0, 8);
}

/* Only the header. */
static inline void viot_node(struct acpi_builder *b, uint8_t type, uint16_t length)
{
	acpi_put(b, type, 1);
	acpi_put(b, 0, 1);
	acpi_put(b, length, 2);
}

static inline void viot_iommu_pci(struct acpi_builder *b, uint16_t segment, uint16_t requester_id)
{
	viot_node(b, 3, 16);
	acpi_put(b, segment, 2);
	acpi_put(b, requester_id, 2);
	acpi_put(b, 0, 8);
}

/* Of one segment. */
static inline void viot_range(struct acpi_builder *b, uint16_t segment, uint16_t first,
                              uint16_t last, uint16_t iommu)
{
	viot_node(b, 1, 24);
	acpi_put(b, first, 4);
	acpi_put(b, segment, 2);
	acpi_put(b, segment, 2);
	acpi_put(b, first, 2);
	acpi_put(b, last, 2);
	acpi_put(b, iommu, 2);
	acpi_put(b, 0, 6);
}

#endif
