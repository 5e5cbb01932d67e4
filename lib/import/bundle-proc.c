/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Of a support bundle: configuration spaces of /proc/bus/pci, and firmware tables. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "import/bundle.h"

#define PROC_PCI "proc/bus/pci"
#define TABLES   "sys/firmware/acpi/tables"

/* Called for the configuration space of each device. */
typedef int (*proc_each)(struct pp_import *in, struct pp_address a, struct pp_span config,
                         struct pp_error *e);

static int proc_bus(struct pp_import *in, struct pp_source *s, const char *directory,
                    const char *bus, struct pp_arena *a, proc_each each, struct pp_error *e)
{
	char path[PP_MAX_PATH + 1], text[2 * PP_MAX_NAME + 2];
	struct pp_address address;
	struct pp_names names;
	struct pp_span config;

	snprintf(path, sizeof(path), "%.600s/%s", directory, bus);
	int r = pp_source_list(s, path, a, &names);
	if (r)
		return r == -ENOMEM ? pp_fail_oom(e, in->name) : 0;
	for (uint32_t i = 0; !r && i < names.count; i++) {
		/* "00/1f.2", and "0001:00/1f.2" of another domain. */
		snprintf(text, sizeof(text), "%s:%s", bus, names.names[i]);
		if (!pp_address_parse(text, &address))
			continue;
		snprintf(path, sizeof(path), "%.600s/%s/%s", directory, bus, names.names[i]);
		r = pp_source_read_all(s, path, PP_IMPORT_CONFIG, a, &config);
		if (r == -ENOMEM)
			return pp_fail_oom(e, in->name);
		/* Less than the header is no configuration space, and of no device if all ones. */
		if (!r && config.len >= 64 && memcmp(config.data, "\xff\xff\xff\xff", 4))
			r = each(in, address, config, e);
		else
			r = 0;
	}
	return r;
}

static int proc_walk(struct pp_import *in, struct pp_source *s, const char *prefix, proc_each each,
                     struct pp_error *e)
{
	char directory[PP_MAX_NAME + sizeof(PROC_PCI) + 2];
	struct pp_names names;
	struct pp_arena a;

	snprintf(directory, sizeof(directory), "%s" PROC_PCI, prefix);
	pp_arena_init(&a, PP_MAX_TOTAL_BYTES);
	int r = pp_source_list(s, directory, &a, &names);
	if (r)
		names.count = 0;
	r = r == -ENOMEM ? pp_fail_oom(e, in->name) : 0;
	for (uint32_t i = 0; !r && i < names.count; i++)
		r = proc_bus(in, s, directory, names.names[i], &a, each, e);
	pp_arena_fini(&a);
	return r;
}

static void proc_device_path(struct pp_address a, const char *file, char ret[96])
{
	char address[PP_ADDRESS_TEXT_BYTES];

	pp_address_format(a, address);
	snprintf(ret, 96, "sys/bus/pci/devices/%s/%s", address, file);
}

static int proc_put_config(struct pp_import *in, struct pp_address a, struct pp_span config,
                           struct pp_error *e)
{
	PP_CLEANUP(pp_cleanup_free) struct pp_import_config *c = calloc(1, sizeof(*c));

	if (!c)
		return pp_fail_oom(e, in->name);
	for (unsigned int i = 0; i < config.len; i++)
		pp_import_config_put(c, i, config.data[i], 1);
	c->dumped = true;
	/* Without root the kernel gives 64 bytes of a space of 256 or 4096. */
	c->whole = config.len >= 256;
	return pp_import_config_write(in, c, a, e);
}

static uint32_t proc_le(struct pp_span config, unsigned int at, unsigned int bytes)
{
	uint32_t v = 0;

	for (unsigned int i = 0; i < bytes; i++)
		v |= (uint32_t)config.data[at + i] << 8 * i;
	return v;
}

/* The kernel's files of what the header holds; a text that says otherwise is another host's. */
static int proc_check(struct pp_import *in, struct pp_address a, struct pp_span config,
                      struct pp_error *e)
{
	/* PCI 6.2.1 */
	static const struct {
		const char *file;
		uint8_t at, bytes;
	} files[] = { { "vendor", 0, 2 }, { "device", 2, 2 }, { "class", 9, 3 } };
	char path[96], text[16], address[PP_ADDRESS_TEXT_BYTES];
	struct pp_span told;
	int r = pp_import_device(in, a, e);

	in->nr_devices++;

	for (size_t i = 0; !r && i < sizeof(files) / sizeof(files[0]); i++) {
		proc_device_path(a, files[i].file, path);
		snprintf(text, sizeof(text), "0x%0*x\n", files[i].bytes * 2,
		         (unsigned int)proc_le(config, files[i].at, files[i].bytes));
		if (!pp_import_get(in, path, &told)) {
			r = pp_import_id(in, a, files[i].file,
			                 proc_le(config, files[i].at, files[i].bytes), e);
		} else if (i < 2 && !pp_span_is(told, text)) {
			pp_address_format(a, address);
			r = pp_fail(e, EBADMSG,
			            "%.200s: two hosts in one: %s is %s %.6s by /" PROC_PCI
			            ", and %.6s by lspci",
			            in->name, address, files[i].file, text,
			            told.len >= 6 ? (const char *)told.data : "?");
		}
	}
	return r;
}

int pp_bundle_read_config(struct pp_import *in, struct pp_source *s, const char *prefix,
                          struct pp_error *e)
{
	return proc_walk(in, s, prefix, proc_put_config, e);
}

int pp_bundle_check_config(struct pp_import *in, struct pp_source *s, const char *prefix,
                           struct pp_error *e)
{
	uint32_t before = in->nr_devices;
	int r = proc_walk(in, s, prefix, proc_check, e);

	if (!r && in->nr_devices != before)
		pp_import_says(in, "asked sys/bus/pci/devices/");
	return r;
}

/* Whether the kernel's log lists the table: "ACPI: DMAR 0x…". */
static bool proc_log_lists(const struct pp_import *in, const char *table)
{
	char text[16];

	snprintf(text, sizeof(text), "ACPI: %s ", table);
	return in->log.data && pp_span_find(PP_SPAN(in->log.data, in->log.len), text);
}

int pp_bundle_read_tables(struct pp_import *in, struct pp_source *s, const char *prefix,
                          struct pp_error *e)
{
	/* Every firmware has an FACP: where it is, the directory was copied. */
	static const char *const tables[] = { "FACP", "DMAR", "IVRS", "IORT" };
	char path[PP_MAX_NAME + 64];
	bool whole = true;
	int r = 0;

	for (size_t i = 0; !r && i < sizeof(tables) / sizeof(tables[0]); i++) {
		struct pp_span bytes = { 0 };
		struct pp_arena a;
		snprintf(path, sizeof(path), "%s" TABLES "/%s", prefix, tables[i]);
		pp_arena_init(&a, 0);
		int failed = pp_source_read_all(s, path, PP_MAX_TABLE_BYTES, &a, &bytes);
		if (failed == -ENOMEM)
			r = pp_fail_oom(e, in->name);
		else if (!failed && bytes.len >= 36 && i)
			r = pp_import_file(in, path + strlen(prefix), bytes.data, bytes.len, e);
		/* Not there, and no trace of it elsewhere. */
		bool lacks =
			(failed == -ENOENT || failed == -ENODATA) && !proc_log_lists(in, tables[i]);
		whole &= (!failed && bytes.len >= 36) || (i && lacks);
		pp_arena_fini(&a);
	}
	if (!r && whole)
		pp_import_says(in, "asked " TABLES "/");
	return r;
}
