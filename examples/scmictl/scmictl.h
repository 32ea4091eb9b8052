/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * scmictl: looks at a platform, and sends it what one likes.
 *
 * main.c reads the command line, session.c opens a link and an agent on it, line.c reads commands as words, one file a
 * group of commands does the rest. A new command is a row in main.c.
 */
#ifndef SCMICTL_H
#define SCMICTL_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <scmi/agent.h>
#include <scmi/open.h>
#include <scmi/port/posix.h>

/* Exit statuses. All functions that return an outcome have told the reason on stderr. */
enum outcome {
	GOOD = 0,
	FAILED = 1,     /* the link or the platform said no */
	MISUSED = 2,    /* the command line is wrong; nothing was sent */
	SIGNALLED = 128 /* and the signal's number: SIGINT or SIGTERM ended it */
};

/* Options that are a number. */
enum number {
	TIMEOUT_MS, /* for each reply; 0: the transport's own */
	COUNT,      /* notifications to wait for, or runs; 0: not given */
	FOR_S,      /* seconds to listen; 0: not given */
	DEPTH,      /* calls in flight; 0: not given */
	PAYLOAD,    /* bytes of parameters to add */
	WATCH_MS,   /* from one reading to the next; 0: not given */
	NUMBERS
};

/* And one that is none, as a bit of options.given. */
#define ASYNC NUMBERS

struct link_option {
	const char *uri;
	uint32_t protocol; /* that it is for; of link 0, which is for the rest: 0 */
};

struct options {
	struct link_option links[SCMI_LINKS_MAX];
	uint32_t links_n;
	bool trace;
	bool async;
	uint32_t number[NUMBERS];
	uint32_t given; /* 1 << enum number, or ASYNC */
	char **args;    /* the command and what belongs to it */
	int args_n;
};

/* What --help says beside the options. */
extern const char help_text[];

/* ---- links ---- */

/* A way to a platform, as opened from a URI. */
struct link {
	struct scmi_hosted_link *link;
	struct scmi_transport transport;
	uint32_t reconnect_us; /* 0: a peer that has gone stays away */
};

struct session;

#define LINK_WHY_BYTES 512u

/* Opens it; what goes wrong is told. scmi_link_close() ends it. */
enum outcome link_open(struct session *s, struct link *link, const char *uri);

/* Tells why the agent has not started. */
enum outcome link_not_started(const struct session *s, int err);

#define LOOPBACK_FORM "loopback:[demo|linux|many][,threaded][,file=PATH]"

/* A platform inside this program, see loopback.c. */
extern const struct scmi_scheme loopback_scheme;

/* ---- a session: an agent on a link ---- */

struct session {
	const struct options *options;
	struct scmi_posix posix;
	struct scmi_port port;
	struct link links[SCMI_LINKS_MAX];
	uint32_t links_n; /* that are open */
	void *memory;     /* the agent's */
	struct scmi_agent *agent;
	struct scmi_subscriber events;                                 /* shows them all; runs in scmi_agent_poll() */
	struct scmi_latency latency;                                   /* of all protocols */
	max_align_t alarm[SCMI_EVENT_BYTES_MAX / sizeof(max_align_t)]; /* ends session_sleep() */
	bool alarmed;                                                  /* and it is there */
	pthread_t watcher;                                             /* waits for signals, see interrupt.c */
	bool watched;                                                  /* and it runs */
	pthread_mutex_t lock;                                          /* of opened, while it does */
	bool opened;                                                   /* there is an agent, and it is started */
	atomic_int signal;                                             /* that has come; 0: none */
};

/* Opens a session by the options, runs body in it, closes it. Returns body's outcome, or why there was no session. */
enum outcome session_run(const struct options *options, enum outcome (*body)(struct session *s, void *arg), void *arg);

/* Whether one of the links can bring notifications. */
bool session_has_events(const struct session *s);

/* The most values that a reply can bring. */
uint32_t session_max_values(const struct session *s);

/*
 * SIGINT and SIGTERM end a session: its calls with SCMI_E_CANCELLED, new ones with SCMI_E_CLOSED, session_sleep() at
 * once; and the program, before it is opened. begin takes them from then on, before there is another thread: SCMI_OK or
 * SCMI_E_IO; opened: the agent is there; end, while it still lives, no more.
 */
int interrupt_begin(struct session *s);
void interrupt_opened(struct session *s);
void interrupt_end(struct session *s);

/* Whether one has come: what goes on for long ends then. */
bool session_interrupted(const struct session *s);

/* Sleeps until scmi_agent_poll() may have something to do, or the port's clock has reached until_us. */
void session_sleep(struct session *s, uint64_t until_us);

uint64_t session_now_us(const struct session *s);

/* Whether an error says that the platform has gone. */
bool session_lost(int err);

/* Whether the link of that protocol looks for a peer that has gone. */
bool session_reconnects(const struct session *s, uint8_t protocol);

/* Whether an error makes it useless to go on: that the platform refuses one thing does not. */
bool is_fatal(int err);

/* Tells what went wrong, with what belongs to it: links, time-out, or the platform's status. Returns FAILED. */
enum outcome session_error(const struct session *s, const char *what, int err, int32_t status);

/* Ends a line on stderr with the links, in brackets. */
void session_end_line(const struct session *s);

/*
 * That a row lacks something, if err says so and it is not to be told after the table anyway. The cells of a table say
 * it themselves; with JSON they are null.
 */
