/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* CRC-32 as zlib and Ethernet have it. */
#include "base/crc32.h"

#define POLYNOMIAL 0xedb88320u /* bits reversed */

uint32_t pp_span_crc32(struct pp_span s)
{
	uint32_t crc = 0xffffffffu;

	for (size_t i = 0; i < s.len; i++) {
		crc ^= s.data[i];
		for (int bit = 0; bit < 8; bit++)
			crc = crc & 1 ? crc >> 1 ^ POLYNOMIAL : crc >> 1;
	}
	return ~crc;
}
