/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One text with the output of several commands, as people paste it into one post: where each
 * begins. Only lines that no other kind of text has at its left edge tell that, so that a text of
 * one kind is never taken apart.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "import/lspci.h"
#include "import/parts.h"

/* Each part costs a reader's start, however short it is. */
#define PARTS_MAX 256u
/* A prompt, and the time of a line of syslog, do not reach further into their line. */
#define PROMPT_BYTES 100u
#define TIME_BYTES   48u

struct part_mark;

struct part {
	const uint8_t *begin, *end;
	uint32_t line;                  /* of its beginning, from 1 */
	const struct part_mark *mark;   /* of the line that it begins with; NULL: none */
	const struct pp_reader *reader; /* NULL: nobody's */
};

struct parts {
	struct part list[PARTS_MAX];
	uint32_t nr;
	uint32_t left_out; /* the line from which on there are too many of them; 0: there are not */
	bool open;         /* the last one still goes on */
};

static bool part_is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

/* "17:00:00", somewhere in it. */
static bool part_has_time(struct pp_span s)
{
	static const char form[] = "dd:dd:dd";

	for (size_t i = 0; i + sizeof(form) - 1 <= s.len; i++) {
		size_t n = 0;
		while (form[n] && (form[n] == 'd' ? part_is_digit(s.data[i + n])
		                                  : s.data[i + n] == (uint8_t)form[n]))
			n++;
		if (!form[n])
			return true;
	}
	return false;
}

/* "    4.123", " +0.000012", "    1.2 <    0.000012>": seconds, and nothing else. */
static bool part_is_seconds(struct pp_span s)
{
	bool point = false;

	for (size_t i = 0; i < s.len; i++) {
		if (!memchr(" 0123456789.+<>", s.data[i], 15))
			return false;
		point |= s.data[i] == '.' && i && part_is_digit(s.data[i - 1]);
	}
	return point;
}

/* "[    4.123] ", "[Sat Nov 28 17:00:00 2026] ". */
static bool part_is_stamped(struct pp_span line)
{
	size_t n = line.len < TIME_BYTES ? line.len : TIME_BYTES;
	const uint8_t *end = n && line.data[0] == '[' ? memchr(line.data, ']', n) : NULL;

	if (!end)
		return false;
	line = PP_SPAN(line.data + 1, (size_t)(end - line.data) - 1);
	return part_is_seconds(line) || part_has_time(line);
}

/* In the forms of dmesg, journalctl and syslog. */
static bool part_is_log(struct pp_span line)
{
	if (line.len > 3 && line.data[0] == '<' && part_is_digit(line.data[1])) {
		size_t n = part_is_digit(line.data[2]) ? 3 : 2;
		if (n < line.len && line.data[n] == '>')
			line = PP_SPAN(line.data + n + 1, line.len - n - 1);
	}
	if (part_is_stamped(line) || pp_span_starts(line, "Linux version ") ||
	    pp_span_starts(line, "kern  :"))
		return true;
	struct pp_span head = PP_SPAN(line.data, line.len < PROMPT_BYTES ? line.len : PROMPT_BYTES);
	const uint8_t *at = pp_span_find(head, " kernel: ");
	return at && part_has_time(PP_SPAN(head.data, (size_t)(at - head.data)));
}

/* "07:00.0 Serial Attached SCSI controller [0107]: …", or a group's own line above such. */
static bool part_is_lspci(struct pp_span line)
{
	struct pp_address a;
	uint64_t class_code;
	uint32_t group;

	if (pp_lspci_group(&line, &group) && !line.len)
		return true;
	return pp_lspci_address(&line, &a) && pp_lspci_class(line, &class_code);
}

static bool part_is_command_line(struct pp_span line)
{
	return pp_span_starts(line, "BOOT_IMAGE=") ||
	       (pp_span_starts(line, "initrd=") && pp_span_find(line, " root="));
}

/* "DMAR @ 0x00000000BDDAD000" */
static bool part_is_acpidump(struct pp_span line)
{
	const uint8_t *at =
		pp_span_find(PP_SPAN(line.data, line.len < 10 ? line.len : 10), " @ 0x");

	return at && at == line.data + 4;
}

static bool part_is_dmidecode(struct pp_span line)
{
	return (pp_span_starts(line, "# dmidecode ") && line.len > 12 &&
	        part_is_digit(line.data[12])) ||
	       (pp_span_starts(line, "Handle 0x") && pp_span_find(line, ", DMI type "));
}

