/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_STATION_PKI_VERBS_H
#define CC_STATION_PKI_VERBS_H

#include "station/command.h"

/* `cccd pki csca | ds | crl | master-list | show FILE | verify FILE`: rows of command_pki.c's table. */
extern const struct option_spec pki_csca_options[], pki_ds_options[], pki_crl_options[], pki_verify_options[],
	pki_master_list_options[];

int pki_run_csca(struct invocation *inv);
int pki_run_ds(struct invocation *inv);
int pki_run_crl(struct invocation *inv);
int pki_run_master_list(struct invocation *inv);
int pki_run_verify(struct invocation *inv);
int pki_show_file(struct invocation *inv, const char *path);

#endif
