/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Saved results, as hosts of a table with every column, for each target. */
#include <pcipass/fleet.h>
#include <stdlib.h>
#include <string.h>

#include "report/columns.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int fuzz_write(void *ctx, const char *bytes, size_t len)
{
	/* Lines alone: nothing steers a terminal. */
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)bytes[i] < 0x20 && bytes[i] != '\n')
			abort();
	*(size_t *)ctx += len;
	return 0;
}

static void fuzz_report(const uint8_t *data, size_t size, enum pp_format format, bool for_all)
{
	const struct pp_style style = {
		.format = format,
		.columns =
			"HOST,ADDRESS,SLOT,GROUP,DRIVER,VERDICT,DEVICE,PLACE,ID,CLASS,TYPE,NAME,PHYSFN,"
			"ONBOARD,RESET,BY-FREE,RULES,REASON,REMEDY,KVM,HYPERV,XEN",
		.filter = format == PP_FORMAT_TEXT && for_all ? "VERDICT=*e*" : NULL,
		.sort = format == PP_FORMAT_TEXT && for_all ? "GROUP,DRIVER,HOST" : NULL,
		.all = true,
	};
	enum pp_target target = for_all ? PP_TARGET_COUNT : PP_TARGET_XEN;
	struct pp_fleet *f;
	size_t written = 0;
	unsigned int hosts;

	if (pp_fleet_new(&style, target, for_all, (struct pp_sink){ fuzz_write, &written }, &f,
	                 NULL))
		abort();
	int r = pp_fleet_add_results(f, "fuzz", "fuzz.json", (const char *)data, size, NULL);
	hosts = pp_fleet_counts(f)->hosts;
	/* What is taken for results is a host at least. */
	if (!r && !hosts)
		abort();
	if (pp_fleet_finish(f, NULL) || (format == PP_FORMAT_JSON && !written != !hosts))
		abort();
	pp_fleet_free(f);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	fuzz_report(data, size, PP_FORMAT_TEXT, false);
	fuzz_report(data, size, PP_FORMAT_TEXT, true);
	fuzz_report(data, size, PP_FORMAT_JSON, true);
	return 0;
}
