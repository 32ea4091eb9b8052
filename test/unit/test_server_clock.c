/* SPDX-License-Identifier: BSD-3-Clause */
/* The clock server on the wire: every message by hand-written vectors, in each version; lengths, rooms, permissions. */
#include "clock_fixture.h"

#include <string.h>

#include "clock_vectors.h"

#define TOKEN 0x2aau

static bool is_answered(struct fixture *f, const struct clock_vector *v)
{
	uint8_t params[VECTOR_BYTES];
	uint8_t wanted[VECTOR_BYTES];
	uint32_t len = vector_bytes(params, v->params);
	uint32_t reply_len = vector_bytes(wanted, v->reply);

	fake_deliver(&f->endpoints[0], &f->request, scmi_hdr(CLOCK, v->id, SCMI_MSG_COMMAND, TOKEN), params, len,
		     FAKE_PAYLOAD);
	return fake_status(&f->request) != INT32_MIN && f->request.reply_len == reply_len &&
	       memcmp(f->request.reply, wanted, reply_len) == 0;
}

static bool is_sent(struct fixture *f, const struct clock_vector *v, unsigned sent)
{
	const struct fake_message *m = &f->endpoints[0].log[sent];
	uint8_t wanted[VECTOR_BYTES];
	uint32_t len = vector_bytes(wanted, v->reply);
	uint16_t token = v->kind == SCMI_MSG_DELAYED ? TOKEN : 0;

	return atomic_load(&f->endpoints[0].taken) > sent && m->len == len && memcmp(m->bytes, wanted, len) == 0 &&
	       m->hdr == scmi_hdr(CLOCK, v->id, (enum scmi_msg_type)v->kind, token);
}

static void replay(struct fixture *f, uint8_t version)
{
	unsigned sent = 0;

	for (size_t i = 0; i < clock_vectors_n; i++) {
		const struct clock_vector *v = &clock_vectors[i];

		if ((v->versions & version) == 0)
			continue;
		if (!(v->kind == SCMI_MSG_COMMAND ? is_answered(f, v) : is_sent(f, v, sent++)))
			fail_msg("vector %zu (message 0x%x, kind %d), version 0x%x", i, v->id, v->kind,
				 vector_version(version));
	}
	assert_int_equal(atomic_load(&f->endpoints[0].taken), sent);
}

static void vectors_of_each_version_are_answered_byte_for_byte(void **state)
{
	static const uint8_t versions[] = {V1_0, V2_0, V3_0};

	for (unsigned i = 0; i < sizeof(versions); i++) {
		fixture_reopen(*state, vector_version(versions[i]));
		replay(*state, versions[i]);
	}
}

/*
 * What a platform of 3.0 says to an agent that has negotiated is what one of that version says, but for these
 * messages.
 */
static void vectors_hold_for_an_agent_that_has_negotiated_an_older_version(void **state)
{
	static const uint8_t versions[] = {V1_0, V2_0};

	for (unsigned k = 0; k < sizeof(versions); k++) {
		struct fixture *f = *state;
		unsigned sent = 0;

		fixture_reopen(f, SCMI_VERSION(3, 0));
		assert_int_equal(ASK(f, SCMI_NEGOTIATE_PROTOCOL_VERSION, 1, vector_version(versions[k])), SCMI_SUCCESS);
		for (size_t i = 0; i < clock_vectors_n; i++) {
			const struct clock_vector *v = &clock_vectors[i];

			if ((v->versions & versions[k]) == 0 || v->id == SCMI_NEGOTIATE_PROTOCOL_VERSION ||
			    (v->kind == SCMI_MSG_COMMAND && v->id == SCMI_PROTOCOL_VERSION) ||
			    (v->id == SCMI_PROTOCOL_MESSAGE_ATTRIBUTES && strcmp(v->params, "10000000") == 0))
				continue;
			if (!(v->kind == SCMI_MSG_COMMAND ? is_answered(f, v) : is_sent(f, v, sent++)))
				fail_msg("vector %zu (message 0x%x, kind %d)", i, v->id, v->kind);
		}
		/* The other agent still has what there is. */
		assert_int_equal(ASK_BY(f, 2, SCMI_CLOCK_GET_PERMISSIONS, 1, UART), SCMI_SUCCESS);
	}
}

