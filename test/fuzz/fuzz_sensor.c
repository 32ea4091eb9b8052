/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The typed commands of the sensor protocol against a platform that answers anything. The first byte of the input is
 * the version that is spoken; then come steps, and behind each what its commands are answered.
 *
 * What must hold: an error leaves results alone; what is told is within its bounds, and each name is terminated, with
 * NULs behind it; a list ends, and asks no more often than it has elements.
 */
#include <string.h>

#include <scmi/protocol/sensor.h>

#include "fake_port.h"
#include "fuzz.h"

#define SLOTS     2u
#define REPLY_MAX 700u
#define VALUES    70u

static struct {
	max_align_t mem[SCMI_AGENT_WORDS_FOR(SLOTS, 1, SCMI_EVENT_BYTES_MAX, 0, 0)];
	struct fake_port port;
	struct scmi_agent *agent;
	const struct scmi_sink *sink;
	void *core;
	struct scmi_sensor_protocol p;
	uint32_t asked;
	uint8_t reply[REPLY_MAX];
	struct fuzz_input in;
} f;

static uint8_t byte(void)
{
	return fuzz_byte(&f.in);
}

static uint32_t word(void)
{
	return fuzz_word(&f.in);
}

/* ---- the platform ---- */

static int start(void *ctx, const struct scmi_sink *sink, void *core)
{
	(void)ctx;
	f.sink = sink;
	f.core = core;
	return SCMI_OK;
}

static void stop(void *ctx)
{
	(void)ctx;
}

/* A status, mostly a success, and then what the input says; it may be shorter than the status. */
static uint32_t fill_reply(void)
{
	uint32_t len = byte() * 3u % (REPLY_MAX + 1u);
	uint8_t how = byte();

	memset(f.reply, (int)how, sizeof(f.reply));
	for (uint32_t i = 4; i < len && f.in.left != 0 && i < 4u + (how & 127u); i++)
		f.reply[i] = byte();
	scmi_put_le32(f.reply, how < 0xf0u ? 0u : 0u - how % 16u);
	return len;
}

static void deliver(uint32_t hdr, uint32_t len)
{
	const struct scmi_rx rx = {.hdr = hdr, .len = len, .data = f.reply, .token = SCMI_TOKEN_ANY};

	MUST(f.sink->rx(f.core, &rx) != SCMI_E_STRAY);
}

static bool is_asynchronous(const struct scmi_tx *tx)
{
	return scmi_hdr_message(tx->hdr) == SCMI_SENSOR_READING_GET &&
	       scmi_get_le32((const uint8_t *)tx->payload + 4) != 0;
}

static int answer(void *ctx, const struct scmi_tx *tx)
{
	const struct scmi_message_info *info =
		scmi_message_find(SCMI_PROTOCOL_SENSOR, SCMI_MSG_COMMAND, scmi_hdr_message(tx->hdr));
	uint32_t len;

	(void)ctx;
	MUST(info != NULL && tx->len >= info->params_min && tx->len <= info->params_max);
	MUST(info->since <= f.p.spoken);
	f.asked++;
	if (is_asynchronous(tx)) {
		scmi_put_le32(f.reply, 0);
		deliver(tx->hdr, 4);
		len = fill_reply();
		deliver(scmi_hdr_as(tx->hdr, SCMI_MSG_DELAYED), len);
		return SCMI_OK;
	}
	len = fill_reply();
	deliver(tx->hdr, len);
	return SCMI_OK;
}

static void open_agent(void)
{
	static const struct scmi_transport_ops ops = {
		.version = SCMI_TRANSPORT_V1, .name = "any answer", .start = start, .stop = stop, .send = answer};
	const struct scmi_transport transport = {
		.size = sizeof(transport),
		.caps = SCMI_CAP_SYNC_SEND | SCMI_CAP_NOTIFY,
		.ops = &ops,
		.max_payload = REPLY_MAX,
		.max_inflight = SLOTS,
	};
	const struct scmi_agent_config config = {
		.size = sizeof(config),
		.transport = &transport,
		.port = &f.port.port,
		.options.slots = SLOTS,
		.max_waiters = 1,
	};

	fake_port_init(&f.port);
	MUST(scmi_agent_init(&f.agent, f.mem, sizeof(f.mem), &config) == SCMI_OK);
	MUST(scmi_agent_start(f.agent) == SCMI_OK);
}

