#include "sandbox/openapply.h"

#include <algorithm>

#include "absl/base/thread_annotations.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/synchronization/mutex.h"
#include "nlohmann/json.hpp"
#include "sandbox/authorization.h"
#include "sandbox/counter.h"

namespace edugate::sandbox {
namespace {

using Json = nlohmann::ordered_json;

// The records of the vendor's page "Reenrollments", as printed there.
constexpr char kDocumentedRecords[] = R"json([
    {
      "id": 59,
      "created_at": "2015-09-07T02:13:29.000Z",
      "updated_at": "2015-09-07T02:13:29.000Z",
      "deleted_at": null,
      "form": {
        "id": 59
      },
      "student": {
        "id": 11,
        "custom_id": "10",
        "application_id": "00000010",
        "serial_number": 10,
        "status": "Enrolled",
        "status_level": null
      },
      "status": {
        "name": "Confirmed",
        "updated_at": "2015-09-07T02:13:29.000Z"
      },
      "year": 2019,
      "grade": 9,
      "active": true,
      "acceptance_date": "2014-03-13",
      "fee": {
        "amount": "550.0"
      },
      "ignored_deadline": false
    },
    {
      "id": 138,
      "created_at": "2016-06-12T00:00:00.000Z",
      "updated_at": "2016-06-12T00:00:00.000Z",
      "deleted_at": null,
      "form": {
        "id": 138
      },
      "student": {
        "id": 459,
        "custom_id": "314",
        "application_id": "00000314",
        "serial_number": 314,
        "status": "Enrolled",
        "status_level": null
      },
      "status": {
        "name": "Pending",
        "updated_at": "2016-06-12T00:00:00.000Z"
      },
      "year": 2019,
      "grade": 9,
      "active": true,
      "acceptance_date": "2017-06-12",
      "fee": {
        "amount": "550.0"
      },
      "ignored_deadline": false
    },
    {
      "id": 141,
      "created_at": "2016-06-25T00:00:00.000Z",
      "updated_at": "2016-06-25T00:00:00.000Z",
      "deleted_at": null,
      "form": {
        "id": 141
      },
      "student": {
        "id": 460,
        "custom_id": "315",
        "application_id": "00000315",
        "serial_number": 315,
        "status": "Enrolled",
        "status_level": null
      },
      "status": {
        "name": "Pending",
        "updated_at": "2016-06-25T00:00:00.000Z"
      },
      "year": 2019,
      "grade": 9,
      "active": true,
      "acceptance_date": "2017-06-25",
      "fee": {
        "amount": "550.0"
      },
      "ignored_deadline": false
    }
])json";

constexpr char kTokenPath[] = "/oauth/token";

constexpr int64_t kDefaultPerPage = 50;
constexpr int64_t kMaxPerPage = 200;

// The record whose grade the school has locked: an update answers with the old one.
constexpr int64_t kLockedGradeId = 207;

// The labels that OpenApply ships, and those that this school has made up.
constexpr const char* kLabels[] = {"Not Sent", "Pending",      "Undecided",       "Confirmed",
                                   "Declined", "Sí, continúa", "Attend — déposé", "確認済み"};

std::string Instant(absl::Time time) {
  return absl::FormatTime("%Y-%m-%dT%H:%M:%E3SZ", time, absl::UTCTimeZone());
}

Json MakeRecord(int64_t id, int64_t student, int64_t serial, int year, const std::string& label) {
  const absl::Time created =
      absl::FromCivil(absl::CivilDay(year - 1, 1, 10) + id % 180, absl::UTCTimeZone()) +
      absl::Seconds(id * 97 % 86400);
  const absl::Time decided = created + absl::Hours(24 * 14) + absl::Minutes(id % 60);
  Json record;
  record["id"] = id;
  record["created_at"] = Instant(created);
  record["updated_at"] = Instant(decided);
  record["deleted_at"] = nullptr;
  record["form"]["id"] = id;
  Json& about = record["student"];
  about["id"] = student;
  about["custom_id"] = absl::StrCat(serial);
  about["application_id"] = absl::StrFormat("%08d", serial);
  about["serial_number"] = serial;
  about["status"] = "Enrolled";
  about["status_level"] = nullptr;
  record["status"]["name"] = label;
  record["status"]["updated_at"] = Instant(decided);
  record["year"] = year;
  record["grade"] = 9;
  record["active"] = true;
  record["acceptance_date"] = absl::FormatTime("%Y-%m-%d", decided, absl::UTCTimeZone());
  record["fee"]["amount"] = "550.0";
  record["ignored_deadline"] = false;
  return record;
}

