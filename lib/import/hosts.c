/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which hosts a path names: one, or all that lie in a directory. Nothing of them is decoded here.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <pcipass/fleet.h>

#include "base/arena.h"
#include "base/text.h"
#include "import/bundle.h"
#include "source/archive-read.h"
#include "source/fsroot.h"
#include "source/manifest.h"

#define HOSTS_MAX       1000000u
#define HOSTS_MAX_DEPTH 8
/* Read to find out what a file is. */
#define HOSTS_HEAD_BYTES 512u
#define HOSTS_RESULTS    "\"pcipass."
/* Results whose keys somebody sorted have their schema at the end. */
#define HOSTS_RESULTS_BYTES ((size_t)64 * 1024 * 1024)

struct host_entry {
	const char *stem;  /* what the file is called, without what tells its kind */
	const char *shown; /* the path, where another has the same stem */
	const char *const *paths;
	uint32_t nr_paths;
	enum pp_host_path kind;
	bool alike; /* another has the same stem */
};

struct pp_host_list {
	struct pp_arena arena;
	struct host_entry *entries;
	uint32_t count, size;
	bool named; /* .alike is right */
};

int pp_host_list_new(struct pp_host_list **ret, struct pp_error *e)
{
	struct pp_host_list *l = calloc(1, sizeof(*l));

	if (!l)
		return pp_fail_oom(e, "the list of hosts");
	pp_arena_init(&l->arena, 0);
	*ret = l;
	return 0;
}

void pp_host_list_free(struct pp_host_list *l)
{
	if (!l)
		return;
	pp_arena_fini(&l->arena);
	free(l->entries);
	free(l);
}

static bool hosts_is_blank(unsigned char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

bool pp_fleet_are_results(const char *bytes, size_t len)
{
	size_t i = 0;

	while (i < len && hosts_is_blank((unsigned char)bytes[i]))
		i++;
	return i < len && bytes[i] == '{' && pp_span_find(PP_SPAN(bytes, len), HOSTS_RESULTS);
}

static enum pp_host_path hosts_kind_of_file(const char *path)
{
	uint8_t *bytes = NULL;
	size_t len = 0, i = 0;

	if (pp_file_read_start(path, HOSTS_HEAD_BYTES, &bytes, &len))
		return PP_HOST_PATH_TEXT;
	bool archive = pp_archive_is_one(PP_SPAN(bytes, len)), results = false;
	while (i < len && hosts_is_blank(bytes[i]))
		i++;
	bool maybe = i < len && bytes[i] == '{';
	free(bytes);
	bytes = NULL;
	if (maybe && !pp_file_read_start(path, HOSTS_RESULTS_BYTES, &bytes, &len))
		results = pp_fleet_are_results((const char *)bytes, len);
	free(bytes);
	return archive ? PP_HOST_PATH_ARCHIVE : results ? PP_HOST_PATH_RESULTS : PP_HOST_PATH_TEXT;
}

static bool hosts_has_directory(struct pp_source *s, const char *path, const char *name)
{
	char whole[PP_MAX_PATH + 1];
	struct pp_node node;
	int n = snprintf(whole, sizeof(whole), "%s%s%s", path, *path ? "/" : "", name);

	if (n < 0 || (size_t)n >= sizeof(whole) || pp_source_open_dir(s, whole, &node))
		return false;
	pp_source_close(s, node);
	return true;
}

/* A host of its own, by what lies at its top. */
static bool hosts_is_host(struct pp_source *s, const char *path)
{
	char prefix[PP_MAX_PATH + 2];
	int n = snprintf(prefix, sizeof(prefix), "%s%s", path, *path ? "/" : "");

	if (!*path && pp_bundle_is_at(s, ""))
		return true;
	return hosts_has_directory(s, path, "sys") || hosts_has_directory(s, path, "proc") ||
	       hosts_has_directory(s, path, PP_MANIFEST_DIRECTORY) ||
	       (n > 0 && (size_t)n < sizeof(prefix) && pp_bundle_is_at(s, prefix));
}

/* What tells of the kind of file, the longest first. */
static size_t hosts_stem(const char *name)
{
	static const char *const endings[] = { ".tar.gz", ".tar.xz", ".tar.zst", ".tar.bz2",
		                               ".tgz",    ".txz",    ".tzst",    ".tbz2",
		                               ".tar",    ".ndjson", ".jsonl",   ".json",
		                               ".txt",    ".log",    ".out",     ".html",
		                               ".eml",    ".capture" };
	size_t len = strlen(name);

	for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++) {
		size_t n = strlen(endings[i]);
		if (len > n && !strcmp(name + len - n, endings[i]))
			return len - n;
	}
	return len;
}

