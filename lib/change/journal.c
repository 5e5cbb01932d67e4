/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <jansson.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "change/journal.h"
#include "base/crc32.h"
#include "base/text.h"
#include "sys/atomic.h"
#include "sys/file.h"

/*
 * {"crc32": "…", "journal": {"schema": "pcipass.journal/1", …}}, where the checksum is that of the
 * journal written compactly with sorted keys: what was read and checked is written so again.
 */
#define SCHEMA "pcipass.journal/1"
#define FLAGS  (JSON_COMPACT | JSON_SORT_KEYS)

static const char *const phases[PP_PHASES] = { "applying", "applied", "undoing", "undone" };
static const char *const states[PP_DEED_STATES] = { "pending", "begun", "done", "undone" };
static const char *const kinds[PP_DEED_KINDS] = { "folder", "file",    "initrd", "loader",
	                                          "driver", "release", "setting" };

static json_t *hex_of(struct pp_span bytes)
{
	static const char digits[] = "0123456789abcdef";
	char *text = malloc(bytes.len * 2 + 1);

	if (!text)
		return NULL;
	for (size_t i = 0; i < bytes.len; i++) {
		text[2 * i] = digits[bytes.data[i] >> 4];
		text[2 * i + 1] = digits[bytes.data[i] & 15];
	}
	json_t *j = json_stringn(text, bytes.len * 2);
	free(text);
	return j;
}

static json_t *content_of(const struct pp_content *c)
{
	if (!c->exists)
		return json_null();
	return json_pack("{si,sI,sI,so*}", "mode", (int)c->mode, "uid", (json_int_t)c->uid, "gid",
	                 (json_int_t)c->gid, "bytes", hex_of(c->bytes));
}

static json_t *argv_of(const char *const *argv)
{
	json_t *list = json_array();

	for (; *argv; argv++)
		json_array_append_new(list, json_string(*argv));
	return list;
}

static json_t *deed_of(const struct pp_deed *d)
{
	json_t *j = json_pack("{ss,ss,si}", "kind", kinds[d->kind], "state", states[d->state],
	                      "step", (int)d->step);
	const struct pp_step_setting *s = &d->setting;
	json_t *more = NULL;

	switch (d->kind) {
	case PP_DEED_FOLDER:
		more = json_pack("{ss}", "path", d->path);
		break;
	case PP_DEED_FILE:
		more = json_pack("{ss,so,so}", "path", d->path, "old", content_of(&d->old_content),
		                 "new", content_of(&d->new_content));
		break;
	case PP_DEED_INITRD:
	case PP_DEED_LOADER:
		more = json_pack("{so}", "argv", argv_of(d->argv));
		break;
	case PP_DEED_DRIVER:
	case PP_DEED_RELEASE:
		more = json_pack("{ss,ss,ss}", "address", d->address, "driver", d->driver,
		                 "override", d->override);
		break;
	default:
		more = json_pack("{ss,ss,ss,ss,ss?}", "schema", s->schema, "section", s->section,
		                 "expected", s->expected, "wanted", s->wanted, "store", s->store);
	}
	if (!j || !more || json_object_update(j, more)) {
		json_decref(j);
		j = NULL;
	}
	json_decref(more);
	return j;
}

static json_t *journal_of(const struct pp_apply_journal *j)
{
	json_t *deeds = json_array();

	for (uint32_t i = 0; i < j->nr_deeds; i++)
		if (json_array_append_new(deeds, deed_of(&j->deeds[i]))) {
			json_decref(deeds);
			return NULL;
		}
	return json_pack("{ss,ss,ss,ss,so,ss?}", "schema", SCHEMA, "phase", phases[j->phase],
	                 "boot_id", j->boot_id, "plan", j->plan, "deeds", deeds, "previous",
	                 j->previous);
}

static char *checksum(const char *text, char *buf)
{
	snprintf(buf, 9, "%08x", pp_span_crc32(PP_SPAN(text, strlen(text))));
	return buf;
}

int pp_apply_journal_text(const struct pp_apply_journal *j, struct pp_arena *arena,
                          const char **ret, struct pp_error *e)
{
	json_t *body = journal_of(j);
	char *text = body ? json_dumps(body, FLAGS) : NULL;
	char crc[9];

	json_decref(body);
	const char *whole = text ? pp_arena_printf(arena, "{\"crc32\":\"%s\",\"journal\":%s}\n",
	                                           checksum(text, crc), text)
	                         : NULL;
	free(text);
	if (!whole)
		return pp_fail_oom(e, "journal");
	if (strlen(whole) > PP_JOURNAL_MAX_BYTES)
		return pp_fail(e, E2BIG, "journal: %zu bytes, at most %u are kept", strlen(whole),
		               PP_JOURNAL_MAX_BYTES);
	*ret = whole;
	return 0;
}

void pp_apply_journal_sweep(const struct pp_apply *a)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/apply.json", a->state);
	pp_atomic_sweep(path);
}

