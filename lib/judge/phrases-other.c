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
	  .rules = { "rmrr-hard", "hyperv-region" },
	  .means = "The firmware reserves memory for the device (RMRR or IVMD), so "
	           "Windows does not give it to a guest.",
	  .next = "see which region it is and what frees the device" },
	{ .id = "dda-redirected",
	  .quoted = true,
	  .source = PP_PHRASE_SURVEY_DDA,
	  .text = "Traffic from this device may be redirected to other devices in the system.  Not "
	          "assignable.",
	  .rules = { "companions", "hyperv-acs" },
	  .means = "A port above the device does not isolate it (ACS): what it sends to "
	           "another device may not pass the IOMMU.",
	  .next = "see which port that is" },
	{ .id = "dda-embedded",
	  .quoted = true,
	  .source = PP_PHRASE_SURVEY_DDA,
	  .text = "Embedded Endpoint -- less secure.",
	  .rules = { "hyperv-embedded" },
	  .means = "The device is part of the chipset. Windows assigns it, but whether "
	           "it is isolated cannot be seen." },
	{ .id = "dda-legacy",
	  .quoted = true,
	  .source = PP_PHRASE_SURVEY_DDA,
	  .text = "Legacy, non-VGA PCI device.  Not assignable.",
	  .rules = { "hyperv-legacy" },
	  .means = "The device is conventional PCI, which Windows does not assign." },
	{ .id = "dda-bios-control",
	  .quoted = true,
	  .source = PP_PHRASE_SURVEY_DDA,
	  .text = "BIOS kept control of PCI Express for this device.  Not assignable.",
	  .rules = { "hyperv-pcie-control", "hyperv-treated-as-pci" },
	  .means = "The firmware keeps control of PCI Express (_OSC), and without that "
	           "Windows assigns no device below the root port." },
	{ .id = "dda-old-style",
	  .quoted = true,
	  .source = PP_PHRASE_SURVEY_DDA,
	  .text = "Old-style PCI device, switch port, etc.  Not assignable.",
	  .rules = { "not-endpoint", "hyperv-conventional" },
	  .means = "The device is a bridge, a switch port or conventional PCI. Windows "
	           "assigns none of these." },
	{ .id = "dda-disabled",
	  .quoted = true,
	  .source = PP_PHRASE_SURVEY_DDA,
	  .text = "Device is Disabled, unable to check resource requirements, it may be assignable.",
	  .rules = { "hyperv-disabled" },
	  .means = "The device is disabled in Windows, so the script cannot see what it "
	           "needs.",
	  .next = "enable the device and run the script again" },
	{ .id = "dda-line-interrupts",
	  .quoted = true,
	  .source = PP_PHRASE_SURVEY_DDA,
	  .text = "All of the interrupts are line-based, no assignment can work.",
	  .rules = { "line-interrupts", "hyperv-interrupts" },
	  .means = "The device has no MSI or MSI-X, only an INTx line, with which "
	           "Windows does not assign it." },
	{ .id = "hpe-advisory",
	  .quoted = true,
	  .source = PP_PHRASE_HPE,
	  .text = "emr_na-c04781229",
	  .rules = { "rmrr-hard", "region-companion", "hyperv-region", "xen-region" },
	  .means = "HPE's advisory on memory that a ProLiant's BIOS reserves for a slot "
	           "(RMRR), and on the setting that ends it.",
	  .next = "see which region it is and what frees the device" },
};

const struct pp_phrase_part pp_phrases_other = { rows, sizeof(rows) / sizeof(rows[0]) };
