/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a guest will find behind a storage controller: the disks themselves, or volumes that hide
 * them. It decides nothing about passing the controller on, but often whether it is worth doing.
 */
#include <string.h>

#include "judge/rules.h"

#define CLASS_RAID 0x0104
#define CLASS_SAS  0x0107

#define VENDOR_LSI 0x1000

/*
 * Controllers whose firmware makes the volumes. Class RAID alone does not tell: chipset SATA ports,
 * Intel's VMD and HPE's iLO 5 have it as well, and they hide no disk. Nor does class SAS:
 * smartpqi's controllers have it in both modes.
 */
static const struct raid_family {
	const char *driver;
	uint16_t vendor, device_first, device_last;
} raid_families[] = {
	{ "hpsa", 0x103c, 0x3220, 0x323f },    { "megaraid_sas", VENDOR_LSI, 0, 0xffff },
	{ "aacraid", 0x9005, 0x0283, 0x028d }, { "smartpqi", 0x9005, 0x028f, 0x028f },
	{ "3w-9xxx", 0x13c1, 0x1002, 0x1005 }, { "3w-sas", 0x13c1, 0x1010, 0x1010 },
	{ "arcmsr", 0x17d3, 0, 0xffff },
};

static bool storage_has_ids(const struct raid_family *r, const struct pp_device *d)
{
	return d->vendor == r->vendor && d->device >= r->device_first &&
	       d->device <= r->device_last;
}

static bool storage_is_raid(const struct pp_device *d)
{
	if (!d->ids_known || d->class_code >> 8 != CLASS_RAID)
		return false;
	for (size_t i = 0; i < sizeof(raid_families) / sizeof(raid_families[0]); i++)
		/* Given to a guest already, or to nobody, it has only its ids to tell by. */
		if (pp_leaves_dma_alone(d) ? storage_has_ids(&raid_families[i], d)
		                           : !strcmp(d->driver.text, raid_families[i].driver))
			return true;
	return false;
}

static void storage_prove(struct pp_judging *j, struct pp_finding *f, const struct pp_device *d)
{
	if (d->driver.text)
		pp_evidence(j, f, "class %06x, driver %s", d->class_code, d->driver.text);
	else
		pp_evidence(j, f, "class %06x, ids %04x:%04x", d->class_code, d->vendor, d->device);
}

static void storage_raid(struct pp_judging *j, const struct pp_device *d)
{
	if (!storage_is_raid(d))
		return;
	struct pp_finding *f = pp_find(
		j, PP_INFORMS,
		"a RAID controller: a guest sees its logical volumes, and SMART data of the "
		"disks behind them only with the controller's own tools; for the disks "
		"themselves, use its HBA mode, if it has one, or an HBA (H220, H221, H240, LSI "
		"SAS2308)");
	storage_prove(j, f, d);
}

static void storage_hba(struct pp_judging *j, const struct pp_device *d)
{
	if (!d->ids_known || d->class_code >> 8 != CLASS_SAS || d->vendor != VENDOR_LSI)
		return;
	struct pp_finding *f = pp_find(
		j, PP_INFORMS,
		"a SAS HBA: a guest sees the disks themselves, with their SMART data and write "
		"cache settings, except for disks in RAID volumes that the HBA's firmware may "
		"make");
	storage_prove(j, f, d);
}

static const struct pp_rule rules[] = {
	{ .id = "raid-controller",
	  .targets = PP_FOR_ALL,
	  .scope = PP_SCOPE_OF_DEVICE,
	  .reference = "PCI Code and ID Assignment, 1.2; smartctl(8), -d",
	  .on_device = storage_raid },
	{ .id = "sas-hba",
	  .targets = PP_FOR_ALL,
	  .scope = PP_SCOPE_OF_DEVICE,
	  .reference = "PCI Code and ID Assignment, 1.2; drivers/scsi/mpt3sas",
	  .on_device = storage_hba },
};

const struct pp_rule_table pp_rules_storage = { rules, sizeof(rules) / sizeof(rules[0]) };
