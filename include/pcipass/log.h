/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the lines of a log say about passthrough. */
#ifndef PCIPASS_LOG_H
#define PCIPASS_LOG_H

#include <stddef.h>
#include <stdint.h>

#include <pcipass/error.h>
#include <pcipass/judge.h>
#include <pcipass/report.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Lines that Linux, QEMU, libvirt, Proxmox VE and Xen print about the IOMMU, reserved regions,
 * groups, interrupts, resets and BARs, looked for in any text: a kernel log with any kind of time
 * stamp, a QEMU error, a forum post. It may be quoted by mail ("> "), wrapped, with CRLF, entities
 * of HTML or colours of a terminal, in UTF-8 or UTF-16. What is not known is left alone. Memory
 * does not grow with the text. Pure.
 */
struct pp_log;

/* 0 or -ENOMEM. Freed with pp_log_free(). */
int pp_log_new(struct pp_log **ret, struct pp_error *e);
void pp_log_free(struct pp_log *l);

/* The next bytes of the text, in pieces of any size; none may come after pp_log_end(). */
void pp_log_feed(struct pp_log *l, const char *bytes, size_t len);
/* The text has ended. */
void pp_log_end(struct pp_log *l);
/* How many lines were recognised so far. */
uint64_t pp_log_known(const struct pp_log *l);

/*
 * What was recognised, a message and device once, with what it means and what follows. s: the host
 * that the text is of, whose own answer is told for each device; NULL: none is at hand.
 */
int pp_report_log(const struct pp_log *l, const struct pp_survey *s, const struct pp_style *style,
                  struct pp_sink sink, struct pp_error *e);

#ifdef __cplusplus
}
#endif

#endif
