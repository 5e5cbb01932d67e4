/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A machine in memory: its files are the input's, and what acts on it reaches nothing else. */
#include "memory.h"

#include <errno.h>
#include <stdio.h>

#include "base/text.h"

static struct memory *memory_of(struct pp_sys *s)
{
	return (struct memory *)s;
}

static void memory_change(struct memory *m)
{
	if (m->read_only)
		abort();
}

struct memory_file *memory_find(struct memory *m, const char *path)
{
	for (unsigned int i = 0; i < m->nr_files; i++)
		if (!strcmp(m->files[i].path, path))
			return &m->files[i];
	return NULL;
}

static bool memory_is_below(const char *path, const char *directory)
{
	size_t len = strlen(directory);

	return !len || (!strncmp(path, directory, len) && path[len] == '/');
}

/* One that was made, or that a file lies in. */
static bool memory_has_directory(const struct memory *m, const char *path)
{
	for (unsigned int i = 0; i < m->nr_directories; i++)
		if (!strcmp(m->directories[i], path) || memory_is_below(m->directories[i], path))
			return true;
	for (unsigned int i = 0; i < m->nr_files; i++)
		if (memory_is_below(m->files[i].path, path))
			return true;
	return false;
}

static int memory_info(struct pp_sys *s, const char *path, struct pp_sys_info *ret)
{
	struct memory *m = memory_of(s);
	const struct memory_file *f = memory_find(m, path);

	if (!f && !memory_has_directory(m, path))
		return -ENOENT;
	*ret = (struct pp_sys_info){ .kind = f ? PP_SYS_FILE : PP_SYS_DIRECTORY,
		                     .bytes = f ? f->content.bytes.len : 0,
		                     .number = f ? (uint64_t)(f - m->files) + 1 : 0 };
	return 0;
}

static int memory_read(struct pp_sys *s, const char *path, size_t max, struct pp_arena *a,
                       struct pp_span *ret)
{
	const struct memory_file *f = memory_find(memory_of(s), path);

	if (!f)
		return -ENOENT;
	if (f->content.bytes.len > max)
		return -E2BIG;
	char *copy = pp_arena_strndup(a, (const char *)f->content.bytes.data, f->content.bytes.len);
	*ret = PP_SPAN(copy, f->content.bytes.len);
	return copy ? 0 : -ENOMEM;
}

static int memory_content(struct pp_sys *s, const char *path, size_t max, struct pp_arena *a,
                          struct pp_content *ret)
{
	struct memory *m = memory_of(s);
	const struct memory_file *f = memory_find(m, path);
	struct pp_span bytes;

	if (!f)
		return memory_has_directory(m, path) ? -EBADMSG : -ENOENT;
	int r = memory_read(s, path, max, a, &bytes);
	if (r)
		return r;
	*ret = f->content;
	ret->bytes = bytes;
	return 0;
}

/* What is written in links is not of this machine. */
static int memory_link(struct pp_sys *s, const char *path, char *buf, size_t size)
{
	return memory_find(memory_of(s), path) ? -EINVAL : -ENOENT;
}

