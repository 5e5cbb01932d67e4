/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A support bundle as a host: its members are read as the texts and files that they are. Of the
 * directories of /sys and /proc in it nothing is taken as it stands, for a bundle holds them in
 * part: what is not in it was not read.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "import/bundle.h"

/* Hosts of one archive that are looked at to say that there are several. */
#define BUNDLE_MAX_TOP 1000u

/* Where a bundle begins. */
struct bundle_place {
	const struct pp_bundle *kind;
	char prefix[PP_MAX_NAME + 2]; /* "" or "NAME/" */
};

static bool bundle_join(const char *prefix, const char *path, char ret[PP_MAX_PATH + 1])
{
	int n = snprintf(ret, PP_MAX_PATH + 1, "%s%s", prefix, path);

	return n > 0 && (unsigned int)n <= PP_MAX_PATH;
}

static bool bundle_has(struct pp_source *s, const char *prefix, const char *path)
{
	char whole[PP_MAX_PATH + 1];
	struct pp_node node;

	if (!bundle_join(prefix, path, whole))
		return false;
	int r = pp_source_open_dir(s, whole, &node);
	if (r)
		r = pp_source_open_file(s, PP_NODE_NONE, whole, &node);
	if (r)
		return false;
	pp_source_close(s, node);
	return true;
}

static const struct pp_bundle *bundle_kind(struct pp_source *s, const char *prefix)
{
	for (size_t i = 0; i < pp_nr_bundles; i++) {
		const struct pp_bundle *b = &pp_bundles[i];
		size_t n = 0;
		while (n < sizeof(b->marks) / sizeof(b->marks[0]) && b->marks[n] &&
		       bundle_has(s, prefix, b->marks[n]))
			n++;
		if (n == sizeof(b->marks) / sizeof(b->marks[0]) || !b->marks[n])
			return b;
	}
	return NULL;
}

bool pp_bundle_is_at(struct pp_source *s, const char *prefix)
{
	return bundle_kind(s, prefix) != NULL;
}

/* At the top, or in a directory there; 0 with kind NULL: there is none. */
static int bundle_find(struct pp_source *s, const char *name, struct bundle_place *ret,
                       struct pp_error *e)
{
	struct pp_names names;
	struct pp_arena a;

	*ret = (struct bundle_place){ .kind = bundle_kind(s, "") };
	if (ret->kind)
		return 0;
	pp_arena_init(&a, 0);
	int r = pp_source_list(s, "", &a, &names);
	if (r == -ENOMEM)
		r = pp_fail_oom(e, name);
	else if (r)
		names.count = r = 0;
	for (uint32_t i = 0; !r && i < names.count && i < BUNDLE_MAX_TOP; i++) {
		char prefix[PP_MAX_NAME + 2];
		int n = snprintf(prefix, sizeof(prefix), "%s/", names.names[i]);
		const struct pp_bundle *kind = NULL;
		if (n > 0 && (size_t)n < sizeof(prefix))
			kind = bundle_kind(s, prefix);
		if (kind && ret->kind)
			r = pp_fail(e, EBADMSG,
			            "%.200s: holds more than one host, %.100s and %.100s: unpack "
			            "it and give one directory",
			            name, ret->prefix, prefix);
		if (kind && !ret->kind) {
			ret->kind = kind;
			memcpy(ret->prefix, prefix, (size_t)n + 1);
		}
	}
	pp_arena_fini(&a);
	return r;
}

static int bundle_take(struct pp_import *in, const struct pp_bundle_member *m, const char *path,
                       struct pp_span bytes, struct pp_error *e)
{
	if (!m->reader)
		return pp_import_file(in, path, bytes.data, bytes.len, e);
	return pp_import_read(in, m->reader, bytes, e);
}

/* One file; *there: it was. What is wrong with it is noted: the others may tell enough. */
static int bundle_read_file(struct pp_import *in, struct pp_source *s, const char *prefix,
                            const struct pp_bundle_member *m, const char *path, bool *there,
                            struct pp_error *e)
{
	const char *bundle = in->name;
	char whole[PP_MAX_PATH + 1], name[512];
	struct pp_span bytes;
	struct pp_arena a;

	if (!bundle_join(prefix, path, whole))
		return 0;
	snprintf(name, sizeof(name), "%.200s: %.300s", bundle, whole);
	pp_import_begin(in, name);
	pp_arena_init(&a, 0);
	int r = pp_source_read_all(s, whole, PP_IMPORT_MAX_BYTES, &a, &bytes);
	if (r == -E2BIG || r == -EACCES || r == -EPERM || r == -EIO)
		pp_import_note(in, "not read: %s",
		               r == -E2BIG ? "too large" : "permission or read error");
	/* A command that failed left what it said. */
	*there = !r && bytes.len && (!m->reader || !m->reader->knows || m->reader->knows(bytes));
	if (r != -ENOMEM && r)
		r = 0;
	else if (r)
		r = pp_fail_oom(e, name);
	else if (*there)
		r = bundle_take(in, m, path, bytes, e);
	if (r == -EBADMSG || r == -E2BIG || r == -ENOEXEC) {
		pp_import_note(in, "not read: %s", e ? e->text : "damaged");
		r = 0;
	}
	pp_arena_fini(&a);
	in->name = bundle;
	return r;
}

