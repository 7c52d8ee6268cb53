// Reads the bodies of failures, whose shapes no schema declares, for the classifiers.
#ifndef ADAPTERS_ERROR_BODY_H_
#define ADAPTERS_ERROR_BODY_H_

#include <cstddef>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "nlohmann/json_fwd.hpp"
#include "runtime/errors/errors.h"
#include "runtime/http/http_client.h"

namespace edugate::adapters {

// A longer body is not looked into: an error that says anything useful says it in less.
inline constexpr size_t kMaxErrorBody = size_t{64} << 10;

// What a failure's body is.
enum class ErrorBodyKind {
  kEmpty,
  kObject,  // a JSON object
  kText,    // a bare JSON string
  kList,    // a JSON array
  kHtml,    // a page of something in front of the provider
  kUnreadable
};

ErrorBodyKind KindOf(const http::Response& response);

// Takes a denial (403) whose body is an HTML page, or Cloudflare's bare code, for an outage: most
// likely a firewall or a proxy in front of the provider wrote it. That isn't certain enough for a
// write that must not happen twice to be sent again. Any other failure stays as it is.
void TakePageInFrontForOutage(const http::Response& response, errors::ProviderFailure& failure);

// The text at a top-level name of a JSON object; empty where there is none.
std::string TextAt(const http::Response& response, absl::string_view name);

// The same of a body that has been parsed.
std::string TextIn(const nlohmann::json& body, absl::string_view name);

// Whether it is a list of texts, of one at least: what a provider says of a field that it refuses.
bool IsListOfTexts(const nlohmann::json& value);

// The names of a field map ({"user_emails": ["…"], "grade": ["…"]}, also below "errors"): every
// top-level name that holds a list of texts, a map of positions to lists of texts, or a text below
// "errors". The texts themselves are the provider's prose and are left.
std::vector<std::string> FieldNames(const http::Response& response);

}  // namespace edugate::adapters

#endif  // ADAPTERS_ERROR_BODY_H_
