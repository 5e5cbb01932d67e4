/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The configuration space: its header, and what was read of it. */
#include <string.h>

#include "pci/capability.h"
#include "pci/config.h"

#define HEADER_BYTES    64
#define STATUS_CAP_LIST 0x10
/* PCI-X 2.0: what a mode 2 function can do; the same bits in a bridge's status. */
#define PCIX_STATUS      0x04
#define PCIX_STATUS_266  (1u << 30)
#define PCIX_STATUS_533  (1u << 31)
#define HEADER_TYPE_MASK 0x7f
#define MULTIFUNCTION    0x80

static int span_read(void *ctx, uint16_t offset, void *buf, uint16_t len)
{
	const struct pp_span *in = ctx;

	if (offset > in->len || len > in->len - offset)
		return -ENODATA;
	if (len)
		memcpy(buf, in->data + offset, len);
	return 0;
}

struct pp_config_reader pp_config_reader_span(struct pp_span *in)
{
	return (struct pp_config_reader){ .read = span_read, .ctx = in };
}

static bool all_ones(const uint8_t *p, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (p[i] != 0xff)
			return false;
	return true;
}

static uint32_t header_u16(const uint8_t *h, unsigned int at)
{
	return (uint32_t)(h[at] | h[at + 1] << 8);
}

static uint32_t header_u32(const uint8_t *h, unsigned int at)
{
	return header_u16(h, at) | header_u16(h, at + 2) << 16;
}

/* Both ends in units of 1 MiB; upper halves where the register says 64 bits. */
static struct pp_config_window header_window(const uint8_t *h, unsigned int at, unsigned int upper)
{
	uint32_t base = header_u16(h, at), limit = header_u16(h, at + 2);
	bool is_64 = upper && (base & 0xf) == 1;
	struct pp_config_window w = {
		.start = (uint64_t)(base & 0xfff0) << 16,
		.end_incl = (uint64_t)(limit & 0xfff0) << 16 | 0xfffff,
	};

	if (is_64) {
		w.start |= (uint64_t)header_u32(h, upper) << 32;
		w.end_incl |= (uint64_t)header_u32(h, upper + 4) << 32;
	}
	/* The base above the limit closes it; so do zeros, as after a reset. */
	w.open = w.start <= w.end_incl && w.start;
	return w;
}

/* PCI 3.0 6.1; PCI-to-PCI Bridge 1.2 3.2; PC Card 8.0 volume 7 */
static void decode_header(const uint8_t *h, struct pp_config *c)
{
	c->vendor = (uint16_t)(h[0x00] | h[0x01] << 8);
	c->device = (uint16_t)(h[0x02] | h[0x03] << 8);
	c->command = (uint16_t)(h[0x04] | h[0x05] << 8);
	c->status = (uint16_t)(h[0x06] | h[0x07] << 8);
	c->revision = h[0x08];
	c->class_code = (uint32_t)h[0x0b] << 16 | (uint32_t)h[0x0a] << 8 | h[0x09];
	c->header_type = h[0x0e] & HEADER_TYPE_MASK;
	c->multifunction = h[0x0e] & MULTIFUNCTION;
	c->interrupt_pin = h[0x3d];
	if (c->header_type == PP_HEADER_BRIDGE || c->header_type == PP_HEADER_CARDBUS) {
		c->primary = h[0x18];
		c->secondary = h[0x19];
		c->subordinate = h[0x1a];
	}
	if (c->header_type == PP_HEADER_BRIDGE) {
		c->memory = header_window(h, 0x20, 0);
		c->prefetchable = header_window(h, 0x24, 0x28);
	}
	if (c->header_type == PP_HEADER_NORMAL) {
		c->subsystem_vendor = (uint16_t)header_u16(h, 0x2c);
		c->subsystem_device = (uint16_t)header_u16(h, 0x2e);
	}
	for (unsigned int i = 0; c->header_type == PP_HEADER_NORMAL && i < PP_CONFIG_BARS; i++)
		c->bar[i] = header_u32(h, 0x10 + 4 * i);
	c->header_read = PP_YES;
}

/* Only these have configuration space behind 0x100: PCI Express, and PCI-X in mode 2. */
static int has_extended(const struct pp_config_walk *w, enum pp_tri *ret)
{
	const struct pp_config_cap *pcix = &w->config->caps[PP_CAP_PCIX];

	*ret = w->config->caps[PP_CAP_PCIE].seen;
	if (*ret != PP_NO || pcix->seen == PP_NO)
		return 0;
	*ret = PP_UNKNOWN;
	if (pcix->offset + PCIX_STATUS + 4 > 0x100) {
		pp_note(w->notes, w->object, pcix->offset,
		        "PCI-X capability passes the end of the standard configuration space");
		return 0;
	}
	uint8_t b[4];
	int rc = pp_config_fetch(w, (uint16_t)(pcix->offset + PCIX_STATUS), b, sizeof(b));
	if (rc)
		return rc == -ENODATA ? 0 : rc;
	uint32_t status = (uint32_t)b[3] << 24;
	*ret = pp_tri(status & (PCIX_STATUS_266 | PCIX_STATUS_533));
	return 0;
}

static int decode_capabilities(const struct pp_config_walk *w, const uint8_t *header)
{
	struct pp_config *c = w->config;

	if (c->header_type > PP_HEADER_CARDBUS) {
		pp_note(w->notes, w->object, 0x0e,
		        "header type 0x%02x is not defined: its capabilities cannot be found",
		        c->header_type);
		return 0;
	}
	if (!(c->status & STATUS_CAP_LIST)) {
		pp_config_end_standard(c);
		pp_config_end_extended(c);
		return 0;
	}
	int rc = pp_config_walk_standard(w,
	                                 header[c->header_type == PP_HEADER_CARDBUS ? 0x14 : 0x34]);
	if (rc)
		return rc;
	enum pp_tri extended;
	rc = has_extended(w, &extended);
	if (rc)
		return rc;
	if (extended == PP_NO)
		pp_config_end_extended(c);
	return extended == PP_YES ? pp_config_walk_extended(w) : 0;
}

int pp_config_decode(const struct pp_config_reader *in, const char *object, struct pp_notes *notes,
                     struct pp_config *ret, struct pp_error *e)
{
	struct pp_config config = { .pcie_type = PP_PCIE_NONE };
	struct pp_config_walk w = { in, object, notes, &config, e };
	uint8_t header[HEADER_BYTES];

	int rc = pp_config_fetch(&w, 0, header, sizeof(header));
	if (rc == -ENODATA) {
		config.header_read = PP_NO;
		*ret = config;
		return 0;
	}
	if (rc)
		return rc;
	if (all_ones(header, sizeof(header)))
		return pp_fail(e, ENODEV,
		               "%s: the configuration space reads all ones: gone or powered off",
		               object);
	decode_header(header, &config);
	if (config.interrupt_pin > 4)
		pp_note(notes, object, 0x3d, "interrupt pin %u: only 1 to 4 exist",
		        config.interrupt_pin);
	rc = decode_capabilities(&w, header);
	if (rc)
		return rc;
	*ret = config;
	return 0;
}
