#include "sandbox/measureone.h"

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/strip.h"
#include "absl/synchronization/mutex.h"
#include "nlohmann/json.hpp"
#include "sandbox/measureone_records.h"
#include "sandbox/webhook_sender.h"
#include "sandbox/zip_file.h"

namespace edugate::sandbox {
namespace {

using Json = nlohmann::ordered_json;

constexpr char kTokenPath[] = "/v3/auth/generate_access_token";
constexpr absl::Duration kTokenLife = absl::Seconds(899);

// The document's transcript, and one that was made from a digest.
constexpr char kTranscriptId[] = "trc_TSEne2SSjP3GvpVrs5HLol4xor2";
constexpr char kDigestTranscriptId[] = "trc_DigestSSjP3GvpVrs5HLol4xor2";
// One whose data are never there, and one whose digest lacks values that a score needs.
constexpr char kStuckId[] = "trc_Stuck2SSjP3GvpVrs5HLol4xor2";
constexpr char kUnscorableId[] = "trc_Poor22SSjP3GvpVrs5HLol4xor2";
// Its files are a synthetic ZIP file of so many megabytes: trc_Large-300.
constexpr absl::string_view kLargePrefix = "trc_Large-";

constexpr char kDocumentedReport[] = "dr_TSEne2SSjP3GvpVrs5HLol4xor2";
constexpr char kDocumentedTransaction[] = "trx_TSEne2SSjP3GvpVrs5HLol4xor2";

// The school whose login asks for a second factor, and the one-time code that it takes.
constexpr char kMfaSchool[] = "sch_MfaL0svv2S8Wjz9Bpwpr8lm9Ayzz";
constexpr char kMfaToken[] = "51622";
constexpr char kWrongPassword[] = "wrong";

constexpr const char* kDigestNames[] = {"degree_type", "years_in_school", "min_grade",
                                        "cgpa",        "last_term_gpa",   "credits_earned"};

Reply ErrorReply(int status, absl::string_view code, absl::string_view message) {
  Json body;
  body["error_code"] = std::string(code);
  body["http_code"] = status;
  body["request_id"] = "req_CRT8vDjmSiAynRPIK29CN38d3Pe";
  body["error_message"] = std::string(message);
  return JsonReply(status, body.dump());
}

Reply Answer(const Json& body, int status = 200) { return JsonReply(status, body.dump()); }

Json Parsed(const Request& request) {
  return Json::parse(request.body, nullptr, /*allow_exceptions=*/false);
}

std::string TextAt(const Json& json, const char* name) {
  if (!json.is_object()) return "";
  const auto found = json.find(name);
  if (found == json.end() || !found->is_string()) return "";
  return found->get<std::string>();
}

// A transcript as it was handed in; what is shown of it depends on the time.
struct Transcript {
  std::string id;
  Json external_id;
  Json school_unit_id;
  Json source_data;
  Json raw;
  Json digest;
  absl::Time created;
  absl::Time completed;

  const char* State(absl::Time now) const {
    if (now >= completed) return "COMPLETED";
    return now < created + (completed - created) / 2 ? "PENDING" : "IN_PROGRESS";
  }
};

// The sessions of a record without what an enrollment summary leaves out.
Json SummaryOf(const Json& raw) {
  Json summary = raw;
  summary.erase("previous_academic_record");
  Json degrees = Json::array();
  for (Json& session : summary["academic_sessions"]) {
    for (Json& degree : session["degrees"]) degrees.push_back(degree);
    session.erase("courses");
    session.erase("degrees");
    session.erase("academic_summary");
    session.erase("other_attributes");
  }
  summary["degrees"] = std::move(degrees);
  return summary;
}

class MeasureOne : public Provider {
 public:
  explicit MeasureOne(Surroundings surroundings)
      : surroundings_(std::move(surroundings)), webhooks_(surroundings_.now) {
    Reset();
  }

  absl::string_view id() const override { return "measureone"; }

