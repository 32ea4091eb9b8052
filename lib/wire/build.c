/* SPDX-License-Identifier: BSD-3-Clause */
/* Building messages: the only place that puts a header or a status in front of bytes. */
#include <scmi/message.h>

#include "mem.h"

/* Copies len bytes to dst, which has room, unless they stand there already. */
static void put_bytes(uint8_t *dst, const void *src, uint32_t len)
{
	if (len != 0 && src != dst)
		memcpy(dst, src, len);
}

/* May len bytes, given at p, follow fixed ones in cap? Subtracts only what is known to be there: no sum can wrap. */
static int check_room(const void *dst, uint32_t cap, uint32_t fixed, const void *p, uint32_t len, const uint32_t *out)
{
	if (dst == NULL || out == NULL || (p == NULL && len != 0))
		return SCMI_E_INVAL;
	if (cap < fixed || len > cap - fixed)
		return SCMI_E_TOOBIG;
	return SCMI_OK;
}

int scmi_msg_build(void *dst, uint32_t cap, uint32_t hdr, const void *payload, uint32_t len, uint32_t *out)
{
	int err = check_room(dst, cap, SCMI_HDR_BYTES, payload, len, out);

	if (err != SCMI_OK)
		return err;
	put_bytes((uint8_t *)dst + SCMI_HDR_BYTES, payload, len);
	scmi_put_le32(dst, hdr);
	*out = SCMI_HDR_BYTES + len;
	return SCMI_OK;
}

int scmi_msg_build_reply(void *dst, uint32_t cap, int32_t status, const void *values, uint32_t len, uint32_t *out)
{
	int err;

	/* An error carries nothing else: the values of a command that failed are nobody's to read. */
	if (status != SCMI_SUCCESS)
		len = 0;
	err = check_room(dst, cap, SCMI_STATUS_BYTES, values, len, out);
	if (err != SCMI_OK)
		return err;
	put_bytes((uint8_t *)dst + SCMI_STATUS_BYTES, values, len);
	scmi_put_le32(dst, (uint32_t)status);
	*out = SCMI_STATUS_BYTES + len;
	return SCMI_OK;
}

static int build_whole_reply(uint8_t *dst, uint32_t cap, uint32_t hdr, int32_t status, const void *values, uint32_t len,
			     uint32_t *out)
{
	int err;

	if (dst == NULL)
		return SCMI_E_INVAL;
	if (cap < SCMI_HDR_BYTES)
		return SCMI_E_TOOBIG;
	err = scmi_msg_build_reply(dst + SCMI_HDR_BYTES, cap - SCMI_HDR_BYTES, status, values, len, out);
	if (err != SCMI_OK)
		return err;
	scmi_put_le32(dst, hdr);
	*out += SCMI_HDR_BYTES;
	return SCMI_OK;
}

int scmi_msg_build_response(void *dst, uint32_t cap, uint32_t hdr, int32_t status, const void *values, uint32_t len,
			    uint32_t *out)
{
	return build_whole_reply(dst, cap, scmi_hdr_as(hdr, SCMI_MSG_COMMAND), status, values, len, out);
}

int scmi_msg_build_delayed(void *dst, uint32_t cap, uint32_t hdr, int32_t status, const void *values, uint32_t len,
			   uint32_t *out)
{
	return build_whole_reply(dst, cap, scmi_hdr_as(hdr, SCMI_MSG_DELAYED), status, values, len, out);
}
