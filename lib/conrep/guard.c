/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Machines on which a setting must not be written although the schema allows it. */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "conrep/guard.h"

struct guard {
	const char *prefix;      /* of the section's name */
	const char *products[2]; /* all of them are in the product's name */
	const char *meant_for;
	const char *elsewhere; /* what the bits are on other machines */
};

static const struct guard guards[] = {
	{ "RMRDS_Slot",
	  { "ProLiant", "Gen8" },
	  "a ProLiant Gen8",
	  "elsewhere the same byte means something else (on a Gen9 the processor's "
	  "Energy_Performance_Bias)" },
};

/* What to do on such a product instead, or what to expect there. */
static const struct {
	const char *prefix, *product, *text;
} advice[] = {
	{ "RMRDS_Slot", "Gen9",
	  "on a Gen9, switch off \"HP Shared Memory features\" of the card in the System Utilities "
	  "instead" },
	{ "RMRDS_Slot", "MicroServer Gen8",
	  "on a MicroServer Gen8 this is reported not to help: the regions stay as they are" },
};

/* Another spelling addresses the same bits. */
static bool has_prefix(const char *name, const char *prefix)
{
	return !strncasecmp(name, prefix, strlen(prefix));
}

static bool is_called(const struct pp_schema_section *s, const char *prefix)
{
	if (has_prefix(s->name, prefix))
		return true;
	for (uint32_t i = 0; i < s->nr_altnames; i++)
		if (has_prefix(s->altnames[i], prefix))
			return true;
	return false;
}

static const char *find_advice(const struct pp_schema_section *s, const char *product)
{
	for (size_t i = 0; i < sizeof(advice) / sizeof(advice[0]); i++)
		if (is_called(s, advice[i].prefix) && strstr(product, advice[i].product))
			return advice[i].text;
	return "";
}

static enum pp_fit ask(const struct guard *g, const struct pp_schema_section *s,
                       const struct pp_machine *m, char *reason, size_t size)
{
	if (!m->product || !*m->product) {
		snprintf(reason, size,
		         "%s is for %s only, and this machine's product name is not known; %s",
		         s->name, g->meant_for, g->elsewhere);
		return PP_FIT_UNKNOWN;
	}
	const char *more = find_advice(s, m->product);
	for (size_t i = 0; i < sizeof(g->products) / sizeof(g->products[0]); i++) {
		if (strstr(m->product, g->products[i]))
			continue;
		snprintf(reason, size, "%s is for %s only and this machine is \"%s\"; %s%s%s",
		         s->name, g->meant_for, m->product, g->elsewhere, *more ? "; " : "", more);
		return PP_FIT_NO;
	}
	snprintf(reason, size, "%s", more);
	return PP_FIT_YES;
}

enum pp_fit pp_guard_fit(const struct pp_schema_section *s, const struct pp_machine *m,
                         char *reason, size_t size)
{
	enum pp_fit fit = PP_FIT_YES;

	if (size)
		reason[0] = '\0';
	for (size_t i = 0; i < sizeof(guards) / sizeof(guards[0]) && fit == PP_FIT_YES; i++)
		if (is_called(s, guards[i].prefix))
			fit = ask(&guards[i], s, m, reason, size);
	if (size)
		pp_text_clean_in_place(reason);
	return fit;
}
