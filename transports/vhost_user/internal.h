/* SPDX-License-Identifier: BSD-3-Clause */
/* The back end as the scheme knows it, and a key that both ends have. */
#ifndef SCMI_VHOST_USER_INTERNAL_H
#define SCMI_VHOST_USER_INTERNAL_H

#include <scmi/transport/vhost_user.h>

#include "../carrier/carrier.h"

/* features=MASK of those that are known, VERSION_1 at least. SCMI_OK, or SCMI_E_INVAL with a sentence. */
int scmi__vu_key_features(const struct scmi__key *key, uint64_t known, uint64_t *out, const struct scmi_why *why);

/* ---- the platform's side of the scheme, as struct scmi_scheme has it ---- */

int scmi__vu_listen(void **listener, const char *rest, const struct scmi_port *port, const struct scmi_why *why);
uint32_t scmi__vu_agents(const void *listener);
const struct scmi_endpoint *scmi__vu_endpoint(const void *listener, uint32_t i);
int scmi__vu_run(void *listener);
void scmi__vu_end(void *listener);
void scmi__vu_unlisten(void *listener);

#endif
