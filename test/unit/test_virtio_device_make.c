/* SPDX-License-Identifier: BSD-3-Clause */
/* How the virtio device is made: what its configuration may be, and how much memory that takes. */
#include "virtio_device_rig.h"

#define V1 SCMI_VIRTIO_F_VERSION_1

static struct rig rig;

static int serve(struct rig *r)
{
	return scmi_virtio_device_serve(r->device, 16);
}

/* ---- made ---- */

static void expect_fault(struct rig *r, const char *member)
{
	struct scmi_virtio_device *device = NULL;
	struct scmi_endpoint endpoint;
	max_align_t mem[64];
	const char *why = NULL;

	assert_int_equal(scmi_virtio_device_check(&r->config, &why), SCMI_E_INVAL);
	assert_non_null(why);
	assert_memory_equal(why, member, strlen(member));
	assert_int_equal(why[strlen(member)], ':');
	assert_int_equal(scmi_virtio_device_check(&r->config, NULL), SCMI_E_INVAL);
	assert_int_equal(scmi_virtio_device_size(&r->config), 0);
	assert_int_equal(scmi_virtio_device_init(&device, mem, sizeof(mem), &r->config, &endpoint), SCMI_E_INVAL);
	assert_null(device);
	rig_fill(r);
}

static void device_check_names_the_member(void **state)
{
	struct rig *r = &rig;
	const char *why = "";

	(void)state;
	rig_fill(r);
	assert_int_equal(scmi_virtio_device_check(&r->config, &why), SCMI_OK);
	assert_null(why);
	assert_int_equal(scmi_virtio_device_check(NULL, &why), SCMI_E_INVAL);
	assert_string_equal(why, "config: NULL");
	r->config.size--;
	expect_fault(r, "size");
	r->config.max_payload = 7;
	expect_fault(r, "max_payload");
	r->config.max_payload = SCMI_VIRTIO_PAYLOAD_MAX + 1;
	expect_fault(r, "max_payload");
	r->config.max_payload = UINT32_MAX;
	expect_fault(r, "max_payload");
	r->config.requests = SCMI_VIRTIO_REQUESTS_MAX + 1;
	expect_fault(r, "requests");
	r->config.queue_max = 1;
	expect_fault(r, "queue_max");
	r->config.queue_max = 48;
	expect_fault(r, "queue_max");
	r->config.queue_max = 2 * SCMI_VIRTIO_QUEUE_MAX;
	expect_fault(r, "queue_max");
	r->config.maps_max = SCMI_VIRTIO_MAPS_MAX + 1;
	expect_fault(r, "maps_max");
	r->config.features = SCMI_VIRTIO_F_P2A_CHANNELS;
	expect_fault(r, "features");
	r->config.features = V1 | 4u;
	expect_fault(r, "features");
	r->config.features = V1 | SCMI_VIRTIO_F_SHARED_MEMORY;
	expect_fault(r, "features");
	r->config.port = NULL;
	expect_fault(r, "port");
	r->fake.port.lock = NULL;
	expect_fault(r, "port");
	r->config.host = NULL;
	expect_fault(r, "host");
	r->host.call = NULL;
	expect_fault(r, "host");
	r->host.work = NULL;
	expect_fault(r, "host");
	r->host.event = NULL; /* this one is optional */
	assert_int_equal(scmi_virtio_device_check(&r->config, NULL), SCMI_OK);
}

static void device_check_looks_at_regions(void **state)
{
	static char bytes[16];
	struct scmi_virtio_shared shared[2] = {
		{.id = 3, .region = {.mem = bytes, .len = 8}},
		{.id = 0x80, .region = {.mem = bytes, .len = 16}},
	};
	static const uint8_t bad[] = {0, 4, 0x7f};
	struct rig *r = &rig;

	(void)state;
	for (size_t i = 0; i < sizeof(bad); i++) {
		rig_fill(r);
		r->config.shared = shared;
		r->config.shared_n = 2;
		shared[1].id = bad[i];
		expect_fault(r, "shared");
	}
	r->config.shared_n = 1;
	expect_fault(r, "shared");
	r->config.shared = shared;
	r->config.shared_n = 2;
	shared[1].id = 3;
	expect_fault(r, "shared");
	r->config.shared = shared;
	r->config.shared_n = 2;
	shared[1].id = 0xff;
	shared[1].region.len = 0;
	expect_fault(r, "shared");
	r->config.shared = shared;
	r->config.shared_n = 2;
	r->config.features = V1; /* what can be had must be offered */
	expect_fault(r, "features");
}

