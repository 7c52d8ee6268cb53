#include "runtime/rest/operation.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "google/api/annotations.pb.h"
#include "google/api/httpbody.pb.h"

namespace edugate::rest {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::MethodDescriptor;

struct VerbAndPath {
  std::string verb;
  std::string path;
};

VerbAndPath VerbAndPathOf(const google::api::HttpRule& rule) {
  switch (rule.pattern_case()) {
    case google::api::HttpRule::kGet:
      return {"GET", rule.get()};
    case google::api::HttpRule::kPut:
      return {"PUT", rule.put()};
    case google::api::HttpRule::kPost:
      return {"POST", rule.post()};
    case google::api::HttpRule::kDelete:
      return {"DELETE", rule.delete_()};
    case google::api::HttpRule::kPatch:
      return {"PATCH", rule.patch()};
    case google::api::HttpRule::kCustom:
      return {rule.custom().kind(), rule.custom().path()};
    case google::api::HttpRule::PATTERN_NOT_SET:
      return {};
  }
  return {};
}

bool Holds(const std::vector<const FieldDescriptor*>& fields, const FieldDescriptor* field) {
  return std::find(fields.begin(), fields.end(), field) != fields.end();
}

using Way = std::vector<const FieldDescriptor*>;

// The first field of `message`, which stands `depth` steps down the ways, that is on none of them;
// null where there is none.
const FieldDescriptor* FieldBeside(const std::vector<Way>& ways, size_t depth,
                                   const google::protobuf::Descriptor* message) {
  for (int i = 0; i < message->field_count(); ++i) {
    const FieldDescriptor* field = message->field(i);
    std::vector<Way> through;
    for (const Way& way : ways) {
      if (way.size() > depth && way[depth] == field) through.push_back(way);
    }
    if (through.empty()) return field;
    if (field->message_type() == nullptr) continue;
    if (const auto* beside = FieldBeside(through, depth + 1, field->message_type())) return beside;
  }
  return nullptr;
}

// The path's variables that are `field` or in it.
std::vector<Way> VariablesIn(const PathTemplate& path, const FieldDescriptor* field) {
  std::vector<Way> ways = path.variables();
  std::erase_if(ways, [field](const Way& way) { return way.front() != field; });
  return ways;
}

bool IsHttpBody(const google::protobuf::Descriptor* message) {
  return message != nullptr && message->full_name() == "google.api.HttpBody";
}

}  // namespace

absl::StatusOr<Operation> Operation::Compile(const MethodDescriptor* method) {
  Operation op;
  op.descriptor_ = method;
  op.name_ = absl::StrCat(method->service()->name(), ".", method->name());
  auto fail = [&op](absl::string_view why) {
    return absl::InvalidArgumentError(absl::StrCat(op.name_, ": ", why));
  };

  if (!method->options().HasExtension(google::api::http))
    return fail("has no google.api.http option");
  if (!method->options().HasExtension(v1::operation)) return fail("has no operation option");
  const google::api::HttpRule& rule = method->options().GetExtension(google::api::http);
  op.options_ = method->options().GetExtension(v1::operation);
  if (op.options_.effect() == v1::EFFECT_UNSPECIFIED) return fail("declares no effect");

  const VerbAndPath pattern = VerbAndPathOf(rule);
  if (pattern.verb.empty()) return fail("has no verb and path");
  op.verb_ = pattern.verb;
  auto path = PathTemplate::Parse(pattern.path, method->input_type());
  if (!path.ok()) return fail(path.status().message());
  op.path_ = *std::move(path);

  op.whole_request_is_body_ = rule.body() == "*";
  if (!rule.body().empty() && !op.whole_request_is_body_) {
    op.body_field_ = method->input_type()->FindFieldByName(rule.body());
    if (op.body_field_ == nullptr) return fail(absl::StrCat("has no body field ", rule.body()));
    if (op.body_field_->cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE ||
        op.body_field_->is_repeated()) {
      return fail(absl::StrCat("body field ", rule.body(), " is no message"));
    }
  }
  const bool raw = op.options_.body_encoding() == v1::BODY_ENCODING_RAW;
  if (raw && (op.body_field_ == nullptr || !IsHttpBody(op.body_field_->message_type()))) {
    return fail("sends a raw body that is no google.api.HttpBody field");
  }
  if (op.options_.raw_response() && !IsHttpBody(method->output_type())) {
    return fail("takes a raw reply that is no google.api.HttpBody");
  }
  if (!op.options_.response_field().empty() &&
      method->output_type()->FindFieldByName(op.options_.response_field()) == nullptr) {
    return fail(absl::StrCat("has no response field ", op.options_.response_field()));
  }

  const auto& in_path = op.path_.fields();
  for (int i = 0; i < method->input_type()->field_count(); ++i) {
    const FieldDescriptor* field = method->input_type()->field(i);
    const std::string& header = field->options().GetExtension(v1::field).header();
    if (!header.empty()) {
      if (field->is_repeated() || field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
        return fail(absl::StrCat("field ", field->name(), " is no scalar and can't be a header"));
      }
      op.header_fields_.push_back({field, header});
      continue;
    }
    if (Holds(in_path, field)) {
      const auto* beside =
          field->message_type() == nullptr
              ? nullptr
              : FieldBeside(VariablesIn(op.path_, field), 1, field->message_type());
      // It would be sent nowhere.
      if (beside != nullptr) {
        return fail(absl::StrCat("field ", field->name(), ".", beside->name(),
                                 " stands beside a path variable and has no place"));
      }
      continue;
    }
    if (field == op.body_field_ || op.whole_request_is_body_) continue;
    if (field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
      return fail(
          absl::StrCat("field ", field->name(), " is a message and can't go into the query"));
    }
    op.query_fields_.push_back(field);
  }

  op.accept_ = op.options_.accept_size() == 0 ? "application/json"
                                              : absl::StrJoin(op.options_.accept(), ", ");
  return op;
}

absl::StatusOr<Api> Api::Compile(
    const std::vector<const google::protobuf::ServiceDescriptor*>& services) {
  Api api;
  for (const auto* service : services) {
    for (int i = 0; i < service->method_count(); ++i) {
      auto op = Operation::Compile(service->method(i));
      if (!op.ok()) return op.status();
      api.operations_.push_back(*std::move(op));
    }
  }
  return api;
}

const Operation* Api::Find(absl::string_view method_name) const {
  for (const Operation& op : operations_) {
    if (op.method_name() == method_name) return &op;
  }
  return nullptr;
}

}  // namespace edugate::rest
