/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What every protocol has: version, attributes, negotiation; and the call that typed commands are made of.
 *
 * Typed commands take and give values in host order. They wait for the reply with the transport's default time-out,
 * so all of them belong into a thread; who needs flags, a deadline or a callback fills in a struct scmi_call instead,
 * with the layouts of docs/wire.md.
 *
 * They return SCMI_OK and the results; else the results are left alone, but where a function says otherwise.
 * SCMI_E_REMOTE: the platform answered with an error; *status is then its word (enum scmi_status), in all other cases
 * SCMI_SUCCESS. status may be NULL. SCMI_E_PROTO: the reply is shorter than its values, or contradicts itself; a
 * longer one is no error, newer versions append. SCMI_E_INVAL: a result pointer is NULL, and *status is left alone
 * too. The rest as scmi_agent_call().
 */
#ifndef SCMI_PROTOCOL_COMMON_H
#define SCMI_PROTOCOL_COMMON_H

#include <stdint.h>

#include <scmi/agent.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * scmi_agent_call() with the two rules of typed commands: a reply that is longer than call->reply_cap is success, and
 * one with fewer values than the message has at least (scmi_message_find(); none for a message that is not in the
 * table) is SCMI_E_PROTO. So call->reply_len may be more than call->reply_cap. For protocols of the vendor's too.
 */
int scmi_protocol_call(struct scmi_agent *agent, struct scmi_call *call);

/* PROTOCOL_VERSION: the newest version that the platform has, SCMI_VERSION(major, minor). */
int scmi_protocol_version(struct scmi_agent *agent, uint8_t protocol, uint32_t *version, int32_t *status);

/* PROTOCOL_ATTRIBUTES: the first word, which is all there is in most protocols. */
int scmi_protocol_attributes(struct scmi_agent *agent, uint8_t protocol, uint32_t *attributes, int32_t *status);

/* PROTOCOL_MESSAGE_ATTRIBUTES. SCMI_E_REMOTE with SCMI_NOT_FOUND: the platform has no such message. */
int scmi_protocol_message_attributes(struct scmi_agent *agent, uint8_t protocol, uint8_t message, uint32_t *attributes,
				     int32_t *status);

/*
 * NEGOTIATE_PROTOCOL_VERSION: from its success on the platform speaks that version of the protocol with this agent.
 * SCMI_E_REMOTE with SCMI_NOT_SUPPORTED: it cannot.
 */
int scmi_protocol_negotiate(struct scmi_agent *agent, uint8_t protocol, uint32_t version, int32_t *status);

/*
 * The step that opens a protocol: asks for the platform's version, and where that is newer than `newest`, the newest
 * that the caller knows, asks the platform to speak `newest`. *version is the platform's own; *spoken the one that it
 * speaks from now on: the same, or `newest` if it agreed. Where it did not, *spoken stays above `newest`, and replies
 * may be laid out differently if the major number differs. Refused negotiation is no error. An agent speaks one version of
 * a protocol, the one that was agreed on last: a platform that has agreed to an older one goes on with it until it is asked
 * again or the agent's configuration is reset, though it still tells its newest. So all users of an agent take the same
 * `newest`.
 */
int scmi_protocol_agree(struct scmi_agent *agent, uint8_t protocol, uint32_t newest, uint32_t *version,
			uint32_t *spoken, int32_t *status);

/*
 * How far a list has been read: the library's own, inside the iterators of the protocols. Such an iterator is the
 * caller's memory, filled by its _begin(), and may be left at any time. _next() sends a command where it has to and
 * returns SCMI_OK with the next element; SCMI_E_NOTFOUND, there are no more; else an error as any typed command: a
 * later _next() asks again from the same place. No platform can make it go on for ever: a reply that says "more to
 * come" brings something, leaves less to come than the one before, and 65535 elements are the end: else SCMI_E_PROTO. A
 * list that changes while it is read is read as it is told, with gaps or doubles perhaps.
 */
struct scmi_list {
	uint32_t index_;     /* of the element that is next */
	uint32_t got_;       /* elements of the reply that have not been read */
	uint32_t at_;        /* where the next of them stands in the buffer */
	uint32_t end_;       /* behind the last byte there */
	uint32_t remaining_; /* to come behind this reply */
	uint32_t word_;      /* the reply's count word */
	uint8_t asked_;      /* there has been a reply */
	uint8_t cut_;        /* it was longer than the buffer */
	uint8_t fresh_;      /* nothing of this reply has been read */
};

/*
 * A *_NAME_GET command of the protocol: the whole name of a resource, terminated, NULs behind it. The typed protocols
 * do this by themselves where the platform says that a name is longer than its field.
 */
int scmi_protocol_long_name(struct scmi_agent *agent, uint8_t protocol, uint8_t message, uint32_t id,
			    char name[SCMI_LONG_NAME], int32_t *status);

#ifdef __cplusplus
}
#endif

#endif
