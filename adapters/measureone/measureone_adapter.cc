#include "adapters/measureone/measureone_adapter.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "adapters/declared_api.h"
#include "adapters/measureone/measureone_download.h"
#include "adapters/measureone/measureone_errors.h"
#include "adapters/measureone/measureone_source_mapping.h"
#include "adapters/measureone/measureone_transcript_mapping.h"
#include "adapters/measureone/measureone_upload.h"
#include "adapters/measureone/measureone_verification_mapping.h"
#include "adapters/measureone/measureone_words.h"
#include "adapters/resource_name.h"
#include "runtime/errors/errors.h"

namespace edugate::adapters {
namespace {

namespace m1 = provider::measureone::v2;
namespace m3 = provider::measureone::v3;

// Asks for few schools and shows that the key is good.
constexpr char kProbeCountry[] = "LI";

// The latest date that it is anywhere on Earth: a caller's today is no future date.
google::type::Date LatestToday(absl::Time now) {
  const absl::CivilDay day = absl::ToCivilDay(now + absl::Hours(14), absl::UTCTimeZone());
  google::type::Date date;
  date.set_year(static_cast<int32_t>(day.year()));
  date.set_month(day.month());
  date.set_day(day.day());
  return date;
}

// The transcript as sent, without what is for the provider alone.
v1::Transcript AsSent(v1::Transcript transcript) {
  for (v1::TranscriptSource& source : *transcript.mutable_sources()) {
    if (!source.has_document()) continue;
    v1::SourceDocument& document = *source.mutable_document();
    document.set_uri(WithoutLogin(document.uri()));
    document.clear_http_method();
    document.clear_http_headers();
    document.clear_http_body();
  }
  return transcript;
}

}  // namespace

const rest::Api& MeasureOneAdapter::DeclarationV2() {
  static const rest::Api* api = CompileDeclaration({"edugate.provider.measureone.v2.MeasureOneV2"},
                                                   m1::ListSchoolsReply::descriptor()->file())
                                    .release();
  return *api;
}

const rest::Api& MeasureOneAdapter::DeclarationV3() {
  static const rest::Api* api = CompileDeclaration({"edugate.provider.measureone.v3.MeasureOneV3"},
                                                   m3::EnrollmentStatusReport::descriptor()->file())
                                    .release();
  return *api;
}

const rest::ErrorClassifier& MeasureOneAdapter::Errors() {
  static const MeasureOneErrors* errors = new MeasureOneErrors;
  return *errors;
}

MeasureOneAdapter::MeasureOneAdapter(rest::Client& v2, rest::Client& v3, MeasureOneOptions options)
    : v2_(v2),
      options_(std::move(options)),
      create_(OperationOf(DeclarationV2(), "CreateTranscript")),
      upload_(OperationOf(DeclarationV2(), "UploadTranscriptFiles")),
      get_(OperationOf(DeclarationV2(), "GetTranscript")),
      get_digest_(OperationOf(DeclarationV2(), "GetTranscriptDigest")),
      get_summary_(OperationOf(DeclarationV2(), "GetEnrollmentSummary")),
      get_files_(OperationOf(DeclarationV2(), "GetTranscriptFiles")),
      merit_score_(OperationOf(DeclarationV2(), "GetMeritScore")),
      grad_score_(OperationOf(DeclarationV2(), "GetGradScore")),
      schools_(OperationOf(DeclarationV2(), "ListSchools")),
      access_(v2, OperationOf(DeclarationV2(), "AccessTranscript"),
              OperationOf(DeclarationV2(), "VerifyMfa")),
      verifier_(v3, OperationOf(DeclarationV3(), "GetEnrollmentStatus"),
                {.first = options_.poll_interval, .longest = options_.max_poll_interval}) {}

Ports MeasureOneAdapter::ports() {
  Ports ports;
  ports.probe = Bind(this, &MeasureOneAdapter::CheckConnection);
  ports.verify_enrollment = Bind(&verifier_, &EnrollmentVerifier::Verify);
  ports.create_transcript = Bind(this, &MeasureOneAdapter::CreateTranscript);
  ports.get_transcript = Bind(this, &MeasureOneAdapter::GetTranscript);
  ports.score_transcript = Bind(this, &MeasureOneAdapter::ScoreTranscript);
  ports.start_transcript_access = Bind(&access_, &TranscriptAccess::Start);
  ports.submit_transcript_access_mfa = Bind(&access_, &TranscriptAccess::SubmitMfa);
  ports.list_schools = Bind(this, &MeasureOneAdapter::ListSchools);
  ports.upload_transcript_files = [this](async::CallContext& call, UploadReader& reader) {
    return UploadTranscriptFiles(call, v2_, upload_, options_.make_boundary, reader);
  };
  ports.download_transcript_files = [this](async::CallContext& call, const NameParts& name,
                                           DownloadWriter& writer) {
    return DownloadTranscriptFiles(call, v2_, get_files_, name, writer);
  };
  ports.read_webhook = [this](std::string body) {
    return ReadWebhook(v2_.connection(), std::move(body));
  };
  return ports;
}

async::Task<absl::StatusOr<v1::Transcript>> MeasureOneAdapter::CreateTranscript(
    async::CallContext& call, const Routed<v1::CreateTranscriptRequest>& routed) {
  const v1::CreateTranscriptRequest& asked = routed.request;
  auto request = ToCreateRequest(asked, LatestToday(call.loop().clock().WallNow()));
  if (!request.ok()) co_return request.status();
  if (asked.validate_only()) co_return AsSent(asked.transcript());
  auto reply = co_await v2_.Call<m1::Transcript>(call, create_, *request);
  if (!reply.ok()) co_return reply.status();
  if (reply->id().empty()) {
    co_return errors::ProviderResponseInvalid("id is missing", v2_.OriginOf(create_));
  }
  v1::Transcript created = ToTranscript(*reply, v2_.connection(), asked.view());
  // The reply names id and state alone.
  if (!created.has_external_id() && request->has_external_id()) {
    created.set_external_id(request->external_id());
  }
  if (!created.has_school_unit_id() && request->has_school_unit_id()) {
    created.set_school_unit_id(request->school_unit_id());
  }
  co_return created;
}

async::Task<absl::StatusOr<v1::Transcript>> MeasureOneAdapter::GetTranscript(
    async::CallContext& call, const Routed<v1::GetTranscriptRequest>& routed) {
  const rest::Operation* operation = &get_;
  if (routed.request.view() == v1::TRANSCRIPT_VIEW_DIGEST) operation = &get_digest_;
  if (routed.request.view() == v1::TRANSCRIPT_VIEW_ENROLLMENT_SUMMARY) operation = &get_summary_;
  m1::GetTranscriptRequest request;
  request.set_id(routed.name.id());
  auto reply = co_await v2_.Call<m1::Transcript>(call, *operation, request);
  if (!reply.ok()) {
    co_return errors::WithResource(reply.status(), PatternOf(Resource::kTranscript).type,
                                   routed.request.name());
  }
  if (reply->id() != routed.name.id()) {
    co_return errors::ProviderResponseInvalid("id is not the one that was asked for",
                                              v2_.OriginOf(*operation));
  }
  co_return ToTranscript(*reply, v2_.connection(), routed.request.view());
}

async::Task<absl::StatusOr<v1::TranscriptScore>> MeasureOneAdapter::ScoreTranscript(
    async::CallContext& call, const Routed<v1::ScoreTranscriptRequest>& routed) {
  m1::ScoreRequest request;
  request.add_transcripts()->set_id(routed.name.id());
  auto score = co_await Score(call, routed.request, request);
  if (score.ok()) co_return score;
  switch (errors::ReasonOf(score.status())) {
    case v1::ERROR_REASON_PROVIDER_REJECTED_REQUEST:
    case v1::ERROR_REASON_PROVIDER_CONFLICT:
    case v1::ERROR_REASON_PROVIDER_PRECONDITION:
      break;
    default:
      co_return errors::WithResource(score.status(), PatternOf(Resource::kTranscript).type,
                                     routed.request.name());
  }
  const rest::Operation& operation =
      routed.request.kind() == v1::TRANSCRIPT_SCORE_KIND_MERIT ? merit_score_ : grad_score_;
  absl::Status why = co_await WhyNotScored(call, operation, routed.name.id(), score.status());
  co_return why;
}

async::Task<absl::StatusOr<v1::TranscriptScore>> MeasureOneAdapter::Score(
    async::CallContext& call, const v1::ScoreTranscriptRequest& request,
    const m1::ScoreRequest& score) {
  const v1::View view = request.view();
  if (request.kind() == v1::TRANSCRIPT_SCORE_KIND_MERIT) {
    auto merit = co_await v2_.Call<m1::MeritScore>(call, merit_score_, score);
    if (!merit.ok()) co_return merit.status();
    v1::TranscriptScore told = ToScore(*merit, request.name(), view);
    if (!told.has_score()) {
      co_return errors::ProviderResponseInvalid("merit_score is no number",
                                                v2_.OriginOf(merit_score_));
    }
    co_return told;
  }
  if (request.kind() == v1::TRANSCRIPT_SCORE_KIND_GRADUATION) {
    auto graduation = co_await v2_.Call<m1::GradScore>(call, grad_score_, score);
    if (!graduation.ok()) co_return graduation.status();
    v1::TranscriptScore told = ToScore(*graduation, request.name(), view);
    if (!told.has_score()) {
      co_return errors::ProviderResponseInvalid("grad_score is no number",
                                                v2_.OriginOf(grad_score_));
    }
    co_return told;
  }
  co_return errors::ArgumentInvalid("kind", "must be MERIT or GRADUATION");
}

// The document doesn't say how a score is refused that comes too early: only the transcript itself
// tells.
async::Task<absl::Status> MeasureOneAdapter::WhyNotScored(async::CallContext& call,
                                                          const rest::Operation& operation,
                                                          std::string id, absl::Status refused) {
  m1::GetTranscriptRequest request;
  request.set_id(std::move(id));
  m1::Transcript transcript;
  // As it is now, not as it was when somebody last looked: it may have been finished since.
  rest::CallOptions options;
  options.ask_now = true;
  absl::Status looked =
      co_await v2_.CallInto(call, get_digest_, request, transcript, nullptr, std::move(options));
  if (!looked.ok() || !IsUnderWay(transcript.processing_status())) co_return refused;
  errors::ProviderFailure failure;
  failure.reason = v1::ERROR_REASON_NOT_READY;
  failure.code = absl::StatusCode::kFailedPrecondition;
  failure.message = "the transcript is still being processed";
  co_return errors::FromProvider(failure, v2_.OriginOf(operation));
}

async::Task<absl::StatusOr<std::string>> MeasureOneAdapter::ListSchools(
    async::CallContext& call, const SchoolQuery& query,
    google::protobuf::RepeatedPtrField<v1::School>& into) {
  const std::string country = absl::AsciiStrToUpper(query.country_code);
  const bool code =
      country.size() == 2 && absl::ascii_isalpha(country[0]) && absl::ascii_isalpha(country[1]);
  if (!code) {
    co_return errors::ArgumentInvalid("country_code", "must be an ISO 3166-1 alpha-2 code");
  }
  m1::ListSchoolsRequest request;
  request.mutable_filters()->set_country_a2_code(country);
  auto reply = co_await v2_.Call<m1::ListSchoolsReply>(call, schools_, request);
  if (!reply.ok()) co_return reply.status();
  into.Reserve(into.size() + reply->schools_size());
  for (const m1::School& record : reply->schools()) {
    into.AddAllocated(new v1::School(ToSchool(record, v2_.connection(), country, query.view)));
  }
  co_return std::string();
}

async::Task<absl::StatusOr<ProbeResult>> MeasureOneAdapter::CheckConnection(
    async::CallContext& call, const Probe&) {
  m1::ListSchoolsRequest request;
  request.mutable_filters()->set_country_a2_code(kProbeCountry);
  m1::ListSchoolsReply reply;
  rest::ReplyInfo info;
  absl::Status status = co_await v2_.CallInto(call, schools_, request, reply, &info);
  if (!status.ok()) co_return status;
  co_return ProbeResult{.provider_time = info.date};
}

}  // namespace edugate::adapters
