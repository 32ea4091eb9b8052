/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * SCMI over shared memory and a conduit: SMC, HVC or whatever else calls the platform and comes back. The area is that
 * of a mailbox; the call is its doorbell, and the reply stands there when it returns. The device tree's "arm,scmi-smc",
 * "arm,scmi-smc-param" and "qcom,scmi-smc". There is no P2A area.
 */
#ifndef SCMI_TRANSPORT_SMC_H
#define SCMI_TRANSPORT_SMC_H

#include <scmi/transport/mailbox.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What goes into the registers behind the function id. The rest is 0. */
enum scmi_smc_params {
	SCMI_SMC_PLAIN = 0,      /* nothing */
	SCMI_SMC_PAGE = 1,       /* page number of the area, of 4 KiB, and offset in it */
	SCMI_SMC_CAPABILITY = 2, /* the capability id: the last 8 bytes of the area, which then carries that much less;
				    read at each start; the area is not CACHED */
};

/*
 * scmi_smc_config.flags. INTERRUPT: the device tree names an interrupt "a2p": the reply may come after the call has
 * returned, and scmi_smc_interrupt() is called then.
 */
#define SCMI_SMC_INTERRUPT (1u << 0)

struct scmi_smc_config {
	uint32_t size;         /* sizeof(struct scmi_smc_config) */
	uint32_t flags;        /* SCMI_SMC_* */
	uint32_t function;     /* function id */
	uint32_t params;       /* enum scmi_smc_params */
	uint64_t address;      /* PAGE: of the area, as the platform sees it; below 2^44 */
	uint32_t max_inflight; /* as scmi_mailbox_config */
	uint32_t reserved_;    /* 0 */
	struct scmi_shmem area;

	/*
	 * The conduit: registers 0 to 7 in; register 0 out, which 0 is success and all else a refusal. There is one
	 * command at a time, but the call for the next one may be made, in another context, while that for the last is
	 * on its way back. Context: any.
	 */
	uintptr_t (*call)(void *ctx, const uintptr_t regs[8]);
	void *ctx;
	const struct scmi_port *port; /* as scmi_mailbox_config */
};

/* The agent's end, in the caller's memory. Opaque. */
struct scmi_smc {
	struct scmi_mailbox mailbox_;
	struct scmi_mailbox_doorbell doorbell_;
	void *private_[12];
};

/* As scmi_mailbox_check(). */
int scmi_smc_check(const struct scmi_smc_config *config, const char **why);

/*
 * Makes the agent's end; *transport as scmi_mailbox_init(). A call that the conduit refuses fails with SCMI_E_NOPEER,
 * and the area is ours again. Returns SCMI_OK; SCMI_E_INVAL. Context: thread.
 */
int scmi_smc_init(struct scmi_smc *smc, const struct scmi_smc_config *config, struct scmi_transport *transport);

/* With INTERRUPT: the interrupt "a2p" has come. As scmi_mailbox_interrupt(). */
void scmi_smc_interrupt(struct scmi_smc *smc);

/*
 * What the platform's end does in its handler of the function id, after it has made sure of who calls: serves the
 * channel and returns the value for register 0: 0, or SCMI_SMC_NOT_SUPPORTED if there is nobody to serve. The end is a
 * scmi_mailbox_end with one area and no doorbell; with INTERRUPT its doorbell rings that. Without INTERRUPT no handler
 * of the platform may put its answer off (SCMI_REPLY_LATER): 0 is returned then as well, no reply stands there, and
 * nobody tells the agent when it does. Context: the handler's.
 */
uintptr_t scmi_smc_serve(struct scmi_mailbox_end *end);

#define SCMI_SMC_NOT_SUPPORTED UINTPTR_MAX /* -1 */

#ifdef __cplusplus
}
#endif

#endif
