#include "adapters/measureone/measureone_verification.h"

#include <algorithm>
#include <utility>

#include "adapters/measureone/measureone_verification_mapping.h"
#include "adapters/measureone/measureone_words.h"
#include "adapters/record_mapping.h"
#include "adapters/resource_name.h"
#include "runtime/async/sleep.h"
#include "runtime/errors/errors.h"

namespace edugate::adapters {
namespace {

namespace m3 = provider::measureone::v3;

constexpr char kDataRequestType[] = "edugate/DataRequest";

// Left of the caller's time for the answer to travel back.
constexpr absl::Duration kMinAnswerMargin = absl::Milliseconds(50);
constexpr absl::Duration kMaxAnswerMargin = absl::Seconds(1);

// Whether another look may do better than this failure.
bool MayPass(const absl::Status& status) {
  return absl::IsUnavailable(status) || absl::IsDeadlineExceeded(status) ||
         absl::IsResourceExhausted(status);
}

// A failure that names what was asked for where the provider doesn't know it.
absl::Status WithDataRequest(const absl::Status& status, absl::string_view connection,
                             const m3::GetEnrollmentStatusRequest& request) {
  if (request.has_datarequest_id()) {
    return errors::WithResource(status, kDataRequestType, request.datarequest_id());
  }
  return errors::WithResource(
      status, PatternOf(Resource::kEnrollmentVerification).type,
      MakeName<Resource::kEnrollmentVerification>(connection, request.transaction_id()));
}

}  // namespace

EnrollmentVerifier::EnrollmentVerifier(rest::Client& client, const rest::Operation& operation,
                                       Pauses pauses)
    : client_(client), operation_(operation), pauses_(pauses) {}

async::Task<absl::StatusOr<v1::EnrollmentVerification>> EnrollmentVerifier::Verify(
    async::CallContext& call, const Routed<v1::VerifyEnrollmentRequest>& routed) {
  auto request = ToStatusRequest(routed.request);
  if (!request.ok()) co_return request.status();
  m3::EnrollmentStatusReport report;
  absl::Status looked = co_await Look(call, *request, report);
  if (looked.ok() && routed.request.wait()) {
    looked = co_await AwaitCompletion(call, *request, report);
  }
  if (!looked.ok()) co_return WithDataRequest(looked, client_.connection(), *request);
  co_return ToVerification(report, client_.connection(), routed.request.view());
}

async::Task<absl::Status> EnrollmentVerifier::Look(async::CallContext& call,
                                                   const m3::GetEnrollmentStatusRequest& request,
                                                   m3::EnrollmentStatusReport& report) {
  // Not what was seen at an earlier look: asking again is how one waits.
  rest::CallOptions options;
  options.ask_now = true;
  absl::Status status =
      co_await client_.CallInto(call, operation_, request, report, nullptr, std::move(options));
  if (!status.ok()) co_return status;
  if (report.processing_status().empty() && report.enrollment_status().empty()) {
    co_return errors::ProviderResponseInvalid("processing_status is missing",
                                              client_.OriginOf(operation_));
  }
  // Statements of another shape must not pass for none.
  if (!IsUnderWay(report.processing_status()) &&
      NothingFits(report, "enrollment_status", report.enrollment_status_size())) {
    co_return errors::ProviderResponseInvalid("enrollment_status is not a list of statements",
                                              client_.OriginOf(operation_));
  }
  co_return absl::OkStatus();
}

async::Task<absl::Status> EnrollmentVerifier::AwaitCompletion(
    async::CallContext& call, const m3::GetEnrollmentStatusRequest& request,
    m3::EnrollmentStatusReport& last) {
  absl::Duration margin = kMaxAnswerMargin;
  if (call.remaining() < 10 * kMaxAnswerMargin) {
    margin = std::max(kMinAnswerMargin, call.remaining() / 10);
  }
  async::CallContext looking = call.Child(async::After(call.deadline(), -margin));
  absl::Duration pause = pauses_.first;
  absl::Duration asked_for = absl::ZeroDuration();
  while (IsUnderWay(last.processing_status())) {
    // Towards the end the looks come closer again: one that comes after the deadline is none.
    const absl::Duration wait = std::min(pause, std::max(looking.remaining() / 2, pauses_.first));
    absl::Status slept = co_await async::Sleep(looking, std::max(wait, asked_for));
    if (!slept.ok()) co_return call.cancelled() ? errors::Cancelled({}) : absl::OkStatus();
    pause = std::min(2 * pause, std::max(pauses_.first, pauses_.longest));
    m3::EnrollmentStatusReport report;
    absl::Status looked = co_await Look(looking, request, report);
    asked_for = errors::RetryAfterOf(looked).value_or(absl::ZeroDuration());
    if (looked.ok()) {
      last = std::move(report);
    } else if (!MayPass(looked)) {
      co_return looked;
    }
  }
  co_return absl::OkStatus();
}

}  // namespace edugate::adapters
