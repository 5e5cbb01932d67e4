/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The capabilities of a function: the two lists, and what is read of each. */
#include "base/cursor.h"
#include "pci/capability.h"

#define STANDARD_FIRST 0x40
#define STANDARD_LIMIT 0x100
#define EXTENDED_FIRST 0x100
#define EXTENDED_LIMIT 0x1000
/* The low bits of a pointer are reserved, and software shall mask them (PCI 3.0 6.7). */
#define POINTER_MASK 0x3u

/* One row per capability that decides something; the others are walked over. */
struct capability {
	uint16_t id;
	enum pp_cap cap;
	/* head: the 16 bits that came along with the header. NULL: being there is all. */
	int (*decode)(const struct pp_config_walk *w, uint16_t at, uint16_t head);
};

int pp_config_fetch(const struct pp_config_walk *w, uint16_t offset, void *buf, uint16_t len)
{
	int rc = w->in->read(w->in->ctx, offset, buf, len);

	if (!rc || rc == -ENODATA)
		return rc;
	return pp_fail(w->error, rc < 0 ? -rc : EIO,
	               "%s+0x%x: reading %u bytes of the configuration space failed", w->object,
	               offset, len);
}

/* A register inside the capability at at. A structure that passes limit was not really read. */
static int fetch_within(const struct pp_config_walk *w, uint16_t at, uint16_t reg, uint16_t limit,
                        uint8_t *buf, uint16_t len)
{
	if (at + reg + len > limit) {
		pp_note(w->notes, w->object, at,
		        "capability needs %u bytes and passes the end at 0x%x", reg + len, limit);
		return -ENODATA;
	}
	return pp_config_fetch(w, (uint16_t)(at + reg), buf, len);
}

/* Not read is no failure: the facts behind it stay unknown. */
static int unread_is_fine(int rc)
{
	return rc == -ENODATA ? 0 : rc;
}

/* PCI Power Management 1.2, 3.2.4: without NoSoftReset, D3hot to D0 resets the function */
static int decode_pm(const struct pp_config_walk *w, uint16_t at, uint16_t head)
{
	uint8_t pmcsr[2];

	int rc = fetch_within(w, at, 0x04, STANDARD_LIMIT, pmcsr, sizeof(pmcsr));
	if (rc)
		return unread_is_fine(rc);
	w->config->pm_no_soft_reset = pp_tri(pmcsr[0] & 0x08);
	return 0;
}

/* Conventional PCI Advanced Features ECN: a reset needs Transactions Pending as well as FLR */
static int decode_af(const struct pp_config_walk *w, uint16_t at, uint16_t head)
{
	w->config->af_flr = pp_tri((head >> 8 & 0x03) == 0x03);
	return 0;
}

/* PCIe 7.5.3.3: function level reset is for endpoints; elsewhere the bit is hardwired to 0 */
static int decode_pcie_flr(const struct pp_config_walk *w, uint16_t at)
{
	uint8_t type = w->config->pcie_type;
	uint8_t devcap[4];

	if (type != PP_PCIE_ENDPOINT && type != PP_PCIE_LEGACY_ENDPOINT &&
	    type != PP_PCIE_RC_ENDPOINT) {
		w->config->flr = PP_NO;
		return 0;
	}
	int rc = fetch_within(w, at, 0x04, STANDARD_LIMIT, devcap, sizeof(devcap));
	if (rc)
		return unread_is_fine(rc);
	w->config->flr = pp_tri(devcap[3] & 0x10);
	return 0;
}

