# SPDX-License-Identifier: BSD-3-Clause
# What each part is compiled of, for make: scmi_<part>_sources, as paths below scmi_root, the folder of this project; the same
# lists as in cmake/scmi_sources.cmake. Set scmi_parts and scmi_build, include this file, link with $(scmi_objects):
#
#	scmi_parts := wire port agent protocol mailbox shmem
#	scmi_build := build/scmi
#	include path/to/scmi/lib/scmi.mk
#	CFLAGS += -std=c11 -I$(scmi_include)
#	image: main.o $(scmi_objects)
#
# Objects are made with CC, CPPFLAGS and CFLAGS, as make does. Nothing is written into the folder of the project.

# the core: with the agent, or the platform, or both
scmi_wire_sources := \
	lib/wire/build.c \
	lib/wire/message_clock.c \
	lib/wire/message_sensor.c \
	lib/wire/message_table.c \
	lib/wire/names.c \
	lib/wire/sensor_unit.c \
	lib/wire/split.c \
	lib/wire/text.c \
	lib/wire/trace_format.c
scmi_port_sources := \
	lib/port/check.c
scmi_agent_sources := \
	lib/agent/check.c \
	lib/agent/deliver.c \
	lib/agent/done.c \
	lib/agent/end.c \
	lib/agent/init.c \
	lib/agent/latency.c \
	lib/agent/life.c \
	lib/agent/note.c \
	lib/agent/notify.c \
	lib/agent/queue.c \
	lib/agent/quiet.c \
	lib/agent/receive.c \
	lib/agent/send.c \
	lib/agent/slot.c \
	lib/agent/stats.c \
	lib/agent/time.c \
	lib/agent/wait.c \
	lib/agent/wake.c \
	lib/agent/word.c
# in place of the agent, for boot loaders: include/scmi/minimal.h
scmi_minimal_sources := \
	lib/minimal/agent.c \
	lib/minimal/rest.c
scmi_protocol_sources := \
	lib/protocol/base.c \
	lib/protocol/clock.c \
	lib/protocol/clock_rate.c \
	lib/protocol/common.c \
	lib/protocol/list.c \
	lib/protocol/name.c \
	lib/protocol/quirk.c \
	lib/protocol/sensor.c \
	lib/protocol/sensor_list.c \
	lib/protocol/sensor_read.c
scmi_platform_sources := \
	lib/platform/answer.c \
	lib/platform/check.c \
	lib/platform/common.c \
	lib/platform/delayed.c \
	lib/platform/dispatch.c \
	lib/platform/handler.c \
	lib/platform/notify.c \
	lib/platform/platform.c \
	lib/platform/pump.c \
	lib/platform/request.c \
	lib/platform/server_base.c \
	lib/platform/server_clock.c \
	lib/platform/server_clock_event.c \
	lib/platform/server_clock_model.c \
	lib/platform/server_clock_rate.c \
	lib/platform/server_clock_state.c \
	lib/platform/server_sensor.c \
	lib/platform/server_sensor_event.c \
	lib/platform/server_sensor_list.c \
	lib/platform/server_sensor_model.c \
	lib/platform/server_sensor_read.c

# transports
scmi_loopback_sources := \
	transports/loopback/gate.c \
	transports/loopback/loopback.c \
	transports/loopback/message.c \
	transports/loopback/sync.c \
	transports/loopback/threaded.c
scmi_virtio_sources := \
	transports/virtio/device.c \
	transports/virtio/device_event.c \
	transports/virtio/device_journal.c \
	transports/virtio/device_life.c \
	transports/virtio/device_make.c \
	transports/virtio/device_setup.c \
	transports/virtio/driver.c \
	transports/virtio/driver_init.c \
	transports/virtio/driver_life.c \
	transports/virtio/driver_signal.c \
	transports/virtio/pair.c \
	transports/virtio/ring_chain.c \
	transports/virtio/ring_device.c \
	transports/virtio/ring_driver.c \
	transports/virtio/ring_map.c \
	transports/virtio/ring_spans.c
scmi_virtio_mmio_sources := \
	transports/virtio_mmio/config.c \
	transports/virtio_mmio/mmio.c
scmi_shmem_sources := \
	transports/shmem/area.c \
	transports/shmem/check.c