// One record for each way in which real ones stray from the document.
void AddOddRecords(std::vector<Json>& records) {
  auto add = [&records](int64_t id) -> Json& {
    records.push_back(MakeRecord(id, 100 + id, 1000 + id, 2022, "Confirmed"));
    return records.back();
  };
  add(201)["fee"] = nullptr;
  add(202)["grade"] = "K";
  add(203)["deleted_at"] = "2022-03-01T08:00:00.000Z";
  Json& unknown = add(204);
  unknown["sibling_discount"] = {{"percent", "12.50"}, {"approved", true}};
  unknown["tags"] = {"boarding", "bus"};
  Json& offset = add(205);
  offset["updated_at"] = "2021-06-21T17:51:52.000+08:00";
  offset["status"]["updated_at"] = "2021-06-21T17:51:52.000+08:00";
  add(206)["status"]["name"] = "Sí, continúa — 来年";
  add(kLockedGradeId);
  Json& empty = add(208);
  empty["student"]["custom_id"] = nullptr;
  empty["status"]["updated_at"] = nullptr;
  empty["grade"] = nullptr;
  empty["acceptance_date"] = nullptr;
  add(209)["fee"]["amount"] = "12345678901234567890.123";
  add(210)["fee"]["amount"] = 1999.99;
  Json& absent = add(211);
  absent.erase("fee");
  absent.erase("acceptance_date");
  absent["student"].erase("status_level");
}

void AddGeneratedRecords(std::vector<Json>& records) {
  constexpr int kStudents = 60;
  constexpr int kFirstYear = 2023;
  constexpr int kYears = 5;
  int64_t id = 1001;
  for (int year = kFirstYear; year < kFirstYear + kYears; ++year) {
    for (int student = 0; student < kStudents; ++student, ++id) {
      // The newest year is still open for most.
      const bool open = year == kFirstYear + kYears - 1 && student % 3 != 0;
      const char* label = open ? "Pending" : kLabels[(student * 5 + year) % std::size(kLabels)];
      Json record = MakeRecord(id, 501 + student, 2001 + student, year, label);
      record["grade"] = student % 9 + (year - kFirstYear);
      record["active"] = year >= kFirstYear + 2;
      record["fee"]["amount"] = absl::StrFormat("%d.%d", 250 + student * 25, student % 2 * 5);
      record["ignored_deadline"] = student % 7 == 0;
      if (open) record["acceptance_date"] = nullptr;
      records.push_back(std::move(record));
    }
  }
  // Above 2^53: a double would lose its last digit.
  records.push_back(MakeRecord(9007199254740993, 9007199254740995, 3001, 2022, "Confirmed"));
}

// A reenrollment, as it is sent and as it is looked for.
struct Record {
  Json json;
  std::string text;
  int64_t id = 0;
  std::string student_id;
  std::string status;
  std::string year;
  std::string decision_date;

  explicit Record(Json from) : json(std::move(from)) { Index(); }

  void Index() {
    text = json.dump();
    id = json["id"].get<int64_t>();
    student_id = json["student"]["id"].dump();
    status = json["status"]["name"].get<std::string>();
    year = json["year"].dump();
    auto accepted = json.find("acceptance_date");
    decision_date = accepted != json.end() && accepted->is_string() ? accepted->get<std::string>()
                                                                    : std::string();
  }
};

std::vector<Record> AllRecords() {
  std::vector<Json> all;
  for (Json& record : Json::parse(kDocumentedRecords)) all.push_back(std::move(record));
  AddOddRecords(all);
  AddGeneratedRecords(all);
  std::vector<Record> records;
  records.reserve(all.size());
  for (Json& record : all) records.emplace_back(std::move(record));
  return records;
}

Reply ErrorReply(int status, absl::string_view error) {
  return JsonReply(status, absl::StrCat("{\"error\":", Json(std::string(error)).dump(), "}"));
}

// The changeable part of a reenrollment, as a PUT asks for it.
struct Update {
  std::optional<std::string> status;
  std::optional<int64_t> grade;
  std::optional<absl::Time> status_updated_at;

