/* SPDX-License-Identifier: GPL-2.0-or-later */
/* HP's conrep as a store, with a stand-in that fails in every way that could be thought of. */
#include "directory.h"

#include <time.h>

#include "sys/trust.h"
#include "store/hp-answer.h"
#include "store/hp-find.h"
#include "store/stores.h"
#include "txn/txn.h"

static const char *fake;
static struct pp_arena arena;
static struct pp_store *store;
static struct pp_schema schema;
static struct pp_error e;

#define SLOT(n, mask)                                                                              \
	"<Section name=\"RMRDS_Slot" n "\"><helptext><![CDATA[.]]></helptext><nvram>0x26A</nvram>" \
	"<value id=\"0x00\">Endpoints_Included</value><value id=\"" mask                           \
	"\">Endpoints_Excluded</value><mask>" mask "</mask></Section>"

static const char schema_text[] =
	"<Conrep><global><helptext><![CDATA[Test.]]></helptext></global>" SLOT("1", "0x01")
		SLOT("2", "0x02") SLOT("3", "0x04") SLOT(
			"4", "0x08") "<Section name=\"Other\"><helptext><![CDATA[.]]></helptext>"
				     "<ev>CQOTHR</ev><length>4</length><value id=\"0\">Disabled"
				     "</value><value id=\"1\">Enabled</value><mask>1</mask>"
				     "<byte>2</byte></Section></Conrep>";

static const char before[] = "RMRDS_Slot1=Endpoints_Included\nRMRDS_Slot2=Endpoints_Included\n"
			     "RMRDS_Slot3=Endpoints_Excluded\nOther=Disabled\n";
static const char after[] = "RMRDS_Slot1=Endpoints_Excluded\nRMRDS_Slot2=Endpoints_Excluded\n"
			    "RMRDS_Slot3=Endpoints_Excluded\nOther=Disabled\n";

static void open_store(void)
{
	char what[300];

	snprintf(what, sizeof(what), "hp:%s", in_directory("bin/conrep"));
	if (pp_store_open(what, in_directory("state"), &store, &e))
		fail_msg("%s", e.text);
	/* Where it is not about time: a builder may be busy. */
	pp_hp_set_timeout(store, 60);
	pp_hp_set_fresh(store, 0);
}

static int set_up(void **state)
{
	char command[512];

	if (make_directory(state))
		return -1;
	snprintf(command, sizeof(command),
	         "mkdir %s/bin && cp '%s' %s/bin/conrep && chmod 755 %s/bin/conrep", directory,
	         fake, directory, directory);
	if (system(command) != 0)
		return -1;
	put_text("bin/settings", before);
	pp_arena_init(&arena, 0);
	if (pp_schema_parse(PP_SPAN(schema_text, sizeof(schema_text) - 1), "test.xml", &arena, NULL,
	                    &schema, &e))
		fail_msg("%s", e.text);
	open_store();
	return 0;
}

static int tear_down(void **state)
{
	pp_store_close(store);
	pp_arena_fini(&arena);
	return remove_directory(state);
}

static void read_store(struct pp_areas *ret)
{
	pp_areas_init(ret, &arena);
	if (store->ops->read(store, &schema, ret, &e))
		fail_msg("%s", e.text);
}

static int hp_plan(const char *text, struct pp_changes *ret)
{
	struct pp_areas memory;
	struct pp_data data;

	read_store(&memory);
	assert_int_equal(
		pp_data_parse(PP_SPAN(text, strlen(text)), "wanted", &arena, NULL, &data, &e), 0);
	return pp_changes_plan(&schema, store->ops->machine(store), &data, &memory, &arena, ret,
	                       &e);
}

static void plan_slots(struct pp_changes *ret)
{
	if (hp_plan("<Conrep><Section name=\"RMRDS_Slot1\">Endpoints_Excluded</Section>"
	            "<Section name=\"RMRDS_Slot2\">Endpoints_Excluded</Section></Conrep>",
	            ret))
		fail_msg("%s", e.text);
	assert_int_equal(ret->nr_settings, 2);
}

