/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Devices that do not answer: asleep, or not coming back from a sleep, or gone. */
#include <string.h>

#include "judge/rules.h"

static bool power_is_cold(const struct pp_device *d)
{
	return d->power_state && !strcmp(d->power_state, "D3cold");
}

/* The uppermost bridge above a device that does not answer either; NULL: all above it answer. */
static const struct pp_device *power_dead_above(const struct pp_judging *j,
                                                const struct pp_device *d)
{
	const struct pp_device *dead = NULL;

	for (uint32_t p = d->parent; p != PP_NO_DEVICE; p = j->host->devices[p].parent)
		if (j->host->devices[p].gone)
			dead = &j->host->devices[p];
	return dead;
}

static void power_prove_file(struct pp_judging *j, struct pp_finding *f, const struct pp_device *d,
                             const char *file, const char *word)
{
	char address[PP_ADDRESS_TEXT_BYTES];

	pp_address_format(d->address, address);
	if (word)
		pp_evidence(j, f, "/sys/bus/pci/devices/%s/%s: %s", address, file, word);
}

static void power_prove_log(struct pp_judging *j, struct pp_finding *f, const struct pp_device *d)
{
	for (int sort = 0; sort < PP_LINE_RESERVE; sort++) {
		const struct pp_device_line *l =
			pp_device_line(j->host, d, (enum pp_device_line_sort)sort);
		if (l)
			pp_evidence(j, f, "kernel log: %s", l->text);
	}
}

/* Its own files and lines, and those of what is above it. */
static void power_prove(struct pp_judging *j, struct pp_finding *f, const struct pp_device *d)
{
	const struct pp_device *above =
		d->parent == PP_NO_DEVICE ? NULL : &j->host->devices[d->parent];
	const struct pp_device *dead = power_dead_above(j, d);

	power_prove_file(j, f, d, "power_state", d->power_state);
	power_prove_file(j, f, d, "power/runtime_status", d->runtime_status);
	power_prove_log(j, f, d);
	if (above && above->link_lanes >= 0)
		power_prove_file(j, f, above, "current_link_width",
		                 pp_arena_printf(j->arena, "%d", above->link_lanes));
	if (dead) {
		power_prove_file(j, f, dead, "config", "all ones");
		power_prove_file(j, f, dead, "power_state", dead->power_state);
		power_prove_file(j, f, dead, "power/runtime_status", dead->runtime_status);
	}
	for (uint32_t p = d->parent; p != PP_NO_DEVICE; p = j->host->devices[p].parent)
		power_prove_log(j, f, &j->host->devices[p]);
}

/* It may fall asleep again once it is back: vfio-pci lets it, or the bus's own power saving. */
static void power_add_waking(struct pp_judging *j, struct pp_finding *f, const struct pp_device *d)
{
	const struct pp_text_fact *set = &j->host->kernel.idle_d3_disabled;
	char address[PP_ADDRESS_TEXT_BYTES];

	pp_address_format(d->address, address);
	if (d->driver.text && !strstr(d->driver.text, "vfio")) {
		pp_add_remedy_by_hand(
			f, &pp_remedy_keep_awake,
			pp_arena_printf(j->arena,
		                        "reboot; then, before it is suspended again, echo 0 > "
		                        "/sys/bus/pci/devices/%s/d3cold_allowed",
		                        address),
			"the device uses more power while it is idle");
	} else if (!set->text || *set->text != 'Y') {
		const struct pp_step option = { .kind = PP_STEP_OPTION,
			                        .option = { "vfio_pci", "disable_idle_d3" } };
		pp_add_remedy_by_steps(
			j, f, &pp_remedy_idle_d3,
			"write \"options vfio-pci disable_idle_d3=1\" to a file in "
			"/etc/modprobe.d, so that vfio-pci does not suspend it again, and reboot "
			"to bring it back",
			"vfio-pci no longer suspends idle devices, so they use more power", &option,
			1);
	}
}

static void power_add_remedies(struct pp_judging *j, struct pp_finding *f,
                               const struct pp_device *d, bool cold)
{
	if (cold)
		power_add_waking(j, f, d);
	pp_add_remedy_by_hand(
		f, &pp_remedy_power_cycle,
		"reboot; if it still does not respond, switch the host off, unplug it for a "
		"minute, and check that the card is seated properly",
		NULL);
}

