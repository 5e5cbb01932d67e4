/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Attempts on a machine that is not there, for the test of the schema and of the text.
 * usage: make-document json|text attached|nodes|refused|not-tried|stopped|left
 */
#include <linux/vfio.h>
#include <stdio.h>
#include <string.h>

#include "fake.h"

static int to_stdout(void *ctx, const char *bytes, size_t len)
{
	return fwrite(bytes, 1, len, stdout) == len ? 0 : -1;
}

static void prepare(struct fake *f, const char *kind)
{
	if (!strcmp(kind, "refused")) {
		f->fail_ioctl = VFIO_GROUP_SET_CONTAINER;
		f->fail_ioctl_errno = EPERM;
		f->log[0] = "4,1,1,-;vfio-pci 0000:02:00.0: DMAR: Device is ineligible\n";
	} else if (!strcmp(kind, "nodes")) {
		fake_add_cdev(f);
	} else if (!strcmp(kind, "stopped")) {
		f->stop_after = 3;
	} else if (!strcmp(kind, "left")) {
		f->fail_write = "mptsas/bind";
		f->fail_write_errno = EIO;
		f->log_errno = EPERM;
	}
}

int main(int argc, char **argv)
{
	struct pp_sink sink = { to_stdout, NULL };
	struct pp_style style = { .format = PP_FORMAT_TEXT };
	struct pp_error e = { 0 };

	if (argc != 3)
		return 2;
	if (!strcmp(argv[1], "json"))
		style.format = PP_FORMAT_JSON;
	struct fake *f = fake_new();
	prepare(f, argv[2]);
	struct pp_attach *a = fake_attach(f, "slot2", strcmp(argv[2], "not-tried"), true);
	int r = a ? pp_attach_report(a, &style, sink, &e) : -1;
	pp_attach_free(a);
	fake_free(f);
	return r ? 1 : 0;
}
