/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Sentences about a host that several reports share. */
#include <stdio.h>
#include <string.h>

#include "base/quote.h"
#include "host/place.h"
#include "host/on-windows.h"
#include "plan/plan.h"
#include "report/words.h"

void pp_words_host(const struct pp_host *h, char *buf, size_t size)
{
	const char *maker = h->manufacturer.text, *product = h->product.text;
	const char *kernel = h->kernel.release.text;
	const struct pp_kernel *running = h->kernel.running;
	char bios[160] = "", runs[160] = "";

	/* Some products begin with their maker's name already. */
	if (maker && product && !strncmp(product, maker, strlen(maker)))
		maker = NULL;
	if (h->bios_version.text)
		snprintf(bios, sizeof(bios), ", %s %s%s%s%s",
		         PP_ON(h->kind) & PP_ON_X86 ? "BIOS" : "firmware", h->bios_version.text,
		         h->bios_date.text ? " (" : "", h->bios_date.text ? h->bios_date.text : "",
		         h->bios_date.text ? ")" : "");
	if (running)
		snprintf(runs, sizeof(runs), " (%s%s)",
		         running->release.text ? "this host runs "
		                               : "the running kernel is unknown",
		         running->release.text ? running->release.text : "");
	if (h->windows) {
		snprintf(buf, size, "%s%s%s%s, %s", maker ? maker : "", maker ? " " : "",
		         product ? product : "Unknown product", bios, h->windows->version);
		return;
	}
	snprintf(buf, size, "%s%s%s%s, %s%s%s", maker ? maker : "", maker ? " " : "",
	         product ? product : "Unknown product", bios, kernel ? "Linux " : "unknown kernel",
	         kernel ? kernel : "", runs);
}

const char *pp_words_verdict(enum pp_verdict v)
{
	static const char *const words[PP_VERDICT_COUNT] = {
		[PP_VERDICT_ASSIGNABLE] = "assignable",   [PP_VERDICT_CARE] = "care",
		[PP_VERDICT_BLOCKED_FIXABLE] = "fixable", [PP_VERDICT_BLOCKED] = "blocked",
		[PP_VERDICT_NOT_ENDPOINT] = "bridge",     [PP_VERDICT_UNKNOWN] = "unknown",
	};
	return words[v];
}

bool pp_words_no_iommu(const struct pp_host *h)
{
	return h->iommu_on == PP_NO && h->table_dmar == PP_NO && h->table_ivrs == PP_NO &&
	       h->iort_has_smmu == PP_NO && !h->viot && !h->viot_error;
}

void pp_words_iommu(const struct pp_host *h, char *buf, size_t size)
{
	static const char *const names[] = {
		[PP_IOMMU_NONE] = "No IOMMU",       [PP_IOMMU_INTEL] = "Intel VT-d",
		[PP_IOMMU_AMD] = "AMD-Vi",          [PP_IOMMU_SMMU] = "SMMU",
		[PP_IOMMU_VIRTIO] = "virtio-iommu", [PP_IOMMU_OTHER] = "IOMMU",
	};
	static const char *const on[] = {
		[PP_UNKNOWN] = ", on or off: unknown",
		[PP_NO] = ", off in the kernel",
		[PP_YES] = " on",
	};
	const char *remapping = "";

	if (pp_host_never_groups(h)) {
		snprintf(buf, size, "No IOMMU for PCI, according to the device tree");
		return;
	}
	if (h->iommu == PP_IOMMU_NONE && (h->windows || h->iommu_on != PP_YES)) {
		snprintf(buf, size, "%s", pp_words_no_iommu(h) ? "No IOMMU" : "IOMMU: unknown");
		return;
	}
	/* Hyper-V keeps it to itself: Windows tells nobody of it. */
	if (h->windows) {
		snprintf(buf, size, "%s, by the firmware's table", names[h->iommu]);
		return;
	}
	if (h->iommu_on == PP_YES && h->intremap != PP_UNKNOWN)
		remapping = h->intremap == PP_YES ? ", interrupts remapped"
		                                  : ", interrupts not remapped";
	/* Of groups alone it is known that one is on, and not which. */
	snprintf(buf, size, "%s%s%s", h->iommu == PP_IOMMU_NONE ? "IOMMU" : names[h->iommu],
	         on[h->iommu_on], remapping);
}

static const char *unread_title(const struct pp_out *o, const struct pp_host *h, int error)
{
	switch (error) {
	case EACCES:
	case EPERM:
		if (pp_words_elsewhere(o))
			return h->windows
			               ? "Could not be read; a capture made by an administrator adds:"
			               : "Could not be read; a capture made by root adds:";
		return h->windows ? "Could not be read; run pcipass as an administrator to add:"
		                  : "Could not be read; run pcipass as root to add:";
	case ENODATA:
		/* Windows gives no reason, so that it may be a capture, or the host itself. */
		return h->windows   ? "Not read:"
		       : h->origins ? "In none of the texts:"
		                    : "Not in the capture:";
	default:
		return "Not available on this host:";
	}
}

