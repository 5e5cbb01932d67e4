/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Applies to a root that a test has made. Settings live in an image, ROOT/settings.
 * usage: drive ROOT run|dry|count|resume|undo|status [OPTION...] STEP...
 *   --host                  the plan says that it was made from this root
 *   --files                 undo: what is in files only
 *   --fail-setting          somebody else has the image as it is to be written
 *   --stop=LINE             as the line of that number is said, a signal asks to stop
 *   --signals               signals ask to stop, as they do the program
 *   --tool-seconds=N        a tool that takes longer is stopped
 *   --fill=LINE:LEAVE:PATH  as the line of that number is said, somebody fills the file system of
 *                           PATH, but for so many pages; --fill-files: but for so many files
 *   argument:ARGUMENT  setting:NAME:OLD:NEW  override:TABLE:CRC:BYTES:OFFSET,...
 *   take-off:ARGUMENT
 *   option:MODULE:OPTION
 *   bind:ADDRESS,VENDOR,DEVICE,DRIVER[,now|,boot]  unbind:the same  no-driver:the same
 *   vfs:ADDRESS,VENDOR,DEVICE,NUMBER
 * Prints what is said, then "0" or "ERRNO TEXT".
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "apply/run.h"
#include "host/host.h"
#include "kernel.h"
#include "txn/context.h"

#define MAX_STEPS 16

/* cli/signals.c, whose header has more than fits in here. */
void signals_catch(const char *said);
bool signals_stop(void *ctx);

static bool fail_setting, names_host;

static struct kernel kernel;

static char *drive_field(char **rest)
{
	return strsep(rest, ":,");
}

static void parse_override(char *text, struct pp_step_override *o)
{
	static uint32_t scopes[MAX_STEPS][64];
	static int used;
	uint32_t *list = scopes[used++];

	o->table = drive_field(&text);
	o->expected_crc = (uint32_t)strtoul(drive_field(&text), NULL, 16);
	o->expected_bytes = (uint32_t)strtoul(drive_field(&text), NULL, 0);
	o->scopes = list;
	while (text && o->nr_scopes < 64)
		list[o->nr_scopes++] = (uint32_t)strtoul(drive_field(&text), NULL, 0);
}

static void parse_bind(char *text, struct pp_step_bind *b)
{
	if (!pp_address_parse(strsep(&text, ","), &b->address))
		exit(2);
	b->vendor = (uint16_t)strtoul(drive_field(&text), NULL, 16);
	b->device = (uint16_t)strtoul(drive_field(&text), NULL, 16);
	b->expected_driver = text ? drive_field(&text) : "";
	if (text)
		b->when = !strcmp(text, "now") ? PP_BIND_NOW : PP_BIND_AT_BOOT;
}

static void parse_step(char *text, struct pp_step *step)
{
	char *kind = strsep(&text, ":");

	*step = (struct pp_step){ .remedy = "test", .text = "a step", .undo = "the reverse" };
	if (!strcmp(kind, "argument") || !strcmp(kind, "take-off")) {
		step->kind = *kind == 'a' ? PP_STEP_ARGUMENT : PP_STEP_TAKE_OFF;
		step->remedy = "kernel-argument";
		step->argument.argument = text;
	} else if (!strcmp(kind, "option")) {
		step->kind = PP_STEP_OPTION;
		step->option.module = drive_field(&text);
		step->option.option = drive_field(&text);
	} else if (!strcmp(kind, "setting")) {
		step->kind = PP_STEP_SETTING;
		step->remedy = "bios-rmrds";
		step->setting.schema = "rmrds.xml";
		step->setting.section = drive_field(&text);
		step->setting.expected = drive_field(&text);
		step->setting.wanted = drive_field(&text);
	} else if (!strcmp(kind, "override")) {
		step->kind = PP_STEP_OVERRIDE;
		step->remedy = "table-override";
		parse_override(text, &step->override);
	} else if (!strcmp(kind, "bind") || !strcmp(kind, "unbind")) {
		step->kind = *kind == 'b' ? PP_STEP_BIND : PP_STEP_UNBIND;
		step->remedy = *kind == 'b' ? "bind-vfio" : "unbind-vfio";
		parse_bind(text, &step->bind);
	} else if (!strcmp(kind, "no-driver")) {
		step->kind = PP_STEP_NO_DRIVER;
		parse_bind(text, &step->bind);
	} else if (!strcmp(kind, "vfs")) {
		step->kind = PP_STEP_VFS;
		struct pp_step_bind b = { 0 };
		parse_bind(text, &b);
		step->vfs = (struct pp_step_vfs){ b.address, b.vendor, b.device,
			                          (uint32_t)atoi(b.expected_driver) };
	} else {
		fprintf(stderr, "%s: no kind of step\n", kind);
		exit(2);
	}
	step->needs_reboot = pp_step_needs_reboot(step);
}

static struct filler {
	bool files;
	int line, leave;
	const char *path;
} filler;

static int make_filler(const struct filler *f, int number)
{
	char path[4096];

	snprintf(path, sizeof(path), "%s/filler-%d", f->path, number);
	return open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
}

static void remove_filler(const struct filler *f, int number)
{
	char path[4096];

	snprintf(path, sizeof(path), "%s/filler-%d", f->path, number);
	unlink(path);
}

static void fill_files(const struct filler *f)
{
	int n = 0, fd;

	while ((fd = make_filler(f, n)) >= 0) {
		close(fd);
		n++;
	}
	for (int i = 0; i < f->leave && n; i++)
		remove_filler(f, --n);
}