void row_error(const struct session *s, const char *what, uint32_t id, int err, int32_t status);

/* ---- commands as words: "PROTOCOL MESSAGE [WORD..] [, PROTOCOL MESSAGE [WORD..]].." ---- */

struct raw {
	uint8_t protocol;
	uint8_t message;
	const uint8_t *params; /* inside line.bytes */
	uint32_t params_len;
};

struct line {
	struct raw *raws;
	size_t raws_n;
	uint8_t *bytes; /* parameters of all, in wire order */
	uint32_t bytes_n;
};

/* Reads the whole line; reader is the command that reads it, for messages. To be given to line_free() in every case. */
enum outcome line_read(struct line *line, const char *reader, char **words, int n);
void line_free(struct line *line);

/* Sends all of it, also what follows a command that fails. Quiet: shows neither replies nor errors. */
enum outcome line_send(struct session *s, const struct line *line, bool quiet);

/* How many words there are before the first comma. */
int words_to_comma(char **words, int n);

/* Read an id by number or by name. */
enum outcome read_protocol(const char *word, uint8_t *protocol);
enum outcome read_message(const char *word, uint8_t protocol, enum scmi_msg_type kind, uint8_t *message);

/* ---- words, in and out ---- */

/* A parameter or value of a message. */
#define WORD_BYTES 4u

/* Tells that the command line is wrong: before, the word at fault in quotes (or NULL), after. Returns MISUSED. */
enum outcome misuse(const char *before, const char *word, const char *after);

/* Reads a number, decimal or 0x hexadecimal, of max at most. Returns whether text is one, all of it. */
bool read_number(const char *text, uint32_t max, uint32_t *value);

/* Writes a text from a platform, fit for a terminal: what cannot be printed becomes '?'. */
void show_plain(const char *text);

/* Bytes that a version takes as text. */
#define VERSION_BYTES 16u

/* "2.1". Returns text. */
const char *version_text(char text[VERSION_BYTES], uint32_t version);

/* A cell without a value: what the platform said instead, or "-" where nobody asked it, or no answer came. */
struct table;
void cell_error(struct table *t, int err, int32_t status);

/* Bytes of a decimal: 19 digits, 15 zeros or a point and 16 of them, sign, end. */
#define DECIMAL_BYTES 48u
#define RATE_BYTES    40u

/* value x 10^exponent, -16 to 15, with all its digits. Returns text. */
const char *decimal_text(char text[DECIMAL_BYTES], int64_t value, int32_t exponent);

/* A rate in the largest of Hz, kHz, MHz of which there is one. Returns text. */
const char *rate_text(char text[RATE_BYTES], uint64_t hz);

/* Reads "24000000", "32.768kHz", "24MHz": whether it is one, of whole Hz. */
bool read_rate(const char *text, uint64_t *hz);

/* Reads len bytes of digits, with a point or without, times 10^exponent: whether they are that, and a whole number. */
bool read_scaled(const char *text, size_t len, int32_t exponent, uint64_t *value);

#define SPARK_VALUES 64u

/* The last values, for a line that shows them. Zero is empty. */
struct spark {
	int64_t values[SPARK_VALUES];
	uint32_t n; /* that have been added */
};

void spark_add(struct spark *s, int64_t value);

/* Writes the last of them, as many as there are columns. */
void spark_show(const struct spark *s, uint32_t columns);

/* Writes which message it is: ids, and the name if it has one. */
void show_message(const char *word, uint8_t protocol, enum scmi_msg_type kind, uint8_t message);

/* Writes values, or a payload, as a table: a row a word. */
void show_values(const uint8_t *bytes, uint32_t len);

/* JSON: opens an element of the array of messages that says which message it is; and its bytes. */
void open_message(const char *kind, uint8_t protocol, enum scmi_msg_type type, uint8_t message);
void json_values(const uint8_t *bytes, uint32_t len);

/* Writes what a notification of clocks or sensors means: a line, or members of the open element. Else nothing. */
void explain_event(uint32_t hdr, const void *payload, uint32_t len);

/* Writes a notification to stdout (scmi_subscriber.notify). */
void show_event(struct scmi_subscriber *self, uint32_t hdr, const void *payload, uint32_t len);

/* Writes how long replies took: in one line, and as a table of those buckets that are not empty. */
void show_latency(const struct scmi_latency *latency);
void show_latencies(const struct scmi_latency *latency);

/* scmi_log_fn; writes to stderr. arg not NULL: information too, not only warnings and errors. */
void show_log(void *arg, enum scmi_log_level level, const char *text);

/* scmi_trace_fn; writes a line to stderr. */
void show_trace(void *arg, const struct scmi_trace_event *event);

/* ---- commands: args are what stands behind the command's name ---- */

enum outcome run_info(const struct options *options, char **args, int n);
enum outcome run_agents(const struct options *options, char **args, int n);
enum outcome run_clocks(const struct options *options, char **args, int n);
enum outcome run_clock(const struct options *options, char **args, int n);
enum outcome run_sensors(const struct options *options, char **args, int n);
enum outcome run_sensor(const struct options *options, char **args, int n);
enum outcome run_protocols(const struct options *options, char **args, int n);
enum outcome run_raw(const struct options *options, char **args, int n);
enum outcome run_notify(const struct options *options, char **args, int n);
enum outcome run_stats(const struct options *options, char **args, int n);
enum outcome run_bench(const struct options *options, char **args, int n);

#endif
