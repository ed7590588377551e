/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_BUS_HEAD_INSIDE_H
#define HINOMI_BUS_HEAD_INSIDE_H

#include "bus/head.h"

/** Whether what all kinds have is as their form demands; for reading and writing. @return HN_EFORMAT */
HN_MUST_USE int head_check(const struct head *h);

#endif
