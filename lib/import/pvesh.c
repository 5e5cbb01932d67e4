/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What Proxmox VE says of a node's PCI devices: "pvesh get /nodes/NAME/hardware/pci --output-format
 * json", or the same from its web server. Unless it is told otherwise it leaves bridges and memory
 * out.
 */
#include <errno.h>
#include <string.h>

#include <jansson.h>

#include "base/text.h"
#include "import/import.h"

static bool pvesh_hex(const json_t *o, const char *key, uint32_t max, uint32_t *ret)
{
	const char *s = json_string_value(json_object_get(o, key));
	uint64_t v;

	if (!s || !pp_parse_hex(s, max, &v))
		return false;
	*ret = (uint32_t)v;
	return true;
}

static int pvesh_ids(struct pp_import *in, const json_t *o, struct pp_address a, struct pp_error *e)
{
	static const struct {
		const char *key;
		uint32_t max;
	} ids[] = { { "vendor", 0xffff }, { "device", 0xffff }, { "class", 0xffffff } };
	int r = 0;

	for (size_t i = 0; !r && i < sizeof(ids) / sizeof(ids[0]); i++) {
		uint32_t value;
		if (pvesh_hex(o, ids[i].key, ids[i].max, &value))
			r = pp_import_id(in, a, ids[i].key, value, e);
	}
	return r;
}

/* -1 where there is none; some releases write numbers as texts. false: it is not told. */
static bool pvesh_group(const json_t *o, int64_t *ret)
{
	const json_t *group = json_object_get(o, "iommugroup");
	const char *text = json_string_value(group);
	uint64_t v;

	if (json_is_integer(group))
		*ret = json_integer_value(group);
	else if (text && !strcmp(text, "-1"))
		*ret = -1;
	else if (text && pp_parse_dec(text, UINT32_MAX - 1, &v))
		*ret = (int64_t)v;
	else
		return false;
	return *ret < UINT32_MAX;
}

static int pvesh_device(struct pp_import *in, struct pp_import_list *list, const json_t *o,
                        struct pp_address a, struct pp_error *e)
{
	int r = pp_import_device(in, a, e);
	int64_t group;

	if (!r)
		r = pp_import_list_add(list, a, e);

	if (!r)
		r = pvesh_ids(in, o, a, e);
	if (r || !pvesh_group(o, &group))
		return r;
	list->groups = true;
	return group < 0 ? 0 : pp_import_group(in, a, (uint32_t)group, e);
}

static int pvesh_list(struct pp_import *in, struct pp_span text, const json_t *array,
                      struct pp_error *e)
{
	struct pp_import_list list = { 0 };
	const json_t *o;
	size_t i;
	int r = 0;

	json_array_foreach(array, i, o)
	{
		const char *id = json_string_value(json_object_get(o, "id"));
		struct pp_address a;
		if (r || !id || !pp_address_parse(id, &a))
			continue;
		pp_import_json_here(in, &text, id);
		r = pvesh_device(in, &list, o, a, e);
	}
	if (!r && !list.nr)
		r = pp_fail(e, EBADMSG, "%.200s: no PCI device in this list", in->name);
	pp_import_list_end(in, &list, false);
	return r;
}

static bool pvesh_knows(struct pp_span text)
{
	return pp_import_json_begin(text, &text) && pp_span_find(text, "\"iommugroup\"") &&
	       pp_span_find(text, "\"vendor\"");
}

static int pvesh_read(struct pp_import *in, struct pp_span text, struct pp_error *e)
{
	struct pp_span rest = text;
	json_t *root;

	if (!pp_import_json_begin(text, &rest))
		return pp_fail(e, EBADMSG, "%.200s: no JSON", in->name);
	text = rest;
	int r = pp_import_json_next(in, &rest, &root, e);
	if (r)
		return r;
	const json_t *list = json_is_object(root) ? json_object_get(root, "data") : root;
	r = json_is_array(list) ? pvesh_list(in, text, list, e)
	                        : pp_fail(e, EBADMSG, "%.200s: no list of PCI devices", in->name);
	json_decref(root);
	return r;
}

const struct pp_reader pp_reader_pvesh = {
	.title = "pvesh get …/hardware/pci",
	.knows = pvesh_knows,
	.read = pvesh_read,
};
