/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* XML by libxml2's SAX reader: bounded, without DTDs, entities or namespaces. */
#define _GNU_SOURCE
#include <string.h>

#include <libxml/parser.h>
#include <libxml/parserInternals.h>

#include "base/buffer.h"
#include "base/text.h"
#include "conrep/encoding.h"
#include "conrep/xml.h"
#include "lazy/library.h"

/*
 * libxml2 compares each attribute of a start tag with all others, before anybody is called back.
 * So what looks like attributes is counted first.
 */
#define MAX_ATTRIBUTES 256

/* An element whose end tag has not been seen. */
struct open {
	struct pp_xml_node *node, *last_child;
};

struct reader {
	struct pp_span in;
	const char *object;
	struct pp_arena *arena;
	struct pp_error *e;
	xmlParserCtxtPtr ctxt;
	struct pp_xml_node *root;
	struct open open[PP_XML_MAX_DEPTH];
	struct pp_buffer text[PP_XML_MAX_DEPTH]; /* character data of the open elements */
	unsigned int depth, nr_nodes;
	size_t counted; /* bytes of in whose lines are in line */
	unsigned int line;
	int failed; /* -errno of the first failure */
};

/* --- the bytes, before libxml2 sees them --- */

/* Behind a comment, CDATA or a processing instruction that begins at i; 0: none begins there. */
static size_t skip_other(struct pp_span in, size_t i)
{
	static const struct {
		const char *start, *end;
	} others[] = { { "<!--", "-->" }, { "<![CDATA[", "]]>" }, { "<?", "?>" } };
	struct pp_span rest = PP_SPAN(in.data + i, in.len - i);

	for (size_t k = 0; k < sizeof(others) / sizeof(others[0]); k++) {
		if (!pp_span_starts(rest, others[k].start))
			continue;
		size_t n = strlen(others[k].start);
		const uint8_t *end =
			pp_span_find(PP_SPAN(rest.data + n, rest.len - n), others[k].end);
		return end ? (size_t)(end - in.data) + strlen(others[k].end) : in.len;
	}
	return 0;
}

/* Values in quotes inside of a tag; what no tag can be is libxml2's to refuse, before it compares.
 */
static int check_attributes(struct pp_span in, const char *object, struct pp_error *e)
{
	unsigned int count = 0, line = 1;
	size_t counted = 0;
	uint8_t quote = 0;
	bool tag = false;

	for (size_t i = 0, next; i < in.len; i++) {
		uint8_t c = in.data[i];
		if (c == '<') {
			/* No attribute's value holds one. */
			next = skip_other(in, i);
			tag = !next;
			quote = 0;
			count = 0;
			i = next ? next - 1 : i;
		} else if (tag && c == quote) {
			quote = 0;
		} else if (tag && !quote && c == '>') {
			tag = false;
		} else if (tag && !quote && (c == '"' || c == '\'')) {
			quote = c;
			count++;
		}
		if (count <= MAX_ATTRIBUTES)
			continue;
		for (; counted < i; counted++)
			line += in.data[counted] == '\n';
		return pp_fail(e, E2BIG, "%s line %u: more than %u attributes", object, line,
		               MAX_ATTRIBUTES);
	}
	return 0;
}

/* --- callbacks --- */

/* libxml2's own line is that of the end of a tag. */
static unsigned int line_at(struct reader *r, size_t offset)
{
	if (offset < r->counted) {
		r->counted = 0;
		r->line = 1;
	}
	for (; r->counted < offset; r->counted++)
		r->line += r->in.data[r->counted] == '\n';
	return r->line;
}

/* Where the parser is in its input, which is UTF-8. */
static size_t offset_now(const struct reader *r)
{
#if LIBXML_VERSION >= 21500
	unsigned long at = 0;
	if (xmlCtxtGetInputPosition(r->ctxt, 0, NULL, NULL, NULL, &at))
		return 0;
#else
	long at = xmlByteConsumed(r->ctxt);
	if (at < 0)
		return 0;
#endif
	return (size_t)at > r->in.len ? r->in.len : (size_t)at;
}

static unsigned int start_line(struct reader *r)
{
	size_t at = offset_now(r);
	const uint8_t *start = memrchr(r->in.data, '<', at);
	return line_at(r, start ? (size_t)(start - r->in.data) : at);
}

static void fail_at(struct reader *r, unsigned int line, int code, const char *what)
{
	if (r->failed)
		return;
	r->failed = code == ENOMEM ? pp_fail_oom(r->e, r->object)
	                           : pp_fail(r->e, code, "%s line %u: %s", r->object, line, what);
}