/* Nothing but what belongs: no journal, no working directory. */
static void assert_clean(void)
{
	unlink(in_directory("state/apply.lock"));
	assert_int_equal(rmdir(in_directory("state")), 0);
}

static void assert_settings(const char *want)
{
	assert_string_equal(get_file("bin/settings", NULL), want);
}

/* The load answers so; what stands then. */
static void hp_fails(const char *mode, int code, const char *says, const char *then)
{
	struct pp_changes c;

	plan_slots(&c);
	put_text("bin/mode", mode);
	int r = pp_txn_write_settings(store, &c, NULL, &e);
	if (r != -code)
		fail_msg("%s: %d (%s), not %d", mode, r, r ? e.text : "", -code);
	assert_has(e.text, says);
	assert_settings(then);
	put_text("bin/mode", "");
}

static void hp_told(void **state)
{
	struct pp_areas m;

	read_store(&m);
	const struct pp_area *nvram = pp_areas_find(&m, PP_CELL_NVRAM, NULL);
	assert_int_equal(nvram->data[0x26a], 4);
	/* Slot 4 was not told, and nothing of the rest. */
	assert_int_equal(nvram->known[0x26a], 7);
	assert_int_equal(nvram->known[0x26b], 0);
	const struct pp_area *ev = pp_areas_find(&m, PP_CELL_EV, "CQOTHR");
	assert_int_equal(ev->error, 0);
	assert_int_equal(ev->known[2], 1);
	assert_int_equal(ev->known[1], 0);
	assert_string_equal(store->ops->machine(store)->product, "ProLiant DL360e Gen8");
	assert_clean();
}

static void not_told(void **state)
{
	struct pp_changes c;

	/* It must not pass for Included, which its zero would mean. */
	assert_int_equal(
		hp_plan("<Conrep><Section name=\"RMRDS_Slot4\">Endpoints_Included</Section></Conrep>",
	                &c),
		-ENODATA);
	assert_has(e.text, "RMRDS_Slot4");
}

static void unknown_text(void **state)
{
	struct pp_areas m;

	put_text("bin/settings", "RMRDS_Slot1=Endpoints_Included\nRMRDS_Slot2=Endpoints_Included\n"
	                         "Other=Never heard of\n");
	read_store(&m);
	assert_int_equal(pp_areas_find(&m, PP_CELL_EV, "CQOTHR")->error, ENODATA);
	struct pp_changes c;
	plan_slots(&c);
	assert_int_equal(pp_txn_write_settings(store, &c, NULL, &e), 0);
}

static void hp_loads(void **state)
{
	struct pp_changes c;

	plan_slots(&c);
	if (pp_txn_write_settings(store, &c, NULL, &e))
		fail_msg("%s", e.text);
	assert_settings(after);
	assert_clean();
	/* Clean surroundings: two variables, no input, a group of its own, the directory. */
	const char *log = get_file("bin/log", NULL);
	assert_has(log, "load 3 C ");
	assert_has(log, "/state/hp-work-");
	assert_has(log, " input=none group=own\n");
	assert_null(strstr(log, "input=some"));
	assert_null(strstr(log, "group=another"));
	/* The second time there is nothing to do. */
	hp_plan("<Conrep><Section name=\"RMRDS_Slot1\">Endpoints_Excluded</Section></Conrep>", &c);
	assert_int_equal(c.nr_writes, 0);
}