void pp_words_rights(struct pp_out *o, const struct pp_host *h)
{
	/* Under one title what has one cause, in the order in which the causes come up. */
	for (const struct pp_unread *first = h->unread; first; first = first->next) {
		const char *title = unread_title(o, h, first->error);
		const struct pp_unread *u = h->unread;
		while (u != first && strcmp(unread_title(o, h, u->error), title))
			u = u->next;
		if (u != first)
			continue; /* told with an earlier one */
		pp_out(o, "%s\n", title);
		for (; u; u = u->next) {
			char line[PP_UNREAD_NAME_BYTES + 512], name[PP_UNREAD_NAME_BYTES];
			if (strcmp(unread_title(o, h, u->error), title))
				continue;
			snprintf(line, sizeof(line), "%s: %s", pp_unread_name(h, u, name), u->adds);
			pp_out_wrapped(o, "  ", "    ", line);
		}
	}
	if (h->table_error.code)
		pp_out_wrapped(o, "", "  ", h->table_error.text);
}

/* A card in a slot before any other, a device that the host can do without before one it cannot. */
const struct pp_row *pp_words_first_to_free(const struct pp_survey *s)
{
	const struct pp_row *best = NULL;
	int best_rank = 0;

	for (uint32_t i = 0; i < s->nr_rows; i++) {
		const struct pp_row *row = &s->rows[i];
		int rank = 1 + row->by_free + 2 * pp_slot_is_named(&row->device->slot) +
		           4 * !row->device->host_use + 8 * !pp_words_is_chipset(row->device);
		if (row->verdict != PP_VERDICT_BLOCKED_FIXABLE || rank <= best_rank)
			continue;
		best = row;
		best_rank = rank;
	}
	return best;
}

bool pp_words_host_needs(const struct pp_survey *s, const struct pp_device *d)
{
	const struct pp_host *h = s->host;
	bool needs = d->host_runs_from;

	for (uint32_t i = 0; d->group != PP_NO_GROUP && i < h->groups[d->group].nr_devices; i++)
		needs |= h->devices[h->groups[d->group].devices[i]].host_runs_from;
	return needs;
}

static bool can_be_given(const struct pp_survey *s, const struct pp_row *row)
{
	return (row->verdict == PP_VERDICT_ASSIGNABLE || row->verdict == PP_VERDICT_CARE) &&
	       !pp_words_host_needs(s, row->device);
}

const struct pp_row *pp_words_substitute(const struct pp_survey *s, const struct pp_row *row)
{
	uint32_t device = (uint32_t)(row->device - s->host->devices);

	for (uint32_t i = 0; i < s->nr_rows; i++)
		if (s->rows[i].device->physfn == device && can_be_given(s, &s->rows[i]))
			return &s->rows[i];
	return NULL;
}

const char *pp_words_typed(const char *word, char *buf, size_t size)
{
	return pp_quote_word(buf, size, word) ? buf : "…";
}

/* Firmware names slots as it likes: where one needs quotes, the address is shorter. */
static bool can_type(const char *word)
{
	char typed[80];

	return pp_quote_word(typed, sizeof(typed), word) && !strcmp(typed, word);
}

/*
 * Whether "pcipass free slotN" frees every card in that place, and does no more than freeing this
 * device does: another function's virtual functions, say, are not to be disabled for it.
 */
static bool place_by_free(const struct pp_survey *s, const struct pp_slot_ref *slot,
                          const char *address)
{
	char what[80];

	snprintf(what, sizeof(what), "%s%s", pp_place_word(slot->kind), slot->number);
	uint32_t steps = pp_plan_frees(s, what);
	return steps == 1 || (steps && steps == pp_plan_frees(s, address));
}

bool pp_words_free(const struct pp_survey *s, const struct pp_row *row, char *buf, size_t size)
{
	const struct pp_slot_ref *slot = &row->device->slot;
	char address[PP_ADDRESS_TEXT_BYTES];

	if (!row->by_free)
		return false;
	pp_address_format_short(row->device->address, address);
	if (pp_slot_is_named(slot) && !slot->twin && can_type(slot->number) &&
	    place_by_free(s, slot, address))
		snprintf(buf, size, "pcipass free %s%s", pp_place_word(slot->kind), slot->number);
	else
		snprintf(buf, size, "pcipass free %s", address);
	return true;
}

const char *pp_words_as_who(bool windows)
{
	return windows ? "as an administrator" : "as root";
}

