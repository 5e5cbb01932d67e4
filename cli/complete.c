/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pcipass complete: what a shell may put in place of the last word of a command line. The shells'
 * own files call it at each Tab: options and commands come from the program's tables, devices from
 * the host or the capture that the command line names. It reads only.
 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include <pcipass/emit.h>
#include <pcipass/judge.h>

#include "table.h"

/* The command line up to the last word, which is being typed. */
struct completion {
	struct options options; /* of those that say which host it is about */
	const struct command *command;
	bool is_member; /* command is one of a family's */
	const char *words[2];
	unsigned int nr_words;        /* that are no options nor their arguments */
	const struct option_row *row; /* whose argument the last word is; NULL: none */
	const char *before, *word;    /* "--from=" and "x" of "--from=x" */
	bool no_more_options;         /* behind "--" */
};

/* A candidate, and what it is; those that do not begin like the word are left out. */
static void complete_put(const struct completion *c, const char *name, const char *help)
{
	if (!strncmp(name, c->word, strlen(c->word)))
		printf("%s%s\t%.*s\n", c->before, name, (int)strcspn(help, "\n"), help);
}

/* The names of files are the shell's to complete. */
static void complete_files(const struct completion *c)
{
	printf(":file\t%s\n", c->before);
}

static void complete_hypervisors(const struct completion *c)
{
	for (int t = 0; t < PP_TARGET_COUNT; t++)
		complete_put(c, pp_target_name((enum pp_target)t),
		             pp_target_title((enum pp_target)t));
	complete_put(c, "all", "all of them side by side");
}

static void complete_forms(const struct completion *c)
{
	for (unsigned int i = 0; pp_emit_hypervisor(i); i++)
		complete_put(c, pp_emit_hypervisor(i), "");
}

static void complete_when(const struct completion *c)
{
	complete_put(c, "auto", "on a terminal");
	complete_put(c, "always", "");
	complete_put(c, "never", "");
}

static void complete_kernels(const struct completion *c)
{
	complete_put(c, "all", "the longterm series, the newest and the running one");
}

static void complete_stores(const struct completion *c)
{
	complete_put(c, "image:", "a file");
	complete_put(c, "efivars", "EFI variables");
	complete_put(c, "hp", "HP's conrep");
	if (!strncmp(c->word, "image:", strlen("image:")))
		printf(":file\t%simage:\n", c->before);
}

static void complete_commands_of(const struct completion *c, const struct command *const *list,
                                 size_t skip)
{
	for (; *list; list++)
		if (!(*list)->hidden && (!is_for_windows || !(*list)->linux_only))
			complete_put(c, (*list)->name + skip, (*list)->help);
}

static void complete_commands(const struct completion *c)
{
	complete_commands_of(c, commands, 0);
}

/* Text that is not printed: the lines that name a column first; cells. */
struct columns {
	char text[65536];
	size_t len;
};

static int columns_write(void *ctx, const char *bytes, size_t len)
{
	struct columns *t = ctx;

	if (len >= sizeof(t->text) - t->len)
		return -1;
	memcpy(t->text + t->len, bytes, len);
	t->len += len;
	t->text[t->len] = '\0';
	return 0;
}

/* Their names may be typed in either case, and go on in that. */
static void columns_lower(char *name, const char *typed)
{
	bool lower = false;

	for (; *typed; typed++)
		lower |= islower((unsigned char)*typed) != 0;
	for (; lower && *name; name++)
		*name = (char)tolower((unsigned char)*name);
}

/* Behind the last comma of a list, or the plus sign in front of it; end stands behind each. */
static void complete_columns_before(const struct completion *c, const char *end_of_name)
{
	struct options o = { 0 };
	struct pp_style style = style_of(&o);
	struct columns t = { .len = 0 };
	struct pp_error e = { 0 };
	const char *comma = strrchr(c->word, ',');
	size_t typed = comma ? (size_t)(comma - c->word) + 1 : *c->word == '+';
	char name[256];

	if (pp_report_columns(&style, (struct pp_sink){ columns_write, &t }, &e))
		return;
	for (const char *line = t.text; *line;) {
		size_t end = strcspn(line, "\n"), len = strcspn(line, " ");
		int n = snprintf(name, sizeof(name), "%.*s%.*s%s", (int)typed, c->word, (int)len,
		                 line, end_of_name);
		columns_lower(name, c->word);
		if (n > 0 && (size_t)n < sizeof(name))
			complete_put(c, name, line + len + strspn(line + len, " "));
		line += end + (line[end] == '\n');
	}
}

