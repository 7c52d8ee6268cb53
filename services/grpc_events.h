// gRPC's own events (a call has come, a reply has gone), run by the event loops instead of by
// threads of gRPC's.
#ifndef SERVICES_GRPC_EVENTS_H_
#define SERVICES_GRPC_EVENTS_H_

#include "runtime/async/loop_pool.h"

namespace edugate::services {

// From now on each loop of the pool, while it is awake, looks itself whether gRPC has something to
// do: reads what callers sent, begins calls, hears of replies that have gone. So a call needs no
// hand-over between threads, and gRPC's locks have nobody to wait for. While all loops sleep, one
// thread of this file's stands in for them.
//
// How: gRPC's callback API takes the events of a process from one completion queue, by threads that
// it starts for that (docs/decisions/loops-run-grpcs-events.md). This file replaces the function
// that makes that queue. Where gRPC has no such function, or doesn't call it, nothing changes:
// gRPC's threads do the work, and this does nothing.
//
// After the first server of the process has started. The loops end before the process does.
void RunGrpcEventsOn(async::LoopPool& pool);

class CallGate;

// Tells `gate` from now on whether the loops catch up with gRPC's events; nobody for null. There is
// one gate for the process; after the loops have ended it is not told any more.
void TellOfGrpcEvents(CallGate* gate);

}  // namespace edugate::services

#endif  // SERVICES_GRPC_EVENTS_H_
