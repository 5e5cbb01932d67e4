/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What sort of machine the host is, decided once: the processor's family, who describes the
 * hardware (ACPI or a device tree), and whether this is a container. What the kind rules out is no
 * longer unknown: an Arm host has no DMAR.
 */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "host/build.h"

#define TREE      "sys/firmware/devicetree/base"
#define TABLES    "sys/firmware/acpi/tables"
#define TREE_HOPS 3 /* how deep below the root a PCI host is looked for */
/* Directories of a device tree that are looked at for PCI hosts. */
#define TREE_MAX_NODES 512

static const struct {
	const char *name, *words;
} kind_names[PP_NR_HOST_KINDS] = {
	[PP_KIND_UNKNOWN] = { "unknown", "a machine of an unknown kind" },
	[PP_KIND_INTEL] = { "intel", "an x86 machine with an Intel processor" },
	[PP_KIND_AMD] = { "amd", "an x86 machine with an AMD processor" },
	[PP_KIND_X86] = { "x86", "an x86 machine" },
	[PP_KIND_ARM_ACPI] = { "arm-acpi", "an Arm machine with ACPI" },
	[PP_KIND_ARM_TREE] = { "arm-device-tree", "an Arm machine with a device tree" },
	[PP_KIND_ARM] = { "arm", "an Arm machine" },
	[PP_KIND_RISCV] = { "riscv", "a RISC-V machine" },
	[PP_KIND_POWER] = { "power", "a POWER machine" },
	[PP_KIND_OTHER] = { "other", "a machine other than x86, Arm, RISC-V and POWER" },
};

const char *pp_host_kind_name(enum pp_host_kind kind)
{
	return kind_names[kind].name;
}

const char *pp_host_kind_words(enum pp_host_kind kind)
{
	return kind_names[kind].words;
}

bool pp_host_never_groups(const struct pp_host *h)
{
	return h->tree_iommu == PP_NO && !h->nr_groups;
}

static void kind_set(struct pp_host *h, enum pp_host_kind kind, const char *from)
{
	if (h->kind != PP_KIND_UNKNOWN || kind == PP_KIND_UNKNOWN)
		return;
	h->kind = kind;
	h->kind_from = from;
}

/* Who runs the IOMMU says it best, then the table that declares it. */
static int kind_by_iommu(struct pp_host_build *b)
{
	struct pp_host *h = b->host;
	struct pp_names names;
	int r = pp_source_list(b->source, "sys/class/iommu", &b->scratch, &names);

	if (r == -ENOMEM)
		return r;
	for (uint32_t i = 0; !r && i < names.count; i++) {
		if (!strncmp(names.names[i], "dmar", 4))
			kind_set(h, PP_KIND_INTEL, "/sys/class/iommu: dmar");
		else if (!strncmp(names.names[i], "ivhd", 4))
			kind_set(h, PP_KIND_AMD, "/sys/class/iommu: ivhd");
		else if (!strncmp(names.names[i], "smmu", 4))
			kind_set(h, PP_KIND_ARM, "/sys/class/iommu: smmu");
	}
	if (h->table_dmar == PP_YES)
		kind_set(h, PP_KIND_INTEL, "/" TABLES "/DMAR");
	if (h->table_ivrs == PP_YES)
		kind_set(h, PP_KIND_AMD, "/" TABLES "/IVRS");
	if (h->table_iort == PP_YES)
		kind_set(h, PP_KIND_ARM_ACPI, "/" TABLES "/IORT");
	return 0;
}

static enum pp_host_kind kind_by_maker(const char *maker)
{
	static const struct {
		const char *part;
		enum pp_host_kind kind;
	} makers[] = {
		{ "Intel", PP_KIND_INTEL },        { "AMD", PP_KIND_AMD },
		{ "Advanced Micro", PP_KIND_AMD }, { "Hygon", PP_KIND_AMD },
		{ "Centaur", PP_KIND_INTEL },      { "Shanghai", PP_KIND_INTEL },
		{ "Zhaoxin", PP_KIND_INTEL },
	};

