/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A plan from its JSON, which somebody else may have written: every key is known and every value in
 * its range, or nothing is taken. What a program carries out is put into words anew, so that the
 * text of a plan cannot say one thing and do another.
 */
#include <stdio.h>
#include <string.h>

#include "acpi/table.h"
#include "base/text.h"
#include "plan/json.h"

#define MAX_TEXT_BYTES 4096
#define MAX_NAME_BYTES 64

struct reader {
	struct pp_arena *a;
	const char *where; /* "steps[2]", for messages */
	struct pp_error *e;
};

static int bad(struct reader *r, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static int bad(struct reader *r, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	const char *why = pp_arena_vprintf(r->a, fmt, ap);
	va_end(ap);
	return pp_fail(r->e, EBADMSG, "plan: %s%s%s", r->where, *r->where ? ": " : "",
	               why ? why : "malformed");
}

/* An object with exactly these keys. */
static int check_keys(struct reader *r, const json_t *o, const char *const *keys, size_t nr)
{
	if (!json_is_object(o))
		return bad(r, "need an object");
	for (size_t i = 0; i < nr; i++)
		if (!json_object_get(o, keys[i]))
			return bad(r, "'%s' is missing", keys[i]);
	if (json_object_size(o) != nr)
		return bad(r, "%zu keys, need %zu", json_object_size(o), nr);
	return 0;
}

#define CHECK_KEYS(r, o, ...)                                                                      \
	check_keys(r, o, (const char *const[]){ __VA_ARGS__ },                                     \
	           sizeof((const char *const[]){ __VA_ARGS__ }) / sizeof(char *))

static int read_text(struct reader *r, const json_t *o, const char *key, const char **ret)
{
	const json_t *v = json_object_get(o, key);
	size_t len = json_string_length(v);

	if (!json_is_string(v) || len > MAX_TEXT_BYTES)
		return bad(r, "'%s' is no text of at most %d bytes", key, MAX_TEXT_BYTES);
	char *text = pp_arena_strndup(r->a, json_string_value(v), len);
	if (!text)
		return pp_fail_oom(r->e, "plan");
	pp_text_clean_in_place(text);
	if (strlen(text) != len || memcmp(text, json_string_value(v), len) != 0)
		return bad(r, "'%s' holds control characters", key);
	*ret = text;
	return 0;
}

static int read_text_or_null(struct reader *r, const json_t *o, const char *key, const char **ret)
{
	if (json_is_null(json_object_get(o, key))) {
		*ret = NULL;
		return 0;
	}
	return read_text(r, o, key, ret);
}

static bool is_word_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '_' || c == '-' || c == '.';
}

/* Letters, digits, "_", "-", "."; more: other characters that are fine between them. */
static int read_name(struct reader *r, const json_t *o, const char *key, const char *more,
                     const char **ret)
{
	const char *name;
	int err = read_text(r, o, key, &name);

	if (err)
		return err;
	size_t len = strlen(name);
	bool fine = len && len <= MAX_NAME_BYTES && name[0] != '.';
	for (size_t i = 0; i < len; i++)
		fine &= is_word_char(name[i]) || (i && strchr(more, name[i]));
	if (!fine)
		return bad(r, "'%s' is no name", key);
	*ret = name;
	return 0;
}

static int read_bool(struct reader *r, const json_t *o, const char *key, bool *ret)
{
	const json_t *v = json_object_get(o, key);

	if (!json_is_boolean(v))
		return bad(r, "'%s' is neither true nor false", key);
	*ret = json_is_true(v);
	return 0;
}

static int read_number(struct reader *r, const json_t *v, const char *key, uint32_t min,
                       uint32_t max, uint32_t *ret)
{
	json_int_t n = json_integer_value(v);

	if (!json_is_integer(v) || n < min || n > max)
		return bad(r, "'%s' is no number from %u to %u", key, min, max);
	*ret = (uint32_t)n;
	return 0;
}

