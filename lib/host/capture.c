/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which files a survey reads, for the recorder of captures. */
#include <pcipass/capture.h>
#include <stdio.h>
#include <string.h>

#include "host/build.h"
#include "host/redact.h"
#include "source/record.h"
#include "source/text.h"

/*
 * Files that no rule reads yet but a person looking at a capture wants, and that lspci needs to
 * list it. They answer without touching the device.
 */
static const char *const also[] = {
	"resource",         "class",    "vendor", "device",   "subsystem_vendor",
	"subsystem_device", "revision", "irq",    "numa_node"
};

static int ask_for_more(struct pp_source *recorder, const struct pp_host *h)
{
	char buf[4096], path[64], address[PP_ADDRESS_TEXT_BYTES];

	for (uint32_t i = 0; i < h->nr_devices; i++) {
		struct pp_node dir;
		pp_address_format(h->devices[i].address, address);
		snprintf(path, sizeof(path), "sys/bus/pci/devices/%s", address);
		int r = pp_source_open_dir(recorder, path, &dir);
		if (r == -ENOMEM)
			return r;
		if (r)
			continue;
		for (size_t f = 0; r != -ENOMEM && f < sizeof(also) / sizeof(also[0]); f++)
			r = pp_source_read_text(recorder, dir, also[f], buf, sizeof(buf));
		pp_source_close(recorder, dir);
		if (r == -ENOMEM)
			return r;
	}
	return 0;
}

#define MAX_KERNELS      16
#define NAMES_MAX_BYTES  ((size_t)8 * 1024 * 1024)
#define KERNEL_MAX_BYTES ((size_t)32 * 1024 * 1024)
#define FILE_MAX_BYTES   ((size_t)8 * 1024 * 1024)

/* Files that are too large, or not there, are left out. */
static int capture_add_kernel(struct pp_source *recorder, const char *release)
{
	static const struct {
		const char *before, *behind;
	} files[] = { { "boot/config-", "" },
		      { "lib/modules/", "/modules.dep" },
		      { "lib/modules/", "/modules.builtin" } };
	struct pp_arena scratch;
	struct pp_span content;
	int r = 0;

	pp_arena_init(&scratch, KERNEL_MAX_BYTES);
	for (size_t i = 0; r != -ENOMEM && i < sizeof(files) / sizeof(files[0]); i++) {
		char path[512];
		int n = snprintf(path, sizeof(path), "%s%s%s", files[i].before, release,
		                 files[i].behind);
		if (n > 0 && (size_t)n < sizeof(path))
			r = pp_source_read_all(recorder, path, FILE_MAX_BYTES, &scratch, &content);
	}
	pp_arena_fini(&scratch);
	return r == -ENOMEM ? r : 0;
}

/* What the other installed kernels were built with, so that the capture can be asked for them. */
static int capture_add_kernels(struct pp_source *recorder, const struct pp_host *h)
{
	const char *running = h->kernel.release.text;
	struct pp_arena scratch;
	struct pp_names releases = { 0 };

	pp_arena_init(&scratch, NAMES_MAX_BYTES);
	int r = pp_build_releases(recorder, &scratch, &releases);
	if (r != -ENOMEM)
		r = 0;
	for (uint32_t i = 0; !r && i < releases.count && i < MAX_KERNELS; i++)
		if (!running || strcmp(releases.names[i], running) != 0)
			r = capture_add_kernel(recorder, releases.names[i]);
	pp_arena_fini(&scratch);
	return r;
}

/*
 * A recorder that was asked everything, and the host that it told of. more: also what other
 * questions need, and lspci.
 */
static int capture_record(struct pp_source *s, bool more, struct pp_source **recorder,
                          struct pp_host **ret, struct pp_error *e)
{
	struct pp_host *host;
	int r = pp_recorder_new(s, recorder, e);

	if (r)
		return r;
	r = pp_host_read(*recorder, &host, e);
	if (r) {
		pp_source_free(*recorder);
		return r;
	}
	if (host->devices_error)
		r = pp_fail(e, host->devices_error, "/sys/bus/pci/devices: no devices to capture");
	else if (more && (ask_for_more(*recorder, host) || capture_add_kernels(*recorder, host)))
		r = pp_fail_oom(e, "capture");
	if (r) {
		pp_source_free(*recorder);
		pp_host_free(host);
		return r;
	}
	*ret = host;
	return 0;
}

static struct pp_record_options capture_options(const struct pp_capture_options *o, bool private,
                                                struct pp_redact_names *names)
{
	struct pp_record_options options = {
		.tool = o->tool,
		.as_root = o->as_root,
		.redacted = !private,
		.fd = o->fd,
	};

	if (!private) {
		options.filter = pp_redact;
		options.name = pp_redact_name;
		options.name_ctx = names;
		options.link = pp_redact_link;
	}
	return options;
}

