/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names of devices and classes, from a file pci.ids beside the program, in the words of libpci. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <windows.h>

#include "cli.h"

#define MAX_BYTES ((size_t)16 << 20)

/* The whole file, a NUL behind it; "" where there is none. */
static const char *names_read(void)
{
	wchar_t path[4096];
	DWORD len = GetModuleFileNameW(NULL, path, 4096);
	wchar_t *end = len && len < 4096 - 8 ? wcsrchr(path, L'\\') : NULL;
	FILE *f = NULL;

	if (end) {
		wcscpy(end + 1, L"pci.ids");
		f = _wfopen(path, L"rbN");
	}
	char *text = f ? malloc(MAX_BYTES + 1) : NULL;
	size_t n = text ? fread(text, 1, MAX_BYTES, f) : 0;
	if (f)
		fclose(f);
	if (!text)
		return "";
	text[n] = '\0';
	char *fit = realloc(text, n + 1);
	return fit ? fit : text;
}

static const char *names_text(void)
{
	static const char *text;

	if (!text)
		text = names_read();
	return text;
}

/*
 * The name on the line that begins with this key, from the given line on; lines of a level further
 * in are passed over, and a line of a level further out, or of another kind, ends the search.
 */
static const char *names_find(const char *at, unsigned int level, const char *key)
{
	size_t len = strlen(key);

	while (at && *at) {
		size_t tabs = strspn(at, "\t");
		if (*at != '#' && *at != '\n' && *at != '\r') {
			if (tabs < level)
				return NULL;
			if (tabs == level && !strncmp(at + tabs, key, len) &&
			    !strncmp(at + tabs + len, "  ", 2))
				return at + tabs + len + 2;
		}
		at = strchr(at, '\n');
		at = at ? at + 1 : NULL;
	}
	return NULL;
}

/* The next line after the one that this is in. */
static const char *names_below(const char *name)
{
	const char *end = name ? strchr(name, '\n') : NULL;

	return end ? end + 1 : NULL;
}

static int names_len(const char *name)
{
	size_t len = strcspn(name, "\r\n");

	while (len && (name[len - 1] == ' ' || name[len - 1] == '\t'))
		len--;
	return len < 200 ? (int)len : 200;
}

const char *device_name(void *ctx, unsigned int vendor, unsigned int device)
{
	static char buf[512];
	char key[8];

	snprintf(key, sizeof(key), "%04x", vendor & 0xffff);
	const char *maker = names_find(names_text(), 0, key);
	snprintf(key, sizeof(key), "%04x", device & 0xffff);
	const char *name = names_find(names_below(maker), 1, key);
	if (maker && name)
		snprintf(buf, sizeof(buf), "%.*s %.*s", names_len(maker), maker, names_len(name),
		         name);
	else if (maker)
		snprintf(buf, sizeof(buf), "%.*s Device %04x", names_len(maker), maker, device);
	else
		snprintf(buf, sizeof(buf), "Device %04x:%04x", vendor, device);
	return buf;
}

const char *class_name(void *ctx, unsigned int class_code)
{
	static char buf[512];
	char key[8];

	snprintf(key, sizeof(key), "C %02x", class_code >> 8 & 0xff);
	const char *base = names_find(names_text(), 0, key);
	snprintf(key, sizeof(key), "%02x", class_code & 0xff);
	const char *name = names_find(names_below(base), 1, key);
	if (name)
		snprintf(buf, sizeof(buf), "%.*s", names_len(name), name);
	else if (base)
		snprintf(buf, sizeof(buf), "%.*s [%04x]", names_len(base), base, class_code);
	else
		snprintf(buf, sizeof(buf), "Class [%04x]", class_code);
	return buf;
}
