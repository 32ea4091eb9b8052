/* SPDX-License-Identifier: BSD-3-Clause */
/* Configurations with several links: what is allowed, which link a fault is in, and how much memory they take. */
#include <stdalign.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent_rig.h"

#define WORD     sizeof(max_align_t)
#define PROTOCOL 0x80u /* of the first of the further links; the others count on */

static alignas(max_align_t) unsigned char memory[1024];

static struct rig *rig_with(uint32_t links)
{
	struct rig *r = rig_new(RIG_IRQ, 8);

	for (uint32_t i = 0; i < links; i++)
		(void)rig_link(r, (uint8_t)(PROTOCOL + i), RIG_IRQ | SCMI_CAP_NOTIFY, 8);
	return r;
}

/* The configuration is refused, nothing is written, and one line names the member. */
static void refuse(struct rig *r, const char *member)
{
	struct scmi_agent *agent = NULL;
	char line[160];

	r->line_count = 0;
	memset(memory, 0x5c, sizeof(memory));
	assert_int_equal(scmi_agent_size(&r->config), 0);
	assert_int_equal(scmi_agent_init(&agent, memory, sizeof(memory), &r->config), SCMI_E_INVAL);
	assert_null(agent);
	for (size_t i = 0; i < sizeof(memory); i++)
		assert_int_equal(memory[i], 0x5c);
	assert_int_equal(r->line_count, 1);
	(void)snprintf(line, sizeof(line), "agent configuration: %s", member);
	if (strncmp(r->lines[0], line, strlen(line)) != 0)
		fail_msg("the line names not \"%s\" but says \"%s\"", member, r->lines[0]);
}