/* From inside a callback: nothing more is read. */
static void xml_stop(struct reader *r, int code, const char *what)
{
	fail_at(r, line_at(r, offset_now(r)), code, what);
	xmlStopParser(r->ctxt);
}

/* libxml2 made the error const in 2.12. */
#if LIBXML_VERSION >= 21200
static void on_error(void *data, const xmlError *error)
#else
static void on_error(void *data, xmlError *error)
#endif
{
	struct reader *r = data;
	char what[256];

	if (r->failed || error->level == XML_ERR_WARNING)
		return;
	const char *message = error->message ? error->message : "not well-formed";
	pp_text_clean_into(what, sizeof(what), message, strlen(message));
	int code = error->code == XML_ERR_NO_MEMORY ? ENOMEM : EBADMSG;
	/* At the end of the input libxml2's line is right and there is no more precise place. */
	fail_at(r, error->line > 0 ? (unsigned int)error->line : line_at(r, offset_now(r)), code,
	        what);
}

static void on_start_document(void *data)
{
	struct reader *r = data;

	if (r->ctxt->version && strcmp((const char *)r->ctxt->version, "1.0"))
		xml_stop(r, EBADMSG, "an XML version other than 1.0");
}

/* Called before the subset is read, so that no declaration of it ever counts. */
static void on_doctype(void *data, const xmlChar *name, const xmlChar *external,
                       const xmlChar *system)
{
	xml_stop(data, EBADMSG, "a document type declaration (DOCTYPE); none is taken");
}

/* A clean copy; newlines and tabs stay. */
static char *clean_copy(struct reader *r, const void *text, size_t len)
{
	char *s = pp_arena_strndup(r->arena, text, len);

	for (char *p = s; p && *p;) {
		size_t run = strcspn(p, "\n\t");
		char after = p[run];
		p[run] = '\0';
		pp_text_clean_in_place(p);
		p[run] = after;
		p += run + (after != '\0');
	}
	return s;
}

/*
 * libxml2 leaves "&#38;" in an attribute for whoever reads on to resolve, unless it is told to
 * replace entities. Every '&' of the value comes like that.
 */
static void resolve_ampersands(char *s)
{
	char *to = s;

	while (*s) {
		*to++ = *s;
		s += strncmp(s, "&#38;", 5) ? 1 : 5;
	}
	*to = '\0';
}

static int take_attributes(struct reader *r, struct pp_xml_node *n, int count, const xmlChar **from)
{
	struct pp_xml_attribute *all =
		PP_ARENA_ARRAY(r->arena, (size_t)count, struct pp_xml_attribute);

	if (!all)
		return ENOMEM;
	for (int i = 0; i < count; i++, from += 5) {
		/* local name, prefix, URI, value, its end */
		if (from[1])
			return EBADMSG;
		const char *name = (const char *)from[0];
		all[i].name = clean_copy(r, name, strlen(name));
		char *value = clean_copy(r, from[3], (size_t)(from[4] - from[3]));
		if (!all[i].name || !value)
			return ENOMEM;
		resolve_ampersands(value);
		all[i].value = value;
	}
	n->attributes = all;
	n->nr_attributes = (uint32_t)count;
	return 0;
}

static void link_node(struct reader *r, struct pp_xml_node *n)
{
	struct open *parent = r->depth ? &r->open[r->depth - 1] : NULL;

	if (!parent)
		r->root = n;
	else if (parent->last_child)
		parent->last_child->next = n;
	else
		parent->node->children = n;
	if (parent)
		parent->last_child = n;
	r->open[r->depth] = (struct open){ .node = n };
	r->text[r->depth].len = 0;
	r->depth++;
}

/* The errno value, with what to say. */
static int open_element(struct reader *r, const xmlChar *name, int nr_attributes,
                        const xmlChar **attributes, const char **ret_what)
{
	*ret_what = "elements nested too deep";
	if (r->depth >= PP_XML_MAX_DEPTH)
		return E2BIG;
	*ret_what = "too many elements";
	if (r->nr_nodes++ >= PP_XML_MAX_NODES)
		return E2BIG;
	struct pp_xml_node *n = PP_ARENA_NEW(r->arena, struct pp_xml_node);
	if (!n)
		return ENOMEM;
	n->name = clean_copy(r, name, strlen((const char *)name));
	n->line = start_line(r);
	n->text = "";
	*ret_what = "a namespace prefix at an attribute; none is taken";
	int code = n->name ? take_attributes(r, n, nr_attributes, attributes) : ENOMEM;
	if (!code)
		link_node(r, n);
	return code;
}

