#include "sandbox/provider.h"

#include "absl/algorithm/container.h"
#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"

namespace edugate::sandbox {
namespace {

enum class Plus { kIsSpace, kIsPlus };

std::string PercentDecoded(absl::string_view text, Plus plus) {
  std::string decoded;
  decoded.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size() && absl::ascii_isxdigit(text[i + 1]) &&
        absl::ascii_isxdigit(text[i + 2])) {
      decoded.push_back(absl::HexStringToBytes(text.substr(i + 1, 2))[0]);
      i += 2;
    } else if (text[i] == '+' && plus == Plus::kIsSpace) {
      decoded.push_back(' ');
    } else {
      decoded.push_back(text[i]);
    }
  }
  return decoded;
}

}  // namespace

std::optional<std::string> Request::Argument(absl::string_view name) const {
  for (const auto& [key, value] : arguments) {
    if (key == name) return value;
  }
  return std::nullopt;
}

std::optional<std::string> Request::ArgumentIgnoringCase(absl::string_view name) const {
  for (const auto& [key, value] : arguments) {
    if (absl::EqualsIgnoreCase(key, name)) return value;
  }
  return std::nullopt;
}

std::string Request::Header(absl::string_view name) const {
  auto found = headers.find(std::string(name));
  return found == headers.end() ? std::string() : found->second;
}

Reply JsonReply(int status, std::string body) {
  Reply reply;
  reply.status = status;
  reply.content_type = "application/json; charset=utf-8";
  reply.body = std::move(body);
  return reply;
}

std::vector<std::pair<std::string, std::string>> ParseArguments(absl::string_view query) {
  std::vector<std::pair<std::string, std::string>> arguments;
  for (absl::string_view part : absl::StrSplit(query, '&', absl::SkipEmpty())) {
    std::pair<absl::string_view, absl::string_view> pair =
        absl::StrSplit(part, absl::MaxSplits('=', 1));
    arguments.emplace_back(PercentDecoded(pair.first, Plus::kIsSpace),
                           PercentDecoded(pair.second, Plus::kIsSpace));
  }
  return arguments;
}

std::optional<std::map<std::string, std::string>> MatchPattern(absl::string_view pattern,
                                                               absl::string_view target,
                                                               bool ignore_case) {
  std::vector<absl::string_view> wanted = absl::StrSplit(pattern, '/');
  std::vector<absl::string_view> given = absl::StrSplit(target.substr(0, target.find('?')), '/');
  if (wanted.size() != given.size()) return std::nullopt;
  std::map<std::string, std::string> captures;
  for (size_t i = 0; i < wanted.size(); ++i) {
    std::string segment = PercentDecoded(given[i], Plus::kIsPlus);
    if (absl::StartsWith(wanted[i], "{") && absl::EndsWith(wanted[i], "}")) {
      if (segment.empty()) return std::nullopt;
      captures[std::string(wanted[i].substr(1, wanted[i].size() - 2))] = std::move(segment);
    } else if (ignore_case ? !absl::EqualsIgnoreCase(wanted[i], segment) : wanted[i] != segment) {
      return std::nullopt;
    }
  }
  return captures;
}

std::optional<int64_t> WholeNumber(absl::string_view text) {
  int64_t number = 0;
  if (text.empty() || !absl::c_all_of(text, absl::ascii_isdigit) ||
      !absl::SimpleAtoi(text, &number)) {
    return std::nullopt;
  }
  return number;
}

}  // namespace edugate::sandbox
