/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* PCI devices and what Windows says of them: SetupAPI for the properties, CfgMgr32 for the state.
 */
#include <windows.h>

#include <initguid.h>

#include <cfgmgr32.h>
#include <devpropdef.h>
#include <setupapi.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/buffer.h"
#include "sys/wide.h"
#include "sys/windows-facts.h"

#define DEVICES     "windows/devices"
#define MAX_DEVICES 100000u
#define VALUE_BYTES 65536u
#define TEXT_BYTES  (3 * VALUE_BYTES / 2)

/* pciprop.h and devpkey.h: mingw-w64 lacks some of them. */
#define PCI_PROPERTY(pid)                                                                          \
	{                                                                                          \
		{ 0x3ab22e31,                                                                      \
		  0x8264,                                                                          \
		  0x4b4e,                                                                          \
		  { 0x9a, 0xf5, 0xa8, 0xd2, 0xd8, 0xe3, 0x3e, 0x62 } },                            \
			pid                                                                        \
	}
#define DEVICE_PROPERTY(pid)                                                                       \
	{                                                                                          \
		{ 0xa45c254e,                                                                      \
		  0xdf1c,                                                                          \
		  0x4efd,                                                                          \
		  { 0x80, 0x20, 0x67, 0xd1, 0x46, 0xa8, 0x50, 0xe0 } },                            \
			pid                                                                        \
	}
static const DEVPROPKEY devices_bus = DEVICE_PROPERTY(23), devices_address = DEVICE_PROPERTY(30);

#define NO_CODE UINT32_MAX

#ifndef ResType_MemLarge
#define ResType_MemLarge 7
#endif

/* A file of a device: a property, and the older call's code for it where it has one. */
static const struct devices_fact {
	const char *name;
	DEVPROPKEY key;
	DWORD code;
} devices_facts[] = {
	{ "HardwareIds", DEVICE_PROPERTY(3), SPDRP_HARDWAREID },
	{ "Service", DEVICE_PROPERTY(6), SPDRP_SERVICE },
	{ "LocationPaths", DEVICE_PROPERTY(37), SPDRP_LOCATION_PATHS },
	{ "DeviceType", PCI_PROPERTY(1), NO_CODE },
	{ "BaseClass", PCI_PROPERTY(3), NO_CODE },
	{ "SubClass", PCI_PROPERTY(4), NO_CODE },
	{ "ProgIf", PCI_PROPERTY(5), NO_CODE },
	{ "InterruptSupport", PCI_PROPERTY(14), NO_CODE },
	{ "SriovSupport", PCI_PROPERTY(26), NO_CODE },
	{ "AcsSupport", PCI_PROPERTY(29), NO_CODE },
	{ "AcsCompatibleUpHierarchy", PCI_PROPERTY(31), NO_CODE },
	{ "RequiresReservedMemoryRegion", PCI_PROPERTY(34), NO_CODE },
	{ "OnPostPath", PCI_PROPERTY(37), NO_CODE },
};
#define NR_FACTS (sizeof(devices_facts) / sizeof(devices_facts[0]))

const char *const pp_facts_device_names[PP_FACTS_NR_NAMES + 1] = {
	"HardwareIds",
	"Service",
	"LocationPaths",
	"DeviceType",
	"BaseClass",
	"SubClass",
	"ProgIf",
	"InterruptSupport",
	"SriovSupport",
	"AcsSupport",
	"OnPostPath",
	"AcsCompatibleUpHierarchy",
	"RequiresReservedMemoryRegion",
	"Enumerator",
	"Problem",
	"Resources",
	NULL,
};

struct devices_reading {
	struct pp_facts *facts;
	HDEVINFO set;
	SP_DEVINFO_DATA device;
	const char *enumerator;
	char folder[64];
	uint8_t *value; /* VALUE_BYTES and room for two NULs of 16 bits */
	char *text;     /* TEXT_BYTES */
};

bool pp_facts_is_wine(void)
{
	HMODULE ntdll = GetModuleHandleW(L"ntdll.dll");

	return ntdll && GetProcAddress(ntdll, "wine_get_version");
}

/* The value into r->value. 0, ENOENT where Windows has none, or another errno. */
static int devices_property(struct devices_reading *r, const DEVPROPKEY *key, DWORD code,
                            DEVPROPTYPE *type, DWORD *len)
{
	DWORD was;

	if (SetupDiGetDevicePropertyW(r->set, &r->device, key, type, r->value, VALUE_BYTES, len, 0))
		return 0;
	DWORD error = GetLastError();
	if (code != NO_CODE && SetupDiGetDeviceRegistryPropertyW(r->set, &r->device, code, &was,
	                                                         r->value, VALUE_BYTES, len)) {
		*type = was == REG_MULTI_SZ ? DEVPROP_TYPE_STRING_LIST
		        : was == REG_SZ     ? DEVPROP_TYPE_STRING
		                            : DEVPROP_TYPE_UINT32;
		return 0;
	}
	if (error == ERROR_NOT_FOUND)
		return ENOENT;
	if (error == ERROR_NO_SUCH_DEVINST)
		return ENODEV;
	return pp_windows_errno(error);
}

