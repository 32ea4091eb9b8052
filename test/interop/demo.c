/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The demo, and the first interop test: what a real Linux kernel asked, our agent asks our platform over loopback, and
 * each answer is held against the one that the kernel accepted. Then the agent discovers the platform by itself, with
 * its clocks and sensors.
 *
 *   demo RECORDING..    exit status 0: every answer was the recorded one, byte for byte (the token apart, which each
 *                       agent chooses for itself)
 */
#include <stdio.h>
#include <string.h>

#include <scmi/agent.h>
#include <scmi/port/posix.h>
#include <scmi/protocol/base.h>
#include <scmi/protocol/clock.h>
#include <scmi/protocol/sensor.h>
#include <scmi/transport/loopback.h>

#include "acme.h"
#include "recording.h"

#define LINK_PAYLOAD 132u
#define EVENTS       2u

static max_align_t link_mem[8192];
static max_align_t agent_mem[SCMI_AGENT_WORDS_FOR(SCMI_SLOTS_DEFAULT, SCMI_WAITERS_DEFAULT, SCMI_EVENT_BYTES_MAX,
						  EVENTS, LINK_PAYLOAD)];

/* Everything that takes part, from wire to wire. */
struct stage {
	struct acme acme;
	struct scmi_loopback *loopback;
	struct scmi_posix posix;
	struct scmi_port port;
	struct scmi_agent *agent;
	struct scmi_subscriber subscriber;
	uint8_t event[SCMI_HDR_BYTES + LINK_PAYLOAD]; /* the last notification, as it came */
	uint32_t event_len;
};

static void on_event(struct scmi_subscriber *self, uint32_t hdr, const void *payload, uint32_t len)
{
	struct stage *s = self->arg;

	scmi_put_le32(s->event, hdr);
	memcpy(s->event + SCMI_HDR_BYTES, payload, len);
	s->event_len = SCMI_HDR_BYTES + len;
}

static int open_stage(struct stage *s)
{
	struct scmi_loopback_config link = {.size = sizeof(link), .max_payload = LINK_PAYLOAD};
	struct scmi_transport transport;
	struct scmi_endpoint endpoint;
	struct scmi_agent_config config = {
		.size = sizeof(config), .transport = &transport, .port = &s->port, .event_buffers = EVENTS};
	int err = scmi_posix_init(&s->posix, &s->port);

	s->subscriber = (struct scmi_subscriber){
		.size = sizeof(s->subscriber), .protocol = SCMI_ANY, .message = SCMI_ANY, .notify = on_event, .arg = s};

	if (err == SCMI_OK)
		err = scmi_loopback_init(&s->loopback, link_mem, sizeof(link_mem), &link, &transport, &endpoint);
	if (err == SCMI_OK)
		err = acme_open(&s->acme, &endpoint, NULL, NULL);
	if (err == SCMI_OK)
		err = scmi_agent_init(&s->agent, agent_mem, sizeof(agent_mem), &config);
	if (err == SCMI_OK)
		err = scmi_agent_subscribe(s->agent, &s->subscriber);
	return err == SCMI_OK ? scmi_agent_start(s->agent) : err;
}

static int close_stage(struct stage *s)
{
	int err = scmi_agent_fini(s->agent);

	if (err == SCMI_OK)
		err = acme_close(&s->acme);
	scmi_loopback_fini(s->loopback);
	scmi_posix_fini(&s->posix);
	return err;
}

/* The call's end as the bytes that must have come after the header; returns their number, or 0 for no reply at all. */
static uint32_t reply_bytes(const struct scmi_call *call, int err, uint8_t *out)
{
	scmi_put_le32(out, (uint32_t)call->status);
	if (err == SCMI_E_REMOTE)
		return SCMI_STATUS_BYTES;
	if (err != SCMI_OK || call->reply_len > LINK_PAYLOAD - SCMI_STATUS_BYTES)
		return 0;
	memcpy(out + SCMI_STATUS_BYTES, call->reply, call->reply_len);
	return SCMI_STATUS_BYTES + call->reply_len;
}

static int report(const struct recording_entry *e, uint32_t hdr, uint32_t len, int err, int32_t status, int same)
{
	enum scmi_msg_type type = scmi_hdr_type(hdr);
	const struct scmi_message_info *info = scmi_message_find(
		scmi_hdr_protocol(hdr), type == SCMI_MSG_DELAYED ? SCMI_MSG_COMMAND : type, scmi_hdr_message(hdr));

	printf("  line %2u  0x%02x:0x%02x %-36s %3u bytes  %s%s\n", e->line, scmi_hdr_protocol(hdr),
	       scmi_hdr_message(hdr), info != NULL ? info->name : scmi_protocol_name(scmi_hdr_protocol(hdr)), len,
	       err == SCMI_E_REMOTE ? scmi_status_text(status) : scmi_strerror(err), same ? "" : "   NOT AS RECORDED");
	return same;
}