  std::vector<Route> Routes() override {
    const auto post = [this](const char* path, Reply (MeasureOne::*handle)(const Request&)) {
      return Route{"POST", path,
                   [this, handle](const Request& request) { return (this->*handle)(request); }};
    };
    return {
        post("/v2/transcripts/new", &MeasureOne::Create),
        post("/v2/transcripts/upload", &MeasureOne::Upload),
        post("/v2/transcripts/get_by_id", &MeasureOne::GetById),
        post("/v2/transcripts/get_digest_by_id", &MeasureOne::GetDigest),
        post("/v2/transcripts/get_enrollment_summary", &MeasureOne::GetSummary),
        {"GET", "/v2/transcripts/get_files",
         [this](const Request& request) { return GetFiles(request); }},
        post("/v2/analytics/meritscore", &MeasureOne::MeritScore),
        post("/v2/analytics/gradscore", &MeasureOne::GradScore),
        post("/v2/transcriptlink/access_transcript", &MeasureOne::Access),
        post("/v2/transcriptlink/verify_mfa", &MeasureOne::VerifyMfa),
        post("/v2/schools/get", &MeasureOne::Schools),
        post("/v3/services/get_enrollment_status", &MeasureOne::EnrollmentStatus),
        {"POST", kTokenPath, [this](const Request& request) { return IssueToken(request); },
         /*open=*/true},
    };
  }

  bool Authorized(const Request& request) const override {
    const std::string header = request.Header("authorization");
    if (absl::StartsWith(request.target, kTokenPath)) {
      return header ==
             absl::StrCat("Basic ", absl::Base64Escape(absl::StrCat(kMeasureOneClientId, ":",
                                                                    kMeasureOneClientSecret)));
    }
    if (!absl::StartsWithIgnoreCase(header, "bearer ")) return false;
    const std::string token = header.substr(sizeof("bearer ") - 1);
    if (token == kMeasureOneKey) return true;
    absl::MutexLock lock(&mutex_);
    return !token.empty() && token == token_ && surroundings_.now() < token_end_;
  }

  Reply Refuse(Refusal refusal) const override {
    const Words words = WordsOf(refusal);
    return ErrorReply(words.status, words.code, words.message);
  }

  Reply RefuseRequest(Refusal refusal, const Request& request) const override {
    if (!absl::StartsWith(request.target, "/v3/")) return Refuse(refusal);
    const Words words = WordsOf(refusal);
    return ErrorOfV3(words.status, words.code, words.message);
  }

  void Reset() override {
    webhooks_.Clear();
    absl::MutexLock lock(&mutex_);
    transcripts_.clear();
    documents_.clear();
    sessions_.clear();
    first_looks_.clear();
    token_.clear();
    next_ = 0;

    const Json full = Json::parse(kDocumentedTranscript);
    Transcript documented;
    documented.id = kTranscriptId;
    documented.external_id = full["external_id"];
    documented.school_unit_id = full["school_unit_id"];
    documented.source_data = full["source_data"];
    documented.raw = full["raw"];
    documented.digest = full["digest"];
    documented.created = absl::FromUnixMillis(full["created_at"].get<int64_t>());
    documented.completed = absl::FromUnixMillis(full["updated_at"].get<int64_t>());
    documents_["m1://sdr_1KXGeat97YnOR8AHM4AZWYOAcog"] = {"fileX.pdf", "%PDF-1.4 the document's\n"};

    Transcript from_digest = documented;
    from_digest.id = kDigestTranscriptId;
    from_digest.school_unit_id = nullptr;
    from_digest.raw = nullptr;
    from_digest.digest = Json{{"degree_type", "BACHELORS"}, {"years_in_school", 2},
                              {"min_grade", "D"},           {"cgpa", 3.3},
                              {"last_term_gpa", 3.5},       {"credits_earned", 65}};
    from_digest.source_data = Json::array({Json{{"referrer", "USER"},
                                                {"source_data_type", "M1_DIGEST"},
                                                {"source_data_value", from_digest.digest}}});

    Transcript stuck = documented;
    stuck.id = kStuckId;
    stuck.completed = absl::InfiniteFuture();
    Transcript unscorable = from_digest;
    unscorable.id = kUnscorableId;
    unscorable.digest.erase("cgpa");
    for (Transcript* each : {&documented, &from_digest, &stuck, &unscorable}) {
      transcripts_[each->id] = *each;
    }
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
  struct Document {
    std::string file_name;
    std::string content;
  };
  struct Session {
    std::string external_id;
    bool waits_for_code = false;
  };

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

  // An id as the vendor makes them: a prefix and 27 letters and digits.
  std::string NewId(absl::string_view prefix) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return absl::StrFormat("%s_Sandbox%020d", prefix, ++next_);
  }

