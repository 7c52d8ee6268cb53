#include "runtime/store/retention.h"

#include "runtime/async/clock.h"
#include "runtime/async/event_loop.h"
#include "runtime/async/sleep.h"

namespace edugate::store {

async::Task<absl::Status> KeepPurging(async::CallContext& call, Purgeable& log,
                                      absl::Duration interval) {
  while (true) {
    bool more = true;
    while (more) {
      auto purged = co_await log.PurgeBatch(call, call.loop().clock().WallNow());
      more = purged.ok() && *purged;
    }
    auto slept = co_await async::Sleep(call, interval);
    if (!slept.ok()) co_return slept;
  }
}

}  // namespace edugate::store
