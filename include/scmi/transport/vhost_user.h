/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * SCMI over virtio between processes, by the vhost-user protocol: a scheme for scmi_open() and scmi_listen() (open.h),
 * which know it.
 *
 * The front end makes any Linux process the agent of any vhost-user back end of a virtio-scmi device, with no virtual
 * machine around it: the ring lies in a memfd of its own, doorbells are eventfds. The back end is a platform for
 * guests of QEMU, UML and the like, and for such front ends.
 *
 * Descriptors are close-on-exec. After fork() the child may only exec or exit.
 */
#ifndef SCMI_TRANSPORT_VHOST_USER_H
#define SCMI_TRANSPORT_VHOST_USER_H

#include <scmi/scheme.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * "vhost-user:PATH", the path of a Unix stream socket, and keys behind commas.
 *
 * An agent connects to it. The back end has to offer one queue at least; P2A_CHANNELS, EVENT_IDX, VERSION_1 and every
 * protocol feature are used where it offers them. Keys: features=MASK, those that may be negotiated (SCMI_VIRTIO_F_*,
 * as a number; by default SCMI_VIRTIO_FEATURES_DEFAULT), depth=N, commands that may be in flight (31; 256 at most, each
 * takes 8 KiB), as far as options.slots of the agent allows (64 by default). More than 128 take INDIRECT_DESC, which is
 * used for them where it is offered; where it is not, 128 may be in flight. A back end that goes away is seen at once,
 * by an agent that only polls within 60 ms of polling; the link is down then until a reconnect.
 *
 * A back end whose first message does not come from our own user could make a plain write to its doorbell wait for
 * ever: it is rung by the kernel's AIO, for some 4 us each. Who has made the socket does not matter, and root is
 * another user. Where others have taken all AIO (fs.aio-max-nr) such a back end is refused: SCMI_E_IO. A kernel
 * without AIO (of before 4.18, or where a filter of system calls says no) leaves a look and a write, between which it
 * can have us wait.
 *
 * A platform listens at it, for any number of guests up to agents=N (16), each an agent of its own. It takes whoever
 * the socket's permissions let in and who runs as the same user or as root. Keys: mode=OCTAL of the socket (0600),
 * uid=ID: that user may come too, features=MASK, those that are offered (by default SCMI_VIRTIO_OFFER_DEFAULT),
 * slots=1: CONFIGURE_MEM_SLOTS is offered (not to front ends that outlive their back end: they would not send their
 * memory again), inflight=1: INFLIGHT_SHMFD is offered: what a back end that has died owed is answered with
 * SCMI_GENERIC_ERROR by the next, never executed twice. memory=GIB, 1 to 65536: no guest may have more memory mapped
 * than that; agents times memory of one listener has to be less than what a process has of addresses as a rule, 128
 * TiB, on 32-bit machines 4 GiB (1024, or as much as all its agents can have; on 32-bit machines 1, which not all of
 * them can). What several listeners of a process have together is not looked at. What a guest has touched of its
 * memory, or has the platform touch, counts as this process's as well.
 *
 * The doorbell of a front end whose first message comes from the same user is rung by a plain write, which waits only
 * if that front end has filled its eventfd and made it one that waits: it could stop this process anyway. It counts
 * as what it was then, also where it becomes another user later, as QEMU does with -run-with user=. Any other's,
 * root's among them, is rung by the kernel's AIO, as above. Where uid= names another user, or we are not root, that
 * is had before anybody is let in: without it scmi_listen() returns SCMI_E_IO. One who turns out to be another user's
 * all the same is sent away when there is none left.
 *
 * poll=US, 0 (the default) to 1000000: who has sent a command is looked at without a doorbell until it has sent none
 * for so many microseconds, at least; it is asked for none meanwhile, so that an answer costs no system call, as a
 * rule. The listener's thread takes a processor as long as that: a guest that sends one command in so many microseconds
 * keeps it busy for ever. Sockets and the doorbells of other guests have their turn every 20 us, where commands are
 * short. For the shortest answers, where there are processors to spare and guests are trusted with them.
 *
 * "vhost-user:fd=N", for a platform: the socket has been made by somebody else, who listens at it already, as systemd
 * does for its first socket with N 3.
 *
 * A guest that breaks the protocol, takes more than ten seconds to end a message, lies about its memory, or rings
 * without end has its connection closed, and one line on standard error says why; the others live on. Memory that
 * shrinks under the platform raises SIGBUS: the first listener of a process installs a handler, which replaces such
 * memory by an empty page's and closes that connection, and hands any other fault to the handler of before.
 */
const struct scmi_scheme *scmi_vhost_user_scheme(void);

#ifdef __cplusplus
}
#endif

#endif