  void Announce(absl::Time due, const std::string& event, const Transcript& transcript) {
    Json body;
    body["transcript_id"] = transcript.id;
    if (!transcript.external_id.is_null()) body["external_id"] = transcript.external_id;
    body["event"] = event;
    webhooks_.Send(due, {.url = surroundings_.settings().webhook_url,
                         .authorization = kMeasureOneWebhookSecret,
                         .user_agent = "M1-Webhook/1.0",
                         .body = body.dump()});
  }

  // Takes a transcript in and sends the webhooks of its life.
  Reply Admit(Transcript transcript, bool at_once) {
    const absl::Time now = surroundings_.now();
    transcript.created = now;
    transcript.completed = at_once ? now : now + surroundings_.settings().processing_time;
    {
      absl::MutexLock lock(&mutex_);
      transcript.id = NewId("trc");
      transcripts_[transcript.id] = transcript;
    }
    Announce(now, "transcript.created", transcript);
    Announce(transcript.completed, "transcript.processed", transcript);
    return Answer({{"id", transcript.id}, {"processing_status", transcript.State(now)}});
  }

  Reply Create(const Request& request) {
    const Json body = Parsed(request);
    if (!body.is_object() || !body.contains("source_data") || !body["source_data"].is_array() ||
        body["source_data"].empty()) {
      return ErrorReply(400, "MISSING_FIELDS", "source_data is required");
    }
    const Json full = Json::parse(kDocumentedTranscript);
    Transcript transcript;
    transcript.external_id = body.value("external_id", Json());
    transcript.school_unit_id = body.value("school_unit_id", Json());
    transcript.source_data = body["source_data"];
    transcript.raw = full["raw"];
    transcript.digest = full["digest"];
    bool at_once = false;
    for (Json& source : transcript.source_data) {
      const bool value = source.contains("source_data_value");
      if (value == source.contains("source_data_reference") ||
          (value && transcript.source_data.size() > 1)) {
        return ErrorReply(400, "VALIDATION_FAILED", "source_data is not valid");
      }
      const std::string type = TextAt(source, "source_data_type");
      if (!value) {
        const std::string uri = TextAt(source["source_data_reference"], "uri");
        absl::MutexLock lock(&mutex_);
        if (absl::StartsWith(uri, "m1://") && !documents_.contains(uri)) {
          return ErrorReply(400, "VALIDATION_FAILED", "uri is not known");
        }
        continue;
      }
      at_once = true;
      if (type == "M1_DIGEST") {
        if (!AreNumbers(source["source_data_value"])) {
          return ErrorReply(400, "VALIDATION_FAILED", "source_data_value is not an M1_DIGEST");
        }
        transcript.digest = source["source_data_value"];
        transcript.raw = nullptr;
      } else if (type == "M1_TRANSCRIPT") {
        transcript.raw = source["source_data_value"];
      } else {
        return ErrorReply(400, "VALIDATION_FAILED", "source_data_type is not valid");
      }
    }
    return Admit(std::move(transcript), at_once);
  }

  // The document's types: a digest's numbers are numbers and not text.
  static bool AreNumbers(const Json& digest) {
    if (!digest.is_object()) return false;
    for (const char* name : {"years_in_school", "cgpa", "last_term_gpa", "credits_earned"}) {
      if (digest.contains(name) && !digest[name].is_number()) return false;
    }
    return true;
  }

