/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The public view of a survey: its rows, findings and remedies, one accessor a fact. */
#include "judge/judge.h"

static const struct pp_finding *walk_finding(const struct pp_finding *const *list, uint32_t count,
                                             unsigned int index)
{
	return index < count ? list[index] : NULL;
}

const struct pp_row *pp_survey_row_at(const struct pp_survey *s, unsigned int index)
{
	return index < s->nr_rows ? &s->rows[index] : NULL;
}

unsigned int pp_survey_count_rows(const struct pp_survey *s)
{
	return s->nr_rows;
}

int pp_survey_find_row(const struct pp_survey *s, const char *address, const struct pp_row **ret,
                       struct pp_error *e)
{
	struct pp_address a;

	if (!pp_address_parse(address, &a))
		return pp_fail(e, EINVAL,
		               "'%s' is not a PCI address: expected [DOMAIN:]BUS:DEVICE.FUNCTION",
		               address);
	if (s->host->devices_error)
		return pp_fail(e, ENODATA, "%s: the devices could not be read", address);
	uint32_t d = pp_host_find(s->host, a);
	if (d == PP_NO_DEVICE)
		return pp_fail(e, ENXIO, "%s: no such device", address);
	*ret = &s->rows[d];
	return 0;
}

int pp_survey_verdict(const struct pp_survey *s, const char *address, enum pp_verdict *ret,
                      struct pp_error *e)
{
	const struct pp_row *row;
	int err = pp_survey_find_row(s, address, &row, e);

	if (err)
		return err;
	*ret = row->verdict;
	return 0;
}

const struct pp_device *pp_row_device(const struct pp_row *r)
{
	return r->device;
}

enum pp_verdict pp_row_verdict(const struct pp_row *r)
{
	return r->verdict;
}

bool pp_row_by_free(const struct pp_row *r)
{
	return r->by_free;
}

const struct pp_finding *pp_row_finding_at(const struct pp_row *r, unsigned int index)
{
	return walk_finding(r->findings, r->nr_findings, index);
}

unsigned int pp_row_count_findings(const struct pp_row *r)
{
	return r->nr_findings;
}

const struct pp_finding *pp_survey_host_finding_at(const struct pp_survey *s, unsigned int index)
{
	return walk_finding(s->host_findings, s->nr_host_findings, index);
}

const struct pp_finding *pp_survey_common_finding_at(const struct pp_survey *s, unsigned int index)
{
	return walk_finding(s->common_findings, s->nr_common_findings, index);
}

const char *pp_finding_rule(const struct pp_finding *f)
{
	return f->rule->id;
}

const char *pp_finding_reference(const struct pp_finding *f)
{
	return f->rule->reference;
}

enum pp_effect pp_finding_effect(const struct pp_finding *f)
{
	return f->effect;
}

enum pp_effect pp_finding_could(const struct pp_finding *f)
{
	return f->effect == PP_EFFECT_UNKNOWN ? f->could : f->effect;
}

const char *pp_finding_text(const struct pp_finding *f)
{
	return f->text;
}

const char *pp_finding_evidence_at(const struct pp_finding *f, unsigned int index)
{
	return index < f->nr_evidence ? f->evidence[index] : NULL;
}

unsigned int pp_finding_count_evidence(const struct pp_finding *f)
{
	return f->nr_evidence;
}

const struct pp_remedy *pp_finding_remedy_at(const struct pp_finding *f, unsigned int index)
{
	return index < f->nr_remedies ? &f->remedies[index] : NULL;
}

unsigned int pp_finding_count_remedies(const struct pp_finding *f)
{
	return f->nr_remedies;
}

const char *pp_remedy_id(const struct pp_remedy *r)
{
	return r->ops->id;
}

const char *pp_remedy_text(const struct pp_remedy *r)
{
	return r->text;
}

const char *pp_remedy_side_effect(const struct pp_remedy *r)
{
	return r->side_effect;
}

bool pp_remedy_is_automatic(const struct pp_remedy *r)
{
	return r->automatic;
}

const char *pp_remedy_needs(const struct pp_remedy *r)
{
	return r->needs;
}
