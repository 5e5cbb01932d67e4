/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which host a plan was made from, and whether another one is the same. */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "host/on-windows.h"
#include "plan/plan.h"

void pp_plan_pci_format(const struct pp_plan_pci *d, char ret[PP_PLAN_PCI_BYTES])
{
	const char *address = PP_ADDRESS_TEXT(d->address);
	snprintf(ret, PP_PLAN_PCI_BYTES, "%s %04x:%04x", address, d->vendor, d->device);
}

bool pp_plan_pci_parse(const char *text, struct pp_plan_pci *ret)
{
	char copy[PP_PLAN_PCI_BYTES], again[PP_PLAN_PCI_BYTES];
	uint64_t vendor, device;
	struct pp_address a;

	if (snprintf(copy, sizeof(copy), "%s", text) >= (int)sizeof(copy))
		return false;
	char *rest = copy, *address = strsep(&rest, " "), *first = strsep(&rest, ":");
	if (!first || !rest || !pp_address_parse(address, &a) ||
	    !pp_parse_hex(first, 0xffff, &vendor) || !pp_parse_hex(rest, 0xffff, &device))
		return false;
	struct pp_plan_pci d = { a, (uint16_t)vendor, (uint16_t)device };
	pp_plan_pci_format(&d, again);
	if (strcmp(text, again) != 0)
		return false;
	*ret = d;
	return true;
}

static const char *same_host_copy(struct pp_arena *a, const char *text, bool *failed)
{
	const char *copy = text ? pp_arena_strdup(a, text) : NULL;

	*failed |= text && !copy;
	return copy;
}

/* A serial number is left out: see doc/decisions/0049-no-serial-numbers.md. */
int pp_plan_take_host(struct pp_plan_host *p, const struct pp_host *h, struct pp_arena *a,
                      struct pp_error *e)
{
	struct pp_plan_pci *list = PP_ARENA_ARRAY(a, h->nr_devices, struct pp_plan_pci);
	bool failed = !list;
	uint32_t n = 0;

	p->product = same_host_copy(a, h->product.text, &failed);
	p->board = same_host_copy(a, h->board.text, &failed);
	p->bios_version = same_host_copy(a, h->bios_version.text, &failed);
	p->bios_date = same_host_copy(a, h->bios_date.text, &failed);
	p->cpu = same_host_copy(a, h->cpu, &failed);
	p->kernel = same_host_copy(a, h->kernel.release.text, &failed);
	p->windows = same_host_copy(a, h->windows ? h->windows->version : NULL, &failed);
	for (uint32_t i = 0; list && i < h->nr_devices; i++) {
		const struct pp_device *d = &h->devices[i];
		if (d->ids_known && d->physfn == PP_NO_DEVICE)
			list[n++] = (struct pp_plan_pci){ d->address, d->vendor, d->device };
	}
	p->pci = list;
	p->nr_pci = n;
	return failed ? pp_fail_oom(e, "plan") : 0;
}

#define MADE "the plan was made for"

static int same_host_check_text(const char *begin, const char *what, const char *planned,
                                const char *found, struct pp_error *e)
{
	if (!planned || !found || !strcmp(planned, found))
		return 0;
	return pp_fail(e, EBUSY, "%s a host whose %s is %.100s; this host's is %.100s", begin, what,
	               planned, found);
}

static const struct pp_device *same_host_find(const struct pp_host *h, struct pp_address a)
{
	uint32_t i = pp_host_find(h, a);

	return i == PP_NO_DEVICE ? NULL : &h->devices[i];
}

/* unread: what an unknown device at that address counts for. */
static int same_host_check_device(const struct pp_host *h, const struct pp_plan_pci *want,
                                  int unread, struct pp_error *e)
{
	const struct pp_device *d = same_host_find(h, want->address);
	char address[PP_ADDRESS_TEXT_BYTES];

	pp_address_format(want->address, address);
	if (!d)
		return pp_fail(e, EBUSY,
		               "the plan was made with %04x:%04x at %s, and no device is there "
		               "now: it was removed or has failed, or this is another host",
		               want->vendor, want->device, address);
	if (!d->ids_known)
		return unread ? pp_fail(e, unread,
		                        "the plan was made with %04x:%04x at %s, and what is there "
		                        "now cannot be read",
		                        want->vendor, want->device, address)
		              : 0;
	if (d->vendor == want->vendor && d->device == want->device)
		return 0;
	return pp_fail(e, EBUSY,
	               "the plan was made with %04x:%04x at %s, and %04x:%04x is there now: the "
	               "card was exchanged, or this is another host",
	               want->vendor, want->device, address, d->vendor, d->device);
}

static bool same_host_knows(const struct pp_plan_host *p, struct pp_address a)
{
	for (uint32_t i = 0; i < p->nr_pci; i++)
		if (pp_address_equal(p->pci[i].address, a))
			return true;
	return false;
}

