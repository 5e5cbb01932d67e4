/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The fields of a device in JSON. A new one is a row below and the function that writes it. */
#include <errno.h>
#include <stdio.h>

#include "host/place.h"
#include "host/kernel-facts.h"
#include "report/field.h"

void pp_device_put_address(struct pp_json_writer *w, const struct pp_subject *s)
{
	pp_json_put_address(w, s->device->address);
}

static const char *device_slot_unread(const struct pp_subject *s)
{
	return s->device->slot.unknown ? "neither SMBIOS nor the kernel's slots" : NULL;
}

static void device_put_slot(struct pp_json_writer *w, const struct pp_subject *s)
{
	pp_json_put_text(w, pp_slot_number(&s->device->slot));
}

void pp_device_put_place(struct pp_json_writer *w, const struct pp_subject *s)
{
	const struct pp_slot_ref *slot = &s->device->slot;
	char text[80];

	/* As it is typed. */
	if (pp_slot_is_named(slot))
		snprintf(text, sizeof(text), "%s%s", pp_place_word(slot->kind), slot->number);
	pp_json_put_text(w, pp_slot_is_named(slot) ? text : NULL);
}

static const char *device_group_unread(const struct pp_subject *s)
{
	const struct pp_device *d = s->device;

	return d->group == PP_NO_GROUP && d->group_error != ENOENT
	               ? pp_unread_reason(d->group_error)
	               : NULL;
}

static void device_put_group(struct pp_json_writer *w, const struct pp_subject *s)
{
	if (s->device->group == PP_NO_GROUP)
		pp_json_put_null(w);
	else
		pp_json_put_integer(w, s->host->groups[s->device->group].number);
}

static void device_put_digits(struct pp_json_writer *w, const struct pp_subject *s, unsigned int v,
                              int digits)
{
	char text[16];

	snprintf(text, sizeof(text), "%0*x", digits, v);
	pp_json_put_text(w, s->device->ids_known ? text : NULL);
}

static const char *device_ids_unread(const struct pp_subject *s)
{
	return s->device->ids_known ? NULL : "its configuration was not read";
}

void pp_device_put_vendor(struct pp_json_writer *w, const struct pp_subject *s)
{
	device_put_digits(w, s, s->device->vendor, 4);
}

void pp_device_put_device(struct pp_json_writer *w, const struct pp_subject *s)
{
	device_put_digits(w, s, s->device->device, 4);
}

static void device_put_class(struct pp_json_writer *w, const struct pp_subject *s)
{
	device_put_digits(w, s, s->device->class_code, 6);
}

void pp_device_put_name(struct pp_json_writer *w, const struct pp_subject *s)
{
	char name[256];

	pp_out_name(s->out, s->device, name, sizeof(name));
	pp_json_put_text(w, s->device->ids_known ? name : NULL);
}

static const char *device_driver_unread(const struct pp_subject *s)
{
	const struct pp_text_fact *driver = &s->device->driver;

	return !driver->text && driver->error != ENOENT ? pp_unread_reason(driver->error) : NULL;
}

static void device_put_driver(struct pp_json_writer *w, const struct pp_subject *s)
{
	pp_json_put_fact(w, &s->device->driver);
}

static void device_put_physfn(struct pp_json_writer *w, const struct pp_subject *s)
{
	if (s->device->physfn == PP_NO_DEVICE)
		pp_json_put_null(w);
	else
		pp_json_put_address(w, s->host->devices[s->device->physfn].address);
}

static void device_put_bridge(struct pp_json_writer *w, const struct pp_subject *s)
{
	if (s->device->parent == PP_NO_DEVICE)
		pp_json_put_null(w);
	else
		pp_json_put_address(w, s->host->devices[s->device->parent].address);
}

static void device_put_onboard(struct pp_json_writer *w, const struct pp_subject *s)
{
	pp_json_put_text(w, s->device->slot.onboard);
}

static const char *device_reset_unread(const struct pp_subject *s)
{
	const struct pp_text_fact *reset = &s->device->reset_method;

	if (reset->text)
		return NULL;
	if (!reset->error)
		return "bridges are not asked";
	if (reset->error != ENOENT)
		return pp_unread_reason(reset->error);
	return pp_kernel_has(&s->host->kernel, PP_KERNEL_LISTS_RESETS) == PP_YES
	               ? NULL
	               : "not every kernel lists them";
}

static void device_put_reset(struct pp_json_writer *w, const struct pp_subject *s)
{
	const char *methods = s->device->reset_method.text;

	pp_json_put_text(w, methods && *methods ? methods : NULL);
}

const char *pp_verdict_words(unsigned int i)
{
	return i < PP_VERDICT_COUNT ? pp_verdict_name((enum pp_verdict)i) : NULL;
}

void pp_device_put_verdict(struct pp_json_writer *w, const struct pp_subject *s)
{
	pp_json_put_text(w, pp_verdict_name(s->row->verdict));
}

