/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The stress program: one agent with many links, over each of them a platform that knows what it must be asked, and
 * threads that do everything that the API allows, at once, from a seed. What has to hold is checked at each end of a
 * call, at each command that arrives, and where all is at rest. See README.md.
 *
 *   lanes.c     links, the transports below them, with and without flaky
 *   virtio.c    our driver and our device, the two ends of a lane; mailbox.c: the same over shared memory
 *   peer.c      what the platform's end makes of a command; platform.c, kinds.c: how it gets there and back
 *   later.c     answers that come later, from a thread of their own
 *   job.c       one call: how it is made; verdict.c: what its end must look like
 *   worker.c    what a thread does; sequence.c: calls in an order; trouble.c: what disturbs
 *   agent.c     the agent's configurations, and who drives receive
 *   rest.c      checks where nothing is under way
 *   report.c    counting, faults, the watchdog, the summary
 */
#ifndef STRESS_H
#define STRESS_H

#include <pthread.h>
#include <stdalign.h>
#include <stdatomic.h>
#include <stdbool.h>

#include <scmi/agent.h>
#include <scmi/platform.h>
#include <scmi/port/posix.h>
#include <scmi/transport/loopback.h>

#include "../support/flaky.h"
#include "random.h"

#define LANES_MAX   SCMI_LINKS_MAX
#define WORKERS_MAX 16u
#define NODES       2u  /* subscribers of one worker */
#define LOOSE_JOBS  6u  /* jobs of one worker that it waits for itself, */
#define DONE_JOBS   10u /* and those with a done function */
#define JOBS        (1u + LOOSE_JOBS + DONE_JOBS)
#define WORDS_MIN   4u     /* of parameters or values */
#define BYTES_MAX   128u   /* of parameters or values */
#define GUARD       16u    /* bytes before and behind them */
#define ERRORS      24u    /* SCMI_E_*, negated */
#define FILLERS     64u    /* calls that take every slot of a link */
#define MARKS       16384u /* arrivals that are remembered */
#define PROMISES    32u    /* delayed responses that are open at once, of one link */
#define TALLIES     80u    /* threads that count */
#define PROTOCOL    0x80u  /* of the first link; the others follow */
#define MESSAGE     0x20u  /* the first one of the commands */
#define MESSAGES    4u

struct stress;
struct worker;

/* ---- options ---- */

struct options {
	uint64_t seed;
	uint64_t calls;    /* that have to end */
	uint32_t threads;  /* workers */
	uint32_t seconds;  /* at most; 0: no limit */
	uint32_t hang_s;   /* without progress: a hang */
	uint32_t report_s; /* from one line of progress to the next; 0: none */
	const char *links;
	const char *rates;
	bool reactor;
	bool posix; /* the POSIX port where there is another one */
	bool exact; /* nothing is corrupted: flaky where the links say corrupt */
	bool abort; /* at the first fault */
	int argc;
	char **argv;
};

/* Returns false, with a line to stderr, for what it does not know. */
bool options_read(struct options *o, int argc, char **argv);

/* The rates of a link that is not fair. */
bool options_rates(const char *text, struct flaky_config *config);

/* ---- lanes: links as the test sees them ---- */

enum kind { KIND_SYNC, KIND_THREADED, KIND_VIRTIO, KIND_MAILBOX, KIND_RX, KIND_PRIV, KIND_ONE, KIND_QUEUED, KINDS };

/* FLAKY: messages are lost, late, doubled, in another order, the link goes down. CORRUPT: they are changed, too. */
enum weather { FAIR, FLAKY, CORRUPT };

/* When a command arrived, and when it was answered, by the clocks of its lane. */
struct mark {
	atomic_uint arrival;
	atomic_uint begun;    /* commands of the lane that had begun to be submitted */
	atomic_uint answered; /* commands that had arrived when it was answered */
};

/* A delayed response that has been promised. */
struct promise {
	struct scmi_delayed delayed;
	unsigned char buf[SCMI_STATUS_BYTES + BYTES_MAX];
};

struct lane {
	struct stress *s;
	char name[24];
	uint32_t index;
	enum kind kind;
	enum weather weather;
	uint8_t protocol;
	bool p2a;           /* carries delayed responses and notifications */
	uint32_t words_max; /* of parameters, of values */
	struct scmi_transport transport;

