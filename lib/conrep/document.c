/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Telling conrep's two kinds of file apart, and from those of HP's other tool. */
#include <stdbool.h>
#include <string.h>
#include <strings.h>

#include "conrep/document.h"

static bool has_child_of(const struct pp_xml_node *n, const char *const *names)
{
	for (; *names; names++)
		if (pp_xml_child(n, *names))
			return true;
	return false;
}

static bool document_is_blank(const char *text)
{
	return !text[strspn(text, " \t\r\n")];
}

static enum pp_document document_of(const struct pp_xml_node *root)
{
	/* An entry of a data file ends in a number, so none of these is one. */
	static const char *const of_schema[] = { "ev",     "nvram",    "cmos",    "value",
		                                 "mask",   "helptext", "altname", "platforms",
		                                 "Fields", NULL };
	bool has_values = false;

	if (!strcasecmp(root->name, "hprcu"))
		return PP_DOCUMENT_HPRCU;
	if (strcmp(root->name, "Conrep"))
		return PP_DOCUMENT_UNKNOWN;
	if (pp_xml_attribute(root, "originating_platform"))
		return PP_DOCUMENT_DATA;
	if (pp_xml_child(root, "global"))
		return PP_DOCUMENT_SCHEMA;
	for (const struct pp_xml_node *n = root->children; n; n = n->next) {
		if (strcmp(n->name, "Section"))
			continue;
		if (has_child_of(n, of_schema))
			return PP_DOCUMENT_SCHEMA;
		has_values |= n->children || !document_is_blank(n->text);
	}
	return has_values ? PP_DOCUMENT_DATA : PP_DOCUMENT_UNKNOWN;
}

int pp_document_check(const struct pp_xml_node *root, enum pp_document wanted, const char *object,
                      struct pp_error *e)
{
	static const char *const what[] = {
		[PP_DOCUMENT_SCHEMA] = "a schema, which says where each setting lies",
		[PP_DOCUMENT_DATA] = "a data file, which says what each setting is to be",
		[PP_DOCUMENT_HPRCU] = "a file of HP's ROM Configuration Utility (hprcu), which "
				      "conrep cannot read",
	};
	enum pp_document found = document_of(root);

	if (found == PP_DOCUMENT_UNKNOWN || found == wanted)
		return 0;
	return pp_fail(e, EBADMSG, "%s line %u: this is %s; wanted %s", object, root->line,
	               what[found], what[wanted]);
}
