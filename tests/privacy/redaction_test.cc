// No value of a classified field stands in a message's text, for every message that there is.
#include <google/protobuf/any.pb.h>
#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>
#include <google/protobuf/struct.pb.h>

#include <memory>
#include <string>

#include "absl/strings/match.h"
#include "edugate/v1/enrollment.pb.h"
#include "edugate/v1/enrollment_service.pb.h"
#include "gmock/gmock.h"
#include "google/api/httpbody.pb.h"
#include "gtest/gtest.h"
#include "runtime/privacy/classification.h"
#include "runtime/privacy/redactor.h"
#include "tests/privacy/messages.h"

namespace edugate::tests {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::MessageFactory;
using google::protobuf::Reflection;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kCanary[] = "canary";
constexpr char kPlain[] = "plain";
// As a number, and the day of a date.
constexpr int kCanaryNumber = 471147;
constexpr int kPlainNumber = 5;
constexpr int kMaxDepth = 6;

void Fill(Message& message, bool hidden, int depth);

// Sets a field; its text, or all text inside it, is a canary where `hidden`.
void FillField(Message& message, const FieldDescriptor& field, bool hidden, int depth) {
  if (field.cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) {
    SetScalar(message, field,
              {.text = hidden ? kCanary : kPlain,
               .number = hidden ? kCanaryNumber : kPlainNumber,
               .enum_number = hidden ? kCanaryNumber : 0});
    return;
  }
  const Reflection& reflection = *message.GetReflection();
  Fill(field.is_repeated() ? *reflection.AddMessage(&message, &field)
                           : *reflection.MutableMessage(&message, &field),
       hidden, depth + 1);
}

// Whether the redactor must not show the field, whatever holds it.
bool MustHide(const FieldDescriptor& field) {
  return privacy::ClassOf(field) != privacy::v1::DATA_CLASS_UNSPECIFIED ||
         privacy::IsOpenShape(field) || field.type() == FieldDescriptor::TYPE_BYTES ||
         field.message_type() == google::protobuf::Any::descriptor();
}

void Fill(Message& message, bool hidden, int depth) {
  if (depth > kMaxDepth) return;
  const Descriptor& type = *message.GetDescriptor();
  for (int i = 0; i < type.field_count(); ++i) {
    const FieldDescriptor& field = *type.field(i);
    FillField(message, field, hidden || MustHide(field), depth);
  }
}

TEST(RedactionTest, NoMessageShowsWhatIsClassified) {
  int fields = 0;
  int shown = 0;
  for (const Descriptor* type : AllMessages()) {
    const Message& prototype = *MessageFactory::generated_factory()->GetPrototype(type);
    // One field at a time, so that none is beyond what the text holds.
    for (int i = 0; i < type->field_count(); ++i) {
      const FieldDescriptor& field = *type->field(i);
      const std::unique_ptr<Message> message(prototype.New());
      FillField(*message, field, MustHide(field), 0);
      const std::string text = privacy::Redactor::Text(*message);
      ++fields;
      EXPECT_THAT(text, Not(HasSubstr(kCanary))) << field.full_name();
      EXPECT_THAT(text, Not(HasSubstr("471147"))) << field.full_name();
      shown += absl::StrContains(text, kPlain) ? 1 : 0;
    }
    // And all of them together.
    const std::unique_ptr<Message> message(prototype.New());
    Fill(*message, false, 0);
    EXPECT_THAT(privacy::Redactor::Text(*message), Not(HasSubstr(kCanary))) << type->full_name();
  }
  // It is no empty text that holds no canary.
  EXPECT_GT(fields, 1500);
  EXPECT_GT(shown, 500);
}

TEST(RedactionTest, PageTokensAreWhatACallerSentAndDoNotShow) {
  v1::ListEnrollmentsRequest request;
  request.set_parent("connections/lincoln");
  request.set_page_token(kCanary);
  EXPECT_EQ(privacy::Redactor::Text(request),
            "parent: \"connections/lincoln\" page_token: [not shown]");
}

// What the first test relies on: a canary that may show does.
TEST(RedactionTest, WhatIsNotClassifiedShows) {
  v1::Enrollment enrollment;
  enrollment.set_name(kCanary);
  EXPECT_THAT(privacy::Redactor::Text(enrollment), HasSubstr(kCanary));
}

}  // namespace
}  // namespace edugate::tests
