/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Findings and their evidence, as rules make them. */
#include <string.h>

#include "base/text.h"
#include "judge/rules.h"

/* Where a finding goes when there is no memory for it. The run fails at its end. */
static struct pp_finding *scratch(struct pp_judging *j)
{
	j->failed = true;
	j->lost = (struct pp_finding){ 0 };
	return &j->lost;
}

static bool finding_push(struct pp_judging *j, struct finding_list *l, const struct pp_finding *f)
{
	if (l->count == l->size) {
		uint32_t size = l->size ? l->size * 2 : 8;
		const struct pp_finding **list =
			PP_ARENA_ARRAY(j->arena, size, const struct pp_finding *);
		if (!list)
			return false;
		if (l->count)
			memcpy(list, l->list, l->count * sizeof(*list));
		l->list = list;
		l->size = size;
	}
	l->list[l->count++] = f;
	return true;
}

static __attribute__((format(printf, 2, 0))) struct pp_finding *
finding_add(struct pp_judging *j, const char *fmt, va_list ap)
{
	struct pp_finding *f = PP_ARENA_NEW(j->arena, struct pp_finding);
	char *text = pp_arena_vprintf(j->arena, fmt, ap);

	if (!f || !text || !finding_push(j, j->into, f))
		return scratch(j);
	f->rule = j->rule;
	f->text = text;
	return f;
}

struct pp_finding *pp_find(struct pp_judging *j, enum pp_effect effect, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	struct pp_finding *f = finding_add(j, fmt, ap);
	va_end(ap);
	f->effect = effect;
	return f;
}

struct pp_finding *pp_find_unknown(struct pp_judging *j, enum pp_effect could, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	struct pp_finding *f = finding_add(j, fmt, ap);
	va_end(ap);
	f->effect = PP_EFFECT_UNKNOWN;
	f->could = could;
	return f;
}

void pp_evidence(struct pp_judging *j, struct pp_finding *f, const char *fmt, ...)
{
	if (f->nr_evidence >= PP_MAX_EVIDENCE)
		return;
	va_list ap;
	va_start(ap, fmt);
	char *text = pp_arena_vprintf(j->arena, fmt, ap);
	va_end(ap);
	const char **list = PP_ARENA_ARRAY(j->arena, f->nr_evidence + 1, const char *);
	if (!text || !list) {
		j->failed = true;
		return;
	}
	if (f->nr_evidence)
		memcpy(list, f->evidence, f->nr_evidence * sizeof(*list));
	list[f->nr_evidence++] = text;
	f->evidence = list;
}

void pp_add_remedy(struct pp_finding *f, const struct pp_remedy *r)
{
	if (f->nr_remedies < PP_MAX_REMEDIES && r->text)
		f->remedies[f->nr_remedies++] = *r;
}

void pp_add_remedy_by_hand(struct pp_finding *f, const struct pp_remedy_ops *ops, const char *text,
                           const char *side_effect)
{
	pp_add_remedy(f,
	              &(struct pp_remedy){ .ops = ops, .text = text, .side_effect = side_effect });
}

void pp_add_remedy_by_argument(struct pp_finding *f, const struct pp_remedy_ops *ops,
                               const char *text, const char *side_effect, const char *argument)
{
	pp_add_remedy(f, &(struct pp_remedy){ .ops = ops,
	                                      .text = text,
	                                      .side_effect = side_effect,
	                                      .automatic = true,
	                                      .argument = argument });
}

void pp_add_remedy_by_steps(struct pp_judging *j, struct pp_finding *f,
                            const struct pp_remedy_ops *ops, const char *text,
                            const char *side_effect, const struct pp_step *steps, uint32_t nr_steps)
{
	struct pp_step *copy = PP_ARENA_ARRAY(j->arena, nr_steps, struct pp_step);

	if (!copy) {
		j->failed = true;
		return;
	}
	memcpy(copy, steps, nr_steps * sizeof(*copy));
	pp_add_remedy(f, &(struct pp_remedy){ .ops = ops,
	                                      .text = text,
	                                      .side_effect = side_effect,
	                                      .automatic = true,
	                                      .steps = copy,
	                                      .nr_steps = nr_steps });
}

const char *pp_name_of(struct pp_judging *j, const struct pp_device *d)
{
	char text[PP_ADDRESS_TEXT_BYTES];

	pp_address_format_short(d->address, text);
	const char *s = pp_arena_strdup(j->arena, text);
	j->failed |= !s;
	return s ? s : "";
}

const char *pp_range(struct pp_judging *j, uint64_t start, uint64_t end_incl)
{
	const char *s = pp_arena_printf(j->arena, "0x%llx-0x%llx", (unsigned long long)start,
	                                (unsigned long long)end_incl);
	j->failed |= !s;
	return s ? s : "";
}

const struct pp_group_facts *pp_group_facts_of(const struct pp_judging *j,
                                               const struct pp_device *d)
{
	return d->group == PP_NO_GROUP ? NULL : &j->groups[d->group];
}

const char *pp_effect_name(enum pp_effect effect)
{
	static const char *const names[] = {
		[PP_BLOCKS] = "blocks",
		[PP_DEGRADES] = "degrades",
		[PP_INFORMS] = "informs",
		[PP_EFFECT_UNKNOWN] = "unknown",
	};
	return (size_t)effect < sizeof(names) / sizeof(names[0]) ? names[effect] : "";
}
