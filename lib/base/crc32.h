/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* CRC-32 as zlib and Ethernet compute it. */
#ifndef PP_BASE_CRC32_H
#define PP_BASE_CRC32_H

#include "base/span.h"

/* CRC-32 as zlib and gzip have it (RFC 1952, 8): to know bytes again, not to trust them. */
uint32_t pp_span_crc32(struct pp_span s);

#endif