static void return_codes(void **state)
{
	hp_fails("load:rc1", EBADMSG, "return code 1 of a load: the schema", before);
	hp_fails("load:rc2", EBADMSG, "return code 2", before);
	hp_fails("load:rc3", ENODEV, "driver", before);
	hp_fails("load:rc4", EKEYREJECTED, "administrator password", before);
	hp_fails("load:rc5", ENOTSUP, "does not support this server", before);
	hp_fails("load:rc6", EBADMSG, "lacks an element", before);
	hp_fails("load:rc7", EINVAL, "command line", before);
	hp_fails("load:rc255", EIO, "return code 255", before);
	hp_fails("load:rc255", EIO, "Everything is as it was before", before);
	hp_fails("load:rc9", EIO, "It did not go well.", before);
	assert_clean();
}

static void hp_lies(void **state)
{
	hp_fails("load:lie", EIO, "the old settings still stand. Everything is as it was before",
	         before);
	hp_fails("load:mismatch", EIO, "status 0, but it prints return code 4", before);
	hp_fails("load:mismatch", EIO, "Everything is as it was before", before);
	assert_clean();
}

/* conrep 3.00: another spelling, and 0 beside "aborting". */
static void old_spelling(void **state)
{
	struct pp_changes c;

	hp_fails("load:abort", EIO, "return code 0, but it aborted", before);
	assert_has(e.text, "Everything is as it was before");
	hp_fails("load:abortlate", EIO, "Everything is as it was before", before);
	plan_slots(&c);
	put_text("bin/mode", "load:old");
	assert_int_equal(pp_txn_write_settings(store, &c, NULL, &e), 0);
	assert_settings(after);
	assert_clean();
}

static void writes_too_much(void **state)
{
	/* It does it again when the old is put back, so that stays and is told. */
	hp_fails("load:extra", EIO, "Other has changed, too",
	         "RMRDS_Slot1=Endpoints_Included\nRMRDS_Slot2=Endpoints_Included\n"
	         "RMRDS_Slot3=Endpoints_Excluded\nOther=Enabled\n");
	assert_has(e.text, "Putting the old settings back failed as well");
	assert_has(e.text, "apply.json stays");
}

static void part_of_it(void **state)
{
	hp_fails("load:part", EIO, "return code 255", before);
	assert_has(e.text, "Everything is as it was before");
	assert_clean();
}

static void hp_hangs(void **state)
{
	time_t start = time(NULL);

	pp_hp_set_timeout(store, 2);
	hp_fails("load:hang", ETIMEDOUT, "the load timed out after 2 s and was stopped", before);
	hp_fails("load:hangafter", ETIMEDOUT, "Everything is as it was before", before);
	assert_true(time(NULL) - start < 60);
	assert_clean();
}

static void hp_dies(void **state)
{
	hp_fails("load:signal", EIO, "by signal 11", before);
	assert_clean();
}

static void much_output(void **state)
{
	struct pp_changes c;

	plan_slots(&c);
	put_text("bin/mode", "load:huge");
	assert_int_equal(pp_txn_write_settings(store, &c, NULL, &e), 0);
	assert_settings(after);
	assert_clean();
}

static int take_lock(void)
{
	struct pp_lock lock;
	int r = pp_lock_take(in_directory("state/apply.lock"), "", PP_LOCK_KEEP, &lock, &e);

	if (!r)
		pp_lock_release(&lock);
	return r;
}

static void hp_orphan(void **state)
{
	struct pp_changes c;

	plan_slots(&c);
	put_text("bin/mode", "load:orphan");
	assert_int_equal(pp_txn_write_settings(store, &c, NULL, &e), 0);
	/* What it left behind may still write. */
	assert_int_equal(take_lock(), -EBUSY);
	for (int i = 0; i < 100 && take_lock(); i++)
		nanosleep(&(struct timespec){ .tv_nsec = 100 * 1000 * 1000 }, NULL);
	assert_int_equal(take_lock(), 0);
	assert_clean();
}

