/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What was asked of the kernel, what it answered, and what it logged meanwhile. */
#include <stdlib.h>
#include <string.h>

#include "attach/attach.h"
#include "base/text.h"

/* A record of /dev/kmsg is at most that long (CONSOLE_EXT_LOG_MAX). */
#define RECORD_BYTES 8192

/* A device that floods the log is not quoted without end. */
#define MAX_LINES   32
#define MAX_RECORDS 10000

/* The facility stands above the three bits of the level; the kernel's own is 0. */
#define LEVEL_BITS 3

/*
 * "6,339,5140900,-;the text\n SUBSYSTEM=pci\n": Documentation/ABI/testing/dev-kmsg. *ret is the
 * text of a record that the kernel itself wrote.
 */
static bool parse_record(struct pp_span record, struct pp_span *ret)
{
	char number[16];
	uint64_t priority;
	const uint8_t *comma = pp_span_find(record, ","), *text = pp_span_find(record, ";");

	if (!comma || !text || (size_t)(comma - record.data) >= sizeof(number))
		return false;
	memcpy(number, record.data, (size_t)(comma - record.data));
	number[comma - record.data] = '\0';
	if (!pp_parse_dec(number, UINT32_MAX, &priority) || priority >> LEVEL_BITS)
		return false;
	struct pp_span rest = PP_SPAN(text + 1, record.len - (size_t)(text + 1 - record.data));
	return pp_text_line(&rest, ret);
}

static void read_log(struct pp_attach *a, struct pp_attach_step *step)
{
	char record[RECORD_BYTES];
	const char **lines = PP_ARENA_ARRAY(&a->arena, MAX_LINES, const char *);
	struct pp_span text;

	if (!lines) {
		a->oom = true;
		return;
	}
	step->log = lines;
	for (unsigned int i = 0; i < MAX_RECORDS; i++) {
		size_t n;
		int r = a->sys->ops->log_next(a->sys, record, sizeof(record), &n);
		if (r == -EPIPE) {
			step->nr_log_lost++;
			continue;
		}
		if (r)
			return;
		if (!parse_record(PP_SPAN(record, n), &text))
			continue;
		if (step->nr_log == MAX_LINES)
			step->nr_log_lost++;
		else if ((lines[step->nr_log] = pp_text_clean(&a->arena, text.data, text.len)))
			step->nr_log++;
		else
			a->oom = true;
	}
}

static int __attribute__((format(printf, 4, 0)))
step_add(struct pp_attach *a, const char *name, int r, const char *fmt, va_list ap)
{
	struct pp_attach_step *step = PP_ARENA_NEW(&a->arena, struct pp_attach_step);

	if (!step) {
		a->oom = true;
		return r < 0 ? r : -ENOMEM;
	}
	step->name = name;
	step->error = r < 0 ? -r : 0;
	step->failed = r < 0;
	step->text = pp_arena_vprintf(&a->arena, fmt, ap);
	if (!step->text) {
		a->oom = true;
		step->text = "";
	}
	read_log(a, step);
	*a->last = step;
	a->last = &step->next;
	return r < 0 ? r : 0;
}

int pp_attach_step(struct pp_attach *a, const char *name, int r, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	r = step_add(a, name, r, fmt, ap);
	va_end(ap);
	return r;
}

int pp_attach_ask(struct pp_attach *a, const char *name, int r, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	r = step_add(a, name, r, fmt, ap);
	va_end(ap);
	return r ? pp_attach_refused(a) : 0;
}

static struct pp_attach_step *last_step(struct pp_attach *a)
{
	struct pp_attach_step *s = a->steps;

	while (s && s->next)
		s = s->next;
	return s;
}

int pp_attach_end(struct pp_attach *a, enum pp_attach_result result, const char *fmt, ...)
{
	va_list ap;

	a->result = result;
	va_start(ap, fmt);
	a->reason = pp_arena_vprintf(&a->arena, fmt, ap);
	va_end(ap);
	if (!a->reason) {
		a->oom = true;
		a->reason = "out of memory";
	}
	return -ECANCELED;
}

int pp_attach_refused(struct pp_attach *a)
{
	struct pp_attach_step *s = last_step(a);

	if (!s)
		return -ECANCELED;
	s->failed = true;
	a->refused_at = s;
	/* A group has one holder, and so has a device: who came first is no refusal of the device.
	 */
	if (s->error == EBUSY && !strcmp(s->name, "open-group"))
		return pp_attach_end(a, PP_ATTACH_STOPPED, "another program holds the group");
	if (s->error == EBUSY && !strcmp(s->name, "bind-iommufd"))
		return pp_attach_end(a, PP_ATTACH_STOPPED, "another program holds the device");
	return pp_attach_end(a, PP_ATTACH_REFUSED, "the kernel refused %s: %s", s->name,
	                     s->error ? strerror(s->error) : s->text);
}

bool pp_attach_stops(struct pp_attach *a)
{
	if (!a->options.stop || !a->options.stop(a->options.stop_ctx))
		return false;
	(void)pp_attach_end(a, PP_ATTACH_STOPPED, "it was asked to stop");
	return true;
}