/* Texts of messages and tables: of a file's name nothing steers a terminal. */
static const char *hosts_clean(struct pp_arena *a, const char *text, size_t len)
{
	char *copy = pp_arena_strndup(a, text, len);

	if (copy)
		pp_text_clean_in_place(copy);
	return copy;
}

/* The last part of a path that people typed; "..": the path itself. */
static const char *hosts_base(const char *path, struct pp_arena *a)
{
	size_t end = strlen(path), begin;

	while (end > 1 && path[end - 1] == '/')
		end--;
	for (begin = end; begin && path[begin - 1] != '/';)
		begin--;
	if (begin == end || !strncmp(path + begin, ".", end - begin) ||
	    !strncmp(path + begin, "..", end - begin))
		begin = 0;
	return pp_arena_strndup(a, path + begin, end - begin);
}

/* path: where they all are; below: the same in the directory of hosts, if it is in one. */
static int hosts_put(struct pp_host_list *l, const char *path, const char *below,
                     const char *const *paths, uint32_t nr_paths, enum pp_host_path kind,
                     struct pp_error *e)
{
	const char *name = below && *below ? below : hosts_base(path, &l->arena);
	struct host_entry *entries = l->entries;

	if (!name)
		return pp_fail_oom(e, "the list of hosts");
	if (l->count == HOSTS_MAX)
		return pp_fail(e, E2BIG, "more than %u hosts", HOSTS_MAX);
	if (l->count == l->size) {
		uint32_t size = l->size ? l->size * 2 : 16;
		entries = realloc(entries, size * sizeof(*entries));
		if (!entries)
			return pp_fail_oom(e, "the list of hosts");
		l->entries = entries;
		l->size = size;
	}
	bool whole = kind == PP_HOST_PATH_DIRECTORY || nr_paths > 1;
	size_t stem = whole ? strlen(name) : hosts_stem(name);
	struct host_entry *h = &entries[l->count];
	*h = (struct host_entry){ .stem = hosts_clean(&l->arena, name, stem),
		                  .shown = hosts_clean(&l->arena, path, strlen(path)),
		                  .paths = paths,
		                  .nr_paths = nr_paths,
		                  .kind = kind };
	if (!h->shown || !h->stem)
		return pp_fail_oom(e, "the list of hosts");
	l->count++;
	l->named = false;
	return 0;
}

static const char *hosts_join(struct pp_arena *a, const char *path, const char *name)
{
	size_t len = strlen(path);

	if (!len)
		return pp_arena_strdup(a, name);
	return pp_arena_printf(a, "%s%s%s", path, path[len - 1] == '/' ? "" : "/", name);
}

static int hosts_put_one(struct pp_host_list *l, const char *path, const char *below,
                         enum pp_host_path kind, struct pp_error *e)
{
	const char **paths = PP_ARENA_ARRAY(&l->arena, 1, const char *);

	if (paths)
		paths[0] = pp_arena_strdup(&l->arena, path);
	if (!paths || !paths[0])
		return pp_fail_oom(e, "the list of hosts");
	return hosts_put(l, path, below, paths, 1, kind, e);
}

/* A directory that is looked through: path as people gave it, below the same in the source. */
struct hosts_place {
	struct pp_source *s;
	const char *path, *below;
	unsigned int depth;
};

static int hosts_add_directory(struct pp_host_list *l, struct hosts_place place,
                               struct pp_error *e);