const char *pp_words_document(const struct pp_out *o, const char *name, char *buf, size_t size)
{
	const char *directory = o->style->documents;

	snprintf(buf, size, "%s%s%s", directory ? directory : "", directory ? "/" : "", name);
	return buf;
}

bool pp_words_elsewhere(const struct pp_out *o)
{
	return o->style->command && strcmp(o->style->command, "pcipass") != 0;
}

const char *pp_words_once_it_runs(const struct pp_host *h, char *buf, size_t size)
{
	snprintf(buf, size, "%s%s", h->kernel.running ? ", once it runs Linux " : "",
	         h->kernel.running ? h->kernel.release.text : "");
	return buf;
}

const char *pp_words_release(const struct pp_host *h)
{
	return h->kernel.running ? h->kernel.running->release.text : h->kernel.release.text;
}

/* Who does it, where, and what it needs that is not there. */
static void print_free(struct pp_out *o, const struct pp_survey *s, const struct pp_row *row,
                       bool by_conrep)
{
	const char *needs = !by_conrep              ? ""
	                    : pp_words_elsewhere(o) ? ", and needs HP's conrep"
	                    : o->style->no_conrep
	                            ? "; it needs HP's conrep, which is not installed here"
	                            : "";
	char command[160], once[PP_WORDS_ONCE_BYTES], line[400];

	if (!pp_words_free(s, row, command, sizeof(command)))
		return;
	snprintf(line, sizeof(line), "%s (%s%s%s; it asks first%s)", command,
	         pp_words_as_who(s->host->windows), pp_words_elsewhere(o) ? ", on that host" : "",
	         pp_words_once_it_runs(s->host, once, sizeof(once)), needs);
	pp_out_wrapped(o, "      to do it: ", "        ", line);
}

bool pp_words_is_chipset(const struct pp_device *d)
{
	unsigned int class = d->class_code >> 8;

	/* Interrupt controllers, other system peripherals, performance counters. */
	return d->ids_known && (class == 0x0800 || class == 0x0880 || class == 0x1101) &&
	       d->parent == PP_NO_DEVICE && d->slot.kind == PP_PLACE_NONE && !d->driver.text &&
	       d->driver.error == ENOENT;
}

/* A device that a guest may have: one that stands free before one with care, cards in slots first.
 */
static const struct pp_row *first_to_give(const struct pp_survey *s)
{
	const struct pp_row *best = NULL;
	int best_rank = 0;

	for (uint32_t i = 0; i < s->nr_rows; i++) {
		const struct pp_row *row = &s->rows[i];
		int rank = 1 + 4 * !pp_words_is_chipset(row->device) +
		           2 * pp_slot_is_named(&row->device->slot) +
		           (row->verdict == PP_VERDICT_ASSIGNABLE);
		if (!can_be_given(s, row) || rank <= best_rank)
			continue;
		best = row;
		best_rank = rank;
	}
	return best;
}

bool pp_words_to_bind(const struct pp_survey *s, const struct pp_device *d, char *buf, size_t size)
{
	bool bound = d->driver.text && strstr(d->driver.text, "vfio");
	char address[PP_ADDRESS_TEXT_BYTES];
	uint32_t n = 0;

	for (uint32_t i = 0; d->group != PP_NO_GROUP && i < s->nr_rows; i++) {
		const struct pp_row *row = &s->rows[i];
		if (row->device->group != d->group || !pp_counts_in_group(row->device))
			continue;
		bound &= pp_leaves_dma_alone(row->device);
		n++;
	}
	pp_address_format_short(d->address, address);
	if (n > 1)
		snprintf(buf, size, "group%u", s->host->groups[d->group].number);
	else
		snprintf(buf, size, "%s", address);
	return !bound && !pp_words_guest_binds(pp_words_release(s->host));
}

void pp_words_other_kernel(struct pp_out *o, const struct pp_host *h)
{
	/* That its answers differ is not seen in a series of kernel.org's. */
	bool patched = pp_words_guest_binds(pp_words_release(h)) &&
	               (!h->kernel.running || !pp_words_guest_binds(h->kernel.release.text));

	pp_out_wrapped(
		o, "", "",
		"Groups and reserved regions are those that the running kernel shows. How "
		"another kernel is configured, whether its IOMMU is on by default and whether "
		"it has VFIO, is not known.");
	if (patched)
		pp_out_wrapped(
			o, "", "",
			"The releases are kernel.org's. Proxmox VE patches its kernels: to ask "
			"about one of them, give --kernel its full release, which ends in -pve.");
}

bool pp_words_guest_binds(const char *release)
{
	return release && strstr(release, "-pve");
}

const char *pp_words_emit(const char *release)
{
	return pp_words_guest_binds(release) ? "proxmox" : "qemu";
}

