/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What all machines have in common: texts of errors, and answers made of those of the table. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "sys/machine.h"
#include "sys/trust.h"

#define SHOWN_BYTES 240 /* of the end of what a program printed */

void pp_sys_free(struct pp_sys *s)
{
	if (s)
		s->ops->free(s);
}

static const char *sys_base(const struct pp_sys *s)
{
	return s->data ? s->data : s->root;
}

char *pp_sys_whole(const struct pp_sys *s, struct pp_arena *a, const char *path)
{
	if (pp_path_is_absolute(path))
		return pp_arena_strdup(a, path);
	return pp_arena_printf(a, "%s/%s", sys_base(s), path);
}

/* -EXDEV is ours: os-write.c. */
static int sys_failed(const struct pp_sys *s, const char *path, int r, struct pp_error *e)
{
	if (r == -EXDEV)
		return pp_fail(e, EBADMSG,
		               "/%.300s: a directory on the way is a link or no directory, which "
		               "may lead out of %.100s",
		               path, s->root);
	return pp_fail(e, -r, "%s%.300s: %s", pp_sys_slash(path), path, strerror(-r));
}

int pp_sys_content(struct pp_sys *s, const char *path, struct pp_arena *a, struct pp_content *ret,
                   struct pp_error *e)
{
	int r = s->ops->content(s, path, PP_CONTENT_MAX_BYTES, a, ret);

	if (r == -ENOENT || r == -ENOTDIR) {
		*ret = (struct pp_content){ 0 };
		return 0;
	}
	if (r == -EMLINK)
		return pp_fail(e, EBADMSG, "%s%.300s: a link, which would be replaced by a file",
		               pp_sys_slash(path), path);
	if (r == -EBADMSG)
		return pp_fail(e, EBADMSG, "%s%.300s: no regular file", pp_sys_slash(path), path);
	if (r == -E2BIG)
		return pp_fail(e, EFBIG, "%s%.300s: more than %u bytes", pp_sys_slash(path), path,
		               PP_CONTENT_MAX_BYTES);
	return r ? sys_failed(s, path, r, e) : 0;
}

bool pp_content_same(const struct pp_content *a, const struct pp_content *b)
{
	if (!a->exists || !b->exists)
		return a->exists == b->exists;
	return a->mode == b->mode && a->uid == b->uid && a->gid == b->gid &&
	       a->bytes.len == b->bytes.len &&
	       (!a->bytes.len || !memcmp(a->bytes.data, b->bytes.data, a->bytes.len));
}

int pp_sys_put(struct pp_sys *s, const char *path, const struct pp_content *c, struct pp_error *e)
{
	int r = c->exists ? s->ops->put(s, path, c, e) : s->ops->remove(s, path);

	if (c->exists)
		return r == -EXDEV ? sys_failed(s, path, r, e) : r;
	return r && r != -ENOENT ? sys_failed(s, path, r, e) : 0;
}

void pp_sys_clean_up(struct pp_sys *s, const char *path)
{
	s->ops->sweep(s, path);
}

const char *pp_sys_device_path(const char *address, const char *name, char ret[PP_SYS_PATH_BYTES])
{
	snprintf(ret, PP_SYS_PATH_BYTES, PP_SYS_DEVICES "/%s%s%s", address, *name ? "/" : "", name);
	return ret;
}

bool pp_sys_has(struct pp_sys *s, const char *path)
{
	struct pp_sys_info info;

	return !s->ops->info(s, path, &info);
}

bool pp_sys_has_directory(struct pp_sys *s, const char *path)
{
	struct pp_sys_info info;

	return !s->ops->info(s, path, &info) && info.kind == PP_SYS_DIRECTORY;
}

bool pp_sys_is_same_file(struct pp_sys *s, const char *a, const char *b)
{
	struct pp_sys_info x, y;

	return !s->ops->info(s, a, &x) && !s->ops->info(s, b, &y) && x.volume == y.volume &&
	       x.number == y.number;
}

int pp_sys_mkdir(struct pp_sys *s, const char *path, struct pp_error *e)
{
	int r = s->ops->mkdir(s, path);

	return r ? sys_failed(s, path, r, e) : 0;
}

int pp_sys_rmdir(struct pp_sys *s, const char *path, struct pp_error *e)
{
	int r = s->ops->rmdir(s, path);

	return r && r != -ENOENT && r != -ENOTEMPTY && r != -EEXIST ? sys_failed(s, path, r, e) : 0;
}

int pp_sys_check_space(struct pp_sys *s, const char *path, uint64_t bytes, uint64_t files,
                       struct pp_error *e)
{
	return s->ops->room(s, path, bytes, files, e);
}

int pp_sys_read(struct pp_sys *s, const char *path, size_t max, struct pp_arena *a,
                struct pp_span *ret)
{
	return s->ops->read(s, path, max, a, ret);
}

