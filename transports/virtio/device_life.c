/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The life of the device's two ends: the platform, which starts and stops, and the driver, whose queues come and go.
 *
 * Who wants in counts himself before he looks at the gate, who closes it clears the bit before he looks at the count;
 * all sequentially consistent, so one of them sees the other. The server, one context, is a flag in place of a count.
 */
#include <scmi/config.h>

#include "device.h"
#include "device_try.h"

bool scmi__virtio_device_enter(_Atomic uint32_t *gate)
{
	/*
	 * The look beforehand keeps those who try in vain from holding up the one who waits for the count. Sequentially
	 * consistent: who has said before that he waits for the gate, and finds it shut, is seen by who opens it.
	 */
	if (!gate_is_open(gate))
		return false;
	if ((atomic_fetch_add(gate, 1u) & GATE_ON) != 0)
		return true;
	scmi__virtio_device_leave(gate);
	return false;
}

/* Release: what was done inside is seen by the one who waits. */
void scmi__virtio_device_leave(_Atomic uint32_t *gate)
{
	atomic_fetch_sub_explicit(gate, 1u, memory_order_release);
}

static void open_gate(_Atomic uint32_t *gate)
{
	atomic_fetch_or(gate, GATE_ON);
}

static void close_gate(_Atomic uint32_t *gate)
{
	atomic_fetch_and(gate, ~GATE_ON);
}

/* Until nobody is inside, and nobody serves. */
static void wait_for(const struct scmi_virtio_device *dev, const _Atomic uint32_t *gate)
{
	while ((atomic_load(gate) & GATE_COUNT) != 0 || atomic_load(&dev->serving) != 0)
		dev->port->relax(dev->port->ctx);
}

static void tell(const struct scmi_virtio_device *dev, enum scmi_virtio_event event)
{
	if (dev->host->event != NULL)
		dev->host->event(dev->host->ctx, event);
}

/* What stands in the rings may have come while nobody looked. */
static void ask_for_service(const struct scmi_virtio_device *dev)
{
	dev->host->work(dev->host->ctx);
}

/* ---- the platform's end ---- */

/* Inside the gate `up`. One tells; until it is done nobody is served, so that it cannot hit the next driver. */
static void tell_strange(struct scmi_virtio_device *dev)
{
	uint32_t strange = STRANGE_UNTOLD;

	if (!atomic_compare_exchange_strong(&dev->strange, &strange, STRANGE_TELLING))
		return;
	dev->sink->reset(dev->channel);
	atomic_store(&dev->strange, 0u);
}

/* Whoever renews says so before he looks at the gate, we look at what he said when it is open: one of the two tells. */
int scmi__virtio_device_start(void *ctx, const struct scmi_platform_sink *sink, void *channel)
{
	struct scmi_virtio_device *dev = ctx;

	if (gate_is_open(&dev->up))
		return SCMI_E_INVAL;
	dev->sink = sink;
	dev->channel = channel;
	atomic_store(&dev->starved, 0u); /* what waited has ended with the platform */
	forget_silence(dev);
	open_gate(&dev->up);
	tell_strange(dev);
	tell(dev, SCMI_VIRTIO_UP);
	ask_for_service(dev);
	return SCMI_OK;
}

void scmi__virtio_device_stop(void *ctx)
{
	struct scmi_virtio_device *dev = ctx;

	if (!gate_is_open(&dev->up))
		return;
	close_gate(&dev->up);
	wait_for(dev, &dev->up);
	tell(dev, SCMI_VIRTIO_DOWN);
}

/* ---- a queue ---- */

/*
 * Takes up a queue whose gate is closed. used: where the driver has seen it last; if it has lied about that it only
 * misleads itself. No doorbells of the eventq until a send finds it empty.
 */
static void take_up(struct scmi_virtio_device *dev, uint32_t queue, const struct ring_parts *at, uint16_t first,
		    uint16_t used)
{
	struct ring_device *r = &dev->ring[queue];
	const bool cmdq = queue == SCMI_VIRTIO_CMDQ;

	scmi__ring_device_init(r, at, &dev->maps, dev->ring_memory[queue], cmdq, first, used,
			       (dev->agreed & SCMI_VIRTIO_F_EVENT_IDX) != 0,
			       (dev->agreed & SCMI_VIRTIO_F_INDIRECT_DESC) != 0);
	atomic_fetch_and(&dev->lied, ~(1u << queue));
	atomic_fetch_and(&dev->told, ~(1u << queue));
	if (cmdq)
		begin_commands(dev);
	else
		begin_events(dev);
	dev->used[queue] = 1u;
	open_gate(&dev->gate[queue]);
}

