/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Devices whose resets go wrong, by their ids, and the kernels that know it. */
#include <stdio.h>
#include <string.h>

#include "host/reset-quirk.h"

#define LINK_LOST "the link to the device stays down"
#define HANGS     "the device hangs"
#define NOTHING   "it has no effect, so what a guest left stays in the device"
#define NOT_READY "the device is not ready in time"
/* What the vendor-reset module is for. */
#define AMD_BUG "the card does not recover from it once a guest has used it"

/*
 * drivers/pci/quirks.c: the users of quirk_no_bus_reset(), quirk_no_flr(), quirk_no_pm_reset() and
 * of delay_250ms_after_flr() and nvme_disable_and_flr() in pci_dev_reset_methods[], read in 5.10,
 * 6.1, 6.12, 7.2 and 7.3; the releases by the changelogs of the stable series. 5.10 and 7.3: at the
 * latest, which release was the first is not known.
 */
static const struct pp_reset_quirk quirks[] = {
	/* ASMedia ASM1164, SATA */
	{ 0x1b21, 0x1164, 0x1164, PP_RESET_BUS, .what = LINK_LOST, .since = "7.0",
	  .stable = "6.12.75 6.1.165" },
	/* NVIDIA: root ports of GB10, then some of its GPUs */
	{ 0x10de, 0x22ce, 0x22ce, PP_RESET_BUS, .port = true, .what = LINK_LOST, .since = "7.0",
	  .stable = "6.12.75 6.1.165" },
	{ 0x10de, 0x22d0, 0x22d0, PP_RESET_BUS, .port = true, .what = LINK_LOST, .since = "7.0",
	  .stable = "6.12.75 6.1.165" },
	{ 0x10de, 0x2340, 0x237f, PP_RESET_BUS, .what = LINK_LOST, .since = "5.13",
	  .stable = "5.10.46" },
	/* Atheros AR93xx, AR9485, QCA9882, AR9580, AR9462, QCA6174 */
	{ 0x168c, 0x0030, 0x0030, PP_RESET_BUS, .what = LINK_LOST, .since = "5.10" },
	{ 0x168c, 0x0032, 0x0034, PP_RESET_BUS, .what = LINK_LOST, .since = "5.10" },
	{ 0x168c, 0x003c, 0x003c, PP_RESET_BUS, .what = LINK_LOST, .since = "5.10" },
	{ 0x168c, 0x003e, 0x003e, PP_RESET_BUS, .what = LINK_LOST, .since = "5.14" },
	/* Qualcomm WCN6855, WCN7850, SDX62 and SDX65 */
	{ 0x17cb, 0x1103, 0x1103, PP_RESET_BUS, .what = LINK_LOST, .since = "7.3",
	  .stable = "7.2.13 6.12.117" },
	{ 0x17cb, 0x1107, 0x1107, PP_RESET_BUS, .what = LINK_LOST, .since = "7.3",
	  .stable = "7.2.13 6.12.117" },
	{ 0x17cb, 0x0308, 0x0308, PP_RESET_BUS, .what = LINK_LOST, .since = "7.3",
	  .stable = "7.2.13 6.12.117" },
	/* Cavium CN8xxx, root port */
	{ 0x177d, 0xa100, 0xa100, PP_RESET_BUS, .port = true, .what = LINK_LOST, .since = "5.10" },
	/* Texas Instruments KeyStone C667x */
	{ 0x104c, 0xb005, 0xb005, PP_RESET_BUS, .what = LINK_LOST, .since = "5.13",
	  .stable = "5.10.46" },

	/* AMD Starship and Matisse: audio, USB; FCH, SATA; neural processing units */
	{ 0x1022, 0x1487, 0x1487, PP_RESET_FLR, .what = HANGS, .since = "5.10" },
	{ 0x1022, 0x148c, 0x148c, PP_RESET_FLR, .what = HANGS, .since = "5.10" },
	{ 0x1022, 0x149c, 0x149c, PP_RESET_FLR, .what = HANGS, .since = "5.10" },
	{ 0x1022, 0x7901, 0x7901, PP_RESET_FLR, .what = HANGS, .since = "6.3", .stable = "6.1.16" },
	{ 0x1022, 0x1502, 0x1502, PP_RESET_FLR, .what = HANGS, .since = "7.3", .stable = "7.2.13" },
	{ 0x1022, 0x17f0, 0x17f0, PP_RESET_FLR, .what = HANGS, .since = "7.3", .stable = "7.2.13" },
	/* Intel 82579LM, 82579V */
	{ 0x8086, 0x1502, 0x1503, PP_RESET_FLR, .what = HANGS, .since = "5.10" },
	/* MediaTek MT7922, MT7925 */
	{ 0x14c3, 0x0616, 0x0616, PP_RESET_FLR, .what = HANGS, .since = "6.14",
	  .stable = "6.12.16" },
	{ 0x14c3, 0x7925, 0x7925, PP_RESET_FLR, .what = HANGS, .since = "7.3",
	  .stable = "7.2.13 6.12.111" },
	/* SolidRun SNET, revision 1 */
	{ 0xd063, 0x1000, 0x1000, PP_RESET_FLR, .revision = 1, .what = HANGS, .since = "6.3",
	  .stable = "6.1.88" },
	/* NVMe disks: Samsung SM961 and PM961, Intel P3700, P4510, Solidigm P44 Pro */
	{ 0x144d, 0xa804, 0xa804, PP_RESET_FLR_WAIT, .what = NOT_READY, .since = "5.10" },
	{ 0x8086, 0x0953, 0x0953, PP_RESET_FLR_WAIT, .what = NOT_READY, .since = "5.10" },
	{ 0x8086, 0x0a54, 0x0a54, PP_RESET_FLR_WAIT, .what = NOT_READY, .since = "6.1" },
	{ 0x025e, 0xf1ac, 0xf1ac, PP_RESET_FLR_WAIT, .what = NOT_READY, .since = "6.6",
	  .stable = "6.1.176" },

	/* AMD and ATI graphics; NVIDIA Spectrum 1 to 4 */
	{ 0x1002, 0x0000, 0xffff, PP_RESET_PM, .classes = { 0x0300, 0x0300 }, .what = NOTHING,
	  .since = "5.10" },
	{ 0x15b3, 0xcb84, 0xcb84, PP_RESET_PM, .what = NOTHING, .since = "6.8",
	  .stable = "6.1.77" },
	{ 0x15b3, 0xcf6c, 0xcf6c, PP_RESET_PM, .what = NOTHING, .since = "6.8",
	  .stable = "6.1.77" },
	{ 0x15b3, 0xcf70, 0xcf70, PP_RESET_PM, .what = NOTHING, .since = "6.8",
	  .stable = "6.1.77" },
	{ 0x15b3, 0xcf80, 0xcf80, PP_RESET_PM, .what = NOTHING, .since = "6.8",
	  .stable = "6.1.77" },

	/* AMD graphics: Polaris 10 and 20, 11, 12; Vega 10, 20; Navi 10, 14, 12 */
	{ 0x1002, 0x67c0, 0x67df, PP_RESET_VENDOR, .classes = { 0x0300, 0x03ff }, .what = AMD_BUG },
	{ 0x1002, 0x6fdf, 0x6fdf, PP_RESET_VENDOR, .classes = { 0x0300, 0x03ff }, .what = AMD_BUG },
	{ 0x1002, 0x67e0, 0x67ff, PP_RESET_VENDOR, .classes = { 0x0300, 0x03ff }, .what = AMD_BUG },
	{ 0x1002, 0x6980, 0x699f, PP_RESET_VENDOR, .classes = { 0x0300, 0x03ff }, .what = AMD_BUG },
	{ 0x1002, 0x6860, 0x687f, PP_RESET_VENDOR, .classes = { 0x0300, 0x03ff }, .what = AMD_BUG },
	{ 0x1002, 0x66a0, 0x66af, PP_RESET_VENDOR, .classes = { 0x0300, 0x03ff }, .what = AMD_BUG },
	{ 0x1002, 0x7310, 0x731f, PP_RESET_VENDOR, .classes = { 0x0300, 0x03ff }, .what = AMD_BUG },
	{ 0x1002, 0x7340, 0x734f, PP_RESET_VENDOR, .classes = { 0x0300, 0x03ff }, .what = AMD_BUG },
	{ 0x1002, 0x7360, 0x7362, PP_RESET_VENDOR, .classes = { 0x0300, 0x03ff }, .what = AMD_BUG },
};

