#include "sandbox/edx_enterprise.h"

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/synchronization/mutex.h"
#include "nlohmann/json.hpp"
#include "sandbox/edx_enterprise_records.h"

namespace edugate::sandbox {
namespace {

using Json = nlohmann::ordered_json;

constexpr char kTokenPath[] = "/oauth2/v1/access_token";
// The services issue tokens for an hour.
constexpr absl::Duration kTokenLifetime = absl::Hours(1);

constexpr char kCustomer[] = "904b1785-9d3a-1000-848d-6ae7a56e6355";
constexpr char kCatalog[] = "3f56a21c-76c8-47c0-add8-a99714d40d94";
constexpr char kPlan[] = "104b1785-1d3a-1000-148d-1ae7a56e6355";
constexpr char kSmallPlan[] = "204b1785-1d3a-1000-148d-1ae7a56e6355";
constexpr char kPolicy[] = "904b1785-9d3a-1000-848d-6ae7a56e6355";
constexpr char kConfiguration[] = "6fc7ef56-d1c4-4aa8-a649-e6eb209f0000";

// Where the services believe to be: no caller of the sandbox has to go there.
constexpr char kGatewayUrl[] = "https://api.edx.org";
constexpr char kInternalUrl[] = "https://license-manager.internal.example";

constexpr int64_t kDefaultPage = 10;
constexpr int64_t kMaxCatalogPage = 100;
constexpr int64_t kMaxSummaryPage = 1000;
constexpr int64_t kSubscriptionPage = 100;
constexpr int64_t kAssignmentPage = 100;
constexpr int64_t kMaxAssignmentPage = 500;
constexpr int64_t kBulkEnrollmentLimit = 500;

// The catalog's items, and those of them that are counted and then left out.
constexpr int kItems = 420;
constexpr int kFirstLeftOut = 100;
constexpr int kEndLeftOut = 200;

constexpr int kLicenses = 100;
constexpr int kFewLicenses = 2;
constexpr int kLearners = 120;

enum class Rendering { kJsonOnly, kJsonOrXml };

std::string Lower(const std::string& text) { return absl::AsciiStrToLower(text); }

Reply Answer(int status, const Json& body) { return JsonReply(status, body.dump()); }
Reply Detail(int status, const std::string& text) { return Answer(status, {{"detail", text}}); }
// The services' errors that are a text and nothing else.
Reply BareText(int status, const std::string& text) { return Answer(status, Json(text)); }
// What the gateway says itself.
Reply Message(int status, const std::string& text) { return Answer(status, {{"message", text}}); }

Reply Html(int status, const std::string& text) {
  Reply reply;
  reply.status = status;
  reply.content_type = "text/html";
  reply.body = absl::StrCat("<html><head><title>", text, "</title></head></html>");
  return reply;
}

// A reply without body; JSON's renderer then names no type.
Reply Empty(int status) {
  Reply reply;
  reply.status = status;
  return reply;
}

void RenderInto(const Json& value, std::string& out) {
  if (value.is_object()) {
    for (const auto& [key, child] : value.items()) {
      absl::StrAppend(&out, "<", key, ">");
      RenderInto(child, out);
      absl::StrAppend(&out, "</", key, ">");
    }
  } else if (value.is_array()) {
    for (const Json& child : value) {
      out += "<list-item>";
      RenderInto(child, out);
      out += "</list-item>";
    }
  } else if (value.is_boolean()) {
    out += value.get<bool>() ? "True" : "False";
  } else if (value.is_string()) {
    out += absl::StrReplaceAll(value.get_ref<const std::string&>(),
                               {{"&", "&amp;"}, {"<", "&lt;"}, {">", "&gt;"}});
  } else if (!value.is_null()) {
    out += value.dump();
  }
}

// The list of a field that must hold texts; nothing where it doesn't.
std::optional<std::vector<std::string>> Texts(const Json& body, const char* name) {
  if (!body.is_object()) return std::nullopt;
  const auto found = body.find(name);
  if (found == body.end() || !found->is_array() || found->empty()) return std::nullopt;
  std::vector<std::string> texts;
  for (const Json& each : *found) {
    if (!each.is_string()) return std::nullopt;
    texts.push_back(each.get<std::string>());
  }
  return texts;
}

Json FieldRequired(const char* name) { return {{name, Json::array({"This field is required."})}}; }

// The complaint about malformed addresses by their positions; null where there are none.
Json EmailProblems(const char* name, const std::vector<std::string>& emails) {
  Json problems = Json::object();
  for (size_t i = 0; i < emails.size(); ++i) {
    if (!absl::StrContains(emails[i], "@")) {
      problems[absl::StrCat(i)] = Json::array({"Enter a valid email address."});
    }
  }
  return problems.empty() ? Json() : Json({{name, problems}});
}

std::vector<std::string> Different(const std::vector<std::string>& emails) {
  std::set<std::string> different;
  for (const std::string& email : emails) different.insert(Lower(email));
  return {different.begin(), different.end()};
}

struct PageOf {
  int64_t number = 1;
  int64_t size = 0;
};

Json MakeCourse(int number) {
  const std::string key = absl::StrFormat("SandX+C%03d", number);
  const std::string run = absl::StrFormat("course-v1:SandX+C%03d+1T2027", number);
  Json course;
  course["content_type"] = "course";
  course["aggregation_key"] = "course:" + key;
  course["key"] = key;
  course["uuid"] = absl::StrFormat("c0000000-0000-4000-8000-%012d", number);
  course["title"] = absl::StrFormat("Course %d — Übung & Praxis", number);
  course["short_description"] = "<p>One &amp; two < three</p>";
  course["full_description"] = number % 5 == 0 ? Json() : Json("<p>Sí, continúa — 来年</p>");
  course["level_type"] = number % 4 == 0 ? Json() : Json("Introductory");
  course["image"] = {{"src", "https://images.example/c.png"}, {"description", nullptr}};
  course["owners"] =
      Json::array({{{"uuid", "o1"}, {"key", "SandX"}, {"name", "Sandbox University"}}});
  course["subjects"] = Json::array({{{"name", "Computer Science"}, {"slug", "computer-science"}}});
  course["programs"] = Json::array();
  course["skill_names"] = number % 2 == 0 ? Json::array({"Reading"}) : Json::array();
  course["entitlements"] = Json::array(
      {{{"mode", "verified"}, {"price", "100.00"}, {"currency", "USD"}, {"expires", nullptr}}});
  course["course_run_keys"] = Json::array({run});
  course["course_runs"] = Json::array(
      {{{"key", run},
        {"title", course["title"]},
        {"seats", Json::array({{{"type", "audit"}, {"price", 0}, {"currency", "USD"}},
                               {{"type", "verified"}, {"price", "100.00"}, {"currency", "USD"}}})},
        {"start", "2027-01-15T00:00:00Z"},
        {"pacing_type", "self_paced"},
        {"status", "published"},
        {"first_enrollable_paid_seat_price", 100}}});
  course["enrollment_count"] = number * 3;
  course["active"] = true;
  course["modified"] = "2026-11-21T21:09:56.175672Z";
  course["content_last_modified"] = "2026-11-21T21:09:56Z";
  course["enrollment_url"] =
      "https://learn.example/" + key + "/enroll/?catalog=1&utm_medium=enterprise";
  return course;
}

Json MakeRun(int number) {
  const std::string key = absl::StrFormat("course-v1:SandX+C%03d+1T2027", number);
  Json run;
  run["content_type"] = "courserun";
  run["aggregation_key"] = absl::StrFormat("courserun:SandX+C%03d", number);
  run["key"] = key;
  run["title"] = absl::StrFormat("Run %d", number);
  run["course"] = absl::StrFormat("SandX+C%03d", number);
  run["language"] = "English";
  run["start"] = "2027-01-15T00:00:00Z";
  run["end"] = "2027-03-15T23:59:59.999999Z";
  run["pacing_type"] = "instructor_paced";
  run["type"] = number % 3 == 0 ? Json() : Json("verified");
  run["status"] = "published";
  run["availability"] = "Upcoming";
  run["min_effort"] = 2;
  run["max_effort"] = 4;
  run["mobile_available"] = false;
  run["seat_types"] = Json::array({"audit", "verified"});
  run["first_enrollable_paid_seat_price"] = 50;
  run["enrollment_url"] = "https://learn.example/" + key + "/enroll/";
  return run;
}

Json MakeProgram(int number) {
  Json program;
  program["content_type"] = "program";
  program["aggregation_key"] = absl::StrFormat("program:%d", number);
  program["uuid"] = absl::StrFormat("d0000000-0000-4000-8000-%012d", number);
  program["title"] = absl::StrFormat("Program %d", number);
  program["type"] = "MicroMasters";
  program["status"] = "active";
  program["hidden"] = false;
  program["language"] = Json::array({"English", "Spanish"});
  program["authoring_organizations"] =
      Json::array({{{"uuid", "o1"}, {"key", "SandX"}, {"name", "Sandbox University"}}});
  program["price_ranges"] =
      Json::array({{{"currency", "USD"}, {"min", 10}, {"max", 300}, {"total", 500.5}}});
  program["subscription_prices"] = Json::array({{{"price", "39.00"}, {"currency", "USD"}}});
  program["enrollment_url"] = nullptr;
  return program;
}

Json MakeItem(int number) {
  switch (number % 10) {
    case 8:
      return MakeRun(number);
    case 9:
      return MakeProgram(number);
    default:
      return MakeCourse(number);
  }
}

Json MakeSummary(int number) {
  const bool passed = number % 4 == 1;
  Json row;
  row["enrollment_id"] = number % 15 == 0 ? Json() : Json(5000 + number);
  row["enterprise_enrollment_id"] = number % 10 == 0 ? Json() : Json(7000 + number);
  row["is_consent_granted"] = true;
  row["paid_by"] = "Enterprise";
  row["user_current_enrollment_mode"] = number % 6 == 0 ? "audit" : "verified";
  row["enrollment_date"] = "2026-09-01";
  row["unenrollment_date"] = number % 12 == 7 ? Json("2026-10-01") : Json();
  row["unenrollment_end_within_date"] = "2026-09-15";
  row["is_refunded"] = nullptr;
  row["seat_delivery_method"] = "License";
  row["offer_id"] = "12";
  row["offer_name"] = "Autumn";
  row["course_list_price"] = 200.0;
  row["amount_learner_paid"] = 0.0;
  row["course_key"] = absl::StrFormat("SandX+C%03d", number);
  row["courserun_key"] = absl::StrFormat("course-v1:SandX+C%03d+1T2027", number);
  row["course_title"] = absl::StrFormat("Course %d", number);
  row["course_pacing_type"] = "self_paced";
  row["course_start_date"] = "2027-01-15";
  row["course_end_date"] = "2027-03-15";
  row["course_duration_weeks"] = 8;
  row["course_max_effort"] = 4;
  row["course_min_effort"] = 2;
  row["has_passed"] = passed;
  row["passed_date"] = passed ? Json("2027-02-01") : Json();
  row["progress_status"] = passed ? "Passed" : number % 4 == 2 ? "Failed" : "In Progress";
  row["current_grade"] = passed ? 0.93 : 0.2;
  row["letter_grade"] = passed ? Json("A") : Json();
  row["course_progress"] = passed ? 1.0 : 0.25;
  row["total_learning_time_hours"] = 12.5;
  row["last_activity_date"] = "2027-01-31";
  row["enterprise_user_id"] = 900 + number;
  row["user_email"] = absl::StrFormat("learner%03d@example.com", number);
  row["user_username"] = absl::StrFormat("learner%03d", number);
  row["user_first_name"] = "Ann";
  row["user_last_name"] = "Müller";
  row["user_country_code"] = "DE";
  row["user_account_creation_date"] = "2020-05-06T07:08:09.123456Z";
  row["enterprise_name"] = "Sandbox Company";
  row["enterprise_customer_uuid"] = kCustomer;
  row["enterprise_flex_group_name"] = "Sales,Support";
  row["enterprise_flex_group_uuid"] = "g1,g2";
  row["created"] = "2027-02-02T00:00:00Z";
  row["course_api_url"] = absl::StrFormat("/enterprise/v1/catalogs/courses/%d", number);
  return row;
}

struct License {
  std::string id;
  std::string status = "unassigned";
  std::string email;
};

struct Plan {
  std::string id;
  std::vector<License> licenses;