/* The same of a queue that was not ours before, or not since the driver has stopped. */
static void take_up_from(struct scmi_virtio_device *dev, uint32_t queue, const struct ring_parts *at,
			 const uint16_t *first)
{
	if (first != NULL)
		take_up(dev, queue, at, first[queue], ring_load16(&at->used->idx));
	else
		take_up(dev, queue, at, 0u, 0u);
}

/* The cmdq goes on behind what its journal says is owed. */
static bool open_journal(struct scmi_virtio_device *dev, const struct ring_parts *at, uint16_t *first, const char **why)
{
	const char *wrong = dev->journal != NULL ? scmi__virtio_journal_open(dev, at, first) : NULL;

	return wrong == NULL || fault(why, wrong);
}

static void let_go(struct scmi_virtio_device *dev, uint32_t queue)
{
	close_gate(&dev->gate[queue]);
	wait_for(dev, &dev->gate[queue]);
	if (queue == SCMI_VIRTIO_CMDQ)
		dev->life++;
}

/* ---- the driver's end ---- */

/* Whoever waits for a buffer of the driver that was is told, so that it does not get to the next one. */
static void wake_starved(struct scmi_virtio_device *dev)
{
	if (atomic_exchange(&dev->starved, 0u) == 0 || !scmi__virtio_device_enter(&dev->up))
		return;
	dev->sink->ready(dev->channel);
	scmi__virtio_device_leave(&dev->up);
}

static void number(struct scmi_virtio_device *dev)
{
	dev->peers = dev->peers < INT32_MAX ? dev->peers + 1 : 1;
	dev->numbered = true;
}

/*
 * Whether there is a channel for events. One that goes on may have its eventq back a moment later than its cmdq: what
 * was there before stays.
 */
static int channel_for(const struct scmi_virtio_device *dev, const struct setting *s, bool goes_on)
{
	if (s->wanted[SCMI_VIRTIO_EVENTQ])
		return dev->peers;
	return goes_on && (s->features & SCMI_VIRTIO_F_P2A_CHANNELS) != 0 ? atomic_load(&dev->p2a) : 0;
}

static bool is_free(const struct scmi_virtio_device *dev, const char **why)
{
	return atomic_load(&dev->attached) != DRIVER_HERE || fault(why, SCMI_TEXT_("device: attached already"));
}

int scmi__virtio_device_try(struct scmi_virtio_device *dev, const struct scmi_virtio_setup *setup,
			    const struct scmi_virtio_map *maps, uint32_t maps_n, const char **why)
{
	struct setting s;

	(void)fault(why, NULL);
	return is_free(dev, why) && scmi__virtio_look_up(dev, setup, maps, maps_n, &s, why) ? SCMI_OK : SCMI_E_INVAL;
}

/* Those who wait for what is not there any more, and what stands in the rings. */
static void go_on(struct scmi_virtio_device *dev)
{
	if (scmi__virtio_device_p2a(dev) == 0)
		wake_starved(dev);
	ask_for_service(dev);
}

/* Its stack is gone again before the platform is told. */
static RING_APART int take_driver(struct scmi_virtio_device *dev, const struct scmi_virtio_setup *setup,
				  const struct scmi_virtio_map *maps, uint32_t maps_n,
				  const uint16_t first[SCMI_VIRTIO_QUEUES], const char **why)
{
	const bool goes_on = first != NULL && dev->numbered;
	uint16_t from[SCMI_VIRTIO_QUEUES] = {0};
	struct setting s;

	(void)fault(why, NULL);
	if (first != NULL)
		memcpy(from, first, sizeof(from));
	if (!is_free(dev, why) || !scmi__virtio_look_up(dev, setup, maps, maps_n, &s, why) ||
	    !open_journal(dev, &s.at[SCMI_VIRTIO_CMDQ], &from[SCMI_VIRTIO_CMDQ], why))
		return SCMI_E_INVAL;
	if (!goes_on)
		number(dev);
	dev->agreed = s.features;
	dev->maps = s.maps;
	/* Before its eventq is there: what was promised to the last driver must not get into it. */
	atomic_store(&dev->p2a, channel_for(dev, &s, goes_on));
	for (uint32_t queue = 0; queue < SCMI_VIRTIO_QUEUES; queue++) {
		if (s.wanted[queue])
			take_up_from(dev, queue, &s.at[queue], first != NULL || dev->journal != NULL ? from : NULL);
	}
	return SCMI_OK;
}