static void device_shows_its_regions(void **state)
{
	static char bytes[16];
	const struct scmi_virtio_shared shared[1] = {{.id = 0x81, .region = {.mem = bytes, .len = 16}}};
	struct scmi_virtio_region region;
	struct rig *r = &rig;

	(void)state;
	rig_fill(r);
	r->config.shared = shared;
	r->config.shared_n = 1;
	rig_init(r);
	assert_true(scmi_virtio_device_features(r->device) ==
		    (SCMI_VIRTIO_OFFER_DEFAULT | SCMI_VIRTIO_F_SHARED_MEMORY));
	assert_int_equal(scmi_virtio_device_region(r->device, 3, &region), SCMI_E_NOTFOUND);
	assert_int_equal(scmi_virtio_device_region(r->device, 0x81, &region), SCMI_OK);
	assert_ptr_equal(region.mem, bytes);
	assert_int_equal(region.len, 16);
	rig_end(r);
}

static void device_tells_what_it_offers(void **state)
{
	struct rig *r = &rig;
	struct scmi_virtio_device_stats s = {.size = sizeof(s) - 1u};

	(void)state;
	rig_make(r);
	assert_true(scmi_virtio_device_features(r->device) == SCMI_VIRTIO_OFFER_DEFAULT);
	assert_int_equal(scmi_virtio_device_queue_max(r->device, CMDQ), ENTRIES);
	assert_int_equal(scmi_virtio_device_queue_max(r->device, EVENTQ), ENTRIES);
	assert_int_equal(scmi_virtio_device_queue_max(r->device, 2), 0);
	assert_int_equal(r->endpoint.max_payload, MAX_PAYLOAD);
	assert_int_equal(r->endpoint.size, sizeof(r->endpoint));
	assert_int_equal(scmi_virtio_device_stats(r->device, &s), SCMI_E_INVAL);
	assert_int_equal(scmi_virtio_device_stats(r->device, NULL), SCMI_E_INVAL);
	rig_end(r);
	rig_fill(r);
	r->config.features = V1;
	rig_init(r);
	assert_int_equal(scmi_virtio_device_queue_max(r->device, CMDQ), ENTRIES);
	assert_int_equal(scmi_virtio_device_queue_max(r->device, EVENTQ), 0);
	rig_end(r);
}

/* Runs a device with every request open and every byte of its rings' memory in use. */
static void use_all_of(struct rig *r)
{
	const uint32_t n = r->config.requests != 0 ? r->config.requests : SCMI_VIRTIO_REQUESTS_DEFAULT;
	const uint32_t room = 4u + r->endpoint.max_payload;

	assert_int_equal(rig_start(r), SCMI_OK);
	assert_int_equal(rig_attach(r, scmi_virtio_device_features(r->device), NULL), SCMI_OK);
	r->hold = true;
	for (uint32_t slot = 0; slot < n && slot < ENTRIES / 2u; slot++)
		rig_command(r, slot, 8, room < 64 ? room : 64);
	(void)serve(r);
	while (r->held_n != 0)
		rig_answer(r, 0, 8);
	scmi_virtio_device_detach(r->device, NULL);
	rig_stop(r);
	rig_clean(r);
}

/* In memory of exactly its size, of any alignment that is allowed, and a byte less is refused. */
static void device_size_is_exact(void **state)
{
	static const uint32_t payloads[] = {8, 9, 64};
	struct rig *r = &rig;
	unsigned char *mem;
	size_t size;

	(void)state;
	for (uint32_t i = 0; i < 3u * 4u * 4u; i++) {
		rig_fill(r);
		r->config.max_payload = payloads[i % 3u];
		r->config.requests = 1u + i / 3u % 4u * 5u;
		r->config.maps_max = i % 2u;
		if (i % 5u == 0)
			r->config.features = V1;
		size = scmi_virtio_device_size(&r->config);
		mem = aligned_alloc(64, (size + 127u) / 64u * 64u);
		assert_non_null(mem);
		r->memory = mem + i / 12u * 16u;
		memset(r->memory, UNTOUCHED, size);
		mem[i / 12u * 16u + size] = 0x77;
		assert_int_equal(scmi_virtio_device_init(&r->device, r->memory, size - 1u, &r->config, &r->endpoint),
				 SCMI_E_NOMEM);
		assert_int_equal(
			scmi_virtio_device_init(&r->device, (char *)r->memory + 1, size, &r->config, &r->endpoint),
			SCMI_E_NOMEM);
		assert_int_equal(scmi_virtio_device_init(&r->device, r->memory, size, &r->config, &r->endpoint),
				 SCMI_OK);
		use_all_of(r);
		assert_int_equal(mem[i / 12u * 16u + size], 0x77);
		free(mem);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(device_check_names_the_member), cmocka_unit_test(device_check_looks_at_regions),
		cmocka_unit_test(device_shows_its_regions),      cmocka_unit_test(device_tells_what_it_offers),
		cmocka_unit_test(device_size_is_exact),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
