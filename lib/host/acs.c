/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Access control of bridges and functions, as the kernel reads it and its quirks change it. */
#include "host/acs-argument.h"
#include "host/acs.h"
#include "host/kernel-facts.h"

/* drivers/iommu/iommu.c, REQ_ACS_FLAGS */
#define ACS_WANTED (PP_ACS_SV | PP_ACS_RR | PP_ACS_CR | PP_ACS_UF)

/* What a row says of a function with these ids. */
enum quirk {
	QUIRK_ISOLATES,      /* whatever its registers say */
	QUIRK_DOES_NOT,      /* likewise */
	QUIRK_ROOT_PORT,     /* isolates if it is a root port; else the row says nothing */
	QUIRK_PORT,          /* the same for root and downstream ports */
	QUIRK_PORT_DOES_NOT, /* does not if it is one */
	QUIRK_RC_ENDPOINT,   /* isolates if it is integrated */
	QUIRK_SUNRISE_POINT, /* a root port whose ACS registers lie elsewhere, but work */
	QUIRK_AMD_BOARD,     /* on the root bus, multifunction, and there is an IVRS */
};

/* drivers/pci/quirks.c, pci_dev_acs_enabled[] of 7.3, in its order: the first answer counts. */
static const struct quirk_row {
	uint16_t vendor, first, last;
	enum quirk quirk;
	/* NULL: 5.10 has it. Which stable releases besides took it over is not known. */
	const char *since, *stable;
} quirk_rows[] = {
	/* ATI and AMD south bridges */
	{ 0x1002, 0x4383, 0x4385, QUIRK_AMD_BOARD },
	{ 0x1002, 0x4399, 0x4399, QUIRK_AMD_BOARD },
	{ 0x1002, 0x439c, 0x439d, QUIRK_AMD_BOARD },
	{ 0x1022, 0x7809, 0x7809, QUIRK_AMD_BOARD },
	{ 0x1022, 0x780f, 0x780f, QUIRK_AMD_BOARD },
	/* Solarflare */
	{ 0x1924, 0x0903, 0x0903, QUIRK_ISOLATES },
	{ 0x1924, 0x0923, 0x0923, QUIRK_ISOLATES },
	{ 0x1924, 0x0a03, 0x0a03, QUIRK_ISOLATES },
	/* Intel 82571, 82575, 82576, 82580, 82598, 82599, I219, I350, X520, X540 */
	{ 0x8086, 0x105e, 0x1060, QUIRK_ISOLATES },
	{ 0x8086, 0x10a7, 0x10a7, QUIRK_ISOLATES },
	{ 0x8086, 0x10a9, 0x10a9, QUIRK_ISOLATES },
	{ 0x8086, 0x10c6, 0x10c6, QUIRK_ISOLATES },
	{ 0x8086, 0x10c9, 0x10c9, QUIRK_ISOLATES },
	{ 0x8086, 0x10d6, 0x10d6, QUIRK_ISOLATES },
	{ 0x8086, 0x10d9, 0x10d9, QUIRK_ISOLATES },
	{ 0x8086, 0x10db, 0x10db, QUIRK_ISOLATES },
	{ 0x8086, 0x10dd, 0x10dd, QUIRK_ISOLATES },
	{ 0x8086, 0x10e1, 0x10e1, QUIRK_ISOLATES },
	{ 0x8086, 0x10e6, 0x10e8, QUIRK_ISOLATES },
	{ 0x8086, 0x10f1, 0x10f1, QUIRK_ISOLATES },
	{ 0x8086, 0x10f7, 0x10fc, QUIRK_ISOLATES },
	{ 0x8086, 0x1507, 0x1507, QUIRK_ISOLATES },
	{ 0x8086, 0x1509, 0x150a, QUIRK_ISOLATES },
	{ 0x8086, 0x150d, 0x1511, QUIRK_ISOLATES },
	{ 0x8086, 0x1514, 0x1514, QUIRK_ISOLATES },
	{ 0x8086, 0x1516, 0x1516, QUIRK_ISOLATES },
	{ 0x8086, 0x1518, 0x1518, QUIRK_ISOLATES },
	{ 0x8086, 0x151c, 0x151c, QUIRK_ISOLATES },
	{ 0x8086, 0x1521, 0x1524, QUIRK_ISOLATES },
	{ 0x8086, 0x1526, 0x1527, QUIRK_ISOLATES },
	{ 0x8086, 0x1529, 0x152a, QUIRK_ISOLATES },
	{ 0x8086, 0x154d, 0x154d, QUIRK_ISOLATES },
	{ 0x8086, 0x154f, 0x154f, QUIRK_ISOLATES },
	{ 0x8086, 0x1551, 0x1551, QUIRK_ISOLATES },
	{ 0x8086, 0x1558, 0x1558, QUIRK_ISOLATES },
	{ 0x8086, 0x15b7, 0x15b8, QUIRK_ISOLATES },
	/* Intel: VT-d 3.16 demands it of all integrated endpoints */
	{ 0x8086, 0x0000, 0xffff, QUIRK_RC_ENDPOINT },
	/* Qualcomm, HXT */
	{ 0x17cb, 0x0111, 0x0111, QUIRK_ISOLATES, "7.0", "6.12.75" },
	{ 0x17cb, 0x0115, 0x0115, QUIRK_ISOLATES, "6.12", "6.11.4" },
	{ 0x17cb, 0x0120, 0x0120, QUIRK_ISOLATES, "7.0", "6.12.75" },
	{ 0x17cb, 0x0400, 0x0401, QUIRK_ISOLATES },
	{ 0x1dbf, 0x0401, 0x0401, QUIRK_ISOLATES },
	/* Intel's root ports of Ibex Peak, Cougar, Panther, Lynx and Wildcat Point, X79, X99 */
	{ 0x8086, 0x3b42, 0x3b51, QUIRK_ROOT_PORT },
	{ 0x8086, 0x1c10, 0x1c1f, QUIRK_ROOT_PORT },
	{ 0x8086, 0x1e10, 0x1e1f, QUIRK_ROOT_PORT },
	{ 0x8086, 0x8c10, 0x8c1f, QUIRK_ROOT_PORT },
	{ 0x8086, 0x9c10, 0x9c1b, QUIRK_ROOT_PORT },
	{ 0x8086, 0x9c90, 0x9c9b, QUIRK_ROOT_PORT },
	{ 0x8086, 0x1d10, 0x1d10, QUIRK_ROOT_PORT },
	{ 0x8086, 0x1d12, 0x1d12, QUIRK_ROOT_PORT },
	{ 0x8086, 0x1d14, 0x1d14, QUIRK_ROOT_PORT },
	{ 0x8086, 0x1d16, 0x1d16, QUIRK_ROOT_PORT },
	{ 0x8086, 0x1d18, 0x1d18, QUIRK_ROOT_PORT },
	{ 0x8086, 0x1d1a, 0x1d1a, QUIRK_ROOT_PORT },
	{ 0x8086, 0x1d1c, 0x1d1c, QUIRK_ROOT_PORT },
	{ 0x8086, 0x1d1e, 0x1d1e, QUIRK_ROOT_PORT },
	{ 0x8086, 0x8d10, 0x8d1e, QUIRK_ROOT_PORT },
	{ 0x8086, 0x8c90, 0x8c90, QUIRK_ROOT_PORT },
	{ 0x8086, 0x8c92, 0x8c92, QUIRK_ROOT_PORT },
	{ 0x8086, 0x8c94, 0x8c94, QUIRK_ROOT_PORT },
	{ 0x8086, 0x8c96, 0x8c96, QUIRK_ROOT_PORT },
	{ 0x8086, 0x8c98, 0x8c98, QUIRK_ROOT_PORT },
	{ 0x8086, 0x8c9a, 0x8c9a, QUIRK_ROOT_PORT },
	{ 0x8086, 0x8c9c, 0x8c9c, QUIRK_ROOT_PORT },
	{ 0x8086, 0x8c9e, 0x8c9e, QUIRK_ROOT_PORT },
	/* Sunrise and Union Point */
	{ 0x8086, 0xa110, 0xa11f, QUIRK_SUNRISE_POINT },
	{ 0x8086, 0xa167, 0xa16a, QUIRK_SUNRISE_POINT },
	{ 0x8086, 0xa290, 0xa29f, QUIRK_SUNRISE_POINT },
	{ 0x8086, 0xa2e7, 0xa2ee, QUIRK_SUNRISE_POINT },
	{ 0x8086, 0x9d10, 0x9d1b, QUIRK_SUNRISE_POINT },
	/* Emulex */
	{ 0x19a2, 0x0710, 0x0710, QUIRK_ISOLATES },
	{ 0x10df, 0x0720, 0x0720, QUIRK_ISOLATES },
	/* Cavium */
	{ 0x177d, 0xa000, 0xa7ff, QUIRK_ROOT_PORT },
	{ 0x177d, 0xaf84, 0xaf84, QUIRK_ROOT_PORT },
	{ 0x177d, 0xb884, 0xb884, QUIRK_ROOT_PORT },
	{ 0x177d, 0xa026, 0xa026, QUIRK_ISOLATES, "5.15", "5.14.7" },
	{ 0x177d, 0xa059, 0xa059, QUIRK_ISOLATES, "5.15", "5.14.7" },
	{ 0x177d, 0xa060, 0xa060, QUIRK_ISOLATES, "5.15", "5.14.7" },
	/* APM, Ampere */
	{ 0x10e8, 0xe004, 0xe004, QUIRK_ISOLATES },
	{ 0x1def, 0xe005, 0xe00c, QUIRK_ISOLATES },
	/* Broadcom */
	{ 0x14e4, 0x16d7, 0x16d7, QUIRK_ISOLATES, "5.13", "5.10.46" },
	{ 0x14e4, 0x1750, 0x1752, QUIRK_ISOLATES, "6.0", NULL },
	{ 0x14e4, 0x1760, 0x1763, QUIRK_ISOLATES, "6.11", NULL },
	{ 0x14e4, 0xd714, 0xd714, QUIRK_ISOLATES },
	/* Loongson */
	{ 0x0014, 0x3c09, 0x3c09, QUIRK_ISOLATES, "6.16", "6.12.35" },
	{ 0x0014, 0x3c19, 0x3c19, QUIRK_ISOLATES, "6.16", "6.12.35" },
	{ 0x0014, 0x3c29, 0x3c29, QUIRK_ISOLATES, "6.16", "6.12.35" },
	{ 0x0014, 0x7a09, 0x7a09, QUIRK_ISOLATES, "6.16", "6.12.35" },
	{ 0x0014, 0x7a19, 0x7a19, QUIRK_ISOLATES, "6.16", "6.12.35" },
	{ 0x0014, 0x7a29, 0x7a29, QUIRK_ISOLATES, "6.16", "6.12.35" },
	{ 0x0014, 0x7a39, 0x7a39, QUIRK_ISOLATES, "6.16", "6.12.35" },
	{ 0x0014, 0x7a49, 0x7a49, QUIRK_ISOLATES, "6.16", "6.12.35" },
	{ 0x0014, 0x7a59, 0x7a59, QUIRK_ISOLATES, "6.16", "6.12.35" },
	{ 0x0014, 0x7a69, 0x7a69, QUIRK_ISOLATES, "6.16", "6.12.35" },
	/* Annapurna */
	{ 0x1c36, 0x0031, 0x0031, QUIRK_ROOT_PORT },
	/* NXP */
	{ 0x1957, 0x8d80, 0x8d83, QUIRK_ISOLATES, "5.15", "5.14.7" },
	{ 0x1957, 0x8d88, 0x8d8b, QUIRK_ISOLATES, "5.15", "5.14.7" },
	{ 0x1957, 0x8d90, 0x8d93, QUIRK_ISOLATES, "5.15", "5.14.7" },
	{ 0x1957, 0x8d98, 0x8d9b, QUIRK_ISOLATES, "5.15", "5.14.7" },
	{ 0x1957, 0x8da0, 0x8da1, QUIRK_ISOLATES, "5.15", "5.14.7" },
	{ 0x1957, 0x8da8, 0x8da9, QUIRK_ISOLATES, "5.15", "5.14.7" },
	{ 0x1957, 0x8db0, 0x8db1, QUIRK_ISOLATES, "5.15", "5.14.7" },
	{ 0x1957, 0x8db8, 0x8db9, QUIRK_ISOLATES, "5.15", "5.14.7" },
	/* Zhaoxin */
	{ 0x1d17, 0x3038, 0x3038, QUIRK_ISOLATES },
	{ 0x1d17, 0x3104, 0x3104, QUIRK_ISOLATES },
	{ 0x1d17, 0x9083, 0x9083, QUIRK_ISOLATES },
	{ 0x1d17, 0x0710, 0x071e, QUIRK_PORT },
	{ 0x1d17, 0x0721, 0x0721, QUIRK_PORT },
	{ 0x1d17, 0x0723, 0x0732, QUIRK_PORT },
	{ 0x1d17, 0x0733, 0x0752, QUIRK_PORT, "6.8", "6.6.13" },
	{ 0x1d17, 0x0000, 0xffff, QUIRK_PORT_DOES_NOT },
	/* Wangxun */
	{ 0x8088, 0x0100, 0x010f, QUIRK_ISOLATES, "6.3", "6.1.18" },
	{ 0x8088, 0x1001, 0x1001, QUIRK_ISOLATES, "6.3", "6.1.18" },
	{ 0x8088, 0x2001, 0x2001, QUIRK_ISOLATES, "6.3", "6.1.18" },
	{ 0x8088, 0x5010, 0x5010, QUIRK_ISOLATES, "6.13", "6.12.5" },
	{ 0x8088, 0x5025, 0x5025, QUIRK_ISOLATES, "6.13", "6.12.5" },
	{ 0x8088, 0x5040, 0x5040, QUIRK_ISOLATES, "6.13", "6.12.5" },
	{ 0x8088, 0x5110, 0x5110, QUIRK_ISOLATES, "6.13", "6.12.5" },
	{ 0x8088, 0x5125, 0x5125, QUIRK_ISOLATES, "6.13", "6.12.5" },
	{ 0x8088, 0x5140, 0x5140, QUIRK_ISOLATES, "6.13", "6.12.5" },
	{ 0x8088, 0x0000, 0xffff, QUIRK_DOES_NOT, "6.3", "6.1.18" },
};

