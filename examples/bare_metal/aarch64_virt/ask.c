/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdatomic.h>
#include <stddef.h>

#include <scmi/protocol/base.h>
#include <scmi/protocol/clock.h>
#include <scmi/protocol/sensor.h>

#include "ask.h"
#include "board.h"

#define US_PER_S 1000000u
#define EVENT_US (10u * US_PER_S) /* how long a notification may take */
#define SHOWN    10u              /* faults that are enough */
#define SETTLED  1000u            /* commands that have to succeed in the end */

static uint32_t check(int err, int32_t status, const char *what)
{
	if (err == SCMI_OK)
		return 0;
	board_print("FAILED: %s: %s, status %d\n", what, scmi_strerror(err), status);
	return 1;
}

/* ---- lists ---- */

static uint32_t show_platform(struct scmi_agent *agent)
{
	struct scmi_base_info info = {.size = sizeof(info)};
	int err = scmi_base_discover(agent, &info);

	board_print("base %u.%u, vendor '%s', sub-vendor '%s', implementation %x, %u agents, %u protocols, I am '%s'\n",
		    info.version >> 16, info.version & 0xffffu, info.vendor, info.sub_vendor, info.implementation,
		    info.agent_count, info.protocol_count, info.self.name);
	return check(err, info.status, "base");
}

static uint32_t show_clock(const struct scmi_clock_protocol *clocks, uint32_t id)
{
	struct scmi_clock_info info = {.size = sizeof(info)};
	uint64_t rate = 0;
	int32_t status;
	int err;

	if ((err = scmi_clock_info(clocks, id, &info, &status)) ||
	    (err = scmi_clock_rate_get(clocks, id, &rate, &status)))
		return check(err, status, "clock");
	board_print("clock %u '%s' %l Hz %s\n", id, info.name, rate,
		    (info.attributes & SCMI_CLOCK_ENABLED) != 0 ? "on" : "off");
	return 0;
}

static uint32_t show_clocks(struct scmi_agent *agent)
{
	struct scmi_clock_protocol clocks;
	uint32_t wrong = 0;
	int32_t status;
	int err = scmi_clock_open(agent, 0, &clocks, &status);

	if (err != SCMI_OK)
		return check(err, status, "clocks");
	board_print("%u clocks, version %u.%u\n", clocks.clocks, clocks.version >> 16, clocks.version & 0xffffu);
	for (uint32_t id = 0; id < clocks.clocks; id++)
		wrong += show_clock(&clocks, id);
	return wrong;
}

static uint32_t show_sensor(const struct scmi_sensor_protocol *sensors, const struct scmi_sensor_info *info)
{
	struct scmi_sensor_reading readings[SCMI_SENSOR_READ_VALUES];
	uint32_t n = 0;
	int32_t status;
	int err = scmi_sensor_read(sensors, info->id, false, readings, SCMI_SENSOR_READ_VALUES, &n, &status);

	if (err != SCMI_OK)
		return check(err, status, "sensor");
	board_print("sensor %u '%s'", info->id, info->name);
	for (uint32_t i = 0; i < n && i < SCMI_SENSOR_READ_VALUES; i++)
		board_print(" %d", (int32_t)readings[i].value);
	board_print(" x 10^%d %s\n", (int32_t)info->exponent, scmi_sensor_unit_text(info->type));
	return 0;
}

static uint32_t show_sensors(struct scmi_agent *agent)
{
	struct scmi_sensor_info info = {.size = sizeof(info)};
	struct scmi_sensor_protocol sensors;
	struct scmi_sensors it;
	uint32_t wrong = 0;
	int32_t status;
	int err = scmi_sensor_open(agent, 0, &sensors, &status);

	if (err != SCMI_OK)
		return check(err, status, "sensors");
	board_print("%u sensors, version %u.%u\n", sensors.sensors, sensors.version >> 16, sensors.version & 0xffffu);
	scmi_sensors_begin(&sensors, &it);
	while ((err = scmi_sensors_next(&it, &info, &status)) == SCMI_OK)
		wrong += show_sensor(&sensors, &info);
	return wrong + (err == SCMI_E_NOTFOUND ? 0 : check(err, status, "list of sensors"));
}

uint32_t ask_what_there_is(struct link *link)
{
	return show_platform(link->agent) + show_clocks(link->agent) + show_sensors(link->agent);
}

/* ---- notifications, delayed responses ---- */

struct heard {
	volatile uint32_t events;
	volatile uint32_t clock;
	volatile uint64_t rate;
};

static void on_event(struct scmi_subscriber *self, uint32_t hdr, const void *payload, uint32_t len)
{
	struct heard *heard = self->arg;
	struct scmi_clock_event event;

	if (scmi_clock_event_parse(hdr, payload, len, &event) != SCMI_OK)
		return;
	heard->clock = event.clock;
	heard->rate = event.rate;
	heard->events++;
}

