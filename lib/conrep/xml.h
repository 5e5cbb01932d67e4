/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* XML by libxml2's SAX reader: bounded, without DTDs, entities or namespaces. */
#ifndef PP_CONREP_XML_H
#define PP_CONREP_XML_H

#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/span.h"

/*
 * The little of XML that conrep's files need: elements, attributes, text. Read by libxml2's SAX
 * parser from memory; nothing outside the bytes is ever opened.
 */
struct pp_xml_attribute {
	const char *name, *value; /* value: UTF-8, control bytes but tab and newline are '?' */
};

struct pp_xml_node {
	const char *name;
	unsigned int line; /* of the start tag, from 1 */
	const struct pp_xml_attribute *attributes;
	uint32_t nr_attributes;
	const char
		*text; /* all character data directly inside, CDATA too, not trimmed; never NULL */
	struct pp_xml_node *children, *next;
};

#define PP_XML_MAX_BYTES (16u << 20) /* as UTF-8 */
/* How long a file with that many bytes can be: UTF-16, and its mark. */
#define PP_XML_MAX_FILE_BYTES (2 * PP_XML_MAX_BYTES + 2)
#define PP_XML_MAX_DEPTH      16
#define PP_XML_MAX_NODES      200000

/*
 * *ret lives in a. object names the input in messages ("rmrds.xml"), which read
 * "rmrds.xml line 12: …". The input is in any encoding that pp_encoding_to_utf8() takes; lines and
 * limits are those of the text in UTF-8.
 * -EBADMSG: not well-formed, a DTD (even an empty one), what pp_encoding_to_utf8() refuses, a
 * namespace prefix, bytes after the end. -E2BIG: a limit above. -ENOMEM.
 */
int pp_xml_parse(struct pp_span in, const char *object, struct pp_arena *a,
                 const struct pp_xml_node **ret, struct pp_error *e);

/* Value of an attribute or NULL; first child of that name or NULL. */
const char *pp_xml_attribute(const struct pp_xml_node *n, const char *name);
const struct pp_xml_node *pp_xml_child(const struct pp_xml_node *n, const char *name);

/* text without blanks at both ends, in the arena; NULL: no memory. */
const char *pp_xml_trimmed(const struct pp_xml_node *n, struct pp_arena *a);

#endif
