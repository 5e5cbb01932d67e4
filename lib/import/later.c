/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Texts that need the ids that another text tells: they are read once more when all are read. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "import/import.h"

/* Copies of all of them together; what does not fit is not read again. */
#define LATER_MAX_BYTES PP_IMPORT_MAX_BYTES

struct pp_import_later {
	struct pp_import_later *next;
	const struct pp_reader *reader;
	char *name;
	uint32_t lines_before; /* of the text that it was a part of */
	size_t len;
	uint8_t bytes[];
};

/* 0; -EAGAIN, which leaves no error: this is the last time, or they are too long to be kept. */
static int later_add(struct pp_import *in, const struct pp_reader *reader, struct pp_span text,
                     struct pp_error *e)
{
	if (in->last_pass || text.len > LATER_MAX_BYTES - in->later_bytes)
		return -EAGAIN;
	struct pp_import_later *l = malloc(sizeof(*l) + text.len), **last = &in->later;
	char *name = strdup(in->name);
	if (!l || !name) {
		free(l);
		free(name);
		return pp_fail_oom(e, in->name);
	}
	*l = (struct pp_import_later){ .reader = reader,
		                       .name = name,
		                       .len = text.len,
		                       .lines_before = in->part_line ? in->part_line - 1 : 0 };
	if (text.len)
		memcpy(l->bytes, text.data, text.len);
	while (*last)
		last = &(*last)->next;
	*last = l;
	in->later_bytes += text.len;
	return 0;
}

int pp_import_ids_wanted(struct pp_import *in, const struct pp_reader *reader, struct pp_span text,
                         uint32_t nr_with, uint32_t nr_without, struct pp_error *e)
{
	if (nr_with && !nr_without)
		return 0;
	int r = later_add(in, reader, text, e);
	if (r != -EAGAIN)
		return r;
	/* Where others list devices, these are among theirs, unknown. */
	if (!nr_with && !in->nr_devices)
		return pp_fail(e, EBADMSG,
		               "%.300s: %s: add the output of "
		               "lspci -nn with another --from, or on that host: sudo lspci "
		               "-nnvvxxxx >lspci.txt",
		               in->name,
		               reader == &pp_reader_group_paths
		                       ? "paths of IOMMU groups, which have no ids"
		                       : "lspci without -nn, which prints no ids");
	pp_import_note(in,
	               "has no ids for %u of its devices; on that host: sudo lspci -nnvvxxxx "
	               ">lspci.txt",
	               nr_without);
	return 0;
}

int pp_import_later_finish(struct pp_import *in, struct pp_error *e)
{
	int r = 0;

	in->last_pass = true;
	for (struct pp_import_later *l = in->later; l && !r; l = l->next) {
		pp_import_begin(in, l->name);
		in->lines_before = l->lines_before;
		r = pp_import_read(in, l->reader, PP_SPAN(l->bytes, l->len), e);
	}
	return r;
}

void pp_import_later_free(struct pp_import *in)
{
	while (in->later) {
		struct pp_import_later *l = in->later;
		in->later = l->next;
		free(l->name);
		free(l);
	}
}
