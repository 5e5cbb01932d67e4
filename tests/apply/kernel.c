/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The kernel behind a directory of files, as far as drivers go. */
#define _GNU_SOURCE
#include "kernel.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define DEVICES    "sys/bus/pci/devices"
#define DRIVERS    "sys/bus/pci/drivers/"
#define NAME_BYTES 128

static void free_nothing(struct pp_sys *s)
{
}

int kernel_init(struct kernel *k, const char *root, struct pp_error *e)
{
	int r = pp_sys_below(root, &k->files, e);

	if (r)
		return r;
	k->ops = *k->files->ops;
	k->ops.write = kernel_write;
	k->ops.free = free_nothing;
	k->base = (struct pp_sys){ .ops = &k->ops, .root = k->files->root };
	return 0;
}

void kernel_fini(struct kernel *k)
{
	pp_sys_free(k->files);
}

const char *kernel_driver(struct kernel *k, const char *address, char *buf)
{
	char path[256];

	snprintf(path, sizeof(path), DEVICES "/%s/driver", address);
	if (pp_sys_link_name(k->files, path, buf, NAME_BYTES))
		*buf = '\0';
	return buf;
}

const char *kernel_override(struct kernel *k, const char *address, char *buf)
{
	char path[256];

	snprintf(path, sizeof(path), DEVICES "/%s/driver_override", address);
	if (pp_sys_text(k->files, path, buf, NAME_BYTES) || *buf == '(')
		*buf = '\0';
	return buf;
}

void kernel_set_driver(struct kernel *k, const char *address, const char *name)
{
	char path[4096], target[512];

	snprintf(path, sizeof(path), "%s/" DEVICES "/%s/driver", k->base.root, address);
	unlink(path);
	snprintf(target, sizeof(target), "../../drivers/%s", name ? name : "");
	if (name && symlink(target, path))
		perror(path);
}

/* The one that its override names, else the one that it matches; "" any. */
static const char *kernel_matches(struct kernel *k, const char *address, char *buf)
{
	char path[256];

	if (*kernel_override(k, address, buf))
		return buf;
	snprintf(path, sizeof(path), "kernel/%s", address);
	if (pp_sys_text(k->files, path, buf, NAME_BYTES))
		*buf = '\0';
	return buf;
}

/* drivers/base/bus.c, bind_store() and unbind_store() */
static int kernel_bind(struct kernel *k, const char *path, const char *address)
{
	const char *name = path + strlen(DRIVERS), *verb = strrchr(path, '/') + 1;
	char driver[NAME_BYTES], now[NAME_BYTES], wanted[NAME_BYTES];

	snprintf(driver, sizeof(driver), "%.*s", (int)(verb - 1 - name), name);
	kernel_driver(k, address, now);
	if (!strcmp(verb, "unbind") ? strcmp(now, driver) != 0 : *now != '\0')
		return -ENODEV;
	kernel_matches(k, address, wanted);
	if (!strcmp(verb, "bind") && *wanted && strcmp(wanted, driver))
		return -ENODEV;
	kernel_set_driver(k, address, strcmp(verb, "unbind") ? driver : NULL);
	return 0;
}

static int kernel_set_override(struct kernel *k, const char *path, const char *text)
{
	char whole[4096];

	snprintf(whole, sizeof(whole), "%s/%s", k->base.root, path);
	FILE *f = fopen(whole, "we");
	if (!f)
		return -EIO;
	fputs(*text && *text != '\n' ? text : "(null)\n", f);
	return fclose(f) ? -EIO : 0;
}

static int kernel_probe(struct kernel *k, const char *address)
{
	char now[NAME_BYTES], wanted[NAME_BYTES];

	if (!*kernel_driver(k, address, now) && *kernel_matches(k, address, wanted))
		kernel_set_driver(k, address, wanted);
	return 0;
}

int kernel_write(struct pp_sys *s, const char *path, const char *text)
{
	struct kernel *k = (struct kernel *)s;
	const char *verb = strrchr(path, '/') + 1;
	/* A kernel makes the file itself, and keeps nothing that is written to it. */
	int r = pp_sys_has(k->files, path) ? k->files->ops->write(k->files, path, text) : 0;

	if (r || !pp_sys_has(k->files, "kernel"))
		return r;
	if (!strcmp(verb, "driver_override"))
		return kernel_set_override(k, path, text);
	if (!strcmp(verb, "drivers_probe"))
		return kernel_probe(k, text);
	return strncmp(path, DRIVERS, strlen(DRIVERS)) ? 0 : kernel_bind(k, path, text);
}
