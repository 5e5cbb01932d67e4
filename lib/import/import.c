/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Texts that people have in hand, as the files of one host. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "import/clean.h"
#include "import/import.h"
#include "import/parts.h"
#include "source/origin.h"

#define MANIFEST_MAX ((size_t)32 * 1024 * 1024)
#define NOTES_MAX    ((size_t)16 * 1024)
#define LOG_MAX      PP_MAX_FILE_BYTES
#define ORIGINS_MAX  ((size_t)64 * 1024 * 1024)

/* Of bytes as they are; the others read texts. */
static const struct pp_reader *const raw_readers[] = { &pp_reader_table, &pp_reader_dump_bin };
#define NR_RAW_READERS (sizeof(raw_readers) / sizeof(raw_readers[0]))

static const struct pp_reader *const readers[] = {
	/* Those that hold the texts of others come first. */
	&pp_reader_supportconfig, &pp_reader_pve,          &pp_reader_acpidump,
	&pp_reader_iasl,          &pp_reader_pvesh,        &pp_reader_lshw,
	&pp_reader_nodedev,       &pp_reader_dmidecode,    &pp_reader_lspci,
	&pp_reader_lspci_tags,    &pp_reader_group_paths,  &pp_reader_hexdump,
	&pp_reader_iomem,         &pp_reader_interrupts,   &pp_reader_log,
	&pp_reader_uname,         &pp_reader_command_line, &pp_reader_pveversion,
};
#define NR_READERS (sizeof(readers) / sizeof(readers[0]))

int pp_import_new(struct pp_import **ret, struct pp_error *e)
{
	struct pp_import *in = calloc(1, sizeof(*in));

	if (!in)
		return pp_fail_oom(e, "import");
	int r = pp_stored_new(PP_SOURCE_ARCHIVE, &in->stored, e);
	if (r) {
		free(in);
		return r;
	}
	pp_buffer_init(&in->manifest, MANIFEST_MAX);
	pp_buffer_init(&in->notes, NOTES_MAX);
	pp_buffer_init(&in->cut, NOTES_MAX);
	pp_buffer_init(&in->log, LOG_MAX);
	pp_buffer_init(&in->origins, ORIGINS_MAX);
	*ret = in;
	return 0;
}

void pp_import_free(struct pp_import *in)
{
	if (!in)
		return;
	if (in->stored)
		pp_source_free(&in->stored->base);
	pp_buffer_fini(&in->manifest);
	pp_buffer_fini(&in->notes);
	pp_buffer_fini(&in->cut);
	pp_buffer_fini(&in->log);
	pp_buffer_fini(&in->origins);
	pp_import_later_free(in);
	free(in->told);
	free(in);
}

const char *pp_import_notes(const struct pp_import *in)
{
	return in->notes.data ? in->notes.data : "";
}

void pp_import_says(struct pp_import *in, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	pp_buffer_vprintf(&in->manifest, fmt, ap);
	va_end(ap);
	pp_buffer_puts(&in->manifest, "\n");
}

void pp_import_cut(struct pp_import *in, const char *path)
{
	pp_buffer_printf(&in->cut, "%s\n", path);
}

/* Now that all texts are read. */
static void import_settle_cut(struct pp_import *in)
{
	struct pp_span rest = PP_SPAN(in->cut.data, in->cut.len), line;

	while (pp_text_line(&rest, &line)) {
		char path[160];
		snprintf(path, sizeof(path), "%.*s", (int)line.len, (const char *)line.data);
		if (!pp_import_has(in, path))
			pp_import_says(in, "unread ENODATA %s", path);
	}
}

