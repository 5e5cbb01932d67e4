/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reads "lspci -xxxx" text on standard input and prints a JSON object a line for each function:
 * what the decoder makes of its configuration space. Unknown is null, absent is false.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pci/address.h"
#include "pci/config.h"

struct function {
	struct pp_address address;
	uint8_t bytes[4096];
	size_t len;
};

static const char *const cap_names[PP_CAP_COUNT] = {
	[PP_CAP_PM] = "pm",       [PP_CAP_MSI] = "msi",   [PP_CAP_PCIX] = "pcix",
	[PP_CAP_PCIE] = "pcie",   [PP_CAP_MSIX] = "msix", [PP_CAP_AF] = "af",
	[PP_CAP_ACS] = "acs",     [PP_CAP_ARI] = "ari",   [PP_CAP_SRIOV] = "sriov",
	[PP_CAP_REBAR] = "rebar",
};

static void print_tri(const char *name, enum pp_tri v)
{
	printf(",\"%s\":%s", name, v == PP_YES ? "true" : v == PP_NO ? "false" : "null");
}

/* yes: the number; else what the fact is without one. */
static void print_number(const char *name, enum pp_tri known, unsigned int v)
{
	if (known == PP_YES)
		printf(",\"%s\":%u", name, v);
	else
		print_tri(name, known);
}

static void print_config(const struct pp_config *c)
{
	printf(",\"vendor\":%u,\"device\":%u,\"class\":%u,\"revision\":%u,\"header_type\":%u",
	       c->vendor, c->device, c->class_code, c->revision, c->header_type);
	printf(",\"pin\":%u,\"primary\":%u,\"secondary\":%u,\"subordinate\":%u", c->interrupt_pin,
	       c->primary, c->secondary, c->subordinate);
	for (int i = 0; i < PP_CAP_COUNT; i++)
		print_number(cap_names[i], c->caps[i].seen, c->caps[i].offset);
	print_tri("no_soft_reset", c->pm_no_soft_reset);
	print_tri("af_flr", c->af_flr);
	print_number("pcie_type", c->pcie_type_known, c->pcie_type);
	print_tri("flr", c->flr);
	print_tri("slot_implemented", c->slot_implemented);
	print_number("slot", c->slot_number_known, c->slot_number);
	print_number("acs_cap", c->acs_known, c->acs_cap);
	print_number("acs_ctl", c->acs_known, c->acs_ctl);
	print_number("vf_enable", c->sriov_known, c->sriov_vf_enable);
	print_number("total_vfs", c->sriov_known, c->sriov_total_vfs);
	print_number("num_vfs", c->sriov_known, c->sriov_num_vfs);
}

static void finish(const struct function *f)
{
	struct pp_span span = PP_SPAN(f->bytes, f->len);
	struct pp_config_reader reader = pp_config_reader_span(&span);
	char name[PP_ADDRESS_TEXT_BYTES];
	struct pp_config config;
	struct pp_arena arena;
	struct pp_notes notes;
	struct pp_error error;

	pp_address_format(f->address, name);
	pp_arena_init(&arena, 0);
	pp_notes_init(&notes, &arena);
	printf("{\"address\":\"%s\",\"bytes\":%zu", name, f->len);
	if (pp_config_decode(&reader, name, &notes, &config, &error))
		printf(",\"error\":\"%s\"", error.text);
	else
		print_config(&config);
	printf(",\"notes\":[");
	for (const struct pp_note *n = notes.first; n; n = n->next)
		printf("%s\"+0x%zx: %s\"", n == notes.first ? "" : ",", n->offset, n->text);
	puts("]}");
	pp_arena_fini(&arena);
}

/* "10: 04 00 …"; the lines of one function follow each other without a gap. */
static bool take_hex(struct function *f, const char *line)
{
	char *p;
	unsigned long at = strtoul(line, &p, 16);

	if (p == line || *p != ':' || p[1] != ' ' || at != f->len)
		return false;
	for (p++; *p == ' ' && f->len < sizeof(f->bytes);) {
		char *end;
		unsigned long v = strtoul(p, &end, 16);
		if (end == p || v > 0xff)
			break;
		f->bytes[f->len++] = (uint8_t)v;
		p = end;
	}
	return true;
}

int main(void)
{
	static struct function f;
	char line[1024];
	bool any = false;

	while (fgets(line, sizeof(line), stdin)) {
		struct pp_address address;
		char *space = strchr(line, ' ');
		if (any && take_hex(&f, line))
			continue;
		if (!space)
			continue;
		*space = '\0';
		if (!pp_address_parse(line, &address))
			continue;
		if (any)
			finish(&f);
		f = (struct function){ .address = address };
		any = true;
	}
	if (any)
		finish(&f);
	return ferror(stdin) || !any;
}
