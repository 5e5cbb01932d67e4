/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who the machine is, as conrep's schemas and data files name it. */
#include <string.h>

#include "base/text.h"
#include "conrep/rmrds.h"
#include "host/identity.h"
#include "smbios/smbios.h"

#define DMI           "sys/firmware/dmi/tables/DMI"
#define CPUINFO_BYTES ((size_t)4 * 1024 * 1024) /* thousands of processors */

/* All that is asked of SMBIOS; what cannot be read or decoded leaves every field NULL. */
static int identity_read_smbios(struct pp_source *s, struct pp_arena *a, struct pp_smbios *ret)
{
	struct pp_span bytes;
	int r = pp_source_read_all(s, DMI, PP_SMBIOS_MAX_BYTES, a, &bytes);

	if (!r)
		r = pp_smbios_parse(bytes, a, NULL, ret, NULL);
	return r == -ENOMEM ? r : 0;
}

/* SMBIOS' own string, else the kernel's copy. */
static int text_of(struct pp_source *s, struct pp_arena *a, const char *from_smbios,
                   const char *path, const char **ret)
{
	char buf[256];

	if (from_smbios && *from_smbios) {
		*ret = from_smbios;
		return 0;
	}
	if (pp_source_read_text(s, PP_NODE_NONE, path, buf, sizeof(buf)))
		return 0;
	const char *text = pp_text_clean(a, buf, strlen(buf));
	if (!text)
		return -ENOMEM;
	if (*text)
		*ret = text;
	return 0;
}

static int family_of(struct pp_arena *a, const char *version, const char **ret)
{
	size_t n = version ? pp_rom_family_len(version) : 0;

	if (!n)
		return 0;
	*ret = pp_arena_strndup(a, version, n);
	return *ret ? 0 : -ENOMEM;
}

/* "GenuineIntel", "Intel(R) Corporation" and "Intel" are one; conrep writes the last. */
static const char *processor_name(const char *maker)
{
	if (strstr(maker, "Intel"))
		return "Intel";
	if (strstr(maker, "AMD") || strstr(maker, "Advanced Micro Devices"))
		return "AMD";
	return maker;
}

/* "vendor_id	: GenuineIntel", in the kernel's own words. */
static int read_cpuinfo(struct pp_source *s, struct pp_arena *a, const char **ret)
{
	static const char key[] = "vendor_id";
	struct pp_span rest, line;
	int r = pp_source_read_all(s, "proc/cpuinfo", CPUINFO_BYTES, a, &rest);

	if (r)
		return r == -ENOMEM ? r : 0;
	while (pp_text_line(&rest, &line)) {
		const uint8_t *colon = pp_span_find(line, ":");
		if (!pp_span_starts(line, key) || !colon)
			continue;
		size_t len = line.len - (size_t)(colon + 1 - line.data);
		const char *text = pp_text_clean(a, colon + 1, len);
		if (!text)
			return -ENOMEM;
		if (*text)
			*ret = processor_name(text);
		break;
	}
	return 0;
}

int pp_host_identity(struct pp_source *s, struct pp_arena *a, struct pp_machine *ret,
                     struct pp_error *e)
{
	struct pp_smbios smbios = { 0 };
	struct pp_machine m = { 0 };
	const char *version = NULL;

	if (identity_read_smbios(s, a, &smbios) ||
	    text_of(s, a, smbios.product, "sys/class/dmi/id/product_name", &m.product) ||
	    text_of(s, a, smbios.bios_version, "sys/class/dmi/id/bios_version", &version) ||
	    text_of(s, a, smbios.bios_date, "sys/class/dmi/id/bios_date", &m.rom_date) ||
	    family_of(a, version, &m.rom_family))
		return pp_fail_oom(e, "the machine's identity");
	if (smbios.processor_manufacturer && *smbios.processor_manufacturer &&
	    strcmp(smbios.processor_manufacturer, "Not Specified"))
		m.processor = processor_name(smbios.processor_manufacturer);
	else if (read_cpuinfo(s, a, &m.processor))
		return pp_fail_oom(e, "the machine's identity");
	*ret = m;
	return 0;
}
