/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The demo, and the first interop test: what a real Linux kernel asked, our agent asks our platform over loopback, and
 * each answer is held against the one that the kernel accepted. Then the agent discovers the platform by itself.
 *
 *   demo RECORDING..    exit status 0: every answer was the recorded one, byte for byte (the token apart, which each
 *                       agent chooses for itself)
 */
#include <stdio.h>
#include <string.h>

#include <scmi/agent.h>
#include <scmi/port/posix.h>
#include <scmi/protocol/base.h>
#include <scmi/transport/loopback.h>

#include "acme.h"
#include "recording.h"

#define LINK_PAYLOAD 132u

static max_align_t link_mem[8192];
static max_align_t agent_mem[SCMI_AGENT_WORDS(SCMI_SLOTS_DEFAULT)];

/* Everything that takes part, from wire to wire. */
struct stage {
	struct acme acme;
	struct scmi_loopback *loopback;
	struct scmi_posix posix;
	struct scmi_port port;
	struct scmi_agent *agent;
};

static int open_stage(struct stage *s)
{
	struct scmi_loopback_config link = {.size = sizeof(link), .max_payload = LINK_PAYLOAD};
	struct scmi_transport transport;
	struct scmi_endpoint endpoint;
	struct scmi_agent_config config = {.size = sizeof(config), .transport = &transport, .port = &s->port};
	int err = scmi_posix_init(&s->posix, &s->port);

	if (err == SCMI_OK)
		err = scmi_loopback_init(&s->loopback, link_mem, sizeof(link_mem), &link, &transport, &endpoint);
	if (err == SCMI_OK)
		err = acme_open(&s->acme, &endpoint, NULL, NULL);
	if (err == SCMI_OK)
		err = scmi_agent_init(&s->agent, agent_mem, sizeof(agent_mem), &config);
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

/* One recorded command, through agent, loopback and platform and back. Returns whether the answer is the recorded one. */
static int play(struct stage *s, const struct recording_entry *e)
{
	uint32_t hdr = scmi_get_le32(e->sent);
	uint8_t values[LINK_PAYLOAD];
	uint8_t got[LINK_PAYLOAD];
	struct scmi_call call = {
		.size = sizeof(call),
		.protocol = scmi_hdr_protocol(hdr),
		.message = scmi_hdr_message(hdr),
		.params = e->sent + SCMI_HDR_BYTES,
		.params_len = e->sent_len - SCMI_HDR_BYTES,
		.reply = values,
		.reply_cap = e->cap - SCMI_HDR_BYTES - SCMI_STATUS_BYTES,
	};
	int err = scmi_agent_call(s->agent, &call);
	uint32_t len = reply_bytes(&call, err, got);
	int same = len == e->reply_len - SCMI_HDR_BYTES && memcmp(got, e->reply + SCMI_HDR_BYTES, len) == 0;
	const struct scmi_message_info *info = scmi_message_find(call.protocol, SCMI_MSG_COMMAND, call.message);

	printf("  line %2u  0x%02x:0x%02x %-36s %3u bytes  %s%s\n", e->line, call.protocol, call.message,
	       info != NULL ? info->name : scmi_protocol_name(call.protocol), len,
	       err == SCMI_E_REMOTE ? scmi_status_text(call.status) : scmi_strerror(err),
	       same ? "" : "   NOT AS RECORDED");
	return same;
}

/* The recorded platform answered twice: delayed responses are not there yet. */
static int is_delayed(const struct recording *r, size_t i)
{
	uint32_t hdr = scmi_get_le32(r->entries[i].sent);

	for (i++; i < r->count; i++) {
		if (r->entries[i].kind == RECORDING_EVENT &&
		    scmi_get_le32(r->entries[i].sent) == scmi_hdr_as(hdr, SCMI_MSG_DELAYED))
			return 1;
	}
	return 0;
}

/* All commands of a recording, by an agent and a platform that have just begun. Returns 0 if every answer is right. */
static int play_recording(struct stage *s, const struct recording *r, unsigned *played)
{
	unsigned wrong = 0;
	unsigned other = 0;

	for (size_t i = 0; i < r->count; i++) {
		const struct recording_entry *e = &r->entries[i];

		if (e->kind != RECORDING_COMMAND || is_delayed(r, i)) {
			other++;
			continue;
		}
		wrong += !play(s, e);
		(*played)++;
	}
	if (other != 0)
		printf("  (%u lines left out: what the platform sent by itself, and commands with a delayed "
		       "response)\n",
		       other);
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
	printf("%u recorded commands answered: %s\n", played, bad ? "NOT all as recorded" : "each as recorded");
	return bad || played == 0;
}
