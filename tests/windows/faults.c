/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Faults of pcipass.exe, for tests: linked in front of Windows' own functions, by the pointers that
 * a program calls these through. The environment chooses:
 *
 * PCIPASS_KILL=N    the process ends in front of the N-th call that changes something; how it ended
 *                   tells whether there were so many
 * PCIPASS_PLAIN=1   it has no administrator's rights
 * PCIPASS_FAST=N    time goes N times as fast
 * PCIPASS_GONE=N    the device that the N-th question is about is gone from then on
 * PCIPASS_REFUSE=1  no table of the firmware is given
 */
#include <windows.h>

#include <cfgmgr32.h>
#include <devpropdef.h>
#include <setupapi.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#define KILLED 99

/* In front of every change. */
static void kill_count(void)
{
	static long n = -1;
	static int calls;

	if (n < 0) {
		const char *text = getenv("PCIPASS_KILL");
		n = text ? strtol(text, NULL, 10) : 0;
	}
	if (n && ++calls == n)
		TerminateProcess(GetCurrentProcess(), KILLED);
}

static FARPROC kill_real(const wchar_t *module, const char *name)
{
	return GetProcAddress(GetModuleHandleW(module), name);
}

/* The function, what its import is called, and what it is: a call of the real one. */
#define KILL_OF(module, result, name, parameters, arguments)                                       \
	static result kill_##name parameters                                                       \
	{                                                                                          \
		kill_count();                                                                      \
		result(*real) parameters;                                                          \
		*(FARPROC *)(void *)&real = kill_real(module, #name);                              \
		return real arguments;                                                             \
	}                                                                                          \
	__typeof__(kill_##name) *__imp_##name = kill_##name;
#define KILL(result, name, parameters, arguments)                                                  \
	KILL_OF(L"kernel32.dll", result, name, parameters, arguments)

static BOOL WINAPI faults_GetTokenInformation(HANDLE token, TOKEN_INFORMATION_CLASS kind, void *ret,
                                              DWORD size, DWORD *len)
{
	BOOL(WINAPI * real)
	(HANDLE, TOKEN_INFORMATION_CLASS, void *, DWORD, DWORD *) =
		(void *)kill_real(L"advapi32.dll", "GetTokenInformation");
	BOOL done = real(token, kind, ret, size, len);

	if (done && kind == TokenElevation && getenv("PCIPASS_PLAIN"))
		((TOKEN_ELEVATION *)ret)->TokenIsElevated = 0;
	return done;
}
__typeof__(faults_GetTokenInformation) *__imp_GetTokenInformation = faults_GetTokenInformation;

static ULONGLONG WINAPI faults_GetTickCount64(void)
{
	ULONGLONG(WINAPI * real)(void) = (void *)kill_real(L"kernel32.dll", "GetTickCount64");
	const char *text = getenv("PCIPASS_FAST");

	return real() * (text ? strtoul(text, NULL, 10) : 1);
}
__typeof__(faults_GetTickCount64) *__imp_GetTickCount64 = faults_GetTickCount64;

static bool faults_is_gone(DWORD device)
{
	static long n = -1, asked;
	static DWORD gone;
	static bool is_gone;

	if (n < 0) {
		const char *text = getenv("PCIPASS_GONE");
		n = text ? strtol(text, NULL, 10) : 0;
	}
	if (n && ++asked == n) {
		gone = device;
		is_gone = true;
	}
	return is_gone && device == gone;
}

static BOOL WINAPI faults_SetupDiGetDevicePropertyW(HDEVINFO set, PSP_DEVINFO_DATA device,
                                                    const DEVPROPKEY *key, DEVPROPTYPE *type,
                                                    PBYTE value, DWORD size, PDWORD len,
                                                    DWORD flags)
{
	BOOL(WINAPI * real)
	(HDEVINFO, PSP_DEVINFO_DATA, const DEVPROPKEY *, DEVPROPTYPE *, PBYTE, DWORD, PDWORD,
	 DWORD) = (void *)kill_real(L"setupapi.dll", "SetupDiGetDevicePropertyW");

	if (!faults_is_gone(device->DevInst))
		return real(set, device, key, type, value, size, len, flags);
	SetLastError(ERROR_NO_SUCH_DEVINST);
	return FALSE;
}
__typeof__(faults_SetupDiGetDevicePropertyW) *__imp_SetupDiGetDevicePropertyW =
	faults_SetupDiGetDevicePropertyW;

static BOOL WINAPI faults_SetupDiGetDeviceRegistryPropertyW(HDEVINFO set, PSP_DEVINFO_DATA device,
                                                            DWORD property, PDWORD type,
                                                            PBYTE value, DWORD size, PDWORD len)
{
	BOOL(WINAPI * real)
	(HDEVINFO, PSP_DEVINFO_DATA, DWORD, PDWORD, PBYTE, DWORD, PDWORD) =
		(void *)kill_real(L"setupapi.dll", "SetupDiGetDeviceRegistryPropertyW");

	if (!faults_is_gone(device->DevInst))
		return real(set, device, property, type, value, size, len);
	SetLastError(ERROR_NO_SUCH_DEVINST);
	return FALSE;
}
__typeof__(faults_SetupDiGetDeviceRegistryPropertyW) *__imp_SetupDiGetDeviceRegistryPropertyW =
	faults_SetupDiGetDeviceRegistryPropertyW;

static CONFIGRET WINAPI faults_CM_Get_DevNode_Status(PULONG status, PULONG problem, DEVINST device,
                                                     ULONG flags)
{
	CONFIGRET(WINAPI * real)
	(PULONG, PULONG, DEVINST, ULONG) =
		(void *)kill_real(L"cfgmgr32.dll", "CM_Get_DevNode_Status");

	return faults_is_gone(device) ? CR_NO_SUCH_DEVNODE : real(status, problem, device, flags);
}
__typeof__(faults_CM_Get_DevNode_Status) *__imp_CM_Get_DevNode_Status =
	faults_CM_Get_DevNode_Status;

static bool faults_refuses(void)
{
	if (!getenv("PCIPASS_REFUSE"))
		return false;
	SetLastError(ERROR_ACCESS_DENIED);
	return true;
}

static UINT WINAPI faults_EnumSystemFirmwareTables(DWORD provider, PVOID ret, DWORD size)
{
	UINT(WINAPI * real)
	(DWORD, PVOID, DWORD) = (void *)kill_real(L"kernel32.dll", "EnumSystemFirmwareTables");

	return faults_refuses() ? 0 : real(provider, ret, size);
}
__typeof__(faults_EnumSystemFirmwareTables) *__imp_EnumSystemFirmwareTables =
	faults_EnumSystemFirmwareTables;

static UINT WINAPI faults_GetSystemFirmwareTable(DWORD provider, DWORD id, PVOID ret, DWORD size)
{
	UINT(WINAPI * real)
	(DWORD, DWORD, PVOID, DWORD) = (void *)kill_real(L"kernel32.dll", "GetSystemFirmwareTable");

	return faults_refuses() ? 0 : real(provider, id, ret, size);
}
__typeof__(faults_GetSystemFirmwareTable) *__imp_GetSystemFirmwareTable =
	faults_GetSystemFirmwareTable;

/* Opening for reading changes nothing. */
static HANDLE WINAPI kill_CreateFileW(LPCWSTR path, DWORD access, DWORD share,
                                      LPSECURITY_ATTRIBUTES attributes, DWORD how, DWORD flags,
                                      HANDLE like)
{
	HANDLE(WINAPI * real)
	(LPCWSTR, DWORD, DWORD, LPSECURITY_ATTRIBUTES, DWORD, DWORD, HANDLE) =
		(void *)kill_real(L"kernel32.dll", "CreateFileW");

	if (how != OPEN_EXISTING)
		kill_count();
	return real(path, access, share, attributes, how, flags, like);
}
__typeof__(kill_CreateFileW) *__imp_CreateFileW = kill_CreateFileW;

KILL(BOOL, MoveFileExW, (LPCWSTR from, LPCWSTR to, DWORD flags), (from, to, flags))
KILL(BOOL, DeleteFileW, (LPCWSTR path), (path))
KILL(BOOL, CreateDirectoryW, (LPCWSTR path, LPSECURITY_ATTRIBUTES a), (path, a))
KILL(BOOL, RemoveDirectoryW, (LPCWSTR path), (path))
KILL(DWORD, ResumeThread, (HANDLE thread), (thread))
KILL(BOOL, TerminateJobObject, (HANDLE job, UINT code), (job, code))
KILL(BOOL, LockFileEx, (HANDLE h, DWORD flags, DWORD zero, DWORD low, DWORD high, LPOVERLAPPED o),
     (h, flags, zero, low, high, o))

KILL_OF(L"msvcrt.dll", int, _wunlink, (const wchar_t *path), (path))
KILL_OF(L"msvcrt.dll", int, _commit, (int fd), (fd))

/* The header declares this one as no import: linked with --wrap. */
int __real_write(int fd, const void *bytes, unsigned int len);
int __wrap_write(int fd, const void *bytes, unsigned int len);

int __wrap_write(int fd, const void *bytes, unsigned int len)
{
	kill_count();
	return __real_write(fd, bytes, len);
}
