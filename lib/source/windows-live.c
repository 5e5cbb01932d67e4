/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * This host as a source, for Windows: everything is asked for once, and stands in memory from then
 * on as a capture does, with a manifest of what was absent and what could not be read.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/text.h"
#include "source/fsroot.h"
#include "source/stored.h"
#include "sys/windows-facts.h"

#define MANIFEST_MAX   ((size_t)32 * 1024 * 1024)
#define STAND_IN_BYTES ((size_t)1024 * 1024)

const bool pp_live_takes_stand_ins = true;

struct live {
	struct pp_facts facts;
	struct pp_stored *stored;
	struct pp_buffer manifest;
	struct pp_buffer unread; /* paths, a line each: for the list of their directory */
	const char *stand_in;    /* a directory, or NULL */
	struct pp_error *e;
};

static struct live *live_of(struct pp_facts *f)
{
	return (struct live *)f;
}

/* A path that was seen before: a device can be in two lists for a moment. */
static int live_add(struct live *l, const char *path, struct pp_span content)
{
	uint32_t node;
	int r = pp_stored_add(l->stored, path, "Windows", &node, l->e);

	if (r || pp_tree_at(&l->stored->tree, node)->kind != PP_TREE_NOTHING)
		return r;
	uint8_t *copy = pp_arena_alloc(&l->stored->arena, content.len ? content.len : 1);
	if (!copy)
		return pp_fail_oom(l->e, path);
	if (content.len)
		memcpy(copy, content.data, content.len);
	pp_tree_at(&l->stored->tree, node)->kind = PP_TREE_FILE;
	pp_tree_at(&l->stored->tree, node)->data = PP_SPAN(copy, content.len);
	return 0;
}

/* 1: a file of the directory stands in for it, and was taken. */
static int live_stand_in(struct live *l, const char *path)
{
	char name[PATH_MAX];

	if (!l->stand_in || snprintf(name, sizeof(name), "%s/%s", l->stand_in, path) >= PATH_MAX)
		return 0;
	FILE *file = fopen(name, "rb");
	if (!file)
		return 0;
	PP_CLEANUP(pp_cleanup_free) uint8_t *bytes = malloc(STAND_IN_BYTES);
	size_t len = bytes ? fread(bytes, 1, STAND_IN_BYTES, file) : 0;
	fclose(file);
	int r = bytes ? live_add(l, path, PP_SPAN(bytes, len)) : pp_fail_oom(l->e, path);
	return r ? r : 1;
}

static int live_file(struct pp_facts *f, const char *path, struct pp_span content)
{
	struct live *l = live_of(f);
	int r = live_stand_in(l, path);

	return r ? (r < 0 ? r : 0) : live_add(l, path, content);
}

static int live_absent(struct pp_facts *f, const char *path)
{
	struct live *l = live_of(f);
	int r = live_stand_in(l, path);

	if (r)
		return r < 0 ? r : 0;
	char pattern[PP_MAX_PATH + 1];
	pp_manifest_pattern(path, pattern);
	if (strcmp(pattern, path))
		return 0; /* of all devices: live_head() asks for it */
	pp_buffer_printf(&l->manifest, "asked %s\n", path);
	return 0;
}

static int live_unread(struct pp_facts *f, const char *path, int error)
{
	struct live *l = live_of(f);
	char name[24];
	int r = live_stand_in(l, path);

	if (r)
		return r < 0 ? r : 0;
	pp_errno_name(error, name);
	pp_buffer_printf(&l->manifest, "unread %s %s\n", name, path);
	pp_buffer_printf(&l->unread, "%s\n", path);
	return 0;
}

static int live_listed(struct pp_facts *f, const char *path)
{
	struct live *l = live_of(f);
	struct pp_span rest = PP_SPAN(l->unread.data, l->unread.len), line;
	size_t len = strlen(path);
	uint32_t node;

	pp_buffer_printf(&l->manifest, "asked %s/\n", path);
	while (pp_text_line(&rest, &line))
		if (line.len > len && line.data[len] == '/' && !memcmp(line.data, path, len) &&
		    !memchr(line.data + len + 1, '/', line.len - len - 1))
			pp_buffer_printf(&l->manifest, "named %.*s\n", (int)line.len,
			                 (const char *)line.data);
	/* It is there even where nothing of it was read. */
	int r = pp_stored_add(l->stored, path, "Windows", &node, l->e);
	if (!r && pp_tree_at(&l->stored->tree, node)->kind == PP_TREE_NOTHING)
		pp_tree_at(&l->stored->tree, node)->kind = PP_TREE_DIRECTORY;
	return r;
}

static void live_head(struct live *l)
{
	pp_buffer_printf(&l->manifest, "pcipass-capture 1\ntool live\nroot %s\nredacted no\n",
	                 geteuid() ? "no" : "yes");
	for (size_t i = 0; pp_facts_device_names[i]; i++)
		pp_buffer_printf(&l->manifest, "asked windows/devices/*/%s\n",
		                 pp_facts_device_names[i]);
}

static int live_read(struct live *l)
{
	live_head(l);
	int r = pp_facts_system(&l->facts);
	if (!r)
		r = pp_facts_tables(&l->facts);
	if (!r)
		r = pp_facts_devices(&l->facts);
	if (r)
		return l->e->code ? r
		                  : pp_fail(l->e, -r, "the devices of this host: %s", strerror(-r));
	if (l->manifest.failed || l->unread.failed)
		return pp_fail_oom(l->e, "this host");
	r = live_add(l, PP_MANIFEST_PATH, PP_SPAN(l->manifest.data, l->manifest.len));
	return r ? r : pp_stored_finish(l->stored, l->e);
}

int pp_live_with(const char *stand_in, struct pp_source **ret, struct pp_error *e)
{
	struct pp_error own = { 0 };
	struct live l = {
		.facts = { live_file, live_absent, live_unread, live_listed },
		.stand_in = stand_in,
		.e = e ? e : &own,
	};
	int r = pp_stored_new(PP_SOURCE_LIVE, &l.stored, l.e);

	if (r)
		return r;
	pp_buffer_init(&l.manifest, MANIFEST_MAX);
	pp_buffer_init(&l.unread, MANIFEST_MAX);
	r = live_read(&l);
	pp_buffer_fini(&l.unread);
	pp_buffer_fini(&l.manifest);
	if (r) {
		pp_source_free(&l.stored->base);
		return r;
	}
	/* The host itself, and no capture of it. */
	l.stored->base.capture = NULL;
	*ret = &l.stored->base;
	return 0;
}

int pp_live_new(struct pp_source **ret, struct pp_error *e)
{
	return pp_live_with(NULL, ret, e);
}
