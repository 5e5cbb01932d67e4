/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reads a capture by libarchive, within limits. */
#define _GNU_SOURCE
#include <archive.h>
#include <archive_entry.h>
#include <locale.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/text.h"
#include "lazy/library.h"
#include "source/archive-read.h"
#include "source/stored.h"

#define READ_BYTES ((size_t)64 * 1024)
/* Files of support bundles that nobody reads are kept up to there. */
#define BULK_BYTES ((size_t)16 * 1024)

/* In a tar: its header and a block of content. */
#define SMALL_ENTRY_BYTES 1024u
#define MAX_RESERVED      65536u

struct hard_link {
	uint32_t node;
	unsigned int entry;
	const char *target; /* in the arena */
};

struct loader {
	struct pp_stored *s;
	struct pp_error *e;
	struct archive *archive;
	unsigned int entry; /* number of the one that is being read, from 1 */
	struct hard_link *links;
	size_t link_count, link_size;
	uint8_t small[8192];
};

/* Bytes of the decompressed archive that were taken so far. */
static long long position(const struct loader *l)
{
	return (long long)archive_filter_bytes(l->archive, 0);
}

/* libarchive's own name for it is in none of its public headers; seen in 3.8.10. */
#define FORMAT_ERROR_3_8 134

static bool is_format_error(const struct loader *l)
{
	int code = archive_errno(l->archive);

	return code == EILSEQ || code == FORMAT_ERROR_3_8;
}

static int archive_read_damaged(struct loader *l)
{
	const char *why = archive_error_string(l->archive);

	if (archive_errno(l->archive) == ENOMEM)
		return pp_fail_oom(l->e, "archive");
	return pp_fail(l->e, EBADMSG, "damaged or cut off at offset %lld, after %u entries: %s",
	               position(l), l->entry, why ? why : "no reason given");
}

/* How many there may be, after so many of the file. */
static int64_t archive_read_limit(const struct loader *l)
{
	int64_t taken = archive_filter_bytes(l->archive, -1);

	if (taken > PP_MAX_STREAM_TOTAL / PP_MAX_STREAM_RATIO)
		return PP_MAX_STREAM_TOTAL;
	return taken > PP_MAX_STREAM_BYTES / PP_MAX_STREAM_RATIO ? taken * PP_MAX_STREAM_RATIO
	                                                         : PP_MAX_STREAM_BYTES;
}

static int too_long_stream(struct loader *l)
{
	return pp_fail(
		l->e, E2BIG,
		"entry %u: decompresses to more than %lld MiB, the limit for an archive of this "
		"size; unpack it and give the directory",
		l->entry, (long long)(archive_read_limit(l) >> 20));
}

static int archive_read_full(struct loader *l, size_t bytes)
{
	if (pp_tree_full(&l->s->tree, bytes) == -ENOMEM)
		return pp_fail_oom(l->e, "archive");
	return pp_fail(
		l->e, E2BIG,
		"entry %u: more than %zu MiB to keep, which is the limit; unpack it and give "
		"the directory",
		l->entry, PP_MAX_TOTAL_BYTES >> 20);
}

/* To the end of the entry and its padding, whatever its header says of its size. */
static int skip_rest(struct loader *l)
{
	const void *block;
	size_t size;
	int64_t offset;

	for (;;) {
		int r = archive_read_data_block(l->archive, &block, &size, &offset);
		if (r == ARCHIVE_EOF)
			return 0;
		if (r != ARCHIVE_OK && r != ARCHIVE_WARN)
			return archive_read_damaged(l);
		if (position(l) > archive_read_limit(l))
			return too_long_stream(l);
	}
}

/*
 * Whether nobody reads the file: support bundles hold gigabytes of logs and of other commands'
 * output. In a directory of the host's name as well.
 */
