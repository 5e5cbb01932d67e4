/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Machines on which a setting must not be written although the schema allows it. */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "conrep/quirk.h"
#include "conrep/rmrds.h"

static enum pp_match guard_rmrds(const struct pp_schema_section *s, const struct pp_machine *m,
                                 char *reason, size_t size)
{
	static const char elsewhere[] = "elsewhere the same byte means something else (on a Gen9 "
					"the processor's Energy_Performance_Bias)";
	const char *note;

	switch (pp_rmrds_of(m, &note)) {
	case PP_RMRDS_UNKNOWN:
		snprintf(reason, size,
		         "%s is for a ProLiant Gen8 only, and this machine's product name is not "
		         "known; %s",
		         s->name, elsewhere);
		return PP_MATCH_UNKNOWN;
	case PP_RMRDS_NO:
		snprintf(reason, size,
		         "%s is for a ProLiant Gen8 only and this machine is \"%s\"; %s%s%s",
		         s->name, m->product, elsewhere, *note ? "; " : "", note);
		return PP_MATCH_NO;
	case PP_RMRDS_USELESS:
	case PP_RMRDS_YES:
		break;
	}
	snprintf(reason, size, "%s", note);
	return PP_MATCH_YES;
}

/* A guard is a row: the sections whose name begins so, and who decides. */
static const struct guard {
	const char *prefix;
	enum pp_match (*fit)(const struct pp_schema_section *s, const struct pp_machine *m,
	                     char *reason, size_t size);
} guards[] = {
	{ "RMRDS_Slot", guard_rmrds },
};

/* Another spelling addresses the same bits. */
static bool guard_has_prefix(const char *name, const char *prefix)
{
	return !strncasecmp(name, prefix, strlen(prefix));
}

static bool guard_covers(const struct guard *g, const struct pp_schema_section *s)
{
	if (guard_has_prefix(s->name, g->prefix))
		return true;
	for (uint32_t i = 0; i < s->nr_altnames; i++)
		if (guard_has_prefix(s->altnames[i], g->prefix))
			return true;
	return false;
}

enum pp_match pp_quirk_match(const struct pp_schema_section *s, const struct pp_machine *m,
                             char *reason, size_t size)
{
	enum pp_match fit = PP_MATCH_YES;

	if (size)
		reason[0] = '\0';
	for (size_t i = 0; i < sizeof(guards) / sizeof(guards[0]) && fit == PP_MATCH_YES; i++)
		if (guard_covers(&guards[i], s))
			fit = guards[i].fit(s, m, reason, size);
	if (size)
		pp_text_clean_in_place(reason);
	return fit;
}
