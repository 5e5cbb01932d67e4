/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Captures as text, out of pages of strangers: the page as it is, and any entries correctly packed.
 */
#include <stdio.h>
#include <string.h>

#include <pcipass/source.h>

#include "source/text.h"
#include "touch.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void text_touch(struct pp_source *s)
{
	struct pp_arena a;
	struct pp_names names;
	struct pp_span content;

	pp_arena_init(&a, 0);
	if (!pp_source_list(s, "sys/bus/pci/devices", &a, &names))
		for (uint32_t i = 0; i < names.count; i++)
			touch(names.names[i], strlen(names.names[i]));
	if (!pp_source_read_all(s, "proc/version", 4096, &a, &content))
		touch(content.data, content.len);
	pp_arena_fini(&a);
}

static void text_open(const char *bytes, size_t len)
{
	struct pp_source *s;
	struct pp_error e = { 0 };

	if (pp_source_open_text("text", bytes, len, &s, &e))
		return;
	text_touch(s);
	pp_source_free(s);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char head[] = "-----" PP_TEXT_BEGIN "-----\n";
	struct pp_error e = { 0 };
	struct pp_buffer b;

	text_open((const char *)data, size);
	pp_buffer_init(&b, PP_TEXT_MAX);
	pp_buffer_append(&b, head, sizeof(head) - 1);
	pp_buffer_append(&b, data, size);
	if (!b.failed)
		text_open(b.data, b.len);
	b.len = 0;
	if (!pp_text_pack(PP_SPAN(data, size), &b, &e))
		text_open(b.data, b.len);
	pp_buffer_fini(&b);
	return 0;
}