	/* below: one of these, and perhaps flaky above it */
	struct scmi_transport inner;
	struct flaky *flaky;
	struct kind_rx *rx;
	struct kind_priv *priv;
	struct kind_one *one;
	struct scmi_loopback *loopback;
	void *loopback_mem;
	struct virtio *virtio;
	struct mailbox *mailbox;
	struct scmi_endpoint endpoint; /* of loopback, virtio and mailbox: they reach the real platform */
	void *doorbell;
	pthread_t server;
	uint16_t agent; /* its id with the platform */
	struct promise promises[PROMISES];
	struct scmi_notice notice;
	unsigned char notice_buf[2u * BYTES_MAX];

	/* as this agent has it */
	struct scmi_link_options options;
	uint32_t lives;     /* of a slot before a token comes back */
	uint32_t loose_max; /* calls of one worker that it has yet to wait for */
	struct flaky_counts base;

	alignas(64) atomic_uint begun;
	alignas(64) atomic_uint arrivals;
	atomic_uint losses;  /* grows when a recovery begins, and when it has ended */
	atomic_bool holding; /* commands that say so wait */
	struct mark marks[MARKS];
};

/* Makes all that the option names. false: a line to stderr tells why. */
bool lanes_make(struct stress *s);
void lanes_unmake(struct stress *s);
struct lane *lane_pick(struct stress *s, uint64_t *random);
struct lane *lane_of(struct stress *s, uint8_t protocol);
const struct mark *lane_mark(struct lane *l, uint32_t arrival);

/* ---- the platform's end ---- */

enum act { ACT_NOW, ACT_LATER, ACT_ERROR, ACT_SETTLE, ACT_NOTIFY, ACT_HOLD, ACTS };

/* How a delayed command is answered. */
enum delay { DELAY_NONE, DELAY_AFTER, DELAY_BEFORE, DELAY_ERROR, DELAYS };

/* A command as it was understood. */
struct asked {
	struct lane *lane;
	uint32_t hdr;
	uint64_t nonce;
	enum act act;
	enum delay delay;
	uint32_t words; /* of values */
	uint32_t later_us;
	uint32_t arrival;
	uint8_t message;
};

/* An answer that is due later. */
struct task {
	struct task *next;
	uint64_t due_us;
	bool (*run)(struct task *t); /* false: once more, a little later */
	struct asked asked;
	void *ref; /* of its kind: a request, what came() brought, a promise */
};

struct later {
	struct stress *s;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t news;
	struct task *first;
	uint32_t open; /* tasks, the one that runs too */
	bool over;
};

bool later_start(struct later *l, struct stress *s);
void later_stop(struct later *l);
void later_add(struct later *l, const struct task *t, uint32_t in_us);
uint32_t later_open(struct later *l);

/* Words of a message: nonce, nonce, what, filler, sum. `salt` is what it belongs to. */
void words_fill(unsigned char *bytes, uint32_t n, uint64_t nonce, uint32_t what, uint32_t salt);
bool words_right(const unsigned char *bytes, uint32_t n, uint32_t salt);
uint32_t params_salt(const struct lane *l, uint8_t message);
uint32_t values_salt(const struct lane *l, uint8_t message);
uint32_t notification_salt(const struct lane *l);
uint32_t what_of(enum act act, uint32_t words, uint32_t later_us, enum delay delay);

/* A command has come. false: it is not as it was sent, and has been counted. */
bool peer_understands(struct lane *l, uint32_t hdr, const void *params, uint32_t len, struct asked *a);

/* The values of its answer, which is given now. Returns the bytes. */
uint32_t peer_values(const struct asked *a, unsigned char *values);
int32_t peer_status(uint64_t nonce);
uint32_t peer_notification(struct lane *l, unsigned char *payload);

bool is_platforms(const struct lane *l);
bool platform_make(struct stress *s);
void platform_unmake(struct stress *s);
bool platform_notify(struct lane *l);
bool kind_make(struct lane *l);
void kind_unmake(struct lane *l);
bool kind_notify(struct lane *l);
uint32_t kind_away(struct lane *l);

/* Before virtio_start() the platform starts; virtio_stop() comes before it goes. */
bool virtio_make(struct lane *l);
bool virtio_start(struct lane *l);
void virtio_stop(struct lane *l);
void virtio_unmake(struct lane *l);
uint32_t virtio_away(struct lane *l);

