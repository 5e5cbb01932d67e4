/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Settings in EFI variables. */
#include <stdio.h>
#include <string.h>

#include "store/areas.h"
#include "store/efi-names.h"
#include "store/stores.h"
#include "sys/file.h"
#include "sys/path.h"
#include "sys/variable.h"

#define KERNEL_DIRECTORY "/sys/firmware/efi/efivars"
#define ATTRIBUTES_BYTES 4
#define MAX_FILE_BYTES   (ATTRIBUTES_BYTES + PP_EV_MAX_BYTES)

/*
 * EFI variables as the kernel's efivarfs shows them: a file NAME-VENDOR, four bytes of attributes
 * and then the content, written by one write(). A plain directory of such files does as well. An
 * empty file is a variable that was made and not yet written: absent. The kernel makes each one
 * immutable, a new one at once, so also what is to be removed again.
 */
struct efivars {
	struct pp_store base;
	const char *directory; /* links resolved */
};

static int variable_path(const struct efivars *s, enum pp_area_space space, const char *ev,
                         char ret[PATH_MAX], struct pp_error *e)
{
	if (space == PP_CELL_CMOS)
		return pp_fail(e, ENOTSUP, "%.300s: CMOS bytes are no EFI variables",
		               s->base.where);
	if (space == PP_CELL_EV && !pp_ev_name_ok(ev))
		return pp_fail(e, EINVAL, "'%.40s' is not a valid EV name", ev);
	if (space == PP_CELL_EV && !strcmp(ev, PP_EFI_NVRAM_NAME))
		return pp_fail(e, EINVAL, "%.300s: an EV named '%s' would be taken for the NVRAM",
		               s->base.where, ev);
	int len = snprintf(ret, PATH_MAX, "%s/%s-" PP_EFI_VENDOR_TEXT, s->directory,
	                   space == PP_CELL_EV ? ev : PP_EFI_NVRAM_NAME);
	return len < PATH_MAX ? 0 : pp_file_failed(s->directory, ENAMETOOLONG, e);
}

/* The attributes are little-endian, as the firmware's. */
static int check_content(enum pp_area_space space, const char *path, struct pp_span in,
                         struct pp_span *ret, struct pp_error *e)
{
	uint32_t attributes = 0;

	if (in.len <= ATTRIBUTES_BYTES)
		return pp_fail(e, EBADMSG, "%.300s: %zu bytes, more than %d are due", path, in.len,
		               ATTRIBUTES_BYTES);
	for (int i = 0; i < ATTRIBUTES_BYTES; i++)
		attributes |= (uint32_t)in.data[i] << 8 * i;
	if (attributes != PP_EFI_ATTRIBUTES)
		return pp_fail(e, EBADMSG, "%.300s: attributes 0x%x, ours have 0x%x", path,
		               attributes, PP_EFI_ATTRIBUTES);
	/* The firmware heeds no other. */
	if (space == PP_CELL_NVRAM && in.len != ATTRIBUTES_BYTES + PP_EFI_NVRAM_BYTES)
		return pp_fail(e, EBADMSG, "%.300s: an NVRAM of %zu bytes, want %d", path,
		               in.len - ATTRIBUTES_BYTES, PP_EFI_NVRAM_BYTES);
	*ret = PP_SPAN(in.data + ATTRIBUTES_BYTES, in.len - ATTRIBUTES_BYTES);
	return 0;
}

static int efivars_get(void *from, enum pp_area_space space, const char *name, struct pp_areas *ret,
                       struct pp_error *e)
{
	const struct efivars *s = from;
	struct pp_span file, bytes = { 0 };
	char path[PATH_MAX];
	int error = 0;
	int r = variable_path(s, space, name, path, e);

