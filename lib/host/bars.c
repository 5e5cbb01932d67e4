/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a device's BARs ask for, as the kernel tells it: reading their size from the device itself
 * would mean writing to them. And which of them have no address: sysfs shows nothing of these, or
 * that they are unset, though the function has them.
 */
#include <string.h>

#include "base/hex.h"
#include "base/text.h"
#include "host/bar-log.h"
#include "host/build.h"
#include "host/log-search.h"

/* Documentation/PCI/sysfs-pci.rst; include/linux/ioport.h */
#define FLAG_IO           0x00000100
#define FLAG_MEMORY       0x00000200
#define FLAG_PREFETCHABLE 0x00002000
#define FLAG_64           0x00100000
#define FLAG_UNSET        0x20000000

/* PCI 3.0 6.2.5.1: the low bits of a BAR, which say of what kind it is */
#define BAR_IO           0x1
#define BAR_64           0x4
#define BAR_PREFETCHABLE 0x8
#define BAR_KIND         0xf

/* No device asks for more; sums of what many ask for cannot overflow. */
#define MAX_BAR_BYTES (UINT64_C(1) << 48)

/* Lines of the file: six BARs, the ROM, six BARs of the virtual functions. */
#define ROM_LINE PP_NR_BARS
#define VF_LINE  (ROM_LINE + 1)
#define NR_LINES (VF_LINE + PP_NR_BARS)

/* Of all files this has the most numbers by far: they are read where they stand, byte by byte. */
static bool bars_parse_number(struct pp_span *rest, uint64_t *ret)
{
	const uint8_t *p = rest->data, *end = p + rest->len;
	uint64_t v = 0;

	while (p < end && (*p == ' ' || *p == '\t' || *p == '\r'))
		p++;
	if (end - p > 2 && p[0] == '0' && (p[1] == 'x' || p[1] == 'X'))
		p += 2;
	const uint8_t *first = p;
	for (; p < end; p++) {
		unsigned int digit = pp_hex_digit(*p);
		if (digit > 15)
			break;
		v = v << 4 | digit;
	}
	if (p == first || p - first > 16 || (p < end && !strchr(" \t\r\n", *p)))
		return false;
	*rest = PP_SPAN(p, (size_t)(end - p));
	*ret = v;
	return true;
}

/* "0x00000000f7e00000 0x00000000f7e03fff 0x0000000000140204": first, last, flags. */
static bool bars_parse_line(struct pp_span *rest, uint64_t ret[3])
{
	/* Most of them. */
	static const char none[] = "0x0000000000000000 0x0000000000000000 0x0000000000000000\n";
	struct pp_span behind;

	if (pp_span_starts(*rest, none)) {
		*rest = PP_SPAN(rest->data + sizeof(none) - 1, rest->len - (sizeof(none) - 1));
		ret[0] = ret[1] = ret[2] = 0;
		return true;
	}
	for (size_t i = 0; i < 3; i++)
		if (!bars_parse_number(rest, &ret[i]))
			return false;
	pp_text_line(rest, &behind);
	return true;
}

static bool bars_parse_bar(const uint64_t row[3], struct pp_bar *ret)
{
	bool memory = row[2] & FLAG_MEMORY, io = row[2] & FLAG_IO;

	if (!memory && !io)
		return true;
	if (row[1] < row[0] || row[1] - row[0] >= MAX_BAR_BYTES)
		return false;
	*ret = (struct pp_bar){
		.bytes = row[1] - row[0] + 1,
		.start = row[0],
		.io = io,
		.is_64 = row[2] & FLAG_64,
		.prefetchable = row[2] & FLAG_PREFETCHABLE,
	};
	/* Guests do without I/O ports, and hosts run out of them. */
	ret->unplaced = memory && (row[2] & FLAG_UNSET || !row[0]);
	if (!ret->unplaced)
		return true;
	ret->start = 0;
	ret->proof = row[2] & FLAG_UNSET ? "its line in resource says unset (flag 0x20000000)"
	                                 : "its line in resource begins at address 0";
	return true;
}