static bool quirk_is_of(const struct pp_reset_quirk *q, const struct pp_device *d)
{
	uint16_t class = (uint16_t)(d->class_code >> 8);

	return d->ids_known && q->vendor == d->vendor && d->device >= q->first &&
	       d->device <= q->last &&
	       (!q->classes[1] || (class >= q->classes[0] && class <= q->classes[1])) &&
	       (!q->revision ||
	        (d->config.header_read == PP_YES && q->revision == d->config.revision));
}

const struct pp_reset_quirk *pp_reset_quirk_find(const struct pp_host *h, const struct pp_device *d,
                                                 enum pp_reset_kind kind)
{
	const struct pp_device *above = d->parent == PP_NO_DEVICE ? NULL : &h->devices[d->parent];

	for (size_t i = 0; i < sizeof(quirks) / sizeof(quirks[0]); i++) {
		const struct pp_device *of = quirks[i].port ? above : d;
		if (quirks[i].kind == kind && of && quirk_is_of(&quirks[i], of))
			return &quirks[i];
	}
	return NULL;
}

/* Whether the stable release of the kernel's own series is among those. */
static bool quirk_names_series(const char *stable, const struct pp_kernel *k)
{
	char series[32];
	int n = snprintf(series, sizeof(series), "%u.%u.", k->major, k->minor);

	for (const char *s = stable; s && *s;) {
		if (!strncmp(s, series, (size_t)n))
			return true;
		s = strchr(s, ' ');
		s += s ? 1 : 0;
	}
	return false;
}

enum pp_tri pp_reset_quirk_known(const struct pp_kernel *k, const struct pp_reset_quirk *q)
{
	if (!q->since)
		return PP_NO;
	enum pp_tri known = pp_kernel_since(k, q->since, q->stable);
	/* Another series may have taken it over, and nobody looked. */
	return known == PP_NO && !quirk_names_series(q->stable, k) ? PP_UNKNOWN : known;
}