int pp_apply_journal_save(struct pp_apply *a, const struct pp_apply_journal *j, struct pp_error *e)
{
	char path[PATH_MAX];
	struct pp_arena arena;
	const char *text;

	snprintf(path, sizeof(path), "%s/apply.json", a->state);
	pp_arena_init(&arena, 0);
	int r = pp_apply_journal_text(j, &arena, &text, e);
	if (!r)
		r = pp_file_put(path, PP_SPAN(text, strlen(text)), 0600, NULL, true, e);
	pp_arena_fini(&arena);
	return r;
}

int pp_apply_journal_remove(const struct pp_apply *a, struct pp_error *e)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/apply.json", a->state);
	int r = pp_file_remove(path, e);
	return r == -ENOENT ? pp_file_failed(path, ENOENT, e) : r;
}

/* Reading: everything is looked at, for the file decides what is written. */
struct reader {
	struct pp_arena *arena;
	const char *object;
	struct pp_error *error;
};

static int bad(struct reader *r, const char *what)
{
	return pp_fail(r->error, EBADMSG,
	               "%.300s: damaged, or not a journal of this version: %s; nothing is done. "
	               "Keep it: it holds what was there before",
	               r->object, what);
}

static const char *text_of(struct reader *r, const json_t *object, const char *key)
{
	const char *s = json_string_value(json_object_get(object, key));

	return s ? pp_arena_strdup(r->arena, s) : NULL;
}

static int index_of(const char *const *names, int count, const char *name)
{
	for (int i = 0; name && i < count; i++)
		if (!strcmp(names[i], name))
			return i;
	return -1;
}

/* Relative, and without a way up: it is put behind the root. */
static bool is_path(const char *s)
{
	if (!s || !*s || *s == '/' || strlen(s) >= PATH_MAX / 2)
		return false;
	for (const char *part = s; part;) {
		size_t len = strcspn(part, "/");
		if (!len || (len == 1 && part[0] == '.') ||
		    (len == 2 && part[0] == '.' && part[1] == '.'))
			return false;
		part = part[len] ? part + len + 1 : NULL;
	}
	return true;
}

static int digit(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool read_hex(struct reader *r, const json_t *j, struct pp_span *ret)
{
	const char *s = json_string_value(j);
	size_t len = json_string_length(j) / 2;

	if (!s || json_string_length(j) % 2)
		return false;
	uint8_t *data = PP_ARENA_ARRAY(r->arena, len + 1, uint8_t);
	for (size_t i = 0; data && i < len; i++) {
		int high = digit(s[2 * i]), low = digit(s[2 * i + 1]);
		if (high < 0 || low < 0)
			return false;
		data[i] = (uint8_t)(high << 4 | low);
	}
	*ret = PP_SPAN(data, len);
	return data;
}

static bool read_number(const json_t *object, const char *key, json_int_t max, json_int_t *ret)
{
	const json_t *j = json_object_get(object, key);

	*ret = json_integer_value(j);
	return json_is_integer(j) && *ret >= 0 && *ret <= max;
}

static bool read_content(struct reader *r, const json_t *j, struct pp_content *ret)
{
	json_int_t mode, uid, gid;

	*ret = (struct pp_content){ 0 };
	if (json_is_null(j))
		return true;
	if (!json_is_object(j) || !read_number(j, "mode", 07777, &mode) ||
	    !read_number(j, "uid", UINT32_MAX, &uid) || !read_number(j, "gid", UINT32_MAX, &gid))
		return false;
	*ret = (struct pp_content){
		.exists = true, .mode = (mode_t)mode, .uid = (uid_t)uid, .gid = (gid_t)gid
	};
	return read_hex(r, json_object_get(j, "bytes"), &ret->bytes);
}

static bool read_argv(struct reader *r, const json_t *j, const char *const **ret)
{
	size_t n = json_array_size(j);

	if (!n || n > 16)
		return false;
	const char **argv = PP_ARENA_ARRAY(r->arena, n + 1, const char *);
	for (size_t i = 0; argv && i < n; i++) {
		const char *s = json_string_value(json_array_get(j, i));
		argv[i] = s ? pp_arena_strdup(r->arena, s) : NULL;
		if (!argv[i])
			return false;
	}
	*ret = argv;
	return argv && !strchr(argv[0], '/');
}

static bool is_name(const char *s)
{
	return s && strlen(s) < 128 &&
	       strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUV"
	                 "WXYZ0123456789_-.") == strlen(s);
}

static bool read_driver(struct reader *r, const json_t *j, struct pp_deed *d)
{
	struct pp_address address;

	d->address = text_of(r, j, "address");
	d->driver = text_of(r, j, "driver");
	d->override = text_of(r, j, "override");
	return d->address && pp_address_parse(d->address, &address) && d->driver && d->override &&
	       (!*d->driver || pp_is_driver_name(d->driver)) &&
	       (!*d->override || pp_is_driver_name(d->override));
}