/* One vector at least for each message of the table, in each version that has it. */
static void vectors_leave_out_no_message_of_the_table(void **state)
{
	static const uint8_t versions[] = {V1_0, V2_0, V3_0};
	const struct scmi_message_info *row = NULL;
	unsigned rows = 0;

	(void)state;
	while ((row = scmi_message_next(CLOCK, row)) != NULL) {
		rows++;
		for (unsigned k = 0; k < sizeof(versions); k++) {
			unsigned found = 0;

			for (size_t i = 0; i < clock_vectors_n; i++)
				found += clock_vectors[i].kind == row->kind && clock_vectors[i].id == row->id &&
					 (clock_vectors[i].versions & versions[k]) != 0;
			if (row->since > vector_version(versions[k]))
				continue;
			if (found == 0)
				fail_msg("no vector of %s for version 0x%x", row->name, vector_version(versions[k]));
		}
	}
	assert_int_equal(rows, 20);
}

static bool takes_length(const struct scmi_message_info *row, uint32_t version, uint32_t len)
{
	if (row->id == SCMI_CLOCK_CONFIG_SET)
		return len == (version >= SCMI_VERSION(3, 0) ? 12u : 8u);
	return len == row->params_min;
}

static void parameters_of_a_wrong_length_are_a_protocol_error(void **state)
{
	static const uint8_t versions[] = {V1_0, V2_0, V3_0};
	static const uint8_t params[32];
	struct fixture *f = *state;

	for (unsigned k = 0; k < sizeof(versions); k++) {
		const struct scmi_message_info *row = NULL;
		uint32_t version = vector_version(versions[k]);

		fixture_reopen(f, version);
		while ((row = scmi_message_next(CLOCK, row)) != NULL) {
			bool offered = row->since <= version &&
				       (row->id != SCMI_NEGOTIATE_PROTOCOL_VERSION || version >= SCMI_VERSION(3, 0));

			for (uint32_t len = 0; row->kind == SCMI_MSG_COMMAND && len <= sizeof(params); len++) {
				int32_t status;

				fake_deliver(&f->endpoints[0], &f->request,
					     scmi_hdr(CLOCK, row->id, SCMI_MSG_COMMAND, TOKEN), params, len,
					     FAKE_PAYLOAD);
				status = fake_status(&f->request);
				if (!offered)
					assert_int_equal(status, SCMI_NOT_SUPPORTED);
				else if (!takes_length(row, version, len))
					assert_int_equal(status, SCMI_PROTOCOL_ERROR);
				else
					assert_int_not_equal(status, SCMI_PROTOCOL_ERROR);
			}
		}
	}
}

/* Whole elements only, one at least; what does not fit is asked for with the next index. */
static void rates_come_in_parts_where_the_room_is_small(void **state)
{
	static uint64_t rates[100];
	struct fixture *f = *state;
	const uint32_t hdr = scmi_hdr(CLOCK, SCMI_CLOCK_DESCRIBE_RATES, SCMI_MSG_COMMAND, TOKEN);

	for (unsigned i = 0; i < 100; i++)
		rates[i] = 0x100000000u * i + i;
	f->device.clocks[UART].rates = rates;
	f->device.clocks[UART].rates_n = 100;
	for (uint32_t cap = 4; cap <= 64; cap++) {
		uint32_t fit = cap < 16 ? 0 : (cap - 8u) / 8u;
		uint8_t params[8] = {0};
		uint32_t index = 0;

		while (index < 100) {
			uint32_t n = 100 - index < fit ? 100 - index : fit;

			scmi_put_le32(params + 4, index);
			fake_deliver(&f->endpoints[0], &f->request, hdr, params, sizeof(params), cap);
			if (fit == 0) {
				assert_int_equal(fake_status(&f->request), SCMI_COMMS_ERROR);
				break;
			}
			assert_int_equal(fake_status(&f->request), SCMI_SUCCESS);
			assert_int_equal(fake_values_len(&f->request), 4u + 8u * n);
			assert_int_equal(fake_value(&f->request, 0), n | (100 - index - n) << 16);
			assert_int_equal(fake_value(&f->request, 1), index);
			assert_int_equal(fake_value(&f->request, 2), index);
			assert_int_equal(fake_value(&f->request, 2 * n), index + n - 1u);
			index += n;
		}
	}
}

