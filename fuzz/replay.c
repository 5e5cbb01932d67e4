/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Runs a fuzz target without libFuzzer: each input whole, every prefix of it, and N seeded
 * mutations in all, shared out over the inputs. usage: fuzz-X [--mutations N] [--prefixes N]
 * [--data FOLDER] FILE|FOLDER… FOLDER is taken below $PCIPASS_TEST_DATA and may be missing.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MAX_INPUT_BYTES ((size_t)4 * 1024 * 1024)

/* Prefixes of a larger input are taken in steps, so that the work stays linear. */
static unsigned long max_prefixes = 4096;
static unsigned long runs;

/* Each input in a block of its exact size, so that a read behind it is seen. */
static void replay_run(const uint8_t *data, size_t size)
{
	uint8_t *copy = malloc(size ? size : 1);
	if (!copy)
		abort();
	memcpy(copy, data, size);
	LLVMFuzzerTestOneInput(copy, size);
	free(copy);
	runs++;
}

static uint64_t next_random(uint64_t *state)
{
	/* splitmix64: the same everywhere, seeded by the input's place. */
	uint64_t z = (*state += 0x9e3779b97f4a7c15ull);
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
	return z ^ (z >> 31);
}

static size_t mutate(uint8_t *data, size_t size, uint64_t *state)
{
	static const uint8_t odd[] = { 0x00, 0x01, 0x04, 0x7f, 0x80, 0xff };
	unsigned int changes = 1 + (unsigned int)(next_random(state) % 6);

	while (changes-- && size) {
		size_t at = next_random(state) % size;
		switch (next_random(state) % 5) {
		case 0:
			data[at] ^= (uint8_t)(1u << (next_random(state) % 8));
			break;
		case 1:
			data[at] = (uint8_t)next_random(state);
			break;
		case 2:
			data[at] = odd[next_random(state) % sizeof(odd)];
			break;
		case 3: { /* a run copied elsewhere */
			size_t from = next_random(state) % size;
			size_t n = next_random(state) % 32;
			if (n > size - at)
				n = size - at;
			if (n > size - from)
				n = size - from;
			memmove(data + at, data + from, n);
			break;
		}
		default: /* the end cut off */
			if (next_random(state) % 4 == 0)
				size = at;
			break;
		}
	}
	return size;
}

static void run_all(const uint8_t *data, size_t size, unsigned long mutations, uint64_t seed)
{
	replay_run(data, size);
	size_t step = size / max_prefixes + 1;
	for (size_t n = 0; n < size; n += step)
		replay_run(data, n);
	uint8_t *copy = malloc(size ? size : 1);
	if (!copy)
		abort();
	for (unsigned long i = 0; i < mutations; i++) {
		memcpy(copy, data, size);
		replay_run(copy, mutate(copy, size, &seed));
	}
	free(copy);
}

struct inputs {
	char **paths;
	size_t count;
};

static void replay_add(struct inputs *in, const char *path)
{
	struct stat st;

	if (stat(path, &st))
		return;
	if (S_ISDIR(st.st_mode)) {
		struct dirent **entries;
		int n = scandir(path, &entries, NULL, alphasort);
		for (int i = 0; i < n; i++) {
			char child[4096];
			if (entries[i]->d_name[0] != '.') {
				snprintf(child, sizeof(child), "%s/%s", path, entries[i]->d_name);
				replay_add(in, child);
			}
			free(entries[i]);
		}
		if (n >= 0)
			free(entries);
		return;
	}
	in->paths = realloc(in->paths, (in->count + 1) * sizeof(*in->paths));
	if (!in->paths)
		abort();
	in->paths[in->count++] = strdup(path);
}

static uint8_t *replay_load(const char *path, size_t *size)
{
	FILE *f = fopen(path, "rb");
	uint8_t *data = malloc(MAX_INPUT_BYTES);

	if (!f || !data) {
		perror(path);
		exit(1);
	}
	*size = fread(data, 1, MAX_INPUT_BYTES, f);
	fclose(f);
	return data;
}

int main(int argc, char **argv)
{
	struct inputs in = { 0 };
	unsigned long mutations = 0;

	for (int i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "--mutations") && i + 1 < argc) {
			mutations = strtoul(argv[++i], NULL, 10);
		} else if (!strcmp(argv[i], "--prefixes") && i + 1 < argc) {
			max_prefixes = strtoul(argv[++i], NULL, 10) + 1;
		} else if (!strcmp(argv[i], "--data") && i + 1 < argc) {
			const char *base = getenv("PCIPASS_TEST_DATA");
			char path[4096];
			snprintf(path, sizeof(path), "%s/%s", base ? base : ".", argv[++i]);
			replay_add(&in, path);
		} else {
			replay_add(&in, argv[i]);
		}
	}
	if (!in.count) {
		fprintf(stderr, "%s: no inputs\n", argv[0]);
		return 1;
	}
	for (size_t i = 0; i < in.count; i++) {
		size_t size;
		uint8_t *data = replay_load(in.paths[i], &size);
		run_all(data, size, (mutations + in.count - 1) / in.count, i + 1);
		free(data);
		free(in.paths[i]);
	}
	printf("%zu inputs, %lu runs\n", in.count, runs);
	free(in.paths);
	return 0;
}
