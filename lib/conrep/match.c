/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which sections of a schema are for a machine. */
#define _GNU_SOURCE
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "conrep/quirk.h"

/* A list longer than that is cut short in a sentence. */
#define MAX_SHOWN 6

/* --- dates --- */

/* 1 to most digits; the place after them, or NULL. */
static const char *digits(const char *s, size_t least, size_t most, uint32_t *ret)
{
	size_t n = strspn(s, "0123456789");

	if (n < least || n > most)
		return NULL;
	*ret = 0;
	for (size_t i = 0; i < n; i++)
		*ret = *ret * 10 + (uint32_t)(s[i] - '0');
	return s + n;
}

uint32_t pp_rom_date(const char *text)
{
	uint32_t month, day, year;
	const char *s = digits(text, 1, 2, &month);

	if (!s || *s != '/' || month < 1 || month > 12)
		return 0;
	s = digits(s + 1, 1, 2, &day);
	if (!s || *s != '/' || day < 1 || day > 31)
		return 0;
	const char *end = digits(s + 1, 2, 4, &year);
	if (!end || *end || end - s == 4)
		return 0;
	if (end - s == 3)
		year += year < 70 ? 2000 : 1900;
	return (year * 100 + month) * 100 + day;
}

/* --- one entry against the machine --- */

static bool fits_product(const char *machine, const char *wanted)
{
	return strstr(machine, wanted);
}

static bool fits_family(const char *machine, const char *wanted)
{
	return !strcmp(machine, wanted);
}

static bool fits_date(const char *machine, const char *wanted)
{
	return pp_rom_date(machine) > pp_rom_date(wanted);
}

/* "Intel", "Intel(R) Corporation" and "GenuineIntel" are one; so are AMD's names. */
static bool fits_processor(const char *machine, const char *wanted)
{
	static const char *const makers[][2] = { { "Intel", "Intel" },
		                                 { "AMD", "Advanced Micro Devices" } };

	if (strcasestr(machine, wanted))
		return true;
	for (size_t i = 0; i < sizeof(makers) / sizeof(makers[0]); i++) {
		const char *a = makers[i][0], *b = makers[i][1];
		if ((strcasestr(machine, a) || strcasestr(machine, b)) &&
		    (strcasestr(wanted, a) || strcasestr(wanted, b)))
			return true;
	}
	return false;
}

/* --- one kind of condition --- */

struct condition {
	const char *what, *verb;
	const char *const *entries;
	uint32_t count;
	const char *machine; /* NULL: not known */
	bool (*fits)(const char *machine, const char *wanted);
};

#define NR_KINDS 4

static void conditions_of(const struct pp_schema_conditions *c, const struct pp_machine *m,
                          struct condition ret[NR_KINDS])
{
	const char *date = m->rom_date && pp_rom_date(m->rom_date) ? m->rom_date : NULL;

	ret[0] = (struct condition){ "product",       "",         c->platforms,
		                     c->nr_platforms, m->product, fits_product };
	ret[1] = (struct condition){ "ROM family",  "",         c->rom_families, c->nr_rom_families,
		                     m->rom_family, fits_family };
	ret[2] = (struct condition){ "ROM date",      "after ", c->rom_dates,
		                     c->nr_rom_dates, date,     fits_date };
	ret[3] = (struct condition){ "processor",      "",           c->processors,
		                     c->nr_processors, m->processor, fits_processor };
	for (unsigned int i = 0; i < NR_KINDS; i++)
		if (ret[i].machine && !*ret[i].machine)
			ret[i].machine = NULL;
}

static enum pp_match match_of(const struct condition *c)
{
	if (!c->count)
		return PP_MATCH_YES;
	if (!c->machine)
		return PP_MATCH_UNKNOWN;
	for (uint32_t i = 0; i < c->count; i++)
		if (c->fits(c->machine, c->entries[i]))
			return PP_MATCH_YES;
	return PP_MATCH_NO;
}