static void device_put_by_free(struct pp_json_writer *w, const struct pp_subject *s)
{
	pp_json_put_boolean(w, s->row->by_free);
}

static void device_put_findings(struct pp_json_writer *w, const struct pp_subject *s)
{
	pp_json_put_findings(w, s, s->row->findings, s->row->nr_findings);
}

static void device_put_verdicts(struct pp_json_writer *w, const struct pp_subject *s)
{
	pp_object_write(w, &pp_object_verdicts, s);
}

static void device_put_findings_for(struct pp_json_writer *w, const struct pp_subject *s)
{
	pp_object_write(w, &pp_object_findings_for, s);
}

static const struct pp_field device_fields[] = {
	{ "address", PP_FIELD_ADDRESS, "PCI address.", .write = pp_device_put_address },
	{ "slot", PP_FIELD_TEXT,
	  "Number of the PCI or PCI-E slot; null: in none, or not known (see unread).",
	  .nullable = true, .may_be_empty = true, .unread = device_slot_unread, .unread_rank = 3,
	  .write = device_put_slot },
	{ "place", PP_FIELD_TEXT,
	  "The slot, mezzanine, bay … as it is named on the command line: slot2, mezz2, ocp14, "
	  "nvme3, storage12, flexlom1, other1; null: in none that has a number, or not known (see "
	  "unread).",
	  .nullable = true, .unread = device_slot_unread, .unread_rank = 4,
	  .write = pp_device_put_place },
	{ "group", PP_FIELD_INTEGER, "IOMMU group; null: in none, or not read (see unread).",
	  .nullable = true, .unread = device_group_unread, .unread_rank = 1,
	  .write = device_put_group },
	{ "vendor", PP_FIELD_TEXT, "Vendor ID in hex; null: not read (see unread).",
	  .nullable = true, .unread = device_ids_unread, .unread_rank = 5,
	  .pattern = "^[0-9a-f]{4}$", .write = pp_device_put_vendor },
	{ "device", PP_FIELD_TEXT, "Device ID in hex; null with vendor.", .nullable = true,
	  .pattern = "^[0-9a-f]{4}$", .write = pp_device_put_device },
	{ "class", PP_FIELD_TEXT, "Class code in hex; null with vendor.", .nullable = true,
	  .pattern = "^[0-9a-f]{6}$", .write = device_put_class },
	{ "name", PP_FIELD_TEXT, "From the PCI ID database, else vendor:device; null with vendor.",
	  .nullable = true, .may_be_empty = true, .write = pp_device_put_name },
	{ "driver", PP_FIELD_TEXT, "Bound now; null: none, or not read (see unread).",
	  .nullable = true, .may_be_empty = true, .unread = device_driver_unread, .unread_rank = 2,
	  .write = device_put_driver },
	{ "physfn", PP_FIELD_ADDRESS, "A virtual function's physical function; null: it is none.",
	  .nullable = true, .write = device_put_physfn },
	{ "onboard", PP_FIELD_TEXT, "The board's name for an embedded device; null: it has none.",
	  .nullable = true, .may_be_empty = true, .write = device_put_onboard },
	{ "verdict", PP_FIELD_TEXT, "The verdict of all findings.", .words = pp_verdict_words,
	  .write = pp_device_put_verdict },
	{ "by_free", PP_FIELD_BOOLEAN,
	  "Whether the device is blocked and pcipass free can free it.",
	  .write = device_put_by_free },
	{ "findings", PP_FIELD_OBJECTS,
	  "Those that block come first, then those that are unknown, degrade and inform.",
	  .object = &pp_object_finding, .write = device_put_findings },
	{ "verdicts", PP_FIELD_OBJECT, "With --for all: the verdict for each hypervisor.",
	  .optional = true, .present = pp_targets_asked, .object = &pp_object_verdicts,
	  .write = device_put_verdicts },
	{ "findings_for", PP_FIELD_OBJECT,
	  "With --for all: the findings of the other hypervisors' rules.", .optional = true,
	  .present = pp_targets_asked, .object = &pp_object_findings_for,
	  .write = device_put_findings_for },
	{ "reset", PP_FIELD_TEXT,
	  "How the kernel can reset it, in the order in which it tries: flr bus; null: not at all, or "
	  "not read (see unread).",
	  .nullable = true, .unread = device_reset_unread, .write = device_put_reset },
	{ "bridge", PP_FIELD_ADDRESS,
	  "The bridge above it; null: it is on a root bus, or its bus has no bridge that was read.",
	  .nullable = true, .write = device_put_bridge },
	{ "unread", PP_FIELD_REASONS, "Why a field of the device is null." },
};

const struct pp_object pp_object_device = {
	.name = "device",
	.meaning = "One function of a PCI device, its verdict and the reasons.",
	PP_OBJECT_FIELDS(device_fields),
};
