# SPDX-License-Identifier: BSD-3-Clause
set(mailbox_rig mailbox_rig.c)
scmi_test(mailbox test_mailbox.c ${mailbox_rig} LIBS scmi_agent scmi_mailbox acme fake_port)
scmi_test(mailbox_agent test_mailbox_agent.c ${mailbox_rig} LIBS scmi_agent scmi_mailbox acme fake_port)
scmi_test(mailbox_end test_mailbox_end.c ${mailbox_rig} LIBS scmi_agent scmi_mailbox acme fake_port)
scmi_test(mailbox_life test_mailbox_life.c ${mailbox_rig} LIBS scmi_agent scmi_mailbox acme fake_port)
scmi_test(mailbox_threads test_mailbox_threads.c LIBS scmi_agent scmi_mailbox scmi_posix acme fake_port TIMEOUT 300)