static bool devices_number(const uint8_t *value, DEVPROPTYPE type, DWORD len, uint32_t *ret)
{
	uint32_t number = 0;

	switch (type & DEVPROP_MASK_TYPE) {
	case DEVPROP_TYPE_BOOLEAN:
		number = len && value[0];
		break;
	case DEVPROP_TYPE_BYTE:
	case DEVPROP_TYPE_UINT16:
	case DEVPROP_TYPE_UINT32:
	case DEVPROP_TYPE_INT32:
		if (!len || len > sizeof(number))
			return false;
		memcpy(&number, value, len);
		break;
	default:
		return false;
	}
	*ret = number;
	return true;
}

/* Strings as lines. */
static bool devices_lines(struct devices_reading *r, DEVPROPTYPE type, DWORD len, size_t *ret)
{
	bool list = type == DEVPROP_TYPE_STRING_LIST;
	wchar_t *text = (wchar_t *)(void *)r->value;
	size_t used = 0, units = len / sizeof(wchar_t);

	if (!list && type != DEVPROP_TYPE_STRING)
		return false;
	/* Two NULs behind it, whatever it ends with. */
	text[units] = text[units + 1] = 0;
	for (wchar_t *at = text; at < text + units && *at; at += wcslen(at) + 1) {
		if (pp_from_wide(at, r->text + used, TEXT_BYTES - used - 2))
			return false;
		used += strlen(r->text + used);
		r->text[used++] = '\n';
		if (!list)
			break;
	}
	*ret = used;
	return true;
}

static int devices_put(struct devices_reading *r, const char *name, int error,
                       struct pp_span content)
{
	char path[160];

	snprintf(path, sizeof(path), "%s/%s", r->folder, name);
	if (error == ENOENT)
		return r->facts->absent(r->facts, path);
	if (error)
		return r->facts->unread(r->facts, path, error);
	return r->facts->file(r->facts, path, content);
}

static int devices_put_number(struct devices_reading *r, const char *name, uint32_t number)
{
	char text[16];
	int n = snprintf(text, sizeof(text), "%lu\n", (unsigned long)number);

	return devices_put(r, name, 0, PP_SPAN(text, (size_t)n));
}

static int devices_fact(struct devices_reading *r, const struct devices_fact *fact)
{
	DEVPROPTYPE type;
	DWORD len;
	uint32_t number;
	size_t text;
	int error = devices_property(r, &fact->key, fact->code, &type, &len);

	if (error)
		return devices_put(r, fact->name, error, PP_SPAN("", 0));
	if (devices_number(r->value, type, len, &number))
		return devices_put_number(r, fact->name, number);
	if (devices_lines(r, type, len, &text))
		return devices_put(r, fact->name, 0, PP_SPAN(r->text, text));
	return devices_put(r, fact->name, EBADMSG, PP_SPAN("", 0));
}

static int devices_problem(struct devices_reading *r)
{
	ULONG status, problem;
	CONFIGRET code = CM_Get_DevNode_Status(&status, &problem, r->device.DevInst, 0);

	if (code != CR_SUCCESS)
		return devices_put(r, "Problem", code == CR_NO_SUCH_DEVNODE ? ENODEV : EIO,
		                   PP_SPAN("", 0));
	return devices_put_number(r, "Problem", status & DN_HAS_PROBLEM ? (uint32_t)problem : 0);
}

/* One descriptor, whose kind says what its bytes are. */
static void devices_range(struct pp_buffer *b, RESOURCEID kind, const void *bytes, ULONG len)
{
	const IO_RESOURCE *io = bytes;
	const MEM_RESOURCE *memory = bytes;

	if (kind == ResType_IO && len >= sizeof(io->IO_Header))
		pp_buffer_printf(b, "io 0x%llx 0x%llx\n",
		                 (unsigned long long)io->IO_Header.IOD_Alloc_Base,
		                 (unsigned long long)io->IO_Header.IOD_Alloc_End);
	/* cfgmgr32.h, MEM_LARGE_DES: as MEM_DES up to the end of the range. */
	else if ((kind == ResType_Mem || kind == ResType_MemLarge) &&
	         len >= sizeof(memory->MEM_Header))
		pp_buffer_printf(b, "memory 0x%llx 0x%llx\n",
		                 (unsigned long long)memory->MEM_Header.MD_Alloc_Base,
		                 (unsigned long long)memory->MEM_Header.MD_Alloc_End);
}

