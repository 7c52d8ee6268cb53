// A write that is sent twice with one request_id happens once (AIP-155).
#ifndef SERVICES_ONCE_H_
#define SERVICES_ONCE_H_

#include <functional>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "google/protobuf/message.h"
#include "runtime/async/call_context.h"
#include "runtime/async/task.h"
#include "runtime/store/request_log.h"

namespace edugate::services {

// Whether doing a write twice leaves the same state as doing it once.
enum class Repeatable { kNo, kYes };

// One write and what is known of its request_id.
class OnceGuard {
 public:
  // `log` outlives the guard; null: nothing is remembered.
  OnceGuard(store::RequestLog* log, async::CallContext& call, std::string request_id,
            Repeatable repeatable);

  // What the call is to do now: carry the write out (true), or answer with `*earlier`, which is
  // then filled (false). Errors: ARGUMENT_INVALID for an id that can't be one; REQUEST_IN_PROGRESS,
  // REQUEST_ID_REUSED; WRITE_OUTCOME_UNKNOWN where an earlier attempt may or may not have happened;
  // STORE_UNAVAILABLE before anything was done.
  async::Task<absl::StatusOr<bool>> Begin(const google::protobuf::Message& request,
                                          google::protobuf::Message* earlier);

  // Notes what came of the write. An answer that can't be recorded durably is given all the same:
  // it happened.
  async::Task<void> End(const absl::Status& status, const google::protobuf::Message* response);

 private:
  store::RequestLog* const log_;
  async::CallContext& call_;
  const std::string request_id_;
  const Repeatable repeatable_;
  std::string key_;
  std::optional<int64_t> attempt_;
};

// Carries `write` out, unless the request_id says that it has been done: then the first answer is
// given again.
template <typename Response, typename Request>
async::Task<absl::StatusOr<Response>> Once(
    store::RequestLog* log, async::CallContext& call, const Request& request, Repeatable repeatable,
    std::function<async::Task<absl::StatusOr<Response>>()> write) {
  // What was only checked has not been done.
  OnceGuard guard(request.validate_only() ? nullptr : log, call, request.request_id(), repeatable);
  Response earlier;
  auto carry_out = co_await guard.Begin(request, &earlier);
  if (!carry_out.ok()) co_return carry_out.status();
  if (!*carry_out) co_return earlier;
  auto response = co_await write();
  const google::protobuf::Message* answer = response.ok() ? &*response : nullptr;
  co_await guard.End(response.status(), answer);
  co_return response;
}

}  // namespace edugate::services

#endif  // SERVICES_ONCE_H_