static void bad_saves(void **state)
{
	static const struct {
		const char *mode, *says;
		int code;
	} cases[] = {
		{ "save:nofile", "says that it saved, but there is no file", EIO },
		{ "save:cut", "says that it saved, but what it saved line", EBADMSG },
		{ "save:noattr", "what it saved names no machine (originating_platform", ENODATA },
		{ "save:rc3", "return code 3 of a save", ENODEV },
		{ "save:signal", "died in a save", EIO },
		{ "save:hang", "the save timed out after 2 s and was stopped", ETIMEDOUT },
	};
	struct pp_areas m;

	pp_hp_set_timeout(store, 2);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		put_text("bin/mode", cases[i].mode);
		pp_areas_init(&m, &arena);
		assert_int_equal(store->ops->read(store, &schema, &m, &e), -cases[i].code);
		assert_has(e.text, cases[i].says);
	}
	assert_clean();
}

/* --- sections of several bytes, as HP's tool writes them --- */

static const char bytes_schema[] =
	"<Conrep><Section name=\"Order\"><ev>CQORD</ev><length>4</length></Section>"
	"<Section name=\"OS\"><ev>CQOS</ev><length>2</length></Section>"
	"<Section name=\"VLAN\"><ev>CQVLN</ev><length>6</length><record_size>3</record_size><Fields>"
	"<Field><Field_name>Control</Field_name><Field_size>1</Field_size><Field_start>0"
	"</Field_start></Field><Field><Field_name>Id</Field_name><Field_size>2</Field_size>"
	"<Field_start>1</Field_start></Field></Fields></Section></Conrep>";

#define VLAN(id)                                                                                   \
	"VLAN=<Control0>01</Control0><Id0>" id "</Id0><Control1>00</Control1><Id1>0f fe</Id1>\n"

static const char bytes_before[] = "Order=15 90 00 eb\nOS=\n" VLAN("00 64");
static const char bytes_wanted[] =
	"<Conrep><Section name=\"Order\">0102FFff</Section><Section name=\"OS\">00 0a</Section>"
	"<Section name=\"VLAN\"><Id0>00C8</Id0></Section></Conrep>";
static const char bytes_after[] = "Order=01 02 ff ff\nOS=00 0a\n" VLAN("00 c8");

static int set_up_bytes(void **state)
{
	int r = set_up(state);

	if (r)
		return r;
	put_text("bin/settings", bytes_before);
	return pp_schema_parse(PP_SPAN(bytes_schema, sizeof(bytes_schema) - 1), "bytes.xml", &arena,
	                       NULL, &schema, &e);
}

static void plan_bytes(struct pp_changes *ret)
{
	if (hp_plan(bytes_wanted, ret))
		fail_msg("%s", e.text);
	assert_int_equal(ret->nr_settings, 3);
}

static void bytes_told(void **state)
{
	struct pp_areas m;
	struct pp_changes c;

	read_store(&m);
	const struct pp_area *order = pp_areas_find(&m, PP_CELL_EV, "CQORD");
	assert_int_equal(order->error, 0);
	assert_memory_equal(order->data, "\x15\x90\x00\xeb", 4);
	assert_memory_equal(order->known, "\xff\xff\xff\xff", 4);
	assert_int_equal(pp_areas_find(&m, PP_CELL_EV, "CQOS")->error, ENOENT);
	const struct pp_area *vlan = pp_areas_find(&m, PP_CELL_EV, "CQVLN");
	assert_memory_equal(vlan->data, "\x01\x00\x64\x00\x0f\xfe", 6);
	assert_memory_equal(vlan->known, "\xff\xff\xff\xff\xff\xff", 6);
	/* In either form what is there already is no change. */
	assert_int_equal(hp_plan("<Conrep><Section name=\"Order\">159000EB</Section>"
	                         "<Section name=\"OS\"/></Conrep>",
	                         &c),
	                 0);
	assert_int_equal(c.nr_changes, 0);
	assert_int_equal(c.nr_skips, 0);
}

