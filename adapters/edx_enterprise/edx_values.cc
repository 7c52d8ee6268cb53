#include "adapters/edx_enterprise/edx_values.h"

#include <array>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "nlohmann/json.hpp"
#include "runtime/errors/errors.h"

namespace edugate::adapters {
namespace {

using nlohmann::json;

// What the public API promises to take in one call.
constexpr size_t kMaxPerCall = 1000;

// The seat types and enrollment modes of the reference and of the services behind it.
constexpr std::array kModes = {
    WordRow<v1::EnrollmentMode>{"audit", v1::ENROLLMENT_MODE_AUDIT},
    WordRow<v1::EnrollmentMode>{"honor", v1::ENROLLMENT_MODE_HONOR},
    WordRow<v1::EnrollmentMode>{"verified", v1::ENROLLMENT_MODE_VERIFIED},
    WordRow<v1::EnrollmentMode>{"professional", v1::ENROLLMENT_MODE_PROFESSIONAL},
    WordRow<v1::EnrollmentMode>{"no-id-professional", v1::ENROLLMENT_MODE_PROFESSIONAL},
    WordRow<v1::EnrollmentMode>{"credit", v1::ENROLLMENT_MODE_CREDIT},
    WordRow<v1::EnrollmentMode>{"masters", v1::ENROLLMENT_MODE_MASTERS},
    WordRow<v1::EnrollmentMode>{"executive-education", v1::ENROLLMENT_MODE_EXECUTIVE_EDUCATION},
    WordRow<v1::EnrollmentMode>{"paid-executive-education",
                                v1::ENROLLMENT_MODE_EXECUTIVE_EDUCATION},
    WordRow<v1::EnrollmentMode>{"unpaid-executive-education",
                                v1::ENROLLMENT_MODE_EXECUTIVE_EDUCATION},
};

std::string Scalar(const json& value) {
  if (value.is_string()) return value.get<std::string>();
  if (value.is_number()) return value.dump();
  return "";
}

std::string Text(const json& value, const std::vector<std::string>& keys) {
  if (!value.is_object()) return Scalar(value);
  std::string text;
  for (const std::string& key : keys) {
    const auto found = value.find(key);
    if (found == value.end()) continue;
    const std::string part = Scalar(*found);
    if (part.empty()) continue;
    absl::StrAppend(&text, text.empty() ? "" : "\n", part);
  }
  return text;
}

json Parse(const std::string& text) {
  return json::parse(text, nullptr, /*allow_exceptions=*/false);
}

}  // namespace

std::string TextOfJson(const std::string& json_text, const std::vector<std::string>& keys) {
  if (json_text.empty()) return "";
  return Text(Parse(json_text), keys);
}

std::vector<std::string> TextsOfJson(const std::string& json_text,
                                     const std::vector<std::string>& keys) {
  std::vector<std::string> texts;
  if (json_text.empty()) return texts;
  const json value = Parse(json_text);
  auto add = [&texts](std::string text) {
    if (!text.empty()) texts.push_back(std::move(text));
  };
  if (value.is_array()) {
    for (const json& each : value) add(Text(each, keys));
  } else {
    add(Text(value, keys));
  }
  return texts;
}

v1::EnrollmentMode EdxEnrollmentMode(absl::string_view word) {
  return ValueOf(kModes, word, v1::ENROLLMENT_MODE_OTHER);
}

v1::Pacing EdxPacing(absl::string_view word) {
  if (word.empty()) return v1::PACING_UNSPECIFIED;
  std::string plain = absl::AsciiStrToLower(word);
  for (char& c : plain) {
    if (c == '-') c = '_';
  }
  if (plain == "instructor_paced") return v1::PACING_INSTRUCTOR_PACED;
  if (plain == "self_paced") return v1::PACING_SELF_PACED;
  return v1::PACING_UNKNOWN;
}

std::string EdxEmail(absl::string_view email) {
  return absl::AsciiStrToLower(absl::StripAsciiWhitespace(email));
}

std::vector<std::string> DifferentEmails(
    const google::protobuf::RepeatedPtrField<std::string>& emails) {
  std::vector<std::string> different;
  absl::flat_hash_set<std::string> seen;
  for (const std::string& email : emails) {
    std::string plain = EdxEmail(email);
    if (seen.insert(plain).second) different.push_back(std::move(plain));
  }
  return different;
}

absl::Status CheckCount(absl::string_view field, size_t count) {
  if (count <= kMaxPerCall) return absl::OkStatus();
  return errors::ArgumentInvalid(field, absl::StrCat("takes at most ", kMaxPerCall));
}

}  // namespace edugate::adapters
