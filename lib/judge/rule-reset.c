/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How a device is reset between guests: not at all, with its bus, or in a way that it does not
 * stand. */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "host/reset-quirk.h"
#include "judge/rules.h"

/* Which of a device's reset methods the kernel offers; PP_UNKNOWN: it does not tell. */
static enum pp_tri reset_offers(const struct pp_judging *j, const struct pp_device *d,
                                const char *method)
{
	struct pp_span rest, word;

	if (d->reset_method.error == ENOENT)
		return pp_kernel_shows(&j->host->kernel, PP_KERNEL_LISTS_RESETS) == PP_YES
		               ? PP_NO
		               : PP_UNKNOWN;
	if (!d->reset_method.text)
		return PP_UNKNOWN;
	rest = PP_SPAN(d->reset_method.text, strlen(d->reset_method.text));
	while (pp_text_word(&rest, &word))
		if (pp_span_is(word, method))
			return PP_YES;
	return PP_NO;
}

/* A function's own reset comes first, for VFIO and for QEMU: nothing else is done then. */
static bool reset_is_own(const struct pp_judging *j, const struct pp_device *d)
{
	return reset_offers(j, d, "device_specific") == PP_YES ||
	       reset_offers(j, d, "flr") == PP_YES || reset_offers(j, d, "af_flr") == PP_YES;
}

/* The functions on a device's bus, VFs left out: they are gone when their card is reset. */
struct bus_mates {
	uint32_t count;       /* others than the device */
	uint32_t first;       /* one of them; PP_NO_DEVICE */
	uint32_t apart;       /* one that is in another group; PP_NO_DEVICE */
	bool bridge;          /* one of them is a bridge: more is reset than this bus */
	uint32_t not_allowed; /* a function whose bus the kernel will not reset; PP_NO_DEVICE */
};

static bool reset_bus_refused(const struct pp_judging *j, const struct pp_device *d)
{
	const struct pp_reset_quirk *q = pp_reset_quirk_find(j->host, d, PP_RESET_BUS);

	return q && pp_reset_quirk_known(&j->host->kernel, q) == PP_YES;
}

static void reset_add_mate(const struct pp_judging *j, const struct pp_device *self, uint32_t i,
                           struct bus_mates *m)
{
	const struct pp_device *d = &j->host->devices[i];

	if (reset_bus_refused(j, d))
		m->not_allowed = i;
	if (d == self || d->physfn != PP_NO_DEVICE)
		return;
	if (!m->count++)
		m->first = i;
	m->bridge |= pp_has_bridge_header(d);
	if (d->group != self->group)
		m->apart = i;
}

/* The devices of one bus stand together. */
static struct bus_mates reset_find_mates(const struct pp_judging *j, const struct pp_device *self)
{
	struct bus_mates m = { .first = PP_NO_DEVICE,
		               .apart = PP_NO_DEVICE,
		               .not_allowed = PP_NO_DEVICE };
	const struct pp_host *h = j->host;
	uint32_t at = (uint32_t)(self - h->devices), i = at;

	while (i && h->devices[i - 1].address.domain == self->address.domain &&
	       h->devices[i - 1].address.bus == self->address.bus)
		i--;
	for (; i < h->nr_devices && h->devices[i].address.domain == self->address.domain &&
	       h->devices[i].address.bus == self->address.bus;
	     i++)
		reset_add_mate(j, self, i, &m);
	return m;
}

/* drivers/pci/pci.c, pci_bus_resettable(): below a bridge, and no function is against it. */
static bool reset_with_bus(struct pp_judging *j, const struct pp_device *d)
{
	struct bus_mates m = reset_find_mates(j, d);
	struct pp_finding *f;

	if (d->parent == PP_NO_DEVICE || !m.count || m.bridge || m.not_allowed != PP_NO_DEVICE)
		return false;
	const char *bridge = pp_name_of(j, &j->host->devices[d->parent]);
	if (m.apart != PP_NO_DEVICE)
		f = pp_find(j, PP_DEGRADES,
		            "it can be reset only together with its bus, so %s must go to the "
		            "same guest: otherwise it may not work again until the host reboots",
		            pp_name_of(j, &j->host->devices[m.apart]));
	else
		f = pp_find(j, PP_INFORMS,
		            "it is reset together with its bus, which resets %s%s as well",
		            pp_name_of(j, &j->host->devices[m.first]),
		            m.count > 1 ? " and the rest of the card" : "");
	pp_evidence(j, f, "reset_method: none; %u other function%s on its bus, below the bridge %s",
	            m.count, m.count == 1 ? "" : "s", bridge);
	return true;
}

