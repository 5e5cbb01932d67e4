/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Verdicts as metrics for Prometheus, in its text format, for the textfile collector of
 * node_exporter; and as labels for Kubernetes' node-feature-discovery, in a feature file of its
 * local source. Both are made of the same rows as the table.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "report/fleet.h"
#include "report/field.h"

/* What node-feature-discovery reads of a file at most. */
#define METRICS_FEATURES_BYTES ((size_t)64 * 1024)
#define METRICS_BYTES          ((size_t)64 * 1024 * 1024)
#define METRICS_NAMESPACE      "feature.node.kubernetes.io/pcipass"

/* The labels of a device besides its address, by the columns that have them. */
static const struct {
	const char *label, *column;
} metrics_labels[] = {
	{ "place", "PLACE" }, { "group", "GROUP" }, { "driver", "DRIVER" },
	{ "id", "ID" },       { "class", "CLASS" }, { "name", "NAME" },
};
#define NR_LABELS (sizeof(metrics_labels) / sizeof(metrics_labels[0]))

int pp_metrics_init(struct pp_metrics *m, struct pp_error *e)
{
	int r = 0;

	pp_buffer_init(&m->known, METRICS_BYTES);
	pp_buffer_init(&m->counts, METRICS_BYTES);
	pp_buffer_init(&m->devices, METRICS_BYTES);
	pp_table_init_empty(&m->labels);
	for (size_t i = 0; !r && i < NR_LABELS; i++)
		r = pp_table_add(&m->labels, metrics_labels[i].column,
		                 strlen(metrics_labels[i].column), e);
	return r;
}

void pp_metrics_fini(struct pp_metrics *m)
{
	pp_buffer_fini(&m->known);
	pp_buffer_fini(&m->counts);
	pp_buffer_fini(&m->devices);
	pp_table_fini(&m->labels);
	free(m->ids);
}

/* The value of a label: backslash, quote and the end of a line are escaped. */
static void metrics_put_label(struct pp_buffer *b, const char *name, const char *value)
{
	pp_buffer_printf(b, "%s=\"", name);
	for (; *value; value++) {
		if (*value == '\\' || *value == '"')
			pp_buffer_append(b, "\\", 1);
		if (*value == '\n')
			pp_buffer_puts(b, "\\n");
		else
			pp_buffer_append(b, value, 1);
	}
	pp_buffer_puts(b, "\"");
}

/* Of one host by itself whoever scrapes it knows the name. */
static void metrics_begin(struct pp_buffer *b, const char *metric, const char *host)
{
	pp_buffer_printf(b, "%s{", metric);
	if (*host)
		metrics_put_label(b, "host", host);
	pp_buffer_puts(b, *host ? "," : "");
}

void pp_metrics_host(struct pp_metrics *m, const char *host, bool known)
{
	struct pp_buffer line;

	pp_buffer_init(&line, 4096);
	pp_buffer_puts(&line, "pcipass_host_known");
	if (*host) {
		pp_buffer_puts(&line, "{");
		metrics_put_label(&line, "host", host);
		pp_buffer_puts(&line, "}");
	}
	/* Of two series with the same labels whoever reads the file would refuse all of it. */
	m->twice |= !line.failed && m->known.data && strstr(m->known.data, line.data);
	m->known.failed |= line.failed;
	pp_buffer_append(&m->known, line.data, line.len);
	pp_buffer_puts(&m->known, known ? " 1\n" : " 0\n");
	pp_buffer_fini(&line);
	memset(m->verdicts, 0, sizeof(m->verdicts));
}

void pp_metrics_end_host(struct pp_metrics *m, const char *host, unsigned int targets)
{
	m->targets |= targets;
	for (int t = 0; t < PP_TARGET_COUNT; t++)
		for (int v = 0; targets >> t & 1 && v < PP_VERDICT_COUNT; v++) {
			metrics_begin(&m->counts, "pcipass_devices", host);
			metrics_put_label(&m->counts, "target", pp_target_name((enum pp_target)t));
			pp_buffer_puts(&m->counts, ",");
			metrics_put_label(&m->counts, "verdict",
			                  pp_verdict_name((enum pp_verdict)v));
			pp_buffer_printf(&m->counts, "} %u\n", m->verdicts[t][v]);
		}
}

static void metrics_put_address(struct pp_buffer *b, const struct pp_subject *s)
{
	char text[PP_ADDRESS_TEXT_BYTES + 64];

	if (s->saved) {
		snprintf(text, sizeof(text), "%s",
		         json_string_value(json_object_get(s->saved, "address")));
		pp_text_clean_in_place(text);
	} else
		pp_address_format(s->device->address, text);
	metrics_put_label(b, "address", text);
}

void pp_metrics_device(struct pp_metrics *m, const struct pp_subject *s, enum pp_target t,
                       enum pp_verdict v)
{
	struct pp_buffer *b = &m->devices;

