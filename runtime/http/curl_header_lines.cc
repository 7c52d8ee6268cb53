#include "runtime/http/curl_header_lines.h"

#include <curl/curl.h>

#include <cstddef>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "runtime/http/curl_request.h"

namespace edugate::http {

CurlHeaderLines::CurlHeaderLines(const Request& request, absl::string_view user_agent) {
  std::size_t size = 96 + user_agent.size();
  bool has_type = false;
  bool has_agent = false;
  for (const Header& header : request.headers) {
    size += header.name.size() + header.value.size() + 3;
    has_type = has_type || absl::EqualsIgnoreCase(header.name, "Content-Type");
    has_agent = has_agent || absl::EqualsIgnoreCase(header.name, "User-Agent");
  }
  text_.reserve(size);
  nodes_.reserve(request.headers.size() + 4);
  if (!has_agent) Add("User-Agent", ": ", user_agent);
  if (TakesGzip(request)) Add("Accept-Encoding", ": ", kGzip);
  // libcurl's own: a wait for "100 Continue" before a large body, and a form's type for every
  // body. Without a body it has neither, and looks through all lines for each one that is here.
  if (SendsBody(request)) {
    Add("Expect", ":", "");
    if (!has_type) Add("Content-Type", ":", "");
  }
  // "Name;" is libcurl's spelling of an empty value; "Name:" would take a header away.
  for (const Header& header : request.headers) {
    Add(header.name, header.value.empty() ? ";" : ": ", header.value);
  }
  for (std::size_t i = 0; i + 1 < nodes_.size(); ++i) nodes_[i].next = &nodes_[i + 1];
}

CurlHeaderLines::~CurlHeaderLines() = default;

curl_slist* CurlHeaderLines::list() { return nodes_.empty() ? nullptr : nodes_.data(); }

void CurlHeaderLines::Add(absl::string_view name, absl::string_view separator,
                          absl::string_view value) {
  const std::size_t start = text_.size();
  absl::StrAppend(&text_, name, separator, value);
  text_.push_back('\0');
  // Good while `text_` stays within what was reserved.
  nodes_.push_back(curl_slist{text_.data() + start, nullptr});
}

}  // namespace edugate::http
