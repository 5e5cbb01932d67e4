/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where a schema comes from: a file that was named, HP's own, or what is compiled in. */
#include <stdio.h>
#include <string.h>

#include "conrep/xml.h"
#include "settings/built-in.h"
#include "settings/settings.h"
#include "sys/path.h"
#include "sys/trust.h"

#define HP_SCHEMA "conrep.xml"

/* Where HP's packages put their conrep.xml. */
static const char *const hp_directories[] = {
	"/opt/hp/hp-scripting-tools/etc",
	"/opt/hp/hp-scripting-tools",
	"/opt/hpe/hpe-scripting-tools/etc",
	"/usr/share/hp-scripting-tools/etc",
	"/opt/hp/conrep",
	"/opt/hp/tools",
};

static bool schema_lacks_storage(const struct pp_xml_node *section)
{
	return !pp_xml_child(section, "ev") && !pp_xml_child(section, "nvram") &&
	       !pp_xml_child(section, "cmos");
}

/*
 * Of an unusable schema: is it XML that lacks an element or a name? conrep has a return code of its
 * own for that.
 */
static bool schema_lacks_tag(struct pp_span in, const char *object, struct pp_arena *a)
{
	const struct pp_xml_node *root;

	if (pp_xml_parse(in, object, a, &root, NULL))
		return false;
	if (strcmp(root->name, "Conrep") || !pp_xml_child(root, "Section"))
		return true;
	for (const struct pp_xml_node *n = root->children; n; n = n->next)
		if (!strcmp(n->name, "Section") &&
		    (!pp_xml_attribute(n, "name") || schema_lacks_storage(n)))
			return true;
	return false;
}

static int schema_parse(struct pp_span in, const char *object, struct pp_arena *a,
                        struct pp_notes *notes, struct pp_schema *ret, struct pp_error *e)
{
	struct pp_error why = { 0 };
	int r = pp_schema_parse(in, object, a, notes, ret, &why);

	if (r == -EBADMSG && schema_lacks_tag(in, object, a))
		r = -ENOMSG;
	if (!r && !ret->nr_sections)
		r = pp_fail(&why, ENOMSG, "%.100s: contains no Section", object);
	return r ? pp_fail(e, -r, "%s", why.text) : 0;
}

/* Of a pipe there is no better path than what was typed. */
static const char *schema_absolute(const char *path, struct pp_arena *a)
{
	char resolved[PATH_MAX];

	if (strncmp(path, "/dev/", 5) && strncmp(path, "/proc/", 6) &&
	    !pp_path_resolve(path, resolved, NULL))
		return pp_arena_strdup(a, resolved);
	return pp_arena_strdup(a, path);
}

static int schema_from_file(const char *path, struct pp_arena *a, struct pp_notes *notes,
                            struct pp_schema_text *ret, struct pp_error *e)
{
	const char *object;
	struct pp_span in;
	int r = pp_settings_file(path, a, &in, &object, e);

	if (r)
		return r;
	ret->path = ret->where = schema_absolute(path, a);
	if (!ret->path)
		return pp_fail_oom(e, path);
	r = schema_parse(in, object, a, notes, &ret->schema, e);
	if (r && e && pp_built_in_find(path) && strlen(e->text) < sizeof(e->text) - 100)
		strcat(e->text, "; without this file that name means the built-in schema");
	return r;
}

static int schema_from_built_in(const char *name, struct pp_arena *a, struct pp_notes *notes,
                                struct pp_schema_text *ret, struct pp_error *e)
{
	const struct pp_built_in *b = pp_built_in_find(name);

	if (!b)
		return pp_fail(
			e, ENOENT,
			"%.200s: no such file, and no schema of that name is built in; " PP_BUILT_IN_RMRDS
			" is",
			name);
	ret->path = NULL;
	ret->where = pp_arena_printf(a, "%s (built in)", b->name);
	if (!ret->where)
		return pp_fail_oom(e, name);
	return schema_parse(b->bytes, b->name, a, notes, &ret->schema, e);
}

/* HP's own, where only root can have put it; NULL: it is not installed. */
static const char *schema_find_hp(char path[PATH_MAX])
{
	struct pp_sys_info info;

	for (size_t i = 0; i < sizeof(hp_directories) / sizeof(hp_directories[0]); i++) {
		char name[PATH_MAX];
		snprintf(name, sizeof(name), "%s/" HP_SCHEMA, hp_directories[i]);
		if (!pp_trust_check(name, path, NULL) && !pp_path_info(path, true, &info) &&
		    info.kind == PP_SYS_FILE)
			return path;
	}
	return NULL;
}

static int schema_from_system(struct pp_arena *a, struct pp_notes *notes,
                              struct pp_schema_text *ret, struct pp_error *e)
{
	char path[PATH_MAX];

	if (schema_find_hp(path))
		return schema_from_file(path, a, notes, ret, e);
	int r = schema_from_built_in(PP_BUILT_IN_RMRDS, a, notes, ret, e);
	if (r)
		return r;
	ret->where = pp_arena_printf(a, "%s (built in; HP's " HP_SCHEMA " is not installed)",
	                             PP_BUILT_IN_RMRDS);
	return ret->where ? 0 : pp_fail_oom(e, HP_SCHEMA);
}

int pp_schema_text_read(const char *name, struct pp_arena *a, struct pp_notes *notes,
                        struct pp_schema_text *ret, struct pp_error *e)
{
	struct pp_sys_info info;

	if (!name)
		return schema_from_built_in(PP_BUILT_IN_RMRDS, a, notes, ret, e);
	if (strchr(name, '/') || !pp_path_info(name, true, &info))
		return schema_from_file(name, a, notes, ret, e);
	if (!strcmp(name, HP_SCHEMA))
		return schema_from_system(a, notes, ret, e);
	return schema_from_built_in(name, a, notes, ret, e);
}

/* What was read belongs to s from here on; r: how reading it ended. */
static int schema_keep(struct pp_settings *s, int r, const struct pp_schema_text *text,
                       struct pp_error *e)
{
	if (r)
		return r;
	s->schema = text->schema;
	s->schema_path = text->path;
	s->schema_where = text->where;
	if (pp_settings_take_notes(s, PP_REMARK_SCHEMA))
		return pp_fail_oom(e, text->where);
	s->has_schema = true;
	return 0;
}

static int schema_only_once(const struct pp_settings *s, struct pp_error *e)
{
	return s->has_schema ? pp_fail(e, EINVAL, "settings: a schema has been read already") : 0;
}

int pp_settings_schema(struct pp_settings *s, const char *name, struct pp_error *e)
{
	struct pp_schema_text text;
	int r = schema_only_once(s, e);

	if (!r)
		r = pp_schema_text_read(name, &s->arena, &s->notes, &text, e);
	return schema_keep(s, r, &text, e);
}

int pp_settings_schema_built_in(struct pp_settings *s, const char *name, struct pp_error *e)
{
	struct pp_schema_text text;
	int r = schema_only_once(s, e);

	if (!r)
		r = schema_from_built_in(name, &s->arena, &s->notes, &text, e);
	return schema_keep(s, r, &text, e);
}

int pp_settings_schema_system(struct pp_settings *s, struct pp_error *e)
{
	struct pp_schema_text text;
	int r = schema_only_once(s, e);

	if (!r)
		r = schema_from_system(&s->arena, &s->notes, &text, e);
	return schema_keep(s, r, &text, e);
}

const char *pp_settings_schema_where(const struct pp_settings *s)
{
	return s->has_schema ? s->schema_where : NULL;
}
