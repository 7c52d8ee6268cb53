// A page of a list as a value.
#ifndef ADAPTERS_TESTING_WHOLE_PAGE_H_
#define ADAPTERS_TESTING_WHOLE_PAGE_H_

#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "adapters/ports.h"
#include "google/protobuf/arena.h"
#include "google/protobuf/repeated_field.h"
#include "runtime/async/call_context.h"
#include "runtime/async/task.h"

namespace edugate::adapters::testing {

template <typename Record>
struct WholePage {
  std::vector<Record> records;
  std::string next_cursor;
};

// The page that a list port answers, read onto an arena as calls do. `port` and `query` outlive the
// task.
template <typename Query, typename Record>
async::Task<absl::StatusOr<WholePage<Record>>> ReadWholePage(async::CallContext& call,
                                                             const PagePort<Query, Record>& port,
                                                             const Query& query) {
  google::protobuf::Arena arena;
  google::protobuf::RepeatedPtrField<Record> records(&arena);
  auto next_cursor = co_await port(call, query, records);
  if (!next_cursor.ok()) co_return next_cursor.status();
  co_return WholePage<Record>{{records.begin(), records.end()}, *std::move(next_cursor)};
}

}  // namespace edugate::adapters::testing

#endif  // ADAPTERS_TESTING_WHOLE_PAGE_H_
