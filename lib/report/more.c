/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What decides and is in none of the texts that a host is made of, and what to type for it there.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "report/more.h"
#include "report/words.h"

#define MORE_CONFIG "the devices' configuration space"

/* What a fact comes from. The first row whose paths fit counts; the last one gives everything. */
static const struct more_row {
	const char *missing;  /* for people */
	const char *paths[3]; /* of what was not read; where a star stands, as pp_unread has it */
	const char *command, *as; /* its output goes into that file */
	bool slots;               /* decides of slots alone */
} more_rows[] = {
	{ MORE_CONFIG " and groups",
	  { "sys/bus/pci/devices", "sys/kernel/iommu_groups" },
	  "lspci -nnvvxxxx",
	  "lspci.txt",
	  false },
	{ "the firmware's IOMMU table",
	  { "sys/firmware/acpi/tables" },
	  "acpidump",
	  "acpidump.txt",
	  false },
	{ "the kernel log", { "kernel log" }, "dmesg", "dmesg.txt", false },
	{ "whether interrupts are remapped",
	  { "proc/interrupts" },
	  "cat /proc/interrupts",
	  "interrupts.txt",
	  false },
	{ "which card is in which slot",
	  { "sys/firmware/dmi/tables/DMI" },
	  "dmidecode",
	  "dmidecode.txt",
	  true },
};
#define MORE_NR_ROWS (sizeof(more_rows) / sizeof(more_rows[0]))
/* What no text has: how devices are reset, the kernel's regions, its modules. */
#define MORE_CAPTURE (1u << MORE_NR_ROWS)

static bool more_is_below(const char *path, const char *directory)
{
	size_t n = directory ? strlen(directory) : 0;

	return n && !strncmp(path, directory, n) && (!path[n] || path[n] == '/');
}

/* The kernel's list of a group's regions is in no text: the table and the log tell them as well. */
static bool more_gives(const struct more_row *row, const char *path)
{
	const char *last = strrchr(path, '/');

	if (last && !strcmp(last, "/reserved_regions"))
		return false;
	for (size_t i = 0; i < sizeof(row->paths) / sizeof(row->paths[0]); i++)
		if (more_is_below(path, row->paths[i]))
			return true;
	return false;
}

static const struct pp_row *more_row_of(const struct pp_survey *s, const uint32_t *only, uint32_t i)
{
	return &s->rows[only ? only[i] : i];
}

/* Whether a fact is missing that could change a verdict; or, *slots, a slot's number. */
static bool more_is_unknown(const struct pp_survey *s, const uint32_t *only, uint32_t nr,
                            bool *slots)
{
	bool unknown = false;

	*slots = false;
	for (uint32_t i = 0; i < nr; i++) {
		const struct pp_row *row = more_row_of(s, only, i);
		if (row->verdict == PP_VERDICT_NOT_ENDPOINT)
			continue;
		*slots |= row->device->slot.unknown;
		unknown |= row->verdict == PP_VERDICT_UNKNOWN;
		for (uint32_t f = 0; f < row->nr_findings && !unknown; f++)
			unknown = row->findings[f]->effect == PP_EFFECT_UNKNOWN;
	}
	return unknown;
}

static unsigned int more_wants(const struct pp_survey *s, bool unknown, bool slots)
{
	unsigned int wants = 0;

	for (const struct pp_unread *u = s->host->unread; u; u = u->next)
		for (size_t i = 0; i < MORE_NR_ROWS && u->error == ENODATA; i++)
			if (more_gives(&more_rows[i], u->path) &&
			    (more_rows[i].slots ? slots : unknown))
				wants |= 1u << i;
	return wants || !unknown ? wants : MORE_CAPTURE;
}

const char *pp_more_missing(const struct pp_more *m, unsigned int n)
{
	for (size_t i = 0; i < MORE_NR_ROWS; i++)
		if (m->wants >> i & 1 && !n--)
			return !i && m->has_groups ? MORE_CONFIG : more_rows[i].missing;
	return m->wants & MORE_CAPTURE && !n
	               ? "what only a capture holds, such as how devices are reset"
	               : NULL;
}

/* "sudo lspci -nnvvxxxx >lspci.txt"; of several one shell's, so that one password is enough. */
static void more_type_there(unsigned int wants, char *buf, size_t size)
{
	bool several = wants & (wants - 1);
	size_t n = (size_t)snprintf(buf, size, several ? "sudo sh -c '" : "sudo ");

	for (size_t i = 0; i < MORE_NR_ROWS; i++)
		if (wants >> i & 1)
			n += (size_t)snprintf(buf + n, size - n, "%s%s >%s",
			                      wants & ((1u << i) - 1) ? "; " : "",
			                      more_rows[i].command, more_rows[i].as);
	snprintf(buf + n, size - n, "%s", several ? "'" : "");
}

/* The new ones come first: where two tell of one thing, the first counts, and these tell more. */
static void more_type_here(const struct pp_out *o, unsigned int wants, char *buf, size_t size)
{
	static const char program[] = "pcipass";
	const char *again = o->style->command ? o->style->command : program;
	size_t n = (size_t)snprintf(buf, size, "%s", program);

	for (size_t i = 0; i < MORE_NR_ROWS; i++)
		if (wants >> i & 1)
			n += (size_t)snprintf(buf + n, size - n, " --from %s", more_rows[i].as);
	if (!strncmp(again, program, sizeof(program) - 1))
		again += sizeof(program) - 1;
	/* Half of a command would be another one. */
	if ((size_t)snprintf(buf + n, size - n, "%s", again) >= size - n)
		snprintf(buf + n, size - n, " --from FILE... (as before)");
}

bool pp_more_find(const struct pp_out *o, const struct pp_survey *s, const uint32_t *only,
                  uint32_t nr_only, struct pp_more *ret)
{
	bool slots, unknown;

	if (!s->host->origins || s->host->windows)
		return false;
	unknown = more_is_unknown(s, only, only ? nr_only : s->nr_rows, &slots);
	*ret = (struct pp_more){ .wants = more_wants(s, unknown, slots),
		                 .has_groups = s->host->nr_groups };
	if (!ret->wants)
		return false;
	if (ret->wants & MORE_CAPTURE) {
		snprintf(ret->there, sizeof(ret->there), "sudo pcipass capture -o host.tar.gz");
		snprintf(ret->here, sizeof(ret->here), "pcipass --from host.tar.gz");
		return true;
	}
	more_type_there(ret->wants, ret->there, sizeof(ret->there));
	more_type_here(o, ret->wants, ret->here, sizeof(ret->here));
	return true;
}

bool pp_more_print(struct pp_out *o, const struct pp_survey *s, const uint32_t *only,
                   uint32_t nr_only)
{
	char line[1024] = "";
	const char *missing;
	struct pp_more m;
	size_t n = 0;

	if (!pp_more_find(o, s, only, nr_only, &m))
		return false;
	for (unsigned int i = 0; (missing = pp_more_missing(&m, i)); i++)
		n += (size_t)snprintf(line + n, sizeof(line) - n, "%s%s", i ? "; " : "", missing);
	pp_out_wrapped(o, "Not known: ", "  ", line);
	/* What is typed stands on a line of its own, to be copied as a whole. */
	pp_out(o, "To know more, on that host: %s\n  then here: %s\n", m.there, m.here);
	return true;
}
