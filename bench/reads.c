/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The least that a survey must do: open, read and close the files it reads, by their plain paths,
 * and look at nothing. usage: reads ROOT
 */
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static unsigned long files, bytes;

static void read_file(const char *path)
{
	char buf[65536];
	int fd = open(path, O_RDONLY);

	if (fd < 0)
		return;
	for (;;) {
		ssize_t n = read(fd, buf, sizeof(buf));
		if (n <= 0)
			break;
		bytes += (unsigned long)n;
	}
	close(fd);
	files++;
}

static void read_one(const char *root, const char *folder, const char *entry, const char *name)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s/%s/%s", root, folder, entry, name);
	read_file(path);
}

static void read_link(const char *root, const char *folder, const char *entry, const char *name)
{
	char path[PATH_MAX], text[1024];

	snprintf(path, sizeof(path), "%s/%s/%s/%s", root, folder, entry, name);
	if (readlink(path, text, sizeof(text)) >= 0)
		files++;
}

int main(int argc, char **argv)
{
	static const char devices[] = "sys/bus/pci/devices", groups[] = "sys/kernel/iommu_groups";
	static const char *const attributes[] = { "power_state", "config", "reset_method",
		                                  "resource" };
	static const char *const others[] = {
		"proc/version",
		"proc/cmdline",
		"proc/interrupts",
		"proc/iomem",
		"var/log/dmesg.txt",
		"sys/firmware/acpi/tables/DMAR",
		"sys/firmware/dmi/tables/DMI",
	};
	char path[PATH_MAX];
	struct dirent *entry;

	if (argc != 2)
		return 2;
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		read_one(argv[1], ".", ".", others[i]);
	snprintf(path, sizeof(path), "%s/%s", argv[1], devices);
	DIR *dir = opendir(path);
	while (dir && (entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			continue;
		for (size_t i = 0; i < sizeof(attributes) / sizeof(attributes[0]); i++)
			read_one(argv[1], devices, entry->d_name, attributes[i]);
		read_link(argv[1], devices, entry->d_name, "driver");
		read_link(argv[1], devices, entry->d_name, "iommu_group");
	}
	if (dir)
		closedir(dir);
	snprintf(path, sizeof(path), "%s/%s", argv[1], groups);
	dir = opendir(path);
	while (dir && (entry = readdir(dir)))
		if (entry->d_name[0] != '.')
			read_one(argv[1], groups, entry->d_name, "reserved_regions");
	if (dir)
		closedir(dir);
	read_file("/usr/share/misc/pci.ids");
	printf("%lu files, %lu bytes\n", files, bytes);
	return 0;
}