static void bytes_written(void **state)
{
	struct pp_changes c;

	plan_bytes(&c);
	if (pp_txn_write_settings(store, &c, NULL, &e))
		fail_msg("%s", e.text);
	assert_settings(bytes_after);
	assert_clean();
	hp_plan("<Conrep><Section name=\"OS\">000a</Section></Conrep>", &c);
	assert_int_equal(c.nr_writes, 0);
}

/* The old ones are put back as they were told, the empty one too. */
static void bytes_put_back(void **state)
{
	static const char *const modes[] = { "load:mismatch", "load:part", "load:lie" };

	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		struct pp_changes c;
		plan_bytes(&c);
		put_text("bin/mode", modes[i]);
		assert_int_equal(pp_txn_write_settings(store, &c, NULL, &e), -EIO);
		put_text("bin/mode", "");
		assert_settings(bytes_before);
		assert_clean();
	}
}

/* The journal of a write that was killed before its first call. */
static void leave_journal(const struct pp_changes *c)
{
	struct pp_op op = { .ops = &pp_op_setting,
		            .progress = PP_OP_BEGUN,
		            .setting.store = store->where };
	const struct pp_txn t = { .purpose = PP_TXN_SETTINGS,
		                  .phase = PP_PHASE_APPLYING,
		                  .boot_id = "",
		                  .ops = &op,
		                  .nr_ops = 1 };
	const char *form;

	assert_int_equal(store->ops->prepare(store, c, &arena, &op.setting.change, &e), 0);
	assert_int_equal(pp_directory_private(in_directory("state"), true, &e), 0);
	assert_int_equal(pp_txn_text(&t, &arena, &form, &e), 0);
	put_text("state/apply.json", form);
	assert_int_equal(chmod(in_directory("state/apply.json"), 0600), 0);
}

static void recovered(bool may_write, const char *says)
{
	char text[600] = "";

	if (pp_txn_recover_settings(store, may_write, text, sizeof(text), &e))
		fail_msg("%s", e.text);
	assert_has(text, says);
}

/* After a crash the journal's texts are compared with what is told then. */
static void bytes_recovered(void **state)
{
	static const struct {
		const char *now, *then, *says;
	} rows[] = {
		{ "Order=15 90 00 eb\nOS=\n" VLAN("00 64"), bytes_before, "all the old" },
		{ "Order=01 02 ff ff\nOS=00 0a\n" VLAN("00 c8"), bytes_after, "all the new" },
		{ "Order=01 02 ff ff\nOS=\n" VLAN("00 64"), bytes_before, "were put back" },
		{ "Order=15 90 00 eb\nOS=00 0a\n" VLAN("00 64"), bytes_before, "were put back" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct pp_changes c;
		put_text("bin/settings", bytes_before);
		plan_bytes(&c);
		leave_journal(&c);
		put_text("bin/settings", rows[i].now);
		pp_store_close(store);
		open_store();
		recovered(true, rows[i].says);
		assert_settings(rows[i].then);
		assert_clean();
	}
}

/* What HP's tool would misread is not taken from it either. */
static void bytes_misspelt(void **state)
{
	static const char *const bad[] = { "15 90 00", "15  90 00 eb", "15 90 00 e", "15900 0eb",
		                           "15 90 00 eb 01" };
	struct pp_changes c;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		char text[300];
		snprintf(text, sizeof(text), "Order=%s\nOS=\n" VLAN("00 64"), bad[i]);
		put_text("bin/settings", text);
		assert_int_equal(hp_plan(bytes_wanted, &c), -ENODATA);
		assert_has(e.text, "Order: EV CQORD was not read");
	}
}

static void changed_meanwhile(void **state)
{
	struct pp_changes c;

	plan_slots(&c);
	put_text("bin/settings", "RMRDS_Slot1=Endpoints_Included\nRMRDS_Slot2=Endpoints_Included\n"
	                         "RMRDS_Slot3=Endpoints_Included\nOther=Disabled\n");
	assert_int_equal(pp_txn_write_settings(store, &c, NULL, &e), -EBUSY);
	assert_has(e.text, "nothing was written");
	assert_null(strstr(get_file("bin/log", NULL), "load"));
	assert_clean();
}

