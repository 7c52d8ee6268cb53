#include "runtime/rest/request_builder.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "google/api/httpbody.pb.h"
#include "runtime/codec/json_writer.h"
#include "runtime/errors/errors.h"

namespace edugate::rest {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

bool IsSet(const Message& message, const FieldDescriptor& field) {
  if (field.is_repeated()) return message.GetReflection()->FieldSize(message, &field) > 0;
  return message.GetReflection()->HasField(message, &field);
}

void AppendQueryPair(const FieldDescriptor& field, absl::string_view value, bool& first,
                     std::string& url) {
  url += first ? '?' : '&';
  first = false;
  AppendPercentEncoded(field.json_name(), url);
  url += '=';
  AppendPercentEncoded(value, url);
}

absl::Status AppendQuery(const Operation& operation, const Message& request, std::string& url) {
  bool first = true;
  for (const FieldDescriptor* field : operation.query_fields()) {
    if (!IsSet(request, *field)) continue;
    if (!field->is_repeated()) {
      AppendQueryPair(*field, ScalarText(request, *field), first, url);
      continue;
    }
    const int count = request.GetReflection()->FieldSize(request, field);
    if (!field->options().GetExtension(v1::field).comma_joined()) {
      for (int i = 0; i < count; ++i) {
        AppendQueryPair(*field, ScalarText(request, *field, i), first, url);
      }
      continue;
    }
    std::string joined;
    for (int i = 0; i < count; ++i) {
      const std::string element = ScalarText(request, *field, i);
      // The provider would read two.
      if (absl::StrContains(element, ',')) {
        return errors::ArgumentInvalid(absl::StrCat(field->name(), "[", i, "]"),
                                       "must not hold a comma");
      }
      if (i > 0) joined += ',';
      joined += element;
    }
    AppendQueryPair(*field, joined, first, url);
  }
  return absl::OkStatus();
}

std::string Encoded(const Operation& operation, const Message& body,
                    const codec::WriteOptions& options) {
  if (operation.options().body_encoding() == v1::BODY_ENCODING_FORM) {
    return codec::WriteForm(body, options);
  }
  return codec::WriteJson(body, options);
}

void SetBody(const Operation& operation, const Message& request, http::Request& out) {
  out.has_body = true;
  std::string content_type = operation.options().body_encoding() == v1::BODY_ENCODING_FORM
                                 ? "application/x-www-form-urlencoded"
                                 : "application/json";
  if (operation.whole_request_is_body()) {
    out.body = Encoded(operation, request, {.omit = operation.path().fields()});
  } else {
    const Message& body = request.GetReflection()->GetMessage(request, operation.body_field());
    if (operation.options().body_encoding() == v1::BODY_ENCODING_RAW) {
      const auto& raw = static_cast<const google::api::HttpBody&>(body);
      out.body = raw.data();
      content_type = raw.content_type();
    } else {
      out.body = Encoded(operation, body, {});
    }
  }
  if (!content_type.empty()) out.headers.push_back({"Content-Type", std::move(content_type)});
}

// Whether a text can be a header's value (RFC 9110, section 5.5, without what is obsolete).
bool IsHeaderValue(absl::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return (c >= ' ' && c < '\x7f') || c == '\t'; });
}

}  // namespace

absl::StatusOr<http::Request> BuildRequest(const Operation& operation, const Endpoint& endpoint,
                                           const Message& request) {
  http::Request out;
  out.method = operation.verb();
  out.replayable = operation.repeatable();
  auto path = operation.path().Expand(request);
  if (!path.ok()) return path.status();
  out.url = endpoint.base_url;
  out.url += *path;
  absl::Status queried = AppendQuery(operation, request, out.url);
  if (!queried.ok()) return queried;
  out.headers.reserve(endpoint.headers.size() + operation.header_fields().size() + 4);
  out.headers.push_back({"Accept", operation.accept()});
  out.headers.insert(out.headers.end(), endpoint.headers.begin(), endpoint.headers.end());
  for (const Operation::HeaderField& each : operation.header_fields()) {
    if (!IsSet(request, *each.field)) continue;
    std::string value = ScalarText(request, *each.field);
    if (!IsHeaderValue(value)) {
      return errors::ArgumentInvalid(each.field->name(), "must be visible ASCII characters");
    }
    out.headers.push_back({each.header, std::move(value)});
  }
  if (operation.body_field() != nullptr || operation.whole_request_is_body()) {
    SetBody(operation, request, out);
  }
  if (operation.options().max_response_bytes() > 0) {
    out.max_response_bytes = operation.options().max_response_bytes();
  }
  return out;
}

}  // namespace edugate::rest
