/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Access control by the kernel's command line; see acs-argument.h. */
#include <string.h>

#include "base/text.h"
#include "host/acs-argument.h"
#include "host/command-line.h"
#include "host/kernel-facts.h"

#define REDIRECT  (PP_ACS_RR | PP_ACS_CR | PP_ACS_EC)
#define ALL_FLAGS 0x7f /* PCIe 7.7.11.3 */
#define ID_PREFIX "pci:"

static const char *const option_names[PP_NR_ACS_OPTIONS] = {
	[PP_ACS_DISABLE_REDIR] = "disable_acs_redir",
	[PP_ACS_CONFIG] = "config_acs",
};

const char *pp_acs_option_name(enum pp_acs_option option)
{
	return option_names[option];
}

static struct pp_span acs_behind(struct pp_span s, size_t n)
{
	return PP_SPAN(s.data + n, s.len - n);
}

static struct pp_span acs_until(struct pp_span s, char end)
{
	const uint8_t *at = s.len ? memchr(s.data, end, s.len) : NULL;

	return at ? PP_SPAN(s.data, (size_t)(at - s.data)) : s;
}

/* pci_setup(): options of "pci=" between commas. */
static bool acs_find_in_word(struct pp_span word, enum pp_acs_option option, struct pp_span *ret)
{
	const char *name = option_names[option];
	size_t n = strlen(name);
	bool found = false, quoted = word.len && word.data[0] == '"';

	/* lib/cmdline.c, next_arg(): around the word, or around the value. */
	word = acs_behind(word, quoted);
	if (!pp_span_starts(word, "pci="))
		return false;
	word = acs_behind(word, 4);
	quoted |= word.len && word.data[0] == '"';
	if (word.len && word.data[0] == '"')
		word = acs_behind(word, 1);
	if (quoted && word.len && word.data[word.len - 1] == '"')
		word.len--;
	while (word.len) {
		struct pp_span one = acs_until(word, ',');
		word = acs_behind(word, one.len + (one.len < word.len));
		if (pp_span_starts(one, name) && one.len > n && one.data[n] == '=') {
			*ret = acs_behind(one, n + 1);
			found = true;
		}
	}
	return found;
}

bool pp_acs_argument_find(const char *line, enum pp_acs_option option, struct pp_span *ret)
{
	struct pp_span rest, word;
	bool found = false;

	if (!line || !strstr(line, option_names[option]))
		return false;
	rest = PP_SPAN(line, strlen(line));
	while (pp_command_line_next(&rest, &word))
		found |= acs_find_in_word(word, option, ret);
	return found;
}