void pp_import_note(struct pp_import *in, const char *fmt, ...)
{
	char line[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	pp_text_clean_in_place(line);
	/* The same again tells nothing new. */
	char whole[1100];
	snprintf(whole, sizeof(whole), "%.500s: %s\n", in->name, line);
	if (in->notes.data && strstr(in->notes.data, whole))
		return;
	pp_buffer_puts(&in->notes, whole);
	/* Of many notes the first tell enough. */
	in->notes.failed = false;
}

void pp_import_here(struct pp_import *in, const uint8_t *line)
{
	in->here = line;
}

/* Lines are counted on from the last place that was asked for. */
uint32_t pp_import_line_number(struct pp_import *in)
{
	const uint8_t *start = in->text.data, *here = in->here;

	if (!here || here < start || here > start + in->text.len)
		return 0;
	if (!in->counted || here < in->counted) {
		in->counted = start;
		in->line = 1;
	}
	while (in->counted < here) {
		const uint8_t *end = memchr(in->counted, '\n', (size_t)(here - in->counted));
		in->line += end != NULL;
		in->counted = end ? end + 1 : here;
	}
	return in->line + in->lines_before;
}

static void import_origin(struct pp_import *in, const char *path)
{
	pp_buffer_printf(&in->origins, "at %u %u %s\n",
	                 in->told_text ? in->told_text : in->nr_texts,
	                 in->told_text ? in->told_line : pp_import_line_number(in), path);
}

static int import_node(struct pp_import *in, const char *path, uint32_t *ret, struct pp_error *e)
{
	char what[256];

	snprintf(what, sizeof(what), "%.200s", in->name);
	return pp_stored_add(in->stored, path, what, ret, e);
}

static const struct pp_tree_node *import_find(const struct pp_import *in, const char *path)
{
	const struct pp_tree *t = &in->stored->tree;
	uint32_t node = PP_TREE_TOP;

	while (node && *path) {
		size_t n = strcspn(path, "/");
		node = pp_tree_child(t, node, path, n);
		path += n + (path[n] == '/');
	}
	return node ? pp_tree_at(t, node) : NULL;
}

bool pp_import_has(const struct pp_import *in, const char *path)
{
	const struct pp_tree_node *n = import_find(in, path);

	return n && n->kind != PP_TREE_NOTHING;
}

bool pp_import_get(const struct pp_import *in, const char *path, struct pp_span *ret)
{
	const struct pp_tree_node *n = import_find(in, path);

	if (!n || n->kind != PP_TREE_FILE)
		return false;
	*ret = n->data;
	return true;
}

/* Empty lines at the end are no difference. */
static size_t import_length(const uint8_t *bytes, size_t len)
{
	while (len && bytes[len - 1] == '\n')
		len--;
	return len;
}

static bool import_is_same(const struct pp_tree_node *n, int kind, const void *bytes, size_t len)
{
	size_t mine = import_length(n->data.data, n->data.len);

	return n->kind == kind && mine == import_length(bytes, len) &&
	       (!mine || !memcmp(n->data.data, bytes, mine));
}

/* Short and of one line, as a driver's name; of a link, its last part. "": anything else. */
static void import_short(struct pp_span s, char buf[64])
{
	while (s.len && s.data[s.len - 1] == '\n')
		s.len--;
	*buf = '\0';
	if (!s.len || s.len > 200)
		return;
	for (size_t i = 0; i < s.len; i++)
		if (s.data[i] < 0x20 || s.data[i] > 0x7e)
			return;
	const uint8_t *last = s.data + s.len;
	while (last > s.data && last[-1] != '/')
		last--;
	size_t n = (size_t)(s.data + s.len - last);
	if (n < 60)
		snprintf(buf, 64, "%.*s", (int)n, (const char *)last);
}

/* "lspci.txt, line 12": where a file of the host was told; of the last texts, if anywhere. */
static void import_told_by(const struct pp_import *in, const char *path, char *buf, size_t size)
{
	struct pp_span rest = PP_SPAN(in->origins.data, in->origins.len), line, word;
	unsigned int number = 0;
	char text[320] = "", wanted[16];

	snprintf(buf, size, "what came before");
	while (pp_text_line(&rest, &line)) {
		struct pp_span at = line, of, where;
		if (!pp_text_word(&at, &word))
			continue;
		if (pp_span_is(word, "text")) {
			snprintf(text, sizeof(text), "%.*s", (int)(at.len < 300 ? at.len : 300),
			         (const char *)at.data);
			number++;
		}
		snprintf(wanted, sizeof(wanted), "%u", number);
		/* A file is told while its text is read. */
		if (!pp_span_is(word, "at") || !pp_text_word(&at, &of) || !pp_span_is(of, wanted) ||
		    !pp_text_word(&at, &where) || !pp_text_word(&at, &word) ||
		    !pp_span_is(word, path))
			continue;
		bool whole = pp_span_is(where, "0");
		snprintf(buf, size, "%s%s%.*s", text + strspn(text, " "), whole ? "" : ", line ",
		         whole ? 0 : (int)where.len, (const char *)where.data);
		return;
	}
}

/* A thousand times is too often: of many notes the first tell enough. */
void pp_import_note_other(struct pp_import *in, const char *path, const char *what)
{
	char before[400], line[32] = "";
	uint32_t number = pp_import_line_number(in);

	if (in->notes.len + 1100 > NOTES_MAX)
		return;
	import_told_by(in, path, before, sizeof(before));
	if (number)
		snprintf(line, sizeof(line), "line %u: ", number);
	pp_import_note(in, "%sdiffers in /%s%s from %s, which counts", line, path, what, before);
}

/* Both are told. */
static void import_note_other(struct pp_import *in, const char *path, const struct pp_tree_node *n,
                              const void *bytes, size_t len)
{
	char before[400], mine[64], theirs[64], line[32] = "";
	uint32_t number = pp_import_line_number(in);

	import_short(PP_SPAN(bytes, len), mine);
	import_short(n->data, theirs);
	if (!*mine || !*theirs) {
		pp_import_note_other(in, path, "");
		return;
	}
	if (in->notes.len + 1100 > NOTES_MAX)
		return;
	import_told_by(in, path, before, sizeof(before));
	if (number)
		snprintf(line, sizeof(line), "line %u: ", number);
	pp_import_note(in, "%s/%s is %s; %s says %s, which counts", line, path, mine, before,
	               theirs);
}

void pp_import_tells(struct pp_import *in, const char *path)
{
	import_origin(in, path);
}

static int import_put(struct pp_import *in, const char *path, int kind, const void *bytes,
                      size_t len, struct pp_error *e)
{
	uint32_t node;
	int r = import_node(in, path, &node, e);

	if (r)
		return r;
	struct pp_tree_node *n = pp_tree_at(&in->stored->tree, node);
	if (n->kind != PP_TREE_NOTHING) {
		if (!import_is_same(n, kind, bytes, len))
			import_note_other(in, path, n, bytes, len);
		return 0;
	}
	uint8_t *copy = pp_arena_alloc(&in->stored->arena, len ? len : 1);
	if (!copy)
		return pp_fail_oom(e, path);
	if (len)
		memcpy(copy, bytes, len);
	n = pp_tree_at(&in->stored->tree, node);
	n->kind = (uint8_t)kind;
	n->data = PP_SPAN(copy, len);
	import_origin(in, path);
	return 0;
}

int pp_import_file(struct pp_import *in, const char *path, const void *bytes, size_t len,
                   struct pp_error *e)
{
	return import_put(in, path, PP_TREE_FILE, bytes, len, e);
}

int pp_import_text(struct pp_import *in, const char *path, const char *text, struct pp_error *e)
{
	return import_put(in, path, PP_TREE_FILE, text, strlen(text), e);
}

int pp_import_link(struct pp_import *in, const char *path, const char *target, struct pp_error *e)
{
	return import_put(in, path, PP_TREE_LINK, target, strlen(target), e);
}

bool pp_import_line(struct pp_span *rest, struct pp_span *line, unsigned int *indent)
{
	unsigned int columns = 0;

	if (!pp_text_line(rest, line))
		return false;
	while (line->len && (line->data[0] == ' ' || line->data[0] == '\t')) {
		columns = line->data[0] == '\t' ? (columns | 7) + 1 : columns + 1;
		*line = PP_SPAN(line->data + 1, line->len - 1);
	}
	while (line->len && (line->data[line->len - 1] == ' ' || line->data[line->len - 1] == '\t'))
		line->len--;
	*indent = columns;
	return true;
}

bool pp_import_behind(struct pp_span line, const char *prefix, char *buf, size_t size)
{
	const uint8_t *at = pp_span_find(line, prefix);

	*buf = '\0';
	if (!at)
		return false;
	at += strlen(prefix);
	pp_text_clean_into(buf, size, at, (size_t)(line.data + line.len - at));
	return true;
}

size_t pp_import_hex(struct pp_span s, uint64_t *ret)
{
	uint64_t v = 0;
	size_t n = 0;

	for (; n < s.len && n < 16; n++) {
		uint8_t c = s.data[n], d;
		if (c >= '0' && c <= '9')
			d = (uint8_t)(c - '0');
		else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
			d = (uint8_t)((c | 0x20) - 'a' + 10);
		else
			break;
		v = v << 4 | d;
	}
	*ret = v;
	return n;
}

static const struct pp_reader *import_choose(const struct pp_reader *const *list, size_t nr,
                                             struct pp_span text)
{
	for (size_t i = 0; i < nr; i++)
		if (list[i]->knows(text))
			return list[i];
	return NULL;
}

const struct pp_reader *pp_import_reader_of(struct pp_span text)
{
	return import_choose(readers, NR_READERS, text);
}

static int any_read(struct pp_import *in, struct pp_span text, struct pp_error *e)
{
	const struct pp_reader *reader = import_choose(raw_readers, NR_RAW_READERS, text);

	if (!reader)
		reader = pp_import_reader_of(text);
	return reader ? reader->read(in, text, e) : 0;
}

const struct pp_reader pp_reader_any = { .title = "any text", .read = any_read };

void pp_import_begin(struct pp_import *in, const char *name)
{
	char clean[600];

	pp_text_clean_into(clean, sizeof(clean), name, strlen(name));
	pp_buffer_printf(&in->origins, "text %s\n", clean);
	in->nr_texts++;
	in->name = name;
	in->text = PP_SPAN(NULL, 0);
	in->here = in->counted = NULL;
	in->lines_before = 0;
}

/* A part of the text that is read already: its lines are that one's. */
static bool import_is_part(const struct pp_import *in, struct pp_span text)
{
	return in->text.data && text.data >= in->text.data && text.len <= in->text.len &&
	       (size_t)(text.data - in->text.data) <= in->text.len - text.len;
}

int pp_import_read(struct pp_import *in, const struct pp_reader *reader, struct pp_span text,
                   struct pp_error *e)
{
	bool part = import_is_part(in, text);

	if (!part) {
		in->text = text;
		in->counted = NULL;
	}
	in->here = NULL;
	int r = reader->read(in, text, e);
	/* Its bytes are the caller's, who may free them. */
	if (!part)
		in->text = PP_SPAN(NULL, 0);
	in->here = NULL;
	return r;
}

int pp_import_add(struct pp_import *in, const char *name, const char *bytes, size_t len,
                  struct pp_error *e)
{
	if (len > PP_IMPORT_MAX_BYTES)
		return pp_fail(e, E2BIG, "%.300s: more than %zu MiB, which is the limit", name,
		               PP_IMPORT_MAX_BYTES >> 20);
	PP_CLEANUP(pp_cleanup_free) char *text = malloc(len + 1);
	if (!text)
		return pp_fail_oom(e, name);
	pp_import_begin(in, name);
	const struct pp_span raw = PP_SPAN(bytes, len);
	struct pp_span all = raw;
	const struct pp_reader *reader = import_choose(raw_readers, NR_RAW_READERS, all);
	if (!reader) {
		/* Lines may well begin alike by themselves: then no reader knows what is left. */
		len = pp_import_clean(text, pp_import_narrow(raw, text));
		size_t unmarked = pp_import_unmark(text, len);
		all = PP_SPAN(text, unmarked);
		reader = pp_import_reader_of(all);
		if (!reader && unmarked != len) {
			all = PP_SPAN(text, pp_import_clean(text, pp_import_narrow(raw, text)));
			reader = pp_import_reader_of(all);
		}
		bool any;
		int r = pp_import_parts(in, reader, all, &any, e);
		in->nr_read += any;
		if (r || any)
			return r;
	}
	if (!reader)
		return pp_import_refuse(name, all, e);
	int r = pp_import_read(in, reader, all, e);
	in->nr_read += !r;
	return r;
}

int pp_import_finish(struct pp_import *in, struct pp_source **ret, struct pp_error *e)
{
	static const char head[] = "pcipass-capture 1\ntool texts\nroot no\nredacted yes\n";
	struct pp_buffer *m = &in->manifest;
	struct pp_buffer all;

	if (!in->nr_read)
		return pp_fail(e, EBADMSG, "no text was given");
	int r = pp_import_later_finish(in, e);
	if (!r)
		r = pp_import_log_finish(in, e);
	if (!r && *in->release && !pp_import_has(in, "proc/version"))
		r = pp_import_text(in, "proc/version", in->release, e);
	if (r)
		return r;
	import_settle_cut(in);
	pp_import_config_finish(in);
	if (!in->origins.failed)
		r = pp_import_file(in, PP_ORIGINS_PATH, in->origins.data, in->origins.len, e);
	if (r)
		return r;
	pp_buffer_init(&all, MANIFEST_MAX + sizeof(head));
	pp_buffer_append(&all, head, sizeof(head) - 1);
	pp_buffer_append(&all, m->data ? m->data : "", m->len);
	bool full = all.failed || m->failed;
	r = full ? pp_fail_oom(e, "import")
	         : pp_import_file(in, PP_MANIFEST_PATH, all.data, all.len, e);
	pp_buffer_fini(&all);
	if (!r)
		r = pp_stored_finish(in->stored, e);
	if (r)
		return r;
	*ret = &in->stored->base;
	in->stored = NULL;
	return 0;
}