/* ---- what must hold ---- */

static int known(int err)
{
	MUST(err == SCMI_OK || err == SCMI_E_REMOTE || err == SCMI_E_PROTO || err == SCMI_E_NOTSUP);
	return err;
}

static void check_name(const char *name)
{
	uint32_t i = 0;

	while (i < SCMI_LONG_NAME && name[i] != '\0')
		i++;
	MUST(i < SCMI_LONG_NAME);
	while (i < SCMI_LONG_NAME)
		MUST(name[i++] == '\0');
}

static void check_exponent(int32_t exponent)
{
	MUST(exponent >= SCMI_SENSOR_EXPONENT_MIN && exponent <= SCMI_SENSOR_EXPONENT_MAX);
}

static void check_info(const struct scmi_sensor_info *info)
{
	MUST(info->size == sizeof(*info) && info->axes <= SCMI_SENSOR_AXES_MAX);
	check_exponent(info->exponent);
	check_exponent(info->stamp_exponent);
	check_exponent(info->limits.resolution_exponent);
	MUST(info->limits.resolution <= SCMI_SENSOR_RESOLUTION_MAX);
	MUST(info->old_interval <= SCMI_SENSOR_INTERVAL_BITS);
	MUST(f.p.spoken >= SCMI_VERSION(2, 0) || (info->attributes & ~SCMI_SENSOR_ATTRIBUTES_SINCE_1_0) == 0);
	check_name(info->name);
}

/* ---- steps ---- */

static void list_sensors(void)
{
	struct scmi_sensor_info info = {.size = sizeof(info)};
	struct scmi_sensors it;
	uint32_t n = 0;
	int err;

	f.asked = 0;
	scmi_sensors_begin(&f.p, &it);
	while ((err = scmi_sensors_next(&it, &info, NULL)) == SCMI_OK) {
		check_info(&info);
		n++;
	}
	MUST(err == SCMI_E_NOTFOUND || known(err) != SCMI_OK);
	MUST(n <= 65535u && f.asked <= 2u * n + 2u);
	if (err == SCMI_E_NOTFOUND)
		MUST(scmi_sensors_next(&it, &info, NULL) == err);
}

static void list_axes(void)
{
	struct scmi_sensor_axis axis = {.size = sizeof(axis)};
	struct scmi_sensor_axes it;
	uint32_t n = 0;
	int err;

	f.asked = 0;
	scmi_sensor_axes_begin(&f.p, word(), &it);
	while ((err = scmi_sensor_axes_next(&it, &axis, NULL)) == SCMI_OK) {
		MUST(axis.size == sizeof(axis));
		check_exponent(axis.exponent);
		check_name(axis.name);
		n++;
	}
	MUST(err == SCMI_E_NOTFOUND || known(err) != SCMI_OK);
	MUST(n <= 65535u);
}

static void list_intervals(void)
{
	struct scmi_sensor_interval interval;
	struct scmi_sensor_intervals it;
	uint32_t n = 0;
	int err;

	f.asked = 0;
	scmi_sensor_intervals_begin(&f.p, word(), &it);
	while ((err = scmi_sensor_intervals_next(&it, &interval, NULL)) == SCMI_OK) {
		MUST((interval.min | interval.max | interval.step) <= SCMI_SENSOR_INTERVAL_BITS);
		(void)scmi_sensor_interval_ns(interval.max);
		n++;
	}
	MUST(err == SCMI_E_NOTFOUND || known(err) != SCMI_OK);
	MUST(n <= 65535u && f.asked <= n + 1u);
}

static void name_of_axis(void)
{
	char name[SCMI_LONG_NAME] = "as it was";
	int err = scmi_sensor_axis_name(&f.p, word(), byte(), name, NULL);

	MUST(err == SCMI_E_NOTFOUND || known(err) == err);
	MUST(err == SCMI_OK || strcmp(name, "as it was") == 0);
	check_name(name);
}