/* "00000000-00000fff : Reserved" */
static bool part_is_iomem(struct pp_span line)
{
	uint64_t v;
	size_t n = pp_import_hex(line, &v);

	if (n < 8 || n + 1 >= line.len || line.data[n] != '-')
		return false;
	line = PP_SPAN(line.data + n + 1, line.len - n - 1);
	n = pp_import_hex(line, &v);
	return n >= 8 && pp_span_starts(PP_SPAN(line.data + n, line.len - n), " : ");
}

/* "           CPU0       CPU1" */
static bool part_is_interrupts(struct pp_span line)
{
	struct pp_span word;

	if (!pp_text_word(&line, &word) || !pp_span_is(word, "CPU0"))
		return false;
	while (pp_text_word(&line, &word))
		if (!pp_span_starts(word, "CPU"))
			return false;
	return true;
}

/* "# lspci -nn", "$ sudo dmesg": without a name before it, only with a command that is known. */
static bool part_is_bare_prompt(struct pp_span line)
{
	static const char *const commands[] = { "lspci",      "dmesg", "journalctl", "cat",
		                                "find",       "uname", "for",        "lshw",
		                                "pveversion", "ls",    "acpidump",   "dmidecode" };
	struct pp_span word;

	if (!pp_span_starts(line, "# ") && !pp_span_starts(line, "$ "))
		return false;
	line = PP_SPAN(line.data + 2, line.len - 2);
	if (!pp_text_word(&line, &word) ||
	    (pp_span_is(word, "sudo") && !pp_text_word(&line, &word)))
		return false;
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (pp_span_is(word, commands[i]))
			return true;
	return false;
}

/* "root@pve:~# dmesg", "[root@server ~]# lspci -nn", "user@host:~$". */
static bool part_is_prompt(struct pp_span line)
{
	unsigned int blanks = 0;
	bool at = false;

	if (part_is_bare_prompt(line))
		return true;
	for (size_t i = 0; i < line.len && i < PROMPT_BYTES; i++) {
		uint8_t c = line.data[i];
		if (at && i > 3 && (c == '#' || c == '$') &&
		    (i + 1 == line.len || line.data[i + 1] == ' '))
			return true;
		at |= c == '@' && i;
		blanks += c == ' ';
		if (blanks > 1 || (c == ' ' && !at))
			return false;
	}
	return false;
}

static bool part_is_group_path(struct pp_span line)
{
	return pp_reader_group_paths.knows(line);
}

static bool part_is_uname(struct pp_span line)
{
	return pp_reader_uname.knows(line);
}

static bool part_is_pveversion(struct pp_span line)
{
	return pp_reader_pveversion.knows(line);
}

/* Lines that tell what they are of; the first that fits counts. */
static const struct part_mark {
	bool (*fits)(struct pp_span line);
	const struct pp_reader *reader; /* NULL: it is of no part, and ends one */
	bool is_indented;
	bool is_one_line; /* what follows in the next lines is another's */
} part_marks[] = {
	{ part_is_interrupts, &pp_reader_interrupts, .is_indented = true },
	{ part_is_log, &pp_reader_log },
	{ part_is_dmidecode, &pp_reader_dmidecode },
	{ part_is_prompt, NULL },
	{ part_is_lspci, &pp_reader_lspci },
	{ part_is_group_path, &pp_reader_group_paths },
	{ part_is_command_line, &pp_reader_command_line, .is_one_line = true },
	{ part_is_acpidump, &pp_reader_acpidump },
	{ part_is_iomem, &pp_reader_iomem },
	{ part_is_uname, &pp_reader_uname, .is_one_line = true },
	{ part_is_pveversion, &pp_reader_pveversion },
};

/* NULL: a line that any text may have. */
static const struct part_mark *part_mark_of(struct pp_span line, unsigned int indent)
{
	for (size_t i = 0; line.len && i < sizeof(part_marks) / sizeof(part_marks[0]); i++)
		if (part_marks[i].is_indented == (indent != 0) && part_marks[i].fits(line))
			return &part_marks[i];
	return NULL;
}

static void parts_close(struct parts *p, const uint8_t *end)
{
	if (p->open)
		p->list[p->nr - 1].end = end;
	p->open = false;
}