bool pp_words_give(struct pp_out *o, const struct pp_survey *s, const struct pp_row *row)
{
	const struct pp_device *d = row->device;
	char address[PP_ADDRESS_TEXT_BYTES], name[32], once[PP_WORDS_ONCE_BYTES], line[1400] = "";
	int n = 0;

	if (!can_be_given(s, row) || s->target != PP_TARGET_KVM)
		return false;
	pp_address_format_short(d->address, address);
	if (pp_words_to_bind(s, d, name, sizeof(name)))
		n = snprintf(line, sizeof(line), "pcipass bind %s (as root%s%s), then ", name,
		             pp_words_elsewhere(o) ? ", on that host" : "",
		             pp_words_once_it_runs(s->host, once, sizeof(once)));
	snprintf(line + n, sizeof(line) - (size_t)n, "%s emit %s %s",
	         o->style->command ? o->style->command : "pcipass",
	         pp_words_emit(pp_words_release(s->host)), address);
	pp_out_wrapped(o, "Next: ", "      ", line);
	return true;
}

#define MAX_NEXT_STEPS 4

/* What frees a row's device: a remedy for each thing that blocks it. */
struct next_steps {
	const struct pp_remedy *remedies[MAX_NEXT_STEPS];
	unsigned int count;
	bool of_device; /* one is for the device, not for all of the host */
	bool by_conrep;
};

static struct next_steps words_steps(const struct pp_row *row)
{
	struct next_steps ret = { .count = 0 };

	for (uint32_t i = 0; i < row->nr_findings && ret.count < MAX_NEXT_STEPS; i++) {
		const struct pp_finding *f = row->findings[i];
		const struct pp_remedy *r =
			f->effect == PP_BLOCKS ? pp_finding_choice(f, NULL) : NULL;
		bool again = !r;
		for (unsigned int k = 0; k < ret.count && !again; k++)
			again = !strcmp(ret.remedies[k]->text, r->text);
		if (again)
			continue;
		ret.remedies[ret.count++] = r;
		ret.of_device |= f->rule->scope != PP_SCOPE_OF_HOST;
		ret.by_conrep |= !strcmp(r->ops->id, "bios-rmrds");
	}
	return ret;
}

void pp_words_steps(const struct pp_row *row, char *buf, size_t size)
{
	struct next_steps steps = words_steps(row);
	size_t n = 0;

	snprintf(buf, size, "do what frees it");
	for (unsigned int i = 0; i < steps.count && n < size; i++)
		n += (size_t)snprintf(buf + n, size - n, "%s%s", i ? "; and " : "",
		                      steps.remedies[i]->text);
}

void pp_words_next(struct pp_out *o, const struct pp_survey *s)
{
	const struct pp_row *row = pp_words_first_to_free(s);

	/* What a container lacks is no fault of the host. */
	if (s->host->container && !pp_words_elsewhere(o)) {
		pp_out(o, "Next: on the host itself, outside of this container: pcipass\n");
		return;
	}
	char address[PP_ADDRESS_TEXT_BYTES], place[80], line[2048];

	if (!row) {
		row = first_to_give(s);
		if (!row) {
			pp_next_of_survey(o, s);
			return;
		}
		pp_address_format_short(row->device->address, address);
		pp_next_of_row(o, s, row, address);
		return;
	}
	const struct pp_row *substitute = pp_words_substitute(s, row);
	if (substitute) {
		pp_address_format_short(substitute->device->address, address);
		pp_next_of_row(o, s, substitute, address);
		return;
	}
	struct next_steps steps = words_steps(row);
	size_t n = 0;
	pp_address_format_short(row->device->address, address);
	pp_place_format(row->device->slot.kind, row->device->slot.number, place, sizeof(place));
	if (steps.of_device)
		n = (size_t)snprintf(line, sizeof(line), "to free %s, ",
		                     *place && !row->device->slot.twin ? place : address);
	pp_words_steps(row, line + n, sizeof(line) - n);
	if (!row->by_free) {
		char command[700];
		n = strlen(line);
		pp_next_command(o, s, "check", address, command, sizeof(command));
		snprintf(line + n, sizeof(line) - n, "; then %s", command);
	}
	pp_out_wrapped(o, "Next: ", "      ", line);
	print_free(o, s, row, steps.by_conrep);
	for (unsigned int i = 0; i < steps.count; i++)
		if (steps.remedies[i]->side_effect)
			pp_out_wrapped(o, "      side effect: ", "        ",
			               steps.remedies[i]->side_effect);
	/* By the name that the command above has. */
	char free[160];
	const char *name =
		pp_words_free(s, row, free, sizeof(free)) ? strrchr(free, ' ') + 1 : address;
	pp_next_command(o, s, "explain", name, line, sizeof(line));
	pp_out_wrapped(o, "More: ", "      ", line);
}