static unsigned int hp_runs(const char *what)
{
	const char *text = get_file("bin/log", NULL);
	unsigned int n = 0;

	for (const char *at = text; (at = strstr(at, what)); at++)
		n += at == text || at[-1] == '\n';
	return n;
}

/* A write at once after the reading does not ask again; a later one does. */
static void asked_once(void **state)
{
	struct pp_changes c;

	pp_hp_set_fresh(store, 60000);
	plan_slots(&c);
	assert_int_equal(pp_txn_write_settings(store, &c, NULL, &e), 0);
	assert_settings(after);
	assert_int_equal(hp_runs("save"), 2);
	assert_int_equal(hp_runs("load"), 1);
	put_text("bin/settings", before);
	plan_slots(&c);
	pp_hp_set_fresh(store, 0);
	assert_int_equal(pp_txn_write_settings(store, &c, NULL, &e), 0);
	assert_settings(after);
	assert_int_equal(hp_runs("save"), 2 + 4);
	assert_clean();
}

static void recovers(void **state)
{
	hp_fails("load:extra", EIO, "Other has changed, too",
	         "RMRDS_Slot1=Endpoints_Included\nRMRDS_Slot2=Endpoints_Included\n"
	         "RMRDS_Slot3=Endpoints_Excluded\nOther=Enabled\n");
	/* Another process: it does not know what the rest was, and ours is as it was. */
	pp_store_close(store);
	open_store();
	recovered(true, "all the old");
	assert_clean();
}

static void recovers_part(void **state)
{
	hp_fails("load:extra", EIO, "Other has changed, too",
	         "RMRDS_Slot1=Endpoints_Included\nRMRDS_Slot2=Endpoints_Included\n"
	         "RMRDS_Slot3=Endpoints_Excluded\nOther=Enabled\n");
	pp_store_close(store);
	open_store();
	put_text("bin/settings", "RMRDS_Slot1=Endpoints_Excluded\nRMRDS_Slot2=Endpoints_Included\n"
	                         "RMRDS_Slot3=Endpoints_Included\nOther=Enabled\n");
	recovered(false, "1 of 2 settings written");
	recovered(true, "were put back");
	/* Slot 3 is somebody else's business. */
	assert_settings("RMRDS_Slot1=Endpoints_Included\nRMRDS_Slot2=Endpoints_Included\n"
	                "RMRDS_Slot3=Endpoints_Included\nOther=Enabled\n");
	assert_clean();
}

static void put_program(const char *name, const char *text)
{
	char path[300];

	snprintf(path, sizeof(path), "%s", in_directory(name));
	*strrchr(path, '/') = '\0';
	mkdir(path, 0755);
	put_text(name, text);
	assert_int_equal(chmod(in_directory(name), 0755), 0);
}

/* Copies of the directories' names: in_directory() has room for a few only. */
static const char **directories_of(const char *const *names)
{
	static const char *list[9];
	static char paths[8][300];

	for (size_t i = 0; i < 8; i++)
		list[i] = NULL;
	for (size_t i = 0; names[i]; i++) {
		snprintf(paths[i], sizeof(paths[i]), "%s", in_directory(names[i]));
		list[i] = paths[i];
	}
	return list;
}

static bool finds_in(const char *const *names, const char *want)
{
	char path[PATH_MAX];

	if (!pp_hp_find(directories_of(names), path))
		return !want;
	return want && !strcmp(path, in_directory(want));
}

/* A name of HP's for what is none: no file, a directory, no program, a link to ours, a copy, a
 * script.
 */