static void on_start(void *data, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri,
                     int nr_namespaces, const xmlChar **namespaces, int nr_attributes,
                     int nr_defaulted, const xmlChar **attributes)
{
	struct reader *r = data;
	const char *what = "a namespace; none is taken";

	if (r->failed)
		return;
	int code = prefix || nr_namespaces
	                   ? EBADMSG
	                   : open_element(r, name, nr_attributes, attributes, &what);
	if (code)
		xml_stop(r, code, what);
}

static void on_text(void *data, const xmlChar *text, int len)
{
	struct reader *r = data;

	if (r->failed || !r->depth || len <= 0)
		return;
	struct pp_buffer *b = &r->text[r->depth - 1];
	pp_buffer_append(b, text, (size_t)len);
	if (b->failed)
		xml_stop(r, ENOMEM, "");
}

static void on_end(void *data, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri)
{
	struct reader *r = data;

	if (r->failed || !r->depth)
		return;
	struct pp_buffer *b = &r->text[--r->depth];
	if (!b->len)
		return;
	struct pp_xml_node *n = r->open[r->depth].node;
	const char *text = clean_copy(r, b->data, b->len);
	if (text)
		n->text = text;
	else
		xml_stop(r, ENOMEM, "");
}

static const xmlSAXHandler handler = {
	.initialized = XML_SAX2_MAGIC,
	.startDocument = on_start_document,
	.internalSubset = on_doctype,
	.startElementNs = on_start,
	.endElementNs = on_end,
	.characters = on_text,
	.ignorableWhitespace = on_text,
	.cdataBlock = on_text,
	.serror =
		on_error, /* comes before any handler of the process, so that nothing is printed */
};

/* --- the whole --- */

static int read_document(struct reader *r)
{
	int opened = pp_lazy_xml(r->e);
	if (opened)
		return opened;
	r->ctxt = xmlCreateMemoryParserCtxt((const char *)r->in.data, (int)r->in.len);
	if (!r->ctxt)
		return pp_fail_oom(r->e, r->object);
	/* The bytes are UTF-8 whatever is declared; NOENT would replace entities. */
	xmlCtxtUseOptions(r->ctxt, XML_PARSE_NONET | XML_PARSE_IGNORE_ENC);
	*r->ctxt->sax = handler;
	r->ctxt->userData = r;
	xmlParseDocument(r->ctxt);
	if (!r->ctxt->wellFormed || !r->root || r->depth)
		fail_at(r, line_at(r, r->in.len), EBADMSG, "not well-formed");
	xmlFreeParserCtxt(r->ctxt);
	return r->failed;
}

int pp_xml_parse(struct pp_span in, const char *object, struct pp_arena *a,
                 const struct pp_xml_node **ret, struct pp_error *e)
{
	struct reader r = { .object = object, .arena = a, .e = e, .line = 1 };
	int err = pp_encoding_to_utf8(in, object, PP_XML_MAX_BYTES, a, &r.in, e);

	if (!err && !r.in.len)
		err = pp_fail(e, EBADMSG, "%s line 1: empty, wanted an XML document", object);
	if (!err)
		err = check_attributes(r.in, object, e);
	if (err)
		return err;
	for (unsigned int i = 0; i < PP_XML_MAX_DEPTH; i++)
		pp_buffer_init(&r.text[i], PP_XML_MAX_BYTES + 1);
	err = read_document(&r);
	for (unsigned int i = 0; i < PP_XML_MAX_DEPTH; i++)
		pp_buffer_fini(&r.text[i]);
	if (!err)
		*ret = r.root;
	return err;
}

const char *pp_xml_attribute(const struct pp_xml_node *n, const char *name)
{
	for (uint32_t i = 0; i < n->nr_attributes; i++)
		if (!strcmp(n->attributes[i].name, name))
			return n->attributes[i].value;
	return NULL;
}

const struct pp_xml_node *pp_xml_child(const struct pp_xml_node *n, const char *name)
{
	for (const struct pp_xml_node *c = n->children; c; c = c->next)
		if (!strcmp(c->name, name))
			return c;
	return NULL;
}

static bool xml_is_blank(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

const char *pp_xml_trimmed(const struct pp_xml_node *n, struct pp_arena *a)
{
	const char *s = n->text;

	while (xml_is_blank((uint8_t)*s))
		s++;
	size_t len = strlen(s), all = len;
	while (len && xml_is_blank((uint8_t)s[len - 1]))
		len--;
	return len == all ? s : pp_arena_strndup(a, s, len);
}