/* Of a capture nothing is read anew: what its maker could not read, or left out, is not there. */
static void capture_inherit(struct pp_record_options *o, const struct pp_source *s)
{
	const struct pp_capture_info *info = pp_source_capture_info(s);

	if (!info)
		return;
	if (info->as_root != PP_UNKNOWN)
		o->as_root = info->as_root == PP_YES;
	o->redacted |= info->redacted == PP_YES;
}

/* What is done with all that was recorded. */
struct capture_end {
	int (*run)(const struct capture_end *c, struct pp_source *recorder,
	           const struct pp_record_options *options, struct pp_error *e);
	const char *path;                                            /* write */
	void (*before)(void);                                        /* write */
	bool overwrite;                                              /* write */
	char **text;                                                 /* text */
	void (*tell)(void *ctx, const char *path, const char *fate); /* list */
	void *ctx;
};

/* private: with all that names somebody. more: see capture_record(). */
static int capture_make(struct pp_source *s, const struct pp_capture_options *o, bool private,
                        bool more, const struct capture_end *end, struct pp_host **ret,
                        struct pp_error *e)
{
	struct pp_redact_names *names = NULL;
	struct pp_source *recorder;
	struct pp_arena arena;
	struct pp_host *host;
	int r = capture_record(s, more, &recorder, &host, e);

	if (r)
		return r;
	pp_arena_init(&arena, 0);
	if (!private && pp_redact_names_new(recorder, &arena, &names))
		r = pp_fail_oom(e, "capture");
	struct pp_record_options options = capture_options(o, private, names);
	capture_inherit(&options, s);
	if (!r)
		r = end->run(end, recorder, &options, e);
	pp_source_free(recorder);
	pp_arena_fini(&arena);
	if (r)
		pp_host_free(host);
	else
		*ret = host;
	return r;
}

static int capture_end_write(const struct capture_end *c, struct pp_source *recorder,
                             const struct pp_record_options *options, struct pp_error *e)
{
	if (c->before)
		c->before();
	return pp_recorder_write(recorder, c->path, c->overwrite, options, e);
}

int pp_capture_write(struct pp_source *s, const char *path, const struct pp_capture_options *o,
                     struct pp_host **ret, struct pp_error *e)
{
	const struct capture_end end = { .run = capture_end_write,
		                         .path = path,
		                         .before = o->before_write,
		                         .overwrite = o->overwrite };

	return capture_make(s, o, o->keep_private, true, &end, ret, e);
}

static void capture_tell(void *ctx, const char *path, enum pp_record_fate fate)
{
	static const char *const words[] = {
		[PP_RECORD_WHOLE] = "whole",  [PP_RECORD_CHANGED] = "redacted",
		[PP_RECORD_OUT] = "left out", [PP_RECORD_NAME] = "name only",
		[PP_RECORD_ADDED] = "added",
	};
	const struct capture_end *c = ctx;

	c->tell(c->ctx, path, words[fate]);
}

static int capture_end_list(const struct capture_end *c, struct pp_source *recorder,
                            const struct pp_record_options *options, struct pp_error *e)
{
	return pp_recorder_list(recorder, options, capture_tell, (void *)c, e);
}

int pp_capture_list(struct pp_source *s, const struct pp_capture_options *o,
                    void (*tell)(void *ctx, const char *path, const char *fate), void *ctx,
                    struct pp_host **ret, struct pp_error *e)
{
	const struct capture_end end = { .run = capture_end_list, .tell = tell, .ctx = ctx };

	return capture_make(s, o, o->keep_private, !o->for_text, &end, ret, e);
}

static int capture_end_text(const struct capture_end *c, struct pp_source *recorder,
                            const struct pp_record_options *options, struct pp_error *e)
{
	struct pp_buffer entries, b;

	pp_buffer_init(&entries, PP_TEXT_MAX_OPEN);
	pp_buffer_init(&b, PP_TEXT_MAX);
	int r = pp_recorder_pack(recorder, options, &entries, e);
	if (!r)
		r = pp_text_pack(PP_SPAN(entries.data, entries.len), &b, e);
	pp_buffer_fini(&entries);
	if (!r && b.len > PP_CAPTURE_TEXT_MAX)
		r = pp_fail(
			e, E2BIG,
			"the text would have %zu characters, more than the %d that a post takes; "
			"write an archive to attach: pcipass capture -o host.tar.gz",
			b.len, PP_CAPTURE_TEXT_MAX);
	if (r)
		pp_buffer_fini(&b);
	else
		*c->text = b.data;
	return r;
}

int pp_capture_text(struct pp_source *s, const struct pp_capture_options *o, char **text,
                    struct pp_host **ret, struct pp_error *e)
{
	const struct capture_end end = { .run = capture_end_text, .text = text };

	return capture_make(s, o, false, false, &end, ret, e);
}

void pp_host_unread(const struct pp_host *h,
                    void (*tell)(void *ctx, const char *what, const char *reason, const char *adds),
                    void *ctx)
{
	char name[PP_UNREAD_NAME_BYTES];

	for (const struct pp_unread *u = h->unread; u; u = u->next)
		tell(ctx, pp_unread_name(h, u, name), strerror(u->error), u->adds);
}