static bool parse_bars(struct pp_span text, struct pp_bars *ret)
{
	uint64_t row[3];

	for (size_t i = 0; i < NR_LINES; i++) {
		struct pp_bar bar = { 0 };
		/* A kernel without SR-IOV ends behind the ROM. */
		if (!text.len)
			return i >= VF_LINE;
		if (!bars_parse_line(&text, row) || !bars_parse_bar(row, &bar))
			return false;
		if (i == ROM_LINE)
			ret->rom_bytes = bar.bytes;
		else
			*(i < ROM_LINE ? &ret->bar[i] : &ret->vf[i - VF_LINE]) = bar;
	}
	return true;
}

/*
 * The registers of a function, and what the kernel made of them. A register that holds an address
 * which the kernel does not show was left out on purpose: quirks do that with what is no BAR.
 */
static void bars_compare(const uint32_t registers[PP_CONFIG_BARS], struct pp_bar *list)
{
	for (size_t i = 0; i < PP_NR_BARS; i++) {
		uint32_t kind = registers[i] & BAR_KIND;
		bool io = kind & BAR_IO, is_64 = !io && (kind & 0x6) == BAR_64;
		bool holds_address = registers[i] & ~BAR_KIND ||
		                     (is_64 && i + 1 < PP_NR_BARS && registers[i + 1]);
		if (kind && !io && !list[i].bytes && !holds_address)
			list[i] = (struct pp_bar){
				.is_64 = is_64,
				.prefetchable = kind & BAR_PREFETCHABLE,
				.unplaced = true,
				.proof = "its register says what it is, and resource has nothing",
			};
		i += is_64;
	}
}

static void bars_size_by_capability(const struct pp_config *c, struct pp_bars *bars)
{
	for (size_t i = 0; i < PP_NR_BARS; i++) {
		struct pp_bar *bar = &bars->bar[i];
		const struct pp_config_rebar *r = &c->rebar[i];
		if (bar->unplaced && !bar->bytes && r->there && r->now < 48 - 20)
			bar->bytes = (UINT64_C(1) << 20) << r->now;
	}
}

int pp_build_bars(struct pp_host_build *b, struct pp_node dir, struct pp_device *d)
{
	const struct pp_config *c = &d->config;
	char text[4096];
	int r = pp_source_read_text(b->source, dir, "resource", text, sizeof(text));

	d->bars_error = -r;
	if (r)
		return r == -ENOMEM ? r : 0;
	struct pp_bars *bars = PP_ARENA_NEW(&b->host->arena, struct pp_bars);
	if (!bars)
		return -ENOMEM;
	if (!parse_bars(PP_SPAN(text, strlen(text)), bars)) {
		d->bars_error = EBADMSG;
		return 0;
	}
	if (c->header_read == PP_YES && c->header_type == PP_HEADER_NORMAL) {
		bars_compare(c->bar, bars->bar);
		if (c->vf_bars_known == PP_YES && c->sriov_total_vfs)
			bars_compare(c->vf_bar, bars->vf);
		bars_size_by_capability(c, bars);
	}
	d->bars = bars;
	return 0;
}

/* What the log adds: the size; and BARs whose register is 0 for want of an address. */
static void bars_learn(struct pp_bar *bar, const struct pp_bar_log *l)
{
	if ((bar->bytes && !bar->unplaced) || l->bytes > MAX_BAR_BYTES)
		return;
	bar->bytes = l->bytes;
	bar->io = l->io;
	bar->is_64 |= l->is_64;
	bar->prefetchable |= l->prefetchable;
	bar->unplaced = !l->io;
	bar->proof = "kernel log: failed to assign";
}

int pp_build_bar_log(struct pp_host_build *b)
{
	struct pp_host *h = b->host;
	static const char *const text = "failed to assign";
	struct pp_log_search search;
	struct pp_span line;
	struct pp_bar_log l;

	pp_log_search_init(&search, b->log, &text, sizeof(text), 1);
	while (pp_log_search_next(&search, &line)) {
		if (!pp_bar_log_parse(line, &l))
			continue;
		uint32_t at = pp_host_find(h, l.device);
		if (at == PP_NO_DEVICE || !h->devices[at].bars)
			continue;
		struct pp_bars *bars = PP_ARENA_NEW(&h->arena, struct pp_bars);
		if (!bars)
			return -ENOMEM;
		*bars = *h->devices[at].bars;
		bars_learn(l.vf ? &bars->vf[l.bar] : &bars->bar[l.bar], &l);
		b->devices[at].bars = bars;
	}
	return 0;
}