/* drivers/pci/pci.c, pci_config_pm_runtime_get() would have woken one that only sleeps. */
static void power_not_back(struct pp_judging *j, const struct pp_device *d)
{
	static const char ones[] = "its configuration space reads all ones";
	struct pp_finding *f;

	if (!d->runtime_status) {
		f = pp_find_unknown(
			j, PP_BLOCKS,
			"it is in D3cold and %s: cannot tell whether it is suspended or fails to "
			"wake",
			ones);
		power_prove(j, f, d);
		return;
	}
	f = pp_find(j, PP_BLOCKS, "it fails to wake from D3cold: it is not suspended, but %s",
	            ones);
	power_prove(j, f, d);
	power_add_remedies(j, f, d, true);
}

static void power_silent(struct pp_judging *j, const struct pp_device *d)
{
	const struct pp_device *dead = power_dead_above(j, d);
	const struct pp_device *port =
		d->parent == PP_NO_DEVICE ? NULL : &j->host->devices[d->parent];
	struct pp_finding *f;

	if (dead)
		f = pp_find(j, PP_BLOCKS,
		            "it does not respond because the bridge %s above it does not: its "
		            "configuration space reads all ones",
		            pp_name_of(j, dead));
	else if (port && (port->link_lanes == 0 || pp_device_line(j->host, port, PP_LINE_LINK)))
		f = pp_find(j, PP_BLOCKS,
		            "it does not respond: the link below the port %s is down, and its "
		            "configuration space reads all ones",
		            pp_name_of(j, port));
	else
		f = pp_find(j, PP_BLOCKS,
		            "it does not respond: its configuration space reads all ones");
	power_prove(j, f, d);
	power_add_remedies(j, f, d, dead && power_is_cold(dead));
}

static void no_answer(struct pp_judging *j, const struct pp_device *d)
{
	if (d->gone && power_is_cold(d) && !power_dead_above(j, d)) {
		power_not_back(j, d);
	} else if (d->gone) {
		power_silent(j, d);
	} else if (d->config.silent) {
		struct pp_finding *f = pp_find(
			j, PP_BLOCKS,
			"it no longer responds: its configuration space reads all ones after the "
			"header");
		power_prove(j, f, d);
		power_add_remedies(j, f, d, power_is_cold(d));
	} else if (!d->ids_known) {
		pp_find_unknown(j, PP_BLOCKS, "cannot tell what kind of device it is");
	}
}

/* Before 5.19 vfio-pci put idle devices into D3hot without telling: only the log tells then. */
static void stuck_asleep(struct pp_judging *j, const struct pp_device *d)
{
	const struct pp_device_line *refused = pp_device_line(j->host, d, PP_LINE_REFUSED);

	if (!refused || d->gone || d->asleep || pp_device_is_bridge(d) || !d->power_state ||
	    !d->runtime_status || strcmp(d->runtime_status, "active") != 0 ||
	    strncmp(d->power_state, "D3", 2) != 0)
		return;
	struct pp_finding *f = pp_find(
		j, PP_BLOCKS,
		"it fails to wake from %s: it is not suspended, but the kernel could not change "
		"its power state",
		d->power_state);
	power_prove(j, f, d);
	power_add_remedies(j, f, d, true);
}

static void asleep(struct pp_judging *j, const struct pp_device *d)
{
	if (!d->asleep || pp_device_is_bridge(d))
		return;
	struct pp_finding *f = pp_find_unknown(
		j, PP_DEGRADES,
		"it is suspended, and pcipass did not wake it: its interrupts and functions are "
		"unknown");
	if (d->power_state) {
		power_prove_file(j, f, d, "power_state", d->power_state);
		power_prove_file(j, f, d, "power/runtime_status", d->runtime_status);
	} else {
		pp_evidence(j, f, "power_state: D3, of the device or of a bridge above it");
	}
}

static const struct pp_rule rules[] = {
	{ .id = "no-answer",
	  .targets = PP_FOR_ALL,
	  .scope = PP_SCOPE_OF_DEVICE,
	  .reference = "PCI 3.0, 6.1; drivers/pci/pci.c, pci_power_up()",
	  .on_device = no_answer },
	{ .id = "stuck-asleep",
	  .targets = PP_FOR_KVM | PP_FOR_XEN,
	  .scope = PP_SCOPE_OF_DEVICE,
	  .reference = "drivers/pci/pci.c, pci_set_full_power_state()",
	  .on_device = stuck_asleep },
	{ .id = "asleep",
	  .targets = PP_FOR_ALL,
	  .scope = PP_SCOPE_OF_DEVICE,
	  .reference = "drivers/pci/pci.c, pci_config_pm_runtime_get()",
	  .on_device = asleep },
};

const struct pp_rule_table pp_rules_power = { rules, sizeof(rules) / sizeof(rules[0]) };
