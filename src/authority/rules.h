/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_AUTHORITY_RULES_H
#define HINOMI_AUTHORITY_RULES_H

#include "authority/authorization.h"
#include "authority/limits.h"
#include "base/err.h"
#include "base/fault.h"

#define AUTHORIZATION_TYPE "hinomi-authorization"

/**
 * The rules that stand between what one may write and what one may sign: which basis goes with
 * which classes, what it must name, how long, how wide. `issue` and every reader ask it.
 *
 * @return HN_EFORMAT for what contradicts itself, HN_EAUTH for what the limits forbid; the fault names the
 * member
 */
HN_MUST_USE int rules_check(const struct authorization *a, const struct limits *l, struct fault *fault);

#endif
