/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A platform around the simulated device: base, clock and sensor protocol, two devices of its own, and a protocol of
 * the vendor's, 0x80, that shows what else may be:
 *
 *   0x80 3 DEVICE   DEVICE_NAME: name of 16 bytes; SCMI_DENIED if permissions say so
 *   0x80 4 DEVICE   DEVICE_FAIL: SCMI_HARDWARE_ERROR, and a BASE_ERROR_EVENT to the agents that have asked for it
 *   0x80 5 DEVICE   DEVICE_HANG: no answer until the agent has gone; one at a time for each agent
 *   0x80 6 ENABLE   DEVICE_NOTIFY: switches notification 0x80:0x00, a reading of the sensor hub: device, value
 *   0x80 7 WORD..   DEVICE_ECHO: the same words
 *
 * The sensor hub is read every 50 ms. Each fourth reading fails, and is a BASE_ERROR_EVENT. The first agent may set
 * everybody's permissions, its own included.
 */
#ifndef SIM_HOST_H
#define SIM_HOST_H

#include <scmi/platform.h>

#include "sim.h"

struct sim_host;

/* All that it points to must outlive the host. */
struct sim_host_config {
	const struct sim_set *set;
	const char *file;   /* one more sensor reads it; NULL: none */
	const char *vendor; /* whose the platform is */
	const struct scmi_platform_agent *agents;
	uint32_t agents_n;
	const struct scmi_port *port;
	scmi_log_fn log; /* NULL: no log lines */
	void *log_arg;
	/*
	 * The next turn is due at once: somebody has asked something while there was nothing to do. Any thread that serves
	 * agents; must not call the host. NULL: there are turns all the time.
	 */
	void (*wake)(void *arg);
	void *wake_arg;
};

/*
 * Makes the device and the platform, and starts it. Returns SCMI_OK and *host; SCMI_E_NOMEM, or what sim_open() or
 * scmi_platform_init() and start() say, with everything undone.
 */
int sim_host_open(struct sim_host **host, const struct sim_host_config *config);

/*
 * The device's life: does what is due, and returns when there is more to do, by the port's clock; SCMI_NEVER: when
 * wake() tells. One at a time.
 */
uint64_t sim_host_turn(struct sim_host *host);

/* Stops the platform: nothing is served any more. */
void sim_host_stop(struct sim_host *host);

/* Ends all that is under way and frees it; nobody takes turns any more. The endpoints are at rest then. */
void sim_host_close(struct sim_host *host);

#endif
