/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A device to vfio-pci, now and at every boot.
 *
 * At boot by a udev rule that sets driver_override, carried out in the event of every PCI device:
 * udev applies the rules of an event before it loads a module for it, so whichever device comes
 * first, the override stands before any driver of a PCI device is loaded. A rule in the device's
 * own event alone would race with another device that needs the same driver. The rule is in the
 * initrd, too. A driver that is built into the kernel was there first and is taken off.
 */
#include <stdio.h>
#include <string.h>

#include "apply/deed.h"
#include "apply/early.h"
#include "apply/use.h"
#include "base/text.h"

#define DEVICES    "sys/bus/pci/devices"
#define RULES      "etc/udev/rules.d/05-pcipass.rules"
#define DRACUT     "etc/dracut.conf.d/pcipass-bind.conf"
#define NAME_BYTES 128

static int expect_id(struct pp_apply *a, const char *address, const char *file, uint16_t expected,
                     struct pp_error *e)
{
	char path[128], text[32];
	uint64_t id;

	snprintf(path, sizeof(path), DEVICES "/%s/%s", address, file);
	int r = pp_place_text(a, path, text, sizeof(text));
	if (r)
		return pp_fail(e, -r, "%s: /%s: %s", address, path, strerror(-r));
	if (!pp_parse_hex(text, UINT16_MAX, &id) || id != expected)
		return pp_fail(e, EBUSY, "%s: its %s is %.20s, the plan expects 0x%04x", address,
		               file, text, expected);
	return 0;
}

/* PCI 3.0, 6.2.1: header type at 0eh; vfio-pci takes type 0 only. */
static int expect_endpoint(struct pp_apply *a, const char *address, struct pp_error *e)
{
	char path[128], text[32];
	uint64_t class_code;

	snprintf(path, sizeof(path), DEVICES "/%s/class", address);
	if (pp_place_text(a, path, text, sizeof(text)) ||
	    !pp_parse_hex(text, 0xffffff, &class_code) || class_code >> 8 != 0x0604)
		return 0;
	return pp_fail(e, EINVAL, "%s: a bridge, which vfio-pci does not take", address);
}

static bool no_root(struct pp_system *s)
{
	return false;
}

/* Of another root nobody here holds a disk or an address: its files alone say who uses what. */
static int nobody(struct pp_system *s, const char *what)
{
	return 0;
}

static const struct pp_system_ops rooted_ops = { .is_root = no_root,
	                                         .is_claimed = nobody,
	                                         .has_address = nobody };

static int expect_unused(struct pp_apply *a, const struct pp_step_bind *b, const char *driver,
                         struct pp_error *e)
{
	struct pp_device d = { .address = b->address,
		               .vendor = b->vendor,
		               .device = b->device,
		               .driver.text = *driver ? driver : NULL };
	struct pp_system rooted = { .ops = &rooted_ops }, *system = &rooted;
	char address[PP_ADDRESS_TEXT_BYTES];
	const char *use = NULL;
	int r = *a->root ? pp_source_open(a->root, &rooted.source, e) : pp_system_new(&system, e);

	if (r)
		return r;
	r = pp_use_find(system, &d, &a->arena, &use, e);
	if (system == &rooted)
		pp_source_free(rooted.source);
	else
		pp_system_free(system);
	pp_address_format(b->address, address);
	if (!r && use)
		r = pp_fail(e, EBUSY, "%s is needed by the host: %s", address, use);
	return r;
}

static bool is_built_in(struct pp_apply *a, const char *driver)
{
	char path[256];

	snprintf(path, sizeof(path), "sys/bus/pci/drivers/%s/module", driver);
	return *driver && strcmp(driver, PP_VFIO) && !pp_place_has(a, path);
}

static const char *rule_of(struct pp_apply *a, const struct pp_step_bind *b, const char *address,
                           bool built_in)
{
	const char *take_off =
		built_in ? pp_arena_printf(&a->arena,
	                                   "ACTION==\"add\", SUBSYSTEM==\"pci\", "
	                                   "KERNEL==\"%s\", ATTR{vendor}==\"0x%04x\", "
	                                   "DRIVER==\"?*\", DRIVER!=\"" PP_VFIO "\", "
	                                   "ATTR{driver/unbind}=\"%s\"\n",
	                                   address, b->vendor, address)
			 : "";

	return take_off
	               ? pp_arena_printf(
				 &a->arena,
				 "ACTION==\"add\", SUBSYSTEM==\"pci\", "
				 "ATTR{[pci/%s]vendor}==\"0x%04x\", ATTR{[pci/%s]device}==\"0x%04x\", "
				 "ATTR{[pci/%s]driver_override}=\"" PP_VFIO "\"\n"
				 "%s"
				 "ACTION==\"add\", SUBSYSTEM==\"pci\", KERNEL==\"%s\", "
				 "ATTR{vendor}==\"0x%04x\", ATTR{device}==\"0x%04x\", "
				 "RUN{builtin}+=\"kmod load " PP_VFIO "\"\n",
				 address, b->vendor, address, b->device, address, take_off, address,
				 b->vendor, b->device)
	               : NULL;
}

