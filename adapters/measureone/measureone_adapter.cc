#include "adapters/measureone/measureone_adapter.h"

#include <openssl/crypto.h>
#include <openssl/rand.h>

#include <algorithm>
#include <map>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "adapters/declared_api.h"
#include "adapters/measureone/measureone_errors.h"
#include "adapters/measureone/measureone_files.h"
#include "adapters/measureone/measureone_source_mapping.h"
#include "adapters/measureone/measureone_transcript_mapping.h"
#include "adapters/measureone/measureone_verification_mapping.h"
#include "adapters/measureone/measureone_words.h"
#include "adapters/measureone/multipart_source.h"
#include "adapters/measureone/zip_sink.h"
#include "adapters/record_mapping.h"
#include "google/api/httpbody.pb.h"
#include "runtime/async/sleep.h"
#include "runtime/async/when_all.h"

namespace edugate::adapters {
namespace {

namespace m1 = provider::measureone::v2;
namespace m3 = provider::measureone::v3;

constexpr char kTranscriptType[] = "edugate/Transcript";
constexpr char kSchoolType[] = "edugate/School";
constexpr char kSessionType[] = "edugate/TranscriptAccessSession";
constexpr char kVerificationType[] = "edugate/EnrollmentVerification";
constexpr char kDataRequestType[] = "edugate/DataRequest";

// Asks for few schools and shows that the key is good.
constexpr char kProbeCountry[] = "LI";

constexpr int kAccepted = 202;

// A download passes through little memory; this only ends one that never does.
constexpr int64_t kMaxDownloadBytes = int64_t{64} << 30;

// Left of the caller's time for the answer to travel back.
constexpr absl::Duration kMinAnswerMargin = absl::Milliseconds(50);
constexpr absl::Duration kMaxAnswerMargin = absl::Seconds(1);

// The latest date that it is anywhere on Earth: a caller's today is no future date.
google::type::Date LatestToday(absl::Time now) {
  const absl::CivilDay day = absl::ToCivilDay(now + absl::Hours(14), absl::UTCTimeZone());
  google::type::Date date;
  date.set_year(static_cast<int32_t>(day.year()));
  date.set_month(day.month());
  date.set_day(day.day());
  return date;
}

// Overwrites a copy of a credential before its memory is given back.
void Wipe(std::string* secret) {
  OPENSSL_cleanse(secret->data(), secret->size());
  secret->clear();
}

// Wipes the credentials of a request at the end of their use, however the call ends.
class AccessSecrets {
 public:
  explicit AccessSecrets(m1::AccessTranscriptRequest& request) : request_(request) {}
  AccessSecrets(const AccessSecrets&) = delete;
  AccessSecrets& operator=(const AccessSecrets&) = delete;
  ~AccessSecrets() {
    Wipe(request_.mutable_username());
    Wipe(request_.mutable_password());
  }

 private:
  m1::AccessTranscriptRequest& request_;
};

class MfaSecret {
 public:
  explicit MfaSecret(m1::VerifyMfaRequest& request) : request_(request) {}
  MfaSecret(const MfaSecret&) = delete;
  MfaSecret& operator=(const MfaSecret&) = delete;
  ~MfaSecret() { Wipe(request_.mutable_mfa_token()); }

 private:
  m1::VerifyMfaRequest& request_;
};

std::string RandomBoundary() {
  unsigned char bytes[24];
  if (RAND_bytes(bytes, sizeof(bytes)) != 1) return "";
  return absl::BytesToHexString(
      absl::string_view(reinterpret_cast<const char*>(bytes), sizeof(bytes)));
}

// The id of a school, given as a resource name or as the provider's id.
absl::StatusOr<std::string> SchoolIdOf(const std::string& school, absl::string_view connection) {
  if (school.empty()) return errors::ArgumentInvalid("school", "is required");
  if (!absl::StartsWith(school, "connections/")) return school;
  auto name = ParseName("school", Resource::kSchool, school);
  if (!name.ok()) return name.status();
  if (name->connection != connection) {
    return errors::ArgumentInvalid("school", "belongs to another connection than parent");
  }
  return name->id();
}

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
      status, kVerificationType,
      MakeName<Resource::kEnrollmentVerification>(connection, request.transaction_id()));
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

// One upload: the caller's messages into the request's body.
class Upload {
 public:
  Upload(MultipartSource& source, UploadReader& reader) : source_(source), reader_(reader) {}

