/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SMBIOS without serial numbers and other private strings. */
#include "smbios/smbios.h"
#include "smbios/structure.h"

static bool is_exposed(const struct pp_smbios_kind *kind, const struct pp_smbios_structure *s,
                       unsigned int number)
{
	for (size_t i = 0; i < sizeof(kind->strings) && kind->strings[i]; i++)
		if (s->formatted.data[kind->strings[i]] == number)
			return true;
	return false;
}

/*
 * Every string keeps its place, since the numbers point at places. An empty one would end the set,
 * so what is taken away leaves a dash.
 */
static void write_strings(struct pp_buffer *out, const struct pp_smbios_kind *kind,
                          const struct pp_smbios_structure *s)
{
	struct pp_span text;
	unsigned int n = 1;

	for (; n <= 0xff && pp_smbios_structure_string(s, (uint8_t)n, &text); n++) {
		if (is_exposed(kind, s, n))
			pp_buffer_append(out, text.data, text.len);
		else
			pp_buffer_puts(out, "-");
		pp_buffer_append(out, "", 1);
	}
	pp_buffer_append(out, "\0", n == 1 ? 2 : 1);
}

static void write_structure(struct pp_buffer *out, const struct pp_smbios_kind *kind,
                            const struct pp_smbios_structure *s)
{
	static const uint8_t zero[0xff];
	size_t keep = s->length < kind->keep_to ? s->length : kind->keep_to;

	pp_buffer_append(out, s->formatted.data, keep);
	pp_buffer_append(out, zero, s->length - keep);
	write_strings(out, kind, s);
}

int pp_smbios_redact(struct pp_span in, struct pp_buffer *out, struct pp_error *e)
{
	const struct pp_smbios_kind *kind;
	struct pp_smbios_reader reader;
	struct pp_smbios_structure s;
	size_t before = out->len;

	int rc = pp_smbios_reader_init(&reader, in, NULL, e);
	if (rc)
		return rc;
	while ((kind = pp_smbios_reader_next(&reader, &s)))
		write_structure(out, kind, &s);
	if (!out->failed)
		return 0;
	out->len = before;
	if (out->data)
		out->data[before] = '\0';
	return pp_fail(e, ENOMEM, "SMBIOS: no room for the redacted table");
}
