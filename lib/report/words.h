/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Sentences about a host that several reports share. */
#ifndef PP_REPORT_WORDS_H
#define PP_REPORT_WORDS_H

#include "report/out.h"

/* Sentences about a host that several reports begin or end with. */

/* Behind the answers for a kernel that does not run. */
void pp_words_other_kernel(struct pp_out *o, const struct pp_host *h);

/* "HP ProLiant DL380p Gen8, BIOS P70 (05/24/2019), Linux 6.1.0-28-amd64" */
void pp_words_host(const struct pp_host *h, char *buf, size_t size);
/*
 * A verdict in one word, for people: "fixable", "bridge". Programs get pp_verdict_name(), also in
 * --columns.
 */
const char *pp_words_verdict(enum pp_verdict v);
/* A part of the processor or chipset that has no driver: nobody gives it to a guest. */
bool pp_words_is_chipset(const struct pp_device *d);
/* It is known that there is no IOMMU, in the firmware or in the kernel. */
bool pp_words_no_iommu(const struct pp_host *h);
/* "Intel VT-d on, interrupts remapped" */
void pp_words_iommu(const struct pp_host *h, char *buf, size_t size);
/* What was not read, why, and what it would add. Nothing where all was read. */
void pp_words_rights(struct pp_out *o, const struct pp_host *h);
/*
 * What to type to have a row's device freed: "pcipass free slot2" where that frees all of the slot
 * with the same steps, else its address. false: it is not, or not only, for "pcipass free" to do.
 */
bool pp_words_free(const struct pp_survey *s, const struct pp_row *row, char *buf, size_t size);
/* Of the kernel that runs, also where the answer is for another one: it tells whether this is
 * Proxmox VE. NULL: not known. */
const char *pp_words_release(const struct pp_host *h);
#define PP_WORDS_ONCE_BYTES 160
/* ", once it runs Linux 5.10" where the answer is for that kernel and another one runs, else "". */
const char *pp_words_once_it_runs(const struct pp_host *h, char *buf, size_t size);
/* A word as it is typed in a command, in quotes where it needs them; "…" where that cannot be. */
const char *pp_words_typed(const char *word, char *buf, size_t size);
#define PP_WORDS_TYPED_BYTES 320
/* The host runs from it, or from another device of its group: bind and free refuse it. */
bool pp_words_host_needs(const struct pp_survey *s, const struct pp_device *d);
/* What to do so that a row's device is free: "A; and B", a part for each thing that blocks it. */
void pp_words_steps(const struct pp_row *row, char *buf, size_t size);
/* A virtual function of the row's device that a guest may have; NULL: it has none. */
const struct pp_row *pp_words_substitute(const struct pp_survey *s, const struct pp_row *row);
/* The device to begin with, of those that can be freed; NULL: there is none. */
const struct pp_row *pp_words_first_to_free(const struct pp_survey *s);
/* "doc/why.md", or where it is installed; returns buf. */
const char *pp_words_document(const struct pp_out *o, const char *name, char *buf, size_t size);
/* The report is of a capture: the reader may sit at another host than it tells of. */
bool pp_words_elsewhere(const struct pp_out *o);
/*
 * The form of emit for guests on this kernel's host. Proxmox VE's "proxmox", whose guests bind
 * their devices themselves as they start; else "qemu".
 */
const char *pp_words_emit(const char *release);
bool pp_words_guest_binds(const char *release);
/*
 * How a device that a guest may have comes to it: bound to vfio-pci, with all that shares its
 * group, then shown to the guest. false: it may not, and nothing was printed.
 */
bool pp_words_give(struct pp_out *o, const struct pp_survey *s, const struct pp_row *row);
/*
 * What "pcipass bind" is to be given before a guest can have the device: "group13" where others of
 * its group must let go of it as well, else "07:00.0". false: vfio-pci has all of it.
 */
bool pp_words_to_bind(const struct pp_survey *s, const struct pp_device *d, char *buf, size_t size);
/* Who may change a host: "as root" or "as an administrator". */
const char *pp_words_as_who(bool windows);
/* The next step. */
void pp_words_next(struct pp_out *o, const struct pp_survey *s);

/*
 * Lines that begin with "Next: " and end in something to type (next.c): of one device, which the
 * reader named so; of several at once; of a survey in which nothing can be freed or given; and the
 * command alone, for the one line of check.
 */
void pp_next_of_row(struct pp_out *o, const struct pp_survey *s, const struct pp_row *row,
                    const char *what);
void pp_next_of_devices(struct pp_out *o, const struct pp_survey *s, const uint32_t *devices,
                        uint32_t nr_devices, const char *what);
void pp_next_of_survey(struct pp_out *o, const struct pp_survey *s);
/*
 * "pcipass --from FILE --for xen explain 07:00.0", with --for where the command takes it; verb and
 * what may be "".
 */
void pp_next_command(const struct pp_out *o, const struct pp_survey *s, const char *verb,
                     const char *what, char *buf, size_t size);
void pp_next_in_check(const struct pp_out *o, const struct pp_survey *s, const struct pp_row *row,
                      const char *what, char *buf, size_t size);

/* The survey's document, of all devices or of some. */
void pp_survey_json(struct pp_out *o, const struct pp_survey *s, const uint32_t *only,
                    uint32_t nr_only);

/* What other programs say where the rules that found something speak, and what stands behind
 * them: of the rows that are listed; of all, and of the host, if only is NULL. */
void pp_phrases_text(struct pp_out *o, const struct pp_survey *s, const uint32_t *only,
                     uint32_t nr_only);

#endif
