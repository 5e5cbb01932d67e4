/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Hex digits. */
#ifndef PP_BASE_HEX_H
#define PP_BASE_HEX_H

#include <stdbool.h>
#include <stdint.h>

#include "base/span.h"

/* The digit's value, in either case; 16: it is none. */
static inline unsigned int pp_hex_digit(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10u;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10u;
	return 16;
}

/* The same where only the form that pp_hex_put() writes is taken. */
static inline unsigned int pp_hex_digit_lower(uint8_t c)
{
	return c >= 'A' && c <= 'F' ? 16 : pp_hex_digit(c);
}

/* Two digits a byte, in lower case, without a NUL; returns where they end. */
static inline char *pp_hex_put(struct pp_span bytes, char *to)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < bytes.len; i++) {
		*to++ = digits[bytes.data[i] >> 4];
		*to++ = digits[bytes.data[i] & 15];
	}
	return to;
}

#endif