/* The count has twelve bits, however much room there is. */
static void reply_counts_4095_rates_at_most(void **state)
{
	static uint64_t rates[4096];
	const uint32_t hdr = scmi_hdr(CLOCK, SCMI_CLOCK_DESCRIBE_RATES, SCMI_MSG_COMMAND, TOKEN);
	struct fixture *f = *state;
	uint8_t params[8] = {0};

	for (unsigned i = 0; i < 4096; i++)
		rates[i] = i;
	f->device.clocks[UART].rates = rates;
	f->device.clocks[UART].rates_n = 4096;
	fake_deliver(&f->endpoints[0], &f->request, hdr, params, sizeof(params), 40000);
	assert_int_equal(fake_status(&f->request), SCMI_SUCCESS);
	assert_int_equal(fake_value(&f->request, 0), 4095u | 1u << 16);
	assert_int_equal(fake_values_len(&f->request), 4u + 8u * 4095u);
}

static void range_goes_whole_or_not_at_all(void **state)
{
	const uint32_t hdr = scmi_hdr(CLOCK, SCMI_CLOCK_DESCRIBE_RATES, SCMI_MSG_COMMAND, TOKEN);
	struct fixture *f = *state;
	uint8_t params[8] = {PIXEL};

	for (uint32_t cap = 4; cap <= 40; cap++) {
		fake_deliver(&f->endpoints[0], &f->request, hdr, params, sizeof(params), cap);
		assert_int_equal(fake_status(&f->request), cap < 32 ? SCMI_COMMS_ERROR : SCMI_SUCCESS);
	}
}

static void parents_come_in_parts_where_the_room_is_small(void **state)
{
	const uint32_t hdr = scmi_hdr(CLOCK, SCMI_CLOCK_POSSIBLE_PARENTS_GET, SCMI_MSG_COMMAND, TOKEN);
	static const uint32_t none_fit = 11;
	struct fixture *f = *state;
	uint8_t params[8] = {PIXEL};

	for (uint32_t cap = 4; cap <= none_fit; cap++) {
		fake_deliver(&f->endpoints[0], &f->request, hdr, params, sizeof(params), cap);
		assert_int_equal(fake_status(&f->request), SCMI_COMMS_ERROR);
	}
	fake_deliver(&f->endpoints[0], &f->request, hdr, params, sizeof(params), 12);
	assert_int_equal(fake_status(&f->request), SCMI_SUCCESS);
	assert_int_equal(fake_value(&f->request, 0), 1u | 1u << 24);
	assert_int_equal(fake_value(&f->request, 1), UART);
	/* Exactly room for two, and one is left. */
	params[4] = 1;
	fake_deliver(&f->endpoints[0], &f->request, hdr, params, sizeof(params), 16);
	assert_int_equal(fake_status(&f->request), SCMI_SUCCESS);
	assert_int_equal(fake_values_len(&f->request), 8);
	assert_int_equal(fake_value(&f->request, 0), 1);
	params[4] = 0;
	params[0] = UART; /* which has none: nothing has to fit */
	fake_deliver(&f->endpoints[0], &f->request, hdr, params, sizeof(params), 8);
	assert_int_equal(fake_status(&f->request), SCMI_SUCCESS);
}

static void agent_that_may_not_use_a_clock_sees_it_and_no_more(void **state)
{
	struct fixture *f = *state;

	f->device.denied = 1;
	assert_int_equal(ASK(f, SCMI_CLOCK_ATTRIBUTES, 1, UART), SCMI_SUCCESS);
	assert_int_equal(fake_value(&f->request, 0) & SCMI_CLOCK_RESTRICTED, SCMI_CLOCK_RESTRICTED);
	assert_int_equal(ASK(f, SCMI_CLOCK_DESCRIBE_RATES, 2, UART, 0u), SCMI_SUCCESS);
	assert_int_equal(ASK(f, SCMI_CLOCK_NAME_GET, 1, UART), SCMI_SUCCESS);
	assert_int_equal(ASK(f, SCMI_CLOCK_POSSIBLE_PARENTS_GET, 2, PIXEL, 0u), SCMI_SUCCESS);
	assert_int_equal(ASK(f, SCMI_CLOCK_GET_PERMISSIONS, 1, UART), SCMI_SUCCESS);
	assert_int_equal(fake_value(&f->request, 0), 0);
	assert_int_equal(ASK(f, SCMI_CLOCK_RATE_GET, 1, UART), SCMI_DENIED);
	assert_int_equal(ASK(f, SCMI_CLOCK_RATE_SET, 4, 0u, UART, 24000000u, 0u), SCMI_DENIED);
	assert_int_equal(ASK(f, SCMI_CLOCK_CONFIG_SET, 3, UART, 0u, 0u), SCMI_DENIED);
	assert_int_equal(ASK(f, SCMI_CLOCK_CONFIG_GET, 2, UART, 0u), SCMI_DENIED);
	assert_int_equal(ASK(f, SCMI_CLOCK_PARENT_GET, 1, PIXEL), SCMI_DENIED);
	assert_int_equal(ASK(f, SCMI_CLOCK_PARENT_SET, 2, PIXEL, UART), SCMI_DENIED);
	assert_int_equal(ASK(f, SCMI_CLOCK_RATE_NOTIFY, 2, UART, 1u), SCMI_DENIED);
	assert_int_equal(ASK(f, SCMI_CLOCK_RATE_CHANGE_REQUESTED_NOTIFY, 2, UART, 1u), SCMI_DENIED);
	assert_int_equal(ASK_BY(f, 2, SCMI_CLOCK_RATE_GET, 1, UART), SCMI_SUCCESS);
}

