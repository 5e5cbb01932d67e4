/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The hidden BIOS setting of a ProLiant Gen8 that takes a slot out of the reserved regions. */
#include <string.h>

#include "base/text.h"
#include "conrep/rmrds.h"
#include "host/place.h"
#include "remedy/remedy.h"

#define RMRDS_SCHEMA   "rmrds.xml"
#define RMRDS_INCLUDED "Endpoints_Included"
#define RMRDS_EXCLUDED "Endpoints_Excluded"

const char pp_remedy_rmrds_side_effect[] =
	"iLO no longer sees the card in that slot (temperature, health)";

/* Whether this machine has the settings; *note: what to know of it. */
static enum pp_rmrds rmrds_of(const struct pp_host *h, const char **note)
{
	const char *version = h->bios_version.text;
	size_t len = version ? pp_rom_family_len(version) : 0;
	char family[16] = "";

	*note = "";
	if (h->iommu != PP_IOMMU_INTEL)
		return PP_RMRDS_NO;
	if (len && len < sizeof(family))
		memcpy(family, version, len);
	struct pp_machine m = {
		.product = h->product.text,
		.rom_family = *family ? family : NULL,
		.processor = h->smbios ? h->smbios->processor_manufacturer : NULL,
	};
	return pp_rmrds_of(&m, note);
}

/* The number that the setting has; 0: there is none. A port's capability alone is a guess. */
static uint32_t rmrds_slot_of(const struct pp_device *d)
{
	const struct pp_slot_ref *s = &d->slot;
	const char *text = pp_slot_number(s);
	uint64_t number;

	if (!text || s->twin || s->sources == PP_SLOT_CAPABILITY ||
	    !pp_parse_dec(text, PP_RMRDS_SLOTS, &number))
		return 0;
	return (uint32_t)number;
}

static const char *rmrds_twin_reason(const struct pp_slot_ref *s, struct pp_arena *a)
{
	const char *board = s->designation && *s->designation ? s->designation : NULL;

	return pp_arena_printf(
		a,
		"two slots have the number %s, %s%s%s and %s, and pcipass does not know which of "
		"them RMRDS_Slot%s controls",
		s->number, board ? "\"" : "", board ? board : "this one", board ? "\"" : "",
		s->twin, s->number);
}

const char *pp_remedy_no_rmrds(const struct pp_host *h, const struct pp_device *d,
                               struct pp_arena *a)
{
	const struct pp_slot_ref *s = &d->slot;
	const char *note;
	enum pp_rmrds rmrds = rmrds_of(h, &note);

	if (rmrds != PP_RMRDS_YES && rmrds != PP_RMRDS_USELESS)
		return NULL;
	/* Another slot may have the same number. */
	pp_host_needs_all(h);
	if (s->kind == PP_PLACE_NONE)
		return s->unknown ? NULL : "it is on board, so no slot setting applies to it";
	if (s->kind != PP_PLACE_SLOT)
		return pp_arena_printf(
			a, "it is in %s (\"%s\"), and only PCI and PCI-E slots have a setting",
			pp_place_title(s->kind), s->designation);
	if (rmrds == PP_RMRDS_USELESS)
		return pp_arena_printf(a, "pcipass does not offer the setting of its slot: %s",
		                       note);
	if (s->twin)
		return rmrds_twin_reason(s, a);
	if (s->sources == PP_SLOT_CAPABILITY)
		return "only the port's register gives its slot number, which is not reliable "
		       "enough to choose a setting";
	if (s->number && !rmrds_slot_of(d))
		return "only slots 1 to 16 have a setting, and its slot is not one of them";
	return NULL;
}

/* The slots of the held devices, as a set of bits from 1 on; *ret_without: one that has none. */
static uint32_t rmrds_slots(const struct pp_remedy_case *c, uint32_t *ret_without)
{
	uint32_t slots = 0;

	*ret_without = PP_NO_DEVICE;
	for (uint32_t i = 0; i < c->nr_held; i++) {
		uint32_t slot = rmrds_slot_of(&c->host->devices[c->held[i]]);
		if (!slot && *ret_without == PP_NO_DEVICE)
			*ret_without = c->held[i];
		slots |= slot ? 1u << slot : 0;
	}
	return slots;
}

/* Another source names another slot for a card that is said to be in this one; NULL: none. */
static const char *rmrds_other_slot(const struct pp_remedy_case *c, uint32_t slot)
{
	for (uint32_t i = 0; i < c->nr_held; i++) {
		const struct pp_device *d = &c->host->devices[c->held[i]];
		if (d->slot.other_name && rmrds_slot_of(d) == slot)
			return d->slot.other_name;
	}
	return NULL;
}

/* "RMRDS_Slot2 (another source says slot 3: look at the board) and RMRDS_Slot4" */
static const char *rmrds_sections(struct pp_remedy_case *c, uint32_t slots)
{
	const char *list = "";

	for (uint32_t slot = 1; slot <= PP_RMRDS_SLOTS; slot++) {
		if (!(slots & 1u << slot))
			continue;
		const char *joint = !*list ? "" : slots >> (slot + 1) ? ", " : " and ";
		list = pp_remedy_printf(c, "%s%sRMRDS_Slot%u", list, joint, slot);
	}
	return list;
}