int pp_sys_text(struct pp_sys *s, const char *path, char *buf, size_t size)
{
	struct pp_arena a;
	struct pp_span text;

	pp_arena_init(&a, 0);
	/* All of buf filled: without room for the NUL even the last newline was too much. */
	int r = s->ops->read(s, path, size, &a, &text);
	size_t len = r ? 0 : strnlen((const char *)text.data, text.len);
	const char *end = len ? memchr(text.data, '\n', len) : NULL;
	len = end ? (size_t)(end - (const char *)text.data) : len;
	if (!r && len >= size)
		r = -E2BIG;
	if (!r) {
		memcpy(buf, text.data, len);
		buf[len] = '\0';
	}
	pp_arena_fini(&a);
	return r;
}

int pp_sys_link(struct pp_sys *s, const char *path, char *buf, size_t size)
{
	return s->ops->link(s, path, buf, size);
}

int pp_sys_file_size(struct pp_sys *s, const char *path, uint64_t *ret)
{
	struct pp_sys_info info;
	int r = s->ops->info(s, path, &info);

	if (!r)
		*ret = info.bytes;
	return r;
}

int pp_sys_link_name(struct pp_sys *s, const char *path, char *buf, size_t size)
{
	char link[PATH_MAX];
	int r = s->ops->link(s, path, link, sizeof(link));

	if (r)
		return r;
	const char *slash = strrchr(link, '/');
	const char *name = slash ? slash + 1 : link;
	if (strlen(name) >= size)
		return -ENAMETOOLONG;
	memcpy(buf, name, strlen(name) + 1);
	return 0;
}

int pp_sys_list(struct pp_sys *s, const char *path, struct pp_arena *a, struct pp_names *ret)
{
	return s->ops->list(s, path, a, ret);
}

const char *const *pp_sys_names(struct pp_sys *s, const char *path, struct pp_arena *a)
{
	struct pp_names all = { .count = 0 };
	uint32_t n = 0;

	if (s->ops->list(s, path, a, &all) == -ENOMEM)
		return NULL;
	const char **names = PP_ARENA_ARRAY(a, (size_t)all.count + 1, const char *);
	for (uint32_t i = 0; names && i < all.count; i++)
		if (all.names[i][0] != '.')
			names[n++] = all.names[i];
	return names;
}

int pp_sys_write(struct pp_sys *s, const char *path, const char *text)
{
	return s->ops->write(s, path, text);
}

bool pp_sys_find_program(struct pp_sys *s, const char *name, char *ret)
{
	return s->ops->find_program(s, name, ret, PATH_MAX);
}

bool pp_sys_has_program(struct pp_sys *s, const char *name)
{
	char path[PATH_MAX];

	return pp_sys_find_program(s, name, path);
}

/* Only the end is kept: there stands why it failed. */
void pp_process_keep(struct pp_process_result *r, const char *bytes, size_t len)
{
	size_t room = PP_PROCESS_OUTPUT_BYTES - len;

	if (r->len > room) {
		memmove(r->output, r->output + r->len - room, room);
		r->len = room;
	}
	memcpy(r->output + r->len, bytes, len);
	r->len += len;
}

/* The last lines, as one line. */
static const char *sys_last_words(struct pp_process_result *result, char *buf, size_t size)
{
	size_t from = result->len > SHOWN_BYTES ? result->len - SHOWN_BYTES : 0;

	for (size_t i = from; i < result->len; i++)
		if (result->output[i] == '\n')
			result->output[i] = i + 1 < result->len ? '|' : ' ';
	pp_text_clean_into(buf, size, result->output + from, result->len - from);
	return *buf ? buf : "it said nothing";
}

static int sys_judge(const char *name, struct pp_process_result *result, unsigned int limit_s,
                     struct pp_error *e)
{
	char words[SHOWN_BYTES + 1];

	sys_last_words(result, words, sizeof(words));
	if (result->end == PP_PROCESS_STOPPED)
		return pp_fail(e, ETIMEDOUT, "%s: stopped after %u seconds: %s", name, limit_s,
		               words);
	if (result->end == PP_PROCESS_SIGNALLED)
		return pp_fail(e, ECHILD, "%s: killed by signal %d: %s", name, result->signal,
		               words);
	if (result->status)
		return pp_fail(e, ECHILD, "%s: exit status %d: %s", name, result->status, words);
	return 0;
}

int pp_sys_run(struct pp_sys *s, const char *const *argv, unsigned int limit_s,
               const struct pp_lock *lock, struct pp_error *e)
{
	struct pp_process_result *result = malloc(sizeof(*result));

	if (!result)
		return pp_fail_oom(e, argv[0]);
	int r = s->ops->run(s, argv, limit_s, lock, result, e);
	if (!r)
		r = sys_judge(argv[0], result, limit_s, e);
	free(result);
	return r;
}

int pp_sys_private_directory(const struct pp_sys *s, const char *path, bool make,
                             struct pp_error *e)
{
	char whole[PATH_MAX];
	struct pp_sys_info info;

	if (snprintf(whole, sizeof(whole), "%s/%s", sys_base(s), path) >= PATH_MAX)
		return sys_failed(s, path, -ENAMETOOLONG, e);
	for (char *slash = strchr(whole + strlen(sys_base(s)) + 1, '/'); slash;
	     slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (!pp_path_info(whole, false, &info) && info.kind != PP_SYS_DIRECTORY)
			return pp_fail(e, EPERM, "%.300s: must be a directory, and not a link",
			               whole);
		*slash = '/';
	}
	return pp_directory_private(whole, make, e);
}
