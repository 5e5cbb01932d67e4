/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* JSON as it is written into a buffer, with no tree of values in between. */
#ifndef PP_REPORT_JSON_WRITER_H
#define PP_REPORT_JSON_WRITER_H

#include <stdint.h>

#include "base/buffer.h"

/*
 * Values come in the order of the document; the commas between them come by themselves. A failure
 * is the buffer's.
 */
struct pp_json_writer {
	struct pp_buffer *buffer;
	bool needs_comma;
	/* A table's cell in place of JSON: text without quotes, a list with commas, "" for null. */
	bool plain;
	bool one_line; /* without line breaks, for a document among others */
};

/* '{' or '[', and its end. */
void pp_json_open(struct pp_json_writer *w, char bracket);
void pp_json_close(struct pp_json_writer *w, char bracket);
/* A line break before the next value, after the comma. */
void pp_json_new_line(struct pp_json_writer *w);
/* A field's name; a value follows. */
void pp_json_key(struct pp_json_writer *w, const char *name);

/* NULL: null. Bytes that are no UTF-8 become U+FFFD. */
void pp_json_put_text(struct pp_json_writer *w, const char *text);
void pp_json_put_integer(struct pp_json_writer *w, int64_t value);
void pp_json_put_boolean(struct pp_json_writer *w, bool value);
void pp_json_put_null(struct pp_json_writer *w);

#endif
