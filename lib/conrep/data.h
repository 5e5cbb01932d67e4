/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The data file (-f): settings by name. */
#ifndef PP_CONREP_DATA_H
#define PP_CONREP_DATA_H

#include "base/arena.h"
#include "base/buffer.h"
#include "base/error.h"
#include "base/notes.h"
#include "base/span.h"
#include "conrep/match.h"

/* conrep's data file: settings by name, as text. */

struct pp_entry {
	const char *name; /* "Line0": field and record number */
	const char *text;
	unsigned int line;
};

struct pp_setting {
	const char *name;
	const char *helptext; /* "" if absent */
	unsigned int line;    /* 0: not from a file */
	const char *text;     /* ENUM, RAW; NULL if there are entries */
	const struct pp_entry *entries;
	uint32_t nr_entries;
};

struct pp_data {
	const char *object;        /* for messages */
	const char *version;       /* attribute of the root; "" if absent */
	struct pp_machine machine; /* originating_*; NULL where absent */
	const struct pp_setting *settings;
	uint32_t nr_settings;
};

/*
 * *ret lives in a; object is copied. Root and section attributes are optional, unknown ones are
 * ignored. Blanks at the end of a text go, and before it an indentation that begins a new line.
 * The same section or entry twice with the same content is a note, with another one -EBADMSG, and
 * so is a root that is no <Conrep>, a schema, anything but <Section name="..."> in it, a section
 * that holds text and entries, an entry that holds elements. A section without any of it has the
 * text "". Names are checked against a schema later, by pp_changes_plan().
 */
int pp_data_parse(struct pp_span in, const char *object, struct pp_arena *a, struct pp_notes *notes,
                  struct pp_data *ret, struct pp_error *e);

/* "exclude.dat line 4", or the object alone for line 0, into buf, for messages. */
const char *pp_data_place(const char *object, unsigned int line, char *buf, size_t size);

/*
 * Writes the form that conrep writes: declaration, comment, root with the machine's identity (an
 * attribute that is not known is left out), one line a section, two blanks of indent. version is
 * the conrep version whose form this is (PP_CONREP_FORM), whatever d says. A byte that XML or a
 * terminal cannot take becomes '?'. Failure shows in b->failed, also for an entry's name that is no
 * name of an element.
 */
#define PP_CONREP_FORM "5.2.0.0"
void pp_data_write(const struct pp_data *d, struct pp_buffer *b);

#endif