/* Newer kernels list the methods; with older ones the functions must tell. */
static void no_reset(struct pp_judging *j, const struct pp_device *d)
{
	const struct pp_config *c = &d->config;

	if (pp_device_is_bridge(d) || d->gone)
		return;
	if (d->reset_method.text && *d->reset_method.text)
		return;
	if (!d->reset_method.text && d->reset_method.error != ENOENT) {
		pp_find_unknown(j, PP_DEGRADES, "cannot tell whether it can be reset");
		return;
	}
	enum pp_tri lists_methods = pp_kernel_shows(&j->host->kernel, PP_KERNEL_LISTS_RESETS);
	/* Where the kernel lists none, a function's own claim does not count: some hang on it. */
	if (lists_methods != PP_YES) {
		if (c->flr == PP_YES || c->af_flr == PP_YES)
			return;
		if (lists_methods == PP_UNKNOWN || c->caps[PP_CAP_PCIE].seen == PP_UNKNOWN)
			pp_find_unknown(j, PP_DEGRADES, "cannot tell whether it can be reset");
		return;
	}
	if (reset_with_bus(j, d))
		return;
	struct pp_finding *f = pp_find(
		j, PP_DEGRADES,
		"the kernel cannot reset it: after the guest stops, it may not work again until "
		"the host reboots");
	pp_evidence(j, f, "reset_method: none");
}

/* "Linux 7.0 (6.12.75, 6.1.165) and later" */
static const char *reset_list_kernels(struct pp_judging *j, const struct pp_reset_quirk *q)
{
	struct pp_span rest = PP_SPAN(q->stable, q->stable ? strlen(q->stable) : 0), word;
	const char *older = "";

	while (older && pp_text_word(&rest, &word))
		older = pp_arena_printf(j->arena, "%s%s%.*s", older, *older ? ", " : " (",
		                        (int)word.len, (const char *)word.data);
	const char *list = older ? pp_arena_printf(j->arena, "Linux %s%s%s and later", q->since,
	                                           older, *older ? ")" : "")
	                         : NULL;
	j->failed |= !list;
	return list ? list : "";
}

/*
 * Whether the kernel leaves that reset out, or does it in another way: by its version, or by the
 * list of the resets that it offers, since older series take such things over.
 */
static enum pp_tri reset_kernel_knows(const struct pp_judging *j, const struct pp_device *d,
                                      const struct pp_reset_quirk *q, const char *method)
{
	enum pp_tri known = pp_reset_quirk_known(&j->host->kernel, q);
	enum pp_tri offers = reset_offers(j, d, method);
	bool alone = d->parent != PP_NO_DEVICE && !reset_find_mates(j, d).count;

	if (q->kind == PP_RESET_FLR && reset_offers(j, d, "af_flr") == PP_YES)
		offers = PP_YES;
	/* With others on the bus, or below such a port, the list is no witness. */
	if (q->kind == PP_RESET_BUS && (q->port || (offers == PP_NO && !alone)))
		offers = PP_UNKNOWN;
	/* In its place there is one of the kernel's own. */
	if (q->kind == PP_RESET_FLR_WAIT || q->kind == PP_RESET_VENDOR) {
		enum pp_tri own = reset_offers(j, d, "device_specific");
		offers = own == PP_UNKNOWN ? own : pp_tri(own == PP_NO);
	}
	if (known == PP_YES || offers == PP_UNKNOWN)
		return known;
	return pp_tri(offers == PP_NO);
}

/* A reset of that kind is not done to it here, whoever knows what. */
static bool reset_does_not_come(const struct pp_judging *j, const struct pp_device *d,
                                enum pp_reset_kind kind)
{
	if (kind == PP_RESET_PM)
		return d->parent == PP_NO_DEVICE;
	if (kind == PP_RESET_BUS || kind == PP_RESET_VENDOR)
		return d->parent == PP_NO_DEVICE || reset_is_own(j, d);
	return d->config.header_read == PP_YES && d->config.flr == PP_NO &&
	       d->config.af_flr == PP_NO;
}