/* What a name in a directory is. */
static enum pp_host_path hosts_kind(struct hosts_place place, const char *path, const char *below)
{
	struct pp_node node;

	if (pp_source_open_dir(place.s, below, &node))
		return hosts_kind_of_file(path);
	pp_source_close(place.s, node);
	return hosts_is_host(place.s, below) ? PP_HOST_PATH_DIRECTORY : PP_HOST_PATH_HOSTS;
}

static int hosts_by_name(const void *x, const void *y)
{
	const char *const *a = x, *const *b = y;

	return strcmp(*a, *b);
}

/* The names that count, sorted. */
static int hosts_list(struct hosts_place place, struct pp_arena *a, struct pp_names *ret)
{
	struct pp_names all;
	int r = pp_source_list(place.s, place.below, a, &all);
	const char **names = r ? NULL : PP_ARENA_ARRAY(a, all.count, const char *);
	uint32_t n = 0;

	if (r || !names)
		return r ? r : -ENOMEM;
	for (uint32_t i = 0; i < all.count; i++)
		if (all.names[i][0] != '.')
			names[n++] = all.names[i];
	if (n)
		qsort(names, n, sizeof(*names), hosts_by_name);
	*ret = (struct pp_names){ .names = names, .count = n };
	return 0;
}

/* All texts of a directory as one host. */
static int hosts_put_texts(struct pp_host_list *l, struct hosts_place place,
                           const struct pp_names *names, struct pp_error *e)
{
	const char **paths = PP_ARENA_ARRAY(&l->arena, names->count, const char *);

	for (uint32_t i = 0; paths && i < names->count; i++) {
		paths[i] = hosts_join(&l->arena, place.path, names->names[i]);
		if (!paths[i])
			paths = NULL;
	}
	if (!paths)
		return pp_fail_oom(e, "the list of hosts");
	return hosts_put(l, place.path, place.below, paths, names->count, PP_HOST_PATH_TEXT, e);
}

/* One name of a directory: a host, or a directory of more. */
static int hosts_put_name(struct pp_host_list *l, struct hosts_place place, const char *name,
                          enum pp_host_path kind, struct pp_error *e)
{
	const char *path = hosts_join(&l->arena, place.path, name);
	const char *below = hosts_join(&l->arena, place.below, name);

	if (!path || !below)
		return pp_fail_oom(e, "the list of hosts");
	if (kind != PP_HOST_PATH_HOSTS || place.depth == HOSTS_MAX_DEPTH)
		return hosts_put_one(l, path, below, kind, e);
	return hosts_add_directory(l, (struct hosts_place){ place.s, path, below, place.depth + 1 },
	                           e);
}

static int hosts_put_names(struct pp_host_list *l, struct hosts_place place,
                           const struct pp_names *names, struct pp_arena *a, struct pp_error *e)
{
	enum pp_host_path *kinds = PP_ARENA_ARRAY(a, names->count, enum pp_host_path);
	bool only_texts = place.depth > 0;
	int r = 0;

	if (!kinds)
		return pp_fail_oom(e, "the list of hosts");
	for (uint32_t i = 0; i < names->count; i++) {
		const char *below = hosts_join(a, place.below, names->names[i]);
		const char *path = hosts_join(a, place.path, names->names[i]);
		if (!below || !path)
			return pp_fail_oom(e, "the list of hosts");
		kinds[i] = hosts_kind(place, path, below);
		only_texts &= kinds[i] == PP_HOST_PATH_TEXT;
	}
	if (only_texts)
		return hosts_put_texts(l, place, names, e);
	for (uint32_t i = 0; !r && i < names->count; i++)
		r = hosts_put_name(l, place, names->names[i], kinds[i], e);
	return r;
}

