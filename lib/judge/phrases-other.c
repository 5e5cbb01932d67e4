/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What Microsoft's SurveyDDA.ps1 prints, and documents of makers: see phrase.h. */
#include "judge/phrase.h"

static const struct pp_phrase rows[] = {
	/* In the order of the script's tests. */
	{ .id = "dda-region",
	  .quoted = true,
	  .source = PP_PHRASE_SURVEY_DDA,
	  .text = "BIOS requires that this device remain attached to BIOS-owned memory.  Not "
	          "assignable.",
	  .rules = { "rmrr-hard", "hyperv-region" } },
	{ .id = "dda-redirected",
	  .quoted = true,
	  .source = PP_PHRASE_SURVEY_DDA,
	  .text = "Traffic from this device may be redirected to other devices in the system.  Not "
	          "assignable.",
	  .rules = { "companions", "hyperv-acs" } },
	{ .id = "dda-embedded",
	  .quoted = true,
	  .source = PP_PHRASE_SURVEY_DDA,
	  .text = "Embedded Endpoint -- less secure.",
	  .rules = { "hyperv-embedded" } },
	{ .id = "dda-legacy",
	  .quoted = true,
	  .source = PP_PHRASE_SURVEY_DDA,
	  .text = "Legacy, non-VGA PCI device.  Not assignable.",
	  .rules = { "hyperv-legacy" } },
	{ .id = "dda-bios-control",
	  .quoted = true,
	  .source = PP_PHRASE_SURVEY_DDA,
	  .text = "BIOS kept control of PCI Express for this device.  Not assignable.",
	  .rules = { "hyperv-pcie-control", "hyperv-treated-as-pci" } },
	{ .id = "dda-old-style",
	  .quoted = true,
	  .source = PP_PHRASE_SURVEY_DDA,
	  .text = "Old-style PCI device, switch port, etc.  Not assignable.",
	  .rules = { "not-endpoint", "hyperv-conventional" } },
	{ .id = "dda-disabled",
	  .quoted = true,
	  .source = PP_PHRASE_SURVEY_DDA,
	  .text = "Device is Disabled, unable to check resource requirements, it may be assignable.",
	  .rules = { "hyperv-disabled" } },
	{ .id = "dda-line-interrupts",
	  .quoted = true,
	  .source = PP_PHRASE_SURVEY_DDA,
	  .text = "All of the interrupts are line-based, no assignment can work.",
	  .rules = { "line-interrupts", "hyperv-interrupts" } },
	{ .id = "hpe-advisory",
	  .quoted = true,
	  .source = PP_PHRASE_HPE,
	  .text = "emr_na-c04781229",
	  .rules = { "rmrr-hard", "region-companion", "hyperv-region", "xen-region" } },
};

const struct pp_phrase_part pp_phrases_other = { rows, sizeof(rows) / sizeof(rows[0]) };