static const char *rmrds_doubts(struct pp_remedy_case *c, uint32_t slots)
{
	for (uint32_t slot = 1; slot <= PP_RMRDS_SLOTS; slot++) {
		const char *other = slots & 1u << slot ? rmrds_other_slot(c, slot) : NULL;
		if (other)
			return pp_remedy_printf(
				c, " (another source says slot %s: look at the board)", other);
	}
	return "";
}

/* By the kernel's list one device of a group is held, or several: it does not say which. */
static bool rmrds_is_ambiguous(const struct pp_remedy_case *c)
{
	for (uint32_t i = 0; i < c->nr_held; i++)
		for (uint32_t k = 0; k < i; k++)
			if (c->host->devices[c->held[i]].group ==
			    c->host->devices[c->held[k]].group)
				return true;
	return false;
}

/* "07:00.0: two slots have the number 1 …"; NULL: there is no reason of its own. */
static const char *rmrds_reason(struct pp_remedy_case *c, uint32_t device)
{
	const char *why = pp_remedy_no_rmrds(c->host, &c->host->devices[device], c->arena);

	return why ? pp_remedy_printf(c, "%s: %s", pp_remedy_device_name(c, device), why) : NULL;
}

/* Looked for in vain: in a mezzanine, in one of two slots of a number. Nothing to say elsewhere. */
static bool rmrds_answer_no(struct pp_remedy_case *c, uint32_t without, struct pp_remedy *ret)
{
	if (without == PP_NO_DEVICE)
		return false;
	const struct pp_slot_ref *s = &c->host->devices[without].slot;
	if (s->kind == PP_PLACE_NONE || s->sources == PP_SLOT_CAPABILITY)
		return false;
	ret->text = "set the slot's hidden BIOS setting to " RMRDS_EXCLUDED ", then reboot";
	ret->obstacle = rmrds_reason(c, without);
	return ret->obstacle != NULL;
}

static const char *rmrds_obstacle(struct pp_remedy_case *c, uint32_t without)
{
	if (!c->held_by_table && rmrds_is_ambiguous(c))
		return "only the firmware's table shows which device of the group it reserves "
		       "memory for, and it was not read";
	if (without == PP_NO_DEVICE)
		return NULL;
	const char *why = c->asked && c->asked[without] ? rmrds_reason(c, without) : NULL;
	return why ? why
	           : pp_remedy_printf(
			     c,
			     "the BIOS also reserves memory for %s in the same group, which is "
			     "not in a slot with such a setting",
			     pp_remedy_device_name(c, without));
}

static bool rmrds_answer(struct pp_remedy_case *c, struct pp_remedy *ret)
{
	const char *note;
	enum pp_rmrds rmrds = rmrds_of(c->host, &note);
	uint32_t without, slots;

	if (rmrds != PP_RMRDS_YES && rmrds != PP_RMRDS_USELESS)
		return false;
	pp_host_needs_all(c->host);
	slots = rmrds_slots(c, &without);
	if (!slots || rmrds == PP_RMRDS_USELESS)
		return rmrds_answer_no(c, slots ? c->held[0] : without, ret);
	ret->text = pp_remedy_printf(
		c, "set the hidden BIOS setting%s %s to " RMRDS_EXCLUDED ", then reboot%s",
		slots & (slots - 1) ? "s" : "", rmrds_sections(c, slots), rmrds_doubts(c, slots));
	ret->side_effect = pp_remedy_rmrds_side_effect;
	ret->automatic = true;
	ret->obstacle = rmrds_obstacle(c, without);
	return true;
}

static void rmrds_add_steps(struct pp_remedy_case *c, const struct pp_remedy *r,
                            struct pp_steps *steps)
{
	uint32_t without, slots = rmrds_slots(c, &without);

	for (uint32_t slot = 1; slot <= PP_RMRDS_SLOTS; slot++) {
		if (!(slots & 1u << slot))
			continue;
		const char *other = rmrds_other_slot(c, slot), *side_effect = r->side_effect;
		if (other)
			side_effect = pp_remedy_printf(
				c,
				"%s; another source says that this is slot %s: look at the board "
				"first",
				side_effect, other);
		struct pp_step *s = pp_steps_add(steps, PP_STEP_SETTING, r->ops->id, side_effect);
		s->setting = (struct pp_step_setting){
			.schema = RMRDS_SCHEMA,
			.section = pp_remedy_printf(c, "RMRDS_Slot%u", slot),
			.expected = RMRDS_INCLUDED,
			.wanted = RMRDS_EXCLUDED,
			.store = steps->store ? pp_remedy_printf(c, "%s", steps->store) : NULL,
		};
	}
}

const struct pp_remedy_ops pp_remedy_rmrds = {
	.id = "bios-rmrds",
	.kinds = PP_ON_INTEL,
	.summary = "set the slot's hidden BIOS setting, RMRDS_SlotN (ProLiant Gen8)",
	.undo = "set it to Endpoints_Included again and reboot",
	.flags = PP_REMEDY_FREES_REGIONS | PP_REMEDY_CHANGES_TABLE | PP_REMEDY_CHANGES_KERNEL,
	.answer = rmrds_answer,
	.add_steps = rmrds_add_steps,
};