enum pp_tri pp_device_is_multifunction(const struct pp_device *d)
{
	if (d->physfn != PP_NO_DEVICE)
		return PP_NO;
	if (d->address.function)
		return PP_YES;
	return d->config.header_read == PP_YES ? pp_tri(d->config.multifunction) : PP_UNKNOWN;
}

static bool leads_downstream(uint8_t type)
{
	return type == PP_PCIE_ROOT_PORT || type == PP_PCIE_DOWNSTREAM ||
	       type == PP_PCI_TO_PCIE_BRIDGE;
}

enum pp_tri pp_device_pcie_type(const struct pp_host *h, const struct pp_device *d, uint8_t *ret)
{
	uint8_t type = d->config.pcie_type;

	/* SR-IOV 9.3.3: a VF is an endpoint like its PF. */
	if (d->config.pcie_type_known != PP_YES && d->physfn != PP_NO_DEVICE) {
		*ret = PP_PCIE_ENDPOINT;
		return PP_YES;
	}
	if (d->config.pcie_type_known != PP_YES || d->parent == PP_NO_DEVICE ||
	    (type != PP_PCIE_DOWNSTREAM && type != PP_PCIE_UPSTREAM)) {
		if (d->config.pcie_type_known == PP_YES)
			*ret = type;
		return d->config.pcie_type_known;
	}
	/* Impossible neighbours: some ports do not say rightly which way they face. */
	const struct pp_config *above = &h->devices[d->parent].config;
	if (type == PP_PCIE_DOWNSTREAM && above->pcie_type_known == PP_YES &&
	    leads_downstream(above->pcie_type))
		type = PP_PCIE_UPSTREAM;
	else if (type == PP_PCIE_UPSTREAM && above->pcie_type_known == PP_YES &&
	         above->pcie_type == PP_PCIE_UPSTREAM)
		type = PP_PCIE_DOWNSTREAM;
	*ret = type;
	return PP_YES;
}

