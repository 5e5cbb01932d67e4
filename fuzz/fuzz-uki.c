/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The bytes as a unified kernel image, and as an initrd that is searched as the kernel does. */
#include <stdlib.h>

#include "boot/uki.h"
#include "override/override.h"
#include "touch.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t table[] = "DMAR";
	struct pp_span in = PP_SPAN(data, size);
	struct pp_uki_image u;
	struct pp_error e = { 0 };
	int r = pp_uki_parse(in, "fuzz", &u, &e);

	if (r && (e.code != -r || !e.text[0]))
		abort();
	if (!r) {
		if (!u.kernel.len || !u.initrd.len)
			abort();
		touch(u.kernel.data, u.kernel.len);
		touch(u.initrd.data, u.initrd.len);
		touch(u.command_line.data, u.command_line.len);
	}
	pp_override_initrd_has(r ? in : u.initrd, PP_SPAN(table, 4));
	return 0;
}
