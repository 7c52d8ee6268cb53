#include "runtime/config/mistakes.h"

#include <utility>

#include "absl/strings/str_cat.h"

namespace edugate::config {

Mistakes::Mistakes(absl::string_view file_name) : file_name_(file_name) {}

void Mistakes::Add(int line, absl::string_view key, absl::string_view what) {
  std::string text = file_name_;
  if (line > 0) absl::StrAppend(&text, ":", line);
  if (!key.empty()) absl::StrAppend(&text, ": ", key);
  absl::StrAppend(&text, ": ", what);
  found_.emplace(line, std::move(text));
}

absl::Status Mistakes::ToStatus() const {
  if (found_.empty()) return absl::OkStatus();
  std::string message;
  std::size_t listed = 0;
  for (const auto& [line, text] : found_) {
    if (listed == kMaxListed) {
      absl::StrAppend(&message, "\n", file_name_, ": and ", found_.size() - listed, " more");
      break;
    }
    absl::StrAppend(&message, listed == 0 ? "" : "\n", text);
    ++listed;
  }
  return absl::InvalidArgumentError(message);
}

}  // namespace edugate::config
