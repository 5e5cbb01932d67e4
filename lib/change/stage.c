/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "change/deed.h"
#include "change/stage.h"
#include "change/tool.h"
#include "base/text.h"

int pp_stage_init(struct pp_stage *s, struct pp_apply *a, const struct pp_plan *p,
                  const struct pp_apply_journal *before, struct pp_error *e)
{
	*s = (struct pp_stage){ .apply = a, .plan = p, .before = before };
	s->deeds = PP_ARENA_ARRAY(&a->arena, PP_JOURNAL_MAX_DEEDS, struct pp_deed);
	return s->deeds ? 0 : pp_fail_oom(e, "apply");
}

struct pp_deed *pp_stage_add(struct pp_stage *s, enum pp_deed_kind kind, struct pp_error *e)
{
	if (s->nr_deeds == PP_JOURNAL_MAX_DEEDS) {
		pp_fail(e, E2BIG, "plan: more than %d changes", PP_JOURNAL_MAX_DEEDS);
		return NULL;
	}
	struct pp_deed *d = &s->deeds[s->nr_deeds++];
	*d = (struct pp_deed){ .kind = kind, .step = s->step };
	return d;
}

static struct pp_deed *find_path(const struct pp_stage *s, enum pp_deed_kind kind, const char *path)
{
	for (uint32_t i = 0; i < s->nr_deeds; i++)
		if (s->deeds[i].kind == kind && !strcmp(s->deeds[i].path, path))
			return &s->deeds[i];
	return NULL;
}

int pp_stage_read(struct pp_stage *s, const char *path, struct pp_content *ret, struct pp_error *e)
{
	const struct pp_deed *d = find_path(s, PP_DEED_FILE, path);

	if (!d)
		return pp_place_read(s->apply, path, ret, e);
	*ret = d->new_content;
	return 0;
}

/* The folders above path that are not there yet, the topmost first. */
static int add_folders(struct pp_stage *s, const char *path, struct pp_error *e)
{
	for (const char *slash = strchr(path, '/'); slash; slash = strchr(slash + 1, '/')) {
		char *folder = pp_arena_strndup(&s->apply->arena, path, (size_t)(slash - path));
		if (!folder)
			return pp_fail_oom(e, path);
		if (pp_place_has_folder(s->apply, folder) || find_path(s, PP_DEED_FOLDER, folder))
			continue;
		if (pp_place_has(s->apply, folder))
			return pp_fail(e, ENOTDIR, "/%.300s: is no folder", folder);
		struct pp_deed *d = pp_stage_add(s, PP_DEED_FOLDER, e);
		if (!d)
			return -e->code;
		d->path = folder;
	}
	return 0;
}

static int set_content(struct pp_stage *s, const char *path, const struct pp_content *new,
                       struct pp_error *e)
{
	struct pp_deed *d = find_path(s, PP_DEED_FILE, path);
	struct pp_content old;

	if (d) {
		s->touched |= !pp_content_same(&d->new_content, new);
		d->new_content = *new;
		return 0;
	}
	int r = pp_place_read(s->apply, path, &old, e);
	if (r || pp_content_same(&old, new))
		return r;
	r = add_folders(s, path, e);
	if (r)
		return r;
	d = pp_stage_add(s, PP_DEED_FILE, e);
	if (!d)
		return -e->code;
	s->touched = true;
	d->path = pp_arena_strdup(&s->apply->arena, path);
	d->old_content = old;
	d->new_content = *new;
	return d->path ? 0 : pp_fail_oom(e, path);
}

int pp_stage_put(struct pp_stage *s, const char *path, struct pp_span bytes, mode_t mode,
                 struct pp_error *e)
{
	struct pp_content c;
	int r = pp_stage_read(s, path, &c, e);

	if (r)
		return r;
	if (!c.exists)
		c = (struct pp_content){
			.exists = true, .mode = mode, .uid = geteuid(), .gid = getegid()
		};
	c.bytes = bytes;
	return set_content(s, path, &c, e);
}

int pp_stage_puts(struct pp_stage *s, const char *path, const char *text, mode_t mode,
                  struct pp_error *e)
{
	return pp_stage_put(s, path, PP_SPAN(text, strlen(text)), mode, e);
}

static int read_ours(struct pp_stage *s, const char *path, struct pp_content *ret,
                     struct pp_error *e)
{
	struct pp_content c;
	int r = pp_stage_read(s, path, &c, e);

	if (!r && c.exists && !pp_stage_is_ours(&c))
		r = pp_fail(e, EEXIST, "/%s: is there, and not made by pcipass", path);
	if (!r)
		*ret = c;
	return r;
}

int pp_stage_put_ours(struct pp_stage *s, const char *path, const char *text, mode_t mode,
                      struct pp_error *e)
{
	struct pp_content c;
	int r = read_ours(s, path, &c, e);

	return r ? r : pp_stage_puts(s, path, text, mode, e);
}

int pp_stage_add_ours(struct pp_stage *s, const char *path, const char *words, const char *text,
                      struct pp_error *e)
{
	struct pp_arena *a = &s->apply->arena;
	struct pp_content c;
	int r = read_ours(s, path, &c, e);

	if (r)
		return r;
	const char *old = c.exists ? pp_arena_strndup(a, (const char *)c.bytes.data, c.bytes.len)
	                           : PP_STAGE_MARK;
	if (!old)
		return pp_fail_oom(e, path);
	if (strstr(old, words))
		return 0;
	/* Somebody's last line need not have an end. */
	bool ended = !*old || old[strlen(old) - 1] == '\n';
	const char *new = pp_arena_printf(a, "%s%s%s", old, ended ? "" : "\n", text);
	return new ? pp_stage_puts(s, path, new, 0644, e) : pp_fail_oom(e, path);
}