static void fill_bytes(const struct filler *f)
{
	static const char page[4096];
	off_t len = 0;
	int fd = make_filler(f, 0);

	while (fd >= 0 && write(fd, page, sizeof(page)) == sizeof(page))
		len += (off_t)sizeof(page);
	off_t left = (off_t)f->leave * (off_t)sizeof(page);
	if (fd < 0 || ftruncate(fd, len > left ? len - left : 0))
		exit(2);
	close(fd);
}

static int lines, stop_line;

static bool stop(void *ctx)
{
	return stop_line && lines >= stop_line;
}

static void take_image(void)
{
	static struct pp_lock lock;
	struct pp_error e;
	char path[4096];

	snprintf(path, sizeof(path), "%s/settings.lock", kernel.base.root);
	if (pp_lock_take(path, "", PP_LOCK_KEEP, &lock, &e))
		exit(2);
}

static void say(void *ctx, const char *line)
{
	if (fail_setting && !strncmp(line, "set RMRDS_", 10)) {
		fail_setting = false;
		take_image();
	}
	printf("%s\n", line);
	if (++lines != filler.line || !filler.path)
		return;
	if (filler.files)
		fill_files(&filler);
	else
		fill_bytes(&filler);
}

/* "--ask=no", or a shell command to run before the answer is yes. */
static const char *answer;

static bool confirm(void *ctx, unsigned int changes)
{
	printf("%u changes\n", changes);
	if (!strcmp(answer, "no"))
		return false;
	if (system(answer))
		exit(2);
	return true;
}

/* --fill=LINE:LEAVE:PATH */
static void parse_fill(char *text, bool files)
{
	filler.files = files;
	filler.line = atoi(strsep(&text, ":"));
	filler.leave = text ? atoi(strsep(&text, ":")) : 0;
	filler.path = text;
}

static bool starts(char *text, const char *head, char **ret)
{
	size_t len = strlen(head);

	*ret = text + len;
	return !strncmp(text, head, len);
}

/* false: no option. */
static bool parse_option(char *text, struct pp_apply_options *o)
{
	char *value;

	if (!strcmp(text, "--fail-setting"))
		fail_setting = true;
	else if (!strcmp(text, "--host"))
		names_host = true;
	else if (!strcmp(text, "--files"))
		o->files_only = true;
	else if (starts(text, "--ask=", &value)) {
		answer = value;
		o->confirm = confirm;
	} else if (starts(text, "--stop=", &value))
		stop_line = atoi(value);
	else if (!strcmp(text, "--signals")) {
		signals_catch(NULL);
		o->stop = signals_stop;
	} else if (starts(text, "--tool-seconds=", &value))
		o->tool_seconds = (unsigned int)atoi(value);
	else if (starts(text, "--fill=", &value))
		parse_fill(value, false);
	else if (starts(text, "--fill-files=", &value))
		parse_fill(value, true);
	else
		return false;
	return true;
}

/* As "pcipass free" makes it. */
static void take_host(struct pp_plan *plan, const char *root)
{
	struct pp_source *source;
	struct pp_host *host;
	struct pp_error e = { 0 };

	pp_arena_init(&plan->arena, 0);
	if (pp_source_open(root, &source, &e) || pp_host_read(source, &host, &e) ||
	    pp_plan_take_host(&plan->host, host, &plan->arena, &e)) {
		fprintf(stderr, "%s\n", e.text);
		exit(2);
	}
	pp_host_free(host);
	pp_source_free(source);
}

static int status(const struct pp_apply_options *o, struct pp_error *e)
{
	static const char *const names[] = { "none", "partly", "done", "undone" };
	enum pp_apply_state state;
	bool booted;
	int r = pp_apply_status(o, &state, &booted, NULL, e);

	if (!r)
		printf("%s%s\n", names[state], booted ? " booted" : "");
	return r;
}

int main(int argc, char **argv)
{
	static struct pp_step steps[MAX_STEPS];
	static const struct pp_plan_device device = { .address = { .bus = 7 },
		                                      .vendor = 0x1000,
		                                      .device = 0x72,
		                                      .slot = "2",
		                                      .asked = true };
	struct pp_plan plan = {
		.request = "slot2", .steps = steps, .devices = &device, .nr_devices = 1
	};
	struct pp_apply_options o = { .say = say, .stop = stop };
	struct pp_error e = { 0 };
	char store[4096];
	int r = 2, at = 3;

	if (argc < 3)
		return 2;
	o.root = argv[1];
	if (kernel_init(&kernel, o.root, &e))
		return 2;
	snprintf(store, sizeof(store), "image:%s/settings", argv[1]);
	o.store = store;
	while (at < argc && parse_option(argv[at], &o))
		at++;
	for (; at < argc && plan.nr_steps < MAX_STEPS; at++)
		parse_step(argv[at], &steps[plan.nr_steps++]);
	o.dry_run = !strcmp(argv[2], "dry");
	if (names_host)
		take_host(&plan, o.root);
	if (!strcmp(argv[2], "run") || o.dry_run)
		r = pp_apply_run_with(&plan, &o, &kernel.base, &e);
	else if (!strcmp(argv[2], "resume"))
		r = pp_apply_resume_with(&o, &kernel.base, &e);
	else if (!strcmp(argv[2], "undo"))
		r = pp_apply_undo_with(&o, &kernel.base, &e);
	else if (!strcmp(argv[2], "status"))
		r = status(&o, &e);
	if (r)
		printf("%d %s\n", -r, e.text);
	else
		printf("0\n");
	kernel_fini(&kernel);
	if (names_host)
		pp_arena_fini(&plan.arena);
	return r ? 1 : 0;
}