/* "0x…" and nothing else. */
static int read_hex(struct reader *r, const json_t *o, const char *key, uint64_t max, uint64_t *ret)
{
	const char *s = json_string_value(json_object_get(o, key));

	if (!s || strncmp(s, "0x", 2) != 0 || s[2 + strspn(s + 2, "0123456789abcdef")] ||
	    !pp_parse_hex(s, max, ret))
		return bad(r, "'%s' is no number in hex, 0x…", key);
	return 0;
}

static int read_id(struct reader *r, const json_t *o, const char *key, uint16_t *ret)
{
	const char *s = json_string_value(json_object_get(o, key));
	uint64_t v;

	if (!s || strlen(s) != 4 || s[strspn(s, "0123456789abcdef")] ||
	    !pp_parse_hex(s, 0xffff, &v))
		return bad(r, "'%s' is no id of four hex digits", key);
	*ret = (uint16_t)v;
	return 0;
}

/* Only as pp_address_format() writes it, so that one device has one spelling. */
static int read_address(struct reader *r, const json_t *v, struct pp_address *ret)
{
	const char *s = json_string_value(v);
	char again[PP_ADDRESS_TEXT_BYTES];
	struct pp_address a;

	if (!s || !pp_address_parse(s, &a))
		return bad(r, "need an address like 0000:07:00.0");
	pp_address_format(a, again);
	if (strcmp(again, s) != 0)
		return bad(r, "need an address like 0000:07:00.0");
	*ret = a;
	return 0;
}

/* The array under a key, of at most so many; NULL with the error set. */
static const json_t *read_list(struct reader *r, const json_t *o, const char *key, size_t max)
{
	const json_t *list = json_object_get(o, key);

	if (json_is_array(list) && json_array_size(list) <= max)
		return list;
	(void)bad(r, "'%s' is no list of at most %zu", key, max);
	return NULL;
}

/* In ascending order, so that none is there twice. */
static int read_scopes(struct reader *r, const json_t *o, struct pp_step_override *ret)
{
	const json_t *list = read_list(r, o, "scopes", PP_PLAN_MAX_ITEMS);
	int err = 0;

	if (!list)
		return -EBADMSG;
	uint32_t n = (uint32_t)json_array_size(list), last = 0;
	uint32_t *scopes = PP_ARENA_ARRAY(r->a, n, uint32_t);
	if (!scopes)
		return pp_fail_oom(r->e, "plan");
	for (uint32_t i = 0; !err && i < n; i++) {
		err = read_number(r, json_array_get(list, i), "scopes", last + 1,
		                  ret->expected_bytes - 1, &scopes[i]);
		last = scopes[i];
	}
	ret->scopes = scopes;
	ret->nr_scopes = n;
	return err || n ? err : bad(r, "'scopes' names nothing");
}

static int read_devids(struct reader *r, const json_t *o, struct pp_step_override *ret)
{
	const json_t *list = read_list(r, o, "devices", PP_PLAN_MAX_ITEMS);
	int err = 0;

	if (!list)
		return -EBADMSG;
	uint32_t n = (uint32_t)json_array_size(list);
	uint16_t *devids = PP_ARENA_ARRAY(r->a, n, uint16_t);
	if (!devids)
		return pp_fail_oom(r->e, "plan");
	for (uint32_t i = 0; i < n; i++) {
		struct pp_address a;
		err = read_address(r, json_array_get(list, i), &a);
		if (err)
			return err;
		devids[i] = (uint16_t)(a.bus << 8 | a.device << 3 | a.function);
		if (!i)
			ret->segment = (uint16_t)a.domain;
		if (a.domain > 0xffff || a.domain != ret->segment ||
		    (i && devids[i] <= devids[i - 1]))
			return bad(r, "'devices' is not in order and of one domain");
	}
	ret->devids = devids;
	ret->nr_devids = n;
	return n ? 0 : bad(r, "'devices' names nothing");
}