	m->verdicts[t][v]++;
	if (v == PP_VERDICT_NOT_ENDPOINT && !s->out->style->all)
		return;
	metrics_begin(b, "pcipass_device_info", s->out->style->host);
	metrics_put_address(b, s);
	for (unsigned int i = 0; i < NR_LABELS; i++) {
		const char *cell = pp_table_cell(&m->labels, i, s);
		pp_buffer_puts(b, ",");
		/* An empty label is none: so it is not there; "?" stays. */
		metrics_put_label(b, metrics_labels[i].label, strcmp(cell, "-") ? cell : "");
	}
	pp_buffer_puts(b, ",");
	metrics_put_label(b, "target", pp_target_name(t));
	pp_buffer_puts(b, ",");
	metrics_put_label(b, "verdict", pp_verdict_name(v));
	pp_buffer_puts(b, "} 1\n");
}

static void metrics_print_family(struct pp_out *o, const char *name, const char *help,
                                 const struct pp_buffer *b)
{
	pp_out(o, "# HELP %s %s\n# TYPE %s gauge\n", name, help, name);
	for (size_t at = 0; at < b->len;) {
		size_t n = b->len - at < 16384 ? b->len - at : 16384;
		pp_buffer_append(&o->buffer, b->data + at, n);
		pp_out_hand_over(o);
		at += n;
	}
}

int pp_metrics_print(struct pp_metrics *m, struct pp_out *o, struct pp_error *e)
{
	if (m->twice)
		return pp_fail(e, EBADMSG,
		               "two hosts have the same name, and metrics need different "
		               "ones: rename a file");
	if (m->known.failed || m->counts.failed || m->devices.failed || m->labels.cell.failed)
		return pp_fail(e, EFBIG, "more metrics than %zu MiB", METRICS_BYTES >> 20);
	metrics_print_family(o, "pcipass_host_known",
	                     "Whether the devices of the host could be surveyed.", &m->known);
	metrics_print_family(o, "pcipass_devices", "Devices of the host by hypervisor and verdict.",
	                     &m->counts);
	metrics_print_family(o, "pcipass_device_info",
	                     "A device that a guest could be given, with its verdict.",
	                     &m->devices);
	return 0;
}

int pp_metrics_id(struct pp_metrics *m, const struct pp_subject *s, enum pp_target t,
                  enum pp_verdict v, struct pp_error *e)
{
	m->verdicts[t][v]++;
	if ((v != PP_VERDICT_ASSIGNABLE && v != PP_VERDICT_CARE) || !s->device->ids_known)
		return 0;
	if (m->nr_ids == m->size_ids) {
		size_t size = m->size_ids ? m->size_ids * 2 : 64;
		uint64_t *ids = reallocarray(m->ids, size, sizeof(*ids));
		if (!ids)
			return pp_fail_oom(e, "the features");
		m->ids = ids;
		m->size_ids = size;
	}
	m->ids[m->nr_ids++] =
		(uint64_t)t << 32 | (uint32_t)s->device->vendor << 16 | s->device->device;
	return 0;
}

static int metrics_by_id(const void *x, const void *y)
{
	const uint64_t *a = x, *b = y;

	return *a < *b ? -1 : *a > *b;
}

static void metrics_put_features(struct pp_metrics *m, struct pp_buffer *b, enum pp_target t)
{
	pp_buffer_printf(b, "# PCI devices by their verdict for %s, written by pcipass\n",
	                 pp_target_title(t));
	for (int v = 0; v < PP_VERDICT_COUNT; v++)
		if (v != PP_VERDICT_NOT_ENDPOINT)
			pp_buffer_printf(b, METRICS_NAMESPACE "-%s.%s=%u\n", pp_target_name(t),
			                 pp_verdict_name((enum pp_verdict)v), m->verdicts[t][v]);
}

/* How many devices of each kind can be passed through. */
static void metrics_put_ids(struct pp_metrics *m, struct pp_buffer *b)
{
	if (m->nr_ids)
		qsort(m->ids, m->nr_ids, sizeof(*m->ids), metrics_by_id);
	for (size_t i = 0, next; i < m->nr_ids; i = next) {
		for (next = i; next < m->nr_ids && m->ids[next] == m->ids[i];)
			next++;
		pp_buffer_printf(b, METRICS_NAMESPACE "-%s.%04x_%04x=%zu\n",
		                 pp_target_name((enum pp_target)(m->ids[i] >> 32)),
		                 (unsigned int)(m->ids[i] >> 16 & 0xffff),
		                 (unsigned int)(m->ids[i] & 0xffff), next - i);
	}
}

int pp_metrics_print_features(struct pp_metrics *m, struct pp_out *o, struct pp_error *e)
{
	struct pp_buffer *b = &m->devices;

	for (int t = 0; t < PP_TARGET_COUNT; t++)
		if (m->targets >> t & 1)
			metrics_put_features(m, b, (enum pp_target)t);
	metrics_put_ids(m, b);
	if (b->failed || b->len >= METRICS_FEATURES_BYTES)
		return pp_fail(e, EFBIG,
		               "more than %zu KiB of features, which node-feature-discovery would "
		               "ignore",
		               METRICS_FEATURES_BYTES >> 10);
	pp_buffer_append(&o->buffer, b->data, b->len);
	return 0;
}