/* known: what kind of port it is. *ret is untouched where the row has nothing to say. */
static bool row_says(const struct pp_host *h, const struct pp_device *d, enum quirk q,
                     enum pp_tri known, uint8_t type, enum pp_acs_as as, enum pp_tri *ret)
{
	bool root_port = known == PP_YES && type == PP_PCIE_ROOT_PORT;
	bool port = root_port || (known == PP_YES && type == PP_PCIE_DOWNSTREAM);
	enum pp_tri multifunction = pp_device_is_multifunction(d);

	if (q == QUIRK_ISOLATES || q == QUIRK_DOES_NOT) {
		*ret = pp_tri(q == QUIRK_ISOLATES);
		return true;
	}
	if (q == QUIRK_AMD_BOARD) {
		if (d->parent != PP_NO_DEVICE || multifunction == PP_NO || h->table_ivrs == PP_NO)
			return false;
		*ret = multifunction == PP_YES && h->table_ivrs == PP_YES ? PP_YES : PP_UNKNOWN;
		return true;
	}
	if (known == PP_UNKNOWN) {
		*ret = PP_UNKNOWN;
		return true;
	}
	switch (q) {
	case QUIRK_ROOT_PORT:
		*ret = PP_YES;
		return root_port;
	case QUIRK_PORT:
	case QUIRK_PORT_DOES_NOT:
		*ret = pp_tri(q == QUIRK_PORT);
		return port;
	case QUIRK_RC_ENDPOINT:
		*ret = PP_YES;
		return known == PP_YES && type == PP_PCIE_RC_ENDPOINT;
	case QUIRK_SUNRISE_POINT:
		*ret = d->config.caps[PP_CAP_ACS].seen;
		/* What an argument sets there is not decoded. */
		if (*ret == PP_YES && as == PP_ACS_AS_SET &&
		    pp_acs_argument_says(h, (uint32_t)(d - h->devices), ACS_WANTED,
		                         &(enum pp_tri){ 0 }))
			*ret = PP_UNKNOWN;
		return root_port && *ret != PP_NO;
	default:
		return false;
	}
}

