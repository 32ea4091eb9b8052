/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The minimal agent: for boot loaders, and wherever every byte counts. It is another implementation of agent.h, linked
 * in place of the full one (scmi::minimal): one link, one command at a time, polled, in one context. What it does not
 * do it refuses. A program that uses only what is said here runs unchanged with the full agent.
 *
 * Done: scmi_agent_size(), init, start, stop, fini, recover, call, link, max_params, max_values; the typed commands of
 * protocol/ are made of these. All other functions of agent.h are there and return SCMI_E_NOTSUP (those that return no
 * error: 0, SCMI_NEVER or -1).
 *
 * Configuration: size, transport, options.slots 0 or 1, options.queue_timeout_us, port; spin_turns and max_waiters mean
 * nothing here. Any other member that is not 0 is SCMI_E_INVAL at init. The checks on what comes back are the defaults:
 * of a reply token, protocol, message and type must be those of the command, reserved bits are ignored.
 *
 * port may be NULL: there is no clock then. All time-outs count looks at the transport in place of microseconds, and
 * call.deadline_us must be 0 (SCMI_E_INVAL). A look is some tens of instructions: the default of 30,000 of them may
 * be a millisecond, so set timeout_us (the transport's or the call's) and queue_timeout_us by the processor's speed.
 * Of a port only version, now_us and relax are used.
 *
 * Transport: one with SCMI_CAP_POLL and without SCMI_CAP_IRQ (else SCMI_E_INVAL), whose messages come by sink->rx();
 * acquire() is SCMI_E_NOTSUP. Notifications and delayed responses are SCMI_E_STRAY: nobody asks for them. While its
 * link is down each call polls it once, and is SCMI_E_NOPEER if that has not brought the peer.
 *
 * Calls: flags POLL (which it does anyway) and NOWAIT; RAW, DELAYED, MORE, URGENT and FENCE are SCMI_E_NOTSUP. A call
 * that has timed out leaves its debt: the next one waits until the late reply has come, which is dropped, or the
 * transport has settled it; for its queue_timeout_us, then it is SCMI_E_TIMEOUT and nothing was sent. The transport's
 * memory is not written meanwhile. scmi_agent_recover() ends the debt where the transport can promise that nothing of
 * before comes any more, else it is SCMI_E_BUSY: call it again later, or give the link up. A platform that dies while it
 * has a mailbox's area never frees it: once the platform itself has been reset, and before it looks at the area, call
 * scmi_shmem_reset(), then recover.
 *
 * The mailbox (scmi::mailbox_polled, in place of the agent's end of scmi::mailbox): one A2P area, no P2A. Refused with
 * SCMI_E_INVAL: FRESH, max_inflight above 1, max_payload, CACHED areas, integrity checks, a doorbell with more than
 * ring(), one with SCMI_CAP_IRQ. port is not used. scmi_mailbox_check() knows one sentence. The full agent may be
 * linked with it, too, where one context at a time calls it.
 */
#ifndef SCMI_MINIMAL_H
#define SCMI_MINIMAL_H

#include <scmi/agent.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Words of max_align_t that hold the minimal agent; for static memory, in place of SCMI_AGENT_WORDS(). */
#define SCMI_MINIMAL_WORDS ((sizeof(struct scmi_transport) + 64u + sizeof(max_align_t) - 1u) / sizeof(max_align_t))

#ifdef __cplusplus
}
#endif

#endif
