// One method of a declared provider API, compiled: what to send and how to read what comes back.
#ifndef RUNTIME_REST_OPERATION_H_
#define RUNTIME_REST_OPERATION_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "edugate/rest/v1/options.pb.h"
#include "google/protobuf/descriptor.h"
#include "runtime/rest/path_template.h"

namespace edugate::rest {

class Operation {
 public:
  // Compiles a method from its google.api.http and edugate.rest.v1.operation options.
  // INVALID_ARGUMENT, naming the method, where an option is missing or contradicts the messages.
  static absl::StatusOr<Operation> Compile(const google::protobuf::MethodDescriptor* method);

  // The route's name in errors, logs and metrics: OpenApplyV3.ListReenrollments.
  const std::string& name() const { return name_; }
  // The method's own name: ListReenrollments.
  const std::string& method_name() const { return descriptor_->name(); }
  const google::protobuf::MethodDescriptor& descriptor() const { return *descriptor_; }

  const std::string& verb() const { return verb_; }
  const PathTemplate& path() const { return path_; }
  v1::Effect effect() const { return options_.effect(); }
  const v1::Operation& options() const { return options_; }
  // The value of the Accept header.
  const std::string& accept() const { return accept_; }

  // The request field that is the body; null: see whole_request_is_body.
  const google::protobuf::FieldDescriptor* body_field() const { return body_field_; }
  // True for body: "*": every field that is neither in the path nor a header is in the body.
  bool whole_request_is_body() const { return whole_request_is_body_; }

  // The request fields that travel in the query, in declaration order.
  const std::vector<const google::protobuf::FieldDescriptor*>& query_fields() const {
    return query_fields_;
  }

  // The request fields that travel as headers.
  struct HeaderField {
    const google::protobuf::FieldDescriptor* field;
    std::string header;
  };
  const std::vector<HeaderField>& header_fields() const { return header_fields_; }

  // May the same request be sent again when it is not known whether the provider acted on it?
  bool repeatable() const { return options_.effect() != v1::EFFECT_WRITE; }

 private:
  Operation() = default;

  const google::protobuf::MethodDescriptor* descriptor_ = nullptr;
  std::string name_;
  std::string verb_;
  PathTemplate path_;
  v1::Operation options_;
  std::string accept_;
  const google::protobuf::FieldDescriptor* body_field_ = nullptr;
  bool whole_request_is_body_ = false;
  std::vector<const google::protobuf::FieldDescriptor*> query_fields_;
  std::vector<HeaderField> header_fields_;
};

// A provider service, compiled: all its operations.
class Api {
 public:
  // Compiles every method of the services; the first mistake is the result.
  static absl::StatusOr<Api> Compile(
      const std::vector<const google::protobuf::ServiceDescriptor*>& services);

  // The operation of a method by its own name; null where there is none.
  const Operation* Find(absl::string_view method_name) const;

  const std::vector<Operation>& operations() const { return operations_; }

 private:
  std::vector<Operation> operations_;
};

}  // namespace edugate::rest

#endif  // RUNTIME_REST_OPERATION_H_
