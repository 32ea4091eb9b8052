# SPDX-License-Identifier: BSD-3-Clause
set(mailbox_rig mailbox_rig.c)
scmi_test(mailbox test_mailbox.c ${mailbox_rig} LIBS scmi_agent scmi_mailbox acme fake_port)