static void hp_finds(void **state)
{
	static const char *const wrong[] = { "none", "directory", "text", "link",
		                             "copy", "script",    NULL };
	char copy[20000];

	assert_int_equal(mkdir(in_directory("directory"), 0755), 0);
	assert_int_equal(mkdir(in_directory("directory/conrep"), 0755), 0);
	put_program("text/conrep", "#!/bin/sh\n");
	assert_int_equal(chmod(in_directory("text/conrep"), 0644), 0);
	put_program("link/pcipass-conrep", "#!/bin/sh\n");
	assert_int_equal(symlink("pcipass-conrep", in_directory("link/conrep")), 0);
	/* Where one piece that is read ends and the next begins. */
	memset(copy, 'x', sizeof(copy));
	memcpy(copy + 16384 - 7, "pcipass-conrep", 14);
	copy[sizeof(copy) - 1] = '\0';
	put_program("copy/conrep", copy);
	put_program("script/hp-conrep", "#!/bin/sh\nexec pcipass-conrep \"$@\"\n");
	assert_true(finds_in(wrong, NULL));
	put_program("good/hp-conrep", "#!/bin/sh\n");
	assert_true(finds_in((const char *const[]){ "none", "directory", "text", "link", "copy",
	                                            "script", "good", NULL },
	                     "good/hp-conrep"));
	put_program("good/conrep", "#!/bin/sh\n");
	assert_true(finds_in((const char *const[]){ "script", "good", NULL }, "good/conrep"));
}

static void refuses_program(const char *path, int code, const char *words)
{
	struct pp_store *s;
	char what[300];

	snprintf(what, sizeof(what), "hp:%s", path);
	assert_int_equal(pp_store_open(what, directory, &s, &e), -code);
	assert_has(e.text, words);
}

static void refuses_programs(void **state)
{
	hp_finds(state);
	refuses_program(in_directory("link/conrep"), EINVAL, "own conrep, not HP's");
	refuses_program(in_directory("copy/conrep"), EINVAL, "own conrep, not HP's");
	refuses_program(in_directory("text/conrep"), EACCES, "not a program");
	refuses_program(in_directory("directory/conrep"), EACCES, "not a program");
	refuses_program("bin/conrep", EINVAL, "absolute path");
	refuses_program("/nonexistent", ENOENT, "/nonexistent");
	refuses_program(in_directory("bin/settings"), EACCES, "not a program");
	assert_int_equal(chmod(in_directory("bin/conrep"), 0757), 0);
	refuses_program(in_directory("bin/conrep"), EACCES, "everybody can write to it");
	assert_int_equal(chmod(in_directory("bin/conrep"), 0755), 0);
	/* Who may put another file in its place may as well write to it; not where it is sticky. */
	assert_int_equal(chmod(in_directory("bin"), 0777), 0);
	refuses_program(in_directory("bin/conrep"), EACCES,
	                "everybody can write to this directory");
	assert_int_equal(chmod(in_directory("bin"), 01777), 0);
	assert_int_equal(pp_hp_check(in_directory("bin/conrep"), &e), 0);
	assert_int_equal(chmod(in_directory("bin"), 0755), 0);
	if (geteuid())
		return;
	assert_int_equal(chown(in_directory("bin/conrep"), 65534, 0), 0);
	refuses_program(in_directory("bin/conrep"), EACCES, "belongs to user 65534");
	assert_int_equal(chown(in_directory("bin/conrep"), 0, 65534), 0);
	assert_int_equal(chmod(in_directory("bin/conrep"), 0775), 0);
	refuses_program(in_directory("bin/conrep"), EACCES, "group 65534 can write to it");
	assert_int_equal(chown(in_directory("bin"), 65534, 0), 0);
	assert_int_equal(chmod(in_directory("bin/conrep"), 0755), 0);
	refuses_program(in_directory("bin/conrep"), EACCES, "this directory belongs to user 65534");
}

