#include "sandbox/class_enrollment.h"

#include <algorithm>
#include <limits>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "nlohmann/json.hpp"

namespace edugate::sandbox {
namespace {

using Json = nlohmann::ordered_json;

// Put together from the example values of the vendor's page "Retrieve class enrollment information
// by id".
constexpr char kDocumentedRecord[] = R"json({
    "Id": 10,
    "ExternalId": "E3G5YZFREFEQ9371",
    "UserId": 897615,
    "ClassId": 4421,
    "EnrollmentStatusId": 60,
    "CompletionStatusId": 0,
    "LateCancel": false,
    "Retake": false,
    "LocationTypeId": 0,
    "ClassroomId": 3456,
    "HoursSpent": 20,
    "Grade": 10,
    "CustomFields": [
      { "Name": "Unique Text", "TextValue": "AXY12345", "CustomFieldId": 5089 },
      { "Name": "Unique Number", "TextValue": "44", "CustomFieldId": 5090 },
      { "Name": "Dropdown-01", "TextValue": "Second Choice", "CustomFieldId": 5087 }
    ]
})json";

constexpr int64_t kDefaultPageSize = 100;
constexpr int64_t kFirstClassId = 4421;
// 2024-07-16T00:00:00Z.
constexpr int64_t kFirstCreated = 1721088000;

constexpr const char* kClassNames[] = {
    "Azure Administrator",   "Kubernetes Basics",   "Zero Trust – Überblick", "Data Engineering",
    "Incident Response Lab", "Python for Analysts", "ネットワーク入門",       "Azure Security",
};
constexpr int kEnrollmentStatuses[] = {0, 10, 20, 30, 40, 50, 60};
constexpr int kCompletionStatuses[] = {0, 10, 20, 30, 40, 50};
// -1: null.
constexpr int kLocationTypes[] = {0, 10, 20, 30, -1};

// What GetClassEnrollment answers for an id that has no record and means something all the same.
struct SpecialId {
  int64_t id;
  const char* body;
};
constexpr SpecialId kSpecialIds[] = {
    // No Status: must not count as success, whatever Results says.
    {9000,
     R"({"Error":null,"Results":[{"Id":9000,"UserId":897615,"ClassId":4421,"EnrollmentStatusId":60}]})"},
    {9001,
     R"({"status":0,"error":null,"Results":[{"Id":9001,"ExternalId":null,"UserId":897615,"ClassId":4421,)"
     R"("EnrollmentStatusId":60,"CompletionStatusId":10,"LateCancel":false,"Retake":false,"LocationTypeId":30,)"
     R"("ClassroomId":null,"HoursSpent":null,"Grade":null,"CustomFields":[]}]})"},
    {9002, R"({"Status":99,"Error":null,"Results":null})"},
    {9003, R"({"Status":0,"Error":null,"Results":[]})"},
    {9010,
     R"({"Status":10,"Error":"An unexpected error occurred. Reference 7f3a.","Results":null})"},
    {9030, R"({"Status":30,"Error":null,"Results":null})"},
};

// A class enrollment, as it is sent and as it is searched for.
struct Record {
  std::string text;
  int64_t id = 0;
  int64_t user_id = 0;
  int64_t class_id = 0;
  int64_t status = 0;
  // Unix seconds. The API filters by it and never sends it.
  int64_t created = 0;
  std::string class_name;
};

std::string ClassName(int64_t class_id) {
  return kClassNames[static_cast<size_t>(class_id - kFirstClassId) % std::size(kClassNames)];
}

Record MakeRecord(const Json& json, int64_t id, int64_t created) {
  Record record;
  record.text = json.dump();
  record.id = id;
  record.user_id = json["UserId"].get<int64_t>();
  record.class_id = json["ClassId"].get<int64_t>();
  record.status = json["EnrollmentStatusId"].get<int64_t>();
  record.created = created;
  record.class_name = ClassName(record.class_id);
  return record;
}

Json PlainRecord(int64_t id, int64_t number) {
  Json json;
  json["Id"] = id;
  json["ExternalId"] = absl::StrFormat("SBX%09d", id * 7919 % 1000000007);
  json["UserId"] = 897616 + number % 25;
  json["ClassId"] = kFirstClassId + number % static_cast<int64_t>(std::size(kClassNames));
  json["EnrollmentStatusId"] = 60;
  json["CompletionStatusId"] = 20;
  json["LateCancel"] = false;
  json["Retake"] = number % 11 == 0;
  json["LocationTypeId"] = 10;
  json["ClassroomId"] = 3456 + number % 4;
  json["HoursSpent"] = number % 40;
  json["Grade"] = 50 + number % 51;
  json["CustomFields"] = Json::array();
  return json;
}