/*
 * One recorded command, through agent, loopback and platform and back; delayed: the message that the recorded platform
 * sent when it was done, NULL if that was the response. Returns whether what came is what was recorded.
 */
static int play(struct stage *s, const struct recording_entry *e, const struct recording_entry *delayed)
{
	const uint8_t *expected = delayed != NULL ? delayed->sent : e->reply;
	uint32_t expected_len = delayed != NULL ? delayed->sent_len : e->reply_len;
	uint32_t hdr = scmi_get_le32(e->sent);
	uint8_t values[LINK_PAYLOAD];
	uint8_t got[LINK_PAYLOAD];
	struct scmi_call call = {
		.size = sizeof(call),
		.protocol = scmi_hdr_protocol(hdr),
		.message = scmi_hdr_message(hdr),
		.flags = delayed != NULL ? SCMI_CALL_DELAYED : 0u,
		.params = e->sent + SCMI_HDR_BYTES,
		.params_len = e->sent_len - SCMI_HDR_BYTES,
		.reply = values,
		.reply_cap = e->cap - SCMI_HDR_BYTES - SCMI_STATUS_BYTES,
	};
	int err = scmi_agent_submit(s->agent, &call);
	uint32_t len;

	if (delayed != NULL)
		(void)acme_complete(&s->acme);
	if (err == SCMI_OK)
		err = scmi_agent_wait(s->agent, &call);
	len = reply_bytes(&call, err, got);
	return report(delayed != NULL ? delayed : e, scmi_get_le32(expected), len, err, call.status,
		      len == expected_len - SCMI_HDR_BYTES && memcmp(got, expected + SCMI_HDR_BYTES, len) == 0);
}

/* The delayed response that the recorded platform sent to this command, if it did. */
static const struct recording_entry *delayed_of(const struct recording *r, size_t i)
{
	uint32_t hdr = scmi_get_le32(r->entries[i].sent);

	for (i++; i < r->count; i++) {
		uint32_t next = scmi_get_le32(r->entries[i].sent);

		if (r->entries[i].kind == RECORDING_EVENT && next == scmi_hdr_as(hdr, SCMI_MSG_DELAYED))
			return &r->entries[i];
		if (r->entries[i].kind == RECORDING_COMMAND && next == hdr)
			return NULL;
	}
	return NULL;
}

/*
 * A recorded trip of a sensor. The kernel had asked for none, which breaks the specification, and our platform does
 * not: so our agent asks first.
 */
static int play_trip(struct stage *s, const struct recording_entry *e)
{
	uint32_t sensor = scmi_get_le32(e->sent + 8);
	uint8_t params[8];
	struct scmi_call call = {
		.size = sizeof(call),
		.protocol = SCMI_PROTOCOL_SENSOR,
		.message = 0x4, /* SENSOR_TRIP_POINT_NOTIFY */
		.params = params,
		.params_len = sizeof(params),
	};
	int err;

	scmi_put_le32(params, sensor);
	scmi_put_le32(params + 4, 1);
	err = scmi_agent_call(s->agent, &call);
	s->event_len = 0;
	if (err == SCMI_OK)
		err = acme_trip(&s->acme, sensor, scmi_get_le32(e->sent + 12) >> 16 & 1u);
	return report(e, scmi_get_le32(e->sent), s->event_len - SCMI_HDR_BYTES, err, call.status,
		      s->event_len == e->sent_len && memcmp(s->event, e->sent, e->sent_len) == 0);
}

/* All of a recording, by an agent and a platform that have just begun. Returns 0 if every message is right. */
static int play_recording(struct stage *s, const struct recording *r, unsigned *played)
{
	unsigned wrong = 0;

	for (size_t i = 0; i < r->count; i++) {
		const struct recording_entry *e = &r->entries[i];
		int same = 1;

		if (e->kind == RECORDING_COMMAND)
			same = play(s, e, delayed_of(r, i));
		else if (e->kind == RECORDING_EVENT && scmi_hdr_type(scmi_get_le32(e->sent)) == SCMI_MSG_NOTIFICATION)
			same = play_trip(s, e);
		else
			continue; /* the delayed response to a command that has been played */
		wrong += !same;
		(*played)++;
	}
	return wrong != 0;
}