static void complete_columns(const struct completion *c)
{
	complete_columns_before(c, "");
}

/* Of many hosts so many are read for the values of a column, and so much of those is kept. */
#define FILTER_HOSTS 16

/* A value that a list can hold as it is, and that was not offered before. */
static bool filter_offers(const char *text, const char *line, size_t len)
{
	if (!len || strcspn(line, " ,*?\n") < len)
		return false;
	while (text < line && (strncmp(text, line, len) || text[len] != '\n'))
		text += strcspn(text, "\n") + 1;
	return text == line;
}

static void filter_put(const struct completion *c, const struct columns *t)
{
	size_t typed = (size_t)(strrchr(c->word, '=') - c->word) + 1;
	char value[256];

	for (const char *line = t->text; *line;) {
		size_t len = strcspn(line, "\n");
		int n = snprintf(value, sizeof(value), "%.*s%.*s", (int)typed, c->word, (int)len,
		                 line);
		if (n > 0 && (size_t)n < sizeof(value) && filter_offers(t->text, line, len))
			complete_put(c, value, "");
		line += len + (line[len] == '\n');
	}
}

/* What stands in a column, on the hosts that the command line names. */
static void filter_values(const struct completion *c, const char *column)
{
	struct pp_host_list *list = NULL;
	struct options o = c->options;
	struct columns t = { .len = 0 };
	struct pp_error e = { 0 };
	enum exit_code code;
	struct look l;
	bool many = false;

	o.columns = column;
	o.sort = column;
	o.noheadings = true;
	struct pp_style style = style_of(&o);
	style.cut = false;
	style.color = false;
	struct pp_sink sink = { columns_write, &t };
	/* Nobody types there while a line is completed. */
	if (o.from && !strcmp(o.from, "-"))
		return;
	if (is_another_host(&o) && fleet_list(&o, 0, NULL, &list, &many, &e))
		return;
	style.host = list ? pp_host_list_name(list, 0) : "localhost";
	/* What does not fit into the text is not offered. */
	if (many)
		(void)fleet_report(&o, list, FILTER_HOSTS, &style, sink, &code, &e);
	else if (!look_open(&o, &l, &e)) {
		(void)pp_report_survey(l.survey, &style, sink, &e);
		look_close(&l);
	}
	pp_host_list_free(list);
	filter_put(c, &t);
}

/* Behind the last comma a column, and behind that and an equal sign what it holds. */
static void complete_filter(const struct completion *c)
{
	const char *comma = strrchr(c->word, ','), *part = comma ? comma + 1 : c->word;
	size_t len = strcspn(part, "=");
	char column[32];

	if (!part[len])
		complete_columns_before(c, "=");
	else if (len < sizeof(column)) {
		snprintf(column, sizeof(column), "%.*s", (int)len, part);
		filter_values(c, column);
	}
}

static void complete_place(const struct completion *c, const struct pp_device *d, const char *help,
                           char *last, size_t size)
{
	enum pp_place_kind kind;
	const char *number;
	char name[80];

	if (pp_device_place(d, &kind, &number) || !number || pp_device_is_bridge(d))
		return;
	snprintf(name, sizeof(name), "%s%s", pp_place_word(kind), number);
	if (strcmp(name, last))
		complete_put(c, name, help);
	snprintf(last, size, "%s", name);
}

static void complete_device(const struct completion *c, const struct pp_device *d, char *last,
                            size_t size)
{
	char address[PP_DEVICE_ADDRESS_BYTES];
	unsigned int domain, bus, slot, function, vendor, device;
	const char *help = "";

	pp_device_address(d, address);
	pp_device_numbers(d, &domain, &bus, &slot, &function);
	if (!pp_device_ids(d, &vendor, &device))
		help = device_name(NULL, vendor, device);
	/* Of the first domain the long form is for those who have begun it. */
	if (!domain)
		complete_put(c, address + strlen("0000:"), help);
	if (domain || strlen(c->word) >= strlen("0000:"))
		complete_put(c, address, help);
	complete_place(c, d, help, last, size);
}

static void complete_devices_of(const struct completion *c, const struct pp_host *h)
{
	char name[32], last[80] = "";
	unsigned int n = 0;

	if (!pp_host_count_devices(h, &n))
		for (unsigned int i = 0; i < n; i++)
			complete_device(c, pp_host_device_at(h, i), last, sizeof(last));
	if (!pp_host_count_groups(h, &n))
		for (unsigned int i = 0; i < n; i++) {
			snprintf(name, sizeof(name), "group%u",
			         pp_group_number(pp_host_group_at(h, i)));
			complete_put(c, name, "IOMMU group");
		}
	complete_put(c, "all-slots", "every card in a slot");
}

