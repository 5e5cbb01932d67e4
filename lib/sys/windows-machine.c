/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * This machine under Windows. What pcipass keeps of its work is below the directory for the data of
 * programs, and no file of a Linux host is found there.
 */
#include <windows.h>

#include <winternl.h>

#include "base/compat.h"
#include "sys/atomic.h"
#include "sys/file.h"
#include "sys/os.h"
#include "sys/wide.h"
#include "sys/windows-places.h"

#define BOOT_ID "proc/sys/kernel/random/boot_id"

static bool machine_is_live(const struct pp_sys *s)
{
	return !*s->root;
}

static int machine_path(const struct pp_sys *s, const char *path, char ret[PATH_MAX])
{
	/* A drive alone is its root here, never whichever directory is current there. */
	if (*path && path[1] == ':' && !path[2])
		return snprintf(ret, PATH_MAX, "%s/", path) < PATH_MAX ? 0 : -ENAMETOOLONG;
	if (pp_path_is_absolute(path))
		return !machine_is_live(s)                              ? -ENOENT
		       : snprintf(ret, PATH_MAX, "%s", path) < PATH_MAX ? 0
		                                                        : -ENAMETOOLONG;
	return snprintf(ret, PATH_MAX, "%s/%s", s->data, path) < PATH_MAX ? 0 : -ENAMETOOLONG;
}

/* As SystemTimeOfDayInformation (3) gives it. */
struct machine_times {
	LARGE_INTEGER boot, now, zone_bias;
	ULONG zone, reserved;
	ULONGLONG boot_bias, sleep_bias;
};

/*
 * The time of the boot tells one from another. Setting the clock moves that, and boot_bias by as
 * much. A start from Windows' hibernated kernel is no boot: the firmware's tables stay as they
 * were.
 */
static int machine_boot_id(struct pp_arena *a, struct pp_span *ret)
{
	NTSTATUS(NTAPI * query)(int kind, void *info, ULONG size, ULONG *len);
	HMODULE ntdll = GetModuleHandleW(L"ntdll.dll");
	FARPROC found = ntdll ? GetProcAddress(ntdll, "NtQuerySystemInformation") : NULL;
	struct machine_times t = { 0 };

	if (!found)
		return -ENOENT;
	memcpy(&query, &found, sizeof(query));
	if (query(3, &t, sizeof(t), NULL) < 0 || !t.boot.QuadPart)
		return -ENOENT;
	char *text =
		pp_arena_printf(a, "%016llx", (unsigned long long)t.boot.QuadPart - t.boot_bias);
	if (!text)
		return -ENOMEM;
	*ret = PP_SPAN(text, strlen(text));
	return 0;
}

static int machine_info(struct pp_sys *s, const char *path, struct pp_sys_info *ret)
{
	char whole[PATH_MAX];
	int r = machine_path(s, path, whole);

	return r ? r : pp_path_info(whole, true, ret);
}

static int machine_read(struct pp_sys *s, const char *path, size_t max, struct pp_arena *a,
                        struct pp_span *ret)
{
	char whole[PATH_MAX];

	if (machine_is_live(s) && !strcmp(path, BOOT_ID))
		return machine_boot_id(a, ret);
	int r = machine_path(s, path, whole);
	if (r)
		return r;
	r = pp_file_read(whole, max, a, ret, NULL);
	return r == -EFBIG ? -E2BIG : r;
}

static int machine_content(struct pp_sys *s, const char *path, size_t max, struct pp_arena *a,
                           struct pp_content *ret)
{
	struct pp_content c = { .exists = true, .mode = 0600, .nr_links = 1 };
	struct pp_sys_info info;
	char whole[PATH_MAX];
	int r = machine_path(s, path, whole);

	if (!r)
		r = pp_path_info(whole, false, &info);
	if (!r && info.kind != PP_SYS_FILE)
		r = info.kind == PP_SYS_OTHER ? -EMLINK : -EBADMSG;
	if (!r)
		r = machine_read(s, path, max, a, &c.bytes);
	if (!r)
		*ret = c;
	return r;
}

static int machine_link(struct pp_sys *s, const char *path, char *buf, size_t size)
{
	struct pp_sys_info info;
	int r = machine_info(s, path, &info);

	return r ? r : -EINVAL;
}

static int machine_list(struct pp_sys *s, const char *path, struct pp_arena *a,
                        struct pp_names *ret)
{
	char whole[PATH_MAX];
	int r = machine_path(s, path, whole);

	return r ? r : pp_path_list(whole, a, ret);
}

static int machine_map(struct pp_sys *s, const char *path, size_t max, struct pp_span *ret)
{
	return -ENOTSUP;
}

static void machine_unmap(struct pp_sys *s, struct pp_span bytes)
{
}

