/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The tables of commands and of options. */
#include "table.h"

#include <string.h>

const struct command command_help = {
	.name = "help",
	.arguments = "[COMMAND]",
	.help = "show help for pcipass, or for a command",
	.max_arguments = 2,
};

const struct command *const commands[] = {
	&command_survey,   &command_explain,
	&command_check,    &command_reserved,
	&command_groups,   &command_slots,
	&command_tree,     &command_report,
	&command_capture,  &command_free,
	&command_verify,   &command_status,
	&command_undo,     &command_apply,
	&command_bind,     &command_unbind,
	&command_override, &command_emit,
	&command_settings, &command_help,
	&command_complete, NULL,
};

/*
 * Every option, once. In the order of --help: a title stands above the first of its group.
 */
const struct option_row option_rows[] = {
	{ 0, "from", "PATH", TAKES_FROM, FIELD(from),
	  "read a capture, directory, table or text, not this host", "Which host:" },
	{ 0, "for", "HYPERVISOR", TAKES_TARGET, FIELD(target),
	  "kvm (default on Linux), hyperv (on Windows), xen, or all", NULL },
	{ 0, "kernel", "RELEASE", TAKES_KERNEL, FIELD(kernel), "verdict for another Linux release",
	  NULL },
	{ 0, "json", NULL, TAKES_JSON, FIELD(json), "print one JSON document", "Output:" },
	{ 0, "all", NULL, TAKES_ALL, FIELD(all),
	  "show also bridges, and what else is usually left out", NULL },
	{ 'v', "verbose", NULL, TAKES_VERBOSE, FIELD(verbose),
	  "show all evidence; of settings also what was left out", NULL },
	{ 0, "columns", "LIST", TAKES_COLUMNS, FIELD(columns),
	  "print only the table, with these columns", NULL },
	{ 0, "list-columns", NULL, TAKES_LIST_COLUMNS, FIELD(list_columns),
	  "list the names of the columns", NULL },
	{ 0, "noheadings", NULL, TAKES_NO_HEADINGS, FIELD(noheadings),
	  "print only the table, without headings", NULL },
	{ 0, "filter", "FILTER", TAKES_FILTER, FIELD(filter),
	  "print only the rows of the table where COLUMN=VALUE,...", NULL },
	{ 0, "sort", "LIST", TAKES_SORT, FIELD(sort),
	  "print only the table, sorted by these columns", NULL },
	{ 0, "prometheus", NULL, TAKES_COLUMNS, FIELD(prometheus), "print metrics for Prometheus",
	  NULL },
	{ 0, "nfd", NULL, TAKES_COLUMNS, FIELD(nfd),
	  "print features for Kubernetes' node-feature-discovery", NULL },
	{ 0, "color", "WHEN", TAKES_COLOR, FIELD(color), "auto (default), always or never", NULL },
	{ 'o', "output", "FILE", TAKES_OUTPUT, FIELD(output), "write to FILE; -: standard output",
	  NULL },
	{ 0, "force", NULL, TAKES_FORCE, FIELD(force), "replace FILE if it exists", NULL },
	{ 0, "dry-run", NULL, TAKES_DRY_RUN, FIELD(dry_run),
	  "show what would be done; change nothing", "Changes:" },
	{ 0, "yes", NULL, TAKES_YES, FIELD(yes), "do not ask", NULL },
	{ 0, "by", "REMEDY", TAKES_BY, FIELD(by), "use this remedy instead of the recommended one",
	  NULL },
	{ 0, "plan", "FILE", TAKES_PLAN, FIELD(plan), "use the plan in FILE", NULL },
	{ 0, "store", "WHAT", TAKES_STORE, FIELD(store),
	  "where the settings are: image:FILE, efivars, hp:PROGRAM", NULL },
	{ 0, "schema", "FILE", TAKES_SCHEMA, FIELD(schema),
	  "schema of the settings; default: built-in rmrds.xml", NULL },
	{ 0, "now", NULL, TAKES_WHEN, FIELD(now), "only now, not at boot", NULL },
	{ 0, "boot", NULL, TAKES_WHEN, FIELD(boot), "only at boot, not now", NULL },
	{ 0, "resume", NULL, TAKES_RESUME, FIELD(resume), "continue an interrupted apply", NULL },
	{ 0, "files", NULL, TAKES_FILES, FIELD(files),
	  "undo only what was changed in files, also of another host", NULL },
	{ 0, "attach", "DEVICE", TAKES_ATTACH, FIELD(attach),
	  "try a real VFIO attach, then restore everything", NULL },
	{ 0, "take", NULL, TAKES_TAKE, FIELD(take),
	  "with --attach: take the device from its driver", NULL },
	{ 0, "reset", NULL, TAKES_RESET, FIELD(reset), "with --attach: also reset the device",
	  NULL },
	{ 0, "log", NULL, TAKES_LOG, FIELD(log), "explain lines of a log: TEXT, a file or stdin",
	  "Single commands:" },
	{ 0, "computed", NULL, TAKES_COMPUTED, FIELD(computed),
	  "compute the groups even if the kernel has made some", NULL },
	{ 0, "keep-private", NULL, TAKES_PRIVATE, FIELD(keep_private),
	  "keep serial numbers, UUIDs, MAC addresses and names", NULL },
	{ 0, "text", NULL, TAKES_CAPTURE, FIELD(text), "write text that fits in a forum post",
	  NULL },
	{ 0, "list", NULL, TAKES_CAPTURE, FIELD(list_files),
	  "write nothing; list what would go into the capture", NULL },
	{ 0, "vm", "GUEST", TAKES_VM, FIELD(vm),
	  "number (Proxmox VE) or name (Hyper-V) of the guest", NULL },
	{ 'h', "help", NULL, 0, FIELD(help), "show help for pcipass, or for a command", "Help:" },
	{ 'V', "version", NULL, 0, FIELD(version), "show the version", NULL },
};

const size_t nr_option_rows = sizeof(option_rows) / sizeof(option_rows[0]);
_Static_assert(sizeof(option_rows) / sizeof(option_rows[0]) <= MAX_OPTION_ROWS, "too many options");

bool option_is_taken(const struct option_row *r, const struct command *c)
{
	return !c || !r->mask || r->mask & c->takes;
}

const char *option_help(const struct option_row *r, const struct command *c)
{
	for (const struct option_help *h = c ? c->options : NULL; h && h->option; h++)
		if (!strcmp(h->option, r->name))
			return h->help;
	return r->help;
}

const struct command *find_command(const struct command *const *list, size_t skip, const char *name)
{
	for (; *list; list++)
		if (!strcmp((*list)->name + skip, name))
			return *list;
	return NULL;
}
