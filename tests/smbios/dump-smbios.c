/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reads a structure table on standard input and prints what the parser makes of it as JSON.
 * --redact writes the redacted table instead.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "smbios/smbios.h"

static void print_text(const char *name, const char *s)
{
	printf("\"%s\":", name);
	if (!s) {
		printf("null");
		return;
	}
	putchar('"');
	for (; *s; s++) {
		if (*s == '"' || *s == '\\')
			putchar('\\');
		putchar(*s);
	}
	putchar('"');
}

static void print_address(const struct pp_smbios_address *a)
{
	if (a->present)
		printf("\"address\":\"%04x:%02x:%02x.%x\"", a->segment, a->bus, a->device,
		       a->function);
	else
		printf("\"address\":null");
}

static void print_slots(const struct pp_smbios *s)
{
	printf(",\n\"slots\":[");
	for (uint32_t i = 0; i < s->nr_slots; i++) {
		const struct pp_smbios_slot *slot = &s->slots[i];
		printf("%s\n{\"handle\":%u,", i ? "," : "", slot->handle);
		print_text("designation", slot->designation);
		printf(",\"type\":%u,\"width\":%u,\"usage\":%u,\"length\":%u,\"id\":%u,",
		       slot->slot_type, slot->width, slot->usage, slot->length, slot->id);
		print_address(&slot->address);
		printf("}");
	}
	printf("]");
}

static void print_onboard(const struct pp_smbios *s)
{
	printf(",\n\"onboard\":[");
	for (uint32_t i = 0; i < s->nr_onboard; i++) {
		const struct pp_smbios_onboard *o = &s->onboard[i];
		printf("%s\n{\"handle\":%u,", i ? "," : "", o->handle);
		print_text("designation", o->designation);
		printf(",\"type\":%u,\"enabled\":%s,\"instance\":%u,", o->device_type,
		       o->enabled ? "true" : "false", o->instance);
		print_address(&o->address);
		printf("}");
	}
	printf("]");
}

static void print_hpe_devices(const struct pp_smbios *s)
{
	printf(",\n\"hpe_devices\":[");
	for (uint32_t i = 0; i < s->nr_hpe_devices; i++) {
		const struct pp_smbios_hpe_device *d = &s->hpe_devices[i];
		printf("%s\n{\"handle\":%u,\"assoc\":%u,", i ? "," : "", d->handle,
		       d->assoc_handle);
		print_text("name", d->name);
		printf(",\"type\":%u,\"location\":%u,\"instance\":%u,", d->device_type, d->location,
		       d->instance);
		print_address(&d->address);
		printf("}");
	}
	printf("]");
}

static int print_parsed(struct pp_span in)
{
	struct pp_smbios s;
	struct pp_arena arena;
	struct pp_notes notes;
	struct pp_error e;

	pp_arena_init(&arena, 0);
	pp_notes_init(&notes, &arena);
	int rc = pp_smbios_parse(in, &arena, &notes, &s, &e);
	if (rc) {
		fprintf(stderr, "%s\n", e.text);
		pp_arena_fini(&arena);
		return 1;
	}
	const struct {
		const char *name, *text;
	} texts[] = {
		{ "bios_vendor", s.bios_vendor },
		{ "bios_version", s.bios_version },
		{ "bios_date", s.bios_date },
		{ "manufacturer", s.manufacturer },
		{ "product", s.product },
		{ "processor_manufacturer", s.processor_manufacturer },
	};
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		printf(i ? ",\n" : "{");
		print_text(texts[i].name, texts[i].text);
	}
	print_slots(&s);
	print_onboard(&s);
	print_hpe_devices(&s);
	printf(",\n\"notes\":[");
	for (const struct pp_note *n = notes.first; n; n = n->next) {
		printf(n == notes.first ? "\n{" : ",\n{");
		print_text("text", n->text);
		printf(",\"offset\":%zu}", n->offset);
	}
	puts("]}");
	pp_arena_fini(&arena);
	return 0;
}

static int print_redacted(struct pp_span in)
{
	struct pp_buffer out;
	struct pp_error e;

	pp_buffer_init(&out, PP_SMBIOS_MAX_BYTES);
	int rc = pp_smbios_redact(in, &out, &e);
	if (rc)
		fprintf(stderr, "%s\n", e.text);
	else
		fwrite(out.data, 1, out.len, stdout);
	pp_buffer_fini(&out);
	return rc != 0;
}

int main(int argc, char **argv)
{
	static uint8_t bytes[PP_SMBIOS_MAX_BYTES + 1];
	struct pp_span in = PP_SPAN(bytes, fread(bytes, 1, sizeof(bytes), stdin));

	return argc > 1 && !strcmp(argv[1], "--redact") ? print_redacted(in) : print_parsed(in);
}