// Every status with every completion at every location.
void AddGeneratedRecords(std::vector<Record>& records) {
  int64_t id = 1001;
  int64_t number = 0;
  for (int status : kEnrollmentStatuses) {
    for (int completion : kCompletionStatuses) {
      for (int location : kLocationTypes) {
        Json json = PlainRecord(id, number);
        json["EnrollmentStatusId"] = status;
        json["CompletionStatusId"] = completion;
        json["LateCancel"] = status == 10 && number % 2 == 0;
        if (location < 0) {
          json["LocationTypeId"] = nullptr;
        } else {
          json["LocationTypeId"] = location;
        }
        if (location != 10) json["ClassroomId"] = nullptr;
        if (completion != 20 && completion != 50) json["Grade"] = nullptr;
        if (completion == 0) json["HoursSpent"] = nullptr;
        if (number % 5 == 0) {
          json["CustomFields"].push_back({{"Name", "Unique Number"},
                                          {"TextValue", absl::StrCat(number)},
                                          {"CustomFieldId", 5090}});
        }
        records.push_back(MakeRecord(json, id, kFirstCreated + (number + 1) * 86400));
        ++id;
        ++number;
      }
    }
  }
}

// One record for each way in which real ones stray from the document.
void AddOddRecords(std::vector<Record>& records) {
  int64_t created = kFirstCreated + int64_t{300} * 86400;
  auto add = [&](const Json& json, int64_t id) {
    records.push_back(MakeRecord(json, id, created += 86400));
  };

  Json drifted = PlainRecord(7700, 1);
  drifted["EnrollmentStatusId"] = 77;
  drifted["CompletionStatusId"] = 66;
  drifted["LocationTypeId"] = 55;
  add(drifted, 7700);

  Json extended = PlainRecord(7701, 2);
  extended["EnrollmentSource"] = "Portal";
  extended["Survey"] = {{"Completed", true}, {"Score", 4.5}};
  add(extended, 7701);

  Json nulls = PlainRecord(7702, 3);
  for (const char* field :
       {"ExternalId", "LocationTypeId", "ClassroomId", "HoursSpent", "Grade", "CustomFields"}) {
    nulls[field] = nullptr;
  }
  add(nulls, 7702);

  Json absent = PlainRecord(7703, 4);
  for (const char* field : {"ExternalId", "LateCancel", "Retake", "LocationTypeId", "ClassroomId",
                            "HoursSpent", "Grade", "CustomFields"}) {
    absent.erase(field);
  }
  add(absent, 7703);

  Json custom = PlainRecord(7704, 5);
  custom["CustomFields"] = Json::array({
      {{"Name", "Checkbox list"}, {"TextValue", "Red\tGreen\tBlue"}, {"CustomFieldId", 5091}},
      {{"Name", "Größe"}, {"TextValue", "übergroß 😀"}, {"CustomFieldId", 5092}},
      {{"Name", "Empty"}, {"TextValue", ""}, {"CustomFieldId", 5093}},
      {{"Name", "Null"}, {"TextValue", nullptr}, {"CustomFieldId", 5094}},
  });
  add(custom, 7704);

  Json text = PlainRecord(4449999, 6);
  text["Id"] = "4449999";
  text["Grade"] = "95";
  add(text, 4449999);
}

Reply Envelope(int status, const char* error, absl::string_view results) {
  return JsonReply(200, absl::StrCat("{\"Status\":", status,
                                     ",\"Error\":", error == nullptr ? "null" : Json(error).dump(),
                                     ",\"Results\":", results, "}"));
}

