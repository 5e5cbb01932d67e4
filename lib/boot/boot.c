/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Traces of the running boot: the Boot Loader Interface's EFI variables, the command line. */
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "boot/boot.h"
#include "base/text.h"
#include "txn/context.h"

#define EFIVARS "sys/firmware/efi/efivars"
/* https://systemd.io/BOOT_LOADER_INTERFACE; kept until the next reset, so always of this boot. */
#define LOADER_GUID "4a67b082-0a4c-41cf-b6c7-440b29bb8c4f"
#define GLOBAL_GUID "8be4df61-93ca-11d2-aa0d-00e098032b8c"

/* efivarfs puts the attributes, a u32, in front of the value. */
#define ATTRIBUTES_BYTES 4
#define MAX_TEXT         1024

bool pp_boot_read(struct pp_apply *a, const char *path, struct pp_span *ret)
{
	struct pp_content c;
	struct pp_error ignored;

	if (pp_sys_content(a->sys, path, &a->arena, &c, &ignored) || !c.exists)
		return false;
	*ret = c.bytes;
	return true;
}

const char *pp_boot_variable(struct pp_apply *a, const char *name)
{
	struct pp_span bytes;
	char path[256], text[MAX_TEXT];
	size_t len = 0;

	snprintf(path, sizeof(path), EFIVARS "/%s-" LOADER_GUID, name);
	if (!pp_boot_read(a, path, &bytes))
		return NULL;
	/* UTF-16, of which these names and paths use ASCII. */
	for (size_t i = ATTRIBUTES_BYTES; i + 1 < bytes.len && len + 1 < sizeof(text); i += 2) {
		if (!bytes.data[i] && !bytes.data[i + 1])
			break;
		text[len++] = bytes.data[i + 1] ? '?' : (char)bytes.data[i];
	}
	return pp_text_clean(&a->arena, text, len);
}

bool pp_boot_is_secure(struct pp_apply *a)
{
	struct pp_span bytes;

	return pp_boot_read(a, EFIVARS "/SecureBoot-" GLOBAL_GUID, &bytes) &&
	       bytes.len > ATTRIBUTES_BYTES && bytes.data[ATTRIBUTES_BYTES] == 1;
}

const char *pp_boot_command_line(struct pp_apply *a)
{
	char text[4096];

	if (pp_sys_text(a->sys, "proc/cmdline", text, sizeof(text)))
		return "";
	const char *copy = pp_arena_strdup(&a->arena, text);
	return copy ? copy : "";
}

const char *pp_boot_release(struct pp_apply *a)
{
	char text[128];

	/* It becomes part of paths. */
	if (pp_sys_text(a->sys, "proc/sys/kernel/osrelease", text, sizeof(text)) || !*text ||
	    strchr(text, '/'))
		return NULL;
	return pp_arena_strdup(&a->arena, text);
}

const char *pp_boot_word(struct pp_apply *a, const char *begin, unsigned int n)
{
	const char *line = pp_boot_command_line(a);
	struct pp_span rest = PP_SPAN(line, strlen(line)), w;
	size_t len = strlen(begin);

	while (pp_text_word(&rest, &w))
		if (pp_span_starts(w, begin) && !n--)
			return pp_arena_strndup(&a->arena, (const char *)w.data + len, w.len - len);
	return NULL;
}

#define MAX_INITRDS 16

/* "initrd PATH", a line each: the Boot Loader Specification, type 1. */
static uint32_t boot_read_entry(struct pp_apply *a, const char **ret)
{
	const char *name = pp_boot_variable(a, "LoaderEntrySelected");
	const char *entry = name ? pp_arena_printf(&a->arena, "loader/entries/%s", name) : NULL;
	const char *path = entry ? pp_boot_file(a, entry) : NULL;
	struct pp_span rest, line, word;
	uint32_t n = 0;

	if (!path || !pp_boot_read(a, path, &rest))
		return 0;
	while (n < MAX_INITRDS && pp_text_line(&rest, &line))
		if (pp_text_word(&line, &word) && pp_span_is(word, "initrd") &&
		    pp_text_word(&line, &word))
			ret[n++] = pp_text_clean(&a->arena, word.data, word.len);
	return n;
}

const char *const *pp_boot_initrds(struct pp_apply *a)
{
	const char **names = PP_ARENA_ARRAY(&a->arena, MAX_INITRDS + 1, const char *);

	if (!names || boot_read_entry(a, names))
		return names;
	for (unsigned int n = 0; n < MAX_INITRDS; n++)
		names[n] = pp_boot_word(a, "initrd=", n);
	return names;
}