static bool read_setting(struct reader *r, const json_t *j, struct pp_step_setting *s)
{
	s->schema = text_of(r, j, "schema");
	s->section = text_of(r, j, "section");
	s->expected = text_of(r, j, "expected");
	s->wanted = text_of(r, j, "wanted");
	s->store = text_of(r, j, "store");
	return s->schema && s->section && s->expected && s->wanted && is_name(s->schema);
}

static int read_deed(struct reader *r, const json_t *j, struct pp_deed *d)
{
	int kind = index_of(kinds, PP_DEED_KINDS, json_string_value(json_object_get(j, "kind")));
	int state =
		index_of(states, PP_DEED_STATES, json_string_value(json_object_get(j, "state")));
	json_int_t step;
	bool ok = kind >= 0 && state >= 0 && read_number(j, "step", PP_PLAN_MAX_STEPS, &step);

	if (!ok)
		return bad(r, "a deed's kind, state or step");
	d->kind = (enum pp_deed_kind)kind;
	d->state = (enum pp_deed_state)state;
	d->step = (uint32_t)step;
	d->path = text_of(r, j, "path");
	if (kind == PP_DEED_FOLDER)
		ok = is_path(d->path);
	else if (kind == PP_DEED_FILE)
		ok = is_path(d->path) &&
		     read_content(r, json_object_get(j, "old"), &d->old_content) &&
		     read_content(r, json_object_get(j, "new"), &d->new_content);
	else if (kind == PP_DEED_INITRD || kind == PP_DEED_LOADER)
		ok = read_argv(r, json_object_get(j, "argv"), &d->argv);
	else if (kind == PP_DEED_DRIVER || kind == PP_DEED_RELEASE)
		ok = read_driver(r, j, d);
	else
		ok = read_setting(r, j, &d->setting);
	return ok ? 0 : bad(r, kinds[kind]);
}

static int read_body(struct reader *r, const json_t *j, struct pp_apply_journal *ret)
{
	const char *schema = json_string_value(json_object_get(j, "schema"));
	int phase = index_of(phases, PP_PHASES, json_string_value(json_object_get(j, "phase")));
	const json_t *deeds = json_object_get(j, "deeds");

	if (!schema || strcmp(schema, SCHEMA))
		return bad(r, "its schema");
	ret->boot_id = text_of(r, j, "boot_id");
	ret->plan = text_of(r, j, "plan");
	ret->previous = text_of(r, j, "previous");
	if (phase < 0 || !ret->boot_id || !ret->plan || !json_is_array(deeds) ||
	    json_array_size(deeds) > PP_JOURNAL_MAX_DEEDS)
		return bad(r, "its head");
	ret->phase = (enum pp_phase)phase;
	ret->nr_deeds = (uint32_t)json_array_size(deeds);
	ret->deeds = PP_ARENA_ARRAY(r->arena, ret->nr_deeds, struct pp_deed);
	if (!ret->deeds)
		return pp_fail_oom(r->error, r->object);
	for (uint32_t i = 0; i < ret->nr_deeds; i++) {
		int f = read_deed(r, json_array_get(deeds, i), &ret->deeds[i]);
		if (f)
			return f;
	}
	return 0;
}

static bool checksum_fits(const json_t *root, const json_t *body)
{
	const char *want = json_string_value(json_object_get(root, "crc32"));
	char *text = json_dumps(body, FLAGS), crc[9];
	bool fits = text && want && !strcmp(checksum(text, crc), want);

	free(text);
	return fits;
}

int pp_apply_journal_parse(struct pp_span in, const char *object, struct pp_arena *arena,
                           struct pp_apply_journal *ret, struct pp_error *e)
{
	struct reader r = { arena, object, e };
	struct pp_apply_journal j = { 0 };
	json_t *root = json_loadb((const char *)in.data, in.len, JSON_REJECT_DUPLICATES, NULL);
	const json_t *body = json_object_get(root, "journal");

	int f;
	if (!json_is_object(body))
		f = bad(&r, "no whole JSON document of one");
	else if (!checksum_fits(root, body))
		f = bad(&r, "its checksum");
	else
		f = read_body(&r, body, &j);
	json_decref(root);
	if (!f)
		*ret = j;
	return f;
}

int pp_apply_journal_load(struct pp_apply *a, struct pp_apply_journal *ret, struct pp_error *e)
{
	char path[PATH_MAX];
	struct pp_span bytes;
	int r = pp_apply_check_state(a, false, e);

	snprintf(path, sizeof(path), "%s/apply.json", a->state);
	if (!r)
		r = pp_file_read_private(path, PP_JOURNAL_MAX_BYTES, &a->arena, &bytes, e);
	if (r == -ENOENT)
		return pp_fail(e, ENOENT, "nothing was applied here: %.300s is not there", path);
	return r ? r : pp_apply_journal_parse(bytes, path, &a->arena, ret, e);
}
