/* SPDX-License-Identifier: BSD-3-Clause */
#include <scmi/errors.h>
#include <scmi/port.h>

int scmi_port_check(const struct scmi_port *port)
{
	if (port == NULL || port->version != SCMI_PORT_V1)
		return SCMI_E_INVAL;
	if (port->event_size == 0 || port->event_size > SCMI_EVENT_BYTES_MAX)
		return SCMI_E_INVAL;
	if (port->now_us == NULL || port->lock == NULL || port->unlock == NULL)
		return SCMI_E_INVAL;
	if (port->event_init == NULL || port->event_fini == NULL || port->event_signal == NULL ||
	    port->event_clear == NULL || port->event_wait == NULL)
		return SCMI_E_INVAL;
	if (port->relax == NULL || port->self == NULL)
		return SCMI_E_INVAL;
	if ((port->cache_clean == NULL) != (port->cache_invalidate == NULL))
		return SCMI_E_INVAL;
	return SCMI_OK;
}