const char *pp_boot_loader_info(struct pp_apply *a)
{
	static const char stub[] = "Linux EFI stub";
	const char *loader = pp_boot_variable(a, "LoaderInfo");

	/* The kernel's, where no loader has left its name. */
	return loader && !strncmp(loader, stub, strlen(stub)) ? NULL : loader;
}

const char *pp_boot_loader(struct pp_apply *a)
{
	const char *loader = pp_boot_loader_info(a);

	return loader ? loader : "the firmware itself";
}

/* openSUSE's: it gives initrds names of its own, and writes all entries. */
static bool has_sdbootutil(struct pp_apply *a)
{
	char path[PATH_MAX];

	return pp_sys_find_program(a->sys, "sdbootutil", path) && pp_boot_file(a, "loader/entries");
}

static enum pp_boot_style way_of(struct pp_apply *a, bool stub, bool grub)
{
	const char *loader = pp_boot_loader_info(a);

	if (stub)
		return PP_BOOT_UKI;
	if (grub || (loader && !strncmp(loader, "GRUB", strlen("GRUB"))))
		return PP_BOOT_GRUB;
	if (loader && !strncmp(loader, "systemd-boot", strlen("systemd-boot")))
		return PP_BOOT_ENTRY;
	/* A kernel that firmware starts without a loader is told of its initrd like this. */
	return loader || pp_boot_word(a, "initrd=", 0) ? PP_BOOT_OTHER : PP_BOOT_UNKNOWN;
}

int pp_boot_find(struct pp_apply *a, enum pp_boot_style *ret, struct pp_error *e)
{
	bool stub = pp_boot_variable(a, "StubInfo"), grub = pp_boot_word(a, "BOOT_IMAGE=", 0);
	enum pp_boot_style way = way_of(a, stub, grub);
	const char *const *variables = pp_sys_names(a->sys, EFIVARS, &a->arena);

	if (!variables)
		return pp_fail_oom(e, "boot");
	if (stub && grub)
		return pp_fail(e, ENOTSUP,
		               "GRUB started a unified kernel image: whose command line and initrd "
		               "count is not known. By hand: make the image anew with the argument "
		               "and the table (pcipass override build) in it");
	/* com32/elflink/ldlinux/kernel.c of Syslinux 6: both words are left there. */
	if (grub && pp_boot_word(a, "initrd=", 0))
		return pp_fail(
			e, ENOTSUP,
			"Syslinux (EXTLINUX, ISOLINUX, PXELINUX) started this host, as "
			"BOOT_IMAGE= with initrd= on the command line shows, and pcipass does "
			"not write its configuration. By hand: the argument to the APPEND "
			"line, and a table (pcipass override build) as the first file of "
			"initrd=");
	if (!*variables && way == PP_BOOT_UNKNOWN &&
	    pp_sys_has_directory(a->sys, "sys/firmware/efi"))
		return pp_fail(e, ENOTSUP,
		               "what started this host cannot be told: /" EFIVARS " is empty; "
		               "mount efivarfs there, then try again");
	if (way != PP_BOOT_UKI && has_sdbootutil(a))
		return pp_fail(
			e, ENOTSUP,
			"sdbootutil keeps this host's initrds and boot entries, which pcipass "
			"does not do with it. By hand: arguments into /etc/kernel/cmdline, a "
			"table by acpi_override and acpi_table_dir of dracut.conf(5), then "
			"sdbootutil mkinitrd and sdbootutil update-all-entries");
	*ret = way;
	return 0;
}

/* The name as the directory has it: FAT does not tell capitals from small letters. */
static const char *find_name(struct pp_apply *a, const char *directory, struct pp_span name)
{
	const char *const *names = pp_sys_names(a->sys, directory, &a->arena);

	for (; names && *names; names++)
		if (strlen(*names) == name.len &&
		    !strncasecmp(*names, (const char *)name.data, name.len))
			return *names;
	return NULL;
}

static const char *find_below(struct pp_apply *a, const char *directory, const char *path)
{
	const char *at = directory;

	/* No name of a listing is "..", so it stays below. */
	for (size_t len; *path; path += len) {
		path += strspn(path, "/\\");
		len = strcspn(path, "/\\");
		if (!len)
			break;
		const char *name = find_name(a, at, PP_SPAN(path, len));
		at = name ? pp_arena_printf(&a->arena, "%s/%s", at, name) : NULL;
		if (!at)
			return NULL;
	}
	return at == directory ? NULL : at;
}

const char *pp_boot_file(struct pp_apply *a, const char *path)
{
	static const char *const directories[] = { "efi", "boot", "boot/efi" };

	for (size_t i = 0; i < sizeof(directories) / sizeof(directories[0]); i++) {
		const char *found = find_below(a, directories[i], path);
		if (found)
			return found;
	}
	return NULL;
}