// The vendor's example of a user, for the user of its example of a class enrollment; like it for
// the others.
Json UserOf(int64_t id) {
  const bool example = id == 897615;
  Json user;
  user["Id"] = id;
  user["ExternalId"] = example ? "C9876ZFGEFER9876" : absl::StrFormat("SIS%06d", id);
  user["Title"] = nullptr;
  user["FirstName"] = "John";
  user["MiddleName"] = nullptr;
  user["LastName"] = "Smith";
  user["UserName"] = example ? "john.smith" : absl::StrCat("learner", id);
  user["OrganizationId"] = 4873;
  user["CompanyId"] = nullptr;
  user["ManagerId"] = nullptr;
  user["Disabled"] = false;
  user["Email"] = example ? "joe.smith@yourorg.com" : absl::StrCat("learner", id, "@example.com");
  for (const char* field : {"Phone", "Phone2", "Address1", "Address2", "City", "State", "Country",
                            "Zip", "ProfileImageUrl"}) {
    user[field] = nullptr;
  }
  user["TimeZoneId"] = "Central Standard Time";
  return user;
}

Reply NotFound() { return Envelope(20, nullptr, "[]"); }

// The arguments of a search, or what is wrong with them.
struct Search {
  int64_t page_index = 0;
  int64_t page_size = kDefaultPageSize;
  std::optional<int64_t> class_id;
  std::optional<int64_t> student_id;
  std::optional<int64_t> status;
  int64_t created_after = std::numeric_limits<int64_t>::min();
  int64_t created_before = std::numeric_limits<int64_t>::max();
  std::string class_name;
  std::string sort = "Name";
  bool descending = false;

  static absl::StatusOr<Search> From(const Request& request) {
    Search search;
    absl::Status wrong;
    auto number = [&](const char* name) -> std::optional<int64_t> {
      const std::optional<std::string> text = request.ArgumentIgnoringCase(name);
      if (!text || text->empty()) return std::nullopt;
      const std::optional<int64_t> value = WholeNumber(*text);
      if (!value) wrong = absl::InvalidArgumentError(absl::StrCat(name, " is not valid."));
      return value;
    };
    search.page_index = number("pageIndex").value_or(search.page_index);
    search.page_size = number("pageSize").value_or(search.page_size);
    search.class_id = number("classId");
    search.student_id = number("studentId");
    search.status = number("enrollmentStatusId");
    search.created_after = number("createdAfter").value_or(search.created_after);
    search.created_before = number("createdBefore").value_or(search.created_before);
    search.class_name = request.ArgumentIgnoringCase("className").value_or("");
    if (auto sort = request.ArgumentIgnoringCase("sort"); sort && !sort->empty()) {
      search.descending = absl::EndsWithIgnoreCase(*sort, " DESC");
      search.sort = search.descending ? sort->substr(0, sort->size() - 5) : *sort;
    }
    if (search.page_size < 1) wrong = absl::InvalidArgumentError("pageSize is not valid.");
    if (!wrong.ok()) return wrong;
    return search;
  }

  bool Finds(const Record& record) const {
    return (!class_id || record.class_id == *class_id) &&
           (!student_id || record.user_id == *student_id) &&
           (!status || record.status == *status) && record.created > created_after &&
           record.created < created_before &&
           (class_name.empty() || absl::StrContains(absl::AsciiStrToLower(record.class_name),
                                                    absl::AsciiStrToLower(class_name)));
  }

  // Of the documented orders the sandbox has data for two; the others leave the records in order of
  // their ids.
  bool Before(const Record& a, const Record& b) const {
    if (absl::EqualsIgnoreCase(sort, "Name") && a.class_name != b.class_name) {
      return descending ? b.class_name < a.class_name : a.class_name < b.class_name;
    }
    if (absl::EqualsIgnoreCase(sort, "Created") && a.created != b.created) {
      return descending ? b.created < a.created : a.created < b.created;
    }
    return a.id < b.id;
  }
};

class ClassEnrollment : public Provider {
 public:
  explicit ClassEnrollment(Surroundings surroundings) : surroundings_(std::move(surroundings)) {
    records_.push_back(MakeRecord(Json::parse(kDocumentedRecord), 10, kFirstCreated));
    AddGeneratedRecords(records_);
    AddOddRecords(records_);
  }

  absl::string_view id() const override { return "class_enrollment"; }
  bool paths_ignore_case() const override { return true; }

  std::vector<Route> Routes() override {
    std::vector<Route> routes;
    for (const char* method : {"GET", "POST"}) {
      routes.push_back({method, "/api/2.0/GetClassEnrollment/{id}",
                        [this](const Request& request) { return Get(request.captures.at("id")); }});
      routes.push_back({method, "/api/2.0/GetClassEnrollment", [this](const Request& request) {
                          return Get(request.ArgumentIgnoringCase("id").value_or(""));
                        }});
      routes.push_back({method, "/api/2.0/SearchClassEnrollments",
                        [this](const Request& request) { return Find(request); }});
      routes.push_back({method, "/api/2.0/GetUserByEmail", [this](const Request& request) {
                          return GetUser("Email",
                                         request.ArgumentIgnoringCase("email").value_or(""));
                        }});
      routes.push_back(
          {method, "/api/2.0/GetUserByExternalId/{id}", [this](const Request& request) {
             return GetUser("ExternalId", request.captures.at("id"));
           }});
    }
    return routes;
  }

