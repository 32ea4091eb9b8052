/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How mailbox and smc join the suite: both our ends in one address space, the endpoint played by the script.
 *
 * Who runs each end is what matters most; the rest is spread over these kinds so that each value stands somewhere, beside
 * different others:
 *
 *	kind        platform runs  agent runs          P2A area    check  in flight  beside that
 *	ring        in the ring    in the interrupt    yes         none   32         all that has a default has it
 *	served      in the ring    who polls           no          XOR    8          no thread and no sleep at all; WIDE
 *	none        polls          who polls           yes         none   8          nobody rings
 *	one         polls          sleeps, an eventfd  yes         none   1          a reply rings, a command does not
 *	interrupt   sleeps, an fd  in the interrupt    no          J1850  8          delivered in the server's thread
 *	eventfd     sleeps, an fd  sleeps, an fd       yes   284   CRC32  8          the largest payload
 *	futex       sleeps         sleeps, a futex     yes   96    none   4          the smallest that the cases can do with
 *	fresh       sleeps, an fd  sleeps, an fd       yes         none   8          areas anew at each start; the peer goes
 *	cached      polls          who polls           yes         none   8          each end behind a cache of its own
 *	smc         in the call    in the call         no          none   8          address in registers
 *	smc_int     in the call    in the interrupt    no          none   8          capability id at the end of the area
 *
 * All but fresh are STUBBORN: without FRESH a platform cannot be reset. All know the token: an area answers what was
 * written there. What stands in P2A is delivered at the next start, but for fresh. Where the platform gives no answer it says FREE with ERROR.
 */
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "mailbox_form.h"

#define FUNCTION   0x82000010u
#define ADDRESS    UINT64_C(0x12345678a40)
#define CAPABILITY UINT64_C(0x1122334455667788)

/* An answer inside request() is left where request() finds it. */
static uint32_t request(void *channel, struct scmi_request *req)
{
	struct conf_link *link = channel;
	uint32_t *outer = link->answered;
	uint32_t answered = SCMI_REPLY_LATER;

	link->answered = &answered;
	conf_peer_came(link->peer, req, req->hdr, req->params, req->len);
	link->answered = outer;
	return answered;
}

static void room_again(void *channel)
{
	(void)channel; /* the script does not keep what found no room */
}

static void reset(void *channel)
{
	(void)channel; /* nor what an agent has set up */
}

static const struct scmi_platform_sink sink = {
	.version = SCMI_PLATFORM_SINK_V1,
	.request = request,
	.ready = room_again,
	.reset = reset,
};

/* ---- make ---- */

static bool make_end(struct conf_link *link, const struct conf_kind *kind)
{
	struct scmi_mailbox_end_config config = {
		.size = sizeof(config),
		.doorbell = link->form->smc && link->form->smc_flags == 0 ? NULL : &link->end_bell,
		.port = &link->port,
	};
	size_t size;

	if (link->form->fresh)
		config.max_payload = kind->max_payload;
	else
		memcpy(config.areas, link->end_areas, sizeof(config.areas));
	size = scmi_mailbox_end_size(&config);
	link->end_mem = malloc(size);
	return size != 0 && scmi_mailbox_end_init(&link->end, link->end_mem, size, &config, &link->endpoint) == SCMI_OK;
}

static bool make_mailbox(struct conf_link *link, const struct conf_kind *kind, struct scmi_transport *out)
{
	const struct mailbox_form *f = link->form;
	const bool silent = f->serve == SERVE_POLL && f->deliver == DELIVER_POLL;
	struct scmi_mailbox_config config = {
		.size = sizeof(config),
		.flags = f->fresh ? SCMI_MAILBOX_FRESH : 0,
		.max_inflight = f->defaults ? 0 : kind->depth,
		.doorbell = silent ? NULL : &link->bell,
		.port = f->defaults ? NULL : &link->port,
	};

	memcpy(config.areas, link->areas, sizeof(config.areas));
	if (f->fresh) {
		config.areas[SCMI_MAILBOX_A2P].mem = config.areas[SCMI_MAILBOX_P2A].mem = NULL;
		config.max_payload = kind->max_payload;
	}
	return scmi_mailbox_init(&link->mailbox, &config, out) == SCMI_OK;
}

