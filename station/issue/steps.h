/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_STATION_ISSUE_STEPS_H
#define CC_STATION_ISSUE_STEPS_H

#include "crypto/base/err.h"

/*
 * What each row of the job does (job.c). The driver (worker.c) keeps the
 * journal around them. Detail of a failure is in w->err; "perso.*" and
 * "issue.*" keys are the chip's verdict, others are the world around it.
 */
struct worker;

CC_MUST cc_status step_make_keys(struct worker *w);
CC_MUST cc_status step_sign(struct worker *w);
CC_MUST cc_status step_write(struct worker *w);
CC_MUST cc_status step_close(struct worker *w);
CC_MUST cc_status step_secure(struct worker *w);
CC_MUST cc_status step_lock(struct worker *w);
CC_MUST cc_status step_prove(struct worker *w);
CC_MUST cc_status step_inspect(struct worker *w);

#endif
