/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_BASE_CONFINE_CALLS_H
#define HINOMI_BASE_CONFINE_CALLS_H

#include "base/confine.h"

/**
 * confine_calls() for confine_command(): what working on files needs, and files may be mapped, but not to
 * execute them.
 *
 * @return as confine_calls()
 */
HN_MUST_USE int confine_calls_of_command(struct confinement *state);

#endif
