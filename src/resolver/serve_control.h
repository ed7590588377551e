/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_RESOLVER_SERVE_CONTROL_H
#define HINOMI_RESOLVER_SERVE_CONTROL_H

#include "resolver/control.h"

/** What `hinomi resolver ctl` can ask; the context is the struct running. */
extern const struct control_command serve_commands[];

#endif
