/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Paths in captures: no root, no "..", no links out. */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "source/manifest.h"

int pp_path_check(const char *path, bool empty_ok)
{
	const char *p = path;

	if (!*p)
		return empty_ok ? 0 : -EINVAL;
	for (;;) {
		size_t len = strcspn(p, "/");
		if (!len || (len == 1 && p[0] == '.') || (len == 2 && p[0] == '.' && p[1] == '.'))
			return -EINVAL;
		if (len > PP_MAX_NAME || (size_t)(p + len - path) > PP_MAX_PATH)
			return -ENAMETOOLONG;
		if (!p[len])
			return 0;
		p += len + 1;
	}
}

static bool takes_hex(const char **p, const char *end, size_t least, size_t most)
{
	size_t n = 0;

	while (*p < end && n < most && strchr("0123456789abcdefABCDEF", **p))
		(*p)++, n++;
	return n >= least;
}

static bool path_takes(const char **p, const char *end, char c)
{
	if (*p == end || **p != c)
		return false;
	(*p)++;
	return true;
}

/* "0000-07-00.0": a Windows host's, where ':' is no letter for a file. */
static bool is_windows_address(const char *p, size_t len)
{
	const char *end = p + len;

	return takes_hex(&p, end, 4, 8) && path_takes(&p, end, '-') && takes_hex(&p, end, 2, 2) &&
	       path_takes(&p, end, '-') && takes_hex(&p, end, 2, 2) && path_takes(&p, end, '.') &&
	       takes_hex(&p, end, 1, 1) && p == end;
}

/* "0000:07:00.0", domains of up to eight digits; "07:00.0"; a root bus: "pci0000:00". */
static bool is_address(const char *p, size_t len)
{
	const char *end = p + len, *start = p;

	if (len > 3 && !memcmp(p, "pci", 3)) {
		p += 3;
		return takes_hex(&p, end, 4, 8) && path_takes(&p, end, ':') &&
		       takes_hex(&p, end, 2, 2) && p == end;
	}
	if (!(takes_hex(&p, end, 4, 8) && path_takes(&p, end, ':')))
		p = start;
	return takes_hex(&p, end, 2, 2) && path_takes(&p, end, ':') && takes_hex(&p, end, 2, 2) &&
	       path_takes(&p, end, '.') && takes_hex(&p, end, 1, 1) && p == end;
}

static bool is_number(const char *p, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (p[i] < '0' || p[i] > '9')
			return false;
	return len > 0;
}

void pp_manifest_pattern(const char *path, char ret[PP_MAX_PATH + 1])
{
	static const char slots[] = "sys/bus/pci/slots/";
	const char *p = path;
	char *to = ret;

	for (;;) {
		size_t len = strcspn(p, "/");
		bool slot = (size_t)(p - path) == sizeof(slots) - 1 &&
		            !memcmp(path, slots, sizeof(slots) - 1);
		if (len && (slot || is_address(p, len) || is_windows_address(p, len) ||
		            is_number(p, len))) {
			*to++ = '*';
		} else {
			memcpy(to, p, len);
			to += len;
		}
		*to = '\0';
		if (!p[len])
			return;
		*to++ = '/';
		p += len + 1;
	}
}

void pp_manifest_put_path(struct pp_buffer *b, const char *path)
{
	for (const char *p = path; *p; p++) {
		uint8_t c = (uint8_t)*p;
		if (c < 0x20 || c >= 0x7f || c == '\\')
			pp_buffer_printf(b, "\\x%02x", c);
		else
			pp_buffer_append(b, p, 1);
	}
}

/* The numbers differ between architectures, so captures hold names. */
static const struct {
	const char *name;
	int error;
} errors[] = {
#define E(name)                                                                                    \
	{                                                                                          \
#name, name                                                                        \
	}
	E(EPERM),      E(ENOENT),       E(ESRCH),        E(EINTR),     E(EIO),    E(ENXIO),
	E(E2BIG),      E(EAGAIN),       E(ENOMEM),       E(EACCES),    E(EFAULT), E(EBUSY),
	E(EXDEV),      E(ENODEV),       E(ENOTDIR),      E(EISDIR),    E(EINVAL), E(ENFILE),
	E(EMFILE),     E(ENOTTY),       E(EFBIG),        E(ESPIPE),    E(EROFS),  E(EPIPE),
	E(EDOM),       E(ERANGE),       E(ENAMETOOLONG), E(ENOSYS),    E(ELOOP),  E(ENODATA),
	E(ETIME),      E(EPROTO),       E(EBADMSG),      E(EOVERFLOW), E(EILSEQ), E(ETIMEDOUT),
	E(EOPNOTSUPP), E(ECONNREFUSED), E(EALREADY),     E(EREMOTEIO), E(ESTALE), E(EUCLEAN),
	E(ECANCELED),  E(ENOKEY),       E(EHWPOISON),
#undef E
};

void pp_errno_name(int error, char ret[24])
{
	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
		if (errors[i].error == error) {
			snprintf(ret, 24, "%s", errors[i].name);
			return;
		}
	}
	snprintf(ret, 24, "%d", error);
}

int pp_errno_parse(struct pp_span name)
{
	char text[24];
	uint64_t number;

	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++)
		if (pp_span_is(name, errors[i].name))
			return errors[i].error;
	if (!name.len || name.len >= sizeof(text))
		return 0;
	memcpy(text, name.data, name.len);
	text[name.len] = '\0';
	return pp_parse_dec(text, 4095, &number) ? (int)number : 0;
}