static void read_values(void)
{
	struct scmi_sensor_reading readings[VALUES + 1u];
	uint32_t cap = byte() % (VALUES + 1u);
	bool async = (byte() & 1u) != 0;
	uint32_t n = UINT32_MAX;
	int err;

	memset(readings, 0x5a, sizeof(readings));
	err = known(scmi_sensor_read(&f.p, word(), async, readings, cap, &n, NULL));
	MUST(readings[cap].value == 0x5a5a5a5a5a5a5a5a);
	MUST(err == SCMI_OK ? n >= 1u && n <= SCMI_SENSOR_AXES_MAX : n == UINT32_MAX);
	MUST(err != SCMI_OK || f.p.spoken >= SCMI_VERSION(2, 0) || n == 1u);
}

static void words(void)
{
	char name[SCMI_LONG_NAME] = "as it was";
	uint32_t config = 77;
	int err = known(scmi_sensor_config_get(&f.p, word(), &config, NULL));

	MUST(err == SCMI_OK || config == 77);
	(void)known(scmi_sensor_config_set(&f.p, word(), word(), NULL));
	(void)known(scmi_sensor_trip_config(&f.p, word(), byte(), SCMI_SENSOR_TRIP_BOTH, -1, NULL));
	(void)known(scmi_sensor_trip_notify(&f.p, word(), true, NULL));
	(void)known(scmi_sensor_update_notify(&f.p, word(), false, NULL));
	err = known(scmi_sensor_name(&f.p, word(), name, NULL));
	MUST(err == SCMI_OK || strcmp(name, "as it was") == 0);
	check_name(name);
}

static void parse_event(void)
{
	uint32_t len = byte() * 4u % (REPLY_MAX + 1u);
	struct scmi_sensor_event event;
	uint32_t hdr = word();
	uint8_t *exact = malloc(len != 0 ? len : 1u);

	MUST(exact != NULL);
	for (uint32_t i = 0; i < len; i++)
		exact[i] = byte();
	if ((hdr & 1u) != 0)
		hdr = scmi_hdr(SCMI_PROTOCOL_SENSOR, (uint8_t)(hdr >> 8 & 1u), SCMI_MSG_NOTIFICATION, 0);
	if (scmi_sensor_event_parse(hdr, exact, len, &event) == SCMI_OK) {
		MUST(event.values <= SCMI_SENSOR_AXES_MAX);
		for (uint32_t i = 0; i <= event.values; i++)
			(void)scmi_sensor_event_reading(&event, i);
	}
	free(exact);
}

static void open_again(void)
{
	struct scmi_sensor_protocol p = {.size = 77};
	uint32_t spoken = f.p.spoken;
	int err;

	f.p.spoken = SCMI_SENSOR_VERSION; /* any command may be sent */
	err = scmi_sensor_open(f.agent, 0, &p, NULL);
	MUST(err == SCMI_OK || p.size == 77);
	MUST(err != SCMI_OK || (p.sensors <= SCMI_SENSOR_COUNT_MAX && p.async_max <= SCMI_SENSOR_ASYNC_MAX));
	f.p.spoken = spoken;
}

static void scale(void)
{
	int64_t value = (int64_t)((uint64_t)word() << 32 | word());
	int64_t scaled = 77;
	int err = scmi_sensor_scale(value, (int8_t)byte(), (int8_t)byte(), &scaled);

	MUST(err == SCMI_OK || (err == SCMI_E_TOOBIG && scaled == 77));
	MUST(err != SCMI_OK || scaled == 0 || (scaled < 0) == (value < 0));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static void (*const steps[])(void) = {list_sensors, list_axes,   list_intervals, name_of_axis, read_values,
					      words,        parse_event, open_again,     scale};
	static const uint32_t versions[] = {SCMI_VERSION(1, 0), SCMI_VERSION(2, 0), SCMI_VERSION(3, 0),
					    SCMI_VERSION(3, 1)};

	f.in = (struct fuzz_input){data, size};
	open_agent();
	f.p = (struct scmi_sensor_protocol){.size = sizeof(f.p), .spoken = versions[byte() % 4u], .agent = f.agent};
	while (f.in.left != 0)
		steps[byte() % (sizeof(steps) / sizeof(steps[0]))]();
	MUST(scmi_agent_fini(f.agent) == SCMI_OK && f.port.fault == NULL);
	return 0;
}
