#include "tests/privacy/messages.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>

#include "edugate/provider/class_enrollment/v2/class_enrollment.pb.h"
#include "edugate/provider/edx_enterprise/v1/assignment.pb.h"
#include "edugate/provider/edx_enterprise/v1/catalog.pb.h"
#include "edugate/provider/edx_enterprise/v1/edx_enterprise.pb.h"
#include "edugate/provider/edx_enterprise/v1/learner.pb.h"
#include "edugate/provider/edx_enterprise/v1/subscription.pb.h"
#include "edugate/provider/measureone/v2/measureone.pb.h"
#include "edugate/provider/measureone/v2/transcript.pb.h"
#include "edugate/provider/measureone/v3/measureone.pb.h"
#include "edugate/provider/openapply/v3/openapply.pb.h"
#include "edugate/rest/v1/options.pb.h"
#include "edugate/v1/assignment_service.pb.h"
#include "edugate/v1/catalog_service.pb.h"
#include "edugate/v1/config.pb.h"
#include "edugate/v1/connection_service.pb.h"
#include "edugate/v1/enrollment_service.pb.h"
#include "edugate/v1/license_service.pb.h"
#include "edugate/v1/transcript_service.pb.h"
#include "gtest/gtest.h"

namespace edugate::tests {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::FileDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

// A message of each file, by which the linker keeps it.
template <typename... Messages>
std::vector<const FileDescriptor*> FilesOf() {
  return {Messages::descriptor()->file()...};
}

void AddWithNested(const Descriptor* message, std::vector<const Descriptor*>& messages) {
  if (message->options().map_entry()) return;
  messages.push_back(message);
  for (int i = 0; i < message->nested_type_count(); ++i) {
    AddWithNested(message->nested_type(i), messages);
  }
}

}  // namespace

std::vector<const FileDescriptor*> AllFiles() {
  return FilesOf<
      provider::class_enrollment::v2::ClassEnrollment, provider::edx_enterprise::v1::Assignment,
      provider::edx_enterprise::v1::Course, provider::edx_enterprise::v1::ErrorBody,
      provider::edx_enterprise::v1::LearnerEnrollment,
      provider::edx_enterprise::v1::SubscriptionPlan, provider::measureone::v2::TranscriptSession,
      provider::measureone::v2::Transcript, provider::measureone::v3::EnrollmentStatusReport,
      provider::openapply::v3::Reenrollment, rest::v1::Operation, v1::Assignment,
      v1::AllocateAssignmentsRequest, v1::Course, v1::ListCatalogsRequest, v1::Identifier,
      v1::Config, v1::Connection, v1::ListConnectionsRequest, v1::Enrollment,
      v1::GetEnrollmentRequest, v1::Learner, v1::License, v1::AssignLicensesRequest, v1::School,
      v1::Transcript, v1::GetTranscriptRequest, v1::EnrollmentVerification>();
}

std::vector<const Descriptor*> AllMessages() {
  std::vector<const Descriptor*> messages;
  for (const FileDescriptor* file : AllFiles()) {
    for (int i = 0; i < file->message_type_count(); ++i) {
      AddWithNested(file->message_type(i), messages);
    }
  }
  return messages;
}

void SetScalar(Message& message, const FieldDescriptor& field, const Scalar& value) {
  const Reflection& reflection = *message.GetReflection();
  // A pointer to the setter or to the adder, as the field has one value or many.
  const auto put = [&](auto set, auto add, auto what) {
    field.is_repeated() ? (reflection.*add)(&message, &field, what)
                        : (reflection.*set)(&message, &field, what);
  };
  using R = Reflection;
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_STRING:
      return put(&R::SetString, &R::AddString, value.text);
    case FieldDescriptor::CPPTYPE_INT32:
      return put(&R::SetInt32, &R::AddInt32, value.number);
    case FieldDescriptor::CPPTYPE_INT64:
      return put(&R::SetInt64, &R::AddInt64, value.number);
    case FieldDescriptor::CPPTYPE_UINT32:
      return put(&R::SetUInt32, &R::AddUInt32, static_cast<uint32_t>(value.number));
    case FieldDescriptor::CPPTYPE_UINT64:
      return put(&R::SetUInt64, &R::AddUInt64, static_cast<uint64_t>(value.number));
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return put(&R::SetDouble, &R::AddDouble, value.number);
    case FieldDescriptor::CPPTYPE_FLOAT:
      return put(&R::SetFloat, &R::AddFloat, static_cast<float>(value.number));
    case FieldDescriptor::CPPTYPE_BOOL:
      return put(&R::SetBool, &R::AddBool, true);
    case FieldDescriptor::CPPTYPE_ENUM:
      return put(&R::SetEnumValue, &R::AddEnumValue, value.enum_number);
    case FieldDescriptor::CPPTYPE_MESSAGE:
      FAIL() << field.full_name();
  }
}

}  // namespace edugate::tests