static bool archive_read_is_bulk(const char *path)
{
	static const char *const bulk[] = {
		"var/",         "run/log/", "sos_commands/", "sos_logs/",  "sos_strings/",
		"sos_reports/", "home/",    "opt/",          "root/",      "srv/",
		"tmp/",         "usr/bin/", "usr/sbin/",     "usr/share/",
	};
	static const char *const read[] = {
		"var/lib/dpkg/",
		"var/lib/lxc",
		"var/lib/lxd/",
		"var/lib/incus/",
		"var/lib/docker/",
		"var/lib/containers/",
		"var/lib/libvirt/",
		"var/snap/lxd/",
		"usr/share/initramfs-tools/",
		"var/log/dmesg",
		"var/log/kern.log",
		"var/log/messages",
		"sos_commands/pci/",
		"sos_commands/kernel/",
		"sos_commands/general/",
		"sos_commands/hardware/",
		"sos_commands/logs/journalctl_",
	};
	bool is = false;

	for (unsigned int n = 0; path && n < 3 && !is; n++) {
		for (size_t i = 0; i < sizeof(bulk) / sizeof(bulk[0]); i++)
			is |= !strncmp(path, bulk[i], strlen(bulk[i]));
		for (size_t i = 0; i < sizeof(read) / sizeof(read[0]); i++)
			is &= strncmp(path, read[i], strlen(read[i])) != 0;
		/* "./", and the host's name */
		path = strchr(path, '/');
		if (path)
			path++;
	}
	return is;
}

/* Small ones are read into a buffer first, of which the tree keeps what it has to. */
static int archive_read_content(struct loader *l, size_t size, uint32_t node)
{
	bool small = size <= sizeof(l->small);
	uint8_t *data = small ? l->small : pp_arena_alloc(&l->s->arena, size);

	if (!data)
		return archive_read_full(l, size);
	if (archive_read_data(l->archive, data, size) != (la_ssize_t)size)
		return archive_read_damaged(l);
	if (!small) {
		pp_tree_at(&l->s->tree, node)->data = PP_SPAN(data, size);
		return 0;
	}
	return pp_tree_set_content(&l->s->tree, node, PP_SPAN(data, size))
	               ? archive_read_full(l, size)
	               : 0;
}

static int archive_read_load_file(struct loader *l, struct archive_entry *entry, const char *path,
                                  uint32_t node)
{
	struct pp_tree_node *n = pp_tree_at(&l->s->tree, node);
	int64_t size = archive_entry_size(entry);

	if (size < 0)
		return pp_fail(l->e, EBADMSG, "entry %u: a size below zero", l->entry);
	/* A large log in somebody's archive is no reason to refuse the rest. */
	if ((uint64_t)size > PP_MAX_FILE_BYTES ||
	    ((uint64_t)size > BULK_BYTES && archive_read_is_bulk(path))) {
		n->kind = PP_TREE_THERE;
		n->error = E2BIG;
		return 0;
	}
	n->kind = PP_TREE_FILE;
	if (!size)
		return 0;
	return archive_read_content(l, (size_t)size, node);
}

static int load_symlink(struct loader *l, const char *text, uint32_t node)
{
	struct pp_tree_node *n = pp_tree_at(&l->s->tree, node);
	size_t len = text ? strlen(text) : 0;

	if (!len || len > PP_MAX_LINK)
		return pp_fail(l->e, EBADMSG,
		               "entry %u '%.200s': a link of %zu bytes, need 1 to %u", l->entry,
		               n->name, len, PP_MAX_LINK);
	const uint8_t *copy = pp_tree_keep(&l->s->tree, text, len);
	if (!copy)
		return archive_read_full(l, len);
	n->kind = PP_TREE_LINK;
	n->data = PP_SPAN(copy, len);
	return 0;
}

/* Resolved when all entries are known. */
static int keep_hard_link(struct loader *l, const char *target, uint32_t node)
{
	if (l->link_count == l->link_size) {
		size_t size = l->link_size ? l->link_size * 2 : 16;
		struct hard_link *links = reallocarray(l->links, size, sizeof(*links));
		if (!links)
			return pp_fail_oom(l->e, "archive");
		l->links = links;
		l->link_size = size;
	}
	char *copy = pp_arena_strdup(&l->s->arena, target);
	if (!copy)
		return archive_read_full(l, strlen(target));
	l->links[l->link_count++] =
		(struct hard_link){ .node = node, .entry = l->entry, .target = copy };
	/* Until its content is found: there, but unread. */
	pp_tree_at(&l->s->tree, node)->kind = PP_TREE_THERE;
	pp_tree_at(&l->s->tree, node)->error = ENODATA;
	return 0;
}

