/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_STATION_PKI_WORDS_H
#define CC_STATION_PKI_WORDS_H

#include "station/config.h"

/* The words of pki's --json ("valid", "no-anchor", "period-over") as an officer reads them; an unknown one is given back. */
const char *pki_word(const char *word, enum lang lang);

/* A text in its column, then a blank; "  " before the label of a line. Columns are letters, not bytes. */
/* A reason of pki_file_judge, in the user's words; one that is not known as it is. */
void pki_print_reason(const char *reason, enum lang lang);
void pki_print_cell(const char *text, int columns);
void pki_print_label(const char *text);

#endif
