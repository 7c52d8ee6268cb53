#include "services/guarded_replies.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "runtime/errors/errors.h"
#include "runtime/privacy/disclosure_entry.h"
#include "runtime/privacy/disclosure_log.h"
#include "runtime/privacy/redactor.h"
#include "runtime/telemetry/log.h"
#include "services/disclosures.h"
#include "services/read_mask.h"

namespace edugate::services {
namespace {

using google::protobuf::Message;

// The records of a stream that share a line.
constexpr std::size_t kStreamBatch = 100;

// What a stream's replies are like, by the method's name.
enum class Pace { kOnce, kStream, kEvents };

Pace PaceOf(absl::string_view method) {
  const absl::string_view name = method.substr(method.rfind('.') + 1);
  if (absl::StartsWith(name, "Watch")) return Pace::kEvents;
  return absl::StartsWith(name, "Stream") ? Pace::kStream : Pace::kOnce;
}

}  // namespace

class GuardedReplies::Screen final : public CallScreen {
 public:
  Screen(FieldScopes& scopes, const DisclosureRules& disclosure, Pace pace)
      : scopes_(scopes), disclosure_(disclosure), pace_(pace) {}

  async::Task<absl::Status> Begin(async::CallContext& call, const Message* request) override {
    if (request != nullptr) {
      if (telemetry::Logs(telemetry::LogLevel::kDebug)) {
        telemetry::JsonFields fields;
        fields.Text("method", call.method()).Text("request", privacy::Redactor::Text(*request));
        telemetry::Log(telemetry::LogLevel::kDebug, "a call begins", fields);
      }
      absl::Status allowed = scopes_.CheckRequest(call, *request);
      if (!allowed.ok()) co_return allowed;
    }
    if (disclosure_.log == nullptr) co_return absl::OkStatus();
    writes_ = IsWrite(call, request);
    const bool announces =
        disclosure_.required && pace_ == Pace::kStream && StreamsRecords(call.method());
    if (!writes_ && !announces) co_return absl::OkStatus();
    privacy::DisclosureEntry entry = EntryOf(call, request, writes_ ? "write" : "read");
    entry.records = SubjectsOf(request);
    absl::Status written = co_await Write(call, std::move(entry));
    begun_ = written.ok();
    co_return written;
  }

  async::Task<absl::Status> Reply(async::CallContext& call, const Message* request, Message& reply,
                                  std::vector<std::string>* redacted) override {
    const bool logs = disclosure_.log != nullptr;
    const DisclosedRecords records =
        logs ? DisclosedRecords(call, request, reply) : DisclosedRecords();
    absl::Status shown = scopes_.Screen(call, reply, redacted);
    if (!shown.ok()) co_return shown;
    if (request != nullptr) ApplyReadMaskOf(*request, reply);
    if (!logs) co_return absl::OkStatus();
    if (records.empty() && !writes_) co_return absl::OkStatus();
    message_ = reply.GetDescriptor()->full_name();
    for (privacy::DisclosedRecord& record : records.Fields()) {
      // A provider's own message has no place for what is hidden in it.
      record.redacted.insert(record.redacted.end(), redacted->begin(), redacted->end());
      records_.push_back(std::move(record));
    }
    const bool full = pace_ != Pace::kStream || records_.size() >= kStreamBatch;
    if (!full) co_return absl::OkStatus();
    absl::Status written = co_await Flush(call, request, "OK");
    // A write has happened: that its outcome can't be logged doesn't undo it.
    if (writes_) co_return absl::OkStatus();
    co_return written;
  }

  async::Task<absl::Status> End(async::CallContext& call, const Message* request,
                                absl::Status status) override {
    if (disclosure_.log == nullptr) co_return status;
    if (writes_ && begun_ && !status.ok()) {
      privacy::DisclosureEntry entry = EntryOf(call, request, "outcome");
      entry.outcome = absl::StatusCodeToString(status.code());
      disclosure_.log->Append(privacy::MembersOf(entry));
      co_return status;
    }
    if (records_.empty()) co_return status;
    absl::Status written = co_await Flush(call, request, absl::StatusCodeToString(status.code()));
    if (status.ok()) co_return written;
    co_return status;
  }

 private:
  async::Task<absl::Status> Flush(async::CallContext& call, const Message* request,
                                  std::string outcome) {
    privacy::DisclosureEntry entry = EntryOf(call, request, writes_ ? "outcome" : "read");
    entry.outcome = std::move(outcome);
    entry.message = std::move(message_);
    entry.records = std::exchange(records_, {});
    absl::Status written = co_await Write(call, std::move(entry));
    co_return written;
  }

  // Writes one line, or as many as the records take.
  async::Task<absl::Status> Write(async::CallContext& call, privacy::DisclosureEntry entry) {
    std::vector<privacy::DisclosedRecord> records = std::move(entry.records);
    for (auto next = records.begin();;) {
      const auto end = next + std::min<std::ptrdiff_t>(records.end() - next, privacy::kMaxRecords);
      entry.records.assign(std::make_move_iterator(next), std::make_move_iterator(end));
      next = end;
      absl::Status written = co_await WriteLine(call, entry);
      if (!written.ok() || next == records.end()) co_return written;
    }
  }

  // Waits only where the call must not go on without the line.
  async::Task<absl::Status> WriteLine(async::CallContext& call,
                                      const privacy::DisclosureEntry& entry) {
    std::string members = privacy::MembersOf(entry);
    if (!disclosure_.required) {
      disclosure_.log->Append(std::move(members));
      co_return absl::OkStatus();
    }
    absl::Status written = co_await disclosure_.log->AppendAndWait(call, std::move(members));
    if (absl::IsDeadlineExceeded(written)) co_return errors::DeadlineExceeded({});
    if (absl::IsCancelled(written)) co_return errors::Cancelled({});
    co_return written;
  }

  FieldScopes& scopes_;
  const DisclosureRules& disclosure_;
  const Pace pace_;
  bool writes_ = false;
  bool begun_ = false;
  // What waits for its line.
  std::string message_;
  std::vector<privacy::DisclosedRecord> records_;
};

std::unique_ptr<CallScreen> GuardedReplies::ScreenOf(const async::CallContext& call) {
  if (disclosure_.log == nullptr && !FieldScopes::Limits(call) &&
      !telemetry::Logs(telemetry::LogLevel::kDebug)) {
    return nullptr;
  }
  return std::make_unique<Screen>(scopes_, disclosure_, PaceOf(call.method()));
}

}  // namespace edugate::services
