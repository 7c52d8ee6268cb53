// A request's header lines in the form that libcurl reads.
#ifndef EDUGATE_RUNTIME_HTTP_CURL_HEADER_LINES_H_
#define EDUGATE_RUNTIME_HTTP_CURL_HEADER_LINES_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "runtime/http/curl_types.h"
#include "runtime/http/http_client.h"

namespace edugate::http {

// The lines stand in two pieces of memory. Those that libcurl has options for are lines like the
// others: its own way formats them twice.
class CurlHeaderLines {
 public:
  CurlHeaderLines(const Request& request, absl::string_view user_agent);
  CurlHeaderLines(const CurlHeaderLines&) = delete;
  CurlHeaderLines& operator=(const CurlHeaderLines&) = delete;
  ~CurlHeaderLines();

  // Null where there are none, as libcurl has it.
  curl_slist* list();

 private:
  void Add(absl::string_view name, absl::string_view separator, absl::string_view value);

  std::string text_;
  std::vector<curl_slist> nodes_;
};

}  // namespace edugate::http

#endif  // EDUGATE_RUNTIME_HTTP_CURL_HEADER_LINES_H_