static int read_override(struct reader *r, const json_t *o, struct pp_step_override *ret)
{
	const char *table = json_string_value(json_object_get(o, "table"));
	uint64_t crc;
	bool dmar = table && !strcmp(table, "DMAR");

	if (!dmar && !(table && !strcmp(table, "IVRS")))
		return bad(r, "'table' is neither DMAR nor IVRS");
	int err = CHECK_KEYS(r, o, "table", "expected_crc", "expected_bytes",
	                     dmar ? "scopes" : "devices");
	if (!err)
		err = read_hex(r, o, "expected_crc", UINT32_MAX, &crc);
	if (!err)
		err = read_number(r, json_object_get(o, "expected_bytes"), "expected_bytes",
		                  PP_ACPI_HEADER_BYTES, PP_ACPI_TABLE_MAX_BYTES,
		                  &ret->expected_bytes);
	if (err)
		return err;
	ret->table = dmar ? "DMAR" : "IVRS";
	ret->expected_crc = (uint32_t)crc;
	return dmar ? read_scopes(r, o, ret) : read_devids(r, o, ret);
}

static int read_setting(struct reader *r, const json_t *o, struct pp_step_setting *ret)
{
	int err = CHECK_KEYS(r, o, "schema", "section", "expected", "wanted", "store");

	if (!err)
		err = read_name(r, o, "schema", "", &ret->schema);
	if (!err)
		err = read_name(r, o, "section", " ()/", &ret->section);
	if (!err)
		err = read_name(r, o, "expected", " ()/,", &ret->expected);
	if (!err)
		err = read_name(r, o, "wanted", " ()/,", &ret->wanted);
	if (!err)
		err = read_text_or_null(r, o, "store", &ret->store);
	if (!err && ret->store && !pp_plan_store_is_valid(ret->store))
		return bad(r, "'store' is neither a kind of store nor HP's conrep");
	return err;
}

static int read_argument(struct reader *r, const json_t *o, struct pp_step_argument *ret)
{
	int err = CHECK_KEYS(r, o, "argument");

	if (!err)
		err = read_text(r, o, "argument", &ret->argument);
	return err || pp_argument_is_known(ret->argument)
	               ? err
	               : bad(r, "'argument' is none that a plan may add");
}

static int read_when(struct reader *r, const json_t *o, unsigned int *ret)
{
	const json_t *v = json_object_get(o, "when");
	const char *text = json_string_value(v);

	if (!v)
		*ret = PP_BIND_NOW | PP_BIND_AT_BOOT;
	else if (text && !strcmp(text, "now"))
		*ret = PP_BIND_NOW;
	else if (text && !strcmp(text, "boot"))
		*ret = PP_BIND_AT_BOOT;
	else
		return bad(r, "'when' is neither now nor boot");
	return 0;
}

static int read_bind(struct reader *r, const json_t *o, struct pp_step_bind *ret)
{
	int err =
		json_object_get(o, "when")
			? CHECK_KEYS(r, o, "address", "vendor", "device", "expected_driver", "when")
			: CHECK_KEYS(r, o, "address", "vendor", "device", "expected_driver");

	if (!err)
		err = read_when(r, o, &ret->when);
	if (!err)
		err = read_address(r, json_object_get(o, "address"), &ret->address);
	if (!err)
		err = read_id(r, o, "vendor", &ret->vendor);
	if (!err)
		err = read_id(r, o, "device", &ret->device);
	if (err)
		return err;
	ret->expected_driver = json_string_value(json_object_get(o, "expected_driver"));
	if (ret->expected_driver && !*ret->expected_driver) {
		ret->expected_driver = "";
		return 0;
	}
	return read_name(r, o, "expected_driver", " ()", &ret->expected_driver);
}