/* The registers are those that the form says. */
static uintptr_t call(void *ctx, const uintptr_t regs[8])
{
	struct conf_link *link = ctx;
	const uint32_t params = link->form->smc_params;
	const uint64_t first = params == SCMI_SMC_PAGE ? ADDRESS >> 12 : params == SCMI_SMC_CAPABILITY ? CAPABILITY : 0;
	const uint64_t second = params == SCMI_SMC_PAGE ? ADDRESS & 0xfffu : 0;
	uintptr_t rest = 0;

	for (uint32_t i = 3; i < 8u; i++)
		rest |= regs[i];
	if (regs[0] != FUNCTION || regs[1] != (uintptr_t)first || regs[2] != (uintptr_t)second || rest != 0)
		link->wrong_regs = true;
	return scmi_smc_serve(link->end);
}

static bool make_smc(struct conf_link *link, const struct conf_kind *kind, struct scmi_transport *out)
{
	const struct mailbox_form *f = link->form;
	const struct scmi_smc_config config = {
		.size = sizeof(config),
		.flags = f->smc_flags,
		.function = FUNCTION,
		.params = f->smc_params,
		.address = f->smc_params == SCMI_SMC_PAGE ? ADDRESS : 0,
		.max_inflight = kind->depth,
		.area = link->areas[SCMI_MAILBOX_A2P],
		.call = call,
		.ctx = link,
		.port = &link->port,
	};

	return scmi_smc_init(&link->smc, &config, out) == SCMI_OK;
}

static void free_link(struct conf_link *link)
{
	mailbox_bells_free(link);
	mailbox_areas_free(link);
	free(link->end_mem);
	free(link);
}

static struct conf_link *make(const struct conf_kind *kind, const struct scmi_port *port, struct conf_peer *peer,
			      struct scmi_transport *out)
{
	struct conf_link *link = calloc(1, sizeof(*link));

	if (link == NULL)
		abort();
	link->form = kind->own;
	link->port = *port;
	link->peer = peer;
	mailbox_areas_make(link, SCMI_SHMEM_PAYLOAD + kind->max_payload);
	mailbox_bells_make(link);
	if (make_end(link, kind) && (link->form->smc ? make_smc(link, kind, out) : make_mailbox(link, kind, out)))
		return link;
	free_link(link);
	return NULL;
}

/* ---- the peer ---- */

static void put_capability(struct conf_link *link)
{
	const struct scmi_shmem *a = &link->areas[SCMI_MAILBOX_A2P];
	unsigned char *at = (unsigned char *)a->mem + a->len - 8u;

	scmi_put_le32(at, (uint32_t)CAPABILITY);
	scmi_put_le32(at + 4, (uint32_t)(CAPABILITY >> 32));
}

/* A carrier that finds its peer anew each time says so; the others have nobody who could tell. */
static int peer_start(struct conf_link *link)
{
	const int err = link->endpoint.ops->start(link->endpoint.ctx, &sink, link);

	if (err != SCMI_OK)
		return err;
	if (link->form->smc_params == SCMI_SMC_CAPABILITY)
		put_capability(link);
	mailbox_server_start(link);
	atomic_store(&link->up, true);
	if (link->lost) {
		link->lost = false;
		(void)scmi_mailbox_found(&link->mailbox);
	}
	return SCMI_OK;
}

static void peer_stop(struct conf_link *link)
{
	if (!atomic_exchange(&link->up, false))
		return;
	if (link->form->fresh && mailbox_enter(link)) {
		scmi_mailbox_lost(&link->mailbox, SCMI_E_LINK);
		link->lost = true;
		mailbox_leave(link);
	}
	link->endpoint.ops->stop(link->endpoint.ctx);
	mailbox_server_stop(link);
}

static void destroy(struct conf_link *link)
{
	peer_stop(link);
	free_link(link);
}

static uint32_t word(const struct conf_link *link, uint32_t offset)
{
	const unsigned char *mem = link->end_areas[SCMI_MAILBOX_A2P].mem;
	const uint32_t w = atomic_load((const _Atomic uint32_t *)(const void *)(mem + offset));

	return scmi_get_le32(&w);
}

