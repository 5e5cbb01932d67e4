/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Stands in for HP's conrep under Windows, in tests: its settings are lines NAME=VALUE of the file
 * "store" beside it, and the first word of the file "mode" says how it misbehaves. With a file
 * "needs-driver" beside it, it needs a driver as HP's does.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <windows.h>

#define MAX_SETTINGS 64
#define NAME_BYTES   64

static struct {
	char name[NAME_BYTES], value[NAME_BYTES];
} settings[MAX_SETTINGS];
static int nr_settings;
static wchar_t directory[MAX_PATH];

static FILE *beside(const wchar_t *name, const wchar_t *how)
{
	wchar_t path[MAX_PATH + 16];

	wcscpy(path, directory);
	wcscat(path, name);
	return _wfopen(path, how);
}

static int lacks_driver(void)
{
	wchar_t path[MAX_PATH + 32];
	FILE *f = beside(L"needs-driver", L"rb");
	UINT len = GetSystemDirectoryW(path, MAX_PATH);

	if (!f)
		return 0;
	fclose(f);
	wcscpy(path + len, L"\\drivers\\hpsstkio.sys");
	return GetFileAttributesW(path) == INVALID_FILE_ATTRIBUTES;
}

static void read_store(void)
{
	FILE *f = beside(L"store", L"rb");

	while (f && nr_settings < MAX_SETTINGS &&
	       fscanf(f, " %63[^=]=%63s", settings[nr_settings].name,
	              settings[nr_settings].value) == 2)
		nr_settings++;
	if (f)
		fclose(f);
}

static void write_store(void)
{
	FILE *f = beside(L"store", L"wb");

	for (int i = 0; f && i < nr_settings; i++)
		fprintf(f, "%s=%s\n", settings[i].name, settings[i].value);
	if (f)
		fclose(f);
}

static int save(const char *path)
{
	FILE *f = fopen(path, "wb");

	if (!f)
		return 2;
	fprintf(f, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
	           "<Conrep version=\"5.2.0.0\" originating_platform=\"ProLiant DL380p Gen8\" "
	           "originating_family=\"P70\" originating_romdate=\"05/24/2019\" "
	           "originating_processor_manufacturer=\"Intel\">\n");
	for (int i = 0; i < nr_settings; i++)
		fprintf(f, "<Section name=\"%s\">%s</Section>\n", settings[i].name,
		        settings[i].value);
	fprintf(f, "</Conrep>\n");
	return fclose(f) ? 2 : 0;
}

static void set(const char *name, const char *value)
{
	for (int i = 0; i < nr_settings; i++)
		if (!strcmp(settings[i].name, name))
			snprintf(settings[i].value, NAME_BYTES, "%s", value);
}

static int conrep_load(const char *path, const char *mode)
{
	static char text[65536];
	char name[NAME_BYTES], value[NAME_BYTES];
	FILE *f = fopen(path, "rb");
	size_t len = f ? fread(text, 1, sizeof(text) - 1, f) : 0;
	int n = 0;

	if (!f)
		return 2;
	fclose(f);
	text[len] = '\0';
	for (char *at = text; (at = strstr(at, "<Section name=\"")); at++) {
		at += strlen("<Section name=\"");
		char *open = strchr(at, '>');
		if (!open || sscanf(at, "%63[^\"]", name) != 1 ||
		    sscanf(open + 1, "%63[^<]", value) != 1)
			return 2;
		if (strcmp(mode, "lie"))
			set(name, value);
		if (!strcmp(mode, "half") && ++n == 1)
			break;
	}
	write_store();
	return 0;
}

int main(int argc, char **argv)
{
	const char *data = "conrep.dat";
	bool loads = false;
	char mode[16] = "";
	FILE *f;

	GetModuleFileNameW(NULL, directory, MAX_PATH);
	*(wcsrchr(directory, L'\\') + 1) = 0;
	f = beside(L"mode", L"rb");
	if (f) {
		if (fscanf(f, "%15s", mode) != 1)
			*mode = '\0';
		fclose(f);
	}
	for (int i = 1; i < argc; i++) {
		loads |= !strcmp(argv[i], "-l");
		if (!strncmp(argv[i], "-f", 2))
			data = argv[i] + 2;
	}
	printf("conrep 5.2.0.0\nSystem Type: ProLiant DL380p Gen8\nROM Date   : 05/24/2019\nROM Family : P70\n"
	       "Processor Manufacturer : Intel\n");
	fflush(stdout);
	read_store();
	if (!strcmp(mode, "hang"))
		Sleep(600000);
	if (!strcmp(mode, "driver") || lacks_driver()) {
		printf("Conrep Return Code: 3\n");
		return 3;
	}
	int code = loads ? conrep_load(data, mode) : save(data);
	if (!strcmp(mode, "die"))
		TerminateProcess(GetCurrentProcess(), 255);
	if (loads && !strcmp(mode, "stay"))
		Sleep(600000);
	printf("Conrep Return Code: %d\n", code);
	return code;
}
