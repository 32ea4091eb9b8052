/* SPDX-License-Identifier: BSD-3-Clause */
/* An agent by URI: reads a sensor of a platform in another process. The README shows the first part. */
#include <scmi/open.h>
#include <scmi/protocol/sensor.h>

static int read_milli(const char *uri, uint32_t id, int64_t *milli)
{
	struct scmi_sensor_info info = {.size = sizeof(info)};
	struct scmi_sensor_protocol sensors;
	struct scmi_sensor_reading reading;
	struct scmi_agent *agent;
	int err = scmi_open(&agent, uri, NULL); /* "mailbox:unix=/tmp/scmi.sock" */

	if (err != SCMI_OK)
		return err;
	if (!(err = scmi_sensor_open(agent, 0, &sensors, NULL)) &&
	    !(err = scmi_sensor_info(&sensors, id, &info, NULL)) &&
	    !(err = scmi_sensor_read(&sensors, id, false, &reading, 1, NULL, NULL)))
		err = scmi_sensor_scale(reading.value, info.exponent, -3, milli);
	(void)scmi_close(agent);
	return err;
}

#include <stdio.h>

int main(int argc, char **argv)
{
	int64_t milli = 0;
	int err;

	if (argc != 2) {
		fprintf(stderr, "usage: open URI\n");
		return 2;
	}
	err = read_milli(argv[1], 1, &milli);
	if (err == SCMI_OK)
		printf("sensor 1: %lld thousandths\n", (long long)milli);
	else
		fprintf(stderr, "open: %s: %s\n", argv[1], scmi_strerror(err));
	return err != SCMI_OK;
}