int pp_stage_remove(struct pp_stage *s, const char *path, struct pp_error *e)
{
	return set_content(s, path, &(struct pp_content){ 0 }, e);
}

static bool same_argv(const char *const *a, const char *const *b)
{
	while (*a && *b && !strcmp(*a, *b)) {
		a++;
		b++;
	}
	return !*a && !*b;
}

int pp_stage_run(struct pp_stage *s, enum pp_deed_kind kind, const char *const *argv,
                 struct pp_error *e)
{
	char path[PATH_MAX];

	for (uint32_t i = 0; i < s->nr_deeds; i++)
		if (s->deeds[i].kind == kind && same_argv(s->deeds[i].argv, argv))
			return 0;
	if (!pp_tool_find(s->apply, argv[0], path))
		return pp_fail(e, ENOENT, "%s is needed, and the host has no such program",
		               argv[0]);
	struct pp_deed *d = pp_stage_add(s, kind, e);
	if (!d)
		return -e->code;
	d->argv = argv;
	return 0;
}

bool pp_stage_changed(const struct pp_stage *s, uint32_t from)
{
	for (uint32_t i = from; i < s->nr_deeds; i++)
		if (s->deeds[i].kind == PP_DEED_FILE)
			return true;
	return false;
}

void pp_stage_close_step(struct pp_stage *s)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < s->nr_deeds; i++) {
		const struct pp_deed *d = &s->deeds[i];
		bool tool = d->kind == PP_DEED_INITRD || d->kind == PP_DEED_LOADER;
		if (!tool || d->step != s->step || s->touched)
			s->deeds[n++] = *d;
	}
	s->nr_deeds = n;
	s->touched = false;
}

void pp_stage_sort(struct pp_stage *s)
{
	struct pp_deed *sorted = PP_ARENA_ARRAY(&s->apply->arena, s->nr_deeds, struct pp_deed);
	uint32_t n = 0;

	for (int kind = 0; sorted && kind < PP_DEED_KINDS; kind++)
		for (uint32_t i = 0; i < s->nr_deeds; i++) {
			const struct pp_deed *d = &s->deeds[i];
			/* A second step may have brought a file back to what it was. */
			bool idle = d->kind == PP_DEED_FILE &&
			            pp_content_same(&d->old_content, &d->new_content);
			if ((int)d->kind == kind && !idle)
				sorted[n++] = *d;
		}
	if (sorted) {
		s->deeds = sorted;
		s->nr_deeds = n;
	}
}

/* The largest file in /boot: a new initrd stands beside its old one for a while. */
static uint64_t largest_in_boot(struct pp_apply *a)
{
	const char *const *names = pp_place_list(a, "boot");
	uint64_t largest = 0;

	for (; names && *names; names++) {
		char path[PATH_MAX];
		struct pp_sys_info info;
		if (!strncmp(*names, "init", 4) &&
		    snprintf(path, sizeof(path), "boot/%s", *names) < PATH_MAX &&
		    !a->sys->ops->info(a->sys, path, &info) && info.bytes > largest)
			largest = info.bytes;
	}
	return largest;
}

/* Where an image lies, one of its size must find room beside it. */
static int image_room(struct pp_stage *s, uint64_t bytes, uint64_t files, struct pp_error *e)
{
	struct pp_sys_info info;
	int r = s->apply->sys->ops->info(s->apply->sys, s->image, &info);

	if (r)
		return pp_fail(e, -r, "/%.300s: %s", s->image, strerror(-r));
	return pp_place_room(s->apply, s->image, bytes + info.bytes, files, e);
}

/* A file system's own needs, and what tools make on their way. */
#define SPARE_BYTES ((1u << 20) + (64u << 10))
#define SPARE_FILES 16

int pp_stage_room(struct pp_stage *s, struct pp_error *e)
{
	/* As if all lay on one file system; hex digits in the journal, of which two stand at once.
	 */
	uint64_t bytes = SPARE_BYTES, files = s->nr_deeds + SPARE_FILES;

	for (uint32_t i = 0; i < s->nr_deeds; i++)
		bytes +=
			5 * (s->deeds[i].old_content.bytes.len + s->deeds[i].new_content.bytes.len);
	for (uint32_t i = 0; i < s->nr_deeds; i++) {
		const struct pp_deed *d = &s->deeds[i];
		int r = 0;
		if (d->kind == PP_DEED_FILE || d->kind == PP_DEED_FOLDER)
			r = pp_place_room(s->apply, d->path, bytes, files, e);
		else if (d->kind == PP_DEED_INITRD)
			r = pp_place_room(s->apply, "boot", bytes + largest_in_boot(s->apply),
			                  files, e);
		else if (d->kind == PP_DEED_LOADER)
			r = pp_place_room(s->apply, "boot", bytes, files, e);
		if (!r && s->image && pp_deed_is_tool(d))
			r = image_room(s, bytes, files, e);
		if (r)
			return r;
	}
	return pp_place_room(s->apply, PP_APPLY_STATE, bytes, files, e);
}

bool pp_stage_is_ours(const struct pp_content *c)
{
	return c->exists && pp_span_find(c->bytes, PP_STAGE_MARK);
}