int scmi_virtio_device_attach(struct scmi_virtio_device *dev, const struct scmi_virtio_setup *setup,
			      const struct scmi_virtio_map *maps, uint32_t maps_n,
			      const uint16_t first[SCMI_VIRTIO_QUEUES], const char **why)
{
	const int err = take_driver(dev, setup, maps, maps_n, first, why);

	if (err != SCMI_OK)
		return err;
	if (dev->journal != NULL)
		scmi__virtio_journal_settle(dev);
	atomic_store(&dev->attached, DRIVER_HERE);
	go_on(dev);
	return SCMI_OK;
}

static void let_go_all(struct scmi_virtio_device *dev, uint16_t *next)
{
	for (uint32_t queue = 0; queue < SCMI_VIRTIO_QUEUES; queue++) {
		const bool ran = gate_is_open(&dev->gate[queue]);

		let_go(dev, queue);
		if (next != NULL && ran && queue == SCMI_VIRTIO_CMDQ)
			scmi__virtio_device_give_up(dev);
		if (next != NULL)
			next[queue] = dev->used[queue] != 0 ? dev->ring[queue].avail : 0u;
		dev->used[queue] = 0;
	}
}

void scmi_virtio_device_detach(struct scmi_virtio_device *dev, uint16_t next[SCMI_VIRTIO_QUEUES])
{
	const uint32_t was = atomic_load(&dev->attached);

	if (was == DRIVER_GONE || (was == DRIVER_AWAY && next != NULL))
		return;
	atomic_store(&dev->attached, next != NULL ? DRIVER_AWAY : DRIVER_GONE);
	if (was == DRIVER_HERE)
		let_go_all(dev, next);
	dev->numbered = next != NULL;
	if (next == NULL)
		wake_starved(dev);
}

/*
 * The platform may be stopped meanwhile, or not have started yet: then it is told when it starts. If it has not been
 * told of the last one yet nobody has been served since: there is nothing more to forget.
 */
static void forget(struct scmi_virtio_device *dev)
{
	uint32_t known = 0;

	(void)atomic_compare_exchange_strong(&dev->strange, &known, STRANGE_UNTOLD);
	if (!scmi__virtio_device_enter(&dev->up))
		return;
	tell_strange(dev);
	scmi__virtio_device_leave(&dev->up);
}

void scmi_virtio_device_renew(struct scmi_virtio_device *dev)
{
	scmi_virtio_device_detach(dev, NULL);
	number(dev);
	atomic_store(&dev->p2a, 0);
	forget(dev);
}

/* ---- a change under way ---- */

static bool same_maps(const struct ring_maps *a, const struct ring_maps *b)
{
	if (a->n != b->n)
		return false;
	for (uint32_t i = 0; i < a->n; i++) {
		if (a->map[i].addr != b->map[i].addr || a->map[i].len != b->map[i].len ||
		    a->map[i].mem != b->map[i].mem)
			return false;
	}
	return true;
}

static bool same_place(const struct ring_parts *a, const struct ring_parts *b)
{
	return a->desc == b->desc && a->avail == b->avail && a->used == b->used && a->size == b->size;
}

/* Those that have to be let go, a bit each: nothing of the others changes. */
static uint32_t find_changed(const struct scmi_virtio_device *dev, const struct setting *s)
{
	const bool all = s->features != dev->agreed || !same_maps(&s->maps, &dev->maps);
	uint32_t changed = 0;

	for (uint32_t queue = 0; queue < SCMI_VIRTIO_QUEUES; queue++) {
		const bool is_used = dev->used[queue] != 0;

		if (is_used != s->wanted[queue] ||
		    (is_used && (all || !same_place(&s->at[queue], &dev->ring[queue].at))))
			changed |= 1u << queue;
	}
	return changed;
}