static int acs_digit(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* "%x" of the kernel's sscanf(); what goes beyond 32 bits is none of a device. */
static bool acs_number(struct pp_span *s, uint32_t *ret)
{
	uint64_t v = 0;
	size_t at = s->len > 2 && s->data[0] == '0' && (s->data[1] | 0x20) == 'x' &&
	                            acs_digit(s->data[2]) >= 0
	                    ? 2
	                    : 0;
	size_t first = at;

	for (; at < s->len && acs_digit(s->data[at]) >= 0; at++) {
		v = v << 4 | (uint64_t)acs_digit(s->data[at]);
		if (v > UINT32_MAX)
			return false;
	}
	if (at == first)
		return false;
	*ret = (uint32_t)v;
	*s = acs_behind(*s, at);
	return true;
}

static bool acs_skip(struct pp_span *s, char c)
{
	if (!s->len || s->data[0] != (uint8_t)c)
		return false;
	*s = acs_behind(*s, 1);
	return true;
}

/* "1c.0", and nothing behind it */
static bool acs_device_function(struct pp_span s, uint32_t *ret_device, uint32_t *ret_function)
{
	return acs_number(&s, ret_device) && acs_skip(&s, '.') && acs_number(&s, ret_function) &&
	       !s.len;
}

/* "0000:00:1c.0" or "00:1c.0": domain, bus, device, function */
static bool acs_parse_address(struct pp_span s, uint32_t ret[4])
{
	size_t colons = 0;

	for (size_t i = 0; i < s.len; i++)
		colons += s.data[i] == ':';
	ret[0] = 0;
	if (colons == 2 && (!acs_number(&s, &ret[0]) || !acs_skip(&s, ':')))
		return false;
	return colons <= 2 && acs_number(&s, &ret[1]) && acs_skip(&s, ':') &&
	       acs_device_function(s, &ret[2], &ret[3]);
}

enum acs_match { ACS_NO, ACS_MATCHES, ACS_UNKNOWN, ACS_BAD };

/* The last '/' of a path; s.len: none. */
static size_t acs_last_step(struct pp_span s)
{
	size_t at = s.len;

	while (at && s.data[at - 1] != '/')
		at--;
	return at ? at - 1 : s.len;
}

/* "00:1c.0/00.0": the device below that port, whatever the bus is called. */
static enum acs_match acs_match_path(const struct pp_host *h, const struct pp_device *d,
                                     struct pp_span path)
{
	uint32_t at[4];
	size_t slash;

	while ((slash = acs_last_step(path)) < path.len) {
		if (!acs_device_function(acs_behind(path, slash + 1), &at[2], &at[3]))
			return ACS_BAD;
		if (d->address.device != at[2] || d->address.function != at[3] ||
		    d->parent == PP_NO_DEVICE)
			return ACS_NO;
		d = &h->devices[d->parent];
		path.len = slash;
	}
	if (!acs_parse_address(path, at))
		return ACS_BAD;
	return d->address.domain == at[0] && d->address.bus == at[1] &&
	                       d->address.device == at[2] && d->address.function == at[3]
	               ? ACS_MATCHES
	               : ACS_NO;
}

/* "8086:1234" or "8086:1234:103c:0000", 0 for any; *s is then behind it. */
static enum acs_match acs_match_ids(const struct pp_device *d, struct pp_span *s)
{
	uint32_t id[4] = { 0 };
	struct pp_span two = *s;
	int n = 0;

	while (n < 4 && acs_number(s, &id[n])) {
		n++;
		if (n == 2)
			two = *s;
		if (n == 4 || !acs_skip(s, ':'))
			break;
	}
	if (n < 2)
		return ACS_BAD;
	/* Three are taken for two, and what is behind them ends the list. */
	if (n < 4)
		*s = two;
	bool sub = n == 4 && ((uint16_t)id[2] || (uint16_t)id[3]);
	if (!d->ids_known)
		return (uint16_t)id[0] || (uint16_t)id[1] || sub ? ACS_UNKNOWN : ACS_MATCHES;
	if (((uint16_t)id[0] && (uint16_t)id[0] != d->vendor) ||
	    ((uint16_t)id[1] && (uint16_t)id[1] != d->device))
		return ACS_NO;
	/* Those of a subsystem are not read: a bridge has them in a capability. */
	return sub ? ACS_UNKNOWN : ACS_MATCHES;
}

/* "10x" before "@": bit 0 is the last. */
static bool acs_parse_flags(struct pp_span *s, struct pp_acs_wish *ret)
{
	struct pp_span flags = acs_until(*s, '@');

	*ret = (struct pp_acs_wish){ 0 };
	if (flags.len == s->len || flags.len > 16)
		return false;
	for (size_t i = 0; i < flags.len; i++) {
		uint16_t bit = (uint16_t)(1u << (flags.len - 1 - i));
		if (flags.data[i] == '1')
			ret->flags |= bit;
		else if (flags.data[i] != '0' && (flags.data[i] | 0x20) != 'x')
			return false;
		if (flags.data[i] == '0' || flags.data[i] == '1')
			ret->mask |= bit;
	}
	*s = acs_behind(*s, flags.len + 1);
	return !(ret->mask & ~ALL_FLAGS);
}

/* One entry; *list is then what is behind its ';', empty where the kernel reads no further. */
static enum acs_match acs_match_entry(const struct pp_host *h, const struct pp_device *d,
                                      enum pp_acs_option option, struct pp_span *list,
                                      struct pp_acs_wish *ret)
{
	struct pp_span rest = *list;
	enum acs_match m;

	*list = PP_SPAN(rest.data, 0);
	*ret = (struct pp_acs_wish){ .mask = REDIRECT };
	if (option == PP_ACS_CONFIG && !acs_parse_flags(&rest, ret))
		return ACS_BAD;
	if (pp_span_starts(rest, ID_PREFIX)) {
		rest = acs_behind(rest, strlen(ID_PREFIX));
		m = acs_match_ids(d, &rest);
	} else {
		struct pp_span path = acs_until(rest, ';');
		m = acs_match_path(h, d, path);
		rest = acs_behind(rest, path.len);
	}
	if (acs_skip(&rest, ';'))
		*list = rest;
	return m;
}

enum pp_tri pp_acs_argument_names(const struct pp_host *h, uint32_t device,
                                  enum pp_acs_option option, struct pp_span list,
                                  struct pp_acs_wish *ret, bool *ret_bad)
{
	while (list.len) {
		switch (acs_match_entry(h, &h->devices[device], option, &list, ret)) {
		case ACS_MATCHES:
			return PP_YES;
		case ACS_UNKNOWN:
			return PP_UNKNOWN;
		case ACS_BAD:
			if (ret_bad)
				*ret_bad = true;
			return PP_NO;
		case ACS_NO:
			break;
		}
	}
	return PP_NO;
}

/* Bits that no option sets are as the firmware left them, and so as they are now. */
static enum pp_tri acs_as_firmware(const struct pp_host *h, uint32_t device, uint16_t wanted)
{
	if (!wanted)
		return PP_YES;
	return h->kernel.running ? PP_UNKNOWN
	                         : pp_tri((h->devices[device].config.acs_ctl & wanted) == wanted);
}

/* What one option makes of the bits that isolate; false: this kernel does not heed it. */
static bool acs_option_says(const struct pp_host *h, uint32_t device, enum pp_acs_option option,
                            const struct pp_acs_wish *wish, uint16_t wanted, enum pp_tri *ret)
{
	enum pp_tri config = pp_kernel_has(&h->kernel, PP_KERNEL_CONFIG_ACS);
	enum pp_tri whole = pp_kernel_has(&h->kernel, PP_KERNEL_ACS_ARGUMENTS);

	*ret = PP_UNKNOWN;
	if (option == PP_ACS_CONFIG && config == PP_NO)
		return false;
	if (config == PP_NO) {
		*ret = pp_tri(!(wanted & wish->mask));
	} else if (whole == PP_YES) {
		*ret = wanted & wish->mask & ~wish->flags
		               ? PP_NO
		               : acs_as_firmware(h, device, wanted & (uint16_t)~wish->mask);
	}
	return true;
}

bool pp_acs_argument_says(const struct pp_host *h, uint32_t device, uint16_t wanted,
                          enum pp_tri *ret)
{
	bool said = false;

	/* The second goes over what the first has set. */
	for (int o = 0; o < PP_NR_ACS_OPTIONS; o++) {
		enum pp_acs_option option = (enum pp_acs_option)o;
		struct pp_acs_wish wish;
		struct pp_span list;
		enum pp_tri answer;
		if (!pp_acs_argument_find(h->kernel.command_line.text, option, &list))
			continue;
		enum pp_tri named = pp_acs_argument_names(h, device, option, list, &wish, NULL);
		if (named == PP_NO || !acs_option_says(h, device, option, &wish, wanted, &answer))
			continue;
		*ret = named == PP_YES ? answer : PP_UNKNOWN;
		said = true;
	}
	return said;
}