/* The next row from *i on that has something to say; *i is then behind it. */
static const struct quirk_row *quirk_next(const struct pp_host *h, const struct pp_device *d,
                                          enum pp_tri known, uint8_t type, enum pp_acs_as as,
                                          size_t *i, enum pp_tri *ret)
{
	while (*i < sizeof(quirk_rows) / sizeof(quirk_rows[0])) {
		const struct quirk_row *q = &quirk_rows[(*i)++];
		if (q->vendor == d->vendor && d->device >= q->first && d->device <= q->last &&
		    row_says(h, d, q->quirk, known, type, as, ret))
			return q;
	}
	return NULL;
}

/* pci_acs_flags_enabled(): what a function cannot control it does. */
static enum pp_tri registers_say(const struct pp_host *h, uint32_t device, enum pp_acs_as as)
{
	const struct pp_config *c = &h->devices[device].config;
	enum pp_tri answer = PP_YES;

	if (c->acs_known != PP_YES)
		return c->acs_known;
	uint16_t wanted = ACS_WANTED & c->acs_cap;
	if (as == PP_ACS_AS_FOUND)
		return pp_tri((c->acs_ctl & wanted) == wanted);
	if (as == PP_ACS_AS_SET)
		(void)pp_acs_argument_says(h, device, wanted, &answer);
	return answer;
}

