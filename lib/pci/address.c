/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* PCI addresses as text. */
#include <stddef.h>

#include "base/hex.h"
#include "pci/address.h"

static char *address_put(char *to, uint32_t number, unsigned int digits)
{
	for (unsigned int i = digits; i--;)
		*to++ = "0123456789abcdef"[number >> 4 * i & 15];
	return to;
}

/* Every device is named several times in every survey: without snprintf(). */
static void address_put_on_bus(char *to, struct pp_address a)
{
	to = address_put(to, a.bus, 2);
	*to++ = ':';
	to = address_put(to, a.device, 2);
	*to++ = '.';
	*address_put(to, a.function, a.function > 15 ? 2 : 1) = '\0';
}

const char *pp_address_format(struct pp_address a, char ret[PP_ADDRESS_TEXT_BYTES])
{
	unsigned int digits = 4;

	while (digits < 8 && a.domain >> 4 * digits)
		digits++;
	char *to = address_put(ret, a.domain, digits);
	*to++ = ':';
	address_put_on_bus(to, a);
	return ret;
}

const char *pp_address_format_short(struct pp_address a, char ret[PP_ADDRESS_TEXT_BYTES])
{
	if (a.domain)
		return pp_address_format(a, ret);
	address_put_on_bus(ret, a);
	return ret;
}

/* One to max_digits hex digits, ended by end; NULL if that is not what stands there. */
static const char *address_field(const char *s, int max_digits, char end, uint32_t *ret)
{
	uint32_t v = 0;
	int n = 0;

	for (; n < max_digits; n++) {
		unsigned int digit = pp_hex_digit((uint8_t)s[n]);
		if (digit > 15)
			break;
		v = v << 4 | digit;
	}
	if (!n || s[n] != end)
		return NULL;
	*ret = v;
	return s + n + 1;
}

bool pp_address_parse(const char *s, struct pp_address *ret)
{
	uint32_t domain = 0, bus, device, function;
	const char *rest = address_field(s, 8, ':', &domain);

	if (!rest)
		return false;
	const char *after_bus = address_field(rest, 2, ':', &bus);
	if (after_bus) {
		rest = after_bus;
	} else {
		/* No domain: what was read first is the bus. */
		bus = domain;
		domain = 0;
	}
	rest = address_field(rest, 2, '.', &device);
	if (!rest || !address_field(rest, 1, '\0', &function))
		return false;
	if (bus > 0xff || device > 0x1f || function > 7)
		return false;
	*ret = (struct pp_address){ domain, (uint8_t)bus, (uint8_t)device, (uint8_t)function };
	return true;
}

int pp_address_compare(struct pp_address a, struct pp_address b)
{
	uint64_t x = (uint64_t)a.domain << 16 | a.bus << 8 | a.device << 3 | a.function;
	uint64_t y = (uint64_t)b.domain << 16 | b.bus << 8 | b.device << 3 | b.function;

	return x < y ? -1 : x > y;
}