/* PCIe 7.5.3.9: only behind a port with a link below it can there be a slot */
static int decode_pcie_slot(const struct pp_config_walk *w, uint16_t at, uint16_t flags)
{
	struct pp_config *c = w->config;
	bool port = c->pcie_type == PP_PCIE_ROOT_PORT || c->pcie_type == PP_PCIE_DOWNSTREAM ||
	            c->pcie_type == PP_PCI_TO_PCIE_BRIDGE;
	uint8_t slotcap[4];

	c->slot_implemented = pp_tri(port && (flags & 0x0100));
	if (c->slot_implemented == PP_NO) {
		c->slot_number_known = PP_NO;
		return 0;
	}
	int rc = fetch_within(w, at, 0x14, STANDARD_LIMIT, slotcap, sizeof(slotcap));
	if (rc)
		return unread_is_fine(rc);
	c->slot_number = (uint16_t)((slotcap[3] << 8 | slotcap[2]) >> 3);
	c->hot_plug = slotcap[0] & 0x40;
	c->slot_number_known = PP_YES;
	return 0;
}

static int decode_pcie(const struct pp_config_walk *w, uint16_t at, uint16_t head)
{
	w->config->pcie_type = head >> 4 & 0xf;
	w->config->pcie_type_known = PP_YES;
	int rc = decode_pcie_flr(w, at);
	return rc ? rc : decode_pcie_slot(w, at, head);
}

/* PCIe 7.7.11 */
static int decode_acs(const struct pp_config_walk *w, uint16_t at, uint16_t head)
{
	uint8_t b[4];

	int rc = fetch_within(w, at, 0x04, EXTENDED_LIMIT, b, sizeof(b));
	if (rc)
		return unread_is_fine(rc);
	w->config->acs_cap = (uint16_t)(b[0] | b[1] << 8);
	w->config->acs_ctl = (uint16_t)(b[2] | b[3] << 8);
	w->config->acs_known = PP_YES;
	return 0;
}

/* PCIe 9.3.3.14 */
static int decode_vf_bars(const struct pp_config_walk *w, uint16_t at)
{
	struct pp_cursor c;
	uint8_t b[4 * PP_CONFIG_BARS];

	int rc = fetch_within(w, at, 0x24, EXTENDED_LIMIT, b, sizeof(b));
	if (rc)
		return unread_is_fine(rc);
	pp_cursor_init(&c, PP_SPAN(b, sizeof(b)), w->object, (size_t)at + 0x24);
	for (unsigned int i = 0; i < PP_CONFIG_BARS; i++)
		w->config->vf_bar[i] = pp_cursor_u32(&c);
	w->config->vf_bars_known = PP_YES;
	return 0;
}

/* PCIe 9.3.3.3 control to 9.3.3.7 NumVFs, one read */
static int decode_sriov(const struct pp_config_walk *w, uint16_t at, uint16_t head)
{
	struct pp_cursor c;
	uint8_t b[10];

	int rc = fetch_within(w, at, 0x08, EXTENDED_LIMIT, b, sizeof(b));
	if (rc)
		return unread_is_fine(rc);
	pp_cursor_init(&c, PP_SPAN(b, sizeof(b)), w->object, (size_t)at + 0x08);
	w->config->sriov_vf_enable = pp_cursor_u16(&c) & 0x1;
	pp_cursor_skip(&c, 4); /* status, InitialVFs */
	w->config->sriov_total_vfs = pp_cursor_u16(&c);
	w->config->sriov_num_vfs = pp_cursor_u16(&c);
	w->config->sriov_known = PP_YES;
	return decode_vf_bars(w, at);
}

/* PCIe 7.8.6.2 and 7.8.6.3: a pair of registers for each BAR that can be resized */
static int decode_rebar(const struct pp_config_walk *w, uint16_t at, uint16_t head)
{
	unsigned int count = 1;

	for (unsigned int i = 0; i < count && i < PP_CONFIG_BARS; i++) {
		struct pp_cursor c;
		uint8_t b[8];
		uint16_t reg = (uint16_t)(4 + 8 * i);
		int rc = fetch_within(w, at, reg, EXTENDED_LIMIT, b, sizeof(b));
		if (rc)
			return unread_is_fine(rc);
		pp_cursor_init(&c, PP_SPAN(b, sizeof(b)), w->object, (size_t)at + reg);
		uint32_t sizes = pp_cursor_u32(&c) >> 4, control = pp_cursor_u32(&c);
		if (!i)
			count = control >> 5 & 0x7;
		if ((control & 0x7) < PP_CONFIG_BARS)
			w->config->rebar[control & 0x7] = (struct pp_config_rebar){
				.there = true,
				.now = control >> 8 & 0x3f,
				.sizes = sizes,
			};
	}
	return 0;
}