static enum pp_tri isolates_by_itself(const struct pp_host *h, uint32_t device, enum pp_tri known,
                                      uint8_t type, enum pp_acs_as as)
{
	const struct pp_device *d = &h->devices[device];

	if (known != PP_YES)
		return known;
	switch (type) {
	case PP_PCI_TO_PCIE_BRIDGE:
	case PP_PCIE_TO_PCI_BRIDGE:
	case PP_PCIE_RC_EVENT_COLLECTOR:
		return PP_NO;
	case PP_PCIE_DOWNSTREAM:
	case PP_PCIE_ROOT_PORT:
		return registers_say(h, device, as);
	case PP_PCIE_ENDPOINT:
	case PP_PCIE_UPSTREAM:
	case PP_PCIE_LEGACY_ENDPOINT:
	case PP_PCIE_RC_ENDPOINT:
		break;
	default:
		return PP_YES;
	}
	enum pp_tri multifunction = pp_device_is_multifunction(d);
	if (multifunction == PP_NO)
		return PP_YES;
	enum pp_tri answer = registers_say(h, device, as);
	return multifunction == PP_YES || answer == PP_YES ? answer : PP_UNKNOWN;
}

enum pp_tri pp_acs_isolates(const struct pp_host *h, uint32_t device, enum pp_acs_as as)
{
	const struct pp_device *d = &h->devices[device];
	uint8_t type = PP_PCIE_NONE;
	enum pp_tri answer, before = PP_UNKNOWN; /* what a row says that this kernel may lack */
	const struct quirk_row *q;
	bool open = false;
	size_t i = 0;

	if (!d->ids_known)
		return PP_UNKNOWN;
	enum pp_tri known = pp_device_pcie_type(h, d, &type);
	while ((q = quirk_next(h, d, known, type, as, &i, &answer))) {
		bool sure = !q->since || pp_kernel_since(&h->kernel, q->since, q->stable) == PP_YES;
		if (open && answer != before)
			return PP_UNKNOWN;
		if (sure)
			return answer;
		before = answer;
		open = true;
	}
	answer = isolates_by_itself(h, device, known, type, as);
	return open && answer != before ? PP_UNKNOWN : answer;
}

/* Which numbers on its bus a function uses besides its own. */
enum borrowing { BORROWS_FUNCTION_0, BORROWS_FUNCTION_1, BORROWS_FIVE, BORROWS_MIC, BORROWS_ALL };

