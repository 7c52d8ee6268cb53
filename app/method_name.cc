#include "app/method_name.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/strip.h"

namespace edugate::app {
namespace {

std::string Normal(absl::string_view name) {
  return absl::AsciiStrToLower(absl::StrReplaceAll(absl::StripPrefix(name, "/"), {{"/", "."}}));
}

// Service.Method of package.Service.Method.
absl::string_view ShortName(absl::string_view full) {
  const size_t method = full.rfind('.');
  if (method == absl::string_view::npos) return full;
  const size_t service = full.rfind('.', method - 1);
  return service == absl::string_view::npos ? full : full.substr(service + 1);
}

// Levenshtein's distance.
size_t Distance(absl::string_view a, absl::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t changed = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, changed});
    }
  }
  return row[b.size()];
}

}  // namespace

std::string ResolveMethod(absl::string_view typed, const std::vector<std::string>& methods) {
  const std::string wanted = Normal(typed);
  std::string found;
  for (const std::string& method : methods) {
    const std::string full = Normal(method);
    if (full == wanted) return method;
    const bool tail = absl::EndsWith(full, absl::StrCat(".", wanted));
    if (!tail) continue;
    if (!found.empty()) return "";
    found = method;
  }
  return found;
}

std::vector<std::string> SuggestMethods(absl::string_view typed,
                                        const std::vector<std::string>& methods) {
  constexpr size_t kSuggestions = 3;
  const std::string wanted = Normal(typed);
  std::vector<std::pair<size_t, std::string>> ranked;
  for (const std::string& method : methods) {
    const std::string short_name(ShortName(method));
    const std::string bare = Normal(short_name.substr(short_name.rfind('.') + 1));
    const size_t distance = std::min(Distance(wanted, Normal(short_name)), Distance(wanted, bare));
    // Half of it typed right is worth a suggestion.
    if (distance * 2 <= std::max(wanted.size(), bare.size()))
      ranked.emplace_back(distance, short_name);
  }
  std::sort(ranked.begin(), ranked.end());
  std::vector<std::string> names;
  for (const auto& [distance, name] : ranked) {
    if (names.size() < kSuggestions) names.push_back(name);
  }
  return names;
}

}  // namespace edugate::app
