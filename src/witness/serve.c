/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "witness/serve.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/ip.h"
#include "base/lang.h"
#include "base/log.h"
#include "base/serving.h"
#include "witness/channel.h"
#include "witness/console.h"
#include "witness/sandbox.h"
#include "witness/watch.h"
#include "witness/witness.h"

static void wait_for_end(int signal_fd, struct witness *w)
{
	struct pollfd fd = {.fd = signal_fd, .events = POLLIN};
	for (;;) {
		struct signalfd_siginfo info;
		if (poll(&fd, 1, -1) < 0 && errno != EINTR)
			return;
		if (read(signal_fd, &info, sizeof(info)) != (ssize_t)sizeof(info))
			continue;
		if (info.ssi_signo != SIGHUP)
			return;
		channel_renew(w);
	}
}

static void tell_ready(const struct witness_config *c, const struct confinement *confinement)
{
	const struct endpoint *e = c->listen.items;
	char text[IP_TEXT_SIZE];
	ip_format(&e->ip, text);
	log_line(LOG_LEVEL_INFO,
		 tr("ready; Landlock ABI %u, system calls %s",
		    "準備完了; Landlock ABI %u、システムコールの制限 %s"),
		 confinement->landlock_abi,
		 confinement->system_calls ? tr("filtered", "あり") : tr("open", "なし"));
	printf(e->ip.version == 6 ? "%s://[%s]:%u\n" : "%s://%s:%u\n",
	       c->http.certificate != NULL ? "https" : "http", text, e->port);
	(void)fflush(stdout);
}

static int make(struct witness *w, const struct witness_config *config, int *signal_fd,
		struct confinement *confinement, struct fault *fault)
{
	int err = serving_signals(signal_fd, fault);
	if (err == HN_OK)
		err = channel_listen(config, fault);
	if (err == HN_OK)
		err = console_listen(config, fault);
	if (err == HN_OK)
		err = sandbox_identity(config, confinement, fault);
	if (err == HN_OK)
		err = witness_open(config, w, fault);
	if (err == HN_OK)
		err = witness_open_pki(w, fault);
	if (err == HN_OK)
		err = watch_open(w, fault);
	if (err == HN_OK)
		err = sandbox_files(config, confinement, fault);
	if (err == HN_OK)
		err = channel_start(w, fault);
	if (err == HN_OK)
		err = console_start(w, fault);
	if (err == HN_OK)
		err = watch_start(w, fault);
	return err == HN_OK ? sandbox_calls(confinement, fault) : err;
}

int witness_serve(const struct witness_config *config, struct fault *fault)
{
	struct witness w = {.config = config};
	struct confinement confinement = {0};
	int signal_fd = -1;
	serving_raise_descriptors();
	int err = make(&w, config, &signal_fd, &confinement, fault);
	if (err == HN_OK) {
		tell_ready(config, &confinement);
		wait_for_end(signal_fd, &w);
		log_line(LOG_LEVEL_INFO, "%s", tr("ends; answers what waits", "終了する。待ちに答える"));
	}
	console_stop();
	channel_stop();
	watch_stop(&w);
	witness_close(&w);
	if (signal_fd >= 0)
		(void)close(signal_fd);
	return err;
}
