/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "ears.h"

char ears_heard[EARS_HEARD + 1];

void ears_note(char c)
{
	size_t n = strlen(ears_heard);

	assert_in_range(n, 0, EARS_HEARD - 1u);
	ears_heard[n] = c;
	ears_heard[n + 1] = '\0';
}

static void on_notify(struct scmi_subscriber *self, uint32_t hdr, const void *payload, uint32_t len)
{
	struct ear *e = self->arg;

	(void)payload;
	(void)len;
	e->heard++;
	ears_note(e->name);
	ears_note((char)scmi_hdr_message(hdr));
	if (e->then != NULL)
		e->then(e);
}

void ear_init(struct rig *r, struct ear *e, char name)
{
	*e = (struct ear){.r = r, .name = name};
	e->node = (struct scmi_subscriber){
		.size = sizeof(e->node), .protocol = SCMI_ANY, .message = SCMI_ANY, .notify = on_notify, .arg = e};
}

int ear_add(struct ear *e)
{
	return scmi_agent_subscribe(e->r->agent, &e->node);
}

int ear_take_off(struct ear *e)
{
	return scmi_agent_unsubscribe(e->r->agent, &e->node);
}

struct rig *ears_up(struct ear *e, unsigned n, uint32_t flags)
{
	struct rig *r = rig_new(EARS_CAPS, 4);

	ears_heard[0] = '\0';
	r->config.flags = flags;
	r->config.event_buffers = EARS_BUFFERS;
	rig_start(r);
	for (unsigned i = 0; i < n; i++) {
		ear_init(r, &e[i], (char)('A' + i));
		assert_int_equal(ear_add(&e[i]), SCMI_OK);
	}
	return r;
}

int ears_notify_of(struct script *s, uint8_t protocol, char message)
{
	return script_rx(s, scmi_hdr(protocol, (uint8_t)message, SCMI_MSG_NOTIFICATION, 0), NULL, 0);
}

int ears_notify(struct rig *r, char message)
{
	return ears_notify_of(&r->script, SCMI_PROTOCOL_SENSOR, message);
}

void assert_heard(const char *expected)
{
	assert_string_equal(ears_heard, expected);
	ears_heard[0] = '\0';
}