static int show_platform(struct stage *s)
{
	struct scmi_base_info info = {.size = sizeof(info)};
	int err = scmi_base_discover(s->agent, &info);

	if (err != SCMI_OK) {
		fprintf(stderr, "demo: discovery: %s\n", scmi_strerror(err));
		return 1;
	}
	printf("discovered\n  vendor          %s\n  sub-vendor      %s\n  implementation  0x%08x\n  base protocol   "
	       "%u.%u\n"
	       "  agents          %u\n",
	       info.vendor, info.sub_vendor, info.implementation, info.version >> 16, info.version & 0xffffu,
	       info.agent_count);
	for (uint32_t i = 0; i < info.protocol_count; i++) {
		uint32_t version = 0;

		err = scmi_protocol_version(s->agent, info.protocols[i], &version, NULL);
		printf("  protocol        0x%02x %-10s %u.%u%s\n", info.protocols[i],
		       scmi_protocol_name(info.protocols[i]), version >> 16, version & 0xffffu,
		       err == SCMI_OK ? "" : "  (no version)");
	}
	return 0;
}

static int show_clock(const struct scmi_clock_protocol *p, uint32_t id)
{
	struct scmi_clock_info info = {.size = sizeof(info)};
	struct scmi_clock_rates it;
	struct scmi_clock_rate rate;
	uint64_t now;
	int err = scmi_clock_info(p, id, &info, NULL);

	if (err == SCMI_OK)
		err = scmi_clock_rate_get(p, id, &now, NULL);
	if (err != SCMI_OK)
		return err;
	printf("  clock           %-10s %9llu Hz  %s; of", info.name, (unsigned long long)now,
	       (info.attributes & SCMI_CLOCK_ENABLED) != 0 ? "on" : "off");
	scmi_clock_rates_begin(p, id, &it);
	while ((err = scmi_clock_rates_next(&it, &rate, NULL)) == SCMI_OK)
		printf(" %llu", (unsigned long long)rate.min);
	printf("\n");
	return err == SCMI_E_NOTFOUND ? SCMI_OK : err;
}

static int show_clocks(struct stage *s)
{
	struct scmi_clock_protocol p;
	int err = scmi_clock_open(s->agent, 0, &p, NULL);

	for (uint32_t id = 0; err == SCMI_OK && id < p.clocks; id++)
		err = show_clock(&p, id);
	return err;
}

/* In thousandths, which is how the recorded platform measures. */
static int show_sensor(const struct scmi_sensor_protocol *p, const struct scmi_sensor_info *info)
{
	struct scmi_sensor_reading reading;
	int64_t milli;
	int err = scmi_sensor_read(p, info->id, false, &reading, 1, NULL, NULL);

	if (err == SCMI_OK)
		err = scmi_sensor_scale(reading.value, info->exponent, -3, &milli);
	if (err == SCMI_OK)
		printf("  sensor          %-10s %9lld m%s\n", info->name, (long long)milli,
		       scmi_sensor_unit_text(info->type));
	return err;
}

static int show_sensors(struct stage *s)
{
	struct scmi_sensor_protocol p;
	struct scmi_sensor_info info = {.size = sizeof(info)};
	struct scmi_sensors it;
	int err = scmi_sensor_open(s->agent, 0, &p, NULL);

	if (err != SCMI_OK)
		return err;
	scmi_sensors_begin(&p, &it);
	while ((err = scmi_sensors_next(&it, &info, NULL)) == SCMI_OK) {
		err = show_sensor(&p, &info);
		if (err != SCMI_OK)
			return err;
	}
	return err == SCMI_E_NOTFOUND ? SCMI_OK : err;
}

static int show_devices(struct stage *s)
{
	int err = show_clocks(s);

	if (err == SCMI_OK)
		err = show_sensors(s);
	if (err != SCMI_OK)
		fprintf(stderr, "demo: clocks and sensors: %s\n", scmi_strerror(err));
	return err != SCMI_OK;
}

static int play_file(struct stage *s, const char *path, unsigned *played)
{
	struct recording r;
	char error[200];
	int bad;
	int err;

	if (recording_load(&r, path, error, sizeof(error)) != 0) {
		fprintf(stderr, "demo: %s\n", error);
		return 1;
	}
	err = open_stage(s);
	if (err != SCMI_OK) {
		fprintf(stderr, "demo: %s\n", scmi_strerror(err));
		return 1;
	}
	printf("%s\n", path);
	bad = play_recording(s, &r, played);
	bad |= show_platform(s);
	bad |= show_devices(s);
	recording_free(&r);
	return close_stage(s) != SCMI_OK || bad;
}

int main(int argc, char **argv)
{
	static struct stage stage;
	unsigned played = 0;
	int bad = 0;

	for (int i = 1; i < argc; i++)
		bad |= play_file(&stage, argv[i], &played);
	printf("%u recorded commands and events: %s\n", played, bad ? "NOT all as recorded" : "each as recorded");
	return bad || played == 0;
}