scmi_mailbox_sources := \
	transports/mailbox/agent.c \
	transports/mailbox/agent_event.c \
	transports/mailbox/agent_init.c \
	transports/mailbox/agent_life.c \
	transports/mailbox/channel.c \
	transports/mailbox/check.c \
	transports/mailbox/end.c \
	transports/mailbox/end_event.c \
	transports/mailbox/end_init.c \
	transports/mailbox/end_life.c
# in place of the agent's end of mailbox
scmi_mailbox_polled_sources := \
	transports/mailbox/polled.c
scmi_smc_sources := \
	transports/smc/smc.c

# ports: one of them
scmi_posix_sources := \
	lib/port/posix/posix.c
scmi_linux_sources := \
	lib/port/linux/linux.c
scmi_template_sources := \
	lib/port/template/port_template.c
scmi_freertos_sources := \
	lib/port/freertos/freertos.c
scmi_aarch64_bare_sources := \
	lib/port/aarch64_bare/aarch64_bare.c \
	lib/port/aarch64_bare/cpu.c
scmi_cortex_m_sources := \
	lib/port/cortex_m/atomics_v6m.c \
	lib/port/cortex_m/cortex_m.c

# what threads and descriptors add: with hosted_epoll on Linux, with hosted_poll elsewhere
scmi_hosted_sources := \
	lib/hosted/doorbell.c \
	lib/hosted/link.c \
	lib/hosted/listen.c \
	lib/hosted/open.c \
	lib/hosted/reactor.c \
	lib/hosted/scheme.c \
	lib/hosted/sysport.c \
	lib/hosted/thread.c \
	lib/hosted/turn.c \
	lib/hosted/uri.c
scmi_hosted_epoll_sources := \
	lib/hosted/reactor_epoll.c \
	lib/hosted/signal_eventfd.c
scmi_hosted_poll_sources := \
	lib/hosted/reactor_poll.c \
	lib/hosted/signal_pipe.c

# between processes of Linux, compiled with -D_FILE_OFFSET_BITS=64 where a word has 32 bits
scmi_carrier_sources := \
	transports/carrier/fds.c \
	transports/carrier/keys.c \
	transports/carrier/name.c \
	transports/carrier/ringer.c
scmi_mailbox_linux_sources := \
	transports/mailbox_linux/eventfd.c \
	transports/mailbox_linux/futex.c \
	transports/mailbox_linux/scheme.c \
	transports/mailbox_linux/seat.c \
	transports/mailbox_linux/shm.c \
	transports/mailbox_linux/shm_agent.c \
	transports/mailbox_linux/shm_listen.c \
	transports/mailbox_linux/uio.c \
	transports/mailbox_linux/uio_agent.c \
	transports/mailbox_linux/unix_agent.c \
	transports/mailbox_linux/unix_hello.c \
	transports/mailbox_linux/unix_listen.c
scmi_vhost_user_sources := \
	transports/vhost_user/front.c \
	transports/vhost_user/front_line.c \
	transports/vhost_user/front_memory.c \
	transports/vhost_user/front_rings.c \
	transports/vhost_user/guard.c \
	transports/vhost_user/listen.c \
	transports/vhost_user/listen_make.c \
	transports/vhost_user/memory.c \
	transports/vhost_user/message.c \
	transports/vhost_user/scheme.c \
	transports/vhost_user/session.c \
	transports/vhost_user/session_bell.c \
	transports/vhost_user/session_inflight.c \
	transports/vhost_user/session_memory.c \
	transports/vhost_user/session_request.c \
	transports/vhost_user/session_ring.c \
	transports/vhost_user/wire.c

scmi_goal_ := $(.DEFAULT_GOAL)
scmi_root := $(patsubst %/lib/scmi.mk,%,$(abspath $(lastword $(MAKEFILE_LIST))))
scmi_include := $(scmi_root)/include
scmi_build ?= scmi
scmi_sources := $(foreach part,$(scmi_parts),$(or $(scmi_$(part)_sources),$(error scmi.mk: no part $(part))))
scmi_objects := $(scmi_sources:%.c=$(scmi_build)/%.o)

$(scmi_objects): $(scmi_build)/%.o: $(scmi_root)/%.c
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(CFLAGS) -I$(scmi_include) -MMD -MP -c -o $@ $<

-include $(scmi_objects:.o=.d)
# the first target is still the user's
.DEFAULT_GOAL := $(scmi_goal_)
