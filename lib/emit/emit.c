/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who goes, whether he may, and what is to be known before; the rest is each hypervisor's own. */
#include <stdio.h>
#include <string.h>

#include "base/nearest.h"
#include "base/quote.h"
#include "emit/emit.h"
#include "host/place.h"
#include "judge/select.h"

/* Wide enough for the longest line that is no comment. */
#define COLUMNS 80

static const struct pp_hypervisor *const hypervisors[] = {
	&pp_emit_qemu, &pp_emit_libvirt,  &pp_emit_proxmox,   &pp_emit_hyperv,
	&pp_emit_xen,  &pp_emit_kubevirt, &pp_emit_harvester,
};
#define NR_HYPERVISORS (sizeof(hypervisors) / sizeof(hypervisors[0]))

const char *pp_emit_hypervisor(unsigned int index)
{
	return index < NR_HYPERVISORS ? hypervisors[index]->name : NULL;
}

/* The end goes on the same line, and never alone. */
static __attribute__((format(printf, 4, 0))) void
make_comment(const struct pp_hypervisor *h, char *text, size_t size, const char *fmt, va_list ap)
{
	vsnprintf(text, size - strlen(h->comment_end), fmt, ap);
	pp_quote_comment(text, *h->comment_end);
	strcat(text, h->comment_end);
}

void pp_emit_comment(struct pp_emission *m, const struct pp_hypervisor *h, const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	va_start(ap, fmt);
	make_comment(h, text, sizeof(text), fmt, ap);
	va_end(ap);
	pp_out_wrapped(&m->out, h->comment, h->comment_rest, text);
}

void pp_emit_line(struct pp_emission *m, const struct pp_hypervisor *h, const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	va_start(ap, fmt);
	make_comment(h, text, sizeof(text), fmt, ap);
	va_end(ap);
	pp_out(&m->out, "%s%s\n", h->comment, text);
}

/* One that names a card's functions: "slot 2, 07:00.0: LSI SAS2308". */
static void emit_name_card(struct pp_emission *m, const struct pp_hypervisor *h,
                           const struct pp_card *c)
{
	for (uint32_t i = 0; i < c->nr_functions; i++) {
		const struct pp_device *d = c->functions[i];
		char address[PP_ADDRESS_TEXT_BYTES], name[256], slot[80] = "";
		pp_address_format_short(d->address, address);
		pp_out_short_name(&m->out, d, name, sizeof(name));
		pp_place_format(d->slot.kind, d->slot.number, slot, sizeof(slot));
		pp_emit_comment(m, h, "%s%s%s: %s", slot, *slot ? ", " : "", address, name);
	}
}

bool pp_emit_is_arm(const struct pp_emission *m)
{
	return PP_ON(m->host->kind) & PP_ON_ARM;
}

/* Whether the printed text itself deals with what is in the way. */
static bool emit_passes_over(const struct pp_hypervisor *h, const struct pp_finding *f)
{
	return h->passes_over && h->passes_over(f);
}

static int emit_refuse(const struct pp_hypervisor *h, const struct pp_row *row, struct pp_error *e)
{
	char address[PP_ADDRESS_TEXT_BYTES];

	pp_address_format(row->device->address, address);
	if (row->verdict == PP_VERDICT_NOT_ENDPOINT)
		return pp_fail(e, ENOTSUP, "%s: a bridge, stays with the host", address);
	/* Ranked: what blocks stands before what is not known. */
	for (uint32_t i = 0; i < row->nr_findings; i++) {
		const struct pp_finding *f = row->findings[i];
		bool unknown = f->effect == PP_EFFECT_UNKNOWN && f->could == PP_BLOCKS;
		if ((f->effect != PP_BLOCKS && !unknown) || emit_passes_over(h, f))
			continue;
		if (unknown)
			return pp_fail(e, ENODATA,
			               "%s: whether it can be passed through is not known: %s",
			               address, f->text);
		return pp_fail(e, ENOTSUP, "%s: %s: %s", address,
		               row->verdict == PP_VERDICT_BLOCKED_FIXABLE ? "fixable" : "blocked",
		               f->text);
	}
	return 0;
}