static void devices_walk_ranges(struct devices_reading *r, LOG_CONF config, struct pp_buffer *b)
{
	RES_DES at = config;
	RESOURCEID kind;
	ULONG len;
	bool first = true;

	for (RES_DES next; CM_Get_Next_Res_Des(&next, at, ResType_All, &kind, 0) == CR_SUCCESS;) {
		if (!first)
			CM_Free_Res_Des_Handle(at);
		first = false;
		at = next;
		if (CM_Get_Res_Des_Data_Size(&len, at, 0) == CR_SUCCESS && len <= VALUE_BYTES &&
		    CM_Get_Res_Des_Data(at, r->value, len, 0) == CR_SUCCESS)
			devices_range(b, kind, r->value, len);
	}
	if (!first)
		CM_Free_Res_Des_Handle(at);
}

static int devices_resources(struct devices_reading *r)
{
	LOG_CONF config;
	struct pp_buffer b;

	if (pp_facts_is_wine())
		return devices_put(r, "Resources", ENOTSUP, PP_SPAN("", 0));
	CONFIGRET code = CM_Get_First_Log_Conf(&config, r->device.DevInst, ALLOC_LOG_CONF);
	/* A device that is disabled has none. */
	if (code != CR_SUCCESS)
		return devices_put(r, "Resources", code == CR_NO_MORE_LOG_CONF ? ENOENT : EIO,
		                   PP_SPAN("", 0));
	pp_buffer_init(&b, VALUE_BYTES);
	devices_walk_ranges(r, config, &b);
	CM_Free_Log_Conf_Handle(config);
	int ret = b.failed ? -ENOMEM : devices_put(r, "Resources", 0, PP_SPAN(b.data, b.len));
	pp_buffer_fini(&b);
	return ret;
}

/* wdm.h, PCI_SEGMENT_BUS_NUMBER: the bus in the low byte, the segment above. */
static void devices_name(struct devices_reading *r, unsigned int index)
{
	uint32_t bus, address;
	DEVPROPTYPE type;
	DWORD len;
	bool placed = !devices_property(r, &devices_bus, SPDRP_BUSNUMBER, &type, &len) &&
	              devices_number(r->value, type, len, &bus) &&
	              !devices_property(r, &devices_address, SPDRP_ADDRESS, &type, &len) &&
	              devices_number(r->value, type, len, &address) && bus >> 24 == 0 &&
	              address >> 16 <= 0x1f && (address & 0xffff) <= 7;

	if (placed)
		snprintf(r->folder, sizeof(r->folder), DEVICES "/%04lx-%02lx-%02lx.%lx",
		         (unsigned long)(bus >> 8), (unsigned long)(bus & 0xff),
		         (unsigned long)(address >> 16), (unsigned long)(address & 0xffff));
	else
		snprintf(r->folder, sizeof(r->folder), DEVICES "/unplaced-%u", index);
}

static int devices_read(struct devices_reading *r, unsigned int index)
{
	int ret = 0;

	devices_name(r, index);
	for (size_t i = 0; !ret && i < NR_FACTS; i++)
		ret = devices_fact(r, &devices_facts[i]);
	if (!ret)
		ret = devices_put(r, "Enumerator", 0,
		                  PP_SPAN(r->enumerator, strlen(r->enumerator)));
	if (!ret)
		ret = devices_problem(r);
	return ret ? ret : devices_resources(r);
}

static int devices_enumerate(struct devices_reading *r, const wchar_t *enumerator)
{
	int ret = 0;

	r->set = SetupDiGetClassDevsW(NULL, enumerator, NULL, DIGCF_ALLCLASSES | DIGCF_PRESENT);
	if (r->set == INVALID_HANDLE_VALUE)
		return -pp_windows_errno(GetLastError());
	r->device = (SP_DEVINFO_DATA){ .cbSize = sizeof(r->device) };
	for (DWORD i = 0; !ret && i < MAX_DEVICES && SetupDiEnumDeviceInfo(r->set, i, &r->device);
	     i++)
		ret = devices_read(r, i);
	SetupDiDestroyDeviceInfoList(r->set);
	return ret;
}

int pp_facts_devices(struct pp_facts *f)
{
	struct devices_reading r = { .facts = f };
	int ret = -ENOMEM;

	r.value = malloc(VALUE_BYTES + 2 * sizeof(wchar_t));
	r.text = malloc(TEXT_BYTES);
	if (r.value && r.text) {
		r.enumerator = "PCI\n";
		ret = devices_enumerate(&r, L"PCI");
		/* What is dismounted for a guest stands below another enumerator. */
		r.enumerator = "PCIP\n";
		if (!ret)
			ret = devices_enumerate(&r, L"PCIP");
	}
	free(r.value);
	free(r.text);
	return ret ? ret : f->listed(f, DEVICES);
}
