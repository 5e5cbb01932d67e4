/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <jansson.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "use/guest.h"
#include "attach/leftover.h"
#include "base/text.h"
#include "change/context.h"
#include "sys/machine.h"

#define SCHEMA      "pcipass.attached/1"
#define NAME        "attach.json"
#define PATH        PP_SYS_RUN "/" NAME
#define MAX_DEVICES 4096
#define BOOT_ID     "proc/sys/kernel/random/boot_id"

int pp_leftover_lock(struct pp_sys *s, bool dry_run, struct pp_lock *ret, struct pp_error *e)
{
	char path[PATH_MAX];
	int r = pp_sys_private_directory(s, PP_SYS_RUN, !dry_run, e);

	if (r)
		return r == -ENOENT && dry_run ? 0 : r;
	if (snprintf(path, sizeof(path), "%s/" PP_SYS_RUN "/attach.lock", s->root) >= PATH_MAX)
		return pp_fail(e, ENAMETOOLONG, "%.300s: too long", s->root);
	return pp_lock_take(path, "another pcipass is at work:",
	                    dry_run ? PP_LOCK_IF_THERE : PP_LOCK_KEEP, ret, e);
}

bool pp_leftover_exists(struct pp_sys *s)
{
	return pp_sys_has(s, PATH);
}

void pp_leftover_remove(struct pp_sys *s)
{
	struct pp_error ignored;

	pp_sys_put(s, PATH, &(struct pp_content){ 0 }, &ignored);
}

/* "" where it is not known. */
static void read_boot_id(struct pp_sys *s, char *buf, size_t size)
{
	if (pp_sys_text(s, BOOT_ID, buf, size))
		*buf = '\0';
}

static json_t *document_of(const struct pp_attach *a)
{
	json_t *devices = json_array();
	char boot_id[64];

	for (uint32_t i = 0; i < a->nr_taken; i++) {
		const struct pp_taken *t = &a->taken[i];
		json_array_append_new(devices,
		                      json_pack("{s:s, s:s?, s:s?}", "address", t->address,
		                                "driver", t->driver, "override", t->override));
	}
	read_boot_id(a->sys, boot_id, sizeof(boot_id));
	if (json_array_size(devices) != a->nr_taken) {
		json_decref(devices);
		return NULL;
	}
	return json_pack("{s:s, s:s, s:o}", "schema", SCHEMA, "boot_id", boot_id, "devices",
	                 devices);
}

int pp_leftover_save(const struct pp_attach *a, struct pp_error *e)
{
	json_t *document = document_of(a);
	char *text = document ? json_dumps(document, JSON_INDENT(1)) : NULL;

	json_decref(document);
	if (!text)
		return pp_fail_oom(e, NAME);
	pp_sys_sweep(a->sys, PATH);
	const struct pp_content c = { .exists = true,
		                      .mode = 0600,
		                      .uid = geteuid(),
		                      .gid = getegid(),
		                      .bytes = PP_SPAN(text, strlen(text)) };
	int r = pp_sys_put(a->sys, PATH, &c, e);
	free(text);
	return r;
}

/* A name, or null for none; *ret lives in the arena. */
static bool read_name(struct pp_arena *arena, const json_t *j, const char **ret)
{
	const char *s = json_string_value(j);

	*ret = s && pp_is_driver_name(s) ? pp_arena_strdup(arena, s) : NULL;
	return *ret || json_is_null(j);
}

static bool read_device(struct pp_arena *arena, const json_t *j, struct pp_taken *ret)
{
	const char *text = json_string_value(json_object_get(j, "address"));
	struct pp_address address;

	*ret = (struct pp_taken){ 0 };
	if (!text || !pp_address_parse(text, &address))
		return false;
	pp_address_format(address, ret->address);
	return read_name(arena, json_object_get(j, "driver"), &ret->driver) &&
	       read_name(arena, json_object_get(j, "override"), &ret->override);
}