/* What is blocked is told before what is not known. */
static int check_verdicts(const struct pp_emission *m, const struct pp_hypervisor *h,
                          struct pp_error *e)
{
	int unknown = 0;

	for (uint32_t i = 0; i < m->host->nr_devices; i++) {
		if (!m->chosen[i])
			continue;
		struct pp_error first = { 0 };
		int r = emit_refuse(h, &m->survey->rows[i], &first);
		if (r == -ENODATA && unknown)
			continue;
		if (r && e)
			*e = first;
		if (r == -ENOTSUP)
			return r;
		unknown = r ? r : unknown;
	}
	return unknown;
}

/*
 * Functions of one card that share a group are one thing to a guest as well. On a root bus they are
 * parts of the chip set that have no more in common than their place.
 */
static void choose_siblings(struct pp_emission *m, const struct pp_device *d)
{
	const struct pp_host *h = m->host;

	if (d->group == PP_NO_GROUP || d->physfn != PP_NO_DEVICE || d->parent == PP_NO_DEVICE)
		return;
	const struct pp_group *g = &h->groups[d->group];
	for (uint32_t i = 0; i < g->nr_devices; i++) {
		const struct pp_device *o = &h->devices[g->devices[i]];
		struct pp_address a = o->address;
		a.function = d->address.function;
		if (pp_address_equal(a, d->address) && o->physfn == PP_NO_DEVICE &&
		    !pp_device_is_bridge(o) && !pp_has_bridge_header(o))
			m->chosen[g->devices[i]] = true;
	}
}

/* Adds what one name stands for; a name of nothing but bridges is refused. */
static int choose_named(struct pp_emission *m, struct pp_arena *a, const char *what,
                        struct pp_error *e)
{
	struct pp_selection named;
	uint32_t count = 0;
	int r = pp_select(m->host, what, a, &named, e);

	if (r)
		return r;
	for (uint32_t i = 0; i < named.count; i++) {
		bool bridge = m->survey->rows[named.devices[i]].verdict == PP_VERDICT_NOT_ENDPOINT;
		m->chosen[named.devices[i]] |= !bridge;
		count += !bridge;
	}
	if (!count)
		/* Nothing but bridges, which no hypervisor takes. */
		return emit_refuse(&pp_emit_qemu, &m->survey->rows[named.devices[0]], e);
	if (count > PP_MAX_CARDS * PP_CARD_FUNCTIONS)
		return pp_fail(e, EINVAL, "%s: %u devices: more than a guest is given at once",
		               what, count);
	for (uint32_t i = 0; i < named.count; i++)
		if (m->chosen[named.devices[i]])
			choose_siblings(m, &m->host->devices[named.devices[i]]);
	return 0;
}

static int choose(struct pp_emission *m, struct pp_arena *a, const char *const *names,
                  struct pp_error *e)
{
	int r = 0;

	m->chosen = PP_ARENA_ARRAY(a, m->host->nr_devices, bool);
	if (!m->chosen)
		return pp_fail_oom(e, "emit");
	for (; !r && *names; names++)
		r = choose_named(m, a, *names, e);
	return r;
}

/* What is to be known of the chosen devices, each sentence once. */
static void print_cautions(struct pp_emission *m, const struct pp_hypervisor *h)
{
	const char *told[PP_MAX_CARDS * PP_CARD_FUNCTIONS];
	char address[PP_ADDRESS_TEXT_BYTES];
	uint32_t nr_told = 0;

	for (uint32_t i = 0; i < m->host->nr_devices; i++) {
		const struct pp_row *row = &m->survey->rows[i];
		for (uint32_t f = 0; m->chosen[i] && f < row->nr_findings; f++) {
			const struct pp_finding *finding = row->findings[f];
			bool again = false;
			/* Companions are told by name, below. */
			if (finding->effect == PP_INFORMS ||
			    !strcmp(finding->rule->id, "companions"))
				continue;
			for (uint32_t t = 0; t < nr_told; t++)
				again |= !strcmp(told[t], finding->text);
			if (again || nr_told == sizeof(told) / sizeof(told[0]))
				continue;
			told[nr_told++] = finding->text;
			pp_address_format_short(row->device->address, address);
			pp_emit_comment(m, h, "with care, %s: %s", address, finding->text);
		}
	}
}