  Reply Upload(const Request& request) {
    Json reply = Json::array();
    absl::MutexLock lock(&mutex_);
    for (const Part& part : request.parts) {
      if (part.name != "files[]") continue;
      const std::string uri = absl::StrCat("m1://", NewId("sdr"));
      documents_[uri] = {part.file_name, part.content};
      reply.push_back({{"uri", uri},
                       {"file_name", part.file_name},
                       {"created_at", absl::ToUnixMillis(surroundings_.now())}});
    }
    if (reply.empty()) return ErrorReply(400, "MISSING_FIELDS", "files are required");
    return Answer(reply);
  }

  std::optional<Transcript> Find(const std::string& id) {
    absl::MutexLock lock(&mutex_);
    const auto found = transcripts_.find(id);
    if (found == transcripts_.end()) return std::nullopt;
    return found->second;
  }

  // What every view of a transcript begins with.
  Json HeadOf(const Transcript& transcript) const {
    Json body;
    body["id"] = transcript.id;
    if (!transcript.external_id.is_null()) body["external_id"] = transcript.external_id;
    if (!transcript.school_unit_id.is_null()) body["school_unit_id"] = transcript.school_unit_id;
    body["source_data"] = transcript.source_data;
    return body;
  }

  void AddTail(const Transcript& transcript, Json& body) const {
    const absl::Time now = surroundings_.now();
    body["processing_status"] = transcript.State(now);
    body["created_at"] = absl::ToUnixMillis(transcript.created);
    body["updated_at"] = absl::ToUnixMillis(std::min(now, transcript.completed));
  }

  // A view of the transcript that the body names.
  template <typename Fill>
  Reply View(const Request& request, Fill fill) {
    const std::string id = TextAt(Parsed(request), "id");
    if (id.empty()) return ErrorReply(400, "MISSING_FIELDS", "id is required");
    const std::optional<Transcript> transcript = Find(id);
    if (!transcript) return ErrorReply(404, "TRANSCRIPT_NOT_FOUND", "Transcript not found");
    Json body = HeadOf(*transcript);
    if (surroundings_.now() >= transcript->completed) fill(*transcript, body);
    if (!body.contains("enrollment_summary")) AddTail(*transcript, body);
    return Answer(body);
  }

  Reply GetById(const Request& request) {
    return View(request, [](const Transcript& transcript, Json& body) {
      if (!transcript.raw.is_null()) body["raw"] = transcript.raw;
      body["digest"] = transcript.digest;
    });
  }

  Reply GetDigest(const Request& request) {
    return View(request, [](const Transcript& transcript, Json& body) {
      body["digest"] = transcript.digest;
    });
  }

  Reply GetSummary(const Request& request) {
    return View(request, [this](const Transcript& transcript, Json& body) {
      if (transcript.raw.is_null()) return;
      // State and times are inside, as in the document's sample.
      Json summary = SummaryOf(transcript.raw);
      AddTail(transcript, summary);
      body["enrollment_summary"] = std::move(summary);
    });
  }

  Reply GetFiles(const Request& request) {
    const std::string id = request.Argument("transcript_id").value_or("");
    std::vector<ZipEntry> entries;
    if (absl::StartsWith(id, kLargePrefix)) {
      constexpr int64_t kMaxMegabytes = 1024;
      const std::optional<int64_t> megabytes = WholeNumber(id.substr(kLargePrefix.size()));
      if (!megabytes || *megabytes > kMaxMegabytes) {
        return ErrorReply(404, "TRANSCRIPT_NOT_FOUND", "Transcript not found");
      }
      entries.push_back({"scan.tiff", std::string(static_cast<size_t>(*megabytes) << 20, 'x')});
    } else {
      const std::optional<Transcript> transcript = Find(id);
      if (!transcript) return ErrorReply(404, "TRANSCRIPT_NOT_FOUND", "Transcript not found");
      absl::MutexLock lock(&mutex_);
      for (const Json& source : transcript->source_data) {
        if (!source.contains("source_data_reference")) continue;
        const auto document = documents_.find(TextAt(source["source_data_reference"], "uri"));
        if (document == documents_.end()) continue;
        entries.push_back({document->second.file_name, document->second.content});
      }
    }
    if (entries.empty()) return ErrorReply(404, "FILES_NOT_FOUND", "The transcript has no files");
    Reply reply;
    reply.content_type = "application/zip";
    reply.body = ZipOf(entries);
    return reply;
  }