	if (r == -ENOTSUP) {
		error = ENOTSUP;
	} else if (r < 0) {
		return r;
	} else {
		r = pp_file_read(path, MAX_FILE_BYTES, ret->arena, &file, e);
		if (r == -ENOENT || (r == 0 && !file.len))
			error = space == PP_CELL_EV ? ENOENT : ENODATA;
		else if (r == -EACCES || r == -EPERM || r == -EIO)
			error = -r;
		else if (r == 0)
			r = check_content(space, path, file, &bytes, e);
		if (r < 0 && !error)
			return r;
	}
	r = pp_areas_put(ret, space, name, error, bytes);
	return r < 0 ? pp_fail(e, -r, "%.300s: %s", s->base.where, strerror(-r)) : 0;
}

/* The attributes and the content, at once. */
static int write_variable(const char *path, struct pp_span bytes)
{
	uint8_t file[MAX_FILE_BYTES];

	for (int i = 0; i < ATTRIBUTES_BYTES; i++)
		file[i] = (uint8_t)(PP_EFI_ATTRIBUTES >> 8 * i);
	memcpy(file + ATTRIBUTES_BYTES, bytes.data, bytes.len);
	return pp_variable_write(path, PP_SPAN(file, ATTRIBUTES_BYTES + bytes.len));
}

static int write_failed(const struct efivars *s, const char *path, int code, struct pp_error *e)
{
	if (code == EROFS)
		return pp_fail(e, EROFS,
		               "%.200s: mounted read-only; 'mount -o remount,rw %.200s' makes it "
		               "writable",
		               s->directory, s->directory);
	if (code == EACCES || code == EPERM)
		return pp_fail(e, code, "%.300s: %s; writing firmware settings needs root", path,
		               strerror(code));
	if (code == ENOSPC)
		return pp_fail(e, code, "%.300s: no room is left for variables", path);
	return pp_file_failed(path, code, e);
}

static int write_one(struct efivars *s, const struct pp_area_write *w, bool back,
                     struct pp_error *e)
{
	struct pp_arena a PP_CLEANUP(pp_arena_fini);
	struct pp_areas now;
	char path[PATH_MAX];
	bool change = false;
	int r = variable_path(s, w->space, w->name, path, e);

	pp_arena_init(&a, 0);
	pp_areas_init(&now, &a);
	if (r == 0)
		r = efivars_get(s, w->space, w->name, &now, e);
	if (r == 0)
		r = pp_areas_step(w, back, &now, s->base.where, &change, e);
	if (r || !change)
		return r;
	const struct pp_area *c = pp_areas_find(&now, w->space, w->name);
	r = c->error ? pp_variable_remove(path) : write_variable(path, PP_SPAN(c->data, c->len));
	return r ? write_failed(s, path, -r, e) : 0;
}

static int efivars_write(struct pp_store *base, const struct pp_store_change *change, bool back,
                         const struct pp_lock *lock, struct pp_error *e)
{
	int r = 0;

	for (uint32_t i = 0; r == 0 && i < change->nr_writes; i++)
		r = write_one((struct efivars *)base, &change->writes[i], back, e);
	return r;
}

static int efivars_read(struct pp_store *base, const struct pp_schema *schema, struct pp_areas *ret,
                        struct pp_error *e)
{
	return pp_areas_of_schema(schema, efivars_get, base, ret, e);
}

static int efivars_state(struct pp_store *base, const struct pp_store_change *change,
                         enum pp_store_state *ret, char *text, size_t size, struct pp_error *e)
{
	struct pp_arena a PP_CLEANUP(pp_arena_fini);
	struct pp_areas now;

	pp_arena_init(&a, 0);
	pp_areas_init(&now, &a);
	int r = pp_areas_of_change(change, efivars_get, base, &now, e);
	return r ? r : pp_areas_compare(change, &now, base->where, ret, text, size, e);
}

static int efivars_prepare(struct pp_store *base, const struct pp_changes *c, struct pp_arena *a,
                           struct pp_store_change *ret, struct pp_error *e)
{
	const struct pp_store_change all = { .writes = c->writes, .nr_writes = c->nr_writes };
	struct efivars *s = (struct efivars *)base;
	struct pp_areas now;
	int r = pp_path_check_writable(s->directory);