/* A path with a star: every name of the directory that fits. */
static int bundle_read_all(struct pp_import *in, struct pp_source *s, const char *prefix,
                           const struct pp_bundle_member *m, struct pp_error *e)
{
	const char *star = strchr(m->path, '*'), *behind = star + 1;
	size_t tail = strcspn(behind, "/");
	char directory[PP_MAX_PATH + 1], path[PP_MAX_PATH + 1];
	struct pp_names names;
	struct pp_arena a;
	bool there;

	/* The star's directory, without the slash at its end. */
	snprintf(path, sizeof(path), "%.*s", (int)(star - m->path - 1), m->path);
	if (!bundle_join(prefix, path, directory))
		return 0;
	pp_arena_init(&a, 0);
	int r = pp_source_list(s, directory, &a, &names);
	if (r) {
		pp_arena_fini(&a);
		return r == -ENOMEM ? pp_fail_oom(e, in->name) : 0;
	}
	if (m->lists)
		pp_import_says(in, "asked %s/", m->lists);
	for (uint32_t i = 0; !r && i < names.count; i++) {
		size_t len = strlen(names.names[i]);
		if (len < tail || memcmp(names.names[i] + len - tail, behind, tail))
			continue;
		int n = snprintf(path, sizeof(path), "%.*s%s%s", (int)(star - m->path), m->path,
		                 names.names[i], behind + tail);
		if (n > 0 && (size_t)n < sizeof(path))
			r = bundle_read_file(in, s, prefix, m, path, &there, e);
	}
	pp_arena_fini(&a);
	return r;
}

/* The kernel's first line of a boot. */
static bool bundle_log_begins(const struct pp_import *in)
{
	return in->log.data && pp_span_find(PP_SPAN(in->log.data, in->log.len), "Linux version ");
}

/* What tells of the boot is in there, and how it gets out. */
static void bundle_note_journal(struct pp_import *in, struct pp_source *s,
                                const struct bundle_place *place)
{
	const char *journal = place->kind->journal;

	if (journal && !bundle_log_begins(in) && bundle_has(s, place->prefix, journal))
		pp_import_note(
			in,
			"the log lacks the beginning of the boot; the journal in %s%s has it, but "
			"is binary: in the unpacked bundle, journalctl -D %s -k >journal.txt, then "
			"--from journal.txt as well",
			place->prefix, journal, journal);
}

static int bundle_read_members(struct pp_import *in, struct pp_source *s,
                               const struct bundle_place *place, struct pp_error *e)
{
	uint32_t sets = 0;
	int r = 0;

	for (size_t i = 0; !r && i < place->kind->nr_members; i++) {
		const struct pp_bundle_member *m = &place->kind->members[i];
		bool there = false;
		if ((m->set && sets >> m->set & 1) || (m->if_cut && bundle_log_begins(in)))
			continue;
		if (strchr(m->path, '*'))
			r = bundle_read_all(in, s, place->prefix, m, e);
		else
			r = bundle_read_file(in, s, place->prefix, m, m->path, &there, e);
		if (there)
			sets |= 1u << m->set;
	}
	return r;
}

static bool bundle_can_be(const struct pp_source *s)
{
	return !pp_source_capture_info(s) && pp_source_kind(s) != PP_SOURCE_LIVE &&
	       pp_source_kind(s) != PP_SOURCE_TABLE;
}

bool pp_import_is_bundle(struct pp_source *s)
{
	struct bundle_place place;

	/* Of two hosts in one, reading it tells. */
	return bundle_can_be(s) && (bundle_find(s, "", &place, NULL) || place.kind);
}

int pp_import_add_bundle(struct pp_import *in, const char *name, struct pp_source *s,
                         struct pp_error *e)
{
	struct bundle_place place;

	if (!bundle_can_be(s))
		return -ENOEXEC;
	int r = bundle_find(s, name, &place, e);
	if (r || !place.kind)
		return r ? r : -ENOEXEC;
	pp_import_begin(in, name);
	if (place.kind->proc_bus_pci)
		r = pp_bundle_read_config(in, s, place.prefix, e);
	if (!r)
		r = bundle_read_members(in, s, &place, e);
	if (!r && place.kind->proc_bus_pci)
		r = pp_bundle_check_config(in, s, place.prefix, e);
	if (!r && place.kind->acpi_tables)
		r = pp_bundle_read_tables(in, s, place.prefix, e);
	if (!r)
		bundle_note_journal(in, s, &place);
	in->nr_read += !r;
	return r;
}