	for (size_t i = 0; maker && i < sizeof(makers) / sizeof(makers[0]); i++)
		if (strstr(maker, makers[i].part))
			return makers[i].kind;
	return PP_KIND_UNKNOWN;
}

/* What stands behind the colon of the first line that begins with key; NULL: no such line. */
static const char *cpuinfo_value(struct pp_host_build *b, struct pp_span text, const char *key)
{
	struct pp_span line;

	while (pp_text_line(&text, &line)) {
		const uint8_t *colon = line.len ? memchr(line.data, ':', line.len) : NULL;
		if (!colon || !pp_span_starts(line, key))
			continue;
		return pp_text_clean(&b->host->arena, colon + 1,
		                     (size_t)(line.data + line.len - colon - 1));
	}
	return NULL;
}

/* Which processor it is, as numbers: what a maker writes into its name changes with microcode. */
static const char *kind_name_cpu(struct pp_host_build *b, struct pp_span text)
{
	const char *family = cpuinfo_value(b, text, "cpu family");
	const char *model = cpuinfo_value(b, text, "model\t");
	const char *maker = cpuinfo_value(b, text, "CPU implementer");
	const char *part = cpuinfo_value(b, text, "CPU part");

	if (b->host->processor && family && model)
		return pp_arena_printf(&b->host->arena, "%s family %s model %s", b->host->processor,
		                       family, model);
	return maker && part
	               ? pp_arena_printf(&b->host->arena, "implementer %s part %s", maker, part)
	               : NULL;
}

/* Each family has names of its own. */
static int kind_by_cpuinfo(struct pp_host_build *b)
{
	static const char from[] = "/proc/cpuinfo";
	struct pp_host *h = b->host;
	struct pp_span text = b->processor;

	/* Windows has no such file; its maker was read with the rest. */
	if (h->windows) {
		kind_set(h, kind_by_maker(h->processor), "CPUID");
		return 0;
	}
	h->processor = cpuinfo_value(b, text, "vendor_id");
	h->cpu = kind_name_cpu(b, text);
	if (h->processor && strstr(h->processor, "S390"))
		kind_set(h, PP_KIND_OTHER, from);
	kind_set(h, kind_by_maker(h->processor), from);
	if (cpuinfo_value(b, text, "flags"))
		kind_set(h, PP_KIND_X86, from);
	if (cpuinfo_value(b, text, "CPU implementer"))
		kind_set(h, PP_KIND_ARM, from);
	const char *isa = cpuinfo_value(b, text, "isa");
	if (isa && !strncmp(isa, "rv", 2))
		kind_set(h, PP_KIND_RISCV, from);
	const char *cpu = cpuinfo_value(b, text, "cpu\t");
	cpu = cpu ? cpu : cpuinfo_value(b, text, "cpu ");
	if (cpu && !strncmp(cpu, "POWER", 5))
		kind_set(h, PP_KIND_POWER, from);
	return 0;
}

/* "Linux version 6.12.25-v8 (build@host) (aarch64-linux-gnu-gcc …": release and compiler. */
static int kind_by_kernel(struct pp_host_build *b)
{
	static const struct {
		const char *part;
		enum pp_host_kind kind;
	} parts[] = {
		{ "aarch64", PP_KIND_ARM },     { "arm64", PP_KIND_ARM },
		{ "armv7", PP_KIND_ARM },       { "arm-linux", PP_KIND_ARM },
		{ "riscv64", PP_KIND_RISCV },   { "ppc64", PP_KIND_POWER },
		{ "powerpc64", PP_KIND_POWER }, { "s390x", PP_KIND_OTHER },
		{ "loongarch", PP_KIND_OTHER }, { "x86_64", PP_KIND_X86 },
		{ "amd64", PP_KIND_X86 },       { "-pve", PP_KIND_X86 },
	};
	struct pp_text_fact version;

	if (pp_build_text(b, "proc/version", &version))
		return -ENOMEM;
	for (size_t i = 0; version.text && i < sizeof(parts) / sizeof(parts[0]); i++)
		if (strstr(version.text, parts[i].part))
			kind_set(b->host, parts[i].kind, "/proc/version");
	return 0;
}