  // The update, or what is wrong with the body.
  static absl::StatusOr<Update> From(const std::string& body) {
    const Json json = Json::parse(body, nullptr, /*allow_exceptions=*/false);
    if (!json.is_object()) return absl::InvalidArgumentError("The body is not a JSON object.");
    Update update;
    if (auto status = json.find("status"); status != json.end()) {
      if (!status->is_string() || status->get_ref<const std::string&>().empty()) {
        return absl::InvalidArgumentError("status is not a label.");
      }
      update.status = status->get<std::string>();
    }
    if (auto grade = json.find("grade"); grade != json.end()) {
      if (!grade->is_number_integer())
        return absl::InvalidArgumentError("grade is not an integer.");
      update.grade = grade->get<int64_t>();
    }
    if (auto time = json.find("status_updated_at"); time != json.end()) {
      absl::Time parsed;
      if (!time->is_string() ||
          (!absl::ParseTime(absl::RFC3339_full, time->get<std::string>(), &parsed, nullptr) &&
           !absl::ParseTime("%Y-%m-%d", time->get<std::string>(), &parsed, nullptr))) {
        return absl::InvalidArgumentError("status_updated_at is not a time.");
      }
      update.status_updated_at = parsed;
    }
    if (!update.status && !update.grade && !update.status_updated_at) {
      return absl::InvalidArgumentError("The body names nothing to update.");
    }
    return update;
  }
};

class OpenApply : public Provider {
 public:
  explicit OpenApply(Surroundings surroundings)
      : surroundings_(std::move(surroundings)), records_(AllRecords()) {}

  absl::string_view id() const override { return "openapply"; }
  bool tells_rate_limit() const override { return true; }

  std::vector<Route> Routes() override {
    return {
        {"GET", "/api/v3/reenrollments", [this](const Request& request) { return List(request); }},
        {"GET", "/api/v3/students/{student_id}/reenrollments",
         [this](const Request& request) { return ListOfStudent(request); }},
        {"PUT", "/api/v3/reenrollments/{id}",
         [this](const Request& request) { return Put(request); }},
        {"POST", kTokenPath, [this](const Request& request) { return IssueToken(request); },
         /*open=*/true},
    };
  }

  bool Authorized(const Request& request) const override {
    if (absl::StartsWith(request.target, kTokenPath)) {
      return IsBasicOf(request, kOpenApplyClientId, kOpenApplyClientSecret);
    }
    const std::optional<std::string> token = BearerToken(request);
    if (!token) return false;
    return *token == kOpenApplyToken || tokens_.IsGood(*token, surroundings_.now());
  }

  Reply Refuse(Refusal refusal) const override {
    switch (refusal) {
      case Refusal::kUnauthorized:
        return ErrorReply(401, "The access token is invalid");
      case Refusal::kNotFound:
        return ErrorReply(404, "Not Found");
      case Refusal::kMethodNotAllowed:
        return ErrorReply(405, "Method Not Allowed");
      case Refusal::kThrottled:
        return ErrorReply(429, "Rate limit reached. Retry later.");
    }
    return ErrorReply(500, "Internal Server Error");
  }

  void Reset() override {
    tokens_.Clear();
    absl::MutexLock lock(&mutex_);
    records_ = AllRecords();
  }

  std::string ConnectionYaml(absl::string_view base_url) const override {
    return absl::StrCat("  - id: oa\n    provider: openapply\n    base_url: ", base_url,
                        "\n    auth: { bearer: { value: ", kOpenApplyToken, " } }\n");
  }

  std::string Summary() const override {
    return absl::StrCat("reenrollments of students 11, 459, 460, 301-311 and 501-560\n",  //
                        "Authorization: Bearer ", kOpenApplyToken, "\n",                  //
                        "or POST /oauth/token with ", kOpenApplyClientId, ":",
                        kOpenApplyClientSecret, "\n");
  }

 private:
  using Filter = std::function<bool(const Record&)>;

  Reply List(const Request& request) {
    const std::optional<std::string> status = request.Argument("status");
    const std::optional<std::string> year = request.Argument("year");
    const std::optional<std::string> decision_date = request.Argument("decision_date");
    return Page(request, [&](const Record& record) {
      return (!status || record.status == *status) && (!year || record.year == *year) &&
             (!decision_date || record.decision_date == *decision_date);
    });
  }

