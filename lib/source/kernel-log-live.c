/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The kernel log of this host. */
#include <sys/klog.h>

#include "source/kernel-log.h"

/* klogctl(2) */
enum { SYSLOG_READ_ALL = 3, SYSLOG_SIZE_BUFFER = 10 };

int pp_kernel_log_live(struct pp_source *s, struct pp_arena *a, struct pp_span *ret)
{
	int size = klogctl(SYSLOG_SIZE_BUFFER, NULL, 0);
	if (size < 0)
		return errno == EPERM ? -EACCES : -errno;
	char *text = pp_arena_alloc(a, (size_t)size + 1);
	if (!text)
		return -ENOMEM;
	int len = klogctl(SYSLOG_READ_ALL, text, size);
	if (len < 0)
		return errno == EPERM ? -EACCES : -errno;
	*ret = PP_SPAN(text, pp_kernel_log_strip(text, (size_t)len));
	return 0;
}
