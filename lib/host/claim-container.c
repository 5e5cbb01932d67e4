/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Containers that are given files of a device's driver, as far as files tell: those of Proxmox VE
 * and of plain LXC, Docker's and root's of Podman.
 */
#include <stdio.h>
#include <string.h>

#include <jansson.h>

#include "base/text.h"
#include "host/claim-writer.h"

#define LXC                  "var/lib/lxc"
#define DOCKER               "var/lib/docker/containers"
#define PODMAN               "var/lib/containers/storage/overlay-containers"
#define CONTAINER_FILE_BYTES ((size_t)1024 * 1024)
#define CONTAINER_MAX        10000

static void container_add_node(struct pp_claim_writer *w, struct pp_span node)
{
	char text[128];

	if (node.len >= sizeof(text))
		return;
	snprintf(text, sizeof(text), "%.*s", (int)node.len, (const char *)node.data);
	pp_claim_add_node(w, text);
}

/* "KEY: VALUE" of Proxmox VE or "KEY = VALUE" of LXC, as words; false: another key. */
static bool container_line_is(struct pp_span line, const char *key, struct pp_span *ret)
{
	size_t n = strlen(key);

	if (!pp_span_starts(line, key))
		return false;
	line = PP_SPAN(line.data + n, line.len - n);
	while (line.len && (*line.data == ' ' || *line.data == '\t'))
		line = PP_SPAN(line.data + 1, line.len - 1);
	if (!line.len || (*line.data != ':' && *line.data != '='))
		return false;
	*ret = PP_SPAN(line.data + 1, line.len - 1);
	return true;
}

/* "dev0: /dev/dri/renderD128,gid=104", also "path=/dev/…" */
static void container_take_dev(struct pp_claim_writer *w, struct pp_span line)
{
	struct pp_span word;
	size_t n = 3;

	while (n < line.len && line.data[n] >= '0' && line.data[n] <= '9')
		n++;
	if (n == 3 || n == line.len || line.data[n] != ':')
		return;
	line = PP_SPAN(line.data + n + 1, line.len - n - 1);
	if (!pp_text_word(&line, &word))
		return;
	if (pp_span_starts(word, "path="))
		word = PP_SPAN(word.data + 5, word.len - 5);
	const uint8_t *comma = memchr(word.data, ',', word.len);
	container_add_node(w, PP_SPAN(word.data, comma ? (size_t)(comma - word.data) : word.len));
}

static int container_read_lxc(struct pp_claim_writer *w, const char *path, const char *shown,
                              struct pp_claimant *c)
{
	struct pp_span text, line, value, word;
	int r = pp_source_read_all(w->source, path, CONTAINER_FILE_BYTES, &w->b->scratch, &text);

	if (r) {
		pp_claim_unread(w, shown, -r);
		return r == -ENOMEM ? r : 0;
	}
	while (pp_text_line(&text, &line) && !pp_span_starts(line, "[")) {
		if (container_line_is(line, "lxc.mount.entry", &value) &&
		    pp_text_word(&value, &word))
			container_add_node(w, word);
		else if (container_line_is(line, "onboot", &value) ||
		         container_line_is(line, "lxc.start.auto", &value))
			c->starts = pp_text_word(&value, &word) && pp_span_is(word, "1");
		else if (container_line_is(line, "hostname", &value) && pp_text_word(&value, &word))
			c->name = pp_text_clean(&w->b->scratch, word.data, word.len);
		else if (pp_span_starts(line, "dev"))
			container_take_dev(w, line);
	}
	pp_claim_end(w, c);
	return 0;
}

static int container_read_proxmox(struct pp_claim_writer *w)
{
	struct pp_names names;
	char directory[160], path[256];
	int r = pp_claim_proxmox_directory(w, "lxc", directory, sizeof(directory), &names);

	if (r) {
		pp_claim_unread(w, "etc/pve/lxc", -r);
		return r == -ENOMEM ? r : 0;
	}
	for (uint32_t i = 0; !r && i < names.count && i < CONTAINER_MAX; i++) {
		struct pp_claimant c = { .kind = PP_CLAIM_CONTAINER, .sort = "lxc" };
		if (!pp_claim_guest_number(names.names[i], &c.number))
			continue;
		snprintf(path, sizeof(path), "%s/%.20s", directory, names.names[i]);
		r = container_read_lxc(w, path, "etc/pve/lxc/*.conf", &c);
	}
	return r;
}

/* Calls read for each directory of containers below a place. */
static int container_each(struct pp_claim_writer *w, const char *place,
                          int (*read)(struct pp_claim_writer *w, const char *name))
{
	struct pp_names names;
	int r = pp_source_list(w->source, place, &w->b->scratch, &names);

	if (r) {
		pp_claim_unread(w, place, -r);
		return r == -ENOMEM ? r : 0;
	}
	for (uint32_t i = 0; !r && i < names.count && i < CONTAINER_MAX; i++)
		if (strlen(names.names[i]) < 200)
			r = read(w, names.names[i]);
	return r;
}

static int container_read_plain(struct pp_claim_writer *w, const char *name)
{
	struct pp_claimant c = { .kind = PP_CLAIM_CONTAINER, .sort = "lxc" };
	const char *path = pp_arena_printf(&w->b->scratch, LXC "/%s/config", name);

	c.name = pp_text_clean(&w->b->scratch, name, strlen(name));
	if (!c.name || !path)
		return -ENOMEM;
	/* Proxmox VE makes one of its own configuration while a container runs. */
	return strspn(name, "0123456789") == strlen(name)
	               ? 0
	               : container_read_lxc(w, path, LXC "/*/config", &c);
}

