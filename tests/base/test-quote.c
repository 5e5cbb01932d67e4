/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Words in what is printed to be pasted. What shells make of it: tests/cli/test-pasted.py. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "base/quote.h"

struct quoted {
	const char *word, *ret; /* NULL: it cannot be written */
};

static void quote_each(bool (*quote)(char *, size_t, const char *), const struct quoted *list)
{
	char buf[64];

	for (; list->word; list++) {
		assert_int_equal(quote(buf, sizeof(buf), list->word), list->ret != NULL);
		assert_string_equal(buf, list->ret ? list->ret : "");
	}
}

static void shell(void **state)
{
	static const struct quoted list[] = {
		{ "slot2", "slot2" },
		{ "/tmp/host-1.tar.gz", "/tmp/host-1.tar.gz" },
		{ "ids=1000:0087,1002:aaf8", "ids=1000:0087,1002:aaf8" },
		{ "", "''" },
		{ "a b", "'a b'" },
		{ "a'b", "'a'\\''b'" },
		{ "a$(b)", "'a$(b)'" },
		{ "a\\", "'a\\'" },
		{ "=a", "'=a'" },
		{ "~a", "'~a'" },
		{ "{a,b}", "'{a,b}'" },
		{ "gr\xc3\xbc\xc3\x9f", "'gr\xc3\xbc\xc3\x9f'" },
		{ "a\nb", NULL },
		{ "a\x1b[31m", NULL },
		{ "a\xc2\x9b", NULL },
		{ "a\xe2\x80\xae", NULL },
		{ "a\xff", NULL },
		{ NULL, NULL },
	};

	quote_each(pp_quote_shell, list);
}

static void powershell(void **state)
{
	static const struct quoted list[] = {
		{ "my vm", "'my vm'" },
		{ "", "''" },
		{ "a'b", "'a''b'" },
		{ "a$(b)`\"", "'a$(b)`\"'" },
		{ "a\xe2\x80\x99"
		  "b",
		  NULL },
		{ "a\nb", NULL },
		{ NULL, NULL },
	};

	quote_each(pp_quote_powershell, list);
}

/* What both of Windows' shells pass on as it is. */
static void windows(void **state)
{
	static const struct quoted list[] = {
		{ "slot2", "slot2" },
		{ "C:\\x\\host.tar", "C:\\x\\host.tar" },
		{ "C:\\my hosts\\a.tar", "\"C:\\my hosts\\a.tar\"" },
		{ "a'b&c|d", "\"a'b&c|d\"" },
		{ "", "\"\"" },
		{ "a,b", "\"a,b\"" },
		{ "my hosts\\", NULL },
		{ "a\"b", NULL },
		{ "a$b", NULL },
		{ "a`b", NULL },
		{ "%PATH%", NULL },
		{ "a\xe2\x80\x9d"
		  "b",
		  NULL },
		{ "a\nb", NULL },
		{ NULL, NULL },
	};

	quote_each(pp_quote_windows, list);
}

/* Half of a quoted word would open a quote and not end it. */
static void too_long(void **state)
{
	static const struct quoted fits[] = { { "a b", "'a b'" }, { NULL, NULL } };
	char buf[6];

	quote_each(pp_quote_shell, fits);
	assert_true(pp_quote_shell(buf, 6, "a b"));
	assert_false(pp_quote_shell(buf, 5, "a b"));
	assert_string_equal(buf, "");
	assert_false(pp_quote_shell(buf, 1, "a"));
	assert_false(pp_quote_shell(buf, 6, "a'b"));
	assert_false(pp_quote_powershell(buf, 6, "a'b'"));
}

static void comment(void **state)
{
	char xml[] = "a-->\n<b/>---", plain[] = "a--b\nc\x1b";

	pp_quote_comment(xml, true);
	assert_null(strstr(xml, "--"));
	assert_null(strchr(xml, '\n'));
	pp_quote_comment(plain, false);
	assert_string_equal(plain, "a--b c?");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(shell),    cmocka_unit_test(powershell), cmocka_unit_test(windows),
		cmocka_unit_test(too_long), cmocka_unit_test(comment),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
