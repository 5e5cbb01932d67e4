/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The hidden BIOS setting of a ProLiant Gen8 that takes a slot out of the reserved regions. */
#include <string.h>

#include "base/text.h"
#include "remedy/remedy.h"

#define RMRDS_SCHEMA   "rmrds.xml"
#define RMRDS_INCLUDED "Endpoints_Included"
#define RMRDS_EXCLUDED "Endpoints_Excluded"
/* conrep's RMRDS sections count the slots from 1 to 16. */
#define RMRDS_SLOTS 16

const char pp_remedy_rmrds_side_effect[] =
	"iLO no longer sees the card in that slot (temperature, health)";

static bool rmrds_product_has(const struct pp_host *h, const char *word)
{
	return h->product.text && strstr(h->product.text, word);
}

/*
 * The byte means something else on other generations, and the MicroServer of the eighth is
 * reported not to honour it.
 */
static bool rmrds_is_known(const struct pp_host *h)
{
	return rmrds_product_has(h, "ProLiant") && rmrds_product_has(h, "Gen8") &&
	       !rmrds_product_has(h, "MicroServer");
}

/* The number that the setting has; 0: there is none. A port's capability alone is a guess. */
static uint32_t rmrds_slot_of(const struct pp_device *d)
{
	const struct pp_slot_ref *s = &d->slot;
	uint64_t number;

	if (!s->name || s->witnesses == PP_SLOT_CAPABILITY ||
	    !pp_parse_dec(s->name, RMRDS_SLOTS, &number))
		return 0;
	return (uint32_t)number;
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

	for (uint32_t slot = 1; slot <= RMRDS_SLOTS; slot++) {
		if (!(slots & 1u << slot))
			continue;
		const char *joint = !*list ? "" : slots >> (slot + 1) ? ", " : " and ";
		list = pp_remedy_text(c, "%s%sRMRDS_Slot%u", list, joint, slot);
	}
	return list;
}

static const char *rmrds_doubts(struct pp_remedy_case *c, uint32_t slots)
{
	for (uint32_t slot = 1; slot <= RMRDS_SLOTS; slot++) {
		const char *other = slots & 1u << slot ? rmrds_other_slot(c, slot) : NULL;
		if (other)
			return pp_remedy_text(
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

static bool rmrds_answer(struct pp_remedy_case *c, struct pp_remedy *ret)
{
	uint32_t without, slots;

	if (c->host->iommu != PP_IOMMU_INTEL || !rmrds_is_known(c->host))
		return false;
	slots = rmrds_slots(c, &without);
	if (!slots)
		return false;
	ret->text = pp_remedy_text(
		c, "set the hidden BIOS setting%s %s to " RMRDS_EXCLUDED ", then reboot%s",
		slots & (slots - 1) ? "s" : "", rmrds_sections(c, slots), rmrds_doubts(c, slots));
	ret->side_effect = pp_remedy_rmrds_side_effect;
	ret->automatic = true;
	if (!c->held_by_table && rmrds_is_ambiguous(c))
		ret->obstacle = "only the firmware's table shows which device of the group is "
				"held, and it was not read";
	else if (without != PP_NO_DEVICE)
		ret->obstacle =
			pp_remedy_text(c,
		                       "%s shares the group, is held too and sits in no slot "
		                       "that has such a setting",
		                       pp_remedy_device_name(c, without));
	return true;
}

static void rmrds_add_steps(struct pp_remedy_case *c, const struct pp_remedy *r,
                            struct pp_steps *steps)
{
	uint32_t without, slots = rmrds_slots(c, &without);

	for (uint32_t slot = 1; slot <= RMRDS_SLOTS; slot++) {
		if (!(slots & 1u << slot))
			continue;
		const char *other = rmrds_other_slot(c, slot), *side_effect = r->side_effect;
		if (other)
			side_effect = pp_remedy_text(
				c,
				"%s; another source says that it is slot %s: look at the board first",
				side_effect, other);
		struct pp_step *s = pp_steps_add(steps, PP_STEP_SETTING, r->ops->id, side_effect);
		s->setting = (struct pp_step_setting){
			.schema = RMRDS_SCHEMA,
			.section = pp_remedy_text(c, "RMRDS_Slot%u", slot),
			.expected = RMRDS_INCLUDED,
			.wanted = RMRDS_EXCLUDED,
			.store = steps->store ? pp_remedy_text(c, "%s", steps->store) : NULL,
		};
	}
}

const struct pp_remedy_ops pp_remedy_rmrds = {
	.id = "bios-rmrds",
	.summary = "the hidden BIOS setting of the slot, RMRDS_SlotN, on a ProLiant Gen8",
	.undo = "set it to Endpoints_Included again, and reboot",
	.flags = PP_REMEDY_FREES_REGIONS | PP_REMEDY_CHANGES_TABLE | PP_REMEDY_CHANGES_KERNEL,
	.answer = rmrds_answer,
	.add_steps = rmrds_add_steps,
};
