/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The kernel log in files, and its lines. */
#include <string.h>

#include "source/kernel-log.h"

int pp_kernel_log_from_files(struct pp_source *s, struct pp_arena *a, struct pp_span *ret)
{
	static const char *const paths[] = {
		PP_KERNEL_LOG_PATH,
		"var/log/dmesg",
		"sos_commands/kernel/dmesg",
	};
	int failed = -ENODATA;

	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		int r = pp_source_read_all(s, paths[i], PP_MAX_FILE_BYTES, a, ret);
		if (r == 0)
			return 0;
		if (r != -ENOENT && r != -ENODATA && failed == -ENODATA)
			failed = r;
	}
	/* No host is without a kernel log: a missing one was not kept. */
	return failed;
}

size_t pp_kernel_log_strip(char *text, size_t len)
{
	size_t to = 0;
	bool begins = true;

	for (size_t i = 0; i < len; i++) {
		if (begins && text[i] == '<') {
			size_t n = i + 1;
			while (n < len && text[n] >= '0' && text[n] <= '9')
				n++;
			if (n > i + 1 && n < len && text[n] == '>') {
				i = n;
				begins = false;
				continue;
			}
		}
		begins = text[i] == '\n';
		text[to++] = text[i];
	}
	return to;
}
