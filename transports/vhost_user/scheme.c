/* SPDX-License-Identifier: BSD-3-Clause */
/* "vhost-user:", whose two ends are told apart by who asks: agents connect, platforms listen. */
#include <scmi/transport/virtio.h>

#include "front.h"
#include "internal.h"

static const struct scmi_scheme scheme = {
	.version = SCMI_SCHEME_V1,
	.name = "vhost-user",
	.help = "PATH              a socket of a vhost-user back end for virtio-scmi\n"
		"fd=N              such a socket that somebody else has made, for platforms",
	.open = scmi__vu_front_open,
	.close = scmi__vu_front_close,
	.listen = scmi__vu_listen,
	.agents = scmi__vu_agents,
	.endpoint = scmi__vu_endpoint,
	.run = scmi__vu_run,
	.end = scmi__vu_end,
	.unlisten = scmi__vu_unlisten,
	.reason = scmi__vu_front_reason,
};

const struct scmi_scheme *scmi_vhost_user_scheme(void)
{
	return &scheme;
}

int scmi__vu_key_features(const struct scmi__key *key, uint64_t known, uint64_t *out, const struct scmi_why *why)
{
	uint64_t value = 0;
	int err = scmi__key_mask(key, known, &value, why);

	if (err != SCMI_OK)
		return err;
	if ((value & SCMI_VIRTIO_F_VERSION_1) == 0)
		return scmi__key_bad(key, why, "bit 32, VERSION_1, is needed");
	*out = value;
	return SCMI_OK;
}
