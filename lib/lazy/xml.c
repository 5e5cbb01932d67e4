/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* libxml2, opened when a schema or a data file is parsed: few commands do. It brings ICU along. */
#include <stddef.h>
#include <stdint.h>

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

/*
 * libxml2 2.14 became libxml2.so.16: functions went and structures changed, but none of what
 * pcipass uses. So a program that was built with an older one takes the new one where there is no
 * other. What holds for both is held here, whichever this is built with.
 */
#define XML_SAME(type, member, offset) _Static_assert(offsetof(type, member) == (offset), #member)
#if UINTPTR_MAX == UINT64_MAX
XML_SAME(xmlParserCtxt, sax, 0);
XML_SAME(xmlParserCtxt, userData, 8);
XML_SAME(xmlParserCtxt, wellFormed, 24);
XML_SAME(xmlParserCtxt, version, 32);
XML_SAME(xmlError, code, 4);
XML_SAME(xmlError, message, 8);
XML_SAME(xmlError, level, 16);
XML_SAME(xmlError, line, 32);
XML_SAME(xmlSAXHandler, internalSubset, 0);
XML_SAME(xmlSAXHandler, startDocument, 96);
XML_SAME(xmlSAXHandler, characters, 136);
XML_SAME(xmlSAXHandler, ignorableWhitespace, 144);
XML_SAME(xmlSAXHandler, cdataBlock, 200);
XML_SAME(xmlSAXHandler, initialized, 216);
XML_SAME(xmlSAXHandler, startElementNs, 232);
XML_SAME(xmlSAXHandler, endElementNs, 240);
XML_SAME(xmlSAXHandler, serror, 248);
_Static_assert(sizeof(xmlSAXHandler) == 256 && XML_SAX2_MAGIC == 0xdeedbeaf, "the handler");
#endif

#if LIBXML_VERSION >= 21400
#define XML_NEXT_SONAME NULL
#else
#define XML_NEXT_SONAME "libxml2.so.16"
#endif

PP_LAZY_LIBRARY(pp_lazy_xml, "libxml2", PP_LIBXML2_SONAME, XML_NEXT_SONAME, XML_API)