  License* Held(const std::string& email) {
    for (License& license : licenses) {
      const bool live = license.status == "assigned" || license.status == "activated";
      if (license.email == email && live) return &license;
    }
    return nullptr;
  }

  License* Free() {
    for (License& license : licenses) {
      if (license.status == "unassigned") return &license;
    }
    return nullptr;
  }

  int Count(absl::string_view status) const {
    int count = 0;
    for (const License& license : licenses) count += license.status == status;
    return count;
  }
};

Plan MakePlan(const std::string& id, int size) {
  Plan plan;
  plan.id = id;
  for (int i = 0; i < size; ++i) {
    plan.licenses.push_back({absl::StrFormat("%s-%04d", id.substr(0, 8), i), "unassigned", ""});
  }
  return plan;
}

class EdxEnterprise final : public Provider {
 public:
  explicit EdxEnterprise(Surroundings surroundings) : surroundings_(std::move(surroundings)) {
    Reset();
  }

  absl::string_view id() const override { return "edx_enterprise"; }

  std::vector<Route> Routes() override {
    const std::string catalog = "/enterprise/v2/enterprise-catalogs/{catalog}";
    const std::string plan = "/enterprise/v1/subscriptions/{plan}/licenses/";
    const std::string assignments =
        "/enterprise/v1/assignment-configurations/{configuration}/admin/assignments/";
    return {
        {"POST", kTokenPath, [this](const Request& request) { return IssueToken(request); },
         /*open=*/true},
        Guarded("GET", "/enterprise/v2/enterprise-catalogs", &EdxEnterprise::Catalogs,
                Rendering::kJsonOrXml),
        Guarded("GET", catalog, &EdxEnterprise::Content, Rendering::kJsonOrXml),
        Guarded("GET", catalog + "/courses/{key}", &EdxEnterprise::Course, Rendering::kJsonOrXml),
        Guarded("GET", catalog + "/course-runs/{key}", &EdxEnterprise::CourseRun,
                Rendering::kJsonOrXml),
        Guarded("GET", catalog + "/programs/{key}", &EdxEnterprise::Program, Rendering::kJsonOrXml),
        Guarded("GET", "/enterprise/v3/enterprise-customer/{customer}/learner-summary",
                &EdxEnterprise::LearnerSummary, Rendering::kJsonOnly),
        Guarded("POST", "/enterprise/v1/bulk-license-enrollment", &EdxEnterprise::BulkEnroll,
                Rendering::kJsonOnly),
        Guarded("GET", "/enterprise/v1/subscriptions", &EdxEnterprise::Subscriptions,
                Rendering::kJsonOnly),
        Guarded("POST", plan + "assign", &EdxEnterprise::Assign, Rendering::kJsonOnly),
        Guarded("POST", plan + "bulk-revoke", &EdxEnterprise::Revoke, Rendering::kJsonOnly),
        Guarded("POST", "/enterprise/v1/policy-allocation/{policy}/allocate/",
                &EdxEnterprise::Allocate, Rendering::kJsonOnly),
        Guarded("GET", assignments, &EdxEnterprise::Assignments, Rendering::kJsonOnly),
        Guarded("POST", assignments + "remind/", &EdxEnterprise::Remind, Rendering::kJsonOnly),
        Guarded("POST", assignments + "cancel/", &EdxEnterprise::Cancel, Rendering::kJsonOnly),
    };
  }

