# SPDX-License-Identifier: BSD-3-Clause
# The minimal agent stands in front: it is linked in place of the full one, and the polled mailbox in place of the other.
if(TARGET scmi_minimal)
	foreach(name minimal minimal_late minimal_config mailbox_polled)
		scmi_test(${name} test_${name}.c LIBS scmi_minimal scmi_mailbox_polled scmi_shmem fake_port)
	endforeach()
	scmi_test(minimal_virtio test_minimal_virtio.c virtio_pair_rig.c LIBS scmi_minimal scmi_virtio acme fake_port)
	scmi_test(minimal_smc test_minimal_smc.c LIBS scmi_minimal scmi_smc fake_port)
	scmi_test(minimal_sink test_minimal_sink.c LIBS scmi_minimal scmi_mailbox_polled scmi_mailbox acme fake_port)
endif()
