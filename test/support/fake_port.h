/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A port without an operating system under it: the clock is a number, nothing ever really sleeps, and every use that
 * breaks the port's contract is noted. For one thread only: other contexts act in the hooks.
 *
 *	struct fake_port fake;
 *
 *	fake_port_init(&fake);
 *	fake.on_wait = answer_now;                     (what "another context" does while the tested code sleeps)
 *	... run the code under test with &fake.port ...
 *	assert_null(fake.fault);
 */
#ifndef FAKE_PORT_H
#define FAKE_PORT_H

#include <stdbool.h>
#include <scmi/port.h>

/* What self() says: in the code under test, and while a hook runs. */
#define FAKE_THREAD 1u
#define FAKE_OTHER  2u

struct fake_port;
typedef void (*fake_port_fn)(struct fake_port *fake, void *arg);

/* How often each function of the port was called. */
struct fake_port_calls {
	unsigned now_us;
	unsigned lock;
	unsigned unlock;
	unsigned event_init;
	unsigned event_fini;
	unsigned event_signal;
	unsigned event_clear;
	unsigned event_wait;
	unsigned relax;
	unsigned self;
};

struct fake_port {
	struct scmi_port port; /* its address is the port */

	/* Settings, which a test changes whenever it likes. */
	uint64_t now_us;          /* the clock; event_wait() moves it to the deadline if nobody signals */
	uint64_t step_us;         /* each look at the clock moves it on by this, after it was read */
	uintptr_t self;           /* who is calling */
	unsigned fail_event_init; /* n: the n-th event_init() from now on fails with SCMI_E_IO; 0: none does */

	/*
	 * Run where another context can act, as FAKE_OTHER: on_wait when event_wait() finds no signal (it looks once
	 * more afterwards), on_relax inside relax(). A hook is not run inside a hook.
	 */
	fake_port_fn on_wait;
	fake_port_fn on_relax;
	void *arg;

	/* What was seen. */
	struct fake_port_calls calls;
	unsigned events;   /* initialised and not yet given back */
	const char *fault; /* the first use that breaks the contract, as a sentence; NULL: none */

	bool locked_;
	bool in_hook_;
};

/*
 * Makes a port with the clock at 1 s and no hooks. There is nothing to end; may be made again at any time. A wait
 * without limit that nobody's hook ends is a deadlock: it is reported and the program aborted.
 */
void fake_port_init(struct fake_port *fake);

#endif
