/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Unified kernel images: what is in them, and who makes the one that runs. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "boot/boot.h"
#include "boot/config.h"
#include "boot/initrd.h"
#include "boot/uki.h"
#include "base/cursor.h"
#include "base/text.h"
#include "txn/context.h"

/* PE format, "Optional header data directories": the fifth is the certificate table. */
#define PE_POINTER         0x3c
#define PE32PLUS_MAGIC     0x20b
#define PE32PLUS_FIRST     112
#define CERTIFICATE_NUMBER 4
#define SECTION_NAME_BYTES 8
#define SECTION_REST_BYTES 16

static bool uki_slice(struct pp_span in, uint32_t at, uint32_t len, struct pp_span *ret)
{
	if (at > in.len || len > in.len - at)
		return false;
	*ret = PP_SPAN(in.data + at, len);
	return true;
}

static bool has_certificate(struct pp_span header)
{
	struct pp_cursor c;

	pp_cursor_init(&c, header, "PE", 0);
	if (pp_cursor_u16(&c) != PE32PLUS_MAGIC)
		return false;
	pp_cursor_skip(&c, PE32PLUS_FIRST - 2 + CERTIFICATE_NUMBER * 8);
	uint32_t at = pp_cursor_u32(&c), len = pp_cursor_u32(&c);
	return !c.bad && at && len;
}

/* Of several of one name (profiles) the first is what boots by default. */
static struct pp_span *section_of(struct pp_uki_image *u, const uint8_t *name)
{
	static const char names[][SECTION_NAME_BYTES + 1] = { ".linux", ".initrd", ".cmdline" };
	struct pp_span *const sections[] = { &u->kernel, &u->initrd, &u->command_line };

	for (size_t i = 0; i < sizeof(sections) / sizeof(sections[0]); i++)
		if (!memcmp(name, names[i], SECTION_NAME_BYTES) && !sections[i]->data)
			return sections[i];
	return NULL;
}

int pp_uki_parse(struct pp_span in, const char *object, struct pp_uki_image *ret,
                 struct pp_error *e)
{
	struct pp_uki_image u = { .whole = in };
	struct pp_span pe;
	struct pp_cursor c, optional;

	pp_cursor_init(&c, in, object, 0);
	uint16_t magic = pp_cursor_u16(&c);
	pp_cursor_skip(&c, PE_POINTER - 2);
	uint32_t at = pp_cursor_u32(&c);
	if (c.bad || magic != 0x5a4d || at > in.len)
		return pp_fail(e, EBADMSG, "/%s: no PE file", object);
	pe = PP_SPAN(in.data + at, in.len - at);
	pp_cursor_init(&c, pe, object, at);
	uint32_t signature = pp_cursor_u32(&c);
	pp_cursor_skip(&c, 2);
	uint16_t nr = pp_cursor_u16(&c);
	pp_cursor_skip(&c, 12);
	uint16_t optional_bytes = pp_cursor_u16(&c);
	pp_cursor_skip(&c, 2);
	pp_cursor_sub(&c, optional_bytes, &optional);
	if (c.bad || signature != 0x4550)
		return pp_fail(e, EBADMSG, "/%s: no PE file", object);
	u.is_signed = has_certificate(PP_SPAN(optional.data, optional.len));
	for (uint16_t i = 0; i < nr; i++) {
		const uint8_t *name = pp_cursor_take(&c, SECTION_NAME_BYTES);
		uint32_t bytes = pp_cursor_u32(&c);
		pp_cursor_skip(&c, 4);
		uint32_t file_bytes = pp_cursor_u32(&c), file_at = pp_cursor_u32(&c);
		pp_cursor_skip(&c, SECTION_REST_BYTES);
		if (c.bad)
			return pp_cursor_fail(&c, e);
		struct pp_span *s = section_of(&u, name);
		/* In the file it is padded to the file's alignment. */
		if (s && !uki_slice(in, file_at, bytes < file_bytes ? bytes : file_bytes, s))
			return pp_fail(e, EBADMSG, "/%s: section %.8s ends behind the file", object,
			               (const char *)name);
	}
	if (!u.kernel.len || !u.initrd.len)
		return pp_fail(e, EBADMSG, "/%s: no unified kernel image: it has no %s", object,
		               u.kernel.len ? ".initrd" : ".linux");
	*ret = u;
	return 0;
}

int pp_uki_open(const struct pp_apply *a, const char *path, struct pp_uki_image *ret,
                struct pp_error *e)
{
	struct pp_span whole;
	int r = a->sys->ops->map(a->sys, path, SIZE_MAX, &whole);

	if (r == -EBADMSG)
		return pp_fail(e, EBADMSG, "/%.300s: no unified kernel image", path);
	if (r)
		return pp_fail(e, -r, "/%.300s: %s", path, strerror(-r));
	r = pp_uki_parse(whole, path, ret, e);
	if (r)
		a->sys->ops->unmap(a->sys, whole);
	return r;
}

