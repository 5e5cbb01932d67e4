/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Results that were saved, as hosts among others: pcipass.survey/1 and pcipass.unknown/1. */
#include <errno.h>
#include <string.h>

#include "base/text.h"
#include "report/fleet.h"
#include "report/field.h"
#include "source/limits.h"

#define RESULTS_SURVEY  "pcipass.survey/1"
#define RESULTS_UNKNOWN "pcipass.unknown/1"
#define RESULTS_PREFIX  "pcipass."

static bool results_is_device(const json_t *d)
{
	return json_is_string(json_object_get(d, "address")) &&
	       json_is_string(json_object_get(d, "verdict"));
}

/* NULL: it is usable; else why not. */
static const char *results_refuse(const json_t *document, enum pp_target wanted, char *buf,
                                  size_t size)
{
	const char *schema = json_string_value(json_object_get(document, "schema"));
	const json_t *devices = json_object_get(document, "devices");
	const char *target = json_string_value(json_object_get(document, "target"));
	const struct pp_subject s = { .saved = json_array_get(devices, 0), .document = document };

	if (strcmp(schema, RESULTS_SURVEY)) {
		snprintf(buf, size, "the result is %.60s, need " RESULTS_SURVEY, schema);
		return buf;
	}
	if (!json_is_array(devices) || !target || pp_target_of(target) == PP_TARGET_COUNT)
		return "the result is damaged: it has no devices or no target";
	for (size_t i = 0; i < json_array_size(devices); i++)
		if (!results_is_device(json_array_get(devices, i)))
			return "the result is damaged: a device has no address or no verdict";
	if (wanted == PP_TARGET_COUNT || !s.saved || pp_saved_verdict(&s, wanted))
		return NULL;
	snprintf(buf, size, "the result is for %s, not for %s: make it with --for all", target,
	         pp_target_name(wanted));
	return buf;
}

static enum pp_verdict results_verdict(const struct pp_subject *s, enum pp_target t)
{
	const char *verdict = pp_saved_verdict(s, t);

	for (int v = 0; verdict && v < PP_VERDICT_COUNT; v++)
		if (!strcmp(verdict, pp_verdict_name((enum pp_verdict)v)))
			return (enum pp_verdict)v;
	return PP_VERDICT_UNKNOWN;
}

static int results_measure(struct pp_fleet *f, const struct pp_subject *s, struct pp_error *e)
{
	int r = 0;

	for (int t = 0; !r && t < PP_TARGET_COUNT; t++)
		if (f->for_all || t == (int)s->target)
			r = pp_fleet_measure(f, s, (enum pp_target)t,
			                     results_verdict(s, (enum pp_target)t), e);
	return r;
}

static int results_add_device(struct pp_fleet *f, const json_t *document, const json_t *device,
                              enum pp_target t, struct pp_error *e)
{
	const struct pp_subject s = {
		.out = &f->out, .saved = device, .document = document, .target = t
	};
	enum pp_verdict v = results_verdict(&s, t);
	bool elsewhere = false;

	for (int other = 0; f->for_all && other < PP_TARGET_COUNT; other++)
		elsewhere |= results_verdict(&s, (enum pp_target)other) == PP_VERDICT_UNKNOWN;
	pp_fleet_count(f, v, elsewhere);
	if (f->style.format == PP_FORMAT_PROMETHEUS)
		return results_measure(f, &s, e);
	if (f->style.format != PP_FORMAT_TEXT || (v == PP_VERDICT_NOT_ENDPOINT && !f->style.all))
		return 0;
	return pp_fleet_put(f, &s, e);
}

/* The document on one line, with what it is called here, and nothing that steers a terminal. */
static int results_put_json(struct pp_fleet *f, json_t *document, struct pp_error *e)
{
	char path[PP_MAX_PATH + 1];

	snprintf(path, sizeof(path), "%s", f->style.path);
	pp_text_clean_in_place(path);
	json_object_set_new(document, "name", json_string(f->style.host));
	json_object_set_new(document, "from", json_string(path));
	char *line = json_dumps(document, JSON_COMPACT | JSON_ENSURE_ASCII);
	if (!line)
		return pp_fail_oom(e, "the results");
	pp_out(&f->out, "%s\n", line);
	free(line);
	return f->out.failed ? pp_fail(e, EIO, "the report could not be written") : 0;
}

