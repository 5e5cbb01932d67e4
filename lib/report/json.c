/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The parts that the JSON documents share. */
#include <stdio.h>

#include "host/place.h"
#include "report/out.h"
#include "report/words.h"

json_t *pp_json_text(const struct pp_text_fact *f)
{
	return f->text ? json_string(f->text) : json_null();
}

json_t *pp_json_tri(enum pp_tri t)
{
	return t == PP_UNKNOWN ? json_null() : json_boolean(t == PP_YES);
}

json_t *pp_json_hex(uint64_t v)
{
	char text[24];

	snprintf(text, sizeof(text), "0x%llx", (unsigned long long)v);
	return json_string(text);
}

json_t *pp_json_address(struct pp_address a)
{
	char text[PP_ADDRESS_TEXT_BYTES];

	pp_address_format(a, text);
	return json_string(text);
}

const char *pp_unread_reason(int error)
{
	switch (error) {
	case EACCES:
	case EPERM:
		return "not permitted";
	case ENODATA:
		return "not in the capture";
	case ENOENT:
		return "absent";
	case EBADMSG:
		return "malformed";
	case E2BIG:
		return "too large";
	default:
		return "unreadable";
	}
}

const char *pp_iommu_name(enum pp_iommu_kind kind)
{
	static const char *const names[] = {
		[PP_IOMMU_NONE] = "none",  [PP_IOMMU_INTEL] = "intel", [PP_IOMMU_AMD] = "amd",
		[PP_IOMMU_SMMU] = "other", [PP_IOMMU_OTHER] = "other",
	};
	return names[kind];
}

static json_t *remedies(const struct pp_finding *f)
{
	json_t *list = json_array();

	for (uint32_t i = 0; i < f->nr_remedies; i++) {
		const struct pp_remedy *r = &f->remedies[i];
		json_array_append_new(
			list, json_pack("{s:s, s:s, s:s?, s:b, s:s?}", "id", r->ops->id, "text",
		                        r->text, "side_effect", r->side_effect, "by_free",
		                        r->automatic && !r->needs, "needs", r->needs));
	}
	return list;
}

json_t *pp_json_finding(const struct pp_finding *f)
{
	json_t *evidence = json_array();

	for (uint32_t i = 0; i < f->nr_evidence; i++)
		json_array_append_new(evidence, json_string(f->evidence[i]));
	json_t *o = json_pack("{s:s, s:s, s:s, s:o, s:o, s:s}", "rule", f->rule->id, "effect",
	                      pp_effect_name(f->effect), "text", f->text, "evidence", evidence,
	                      "remedies", remedies(f), "reference", f->rule->reference);
	if (o && f->effect == PP_EFFECT_UNKNOWN)
		json_object_set_new(o, "could", json_string(pp_effect_name(f->could)));
	return o;
}

/* Why the nulls of a device are null. */
static json_t *unread_of(const struct pp_device *d)
{
	json_t *o = json_object();

	if (d->group == PP_NO_GROUP && d->group_error != ENOENT)
		json_object_set_new(o, "group", json_string(pp_unread_reason(d->group_error)));
	if (!d->driver.text && d->driver.error != ENOENT)
		json_object_set_new(o, "driver", json_string(pp_unread_reason(d->driver.error)));
	for (int i = 0; i < 2 && d->slot.unknown; i++)
		json_object_set_new(o, i ? "place" : "slot",
		                    json_string("neither SMBIOS nor the kernel's slots"));
	if (!d->ids_known)
		json_object_set_new(o, "vendor", json_string("its configuration was not read"));
	return o;
}

static json_t *hex_digits(unsigned int v, int digits, bool known)
{
	char text[16];

	if (!known)
		return json_null();
	snprintf(text, sizeof(text), "%0*x", digits, v);
	return json_string(text);
}

/* As it is typed. */
static json_t *json_place(const struct pp_slot_ref *s)
{
	return pp_slot_is_named(s) ? json_sprintf("%s%s", pp_place_word(s->kind), s->number)
	                           : json_null();
}

json_t *pp_json_row(const struct pp_out *o, const struct pp_survey *s, const struct pp_row *row)
{
	const struct pp_device *d = row->device;
	const struct pp_host *h = s->host;
	json_t *findings = json_array(), *object = json_object();
	char name[256];

	for (uint32_t i = 0; i < row->nr_findings; i++)
		json_array_append_new(findings, pp_json_finding(row->findings[i]));
	json_object_set_new(object, "address", pp_json_address(d->address));
	json_object_set_new(object, "slot", json_pack("s?", pp_slot_number(&d->slot)));
	json_object_set_new(object, "place", json_place(&d->slot));
	json_object_set_new(object, "group",
	                    d->group == PP_NO_GROUP ? json_null()
	                                            : json_integer(h->groups[d->group].number));
	json_object_set_new(object, "vendor", hex_digits(d->vendor, 4, d->ids_known));
	json_object_set_new(object, "device", hex_digits(d->device, 4, d->ids_known));
	json_object_set_new(object, "class", hex_digits(d->class_code, 6, d->ids_known));
	pp_out_name(o, d, name, sizeof(name));
	json_object_set_new(object, "name", d->ids_known ? json_string(name) : json_null());
	json_object_set_new(object, "driver", pp_json_text(&d->driver));
	json_object_set_new(object, "physfn",
	                    d->physfn == PP_NO_DEVICE
	                            ? json_null()
	                            : pp_json_address(h->devices[d->physfn].address));
	json_object_set_new(object, "onboard",
	                    d->slot.onboard ? json_string(d->slot.onboard) : json_null());
	json_object_set_new(object, "verdict", json_string(pp_verdict_name(row->verdict)));
	json_object_set_new(object, "by_free", json_boolean(row->by_free));
	json_object_set_new(object, "findings", findings);
	json_object_set_new(object, "unread", unread_of(d));
	return object;
}

static json_t *unread_of_host(const struct pp_host *h)
{
	json_t *list = json_array();

	for (const struct pp_unread *u = h->unread; u; u = u->next)
		json_array_append_new(list, json_pack("{s:s, s:s, s:s}", "path", u->path, "reason",
		                                      pp_unread_reason(u->error), "adds", u->adds));
	return list;
}

json_t *pp_json_host(const struct pp_host *h)
{
	json_t *o = json_object();

	json_object_set_new(o, "manufacturer", pp_json_text(&h->manufacturer));
	json_object_set_new(o, "product", pp_json_text(&h->product));
	json_object_set_new(o, "bios_version", pp_json_text(&h->bios_version));
	json_object_set_new(o, "bios_date", pp_json_text(&h->bios_date));
	json_object_set_new(o, "kernel", pp_json_text(&h->kernel.release));
	json_object_set_new(o, "iommu",
	                    h->iommu == PP_IOMMU_NONE && !pp_words_no_iommu(h)
	                            ? json_null()
	                            : json_string(pp_iommu_name(h->iommu)));
	json_object_set_new(o, "iommu_on", pp_json_tri(h->iommu_on));
	json_object_set_new(o, "interrupt_remapping", pp_json_tri(h->intremap));
	json_object_set_new(o, "lockdown", pp_json_text(&h->kernel.lockdown));
	json_object_set_new(o, "unread", unread_of_host(h));
	return o;
}