	if (r < 0)
		return write_failed(s, s->directory, -r, e);
	pp_areas_init(&now, a);
	r = pp_areas_of_change(&all, efivars_get, base, &now, e);
	if (r == 0)
		r = pp_areas_check(c, &now, base->where, e);
	return r < 0 ? r : pp_areas_narrow(c, a, ret, e);
}

static bool efivars_is_ours(const char *name)
{
	static const char suffix[] = "-" PP_EFI_VENDOR_TEXT;
	size_t len = strlen(name);

	return len >= sizeof(suffix) && !strcmp(name + len - sizeof(suffix) + 1, suffix);
}

/* Variables that were made and never written. */
static void efivars_clean_up(struct pp_store *base)
{
	const struct efivars *s = (struct efivars *)base;
	struct pp_names names = { .count = 0 };
	struct pp_sys_info info;
	char path[PATH_MAX];
	struct pp_arena a;

	pp_arena_init(&a, 0);
	if (pp_path_list(s->directory, &a, &names))
		names.count = 0;
	for (uint32_t i = 0; i < names.count; i++)
		if (efivars_is_ours(names.names[i]) &&
		    snprintf(path, sizeof(path), "%s/%s", s->directory, names.names[i]) <
		            PATH_MAX &&
		    !pp_path_info(path, false, &info) && info.kind == PP_SYS_FILE && !info.bytes)
			pp_variable_remove(path);
	pp_arena_fini(&a);
}

static const struct pp_store_ops efivars_ops = {
	.kind = "efivars",
	.read = efivars_read,
	.prepare = efivars_prepare,
	.state = efivars_state,
	.write = efivars_write,
	.sweep = efivars_clean_up,
};

/* The firmware makes the NVRAM at its first start; without it nobody would heed what we write. */
static int check_directory(const struct efivars *s, struct pp_error *e)
{
	char path[PATH_MAX];
	struct pp_sys_info info;
	int r = variable_path(s, PP_CELL_NVRAM, NULL, path, e);

	if (r < 0)
		return r;
	r = pp_path_info(path, false, &info);
	if (r != -ENOENT)
		return r ? pp_file_failed(path, -r, e) : 0;
	return pp_fail(e, ENOENT,
	               "%.300s: no variable %s-" PP_EFI_VENDOR_TEXT ": this firmware keeps no "
	               "settings here",
	               s->directory, PP_EFI_NVRAM_NAME);
}

static int efivars_fill(struct efivars *s, const char *directory, const char *state,
                        struct pp_error *e)
{
	const char *path = directory ? directory : KERNEL_DIRECTORY;
	char resolved[PATH_MAX];
	struct pp_sys_info info;
	int r;

	if (!directory && !pp_variables_are_files)
		return pp_fail(e, ENOENT,
		               "efivars: Windows shows no variables of the firmware as files; name "
		               "HP's conrep with --store hp");
	r = pp_path_resolve(path, resolved, e);
	if (r == 0)
		r = pp_path_info(resolved, true, &info);
	if (r == -ENOENT && !directory)
		return pp_fail(e, ENOENT,
		               "%s: not there: the host was not booted by UEFI, or efivarfs is not "
		               "mounted ('mount -t efivarfs efivarfs %s')",
		               path, path);
	if (r == 0 && info.kind != PP_SYS_DIRECTORY)
		r = -ENOTDIR;
	if (r < 0)
		return pp_file_failed(path, -r, e);
	r = pp_store_check_path(resolved, e);
	if (r < 0)
		return r;
	s->directory = pp_arena_strdup(&s->base.arena, resolved);
	if (!s->directory)
		return pp_fail_oom(e, path);
	r = pp_store_name(&s->base, state, "efivars",
	                  strcmp(resolved, KERNEL_DIRECTORY) != 0 ? resolved : "", e);
	return r < 0 ? r : check_directory(s, e);
}

int pp_efivars_open(const char *directory, const char *state, struct pp_store **ret,
                    struct pp_error *e)
{
	struct efivars *s = pp_store_alloc(sizeof(*s), &efivars_ops, e);

	return s ? pp_store_opened(&s->base, efivars_fill(s, directory, state, e), ret) : -ENOMEM;
}