/* Appends what fits into the buffer; snprintf's result may be beyond it. */
static void append(char *buf, size_t size, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

static void append(char *buf, size_t size, const char *fmt, ...)
{
	size_t len = size ? strlen(buf) : 0;
	va_list ap;

	if (!size)
		return;
	va_start(ap, fmt);
	vsnprintf(buf + len, size - len, fmt, ap);
	va_end(ap);
}

static void explain(const struct condition *c, const char *what, char *buf, size_t size)
{
	append(buf, size, "%s is for %s ", what, c->what);
	for (uint32_t i = 0; i < c->count && i < MAX_SHOWN; i++)
		append(buf, size, "%s%s\"%s\"", i ? " or " : "", c->verb, c->entries[i]);
	if (c->count > MAX_SHOWN)
		append(buf, size, " or %u more", c->count - MAX_SHOWN);
	if (c->machine)
		append(buf, size, ", this machine's is \"%s\"", c->machine);
	else
		append(buf, size, ", this machine's is not known");
}

static enum pp_match match_conditions(const struct pp_schema_conditions *conditions,
                                      const struct pp_machine *m, const char *what, char *reason,
                                      size_t size)
{
	struct condition all[NR_KINDS];
	const struct condition *against = NULL;
	enum pp_match fit = PP_MATCH_YES;

	conditions_of(conditions, m, all);
	for (unsigned int i = 0; i < NR_KINDS && fit != PP_MATCH_NO; i++) {
		enum pp_match one = match_of(&all[i]);
		if (one == PP_MATCH_NO || (one == PP_MATCH_UNKNOWN && fit == PP_MATCH_YES)) {
			fit = one;
			against = &all[i];
		}
	}
	if (against)
		explain(against, what, reason, size);
	return fit;
}

/* --- the questions --- */

/* The helptext is written over several lines; a sentence is not. */
static void append_help(char *buf, size_t size, const char *help)
{
	struct pp_span rest = PP_SPAN(help, strlen(help)), word;

	for (const char *before = ": "; pp_text_word(&rest, &word); before = " ")
		append(buf, size, "%s%.*s", before, (int)word.len, (const char *)word.data);
}

enum pp_match pp_schema_match(const struct pp_schema *s, const struct pp_machine *m, char *reason,
                              size_t size)
{
	if (size)
		reason[0] = '\0';
	enum pp_match fit = match_conditions(&s->global, m, s->object, reason, size);
	if (fit != PP_MATCH_YES)
		append_help(reason, size, s->helptext);
	if (size)
		pp_text_clean_in_place(reason);
	return fit;
}

enum pp_match pp_section_match(const struct pp_schema_section *s, const struct pp_machine *m,
                               char *reason, size_t size)
{
	char others[PP_REASON_BYTES] = "";

	/* A guard's no is the weightier word, its unknown is not. */
	enum pp_match guard = pp_quirk_match(s, m, reason, size);
	if (guard == PP_MATCH_NO)
		return guard;
	enum pp_match fit = match_conditions(&s->conditions, m, s->name, others, sizeof(others));
	if (fit == PP_MATCH_NO || (fit == PP_MATCH_UNKNOWN && guard == PP_MATCH_YES)) {
		pp_text_clean_in_place(others);
		snprintf(reason, size, "%s", others);
		return fit;
	}
	return guard;
}

static bool is_called(const struct pp_schema_section *s, const char *name, bool by_altname)
{
	if (!by_altname)
		return !strcmp(s->name, name);
	for (uint32_t i = 0; i < s->nr_altnames; i++)
		if (!strcmp(s->altnames[i], name))
			return true;
	return false;
}

static bool same_values(const struct pp_schema_section *a, const struct pp_schema_section *b)
{
	if (a->nr_values != b->nr_values || a->nr_fields != b->nr_fields)
		return false;
	for (uint32_t i = 0; i < a->nr_values; i++)
		if (a->values[i].id != b->values[i].id ||
		    strcmp(a->values[i].text, b->values[i].text))
			return false;
	for (uint32_t i = 0; i < a->nr_fields; i++)
		if (a->fields[i].start != b->fields[i].start ||
		    a->fields[i].size != b->fields[i].size ||
		    strcmp(a->fields[i].name, b->fields[i].name))
			return false;
	return true;
}

/* Whether a text means the same bytes in both. */
static bool same_meaning(const struct pp_schema_section *a, const struct pp_schema_section *b)
{
	if (a->space != b->space || (a->ev && strcmp(a->ev, b->ev)))
		return false;
	return a->kind == b->kind && a->length == b->length && a->offset == b->offset &&
	       a->mask == b->mask && a->record_size == b->record_size && a->text == b->text &&
	       a->empty_delete == b->empty_delete && same_values(a, b);
}

/* What was found of a name so far: the first of each. */
struct search {
	const struct pp_schema_section *yes, *unknown, *no;
};

static void match_look(const struct pp_schema *s, const struct pp_machine *m, const char *name,
                       bool by_altname, struct search *found)
{
	for (uint32_t i = 0; i < s->nr_sections; i++) {
		const struct pp_schema_section *c = &s->sections[i];
		if (!is_called(c, name, by_altname))
			continue;
		enum pp_match fit = pp_section_match(c, m, NULL, 0);
		const struct pp_schema_section **place = fit == PP_MATCH_YES  ? &found->yes
		                                         : fit == PP_MATCH_NO ? &found->no
		                                                              : &found->unknown;
		if (!*place)
			*place = c;
	}
}

/* A section of the same name that means something else than yes, and may be for this machine. */
static const struct pp_schema_section *match_rival(const struct pp_schema *s,
                                                   const struct pp_machine *m, const char *name,
                                                   bool by_altname,
                                                   const struct pp_schema_section *yes)
{
	for (uint32_t i = 0; i < s->nr_sections; i++) {
		const struct pp_schema_section *c = &s->sections[i];
		if (is_called(c, name, by_altname) && !same_meaning(c, yes) &&
		    pp_section_match(c, m, NULL, 0) != PP_MATCH_NO)
			return c;
	}
	return NULL;
}

static int fail_not_fit(const struct pp_schema *s, const struct pp_machine *m,
                        const struct pp_schema_section *c, struct pp_error *e)
{
	char reason[PP_REASON_BYTES];
	int code = pp_section_match(c, m, reason, sizeof(reason)) == PP_MATCH_UNKNOWN ? ENODATA
	           : pp_quirk_match(c, m, NULL, 0) == PP_MATCH_NO                     ? EPERM
	                                                                              : ENOTSUP;
	return pp_fail(e, code, "%s line %u: %s", s->object, c->line, reason);
}

int pp_schema_find(const struct pp_schema *s, const struct pp_machine *m, const char *name,
                   const struct pp_schema_section **ret, struct pp_error *e)
{
	struct search found = { NULL };
	bool by_altname = false;

	match_look(s, m, name, by_altname, &found);
	if (!found.yes && !found.unknown) {
		by_altname = true;
		match_look(s, m, name, by_altname, &found);
	}
	if (!found.yes && !found.unknown && !found.no)
		return pp_fail(e, ENOENT, "%s: no section %.64s", s->object, name);
	if (!found.yes)
		return fail_not_fit(s, m, found.unknown ? found.unknown : found.no, e);
	const struct pp_schema_section *other = match_rival(s, m, name, by_altname, found.yes);
	if (other && pp_section_match(other, m, NULL, 0) == PP_MATCH_UNKNOWN)
		return fail_not_fit(s, m, other, e);
	if (other)
		return pp_fail(e, EBADMSG,
		               "%s: section %.64s fits this machine in line %u and in line %u, and "
		               "they differ",
		               s->object, name, found.yes->line, other->line);
	*ret = found.yes;
	return 0;
}