void pp_uki_close(const struct pp_apply *a, struct pp_uki_image *u)
{
	a->sys->ops->unmap(a->sys, u->whole);
}

/* systemd-stub tells its own path (257 and later), a loader the entry that it chose. */
static const char *find_running(struct pp_apply *a)
{
	const char *names[3] = { pp_boot_variable(a, "StubImageIdentifier"), NULL,
		                 pp_boot_variable(a, "LoaderImageIdentifier") };
	const char *entry = pp_boot_variable(a, "LoaderEntrySelected");

	if (entry)
		names[1] = pp_arena_printf(&a->arena, "EFI/Linux/%s", entry);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const char *path = names[i] ? pp_boot_file(a, names[i]) : NULL;
		struct pp_uki_image u;
		struct pp_error ignored;
		if (!path || pp_uki_open(a, path, &u, &ignored))
			continue;
		pp_uki_close(a, &u);
		return path;
	}
	return NULL;
}

bool pp_uki_is_of_running_kernel(struct pp_apply *a, const char *image, const char *begin)
{
	const char *release = pp_boot_release(a), *name = strrchr(image, '/') + 1;
	const char *at = release ? strstr(name, release) : NULL;

	return at && (size_t)(at - name) >= strlen(begin) && !strncmp(name, begin, strlen(begin)) &&
	       (at[strlen(release)] == '-' || at[strlen(release)] == '+' ||
	        at[strlen(release)] == '.');
}

static bool kernel_install_makes(struct pp_apply *a, const char *image)
{
	const char *layout = pp_sys_has_program(a->sys, "kernel-install")
	                             ? pp_config_kernel_install(a, "layout")
	                             : NULL;

	return layout && !strcmp(layout, "uki") && pp_uki_is_of_running_kernel(a, image, "");
}

static const struct pp_initrd *uki_maker_called(const char *name)
{
	for (size_t i = 0; pp_initrds[i]; i++)
		if (pp_initrds[i]->add_to_uki && !strcmp(pp_initrds[i]->name, name))
			return pp_initrds[i];
	return NULL;
}

static int uki_find_maker(struct pp_apply *a, struct pp_uki *u, struct pp_error *e)
{
	for (size_t i = 0; pp_initrds[i]; i++)
		if (pp_initrds[i]->makes_uki && pp_initrds[i]->makes_uki(a, u->path)) {
			u->maker = pp_initrds[i];
			return 0;
		}
	if (kernel_install_makes(a, u->path)) {
		const char *name = pp_config_kernel_install(a, "uki_generator");
		u->maker = uki_maker_called(name ? name : "ukify");
		u->by_kernel_install = true;
		/* Absent, the kernel package brings the image ready-made. */
		if (u->maker && pp_sys_has_program(a->sys, u->maker->name))
			return 0;
	}
	return pp_fail(e, ENOTSUP,
	               "this host starts from the unified kernel image /%s, and what makes it is "
	               "not known (looked for a preset of mkinitcpio, dracut with uefi=yes, "
	               "kernel-install with layout=uki). If it comes ready-made, nothing can be "
	               "added to it. By hand: start from an ordinary kernel and initrd, or let one "
	               "of these make the image",
	               u->path);
}

static int check_signature(struct pp_apply *a, const struct pp_uki *u, struct pp_error *e)
{
	struct pp_uki_image image;
	int r = pp_uki_open(a, u->path, &image, e);

	if (r)
		return r;
	bool is_signed = image.is_signed, is_secure = pp_boot_is_secure(a);
	pp_uki_close(a, &image);
	/* Before, it is known by its hash only; after, its maker did not sign it. */
	if (is_secure && !is_signed)
		return pp_fail(
			e, EPERM,
			"/%s has no signature, and Secure Boot is on: sign it before the next "
			"boot, or this host may not start",
			u->path);
	/* Whoever signed it must do so again in the same run, or the firmware refuses to start it.
	 */
	if (!is_signed || u->maker->signs_uki(a, u->by_kernel_install))
		return 0;
	return pp_fail(e, EPERM,
	               "/%s is signed for Secure Boot, and what would sign it when %s makes it "
	               "anew is not known: the host might not start any more. By hand: make and "
	               "sign it with the argument and the table (pcipass override build) in it",
	               u->path, u->maker->name);
}

int pp_uki_find(struct pp_apply *a, struct pp_uki *ret, struct pp_error *e)
{
	struct pp_uki u = { .path = find_running(a) };

	if (!u.path)
		return pp_fail(
			e, ENOTSUP,
			"this host was started from a unified kernel image, which is in none of "
			"/efi, /boot and /boot/efi: mount the partition that it was started "
			"from, then try again");
	int r = uki_find_maker(a, &u, e);
	if (!r)
		r = check_signature(a, &u, e);
	if (!r)
		*ret = u;
	return r;
}