/* Likewise. */
bool mailbox_make(struct lane *l);
bool mailbox_start(struct lane *l);
void mailbox_stop(struct lane *l);
void mailbox_unmake(struct lane *l);
uint32_t mailbox_away(struct lane *l);

/* ---- jobs ---- */

/* IDLE: its owner's. LIVE: the library's. ENDED: its done function runs. */
enum job_state { JOB_IDLE, JOB_LIVE, JOB_ENDED };

struct job {
	struct scmi_call call;
	struct stress *s;
	struct lane *lane;
	uint32_t id;
	uint64_t random;
	uint32_t serial;
	uint64_t nonce;
	uint64_t earliest_us; /* it must not time out before */
	enum act act;
	enum delay delay;
	uint32_t words; /* of values */
	uint32_t arrival;
	bool right;      /* it ended well, with its own reply, whose arrival is known */
	uint32_t chain;  /* submits that its done function has yet to make */
	uint32_t losses; /* as they were when it began */
	uint32_t stops;
	atomic_uint state;
	atomic_flag gate;    /* held while it is prepared and submitted, and while it is cancelled */
	bool cancellable;    /* under the gate: one cancel() at a time, beside no submit */
	atomic_uint arrived; /* the last serial that arrived, */
	atomic_uint refused; /* that must not arrive, for it was refused */
	uint32_t seen_sum;   /* of what its end left */
	unsigned char params[GUARD + BYTES_MAX + GUARD];
	unsigned char reply[GUARD + BYTES_MAX + GUARD];
};

void job_init(struct job *j, struct stress *s, uint32_t id);
struct job *job_find(struct stress *s, uint64_t nonce);

/* What is asked of a job beyond what it draws itself. */
struct wish {
	struct lane *lane;
	uint16_t flags;
	enum act act;
	bool plain;     /* act, and nothing else */
	bool unhurried; /* without a time-out but that of the queue */
};

/* A new call: drawn from the job's own numbers. done as for the library. */
void job_prepare(struct job *j, const struct wish *w, scmi_done_fn done);

/* Submits and calls, with all that is to be checked of their results. Return what the library did. */
int job_submit(struct job *j);
int job_submit_many(struct job *const *jobs, uint32_t n, uint32_t *submitted);
int job_call(struct job *j);
int job_wait(struct job *j, uint64_t until_us);
void job_lock(struct job *j);
void job_unlock(struct job *j);
bool job_try_lock(struct job *j);
void job_cancel(struct job *j);
bool job_is(struct job *j, enum job_state state);

void job_done(struct scmi_call *call, int err);

/* Around whatever the library calls back. */
void callback_enter(struct stress *s);
void callback_leave(struct stress *s);
bool callback_here(void);
/* stop() has returned. */
void callback_check_none(struct stress *s);

/* ---- verdicts ---- */

#define STATUS_UNTOUCHED 0x5ca1ab1e
#define LEN_UNTOUCHED    0xfeedf00du

void verdict_ended(struct job *j, int err);
void verdict_refused(struct job *j, int err);

/* Its memory after its end, to be compared later. */
uint32_t job_sum(const struct job *j);
void job_seal(struct job *j);
void job_check_idle(struct job *j);

/* ---- workers ---- */

struct node {
	struct scmi_subscriber subscriber;
	struct stress *s;
	atomic_bool active;
	atomic_bool leaving; /* it is to be removed, for its own handler has done so */
	atomic_uint running; /* contexts inside its handler */
	atomic_uint heard;
};

/* How an epoch is: all at once; hardly anything but calls; short times and cancels; the agent stopped and recovered. */
enum style { STYLE_MIXED, STYLE_CALLS, STYLE_STORM, STYLE_ADMIN, STYLES };

struct worker {
	struct stress *s;
	uint32_t index;
	pthread_t thread;
	uint64_t random;
	struct node nodes[NODES];
	struct job jobs[JOBS]; /* 0: for synchronous calls; then loose ones; then those with done */
	_Atomic(const char *) doing;
	uint32_t steps; /* that are left in this epoch */
};

void *worker_run(void *arg);
struct job *worker_idle(struct worker *w, uint32_t first, uint32_t n);
void worker_sequence(struct worker *w);
void worker_drain(struct worker *w);
void worker_doing(struct worker *w, const char *what);
void subscribers_init(struct worker *w);
void subscribers_leave(struct worker *w);
/* Every kind of notification that a fair link carries still arrives. At rest. */
void subscribers_check(struct stress *s);

