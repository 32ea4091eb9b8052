/* SPDX-License-Identifier: BSD-3-Clause */
#include "list.h"

/* By the table every such reply has a count word at least. */
static int ask(const struct scmi_list *list, const struct list_source *from, uint32_t *len, int32_t *status)
{
	struct scmi_call call;
	uint32_t words[3];
	int err;

	words[0] = from->kind->command;
	words[1] = from->owner;
	words[words[0] & 3u] = list->index_;
	scmi__prepare(&call, words, from->buf, from->cap);
	err = scmi__checked(&call, scmi_agent_call(from->agent, &call));
	if (status != NULL)
		*status = call.status;
	*len = call.reply_len;
	return err;
}

/*
 * What is to come must shrink from reply to reply. Where the buffer was too small for a reply, what it did not hold is
 * still to come.
 */
static bool believable(const struct scmi_list *list, uint32_t returned, uint32_t remaining)
{
	if (returned == 0 && remaining != 0)
		return false;
	if (list->asked_ != 0 && remaining != 0 && remaining >= list->remaining_)
		return false;
	return list->index_ + returned + remaining <= LIST_MAX;
}

static int fetch(struct scmi_list *list, const struct list_source *from, int32_t *status)
{
	uint32_t returned;
	uint32_t remaining;
	uint32_t len;
	uint32_t word;
	int err = ask(list, from, &len, status);

	if (err != SCMI_OK)
		return err;
	word = scmi_get_le32(from->buf);
	returned = word & from->kind->returned_mask;
	remaining = word >> from->kind->remaining_shift;
	if (!believable(list, returned, remaining))
		return SCMI_E_PROTO;
	*list = (struct scmi_list){
		.index_ = list->index_,
		.got_ = returned,
		.at_ = WORD_BYTES,
		.end_ = len < from->cap ? len : from->cap,
		.remaining_ = remaining,
		.word_ = word,
		.asked_ = 1,
		.cut_ = len > from->cap,
		.fresh_ = 1,
	};
	return SCMI_OK;
}

/* What has not been read of a reply counts as still to come, and is asked for anew. */
static void drop_rest(struct scmi_list *list)
{
	list->remaining_ += list->got_;
	list->got_ = 0;
}

int scmi__list_next(struct scmi_list *list, struct list_source *from, int32_t *status)
{
	uint32_t room;
	int err;

	if (status != NULL)
		*status = SCMI_SUCCESS;
	if (list->got_ != 0 && list->cut_ != 0 && list->fresh_ == 0 && list->end_ - list->at_ < from->room)
		drop_rest(list);
	if (list->got_ == 0) {
		if (list->asked_ != 0 && list->remaining_ == 0)
			return SCMI_E_NOTFOUND;
		err = fetch(list, from, status);
		if (err != SCMI_OK)
			return err;
	}
	if (list->got_ == 0)
		return SCMI_E_NOTFOUND;
	room = list->end_ - list->at_;
	if (room < from->room) {
		drop_rest(list);
		return SCMI_E_PROTO;
	}
	from->at = from->buf + list->at_;
	from->room = room;
	return SCMI_OK;
}

void scmi__list_took(struct scmi_list *list, uint32_t bytes)
{
	list->at_ += bytes;
	list->index_++;
	list->got_--;
	list->fresh_ = 0;
}

void scmi__list_finish(struct scmi_list *list)
{
	list->got_ = 0;
	list->remaining_ = 0;
}