/* An entry that says something else of a name than an earlier one did: the last counts. */
static int replace(struct loader *l, uint32_t node, bool directory)
{
	struct pp_tree_node *n = pp_tree_at(&l->s->tree, node);

	if (directory && n->kind == PP_TREE_DIRECTORY)
		return 0;
	if (n->kind == PP_TREE_DIRECTORY && n->first)
		return pp_fail(l->e, EBADMSG,
		               "entry %u '%.200s': a directory before, now something else",
		               l->entry, n->name);
	n->kind = directory ? PP_TREE_DIRECTORY : PP_TREE_NOTHING;
	n->data = PP_SPAN(NULL, 0);
	n->more = 0;
	n->error = 0;
	return 0;
}

/*
 * A pax header's text is UTF-8; where that is more than the C locale has, the plain one is NULL.
 * The other is asked for only then: libarchive converts the text each time, which costs more than
 * reading the entry.
 */
static const char *archive_read_text(struct archive_entry *entry,
                                     const char *(*plain)(struct archive_entry *),
                                     const char *(*utf8)(struct archive_entry *))
{
	const char *text = plain(entry);

	return text ? text : utf8(entry);
}

static int archive_read_load_entry(struct loader *l, struct archive_entry *entry)
{
	char what[32];
	uint32_t node;
	const char *path =
		archive_read_text(entry, archive_entry_pathname, archive_entry_pathname_utf8);
	const char *hard =
		archive_read_text(entry, archive_entry_hardlink, archive_entry_hardlink_utf8);
	mode_t type = archive_entry_filetype(entry);

	if (!path)
		return pp_fail(l->e, EBADMSG, "entry %u: a name that cannot be read", l->entry);
	int r = pp_stored_add(l->s, path, NULL, &node, NULL);
	if (r < 0) {
		/* Again, for the words: they are not made for each entry that is fine. */
		snprintf(what, sizeof(what), "entry %u", l->entry);
		r = pp_stored_add(l->s, path, what, &node, l->e);
	}
	if (r < 0)
		return r;
	if (node == PP_TREE_TOP) /* "./" */
		return 0;
	r = replace(l, node, !hard && type == AE_IFDIR);
	if (r < 0)
		return r;
	if (hard)
		return keep_hard_link(l, hard, node);
	if (type == AE_IFREG)
		return archive_read_load_file(l, entry, path, node);
	if (type == AE_IFLNK)
		return load_symlink(
			l,
			archive_read_text(entry, archive_entry_symlink, archive_entry_symlink_utf8),
			node);
	return 0; /* a directory; sockets, pipes and devices tell nothing: as absent */
}

/*
 * libarchive takes the end of the bytes for the end of the archive if it falls between two
 * entries. What is behind it would pass for absent, so the mark at the end, a block of zeros,
 * has to be there.
 */
static int check_end(struct loader *l, long long before)
{
	if (position(l) == before)
		return pp_fail(l->e, EBADMSG,
		               "cut off at offset %lld, after %u entries: no end mark", before,
		               l->entry);
	if (!l->entry)
		return pp_fail(l->e, EBADMSG, "an archive without entries");
	return 0;
}

