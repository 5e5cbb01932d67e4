/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* PCI addresses as text. */
#ifndef PP_PCI_ADDRESS_H
#define PP_PCI_ADDRESS_H

#include <stdbool.h>
#include <stdint.h>

/* Domain, bus, device, function. Domains above 0xffff exist (Intel VMD). */
struct pp_address {
	uint32_t domain;
	uint8_t bus, device, function;
};

#define PP_ADDRESS_TEXT_BYTES 20

/* "0000:07:00.0" (domains above 0xffff take the digits they need). Both return ret. */
const char *pp_address_format(struct pp_address a, char ret[PP_ADDRESS_TEXT_BYTES]);

/* The same without the domain where it is 0: "07:00.0", for people. */
const char *pp_address_format_short(struct pp_address a, char ret[PP_ADDRESS_TEXT_BYTES]);

/* The same as a text that lives as long as the block around it. */
#define PP_ADDRESS_TEXT(a)  pp_address_format((a), (char[PP_ADDRESS_TEXT_BYTES]){ "" })
#define PP_ADDRESS_SHORT(a) pp_address_format_short((a), (char[PP_ADDRESS_TEXT_BYTES]){ "" })

/* The kernel's form, or a person's: domain optional. Whole text or nothing. */
bool pp_address_parse(const char *s, struct pp_address *ret);

/* Order of the bus: domain, bus, device, function. */
int pp_address_compare(struct pp_address a, struct pp_address b);

static inline bool pp_address_equal(struct pp_address a, struct pp_address b)
{
	return pp_address_compare(a, b) == 0;
}

#endif
