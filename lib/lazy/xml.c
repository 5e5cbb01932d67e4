/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* libxml2, opened when a schema or a data file is parsed: few commands do. It brings ICU along. */
#include <libxml/parser.h>
#include <libxml/parserInternals.h>

#include "lazy/library.h"
#include "lazy/open.h"

/* What pcipass uses. */
#define XML_API(FUNCTION, PROCEDURE)                                                               \
	FUNCTION(xmlParserCtxtPtr, xmlCreateMemoryParserCtxt, (const char *buf, int size),         \
	         (buf, size), NULL)                                                                \
	FUNCTION(int, xmlCtxtUseOptions, (xmlParserCtxtPtr c, int options), (c, options), -1)      \
	FUNCTION(int, xmlParseDocument, (xmlParserCtxtPtr c), (c), -1)                             \
	FUNCTION(long, xmlByteConsumed, (xmlParserCtxtPtr c), (c), -1)                             \
	PROCEDURE(xmlStopParser, (xmlParserCtxtPtr c), (c))                                        \
	PROCEDURE(xmlFreeParserCtxt, (xmlParserCtxtPtr c), (c))

PP_LAZY_LIBRARY(pp_lazy_xml, PP_LIBXML2_SONAME, XML_API)
