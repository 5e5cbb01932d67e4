/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whether a plan was made for the host that it is to be carried out on. */
#include <stdio.h>
#include <string.h>

#include "apply/steps.h"
#include "base/text.h"
#include "host/identity.h"

static int same_host_refuse(const char *what, const char *planned, const char *found,
                            struct pp_error *e)
{
	return pp_fail(e, EBUSY,
	               "the plan was made for a host whose %s is %.100s; this one's is %.100s: "
	               "make a new plan here",
	               what, planned, found);
}

/* What both know must be the same; both are cleaned, by the same code. */
static int same_host_check_names(struct pp_apply *a, const struct pp_plan *p, bool *named,
                                 struct pp_error *e)
{
	const char *product = NULL, *bios = NULL;
	struct pp_source *source;
	int r = pp_source_open(*a->root ? a->root : NULL, &source, e);

	if (r)
		return r;
	r = pp_host_identity_names(source, &a->arena, &product, &bios, e);
	pp_source_free(source);
	if (r)
		return r;
	if (p->product && product && strcmp(p->product, product) != 0)
		return same_host_refuse("product", p->product, product, e);
	if (p->bios_version && bios && strcmp(p->bios_version, bios) != 0)
		return same_host_refuse("BIOS version", p->bios_version, bios, e);
	*named = p->product && product;
	return 0;
}

/* -ENOENT: no device of that address; -EIO: its ids cannot be read. */
static int same_host_ids(struct pp_apply *a, const char *address, uint64_t ids[2])
{
	static const char *const files[] = { "vendor", "device" };
	char path[128], text[32];

	snprintf(path, sizeof(path), "sys/bus/pci/devices/%s", address);
	if (!pp_sys_has_directory(a->sys, path))
		return -ENOENT;
	for (int i = 0; i < 2; i++) {
		snprintf(path, sizeof(path), "sys/bus/pci/devices/%s/%s", address, files[i]);
		if (pp_sys_text(a->sys, path, text, sizeof(text)))
			return -EIO;
		if (strncmp(text, "0x", 2) != 0 || !pp_parse_hex(text + 2, 0xffff, &ids[i]))
			return -EIO;
	}
	return 0;
}

static int same_host_check_device(struct pp_apply *a, const struct pp_plan_device *d, bool named,
                                  struct pp_error *e)
{
	char address[PP_ADDRESS_TEXT_BYTES];
	uint64_t ids[2];

	pp_address_format(d->address, address);
	int r = same_host_ids(a, address, ids);
	if (r == -ENOENT)
		return pp_fail(e, EBUSY,
		               "the plan was made for a host with %04x:%04x at %s; this one has no "
		               "device there: make a new plan here",
		               d->vendor, d->device, address);
	/* A host that says its name need not show everything; one that does not has nothing else.
	 */
	if (r && named)
		return 0;
	if (r)
		return pp_fail(e, EBUSY,
		               "whether the plan was made for this host is not known: neither its "
		               "product name nor the device at %s can be read",
		               address);
	if (ids[0] == d->vendor && ids[1] == d->device)
		return 0;
	return pp_fail(e, EBUSY,
	               "the plan was made for a host with %04x:%04x at %s; here it is %04x:%04x: "
	               "make a new plan here",
	               d->vendor, d->device, address, (unsigned int)ids[0], (unsigned int)ids[1]);
}

int pp_apply_check_host(struct pp_apply *a, const struct pp_plan *p, struct pp_error *e)
{
	bool named = false;
	int r;

	/* A plan that names no host at all was not made of one. */
	if (!p->product && !p->bios_version && !p->kernel)
		return 0;
	r = same_host_check_names(a, p, &named, e);
	for (uint32_t i = 0; !r && i < p->nr_devices; i++)
		r = same_host_check_device(a, &p->devices[i], named, e);
	return r;
}
