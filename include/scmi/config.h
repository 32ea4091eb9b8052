/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The knobs of the library: what is chosen when it is compiled. Give them to the compiler of the library's sources
 * (-DSCMI_CONFIG_TEXTS=0; with CMake: -DSCMI_TEXTS=OFF); its users need not know, and the functions are the same. Which
 * parts there are is not a knob: a part is there if its sources are (the lists in cmake/scmi_sources.cmake and lib/scmi.mk;
 * CMake's SCMI_AGENT, SCMI_PLATFORM ...), and how much memory it has says its configuration.
 */
#ifndef SCMI_CONFIG_H
#define SCMI_CONFIG_H

/*
 * SCMI_CONFIG_TEXTS: 1, the default: sentences and names for people are there. 0: none is, which saves a sixth of the code on
 * a small machine: scmi_strerror() and all other functions that return a text, and the `why` of the checks, give an empty
 * string where they would give a text; an agent logs neither what is wrong with its configuration nor its limits. What is
 * checked, and what is returned, does not change.
 */
#ifndef SCMI_CONFIG_TEXTS
#define SCMI_CONFIG_TEXTS 1
#endif

/*
 * What follows leaves out parts of the agent: 1, the default, or 0. Each function is still there, and says SCMI_E_NOTSUP where
 * it would need what is left out. The minimal agent has none of it anyway.
 *
 * SCMI_CONFIG_NOTIFICATIONS: 0: scmi_agent_subscribe() says SCMI_E_NOTSUP, event buffers are refused at init, notifications that
 * come are counted as `unclaimed`.
 */
#ifndef SCMI_CONFIG_NOTIFICATIONS
#define SCMI_CONFIG_NOTIFICATIONS 1
#endif

/*
 * SCMI_CONFIG_DELAYED: 0: calls with SCMI_CALL_DELAYED are refused with SCMI_E_NOTSUP, so that no delayed response is owed; one
 * that comes is counted as `stray_type`.
 */
#ifndef SCMI_CONFIG_DELAYED
#define SCMI_CONFIG_DELAYED 1
#endif

/*
 * SCMI_CONFIG_QUEUE: 0: every call is one with SCMI_CALL_NOWAIT: where no slot is free, the link takes no more, or takes one
 * command at a time and is just being sent to (by another context, or by this one, inside a callback of it), it is refused
 * with SCMI_E_BUSY. Reserved slots are refused at init. SCMI_CALL_URGENT and SCMI_CALL_FENCE are
 * refused with SCMI_E_NOTSUP.
 */
#ifndef SCMI_CONFIG_QUEUE
#define SCMI_CONFIG_QUEUE 1
#endif

/* A text that is only there with SCMI_CONFIG_TEXTS. The library's own. */
#if SCMI_CONFIG_TEXTS
#define SCMI_TEXT_(text) (text)
#else
#define SCMI_TEXT_(text) ("")
#endif

#endif