static const struct capability standard[] = {
	{ 0x01, PP_CAP_PM, decode_pm },
	{ 0x05, PP_CAP_MSI, NULL },
	{ 0x07, PP_CAP_PCIX, NULL },
	{ 0x10, PP_CAP_PCIE, decode_pcie },
	{ 0x11, PP_CAP_MSIX, NULL },
	{ 0x13, PP_CAP_AF, decode_af },
	{ 0 },
};

static const struct capability extended[] = {
	{ 0x000d, PP_CAP_ACS, decode_acs },
	{ 0x000e, PP_CAP_ARI, NULL },
	{ 0x0010, PP_CAP_SRIOV, decode_sriov },
	{ 0x0015, PP_CAP_REBAR, decode_rebar },
	{ 0 },
};

static void rest_is_absent(const struct capability *table, struct pp_config *c)
{
	for (; table->id; table++)
		if (c->caps[table->cap].seen == PP_UNKNOWN)
			c->caps[table->cap].seen = PP_NO;
}

/* What hangs on a capability that is known not to be there, is known too. */
void pp_config_end_standard(struct pp_config *c)
{
	rest_is_absent(standard, c);
	if (c->caps[PP_CAP_AF].seen == PP_NO)
		c->af_flr = PP_NO;
	if (c->caps[PP_CAP_PCIE].seen == PP_NO)
		c->pcie_type_known = c->flr = c->slot_implemented = c->slot_number_known = PP_NO;
}

void pp_config_end_extended(struct pp_config *c)
{
	rest_is_absent(extended, c);
	if (c->caps[PP_CAP_ACS].seen == PP_NO)
		c->acs_known = PP_NO;
	if (c->caps[PP_CAP_SRIOV].seen == PP_NO)
		c->sriov_known = c->vf_bars_known = PP_NO;
}

/* The first of a kind counts, as for the kernel, which looks for no second one. */
static int capability_found(const struct pp_config_walk *w, const struct capability *table,
                            uint16_t id, uint16_t at, uint16_t head)
{
	while (table->id && table->id != id)
		table++;
	if (!table->id)
		return 0;
	struct pp_config_cap *cap = &w->config->caps[table->cap];
	if (cap->seen == PP_YES) {
		pp_note(w->notes, w->object, at, "capability 0x%02x a second time, first at 0x%x",
		        id, cap->offset);
		return 0;
	}
	*cap = (struct pp_config_cap){ PP_YES, at };
	return table->decode ? table->decode(w, at, head) : 0;
}

/* Whether to go on at *pointer. It is masked, and the walk may have been there already. */
static bool capability_step(const struct pp_config_walk *w, uint16_t from, uint16_t first,
                            uint64_t *seen, uint16_t *pointer)
{
	uint16_t at = *pointer & (uint16_t)~POINTER_MASK;

	if (*pointer & POINTER_MASK)
		pp_note(w->notes, w->object, from,
		        "capability pointer 0x%x is not aligned: taken as 0x%x", *pointer, at);
	*pointer = at;
	if (at < first) {
		pp_note(w->notes, w->object, from,
		        "capability pointer 0x%x is below 0x%x: the list ends here, cut off", at,
		        first);
		return false;
	}
	if (seen[at / 256] >> (at / 4 % 64) & 1) {
		pp_note(w->notes, w->object, from,
		        "capability pointer 0x%x leads back: the list is a loop", at);
		return false;
	}
	seen[at / 256] |= (uint64_t)1 << (at / 4 % 64);
	return true;
}