/* The first clock that tells of changes, and two of its rates. */
static int find_clock(const struct scmi_clock_protocol *clocks, uint32_t *id, uint64_t rates[2], int32_t *status)
{
	struct scmi_clock_info info = {.size = sizeof(info)};
	struct scmi_clock_rates it;
	struct scmi_clock_rate rate;
	int err;

	for (*id = 0; *id < clocks->clocks; ++*id) {
		if ((err = scmi_clock_info(clocks, *id, &info, status)) != SCMI_OK)
			return err;
		if ((info.attributes & SCMI_CLOCK_TELLS_CHANGED) == 0 || (info.attributes & SCMI_CLOCK_RESTRICTED) != 0)
			continue;
		scmi_clock_rates_begin(clocks, *id, &it);
		for (uint32_t n = 0; scmi_clock_rates_next(&it, &rate, status) == SCMI_OK && n < 2; n++) {
			rates[n] = rate.min;
			if (n == 1)
				return SCMI_OK;
		}
	}
	return SCMI_E_NOTFOUND;
}

/* Until there has been one, or time is up. Where an interrupt delivers a poll finds nothing, and does no harm. */
static bool heard_of(struct link *link, const struct heard *heard)
{
	const uint64_t until = link->port.now_us(link->port.ctx) + EVENT_US;

	while (heard->events == 0 && link->port.now_us(link->port.ctx) < until)
		(void)scmi_agent_poll(link->agent, 1);
	return heard->events != 0;
}

static uint32_t change_and_hear(struct link *link, const struct scmi_clock_protocol *clocks, struct heard *heard)
{
	uint64_t rates[2] = {0, 0};
	uint64_t before = 0;
	uint64_t after;
	int32_t status = 0;
	uint32_t id;
	int err;

	if ((err = find_clock(clocks, &id, rates, &status)) ||
	    (err = scmi_clock_rate_get(clocks, id, &before, &status)) ||
	    (err = scmi_clock_rate_notify(clocks, id, true, &status)))
		return check(err, status, "clock that notifies");
	after = before == rates[0] ? rates[1] : rates[0];
	if ((err = scmi_clock_rate_set(clocks, id, after, 0, NULL, &status)) != SCMI_OK)
		return check(err, status, "rate");
	if (!heard_of(link, heard) || heard->clock != id || heard->rate != after) {
		board_print("FAILED: %u notifications, clock %u, %l Hz in place of %l\n", heard->events, heard->clock,
			    heard->rate, after);
		return 1;
	}
	board_print("notification: clock %u now has %l Hz\n", heard->clock, heard->rate);
	if ((err = scmi_clock_rate_notify(clocks, id, false, &status)) == SCMI_OK)
		err = scmi_clock_rate_set(clocks, id, before, 0, NULL, &status);
	return check(err, status, "rate as it was");
}

uint32_t ask_for_a_notification(struct link *link)
{
	struct heard heard = {0};
	struct scmi_subscriber node = {.size = sizeof(node), .protocol = SCMI_ANY, .message = SCMI_ANY};
	struct scmi_clock_protocol clocks;
	uint32_t wrong;
	int32_t status;
	int err;

	node.notify = on_event;
	node.arg = &heard;
	if ((link->transport.caps & SCMI_CAP_NOTIFY) == 0) {
		board_print("no notifications on this link\n");
		return 0;
	}
	if ((err = scmi_agent_subscribe(link->agent, &node)) != SCMI_OK)
		return check(err, 0, "subscriber");
	if ((err = scmi_clock_open(link->agent, 0, &clocks, &status)) != SCMI_OK)
		return check(err, status, "clocks");
	wrong = change_and_hear(link, &clocks, &heard);
	return wrong + check(scmi_agent_unsubscribe(link->agent, &node), 0, "end of subscription");
}

uint32_t ask_for_a_delayed_response(struct link *link)
{
	struct scmi_sensor_info info = {.size = sizeof(info)};
	struct scmi_sensor_protocol sensors;
	struct scmi_sensor_reading reading;
	struct scmi_sensors it;
	int32_t status;
	int err = scmi_sensor_open(link->agent, 0, &sensors, &status);

	if (err != SCMI_OK)
		return check(err, status, "sensors");
	scmi_sensors_begin(&sensors, &it);
	do {
		err = scmi_sensors_next(&it, &info, &status);
	} while (err == SCMI_OK && (info.attributes & SCMI_SENSOR_READS_ASYNC) == 0);
	if (err == SCMI_OK)
		err = scmi_sensor_read(&sensors, info.id, true, &reading, 1, NULL, &status);
	if (err == SCMI_E_NOTSUP || err == SCMI_E_NOTFOUND) {
		board_print("no delayed response: %s\n", scmi_strerror(err));
		return 0;
	}
	if (err == SCMI_OK)
		board_print("delayed response: sensor %u reads %d\n", info.id, (int32_t)reading.value);
	return check(err, status, "delayed response");
}

