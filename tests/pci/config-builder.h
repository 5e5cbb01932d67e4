/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Builds configuration spaces in memory for tests. */
#ifndef TESTS_PCI_CONFIG_BUILDER_H
#define TESTS_PCI_CONFIG_BUILDER_H

#include <string.h>

#include "pci/config.h"

/*
 * A configuration space made in memory, and a reader over it that keeps account: how often it was
 * called, and whether it was asked for a byte that nobody needs.
 */
struct config_builder {
	uint8_t bytes[4096];
	bool needed[4096]; /* may be asked for */
	size_t len;        /* bytes from here on are -ENODATA */
	uint16_t link;     /* where the next capability's pointer goes */
	uint16_t ext_last; /* 0: no extended capability yet */
	int fail_at, fail_code;
	unsigned int calls;
	int trespass; /* first byte asked for that is not needed, or -1 */
};

static inline void cb_u16(struct config_builder *b, unsigned int at, uint16_t v)
{
	b->bytes[at] = (uint8_t)v;
	b->bytes[at + 1] = (uint8_t)(v >> 8);
}

static inline void cb_u32(struct config_builder *b, unsigned int at, uint32_t v)
{
	cb_u16(b, at, (uint16_t)v);
	cb_u16(b, at + 2, (uint16_t)(v >> 16));
}

static inline void cb_need(struct config_builder *b, unsigned int at, unsigned int len)
{
	memset(b->needed + at, true, len);
}

/* A SAS HBA without any capability. Bytes that are not set are no valid anything. */
static inline void cb_init(struct config_builder *b)
{
	memset(b, 0, sizeof(*b));
	memset(b->bytes + 64, 0xa5, sizeof(b->bytes) - 64);
	b->len = sizeof(b->bytes);
	b->link = 0x34;
	b->fail_at = b->trespass = -1;
	cb_u16(b, 0x00, 0x1000);
	cb_u16(b, 0x02, 0x0072);
	cb_u16(b, 0x04, 0x0406);
	cb_u32(b, 0x08, 0x01070003);
	b->bytes[0x3d] = 1;
	cb_u32(b, 0x100, 0);
	cb_need(b, 0, 64);
}

/* A standard capability at the end of the list. Needed: the dword it begins with. */
static inline void cb_cap(struct config_builder *b, uint8_t id, uint8_t at)
{
	b->bytes[0x06] |= 0x10;
	b->bytes[b->link] = at;
	cb_u16(b, at, id);
	cb_u16(b, at + 2u, 0);
	b->link = at + 1;
	cb_need(b, at, 4);
}

/* An extended capability at the end of its list; the first stands at 0x100. */
static inline void cb_ext(struct config_builder *b, uint16_t id, uint16_t at)
{
	if (b->ext_last)
		cb_u16(b, b->ext_last + 2u, (uint16_t)(at << 4 | 1));
	cb_u32(b, at, 1u << 16 | id);
	b->ext_last = at;
	cb_need(b, at, 4);
}

static inline int cb_read(void *ctx, uint16_t offset, void *buf, uint16_t len)
{
	struct config_builder *b = ctx;

	b->calls++;
	for (unsigned int i = offset; i < offset + (unsigned int)len; i++)
		if ((i >= sizeof(b->needed) || !b->needed[i]) && b->trespass < 0)
			b->trespass = (int)i;
	if (b->fail_at >= 0 && offset + len > b->fail_at)
		return b->fail_code;
	if ((size_t)offset + len > b->len)
		return -ENODATA;
	memcpy(buf, b->bytes + offset, len);
	return 0;
}

static inline struct pp_config_reader cb_reader(struct config_builder *b)
{
	return (struct pp_config_reader){ .read = cb_read, .ctx = b };
}

#endif
