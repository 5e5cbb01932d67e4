/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What other programs print where a rule of ours speaks, and what stands behind such a rule. */
#include <string.h>

#include "judge/phrase.h"

#define REGION_RULES "rmrr-hard", "ivmd-hard", "region-hard", "region-companion"

/* In the order of the documents. */
static const struct pp_phrase_part *const parts[] = {
	&pp_phrases_linux,
	&pp_phrases_qemu,
	&pp_phrases_other,
	&pp_phrases_xen,
};
#define NR_PARTS (sizeof(parts) / sizeof(parts[0]))

static const struct pp_background backgrounds[] = {
	{ .rules = { "rmrr-hard", "region-companion" },
	  .ilo_only = true,
	  .title = "Why the BIOS does that",
	  .text = "on ProLiant servers from Gen8 on, iLO reads the temperature and health of "
	          "each card through such memory; HPE calls this \"Sea of Sensors\". Disabling "
	          "iLO is reported to free the cards, but leaves the server without remote "
	          "management" },
	{ .rules = { REGION_RULES },
	  .title = "Why a guest cannot have it",
	  .text = "the device must still reach that memory at its physical address (1:1), but in "
	          "a guest every address that the device uses is translated: a transfer set up "
	          "by the firmware would overwrite guest memory or cause a DMA fault" },
};

#define NR_BACKGROUNDS (sizeof(backgrounds) / sizeof(backgrounds[0]))

static bool has_rule(const char *const *rules, const char *rule)
{
	for (size_t i = 0; i < PP_PHRASE_RULES && rules[i]; i++)
		if (!strcmp(rules[i], rule))
			return true;
	return false;
}

const struct pp_phrase *pp_phrase_at(size_t index)
{
	for (size_t i = 0; i < NR_PARTS; i++) {
		if (index < parts[i]->count)
			return &parts[i]->rows[index];
		index -= parts[i]->count;
	}
	return NULL;
}

const struct pp_phrase *pp_phrase_find(const char *id)
{
	const struct pp_phrase *p;

	for (size_t i = 0; (p = pp_phrase_at(i)); i++)
		if (!strcmp(p->id, id))
			return p;
	return NULL;
}

/* Another spelling of a spelling is none. */
static const struct pp_phrase *phrase_meant(const struct pp_phrase *p)
{
	const struct pp_phrase *other = p->as ? pp_phrase_find(p->as) : NULL;

	return other ? other : p;
}

const char *pp_phrase_means(const struct pp_phrase *p)
{
	const struct pp_phrase *meant = phrase_meant(p);

	return meant->means ? meant->means : "";
}

const char *pp_phrase_next(const struct pp_phrase *p)
{
	const struct pp_phrase *meant = phrase_meant(p);

	return meant->next ? meant->next : "";
}

bool pp_phrase_has_rule(const struct pp_phrase *p, const char *rule)
{
	return has_rule(p->rules, rule);
}

const char *pp_phrase_since(const struct pp_phrase *p)
{
	return p->fact ? pp_kernel_fact(*p->fact)->since : NULL;
}

const char *pp_phrase_before(const struct pp_phrase *p)
{
	return p->fact ? pp_kernel_fact(*p->fact)->before : NULL;
}

enum pp_tri pp_phrase_of_kernel(const struct pp_phrase *p, const struct pp_kernel *k)
{
	if (p->source != PP_PHRASE_LINUX)
		return PP_UNKNOWN;
	return p->fact ? pp_kernel_has(k, *p->fact) : PP_YES;
}

static bool product_has(const struct pp_host *h, const char *word)
{
	return h->product.text && strstr(h->product.text, word);
}

bool pp_phrase_fits(const struct pp_phrase *p, const struct pp_host *h)
{
	return p->source != PP_PHRASE_HPE || product_has(h, "ProLiant");
}

const struct pp_background *pp_background_at(size_t index)
{
	return index < NR_BACKGROUNDS ? &backgrounds[index] : NULL;
}

bool pp_background_has_rule(const struct pp_background *b, const char *rule)
{
	return has_rule(b->rules, rule);
}

bool pp_background_fits(const struct pp_background *b, const struct pp_host *h)
{
	/* Before Gen8 they were called "ProLiant DL360 G7". */
	return !b->ilo_only || (product_has(h, "ProLiant") && product_has(h, " Gen"));
}
