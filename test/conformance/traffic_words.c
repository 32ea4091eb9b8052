/* SPDX-License-Identifier: BSD-3-Clause */
/* Messages that prove themselves: number, word, filling, sum. */
#include <string.h>

#include "traffic.h"

#define SUM_BYTES 4u

static uint32_t mix(uint32_t h, uint32_t v)
{
	h = (h ^ v) * 0x9e3779b1u;
	return h ^ h >> 15;
}

static uint32_t sum_of(const unsigned char *bytes, uint32_t len, uint32_t salt)
{
	uint32_t h = mix(salt, len);

	for (uint32_t i = 0; i < len; i++)
		h = mix(h, bytes[i]);
	return h;
}

static unsigned char filling(uint32_t nonce, uint32_t word, uint32_t i)
{
	return (unsigned char)(mix(mix(nonce, word), i) >> 16);
}

/* len is TRAFFIC_MIN at least. */
void traffic_fill(unsigned char *bytes, uint32_t len, uint32_t nonce, uint32_t word, uint32_t salt)
{
	scmi_put_le32(bytes, nonce);
	scmi_put_le32(bytes + 4, word);
	for (uint32_t i = 8; i < len - SUM_BYTES; i++)
		bytes[i] = filling(nonce, word, i);
	scmi_put_le32(bytes + len - SUM_BYTES, sum_of(bytes, len - SUM_BYTES, salt));
}

bool traffic_is_whole(const unsigned char *bytes, uint32_t len, uint32_t salt)
{
	return len >= TRAFFIC_MIN && scmi_get_le32(bytes + len - SUM_BYTES) == sum_of(bytes, len - SUM_BYTES, salt);
}

/* Protocol, message and type; the token is the agent's affair. */
uint32_t traffic_salt(uint32_t hdr)
{
	return hdr & 0x3ffffu;
}

static bool at_work(const struct traffic *t, uint32_t faults)
{
	uint32_t all = 0;

	for (unsigned fault = FLAKY_CORRUPT; fault <= FLAKY_MISDIRECT; fault++) {
		if ((t->faults.rate[FLAKY_A2P][fault] | t->faults.rate[FLAKY_P2A][fault]) != 0)
			all |= 1u << fault;
	}
	return (all & ~faults) == 0;
}

/*
 * What came is not what belongs to the call. Each fault alone can make only so much of a message: it is cut, it has
 * more bytes behind it, some of its bits are flipped, or it is another's, and whole. A command that was changed on its
 * way is known to the platform and refused; one that goes under another token is answered under that.
 */
static const char *explain(const struct traffic *t, const unsigned char *right, const struct traffic_call *c,
			   uint32_t len, uint32_t seen)
{
	const unsigned char *got = c->reply;
	const uint32_t common = seen < c->want ? seen : c->want;

	if (!t->bent[FLAKY_A2P] && !t->bent[FLAKY_P2A])
		return "a reply that is not the call's, and no fault that changes messages";
	if (at_work(t, 1u << FLAKY_TRUNCATE) && (len >= c->want || memcmp(got, right, common) != 0))
		return "a reply that is more than cut";
	if (at_work(t, 1u << FLAKY_LENGTHEN) && (len <= c->want || memcmp(got, right, common) != 0))
		return "a reply that is more than lengthened";
	if (at_work(t, 1u << FLAKY_CORRUPT) && len != c->want)
		return "a reply of another length, and no bit of that can have flipped";
	if (at_work(t, 1u << FLAKY_HEADER | 1u << FLAKY_MISDIRECT) && seen == len && !traffic_is_whole(got, len, 0))
		return "a reply that is nobody's, and only headers were changed";
	return NULL;
}

const char *traffic_look(struct traffic *t, const struct traffic_call *c, uint32_t len)
{
	const uint32_t seen = len < c->call.reply_cap ? len : c->call.reply_cap;
	const uint32_t word = (c->how & TRAFFIC_DELAYED) != 0 ? TRAFFIC_DELAYED_VALUES : TRAFFIC_VALUES;
	unsigned char right[CONF_PAYLOAD];

	traffic_fill(right, c->want, c->nonce, word, 0);
	if (len == c->want && memcmp(c->reply, right, seen) == 0)
		return NULL;
	t->wrong++;
	return explain(t, right, c, len, seen);
}
