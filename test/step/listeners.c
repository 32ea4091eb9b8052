/* SPDX-License-Identifier: BSD-3-Clause */
/* Notifications, and who listens to them. */
#include "world.h"

static struct listener *listener_of(struct scmi_subscriber *node)
{
	return (struct listener *)(void *)node;
}

static void on_notify(struct scmi_subscriber *node, uint32_t hdr, const void *payload, uint32_t len)
{
	struct listener *l = listener_of(node);
	uint32_t event = scmi_hdr_message(hdr);

	step_point(l);
	if (!l->listed || (l->barred >> event & 1))
		step_fail("a handler runs after it has been removed");
	l->running++;
	step_user_read(payload, len);
	if (len != 8 || ((const uint32_t *)payload)[1] != event)
		step_fail("a notification carries another one's values");
	world->accepted += !(world->heard >> event & 1);
	world->heard |= 1u << event;
	if (l->hears != NULL)
		l->hears(l);
	step_user_write(&world->diary[step_self() % STEP_CONTEXTS], sizeof(world->diary[0]));
	step_point(l);
	l->running--;
}

void make_listeners(void)
{
	static const char *const names[LISTENERS] = {"node 0", "node 1"};

	world->listeners = true;
	for (unsigned i = 0; i < LISTENERS; i++) {
		struct listener *l = &world->listener[i];

		l->node = (struct scmi_subscriber){
			.size = sizeof(l->node), .protocol = SCMI_ANY, .message = SCMI_ANY, .notify = on_notify};
		l->region = step_region(names[i], &l->node, sizeof(l->node));
	}
	add_listener(0);
}

void add_listener(unsigned i)
{
	struct listener *l = &world->listener[i];
	int err;

	step_point(l);
	l->listed = true;
	l->leaving = false;
	l->barred = 0;
	step_own(l->region, STEP_LIBRARY);
	err = scmi_agent_subscribe(world->agent, &l->node);
	if (err != SCMI_OK)
		step_fail("subscribe returns %d", err);
}

/* From a thread it returns only when the handler neither runs nor will; from a callback when it will not run anew. */
int remove_listener(unsigned i)
{
	struct listener *l = &world->listener[i];
	int err = scmi_agent_unsubscribe(world->agent, &l->node);

	step_point(l);
	step_note("unsubscribe of %u: %d", i, err);
	if (err == SCMI_OK) {
		if (l->running)
			step_fail("unsubscribe returns while the handler runs");
		l->listed = false;
		step_own(l->region, STEP_USER);
		step_user_write(&l->node.arg, sizeof(l->node.arg));
	} else if (err == SCMI_E_INPROGRESS) {
		l->leaving = true;
	} else if (err != SCMI_E_NOTFOUND) {
		step_fail("unsubscribe returns %d", err);
	}
	return err;
}

void notify_one(unsigned event, bool hold)
{
	struct wire *wire = &world->wire[0];
	const struct message m = {.hdr = scmi_hdr(PROTOCOL, (uint8_t)event, SCMI_MSG_NOTIFICATION, 0), .ghost = event};
	const struct scmi_rx rx = {.hdr = m.hdr, .len = 8, .cookie = (void *)(uintptr_t)&m, .token = SCMI_TOKEN_ANY};
	struct scmi_xfer x;
	int err;

	step_point(wire);
	if (wire->deaf)
		return;
	wire->upcalls++;
	for (unsigned i = 0; i < LISTENERS; i++)
		world->listener[i].barred |= world->listener[i].leaving ? 1u << event : 0;
	if (hold) {
		err = wire->sink->acquire(wire->core, m.hdr, &x);
		if (err == SCMI_OK) {
			x.priv = (void *)(uintptr_t)&m;
			err = wire->sink->complete(wire->core, &x, 8);
			wire->sink->release(wire->core, &x);
		}
	} else {
		err = wire->sink->rx(wire->core, &rx);
	}
	if (err != SCMI_OK && err != SCMI_E_BUSY && err != SCMI_E_STRAY)
		step_fail("a notification: the sink returns %d", err);
	world->received++;
	upcall_over(wire);
}