  // The refusal of a score, if it is to be refused.
  std::optional<Reply> RefuseScore(const Request& request) {
    const Json body = Parsed(request);
    const bool listed = body.is_object() && body.contains("transcripts") &&
                        body["transcripts"].is_array() && body["transcripts"].size() == 1;
    if (!listed) return ErrorReply(400, "VALIDATION_FAILED", "exactly one transcript is required");
    const std::optional<Transcript> transcript = Find(TextAt(body["transcripts"][0], "id"));
    if (!transcript) return ErrorReply(404, "TRANSCRIPT_NOT_FOUND", "Transcript not found");
    if (surroundings_.now() < transcript->completed) {
      return ErrorReply(400, "TRANSCRIPT_NOT_PROCESSED", "The transcript is not processed");
    }
    for (const char* name : kDigestNames) {
      if (!transcript->digest.contains(name) || transcript->digest[name].is_null()) {
        return ErrorReply(400, "VALIDATION_FAILED", absl::StrCat(name, " is required"));
      }
    }
    return std::nullopt;
  }

  Reply MeritScore(const Request& request) {
    if (auto refusal = RefuseScore(request)) return *refusal;
    return Answer({{"merit_score", 698},
                   {"aa_code_1", 3},
                   {"aa_code_2", 1},
                   {"aa_code_3", 4},
                   {"version", "v1.2"}});
  }

  Reply GradScore(const Request& request) {
    if (auto refusal = RefuseScore(request)) return *refusal;
    return Answer({{"grad_score", 652},
                   {"aa_code_1", 2},
                   {"aa_code_2", 3},
                   {"aa_code_3", 1},
                   {"version", "v1.1"}});
  }

  static Json AllSchools() {
    Json schools = Json::parse(kDocumentedSchools);
    schools.push_back({{"m1_id", kMfaSchool},
                       {"name", "Sandbox College with a second factor"},
                       {"sis_url", nullptr},
                       {"id", "999001"},
                       {"id_type", "IPEDS UNIT ID"}});
    schools.push_back({{"m1_id", "sch_e3638c65-daf9-405a-b2d1-e87b3537af75"},
                       {"name", "Sandbox University"},
                       {"id", "000042"},
                       {"id_type", "FICE"}});
    return schools;
  }

  Reply Schools(const Request& request) {
    const Json body = Parsed(request);
    const std::string country = body.is_object() && body.contains("filters")
                                    ? TextAt(body["filters"], "country_a2_code")
                                    : "";
    if (country.empty()) return ErrorReply(400, "MISSING_FIELDS", "country_a2_code is required");
    return Answer(country == "US" ? AllSchools() : Json::array());
  }

  // The student's record, fetched from the school.
  void Fetch(const std::string& external_id) {
    const Json full = Json::parse(kDocumentedTranscript);
    Transcript transcript;
    transcript.external_id = external_id;
    transcript.source_data = full["source_data"];
    transcript.raw = full["raw"];
    transcript.digest = full["digest"];
    Admit(std::move(transcript), /*at_once=*/false);
  }

  Reply Access(const Request& request) {
    const Json body = Parsed(request);
    for (const char* name : {"external_id", "school_id", "username", "password"}) {
      if (TextAt(body, name).empty()) {
        return ErrorReply(400, "MISSING_FIELDS", absl::StrCat(name, " is required"));
      }
    }
    const std::string school = TextAt(body, "school_id");
    const Json schools = AllSchools();
    const bool known = std::any_of(schools.begin(), schools.end(), [&](const Json& each) {
      return TextAt(each, "m1_id") == school;
    });
    if (!known) return ErrorReply(404, "SCHOOL_NOT_FOUND", "School not found");
    if (TextAt(body, "password") == kWrongPassword) {
      return ErrorReply(404, "INVALID_CREDENTIALS", "The credentials are invalid");
    }
    const std::string external_id = TextAt(body, "external_id");
    const bool second_factor = school == kMfaSchool;
    std::string session;
    {
      absl::MutexLock lock(&mutex_);
      session = NewId("tls");
      sessions_[session] = {external_id, second_factor};
    }
    if (!second_factor) Fetch(external_id);
    return Answer({{"session_id", session}}, second_factor ? 202 : 200);
  }

