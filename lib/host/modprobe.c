/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The files of modprobe.d(5). kmod 30 sorts the files of all directories by name; of two files with
 * one name it reads the one in the directory that comes first.
 */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "host/build.h"

#define MODPROBE_FILE_BYTES ((size_t)1024 * 1024)
#define MODPROBE_MAX_FILES  1024
#define MODPROBE_MAX_LINES  20000

/* /lib is a link to /usr/lib on most hosts: what is seen twice has one name. */
static const char *const modprobe_directories[] = {
	"etc/modprobe.d",     "run/modprobe.d", "usr/local/lib/modprobe.d",
	"usr/lib/modprobe.d", "lib/modprobe.d",
};
#define NR_DIRECTORIES (sizeof(modprobe_directories) / sizeof(modprobe_directories[0]))

struct modprobe_file {
	const char *directory, *name;
};

bool pp_modprobe_is_conf(const char *name)
{
	size_t n = strlen(name);

	return n > 5 && name[0] != '.' && !strcmp(name + n - 5, ".conf");
}

const char *pp_modprobe_directory(size_t i)
{
	return i < NR_DIRECTORIES ? modprobe_directories[i] : NULL;
}

bool pp_modprobe_is_file(const char *path)
{
	for (size_t i = 0; i < NR_DIRECTORIES; i++) {
		size_t n = strlen(modprobe_directories[i]);
		if (!strncmp(path, modprobe_directories[i], n) && path[n] == '/')
			return true;
	}
	return false;
}

char *pp_modprobe_join(struct pp_span text, struct pp_arena *a)
{
	char *copy = pp_arena_strndup(a, (const char *)text.data, text.len);

	for (char *at = copy; at && (at = strstr(at, "\\\n"));)
		at[0] = at[1] = ' ';
	return copy;
}

static int modprobe_compare(const void *a, const void *b)
{
	return strcmp(((const struct modprobe_file *)a)->name,
	              ((const struct modprobe_file *)b)->name);
}

static bool modprobe_is_hidden(const struct modprobe_file *files, uint32_t nr, const char *name)
{
	for (uint32_t i = 0; i < nr; i++)
		if (!strcmp(files[i].name, name))
			return true;
	return false;
}

static int modprobe_list(struct pp_host_build *b, struct modprobe_file *files, uint32_t *ret_nr)
{
	uint32_t nr = 0;

	for (size_t d = 0; d < NR_DIRECTORIES; d++) {
		struct pp_names names;
		uint32_t before = nr;
		int r = pp_source_list(b->source, modprobe_directories[d], &b->scratch, &names);
		if (r == -ENOMEM)
			return r;
		/* A capture that lacks all of them says so by the first. */
		if (r && r != -ENOENT && (r != -ENODATA || !d))
			b->modprobe.error = -r;
		for (uint32_t i = 0; !r && i < names.count && nr < MODPROBE_MAX_FILES; i++)
			if (pp_modprobe_is_conf(names.names[i]) &&
			    !modprobe_is_hidden(files, before, names.names[i]))
				files[nr++] = (struct modprobe_file){ modprobe_directories[d],
					                              names.names[i] };
	}
	if (nr == MODPROBE_MAX_FILES)
		b->modprobe.error = E2BIG;
	qsort(files, nr, sizeof(*files), modprobe_compare);
	*ret_nr = nr;
	return 0;
}

/* The lines of all files; grows in the scratch arena, doubling. */
struct modprobe_lines {
	struct pp_modprobe_line *list;
	uint32_t nr, size;
};

static int modprobe_add(struct modprobe_lines *l, struct pp_arena *a, struct pp_span text,
                        const char *path)
{
	if (l->nr == MODPROBE_MAX_LINES)
		return -E2BIG;
	if (l->nr == l->size) {
		uint32_t size = l->size ? l->size * 2 : 64;
		struct pp_modprobe_line *list = PP_ARENA_ARRAY(a, size, struct pp_modprobe_line);
		if (!list)
			return -ENOMEM;
		if (l->nr)
			memcpy(list, l->list, l->nr * sizeof(*list));
		l->list = list;
		l->size = size;
	}
	l->list[l->nr++] = (struct pp_modprobe_line){ text, path };
	return 0;
}

static int modprobe_read(struct pp_host_build *b, const struct modprobe_file *file,
                         struct modprobe_lines *lines)
{
	struct pp_modprobe *m = &b->modprobe;
	char *path = pp_arena_printf(&b->scratch, "%s/%s", file->directory, file->name);
	struct pp_span bytes, line;
	int r = path ? pp_source_read_all(b->source, path, MODPROBE_FILE_BYTES, &b->scratch, &bytes)
	             : -ENOMEM;

	if (r) {
		/* A link to nowhere, or to /dev/null, says nothing; nor does a directory. */
		m->error = r == -ENOENT || r == -EISDIR ? m->error : -r;
		return r == -ENOMEM ? r : 0;
	}
	char *text = pp_modprobe_join(bytes, &b->scratch);
	if (!text)
		return -ENOMEM;
	struct pp_span rest = PP_SPAN(text, strlen(text));
	while (!r && pp_text_line(&rest, &line))
		r = modprobe_add(lines, &b->scratch, line, path);
	m->error = r == -E2BIG ? E2BIG : m->error;
	return r == -ENOMEM ? r : 0;
}

int pp_build_modprobe(struct pp_host_build *b)
{
	struct modprobe_file *files =
		PP_ARENA_ARRAY(&b->scratch, MODPROBE_MAX_FILES, struct modprobe_file);
	struct modprobe_lines lines = { 0 };
	uint32_t nr = 0;
	int r = files ? modprobe_list(b, files, &nr) : -ENOMEM;

	for (uint32_t i = 0; !r && i < nr; i++)
		r = modprobe_read(b, &files[i], &lines);
	b->modprobe.lines = lines.list;
	b->modprobe.nr_lines = lines.nr;
	return r;
}
