/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Files of shell variables, such as /etc/default/grub: read and edited. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "boot/boot.h"
#include "boot/config.h"
#include "txn/stage.h"
#include "base/text.h"

static struct pp_span config_trim(struct pp_span s)
{
	while (s.len && strchr(" \t\r", s.data[s.len - 1]))
		s.len--;
	while (s.len && strchr(" \t", s.data[0]))
		s = PP_SPAN(s.data + 1, s.len - 1);
	return s;
}

/* The inside of quotes, or the first word. */
static struct pp_span unquote(struct pp_span s)
{
	if (s.len && (s.data[0] == '"' || s.data[0] == '\'')) {
		const uint8_t *end = memchr(s.data + 1, s.data[0], s.len - 1);
		return end ? config_trim(PP_SPAN(s.data + 1, (size_t)(end - s.data - 1))) : s;
	}
	struct pp_span word;
	return pp_text_word(&s, &word) ? word : s;
}

/* A shell's array, which may go on over lines: all between the brackets. */
static struct pp_span take_array(const uint8_t *from, struct pp_span *rest)
{
	const uint8_t *behind = rest->data + rest->len;
	const uint8_t *end = memchr(from, ')', (size_t)(behind - from));

	if (!end)
		end = behind;
	if (end > rest->data)
		*rest = PP_SPAN(end, (size_t)(behind - end));
	return config_trim(PP_SPAN(from, (size_t)(end - from)));
}

static bool next_assignment(struct pp_span *rest, struct pp_span *ret_name,
                            struct pp_span *ret_value)
{
	struct pp_span line;

	while (pp_text_line(rest, &line)) {
		line = config_trim(line);
		const uint8_t *equals =
			line.len && line.data[0] != '#' ? memchr(line.data, '=', line.len) : NULL;
		if (!equals)
			continue;
		size_t len = (size_t)(equals - line.data);
		*ret_value = config_trim(PP_SPAN(equals + 1, line.len - len - 1));
		*ret_value = ret_value->len && ret_value->data[0] == '('
		                     ? take_array(ret_value->data + 1, rest)
		                     : unquote(*ret_value);
		if (len && line.data[len - 1] == '+')
			len--;
		*ret_name = config_trim(PP_SPAN(line.data, len));
		return true;
	}
	return false;
}

static bool config_read_config(struct pp_apply *a, const char *path, struct pp_span *ret)
{
	return pp_boot_read(a, path, ret) && !pp_span_find(*ret, PP_STAGE_MARK);
}

static const char *copy_of(struct pp_apply *a, struct pp_span s)
{
	return pp_arena_strndup(&a->arena, (const char *)s.data, s.len);
}

const char *pp_config_value(struct pp_apply *a, const char *path, const char *name)
{
	struct pp_span rest, key, value, last = { 0 };

	if (!config_read_config(a, path, &rest))
		return NULL;
	while (next_assignment(&rest, &key, &value))
		if (pp_span_is(key, name) && value.len)
			last = value;
	return last.len ? copy_of(a, last) : NULL;
}

static bool config_ends_with(struct pp_span s, const char *end)
{
	size_t len = strlen(end);

	return s.len >= len && !memcmp(s.data + s.len - len, end, len);
}

/* The last of the directory's files that sets it; the tools read "*.conf" only. */
static const char *directory_value(struct pp_apply *a, const char *directory, const char *name)
{
	const char *const *names = pp_sys_names(a->sys, directory, &a->arena);
	const char *last = NULL;

	for (; names && *names; names++) {
		char path[512];
		snprintf(path, sizeof(path), "%s/%s", directory, *names);
		if (!config_ends_with(PP_SPAN(*names, strlen(*names)), ".conf"))
			continue;
		const char *value = pp_config_value(a, path, name);
		last = value ? value : last;
	}
	return last;
}

const char *pp_config_preset(struct pp_apply *a, const char *end, unsigned int n)
{
	const char *const *names = pp_sys_names(a->sys, "etc/mkinitcpio.d", &a->arena);

	for (; names && *names; names++) {
		struct pp_span rest, key, value;
		char path[512];
		snprintf(path, sizeof(path), "etc/mkinitcpio.d/%s", *names);
		if (!config_ends_with(PP_SPAN(*names, strlen(*names)), ".preset") ||
		    !config_read_config(a, path, &rest))
			continue;
		while (next_assignment(&rest, &key, &value)) {
			if (!config_ends_with(key, end) || !value.len || n--)
				continue;
			return copy_of(a, value.data[0] == '/'
			                          ? PP_SPAN(value.data + 1, value.len - 1)
			                          : value);
		}
	}
	return NULL;
}

/* The first of these places, files and directories, that sets it. */
static const char *first_value(struct pp_apply *a, const char *const *places, size_t nr,
                               const char *name)
{
	const char *value = NULL;

	for (size_t i = 0; !value && i < nr; i++)
		value = pp_sys_has_directory(a->sys, places[i])
		                ? directory_value(a, places[i], name)
		                : pp_config_value(a, places[i], name);
	return value;
}

const char *pp_config_dracut(struct pp_apply *a, const char *name)
{
	static const char *const places[] = { "etc/dracut.conf.d", "usr/lib/dracut/dracut.conf.d",
		                              "etc/dracut.conf" };

	return first_value(a, places, sizeof(places) / sizeof(places[0]), name);
}

const char *pp_config_kernel_install(struct pp_apply *a, const char *name)
{
	static const char *const places[] = { "etc/kernel/install.conf.d",
		                              "usr/lib/kernel/install.conf.d",
		                              "etc/kernel/install.conf",
		                              "usr/lib/kernel/install.conf" };

	return first_value(a, places, sizeof(places) / sizeof(places[0]), name);
}

const char *pp_config_uki(struct pp_apply *a, const char *name)
{
	static const char *const places[] = { "etc/kernel/uki.conf", "run/kernel/uki.conf",
		                              "usr/local/lib/kernel/uki.conf",
		                              "usr/lib/kernel/uki.conf" };
	size_t i = 0;

	while (i + 1 < sizeof(places) / sizeof(places[0]) && !pp_sys_has(a->sys, places[i]))
		i++;
	return pp_config_value(a, places[i], name);
}
