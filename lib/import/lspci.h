/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the files that read the output of lspci share. */
#ifndef PP_IMPORT_LSPCI_H
#define PP_IMPORT_LSPCI_H

#include "import/import.h"

/*
 * What a heading is made of. Those with a pointer to the line take what they know off its start,
 * and leave it alone otherwise.
 */
/* "0000:07:00.0" or "07:00.0", then a blank; also behind a mark, such as "[RESET]" or "--->". */
bool pp_lspci_address(struct pp_span *line, struct pp_address *ret);
/* "IOMMU Group 13 07:00.0 …", "Group 13: 07:00.0", "IOMMU group 13: [1000:0087] 07:00.0". */
bool pp_lspci_group(struct pp_span *line, uint32_t *ret);
/* "[1000:0087]"; the last of its kind in the line. */
bool pp_lspci_ids(struct pp_span line, uint64_t *vendor, uint64_t *device);
/* "[0107]:" */
bool pp_lspci_class(struct pp_span line, uint64_t *ret);
/* "07:00.0 …", also behind its group; or a group's own line. */
bool pp_lspci_is_heading(struct pp_span line);
/* A heading with the addresses of several devices, whose lines' ends were lost. */
bool pp_lspci_is_several(struct pp_span line);
/* No heading, but there is the address and the class of one in it. */
bool pp_lspci_is_damaged(struct pp_span line);
/* Below a heading of "lspci -k" or "-v", as its second line. */
bool pp_lspci_is_detail(struct pp_span line);

/* Of one line that a mail program broke. */
#define PP_LSPCI_MAX_JOINED 1024u

/* The line that is read: where it begins in the text, and if it was broken, all of it. */
struct pp_lspci_lines {
	const uint8_t *begin;
	uint8_t joined[PP_LSPCI_MAX_JOINED];
};

/* The next line, whole, until the one after it is read; false: there is none. */
bool pp_lspci_next(struct pp_lspci_lines *l, struct pp_span *text, struct pp_span *line,
                   unsigned int *indent);

/* What a line of "lspci -v" tells of configuration space; header type and lists come at the end. */
struct pp_lspci_caps {
	uint8_t last, last_ext; /* where the list ends so far; 0: not begun */
	uint16_t ext;           /* of the last extended capability */
	uint16_t at;            /* of the capability whose lines follow; 0: none */
	uint16_t kind;          /* PP_CAP_… number of that, as in the specification */
	bool extended, denied, any, pcie;
};
void pp_lspci_capability(struct pp_import_config *c, struct pp_lspci_caps *caps,
                         struct pp_span line);
void pp_lspci_detail(struct pp_import_config *c, const struct pp_lspci_caps *caps,
                     struct pp_span line);
void pp_lspci_caps_end(struct pp_import_config *c, const struct pp_lspci_caps *caps, bool verbose);

#endif
