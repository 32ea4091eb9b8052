/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The sensor server against any agents: the sensors of the unit tests, two agents, commands of any kind with any
 * parameters and any room for the reply, and what the platform tells by itself in between.
 *
 * What must hold: each request is answered once, within its room; a success is as long as the table of messages allows,
 * an error has no values; no more asynchronous readings are open than there are pending; only sensors that an agent may
 * use are told of; each delayed response and notification is as long as the table says.
 */
#include <string.h>

#include "../unit/sensor_device.h"
#include "fake_endpoint.h"
#include "fuzz.h"

#define SENSOR     SCMI_PROTOCOL_SENSOR
#define PARAMS_MAX 24u

static struct {
	struct fake_endpoint endpoints[AGENTS];
	struct fake_request request;
	struct sensor_device device;
	struct scmi_server server;
	const struct scmi_server *servers[1];
	struct scmi_platform_agent agents[AGENTS];
	max_align_t memory[SCMI_PLATFORM_WORDS(AGENTS, 1)];
	struct scmi_platform *platform;
	struct scmi_sensor_pending *kept[PENDING];
	uint32_t kept_n;
	unsigned seen[AGENTS]; /* messages of the platform's own that have been looked at */
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

static void open_platform(void)
{
	static const uint32_t versions[] = {0, SCMI_VERSION(3, 0), SCMI_VERSION(2, 0), SCMI_VERSION(1, 0)};
	const struct scmi_platform_config config = {
		.size = sizeof(config),
		.servers = f.servers,
		.servers_n = 1,
		.agents = f.agents,
		.agents_n = AGENTS,
	};
	uint8_t how = byte();

	sensor_device_init(&f.device, versions[how & 3u]);
	f.device.denied_agent = (how & 4u) != 0 ? 2u : 0u;
	for (uint32_t i = 0; i < AGENTS; i++) {
		fake_endpoint_init(&f.endpoints[i]);
		f.agents[i] =
			(struct scmi_platform_agent){.size = sizeof(f.agents[i]), .endpoint = &f.endpoints[i].endpoint};
	}
	if ((how & 8u) != 0)
		f.endpoints[1].ops.send = NULL;
	scmi_sensor_server(&f.server, &f.device.model);
	f.servers[0] = &f.server;
	MUST(scmi_platform_init(&f.platform, f.memory, sizeof(f.memory), &config) == SCMI_OK);
	MUST(scmi_platform_start(f.platform) == SCMI_OK);
}

/* What the platform has sent by itself since the last look. */
static void check_messages(void)
{
	for (uint32_t i = 0; i < AGENTS; i++) {
		unsigned taken = atomic_load(&f.endpoints[i].taken);

		for (; f.seen[i] < taken; f.seen[i]++) {
			const struct fake_message *m = &f.endpoints[i].log[f.seen[i]];
			enum scmi_msg_type kind = scmi_hdr_type(m->hdr);
			const struct scmi_message_info *info =
				scmi_message_find(SENSOR, kind, scmi_hdr_message(m->hdr));
			uint32_t status = kind == SCMI_MSG_DELAYED ? 4u : 0u;

			if (f.seen[i] >= FAKE_LOG)
				continue;
			MUST(info != NULL && scmi_hdr_protocol(m->hdr) == SENSOR);
			if (status != 0 && m->len == 4u) {
				MUST(fake_message_u32(m, 0) != SCMI_SUCCESS);
				continue;
			}
			MUST(m->len >= info->values_min + status && m->len <= info->values_max + status);
			MUST(kind != SCMI_MSG_NOTIFICATION || fake_message_u32(m, 0) == 0);
			MUST(kind != SCMI_MSG_NOTIFICATION || i + 1u != f.device.denied_agent ||
			     fake_message_u32(m, 1) != VOLTAGE);
		}
	}
}

/* ---- steps ---- */

static void check_reply(uint32_t hdr, uint32_t cap)
{
	const struct scmi_message_info *info = scmi_message_find(SENSOR, SCMI_MSG_COMMAND, scmi_hdr_message(hdr));
	int32_t status;

	MUST(atomic_load(&f.request.replies) == 1 && f.request.in_place == 1);
	MUST(f.request.reply_len <= cap);
	if (cap < SCMI_STATUS_BYTES)
		return;
	status = fake_status(&f.request);
	MUST(status != INT32_MIN);
	if (status != SCMI_SUCCESS) {
		MUST(f.request.reply_len == SCMI_STATUS_BYTES);
		return;
	}
	MUST(info != NULL && fake_values_len(&f.request) >= info->values_min &&
	     fake_values_len(&f.request) <= info->values_max);
}

static void request(void)
{
	struct fake_endpoint *endpoint = &f.endpoints[byte() % AGENTS];
	uint8_t how = byte();
	uint8_t params[PARAMS_MAX];
	uint32_t hdr = scmi_hdr(SENSOR, how < 0xf0u ? how % 0x11u : byte(), SCMI_MSG_COMMAND, how);
	const struct scmi_message_info *info = scmi_message_find(SENSOR, SCMI_MSG_COMMAND, scmi_hdr_message(hdr));
	uint32_t len = info != NULL && how < 0xd0u ? info->params_min : byte() % (PARAMS_MAX + 1u);
	uint32_t cap = byte();

	/* Small words, of which most mean something. */
	for (uint32_t i = 0; i < PARAMS_MAX; i += 4u)
		scmi_put_le32(params + i, i < len ? byte() : 0u);
	if ((how & 1u) != 0 && len >= 8u)
		scmi_put_le32(params + 4, word());
	if (scmi_hdr_message(hdr) == SCMI_NEGOTIATE_PROTOCOL_VERSION)
		scmi_put_le32(params, SCMI_VERSION(params[0] & 3u, params[0] >> 7));
	f.device.kept = NULL;
	fake_deliver(endpoint, &f.request, hdr, params, len, cap);
	check_reply(hdr, cap);
	if (f.device.kept == NULL)
		return;
	MUST(f.kept_n < PENDING);
	f.kept[f.kept_n++] = f.device.kept;
}

static void complete(void)
{
	uint8_t how = byte();
	uint32_t sensor;
	int err;

	if (f.kept_n == 0)
		return;
	sensor = f.kept[f.kept_n - 1u]->sensor;
	MUST(sensor < SENSORS);
	err = scmi_sensor_read_done(f.kept[f.kept_n - 1u], (how & 1u) != 0 ? SCMI_HARDWARE_ERROR : SCMI_SUCCESS,
				    sensor_device_readings[sensor], sensor == ACCEL ? AXES : 1u);
	MUST(err == SCMI_OK || err == SCMI_E_CLOSED);
	f.kept_n--;
}

static void tell(void)
{
	uint8_t how = byte();
	uint32_t sensor = byte() % (SENSORS + 1u);
	int err;

	if ((how & 1u) != 0)
		err = scmi_sensor_tripped(&f.device.model, sensor, how >> 1, (how & 2u) != 0);
	else
		err = scmi_sensor_updated(&f.device.model, sensor, sensor_device_readings[sensor % SENSORS],
					  how >> 1 & 3u);
	MUST(err == SCMI_OK || err == SCMI_E_INVAL || err == SCMI_E_NOTFOUND || err == SCMI_E_CLOSED);
	MUST((err == SCMI_E_NOTFOUND) == (sensor == SENSORS));
	(void)scmi_sensor_wanted(&f.device.model, sensor, SCMI_SENSOR_UPDATE);
}

static void change(void)
{
	uint8_t how = byte();

	f.device.config[how % SENSORS] = byte();
	f.device.status = (how & 0x10u) != 0 ? -(int32_t)(how & 0xfu) : SCMI_SUCCESS;
	f.device.readings_n = (how & 0x20u) != 0 ? how & 7u : 0u;
	f.device.at_once = (how & 0x40u) != 0;
}

static void reset(void)
{
	uint16_t agent = (uint16_t)(1u + byte() % AGENTS);

	MUST(scmi_platform_reset_agent(f.platform, agent) == SCMI_OK);
	MUST(f.device.reset_agent == agent);
}

static void restart(void)
{
	MUST(scmi_platform_stop(f.platform) == SCMI_OK);
	MUST(scmi_platform_start(f.platform) == SCMI_OK);
}

static void step(void)
{
	switch (byte() & 15u) {
	case 10:
		complete();
		break;
	case 11:
	case 12:
		tell();
		break;
	case 13:
		change();
		break;
	case 14:
		reset();
		break;
	case 15:
		restart();
		break;
	default:
		request();
		break;
	}
	check_messages();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	memset(&f, 0, sizeof(f));
	f.in = (struct fuzz_input){data, size};
	open_platform();
	while (f.in.left != 0)
		step();
	while (f.kept_n != 0)
		complete();
	check_messages();
	MUST(scmi_platform_fini(f.platform) == SCMI_OK);
	for (uint32_t i = 0; i < AGENTS; i++)
		MUST(f.endpoints[i].fault == NULL);
	MUST(sensor_device_guards_hold(&f.device));
	fake_request_free(&f.request);
	return 0;
}
