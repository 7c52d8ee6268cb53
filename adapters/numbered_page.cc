#include "adapters/numbered_page.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "runtime/digest/sha256.h"
#include "runtime/errors/errors.h"

namespace edugate::adapters {
namespace {

// Of a mark; seven characters.
constexpr size_t kMarkBytes = 5;

// Tells the records of a page from those of another by how many they are, the first and the last.
// Short, however long the ids are: in a list across many connections a cursor has little room.
// Empty where that can't be told.
std::string Mark(const std::vector<std::string>& held) {
  if (held.empty() || held.front().empty() || held.back().empty()) return "";
  const digest::Sha256Digest digest =
      digest::Sha256(absl::StrCat(held.size(), ".", held.front(), ".", held.back()));
  return absl::WebSafeBase64Escape(
      absl::string_view(reinterpret_cast<const char*>(digest.data()), kMarkBytes));
}

}  // namespace

absl::StatusOr<NumberedPage> NumberedPage::FromCursor(absl::string_view cursor, int32_t first,
                                                      int32_t size_hint, int32_t max_size) {
  if (cursor.empty()) {
    return NumberedPage{first, size_hint <= 0 ? max_size : std::min(size_hint, max_size)};
  }
  const std::vector<absl::string_view> parts = absl::StrSplit(cursor, absl::MaxSplits('/', 2));
  NumberedPage page;
  if (parts.size() < 2 || !absl::SimpleAtoi(parts[0], &page.number) ||
      !absl::SimpleAtoi(parts[1], &page.size) || page.number < first ||
      page.number == std::numeric_limits<int32_t>::max() || page.size < 1 || page.size > max_size) {
    return errors::PageTokenInvalid("does not fit the connection");
  }
  if (parts.size() == 3) page.before = std::string(parts[2]);
  return page;
}

NumberedPage NumberedPage::Next(const std::vector<std::string>& held) const {
  return {number + 1, size, Mark(held)};
}

bool NumberedPage::Repeats(const std::vector<std::string>& held) const {
  if (before.empty() || (size == 1 && held.size() == 1)) return false;
  return before == Mark(held);
}

std::string NumberedPage::ToCursor() const {
  return absl::StrCat(number, "/", size, before.empty() ? "" : "/", before);
}

std::optional<int32_t> PageNumberIn(absl::string_view link) {
  link = link.substr(0, link.find('#'));
  const size_t question = link.find('?');
  if (question == absl::string_view::npos) return std::nullopt;
  link.remove_prefix(question + 1);
  for (const absl::string_view part : absl::StrSplit(link, '&')) {
    const std::pair<absl::string_view, absl::string_view> pair =
        absl::StrSplit(part, absl::MaxSplits('=', 1));
    int32_t number = 0;
    if (pair.first == "page" && absl::SimpleAtoi(pair.second, &number)) return number;
  }
  return std::nullopt;
}

}  // namespace edugate::adapters
