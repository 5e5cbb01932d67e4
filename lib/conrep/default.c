/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The default value of a setting, where it is known. */
#include <stddef.h>
#include <string.h>

#include "conrep/default.h"

static const struct {
	const char *prefix; /* of the section's name */
	const char *value;
} defaults[] = {
	/* Gen8 servers name the cards of all slots: published how-tos and saves agree. */
	{ "RMRDS_Slot", "Endpoints_Included" },
};

const char *pp_section_default(const struct pp_schema_section *s)
{
	for (size_t i = 0; i < sizeof(defaults) / sizeof(defaults[0]); i++) {
		if (strncmp(s->name, defaults[i].prefix, strlen(defaults[i].prefix)) != 0)
			continue;
		for (uint32_t j = 0; j < s->nr_values; j++)
			if (!strcmp(s->values[j].text, defaults[i].value))
				return s->values[j].text;
	}
	return NULL;
}
