/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a device's BARs ask for, as the kernel tells it: reading their size from the device itself
 * would mean writing to them.
 */
#include <string.h>

#include "base/text.h"
#include "host/build.h"

/* Documentation/PCI/sysfs-pci.rst; include/linux/ioport.h */
#define FLAG_IO     0x00000100
#define FLAG_MEMORY 0x00000200
#define FLAG_64     0x00100000

/* No device asks for more; sums of what many ask for cannot overflow. */
#define MAX_BAR_BYTES (UINT64_C(1) << 48)

#define ROM_LINE PP_NR_BARS

/* "0x00000000f7e00000 0x00000000f7e03fff 0x0000000000140204": first, last, flags. */
static bool bars_parse_line(struct pp_span line, uint64_t ret[3])
{
	struct pp_span word;
	char text[24];

	for (size_t i = 0; i < 3; i++) {
		if (!pp_text_word(&line, &word) || word.len >= sizeof(text))
			return false;
		memcpy(text, word.data, word.len);
		text[word.len] = '\0';
		if (!pp_parse_hex(text, UINT64_MAX, &ret[i]))
			return false;
	}
	return true;
}

static bool parse_bars(struct pp_span text, struct pp_bars *ret)
{
	struct pp_span line;
	uint64_t row[3];

	for (size_t i = 0; i <= ROM_LINE; i++) {
		if (!pp_text_line(&text, &line) || !bars_parse_line(line, row))
			return false;
		if (!(row[2] & (FLAG_IO | FLAG_MEMORY)))
			continue;
		if (row[1] < row[0] || row[1] - row[0] >= MAX_BAR_BYTES)
			return false;
		uint64_t bytes = row[1] - row[0] + 1;
		if (i == ROM_LINE)
			ret->rom_bytes = bytes;
		else
			ret->bar[i] = (struct pp_bar){ bytes, row[2] & FLAG_IO, row[2] & FLAG_64 };
	}
	return true;
}

int pp_build_bars(struct pp_host_build *b, struct pp_node dir, struct pp_device *d)
{
	char text[4096];
	int r = pp_source_read_text(b->source, dir, "resource", text, sizeof(text));

	d->bars_error = -r;
	if (r)
		return r == -ENOMEM ? r : 0;
	struct pp_bars *bars = PP_ARENA_NEW(&b->host->arena, struct pp_bars);
	if (!bars)
		return -ENOMEM;
	if (parse_bars(PP_SPAN(text, strlen(text)), bars)) {
		d->bars = bars;
		return 0;
	}
	d->bars_error = EBADMSG;
	return 0;
}
