/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pcipass slots: which card is in which slot. */
#include "cli.h"

static enum exit_code slots_run(const struct options *o, int argc, char **argv)
{
	struct pp_error e = { 0 };
	struct pp_style style = style_of(o);
	enum exit_code code = EXIT_YES;
	uint32_t n = 0;
	struct look l;

	if (look_for_all(o))
		return complain_usage("slots: need one hypervisor, not --for all");
	if (look_open(o, &l, &e))
		return complain(&e);
	pager_begin(o);
	if (pp_report_slots(l.survey, &style, sink_stdout(), &n, &e) || flush_stdout(&e))
		code = complain(&e);
	else if (!n)
		code = EXIT_UNSURE;
	look_close(&l);
	return code;
}

static const struct option_help slots_options[] = {
	{ "all", "show also bridges" },
	{ "for", "verdict for kvm, hyperv or xen" },
	{ 0 },
};

const struct command command_slots = {
	.name = "slots",
	.help = "list which card is in which slot, with its verdict",
	.options = slots_options,
	.takes = TAKES_FROM | TAKES_TARGET | TAKES_ALL | TAKES_COLOR | TAKES_JSON,
	.run = slots_run,
	.reads = true,
};
