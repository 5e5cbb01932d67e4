/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a change costs besides: known of settings, and written in no schema. */
#include <stdio.h>
#include <string.h>

#include <pcipass/host.h>

#include "base/text.h"
#include "host/host.h"
#include "settings/settings.h"

#define RMRDS_SLOT     "RMRDS_Slot"
#define RMRDS_EXCLUDED "Endpoints_Excluded"
#define RMRDS_SLOTS    16u
#define BRIDGE         0x06u
/* A card has a function or two; of more the first are enough. */
#define MOST_CARDS 4u

/* Which slots the plan takes from iLO: bit n for slot n. */
static uint32_t risk_slots(const struct pp_settings_plan *p)
{
	uint32_t slots = 0;
	uint64_t n;

	for (uint32_t i = 0; i < p->changes.nr_changes; i++) {
		const struct pp_change *c = &p->changes.changes[i];
		const char *name = c->section->name;
		if (strncmp(name, RMRDS_SLOT, strlen(RMRDS_SLOT)) != 0 || !c->new_text ||
		    strcmp(c->new_text, RMRDS_EXCLUDED) != 0)
			continue;
		if (pp_parse_dec(name + strlen(RMRDS_SLOT), RMRDS_SLOTS, &n))
			slots |= 1u << n;
	}
	return slots;
}

/* The host that the settings are of, where that is this one; NULL: not, or it cannot be read. */
static struct pp_host *risk_host(const struct pp_settings *s)
{
	struct pp_source *live;
	struct pp_host *host = NULL;

	if (!strcmp(s->store->ops->kind, "image") || pp_source_open(NULL, &live, NULL))
		return NULL;
	if (pp_host_read(live, &host, NULL))
		host = NULL;
	pp_source_free(live);
	return host;
}

static bool risk_is_card(const struct pp_device *d, unsigned int slot)
{
	const char *number = pp_slot_number(&d->slot);
	uint64_t n;

	return number && pp_parse_dec(number, RMRDS_SLOTS, &n) && n == slot &&
	       d->class_code >> 16 != BRIDGE;
}

static void risk_card(const struct pp_settings *s, const struct pp_device *d, char *buf,
                      size_t size)
{
	const char *name =
		s->name && d->ids_known ? s->name(s->name_ctx, d->vendor, d->device) : NULL;
	char address[PP_ADDRESS_TEXT_BYTES];

	pp_address_format_short(d->address, address);
	if (name && *name)
		snprintf(buf, size, "%s %s", address, name);
	else if (d->ids_known)
		snprintf(buf, size, "%s %04x:%04x", address, d->vendor, d->device);
	else
		snprintf(buf, size, "%s", address);
}

/* " (07:00.0 NAME, 07:00.1 NAME)"; nothing where no card is seen in that slot. */
static void risk_cards(const struct pp_settings *s, const struct pp_host *host, unsigned int slot,
                       struct pp_buffer *b)
{
	unsigned int n = 0;
	char card[160];

	for (uint32_t i = 0; host && i < host->nr_devices; i++) {
		if (!risk_is_card(&host->devices[i], slot) || ++n > MOST_CARDS)
			continue;
		risk_card(s, &host->devices[i], card, sizeof(card));
		pp_buffer_printf(b, "%s%s", n == 1 ? " (" : ", ", card);
	}
	if (n > MOST_CARDS)
		pp_buffer_printf(b, " and %u more", n - MOST_CARDS);
	if (n)
		pp_buffer_printf(b, ")");
}

static void risk_tell_slots(const struct pp_settings_plan *p, uint32_t slots,
                            void (*tell)(void *ctx, const char *text), void *ctx)
{
	bool several = (slots & (slots - 1)) != 0, first = true;
	struct pp_host *host = risk_host(p->settings);
	struct pp_buffer b;

	pp_buffer_init(&b, 8192);
	pp_buffer_printf(&b, "iLO no longer sees the card%s in slot%s ", several ? "s" : "",
	                 several ? "s" : "");
	for (unsigned int slot = 0; slot <= RMRDS_SLOTS; slot++) {
		if (!(slots & 1u << slot))
			continue;
		pp_buffer_printf(&b, "%s%u", first ? "" : ", ", slot);
		risk_cards(p->settings, host, slot, &b);
		first = false;
	}
	pp_buffer_printf(&b, ": no temperature, no health");
	if (b.failed)
		tell(ctx, "iLO no longer sees the cards in these slots: no temperature, no health");
	else
		tell(ctx, b.data);
	pp_buffer_fini(&b);
	pp_host_free(host);
}

void pp_settings_plan_risks(const struct pp_settings_plan *p,
                            void (*tell)(void *ctx, const char *text), void *ctx)
{
	char last[400] = "", caution[400] = "";
	uint32_t slots = risk_slots(p);

	/* Settings of one kind have the same caution: once is enough. */
	for (uint32_t i = 0; i < p->changes.nr_changes; i++) {
		pp_section_match(p->changes.changes[i].section, &p->settings->machine, caution,
		                 sizeof(caution));
		if (*caution && strcmp(caution, last))
			tell(ctx, caution);
		memcpy(last, caution, sizeof(last));
	}
	if (slots)
		risk_tell_slots(p, slots, tell, ctx);
}