static int machine_put(struct pp_sys *s, const char *path, const struct pp_content *c,
                       struct pp_error *e)
{
	char whole[PATH_MAX];
	int r = machine_path(s, path, whole);

	return r ? pp_file_failed(path, -r, e) : pp_file_put(whole, c->bytes, 0600, true, e);
}

static int machine_remove(struct pp_sys *s, const char *path)
{
	char whole[PATH_MAX];
	int r = machine_path(s, path, whole);

	return r ? r : unlink(whole) ? -errno : 0;
}

static void machine_sweep(struct pp_sys *s, const char *path)
{
	char whole[PATH_MAX];

	if (!machine_path(s, path, whole))
		pp_atomic_clean_up(whole);
}

static int machine_directory(struct pp_sys *s, const char *path,
                             BOOL (*change)(const wchar_t *path))
{
	wchar_t wide[PP_WIDE_PATH];
	char whole[PATH_MAX];
	int r = machine_path(s, path, whole);

	if (!r)
		r = pp_wide_path(whole, wide);
	if (r)
		return r;
	return change(wide) ? 0 : -pp_windows_errno(GetLastError());
}

static BOOL machine_create_directory(const wchar_t *path)
{
	return CreateDirectoryW(path, NULL);
}

static BOOL machine_remove_directory(const wchar_t *path)
{
	return RemoveDirectoryW(path);
}

static int machine_mkdir(struct pp_sys *s, const char *path)
{
	return machine_directory(s, path, machine_create_directory);
}

static int machine_rmdir(struct pp_sys *s, const char *path)
{
	return machine_directory(s, path, machine_remove_directory);
}

static int machine_room(struct pp_sys *s, const char *path, uint64_t bytes, uint64_t files,
                        struct pp_error *e)
{
	ULARGE_INTEGER there;
	wchar_t wide[PP_WIDE_PATH];
	char whole[PATH_MAX];
	int r = machine_path(s, path, whole);
	char *slash = r ? NULL : strrchr(whole, '/');

	if (slash)
		*slash = '\0';
	/* A directory that is yet to be made is on its parent's disk. */
	if (slash && !pp_path_is_there(whole) && (slash = strrchr(whole, '/')))
		*slash = '\0';
	if (!r)
		r = pp_wide_path(whole, wide);
	if (r || !GetDiskFreeSpaceExW(wide, &there, NULL, NULL))
		return pp_fail(e, EIO, "%.300s: cannot tell how much room there is", whole);
	if (there.QuadPart < bytes)
		return pp_fail(e, ENOSPC, "%.300s: %llu bytes free, %llu are needed", whole,
		               (unsigned long long)there.QuadPart, (unsigned long long)bytes);
	return 0;
}

static int machine_write(struct pp_sys *s, const char *path, const char *text)
{
	return -ENOTSUP;
}

/* Those of Linux' tools are not here. */
static bool machine_find_program(struct pp_sys *s, const char *name, char *ret, size_t size)
{
	return false;
}

static int machine_run(struct pp_sys *s, const char *const *argv, unsigned int limit_s,
                       const struct pp_lock *lock, struct pp_process_result *ret,
                       struct pp_error *e)
{
	return -ENOENT;
}

static bool machine_is_privileged(struct pp_sys *s)
{
	return geteuid() == 0;
}

static int machine_find_holder(struct pp_sys *s, const char *const *paths, struct pp_holder *ret)
{
	return 0;
}

static const struct pp_sys_ops machine_ops = {
	PP_NO_DEVICE_OPS,
	.info = machine_info,
	.read = machine_read,
	.content = machine_content,
	.link = machine_link,
	.list = machine_list,
	.map = machine_map,
	.unmap = machine_unmap,
	.put = machine_put,
	.remove = machine_remove,
	.sweep = machine_sweep,
	.mkdir = machine_mkdir,
	.rmdir = machine_rmdir,
	.room = machine_room,
	.write = machine_write,
	.find_program = machine_find_program,
	.run = machine_run,
	.is_privileged = machine_is_privileged,
	.find_holder = machine_find_holder,
};

int pp_sys_below(const char *root, struct pp_sys **ret, struct pp_error *e)
{
	char trimmed[PATH_MAX];
	size_t len = (size_t)snprintf(trimmed, sizeof(trimmed), "%s", root);

	if (len >= sizeof(trimmed))
		return pp_file_failed(root, ENAMETOOLONG, e);
	while (len && trimmed[len - 1] == '\\')
		trimmed[--len] = '\0';
	int r = pp_no_device_new(&machine_ops, trimmed, ret, e);
	if (!r)
		(*ret)->data = (*ret)->root;
	return r;
}

int pp_sys_live(struct pp_sys **ret, struct pp_error *e)
{
	int r = pp_sys_below("", ret, e);

	if (!r)
		(*ret)->data = pp_windows_program_data();
	return r;
}