/* A device more changes groups and slots, on which the plan rests. */
static int same_host_check_new(const struct pp_plan_host *p, const struct pp_host *h,
                               struct pp_error *e)
{
	char address[PP_ADDRESS_TEXT_BYTES];

	for (uint32_t i = 0; p->nr_pci && i < h->nr_devices; i++) {
		const struct pp_device *d = &h->devices[i];
		if (!d->ids_known || d->physfn != PP_NO_DEVICE || same_host_knows(p, d->address))
			continue;
		pp_address_format(d->address, address);
		return pp_fail(e, EBUSY,
		               "%04x:%04x at %s was not there when the plan was made: it was added "
		               "since, or this is another host",
		               d->vendor, d->device, address);
	}
	return 0;
}

int pp_plan_check_model(const struct pp_plan_host *p, const struct pp_host *h, const char *what,
                        struct pp_error *e)
{
	int r = same_host_check_text(what, "product", p->product, h->product.text, e);

	return r ? r : same_host_check_text(what, "board", p->board, h->board.text, e);
}

static int same_host_check_machine(const struct pp_plan_host *p, const struct pp_host *h,
                                   const char *begin, struct pp_error *e)
{
	int r = pp_plan_check_model(p, h, begin, e);

	return r ? r : same_host_check_text(begin, "processor", p->cpu, h->cpu, e);
}

int pp_plan_check_host(const struct pp_plan *p, const struct pp_host *h, struct pp_error *e)
{
	bool named = p->host.product && h->product.text;
	int r = same_host_check_machine(&p->host, h, MADE, e);

	if (!r)
		r = same_host_check_text(MADE, "BIOS version", p->host.bios_version,
		                         h->bios_version.text, e);
	if (!r && h->devices_error)
		return pp_fail(
			e, EBUSY,
			"this host's PCI devices cannot be read (%s), so pcipass cannot tell "
			"whether the plan was made for it",
			strerror(h->devices_error));
	/* A host that says its name need not show every device; one that does not has nothing else.
	 */
	for (uint32_t i = 0; !r && i < p->nr_devices; i++)
		r = same_host_check_device(h,
		                           &(struct pp_plan_pci){ p->devices[i].address,
		                                                  p->devices[i].vendor,
		                                                  p->devices[i].device },
		                           named ? 0 : EBUSY, e);
	for (uint32_t i = 0; !r && i < p->host.nr_pci; i++)
		r = same_host_check_device(h, &p->host.pci[i], 0, e);
	return r ? r : same_host_check_new(&p->host, h, e);
}

/* How many of the plan's devices are in the host, wherever they are now. */
static uint32_t same_host_count(const struct pp_plan_host *p, const struct pp_host *h)
{
	uint32_t here = 0;

	for (uint32_t i = 0; i < p->nr_pci; i++) {
		const struct pp_plan_pci *want = &p->pci[i];
		uint32_t before = 0, now = 0;
		for (uint32_t k = 0; k < i; k++)
			before += p->pci[k].vendor == want->vendor &&
			          p->pci[k].device == want->device;
		for (uint32_t k = 0; k < h->nr_devices && now <= before; k++)
			now += h->devices[k].ids_known && h->devices[k].physfn == PP_NO_DEVICE &&
			       h->devices[k].vendor == want->vendor &&
			       h->devices[k].device == want->device;
		here += now > before;
	}
	return here;
}

int pp_plan_check_machine(const struct pp_plan_host *p, const struct pp_host *h, const char *what,
                          struct pp_error *e)
{
	int r = same_host_check_machine(p, h, what, e);
	uint32_t here = r || h->devices_error ? p->nr_pci : same_host_count(p, h);

	if (r || here >= p->nr_pci - here)
		return r;
	return pp_fail(e, EBUSY, "%s a host with %u PCI devices, and %u of them are in this host",
	               what, p->nr_pci, here);
}

bool pp_plan_device_is_here(const struct pp_plan *p, const struct pp_host *h, struct pp_address a,
                            bool *ret_other)
{
	const struct pp_device *d = same_host_find(h, a);

	*ret_other = false;
	if (!d || !d->ids_known)
		return d || h->devices_error;
	for (uint32_t i = 0; i < p->host.nr_pci; i++)
		if (pp_address_equal(p->host.pci[i].address, a))
			*ret_other |= p->host.pci[i].vendor != d->vendor ||
			              p->host.pci[i].device != d->device;
	for (uint32_t i = 0; i < p->nr_devices; i++)
		if (pp_address_equal(p->devices[i].address, a))
			*ret_other |= p->devices[i].vendor != d->vendor ||
			              p->devices[i].device != d->device;
	return !*ret_other;
}
