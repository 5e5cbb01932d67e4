/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Values that several JSON documents share, where these are still made as trees. */
#include <stdio.h>

#include "report/out.h"

json_t *pp_json_tri(enum pp_tri t)
{
	return t == PP_UNKNOWN ? json_null() : json_boolean(t == PP_YES);
}

json_t *pp_json_hex(uint64_t v)
{
	char text[24];

	snprintf(text, sizeof(text), "0x%llx", (unsigned long long)v);
	return json_string(text);
}

json_t *pp_json_address(struct pp_address a)
{
	char text[PP_ADDRESS_TEXT_BYTES];

	pp_address_format(a, text);
	return json_string(text);
}
