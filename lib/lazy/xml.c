/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* libxml2, opened when a schema or a data file is parsed: few commands do. It brings ICU along. */
#include <libxml/parser.h>
#include <libxml/parserInternals.h>

#include "lazy/library.h"
#include "lazy/open.h"

/* Where the parser is, by the function that this version does not call deprecated. */
#if LIBXML_VERSION >= 21500
#define XML_POSITION(FUNCTION)                                                                     \
	FUNCTION(int, xmlCtxtGetInputPosition,                                                     \
	         (xmlParserCtxtPtr c, int index, const char **file, int *line, int *column,        \
	          unsigned long *at),                                                              \
	         (c, index, file, line, column, at), -1)
#else
#define XML_POSITION(FUNCTION) FUNCTION(long, xmlByteConsumed, (xmlParserCtxtPtr c), (c), -1)
#endif

/* What pcipass uses. */
#define XML_API(FUNCTION, PROCEDURE)                                                               \
	FUNCTION(xmlParserCtxtPtr, xmlCreateMemoryParserCtxt, (const char *buf, int size),         \
	         (buf, size), NULL)                                                                \
	FUNCTION(int, xmlCtxtUseOptions, (xmlParserCtxtPtr c, int options), (c, options), -1)      \
	FUNCTION(int, xmlParseDocument, (xmlParserCtxtPtr c), (c), -1)                             \
	XML_POSITION(FUNCTION)                                                                     \
	PROCEDURE(xmlStopParser, (xmlParserCtxtPtr c), (c))                                        \
	PROCEDURE(xmlFreeParserCtxt, (xmlParserCtxtPtr c), (c))

PP_LAZY_LIBRARY(pp_lazy_xml, PP_LIBXML2_SONAME, XML_API)
