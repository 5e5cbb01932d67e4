/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The survey's table: its columns, each described once. */
#ifndef PP_REPORT_COLUMNS_H
#define PP_REPORT_COLUMNS_H

#include "report/field.h"

/* A row of columns.c. A column with the name of a field of a device needs nothing else. */
struct pp_column {
	const char *name; /* the heading, and what --columns takes */
	const char
		*field;   /* of a device in JSON, whose value and meaning it has; NULL: put, help */
	const char *help; /* one line; NULL: the field's meaning */
	unsigned int columns; /* at the least */
	unsigned int narrow;  /* what it is cut to on a terminal that is too narrow; 0: not cut */
	bool right;           /* aligned to the right */
	bool in_title;        /* the title above the rows of a section says it */
	bool is_host;         /* known of any host, even if nothing else is */
	bool is_verdict;      /* "unknown" of such a host */
	void (*put)(struct pp_json_writer *w, const struct pp_subject *s); /* NULL: the field */
	/* Of a saved document; NULL: the field of that name. A column without a field has it. */
	void (*put_saved)(struct pp_json_writer *w, const struct pp_subject *s);
};

/* The columns where none are named: of one host, for every target, and behind those of many. */
#define PP_TABLE_USUAL   "ADDRESS,SLOT,GROUP,DRIVER,VERDICT,DEVICE"
#define PP_TABLE_TARGETS "ADDRESS,SLOT,GROUP,DRIVER,KVM,HYPERV,XEN,DEVICE"

#define PP_TABLE_MAX_COLUMNS 32

/* A table that is laid out: which columns, and how wide each is. */
struct pp_table {
	const struct pp_column *columns[PP_TABLE_MAX_COLUMNS];
	const struct pp_field *fields[PP_TABLE_MAX_COLUMNS]; /* NULL: the column has none */
	unsigned int widths[PP_TABLE_MAX_COLUMNS];
	unsigned int nr_columns;
	const char *indent; /* before each line */
	struct pp_buffer cell;
};

/*
 * names: "ADDRESS,VERDICT", or "+REASON" for one more than the usual ones; NULL: those.
 * sections: the rows stand below titles, so that what a title says has no column. -EINVAL: no
 * column has that name. End it with pp_table_fini().
 */
int pp_table_init(struct pp_table *t, const char *usual, const char *names, bool sections,
                  struct pp_error *e);
void pp_table_fini(struct pp_table *t);
/* A table without columns, and one more column at its end; -EINVAL: none has that name. */
void pp_table_init_empty(struct pp_table *t);
int pp_table_add(struct pp_table *t, const char *name, size_t len, struct pp_error *e);
/* The value of a cell, until the next; "-": there is none, "?": it is not known. */
const char *pp_table_cell(struct pp_table *t, unsigned int i, const struct pp_subject *s);
/* Bridges are shown with --all only. */
bool pp_table_shows(const struct pp_out *o, const struct pp_row *row);

/* Rows in the order in which they are shown. */
struct pp_rows {
	const struct pp_row **rows;
	uint32_t count;
};
/* Those that are shown and that style.filter takes, in the order of style.sort; in the arena. */
int pp_table_choose(struct pp_out *o, const struct pp_survey *s, struct pp_arena *a,
                    struct pp_rows *ret, struct pp_error *e);
/*
 * What style.filter and style.sort ask for, piece by piece: the columns that they name, in tables
 * begun by pp_table_init_empty(); whether a row is taken; how two compare by their sorted cells.
 * Of a host of which nothing is known only its name can speak against it.
 */
int pp_table_read_filter(struct pp_table *t, const char *filter, struct pp_error *e);
int pp_table_read_sort(struct pp_table *t, const char *sort, struct pp_error *e);
bool pp_table_takes(struct pp_table *t, const struct pp_subject *s, const char *filter);
const char *const *pp_table_keys(struct pp_table *t, const struct pp_subject *s,
                                 struct pp_arena *a);
int pp_table_compare(const char *const *a, const char *const *b, unsigned int nr_keys);
/* As wide as these rows need, and not wider than a terminal. */
void pp_table_lay_out(struct pp_table *t, struct pp_out *o, const struct pp_survey *s,
                      const struct pp_rows *rows);
/* The same for cells that are there already: begin, each of them, end. */
void pp_table_widths_begin(struct pp_table *t);
void pp_table_widths_add(struct pp_table *t, unsigned int i, const char *text);
void pp_table_widths_end(struct pp_table *t, struct pp_out *o);
void pp_table_cells(struct pp_table *t, struct pp_out *o, const char *const *cells);
/* Whether it shows why a device or a host is unknown. */
bool pp_table_has_reason(const struct pp_table *t);
void pp_table_heading(struct pp_table *t, struct pp_out *o);
void pp_table_row(struct pp_table *t, struct pp_out *o, const struct pp_survey *s,
                  const struct pp_row *row);

#endif