  bool Authorized(const Request& request) const override {
    return request.Header("api_key") == kClassEnrollmentApiKey;
  }

  Reply Refuse(Refusal refusal) const override {
    Reply reply;
    reply.content_type = "text/html; charset=utf-8";
    switch (refusal) {
      case Refusal::kUnauthorized:
        return Envelope(30, nullptr, "null");
      case Refusal::kNotFound:
        reply.status = 404;
        reply.body =
            "<!DOCTYPE html><html><head><title>404 - Not Found</title></head><body></body></html>";
        break;
      case Refusal::kMethodNotAllowed:
        reply.status = 405;
        reply.body =
            "<!DOCTYPE html><html><head><title>405 - Method Not "
            "Allowed</title></head><body></body></html>";
        break;
      case Refusal::kThrottled:
        reply.status = 429;
        reply.body =
            "<!DOCTYPE html><html><head><title>429 - Too Many "
            "Requests</title></head><body></body></html>";
        break;
    }
    return reply;
  }

  void Reset() override {}

  std::string ConnectionYaml(absl::string_view base_url) const override {
    return absl::StrCat("  - id: tms\n    provider: class_enrollment\n    base_url: ", base_url,
                        "/api/2.0\n    auth: { api_key: { value: ", kClassEnrollmentApiKey,
                        " } }\n");
  }

  std::string Summary() const override {
    return absl::StrCat("class enrollments 10, 1001-1210, 7700-7704 and 4449999\napi_key: ",
                        kClassEnrollmentApiKey, "\n");
  }

 private:
  // The users are those of the records.
  Reply GetUser(const char* key, const std::string& value) const {
    for (const Record& record : records_) {
      const Json user = UserOf(record.user_id);
      if (!value.empty() && absl::EqualsIgnoreCase(user[key].get<std::string>(), value)) {
        return JsonReply(200, Json{{"Status", 0}, {"Error", nullptr}, {"User", user}}.dump());
      }
    }
    return JsonReply(200, R"({"Status":20,"Error":null,"User":null})");
  }

  Reply Get(const std::string& id) const {
    if (id.empty()) return Envelope(10, "The id is missing.", "null");
    const std::optional<int64_t> number = WholeNumber(id);
    if (!number) return NotFound();
    for (const SpecialId& special : kSpecialIds) {
      if (special.id == *number) return JsonReply(200, special.body);
    }
    auto record = std::find_if(records_.begin(), records_.end(),
                               [&](const Record& candidate) { return candidate.id == *number; });
    if (record == records_.end()) return NotFound();
    return Envelope(0, nullptr, absl::StrCat("[", record->text, "]"));
  }

  Reply Find(const Request& request) const {
    const absl::StatusOr<Search> search = Search::From(request);
    if (!search.ok()) return Envelope(10, std::string(search.status().message()).c_str(), "null");
    std::vector<const Record*> found;
    for (const Record& record : records_) {
      if (search->Finds(record)) found.push_back(&record);
    }
    std::sort(found.begin(), found.end(),
              [&](const Record* a, const Record* b) { return search->Before(*a, *b); });
    int64_t size = search->page_size;
    if (const int most = surroundings_.settings().max_per_page; most > 0)
      size = std::min<int64_t>(size, most);
    std::string results = "[";
    for (int64_t i = 0; i < static_cast<int64_t>(found.size()); ++i) {
      if (i / size == search->page_index)
        absl::StrAppend(&results, i % size == 0 ? "" : ",", found[i]->text);
    }
    absl::StrAppend(&results, "]");
    return Envelope(0, nullptr, results);
  }

  const Surroundings surroundings_;
  // Nothing changes them, so no lock guards them.
  std::vector<Record> records_;
};

}  // namespace

std::unique_ptr<Provider> MakeClassEnrollment(Surroundings surroundings) {
  return std::make_unique<ClassEnrollment>(std::move(surroundings));
}

}  // namespace edugate::sandbox