  Reply VerifyMfa(const Request& request) {
    const Json body = Parsed(request);
    const std::string id = TextAt(body, "session_id");
    const std::string token = TextAt(body, "mfa_token");
    if (id.empty() || token.empty()) {
      return ErrorReply(400, "MISSING_FIELDS", "session_id and mfa_token are required");
    }
    std::string external_id;
    {
      absl::MutexLock lock(&mutex_);
      const auto session = sessions_.find(id);
      if (session == sessions_.end() || !session->second.waits_for_code) {
        return ErrorReply(400, "SESSION_NOT_FOUND", "Session not found");
      }
      if (token != kMfaToken) {
        return ErrorReply(404, "INVALID_MFA_TOKEN", "The token is invalid");
      }
      session->second.waits_for_code = false;
      external_id = session->second.external_id;
    }
    Fetch(external_id);
    return Answer({{"session_id", id}});
  }

  Reply ErrorOfV3(int status, absl::string_view code, absl::string_view message,
                  Json more = {}) const {
    Json body;
    body["timestamp"] = absl::ToUnixMillis(surroundings_.now());
    body["error_code"] = std::string(code);
    body["error_message"] = std::string(message);
    if (more.is_object()) body.update(more);
    return Answer(body, status);
  }

  // A report with one finding for each pair of result and reason.
  Json Report(const std::string& id, const char* state,
              const std::vector<std::pair<std::string, std::string>>& findings) const {
    Json report;
    report["individual"] = {{"individual_id", "idv_1iSADgTyw9NihNmsVRfjwOfdRDk"},
                            {"datasources", Json::array({"sch_CV8e5Lsvv2S8Wjz9Bpwpr8lm9Ay"})}};
    report["datarequest_id"] = id;
    report["processing_status"] = state;
    report["service_context_id"] = "trx_SEne2SSjP3GvpVrs5HLol4xor2";
    report["metadata"] = {{"report_id", "REPORT"}};
    Json statuses = Json::array();
    for (const auto& [result, reason] : findings) {
      const Json reasons = Json::array(
          {Json{{"code", reason}, {"description", absl::StrCat("About ", reason)}},
           Json{{"code", "MES_VF_DAC"},
                {"description", "Verification method: Direct school account connection"}}});
      statuses.push_back({{"datasource_id", "sch_CV8e5Lsvv2S8Wjz9Bpwpr8lm9Ay"},
                          {"enrollment_status", result},
                          {"reason_codes", reasons},
                          {"as_of_date", 1655227025839}});
    }
    if (!findings.empty()) report["enrollment_status"] = std::move(statuses);
    report["transaction_id"] = kDocumentedTransaction;
    return report;
  }

