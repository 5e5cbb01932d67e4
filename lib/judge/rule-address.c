/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* BARs that have no address on this host: a guest would not see them. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "host/command-line.h"
#include "judge/rules.h"

#define KIB (UINT64_C(1) << 10)
#define MIB (UINT64_C(1) << 20)
#define GIB (UINT64_C(1) << 30)

/* "256 MiB"; BARs are powers of two, what several VFs ask for need not be. */
static void address_format_size(uint64_t bytes, char *buf, size_t size)
{
	if (bytes >= GIB && bytes % GIB == 0)
		snprintf(buf, size, "%" PRIu64 " GiB", bytes / GIB);
	else if (bytes >= MIB && bytes % MIB == 0)
		snprintf(buf, size, "%" PRIu64 " MiB", bytes / MIB);
	else if (bytes >= KIB)
		snprintf(buf, size, "%" PRIu64 " KiB", bytes / KIB);
	else
		snprintf(buf, size, "%" PRIu64 " bytes", bytes);
}

/* "256 MiB, 64-bit prefetchable" */
static void address_format_bar(const struct pp_bar *b, char *buf, size_t size)
{
	char bytes[32] = "unknown size";

	if (b->bytes)
		address_format_size(b->bytes, bytes, sizeof(bytes));
	snprintf(buf, size, "%s, %s%s", bytes, b->is_64 ? "64-bit" : "32-bit",
	         b->prefetchable ? " prefetchable" : "");
}

/*
 * What a bridge lets through for such a BAR. drivers/pci/setup-bus.c, pbus_size_mem(): prefetchable
 * BARs go into the prefetchable window, others never do.
 */
static const struct pp_config_window *address_window(const struct pp_device *bridge,
                                                     const struct pp_bar *b)
{
	return b->prefetchable ? &bridge->config.prefetchable : &bridge->config.memory;
}

static bool address_is_narrow(const struct pp_config_window *w, const struct pp_bar *b)
{
	return !w->open || w->end_incl - w->start < b->bytes - !!b->bytes;
}

/* The nearest bridge above that could not let it through; else the one right above it; or NULL. */
static const struct pp_device *address_obstacle(const struct pp_judging *j,
                                                const struct pp_device *d, const struct pp_bar *b)
{
	const struct pp_device *first = NULL;

	for (uint32_t p = d->parent; p != PP_NO_DEVICE; p = j->host->devices[p].parent) {
		const struct pp_device *bridge = &j->host->devices[p];
		if (bridge->config.header_read != PP_YES ||
		    bridge->config.header_type != PP_HEADER_BRIDGE)
			continue;
		if (address_is_narrow(address_window(bridge, b), b))
			return bridge;
		if (!first)
			first = bridge;
	}
	return first;
}

/* ": the bridge 0a:01.0 above it has no window for it" */
static const char *address_why(struct pp_judging *j, const struct pp_device *bridge,
                               const struct pp_bar *b)
{
	const char *kind = b->prefetchable ? "prefetchable " : "", *text;

	if (!bridge)
		return "";
	const struct pp_config_window *w = address_window(bridge, b);
	if (!w->open) {
		text = pp_arena_printf(j->arena, ": the bridge %s above it has no %swindow for it",
		                       pp_name_of(j, bridge), kind);
	} else {
		char size[32];
		address_format_size(w->end_incl - w->start + 1, size, sizeof(size));
		text = pp_arena_printf(j->arena,
		                       ": the %swindow of the bridge %s above it is only %s", kind,
		                       pp_name_of(j, bridge), size);
	}
	j->failed |= !text;
	return text ? text : "";
}

/* Some memory of PCI lies above 4 GiB: the firmware allows it there. */
static bool address_above_4g(const struct pp_host *h)
{
	pp_host_needs_all(h);
	for (uint32_t i = 0; i < h->nr_devices; i++) {
		const struct pp_device *d = &h->devices[i];
		for (size_t k = 0; d->bars && k < PP_NR_BARS; k++)
			if (d->bars->bar[k].start >= 4 * GIB)
				return true;
		if (d->config.prefetchable.open && d->config.prefetchable.start >= 4 * GIB)
			return true;
	}
	return false;
}