/*
 * The answer may have been left to the thread that serves just now, and a case that goes on wants it to stand there. Not
 * for ever: it may be nobody's by now, or that thread is this one, further down its stack.
 */
static void reply_and_see(struct conf_link *link, struct scmi_request *req, uint32_t n)
{
	const uint32_t command = word(link, SCMI_SHMEM_HEADER);

	link->endpoint.ops->reply(link->endpoint.ctx, req, n);
	for (unsigned i = 0; i < 10000u && link->serving; i++) {
		if ((word(link, SCMI_SHMEM_STATUS) & SCMI_SHMEM_FREE) != 0 || word(link, SCMI_SHMEM_HEADER) != command)
			return;
		sched_yield();
	}
}

static int answer(struct conf_link *link, void *ref, uint32_t hdr, const void *payload, uint32_t len, bool in_place)
{
	struct scmi_request *req = ref;
	const uint32_t n = len != 0 ? len : SCMI_REPLY_NONE;

	if (len > req->reply_cap)
		return SCMI_E_TOOBIG;
	req->hdr = hdr;
	if (len != 0)
		memcpy(req->reply, payload, len);
	if (in_place)
		*link->answered = n;
	else
		reply_and_see(link, req, n);
	return SCMI_OK;
}

static int push(struct conf_link *link, uint32_t hdr, const void *payload, uint32_t len)
{
	return link->endpoint.ops->send(link->endpoint.ctx, hdr, payload, len);
}

/* ---- figures ---- */

static struct scmi_mailbox_end_stats end_stats(struct conf_link *link)
{
	struct scmi_mailbox_end_stats s = {.size = sizeof(s)};

	(void)scmi_mailbox_end_stats(link->end, &s);
	return s;
}

static uint32_t away(struct conf_link *link)
{
	return end_stats(link).open;
}

/* Whatever the messages are, what carries them is in order. */
static const char *fault(struct conf_link *link)
{
	const struct scmi_mailbox_end_stats end = end_stats(link);
	struct scmi_mailbox_stats s = {.size = sizeof(s)};

	(void)scmi_mailbox_stats(link->form->smc ? &link->smc.mailbox_ : &link->mailbox, &s);
	if (end.bad_status != 0 || end.bad_length != 0)
		return "the platform's end has refused a command of the agent's";
	if (end.bad_check != 0 || s.bad_check != 0)
		return "a message was damaged";
	if (link->wrong_regs)
		return "a call had wrong registers";
	return NULL;
}

/* ---- kinds ---- */

#define METHODS                                                                                                        \
	.make = make, .destroy = destroy, .peer_start = peer_start, .peer_stop = peer_stop, .answer = answer,          \
	.away = away, .fault = fault, .empty = SCMI_E_COMMS
#define TRAITS (CONF_KNOWS_TOKEN | CONF_EMPTY)
#define PLAIN  100 /* payload of an area of the default size */

static const struct mailbox_form ring = {.serve = SERVE_RING, .deliver = DELIVER_RING, .p2a = true, .defaults = true};
static const struct mailbox_form served = {
	.serve = SERVE_RING, .deliver = DELIVER_POLL, .check = SCMI_SHMEM_CHECK_XOR, .flags = SCMI_SHMEM_WIDE};
static const struct mailbox_form none = {.serve = SERVE_POLL, .deliver = DELIVER_POLL, .p2a = true};
static const struct mailbox_form one = {.serve = SERVE_POLL, .deliver = DELIVER_FD, .p2a = true};
static const struct mailbox_form interrupt = {
	.serve = SERVE_FD, .deliver = DELIVER_RING, .check = SCMI_SHMEM_CHECK_J1850};
static const struct mailbox_form by_fd = {
	.serve = SERVE_FD, .deliver = DELIVER_FD, .p2a = true, .check = SCMI_SHMEM_CHECK_CRC32};
static const struct mailbox_form by_futex = {.serve = SERVE_FUTEX, .deliver = DELIVER_FUTEX, .p2a = true};
static const struct mailbox_form fresh = {.serve = SERVE_FD, .deliver = DELIVER_FD, .p2a = true, .fresh = true};
static const struct mailbox_form cached = {
	.serve = SERVE_POLL, .deliver = DELIVER_POLL, .p2a = true, .flags = SCMI_SHMEM_CACHED};
