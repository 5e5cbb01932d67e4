/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What an XML file is that was given as a schema or as a data file. */
#ifndef PP_CONREP_DOCUMENT_H
#define PP_CONREP_DOCUMENT_H

#include "base/error.h"
#include "conrep/xml.h"

/*
 * Which file somebody has in hand: conrep's two have the same root element, and HP had another tool
 * for the same settings. Told by elements that only one of them can have.
 */
enum pp_document {
	PP_DOCUMENT_UNKNOWN, /* another root, or nothing in it that could tell */
	PP_DOCUMENT_SCHEMA,
	PP_DOCUMENT_DATA,
	PP_DOCUMENT_HPRCU, /* of HP's ROM Configuration Utility */
};

/*
 * -EBADMSG if it is known to be another one than wanted, a schema or a data file: the sentence
 * tells object and line, what it is and what was wanted. Else 0: it may be the one that is wanted.
 */
int pp_document_check(const struct pp_xml_node *root, enum pp_document wanted, const char *object,
                      struct pp_error *e);

#endif