/* pci= may be given several times; each is a list. */
static bool address_pci_option(const struct pp_host *h, const char *option)
{
	const char *line = h->kernel.command_line.text;
	size_t n = strlen(option);

	if (!line)
		return false;
	struct pp_span rest = PP_SPAN(line, strlen(line)), word;
	while (pp_command_line_next(&rest, &word)) {
		if (!pp_span_starts(word, "pci="))
			continue;
		for (size_t at = 4; at < word.len; at++) {
			struct pp_span one = PP_SPAN(word.data + at, word.len - at);
			bool begins = word.data[at - 1] == '=' || word.data[at - 1] == ',';
			if (begins && pp_span_starts(one, option) &&
			    (one.len == n || one.data[n] == ',' || one.data[n] == '='))
				return true;
		}
	}
	return false;
}

static bool address_below_hot_plug(const struct pp_judging *j, const struct pp_device *d)
{
	for (uint32_t p = d->parent; p != PP_NO_DEVICE; p = j->host->devices[p].parent)
		if (j->host->devices[p].config.hot_plug)
			return true;
	return false;
}

/* What all prefetchable BARs without an address ask for, as a power of two; 0: not known. */
static uint64_t address_wanted(const struct pp_device *d)
{
	uint64_t sum = 0, room = MIB;

	for (size_t i = 0; i < PP_NR_BARS; i++) {
		const struct pp_bar *b = &d->bars->bar[i];
		if (!b->unplaced || !b->prefetchable)
			continue;
		if (!b->bytes)
			return 0;
		sum += b->bytes;
	}
	while (sum && room < sum)
		room *= 2;
	return sum ? room : 0;
}

/* Bridges with hot-plug get a window of 2 MiB where nothing was plugged in at boot. */
static const char *address_argument(struct pp_judging *j, const struct pp_device *d,
                                    const struct pp_bar *b)
{
	uint64_t mib = address_wanted(d) / MIB;

	if (b->prefetchable && mib && address_below_hot_plug(j, d) &&
	    !address_pci_option(j->host, "hpmmioprefsize"))
		return pp_arena_printf(j->arena, "pci=realloc,hpmmioprefsize=%" PRIu64 "M", mib);
	return address_pci_option(j->host, "realloc") ? "" : "pci=realloc";
}

static void address_remedy_argument(struct pp_judging *j, struct pp_finding *f,
                                    const struct pp_device *d, const struct pp_bar *b)
{
	const char *argument = address_argument(j, d, b), *text = NULL;

	if (argument && !*argument)
		return;
	if (argument)
		text = pp_arena_printf(
			j->arena,
			"add %s to the kernel command line and reboot: the kernel then reassigns "
			"addresses%s",
			argument,
			strchr(argument, ',')
				? ", and keeps that much space for each hot-plug bridge"
				: " where the firmware left too little space");
	j->failed |= !text;
	if (text)
		pp_add_remedy_by_argument(f, &pp_remedy_kernel_argument, text,
		                          "other devices get new addresses as well", argument);
}

static void address_remedies(struct pp_judging *j, struct pp_finding *f, const struct pp_device *d,
                             const struct pp_bar *b)
{
	bool may_lie_high = b->is_64 && b->prefetchable;

	if (may_lie_high && !address_above_4g(j->host))
		pp_add_remedy_by_hand(f, &pp_remedy_above_4g,
		                      "enable \"Above 4G Decoding\" (or \"Memory mapped I/O above "
		                      "4 GB\") in the BIOS setup and reboot",
		                      NULL);
	address_remedy_argument(j, f, d, b);
	if (may_lie_high && !f->nr_remedies)
		pp_add_remedy_by_hand(
			f, &pp_remedy_above_4g,
			"make sure that \"Above 4G Decoding\" is enabled in the BIOS setup, set "
			"\"MMIO High Size\" to its maximum if there is such an entry, and reboot",
			NULL);
}

