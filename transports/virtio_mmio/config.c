/* SPDX-License-Identifier: BSD-3-Clause */
/* Construction: what a configuration needs, and what stands behind the registers. */
#include <scmi/config.h>

#include "internal.h"

#include <stdalign.h>

#define ALIGN alignof(max_align_t)

_Static_assert(sizeof(struct scmi_virtio_mmio) <= SCMI_VIRTIO_MMIO_BYTES / ALIGN * ALIGN,
	       "raise SCMI_VIRTIO_MMIO_BYTES");

static size_t align_up(size_t n)
{
	return (n + ALIGN - 1u) / ALIGN * ALIGN;
}

/* What is wrong with a configuration, beginning with the member's name; NULL: nothing. */
static const char *fault_of(const struct scmi_virtio_mmio_config *c)
{
	if (c == NULL)
		return SCMI_TEXT_("config: NULL");
	if (c->size != sizeof(*c))
		return SCMI_TEXT_("size: not sizeof(struct scmi_virtio_mmio_config)");
	if ((c->flags & ~(SCMI_VIRTIO_MMIO_DELIVERS | SCMI_VIRTIO_MMIO_SIGNALS)) != 0)
		return SCMI_TEXT_("flags: unknown bits");
	if (c->flags == (SCMI_VIRTIO_MMIO_DELIVERS | SCMI_VIRTIO_MMIO_SIGNALS))
		return SCMI_TEXT_("flags: an interrupt delivers or signals, not both");
	if (c->access.read32 == NULL || c->access.write32 == NULL)
		return SCMI_TEXT_("access: it needs read32 and write32");
	if (scmi_port_check(c->port) != SCMI_OK)
		return SCMI_TEXT_("port: its table is not complete (see scmi_port_check)");
	return NULL;
}

int scmi_virtio_mmio_check(const struct scmi_virtio_mmio_config *config, const char **why)
{
	const char *fault = fault_of(config);

	if (why != NULL)
		*why = fault;
	return fault == NULL ? SCMI_OK : SCMI_E_INVAL;
}

size_t scmi_virtio_mmio_size(const struct scmi_virtio_mmio_config *config)
{
	if (fault_of(config) != NULL)
		return 0;
	if ((config->flags & SCMI_VIRTIO_MMIO_SIGNALS) == 0)
		return sizeof(struct scmi_virtio_mmio);
	return align_up(sizeof(struct scmi_virtio_mmio)) + config->port->event_size;
}

int scmi__virtio_mmio_look(const struct scmi_virtio_mmio_access *access, const char **why)
{
	uint32_t version;
	uint32_t id;

	*why = NULL;
	if (access->read32(access->ctx, REG_MAGIC) != MAGIC) {
		*why = SCMI_TEXT_("virtio-mmio: there is no device behind these registers (MagicValue)");
		return SCMI_E_NOPEER;
	}
	version = access->read32(access->ctx, REG_VERSION);
	if (version != MODERN) {
		*why = version == LEGACY
			       ? SCMI_TEXT_("virtio-mmio: a legacy device (Version 1), only Version 2 is supported")
			       : SCMI_TEXT_("virtio-mmio: a device of an unknown Version, only 2 is supported");
		return SCMI_E_NOTSUP;
	}
	id = access->read32(access->ctx, REG_DEVICE_ID);
	if (id == 0) /* a place for a device: no other register may be touched, and nothing is to be said of it */
		return SCMI_E_NOPEER;
	if (id != SCMI_VIRTIO_DEVICE_ID) {
		*why = SCMI_TEXT_("virtio-mmio: a virtio device, but not one for SCMI (DeviceID is not 32)");
		return SCMI_E_NOTSUP;
	}
	return SCMI_OK;
}

static int look_and_tell(const struct scmi_virtio_mmio_config *config)
{
	const char *why;
	const int err = scmi__virtio_mmio_look(&config->access, &why);

	if (why != NULL && config->log != NULL)
		config->log(config->log_arg, SCMI_LOG_WARNING, why);
	return err;
}

int scmi_virtio_mmio_probe(const struct scmi_virtio_mmio_config *config)
{
	return fault_of(config) == NULL ? look_and_tell(config) : SCMI_E_INVAL;
}

static int refuse(const struct scmi_virtio_mmio_config *config, const char *fault)
{
	if (config != NULL && config->size == sizeof(*config) && config->log != NULL)
		config->log(config->log_arg, SCMI_LOG_ERROR, fault);
	return SCMI_E_INVAL;
}

static void fill(struct scmi_virtio_mmio *m, const struct scmi_virtio_mmio_config *config)
{
	*m = (struct scmi_virtio_mmio){
		.access = config->access,
		.port = config->port,
		.log = config->log,
		.log_arg = config->log_arg,
		.timeout_us = config->timeout_us != 0 ? config->timeout_us : SCMI_VIRTIO_MMIO_TIMEOUT_DEFAULT_US,
		.flags = config->flags,
	};
	atomic_init(&m->gate, 0u);
	atomic_init(&m->in_use, 0u);
	atomic_init(&m->selecting, 0u);
	m->offered = scmi__virtio_mmio_offered(m);
	for (uint32_t i = 0; i < SCMI_VIRTIO_QUEUES; i++)
		m->queue_max[i] = scmi__virtio_mmio_queue_max(m, i);
}

int scmi_virtio_mmio_init(struct scmi_virtio_mmio **mmio, void *mem, size_t len,
			  const struct scmi_virtio_mmio_config *config, struct scmi_virtio_bus *bus)
{
	struct scmi_virtio_mmio *m = mem;
	const char *fault = fault_of(config);
	int err;

	if (fault != NULL)
		return refuse(config, fault);
	if (mmio == NULL || mem == NULL || bus == NULL)
		return SCMI_E_INVAL;
	if ((uintptr_t)mem % ALIGN != 0 || len < scmi_virtio_mmio_size(config))
		return SCMI_E_NOMEM;
	err = look_and_tell(config);
	if (err != SCMI_OK)
		return err;
	fill(m, config);
	if ((config->flags & SCMI_VIRTIO_MMIO_SIGNALS) != 0) {
		m->event = (unsigned char *)mem + align_up(sizeof(*m));
		if (m->port->event_init(m->port->ctx, m->event) != SCMI_OK)
			return SCMI_E_IO;
	}
	scmi__virtio_mmio_fill_bus(m, bus);
	*mmio = m;
	return SCMI_OK;
}

void scmi_virtio_mmio_fini(struct scmi_virtio_mmio *mmio)
{
	if (mmio->event != NULL)
		mmio->port->event_fini(mmio->port->ctx, mmio->event);
}
