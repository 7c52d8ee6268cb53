#include "adapters/measureone/measureone_verification_mapping.h"

#include <algorithm>
#include <set>
#include <tuple>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "adapters/measureone/measureone_words.h"
#include "adapters/record_mapping.h"
#include "edugate/provider/measureone/v2/measureone.pb.h"
#include "google/protobuf/util/json_util.h"
#include "runtime/codec/dates.h"
#include "runtime/codec/json_decoder.h"
#include "runtime/digest/message_bytes.h"
#include "runtime/digest/sha256.h"
#include "runtime/errors/errors.h"

namespace edugate::adapters {
namespace {

namespace m1 = provider::measureone::v2;
namespace m3 = provider::measureone::v3;

constexpr char kProvider[] = "measureone";
constexpr absl::string_view kTranscriptEvents = "transcript.";

// An id, or JSON text where the provider describes the source by an object.
std::string DatasourceText(const google::protobuf::Value& value) {
  if (value.kind_case() == google::protobuf::Value::kStringValue) return value.string_value();
  if (value.struct_value().fields_size() == 1) {
    const auto id = value.struct_value().fields().find("id");
    if (id != value.struct_value().fields().end() && !id->second.string_value().empty()) {
      return id->second.string_value();
    }
  }
  std::string json;
  return google::protobuf::util::MessageToJsonString(value, &json).ok() ? json : "";
}

v1::EnrollmentFinding ToFinding(const m3::EnrollmentStatus& record) {
  v1::EnrollmentFinding out;
  out.set_datasource_id(record.datasource_id());
  out.set_result(VerificationResultOf(record.enrollment_status()));
  out.set_provider_result(record.enrollment_status());
  for (const m3::ReasonCode& each : record.reason_codes()) {
    v1::ReasonCode& reason = *out.add_reason_codes();
    reason.set_code(each.code());
    reason.set_description(each.description().empty() ? std::string(MeaningOfReason(each.code()))
                                                      : each.description());
    const v1::VerificationMethod method = VerificationMethodOf(each.code());
    if (method != v1::VERIFICATION_METHOD_UNSPECIFIED) out.set_method(method);
  }
  if (record.has_as_of_date()) {
    if (auto instant = codec::ParseEpoch(record.as_of_date(), codec::EpochUnit::kMillis)) {
      *out.mutable_as_of_time() = *instant;
    }
  }
  return out;
}

// The same for the same event, in whatever order its JSON names its fields.
template <typename Record>
std::string DigestOf(Record record) {
  std::sort(record.mutable_unknown_fields()->pointer_begin(),
            record.mutable_unknown_fields()->pointer_end(),
            [](const rest::v1::UnknownField* a, const rest::v1::UnknownField* b) {
              return std::tie(a->path(), a->json()) < std::tie(b->path(), b->json());
            });
  return digest::Sha256Hex(digest::MessageBytes(record));
}

template <typename Record>
WebhookEvent ToEvent(const Record& record, const std::string& transcript) {
  WebhookEvent out;
  out.dedup_id = DigestOf(record);
  out.event.set_provider(kProvider);
  out.event.set_type(TranscriptEventTypeOf(record.event()));
  out.event.set_provider_type(record.event());
  out.event.set_transcript(transcript);
  if (!record.external_id().empty()) out.event.set_external_id(record.external_id());
  AttachRecord(record, out.event);
  return out;
}

absl::Status Unreadable(absl::string_view connection, absl::string_view why) {
  return errors::ProviderResponseInvalid(
      why, {.connection = std::string(connection), .provider = kProvider, .operation = "Webhook"});
}

}  // namespace

absl::StatusOr<m3::GetEnrollmentStatusRequest> ToStatusRequest(
    const v1::VerifyEnrollmentRequest& request) {
  m3::GetEnrollmentStatusRequest out;
  if (request.data_request().empty() == request.transaction().empty()) {
    return errors::ArgumentInvalid("data_request", request.data_request().empty()
                                                       ? "is required, or transaction instead of it"
                                                       : "and transaction exclude each other");
  }
  if (!request.data_request().empty()) out.set_datarequest_id(request.data_request());
  if (!request.transaction().empty()) out.set_transaction_id(request.transaction());
  if (request.has_metadata()) {
    std::string json;
    if (!google::protobuf::util::MessageToJsonString(request.metadata(), &json).ok()) {
      return errors::ArgumentInvalid("metadata", "can't be written as JSON");
    }
    out.set_metadata(std::move(json));
  }
  return out;
}

v1::VerificationResult OverallResult(
    const google::protobuf::RepeatedPtrField<v1::EnrollmentFinding>& findings) {
  std::set<v1::VerificationResult> results;
  for (const v1::EnrollmentFinding& finding : findings) {
    if (finding.result() != v1::VERIFICATION_RESULT_UNSPECIFIED) results.insert(finding.result());
  }
  if (results.size() > 1) results.erase(v1::VERIFICATION_RESULT_INSUFFICIENT_DATA);
  if (results.empty()) return v1::VERIFICATION_RESULT_UNSPECIFIED;
  if (results.contains(v1::VERIFICATION_RESULT_ACTIVE)) return v1::VERIFICATION_RESULT_ACTIVE;
  return results.size() == 1 ? *results.begin() : v1::VERIFICATION_RESULT_UNKNOWN;
}

v1::EnrollmentVerification ToVerification(const m3::EnrollmentStatusReport& report,
                                          absl::string_view connection, v1::View view) {
  v1::EnrollmentVerification out;
  out.set_name(MakeName<Resource::kEnrollmentVerification>(connection, report.transaction_id()));
  out.set_provider(kProvider);
  out.set_state(ProcessingStateOf(report.processing_status()));
  out.set_provider_state(report.processing_status());
  for (const m3::EnrollmentStatus& each : report.enrollment_status()) {
    *out.add_findings() = ToFinding(each);
  }
  // What one source says while others are still asked is no result: an INACTIVE among them may
  // stand beside an ACTIVE at the end.
  if (!IsUnderWay(report.processing_status())) out.set_result(OverallResult(out.findings()));
  out.set_individual_id(report.individual().individual_id());
  for (const google::protobuf::Value& each : report.individual().datasources()) {
    out.add_datasources(DatasourceText(each));
  }
  out.set_data_request(report.datarequest_id());
  out.set_service_context_id(report.service_context_id());
  out.set_transaction_id(report.transaction_id());
  if (!report.metadata().empty()) {
    v1::EnrollmentVerification holder;
    const std::string wrapped = absl::StrCat("{\"metadata\":", report.metadata(), "}");
    if (codec::DecodeJson(wrapped, {}, &holder).ok() && holder.has_metadata()) {
      *out.mutable_metadata() = std::move(*holder.mutable_metadata());
    }
  }
  if (view == v1::VIEW_FULL) AttachRecord(report, out);
  return out;
}

absl::StatusOr<WebhookEvent> ReadWebhook(absl::string_view connection, std::string body) {
  m1::WebhookEvent transcript_event;
  absl::Status decoded = codec::DecodeJson(body, {}, &transcript_event);
  if (!decoded.ok()) return Unreadable(connection, decoded.message());
  if (transcript_event.event().empty()) return Unreadable(connection, "event is missing");
  if (absl::StartsWith(transcript_event.event(), kTranscriptEvents)) {
    if (transcript_event.transcript_id().empty()) {
      return Unreadable(connection, "transcript_id is missing");
    }
    const std::string name =
        MakeName<Resource::kTranscript>(connection, transcript_event.transcript_id());
    return ToEvent(transcript_event, name);
  }
  m3::WebhookEvent event;
  decoded = codec::DecodeJson(std::move(body), {}, &event);
  if (!decoded.ok()) return Unreadable(connection, decoded.message());
  return ToEvent(event, "");
}

}  // namespace edugate::adapters
