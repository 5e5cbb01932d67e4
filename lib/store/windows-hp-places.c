/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Where conrep is on Windows. The PowerShell module HPEBIOSCmdlets has it below a directory for
 * each version; HPE's scripting tools are unpacked below a directory of the manufacturer, or
 * anywhere.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/hp-places.h"
#include "sys/path.h"
#include "sys/windows-places.h"

#define MAX_DEPTH       5
#define MAX_DIRECTORIES 4000u /* looked into */
#define MAX_PLACES      64u
#define PATH_BYTES      32768

const char pp_hp_driver_name[] = "hpsstkio.sys";
const char pp_hp_rights[] = "; only an administrator can reach the settings";
const char pp_hp_package[] =
	"install HPE's PowerShell module HPEBIOSCmdlets, which only HPE's site offers";
const char pp_hp_no_driver[] =
	"the driver that it needs is missing: copy hpsstkio.sys, which HPE's package has, to "
	"C:\\Windows\\System32\\drivers";
const char *const pp_hp_names[] = { "conrep.exe", "hp-conrep.exe", NULL };

static const char *const modules[] = {
	"WindowsPowerShell/Modules/HPEBIOSCmdlets",
	"WindowsPowerShell/Modules/HPBIOSCmdlets",
	"PowerShell/Modules/HPEBIOSCmdlets",
	"PowerShell/Modules/HPBIOSCmdlets",
};
static const char *const makers[] = { "Hewlett Packard Enterprise", "Hewlett-Packard", "HPE",
	                              "HP" };

struct search {
	struct pp_arena *a;
	const char **places;
	uint32_t nr_places, nr_directories;
	bool failed; /* no memory */
};

static void places_add(struct search *s, const char *directory)
{
	const char *copy = pp_arena_strdup(s->a, directory);

	s->failed |= !copy;
	if (copy && s->nr_places < MAX_PLACES)
		s->places[s->nr_places++] = copy;
}

static bool places_has_program(const struct pp_names *names)
{
	for (uint32_t i = 0; i < names->count; i++)
		for (const char *const *name = pp_hp_names; *name; name++)
			if (!strcasecmp(names->names[i], *name))
				return true;
	return false;
}

/* The newer version first: a number counts as one, so that 10.0 comes before 9.1. */
static int places_compare(const void *x, const void *y)
{
	const char *a = *(const char *const *)x, *b = *(const char *const *)y;

	while (*a && *b) {
		unsigned long m = strtoul(a, NULL, 10), n = strtoul(b, NULL, 10);
		size_t i = strspn(a, "0123456789"), k = strspn(b, "0123456789");
		if (i && k && m != n)
			return m > n ? -1 : 1;
		if (!(i && k) && *a != *b)
			return *a < *b ? 1 : -1;
		a += i && k ? i : 1;
		b += i && k ? k : 1;
	}
	return *a ? -1 : *b ? 1 : 0;
}

/* Every directory at and below this one that has the program. Links are not followed. */
static void places_walk(struct search *s, const char *directory, int depth)
{
	struct pp_names names = { .count = 0 };
	struct pp_sys_info info;

	if (depth > MAX_DEPTH || ++s->nr_directories > MAX_DIRECTORIES ||
	    pp_path_info(directory, false, &info) || info.kind != PP_SYS_DIRECTORY ||
	    pp_path_list(directory, s->a, &names))
		return;
	if (places_has_program(&names))
		places_add(s, directory);
	const char **sorted = PP_ARENA_ARRAY(s->a, names.count, const char *);
	s->failed |= !sorted;
	if (!names.count || !sorted)
		return;
	memcpy(sorted, names.names, names.count * sizeof(*sorted));
	qsort(sorted, names.count, sizeof(*sorted), places_compare);
	for (uint32_t i = 0; i < names.count; i++) {
		const char *below = pp_arena_printf(s->a, "%s/%s", directory, sorted[i]);
		s->failed |= !below;
		if (below)
			places_walk(s, below, depth + 1);
	}
}

static void places_below(struct search *s, const char *const *names, size_t n)
{
	char files[PATH_MAX], directory[PATH_MAX];

	for (int is_32_bit = 0; is_32_bit < 2; is_32_bit++)
		for (size_t i = 0; i < n; i++)
			if (pp_windows_program_files(is_32_bit, files, sizeof(files)) &&
			    snprintf(directory, sizeof(directory), "%s/%s", files, names[i]) <
			            (int)sizeof(directory))
				places_walk(s, directory, 0);
}

/* That of all users, which only administrators can change. */
static void places_of_path(struct search *s)
{
	PP_CLEANUP(pp_cleanup_free) char *text = malloc(PATH_BYTES);
	char *rest = text;
	const char *directory;

	if (!text || !pp_windows_search_path(text, PATH_BYTES))
		return;
	while ((directory = strsep(&rest, ";")))
		if (pp_path_is_absolute(directory))
			places_add(s, directory);
}

const char *const *pp_hp_places(struct pp_arena *a)
{
	struct search s = { .a = a, .places = PP_ARENA_ARRAY(a, MAX_PLACES + 1, const char *) };

	if (!s.places)
		return NULL;
	places_below(&s, modules, sizeof(modules) / sizeof(modules[0]));
	s.nr_directories = 0;
	places_below(&s, makers, sizeof(makers) / sizeof(makers[0]));
	places_of_path(&s);
	s.places[s.nr_places] = NULL;
	return s.failed ? NULL : s.places;
}

bool pp_hp_driver_place(char ret[PATH_MAX])
{
	return snprintf(ret, PATH_MAX, "%s/System32/drivers/%s", pp_windows_directory(),
	                pp_hp_driver_name) < PATH_MAX;
}
