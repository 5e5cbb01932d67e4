/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whose a file is under Windows: its owner, and whom its access list lets write. */
#include <windows.h>

#include <aclapi.h>
#include <sddl.h>

#include "base/compat.h"
#include "sys/file.h"
#include "sys/path.h"
#include "sys/trust.h"
#include "sys/wide.h"

/* What lets somebody put other bytes, or another file, in the place of one. */
#define WRITES_FILE                                                                                \
	(FILE_WRITE_DATA | FILE_APPEND_DATA | DELETE | WRITE_DAC | WRITE_OWNER | GENERIC_WRITE |   \
	 GENERIC_ALL)
/* In its directory, a file beside it can become part of a program that is run. */
#define WRITES_DIRECTORY (FILE_ADD_FILE | FILE_DELETE_CHILD | WRITES_ABOVE)
#define WRITES_ABOVE     (DELETE | FILE_DELETE_CHILD | WRITE_DAC | WRITE_OWNER | GENERIC_ALL)

/* The system and administrators, and those who come from them, for new directories. */
static const wchar_t private_acl[] = L"D:P(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)";

struct trust_self {
	union {
		TOKEN_USER user;
		uint8_t bytes[sizeof(TOKEN_USER) + SECURITY_MAX_SID_SIZE];
	} token;
	bool known;
};

int pp_trust_rights(struct pp_error *e)
{
	if (!geteuid())
		return 0;
	return pp_fail(e, EPERM,
	               "only an administrator can change this host: run it in a console that was "
	               "started as administrator");
}

static void trust_learn_self(struct trust_self *ret)
{
	HANDLE token;
	DWORD len;

	ret->known = false;
	if (!OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY, &token))
		return;
	ret->known = GetTokenInformation(token, TokenUser, &ret->token, sizeof(ret->token), &len);
	CloseHandle(token);
}

/* Windows' own files belong to its installer. */
static bool trust_is_installer(PSID sid)
{
	PSID installer;
	bool same = false;

	if (ConvertStringSidToSidW(
		    L"S-1-5-80-956008885-3418522649-1831038044-1853292631-2271478464",
		    &installer)) {
		same = EqualSid(sid, installer);
		LocalFree(installer);
	}
	return same;
}

static bool trust_is_one_of_us(const struct trust_self *self, PSID sid)
{
	return IsWellKnownSid(sid, WinLocalSystemSid) ||
	       IsWellKnownSid(sid, WinBuiltinAdministratorsSid) ||
	       (self->known && EqualSid(sid, self->token.user.User.Sid)) || trust_is_installer(sid);
}

static bool trust_lets_others(const struct trust_self *self, PACL list, DWORD rights)
{
	/* No list at all: everybody may do everything. */
	if (!list)
		return true;
	for (DWORD i = 0; i < list->AceCount; i++) {
		ACCESS_ALLOWED_ACE *ace;
		if (!GetAce(list, i, (void **)&ace))
			return true;
		if (ace->Header.AceFlags & INHERIT_ONLY_ACE ||
		    ace->Header.AceType == ACCESS_DENIED_ACE_TYPE)
			continue;
		/* What kind of entry it is otherwise, nobody here knows. */
		if (ace->Header.AceType != ACCESS_ALLOWED_ACE_TYPE)
			return true;
		if (ace->Mask & rights && !trust_is_one_of_us(self, (PSID)&ace->SidStart))
			return true;
	}
	return false;
}

/* 0, or why it is not believed. */
static int trust_look(const char *path, DWORD rights, struct pp_error *e)
{
	wchar_t wide[PP_WIDE_PATH];
	PSECURITY_DESCRIPTOR descriptor;
	struct trust_self self;
	PSID owner;
	PACL list;
	int r = pp_wide_path(path, wide);

	if (r)
		return pp_file_failed(path, -r, e);
	DWORD code = GetNamedSecurityInfoW(wide, SE_FILE_OBJECT,
	                                   OWNER_SECURITY_INFORMATION | DACL_SECURITY_INFORMATION,
	                                   &owner, NULL, &list, NULL, &descriptor);
	if (code)
		return pp_file_failed(path, pp_windows_errno(code), e);
	trust_learn_self(&self);
	if (!trust_is_one_of_us(&self, owner))
		r = pp_fail(e, EPERM, "%.300s: belongs to another user", path);
	else if (trust_lets_others(&self, list, rights))
		r = pp_fail(e, EPERM, "%.300s: others than administrators may write to it", path);
	LocalFree(descriptor);
	return r;
}

/* "C:/a/b" to "C:/a", "C:/a" to "C:/"; false: there is nothing above. */
static bool trust_go_up(char *path)
{
	char *slash = strrchr(path, '/'), *other = strrchr(path, '\\');

	slash = other > slash ? other : slash;
	if (!slash || !slash[1])
		return false;
	slash[slash > path && slash[-1] == ':' ? 1 : 0] = '\0';
	return *path;
}

int pp_trust_check(const char *path, char ret[PATH_MAX], struct pp_error *e)
{
	char above[PATH_MAX];
	int r = pp_path_resolve(path, ret, e);

	if (!r)
		r = trust_look(ret, WRITES_FILE, e);
	DWORD rights = WRITES_DIRECTORY;
	snprintf(above, sizeof(above), "%s", ret);
	while (!r && trust_go_up(above)) {
		r = trust_look(above, rights, e);
		rights = WRITES_ABOVE;
	}
	return r == -EPERM ? -(e->code = EACCES) : r;
}

static int trust_make(const char *path, struct pp_error *e)
{
	SECURITY_ATTRIBUTES attributes = { .nLength = sizeof(attributes) };
	wchar_t wide[PP_WIDE_PATH];
	int r = pp_wide_path(path, wide);

	if (r)
		return pp_file_failed(path, -r, e);
	if (!ConvertStringSecurityDescriptorToSecurityDescriptorW(
		    private_acl, SDDL_REVISION_1, &attributes.lpSecurityDescriptor, NULL))
		return pp_file_failed(path, pp_windows_errno(GetLastError()), e);
	DWORD code = CreateDirectoryW(wide, &attributes) ? 0 : GetLastError();
	LocalFree(attributes.lpSecurityDescriptor);
	return code && code != ERROR_ALREADY_EXISTS
	               ? pp_file_failed(path, pp_windows_errno(code), e)
	               : 0;
}

int pp_directory_private(const char *path, bool make, struct pp_error *e)
{
	struct pp_sys_info info;
	int r = pp_path_info(path, false, &info);

	if (r == -ENOENT) {
		r = make ? trust_make(path, e) : -ENOENT;
		if (r)
			return r;
		r = pp_path_info(path, false, &info);
	}
	if (r)
		return pp_file_failed(path, -r, e);
	if (info.kind != PP_SYS_DIRECTORY)
		return pp_fail(e, EPERM, "%.300s: must be a directory, and not a link", path);
	return trust_look(path, WRITES_DIRECTORY | FILE_APPEND_DATA | GENERIC_WRITE, e);
}

int pp_file_read_private(const char *path, size_t max, struct pp_arena *a, struct pp_span *ret,
                         struct pp_error *e)
{
	struct pp_sys_info info;
	int r = pp_path_info(path, false, &info);

	if (r)
		return r == -ENOENT ? r : pp_file_failed(path, -r, e);
	if (info.kind != PP_SYS_FILE)
		return pp_fail(e, EPERM, "%.300s: must be a file, and not a link", path);
	r = trust_look(path, WRITES_FILE, e);
	return r ? r : pp_file_read(path, max, a, ret, e);
}