/* Host bridges of a board; QEMU's look like Intel's on every processor. */
static enum pp_host_kind kind_by_bridge(const struct pp_host *h)
{
	pp_host_needs_all(h);
	for (uint32_t i = 0; i < h->nr_devices; i++) {
		const struct pp_device *d = &h->devices[i];
		if (d->class_code >> 8 != 0x0600 || !d->ids_known)
			continue;
		if (d->vendor == 0x1022 || d->vendor == 0x1d94)
			return PP_KIND_AMD;
		if (d->vendor == 0x8086 && d->device != 0x1237 && d->device != 0x29c0)
			return PP_KIND_INTEL;
	}
	return PP_KIND_UNKNOWN;
}

/* Of an x86 machine its maker, of an Arm machine who describes it. */
static int kind_refine(struct pp_host_build *b, bool *ret_acpi)
{
	struct pp_host *h = b->host;
	const char *from = h->kind_from;
	struct pp_names tables, tree;

	if (h->kind == PP_KIND_X86 || h->kind == PP_KIND_UNKNOWN) {
		enum pp_host_kind kind =
			kind_by_maker(h->smbios ? h->smbios->processor_manufacturer : NULL);
		const char *by = "SMBIOS type 4";
		if (kind == PP_KIND_UNKNOWN && h->is_guest != PP_YES) {
			kind = kind_by_bridge(h);
			by = "the host bridge's vendor";
		}
		if (kind != PP_KIND_UNKNOWN) {
			h->kind = kind;
			h->kind_from = from ? from : by;
		}
	}
	if (h->kind != PP_KIND_UNKNOWN && h->kind != PP_KIND_ARM && h->kind != PP_KIND_RISCV)
		return 0;
	/*
	 * A table that was found answers for the directory. To list it all the same would make a
	 * capture say that it holds every table there is.
	 */
	bool found = h->table_dmar == PP_YES || h->table_ivrs == PP_YES || h->table_iort == PP_YES;
	int acpi = found ? 0 : pp_source_list(b->source, TABLES, &b->scratch, &tables);
	int dt = pp_source_list(b->source, TREE, &b->scratch, &tree);
	if (acpi == -ENOMEM || dt == -ENOMEM)
		return -ENOMEM;
	/* x86 has an empty tree with some kernels, and ACPI beside it. */
	bool has_acpi = found || (!acpi && tables.count);
	*ret_acpi = has_acpi;
	if (h->kind == PP_KIND_UNKNOWN && !has_acpi && !dt)
		kind_set(h, PP_KIND_ARM_TREE, "/" TREE ", and no ACPI tables");
	if (h->kind == PP_KIND_ARM && has_acpi)
		h->kind = PP_KIND_ARM_ACPI;
	else if (h->kind == PP_KIND_ARM && !dt)
		h->kind = PP_KIND_ARM_TREE;
	return 0;
}

/* Looks into one node of the tree. PP_YES: it is a PCI host that an IOMMU serves. */
static int tree_look(struct pp_host_build *b, const char *path, struct pp_names *children,
                     bool *maps)
{
	int r = pp_source_list(b->source, path, &b->scratch, children);

	for (uint32_t i = 0; !r && i < children->count; i++)
		*maps |= !strcmp(children->names[i], "iommu-map");
	return r;
}