static void complete_devices(const struct completion *c)
{
	struct pp_source *source = NULL;
	struct pp_host *host = NULL;
	struct pp_error e = { 0 };

	if (!source_open(&c->options, &source, &e) && !pp_host_read(source, &host, &e))
		complete_devices_of(c, host);
	pp_host_free(host);
	pp_source_free(source);
}

/* More than there are remedies. */
#define MAX_REMEDIES 64

struct remedies {
	const char *ids[MAX_REMEDIES];
	unsigned int count;
};

static bool remedies_add(struct remedies *seen, const char *id)
{
	for (unsigned int i = 0; i < seen->count; i++)
		if (!strcmp(seen->ids[i], id))
			return false;
	if (seen->count < MAX_REMEDIES)
		seen->ids[seen->count++] = id;
	return true;
}

static void complete_remedies_of(const struct completion *c, const struct pp_row *row,
                                 struct remedies *seen)
{
	for (unsigned int i = 0; i < pp_row_count_findings(row); i++) {
		const struct pp_finding *f = pp_row_finding_at(row, i);
		for (unsigned int j = 0; j < pp_finding_count_remedies(f); j++) {
			const struct pp_remedy *r = pp_finding_remedy_at(f, j);
			if (remedies_add(seen, pp_remedy_id(r)))
				complete_put(c, pp_remedy_id(r), pp_remedy_text(r));
		}
	}
}

/* Those that help against something here, each once. */
static void complete_remedies(const struct completion *c)
{
	struct remedies seen = { .count = 0 };
	struct pp_error e = { 0 };
	struct look l;

	if (look_open(&c->options, &l, &e))
		return;
	for (unsigned int i = 0; i < pp_survey_count_rows(l.survey); i++)
		complete_remedies_of(c, pp_survey_row_at(l.survey, i), &seen);
	look_close(&l);
}

/* What stands in the usage of a command or option, and what may be typed there. */
static const struct kind {
	const char *argument;
	void (*put)(const struct completion *c);
} kinds[] = {
	{ "COMMAND", complete_commands }, { "DEVICE", complete_devices },
	{ "FILE", complete_files },       { "FILTER", complete_filter },
	{ "FORM", complete_forms },       { "HYPERVISOR", complete_hypervisors },
	{ "LIST", complete_columns },     { "PATH", complete_files },
	{ "RELEASE", complete_kernels },  { "REMEDY", complete_remedies },
	{ "WHAT", complete_stores },      { "WHEN", complete_when },
};

static void complete_kind(const struct completion *c, const char *argument, size_t len)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (strlen(kinds[i].argument) == len && !strncmp(kinds[i].argument, argument, len))
			kinds[i].put(c);
}

/* The word of a form, such as "FORM DEVICE...", that stands at that place; the last may repeat. */
static void complete_form(const struct completion *c, const char *form, size_t end,
                          unsigned int place)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
	const char *word = form;

	if (*form == '-' || !end)
		return;
	for (; place; place--) {
		size_t len = strcspn(word, " \n");
		if (len >= 3 && !strncmp(word + len - 3, "...", 3))
			break;
		if (word + len >= form + end)
			return;
		word += len + 1;
	}
	word += *word == '[';
	complete_kind(c, word, strspn(word, letters));
}

static void complete_argument(const struct completion *c)
{
	const char *form = c->command->arguments;
	unsigned int place = c->nr_words - (c->is_member ? 2 : 1);

	if (c->command == &command_help && place == 1) {
		const struct command *family = find_command(commands, 0, c->words[1]);
		if (family && family->family)
			complete_commands_of(c, family->family, strlen(family->name) + 1);
		return;
	}
	if (c->options.log)
		complete_files(c);
	while (!c->options.log && form && *form) {
		size_t len = strcspn(form, "\n");
		complete_form(c, form, len, place);
		form += len + (form[len] == '\n');
	}
}