static int memory_by_bytes(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int memory_add_name(struct pp_arena *a, const char **names, uint32_t *count,
                           const char *path, const char *directory)
{
	size_t len = strlen(directory);

	if (!memory_is_below(path, directory))
		return 0;
	const char *name = path + len + (len != 0);
	size_t n = strcspn(name, "/");
	for (uint32_t i = 0; i < *count; i++)
		if (strlen(names[i]) == n && !memcmp(names[i], name, n))
			return 0;
	names[*count] = pp_arena_strndup(a, name, n);
	return names[(*count)++] ? 0 : -ENOMEM;
}

static int memory_list(struct pp_sys *s, const char *path, struct pp_arena *a, struct pp_names *ret)
{
	struct memory *m = memory_of(s);
	const char **names = PP_ARENA_ARRAY(a, 2 * MEMORY_MAX_FILES, const char *);
	uint32_t count = 0;
	int r = names ? 0 : -ENOMEM;

	if (!memory_has_directory(m, path))
		return memory_find(m, path) ? -ENOTDIR : -ENOENT;
	for (unsigned int i = 0; !r && i < m->nr_files; i++)
		r = memory_add_name(a, names, &count, m->files[i].path, path);
	for (unsigned int i = 0; !r && i < m->nr_directories; i++)
		r = memory_add_name(a, names, &count, m->directories[i], path);
	if (r)
		return r;
	qsort(names, count, sizeof(*names), memory_by_bytes);
	*ret = (struct pp_names){ .names = names, .count = count };
	return 0;
}

static int memory_map(struct pp_sys *s, const char *path, size_t max, struct pp_span *ret)
{
	const struct memory_file *f = memory_find(memory_of(s), path);

	if (!f || !f->content.bytes.len)
		return f ? -ENODATA : -ENOENT;
	size_t len = f->content.bytes.len < max ? f->content.bytes.len : max;
	uint8_t *copy = malloc(len);
	if (!copy)
		return -ENOMEM;
	memcpy(copy, f->content.bytes.data, len);
	*ret = PP_SPAN(copy, len);
	return 0;
}

static void memory_unmap(struct pp_sys *s, struct pp_span bytes)
{
	free((void *)(uintptr_t)bytes.data);
}

static int memory_put(struct pp_sys *s, const char *path, const struct pp_content *c,
                      struct pp_error *e)
{
	struct memory *m = memory_of(s);
	struct memory_file *f = memory_find(m, path);

	memory_change(m);
	if (strlen(path) >= MEMORY_MAX_PATH || (!f && m->nr_files == MEMORY_MAX_FILES))
		return pp_fail(e, ENOSPC, "memory: no room for %s", path);
	if (!f) {
		f = &m->files[m->nr_files++];
		snprintf(f->path, sizeof(f->path), "%s", path);
	}
	f->content = *c;
	f->content.nr_links = 1;
	f->content.bytes.data = (const uint8_t *)pp_arena_strndup(
		&m->arena, (const char *)c->bytes.data, c->bytes.len);
	return f->content.bytes.data ? 0 : pp_fail_oom(e, path);
}

static int memory_remove(struct pp_sys *s, const char *path)
{
	struct memory *m = memory_of(s);
	struct memory_file *f = memory_find(m, path);

	memory_change(m);
	if (!f)
		return -ENOENT;
	*f = m->files[--m->nr_files];
	return 0;
}

static void memory_sweep(struct pp_sys *s, const char *path)
{
	memory_change(memory_of(s));
}

static int memory_mkdir(struct pp_sys *s, const char *path)
{
	struct memory *m = memory_of(s);

	memory_change(m);
	if (strlen(path) >= MEMORY_MAX_PATH || m->nr_directories == MEMORY_MAX_FILES)
		return -ENOSPC;
	snprintf(m->directories[m->nr_directories++], MEMORY_MAX_PATH, "%s", path);
	return 0;
}

static int memory_rmdir(struct pp_sys *s, const char *path)
{
	struct memory *m = memory_of(s);

	memory_change(m);
	for (unsigned int i = 0; i < m->nr_directories; i++) {
		if (strcmp(m->directories[i], path))
			continue;
		memmove(m->directories[i], m->directories[--m->nr_directories], MEMORY_MAX_PATH);
		return 0;
	}
	return -ENOENT;
}

static int memory_room(struct pp_sys *s, const char *path, uint64_t bytes, uint64_t files,
                       struct pp_error *e)
{
	return 0;
}

static int memory_write(struct pp_sys *s, const char *path, const char *text)
{
	memory_change(memory_of(s));
	return -EACCES;
}

static bool memory_find_program(struct pp_sys *s, const char *name, char *ret, size_t size)
{
	snprintf(ret, size, "usr/sbin/%s", name);
	return memory_find(memory_of(s), ret);
}

static int memory_run(struct pp_sys *s, const char *const *argv, unsigned int limit_s,
                      const struct pp_lock *lock, struct pp_process_result *ret, struct pp_error *e)
{
	abort();
}

static bool memory_is_privileged(struct pp_sys *s)
{
	return true;
}

static int memory_nobody(struct pp_sys *s, const char *path)
{
	return 0;
}

static int memory_find_holder(struct pp_sys *s, const char *const *paths, struct pp_holder *ret)
{
	return 0;
}

static int memory_open(struct pp_sys *s, const char *path)
{
	return -ENODEV;
}

static int memory_control(struct pp_sys *s, int handle, unsigned long request, void *argument)
{
	abort();
}

static void memory_close(struct pp_sys *s, int handle)
{
}

static int memory_log_begin(struct pp_sys *s)
{
	return -ENOENT;
}

static int memory_log_next(struct pp_sys *s, char *buf, size_t size, size_t *ret)
{
	return -EAGAIN;
}

static void memory_free(struct pp_sys *s)
{
}

static const struct pp_sys_ops memory_ops = {
	.info = memory_info,
	.read = memory_read,
	.content = memory_content,
	.link = memory_link,
	.list = memory_list,
	.map = memory_map,
	.unmap = memory_unmap,
	.put = memory_put,
	.remove = memory_remove,
	.sweep = memory_sweep,
	.mkdir = memory_mkdir,
	.rmdir = memory_rmdir,
	.room = memory_room,
	.write = memory_write,
	.find_program = memory_find_program,
	.run = memory_run,
	.is_privileged = memory_is_privileged,
	.is_claimed = memory_nobody,
	.has_address = memory_nobody,
	.find_holder = memory_find_holder,
	.open = memory_open,
	.control = memory_control,
	.close = memory_close,
	.log_begin = memory_log_begin,
	.log_next = memory_log_next,
	.free = memory_free,
};

bool memory_next(struct pp_span *in, char *path, struct pp_span *ret)
{
	while (in->len) {
		const uint8_t *end = memchr(in->data, '\n', in->len);
		size_t n = end ? (size_t)(end - in->data) : in->len, begin = n + (end != NULL);
		struct pp_span line = PP_SPAN(in->data, n),
			       rest = PP_SPAN(in->data + begin, in->len - begin);
		*in = rest;
		if (!pp_span_starts(line, "=== "))
			continue;
		const uint8_t *next =
			pp_span_starts(rest, "=== ") ? rest.data : pp_span_find(rest, "\n=== ");
		size_t len = !next                               ? rest.len
		             : next == rest.data && *next == '=' ? 0
		                                                 : (size_t)(next + 1 - rest.data);
		*ret = PP_SPAN(rest.data, len);
		*in = PP_SPAN(rest.data + len, rest.len - len);
		if (n - 4 >= MEMORY_MAX_PATH || n == 4)
			continue;
		memcpy(path, line.data + 4, n - 4);
		path[n - 4] = '\0';
		if (strlen(path) == n - 4)
			return true;
	}
	return false;
}

/* A name that a directory can have, all the way down. */
static bool memory_is_path(const struct memory *m, const char *path)
{
	for (const char *at = path; *at; at += strspn(at, "/")) {
		size_t n = strcspn(at, "/");
		if (!n || (n <= 2 && !strncmp(at, "..", n)) || (at[n] && !at[n + 1]))
			return false;
		at += n;
	}
	if (!*path || strstr(path, "//") || memory_has_directory(m, path))
		return false;
	for (unsigned int i = 0; i < m->nr_files; i++)
		if (!strcmp(m->files[i].path, path) || memory_is_below(path, m->files[i].path))
			return false;
	return true;
}

void memory_init(struct memory *m, struct pp_span in)
{
	char path[MEMORY_MAX_PATH];
	struct pp_span bytes;
	struct pp_error e;

	*m = (struct memory){ .base = { .ops = &memory_ops, .root = MEMORY_ROOT } };
	pp_arena_init(&m->arena, 0);
	/* Half of the room is for what is written. */
	while (m->nr_files < MEMORY_MAX_FILES / 2 && memory_next(&in, path, &bytes)) {
		struct pp_content c = {
			.exists = true, .mode = 0644, .nr_links = 1, .bytes = bytes
		};
		if (memory_is_path(m, path) && memory_put(&m->base, path, &c, &e))
			abort();
	}
}

void memory_fini(struct memory *m)
{
	pp_arena_fini(&m->arena);
}

bool memory_is_same(const struct memory *a, const struct memory *b)
{
	if (a->nr_files != b->nr_files || a->nr_directories != b->nr_directories)
		return false;
	for (unsigned int i = 0; i < a->nr_files; i++) {
		const struct memory_file *other =
			memory_find((struct memory *)(uintptr_t)b, a->files[i].path);
		if (!other || !pp_content_same(&a->files[i].content, &other->content))
			return false;
	}
	return true;
}
