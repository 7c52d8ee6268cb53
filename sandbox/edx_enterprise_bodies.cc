#include "sandbox/edx_enterprise_bodies.h"

#include <set>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "nlohmann/json.hpp"

namespace edugate::sandbox::edx {

using Json = nlohmann::ordered_json;

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
  for (const std::string& email : emails) different.insert(absl::AsciiStrToLower(email));
  return {different.begin(), different.end()};
}

}  // namespace edugate::sandbox::edx