static int hosts_add_directory(struct pp_host_list *l, struct hosts_place place, struct pp_error *e)
{
	struct pp_names names;
	struct pp_arena a;

	pp_arena_init(&a, 0);
	int r = hosts_list(place, &a, &names);
	if (r == -ENOMEM)
		r = pp_fail_oom(e, place.path);
	else if ((r || !names.count) && place.depth)
		/* One that cannot be looked into, or with nothing in it, is a host in the list. */
		r = hosts_put_one(l, place.path, place.below, PP_HOST_PATH_HOSTS, e);
	else if (r)
		r = pp_fail(e, -r, "%.300s: %s", place.path, strerror(-r));
	else if (!names.count)
		r = pp_fail(e, EBADMSG, "%.300s: an empty directory, need captures in it",
		            place.path);
	else
		r = hosts_put_names(l, place, &names, &a, e);
	pp_arena_fini(&a);
	return r;
}

/* One level too deep: its links lead round and round. */
static int hosts_refuse_sys(struct pp_source *s, const char *path, struct pp_error *e)
{
	if (!hosts_has_directory(s, "bus", "pci") && !hosts_has_directory(s, "firmware", "acpi"))
		return 0;
	return pp_fail(e, EBADMSG, "%.300s: the directory sys of a host, need the one above it",
	               path);
}

int pp_host_list_add(struct pp_host_list *l, const char *path, enum pp_host_path *ret,
                     struct pp_error *e)
{
	enum pp_host_path kind = PP_HOST_PATH_TEXT;
	struct pp_source *s = NULL;
	int r;

	/* An archive is not opened here: that may take long. */
	if (pp_directory_open_as_is(path, &s, NULL))
		kind = hosts_kind_of_file(path);
	else
		kind = hosts_is_host(s, "") ? PP_HOST_PATH_DIRECTORY : PP_HOST_PATH_HOSTS;
	r = kind == PP_HOST_PATH_HOSTS ? hosts_refuse_sys(s, path, e) : 0;
	if (!r && kind == PP_HOST_PATH_HOSTS)
		r = hosts_add_directory(l, (struct hosts_place){ s, path, "", 0 }, e);
	else if (!r)
		r = hosts_put_one(l, path, "", kind, e);
	pp_source_free(s);
	if (!r && ret)
		*ret = kind;
	return r;
}

unsigned int pp_host_list_count(const struct pp_host_list *l)
{
	return l->count;
}

const char *pp_host_list_path(const struct pp_host_list *l, unsigned int index, unsigned int n)
{
	return index < l->count && n < l->entries[index].nr_paths ? l->entries[index].paths[n]
	                                                          : NULL;
}

enum pp_host_path pp_host_list_kind(const struct pp_host_list *l, unsigned int index)
{
	return index < l->count ? l->entries[index].kind : PP_HOST_PATH_TEXT;
}

void pp_host_list_set_kind(struct pp_host_list *l, unsigned int index, enum pp_host_path kind)
{
	if (index < l->count)
		l->entries[index].kind = kind;
}

static int hosts_by_stem(const void *x, const void *y)
{
	const struct host_entry *const *a = x, *const *b = y;

	return strcmp((*a)->stem, (*b)->stem);
}

/* Finds those of one name. Without memory all count as alike, which is merely longer to read. */
static void hosts_find_alike(struct pp_host_list *l)
{
	struct host_entry **sorted = calloc(l->count ? l->count : 1, sizeof(struct host_entry *));

	for (uint32_t i = 0; i < l->count; i++) {
		l->entries[i].alike = !sorted;
		if (sorted)
			sorted[i] = &l->entries[i];
	}
	if (sorted)
		qsort(sorted, l->count, sizeof(struct host_entry *), hosts_by_stem);
	for (uint32_t i = 1; sorted && i < l->count; i++)
		if (!strcmp(sorted[i]->stem, sorted[i - 1]->stem))
			sorted[i]->alike = sorted[i - 1]->alike = true;
	free(sorted);
	l->named = true;
}

const char *pp_host_list_name(struct pp_host_list *l, unsigned int index)
{
	if (index >= l->count)
		return NULL;
	if (!l->named)
		hosts_find_alike(l);
	const struct host_entry *h = &l->entries[index];
	return !h->alike ? h->stem : h->shown;
}