/* What a model cannot do is not offered. */
static void model_that_only_reads_offers_no_more(void **state)
{
	static const uint8_t offered[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 0xb, 0xf, 0x10};
	struct fixture *f = *state;

	fixture_close(f);
	fixture_fill(f, 0);
	f->device.ops = (struct scmi_clock_ops){.size = sizeof(f->device.ops), .rate_get = f->device.ops.rate_get};
	f->device.model.wants = NULL;
	f->device.clocks[PIXEL].parents = NULL;
	f->device.clocks[PIXEL].parents_n = 0;
	f->device.clocks[PIXEL].flags = 0;
	fixture_open(f);
	for (uint32_t id = 0; id <= 0x20; id++) {
		int32_t wanted = memchr(offered, (int)id, sizeof(offered)) != NULL ? SCMI_SUCCESS : SCMI_NOT_FOUND;

		assert_int_equal(ASK(f, SCMI_PROTOCOL_MESSAGE_ATTRIBUTES, 1, id), wanted);
	}
	/* These two are mandatory: they are there, and say no. */
	assert_int_equal(ASK(f, SCMI_CLOCK_RATE_SET, 4, 0u, UART, 24000000u, 0u), SCMI_NOT_SUPPORTED);
	assert_int_equal(ASK(f, SCMI_CLOCK_RATE_SET, 4, 0xffu, UART, 24000000u, 0u), SCMI_INVALID_PARAMETERS);
	assert_int_equal(ASK(f, SCMI_CLOCK_CONFIG_SET, 3, UART, 1u, 0u), SCMI_NOT_SUPPORTED);
	assert_int_equal(ASK(f, SCMI_CLOCK_CONFIG_SET, 3, UART, 2u, 0u), SCMI_INVALID_PARAMETERS);
	assert_int_equal(ASK(f, SCMI_PROTOCOL_ATTRIBUTES, 0, 0u), SCMI_SUCCESS);
	assert_int_equal(fake_value(&f->request, 0), CLOCKS);
	/* All clocks run, and what nobody can change is not announced. */
	assert_int_equal(ASK(f, SCMI_CLOCK_ATTRIBUTES, 1, PIXEL), SCMI_SUCCESS);
	assert_int_equal(fake_value(&f->request, 0),
			 SCMI_CLOCK_ENABLED | SCMI_CLOCK_HAS_LONG_NAME | SCMI_CLOCK_RESTRICTED);
	assert_int_equal(ASK(f, SCMI_CLOCK_GET_PERMISSIONS, 1, FIXED), SCMI_SUCCESS);
	assert_int_equal(fake_value(&f->request, 0), SCMI_CLOCK_MAY_PARENT);
	assert_int_equal(ASK(f, SCMI_CLOCK_CONFIG_GET, 2, PIXEL, 0u), SCMI_SUCCESS);
	assert_int_equal(fake_value(&f->request, 1), SCMI_CLOCK_CONFIG_ENABLED);
}

static void extended_type_that_cannot_be_set_is_not_supported(void **state)
{
	struct fixture *f = *state;

	f->device.ops.config_set = NULL;
	assert_int_equal(ASK(f, SCMI_CLOCK_CONFIG_SET, 3, PIXEL, 0x10001u, 1u), SCMI_NOT_SUPPORTED);
	assert_false(f->device.enabled[PIXEL]);
	assert_int_equal(ASK(f, SCMI_CLOCK_CONFIG_GET, 2, PIXEL, 1u), SCMI_SUCCESS);
	assert_int_equal(ASK(f, SCMI_CLOCK_CONFIG_SET, 3, PIXEL, 1u, 0u), SCMI_SUCCESS);
	assert_true(f->device.enabled[PIXEL]);
}

