#include "sandbox/edx_enterprise_content.h"

#include <string>

#include "absl/strings/str_format.h"
#include "nlohmann/json.hpp"

namespace edugate::sandbox::edx {

using Json = nlohmann::ordered_json;

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

}  // namespace edugate::sandbox::edx