  // Passes everything on. The first thing that is wrong ends the body.
  async::Task<absl::Status> Run(async::CallContext& call) {
    absl::Status status = co_await PassOn(call);
    if (status.ok()) {
      source_.Finish();
    } else {
      source_.Abandon();
    }
    co_return status;
  }

  const std::vector<std::string>& file_names() const { return file_names_; }
  const std::vector<std::string>& media_types() const { return media_types_; }

 private:
  async::Task<absl::Status> PassOn(async::CallContext& call) {
    for (;;) {
      auto message = co_await reader_.Read(call);
      if (!message.ok()) co_return message.status();
      if (!message->has_value()) co_return CheckEnd();
      absl::Status accepted = Accept(**message);
      if (!accepted.ok()) co_return accepted;
      if (!(*message)->has_chunk()) continue;
      absl::Status written = co_await source_.Write(call, std::move(*(*message)->mutable_chunk()));
      if (!written.ok()) co_return written;
    }
  }

  absl::Status Accept(const v1::UploadTranscriptFilesRequest& message) {
    if (message.has_header()) {
      if (!media_types_.empty() && file_bytes_ == 0) return EmptyFile();
      const auto violations = CheckFileHeader(message.header());
      if (!violations.empty()) return errors::ArgumentsInvalid(violations);
      if (static_cast<int64_t>(media_types_.size()) >= kMaxUploadFiles) {
        return errors::ArgumentInvalid(
            "header", absl::StrCat("is one file too many: at most ", kMaxUploadFiles));
      }
      source_.BeginFile(message.header().file_name(), message.header().media_type());
      file_names_.push_back(message.header().file_name());
      media_types_.push_back(message.header().media_type());
      file_bytes_ = 0;
      return absl::OkStatus();
    }
    if (!message.has_chunk()) return errors::ArgumentInvalid("part", "is required");
    if (media_types_.empty()) {
      return errors::ArgumentInvalid("header", "must come before the first bytes");
    }
    if (message.chunk().size() > kMaxUploadChunkBytes) {
      return errors::ArgumentInvalid("chunk", "must have at most 1 MiB");
    }
    const int64_t size = static_cast<int64_t>(message.chunk().size());
    file_bytes_ += size;
    all_bytes_ += size;
    if (all_bytes_ > kMaxUploadBytes) {
      return errors::ArgumentInvalid(
          "chunk",
          absl::StrCat("is too much: all files together have at most ", kMaxUploadBytes, " bytes"));
    }
    return absl::OkStatus();
  }

  absl::Status CheckEnd() const {
    if (media_types_.empty()) return errors::ArgumentInvalid("header", "is required");
    return file_bytes_ == 0 ? EmptyFile() : absl::OkStatus();
  }

  static absl::Status EmptyFile() {
    return errors::ArgumentInvalid("chunk", "is missing: a file is empty");
  }