  bool Authorized(const Request& request) const override {
    if (absl::StartsWith(request.target, kTokenPath)) {
      return request.Argument("client_id") == kEdxClientId &&
             request.Argument("client_secret") == kEdxClientSecret;
    }
    const std::string header = request.Header("authorization");
    if (!absl::StartsWith(header, "JWT ")) return false;
    absl::MutexLock lock(&mutex_);
    const auto issued = tokens_.find(header.substr(sizeof("JWT ") - 1));
    return issued != tokens_.end() && surroundings_.now() < issued->second;
  }

  Reply Refuse(Refusal refusal) const override {
    switch (refusal) {
      case Refusal::kUnauthorized:
        return Detail(401, "Invalid token.");
      case Refusal::kNotFound:
        return Message(403, "Missing Authentication Token");
      case Refusal::kMethodNotAllowed:
        return Detail(405, "Method not allowed.");
      case Refusal::kThrottled:
        return Detail(429, "Request was throttled. Expected available in 38 seconds.");
    }
    return Message(500, "Internal server error");
  }

  void Reset() override {
    absl::MutexLock lock(&mutex_);
    tokens_.clear();
    plans_ = {MakePlan(kPlan, kLicenses), MakePlan(kSmallPlan, kFewLicenses)};
    assignments_.clear();
    summaries_.clear();
    for (int i = 1; i <= kLearners; ++i) summaries_.push_back(MakeSummary(i));
    next_id_ = 1;
  }

