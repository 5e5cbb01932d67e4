/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A machine that is files alone: no device is behind them, and nobody holds one. */
#include <stdlib.h>
#include <string.h>

#include "sys/os.h"

int pp_no_device_use(struct pp_sys *s, const char *what)
{
	return 0;
}

int pp_no_device_open(struct pp_sys *s, const char *path)
{
	return -ENXIO;
}

int pp_no_device_control(struct pp_sys *s, int handle, unsigned long request, void *argument)
{
	return -ENXIO;
}

void pp_no_device_close(struct pp_sys *s, int handle)
{
}

int pp_no_device_log_begin(struct pp_sys *s)
{
	return -ENXIO;
}

int pp_no_device_log_next(struct pp_sys *s, char *buf, size_t size, size_t *ret)
{
	return -EAGAIN;
}

struct no_device {
	struct pp_sys base;
	char root[];
};

void pp_no_device_free(struct pp_sys *s)
{
	free(s);
}

int pp_no_device_new(const struct pp_sys_ops *ops, const char *root, struct pp_sys **ret,
                     struct pp_error *e)
{
	size_t len = strlen(root);
	struct no_device *s = calloc(1, sizeof(*s) + len + 1);

	if (!s)
		return pp_fail_oom(e, root);
	while (len && root[len - 1] == '/')
		len--;
	memcpy(s->root, root, len);
	s->base = (struct pp_sys){ .ops = ops, .root = s->root };
	*ret = &s->base;
	return 0;
}