/* The compression that a file's first bytes tell, as an ARCHIVE_FILTER_ number. */
static int archive_read_filter(struct pp_span head)
{
	static const struct {
		const char *magic;
		size_t len;
		int filter;
	} known[] = {
		{ "\x1f\x8b\x08", 3, ARCHIVE_FILTER_GZIP },
		{ "\xfd\x37zXZ\0", 6, ARCHIVE_FILTER_XZ },
		{ "\x28\xb5\x2f\xfd", 4, ARCHIVE_FILTER_ZSTD },
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (head.len >= known[i].len && !memcmp(head.data, known[i].magic, known[i].len))
			return known[i].filter;
	/* A text may begin with these letters; the first block's mark follows them. */
	if (head.len >= 10 && !memcmp(head.data, "BZh", 3) && !memcmp(head.data + 4, "1AY&SY", 6))
		return ARCHIVE_FILTER_BZIP2;
	return ARCHIVE_FILTER_NONE;
}

bool pp_archive_is_one(struct pp_span head)
{
	return archive_read_filter(head) != ARCHIVE_FILTER_NONE ||
	       (head.len >= 262 && !memcmp(head.data + 257, "ustar", 5));
}

static int archive_read_not_tar(struct loader *l)
{
	uint8_t head[16];
	la_ssize_t n = archive_read_data(l->archive, head, sizeof(head));

	if (n > 0 && archive_read_filter(PP_SPAN(head, n)) != ARCHIVE_FILTER_NONE)
		return pp_fail(l->e, EBADMSG,
		               "compressed more than once; decompress it once first");
	return -ENOEXEC;
}

static int load_entries(struct loader *l)
{
	for (;;) {
		struct archive_entry *entry;
		long long before = position(l);
		int r = archive_read_next_header(l->archive, &entry);
		if (r == ARCHIVE_EOF)
			return check_end(l, before);
		/* No format found: no tar. */
		if (r == ARCHIVE_FATAL && !archive_format(l->archive) && is_format_error(l))
			return -ENOEXEC;
		if (r != ARCHIVE_OK && r != ARCHIVE_WARN)
			return archive_read_damaged(l);
		if (archive_format(l->archive) == ARCHIVE_FORMAT_RAW)
			return archive_read_not_tar(l);
		if (++l->entry > PP_MAX_ENTRIES)
			return pp_fail(l->e, E2BIG,
			               "more than %u files and directories, which is the limit",
			               PP_MAX_ENTRIES);
		r = archive_read_load_entry(l, entry);
		if (r == 0)
			r = skip_rest(l);
		if (r < 0)
			return r;
	}
}

/* The node a hard link names, exactly, without resolving links. */
static uint32_t find_exactly(const struct pp_tree *t, const char *path)
{
	uint32_t node = PP_TREE_TOP;

	for (const char *p = path; *p && node;) {
		size_t len = strcspn(p, "/");
		if (len && !(len == 1 && *p == '.'))
			node = pp_tree_child(t, node, p, len);
		p += len;
		p += strspn(p, "/");
	}
	return node;
}

/* In the order of the entries: a target is complete by then, if it came before as it should. */
static void resolve_hard_links(struct loader *l)
{
	for (size_t i = 0; i < l->link_count; i++) {
		struct pp_tree *t = &l->s->tree;
		uint32_t target = find_exactly(t, l->links[i].target);
		struct pp_tree_node *n = pp_tree_at(t, l->links[i].node);
		if (!target || n->kind != PP_TREE_THERE)
			continue;
		const struct pp_tree_node *from = pp_tree_at(t, target);
		if (from->kind == PP_TREE_FILE || from->kind == PP_TREE_LINK ||
		    from->kind == PP_TREE_THERE) {
			n->kind = from->kind;
			n->data = from->data;
			n->more = from->more;
			n->period = from->period;
			n->error = from->error;
		}
	}
}

/* For a filter that is not built into it, libarchive would have a program of that name read. */
static bool archive_read_has_filter(int filter)
{
	switch (filter) {
	case ARCHIVE_FILTER_GZIP:
		return archive_zlib_version();
	case ARCHIVE_FILTER_BZIP2:
		return archive_bzlib_version();
	case ARCHIVE_FILTER_XZ:
		return archive_liblzma_version();
	case ARCHIVE_FILTER_ZSTD:
		return archive_libzstd_version();
	}
	return true;
}

bool pp_archive_lacks_filter(struct pp_span head)
{
	return !archive_read_has_filter(archive_read_filter(head));
}

bool pp_archive_add_filter(struct archive *a, struct pp_span head)
{
	int filter = archive_read_filter(head);

	/* Without a compression as well: it says that nothing is to be looked for. */
	return archive_read_append_filter(a, archive_read_has_filter(filter)
	                                             ? filter
	                                             : ARCHIVE_FILTER_NONE) == ARCHIVE_OK;
}

static struct archive *reader_new(struct pp_span head)
{
	struct archive *a = archive_read_new();
	if (!a)
		return NULL;
	/* The raw format takes whatever is no tar. */
	if (archive_read_support_format_tar(a) != ARCHIVE_OK ||
	    archive_read_support_format_raw(a) != ARCHIVE_OK || !pp_archive_add_filter(a, head)) {
		archive_read_free(a);
		return NULL;
	}
	return a;
}

/* Room for the nodes of an archive of small files, as a host's are; not much if it has others. */
static int archive_read_reserve(struct pp_tree *t, int fd, struct pp_span head)
{
	struct stat st;

	if (fd < 0 || archive_read_filter(head) != ARCHIVE_FILTER_NONE || fstat(fd, &st) ||
	    !S_ISREG(st.st_mode))
		return 0;
	uint64_t count = (uint64_t)st.st_size / SMALL_ENTRY_BYTES;
	return pp_tree_reserve(t, count < MAX_RESERVED ? (uint32_t)count : MAX_RESERVED);
}

/* fd, which begins with in, or if that is negative, in. */
static int archive_read_load(int fd, struct pp_span in, struct pp_source **ret, struct pp_error *e)
{
	struct loader l = { .e = e };
	int r = pp_lazy_archive(e);
	if (!r)
		r = pp_stored_new(PP_SOURCE_ARCHIVE, &l.s, e);
	if (r < 0)
		return r;
	l.archive = archive_read_reserve(&l.s->tree, fd, in) ? NULL : reader_new(in);
	if (!l.archive) {
		pp_source_free(&l.s->base);
		return pp_fail_oom(e, "archive");
	}
	int opened = fd >= 0 ? archive_read_open_fd(l.archive, fd, READ_BYTES)
	                     : archive_read_open_memory(l.archive, in.data, in.len);
	if (opened != ARCHIVE_OK)
		r = is_format_error(&l) ? -ENOEXEC : archive_read_damaged(&l);
	if (r == 0)
		r = load_entries(&l);
	archive_read_free(l.archive);
	if (r == 0) {
		resolve_hard_links(&l);
		r = pp_stored_finish(l.s, e);
	}
	free(l.links);
	if (r < 0) {
		pp_source_free(&l.s->base);
		return r;
	}
	*ret = &l.s->base;
	return 0;
}

#ifdef _WIN32
/* Nobody sets a locale there, so that it is the C locale. */
static int load_bytes_as_bytes(int fd, struct pp_span in, struct pp_source **ret,
                               struct pp_error *e)
{
	return archive_read_load(fd, in, ret, e);
}
#else
/*
 * libarchive turns names into the locale's letters. Names are bytes here, whatever the locale of
 * the process, which is not ours to change: this thread has the C locale for the while.
 */
static int load_bytes_as_bytes(int fd, struct pp_span in, struct pp_source **ret,
                               struct pp_error *e)
{
	locale_t c = newlocale(LC_ALL_MASK, "C", (locale_t)0);
	if (!c)
		return pp_fail_oom(e, "archive");
	locale_t before = uselocale(c);
	int r = archive_read_load(fd, in, ret, e);
	uselocale(before);
	freelocale(c);
	return r;
}
#endif

int pp_archive_open_fd(int fd, struct pp_span head, struct pp_source **ret, struct pp_error *e)
{
	return load_bytes_as_bytes(fd, head, ret, e);
}

int pp_archive_open_memory(struct pp_span in, struct pp_source **ret, struct pp_error *e)
{
	return load_bytes_as_bytes(-1, in, ret, e);
}