  std::string ConnectionYaml(absl::string_view base_url) const override {
    const std::string common = absl::StrCat(
        "    provider: edx_enterprise\n    base_url: ", base_url,
        "\n    auth: { oauth2_client: { token_url: \"", base_url, kTokenPath,
        "\", client_id: { value: ", kEdxClientId, " }, client_secret: { value: ", kEdxClientSecret,
        " } } }\n    options: { enterprise_customer_uuid: ", kCustomer);
    return absl::StrCat("  - id: edx\n", common, " }\n  - id: edx-xml\n", common,
                        ", response_format: xml }\n");
  }

  std::string Summary() const override {
    return absl::StrCat("customer ", kCustomer, ", catalog ", kCatalog, "\n",  //
                        "plan ", kPlan, ", policy ", kPolicy, "\n",            //
                        "assignment configuration ", kConfiguration, "\n",     //
                        "POST ", kTokenPath, " with ", kEdxClientId, ":", kEdxClientSecret,
                        " and token_type=jwt, then Authorization: JWT ...\n");
  }

 private:
  using Handler = Reply (EdxEnterprise::*)(const Request&);

  // A route behind the gateway. It refuses by itself, because the gateway tells a missing
  // credential from a wrong one and the services answer errors in the format asked for.
  Route Guarded(const char* method, std::string pattern, Handler handler, Rendering rendering) {
    return {method, std::move(pattern),
            [this, handler, rendering](const Request& request) {
              if (request.Header("authorization").empty()) {
                return Message(400, "Missing required request parameters: [Authorization]");
              }
              if (!Authorized(request))
                return Rendered(request, Refuse(Refusal::kUnauthorized), rendering);
              return Rendered(request, (this->*handler)(request), rendering);
            },
            /*open=*/true};
  }

  // The reply in the format that was asked for, where the service has it. JSON comes first whatever
  // the order of the types.
  static Reply Rendered(const Request& request, Reply reply, Rendering rendering) {
    const std::string accept = request.Header("accept");
    const bool json = accept.empty() || absl::StrContains(accept, "application/json") ||
                      absl::StrContains(accept, "*/*");
    if (rendering == Rendering::kJsonOnly || json ||
        !absl::StartsWith(reply.content_type, "application/json")) {
      return reply;
    }
    if (!absl::StrContains(accept, "application/xml")) {
      return Detail(406, "Could not satisfy the request Accept header.");
    }
    reply.body = RenderXml(Json::parse(reply.body));
    reply.content_type = "application/xml; charset=utf-8";
    return reply;
  }

  Reply IssueToken(const Request& request) {
    if (!Authorized(request)) return Answer(401, {{"error", "invalid_client"}});
    if (request.Argument("grant_type") != "client_credentials") {
      return Answer(400, {{"error", "unsupported_grant_type"}});
    }
    const absl::Duration lifetime =
        std::min(surroundings_.settings().token_lifetime, kTokenLifetime);
    const bool jwt = request.Argument("token_type") == "jwt";
    absl::MutexLock lock(&mutex_);
    const std::string token = absl::StrCat("sandbox-edx-issued-", next_id_++, "-not-a-secret");
    // Without token_type=jwt edX issues a token that these services don't take.
    if (jwt) tokens_[token] = surroundings_.now() + lifetime;
    return Answer(200, {{"access_token", token},
                        {"expires_in", absl::ToInt64Seconds(lifetime)},
                        {"token_type", jwt ? "JWT" : "Bearer"},
                        {"scope", "read write"}});
  }

