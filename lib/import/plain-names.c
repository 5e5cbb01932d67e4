/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Short outputs that name the kernel or the machine: uname, pveversion, hw-probe's dmi_id. */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "import/import.h"

/*
 * "proxmox-ve: 8.2.0 (running kernel: 6.8.12-4-pve)" of "pveversion -v"; without the option
 * "pve-manager/8.2.4/faa83925c9641325 (running kernel: 6.8.12-4-pve)".
 */
static bool pveversion_find(struct pp_span text, struct pp_span *ret)
{
	unsigned int indent;

	for (unsigned int n = 0; n < 50 && pp_import_line(&text, ret, &indent); n++)
		if ((pp_span_starts(*ret, "proxmox-ve: ") ||
		     pp_span_starts(*ret, "pve-manager/")) &&
		    pp_span_find(*ret, "(running kernel: "))
			return true;
	return false;
}

static bool pveversion_knows(struct pp_span text)
{
	struct pp_span line;

	return pveversion_find(text, &line);
}

static int pveversion_read(struct pp_import *in, struct pp_span text, struct pp_error *e)
{
	char release[64];
	struct pp_span line;

	if (!pveversion_find(text, &line) ||
	    !pp_import_behind(line, "running kernel: ", release, sizeof(release)))
		return 0;
	release[strcspn(release, ") ")] = '\0';
	snprintf(in->release, sizeof(in->release), "Linux version %s", release);
	return 0;
}

const struct pp_reader pp_reader_pveversion = {
	.title = "pveversion --verbose",
	.knows = pveversion_knows,
	.read = pveversion_read,
};

/* "Linux HOST 6.1.0-25-amd64 #1 SMP PREEMPT_DYNAMIC Debian 6.1.106-3 (2024-08-26) x86_64 GNU/Linux"
 */
static bool uname_knows(struct pp_span text)
{
	struct pp_span line, more, word;
	unsigned int indent;

	if (!pp_import_line(&text, &line, &indent) || line.len > 400 ||
	    !pp_span_starts(line, "Linux ") || pp_span_starts(line, "Linux version ") ||
	    !pp_span_find(line, " #"))
		return false;
	while (pp_import_line(&text, &more, &indent))
		if (more.len)
			return false;
	for (unsigned int i = 0; i < 3; i++)
		if (!pp_text_word(&line, &word))
			return false;
	return word.len && word.data[0] >= '1' && word.data[0] <= '9';
}

static int uname_read(struct pp_import *in, struct pp_span text, struct pp_error *e)
{
	struct pp_span line, word;
	unsigned int indent;

	if (!uname_knows(text) || !pp_import_line(&text, &line, &indent))
		return 0;
	/* The host's name, which is nobody's business. */
	pp_text_word(&line, &word);
	pp_text_word(&line, &word);
	char rest[360];
	pp_text_clean_into(rest, sizeof(rest), line.data, line.len);
	snprintf(in->release, sizeof(in->release), "Linux version %s", rest);
	return 0;
}

const struct pp_reader pp_reader_uname = {
	.title = "uname -a",
	.knows = uname_knows,
	.read = uname_read,
};

/* "product_name: ProLiant DL380p Gen8": files of /sys/class/dmi/id, as hw-probe writes them down.
 */
static const char *const dmi_names[] = { "sys_vendor", "product_name", "bios_vendor",
	                                 "bios_version", "bios_date" };

static int dmi_id_read(struct pp_import *in, struct pp_span text, struct pp_error *e)
{
	char path[64], prefix[32], value[200];
	struct pp_span line;
	unsigned int indent;
	int r = 0;

	while (!r && pp_import_line(&text, &line, &indent))
		for (size_t i = 0; !r && i < sizeof(dmi_names) / sizeof(dmi_names[0]); i++) {
			snprintf(prefix, sizeof(prefix), "%s: ", dmi_names[i]);
			snprintf(path, sizeof(path), "sys/class/dmi/id/%s", dmi_names[i]);
			if (pp_span_starts(line, prefix) &&
			    pp_import_behind(line, prefix, value, sizeof(value)))
				r = pp_import_text(in, path, value, e);
		}
	return r;
}

const struct pp_reader pp_reader_dmi_id = {
	.title = "names of /sys/class/dmi/id",
	.read = dmi_id_read,
};