/* The initrd has drivers, too: the rule goes in there with the host's own tool. */
static int into_initrd(struct pp_stage *s, struct pp_error *e)
{
	const struct pp_early *early;
	struct pp_error ignored;
	int r = 0;

	if (pp_early_find(s->apply, &early, &ignored) || !early->rebuild) {
		pp_apply_say(s->apply, "what makes this host's initrd is not known: the binding at "
		                       "boot holds if the driver is not in it");
		return 0;
	}
	/* initramfs-tools takes every rule of /etc; dracut and mkinitcpio are told. */
	if (!strcmp(early->name, "dracut"))
		r = pp_stage_puts(s, DRACUT, PP_STAGE_MARK "install_items+=\" /" RULES " \"\n",
		                  0644, e);
	else if (!strcmp(early->name, "mkinitcpio") &&
	         pp_place_has_folder(s->apply, "etc/mkinitcpio.conf.d"))
		r = pp_stage_puts(s, "etc/mkinitcpio.conf.d/pcipass-bind.conf",
		                  PP_STAGE_MARK "FILES+=(/" RULES ")\n", 0644, e);
	return r ? r : pp_stage_run(s, PP_DEED_INITRD, early->rebuild, e);
}

static int at_boot(struct pp_stage *s, const struct pp_step_bind *b, const char *address,
                   const char *driver, struct pp_error *e)
{
	struct pp_apply *a = s->apply;
	struct pp_content c;
	int r = pp_stage_read(s, RULES, &c, e);

	if (r)
		return r;
	if (c.exists && !pp_stage_is_ours(&c))
		return pp_fail(e, EEXIST, "/" RULES ": is there, and not made by pcipass");
	const char *rule = rule_of(a, b, address, is_built_in(a, driver));
	const char *old =
		c.exists ? pp_arena_strndup(&a->arena, (const char *)c.bytes.data, c.bytes.len)
			 : PP_STAGE_MARK;
	char override[64];
	snprintf(override, sizeof(override), "[pci/%s]driver_override", address);
	if (!rule || !old)
		return pp_fail_oom(e, RULES);
	if (strstr(old, override))
		return 0;
	const char *text = pp_arena_printf(&a->arena, "%s%s", old, rule);
	if (!text)
		return pp_fail_oom(e, RULES);
	r = pp_stage_puts(s, RULES, text, 0644, e);
	return r ? r : into_initrd(s, e);
}

static int now(struct pp_stage *s, const char *address, const char *driver, const char *override,
               struct pp_error *e)
{
	struct pp_arena *arena = &s->apply->arena;

	if (!strcmp(driver, PP_VFIO))
		return 0;
	struct pp_deed *d = pp_stage_add(s, PP_DEED_DRIVER, e);
	if (!d)
		return -e->code;
	d->address = pp_arena_strdup(arena, address);
	d->driver = pp_arena_strdup(arena, driver);
	d->override = pp_arena_strdup(arena, override);
	return d->address && d->driver && d->override ? 0 : pp_fail_oom(e, address);
}

static int stage(struct pp_stage *s, const struct pp_step *step, struct pp_error *e)
{
	const struct pp_step_bind *b = &step->bind;
	struct pp_apply *a = s->apply;
	unsigned int when =
		a->options && a->options->bind ? a->options->bind : PP_BIND_NOW | PP_BIND_AT_BOOT;
	char address[PP_ADDRESS_TEXT_BYTES], driver[NAME_BYTES], override[NAME_BYTES];

	pp_address_format(b->address, address);
	int r = expect_id(a, address, "vendor", b->vendor, e);
	if (!r)
		r = expect_id(a, address, "device", b->device, e);
	if (!r)
		r = expect_endpoint(a, address, e);
	if (r)
		return r;
	r = pp_driver_read(a, address, driver, override, sizeof(driver));
	if (r)
		return pp_fail(e, -r, "%s: its driver cannot be read: %s", address, strerror(-r));
	const char *expected = b->expected_driver ? b->expected_driver : "";
	if (strcmp(driver, PP_VFIO) && strcmp(driver, expected))
		return pp_fail(e, EBUSY, "%s: its driver is %s, the plan expects %s", address,
		               *driver ? driver : "none", *expected ? expected : "none");
	if (strcmp(driver, PP_VFIO))
		r = expect_unused(a, b, driver, e);
	if (!r && when & PP_BIND_AT_BOOT)
		r = at_boot(s, b, address, driver, e);
	if (!r && when & PP_BIND_NOW)
		r = now(s, address, driver, override, e);
	return r;
}

const struct pp_step_ops pp_step_bind_ops = { .stage = stage };
