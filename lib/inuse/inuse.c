/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the host itself works with: disks, network, console. Such a device is never taken. */
#include <stdio.h>
#include <string.h>

#include "inuse/search.h"
#include "base/text.h"

#define CLASS_GRAPHICS "sys/class/graphics"
#define TABLE_BYTES    ((size_t)8 * 1024 * 1024)

int pp_inuse_cannot(struct pp_inuse *s, int r, const char *path)
{
	return pp_fail(s->error, -r, "/%s: %s: cannot tell whether the host needs the device", path,
	               strerror(-r));
}

int pp_inuse_found(struct pp_inuse *s, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	s->found = pp_arena_vprintf(s->arena, fmt, ap);
	va_end(ap);
	return s->found ? 0 : pp_fail_oom(s->error, "attach");
}

int pp_inuse_list(struct pp_inuse *s, const char *path, struct pp_names *ret)
{
	int r = pp_sys_list(s->sys, path, s->arena, ret);

	*ret = r ? (struct pp_names){ 0 } : *ret;
	return r && r != -ENOENT ? pp_inuse_cannot(s, r, path) : 0;
}

int pp_inuse_table(struct pp_inuse *s, const char *path, const char *witness, struct pp_span *ret)
{
	int r = pp_sys_read(s->sys, path, TABLE_BYTES, s->arena, ret);

	if (r)
		*ret = (struct pp_span){ 0 };
	bool absent = r == -ENOENT && pp_sys_has(s->sys, witness);
	return r && !absent ? pp_inuse_cannot(s, r, path) : 0;
}

int pp_inuse_is_below(struct pp_inuse *s, const char *directory, const char *name, bool *ret)
{
	char path[256], link[PP_INUSE_LINK_BYTES];

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	int r = pp_sys_link(s->sys, path, link, sizeof(link));
	*ret = !r && strstr(link, s->below);
	return r && r != -ENOENT && r != -EINVAL ? pp_inuse_cannot(s, r, path) : 0;
}

struct pp_span pp_inuse_word(struct pp_span line, unsigned int n)
{
	struct pp_span word = { 0 };

	do {
		if (!pp_text_word(&line, &word))
			return (struct pp_span){ 0 };
	} while (n--);
	return word;
}

static int look_at_console(struct pp_inuse *s, const struct pp_device *d)
{
	char text[16] = "";
	struct pp_names names;
	bool framebuffer = false;
	int r = pp_inuse_list(s, CLASS_GRAPHICS, &names);

	for (uint32_t i = 0; !r && i < names.count; i++) {
		bool below;
		if (strncmp(names.names[i], "fb", 2) || names.names[i][2] < '0' ||
		    names.names[i][2] > '9')
			continue;
		framebuffer = true;
		r = pp_inuse_is_below(s, CLASS_GRAPHICS, names.names[i], &below);
		if (!r && below)
			return pp_inuse_found(s, "it shows the console (%s)", names.names[i]);
	}
	if (r)
		return r;
	const char *path = PP_SYS_DEVICE(PP_ADDRESS_TEXT(d->address), "boot_vga");
	r = pp_sys_text(s->sys, path, text, sizeof(text));
	if (r && r != -ENOENT)
		return pp_inuse_cannot(s, r, path);
	/* The firmware's framebuffer lies in its memory and hangs below no PCI device. */
	if (!strcmp(text, "1") && (framebuffer || d->driver.text))
		return pp_inuse_found(s, "it is the display that the host boots on");
	return 0;
}

/* proc/consoles: "ttyS4 -W- (EC p a) 4:68". A serial card, or a board's own port by PCI. */
static int look_at_terminals(struct pp_inuse *s)
{
	struct pp_span rest, line;
	int r = pp_inuse_table(s, "proc/consoles", PP_INUSE_PROC_PROBE, &rest);

	while (!r && !s->found && pp_text_line(&rest, &line)) {
		struct pp_span word = pp_inuse_word(line, 0);
		bool below = false;
		char name[PP_INUSE_NAME_BYTES];
		if (!word.len || word.len >= sizeof(name))
			continue;
		pp_text_clean_into(name, sizeof(name), word.data, word.len);
		r = strchr(name, '/') ? 0 : pp_inuse_is_below(s, "sys/class/tty", name, &below);
		if (!r && below)
			r = pp_inuse_found(s, "the kernel's console is %s below it", name);
	}
	return r;
}

static int look_at_functions(struct pp_inuse *s, const struct pp_device *d)
{
	const char *path = PP_SYS_DEVICE(PP_ADDRESS_TEXT(d->address), "sriov_numvfs");
	char text[16];
	int r = pp_sys_text(s->sys, path, text, sizeof(text));
	if (r)
		return r == -ENOENT ? 0 : pp_inuse_cannot(s, r, path);
	if (strcmp(text, "0"))
		return pp_inuse_found(s, "its virtual functions are on");
	return 0;
}

int pp_inuse_find(struct pp_sys *s, const struct pp_device *d, struct pp_arena *a, const char **ret,
                  struct pp_error *e)
{
	struct pp_inuse search = { .sys = s, .arena = a, .error = e };

	const char *address = PP_ADDRESS_TEXT(d->address);
	snprintf(search.below, sizeof(search.below), "/%s/", address);
	const char *path = PP_SYS_DEVICE(address, "");
	/* Without /sys no disk and no interface is seen at all. */
	int r = pp_sys_has(s, path) ? pp_inuse_disks(&search)
	                            : pp_inuse_cannot(&search, -ENOENT, path);
	if (!r && !search.found)
		r = pp_inuse_network(&search);
	if (!r && !search.found)
		r = look_at_console(&search, d);
	if (!r && !search.found)
		r = look_at_terminals(&search);
	if (!r && !search.found)
		r = pp_inuse_processes(&search);
	if (!r && !search.found)
		r = look_at_functions(&search, d);
	if (!r)
		*ret = search.found;
	return r;
}