static int read_details(struct reader *r, const json_t *o, struct pp_step *s)
{
	const json_t *details = json_object_get(o, pp_step_kind_name(s->kind));

	switch (s->kind) {
	case PP_STEP_SETTING:
		return read_setting(r, details, &s->setting);
	case PP_STEP_OVERRIDE:
		return read_override(r, details, &s->override);
	case PP_STEP_ARGUMENT:
		return read_argument(r, details, &s->argument);
	case PP_STEP_BIND:
	case PP_STEP_UNBIND:
		return read_bind(r, details, &s->bind);
	default:
		return 0;
	}
}

static int read_kind(struct reader *r, const json_t *o, enum pp_step_kind *ret)
{
	const char *name = json_string_value(json_object_get(o, "kind"));

	for (enum pp_step_kind k = 0; name && k < PP_STEP_KINDS; k++)
		if (!strcmp(pp_step_kind_name(k), name)) {
			*ret = k;
			return 0;
		}
	return bad(r, "'kind' is none that is known");
}

static int check_step_keys(struct reader *r, const json_t *o, enum pp_step_kind kind)
{
	if (kind == PP_STEP_INSTRUCTION)
		return CHECK_KEYS(r, o, "kind", "remedy", "text", "side_effect", "undo",
		                  "needs_reboot");
	return CHECK_KEYS(r, o, "kind", "remedy", "text", "side_effect", "undo", "needs_reboot",
	                  pp_step_kind_name(kind));
}

static int read_step(struct reader *r, const json_t *o, void *item)
{
	struct pp_step *s = item;
	int err = read_kind(r, o, &s->kind);

	if (!err)
		err = check_step_keys(r, o, s->kind);
	if (!err)
		err = read_name(r, o, "remedy", "", &s->remedy);
	if (!err)
		err = read_text(r, o, "text", &s->text);
	if (!err)
		err = read_text_or_null(r, o, "side_effect", &s->side_effect);
	if (!err)
		err = read_text(r, o, "undo", &s->undo);
	if (!err)
		err = read_bool(r, o, "needs_reboot", &s->needs_reboot);
	if (!err)
		err = read_details(r, o, s);
	if (err)
		return err;
	if (s->needs_reboot != pp_step_needs_reboot(s))
		return bad(r, "'needs_reboot' does not fit the kind");
	return pp_step_describe(r->a, s) ? 0 : pp_fail_oom(r->e, "plan");
}

static int read_alternative(struct reader *r, const json_t *o, void *item)
{
	struct pp_alternative *a = item;
	int err = CHECK_KEYS(r, o, "remedy", "text", "side_effect", "possible");

	if (!err)
		err = read_name(r, o, "remedy", "", &a->remedy);
	if (!err)
		err = read_text(r, o, "text", &a->text);
	if (!err)
		err = read_text_or_null(r, o, "side_effect", &a->side_effect);
	return err ? err : read_bool(r, o, "possible", &a->possible);
}

static int read_device(struct reader *r, const json_t *o, void *item)
{
	struct pp_plan_device *d = item;
	/* Older plans have no place. */
	bool place = json_object_get(o, "place");
	int err = place ? CHECK_KEYS(r, o, "address", "vendor", "device", "slot", "place", "asked")
	                : CHECK_KEYS(r, o, "address", "vendor", "device", "slot", "asked");

	if (!err)
		err = read_address(r, json_object_get(o, "address"), &d->address);
	if (!err)
		err = read_id(r, o, "vendor", &d->vendor);
	if (!err)
		err = read_id(r, o, "device", &d->device);
	if (!err)
		err = read_text_or_null(r, o, "slot", &d->slot);
	if (!err && place)
		err = read_text_or_null(r, o, "place", &d->place);
	return err ? err : read_bool(r, o, "asked", &d->asked);
}

static int read_region(struct reader *r, const json_t *o, void *item)
{
	struct pp_plan_region *region = item;
	int err = CHECK_KEYS(r, o, "start", "end");

	if (!err)
		err = read_hex(r, o, "start", UINT64_MAX, &region->start);
	/* Firmware is odd: an end below the start is none of ours. */
	return err ? err : read_hex(r, o, "end", UINT64_MAX, &region->end_incl);
}

