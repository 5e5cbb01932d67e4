/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Functions on memory and text that the C library of Windows lacks; compiled for it only. */
#include <ctype.h>

#include "base/compat.h"

static const struct compat_error {
	int code;
	const char *text;
} compat_errors[] = {
	{ EPERM, "Operation not permitted" },
	{ ENOENT, "No such file or directory" },
	{ ESRCH, "No such process" },
	{ EINTR, "Interrupted system call" },
	{ EIO, "Input/output error" },
	{ ENXIO, "No such device or address" },
	{ E2BIG, "Argument list too long" },
	{ ENOEXEC, "Exec format error" },
	{ EBADF, "Bad file descriptor" },
	{ ECHILD, "No child processes" },
	{ EAGAIN, "Resource temporarily unavailable" },
	{ ENOMEM, "Cannot allocate memory" },
	{ EACCES, "Permission denied" },
	{ EFAULT, "Bad address" },
	{ EBUSY, "Device or resource busy" },
	{ EEXIST, "File exists" },
	{ EXDEV, "Invalid cross-device link" },
	{ ENODEV, "No such device" },
	{ ENOTDIR, "Not a directory" },
	{ EISDIR, "Is a directory" },
	{ EINVAL, "Invalid argument" },
	{ ENFILE, "Too many open files in system" },
	{ EMFILE, "Too many open files" },
	{ ENOTTY, "Inappropriate ioctl for device" },
	{ ETXTBSY, "Text file busy" },
	{ EFBIG, "File too large" },
	{ ENOSPC, "No space left on device" },
	{ ESPIPE, "Illegal seek" },
	{ EROFS, "Read-only file system" },
	{ EMLINK, "Too many links" },
	{ EPIPE, "Broken pipe" },
	{ EDOM, "Numerical argument out of domain" },
	{ ERANGE, "Numerical result out of range" },
	{ EDEADLK, "Resource deadlock avoided" },
	{ ENAMETOOLONG, "File name too long" },
	{ ENOLCK, "No locks available" },
	{ ENOSYS, "Function not implemented" },
	{ ENOTEMPTY, "Directory not empty" },
	{ ELOOP, "Too many levels of symbolic links" },
	{ ENOMSG, "No message of desired type" },
	{ EIDRM, "Identifier removed" },
	{ ENOSTR, "Device not a stream" },
	{ ENODATA, "No data available" },
	{ ETIME, "Timer expired" },
	{ ENOSR, "Out of streams resources" },
	{ ENOLINK, "Link has been severed" },
	{ EPROTO, "Protocol error" },
	{ EBADMSG, "Bad message" },
	{ EOVERFLOW, "Value too large for defined data type" },
	{ EILSEQ, "Invalid or incomplete multibyte or wide character" },
	{ ENOTSOCK, "Socket operation on non-socket" },
	{ EDESTADDRREQ, "Destination address required" },
	{ EMSGSIZE, "Message too long" },
	{ EPROTOTYPE, "Protocol wrong type for socket" },
	{ ENOPROTOOPT, "Protocol not available" },
	{ EPROTONOSUPPORT, "Protocol not supported" },
	{ ENOTSUP, "Operation not supported" },
	{ EOPNOTSUPP, "Operation not supported" },
	{ EAFNOSUPPORT, "Address family not supported by protocol" },
	{ EADDRINUSE, "Address already in use" },
	{ EADDRNOTAVAIL, "Cannot assign requested address" },
	{ ENETDOWN, "Network is down" },
	{ ENETUNREACH, "Network is unreachable" },
	{ ENETRESET, "Network dropped connection on reset" },
	{ ECONNABORTED, "Software caused connection abort" },
	{ ECONNRESET, "Connection reset by peer" },
	{ ENOBUFS, "No buffer space available" },
	{ EISCONN, "Transport endpoint is already connected" },
	{ ENOTCONN, "Transport endpoint is not connected" },
	{ ETIMEDOUT, "Connection timed out" },
	{ ECONNREFUSED, "Connection refused" },
	{ EHOSTUNREACH, "No route to host" },
	{ EALREADY, "Operation already in progress" },
	{ EINPROGRESS, "Operation now in progress" },
	{ ESTALE, "Stale file handle" },
	{ EUCLEAN, "Structure needs cleaning" },
	{ EREMOTEIO, "Remote I/O error" },
	{ ENOMEDIUM, "No medium found" },
	{ ECANCELED, "Operation canceled" },
	{ ENOKEY, "Required key not available" },
	{ EKEYREJECTED, "Key was rejected by service" },
	{ EOWNERDEAD, "Owner died" },
	{ ENOTRECOVERABLE, "State not recoverable" },
	{ EDQUOT, "Disk quota exceeded" },
	{ EHWPOISON, "Memory page has hardware error" },
};

const char *pp_compat_error(int code)
{
	for (size_t i = 0; i < sizeof(compat_errors) / sizeof(compat_errors[0]); i++)
		if (compat_errors[i].code == code)
			return compat_errors[i].text;
	return "Unknown error";
}

void *memmem(const void *in, size_t in_len, const void *what, size_t len)
{
	const unsigned char *at = in, *wanted = what;

	if (!len)
		return (void *)at;
	while (in_len >= len) {
		const unsigned char *first = memchr(at, *wanted, in_len - len + 1);
		if (!first)
			return NULL;
		if (!memcmp(first, wanted, len))
			return (void *)first;
		in_len -= (size_t)(first + 1 - at);
		at = first + 1;
	}
	return NULL;
}

void *memrchr(const void *in, int c, size_t len)
{
	const unsigned char *bytes = in;

	while (len--)
		if (bytes[len] == (unsigned char)c)
			return (void *)(bytes + len);
	return NULL;
}

char *strcasestr(const char *in, const char *what)
{
	size_t len = strlen(what);

	for (size_t left = strlen(in); left >= len; left--, in++)
		if (!strncasecmp(in, what, len))
			return (char *)in;
	return NULL;
}

char *strsep(char **rest, const char *delimiters)
{
	char *begin = *rest;

	if (!begin)
		return NULL;
	char *end = begin + strcspn(begin, delimiters);
	*rest = *end ? end + 1 : NULL;
	*end = '\0';
	return begin;
}

void *reallocarray(void *p, size_t count, size_t size)
{
	if (size && count > SIZE_MAX / size) {
		errno = ENOMEM;
		return NULL;
	}
	return realloc(p, count * size);
}

/* What qsort_s hands on as one pointer. */
struct compat_order {
	int (*compare)(const void *a, const void *b, void *ctx);
	void *ctx;
};

static int compat_compare(void *order, const void *a, const void *b)
{
	const struct compat_order *o = order;

	return o->compare(a, b, o->ctx);
}

void qsort_r(void *base, size_t count, size_t size,
             int (*compare)(const void *a, const void *b, void *ctx), void *ctx)
{
	struct compat_order order = { compare, ctx };

	if (count)
		qsort_s(base, count, size, compat_compare, &order);
}