/* A BAR that can be made smaller. drivers/pci/pci-sysfs.c, resourceN_resize, from 6.1 on */
static void address_remedy_smaller(struct pp_judging *j, struct pp_finding *f,
                                   const struct pp_device *d, size_t bar)
{
	const struct pp_config_rebar *r = &d->config.rebar[bar];
	char address[PP_ADDRESS_TEXT_BYTES], size[32];
	int smaller = -1;

	for (int n = 0; r->there && r->now < 28 && n < r->now; n++)
		/* Drivers expect 256 MiB of a display's memory at least. */
		if (r->sizes >> n & 1 && (smaller < 0 || n <= 8))
			smaller = n;
	if (smaller < 0)
		return;
	pp_address_format(d->address, address);
	address_format_size(MIB << smaller, size, sizeof(size));
	const char *text = pp_arena_printf(
		j->arena,
		"shrink BAR %zu to %s: turn off \"Re-Size BAR\" in the BIOS setup, or unbind the "
		"device from its driver and run echo %d > "
		"/sys/bus/pci/devices/%s/resource%zu_resize",
		bar, size, smaller, address, bar);
	j->failed |= !text;
	pp_add_remedy_by_hand(
		f, &pp_remedy_smaller_bar, text,
		"drivers access the card's memory through a smaller window, some of them more "
		"slowly");
}

static void address_prove(struct pp_judging *j, struct pp_finding *f, const struct pp_bar *b,
                          const struct pp_device *bridge)
{
	pp_evidence(j, f, "%s", b->proof);
	if (!bridge)
		return;
	const struct pp_config_window *w = address_window(bridge, b);
	const char *name = pp_name_of(j, bridge);
	const char *kind =
		b->prefetchable ? "prefetchable base and limit" : "memory base and limit";
	if (w->open)
		pp_evidence(j, f, "configuration space of %s: %s 0x%" PRIx64 "-0x%" PRIx64, name,
		            kind, w->start, w->end_incl);
	else
		pp_evidence(j, f, "configuration space of %s: %s: window closed", name, kind);
}

static void bar_no_address(struct pp_judging *j, const struct pp_device *d)
{
	char what[80];

	if (pp_device_is_bridge(d) || d->gone)
		return;
	if (!d->bars) {
		pp_find_unknown(j, PP_DEGRADES,
		                "cannot tell whether its BARs have addresses: they were not read");
		return;
	}
	for (size_t i = 0; i < PP_NR_BARS; i++) {
		const struct pp_bar *b = &d->bars->bar[i];
		if (!b->unplaced)
			continue;
		const struct pp_device *bridge = address_obstacle(j, d, b);
		address_format_bar(b, what, sizeof(what));
		struct pp_finding *f =
			pp_find(j, PP_DEGRADES,
		                "BAR %zu (%s) has no address, so a guest does not see "
		                "it%s",
		                i, what, address_why(j, bridge, b));
		address_prove(j, f, b, bridge);
		address_remedy_smaller(j, f, d, i);
		address_remedies(j, f, d, b);
	}
}

/* drivers/pci/iov.c, sriov_enable(): "not enough MMIO resources for SR-IOV", ENOMEM */
static void vf_bar_no_room(struct pp_judging *j, const struct pp_device *d)
{
	char what[80];

	if (pp_device_is_bridge(d) || !d->bars || d->gone || d->nr_vfs_on)
		return;
	for (size_t i = 0; i < PP_NR_BARS; i++) {
		const struct pp_bar *b = &d->bars->vf[i];
		if (!b->unplaced)
			continue;
		const struct pp_device *bridge = address_obstacle(j, d, b);
		address_format_bar(b, what, sizeof(what));
		struct pp_finding *f = pp_find(
			j, PP_DEGRADES,
			"its virtual functions cannot be enabled: there is no address space for "
			"their BAR %zu (%s in total)%s",
			i, what, address_why(j, bridge, b));
		address_prove(j, f, b, bridge);
		pp_evidence(j, f, "writing to sriov_numvfs fails with ENOMEM");
		address_remedies(j, f, d, b);
		return; /* one is enough: all need room */
	}
}

static const struct pp_rule rules[] = {
	{ .id = "bar-no-address",
	  .targets = PP_FOR_KVM | PP_FOR_XEN,
	  .scope = PP_SCOPE_OF_DEVICE,
	  .reference = "drivers/pci/setup-res.c, pci_assign_resource(); PCI 3.0, 6.2.5.1",
	  .on_device = bar_no_address },
	{ .id = "vf-bar-no-room",
	  .scope = PP_SCOPE_OF_DEVICE,
	  .reference = "drivers/pci/iov.c, sriov_enable(); PCIe 6.0, 9.3.3.14",
	  .on_device = vf_bar_no_room },
};

const struct pp_rule_table pp_rules_address = { rules, sizeof(rules) / sizeof(rules[0]) };
