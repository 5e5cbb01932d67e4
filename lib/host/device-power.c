/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whether a device sleeps, and what tells a sleep from one that it does not come back from. */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "host/build.h"

#define DEVICES "sys/bus/pci/devices"

/* A word of one of a device's files; NULL without an error: absent. */
static int power_word(struct pp_host_build *b, const char *name, const char *file, const char **ret)
{
	char path[128], word[32];

	snprintf(path, sizeof(path), DEVICES "/%s/%s", name, file);
	*ret = NULL;
	int r = pp_source_read_text(b->source, PP_NODE_NONE, path, word, sizeof(word));
	if (r)
		return r;
	*ret = pp_text_clean(&b->host->arena, word, strlen(word));
	return *ret ? 0 : -ENOMEM;
}

/* drivers/base/power/sysfs.c, runtime_status_show(). On the way out of a sleep counts as in it. */
static bool power_is_suspended(const char *runtime_status)
{
	return !strcmp(runtime_status, "suspended") || !strcmp(runtime_status, "suspending") ||
	       !strcmp(runtime_status, "resuming");
}

/* A bridge in D3hot counts: a look at what is below would wake it. */
static int power_is_low(struct pp_host_build *b, const char *name, const char *state)
{
	const char *class;

	if (!strcmp(state, "D3cold"))
		return 1;
	if (strcmp(state, "D3hot") != 0)
		return 0;
	int r = power_word(b, name, "class", &class);
	return r == -ENOMEM ? r : !r && !strncmp(class, "0x06", 4);
}

static bool power_above_sleeps(const struct pp_host_build *b, const struct pp_device *d)
{
	for (uint32_t p = d->parent; p != PP_NO_DEVICE; p = b->devices[p].parent)
		if (b->devices[p].asleep)
			return true;
	return false;
}

/*
 * Reading the configuration space through sysfs resumes the bridge above and, from D3cold, the
 * device itself (drivers/pci/pci.c, pci_config_pm_runtime_get()): a look must not do that. It
 * resumes only what is suspended. A device in D3cold that is not has failed to come back, and
 * looking at it changes nothing.
 */
int pp_build_power(struct pp_host_build *b, struct pp_node dir, const char *name,
                   struct pp_device *d)
{
	char state[16];

	if (power_above_sleeps(b, d))
		return 1;
	int r = pp_source_read_text(b->source, dir, "power_state", state, sizeof(state));
	if (r == -ENOENT &&
	    pp_kernel_has(&b->host->kernel, PP_KERNEL_TELLS_POWER_STATE) != PP_YES) {
		/* Older kernels tell less: suspended, and not how deep. */
		r = power_word(b, name, "power/runtime_status", &d->runtime_status);
		return r == -ENOMEM ? r : !r && power_is_suspended(d->runtime_status);
	}
	if (r)
		return r == -ENOMEM ? r : 0;
	if (!strcmp(state, "D0"))
		return 0;
	d->power_state = pp_text_clean(&b->host->arena, state, strlen(state));
	if (!d->power_state)
		return -ENOMEM;
	r = power_word(b, name, "power/runtime_status", &d->runtime_status);
	if (r == -ENOMEM)
		return r;
	if (d->runtime_status)
		return power_is_suspended(d->runtime_status) ? power_is_low(b, name, state) : 0;
	/* Not known: left alone, but for files that nothing stands behind. */
	r = power_is_low(b, name, state);
	return r == 1 ? !pp_source_is_still(b->source) : r;
}

/* current_link_width: 0 where the link is down. */
static int power_link_lanes(struct pp_host_build *b, struct pp_device *port)
{
	char name[PP_ADDRESS_TEXT_BYTES];
	const char *lanes;
	uint64_t n;

	pp_address_format(port->address, name);
	port->link_lanes = -1;
	int r = power_word(b, name, "current_link_width", &lanes);
	if (!r && pp_parse_dec(lanes, 64, &n))
		port->link_lanes = (int)n;
	return r == -ENOMEM ? r : 0;
}

int pp_build_links(struct pp_host_build *b)
{
	for (uint32_t i = 0; i < b->host->nr_devices; i++) {
		struct pp_device *d = &b->devices[i];
		char name[PP_ADDRESS_TEXT_BYTES];
		if (!d->gone)
			continue;
		pp_address_format(d->address, name);
		if (!d->runtime_status &&
		    power_word(b, name, "power/runtime_status", &d->runtime_status) == -ENOMEM)
			return -ENOMEM;
		if (d->parent != PP_NO_DEVICE && !b->devices[d->parent].gone &&
		    !b->devices[d->parent].asleep && power_link_lanes(b, &b->devices[d->parent]))
			return -ENOMEM;
	}
	return 0;
}
