#include "runtime/rest/path_template.h"

#include <limits>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "runtime/errors/errors.h"

namespace edugate::rest {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

absl::StatusOr<std::vector<const FieldDescriptor*>> ResolveVariable(absl::string_view name,
                                                                    const Descriptor* message) {
  std::vector<const FieldDescriptor*> way;
  for (absl::string_view step : absl::StrSplit(name, '.')) {
    const FieldDescriptor* field =
        message == nullptr ? nullptr : message->FindFieldByName(std::string(step));
    if (field == nullptr || field->is_repeated()) {
      return absl::InvalidArgumentError(
          absl::StrCat("path variable '", name, "' is no singular field of the request"));
    }
    way.push_back(field);
    message = field->message_type();
  }
  if (message != nullptr) {
    return absl::InvalidArgumentError(absl::StrCat("path variable '", name, "' is a message"));
  }
  return way;
}

// The shortest text that reads back as the same number.
template <typename Real>
std::string RealText(Real value) {
  using Limits = std::numeric_limits<Real>;
  char buffer[32];
  for (int precision = Limits::digits10; precision <= Limits::max_digits10; ++precision) {
    snprintf(buffer, sizeof buffer, "%.*g", precision, static_cast<double>(value));
    if (static_cast<Real>(strtod(buffer, nullptr)) == value) break;
  }
  return buffer;
}

// The value's name, or its number where the schema has no name for it.
std::string EnumText(const FieldDescriptor& field, int number) {
  const auto* value = field.enum_type()->FindValueByNumber(number);
  return value == nullptr ? absl::StrCat(number) : value->name();
}

absl::Status CheckLiteral(absl::string_view path, absl::string_view literal) {
  for (const char c : literal) {
    if (c == '}')
      return absl::InvalidArgumentError(absl::StrCat("path '", path, "' closes no brace"));
    // RFC 3986, section 3.3: all that may stand in a path.
    if (absl::ascii_isalnum(c) ||
        absl::StrContains("/-._~!$&'()*+,;=:@%", absl::string_view(&c, 1)))
      continue;
    return absl::InvalidArgumentError(absl::StrCat(
        "path '", path, "' holds a '", absl::string_view(&c, 1), "', which is no part of a path"));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<PathTemplate> PathTemplate::Parse(absl::string_view path,
                                                 const Descriptor* request) {
  PathTemplate result;
  result.text_ = std::string(path);
  if (path.empty() || path[0] != '/') {
    return absl::InvalidArgumentError(absl::StrCat("path '", path, "' does not start with '/'"));
  }
  size_t at = 0;
  while (at < path.size()) {
    Part part;
    const size_t open = path.find('{', at);
    part.literal = std::string(path.substr(at, open == absl::string_view::npos ? open : open - at));
    absl::Status literal = CheckLiteral(path, part.literal);
    if (!literal.ok()) return literal;
    if (open == absl::string_view::npos) {
      result.parts_.push_back(std::move(part));
      break;
    }
    const size_t close = path.find('}', open);
    if (close == absl::string_view::npos) {
      return absl::InvalidArgumentError(absl::StrCat("path '", path, "' has an unclosed brace"));
    }
    absl::string_view variable = path.substr(open + 1, close - open - 1);
    const size_t equals = variable.find('=');
    if (equals != absl::string_view::npos) {
      const absl::string_view pattern = variable.substr(equals + 1);
      if (pattern != "*" && pattern != "**") {
        return absl::InvalidArgumentError(
            absl::StrCat("path '", path, "': a variable takes * or **, not ", pattern));
      }
      part.many_segments = pattern == "**";
      variable = variable.substr(0, equals);
    }
    auto way = ResolveVariable(variable, request);
    if (!way.ok()) return way.status();
    result.fields_.push_back(way->front());
    part.variable = *std::move(way);
    result.parts_.push_back(std::move(part));
    at = close + 1;
  }
  return result;
}

absl::StatusOr<std::string> PathTemplate::Expand(const Message& request) const {
  std::string out;
  for (const Part& part : parts_) {
    out += part.literal;
    if (part.variable.empty()) continue;
    const Message* holder = &request;
    std::string name;
    for (size_t i = 0; i + 1 < part.variable.size(); ++i) {
      absl::StrAppend(&name, part.variable[i]->name(), ".");
      holder = &holder->GetReflection()->GetMessage(*holder, part.variable[i]);
    }
    name += part.variable.back()->name();
    const std::string value = ScalarText(*holder, *part.variable.back());
    if (value.empty()) return errors::ArgumentInvalid(name, "must not be empty");
    const std::vector<absl::string_view> segments =
        part.many_segments ? std::vector<absl::string_view>(absl::StrSplit(value, '/'))
                           : std::vector<absl::string_view>{value};
    bool first = true;
    for (absl::string_view segment : segments) {
      // Servers resolve dot segments also when they are percent-encoded (RFC 3986, 6.2.2.3).
      if (segment == "." || segment == "..") {
        return errors::ArgumentInvalid(name, "must not be '.' or '..'");
      }
      if (!first) out += '/';
      first = false;
      AppendPercentEncoded(segment, out);
    }
  }
  return out;
}

std::vector<std::vector<const FieldDescriptor*>> PathTemplate::variables() const {
  std::vector<std::vector<const FieldDescriptor*>> ways;
  for (const Part& part : parts_) {
    if (!part.variable.empty()) ways.push_back(part.variable);
  }
  return ways;
}

void AppendPercentEncoded(absl::string_view text, std::string& out) {
  constexpr char kHex[] = "0123456789ABCDEF";
  for (const char c : text) {
    if (absl::ascii_isalnum(c) || c == '-' || c == '.' || c == '_' || c == '~') {
      out += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      out += '%';
      out += kHex[byte >> 4];
      out += kHex[byte & 15];
    }
  }
}

std::string ScalarText(const Message& message, const FieldDescriptor& field, int index) {
  const google::protobuf::Reflection& r = *message.GetReflection();
  const bool one = index < 0;
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32:
      return absl::StrCat(one ? r.GetInt32(message, &field)
                              : r.GetRepeatedInt32(message, &field, index));
    case FieldDescriptor::CPPTYPE_INT64:
      return absl::StrCat(one ? r.GetInt64(message, &field)
                              : r.GetRepeatedInt64(message, &field, index));
    case FieldDescriptor::CPPTYPE_UINT32:
      return absl::StrCat(one ? r.GetUInt32(message, &field)
                              : r.GetRepeatedUInt32(message, &field, index));
    case FieldDescriptor::CPPTYPE_UINT64:
      return absl::StrCat(one ? r.GetUInt64(message, &field)
                              : r.GetRepeatedUInt64(message, &field, index));
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return RealText(one ? r.GetDouble(message, &field)
                          : r.GetRepeatedDouble(message, &field, index));
    case FieldDescriptor::CPPTYPE_FLOAT:
      return RealText(one ? r.GetFloat(message, &field)
                          : r.GetRepeatedFloat(message, &field, index));
    case FieldDescriptor::CPPTYPE_BOOL:
      return (one ? r.GetBool(message, &field) : r.GetRepeatedBool(message, &field, index))
                 ? "true"
                 : "false";
    case FieldDescriptor::CPPTYPE_ENUM:
      return EnumText(field, one ? r.GetEnumValue(message, &field)
                                 : r.GetRepeatedEnumValue(message, &field, index));
    case FieldDescriptor::CPPTYPE_STRING:
      return one ? r.GetString(message, &field) : r.GetRepeatedString(message, &field, index);
    case FieldDescriptor::CPPTYPE_MESSAGE:
      break;
  }
  return "";
}

}  // namespace edugate::rest