static int results_add_survey(struct pp_fleet *f, const char *name, const char *path,
                              json_t *document, struct pp_error *e)
{
	const char *made_for = json_string_value(json_object_get(document, "target"));
	enum pp_target t = f->target == PP_TARGET_COUNT ? pp_target_of(made_for) : f->target;
	const json_t *devices = json_object_get(document, "devices");
	int r = 0;

	pp_fleet_begin_host(f, name, path);
	pp_metrics_host(&f->metrics, name, true);
	for (size_t i = 0; !r && i < json_array_size(devices); i++)
		r = results_add_device(f, document, json_array_get(devices, i), t, e);
	pp_metrics_end_host(&f->metrics, name, f->for_all ? ~0u : 1u << t);
	if (!r && f->style.format == PP_FORMAT_JSON)
		r = results_put_json(f, document, e);
	return r;
}

static int results_add(struct pp_fleet *f, const char *name, const char *path, json_t *document,
                       struct pp_error *e)
{
	const char *schema = json_string_value(json_object_get(document, "schema"));
	const char *own = json_string_value(json_object_get(document, "name")), *why;
	const char *reason = json_string_value(json_object_get(document, "reason"));
	char buf[200], host[256], text[512];

	snprintf(host, sizeof(host), "%s", own && *own ? own : name);
	pp_text_clean_in_place(host);
	if (!schema || strncmp(schema, RESULTS_PREFIX, strlen(RESULTS_PREFIX)))
		return pp_fleet_add_unknown(f, host, path, "a document that is not pcipass's", e);
	if (!strcmp(schema, RESULTS_UNKNOWN)) {
		snprintf(text, sizeof(text), "%s", reason ? reason : "the result does not say why");
		pp_text_clean_in_place(text);
		return pp_fleet_add_unknown(f, host, path, text, e);
	}
	why = results_refuse(document, f->for_all ? PP_TARGET_COUNT : f->target, buf, sizeof(buf));
	if (!why)
		return results_add_survey(f, host, path, document, e);
	snprintf(text, sizeof(text), "%s", why);
	pp_text_clean_in_place(text);
	return pp_fleet_add_unknown(f, host, path, text, e);
}

static size_t results_blanks(const char *bytes, size_t len)
{
	size_t n = 0;

	while (n < len &&
	       (bytes[n] == ' ' || bytes[n] == '\t' || bytes[n] == '\r' || bytes[n] == '\n'))
		n++;
	return n;
}

/* Behind a document that is broken: where the next one begins, if there is one a line. */
static size_t results_next_line(const char *bytes, size_t len)
{
	const uint8_t *next = pp_span_find(PP_SPAN(bytes, len), "\n{\"schema\":\"" RESULTS_PREFIX);

	return next ? (size_t)((const char *)next - bytes) + 1 : len;
}

int pp_fleet_add_results(struct pp_fleet *f, const char *name, const char *path, const char *bytes,
                         size_t len, struct pp_error *e)
{
	const size_t flags = JSON_REJECT_DUPLICATES | JSON_DISABLE_EOF_CHECK;
	char reason[300];
	int r = 0;

	if (!pp_fleet_are_results(bytes, len))
		return -ENOEXEC;
	for (size_t n; !r && (n = results_blanks(bytes, len)) < len;) {
		bytes += n;
		len -= n;
		json_error_t wrong;
		json_t *document = json_loadb(bytes, len, flags, &wrong);
		size_t used = document ? (size_t)wrong.position : results_next_line(bytes, len);
		if (document) {
			r = results_add(f, name, path, document, e);
			json_decref(document);
		} else {
			snprintf(reason, sizeof(reason), "the result is damaged: %.200s",
			         wrong.text);
			pp_text_clean_in_place(reason);
			r = pp_fleet_add_unknown(f, name, path, reason, e);
		}
		/* Not to stand still, whatever the parser says. */
		used = !used || used > len ? len : used;
		bytes += used;
		len -= used;
	}
	return r;
}