int pp_config_walk_standard(const struct pp_config_walk *w, uint8_t first)
{
	uint64_t seen[STANDARD_LIMIT / 256] = { 0 };
	uint16_t from = w->config->header_type == PP_HEADER_CARDBUS ? 0x14 : 0x34;
	uint16_t at = first;

	while (at & ~POINTER_MASK) {
		if (!capability_step(w, from, STANDARD_FIRST, seen, &at))
			return 0;
		/* The whole dword: one bus cycle, and all of it is this capability's. */
		uint8_t b[4];
		int rc = pp_config_fetch(w, at, b, sizeof(b));
		if (rc)
			return unread_is_fine(rc);
		if (b[0] == 0xff) {
			pp_note(w->notes, w->object, at, "capability reads all ones");
			w->config->silent = at == (first & ~POINTER_MASK) && b[1] == 0xff &&
			                    b[2] == 0xff && b[3] == 0xff;
			return 0;
		}
		rc = capability_found(w, standard, b[0], at, (uint16_t)(b[2] | b[3] << 8));
		if (rc)
			return rc;
		from = at;
		at = b[1];
	}
	pp_config_end_standard(w->config);
	return 0;
}

static int fetch_dword(const struct pp_config_walk *w, uint16_t at, uint32_t *ret)
{
	struct pp_cursor c;
	uint8_t b[4];

	int rc = pp_config_fetch(w, at, b, sizeof(b));
	if (rc)
		return rc;
	pp_cursor_init(&c, PP_SPAN(b, sizeof(b)), w->object, at);
	*ret = pp_cursor_u32(&c);
	return 0;
}

/*
 * Some bridges answer above 0x100 with the first 256 bytes again, as Linux found out. Asked only
 * where the first extended header is the function's own ids. 1: aliased.
 */
static int is_aliased(const struct pp_config_walk *w, uint32_t header)
{
	uint32_t ids = (uint32_t)w->config->device << 16 | w->config->vendor;

	if (header != ids)
		return 0;
	for (uint16_t at = 2 * EXTENDED_FIRST; at < EXTENDED_LIMIT; at += EXTENDED_FIRST) {
		uint32_t again;
		int rc = fetch_dword(w, at, &again);
		if (rc)
			return unread_is_fine(rc);
		if (again != ids)
			return 0;
	}
	pp_note(w->notes, w->object, EXTENDED_FIRST,
	        "the extended configuration space only repeats the first 256 bytes");
	return 1;
}

/* The header at 0x100, which is there always. *ret 0: no extended capabilities. */
static int first_extended(const struct pp_config_walk *w, uint32_t *ret)
{
	uint32_t header;

	int rc = fetch_dword(w, EXTENDED_FIRST, &header);
	if (rc)
		return rc;
	rc = is_aliased(w, header);
	if (rc < 0)
		return rc;
	/* All ones: nobody answers there, so the kernel has 256 bytes only. */
	*ret = rc || header == UINT32_MAX ? 0 : header;
	return 0;
}

int pp_config_walk_extended(const struct pp_config_walk *w)
{
	uint64_t seen[EXTENDED_LIMIT / 256] = { [EXTENDED_FIRST / 256] = 1 };
	uint16_t at = EXTENDED_FIRST;
	uint32_t header;

	int rc = first_extended(w, &header);
	while (!rc && header) {
		if (header == UINT32_MAX) {
			pp_note(w->notes, w->object, at, "extended capability reads all ones");
			return 0;
		}
		rc = capability_found(w, extended, (uint16_t)header, at, (uint16_t)(header >> 16));
		if (rc)
			return rc;
		uint16_t from = at;
		at = (uint16_t)(header >> 20);
		if (!(at & ~POINTER_MASK))
			break;
		if (!capability_step(w, from, EXTENDED_FIRST, seen, &at))
			return 0;
		rc = fetch_dword(w, at, &header);
	}
	if (rc)
		return unread_is_fine(rc);
	pp_config_end_extended(w->config);
	return 0;
}