/* The guest that this text is for: its own configuration may hold what was printed before. */
static bool emit_is_own_guest(const struct pp_emission *m, const struct pp_claim *c)
{
	char number[16];

	snprintf(number, sizeof(number), "%u", c->number);
	return m->style.guest && c->kind == PP_CLAIM_PROXMOX && !strcmp(m->style.guest, number);
}

/* Another guest's configuration names it; where several do, a finding says so. */
static void emit_print_guests(struct pp_emission *m, const struct pp_hypervisor *h,
                              const struct pp_device *d)
{
	uint32_t nr, nr_guests = 0;
	const struct pp_claim *c = pp_device_claims(m->host, d, &nr), *guest = NULL;
	char address[PP_ADDRESS_TEXT_BYTES];
	struct pp_arena a;

	for (uint32_t i = 0; i < nr; i++)
		if (pp_claim_is_configured(&c[i])) {
			guest = &c[i];
			nr_guests++;
		}
	if (nr_guests != 1 || emit_is_own_guest(m, guest))
		return;
	pp_address_format_short(d->address, address);
	pp_arena_init(&a, 0);
	const char *words = pp_claim_words(guest, &a);
	pp_emit_comment(m, h,
	                "with care, %s: %s is configured to have it: this guest can only run while "
	                "that one does not",
	                address, words ? words : "another guest");
	pp_arena_fini(&a);
}

/* A chosen device whose group this one shares; NULL: none. */
static bool shares_group(const struct pp_emission *m, const struct pp_device *d)
{
	if (d->group == PP_NO_GROUP)
		return false;
	const struct pp_group *g = &m->host->groups[d->group];
	for (uint32_t i = 0; i < g->nr_devices; i++)
		if (m->chosen[g->devices[i]])
			return true;
	return false;
}

static void print_binding(struct pp_emission *m, const struct pp_hypervisor *h,
                          const struct pp_device *d)
{
	char address[PP_ADDRESS_TEXT_BYTES], driver[200];

	pp_address_format(d->address, address);
	/* Not every shell that it is pasted into takes this for a comment. */
	if (!d->driver.text)
		snprintf(driver, sizeof(driver), "%s",
		         d->driver.error == ENOENT ? "no driver" : "its driver was not read");
	else if (!pp_quote_shell(driver, sizeof(driver), d->driver.text))
		snprintf(driver, sizeof(driver), "another driver");
	pp_emit_line(m, h, "  pcipass bind %s # now: %s", address, driver);
}

static bool is_on_vfio(const struct pp_device *d)
{
	return d->driver.text && strstr(d->driver.text, "vfio");
}

/* It may stay as it is: no driver, or one that leaves DMA alone. */
static bool may_stay(const struct pp_device *d)
{
	return pp_leaves_dma_alone(d) && (d->driver.text || d->driver.error == ENOENT);
}

/* Of Linux only: who must be bound to vfio-pci, besides those that the hypervisor binds. */
static void print_bindings(struct pp_emission *m, const struct pp_hypervisor *h)
{
	const struct pp_host *host = m->host;
	bool told = false;

	for (uint32_t i = 0; i < host->nr_devices && !h->binds_itself; i++) {
		const struct pp_device *d = &host->devices[i];
		if (!m->chosen[i] || is_on_vfio(d))
			continue;
		if (!told)
			pp_emit_comment(m, h, "The host must release it before the guest starts:");
		told = true;
		print_binding(m, h, d);
	}
	told = false;
	for (uint32_t i = 0; i < host->nr_devices; i++) {
		const struct pp_device *d = &host->devices[i];
		if (m->chosen[i] || pp_has_bridge_header(d) || pp_is_behind_vmd(d) || may_stay(d) ||
		    !shares_group(m, d))
			continue;
		if (!told)
			pp_emit_comment(
				m, h,
				"These share its group, so the host must release them as well: "
				"give them to the same guest, or bind them to vfio-pci and leave "
				"them unused:");
		told = true;
		print_binding(m, h, d);
	}
}