/* ---- many ---- */

static uint32_t one_by_one(struct link *link, uint32_t times)
{
	uint32_t version;
	uint32_t wrong = 0;
	int32_t status;

	for (uint32_t i = 0; i < times && wrong < SHOWN; i++) {
		int err = scmi_protocol_version(link->agent, SCMI_PROTOCOL_SENSOR, &version, &status);

		wrong += check(err, status, "version");
	}
	return wrong;
}

/* All slots at once, each with a message of its own; the replies come in any order. */
static uint32_t at_once(struct link *link)
{
	static struct scmi_call calls[LINK_SLOTS];
	static uint32_t answers[LINK_SLOTS];
	struct scmi_call *all[LINK_SLOTS];
	uint32_t wrong = 0;
	uint32_t sent;

	for (uint32_t i = 0; i < LINK_SLOTS; i++) {
		calls[i] = (struct scmi_call){.size = sizeof(calls[i]),
					      .protocol = i % 2 != 0 ? SCMI_PROTOCOL_BASE : SCMI_PROTOCOL_CLOCK,
					      .reply = &answers[i],
					      .reply_cap = sizeof(answers[i])};
		all[i] = &calls[i];
	}
	wrong += check(scmi_agent_submit_many(link->agent, all, LINK_SLOTS, &sent), 0, "submit");
	for (uint32_t i = 0; i < sent; i++)
		wrong += check(scmi_agent_wait(link->agent, &calls[i]), calls[i].status, "one of many");
	for (uint32_t i = 0; i < sent; i++) {
		if (answers[i] != answers[i % 2] || answers[0] == answers[1])
			wrong++;
	}
	return wrong;
}

uint32_t ask_often(struct link *link, uint32_t times)
{
	const uint64_t begin = link->port.now_us(link->port.ctx);
	uint32_t wrong = one_by_one(link, times);
	const uint64_t middle = link->port.now_us(link->port.ctx);
	struct scmi_virtio_stats stats = {.size = sizeof(stats)};

	for (uint32_t i = 0; i < times; i += LINK_SLOTS)
		wrong += at_once(link);
	(void)scmi_virtio_stats(link->driver, &stats);
	board_print("%u commands one by one: %l us each; %u at once: %l us each; %u doorbells, %u interrupts\n", times,
		    (middle - begin) / times, LINK_SLOTS, (link->port.now_us(link->port.ctx) - middle) / times,
		    stats.kicks, link->interrupts);
	if (stats.short_replies + stats.long_replies + stats.bad_events + stats.broken != 0) {
		board_print("FAILED: the device did what it must not\n");
		wrong++;
	}
	return wrong;
}

/* ---- two cores ---- */

/* What the second core is to do. It comes once, and then waits for the next of these. */
static struct link *_Atomic shared_link;
static atomic_uint shared_times;
static atomic_uint shared_wrong;

static void second_core(void *arg)
{
	(void)arg;
	for (;;) {
		struct link *link = atomic_load(&shared_link);

		if (link == NULL)
			continue;
		scmi_aarch64_bare_core(&link->state);
		atomic_store(&shared_wrong, one_by_one(link, atomic_load(&shared_times)));
		atomic_store(&shared_link, NULL);
	}
}

uint32_t ask_from_two_cores(struct link *link, uint32_t times)
{
	static bool started;
	uint32_t wrong;

	if (!started && !board_start_second(second_core, NULL)) {
		board_print("one core\n");
		return 0;
	}
	started = true;
	atomic_store(&shared_times, times);
	atomic_store(&shared_link, link);
	wrong = one_by_one(link, times);
	while (atomic_load(&shared_link) != NULL)
		link->port.relax(link->port.ctx);
	wrong += atomic_load(&shared_wrong);
	board_print("%u commands from each of two cores\n", times);
	return wrong;
}

uint32_t ask_for_seconds(struct link *link, uint32_t seconds)
{
	const uint64_t until = link->port.now_us(link->port.ctx) + (uint64_t)seconds * US_PER_S;
	uint32_t rounds = 0;
	uint32_t failed = 0;

	for (; link->port.now_us(link->port.ctx) < until && failed < SHOWN; rounds++)
		failed += at_once(link);
	board_print("%u rounds of %u commands, %u faults\n", rounds, LINK_SLOTS, failed);
	return failed + one_by_one(link, SETTLED);
}