static bool read_document(struct pp_attach *a, const json_t *root, bool *ret_stale)
{
	const char *schema = json_string_value(json_object_get(root, "schema"));
	const char *boot_id = json_string_value(json_object_get(root, "boot_id"));
	const json_t *devices = json_object_get(root, "devices");
	size_t n = json_array_size(devices);
	char now[64];

	if (!schema || strcmp(schema, SCHEMA) || !boot_id || !json_is_array(devices) ||
	    n > MAX_DEVICES)
		return false;
	a->taken = PP_ARENA_ARRAY(&a->arena, n, struct pp_taken);
	a->to_type = PP_ARENA_ARRAY(&a->arena, n * 3, const char *);
	for (size_t i = 0; a->taken && i < n; i++)
		if (!read_device(&a->arena, json_array_get(devices, i), &a->taken[i]))
			return false;
	a->nr_taken = (uint32_t)n;
	read_boot_id(a->sys, now, sizeof(now));
	*ret_stale = *boot_id && *now && strcmp(boot_id, now);
	return a->taken && a->to_type;
}

static int load(struct pp_attach *a, bool *ret_stale, struct pp_error *e)
{
	struct pp_content c;
	int r = pp_sys_content(a->sys, PATH, &a->arena, &c, e);

	if (r || !c.exists)
		return r ? r : -ENOENT;
	json_t *root =
		json_loadb((const char *)c.bytes.data, c.bytes.len, JSON_REJECT_DUPLICATES, NULL);
	bool good = read_document(a, root, ret_stale);
	json_decref(root);
	return good ? 0
	            : pp_fail(e, EBADMSG,
	                      "/" PATH ": damaged: which devices an interrupted attach left on "
	                      "vfio-pci is not known; give them back their drivers or reboot, and "
	                      "remove it");
}

static void tell(const struct pp_leftover_options *o, const char *verb, const struct pp_taken *t)
{
	char line[256];

	if (!o->say)
		return;
	snprintf(line, sizeof(line), "%s back what an interrupted attach left: %s to %s", verb,
	         t->address, t->driver ? t->driver : "no driver");
	o->say(o->ctx, line);
}

static int not_all(const struct pp_attach *a, struct pp_error *e)
{
	char text[400] = "";
	size_t n = 0;

	for (uint32_t i = 0; i < a->nr_to_type && n < sizeof(text); i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n, "%s%s", i ? "; " : "",
		                      a->to_type[i]);
	return pp_fail(e, EIO, "what an interrupted attach took is not all back. As root: %s",
	               text);
}

static int put_back(struct pp_attach *a, const struct pp_leftover_options *o, uint32_t *ret,
                    struct pp_error *e)
{
	*ret = 0;
	for (uint32_t i = 0; i < a->nr_taken; i++) {
		struct pp_taken *t = &a->taken[i];
		pp_take_look(a, t);
		if (!t->override_set)
			continue;
		++*ret;
		const char *guest = NULL;
		int r = t->bound ? pp_guest_find(a->sys, t->address, &a->arena, &guest, e) : 0;
		if (r)
			return r;
		if (guest)
			return pp_fail(e, EBUSY,
			               "an interrupted attach left it on vfio-pci, and %s: end the "
			               "guest, then \"pcipass undo\" puts it back",
			               guest);
		tell(o, o->dry_run ? "would put" : "put", t);
	}
	if (o->dry_run)
		return 0;
	pp_put_back(a);
	return a->oom ? pp_fail_oom(e, NAME) : a->not_restored ? not_all(a, e) : 0;
}

int pp_leftover_put_back(struct pp_sys *s, const struct pp_leftover_options *o, bool *ret,
                         struct pp_error *e)
{
	struct pp_attach a = { .sys = s };
	bool stale = false;
	uint32_t n = 0;

	a.last = &a.steps;
	pp_arena_init(&a.arena, 0);
	int r = load(&a, &stale, e);
	if (!r && !stale)
		r = put_back(&a, o, &n, e);
	if (!r && !o->dry_run)
		pp_leftover_remove(s);
	pp_arena_fini(&a.arena);
	*ret = n != 0;
	return r == -ENOENT ? 0 : r;
}

int pp_attach_recover(void (*say)(void *ctx, const char *line), void *ctx, bool *ret,
                      struct pp_error *e)
{
	struct pp_leftover_options o = { .say = say, .ctx = ctx };
	struct pp_sys *s;
	struct pp_lock lock = PP_LOCK_NONE;
	int r = pp_sys_live(&s, e);

	if (r)
		return r;
	*ret = false;
	if (pp_leftover_exists(s)) {
		r = s->ops->is_privileged(s) ? pp_leftover_lock(s, false, &lock, e)
		                             : pp_fail(e, EPERM, "only root can put devices back");
		if (!r)
			r = pp_leftover_put_back(s, &o, ret, e);
		pp_lock_release(&lock);
	}
	pp_sys_free(s);
	return r;
}