/* drivers/iommu/of_iommu.c: a PCI device is served by the property iommu-map of its host. */
static int tree_search(struct pp_host_build *b, const char *path, int hops, uint32_t *left,
                       bool *maps)
{
	struct pp_names names;

	if (!*left)
		return -E2BIG;
	--*left;
	int r = tree_look(b, path, &names, maps);
	for (uint32_t i = 0; !r && hops && !*maps && i < names.count; i++) {
		const char *name = names.names[i];
		/* Buses and PCI hosts have an address or no digits; properties have no directory.
		 */
		bool host = !strncmp(name, "pci", 3);
		bool bus = !strncmp(name, "soc", 3) || !strncmp(name, "axi", 3) ||
		           !strncmp(name, "bus", 3) || !strncmp(name, "amba", 4) ||
		           !strncmp(name, "scb", 3);
		if (!host && !bus)
			continue;
		char *below = pp_arena_printf(&b->scratch, "%s/%s", path, name);
		if (!below)
			return -ENOMEM;
		int inner = tree_search(b, below, hops - 1, left, maps);
		r = inner == -ENOTDIR || inner == -ENOENT ? 0 : inner;
	}
	return r;
}

/* By the kernel's own link from each root bus to its node: PP_UNKNOWN where one has none. */
static int tree_by_links(struct pp_host_build *b, enum pp_tri *ret)
{
	const struct pp_host *h = b->host;
	bool maps = false, all = h->nr_devices != 0;

	for (uint32_t i = 0; i < h->nr_devices; i++) {
		const struct pp_device *d = &h->devices[i];
		char path[64];
		struct pp_names names;
		if (!pp_build_begins_root(h, i))
			continue;
		snprintf(path, sizeof(path), "sys/class/pci_bus/%04x:%02x/of_node",
		         d->address.domain, d->root_bus);
		int r = tree_look(b, path, &names, &maps);
		if (r == -ENOMEM)
			return r;
		all &= !r;
	}
	*ret = maps ? PP_YES : all ? PP_NO : PP_UNKNOWN;
	return 0;
}

static int kind_read_tree(struct pp_host_build *b)
{
	struct pp_host *h = b->host;
	uint32_t left = TREE_MAX_NODES;
	bool maps = false;

	if (tree_by_links(b, &h->tree_iommu))
		return -ENOMEM;
	h->tree_from = "/sys/class/pci_bus/*/of_node";
	if (h->tree_iommu != PP_UNKNOWN)
		return 0;
	int r = tree_search(b, TREE, TREE_HOPS, &left, &maps);
	if (r == -ENOMEM)
		return r;
	h->tree_from = "/" TREE;
	h->tree_iommu = maps ? PP_YES : r ? PP_UNKNOWN : PP_NO;
	return 0;
}

/* A part of the kind's own files, and whether it can be on this one. */
static void kind_drop_unread(struct pp_host *h)
{
	static const struct {
		const char *path;
		unsigned int kinds;
	} files[] = {
		{ TABLES "/DMAR", PP_ON_INTEL },
		{ TABLES "/IVRS", PP_ON_AMD },
		{ TABLES "/IORT", PP_ON_ACPI_ARM },
		{ TABLES, PP_ON_X86 | PP_ON_ACPI_ARM | PP_ON(PP_KIND_RISCV) },
		{ "sys/firmware/dmi/tables/DMI", PP_ON_X86 | PP_ON_ACPI_ARM },
	};
	struct pp_unread **at = &h->unread;

	while (*at) {
		bool drop = false;
		for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
			drop |= !strcmp((*at)->path, files[i].path) &&
			        !(files[i].kinds & PP_ON(h->kind));
		if (drop)
			*at = (*at)->next;
		else
			at = &(*at)->next;
	}
}

/* Xen shows the board's own tables to its dom0 alone. */
static void kind_xen_role(struct pp_host *h)
{
	if (!h->xen || h->xen_role != PP_XEN_UNKNOWN ||
	    (h->table_dmar != PP_YES && h->table_ivrs != PP_YES))
		return;
	h->xen_role = PP_XEN_DOM0;
	h->xen_from = h->table_ivrs == PP_YES ? "/" TABLES "/IVRS is there: dom0 sees it"
	                                      : "/" TABLES "/RMAD is there: dom0 sees it";
}

