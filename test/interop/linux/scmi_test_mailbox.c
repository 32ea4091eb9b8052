// SPDX-License-Identifier: GPL-2.0-only
/*
 * Test equipment: a mailbox controller for User Mode Linux, whose other end is a program on the host. It is built into
 * the kernel of a test (see build), and is no part of the library.
 *
 *	scmi_test_mailbox.host=SOCKET,FILE
 *
 * A doorbell is one byte on the stream socket, either way: the number of the channel. What the device tree gives as
 * "reg" is the beginning of the host's file, mapped; so areas of shared memory may lie there.
 */
#include <linux/interrupt.h>
#include <linux/io.h>
#include <linux/logic_iomem.h>
#include <linux/mailbox_controller.h>
#include <linux/module.h>
#include <linux/of.h>
#include <linux/of_address.h>
#include <linux/platform_device.h>
#include <linux/string.h>

#include <irq_kern.h>
#include <os.h>

#define CHANNELS 4

static struct {
	struct mbox_controller mbox;
	struct mbox_chan chans[CHANNELS];
	struct resource res;
	void *page; /* of the host's file */
	int fd;     /* of the socket */
} unit;

static char host[200];
module_param_string(host, host, sizeof(host), 0444);

/* ---- the shared page, as device memory ---- */

static unsigned long page_read(void *priv, unsigned int offset, int size)
{
	const void *at = priv + offset;
	unsigned long value;

	switch (size) {
	case 1:
		value = READ_ONCE(*(const u8 *)at);
		break;
	case 2:
		value = READ_ONCE(*(const u16 *)at);
		break;
	case 4:
		value = READ_ONCE(*(const u32 *)at);
		break;
	default:
		value = READ_ONCE(*(const u64 *)at);
		break;
	}
	mb();
	return value;
}

static void page_write(void *priv, unsigned int offset, int size, unsigned long value)
{
	void *at = priv + offset;

	mb();
	switch (size) {
	case 1:
		WRITE_ONCE(*(u8 *)at, value);
		break;
	case 2:
		WRITE_ONCE(*(u16 *)at, value);
		break;
	case 4:
		WRITE_ONCE(*(u32 *)at, value);
		break;
	default:
		WRITE_ONCE(*(u64 *)at, value);
		break;
	}
	mb();
}

static const struct logic_iomem_ops page_ops = {
	.read = page_read,
	.write = page_write,
};

static long page_map(unsigned long offset, size_t size, const struct logic_iomem_ops **ops, void **priv)
{
	if (offset + size > PAGE_SIZE)
		return -EINVAL;
	*ops = &page_ops;
	*priv = unit.page;
	return offset;
}

static const struct logic_iomem_region_ops region_ops = {.map = page_map};

/* The host's file takes the place of a page that nobody else has. */
static int map_file(const char *path)
{
	int fd = os_open_file(path, of_rdwr(OPENFLAGS()), 0);
	int err;

	if (fd < 0)
		return fd;
	unit.page = (void *)get_zeroed_page(GFP_KERNEL);
	err = unit.page ? os_map_memory(unit.page, fd, 0, PAGE_SIZE, 1, 1, 0) : -ENOMEM;
	os_close_file(fd);
	return err ? err : logic_iomem_add_region(&unit.res, &region_ops);
}

/* ---- doorbells ---- */

static irqreturn_t rung(int irq, void *dev)
{
	u8 bytes[16];
	int n;

	for (;;) {
		n = os_read_file(unit.fd, bytes, sizeof(bytes));
		if (n == -EAGAIN)
			break;
		if (n <= 0)
			panic("scmi_test_mailbox: the host has gone\n");
		for (int i = 0; i < n; i++)
			if (bytes[i] < CHANNELS && unit.chans[bytes[i]].cl)
				mbox_chan_received_data(&unit.chans[bytes[i]], NULL);
	}
	return IRQ_HANDLED;
}

static int ring(struct mbox_chan *chan, void *data)
{
	u8 byte = chan - unit.chans;

	return os_write_file(unit.fd, &byte, 1) == 1 ? 0 : -EIO;
}

static const struct mbox_chan_ops chan_ops = {.send_data = ring};

static int connect_host(const char *path)
{
	int err;

	unit.fd = os_connect_socket(path);
	if (unit.fd < 0)
		return unit.fd;
	err = os_set_fd_block(unit.fd, 0);
	if (!err)
		err = um_request_irq(UM_IRQ_ALLOC, unit.fd, IRQ_READ, rung, 0, "scmi_test_mailbox", &unit);
	return err < 0 ? err : 0;
}

static int probe(struct platform_device *pdev)
{
	char *file = strchr(host, ',');
	int err = of_address_to_resource(pdev->dev.of_node, 0, &unit.res);

	if (err || !file)
		return dev_err_probe(&pdev->dev, -EINVAL, "no reg, or no scmi_test_mailbox.host=SOCKET,FILE\n");
	*file++ = '\0';
	err = map_file(file);
	if (err)
		return dev_err_probe(&pdev->dev, err, "cannot map %s\n", file);
	unit.mbox.dev = &pdev->dev;
	unit.mbox.ops = &chan_ops;
	unit.mbox.chans = unit.chans;
	unit.mbox.num_chans = CHANNELS;
	err = devm_mbox_controller_register(&pdev->dev, &unit.mbox);
	if (!err)
		err = connect_host(host);
	return err ? dev_err_probe(&pdev->dev, err, "cannot reach %s\n", host) : 0;
}

static const struct of_device_id matches[] = {{.compatible = "scmi-test,mailbox"}, {}};

static struct platform_driver driver = {
	.driver = {.name = "scmi_test_mailbox", .of_match_table = matches},
	.probe = probe,
};

/* Before SCMI, which would not find its memory. */
static int __init begin(void)
{
	return platform_driver_register(&driver);
}
subsys_initcall(begin);
