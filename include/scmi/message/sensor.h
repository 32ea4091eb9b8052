/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Sensor protocol, 0x15: messages, bit fields, sizes. What both ends share; docs/wire.md has the layouts.
 */
#ifndef SCMI_MESSAGE_SENSOR_H
#define SCMI_MESSAGE_SENSOR_H

#include <scmi/message.h>

#ifdef __cplusplus
extern "C" {
#endif

#define SCMI_SENSOR_VERSION SCMI_VERSION(3, 1) /* the newest that this library speaks */

/* Behind each the version that brought it, if not 1.0. */
enum scmi_sensor_message {
	SCMI_SENSOR_DESCRIPTION_GET = 0x3,
	SCMI_SENSOR_TRIP_POINT_NOTIFY = 0x4,
	SCMI_SENSOR_TRIP_POINT_CONFIG = 0x5,
	SCMI_SENSOR_READING_GET = 0x6,
	SCMI_SENSOR_AXIS_DESCRIPTION_GET = 0x7,     /* 2.0 */
	SCMI_SENSOR_LIST_UPDATE_INTERVALS = 0x8,    /* 2.0 */
	SCMI_SENSOR_CONFIG_GET = 0x9,               /* 2.0 */
	SCMI_SENSOR_CONFIG_SET = 0xa,               /* 2.0 */
	SCMI_SENSOR_CONTINUOUS_UPDATE_NOTIFY = 0xb, /* 2.0 */
	SCMI_SENSOR_NAME_GET = 0xc,                 /* 3.0 */
	SCMI_SENSOR_AXIS_NAME_GET = 0xd             /* 3.0 */
};

enum scmi_sensor_notification { SCMI_SENSOR_TRIP_POINT_EVENT = 0x0, SCMI_SENSOR_UPDATE = 0x1 /* 2.0 */ };

/* PROTOCOL_ATTRIBUTES: 15:0 sensors, 23:16 asynchronous readings that may be pending. */
#define SCMI_SENSOR_COUNT_MAX   0xffffu
#define SCMI_SENSOR_ASYNC_SHIFT 16
#define SCMI_SENSOR_ASYNC_MAX   0xffu

/* Count word of DESCRIPTION_GET and LIST_UPDATE_INTERVALS: 11:0 returned, 31:16 remaining. */
#define SCMI_SENSOR_RETURNED        0xfffu
#define SCMI_SENSOR_INTERVALS_RANGE (1u << 12) /* three intervals: shortest, longest, step */
#define SCMI_SENSOR_REMAINING_SHIFT 16

/* Count word of AXIS_DESCRIPTION_GET and AXIS_NAME_GET: 5:0 returned, 31:26 remaining. */
#define SCMI_SENSOR_AXES_RETURNED        0x3fu
#define SCMI_SENSOR_AXES_REMAINING_SHIFT 26

/* Descriptor: 0 id, 4 and 8 the words below, 12 name; with LIMITS 28 power, and without axes 32 limits. */
#define SCMI_SENSOR_DESC_BYTES       28u
#define SCMI_SENSOR_DESC_POWER_BYTES 32u /* with LIMITS, and axes */
#define SCMI_SENSOR_DESC_FULL_BYTES  52u /* with LIMITS, without axes */

/* The first word. 7:0 is the number of trip points, 14:10 the exponent of time stamps (2.0). */
#define SCMI_SENSOR_TRIP_POINTS          0xffu
#define SCMI_SENSOR_HAS_LIMITS           (1u << 8) /* 2.0: power, resolution, least and greatest value are told */
#define SCMI_SENSOR_HAS_TIMESTAMPS       (1u << 9) /* 2.0 */
#define SCMI_SENSOR_STAMP_EXPONENT_SHIFT 10
#define SCMI_SENSOR_HAS_LONG_NAME        (1u << 29) /* 3.0: NAME_GET has more than the 15 characters here */
#define SCMI_SENSOR_TELLS_UPDATES        (1u << 30) /* 2.0: SENSOR_UPDATE notifications */
#define SCMI_SENSOR_READS_ASYNC          (1u << 31)
#define SCMI_SENSOR_ATTRIBUTES_SINCE_1_0 SCMI_SENSOR_READS_ASYNC
#define SCMI_SENSOR_ATTRIBUTES_SINCE_2_0                                                                               \
	(SCMI_SENSOR_HAS_LIMITS | SCMI_SENSOR_HAS_TIMESTAMPS | SCMI_SENSOR_TELLS_UPDATES)
#define SCMI_SENSOR_ATTRIBUTES_SINCE_3_0 SCMI_SENSOR_HAS_LONG_NAME

/*
 * The second word. 7:0 is the type, 15:11 the exponent of values. 2.0: 21:16 the number of axes. 1.0: 26:22 the
 * exponent and 31:27 the seconds of the update interval.
 */
#define SCMI_SENSOR_TYPE               0xffu
#define SCMI_SENSOR_HAS_AXES           (1u << 8) /* 2.0 */
#define SCMI_SENSOR_EXPONENT_SHIFT     11
#define SCMI_SENSOR_AXES_SHIFT         16
#define SCMI_SENSOR_AXES_MAX           63u
#define SCMI_SENSOR_OLD_EXPONENT_SHIFT 22
#define SCMI_SENSOR_OLD_SECONDS_SHIFT  27
#define SCMI_SENSOR_OLD_SECONDS_MAX    31u

/* Exponents are signed numbers of 5 bits. */
#define SCMI_SENSOR_EXPONENT_MIN (-16)
#define SCMI_SENSOR_EXPONENT_MAX 15

/* Limits: a word with the resolution (26:0 value, 31:27 exponent), then the least and the greatest value. */
#define SCMI_SENSOR_RESOLUTION_MAX            0x7ffffffu
#define SCMI_SENSOR_RESOLUTION_EXPONENT_SHIFT 27
#define SCMI_SENSOR_VALUE_MIN                 INT64_MIN /* none is known */
#define SCMI_SENSOR_VALUE_MAX                 INT64_MAX

/* Axis descriptor: 0 id, 4 and 8 words, 12 name; with LIMITS 28 limits. */
#define SCMI_SENSOR_AXIS_BYTES         28u
#define SCMI_SENSOR_AXIS_FULL_BYTES    48u
#define SCMI_SENSOR_AXIS_NAME_BYTES    68u /* of AXIS_NAME_GET: 0 id, 4 name */
#define SCMI_SENSOR_AXIS_HAS_LIMITS    (1u << 8)
#define SCMI_SENSOR_AXIS_HAS_LONG_NAME (1u << 9) /* 3.0 */

/* TRIP_POINT_CONFIG: 1:0 a direction, 11:4 the trip point. */
enum scmi_sensor_trip {
	SCMI_SENSOR_TRIP_OFF = 0,
	SCMI_SENSOR_TRIP_UP = 1, /* when the value reaches or passes it upwards */
	SCMI_SENSOR_TRIP_DOWN = 2,
	SCMI_SENSOR_TRIP_BOTH = 3
};
#define SCMI_SENSOR_TRIP_ID_SHIFT 4
#define SCMI_SENSOR_TRIP_BITS     0xff3u

/* TRIP_POINT_EVENT: 7:0 the trip point. */
#define SCMI_SENSOR_TRIP_ID    0xffu
#define SCMI_SENSOR_TRIPPED_UP (1u << 16)
#define SCMI_SENSOR_TRIP_BYTES 12u /* of the event */

/* READING_GET: flags; and what one value takes, with its time stamp (2.0) or without. */
#define SCMI_SENSOR_READ_ASYNC    (1u << 0)
#define SCMI_SENSOR_READING_BYTES 16u
#define SCMI_SENSOR_VALUE_BYTES   8u

/* An update interval: 20:5 seconds, 4:0 an exponent of ten for them. */
#define SCMI_SENSOR_INTERVAL_BITS          0x1fffffu
#define SCMI_SENSOR_INTERVAL_SECONDS_SHIFT 5
#define SCMI_SENSOR_INTERVAL(seconds, exponent)                                                                        \
	(((uint32_t)(seconds)&0xffffu) << SCMI_SENSOR_INTERVAL_SECONDS_SHIFT | ((uint32_t)(exponent)&0x1fu))

/* CONFIG_GET and CONFIG_SET: 31:11 an update interval as above. */
#define SCMI_SENSOR_ENABLED               (1u << 0)
#define SCMI_SENSOR_TIMESTAMPED           (1u << 1)
#define SCMI_SENSOR_ROUND_UP              (1u << 9)  /* SET: the interval, else down */
#define SCMI_SENSOR_ROUND_AUTO            (1u << 10) /* SET: as the platform likes; ROUND_UP does not count then */
#define SCMI_SENSOR_CONFIG_INTERVAL_SHIFT 11         /* SET: an interval of 0 leaves it as it is */
#define SCMI_SENSOR_CONFIG_RESERVED       0x1fcu

/*
 * A value, and when it was taken: 0 where the sensor has no time stamps. The exponents of both stand in its
 * description.
 */
struct scmi_sensor_reading {
	int64_t value;
	uint64_t timestamp; /* seconds x 10^exponent; of which clock the platform's maker knows */
};

/* What the values of a sensor, or of an axis, are like. */
struct scmi_sensor_limits {
	int64_t min; /* SCMI_SENSOR_VALUE_MIN: no limit is known */
	int64_t max;
	uint32_t resolution; /* x 10^resolution_exponent; to SCMI_SENSOR_RESOLUTION_MAX; 0: not known */
	int32_t resolution_exponent;
};

/* X(name, number, unit): what a sensor measures, by DMTF DSP0249. The value is reading x 10^exponent in this unit. */
#define SCMI_SENSOR_TYPE_MAP(X)                                                                                        \
	X(SCMI_SENSOR_NONE, 0x00, "")                                                                                  \
	X(SCMI_SENSOR_UNSPECIFIED, 0x01, "")                                                                           \
	X(SCMI_SENSOR_CELSIUS, 0x02, "degC")                                                                           \
	X(SCMI_SENSOR_FAHRENHEIT, 0x03, "degF")                                                                        \
	X(SCMI_SENSOR_KELVIN, 0x04, "K")                                                                               \
	X(SCMI_SENSOR_VOLTS, 0x05, "V")                                                                                \
	X(SCMI_SENSOR_AMPERES, 0x06, "A")                                                                              \
	X(SCMI_SENSOR_WATTS, 0x07, "W")                                                                                \
	X(SCMI_SENSOR_JOULES, 0x08, "J")                                                                               \
	X(SCMI_SENSOR_COULOMBS, 0x09, "C")                                                                             \
	X(SCMI_SENSOR_VOLT_AMPERES, 0x0a, "VA")                                                                        \
	X(SCMI_SENSOR_NITS, 0x0b, "nit")                                                                               \
	X(SCMI_SENSOR_LUMENS, 0x0c, "lm")                                                                              \
	X(SCMI_SENSOR_LUX, 0x0d, "lx")                                                                                 \
	X(SCMI_SENSOR_CANDELA, 0x0e, "cd")                                                                             \
	X(SCMI_SENSOR_KILOPASCALS, 0x0f, "kPa")                                                                        \
	X(SCMI_SENSOR_PSI, 0x10, "psi")                                                                                \
	X(SCMI_SENSOR_NEWTONS, 0x11, "N")                                                                              \
	X(SCMI_SENSOR_CFM, 0x12, "cfm")                                                                                \
	X(SCMI_SENSOR_RPM, 0x13, "rpm")                                                                                \
	X(SCMI_SENSOR_HERTZ, 0x14, "Hz")                                                                               \
	X(SCMI_SENSOR_SECONDS, 0x15, "s")                                                                              \
	X(SCMI_SENSOR_MINUTES, 0x16, "min")                                                                            \
	X(SCMI_SENSOR_HOURS, 0x17, "h")                                                                                \
	X(SCMI_SENSOR_DAYS, 0x18, "d")                                                                                 \
	X(SCMI_SENSOR_WEEKS, 0x19, "wk")                                                                               \
	X(SCMI_SENSOR_MILS, 0x1a, "mil")                                                                               \
	X(SCMI_SENSOR_INCHES, 0x1b, "in")                                                                              \
	X(SCMI_SENSOR_FEET, 0x1c, "ft")                                                                                \
	X(SCMI_SENSOR_CUBIC_INCHES, 0x1d, "in3")                                                                       \
	X(SCMI_SENSOR_CUBIC_FEET, 0x1e, "ft3")                                                                         \
	X(SCMI_SENSOR_METERS, 0x1f, "m")                                                                               \
	X(SCMI_SENSOR_CUBIC_CENTIMETERS, 0x20, "cm3")                                                                  \
	X(SCMI_SENSOR_CUBIC_METERS, 0x21, "m3")                                                                        \
	X(SCMI_SENSOR_LITERS, 0x22, "l")                                                                               \
	X(SCMI_SENSOR_FLUID_OUNCES, 0x23, "fl oz")                                                                     \
	X(SCMI_SENSOR_RADIANS, 0x24, "rad")                                                                            \
	X(SCMI_SENSOR_STERADIANS, 0x25, "sr")                                                                          \
	X(SCMI_SENSOR_REVOLUTIONS, 0x26, "rev")                                                                        \
	X(SCMI_SENSOR_CYCLES, 0x27, "cycles")                                                                          \
	X(SCMI_SENSOR_GRAVITIES, 0x28, "g")                                                                            \
	X(SCMI_SENSOR_OUNCES, 0x29, "oz")                                                                              \
	X(SCMI_SENSOR_POUNDS, 0x2a, "lb")                                                                              \
	X(SCMI_SENSOR_FOOT_POUNDS, 0x2b, "ft lb")                                                                      \
	X(SCMI_SENSOR_OUNCE_INCHES, 0x2c, "oz in")                                                                     \
	X(SCMI_SENSOR_GAUSS, 0x2d, "G")                                                                                \
	X(SCMI_SENSOR_GILBERTS, 0x2e, "Gb")                                                                            \
	X(SCMI_SENSOR_HENRIES, 0x2f, "H")                                                                              \
	X(SCMI_SENSOR_FARADS, 0x30, "F")                                                                               \
	X(SCMI_SENSOR_OHMS, 0x31, "ohm")                                                                               \
	X(SCMI_SENSOR_SIEMENS, 0x32, "S")                                                                              \
	X(SCMI_SENSOR_MOLES, 0x33, "mol")                                                                              \
	X(SCMI_SENSOR_BECQUERELS, 0x34, "Bq")                                                                          \
	X(SCMI_SENSOR_PPM, 0x35, "ppm")                                                                                \
	X(SCMI_SENSOR_DECIBELS, 0x36, "dB")                                                                            \
	X(SCMI_SENSOR_DBA, 0x37, "dBA")                                                                                \
	X(SCMI_SENSOR_DBC, 0x38, "dBC")                                                                                \
	X(SCMI_SENSOR_GRAYS, 0x39, "Gy")                                                                               \
	X(SCMI_SENSOR_SIEVERTS, 0x3a, "Sv")                                                                            \
	X(SCMI_SENSOR_COLOR_TEMPERATURE, 0x3b, "K")                                                                    \
	X(SCMI_SENSOR_BITS, 0x3c, "bit")                                                                               \
	X(SCMI_SENSOR_BYTES, 0x3d, "byte")                                                                             \
	X(SCMI_SENSOR_WORDS, 0x3e, "word")                                                                             \
	X(SCMI_SENSOR_DOUBLE_WORDS, 0x3f, "dword")                                                                     \
	X(SCMI_SENSOR_QUAD_WORDS, 0x40, "qword")                                                                       \
	X(SCMI_SENSOR_PERCENT, 0x41, "%")                                                                              \
	X(SCMI_SENSOR_PASCALS, 0x42, "Pa")                                                                             \
	X(SCMI_SENSOR_COUNTS, 0x43, "counts")                                                                          \
	X(SCMI_SENSOR_GRAMS, 0x44, "gram")                                                                             \
	X(SCMI_SENSOR_NEWTON_METERS, 0x45, "N m")                                                                      \
	X(SCMI_SENSOR_HITS, 0x46, "hits")                                                                              \
	X(SCMI_SENSOR_MISSES, 0x47, "misses")                                                                          \
	X(SCMI_SENSOR_RETRIES, 0x48, "retries")                                                                        \
	X(SCMI_SENSOR_OVERRUNS, 0x49, "overruns")                                                                      \
	X(SCMI_SENSOR_UNDERRUNS, 0x4a, "underruns")                                                                    \
	X(SCMI_SENSOR_COLLISIONS, 0x4b, "collisions")                                                                  \
	X(SCMI_SENSOR_PACKETS, 0x4c, "packets")                                                                        \
	X(SCMI_SENSOR_MESSAGES, 0x4d, "messages")                                                                      \
	X(SCMI_SENSOR_CHARACTERS, 0x4e, "chars")                                                                       \
	X(SCMI_SENSOR_ERRORS, 0x4f, "errors")                                                                          \
	X(SCMI_SENSOR_CORRECTED_ERRORS, 0x50, "corrected errors")                                                      \
	X(SCMI_SENSOR_UNCORRECTABLE_ERRORS, 0x51, "uncorrectable errors")                                              \
	X(SCMI_SENSOR_SQUARE_MILS, 0x52, "mil2")                                                                       \
	X(SCMI_SENSOR_SQUARE_INCHES, 0x53, "in2")                                                                      \
	X(SCMI_SENSOR_SQUARE_FEET, 0x54, "ft2")                                                                        \
	X(SCMI_SENSOR_SQUARE_CENTIMETERS, 0x55, "cm2")                                                                 \
	X(SCMI_SENSOR_SQUARE_METERS, 0x56, "m2")                                                                       \
	X(SCMI_SENSOR_RADIANS_PER_SECOND, 0x57, "rad/s")                                                               \
	X(SCMI_SENSOR_BEATS_PER_MINUTE, 0x58, "bpm")                                                                   \
	X(SCMI_SENSOR_METERS_PER_SECOND_SQUARED, 0x59, "m/s2")                                                         \
	X(SCMI_SENSOR_METERS_PER_SECOND, 0x5a, "m/s")                                                                  \
	X(SCMI_SENSOR_CUBIC_METERS_PER_SECOND, 0x5b, "m3/s")                                                           \
	X(SCMI_SENSOR_MILLIMETERS_OF_MERCURY, 0x5c, "mmHg")                                                            \
	X(SCMI_SENSOR_RADIANS_PER_SECOND_SQUARED, 0x5d, "rad/s2")

#define SCMI_SENSOR_TYPE_ENUM_(name, number, unit) name = (number),
enum scmi_sensor_type { SCMI_SENSOR_TYPE_MAP(SCMI_SENSOR_TYPE_ENUM_) };
#undef SCMI_SENSOR_TYPE_ENUM_

/*
 * The unit of a type, "degC", "rpm" ...; "" for NONE and UNSPECIFIED, "?" for a type that is not in the table. A
 * constant, never NULL. Context: any.
 */
const char *scmi_sensor_unit_text(uint8_t type);

#ifdef __cplusplus
}
#endif

#endif
