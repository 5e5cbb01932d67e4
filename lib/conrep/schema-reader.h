/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the readers of a schema's parts share: notes, failures, numbers, texts. */
#ifndef PP_CONREP_SCHEMA_READER_H
#define PP_CONREP_SCHEMA_READER_H

#include "conrep/schema.h"
#include "conrep/xml.h"

/* What the files that read a schema share; nobody else includes this. */
struct pp_schema_reader {
	const char *object;
	struct pp_arena *arena;
	struct pp_notes *notes;
	struct pp_error *e;
	const char *section; /* whose part is being read, for messages; NULL: none */
};

/* -EBADMSG: "OBJECT line N: section X: …". */
int pp_schema_fail(const struct pp_schema_reader *r, unsigned int line, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
void pp_schema_note(const struct pp_schema_reader *r, unsigned int line, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Decimal or 0x and hex; what could be read as octal too is refused. what: "mask". */
int pp_schema_number(const struct pp_schema_reader *r, unsigned int line, const char *what,
                     const char *text, uint32_t max, uint32_t *ret);

/* The text of an element that holds nothing else, trimmed. */
int pp_schema_text(const struct pp_schema_reader *r, const struct pp_xml_node *n, const char **ret);

/* Such a text as a number from least to max. */
int pp_schema_number_of(const struct pp_schema_reader *r, const struct pp_xml_node *n,
                        uint32_t least, uint32_t max, uint32_t *ret);

/* Text between the elements of n means nothing. */
void pp_schema_stray_text(const struct pp_schema_reader *r, const struct pp_xml_node *n);

/* Reads n if it is a list of conditions, into *c. *ret_taken: it is one. */
int pp_schema_condition(const struct pp_schema_reader *r, const struct pp_xml_node *n,
                        struct pp_schema_conditions *c, bool *ret_taken);

static inline bool pp_schema_is_alnum(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* <record_size> and <Fields>, one of which may be NULL, into *s, whose length is known. */
int pp_schema_records_read(const struct pp_schema_reader *r, const struct pp_xml_node *size,
                           const struct pp_xml_node *fields, struct pp_schema_section *s);

int pp_schema_section_read(struct pp_schema_reader *r, const struct pp_xml_node *n,
                           struct pp_schema_section *ret);

#endif