/* A list of objects, each of size bytes. */
static int read_items(struct reader *r, const json_t *root, const char *key, size_t max,
                      size_t size, int (*one)(struct reader *r, const json_t *o, void *item),
                      const void **ret, uint32_t *ret_nr)
{
	const json_t *list = read_list(r, root, key, max);
	int err = 0;

	if (!list)
		return -EBADMSG;
	uint32_t n = (uint32_t)json_array_size(list);
	char *items = pp_arena_array(r->a, n, size);
	if (!items)
		return pp_fail_oom(r->e, "plan");
	for (uint32_t i = 0; !err && i < n; i++) {
		char where[64];
		struct reader inner = { r->a, where, r->e };
		snprintf(where, sizeof(where), "%s[%u]", key, i);
		err = one(&inner, json_array_get(list, i), items + i * size);
	}
	*ret = items;
	*ret_nr = n;
	return err;
}

static int read_host(struct reader *r, const json_t *root, struct pp_plan *p)
{
	const json_t *o = json_object_get(root, "host");
	struct reader inner = { r->a, "host", r->e };
	int err = CHECK_KEYS(&inner, o, "product", "bios_version", "kernel");

	if (!err)
		err = read_text_or_null(&inner, o, "product", &p->product);
	if (!err)
		err = read_text_or_null(&inner, o, "bios_version", &p->bios_version);
	return err ? err : read_text_or_null(&inner, o, "kernel", &p->kernel);
}

#define READ_ITEMS(r, root, p, key, max, one)                                                      \
	read_items(r, root, #key, max, sizeof(*(p)->key), one, (const void **)&(p)->key,           \
	           &(p)->nr_##key)

static int read_plan(struct reader *r, const json_t *root, struct pp_plan *p)
{
	int err = CHECK_KEYS(r, root, "schema", "request", "host", "devices", "regions", "steps",
	                     "alternatives");
	const char *schema = json_string_value(json_object_get(root, "schema"));

	if (!err && (!schema || strcmp(schema, PP_PLAN_SCHEMA) != 0))
		return bad(r, "'schema' is not " PP_PLAN_SCHEMA);
	if (!err)
		err = read_text(r, root, "request", &p->request);
	if (!err)
		err = read_host(r, root, p);
	if (!err)
		err = READ_ITEMS(r, root, p, devices, PP_PLAN_MAX_ITEMS, read_device);
	if (!err)
		err = READ_ITEMS(r, root, p, regions, PP_PLAN_MAX_ITEMS, read_region);
	if (!err)
		err = READ_ITEMS(r, root, p, steps, PP_PLAN_MAX_STEPS, read_step);
	if (!err)
		err = READ_ITEMS(r, root, p, alternatives, PP_PLAN_MAX_STEPS, read_alternative);
	if (!err && !p->nr_devices)
		return bad(r, "'devices' names nothing");
	return err;
}

int pp_plan_parse(const void *bytes, size_t len, struct pp_plan **ret, struct pp_error *e)
{
	json_error_t where;

	if (len > PP_PLAN_MAX_BYTES)
		return pp_fail(e, EBADMSG, "plan: %zu bytes, at most %u are taken", len,
		               PP_PLAN_MAX_BYTES);
	json_t *root = json_loadb(bytes, len, JSON_REJECT_DUPLICATES, &where);
	if (!root)
		/* Its text quotes the input: where it is must do. */
		return pp_fail(e, EBADMSG, "plan: no JSON document from line %d, column %d on",
		               where.line, where.column);
	struct pp_plan *p = pp_plan_alloc();
	struct reader r = { p ? &p->arena : NULL, "", e };
	int err = p ? read_plan(&r, root, p) : pp_fail_oom(e, "plan");
	json_decref(root);
	if (err) {
		pp_plan_free(p);
		return err;
	}
	*ret = p;
	return 0;
}