static const struct {
	enum pp_reset_kind kind;
	const char *method, *name;
} reset_kinds[] = {
	{ PP_RESET_BUS, "bus", "a reset of its bus" },
	{ PP_RESET_VENDOR, "bus", "a reset of its bus" },
	{ PP_RESET_FLR, "flr", "its function-level reset" },
	{ PP_RESET_FLR_WAIT, "flr", "its function-level reset without a delay afterwards" },
	{ PP_RESET_PM, "pm", "a power cycle to D3hot and back" },
};

static void reset_prove(struct pp_judging *j, struct pp_finding *f, const struct pp_device *d,
                        const struct pp_reset_quirk *q)
{
	const struct pp_device *of = q->port ? &j->host->devices[d->parent] : d;
	const char *release = j->host->kernel.release.text;

	pp_evidence(j, f, "ids %04x:%04x%s%s", of->vendor, of->device,
	            q->port ? ", the port above it, " : "", q->port ? pp_name_of(j, of) : "");
	if (d->reset_method.text)
		pp_evidence(j, f, "reset_method: %s", d->reset_method.text);
	if (!q->since)
		return;
	const char *kernels = reset_list_kernels(j, q);
	pp_evidence(j, f, "handled by %s; this kernel: %s", kernels, release ? release : "unknown");
	pp_add_remedy_by_hand(
		f, &pp_remedy_another_kernel,
		pp_arena_printf(j->arena, "install a kernel that handles this device: %s", kernels),
		NULL);
}

static struct pp_finding *reset_find(struct pp_judging *j, const struct pp_reset_quirk *q,
                                     const char *name, enum pp_tri knows)
{
	if (knows == PP_NO)
		return pp_find(j, PP_DEGRADES,
		               "this kernel would use %s, which is known to fail: %s", name,
		               q->what);
	return pp_find_unknown(j, PP_DEGRADES,
	                       "%s is known to fail: %s; cannot tell whether this kernel avoids it",
	                       name, q->what);
}

static void reset_known_bad(struct pp_judging *j, const struct pp_device *d)
{
	for (size_t i = 0; i < sizeof(reset_kinds) / sizeof(reset_kinds[0]); i++) {
		enum pp_reset_kind kind = reset_kinds[i].kind;
		const struct pp_reset_quirk *q = pp_reset_quirk_find(j->host, d, kind);
		if (!q || pp_device_is_bridge(d) || d->gone || reset_does_not_come(j, d, kind))
			continue;
		enum pp_tri knows = reset_kernel_knows(j, d, q, reset_kinds[i].method);
		if (knows == PP_YES)
			continue;
		struct pp_finding *f = reset_find(j, q, reset_kinds[i].name, knows);
		reset_prove(j, f, d, q);
		if (kind == PP_RESET_VENDOR)
			pp_add_remedy_by_hand(
				f, &pp_remedy_vendor_reset,
				"build and load the vendor-reset module; the kernel then offers the "
				"method device_specific for it",
				"the module is not part of the kernel and must be rebuilt for "
				"each new kernel");
	}
}

static const struct pp_rule rules[] = {
	{ .id = "no-reset",
	  .targets = PP_FOR_KVM | PP_FOR_XEN,
	  .scope = PP_SCOPE_OF_DEVICE,
	  .reference = "drivers/pci/pci.c, pci_reset_fn_methods[], pci_bus_resettable()",
	  .on_device = no_reset },
	{ .id = "reset-known-bad",
	  .targets = PP_FOR_KVM | PP_FOR_XEN,
	  .scope = PP_SCOPE_OF_DEVICE,
	  .reference = "drivers/pci/quirks.c, quirk_no_bus_reset(), quirk_no_flr(), "
	               "quirk_no_pm_reset(), pci_dev_reset_methods[]",
	  .on_device = reset_known_bad },
};

const struct pp_rule_table pp_rules_reset = { rules, sizeof(rules) / sizeof(rules[0]) };
