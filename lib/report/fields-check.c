/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The JSON of check: the device that decides for all that were named. */
#include "report/field.h"

#define SCHEMA "pcipass.check/1"

static const char *check_schema_words(unsigned int i)
{
	return i ? NULL : SCHEMA;
}

static void check_put_schema(struct pp_json_writer *w, const struct pp_subject *s)
{
	pp_json_put_text(w, SCHEMA);
}

static void check_put_asked(struct pp_json_writer *w, const struct pp_subject *s)
{
	pp_json_put_text(w, s->asked);
}

static void check_put_address(struct pp_json_writer *w, const struct pp_subject *s)
{
	pp_json_put_address(w, s->row->device->address);
}

static void check_put_verdict(struct pp_json_writer *w, const struct pp_subject *s)
{
	pp_json_put_text(w, pp_verdict_name(s->row->verdict));
}

static void check_put_reason(struct pp_json_writer *w, const struct pp_subject *s)
{
	pp_json_put_text(w, s->finding ? s->finding->text : "");
}

static void check_put_rule(struct pp_json_writer *w, const struct pp_subject *s)
{
	pp_json_put_text(w, s->finding ? s->finding->rule->id : NULL);
}

static void check_put_remedies(struct pp_json_writer *w, const struct pp_subject *s)
{
	pp_json_open(w, '[');
	for (uint32_t i = 0; s->finding && i < s->finding->nr_remedies; i++)
		pp_json_put_text(w, s->finding->remedies[i].ops->id);
	pp_json_close(w, ']');
}

static void check_put_kvm(struct pp_json_writer *w, const struct pp_subject *s)
{
	pp_json_put_text(w, pp_verdict_name(s->worst[PP_TARGET_KVM]->verdict));
}

static void check_put_hyperv(struct pp_json_writer *w, const struct pp_subject *s)
{
	pp_json_put_text(w, pp_verdict_name(s->worst[PP_TARGET_HYPERV]->verdict));
}

static void check_put_xen(struct pp_json_writer *w, const struct pp_subject *s)
{
	pp_json_put_text(w, pp_verdict_name(s->worst[PP_TARGET_XEN]->verdict));
}

static const struct pp_field worst_fields[] = {
	{ "kvm", PP_FIELD_TEXT, "KVM with VFIO.", .words = pp_verdict_words,
	  .write = check_put_kvm },
	{ "hyperv", PP_FIELD_TEXT, "Hyper-V with Discrete Device Assignment.",
	  .words = pp_verdict_words, .write = check_put_hyperv },
	{ "xen", PP_FIELD_TEXT, "Xen with xl, an HVM guest.", .words = pp_verdict_words,
	  .write = check_put_xen },
};

static const struct pp_object check_worst = {
	.name = "verdicts",
	.meaning = "The worst verdict of each hypervisor.",
	PP_OBJECT_FIELDS(worst_fields),
};

static void check_put_verdicts(struct pp_json_writer *w, const struct pp_subject *s)
{
	pp_object_write(w, &check_worst, s);
}

static const struct pp_field check_fields[] = {
	{ "schema", PP_FIELD_TEXT, "The name of this document, and its version.",
	  .words = check_schema_words, .write = check_put_schema },
	{ "asked", PP_FIELD_TEXT, "The device as it was named.", .write = check_put_asked },
	{ "target", PP_FIELD_TEXT, "Whose verdict it is; with --for all KVM's.",
	  .words = pp_target_words, .write = pp_survey_put_target },
	{ "address", PP_FIELD_ADDRESS, "The device that decided.", .write = check_put_address },
	{ "verdict", PP_FIELD_TEXT, "The worst verdict of all that were named.",
	  .words = pp_verdict_words, .write = check_put_verdict },
	{ "reason", PP_FIELD_TEXT, "The first reason; empty: none.", .may_be_empty = true,
	  .write = check_put_reason },
	{ "rule", PP_FIELD_TEXT, "The rule behind the reason; null: none.", .nullable = true,
	  .write = check_put_rule },
	{ "remedies", PP_FIELD_TEXTS, "The remedies' ids, best first.",
	  .write = check_put_remedies },
	{ "more", PP_FIELD_OBJECT,
	  "Of a host made of texts, where the device is not known enough: what is missing.",
	  .optional = true, .present = pp_more_is_wanted, .object = &pp_object_more,
	  .write = pp_json_put_more },
	{ "verdicts", PP_FIELD_OBJECT, "With --for all: the worst verdict of each target.",
	  .optional = true, .present = pp_targets_asked, .object = &check_worst,
	  .write = check_put_verdicts },
};

const struct pp_object pp_object_check = {
	.name = "check",
	.meaning = "Written by pcipass check --json. Fields may be added.",
	PP_OBJECT_FIELDS(check_fields),
};
