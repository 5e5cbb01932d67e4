/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A host of the texts that people have in hand. */
#ifndef PCIPASS_IMPORT_H
#define PCIPASS_IMPORT_H

#include <stddef.h>

#include <pcipass/error.h>
#include <pcipass/source.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * A host of what people have in hand: the output of lspci (with -nn; the more of -vvv and -xxxx the
 * better), of dmesg or journalctl, of acpidump or iasl -d, dmidecode, hexdump -C or xxd of a
 * firmware table, /proc/iomem, /proc/cmdline, a listing of IOMMU groups, lshw -json, virsh
 * nodedev-dumpxml, Proxmox VE's list of PCI devices as JSON, a report of supportconfig or Proxmox
 * VE. What a text is, is found out by its content. Quoted by mail ("> "), with CRLF or with
 * entities of HTML it is the same. What no text shows was not read, and is never taken for absent.
 * Pure.
 */
struct pp_import;

/* 0 or -ENOMEM. Freed with pp_import_free(). */
int pp_import_new(struct pp_import **ret, struct pp_error *e);
void pp_import_free(struct pp_import *in);

/*
 * Adds one text. name is for sentences. Two texts of a kind complete each other, such as lspci's
 * with -nn and with -xxxx. What two tell differently is noted; the first is believed. Of a log of
 * several boots the last one counts. -EBADMSG: no kind that is known, or broken; -E2BIG: larger
 * than 128 MiB.
 */
int pp_import_add(struct pp_import *in, const char *name, const char *bytes, size_t len,
                  struct pp_error *e);

/*
 * Adds a support bundle: a directory or archive of sos report, hw-probe or supportconfig, opened
 * with pp_source_open(). -ENOEXEC, without a text: s is none of these, so a host of its own.
 * -EBADMSG: two hosts in one. s is borrowed for the call.
 */
int pp_import_add_bundle(struct pp_import *in, const char *name, struct pp_source *s,
                         struct pp_error *e);

/* Whether it would be added: only names are looked for, nothing is read. */
bool pp_import_is_bundle(struct pp_source *s);

/* What to know of the texts, one a line; "" for nothing. Borrowed, until the next call. */
const char *pp_import_notes(const struct pp_import *in);

/*
 * All of it as a source; the import is used up, and still to be freed. -EBADMSG: no text was added.
 */
int pp_import_finish(struct pp_import *in, struct pp_source **ret, struct pp_error *e);

#ifdef __cplusplus
}
#endif

#endif