  // The page that the arguments ask for; nothing for a page that is no number.
  std::optional<PageOf> PageAsked(const Request& request, int64_t default_size, int64_t max_size) {
    PageOf page{1, default_size};
    if (const auto number = request.Argument("page")) {
      const std::optional<int64_t> parsed = WholeNumber(*number);
      if (!parsed || *parsed < 1) return std::nullopt;
      page.number = *parsed;
    }
    if (const auto size = request.Argument("page_size")) {
      const std::optional<int64_t> parsed = WholeNumber(*size);
      if (parsed && *parsed > 0) page.size = std::min(*parsed, max_size);
    }
    if (const int most = surroundings_.settings().max_per_page; most > 0) {
      page.size = std::min<int64_t>(page.size, most);
    }
    return page;
  }

  // A page of `all` without those that `left_out` names by position. `end` is what stands where
  // there is no further page.
  template <typename LeftOut>
  Reply Paged(const Request& request, const std::vector<Json>& all, std::optional<PageOf> page,
              const std::string& url, const Json& end, LeftOut left_out) {
    const auto total = static_cast<int64_t>(all.size());
    const int64_t pages = page ? std::max<int64_t>(1, (total + page->size - 1) / page->size) : 0;
    if (!page || page->number > pages) return Detail(404, "Invalid page.");
    // The page's URL: the one that was asked for, with another number.
    auto link = [&](int64_t number) {
      const std::pair<std::string, std::string> target =
          absl::StrSplit(request.target, absl::MaxSplits('?', 1));
      std::string next = absl::StrCat(url, target.first, "?page=", number);
      for (absl::string_view argument : absl::StrSplit(target.second, '&', absl::SkipEmpty())) {
        if (!absl::StartsWith(argument, "page=")) absl::StrAppend(&next, "&", argument);
      }
      return Json(next);
    };
    Json body;
    body["count"] = total;
    body["next"] = page->number < pages ? link(page->number + 1) : end;
    body["previous"] = page->number > 1 ? link(page->number - 1) : end;
    body["results"] = Json::array();
    const int64_t first = (page->number - 1) * page->size;
    for (int64_t i = first; i < std::min(total, first + page->size); ++i) {
      if (!left_out(i)) body["results"].push_back(all[i]);
    }
    return Answer(200, body);
  }

  Reply Catalogs(const Request& request) {
    Json catalog;
    catalog["uuid"] = kCatalog;
    catalog["title"] = "All Content";
    catalog["enterprise_customer"] = kCustomer;
    catalog["catalog_query_uuid"] = "a0000000-0000-4000-8000-000000000001";
    catalog["content_last_modified"] = "2026-11-21T21:09:56.175672Z";
    catalog["catalog_modified"] = "2026-11-20T08:00:00Z";
    catalog["query_title"] = "Everything";
    Json empty = catalog;
    empty["uuid"] = "catalog-empty";
    empty["title"] = "Nothing yet";
    empty["content_last_modified"] = nullptr;
    return Paged(request, {catalog, empty}, PageAsked(request, kDefaultPage, kMaxCatalogPage),
                 kGatewayUrl, "", [](int64_t) { return false; });
  }

  Reply Content(const Request& request) {
    const std::string& catalog = request.captures.at("catalog");
    if (catalog == "catalog-throttled") return Refuse(Refusal::kThrottled);
    if (catalog == "catalog-outage") return Html(400, "502 Bad Gateway");
    if (catalog == "catalog-timeout") return Message(400, "Endpoint request timed out");
    std::vector<Json> items;
    if (catalog == kCatalog) {
      for (int i = 1; i <= kItems; ++i) items.push_back(MakeItem(i));
    } else if (catalog != "catalog-empty") {
      return Detail(404, "Not found.");
    }
    return Paged(request, items, PageAsked(request, kDefaultPage, kMaxCatalogPage), kGatewayUrl, "",
                 [](int64_t i) { return i >= kFirstLeftOut && i < kEndLeftOut; });
  }

  // The document's record byte for byte, or a generated one.
  template <typename Make>
  Reply Record(const Request& request, const char* documented, const char* id_name, Make make) {
    const std::string& key = request.captures.at("key");
    if (request.captures.at("catalog") != kCatalog) return Detail(404, "Not found.");
    if (Json::parse(documented)[id_name] == key) return JsonReply(200, documented);
    for (int i = 1; i <= kItems; ++i) {
      Json item = make(i);
      if (item[id_name] != key) continue;
      item.erase("content_type");
      item.erase("aggregation_key");
      return Answer(200, item);
    }
    return Detail(404, "Not found.");
  }

  Reply Course(const Request& request) {
    return Record(request, kDocumentedCourse, "key", MakeCourse);
  }
  Reply CourseRun(const Request& request) {
    return Record(request, kDocumentedCourseRun, "key", MakeRun);
  }
  Reply Program(const Request& request) {
    return Record(request, kDocumentedProgram, "uuid", MakeProgram);
  }

