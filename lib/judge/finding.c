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
	f->host = j->host;
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

/* What is on the command line already changes nothing: every word of "one=a two=b" is there. */
static bool argument_is_given(const struct pp_host *h, const char *arguments)
{
	char one[64];

	for (const char *s = arguments; *s;) {
		size_t n = strcspn(s, " ");
		if (n >= sizeof(one))
			return false;
		memcpy(one, s, n);
		one[n] = '\0';
		if (!pp_kernel_argument_given(h, one))
			return false;
		s += n + (s[n] == ' ');
	}
	return true;
}

/* Only on the kind of host that it is for, and what lets a guest do harm behind all else. */
void pp_add_remedy(struct pp_finding *f, const struct pp_remedy *r)
{
	uint32_t at = f->nr_remedies;

	if (at == PP_MAX_REMEDIES || !r->text || !f->host ||
	    (r->ops->kinds && !(r->ops->kinds & PP_ON(f->host->kind))) ||
	    (r->argument && argument_is_given(f->host, r->argument)))
		return;
	for (uint32_t i = 0; i < at; i++)
		if (f->remedies[i].ops == r->ops && !strcmp(f->remedies[i].text, r->text))
			return;
	while (at && !(r->ops->flags & PP_REMEDY_INSECURE) &&
	       f->remedies[at - 1].ops->flags & PP_REMEDY_INSECURE) {
		f->remedies[at] = f->remedies[at - 1];
		at--;
	}
	f->remedies[at] = *r;
	f->nr_remedies++;
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