/* NULL: not there, not read (noted), or no object. */
static json_t *container_read_json(struct pp_claim_writer *w, const char *path, const char *shown)
{
	struct pp_span text;
	int r = pp_source_read_all(w->source, path, CONTAINER_FILE_BYTES, &w->b->scratch, &text);

	if (r) {
		pp_claim_unread(w, shown, -r);
		return NULL;
	}
	return json_loadb((const char *)text.data, text.len, JSON_REJECT_DUPLICATES, NULL);
}

static void container_add_json_node(struct pp_claim_writer *w, const json_t *node)
{
	const char *text = json_string_value(node);

	if (text)
		container_add_node(w, PP_SPAN(text, strlen(text)));
}

/* "--gpus all", "--gpus 2", "--gpus device=0,GPU-UUID" */
static void container_add_requests(struct pp_claim_writer *w, const json_t *requests)
{
	size_t i, k;
	const json_t *request, *id;

	json_array_foreach(requests, i, request)
	{
		json_int_t count = json_integer_value(json_object_get(request, "Count"));
		if (count < 0)
			pp_claim_add_nvidia(w, "all");
		for (json_int_t n = 0; n < count && n < 64; n++) {
			char number[8];
			snprintf(number, sizeof(number), "%d", (int)n);
			pp_claim_add_nvidia(w, number);
		}
		json_array_foreach(json_object_get(request, "DeviceIDs"), k,
		                   id) if (json_is_string(id))
			pp_claim_add_nvidia(w, json_string_value(id));
	}
}

/* NVIDIA's runtime goes by a variable of the container's: "all", "0,1", "none". */
static void container_add_visible(struct pp_claim_writer *w, const char *name)
{
	static const char variable[] = "NVIDIA_VISIBLE_DEVICES=";
	char path[320], id[64];
	size_t i;
	const json_t *entry;

	snprintf(path, sizeof(path), DOCKER "/%s/config.v2.json", name);
	json_t *o = container_read_json(w, path, DOCKER "/*/config.v2.json");
	json_array_foreach(json_object_get(json_object_get(o, "Config"), "Env"), i, entry)
	{
		const char *text = json_string_value(entry);
		if (!text || strncmp(text, variable, strlen(variable)) != 0)
			continue;
		for (const char *at = text + strlen(variable); *at;) {
			size_t n = strcspn(at, ",");
			snprintf(id, sizeof(id), "%.*s", (int)(n < 64 ? n : 0), at);
			pp_claim_add_nvidia(w, id);
			at += n + (at[n] == ',');
		}
	}
	json_decref(o);
}

static int container_read_docker(struct pp_claim_writer *w, const char *name)
{
	struct pp_claimant c = { .kind = PP_CLAIM_CONTAINER, .sort = "docker" };
	char path[320];
	size_t i;
	const json_t *device;

	snprintf(path, sizeof(path), DOCKER "/%s/hostconfig.json", name);
	json_t *o = container_read_json(w, path, DOCKER "/*/hostconfig.json");
	json_array_foreach(json_object_get(o, "Devices"), i, device)
		container_add_json_node(w, json_object_get(device, "PathOnHost"));
	container_add_requests(w, json_object_get(o, "DeviceRequests"));
	const char *runtime = json_string_value(json_object_get(o, "Runtime"));
	if (runtime && !strcmp(runtime, "nvidia"))
		container_add_visible(w, name);
	const char *restart =
		json_string_value(json_object_get(json_object_get(o, "RestartPolicy"), "Name"));
	c.starts = restart && (!strcmp(restart, "always") || !strcmp(restart, "unless-stopped"));
	pp_claim_end(w, &c);
	json_decref(o);
	return 0;
}

/* The runtime's own file: the nodes that were made, by their numbers. */
static int container_read_podman(struct pp_claim_writer *w, const char *name)
{
	struct pp_claimant c = { .kind = PP_CLAIM_CONTAINER, .sort = "podman" };
	char path[320];
	size_t i;
	const json_t *device;

	snprintf(path, sizeof(path), PODMAN "/%s/userdata/config.json", name);
	json_t *o = container_read_json(w, path, PODMAN "/*/userdata/config.json");
	json_array_foreach(json_object_get(json_object_get(o, "linux"), "devices"), i, device)
	{
		const char *type = json_string_value(json_object_get(device, "type"));
		snprintf(path, sizeof(path), "sys/dev/%s/%d:%d",
		         type && *type == 'b' ? "block" : "char",
		         (int)json_integer_value(json_object_get(device, "major")),
		         (int)json_integer_value(json_object_get(device, "minor")));
		pp_claim_add_link(w, path);
	}
	pp_claim_end(w, &c);
	json_decref(o);
	return 0;
}

int pp_claims_of_containers(struct pp_claim_writer *w)
{
	int r = container_read_proxmox(w);

	if (!r)
		r = container_each(w, LXC, container_read_plain);
	if (!r)
		r = container_each(w, DOCKER, container_read_docker);
	return r ? r : container_each(w, PODMAN, container_read_podman);
}
