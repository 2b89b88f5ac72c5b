/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_BIOMETRICS_QUALITY_H
#define CC_BIOMETRICS_QUALITY_H

#include "biometrics/face.h"
#include "biometrics/photo.h"

#include <stdbool.h>

/*
 * Is this photo good for an identity card? Each measure is a number with the
 * range in which it passes. Ranges come from ISO/IEC 19794-5:2005 (clauses 7
 * and 8, annex A), ISO/IEC 39794-5:2019 annex D and ISO/IEC 29794-5; the table
 * in quality.c says which. Names follow ISO/IEC 29794-5 where it has one.
 */
enum quality_measure {
	QUALITY_FORMAT,	      /* 1: JPEG or JPEG 2000, 0: another kind */
	QUALITY_FACES,	      /* number */
	QUALITY_COLOUR_SPACE, /* colours of a pixel in the file: 3 passes */
	QUALITY_INTER_EYE,    /* pixels */
	QUALITY_ROOM,	      /* largest portrait that the photo holds over the smallest that is allowed around this head */
	QUALITY_OFF_CENTRE,   /* how far the head must move until a portrait can be cut, in eye distances */
	QUALITY_HEAD_MARGIN,  /* between the head and the nearest edge of the photo, in eye distances; negative: cut off */
	QUALITY_YAW,	      /* degrees, less the uncertainty of the estimate; sign dropped */
	QUALITY_PITCH,
	QUALITY_ROLL,
	QUALITY_EYES_VISIBLE,	/* how unlike skin an eye without an iris is: CIELAB, less weight on L*; 0 with an iris */
	QUALITY_EYES_OPEN,	/* how clearly the weaker iris shows between its lids, 0 to about 1 */
	QUALITY_MOUTH_CLOSED,	/* opening over the length of the lower face */
	QUALITY_FACE_SCATTER,	/* face.h: disagreement about the landmarks, in eye distances */
	QUALITY_UNDER_EXPOSURE, /* share of the face that is nearly black */
	QUALITY_OVER_EXPOSURE,	/* share of the face that is burnt out */
	QUALITY_LUMINANCE,	/* mean of the face, 0 to 255 */
	QUALITY_DYNAMIC_RANGE,	/* grey levels in use on the face */
	QUALITY_ILLUMINATION,	/* darkest over lightest of cheeks and chin: 1 is even */
	QUALITY_SHADOW,		/* share of the middle of the face that is much darker than its mirror image */
	QUALITY_GLARE,		/* area of the largest burnt-out spot, in squared eye distances */
	QUALITY_SHARPNESS,	/* width of the sharpest edges in pixels (sigma of a Gaussian) over the eye distance, in % */
	QUALITY_RESOLUTION,	/* eye distance in widths (at half height) of the sharpest edges */
	QUALITY_NOISE,		/* sigma in grey levels */
	QUALITY_COMPRESSION,	/* steps at the edges of 8 x 8 blocks over those inside: 1 is none */
	QUALITY_GRAYSCALE,	/* mean chroma of the face, CIELAB, or the spread of its colours if that is less */
	QUALITY_NATURAL_COLOUR, /* how far the skin's a* and b* are outside what skin can have, CIELAB */
	QUALITY_BACKGROUND_UNIFORMITY, /* share of the background that differs visibly from its own colour */
	QUALITY_BACKGROUND_LIGHTNESS,  /* L* of its colour */
	QUALITY_BACKGROUND_COLOUR,     /* chroma of its colour */
	QUALITY_AGREEMENT,	       /* how far another detector's eyes lie from ours, in eye distances; only by quality_add */
	QUALITY_MEASURES
};

/* A measure's range. below and above name the defect in JSON and in messages ("portrait." + name); NULL: no bound there. */
struct quality_rule {
	const char *name;
	double low, high;
	const char *below, *above;
	bool hard; /* a supervisor can't override it */
	const char *clause;
};

struct quality_rules {
	struct quality_rule rule[QUALITY_MEASURES];
};
struct quality_rules quality_rules_default(void);
/* Replaces one bound by the measure's name; false when there is no such measure or bound. */
CC_MUST bool quality_rules_set(struct quality_rules *rules, const char *name, bool high, double value);

struct quality_result {
	bool measured; /* what needs a face isn't without one */
	double value;
	const char *defect; /* NULL: passes */
};

struct quality_report {
	struct quality_result result[QUALITY_MEASURES];
	bool passes;
	bool overridable;	/* fails, but no hard rule */
	unsigned width, height; /* of the upright photo */
	struct jpeg_info jpeg;	/* of a JPEG */
	struct face_finding finding;
};

/*
 * Measures a decoded photo (of a PNG, which is refused for its format, too). A
 * photo that can't be decoded never gets here: quality_refusal names its defects.
 */
CC_MUST cc_status quality_check(struct face_net *net, const struct photo *photo, const struct quality_rules *rules,
				struct quality_report *ret, struct cc_error *err);

/* A measure that is taken elsewhere: judged and added to the report. */
void quality_add(const struct quality_rules *rules, enum quality_measure measure, double value, struct quality_report *report);

/* What is wrong with a file that was not decoded, by the decoder's error: names as of defects. Returns how many. */
#define QUALITY_REFUSALS_MAX 2u
size_t quality_refusal(struct bytes file, const struct cc_error *err, const char *ret[QUALITY_REFUSALS_MAX]);

#endif
