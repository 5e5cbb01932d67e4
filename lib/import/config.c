/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A configuration space that is put together byte by byte, and what of it is known. */
#include <stdio.h>
#include <string.h>

#include "import/import.h"

void pp_import_config_put(struct pp_import_config *c, unsigned int at, uint32_t value,
                          unsigned int bytes)
{
	for (unsigned int i = 0; i < bytes && at + i < PP_IMPORT_CONFIG; i++) {
		c->bytes[at + i] = (uint8_t)(value >> 8 * i);
		c->known[(at + i) / 8] |= (uint8_t)(1u << (at + i) % 8);
	}
}

static bool config_knows(const struct pp_import_config *c, unsigned int at)
{
	return at < PP_IMPORT_CONFIG && c->known[at / 8] >> at % 8 & 1;
}

bool pp_import_config_any(const struct pp_import_config *c)
{
	return config_knows(c, 0);
}

int pp_import_config_write(struct pp_import *in, const struct pp_import_config *c,
                           struct pp_address a, struct pp_error *e)
{
	char path[96], address[PP_ADDRESS_TEXT_BYTES], line[4096];
	unsigned int end = 0, at = 0;
	size_t n = 0;

	pp_address_format(a, address);
	snprintf(path, sizeof(path), "sys/bus/pci/devices/%s/config", address);
	for (unsigned int i = 0; i < PP_IMPORT_CONFIG; i++)
		if (config_knows(c, i))
			end = i + 1;
	/* What came before may have bytes that this text does not show; the ids are in each. */
	struct pp_span before;
	if (pp_import_get(in, path, &before) && before.len >= 4 && end >= 4 &&
	    !memcmp(before.data, c->bytes, 4))
		return 0;
	bool there = pp_import_has(in, path);
	int r = pp_import_file(in, path, c->bytes, end, e);
	if (r || there)
		return r;
	/* The ranges, as the manifest has them; a list too long for a line ends early. */
	while (at < end && n < sizeof(line) - 32) {
		unsigned int first = at;
		while (at < end && config_knows(c, at))
			at++;
		if (at > first)
			n += (size_t)snprintf(line + n, sizeof(line) - n, "%s%x-%x", n ? "," : "",
			                      first, at - 1);
		while (at < end && !config_knows(c, at))
			at++;
	}
	if (n)
		pp_import_says(in, "partial %s %s", path, line);
	return 0;
}