/* trouble.c */
void trouble_cancel(struct worker *w);
void trouble_cancel_all(struct worker *w);
void trouble_subscribe(struct worker *w);
void trouble_notify(struct worker *w);
void trouble_cut(struct worker *w);
void trouble_look(struct worker *w);
void trouble_ask_wrongly(struct worker *w);
void trouble_administer(struct worker *w);

/* ---- counting ---- */

/* Of one thread, so that counting joins no two of them. */
struct tally {
	struct {
		atomic_uint ended[ERRORS];   /* calls, by what they ended with */
		atomic_uint refused[ERRORS]; /* submits */
	} lane[LANES_MAX];
	atomic_uint cancelled; /* by cancel() and cancel_all(), as these say */
	atomic_uint mangled;   /* commands, replies, notifications that were changed on their way */
	atomic_uint stale;     /* replies of an earlier life */
	atomic_uint steps;     /* what else shows that something moves */
	atomic_uint inside;    /* callbacks, now */
	uint32_t turn;         /* its owner's: see dawdle() */
};

/* Now and then, lets others run before this thread goes on: for places where it holds something. */
void dawdle(struct stress *s);

struct totals {
	uint64_t ended[ERRORS];
	uint64_t refused[ERRORS];
	uint64_t cancelled;
	uint64_t mangled;
	uint64_t stale;
	uint64_t steps;
};

struct tally *tally_here(struct stress *s);
void tally_add(atomic_uint *counter, uint32_t n);
/* lane NULL: all. */
struct totals totals_of(struct stress *s, const struct lane *lane);
uint64_t totals_calls(const struct totals *t);

/* ---- all of it ---- */

struct stress {
	struct options o;
	uint64_t random; /* of whoever runs at rest */
	struct scmi_posix posix;
	struct scmi_port port;
	struct lane *lanes;
	uint32_t lanes_n;
	uint8_t turns[256]; /* lanes, as often as they are to be picked */
	bool any_corrupt;
	enum style style;  /* of this epoch, */
	uint32_t focus[2]; /* and the lanes that it keeps to, */
	uint32_t focus_n;  /* if it does */
	uint64_t began_us;

	struct scmi_platform *platform;
	void *platform_mem;
	struct scmi_server *servers;
	const struct scmi_server **server_at;
	struct scmi_platform_agent *agents;
	struct later later;
	atomic_uint notified;
	struct node ear; /* at rest: what is sent is heard */

	struct scmi_agent *agent;
	void *agent_mem;
	struct scmi_agent_config config;
	struct scmi_link links[LANES_MAX];
	struct scmi_latency latency;
	uint32_t generation;
	atomic_uint pace_us; /* of the driver; 0: it rests */
	pthread_t driver;
	pthread_mutex_t driving; /* held while the driver is inside the agent */
	void *bell;              /* event of the port: the driver is to look */
	void *reactor;

	struct worker *workers;
	struct job *fillers; /* to take every slot at rest */
	pthread_barrier_t barrier;
	pthread_mutex_t admin; /* stop, start, quiesce, resume, recover: one at a time */
	atomic_uint stops;     /* grows before a stop or quiesce, and when the agent takes calls again */
	atomic_bool halted;    /* stop() has returned: no callback runs or will */
	atomic_bool over;      /* come to an end */
	atomic_bool done;      /* all has ended: for the driver and the watchdog */

	struct tally *tallies;
	atomic_uint tallies_n;
	struct totals lane_base[LANES_MAX]; /* when this agent began */
	atomic_uint faults;
	pthread_t watchdog;
	_Atomic(const char *) resting;
};

static inline uint64_t now_us(const struct stress *s)
{
	return s->port.now_us(s->port.ctx);
}

bool agent_make(struct stress *s);
void agent_unmake(struct stress *s);
bool driver_start(struct stress *s);
void driver_stop(struct stress *s);
void agent_stop_and_start(struct stress *s, uint64_t *random);

void rest(struct stress *s);

/* Something is wrong. Prints it, the first few times, and how to repeat the run. */
void fault(struct stress *s, const struct lane *l, const char *format, ...) __attribute__((format(printf, 3, 4)));
bool watchdog_start(struct stress *s);
void watchdog_stop(struct stress *s);
void summary(struct stress *s);

#endif
