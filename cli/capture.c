/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pcipass capture: writes all that a survey reads into one file. */
#include <errno.h>
#include <pcipass/capture.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"

static void tell_unread(void *ctx, const char *path, const char *reason, const char *adds)
{
	/* Files, but for the kernel log. */
	fprintf(stderr, "pcipass: not captured: %s%s (%s): %s\n", strchr(path, '/') ? "/" : "",
	        path, reason, adds);
}

static enum exit_code capture_run(const struct options *o, int argc, char **argv)
{
	struct pp_capture_options options = {
		.overwrite = o->force,
		.keep_private = o->keep_private,
		.as_root = geteuid() == 0,
		.tool = "pcipass " PCIPASS_VERSION,
	};
	struct pp_error e = { 0 };
	struct pp_source *source;
	struct pp_host *host;

	if (!o->output) {
		warn("capture: need -o FILE (.tar, .tar.gz or .tar.zst)");
		return EXIT_USAGE;
	}
	if (source_open(o, &source, &e))
		return complain(&e);
	int r = output_failed(pp_capture_write(source, o->output, &options, &host, &e), &e);
	pp_source_free(source);
	if (r)
		return complain(&e);
	pp_host_unread(host, tell_unread, NULL);
	pp_host_free(host);
	fprintf(stderr, "pcipass: wrote %s%s\n", o->output,
	        o->keep_private ? "; serial numbers, UUIDs, MAC addresses and host names are in it"
	                        : "; serial numbers, UUIDs, MAC addresses and host names left out");
	return EXIT_YES;
}

const struct command command_capture = {
	.name = "capture",
	.arguments = "-o FILE",
	.help = "save what a survey reads to a file, for use with --from",
	.takes = TAKES_FROM | TAKES_OUTPUT | TAKES_FORCE | TAKES_PRIVATE,
	.run = capture_run,
};
