/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The same host under another kernel: what the table of facts tells is asked of that kernel; what
 * the running one shows is kept where the other would show the same, and forgotten else. If the
 * other is installed, its configuration and its modules are read.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "host/build.h"
#include "host/command-line.h"

#define MAX_BYTES ((size_t)512 * 1024 * 1024)

/* AMD's I/O APIC entries, and what a kernel makes of the functions that they stand at. */
struct ioapic_places {
	uint32_t nr, nr_good, nr_unknown;
	const struct pp_ivhd_device *bad; /* the first that is not good */
};

#define IOAPIC_VARIETY  1
#define SB_IOAPIC_DEVID (0x14 << 3) /* 00:14.0 */
#define CLASS_SMBUS     0x0c05
#define CLASS_ISA       0x0601

static enum pp_tri ioapic_is_good(const struct pp_host *h, uint16_t devid, bool by_class)
{
	struct pp_address a = { 0, (uint8_t)(devid >> 8), (devid >> 3) & 0x1f, devid & 7 };

	if (!by_class)
		return pp_tri(devid == SB_IOAPIC_DEVID);
	if (h->devices_error)
		return PP_UNKNOWN;
	uint32_t i = pp_host_find(h, a);
	if (i == PP_NO_DEVICE)
		return PP_NO;
	if (!h->devices[i].class_code)
		return PP_UNKNOWN;
	return pp_tri(h->devices[i].class_code >> 8 == CLASS_SMBUS ||
	              h->devices[i].class_code >> 8 == CLASS_ISA);
}

static struct ioapic_places find_ioapics(const struct pp_host *h, bool by_class)
{
	struct ioapic_places p = { 0 };

	for (uint32_t i = 0; i < h->ivrs->nr_blocks; i++) {
		const struct pp_ivrs_block *b = &h->ivrs->blocks[i];
		for (uint32_t k = 0; pp_ivrs_is_ivhd(b->type) && k < b->nr_devices; k++) {
			const struct pp_ivhd_device *d = &b->devices[k];
			if (d->type != PP_IVHD_DEV_SPECIAL || d->special_variety != IOAPIC_VARIETY)
				continue;
			enum pp_tri good = ioapic_is_good(h, d->alias_devid, by_class);
			p.nr++;
			p.nr_good += good == PP_YES;
			p.nr_unknown += good == PP_UNKNOWN;
			if (good == PP_NO && !p.bad)
				p.bad = d;
		}
	}
	return p;
}

/* "ivrs_ioapic=8@0000:00:14.0", "ivrs_ioapic[8]=00:14.0": goes before the table. */
static bool ioapic_is_named(const struct pp_host *h)
{
	const char *line = h->kernel.command_line.text;
	struct pp_span rest = PP_SPAN(line, line ? strlen(line) : 0), word;

	while (pp_command_line_next(&rest, &word))
		if (pp_span_starts(word, "ivrs_ioapic") || pp_span_starts(word, "ivrs-ioapic"))
			return true;
	return h->kernel.command_line.error != 0;
}

/* Whether that kernel remaps interrupts, and a sentence where it does not. */
static enum pp_tri as_kernel_remapping(struct pp_host *h, bool by_class, const char **ret_why)
{
	const char *release = h->kernel.release.text;

	/* Hygon has rules of its own. */
	if (!h->ivrs || ioapic_is_named(h) || (h->processor && strstr(h->processor, "Hygon")))
		return PP_UNKNOWN;
	for (uint32_t i = 0; i < h->nr_devices; i++)
		if (!h->devices[i].ids_known)
			return PP_UNKNOWN;
	struct ioapic_places p = find_ioapics(h, by_class);
	if (h->kernel.ioapics.nr_missing || !p.nr) {
		*ret_why = "the IVRS does not name an I/O APIC of the host";
		return PP_NO;
	}
	if (p.nr_good == p.nr)
		return PP_YES;
	/* Which of several the timer is at, the table does not tell. */
	if (p.nr_good || p.nr_unknown)
		return PP_UNKNOWN;
	*ret_why = pp_arena_printf(
		&h->arena, "IVRS+0x%x: I/O APIC %u is at %02x:%02x.%u, and Linux %s wants it at %s",
		p.bad->offset, p.bad->special_handle, p.bad->alias_devid >> 8,
		(p.bad->alias_devid >> 3) & 0x1f, p.bad->alias_devid & 7u, release,
		by_class ? "an SMBus or ISA bridge function" : "00:14.0");
	return PP_NO;
}

/* AMD's driver looks at the I/O APICs of the table before it remaps interrupts. */
static void as_kernel_ioapics(struct pp_host *h)
{
	enum pp_tri there = pp_kernel_has(&h->kernel, PP_KERNEL_IOAPIC_BY_CLASS);
	enum pp_tri here = pp_kernel_has(h->kernel.running, PP_KERNEL_IOAPIC_BY_CLASS);

	if (h->iommu != PP_IOMMU_AMD || h->iommu_on != PP_YES || h->intremap == PP_UNKNOWN)
		return;
	/* Off for another reason: that one stays. */
	if (h->intremap == PP_NO && !h->kernel.log_lines[PP_LOG_IR_NO_SB_IOAPIC])
		return;
	if (there == here && there != PP_UNKNOWN)
		return;
	h->intremap_why = NULL;
	h->intremap = there == PP_UNKNOWN
	                      ? PP_UNKNOWN
	                      : as_kernel_remapping(h, there == PP_YES, &h->intremap_why);
	h->kernel.log_lines[PP_LOG_IR_NO_SB_IOAPIC] = h->kernel.log_lines[PP_LOG_IR_OFF_AMD] = NULL;
}