  Reply ListOfStudent(const Request& request) {
    const std::string& student = request.captures.at("student_id");
    {
      absl::MutexLock lock(&mutex_);
      if (std::none_of(records_.begin(), records_.end(),
                       [&](const Record& record) { return record.student_id == student; })) {
        return ErrorReply(404, "Student not found");
      }
    }
    const std::optional<std::string> year = request.Argument("year");
    return Page(request, [&](const Record& record) {
      return record.student_id == student && (!year || record.year == *year);
    });
  }

  Reply Page(const Request& request, const Filter& filter) {
    int64_t page = 1;
    if (auto argument = request.Argument("page")) {
      const std::optional<int64_t> number = WholeNumber(*argument);
      if (!number || *number < 1) return ErrorReply(400, "page is invalid");
      page = *number;
    }
    int64_t per_page = kDefaultPerPage;
    std::optional<std::string> asked = request.Argument("per_page");
    if (!asked) asked = request.Argument("count");
    if (asked) {
      const std::optional<int64_t> number = WholeNumber(*asked);
      if (!number || *number < 1) return ErrorReply(400, "per_page is invalid");
      per_page = std::min(*number, kMaxPerPage);
    }
    if (const int most = surroundings_.settings().max_per_page; most > 0)
      per_page = std::min<int64_t>(per_page, most);

    std::string body = "{\"reenrollments\":[";
    int64_t found = 0;
    {
      absl::MutexLock lock(&mutex_);
      for (const Record& record : records_) {
        if (!filter(record)) continue;
        if (found / per_page == page - 1)
          absl::StrAppend(&body, found % per_page == 0 ? "" : ",", record.text);
        ++found;
      }
    }
    const int64_t pages = std::max<int64_t>(1, (found + per_page - 1) / per_page);
    // Recorded traffic has per_page as text when it came from the query.
    const absl::string_view quote = asked ? "\"" : "";
    absl::StrAppend(&body, "],\"meta\":{\"page\":", page, ",\"pages\":", pages,
                    ",\"per_page\":", quote, per_page, quote, "}}");
    return JsonReply(200, std::move(body));
  }

  Reply Put(const Request& request) {
    const std::optional<int64_t> id = WholeNumber(request.captures.at("id"));
    absl::MutexLock lock(&mutex_);
    auto record = std::find_if(records_.begin(), records_.end(),
                               [&](const Record& candidate) { return candidate.id == id; });
    if (!id || record == records_.end()) return ErrorReply(404, "Reenrollment not found");
    const absl::StatusOr<Update> update = Update::From(request.body);
    if (!update.ok()) return ErrorReply(422, update.status().message());

    const std::string now = Instant(surroundings_.now());
    if (update->status) {
      record->json["status"]["name"] = *update->status;
      record->json["status"]["updated_at"] = now;
    }
    if (update->status_updated_at)
      record->json["status"]["updated_at"] = Instant(*update->status_updated_at);
    if (update->grade && *id != kLockedGradeId) record->json["grade"] = *update->grade;
    record->json["updated_at"] = now;
    record->Index();
    return JsonReply(200, absl::StrCat("{\"reenrollment\":", record->text, "}"));
  }

  Reply IssueToken(const Request& request) {
    if (!Authorized(request)) {
      return JsonReply(
          401, R"({"error":"invalid_client","error_description":"Client authentication failed."})");
    }
    if (request.Argument("grant_type") != "client_credentials") {
      return JsonReply(400, R"({"error":"unsupported_grant_type"})");
    }
    const absl::Time now = surroundings_.now();
    const absl::Duration lifetime = surroundings_.settings().token_lifetime;
    const std::string token =
        absl::StrCat("sandbox-openapply-issued-", issued_.Next(), "-not-a-secret");
    tokens_.Add(token, now + lifetime);
    return JsonReply(200, absl::StrCat("{\"access_token\":\"", token,
                                       "\",\"token_type\":\"Bearer\",\"expires_in\":",
                                       absl::ToInt64Seconds(lifetime),
                                       ",\"created_at\":", absl::ToUnixSeconds(now), "}"));
  }

  const Surroundings surroundings_;
  absl::Mutex mutex_;
  std::vector<Record> records_ ABSL_GUARDED_BY(mutex_);
  IssuedTokens tokens_;
  Counter issued_;
};

}  // namespace

std::unique_ptr<Provider> MakeOpenApply(Surroundings surroundings) {
  return std::make_unique<OpenApply>(std::move(surroundings));
}

}  // namespace edugate::sandbox
