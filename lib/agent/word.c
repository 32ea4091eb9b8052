/* SPDX-License-Identifier: BSD-3-Clause */
/* Steps of words that several contexts write: each stands once where size is asked for, for it is a loop there. */
#include "internal.h"

uint32_t scmi__fetch_add(_Atomic uint32_t *at, uint32_t n)
{
	return atomic_fetch_add_explicit(at, n, memory_order_seq_cst);
}

uint32_t scmi__fetch_and(_Atomic uint32_t *at, uint32_t mask)
{
	return atomic_fetch_and_explicit(at, mask, memory_order_seq_cst);
}

uint32_t scmi__fetch_or(_Atomic uint32_t *at, uint32_t bits)
{
	return atomic_fetch_or_explicit(at, bits, memory_order_seq_cst);
}

uint32_t scmi__take_all(_Atomic uint32_t *at)
{
	return atomic_load_explicit(at, memory_order_relaxed) != 0
		       ? atomic_exchange_explicit(at, 0u, memory_order_seq_cst)
		       : 0u;
}