static void emit_print_title(struct pp_emission *m, const struct pp_hypervisor *h,
                             const char *const *names)
{
	char all[512] = "";

	for (size_t n = 0; *names && n < sizeof(all); names++)
		n += (size_t)snprintf(all + n, sizeof(all) - n, "%s%s", n ? " " : "", *names);
	pp_emit_comment(m, h, "%s configuration for %s, by pcipass emit", h->name, all);
}

static void emit_print(struct pp_emission *m, const struct pp_hypervisor *h,
                       const char *const *names)
{
	emit_print_title(m, h, names);
	for (uint32_t i = 0; i < m->nr_cards; i++)
		emit_name_card(m, h, &m->cards[i]);
	print_cautions(m, h);
	if (h->target == PP_TARGET_KVM) {
		for (uint32_t i = 0; i < m->host->nr_devices; i++)
			if (m->chosen[i])
				emit_print_guests(m, h, &m->host->devices[i]);
		pp_emit_reserved(m, h);
		print_bindings(m, h);
	}
	h->print(m);
}

static const struct pp_hypervisor *emit_find(const char *name)
{
	for (size_t i = 0; i < NR_HYPERVISORS; i++)
		if (!strcmp(hypervisors[i]->name, name))
			return hypervisors[i];
	return NULL;
}

enum pp_target pp_emit_target(const char *hypervisor)
{
	const struct pp_hypervisor *h = emit_find(hypervisor);

	return h ? h->target : PP_TARGET_KVM;
}

static int emit_fail_unknown(const char *hypervisor, struct pp_error *e)
{
	struct pp_nearest nearest;

	pp_nearest_init(&nearest, hypervisor);
	for (size_t i = 0; i < NR_HYPERVISORS; i++)
		pp_nearest_offer(&nearest, hypervisors[i]->name);
	if (nearest.found)
		return pp_fail(e, EINVAL, "unknown hypervisor '%s', did you mean '%s'?", hypervisor,
		               nearest.found);
	return pp_fail(
		e, EINVAL,
		"unknown hypervisor '%s': need qemu, libvirt, proxmox, hyperv, xen, kubevirt or harvester",
		hypervisor);
}

static int emit_check_host(const struct pp_emission *m, const struct pp_hypervisor *h,
                           struct pp_error *e)
{
	if (!h->x86_only || !pp_emit_is_arm(m))
		return 0;
	return pp_fail(
		e, ENOTSUP,
		"%s runs on x86 hosts only, and this is %s: use pcipass emit qemu, or libvirt",
		h->name, pp_host_kind_words(m->host->kind));
}

static int emit_check_guest(const struct pp_hypervisor *h, const char *guest, struct pp_error *e)
{
	if (!guest)
		return 0;
	if (!h->takes_guest)
		return pp_fail(e, EINVAL,
		               "%s: --vm is not for it: the configuration does not name a guest",
		               h->name);
	if (!h->takes_guest(guest))
		return pp_fail(e, EINVAL, "guest '%.80s': %s identifies a guest by %s", guest,
		               h->name, h->guest_form);
	return 0;
}

int pp_emit(const struct pp_survey *s, const char *hypervisor, const char *const *names,
            const struct pp_style *style, struct pp_sink sink, struct pp_error *e)
{
	const struct pp_hypervisor *h = emit_find(hypervisor);
	struct pp_emission m = { .style = *style, .survey = s, .host = s->host };
	struct pp_arena a;

	if (!h)
		return emit_fail_unknown(hypervisor, e);
	m.style.width = COLUMNS;
	m.style.color = false;
	pp_arena_init(&a, 0);
	int r = emit_check_guest(h, style->guest, e);
	if (!r)
		r = emit_check_host(&m, h, e);
	if (!r)
		r = choose(&m, &a, names, e);
	if (!r)
		r = check_verdicts(&m, h, e);
	if (!r && h->check)
		r = h->check(&m, e);
	if (!r)
		r = pp_emission_cards(&m, e);
	if (!r) {
		pp_out_init(&m.out, &m.style, sink);
		emit_print(&m, h, names);
		r = pp_out_fini(&m.out, e);
	}
	pp_arena_fini(&a);
	return r;
}