/* A line that begins at that place. false: there is no room for another part. */
static bool parts_add(struct pp_import *in, struct parts *p, const uint8_t *at,
                      const struct part_mark *mark)
{
	struct part *last = p->nr ? &p->list[p->nr - 1] : NULL;

	if (p->open && (!mark || mark == last->mark))
		return true;
	parts_close(p, at);
	p->open = true;
	/* The same command again, as with another word to grep for. */
	if (mark && last && last->mark == mark && !mark->is_one_line)
		return true;
	p->open = p->nr < PARTS_MAX;
	pp_import_here(in, at);
	uint32_t number = pp_import_line_number(in);
	if (!p->open) {
		p->left_out = number;
		return false;
	}
	p->list[p->nr++] = (struct part){ .begin = at, .line = number, .mark = mark };
	return true;
}

static void parts_find(struct pp_import *in, struct parts *p, struct pp_span text)
{
	const uint8_t *end = text.data + text.len;
	struct pp_span line;
	unsigned int indent;

	for (const uint8_t *at = text.data; pp_import_line(&text, &line, &indent); at = text.data) {
		const struct part_mark *mark = part_mark_of(line, indent);
		if (mark && !mark->reader) {
			parts_close(p, at);
			continue;
		}
		if (!line.len && !p->open)
			continue;
		if (!parts_add(in, p, at, mark))
			return;
		if (mark && mark->is_one_line)
			parts_close(p, text.data);
	}
	parts_close(p, end);
}

static struct pp_span part_text(const struct part *part)
{
	return PP_SPAN(part->begin, (size_t)(part->end - part->begin));
}

/* What is wrong with one is noted, and the others stay. */
static int parts_read(struct pp_import *in, const struct part *part, struct pp_error *e)
{
	struct pp_error why = { 0 };

	in->part_line = part->line;
	pp_import_here(in, part->begin);
	int r = part->reader->read(in, part_text(part), &why);
	if (r == -EBADMSG || r == -E2BIG) {
		/* Its sentence begins with the text's name, as the note does. */
		size_t n = strlen(in->name);
		bool named = !strncmp(why.text, in->name, n) && why.text[n] == ':';
		pp_import_here(in, part->begin);
		pp_import_note(in, "line %u: %s: not read: %s", part->line, part->reader->title,
		               named ? why.text + n + 2 : why.text);
	} else if (r) {
		*e = why;
	}
	return r;
}

/* Whether they have two readers at least. */
static bool parts_choose(struct parts *p)
{
	const struct pp_reader *first = NULL;
	bool several = false;

	for (uint32_t i = 0; i < p->nr; i++) {
		struct part *part = &p->list[i];
		part->reader =
			part->mark ? part->mark->reader : pp_import_reader_of(part_text(part));
		first = first ? first : part->reader;
		several |= part->reader && part->reader != first;
	}
	return several;
}

static int parts_read_all(struct pp_import *in, const struct parts *p, bool *ret_any,
                          struct pp_error *e)
{
	for (uint32_t i = 0; i < p->nr; i++) {
		if (!p->list[i].reader)
			continue;
		int r = parts_read(in, &p->list[i], e);
		if (r && r != -EBADMSG && r != -E2BIG)
			return r;
		*ret_any |= !r;
	}
	if (p->left_out)
		pp_import_note(in, "line %u: more than %u texts in one: what follows was not read",
		               p->left_out, PARTS_MAX);
	return 0;
}

int pp_import_parts(struct pp_import *in, const struct pp_reader *whole, struct pp_span text,
                    bool *ret_any, struct pp_error *e)
{
	*ret_any = false;
	/* These take their text apart themselves. */
	if (whole == &pp_reader_supportconfig || whole == &pp_reader_pve)
		return 0;
	PP_CLEANUP(pp_cleanup_free) struct parts *p = calloc(1, sizeof(*p));
	if (!p)
		return pp_fail_oom(e, in->name);
	in->text = text;
	in->counted = NULL;
	parts_find(in, p, text);
	/* What is of one reader alone is read as it is, with whatever else stands around it. */
	int r = parts_choose(p) ? parts_read_all(in, p, ret_any, e) : 0;
	in->text = PP_SPAN(NULL, 0);
	in->here = NULL;
	in->part_line = 0;
	return r;
}
