#include "sandbox/measureone.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "nlohmann/json.hpp"
#include "sandbox/authorization.h"
#include "sandbox/counter.h"
#include "sandbox/measureone_documents.h"
#include "sandbox/measureone_ids.h"
#include "sandbox/measureone_replies.h"
#include "sandbox/measureone_reports.h"
#include "sandbox/measureone_schools.h"
#include "sandbox/measureone_scores.h"
#include "sandbox/measureone_transcripts.h"

namespace edugate::sandbox {
namespace m1 {
namespace {

constexpr char kTokenPath[] = "/v3/auth/generate_access_token";
constexpr absl::Duration kTokenLife = absl::Seconds(899);

class MeasureOne : public Provider {
 public:
  explicit MeasureOne(Surroundings surroundings)
      : surroundings_(std::move(surroundings)),
        documents_(surroundings_, issued_),
        transcripts_(surroundings_, documents_, issued_),
        scores_(surroundings_, transcripts_),
        schools_(transcripts_, issued_),
        reports_(surroundings_) {}

  absl::string_view id() const override { return "measureone"; }

  std::vector<Route> Routes() override {
    return {
        RouteTo("POST", "/v2/transcripts/new", transcripts_, &Transcripts::Create),
        RouteTo("POST", "/v2/transcripts/upload", documents_, &Documents::Upload),
        RouteTo("POST", "/v2/transcripts/get_by_id", transcripts_, &Transcripts::GetById),
        RouteTo("POST", "/v2/transcripts/get_digest_by_id", transcripts_, &Transcripts::GetDigest),
        RouteTo("POST", "/v2/transcripts/get_enrollment_summary", transcripts_,
                &Transcripts::GetSummary),
        RouteTo("GET", "/v2/transcripts/get_files", transcripts_, &Transcripts::GetFiles),
        RouteTo("POST", "/v2/analytics/meritscore", scores_, &Scores::MeritScore),
        RouteTo("POST", "/v2/analytics/gradscore", scores_, &Scores::GradScore),
        RouteTo("POST", "/v2/transcriptlink/access_transcript", schools_, &Schools::Access),
        RouteTo("POST", "/v2/transcriptlink/verify_mfa", schools_, &Schools::VerifyMfa),
        RouteTo("POST", "/v2/schools/get", schools_, &Schools::List),
        RouteTo("POST", "/v3/services/get_enrollment_status", reports_, &Reports::EnrollmentStatus),
        {"POST", kTokenPath, [this](const Request& request) { return IssueToken(request); },
         /*open=*/true},
    };
  }

  bool Authorized(const Request& request) const override {
    if (absl::StartsWith(request.target, kTokenPath)) {
      return IsBasicOf(request, kMeasureOneClientId, kMeasureOneClientSecret);
    }
    const std::optional<std::string> token = BearerToken(request);
    if (!token) return false;
    if (*token == kMeasureOneKey) return true;
    absl::MutexLock lock(&mutex_);
    return !token->empty() && *token == token_ && surroundings_.now() < token_end_;
  }

  Reply Refuse(Refusal refusal) const override {
    const Words words = WordsOf(refusal);
    return ErrorReply(words.status, words.code, words.message);
  }

  Reply RefuseRequest(Refusal refusal, const Request& request) const override {
    if (!absl::StartsWith(request.target, "/v3/")) return Refuse(refusal);
    const Words words = WordsOf(refusal);
    return ErrorOfV3(surroundings_.now(), words.status, words.code, words.message);
  }

  void Reset() override {
    // First: no record that is left may have a number that comes again.
    issued_.Reset();
    documents_.Reset();
    transcripts_.Reset();
    schools_.Reset();
    reports_.Reset();
    absl::MutexLock lock(&mutex_);
    token_.clear();
  }

  std::string ConnectionYaml(absl::string_view base_url) const override {
    return absl::StrCat("  - id: m1\n    provider: measureone\n    base_url: ", base_url,
                        "\n    auth: { bearer: { value: ", kMeasureOneKey,
                        " } }\n    webhook: { secrets: [ { value: \"", kMeasureOneWebhookSecret,
                        "\" } ] }\n");
  }

  std::string Summary() const override {
    return absl::StrCat(
        "transcripts ", kTranscriptId, " (the document's) and ", kDigestTranscriptId, "\nreports ",
        kDocumentedReport, ", dr_progress, dr_acquiring, dr_multiple, dr_unprocessable\nschool ",
        kMfaSchool, " asks for the code ", kMfaToken, "; the password ", kWrongPassword,
        " is refused\nAuthorization: Bearer ", kMeasureOneKey, "\nor POST ", kTokenPath, " with ",
        kMeasureOneClientId, ":", kMeasureOneClientSecret, "\n");
  }

 private:
  struct Words {
    int status;
    const char* code;
    const char* message;
  };

  static Words WordsOf(Refusal refusal) {
    switch (refusal) {
      case Refusal::kUnauthorized:
        return {401, "INVALID_CREDENTIALS", "Unauthorized to perform the requested operation"};
      case Refusal::kNotFound:
        return {404, "NOT_FOUND", "The requested resource could not be found"};
      case Refusal::kMethodNotAllowed:
        return {405, "METHOD_NOT_ALLOWED", "Given Method not allowed"};
      case Refusal::kThrottled:
        return {429, "TOO_MANY_REQUESTS", "Too many requests"};
    }
    return {500, "INTERNAL_ERROR", "Something went wrong"};
  }

  template <typename Service>
  static Route RouteTo(const char* method, const char* path, Service& service,
                       Reply (Service::*handle)(const Request&)) {
    return {method, path,
            [&service, handle](const Request& request) { return (service.*handle)(request); }};
  }

  Reply IssueToken(const Request& request) {
    if (!Authorized(request)) {
      return ErrorOfV3(surroundings_.now(), 401, "INVALID_CREDENTIALS",
                       "The credentials are invalid");
    }
    const absl::Time now = surroundings_.now();
    const absl::Duration life = std::min(surroundings_.settings().token_lifetime, kTokenLife);
    absl::MutexLock lock(&mutex_);
    // A token that is still good is given again, with less time left.
    if (token_.empty() || now >= token_end_) {
      token_ = absl::StrCat("sandbox-measureone-issued-", issued_.Next(), "-not-a-secret");
      token_end_ = now + life;
    }
    return Answer({{"access_token", token_},
                   {"token_type", "bearer"},
                   {"expires_in", absl::ToInt64Seconds(token_end_ - now)},
                   {"expires_at", absl::ToUnixMillis(token_end_)}});
  }

  const Surroundings surroundings_;
  // Numbers transcripts, documents, sessions and tokens in one row.
  Counter issued_;
  Documents documents_;
  Transcripts transcripts_;
  Scores scores_;
  Schools schools_;
  Reports reports_;
  mutable absl::Mutex mutex_;
  std::string token_ ABSL_GUARDED_BY(mutex_);
  absl::Time token_end_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace
}  // namespace m1

std::unique_ptr<Provider> MakeMeasureOne(Surroundings surroundings) {
  return std::make_unique<m1::MeasureOne>(std::move(surroundings));
}

}  // namespace edugate::sandbox
