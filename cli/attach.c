/* SPDX-License-Identifier: GPL-2.0-or-later */
/* verify --attach: a real attach, and back. */
#include <pcipass/attach.h>

#include "cli.h"

static enum exit_code attach_code(const struct pp_attach *a)
{
	if (!pp_attach_restored(a))
		return EXIT_FAILED;
	switch (pp_attach_result(a)) {
	case PP_ATTACH_DONE:
		return EXIT_YES;
	case PP_ATTACH_REFUSED:
		return EXIT_NO;
	default:
		return EXIT_UNSURE;
	}
}

enum exit_code verify_attach(const struct options *o, const struct pp_host *h)
{
	struct pp_attach_options options = {
		.take = o->take,
		.reset = o->reset,
		.stop = signals_stop,
	};
	struct pp_style style = style_of(o);
	struct pp_error e = { 0 };
	struct pp_attach *a;

	/* From here on a signal ends the attempt between two steps, and everything is put back. */
	signals_catch(NULL);
	if (pp_attach_try(h, o->attach, &options, &a, &e))
		return complain(&e);
	enum exit_code code = attach_code(a);
	/* Nobody may be left to read it: that a device is not back outweighs. */
	if (pp_attach_report(a, &style, sink_stdout(), &e) || flush_stdout(&e))
		code = complain(&e);
	pp_attach_free(a);
	return code;
}