/* The member of this link has a wrong value, then it is put back. */
#define REFUSES(at, member, value, name)                                                                               \
	do {                                                                                                           \
		struct scmi_link was = r->links[at];                                                                   \
                                                                                                                       \
		r->links[at].member = (value);                                                                         \
		refuse(r, "links[" #at "]: " name);                                                                    \
		r->links[at] = was;                                                                                    \
	} while (0)

static void each_fault_names_its_link(void **state)
{
	struct rig *r = rig_with(3);

	(void)state;
	REFUSES(0, size, sizeof(struct scmi_link) - 1, "size");
	REFUSES(1, size, 0, "size");
	REFUSES(2, protocol, 0, "protocol: not");
	REFUSES(0, protocol, 0xf, "protocol: not");
	REFUSES(1, protocol, 0x100, "protocol: not");
	REFUSES(1, protocol, SCMI_ANY, "protocol: not");
	REFUSES(2, protocol, PROTOCOL + 1, "protocol: has a link already");
	REFUSES(1, protocol, PROTOCOL, "protocol: has a link already");
	REFUSES(0, transport, NULL, "transport: NULL");
	REFUSES(2, transport, NULL, "transport: NULL");
	REFUSES(1, options.slots, 12, "slots: not a power of two; the next one is 16");
	REFUSES(2, options.slots, 2048, "slots: more");
	REFUSES(0, options.reserved, 8, "reserved");
	REFUSES(0, options.reserved, UINT32_MAX, "reserved");
	REFUSES(2, options.lateness_us, 3600000001u, "lateness_us");
	rig_end(r);
}

static void each_transport_fault_names_its_link(void **state)
{
	struct rig *r = rig_with(3);

	(void)state;
	r->extra[1]->transport.size--;
	refuse(r, "links[1]: transport.size");
	r->extra[1]->transport.size++;
	r->extra[2]->ops.send = NULL;
	refuse(r, "links[2]: transport.ops.send");
	r->extra[2]->ops.send = r->extra[1]->ops.send;
	r->extra[0]->transport.max_inflight = 0;
	refuse(r, "links[0]: transport.max_inflight");
	r->extra[0]->transport.max_inflight = 8;
	r->links[0].options.reserved = 7;
	assert_int_not_equal(scmi_agent_size(&r->config), 0);
	r->extra[0]->transport.max_inflight = 7;
	refuse(r, "links[0]: reserved");
	r->links[0].options.reserved = 0;
	r->extra[2]->transport.caps |= SCMI_CAP_PEER_BUFS;
	r->links[2].options.lateness_us = 1;
	refuse(r, "links[2]: lateness_us");
	rig_end(r);
}

/* The default link comes first, and has no number. */
static void fault_of_the_default_link_is_named_as_ever(void **state)
{
	struct rig *r = rig_with(2);

	(void)state;
	r->links[0].transport = NULL;
	r->config.options.slots = 3;
	refuse(r, "slots: not a power of two; the next one is 4");
	r->config.options.slots = 8;
	r->config.options.reserved = 8;
	refuse(r, "reserved");
	rig_end(r);
}

static void links_without_an_array_or_too_many_are_refused(void **state)
{
	struct rig *r = rig_with(RIG_LINKS);

	(void)state;
	r->config.links = NULL;
	refuse(r, "links: NULL");
	r->config.links = r->links;
	r->config.links_n = SCMI_LINKS_MAX;
	refuse(r, "links_n");
	r->config.links_n = UINT32_MAX;
	refuse(r, "links_n");
	r->config.links_n = RIG_LINKS;
	assert_int_not_equal(scmi_agent_size(&r->config), 0);
	rig_end(r);
}

static void slots_of_all_links_are_bounded(void **state)
{
	struct rig *r = rig_with(5);

	(void)state;
	r->config.options.slots = 1024;
	for (int i = 0; i < 3; i++)
		r->links[i].options.slots = 1024;
	refuse(r, "links: more than 4096 slots in all");
	r->links[2].options.slots = 512;
	r->links[3].options.slots = 256;
	r->links[4].options.slots = 256;
	assert_int_not_equal(scmi_agent_size(&r->config), 0);
	r->links[4].options.slots = 512;
	refuse(r, "links: more than 4096 slots in all");
	r->links[3].options.slots = 4;
	r->links[4].options.slots = 0; /* 64 */
	assert_int_not_equal(scmi_agent_size(&r->config), 0);
	rig_end(r);
}

/* The very last place of the last link works, and all of them end. */
static void all_4096_slots_are_used(void **state)
{
	struct rig *r = rig_with(3);
	struct rig_call *c = calloc(SCMI_LINKS_SLOTS_MAX, sizeof(*c));

	(void)state;
	assert_non_null(c);
	r->config.options.slots = 1024;
	for (int i = 0; i < 3; i++)
		r->links[i].options.slots = 1024;
	rig_start(r);
	for (unsigned i = 0; i < SCMI_LINKS_SLOTS_MAX; i++) {
		rig_call_init(r, &c[i]);
		if (i % 4 != 0)
			c[i].call.protocol = (uint8_t)(PROTOCOL + i % 4 - 1);
		assert_int_equal(rig_submit(&c[i]), SCMI_OK);
	}
	assert_int_equal(rig_stats(r).in_flight, SCMI_LINKS_SLOTS_MAX);
	/* Each call finds its own slot by its ticket. */
	for (unsigned i = SCMI_LINKS_SLOTS_MAX; i-- != 0;) {
		assert_int_equal(scmi_agent_cancel(r->agent, &c[i].call), SCMI_OK);
		assert_ended(&c[i], SCMI_E_CANCELLED);
	}
	rig_end(r);
	free(c);
}

/* ---- memory ---- */

static void exact_memory_is_enough_and_a_byte_less_is_not(void **state)
{
	(void)state;
	for (uint32_t links = 0; links <= RIG_LINKS; links++) {
		struct rig *r = rig_with(links);
		struct scmi_agent *agent = NULL;
		size_t size = scmi_agent_size(&r->config);
		void *mem = malloc(size);

		assert_non_null(mem);
		assert_int_equal(scmi_agent_init(&agent, mem, size - 1, &r->config), SCMI_E_NOMEM);
		assert_null(agent);
		assert_int_equal(r->fake.calls.event_init, 0);
		free(mem);
		rig_start(r); /* between guards, in just as much */
		for (uint32_t i = 0; i < links; i++) {
			struct rig_call c;

			rig_call_init(r, &c);
			c.call.protocol = (uint8_t)(PROTOCOL + i);
			assert_int_equal(rig_submit(&c), SCMI_OK);
			assert_int_equal(script_reply(r->extra[i], script_last(r->extra[i]), SCMI_SUCCESS, NULL, 0),
					 SCMI_OK);
			assert_ended(&c, SCMI_OK);
		}
		rig_end(r);
	}
}

static void link_words_bound_what_a_link_adds(void **state)
{
	(void)state;
	for (uint32_t slots = 1; slots <= 256; slots *= 2) {
		struct rig *r = rig_with(RIG_LINKS);
		size_t words = SCMI_AGENT_WORDS(8);

		for (uint32_t links = 0; links <= RIG_LINKS; links++) {
			r->config.links_n = links;
			if (links != 0) {
				r->links[links - 1].options.slots = slots;
				words += SCMI_AGENT_LINK_WORDS(slots);
			}
			assert_true(scmi_agent_size(&r->config) != 0);
			assert_true(scmi_agent_size(&r->config) <= words * WORD);
		}
		rig_end(r);
	}
}

static void each_link_logs_its_limit(void **state)
{
	struct rig *r = rig_with(2);

	(void)state;
	r->extra[0]->transport.max_inflight = 3;
	r->extra[1]->ops.name = "another";
	rig_init(r);
	assert_int_equal(r->line_count, 3);
	assert_true(rig_logged(r, "script: 8 commands in flight at most (pool 8, transport 1024"));
	assert_true(rig_logged(r, "script: 3 commands in flight at most (pool 8, transport 3"));
	assert_true(rig_logged(r, "another: 8 commands"));
	rig_end(r);
}

static void links_are_lent_and_transports_copied(void **state)
{
	struct rig *r = rig_with(2);
	struct scmi_transport own = r->extra[1]->transport;
	struct rig_call c;

	(void)state;
	r->links[1].transport = &own;
	rig_init(r);
	memset(&own, 0xff, sizeof(own));
	memset(r->links, 0xff, sizeof(r->links));
	rig_start(r);
	rig_call_init(r, &c);
	c.call.protocol = PROTOCOL + 1;
	assert_int_equal(rig_submit(&c), SCMI_OK);
	assert_int_equal(r->extra[1]->went_out, 1);
	assert_int_equal(script_reply(r->extra[1], script_last(r->extra[1]), SCMI_SUCCESS, NULL, 0), SCMI_OK);
	rig_end(r);
}

/* One link that brings notifications is enough for buffers; their size is the largest of those. */
static void event_buffers_are_for_any_link_that_notifies(void **state)
{
	struct rig *r = rig_with(2);
	size_t without;

	(void)state;
	without = scmi_agent_size(&r->config);
	r->config.event_buffers = 1;
	r->script.transport.max_payload = 1024; /* does not notify */
	r->extra[0]->transport.max_payload = 64;
	r->extra[1]->transport.max_payload = 256;
	assert_in_range(scmi_agent_size(&r->config) - without, 256, 256 + SCMI_AGENT_BUFFER_BYTES + WORD);
	r->extra[0]->transport.caps &= ~SCMI_CAP_NOTIFY;
	r->extra[1]->transport.caps &= ~SCMI_CAP_NOTIFY;
	refuse(r, "event_buffers");
	rig_end(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_fault_names_its_link),
		cmocka_unit_test(each_transport_fault_names_its_link),
		cmocka_unit_test(fault_of_the_default_link_is_named_as_ever),
		cmocka_unit_test(links_without_an_array_or_too_many_are_refused),
		cmocka_unit_test(slots_of_all_links_are_bounded),
		cmocka_unit_test(all_4096_slots_are_used),
		cmocka_unit_test(exact_memory_is_enough_and_a_byte_less_is_not),
		cmocka_unit_test(link_words_bound_what_a_link_adds),
		cmocka_unit_test(each_link_logs_its_limit),
		cmocka_unit_test(links_are_lent_and_transports_copied),
		cmocka_unit_test(event_buffers_are_for_any_link_that_notifies),
	};

	return cmocka_run_group_tests_name("agent_links_config", tests, NULL, NULL);
}
