#include "sandbox/measureone_schools.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "nlohmann/json.hpp"
#include "sandbox/json_body.h"
#include "sandbox/measureone_ids.h"
#include "sandbox/measureone_records.h"
#include "sandbox/measureone_replies.h"

namespace edugate::sandbox::m1 {
namespace {

using Json = nlohmann::ordered_json;

Json AllSchools() {
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

}  // namespace

Schools::Schools(Transcripts& transcripts, Counter& issued)
    : transcripts_(transcripts), issued_(issued) {}

void Schools::Reset() {
  absl::MutexLock lock(&mutex_);
  sessions_.clear();
}

Reply Schools::List(const Request& request) {
  const Json body = JsonBody(request);
  const std::string country = body.is_object() && body.contains("filters")
                                  ? TextAt(body["filters"], "country_a2_code")
                                  : "";
  if (country.empty()) return ErrorReply(400, "MISSING_FIELDS", "country_a2_code is required");
  return Answer(country == "US" ? AllSchools() : Json::array());
}

Reply Schools::Access(const Request& request) {
  const Json body = JsonBody(request);
  for (const char* name : {"external_id", "school_id", "username", "password"}) {
    if (TextAt(body, name).empty()) {
      return ErrorReply(400, "MISSING_FIELDS", absl::StrCat(name, " is required"));
    }
  }
  const std::string school = TextAt(body, "school_id");
  const Json schools = AllSchools();
  const bool known = std::any_of(schools.begin(), schools.end(),
                                 [&](const Json& each) { return TextAt(each, "m1_id") == school; });
  if (!known) return ErrorReply(404, "SCHOOL_NOT_FOUND", "School not found");
  if (TextAt(body, "password") == kWrongPassword) {
    return ErrorReply(404, "INVALID_CREDENTIALS", "The credentials are invalid");
  }
  const std::string external_id = TextAt(body, "external_id");
  const bool second_factor = school == kMfaSchool;
  std::string session;
  {
    absl::MutexLock lock(&mutex_);
    session = NewId("tls", issued_);
    sessions_[session] = {external_id, second_factor};
  }
  if (!second_factor) transcripts_.Fetch(external_id);
  return Answer({{"session_id", session}}, second_factor ? 202 : 200);
}

Reply Schools::VerifyMfa(const Request& request) {
  const Json body = JsonBody(request);
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
  transcripts_.Fetch(external_id);
  return Answer({{"session_id", id}});
}

}  // namespace edugate::sandbox::m1