  Reply LearnerSummary(const Request& request) {
    if (request.captures.at("customer") != kCustomer) {
      return Detail(403, "You do not have permission to perform this action.");
    }
    absl::MutexLock lock(&mutex_);
    return Paged(request, summaries_, PageAsked(request, kDefaultPage, kMaxSummaryPage),
                 kGatewayUrl, "", [](int64_t) { return false; });
  }

  Reply BulkEnroll(const Request& request) {
    if (!request.Argument("enterprise_customer_uuid")) {
      return Message(400, "Missing required request parameters: [enterprise_customer_uuid]");
    }
    const Json body = Json::parse(request.body, nullptr, /*allow_exceptions=*/false);
    const bool everyone = request.Argument("enroll_all") == "true";
    if (everyone && !request.Argument("subscription_uuid")) {
      return Answer(400, {{"subscription_id", "This field is required."}});
    }
    const auto keys = Texts(body, "course_run_keys");
    if (!keys) return Answer(400, FieldRequired("course_run_keys"));
    auto emails = Texts(body, "emails");
    if (!emails && !everyone) return Answer(400, FieldRequired("emails"));
    if (!emails) emails.emplace();
    const Json problems = EmailProblems("emails", *emails);
    if (!problems.is_null()) return Answer(400, problems);
    if (static_cast<int64_t>(emails->size() * keys->size()) > kBulkEnrollmentLimit) {
      return BareText(400, absl::StrCat("enrollment request exceeds ", kBulkEnrollmentLimit));
    }
    absl::MutexLock lock(&mutex_);
    if (everyone) {
      for (const Plan& plan : plans_) {
        if (plan.id != request.Argument("subscription_uuid")) continue;
        for (const License& license : plan.licenses) {
          if (license.status == "activated" || license.status == "assigned")
            emails->push_back(license.email);
        }
      }
    }
    for (const std::string& email : Different(*emails)) {
      for (const std::string& key : *keys) {
        Json row = MakeSummary(static_cast<int>(summaries_.size()) + 1);
        row["user_email"] = email;
        row["courserun_key"] = key;
        summaries_.push_back(std::move(row));
      }
    }
    return Answer(201, {{"job_id", NewId("job")}});
  }

  Reply Subscriptions(const Request& request) {
    const auto customer = request.Argument("enterprise_customer_uuid");
    if (request.Argument("current") == "true" && !customer) {
      return Detail(400, "enterprise_customer_uuid is required for current.");
    }
    std::vector<Json> plans;
    {
      absl::MutexLock lock(&mutex_);
      for (const Plan& plan : plans_) plans.push_back(PlanJson(plan));
    }
    if (customer && *customer != kCustomer) plans.clear();
    if (request.Argument("current") == "true" && plans.size() > 1) plans.resize(1);
    return Paged(request, plans, PageAsked(request, kSubscriptionPage, kSubscriptionPage),
                 kInternalUrl, Json(), [](int64_t) { return false; });
  }

  static Json PlanJson(const Plan& plan) {
    Json json = Json::parse(kDocumentedSubscriptions)["results"][0];
    json["uuid"] = plan.id;
    json["enterprise_customer_uuid"] = kCustomer;
    json["enterprise_catalog_uuid"] = kCatalog;
    Json& counts = json["licenses"];
    for (const char* status : {"activated", "assigned", "unassigned", "revoked"}) {
      counts[status] = plan.Count(status);
    }
    counts["total"] = plan.licenses.size() - plan.Count("revoked");
    counts["allocated"] = plan.Count("activated") + plan.Count("assigned");
    json["is_current"] = true;
    if (plan.id == kSmallPlan) {
      json["title"] = "Two licenses";
      json["is_revocation_cap_enabled"] = false;
      json["revocations"] = nullptr;
      json["prior_renewals"] = Json::array();
    } else {
      json["revocations"] = {{"applied", plan.Count("revoked")}, {"remaining", 100}};
    }
    return json;
  }

  Plan* FindPlan(const std::string& id) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    // The special ids share the large plan's licenses.
    const std::string known = absl::StartsWith(id, "plan-") ? kPlan : id;
    for (Plan& plan : plans_) {
      if (plan.id == known) return &plan;
    }
    return nullptr;
  }