/* drivers/pci/quirks.c, the callers of pci_add_dma_alias() that need no more than the ids */
static const struct borrower {
	uint16_t vendor, first, last;
	enum borrowing borrowing;
} borrowers[] = {
	{ 0x1180, 0xe476, 0xe476, BORROWS_FUNCTION_0 }, /* Ricoh */
	{ 0x1180, 0xe832, 0xe832, BORROWS_FUNCTION_0 },
	{ 0x6766, 0x3d40, 0x3d41, BORROWS_FUNCTION_0 }, /* Glenfly */
	{ 0x1b4b, 0x9120, 0x9120, BORROWS_FUNCTION_1 }, /* Marvell's SATA controllers */
	{ 0x1b4b, 0x9123, 0x9123, BORROWS_FUNCTION_1 },
	{ 0x1b4b, 0x9125, 0x9125, BORROWS_FUNCTION_1 },
	{ 0x1b4b, 0x9128, 0x9128, BORROWS_FUNCTION_1 },
	{ 0x1b4b, 0x9130, 0x9130, BORROWS_FUNCTION_1 },
	{ 0x1b4b, 0x9170, 0x9170, BORROWS_FUNCTION_1 },
	{ 0x1b4b, 0x9172, 0x9172, BORROWS_FUNCTION_1 },
	{ 0x1b4b, 0x917a, 0x917a, BORROWS_FUNCTION_1 },
	{ 0x1b4b, 0x9182, 0x9183, BORROWS_FUNCTION_1 },
	{ 0x1b4b, 0x91a0, 0x91a0, BORROWS_FUNCTION_1 },
	{ 0x1b4b, 0x9215, 0x9215, BORROWS_FUNCTION_1 },
	{ 0x1b4b, 0x9220, 0x9220, BORROWS_FUNCTION_1 },
	{ 0x1b4b, 0x9230, 0x9230, BORROWS_FUNCTION_1 },
	{ 0x1b4b, 0x9235, 0x9235, BORROWS_FUNCTION_1 },
	{ 0x1103, 0x0642, 0x0642, BORROWS_FUNCTION_1 }, /* HighPoint */
	{ 0x1103, 0x0645, 0x0645, BORROWS_FUNCTION_1 },
	{ 0x197b, 0x2392, 0x2392, BORROWS_FUNCTION_1 }, /* JMicron */
	{ 0x1c28, 0x0122, 0x0122, BORROWS_FUNCTION_1 }, /* Plextor */
	{ 0x8086, 0x2260, 0x2260, BORROWS_MIC },        /* Xeon Phi x200 */
	{ 0x8086, 0x2264, 0x2264, BORROWS_MIC },
	{ 0x8086, 0x2954, 0x2956, BORROWS_FIVE }, /* Visual Compute Accelerator */
	{ 0x8086, 0x2958, 0x295a, BORROWS_FIVE },
	{ 0x10b5, 0x87b0, 0x87b1, BORROWS_ALL }, /* PLX non-transparent bridge */
};

/* Its row in borrowers; NULL: it has none. */
static const struct borrower *acs_borrower(const struct pp_device *d)
{
	for (size_t i = 0; i < sizeof(borrowers) / sizeof(borrowers[0]); i++)
		if (borrowers[i].vendor == d->vendor && d->device >= borrowers[i].first &&
		    d->device <= borrowers[i].last)
			return &borrowers[i];
	return NULL;
}

bool pp_device_is_borrower(const struct pp_device *d)
{
	return acs_borrower(d) != NULL;
}

static bool acs_is_at(struct pp_address a, uint8_t device, uint8_t function)
{
	return a.device == device && a.function == function;
}

bool pp_device_borrows(const struct pp_device *d, const struct pp_device *other)
{
	const struct borrower *b = acs_borrower(d);

	if (!b)
		return false;
	switch (b->borrowing) {
	case BORROWS_FUNCTION_0:
		return acs_is_at(other->address, d->address.device, 0);
	case BORROWS_FUNCTION_1:
		return acs_is_at(other->address, d->address.device, 1);
	case BORROWS_FIVE:
		return other->address.function < 5;
	case BORROWS_MIC:
		return acs_is_at(other->address, 0x10, 0) || acs_is_at(other->address, 0x11, 0) ||
		       acs_is_at(other->address, 0x12, 3);
	case BORROWS_ALL:
		return true;
	}
	return false;
}