  MultipartSource& source_;
  UploadReader& reader_;
  std::vector<std::string> file_names_;
  std::vector<std::string> media_types_;
  int64_t file_bytes_ = 0;
  int64_t all_bytes_ = 0;
};

using References = google::protobuf::RepeatedPtrField<m1::SourceDataReference>;

// The references in the order in which their files were sent. The document promises one for each
// file and no order: the names tell, and where they don't, the references stay as they come.
std::vector<const m1::SourceDataReference*> InOrderSent(const References& references,
                                                        const std::vector<std::string>& names) {
  std::vector<const m1::SourceDataReference*> as_they_come;
  std::map<std::string, const m1::SourceDataReference*> by_name;
  for (const m1::SourceDataReference& reference : references) {
    as_they_come.push_back(&reference);
    by_name.emplace(reference.file_name(), &reference);
  }
  std::vector<const m1::SourceDataReference*> as_sent;
  for (const std::string& name : names) {
    const auto found = by_name.find(name);
    if (found == by_name.end()) return as_they_come;
    as_sent.push_back(found->second);
    by_name.erase(found);
  }
  return as_sent;
}

// One download: the provider's bytes to the caller.
async::Task<absl::Status> PassOn(async::CallContext& call, ZipSink& sink, DownloadWriter& writer) {
  bool begun = false;
  for (;;) {
    auto bytes = co_await sink.Take(call);
    if (!bytes.ok()) co_return bytes.status();
    if (bytes->empty()) co_return absl::OkStatus();
    if (!begun) {
      absl::Status started = co_await writer.Begin(call, sink.size());
      if (!started.ok()) co_return started;
      begun = true;
    }
    absl::Status written = co_await writer.Write(call, *std::move(bytes));
    if (!written.ok()) co_return written;
  }
}

// The transfer beside it, of either direction. Ending one ends the other.
async::Task<absl::Status> Transfer(async::CallContext& call, rest::Client& client,
                                   const rest::Operation& operation,
                                   const google::protobuf::Message& request,
                                   google::protobuf::Message& response, rest::CallOptions options,
                                   async::CallContext& other, ZipSink* sink) {
  absl::Status status =
      co_await client.CallInto(call, operation, request, response, nullptr, std::move(options));
  if (sink != nullptr) sink->End();
  // What has arrived of a download is still passed on; an upload whose answer is there has nobody
  // left to read it.
  if (sink == nullptr) other.Cancel();
  co_return status;
}

async::Task<absl::Status> PassOnAndRelease(async::CallContext& call, ZipSink& sink,
                                           DownloadWriter& writer, async::CallContext& transfer) {
  absl::Status status = co_await PassOn(call, sink, writer);
  if (!status.ok()) {
    sink.Abandon();
    transfer.Cancel();
  }
  co_return status;
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
      v3_(v3),
      options_(std::move(options)),
      create_(OperationOf(DeclarationV2(), "CreateTranscript")),
      upload_(OperationOf(DeclarationV2(), "UploadTranscriptFiles")),
      get_(OperationOf(DeclarationV2(), "GetTranscript")),
      get_digest_(OperationOf(DeclarationV2(), "GetTranscriptDigest")),
      get_summary_(OperationOf(DeclarationV2(), "GetEnrollmentSummary")),
      get_files_(OperationOf(DeclarationV2(), "GetTranscriptFiles")),
      merit_score_(OperationOf(DeclarationV2(), "GetMeritScore")),
      grad_score_(OperationOf(DeclarationV2(), "GetGradScore")),
      access_(OperationOf(DeclarationV2(), "AccessTranscript")),
      verify_mfa_(OperationOf(DeclarationV2(), "VerifyMfa")),
      schools_(OperationOf(DeclarationV2(), "ListSchools")),
      enrollment_status_(OperationOf(DeclarationV3(), "GetEnrollmentStatus")) {}

Ports MeasureOneAdapter::ports() {
  Ports ports;
  ports.probe = Bind(this, &MeasureOneAdapter::CheckConnection);
  ports.verify_enrollment = Bind(this, &MeasureOneAdapter::VerifyEnrollment);
  ports.create_transcript = Bind(this, &MeasureOneAdapter::CreateTranscript);
  ports.get_transcript = Bind(this, &MeasureOneAdapter::GetTranscript);
  ports.score_transcript = Bind(this, &MeasureOneAdapter::ScoreTranscript);
  ports.start_transcript_access = Bind(this, &MeasureOneAdapter::StartTranscriptAccess);
  ports.submit_transcript_access_mfa = Bind(this, &MeasureOneAdapter::SubmitTranscriptAccessMfa);
  ports.list_schools = Bind(this, &MeasureOneAdapter::ListSchools);
  ports.upload_transcript_files = [this](async::CallContext& call, UploadReader& reader) {
    return UploadFiles(call, reader);
  };
  ports.download_transcript_files = [this](async::CallContext& call, const NameParts& name,
                                           DownloadWriter& writer) {
    return DownloadFiles(call, name, writer);
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
    co_return errors::WithResource(reply.status(), kTranscriptType, routed.request.name());
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
      co_return errors::WithResource(score.status(), kTranscriptType, routed.request.name());
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

async::Task<absl::StatusOr<v1::TranscriptAccessSession>> MeasureOneAdapter::StartTranscriptAccess(
    async::CallContext& call, const Routed<v1::StartTranscriptAccessRequest>& routed) {
  const v1::StartTranscriptAccessRequest& asked = routed.request;
  std::vector<errors::FieldViolation> missing;
  if (asked.school().empty()) missing.push_back({"school", "is required"});
  if (asked.username().empty()) missing.push_back({"username", "is required"});
  if (asked.password().empty()) missing.push_back({"password", "is required"});
  if (asked.external_id().empty()) missing.push_back({"external_id", "is required"});
  if (!missing.empty()) co_return errors::ArgumentsInvalid(missing);
  auto school = SchoolIdOf(asked.school(), v2_.connection());
  if (!school.ok()) co_return school.status();
  if (asked.validate_only()) co_return v1::TranscriptAccessSession();

  m1::AccessTranscriptRequest request;
  const AccessSecrets wiped(request);
  request.set_external_id(asked.external_id());
  request.set_school_id(*school);
  request.set_username(asked.username());
  request.set_password(asked.password());
  m1::TranscriptSession session;
  rest::ReplyInfo info;
  absl::Status status = co_await v2_.CallInto(call, access_, request, session, &info);
  if (!status.ok()) {
    co_return errors::WithResource(status, kSchoolType,
                                   MakeName<Resource::kSchool>(v2_.connection(), *school));
  }
  if (session.session_id().empty()) {
    co_return errors::ProviderResponseInvalid("session_id is missing", v2_.OriginOf(access_));
  }
  co_return ToSession(session, v2_.connection(),
                      info.http_status == kAccepted ? v1::TRANSCRIPT_ACCESS_STATE_MFA_REQUIRED
                                                    : v1::TRANSCRIPT_ACCESS_STATE_CONNECTED);
}

async::Task<absl::StatusOr<v1::TranscriptAccessSession>>
MeasureOneAdapter::SubmitTranscriptAccessMfa(
    async::CallContext& call, const Routed<v1::SubmitTranscriptAccessMfaRequest>& routed) {
  const v1::SubmitTranscriptAccessMfaRequest& asked = routed.request;
  if (asked.mfa_token().empty()) co_return errors::ArgumentInvalid("mfa_token", "is required");
  m1::TranscriptSession session;
  session.set_session_id(routed.name.id());
  if (asked.validate_only()) {
    co_return ToSession(session, v2_.connection(), v1::TRANSCRIPT_ACCESS_STATE_UNSPECIFIED);
  }
  m1::VerifyMfaRequest request;
  const MfaSecret wiped(request);
  request.set_session_id(routed.name.id());
  request.set_mfa_token(asked.mfa_token());
  m1::TranscriptSession reply;
  rest::ReplyInfo info;
  absl::Status status = co_await v2_.CallInto(call, verify_mfa_, request, reply, &info);
  if (!status.ok()) co_return errors::WithResource(status, kSessionType, asked.name());
  // The session stays the one that was asked for, whatever the echo says.
  co_return ToSession(session, v2_.connection(),
                      info.http_status == kAccepted ? v1::TRANSCRIPT_ACCESS_STATE_MFA_REQUIRED
                                                    : v1::TRANSCRIPT_ACCESS_STATE_CONNECTED);
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

async::Task<absl::StatusOr<v1::EnrollmentVerification>> MeasureOneAdapter::VerifyEnrollment(
    async::CallContext& call, const Routed<v1::VerifyEnrollmentRequest>& routed) {
  auto request = ToStatusRequest(routed.request);
  if (!request.ok()) co_return request.status();
  m3::EnrollmentStatusReport report;
  absl::Status looked = co_await Look(call, *request, report);
  if (looked.ok() && routed.request.wait()) {
    looked = co_await AwaitCompletion(call, *request, report);
  }
  if (!looked.ok()) co_return WithDataRequest(looked, v3_.connection(), *request);
  co_return ToVerification(report, v3_.connection(), routed.request.view());
}

async::Task<absl::Status> MeasureOneAdapter::Look(async::CallContext& call,
                                                  const m3::GetEnrollmentStatusRequest& request,
                                                  m3::EnrollmentStatusReport& report) {
  // Not what was seen at an earlier look: asking again is how one waits.
  rest::CallOptions options;
  options.ask_now = true;
  absl::Status status =
      co_await v3_.CallInto(call, enrollment_status_, request, report, nullptr, std::move(options));
  if (!status.ok()) co_return status;
  if (report.processing_status().empty() && report.enrollment_status().empty()) {
    co_return errors::ProviderResponseInvalid("processing_status is missing",
                                              v3_.OriginOf(enrollment_status_));
  }
  // Statements of another shape must not pass for none.
  if (!IsUnderWay(report.processing_status()) &&
      NothingFits(report, "enrollment_status", report.enrollment_status_size())) {
    co_return errors::ProviderResponseInvalid("enrollment_status is not a list of statements",
                                              v3_.OriginOf(enrollment_status_));
  }
  co_return absl::OkStatus();
}

async::Task<absl::Status> MeasureOneAdapter::AwaitCompletion(
    async::CallContext& call, const m3::GetEnrollmentStatusRequest& request,
    m3::EnrollmentStatusReport& last) {
  absl::Duration margin = kMaxAnswerMargin;
  if (call.remaining() < 10 * kMaxAnswerMargin) {
    margin = std::max(kMinAnswerMargin, call.remaining() / 10);
  }
  async::CallContext looking = call.Child(async::After(call.deadline(), -margin));
  absl::Duration pause = options_.poll_interval;
  absl::Duration asked_for = absl::ZeroDuration();
  while (IsUnderWay(last.processing_status())) {
    // Towards the end the looks come closer again: one that comes after the deadline is none.
    const absl::Duration wait =
        std::min(pause, std::max(looking.remaining() / 2, options_.poll_interval));
    absl::Status slept = co_await async::Sleep(looking, std::max(wait, asked_for));
    if (!slept.ok()) co_return call.cancelled() ? errors::Cancelled({}) : absl::OkStatus();
    pause = std::min(2 * pause, std::max(options_.poll_interval, options_.max_poll_interval));
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

async::Task<absl::StatusOr<v1::UploadTranscriptFilesResponse>> MeasureOneAdapter::UploadFiles(
    async::CallContext& call, UploadReader& reader) {
  const std::string boundary =
      options_.make_boundary != nullptr ? options_.make_boundary() : RandomBoundary();
  if (boundary.empty()) co_return errors::Internal("there is no randomness for a boundary");
  MultipartSource source(boundary);
  Upload upload(source, reader);
  async::CallContext transferring = call.Child(call.deadline());
  async::CallContext reading = call.Child(call.deadline());
  const m1::UploadTranscriptFilesRequest request;
  m1::UploadTranscriptFilesReply reply;
  rest::CallOptions options;
  options.source = &source;
  options.source_content_type = source.content_type();
  std::vector<async::Task<absl::Status>> sides;
  sides.push_back(
      Transfer(transferring, v2_, upload_, request, reply, std::move(options), reading, nullptr));
  sides.push_back(upload.Run(reading));
  auto ended = co_await async::WhenAll(std::move(sides));
  const absl::Status& sent = ended[0];
  const absl::Status& read = ended[1];
  // What is wrong with the caller's files comes before what that did to the transfer; a transfer
  // that failed by itself cancelled the reading.
  if (!read.ok() && !absl::IsCancelled(read)) co_return read;
  if (!sent.ok()) co_return sent;
  if (!read.ok()) {
    co_return errors::ProviderResponseInvalid("it came before all files were sent",
                                              v2_.OriginOf(upload_));
  }
  const std::vector<std::string>& media_types = upload.media_types();
  if (reply.files_size() != static_cast<int>(media_types.size())) {
    co_return errors::ProviderResponseInvalid("it does not name each file once",
                                              v2_.OriginOf(upload_));
  }
  for (int i = 0; i < reply.files_size(); ++i) {
    if (reply.files(i).uri().empty()) {
      co_return errors::ProviderResponseInvalid(absl::StrCat("[", i, "].uri is missing"),
                                                v2_.OriginOf(upload_));
    }
  }
  v1::UploadTranscriptFilesResponse response;
  const auto files = InOrderSent(reply.files(), upload.file_names());
  for (size_t i = 0; i < files.size(); ++i) {
    *response.add_files() = ToUploadedFile(*files[i], media_types[i]);
  }
  co_return response;
}

async::Task<absl::Status> MeasureOneAdapter::DownloadFiles(async::CallContext& call,
                                                           const NameParts& name,
                                                           DownloadWriter& writer) {
  m1::GetTranscriptFilesRequest request;
  request.set_transcript_id(name.id());
  ZipSink sink;
  async::CallContext transferring = call.Child(call.deadline());
  google::api::HttpBody unused;
  rest::CallOptions options;
  options.sink = &sink;
  options.max_response_bytes = kMaxDownloadBytes;
  std::vector<async::Task<absl::Status>> sides;
  sides.push_back(
      Transfer(transferring, v2_, get_files_, request, unused, std::move(options), call, &sink));
  sides.push_back(PassOnAndRelease(call, sink, writer, transferring));
  auto ended = co_await async::WhenAll(std::move(sides));
  const absl::Status& received = ended[0];
  const absl::Status& passed_on = ended[1];
  if (!passed_on.ok()) co_return passed_on;
  const bool defective = !sink.defect().empty() && (received.ok() || absl::IsCancelled(received));
  if (defective && call.Status().ok()) {
    co_return errors::ProviderResponseInvalid(sink.defect(), v2_.OriginOf(get_files_));
  }
  co_return errors::WithResource(received, kTranscriptType,
                                 MakeName<Resource::kTranscript>(v2_.connection(), name.id()));
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