  Reply Assign(const Request& request) {
    const std::string& id = request.captures.at("plan");
    if (id == "plan-locked") return BareText(423, "Licenses in this plan are locked for renewal.");
    if (id == "plan-timeout") return Message(400, "Endpoint request timed out");
    if (id == "plan-database") {
      return BareText(400, "Database error occurred while assigning licenses.");
    }
    const Json body = Json::parse(request.body, nullptr, /*allow_exceptions=*/false);
    const auto emails = Texts(body, "user_emails");
    if (!emails) return Answer(400, FieldRequired("user_emails"));
    const Json problems = EmailProblems("user_emails", *emails);
    if (!problems.is_null()) return Answer(400, problems);
    if (body.contains("user_sfids") && body["user_sfids"].size() != emails->size()) {
      return Answer(400, {{"non_field_errors",
                           Json::array({"Number of SFIDs did not match number of user emails."})}});
    }
    absl::MutexLock lock(&mutex_);
    Plan* plan = FindPlan(id);
    if (plan == nullptr) return Detail(404, "Not found.");
    std::vector<std::string> without;
    int64_t already = 0;
    for (const std::string& email : Different(*emails)) {
      if (plan->Held(email) != nullptr) {
        ++already;
      } else {
        without.push_back(email);
      }
    }
    if (static_cast<int>(without.size()) > plan->Count("unassigned")) {
      return BareText(400, "There are not enough licenses that can be assigned.");
    }
    Json assigned = Json::array();
    // In another order than asked: nobody may count on it.
    std::reverse(without.begin(), without.end());
    for (const std::string& email : without) {
      License& license = *plan->Free();
      license.status = "assigned";
      license.email = email;
      assigned.push_back({{"user_email", email}, {"license", license.id}});
    }
    return Answer(200, {{"num_successful_assignments", assigned.size()},
                        {"num_already_associated", already},
                        {"license_assignments", assigned}});
  }

  // The licenses that a list of conditions means; nothing where they are malformed.
  static std::optional<std::vector<License*>> Filtered(const Json& filters, Plan& plan) {
    if (!filters.is_array() || filters.empty()) return std::nullopt;
    std::vector<License*> found;
    found.reserve(plan.licenses.size());
    for (License& license : plan.licenses) found.push_back(&license);
    for (const Json& filter : filters) {
      if (!filter.is_object() || !filter.contains("name") || !filter.contains("filter_value")) {
        return std::nullopt;
      }
      const Json& value = filter["filter_value"];
      std::vector<License*> kept;
      for (License* license : found) {
        bool holds = false;
        if (filter["name"] == "user_email" && value.is_string()) {
          holds = !license->email.empty() &&
                  absl::StrContains(license->email, Lower(value.get<std::string>()));
        } else if (filter["name"] == "status_in" && value.is_array()) {
          holds = std::find(value.begin(), value.end(), license->status) != value.end();
        } else {
          return std::nullopt;
        }
        if (holds) kept.push_back(license);
      }
      found = std::move(kept);
    }
    return found;
  }

  Reply Revoke(const Request& request) {
    const std::string& id = request.captures.at("plan");
    const Json body = Json::parse(request.body, nullptr, /*allow_exceptions=*/false);
    const auto emails = Texts(body, "user_emails");
    const bool by_filter = body.is_object() && body.contains("filters");
    if (emails.has_value() == by_filter) {
      return Answer(400, {{"non_field_errors",
                           Json::array({"Either user_emails or filters must be given."})}});
    }
    absl::MutexLock lock(&mutex_);
    Plan* plan = FindPlan(id);
    if (plan == nullptr) return Detail(404, "Not found.");
    Json done = Json::array();
    Json failed = Json::array();
    auto revoke = [&done](License& license) {
      done.push_back({{"license_uuid", license.id},
                      {"original_status", license.status},
                      {"user_email", license.email}});
      license.status = "revoked";
    };
    if (by_filter) {
      const auto licenses = Filtered(body["filters"], *plan);
      if (!licenses) return BareText(400, "Malformed filters in request data.");
      for (License* license : *licenses) {
        if (license->status != "revoked") revoke(*license);
      }
    } else {
      for (const std::string& email : Different(*emails)) {
        if (License* license = plan->Held(email)) {
          revoke(*license);
        } else {
          failed.push_back({{"error", absl::StrCat("No license for ", email)},
                            {"error_response_status", 404},
                            {"user_email", email}});
        }
      }
    }
    // What older services and an outdated gateway make of it.
    if (id == "plan-silent" && failed.empty()) return Empty(204);
    const Json outcome = {{"successful_revocations", done}, {"unsuccessful_revocations", failed}};
    if (id == "plan-masked") return Answer(400, outcome);
    return Answer(failed.empty() ? 200 : done.empty() ? 404 : 207, outcome);
  }

  Reply Allocate(const Request& request) {
    const std::string& policy = request.captures.at("policy");
    if (policy == "policy-locked") {
      return Detail(429, "Enrollment currently locked for this subsidy access policy.");
    }
    if (policy == "policy-refuses") {
      return Answer(422, Json::array({{{"reason", "not_enough_value_in_subsidy"},
                                       {"user_message", "You can't enroll right now."},
                                       {"metadata", Json::object()},
                                       {"policy_uuids", Json::array({policy})}}}));
    }
    if (policy != kPolicy) return Detail(404, "Not found.");
    const Json body = Json::parse(request.body, nullptr, /*allow_exceptions=*/false);
    const auto emails = Texts(body, "learner_emails");
    if (!emails) return Answer(400, FieldRequired("learner_emails"));
    const Json problems = EmailProblems("learner_emails", *emails);
    if (!problems.is_null()) return Answer(400, problems);
    if (!body.contains("content_key") || !body["content_key"].is_string()) {
      return Answer(400, FieldRequired("content_key"));
    }
    const Json price = body.value("content_price_cents", Json());
    if (!price.is_number_integer() || price < 0) {
      return Answer(400, FieldRequired("content_price_cents"));
    }
    absl::MutexLock lock(&mutex_);
    Json outcome = {
        {"updated", Json::array()}, {"created", Json::array()}, {"no_change", Json::array()}};
    for (const std::string& email : Different(*emails)) {
      Json* known = nullptr;
      for (Json& assignment : assignments_) {
        if (assignment["learner_email"] == email &&
            assignment["content_key"] == body["content_key"]) {
          known = &assignment;
        }
      }
      if (known == nullptr) {
        assignments_.push_back(MakeAssignment(email, body["content_key"], price.get<int64_t>()));
        outcome["created"].push_back(assignments_.back());
      } else if ((*known)["state"] == "allocated") {
        outcome["no_change"].push_back(*known);
      } else {
        (*known)["state"] = "allocated";
        outcome["updated"].push_back(*known);
      }
    }
    return Answer(202, outcome);
  }