static const struct mailbox_form smc = {.smc = true, .smc_params = SCMI_SMC_PAGE};
static const struct mailbox_form smc_int = {.smc = true,
					    .smc_flags = SCMI_SMC_INTERRUPT,
					    .smc_params = SCMI_SMC_CAPABILITY,
					    .serve = SERVE_RING,
					    .deliver = DELIVER_RING};

const struct conf_kind conf_mailbox_methods = {METHODS};

const struct conf_kind conf_mailbox_ring = {
	.name = "mailbox_ring",
	.own = &ring,
	.traits = TRAITS | CONF_STUBBORN | CONF_UNASKED | CONF_STANDS,
	.depth = SCMI_MAILBOX_INFLIGHT_DEFAULT,
	.max_payload = PLAIN,
	.push = push,
	METHODS,
};

const struct conf_kind conf_mailbox_served = {
	.name = "mailbox_served",
	.own = &served,
	.traits = TRAITS | CONF_STUBBORN,
	.depth = 8,
	.max_payload = PLAIN,
	METHODS,
};

const struct conf_kind conf_mailbox_none = {
	.name = "mailbox_none",
	.own = &none,
	.traits = TRAITS | CONF_STUBBORN | CONF_UNASKED | CONF_STANDS | CONF_THREADED,
	.depth = 8,
	.max_payload = PLAIN,
	.push = push,
	METHODS,
};

const struct conf_kind conf_mailbox_one = {
	.name = "mailbox_one",
	.own = &one,
	.traits = TRAITS | CONF_STUBBORN | CONF_UNASKED | CONF_STANDS | CONF_THREADED | CONF_FD,
	.depth = 1,
	.max_payload = PLAIN,
	.push = push,
	METHODS,
};

const struct conf_kind conf_mailbox_interrupt = {
	.name = "mailbox_interrupt",
	.own = &interrupt,
	.traits = TRAITS | CONF_STUBBORN | CONF_THREADED,
	.depth = 8,
	.max_payload = PLAIN,
	METHODS,
};

const struct conf_kind conf_mailbox_eventfd = {
	.name = "mailbox_eventfd",
	.own = &by_fd,
	.traits = TRAITS | CONF_STUBBORN | CONF_UNASKED | CONF_STANDS | CONF_THREADED | CONF_FD,
	.depth = 8,
	.max_payload = CONF_PAYLOAD,
	.push = push,
	METHODS,
};

const struct conf_kind conf_mailbox_futex = {
	.name = "mailbox_futex",
	.own = &by_futex,
	.traits = TRAITS | CONF_STUBBORN | CONF_UNASKED | CONF_STANDS | CONF_THREADED,
	.depth = 4,
	.max_payload = 68,
	.push = push,
	METHODS,
};

const struct conf_kind conf_mailbox_fresh = {
	.name = "mailbox_fresh",
	.own = &fresh,
	.traits = TRAITS | CONF_PEER_GOES | CONF_LOST_LATER | CONF_UNASKED | CONF_THREADED | CONF_FD,
	.depth = 8,
	.max_payload = PLAIN,
	.push = push,
	METHODS,
};

const struct conf_kind conf_mailbox_cached = {
	.name = "mailbox_cached",
	.own = &cached,
	.traits = TRAITS | CONF_STUBBORN | CONF_UNASKED | CONF_STANDS | CONF_THREADED,
	.depth = 8,
	.max_payload = 2 * 64 - SCMI_SHMEM_PAYLOAD,
	.push = push,
	METHODS,
};

const struct conf_kind conf_smc = {
	.name = "smc",
	.own = &smc,
	.traits = TRAITS | CONF_STUBBORN,
	.depth = 8,
	.max_payload = PLAIN,
	METHODS,
};

const struct conf_kind conf_smc_interrupt = {
	.name = "smc_interrupt",
	.own = &smc_int,
	.traits = TRAITS | CONF_STUBBORN,
	.depth = 8,
	.max_payload = PLAIN,
	METHODS,
};
