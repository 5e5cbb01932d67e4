/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* JSON among what people have in hand: where it begins and ends, and its lines. */
#include <string.h>

#include <jansson.h>

#include "base/text.h"
#include "import/import.h"

/* A host of thousands of devices has some megabytes. */
#define JSON_MAX_BYTES ((size_t)16 * 1024 * 1024)

/* From the first line on that begins with a bracket: a prompt may stand before it. */
bool pp_import_json_begin(struct pp_span text, struct pp_span *ret)
{
	struct pp_span rest = text, line;
	unsigned int indent, n = 0;

	while (n++ < 100 && pp_import_line(&rest, &line, &indent)) {
		if (!line.len || (line.data[0] != '[' && line.data[0] != '{'))
			continue;
		*ret = PP_SPAN(line.data, (size_t)(text.data + text.len - line.data));
		return true;
	}
	return false;
}

int pp_import_json_next(struct pp_import *in, struct pp_span *text, json_t **ret,
                        struct pp_error *e)
{
	json_error_t where;

	*ret = NULL;
	while (text->len && strchr(" \t\n,", text->data[0]))
		*text = PP_SPAN(text->data + 1, text->len - 1);
	/* A shell's prompt may stand behind it. */
	if (!text->len || (text->data[0] != '[' && text->data[0] != '{'))
		return 0;
	if (text->len > JSON_MAX_BYTES)
		return pp_fail(e, E2BIG, "%.200s: more than %zu MiB of JSON", in->name,
		               JSON_MAX_BYTES >> 20);
	pp_import_here(in, text->data);
	uint32_t first = pp_import_line_number(in);
	*ret = json_loadb((const char *)text->data, text->len,
	                  JSON_REJECT_DUPLICATES | JSON_DISABLE_EOF_CHECK, &where);
	if (!*ret)
		return pp_fail(e, EBADMSG, "%.200s: no JSON from line %u on", in->name,
		               first + (where.line > 0 ? (uint32_t)where.line - 1 : 0));
	*text = PP_SPAN(text->data + where.position, text->len - (size_t)where.position);
	return 0;
}

/* Devices stand in the order of the text: each is looked for behind the one before. */
void pp_import_json_here(struct pp_import *in, struct pp_span *from, const char *address)
{
	const uint8_t *at = pp_span_find(*from, address);

	if (!at)
		return;
	pp_import_here(in, at);
	*from = PP_SPAN(at, (size_t)(from->data + from->len - at));
}