  Json MakeAssignment(const std::string& email, const Json& key, int64_t cents)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    Json assignment;
    assignment["uuid"] = NewId("assignment");
    assignment["assignment_configuration"] = kConfiguration;
    assignment["learner_email"] = email;
    assignment["lms_user_id"] = nullptr;
    assignment["content_key"] = key;
    assignment["parent_content_key"] = nullptr;
    assignment["is_assigned_course_run"] = false;
    assignment["content_title"] = "Sandbox content";
    assignment["content_quantity"] = -cents;
    assignment["state"] = "allocated";
    assignment["transaction_uuid"] = nullptr;
    assignment["actions"] = Json::array();
    assignment["earliest_possible_expiration"] = {{"date", "2027-08-20T11:58:34.666249Z"},
                                                  {"reason", "NINETY_DAYS_PASSED"}};
    return assignment;
  }

  // The assignments, as administrators see them.
  Reply Assignments(const Request& request) {
    if (request.captures.at("configuration") != kConfiguration) {
      return Detail(403, "You do not have permission to perform this action.");
    }
    auto asked = [&](const Json& assignment, const char* field) {
      const std::optional<std::string> value = request.Argument(field);
      return !value || assignment[field] == *value;
    };
    absl::MutexLock lock(&mutex_);
    std::vector<Json> found;
    for (Json assignment : assignments_) {
      if (!asked(assignment, "state") || !asked(assignment, "learner_email") ||
          !asked(assignment, "content_key")) {
        continue;
      }
      assignment["recent_action"] = {{"action_type", "assigned"},
                                     {"timestamp", "2026-11-21T21:09:56.175672Z"}};
      assignment["learner_state"] = assignment["state"] == "allocated" ? Json("waiting") : Json();
      assignment["error_reason"] = nullptr;
      found.push_back(std::move(assignment));
    }
    return Paged(request, found, PageAsked(request, kAssignmentPage, kMaxAssignmentPage),
                 kInternalUrl, nullptr, [](int64_t) { return false; });
  }

  Reply Remind(const Request& request) {
    return Act(request, [](Json&) {});
  }
  Reply Cancel(const Request& request) {
    return Act(request, [](Json& assignment) { assignment["state"] = "cancelled"; });
  }

  // Does something to the assignments named, all of them or none. Success and failure have no body.
  template <typename Action>
  Reply Act(const Request& request, Action act) {
    const Json body = Json::parse(request.body, nullptr, /*allow_exceptions=*/false);
    const auto ids = Texts(body, "assignment_uuids");
    if (!ids) return Answer(400, FieldRequired("assignment_uuids"));
    if (request.captures.at("configuration") != kConfiguration) return Empty(422);
    absl::MutexLock lock(&mutex_);
    std::vector<Json*> named;
    for (const std::string& id : *ids) {
      for (Json& assignment : assignments_) {
        if (assignment["uuid"] == id) named.push_back(&assignment);
      }
    }
    if (named.size() != ids->size()) return Empty(422);
    for (Json* assignment : named) act(*assignment);
    return Empty(200);
  }

  std::string NewId(const char* kind) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return absl::StrFormat("%s-%08d", kind, next_id_++);
  }

  const Surroundings surroundings_;
  mutable absl::Mutex mutex_;
  // Issued tokens and when they expire.
  std::map<std::string, absl::Time> tokens_ ABSL_GUARDED_BY(mutex_);
  std::vector<Plan> plans_ ABSL_GUARDED_BY(mutex_);
  std::vector<Json> assignments_ ABSL_GUARDED_BY(mutex_);
  std::vector<Json> summaries_ ABSL_GUARDED_BY(mutex_);
  int64_t next_id_ ABSL_GUARDED_BY(mutex_) = 1;
};

}  // namespace

std::string RenderXml(const nlohmann::ordered_json& body) {
  std::string xml = "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<root>";
  RenderInto(body, xml);
  xml += "</root>";
  return xml;
}

std::unique_ptr<Provider> MakeEdxEnterprise(Surroundings surroundings) {
  return std::make_unique<EdxEnterprise>(std::move(surroundings));
}

}  // namespace edugate::sandbox
