#include "sandbox/edx_enterprise_pages.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "nlohmann/json.hpp"
#include "sandbox/edx_enterprise_replies.h"

namespace edugate::sandbox::edx {

using Json = nlohmann::ordered_json;

std::optional<PageOf> PageAsked(const Request& request, const ProviderSettings& settings,
                                int64_t default_size, int64_t max_size) {
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
  if (const int most = settings.max_per_page; most > 0) {
    page.size = std::min<int64_t>(page.size, most);
  }
  return page;
}

Reply Paged(const Request& request, const std::vector<Json>& all, std::optional<PageOf> page,
            const std::string& url, const Json& end, const std::function<bool(int64_t)>& left_out) {
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
    if (left_out == nullptr || !left_out(i)) body["results"].push_back(all[i]);
  }
  return Answer(200, body);
}

}  // namespace edugate::sandbox::edx
