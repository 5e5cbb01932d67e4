/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Windows' edition, its role and its hypervisor: the registry and CPUID. */
#include <windows.h>

#include <cpuid.h>
#include <stdio.h>

#include "sys/wide.h"
#include "sys/windows-facts.h"

#define SYSTEM        "windows/system/"
#define VALUE_UNITS   512
#define HYPERVISOR    0x80000000u /* CPUID 1, ECX: a hypervisor runs */
#define HV_FIRST_LEAF 0x40000000u
/* Hypervisor Top-Level Functional Specification, 2.4.4: EBX, CreatePartitions */
#define HV_PRIVILEGES        0x40000003u
#define HV_CREATE_PARTITIONS 0x1u
/* The same, 2.4.7: EAX, what of the hardware the hypervisor uses */
#define HV_HARDWARE 0x40000006u

static const wchar_t version_key[] = L"SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion";
static const wchar_t secure_boot_key[] = L"SYSTEM\\CurrentControlSet\\Control\\SecureBoot\\State";
static const wchar_t hyperv_key[] = L"SYSTEM\\CurrentControlSet\\Services\\vmms";

static int system_put(struct pp_facts *f, const char *path, const char *text)
{
	char line[VALUE_UNITS * 3 + 2];
	int n = snprintf(line, sizeof(line), "%s\n", text);

	return f->file(f, path, PP_SPAN(line, (size_t)n));
}

static int system_failed(struct pp_facts *f, const char *path, LONG code)
{
	if (code == ERROR_FILE_NOT_FOUND || code == ERROR_PATH_NOT_FOUND)
		return f->absent(f, path);
	return f->unread(f, path, pp_windows_errno((unsigned long)code));
}

/* A text or a number. */
static int system_value(struct pp_facts *f, const wchar_t *key, const wchar_t *name,
                        const char *path)
{
	union {
		wchar_t text[VALUE_UNITS];
		DWORD number;
	} value = { .text = { 0 } };
	DWORD size = sizeof(value) - sizeof(wchar_t), type;
	char text[VALUE_UNITS * 3];
	LONG code = RegGetValueW(HKEY_LOCAL_MACHINE, key, name, RRF_RT_REG_SZ | RRF_RT_REG_DWORD,
	                         &type, &value, &size);

	if (code != ERROR_SUCCESS)
		return system_failed(f, path, code);
	if (type == REG_DWORD)
		snprintf(text, sizeof(text), "%lu", (unsigned long)value.number);
	else if (pp_from_wide(value.text, text, sizeof(text)))
		return f->unread(f, path, EBADMSG);
	return system_put(f, path, text);
}

static int system_role(struct pp_facts *f)
{
	HKEY key;
	LONG code = RegOpenKeyExW(HKEY_LOCAL_MACHINE, hyperv_key, 0, KEY_QUERY_VALUE, &key);

	if (code == ERROR_SUCCESS)
		RegCloseKey(key);
	if (code == ERROR_FILE_NOT_FOUND)
		return system_put(f, SYSTEM "HyperVRole", "0");
	/* One that may not be opened is there. */
	if (code != ERROR_SUCCESS && code != ERROR_ACCESS_DENIED)
		return system_failed(f, SYSTEM "HyperVRole", code);
	return system_put(f, SYSTEM "HyperVRole", "1");
}

/* Only the root partition is told of the machine itself. */
static int system_hardware(struct pp_facts *f, bool is_root)
{
	unsigned int a = 0, b, c, d;
	char text[16];

	if (is_root)
		__cpuid(HV_FIRST_LEAF, a, b, c, d);
	if (a < HV_HARDWARE)
		return f->absent(f, SYSTEM "HypervisorHardware");
	__cpuid(HV_HARDWARE, a, b, c, d);
	snprintf(text, sizeof(text), "%u", a);
	return system_put(f, SYSTEM "HypervisorHardware", text);
}

static int system_processor(struct pp_facts *f)
{
	unsigned int a, b, c, d;
	char maker[13] = "";
	const char *role = "none";

	if (!__get_cpuid(0, &a, &b, &c, &d))
		return 0;
	memcpy(maker, &b, 4);
	memcpy(maker + 4, &d, 4);
	memcpy(maker + 8, &c, 4);
	int r = system_put(f, SYSTEM "ProcessorVendor", maker);
	if (!r && __get_cpuid(1, &a, &b, &c, &d) && c & HYPERVISOR) {
		char hypervisor[13] = "";
		__cpuid(HV_FIRST_LEAF, a, b, c, d);
		memcpy(hypervisor, &b, 4);
		memcpy(hypervisor + 4, &c, 4);
		memcpy(hypervisor + 8, &d, 4);
		bool microsoft = a >= HV_PRIVILEGES && !strcmp(hypervisor, "Microsoft Hv");
		if (microsoft)
			__cpuid(HV_PRIVILEGES, a, b, c, d);
		role = microsoft && b & HV_CREATE_PARTITIONS ? "root" : "guest";
	}
	if (!r)
		r = system_put(f, SYSTEM "Hypervisor", role);
	return r ? r : system_hardware(f, !strcmp(role, "root"));
}

int pp_facts_system(struct pp_facts *f)
{
	static const struct {
		const wchar_t *key, *name;
		const char *path;
	} values[] = {
		{ version_key, L"ProductName", SYSTEM "ProductName" },
		{ version_key, L"CurrentBuildNumber", SYSTEM "CurrentBuildNumber" },
		{ version_key, L"UBR", SYSTEM "UBR" },
		{ version_key, L"InstallationType", SYSTEM "InstallationType" },
		{ secure_boot_key, L"UEFISecureBootEnabled", SYSTEM "SecureBoot" },
	};
	int r = 0;

	for (size_t i = 0; !r && i < sizeof(values) / sizeof(values[0]); i++)
		r = system_value(f, values[i].key, values[i].name, values[i].path);
	if (!r)
		r = system_role(f);
	return r ? r : system_processor(f);
}
