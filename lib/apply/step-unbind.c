/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A device off vfio-pci, to the host's own driver, whoever bound it: now by its driver_override, at
 * boot by its lines in our udev rule. What somebody else has put elsewhere is named, and stays.
 */
#include <ctype.h>
#include <string.h>

#include "apply/steps.h"
#include "boot/initrd.h"
#include "apply/bind.h"
#include "txn/precondition.h"
#include "base/buffer.h"
#include "base/text.h"

/* Also where a longer domain ends so: 10000:07:00.0 is another device. */
static bool step_unbind_names_device(struct pp_span line, const char *address)
{
	const uint8_t *at;

	for (struct pp_span rest = line; (at = pp_span_find(rest, address));
	     rest = PP_SPAN(at + 1, (size_t)(line.data + line.len - at) - 1))
		if (at == line.data || !isxdigit(at[-1]))
			return true;
	return false;
}

/* The file without the device's lines; NULL: no memory. */
static char *without(struct pp_arena *a, struct pp_span text, const char *address, bool *ret_found,
                     bool *ret_left)
{
	struct pp_buffer b PP_CLEANUP(pp_buffer_fini);
	struct pp_span line, mark = PP_SPAN(PP_STAGE_MARK, sizeof(PP_STAGE_MARK) - 2);

	pp_buffer_init(&b, PP_CONTENT_MAX_BYTES);
	*ret_found = *ret_left = false;
	while (pp_text_line(&text, &line)) {
		bool comment = line.len && *line.data == '#';
		if (!comment && step_unbind_names_device(line, address)) {
			*ret_found = true;
			continue;
		}
		pp_buffer_append(&b, line.data, line.len);
		pp_buffer_append(&b, "\n", 1);
		*ret_left |= line.len &&
		             (line.len != mark.len || memcmp(line.data, mark.data, mark.len) != 0);
	}
	return b.failed ? NULL : pp_arena_strdup(a, b.data ? b.data : "");
}

static int step_unbind_at_boot(struct pp_stage *s, const char *address, struct pp_error *e)
{
	struct pp_content c;
	bool found, left; /* lines of the device; something else but our mark */
	int r = pp_stage_read(s, PP_BIND_RULES, &c, e);

	if (r || !pp_stage_is_ours(&c))
		return r;
	char *text = without(&s->apply->arena, c.bytes, address, &found, &left);
	if (!text)
		return pp_fail_oom(e, PP_BIND_RULES);
	if (!found)
		return 0;
	if (left) {
		r = pp_stage_puts(s, PP_BIND_RULES, text, 0644, e);
	} else {
		r = pp_stage_remove(s, PP_BIND_RULES, e);
		if (!r)
			r = pp_initrd_exclude(s, e);
	}
	/* The initrd holds the rule as well. */
	return r ? r
	         : pp_step_rebuild_initrd(s,
	                                  "what makes this host's initrd is not known: if the rule "
	                                  "is in it, the device is bound at boot until it is made "
	                                  "anew",
	                                  e);
}

/* What we cannot take out would bind it again, at the next boot or at once. */
static int expect_nobody_else(struct pp_apply *a, const struct pp_step_bind *b,
                              const struct pp_bound *bound, struct pp_error *e)
{
	struct pp_binder binder = { 0 };
	bool now = pp_step_bind_is(b, PP_BIND_NOW) && !strcmp(bound->now.driver, PP_VFIO);
	int r = pp_step_bind_is(b, PP_BIND_AT_BOOT) ? pp_bind_foreign(a, b, false, &binder, e) : 0;

	if (!r && binder.where)
		return pp_fail(
			e, ENOTSUP,
			"%s is bound at boot by %s, which pcipass did not set up: remove it there%s%s%s",
			bound->address, binder.where, binder.how ? " (" : "",
			binder.how ? binder.how : "",
			binder.how       ? "); --now takes it off for this boot"
			: !binder.by_ids ? "; --now takes it off for this boot"
					 : ", then reboot");
	if (!r && now)
		r = pp_bind_foreign(a, b, true, &binder, e);
	if (!r && binder.where)
		return pp_fail(e, ENOTSUP,
		               "%s: vfio-pci would take it again at once, for it has its ids: %s; "
		               "remove them there, then reboot",
		               bound->address, binder.where);
	return r;
}

/* Such as mlx5_vfio_pci: who bound it knows how it is undone. */
static bool is_variant(const char *driver)
{
	return strstr(driver, "vfio") && strcmp(driver, PP_VFIO);
}

static int step_unbind_stage(struct pp_stage *s, const struct pp_step *step, struct pp_error *e)
{
	const struct pp_step_bind *b = &step->bind;
	const char *expected = b->expected_driver ? b->expected_driver : "";
	struct pp_apply *a = s->apply;
	struct pp_bound bound;
	int r = pp_bind_expect(a, b, &bound, e);

	if (r)
		return r;
	/* That it is off vfio-pci already is what is wanted. */
	if (strcmp(bound.now.driver, expected) && strcmp(expected, PP_VFIO))
		return pp_bind_drifted(&bound, expected, e);
	if (is_variant(bound.now.driver))
		return pp_fail(e, ENOTSUP,
		               "%s: its driver is %s, which pcipass neither binds nor unbinds",
		               bound.address, bound.now.driver);
	r = expect_nobody_else(a, b, &bound, e);
	if (!r && pp_step_bind_is(b, PP_BIND_AT_BOOT))
		r = step_unbind_at_boot(s, bound.address, e);
	if (r || !pp_step_bind_is(b, PP_BIND_NOW))
		return r;
	if (!strcmp(bound.now.driver, PP_VFIO))
		r = pp_precondition_guest(a, bound.address, e);
	else if (strcmp(bound.now.override, PP_VFIO))
		return 0;
	return r ? r : pp_bind_now(s, &pp_op_unbind, &bound, e);
}

const struct pp_step_ops pp_step_unbind_ops = { .stage = step_unbind_stage };