/* One queue, which is let go: as it is wanted now. One that the driver has reset stays so. */
static void change_queue(struct scmi_virtio_device *dev, uint32_t queue, const struct setting *s, bool was_reset,
			 uint16_t *index)
{
	const struct ring_device *r = &dev->ring[queue];
	const bool was_used = dev->used[queue] != 0;

	if (was_used && !s->wanted[queue]) {
		index[queue] = r->avail;
		dev->used[queue] = 0;
	} else if (was_used && !was_reset) {
		take_up(dev, queue, &s->at[queue], r->avail, r->used);
	} else if (s->wanted[queue] && !was_used) {
		take_up_from(dev, queue, &s->at[queue], index);
	}
}

static void change(struct scmi_virtio_device *dev, const struct setting *s, uint16_t *index)
{
	const uint32_t changed = find_changed(dev, s);
	bool was_reset[SCMI_VIRTIO_QUEUES];

	for (uint32_t queue = 0; queue < SCMI_VIRTIO_QUEUES; queue++) {
		was_reset[queue] = dev->used[queue] != 0 && !gate_is_open(&dev->gate[queue]);
		if ((changed & (1u << queue)) == 0)
			continue;
		let_go(dev, queue);
		if (queue == SCMI_VIRTIO_CMDQ && dev->used[queue] != 0 && !was_reset[queue])
			scmi__virtio_device_give_up(dev);
	}
	if (!same_maps(&s->maps, &dev->maps))
		dev->maps = s->maps; /* nobody is inside: both have been let go */
	dev->agreed = s->features;
	for (uint32_t queue = 0; queue < SCMI_VIRTIO_QUEUES; queue++) {
		if ((changed & (1u << queue)) != 0)
			change_queue(dev, queue, s, was_reset[queue], index);
	}
}

/* As take_driver(). */
static RING_APART int change_driver(struct scmi_virtio_device *dev, const struct scmi_virtio_setup *setup,
				    const struct scmi_virtio_map *maps, uint32_t maps_n,
				    uint16_t index[SCMI_VIRTIO_QUEUES], const char **why)
{
	struct setting s;

	(void)fault(why, NULL);
	if (atomic_load(&dev->attached) != DRIVER_HERE) {
		(void)fault(why, SCMI_TEXT_("device: not attached"));
		return SCMI_E_INVAL;
	}
	if (!scmi__virtio_look_up(dev, setup, maps, maps_n, &s, why))
		return SCMI_E_INVAL;
	change(dev, &s, index);
	atomic_store(&dev->p2a, channel_for(dev, &s, true));
	return SCMI_OK;
}

int scmi_virtio_device_change(struct scmi_virtio_device *dev, const struct scmi_virtio_setup *setup,
			      const struct scmi_virtio_map *maps, uint32_t maps_n, uint16_t index[SCMI_VIRTIO_QUEUES],
			      const char **why)
{
	const int err = change_driver(dev, setup, maps, maps_n, index, why);

	if (err == SCMI_OK)
		go_on(dev);
	return err;
}

/* ---- one queue ---- */

/* Whether the driver has set it up, and it is, or is not, let go now. */
static bool may_change(const struct scmi_virtio_device *dev, uint32_t queue, bool open)
{
	return queue < SCMI_VIRTIO_QUEUES && atomic_load(&dev->attached) == DRIVER_HERE && dev->used[queue] != 0 &&
	       (dev->agreed & SCMI_VIRTIO_F_RING_RESET) != 0 && gate_is_open(&dev->gate[queue]) == open;
}

int scmi_virtio_device_reset_queue(struct scmi_virtio_device *dev, uint32_t queue)
{
	if (!may_change(dev, queue, true))
		return SCMI_E_INVAL;
	let_go(dev, queue);
	return SCMI_OK;
}

int scmi_virtio_device_enable_queue(struct scmi_virtio_device *dev, uint32_t queue,
				    const struct scmi_virtio_queue *where)
{
	struct ring_parts at;

	if (queue == SCMI_VIRTIO_CMDQ && dev->journal != NULL)
		return SCMI_E_INVAL; /* what it says is of the ring before */
	if (!may_change(dev, queue, false) || !scmi__virtio_locate(dev, &dev->maps, where, &at, NULL))
		return SCMI_E_INVAL;
	take_up_from(dev, queue, &at, NULL);
	ask_for_service(dev);
	return SCMI_OK;
}
