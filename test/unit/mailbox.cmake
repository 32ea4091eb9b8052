# SPDX-License-Identifier: BSD-3-Clause
set(mailbox_rig mailbox_rig.c)
set(mailbox_libs LIBS scmi_agent scmi_mailbox acme fake_port)
scmi_test(mailbox test_mailbox.c ${mailbox_rig} ${mailbox_libs})
foreach(name agent turns end peers life config limits end_life)
	scmi_test(mailbox_${name} test_mailbox_${name}.c ${mailbox_rig} ${mailbox_libs})
endforeach()
scmi_test(mailbox_caches test_mailbox_caches.c ${mailbox_rig} ${mailbox_libs})
scmi_test(mailbox_threads test_mailbox_threads.c LIBS scmi_agent scmi_mailbox scmi_posix acme fake_port TIMEOUT 300)