/* Tables of other kinds are not there, read or not. */
static void kind_rule_out_tables(struct pp_host *h)
{
	unsigned int on = PP_ON(h->kind);

	if (h->table_dmar == PP_UNKNOWN && !(on & PP_ON_INTEL))
		h->table_dmar = PP_NO;
	if (h->table_ivrs == PP_UNKNOWN && !(on & PP_ON_AMD))
		h->table_ivrs = PP_NO;
	if (h->table_iort == PP_UNKNOWN && !(on & PP_ON_ACPI_ARM))
		h->table_iort = h->iort_has_smmu = PP_NO;
}

/* Arm has no flag of the processor's: the machine's own name tells. */
static int kind_find_guest(struct pp_host_build *b)
{
	static const char *const makers[] = { "QEMU", "VMware", "innotek", "Xen", "Parallels" };
	struct pp_host *h = b->host;
	struct pp_text_fact compatible;

	if (h->is_guest != PP_UNKNOWN)
		return 0;
	for (size_t i = 0; h->manufacturer.text && i < sizeof(makers) / sizeof(makers[0]); i++)
		if (strstr(h->manufacturer.text, makers[i])) {
			h->is_guest = PP_YES;
			h->guest_from = "SMBIOS type 1, manufacturer";
			return 0;
		}
	if (h->kind != PP_KIND_ARM_TREE && h->kind != PP_KIND_RISCV)
		return 0;
	if (pp_build_text(b, TREE "/compatible", &compatible))
		return -ENOMEM;
	if (compatible.text && (!strcmp(compatible.text, "linux,dummy-virt") ||
	                        !strcmp(compatible.text, "riscv-virtio"))) {
		h->is_guest = PP_YES;
		h->guest_from = "/" TREE "/compatible";
	}
	return 0;
}

/* The board's name, where no SMBIOS has one. */
static int kind_find_model(struct pp_host_build *b)
{
	struct pp_host *h = b->host;
	struct pp_text_fact model;

	if (h->product.text ||
	    (h->kind != PP_KIND_ARM_TREE && h->kind != PP_KIND_RISCV && h->kind != PP_KIND_POWER))
		return 0;
	if (pp_build_text(b, TREE "/model", &model))
		return -ENOMEM;
	if (model.text && *model.text)
		h->product = model;
	return 0;
}

/* What a container's runtime leaves in it; on x86 every host shows something of its firmware. */
static int kind_find_container(struct pp_host_build *b)
{
	static const char *const marks[] = { ".dockerenv", "run/.containerenv",
		                             "run/systemd/container" };
	struct pp_host *h = b->host;
	struct pp_names names;
	char buf[256];

	for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++) {
		int r = pp_source_read_text(b->source, PP_NODE_NONE, marks[i], buf, sizeof(buf));
		if (r == -ENOMEM)
			return r;
		if (!r || r == -E2BIG || r == -EACCES) {
			h->container = pp_arena_printf(&h->arena, "/%s", marks[i]);
			return h->container ? 0 : -ENOMEM;
		}
	}
	if (h->smbios || h->dmar || h->ivrs || h->iort)
		return 0;
	int r = pp_source_list(b->source, "sys/firmware", &b->scratch, &names);
	if (r == -ENOMEM)
		return r;
	if (!r && !names.count && h->nr_devices)
		h->container = "/sys/firmware: empty";
	return 0;
}

int pp_build_kind(struct pp_host_build *b, struct pp_error *e)
{
	struct pp_host *h = b->host;
	bool acpi = false;

	if (kind_by_iommu(b) || kind_by_cpuinfo(b) || kind_by_kernel(b) || kind_refine(b, &acpi) ||
	    kind_find_guest(b) || kind_find_model(b) || kind_find_container(b))
		return pp_fail_oom(e, "the machine's kind");
	/* A RISC-V machine may have either. */
	bool tree = h->kind == PP_KIND_ARM_TREE || (h->kind == PP_KIND_RISCV && !acpi);
	if (tree && (kind_read_tree(b) || pp_build_tree_maps(b)))
		return pp_fail_oom(e, "the machine's kind");
	kind_xen_role(h);
	kind_rule_out_tables(h);
	kind_drop_unread(h);
	return 0;
}
