#include "adapters/learner_scan.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "absl/strings/match.h"

namespace edugate::adapters {
namespace {

using Enrollments = google::protobuf::RepeatedPtrField<v1::Enrollment>;
using ListPort = PagePort<EnrollmentQuery, v1::Enrollment>;

struct Scanned {
  ListPort list;
  LearnerScan scan;
};

bool IsOf(const v1::Learner& learner, const EnrollmentQuery& query, const LearnerScan& scan) {
  if (!query.learner_email.empty()) {
    return learner.has_email() && absl::EqualsIgnoreCase(learner.email(), query.learner_email);
  }
  const auto& ids = learner.identifiers();
  return std::any_of(ids.begin(), ids.end(), [&](const v1::Identifier& id) {
    return id.type() == scan.external_id_type && id.value() == query.learner_external_id;
  });
}

// `scanned`, `query` and `into` outlive the task.
async::Task<absl::StatusOr<std::string>> Scan(const Scanned& scanned, async::CallContext& call,
                                              const EnrollmentQuery& query, Enrollments& into) {
  EnrollmentQuery everybody = query;
  everybody.learner_email.clear();
  everybody.learner_external_id.clear();
  // How many of the learner's are wanted says nothing about how many have to be read.
  everybody.size_hint = 0;
  // Not on the caller's arena, where those of everybody else would stay until the call's end.
  Enrollments page;
  auto next_cursor = co_await scanned.list(call, everybody, page);
  if (!next_cursor.ok()) co_return next_cursor;
  for (v1::Enrollment& record : page) {
    if (!IsOf(record.learner(), query, scanned.scan)) continue;
    into.AddAllocated(new v1::Enrollment(std::move(record)));
  }
  co_return next_cursor;
}

}  // namespace

ListPort ScanningForLearner(ListPort list, LearnerScan scan) {
  // Shared, so that it outlives calls whichever copy of the port they came through.
  auto scanned = std::make_shared<const Scanned>(Scanned{std::move(list), std::move(scan)});
  return [scanned](async::CallContext& call, const EnrollmentQuery& query, Enrollments& into) {
    if (query.learner_email.empty() && query.learner_external_id.empty()) {
      return scanned->list(call, query, into);
    }
    return Scan(*scanned, call, query, into);
  };
}

}  // namespace edugate::adapters