/* What it prints beside its exit status, as versions and loaders spell it. */
static void hp_answers(void **state)
{
	static const struct {
		int status;
		const char *output;
		int code;
		const char *says; /* NULL: done */
	} cases[] = {
		{ 0, "\nConrep Return Code: 0\n", 0, NULL },
		{ 0, "\nCONREP Return code: 0\r\n", 0, NULL },
		{ 0, "", 0, NULL },
		{ 0, "CONREP Return code: 3\n", EIO, "prints return code 3" },
		{ 0, "ASM values not set! aborting\n\nCONREP Return code: 0\n", EIO,
		  "it aborted (it said: ASM values not set! aborting)" },
		{ 0, "Aborting.\n", EIO, "it aborted" },
		{ 3, "\nConrep Return Code: 3\n", ENODEV, "hp-health" },
		{ 3, "", ENODEV, "the driver that it needs is missing" },
		{ 127, "conrep: error while loading shared libraries: libxml2.so.2: cannot open\n",
		  ENOEXEC, "hp-scripting-tools 11.60 needs libxml2.so.2" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct pp_hp_answer a = { "/sbin/conrep", "load", cases[i].status,
			                  PP_SPAN(cases[i].output, strlen(cases[i].output)) };
		assert_int_equal(pp_hp_answer_check(&a, &e), -cases[i].code);
		if (cases[i].says)
			assert_has(e.text, cases[i].says);
	}
}

/* It is there and cannot be started: what its first line names is not. */
static void no_loader(void **state)
{
	struct pp_areas m;

	put_text("bin/conrep", "#!/nonexistent/loader\n");
	pp_areas_init(&m, &arena);
	assert_int_equal(store->ops->read(store, &schema, &m, &e), -ENOEXEC);
	assert_has(e.text, "32-bit");
	assert_clean();
}

/* Whatever this host is, the answer is a store or a sentence. */
static void hp_detects(void **state)
{
	struct pp_store *s;
	int r = pp_store_detect(in_directory("state"), &s, &e);

	assert_true(r == 0 || r == -ENOENT || r == -EACCES);
	if (r == 0)
		pp_store_close(s);
	else if (r == -ENOENT)
		assert_has(e.text, "hp-scripting-tools 11.60");
	assert_false(is_there("state"));
}

static void hp_sweeps(void **state)
{
	struct pp_changes c;

	assert_int_equal(mkdir(in_directory("state"), 0700), 0);
	/* No process has this number. */
	assert_int_equal(mkdir(in_directory("state/hp-work-2147483646-abcdef"), 0700), 0);
	put_text("state/hp-work-2147483646-abcdef/schema.xml", "x");
	plan_slots(&c);
	assert_int_equal(pp_txn_write_settings(store, &c, NULL, &e), 0);
	assert_clean();
}

#define TEST(f)  cmocka_unit_test_setup_teardown(f, set_up, tear_down)
#define BYTES(f) cmocka_unit_test_setup_teardown(f, set_up_bytes, tear_down)

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		TEST(hp_told),          TEST(not_told),          TEST(unknown_text),
		TEST(hp_loads),         TEST(return_codes),      TEST(hp_lies),
		TEST(part_of_it),       TEST(writes_too_much),   TEST(hp_hangs),
		TEST(hp_dies),          TEST(much_output),       TEST(hp_orphan),
		TEST(bad_saves),        TEST(changed_meanwhile), TEST(asked_once),
		TEST(recovers),         TEST(recovers_part),     TEST(hp_finds),
		TEST(refuses_programs), TEST(hp_sweeps),         TEST(hp_detects),
		TEST(hp_answers),       TEST(no_loader),         TEST(old_spelling),
		BYTES(bytes_told),      BYTES(bytes_written),    BYTES(bytes_put_back),
		BYTES(bytes_recovered), BYTES(bytes_misspelt),
	};

	fake = argc > 1 ? argv[1] : "fake-conrep";
	return cmocka_run_group_tests(tests, NULL, NULL);
}