/* The state stays what it is where the type is refused. */
static void refused_extended_type_leaves_the_state_alone(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(ASK(f, SCMI_CLOCK_CONFIG_SET, 3, PIXEL, 0x20001u, 1u), SCMI_NOT_SUPPORTED);
	assert_false(f->device.enabled[PIXEL]);
}

static void link_without_the_way_back_is_offered_nothing_that_needs_it(void **state)
{
	struct fixture *f = *state;

	fixture_close(f);
	fixture_fill(f, 0);
	f->endpoints[0].ops.send = NULL;
	f->device.model.count = 2; /* the word has no odd bit */
	f->device.clocks[PIXEL].parents_n = 1;
	fixture_open(f);
	assert_int_equal(ASK(f, SCMI_PROTOCOL_ATTRIBUTES, 0, 0u), SCMI_SUCCESS);
	assert_int_equal(fake_value(&f->request, 0), 2);
	assert_int_equal(ASK(f, SCMI_CLOCK_ATTRIBUTES, 1, UART), SCMI_SUCCESS);
	assert_int_equal(fake_value(&f->request, 0), SCMI_CLOCK_ENABLED);
	assert_int_equal(ASK(f, SCMI_CLOCK_RATE_NOTIFY, 2, UART, 1u), SCMI_NOT_SUPPORTED);
	assert_int_equal(ASK(f, SCMI_CLOCK_RATE_SET, 4, SCMI_CLOCK_SET_ASYNC, UART, 24000000u, 0u), SCMI_NOT_SUPPORTED);
	assert_int_equal(ASK(f, SCMI_CLOCK_RATE_SET, 4, 0u, UART, 24000000u, 0u), SCMI_SUCCESS);
	assert_int_equal(ASK_BY(f, 2, SCMI_PROTOCOL_ATTRIBUTES, 0, 0u), SCMI_SUCCESS);
	assert_int_equal(fake_value(&f->request, 0), 2u | PENDINGS << 16);
}

/* A name that the field just holds has no long form; one character more has. */
static void name_of_any_length_is_told_whole(void **state)
{
	static char name[SCMI_LONG_NAME];
	struct fixture *f = *state;

	f->device.clocks[UART].name = name;
	for (unsigned len = 1; len < SCMI_LONG_NAME; len++) {
		name[len - 1u] = (char)('a' + len % 26u);
		assert_int_equal(ASK(f, SCMI_CLOCK_ATTRIBUTES, 1, UART), SCMI_SUCCESS);
		assert_int_equal(fake_value(&f->request, 0) & SCMI_CLOCK_HAS_LONG_NAME,
				 len > 15 ? SCMI_CLOCK_HAS_LONG_NAME : 0);
		assert_memory_equal(f->request.reply + 8, name, len < 15 ? len : 15);
		assert_int_equal(f->request.reply[8 + 15], 0);
		assert_int_equal(ASK(f, SCMI_CLOCK_NAME_GET, 1, UART), SCMI_SUCCESS);
		assert_int_equal(fake_values_len(&f->request), 4u + SCMI_LONG_NAME);
		assert_memory_equal(f->request.reply + 8, name, SCMI_LONG_NAME);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(vectors_of_each_version_are_answered_byte_for_byte),
		TEST(vectors_hold_for_an_agent_that_has_negotiated_an_older_version),
		TEST(vectors_leave_out_no_message_of_the_table),
		TEST(parameters_of_a_wrong_length_are_a_protocol_error),
		TEST(rates_come_in_parts_where_the_room_is_small),
		TEST(reply_counts_4095_rates_at_most),
		TEST(range_goes_whole_or_not_at_all),
		TEST(parents_come_in_parts_where_the_room_is_small),
		TEST(agent_that_may_not_use_a_clock_sees_it_and_no_more),
		TEST(model_that_only_reads_offers_no_more),
		TEST(extended_type_that_cannot_be_set_is_not_supported),
		TEST(refused_extended_type_leaves_the_state_alone),
		TEST(link_without_the_way_back_is_offered_nothing_that_needs_it),
		TEST(name_of_any_length_is_told_whole),
	};

	return cmocka_run_group_tests_name("server_clock", tests, NULL, NULL);
}