  Reply EnrollmentStatus(const Request& request) {
    const Json body = Parsed(request);
    std::string id = TextAt(body, "datarequest_id");
    if (id.empty() && TextAt(body, "transaction_id") == kDocumentedTransaction) {
      id = kDocumentedReport;
    }
    if (id.empty()) return ErrorOfV3(400, "MISSING_FIELDS", "datarequest_id is required");
    const auto completed = [&](const char* result, const char* reason) {
      return Answer(Report(id, "COMPLETED", {{result, reason}}));
    };
    if (id == kDocumentedReport) return completed("ACTIVE", "MES_COURSE_IN_PRG");
    if (id == "dr_inactive") return completed("INACTIVE", "MES_LAST_TERM_GT_180");
    if (id == "dr_insufficient") return completed("INSUFFICIENT_DATA", "MES_INSUFFICIENT_DATA");
    if (id == "dr_unknown_words") return completed("ON_LEAVE", "MES_NEW_REASON");
    if (id == "dr_two_sources") {
      return Answer(Report(id, "COMPLETED",
                           {{"INACTIVE", "MES_WITHDRAWN"}, {"ACTIVE", "MES_CURRENTLY_ENROLLED"}}));
    }
    if (id == "dr_acquiring") return Answer(Report(id, "ACQUIRING", {}));
    if (id == "dr_in_progress") return Answer(Report(id, "IN_PROGRESS", {}));
    if (absl::StartsWith(id, "dr_progress")) return Progress(id);
    if (id == "dr_multiple") {
      if (body.contains("metadata")) return completed("ACTIVE", "MES_EXPLICIT_STATUS");
      return ErrorOfV3(409, "MULTIPLE_REPORT_INSTANCES",
                       "Multiple instances of the report ENROLLMENT_STATUS found in the Data "
                       "Request. Please provide params/metadata in request",
                       {{"http_code", 409}});
    }
    if (id == "dr_unprocessable") {
      const Json items = {{"items", Json::array({"itm_TSEne2SSjP3GvpVrs5HLol4xor2"})}};
      const Json reasons =
          Json::array({Json{{"code", "PARTIAL_DOCUMENT"},
                            {"description", "Some items are partial."},
                            {"context", items}},
                       Json{{"code", "NO_ITEMS"}, {"description", "There are no items."}}});
      return ErrorOfV3(422, "UNPROCESSABLE_ENTITY", "The report could not be generated",
                       {{"reason_codes", reasons}});
    }
    return ErrorOfV3(404, "DATAREQUEST_NOT_FOUND", "Data Request not found");
  }

  // From the first look on: ACQUIRING, then IN_PROGRESS, then COMPLETED.
  Reply Progress(const std::string& id) {
    const absl::Time now = surroundings_.now();
    const absl::Duration all = surroundings_.settings().processing_time;
    absl::Time first;
    {
      absl::MutexLock lock(&mutex_);
      first = first_looks_.emplace(id, now).first->second;
    }
    if (now < first + all / 2) return Answer(Report(id, "ACQUIRING", {}));
    if (now < first + all) return Answer(Report(id, "IN_PROGRESS", {}));
    return Answer(Report(id, "COMPLETED", {{"ACTIVE", "MES_CURRENTLY_ENROLLED"}}));
  }

  Reply IssueToken(const Request& request) {
    if (!Authorized(request)) {
      return ErrorOfV3(401, "INVALID_CREDENTIALS", "The credentials are invalid");
    }
    const absl::Time now = surroundings_.now();
    const absl::Duration life = std::min(surroundings_.settings().token_lifetime, kTokenLife);
    absl::MutexLock lock(&mutex_);
    // A token that is still good is given again, with less time left.
    if (token_.empty() || now >= token_end_) {
      token_ = absl::StrCat("sandbox-measureone-issued-", ++next_, "-not-a-secret");
      token_end_ = now + life;
    }
    return Answer({{"access_token", token_},
                   {"token_type", "bearer"},
                   {"expires_in", absl::ToInt64Seconds(token_end_ - now)},
                   {"expires_at", absl::ToUnixMillis(token_end_)}});
  }

  const Surroundings surroundings_;
  mutable absl::Mutex mutex_;
  std::map<std::string, Transcript> transcripts_ ABSL_GUARDED_BY(mutex_);
  // By uri.
  std::map<std::string, Document> documents_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, Session> sessions_ ABSL_GUARDED_BY(mutex_);
  // When each data request in progress was first asked for.
  std::map<std::string, absl::Time> first_looks_ ABSL_GUARDED_BY(mutex_);
  std::string token_ ABSL_GUARDED_BY(mutex_);
  absl::Time token_end_ ABSL_GUARDED_BY(mutex_);
  int64_t next_ ABSL_GUARDED_BY(mutex_) = 0;
  WebhookSender webhooks_;
};

}  // namespace

std::unique_ptr<Provider> MakeMeasureOne(Surroundings surroundings) {
  return std::make_unique<MeasureOne>(std::move(surroundings));
}

}  // namespace edugate::sandbox