static void complete_options(const struct completion *c)
{
	char name[40];

	for (size_t i = 0; i < nr_option_rows; i++) {
		const struct option_row *r = &option_rows[i];
		if (!option_is_taken(r, c->command) || !*option_help(r, c->command))
			continue;
		snprintf(name, sizeof(name), "--%s", r->name);
		complete_put(c, name, option_help(r, c->command));
		if (r->letter && strlen(c->word) < 2) {
			snprintf(name, sizeof(name), "-%c", r->letter);
			complete_put(c, name, option_help(r, c->command));
		}
	}
}

/* The option that a word is, if there is one; *ret_value: what stands in the word as its value. */
static const struct option_row *complete_option_of(const char *word, const char **ret_value)
{
	size_t len = strcspn(word, "=");

	*ret_value = NULL;
	for (size_t i = 0; i < nr_option_rows; i++) {
		const struct option_row *r = &option_rows[i];
		bool is_long = !strncmp(word, "--", 2) && strlen(r->name) == len - 2 &&
		               !strncmp(word + 2, r->name, len - 2);
		if (is_long && word[len])
			*ret_value = word + len + 1;
		if (!is_long && r->letter && word[0] == '-' && word[1] == r->letter && word[2])
			*ret_value = word + 2;
		if (is_long || (r->letter && word[0] == '-' && word[1] == r->letter))
			return r;
	}
	return NULL;
}

/* Of the options those that say which host is looked at. */
static void complete_keep(struct completion *c, const struct option_row *r, const char *value)
{
	if (r->field == FIELD(from) && !c->options.from)
		c->options.from = value;
	else if (r->field == FIELD(from) && c->options.nr_more_from < MAX_FROM)
		c->options.more_from[c->options.nr_more_from++] = value;
	else if (r->field == FIELD(target) && pp_target_of(value) != PP_TARGET_COUNT)
		c->options.target = value;
}

static void complete_word(struct completion *c, const char *word)
{
	if (c->nr_words < sizeof(c->words) / sizeof(c->words[0]))
		c->words[c->nr_words] = word;
	c->nr_words++;
	if (c->nr_words == 1)
		c->command = find_command(commands, 0, word);
	if (c->nr_words != 2 || !c->command || !c->command->family)
		return;
	c->command = find_command(c->command->family, strlen(c->command->name) + 1, word);
	c->is_member = true;
}

/* All but the last word. */
static void complete_read(struct completion *c, int argc, char **argv)
{
	for (int i = 0; i + 1 < argc; i++) {
		const char *value;
		const struct option_row *r =
			c->no_more_options ? NULL : complete_option_of(argv[i], &value);
		if (!c->no_more_options && !strcmp(argv[i], "--"))
			c->no_more_options = true;
		else if (r && r->argument && value)
			complete_keep(c, r, value);
		else if (r && r->argument && i + 2 < argc)
			complete_keep(c, r, argv[++i]);
		else if (r && r->argument)
			c->row = r;
		else if (r && r->field == FIELD(log))
			c->options.log = true;
		else if (!r && (c->no_more_options || argv[i][0] != '-' || !argv[i][1]))
			complete_word(c, argv[i]);
	}
}

/* "--from=x": the value is completed, what stands before it stays. */
static bool complete_split(struct completion *c, const char *word, char *before, size_t size)
{
	const char *value;
	const struct option_row *r = complete_option_of(word, &value);

	if (c->no_more_options || strncmp(word, "--", 2) || !r || !r->argument || !value ||
	    (size_t)(value - word) >= size)
		return false;
	snprintf(before, size, "%.*s", (int)(value - word), word);
	c->before = before;
	c->word = value;
	c->row = r;
	return true;
}

static enum exit_code complete_run(const struct options *o, int argc, char **argv)
{
	struct completion c = { .before = "", .word = argc ? argv[argc - 1] : "" };
	struct pp_error e = { 0 };
	char before[64];

	complete_read(&c, argc, argv);
	if (c.row || complete_split(&c, c.word, before, sizeof(before)))
		complete_kind(&c, c.row->argument, strlen(c.row->argument));
	else if (*c.word == '-' && !c.no_more_options)
		complete_options(&c);
	else if (!c.nr_words)
		complete_commands(&c);
	else if (c.command && c.command->family)
		complete_commands_of(&c, c.command->family, strlen(c.command->name) + 1);
	else if (c.command)
		complete_argument(&c);
	return flush_stdout(&e) ? complain(&e) : EXIT_YES;
}

const struct command command_complete = {
	.name = "complete",
	.arguments = "-- WORD...",
	.help = "complete the last word of a command line, for shells",
	.max_arguments = MAX_WORDS,
	.run = complete_run,
	.hidden = true,
};
