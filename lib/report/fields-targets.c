/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What every hypervisor says of a device, in JSON beside KVM's own answer. */
#include "report/field.h"

bool pp_targets_asked(const struct pp_subject *s)
{
	return s->out->style->targets != NULL;
}

/* The same device in the survey of another target. */
static const struct pp_row *targets_row(const struct pp_subject *s, enum pp_target t)
{
	return &s->out->style->targets[t]->rows[s->row - s->survey->rows];
}

static void targets_put_kvm(struct pp_json_writer *w, const struct pp_subject *s)
{
	pp_json_put_text(w, pp_verdict_name(targets_row(s, PP_TARGET_KVM)->verdict));
}

static void targets_put_hyperv(struct pp_json_writer *w, const struct pp_subject *s)
{
	pp_json_put_text(w, pp_verdict_name(targets_row(s, PP_TARGET_HYPERV)->verdict));
}

static void targets_put_xen(struct pp_json_writer *w, const struct pp_subject *s)
{
	pp_json_put_text(w, pp_verdict_name(targets_row(s, PP_TARGET_XEN)->verdict));
}

static const struct pp_field verdicts_fields[] = {
	{ "kvm", PP_FIELD_TEXT, "KVM with VFIO: the device's verdict.", .words = pp_verdict_words,
	  .write = targets_put_kvm },
	{ "hyperv", PP_FIELD_TEXT, "Hyper-V with Discrete Device Assignment.",
	  .words = pp_verdict_words, .write = targets_put_hyperv },
	{ "xen", PP_FIELD_TEXT, "Xen with xl, an HVM guest.", .words = pp_verdict_words,
	  .write = targets_put_xen },
};

const struct pp_object pp_object_verdicts = {
	.name = "verdicts",
	.meaning = "The verdict for each hypervisor.",
	PP_OBJECT_FIELDS(verdicts_fields),
};

static void targets_put_findings(struct pp_json_writer *w, const struct pp_subject *s,
                                 enum pp_target t)
{
	const struct pp_row *row = targets_row(s, t);

	pp_json_put_findings(w, s, row->findings, row->nr_findings);
}

static void targets_put_findings_hyperv(struct pp_json_writer *w, const struct pp_subject *s)
{
	targets_put_findings(w, s, PP_TARGET_HYPERV);
}

static void targets_put_findings_xen(struct pp_json_writer *w, const struct pp_subject *s)
{
	targets_put_findings(w, s, PP_TARGET_XEN);
}

static const struct pp_field findings_for_fields[] = {
	{ "hyperv", PP_FIELD_OBJECTS, "Of Hyper-V's rules.", .object = &pp_object_finding,
	  .write = targets_put_findings_hyperv },
	{ "xen", PP_FIELD_OBJECTS, "Of Xen's rules.", .object = &pp_object_finding,
	  .write = targets_put_findings_xen },
};

const struct pp_object pp_object_findings_for = {
	.name = "findings_for",
	.meaning = "The findings of each hypervisor but KVM.",
	PP_OBJECT_FIELDS(findings_for_fields),
};
