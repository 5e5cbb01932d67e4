/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Another slot for the card: not every slot of every board is held. */
#include "remedy/remedy.h"

static bool slot_answer(struct pp_remedy_case *c, struct pp_remedy *ret)
{
	if (c->host->iommu != PP_IOMMU_INTEL)
		return false;
	for (uint32_t i = 0; i < c->nr_devices; i++) {
		const struct pp_device *d = &c->host->devices[c->devices[i]];
		if (pp_remedy_is_asked(c, c->devices[i]) && !pp_device_is_bridge(d) &&
		    !pp_slot_number(&d->slot))
			return false;
	}
	ret->text = "move the card to another slot: on some boards the firmware does not reserve "
		    "memory for every slot";
	ret->side_effect =
		"the firmware may reserve memory for the new slot as well: run pcipass again "
		"after the move";
	return true;
}

const struct pp_remedy_ops pp_remedy_another_slot = {
	.id = "another-slot",
	.summary = "move the card to another slot",
	.undo = "move the card back",
	.flags = PP_REMEDY_FREES_REGIONS | PP_REMEDY_ON_REQUEST | PP_REMEDY_MOVES_DEVICE,
	.answer = slot_answer,
};
