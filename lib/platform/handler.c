/* SPDX-License-Identifier: BSD-3-Clause */
/* What a handler, or whoever answers later, does with a request. */
#include "internal.h"

uint16_t scmi_request_agent(const struct scmi_request *req)
{
	return ((const struct channel *)req->channel_)->id;
}

struct scmi_platform *scmi_request_platform(const struct scmi_request *req)
{
	return ((const struct channel *)req->channel_)->platform;
}

uint32_t scmi_request_version(const struct scmi_request *req)
{
	return scmi__platform_spoken(req->channel_, req->server_);
}

uint32_t scmi_request_u32(const struct scmi_request *req, uint32_t index)
{
	if (index >= req->len / sizeof(uint32_t))
		return 0;
	return scmi_get_le32((const uint8_t *)req->params + index * sizeof(uint32_t));
}

uint32_t scmi_request_room(const struct scmi_request *req)
{
	return (req->slow_ & SLOW_OVERFLOW) == 0 ? req->room_ : 0u;
}

void scmi_request_put_u32(struct scmi_request *req, uint32_t value)
{
	uint32_t room = req->room_;

	if (room < sizeof(value)) {
		req->slow_ |= SLOW_OVERFLOW;
		return;
	}
	scmi_put_le32((uint8_t *)req->reply + (req->reply_cap - room), value);
	req->room_ = room - (uint32_t)sizeof(value);
}

void scmi_request_put_bytes(struct scmi_request *req, const void *bytes, uint32_t len)
{
	uint32_t room = req->room_;

	if (room < len) {
		req->slow_ |= SLOW_OVERFLOW;
		return;
	}
	if (len != 0)
		memcpy((uint8_t *)req->reply + (req->reply_cap - room), bytes, len);
	req->room_ = room - len;
}

void scmi_request_put_name(struct scmi_request *req, const char *name)
{
	char field[SCMI_SHORT_NAME] = {0};

	for (uint32_t i = 0; i < SCMI_SHORT_NAME - 1u && name[i] != '\0'; i++)
		field[i] = name[i];
	scmi_request_put_bytes(req, field, sizeof(field));
}

int32_t scmi_request_notify(struct scmi_request *req, uint32_t notification, uint32_t notify_enable)
{
	struct channel *ch = req->channel_;

	if (notify_enable > 1u || notification >= SCMI_PLATFORM_NOTIFICATIONS_MAX)
		return SCMI_INVALID_PARAMETERS;
	if (notify_enable != 0) {
		atomic_fetch_or_explicit(&ch->rights[req->server_], RIGHT_WANTS(notification), memory_order_relaxed);
		return SCMI_SUCCESS;
	}
	atomic_fetch_and(&ch->rights[req->server_], ~RIGHT_WANTS(notification));
	scmi__notices_withdraw(ch, req->server_, RIGHT_WANTS(notification));
	return SCMI_SUCCESS;
}
