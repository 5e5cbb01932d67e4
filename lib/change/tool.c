/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The host's own programs: where they are, how they are run, and what became of them. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "change/tool.h"
#include "base/text.h"
#include "sys/process.h"

#define SHOWN_BYTES 240 /* of the end of what it printed */

bool pp_tool_find(const struct pp_apply *a, const char *name, char *ret)
{
	static const char *const folders[] = { "usr/sbin", "usr/bin", "sbin", "bin" };

	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
		struct stat st;
		if (snprintf(ret, PATH_MAX, "%s/%s/%s", a->root, folders[i], name) < PATH_MAX &&
		    !stat(ret, &st) && S_ISREG(st.st_mode) && !access(ret, X_OK))
			return true;
	}
	return false;
}

bool pp_tool_has(const struct pp_apply *a, const char *name)
{
	char path[PATH_MAX];

	return pp_tool_find(a, name, path);
}

/* The last lines, as one line. */
static const char *tool_last_words(struct pp_process_result *result, char *buf, size_t size)
{
	size_t from = result->len > SHOWN_BYTES ? result->len - SHOWN_BYTES : 0;

	for (size_t i = from; i < result->len; i++)
		if (result->output[i] == '\n')
			result->output[i] = i + 1 < result->len ? '|' : ' ';
	pp_text_clean_into(buf, size, result->output + from, result->len - from);
	return *buf ? buf : "it said nothing";
}

static int tool_judge(const char *name, struct pp_process_result *result, unsigned int timeout_s,
                      struct pp_error *e)
{
	char words[SHOWN_BYTES + 1];

	tool_last_words(result, words, sizeof(words));
	if (result->end == PP_PROCESS_STOPPED)
		return pp_fail(e, ETIMEDOUT, "%s: stopped after %u seconds: %s", name, timeout_s,
		               words);
	if (result->end == PP_PROCESS_SIGNALLED)
		return pp_fail(e, ECHILD, "%s: killed by signal %d: %s", name, result->signal,
		               words);
	if (result->status)
		return pp_fail(e, ECHILD, "%s: exit status %d: %s", name, result->status, words);
	return 0;
}

int pp_tool_run(const struct pp_apply *a, const char *const *argv, unsigned int timeout_s,
                struct pp_error *e)
{
	char path[PATH_MAX], root[PATH_MAX + 16];
	const char *const environment[] = { PP_PROCESS_PATH, "LC_ALL=C", "HOME=/", root, NULL };

	if (!pp_tool_find(a, argv[0], path))
		return pp_fail(e, ENOENT, "%s: the host has no such program", argv[0]);
	snprintf(root, sizeof(root), "PCIPASS_ROOT=%s", a->root);
	struct pp_process process = { .program = path,
		                      .argv = argv,
		                      .environment = *a->root ? environment : NULL,
		                      .limit_s = timeout_s,
		                      .lock = &a->lock };
	struct pp_process_result *result = malloc(sizeof(*result));
	if (!result)
		return pp_fail_oom(e, argv[0]);
	int r = pp_process_run(&process, result, e);
	if (!r)
		r = tool_judge(argv[0], result, timeout_s, e);
	free(result);
	return r;
}