/* Both an ITS and a GICv2m: older kernels wanted all of them to isolate. */
static void as_kernel_msi(struct pp_host *h)
{
	if (h->msi_chip == PP_MSI_CHIP_BOTH)
		h->intremap = pp_kernel_has(&h->kernel, PP_KERNEL_MSI_BY_DEVICE) == PP_NO
		                      ? PP_NO
		                      : PP_UNKNOWN;
}

/* What only this boot of the running kernel has to do with. */
static void as_kernel_forget(struct pp_kernel *k)
{
	k->log_dmar = k->log_ivrs = k->log_iort = (struct pp_log_override){ 0 };
	k->log_override_refused = k->log_from_boot = k->log_direct_map_failed = false;
	k->acs_override_ignored = false;
	k->log_error = ENODATA;
	k->log_faults = NULL;
	k->nr_log_faults = 0;
	k->config = (struct pp_kernel_config){ 0 };
	k->vfio_pci = k->vfio_type1 = k->iommufd = (struct pp_module){ 0 };
}

/* One of the two relaxes every RMRR: the kernel's lists say so of the running one alone. */
static int as_kernel_regions(struct pp_host *h, struct pp_error *e)
{
	struct pp_group *groups = PP_ARENA_ARRAY(&h->arena, h->nr_groups, struct pp_group);

	if (!groups)
		return pp_fail_oom(e, "host");
	for (uint32_t i = 0; i < h->nr_groups; i++) {
		groups[i] = h->groups[i];
		groups[i].regions = NULL;
		groups[i].nr_regions = 0;
		groups[i].regions_error = ENODATA;
	}
	h->groups = groups;
	return pp_host_rebuild_regions(h, e);
}

/* "6.12" is any of that series: "6.12.57+deb13-amd64", but not 6.1 6.12. */
static bool as_kernel_is_of(const char *installed, const char *release)
{
	size_t n = strlen(release);

	return !strncmp(installed, release, n) && strchr(".-+", installed[n]) != NULL;
}

/* The installed kernel that is meant: that release, or the only one of that series. NULL: none. */
static const char *as_kernel_find(const struct pp_names *installed, const char *release)
{
	const char *found = NULL;
	uint32_t nr = 0;

	for (uint32_t i = 0; i < installed->count; i++) {
		if (!strcmp(installed->names[i], release))
			return installed->names[i];
		if (as_kernel_is_of(installed->names[i], release)) {
			found = installed->names[i];
			nr++;
		}
	}
	return nr == 1 ? found : NULL;
}

/* What is not read stays unknown. */
static int as_kernel_read(struct pp_host *h, struct pp_source *s, const char *release,
                          struct pp_error *e)
{
	struct pp_host_build b = { .host = h, .source = s };
	struct pp_names installed = { 0 };

	pp_arena_init(&b.scratch, MAX_BYTES);
	int r = pp_build_releases(s, &b.scratch, &installed);
	const char *found = as_kernel_find(&installed, release);
	b.release = found ? found : release;
	if (r != -ENOMEM)
		r = 0;
	if (!r)
		r = pp_build_modprobe(&b) || pp_build_kernel_config(&b) || pp_build_modules(&b);
	pp_arena_fini(&b.scratch);
	return r ? pp_fail_oom(e, "host") : 0;
}

static int as_kernel_change(struct pp_host *h, struct pp_source *s, const char *release,
                            struct pp_error *e)
{
	struct pp_kernel *k = &h->kernel;

	/* What its log told holds of itself. */
	if (k->release.text && !strcmp(k->release.text, release))
		return 0;
	struct pp_kernel *running = PP_ARENA_NEW(&h->arena, struct pp_kernel);
	const char *text = pp_text_clean(&h->arena, release, strlen(release));

	if (!running || !text)
		return pp_fail_oom(e, "host");
	*running = *k;
	k->running = running;
	if (!pp_kernel_set_release(k, release))
		return pp_fail(e, EINVAL,
		               "'%.60s' is not a Linux release: expected one such as 6.12 or "
		               "6.12.57+deb13-amd64",
		               release);
	if (k->major < 3 || (k->major == 3 && k->minor < 6))
		return pp_fail(e, EINVAL, "Linux %.60s has no VFIO: need 3.6 or later", text);
	k->release = (struct pp_text_fact){ .text = text };
	as_kernel_forget(k);
	if (s && as_kernel_read(h, s, text, e))
		return -e->code;
	const char *intel = pp_kernel_argument(h, "intel_iommu", &h->arena);
	k->rmrrs_relaxed = pp_kernel_has(k, PP_KERNEL_RELAX_RMRR) == PP_YES && intel &&
	                   strstr(intel, "relax_rmrr");
	as_kernel_ioapics(h);
	as_kernel_msi(h);
	return k->rmrrs_relaxed == running->rmrrs_relaxed ? 0 : as_kernel_regions(h, e);
}

int pp_host_as_kernel_in(struct pp_source *s, const struct pp_host *h, const char *release,
                         struct pp_host **ret, struct pp_error *e)
{
	struct pp_host *n = malloc(sizeof(*n));

	if (!n)
		return pp_fail_oom(e, "host");
	*n = *h;
	pp_arena_init(&n->arena, MAX_BYTES);
	int r = as_kernel_change(n, s, release, e);
	if (r) {
		pp_host_free(n);
		return r;
	}
	*ret = n;
	return 0;
}

int pp_host_as_kernel(const struct pp_host *h, const char *release, struct pp_host **ret,
                      struct pp_error *e)
{
	return pp_host_as_kernel_in(NULL, h, release, ret, e);
}
