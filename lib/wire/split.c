/* SPDX-License-Identifier: BSD-3-Clause */
/* Taking messages apart: the only place that takes a header or a status off bytes that a peer sent. */
#include <scmi/message.h>

int scmi_msg_part(const void *bytes, uint32_t len, uint32_t *hdr, const void **payload, uint32_t *payload_len)
{
	if (bytes == NULL || hdr == NULL || payload == NULL || payload_len == NULL)
		return SCMI_E_INVAL;
	if (len < SCMI_HDR_BYTES)
		return SCMI_E_PROTO;
	*hdr = scmi_get_le32(bytes);
	*payload_len = len - SCMI_HDR_BYTES;
	*payload = *payload_len != 0 ? (const uint8_t *)bytes + SCMI_HDR_BYTES : NULL;
	return SCMI_OK;
}

int scmi_msg_split_reply(const void *head, uint32_t payload_len, int32_t *status, uint32_t *values_len)
{
	int32_t word;

	if (status == NULL || values_len == NULL)
		return SCMI_E_INVAL;
	if (payload_len < SCMI_STATUS_BYTES)
		return SCMI_E_PROTO;
	if (head == NULL)
		return SCMI_E_INVAL;
	word = (int32_t)scmi_get_le32(head);
	*status = word;
	*values_len = word == SCMI_SUCCESS ? payload_len - SCMI_STATUS_BYTES : 0;
	return word == SCMI_SUCCESS ? SCMI_OK : SCMI_E_REMOTE;
}

int scmi_msg_from_agent(const void *bytes, uint32_t len, struct scmi_msg *msg)
{
	struct scmi_msg m = {0};
	int err;

	if (msg == NULL)
		return SCMI_E_INVAL;
	err = scmi_msg_part(bytes, len, &m.hdr, &m.values, &m.len);
	if (err != SCMI_OK)
		return err;
	if (scmi_hdr_type(m.hdr) != SCMI_MSG_COMMAND)
		return SCMI_E_PROTO;
	*msg = m;
	return SCMI_OK;
}

/* Turns a reply's payload into its values. */
static int take_status_off(struct scmi_msg *m)
{
	const uint8_t *head = m->values;
	int err = scmi_msg_split_reply(head, m->len, &m->status, &m->len);

	if (err == SCMI_OK || err == SCMI_E_REMOTE)
		m->values = m->len != 0 ? head + SCMI_STATUS_BYTES : NULL;
	return err;
}

int scmi_msg_from_platform(const void *bytes, uint32_t len, struct scmi_msg *msg)
{
	struct scmi_msg m = {0};
	int err;

	if (msg == NULL)
		return SCMI_E_INVAL;
	err = scmi_msg_part(bytes, len, &m.hdr, &m.values, &m.len);
	if (err != SCMI_OK)
		return err;
	switch (scmi_hdr_type(m.hdr)) {
	case SCMI_MSG_COMMAND:
	case SCMI_MSG_DELAYED:
		err = take_status_off(&m);
		break;
	case SCMI_MSG_NOTIFICATION:
		break;
	default:
		return SCMI_E_PROTO;
	}
	if (err == SCMI_OK || err == SCMI_E_REMOTE)
		*msg = m;
	return err;
}
