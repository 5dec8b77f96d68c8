// SPDX-License-Identifier: GPL-2.0-only
/*
 * iceoryx, by its daemon iox-roudi, which is started here: a publisher and a
 * subscriber at each end, that lose nothing.
 */
#include <iceoryx_hoofs/log/logmanager.hpp>
#include <iceoryx_posh/popo/publisher.hpp>
#include <iceoryx_posh/popo/subscriber.hpp>
#include <iceoryx_posh/runtime/posh_runtime.hpp>
#include <fcntl.h>
#include <memory>
#include <string>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <signal.h>
#include <unistd.h>

#include "native.h"

struct ends {
	iox::popo::Publisher<payload> out;
	iox::popo::Subscriber<payload> in;

	ends(const iox::capro::ServiceDescription &to,
	     const iox::popo::PublisherOptions &sends,
	     const iox::capro::ServiceDescription &from,
	     const iox::popo::SubscriberOptions &receives)
	    : out(to, sends), in(from, receives)
	{
	}
};

/* The service of one contender; what a process makes of it, after fork(2). */
struct place {
	std::string name;
	std::unique_ptr<ends> mine;
};

static pid_t daemon_pid;

/* It holds a lock until it is gone, for which the next one would not wait. */
static void stop_daemon()
{
	kill(daemon_pid, SIGTERM);
	waitpid(daemon_pid, nullptr, 0);
}

static void start_daemon()
{
	int null;

	if (daemon_pid)
		return;
	daemon_pid = fork();
	if (daemon_pid) {
		atexit(stop_daemon);
		return;
	}
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	null = open("/dev/null", O_RDWR);
	dup2(null, 1);
	dup2(null, 2);
	execlp("iox-roudi", "iox-roudi", (char *)nullptr);
	_exit(127);
}

static void *iceoryx_make(void)
{
	static int number;

	start_daemon();
	return new place{ "bench" + std::to_string(number++), nullptr };
}

static iox::capro::IdString_t id(const std::string &text)
{
	return { iox::cxx::TruncateToCapacity, text };
}

static void join(place *p, int end)
{
	static bool joined;
	iox::popo::PublisherOptions sends;
	iox::popo::SubscriberOptions receives;
	const char *direction[2] = { "there", "back" };

	if (!joined) {
		iox::log::LogManager::GetLogManager().SetDefaultLogLevel(
			iox::log::LogLevel::kOff,
			iox::log::LogLevelOutput::kHideLogLevel);
		iox::runtime::PoshRuntime::initRuntime(iox::RuntimeName_t(
			iox::cxx::TruncateToCapacity,
			"fastipc-bench-" + std::to_string(getpid())));
		joined = true;
	}
	sends.subscriberTooSlowPolicy =
		iox::popo::ConsumerTooSlowPolicy::WAIT_FOR_CONSUMER;
	receives.queueCapacity = 256;
	receives.queueFullPolicy = iox::popo::QueueFullPolicy::BLOCK_PRODUCER;
	p->mine.reset(new ends(
		{ "fastipc", id(p->name), id(direction[end]) }, sends,
		{ "fastipc", id(p->name), id(direction[!end]) }, receives));
	while (!p->mine->out.hasSubscribers() ||
	       p->mine->in.getSubscriptionState() !=
		       iox::SubscribeState::SUBSCRIBED)
		usleep(1000);
}

static inline ends *mine(void *memory, int end)
{
	place *p = (place *)memory;

	if (__builtin_expect(!p->mine, 0))
		join(p, end);
	return p->mine.get();
}

static inline void iceoryx_send(void *memory, int end, struct payload *p)
{
	ends *e = mine(memory, end);
	bool sent = false;

	while (!sent)
		e->out.loan().and_then([&](auto &sample) {
			*sample = *p;
			sample.publish();
			sent = true;
		});
}

static inline void iceoryx_recv(void *memory, int end, struct payload *p)
{
	ends *e = mine(memory, end);
	bool got = false;

	while (!got) {
		e->in.take().and_then([&](auto &sample) {
			*p = *sample;
			got = true;
		});
		if (!got)
			relax();
	}
}

DEFINE_CONTENDER(iceoryx, "iceoryx");
