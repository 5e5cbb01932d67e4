/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* libxml2, opened when a schema or a data file is parsed: few commands do. It brings ICU along. */
#include <libxml/parser.h>
#include <libxml/parserInternals.h>

#include "lazy/library.h"
#include "lazy/open.h"

/* What pcipass uses: FUNCTION(type, name, parameters, arguments, absent), PROCEDURE(name, …). */
#define XML_API(FUNCTION, PROCEDURE)                                                               \
	FUNCTION(xmlParserCtxtPtr, xmlCreateMemoryParserCtxt, (const char *buf, int size),         \
	         (buf, size), NULL)                                                                \
	FUNCTION(int, xmlCtxtUseOptions, (xmlParserCtxtPtr c, int options), (c, options), -1)      \
	FUNCTION(int, xmlParseDocument, (xmlParserCtxtPtr c), (c), -1)                             \
	FUNCTION(long, xmlByteConsumed, (xmlParserCtxtPtr c), (c), -1)                             \
	PROCEDURE(xmlStopParser, (xmlParserCtxtPtr c), (c))                                        \
	PROCEDURE(xmlFreeParserCtxt, (xmlParserCtxtPtr c), (c))

XML_API(PP_LAZY_FUNCTION, PP_LAZY_PROCEDURE)

#define SYMBOL_OF_FUNCTION(type, name, parameters, arguments, absent) PP_LAZY_SYMBOL(name)
#define SYMBOL_OF_PROCEDURE(name, parameters, arguments)              PP_LAZY_SYMBOL(name)
static const struct lazy_symbol xml_symbols[] = { XML_API(SYMBOL_OF_FUNCTION,
	                                                  SYMBOL_OF_PROCEDURE) };

static struct lazy_library xml_library = {
	.soname = PP_LIBXML2_SONAME,
	.symbols = xml_symbols,
	.nr_symbols = sizeof(xml_symbols) / sizeof(xml_symbols[0]),
	.mutex = PTHREAD_MUTEX_INITIALIZER,
};

int pp_lazy_xml(struct pp_error *e)
{
	return lazy_open(&xml_library, e);
}
