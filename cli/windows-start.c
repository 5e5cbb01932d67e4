/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a process inherits on Windows: its arguments, its standard files, its console. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <windows.h>

#include "cli.h"
#include "pci/ids.h"

const bool is_for_windows = true;

/* Arguments are taken as they are typed: no pattern is looked up, as in no other program here. */
int _dowildcard = 0;

/* More than most reports have: a character may lie across the end of a buffer. */
#define CONSOLE_BYTES ((size_t)1 << 20)

static UINT code_page_before;

static void start_restore_console(void)
{
	SetConsoleOutputCP(code_page_before);
}

static bool start_is_console(DWORD which)
{
	DWORD mode;

	return GetConsoleMode(GetStdHandle(which), &mode);
}

void start(void)
{
	static const DWORD both[] = { STD_OUTPUT_HANDLE, STD_ERROR_HANDLE };
	bool console = false;

	/* The same bytes as elsewhere: no "\r" is put in or taken out. */
	_setmode(_fileno(stdin), O_BINARY);
	_setmode(_fileno(stdout), O_BINARY);
	_setmode(_fileno(stderr), O_BINARY);
	for (size_t i = 0; i < sizeof(both) / sizeof(both[0]); i++)
		console |= start_is_console(both[i]);
	if (!console)
		return;
	/*
	 * Windows' C library writes to a console byte by byte, and a console takes half a character
	 * for a wrong one. What is printed is flushed by say() and flush_stdout().
	 */
	setvbuf(stdout, NULL, _IOFBF, CONSOLE_BYTES);
	setvbuf(stderr, NULL, _IOFBF, CONSOLE_BYTES);
	/* Our texts are UTF-8. The console is the caller's: it is put back. */
	code_page_before = GetConsoleOutputCP();
	if (code_page_before != CP_UTF8 && SetConsoleOutputCP(CP_UTF8))
		atexit(start_restore_console);
}

/* The program is one file. */
const char *installed_documents(void)
{
	return NULL;
}

unsigned int terminal_columns(void)
{
	CONSOLE_SCREEN_BUFFER_INFO info;

	if (!start_is_console(STD_OUTPUT_HANDLE))
		return 0;
	if (!GetConsoleScreenBufferInfo(GetStdHandle(STD_OUTPUT_HANDLE), &info))
		return 80;
	return (unsigned int)(info.srWindow.Right - info.srWindow.Left + 1);
}

/* From Windows 10 on, once that is asked for. */
bool terminal_has_color(void)
{
	HANDLE out = GetStdHandle(STD_OUTPUT_HANDLE);
	DWORD mode;

	return GetConsoleMode(out, &mode) &&
	       SetConsoleMode(out, mode | ENABLE_VIRTUAL_TERMINAL_PROCESSING);
}

/* The console's code page is set to it, see pcipass.manifest. */
bool locale_is_utf8(void)
{
	return true;
}

/* Of the file pci.ids beside the program. */
struct pp_span pci_ids_text(void)
{
	static const wchar_t name[] = L"pci.ids";
	wchar_t path[4096];
	DWORD size = sizeof(path) / sizeof(path[0]), len = GetModuleFileNameW(NULL, path, size);
	wchar_t *end =
		len && len < size - sizeof(name) / sizeof(name[0]) ? wcsrchr(path, L'\\') : NULL;
	FILE *f = NULL;

	if (end) {
		wcscpy(end + 1, name);
		f = _wfopen(path, L"rbN");
	}
	char *text = f ? malloc(PP_IDS_MAX_BYTES) : NULL;
	size_t n = text ? fread(text, 1, PP_IDS_MAX_BYTES, f) : 0;
	if (f)
		fclose(f);
	char *fit = n ? realloc(text, n) : NULL;
	return PP_SPAN(fit ? fit : text, n);
}

/* The argument as UTF-8; what is no valid UTF-16 becomes U+FFFD, and no file has that name. */
static char *start_argument(const wchar_t *wide)
{
	int size = WideCharToMultiByte(CP_UTF8, 0, wide, -1, NULL, 0, NULL, NULL);
	char *text = size > 0 ? malloc((size_t)size) : NULL;

	if (!text || !WideCharToMultiByte(CP_UTF8, 0, wide, -1, text, size, NULL, NULL)) {
		say("%s: out of memory\n", program_name);
		exit(EXIT_FAILED);
	}
	return text;
}

int main(int argc, char **argv);
int wmain(int argc, wchar_t **wide);

/* What the C library calls. The arguments live as long as the process. */
int wmain(int argc, wchar_t **wide)
{
	char **argv = calloc((size_t)argc + 1, sizeof(*argv));

	if (!argv)
		return EXIT_FAILED;
	for (int i = 0; i < argc; i++)
		argv[i] = start_argument(wide[i]);
	return main(argc, argv);
}
