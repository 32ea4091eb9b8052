/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A platform at a URI of "vhost-user:", with a thread that serves; and front ends by hand, which say what they are told
 * to and lay out their rings themselves. For the main thread.
 */
#ifndef VHOST_LISTEN_RIG_H
#define VHOST_LISTEN_RIG_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include <scmi/platform.h>
#include <scmi/port/posix.h>
#include <scmi/server/base.h>
#include <scmi/transport/vhost_user.h>
#include <scmi/transport/virtio_device.h>

#include "../../transports/vhost_user/wire.h"

#define RIG_AGENTS 16u

/* ---- the platform ---- */

#define RIG_PROTOCOL 0x80u
#define RIG_HOLD     3u /* is answered by place_release() */

struct place {
	void *listener;
	pthread_t thread;
	bool runs;
	struct scmi_posix posix;
	struct scmi_port port;
	struct scmi_base_model model;
	struct scmi_server base;
	struct scmi_server own;
	const struct scmi_server *servers[2];
	struct scmi_platform_agent agents[RIG_AGENTS];
	struct scmi_platform *platform;
	struct scmi_request *_Atomic held;
	max_align_t memory[SCMI_PLATFORM_WORDS(RIG_AGENTS, 2)];
};

/* Open, run, halt and close one by one. NULL with the error and its sentence in rig_err and rig_why. */
struct place *place_open(const char *rest);
struct place *place_running(const char *rest); /* both */
void place_run(struct place *p);
void place_halt(struct place *p);
void place_close(struct place *p);

/* Waits until a command of RIG_HOLD is held, and answers it. */
void place_await_held(struct place *p);
void place_release(struct place *p);

extern int rig_err;
extern char rig_why[200];

/* A folder of the test's own, and a path in it with keys behind it. The folder is gone at the end, and was empty. */
const char *rig_folder(void);
const char *rig_path(void);
const char *rig_uri(const char *keys);
void rig_folder_end(void);

/* ---- what is written on standard error meanwhile ---- */

void lines_begin(void);
void lines_end(void); /* and shows it */

/* How many lines have that in them. */
unsigned lines_with(const char *text);

/* ---- a front end ---- */

#define FRONT_BYTES 0x10000u
#define FRONT_GUEST UINT64_C(0x40000000)
#define FRONT_USER  UINT64_C(0x7f1200000000)
#define FRONT_SIZE  8u /* of a ring */

struct front {
	int sock;
	int memory;
	unsigned char *mem;
	int kick[2];
	int call[2];
	bool event_idx; /* set it before front_set_up(): it takes EVENT_IDX, too */
	uint16_t avail; /* of the cmdq, the next index */
	uint16_t seen;
};

/* Connects: nothing more. False: nobody listens. */
bool front_connect(struct front *f);
void front_leave(struct front *f);

/* Sends one message; payload of len bytes. */
void front_send(struct front *f, uint32_t request, uint32_t flags, const void *payload, uint32_t len, const int *fds,
		unsigned n);

/* Waits for a reply, which has to be that long. False: the connection has been closed. */
bool front_reply(struct front *f, uint32_t request, void *payload, uint32_t len);

/* A request without payload that is answered by a number. */
uint64_t front_get(struct front *f, uint32_t request);

/* The connection has been closed by the other side; waits for that. */
bool front_is_cut(struct front *f);

/* The connection lives: a GET_FEATURES is answered. */
bool front_lives(struct front *f);

/* Features, memory, and the cmdq; kick -1: NOFD. */
void front_set_up(struct front *f);
void front_set_kick(struct front *f, uint32_t ring, int kick);
void front_up(struct front *f); /* both, with doorbells of its own, and enabled */

/* A command is laid out and published; the doorbell is rung, or not; its answer awaited. */
void front_offer(struct front *f, uint8_t protocol, uint8_t message);
void front_kick(struct front *f);
bool front_is_asked(struct front *f);  /* for a doorbell of the next one */
bool front_must_kick(struct front *f); /* of what has just been published */
int32_t front_status(struct front *f); /* the reply's */

/* Asks for the base protocol's version: whether it is answered well. */
bool front_ask(struct front *f);

#endif
