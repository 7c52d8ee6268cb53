// What a caller with a narrower view may ask of a provider by its own methods.

#include <google/protobuf/any.pb.h>
#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>

#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "edugate/provider/edx_enterprise/v1/learner.pb.h"
#include "gmock/gmock.h"
#include "google/rpc/status.pb.h"
#include "gtest/gtest.h"
#include "runtime/async/test_loop.h"
#include "runtime/errors/errors.h"
#include "runtime/privacy/classification.h"
#include "services/caller_rights.h"
#include "services/field_scopes.h"
#include "tests/privacy/messages.h"

namespace edugate::tests {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::FileDescriptor;
using google::protobuf::Message;
using privacy::v1::DATA_CLASS_EDUCATION_RECORD;
using privacy::v1::DATA_CLASS_IDENTITY;
using privacy::v1::DATA_CLASS_SECRET;
using privacy::v1::DATA_CLASS_UNSPECIFIED;
using privacy::v1::DataClass;
using ::testing::HasSubstr;
using ::testing::Not;

namespace edx = provider::edx_enterprise::v1;

using Path = std::vector<const FieldDescriptor*>;

// What the providers' methods take, and what they give: replies have shapes, as maps and lists
// within lists, that a request may have one day.
std::set<const Descriptor*> MessagesOfMethods() {
  std::set<const Descriptor*> messages;
  for (const FileDescriptor* file : AllFiles()) {
    if (file->package().rfind("edugate.provider.", 0) != 0) continue;
    for (int i = 0; i < file->service_count(); ++i) {
      for (int j = 0; j < file->service(i)->method_count(); ++j) {
        messages.insert(file->service(i)->method(j)->input_type());
        messages.insert(file->service(i)->method(j)->output_type());
      }
    }
  }
  return messages;
}

// Every field of a message, and of those inside it, by its path. A type within itself is left out.
void AddPaths(const Descriptor& type, Path& at, std::vector<Path>& paths) {
  for (int i = 0; i < type.field_count(); ++i) {
    const FieldDescriptor* const field = type.field(i);
    const Descriptor* const inside = field->message_type();
    at.push_back(field);
    bool again = false;
    for (const FieldDescriptor* each : at) again |= each->containing_type() == inside;
    if (inside == nullptr) {
      paths.push_back(at);
    } else if (!again) {
      AddPaths(*inside, at, paths);
    }
    at.pop_back();
  }
}

// A message that has a value at the path and nowhere else.
std::unique_ptr<Message> MessageWith(const Descriptor& type, const Path& path) {
  std::unique_ptr<Message> message(
      google::protobuf::MessageFactory::generated_factory()->GetPrototype(&type)->New());
  Message* at = message.get();
  for (const FieldDescriptor* field : path) {
    if (field->message_type() == nullptr) {
      SetScalar(*at, *field, {.text = "canary", .number = 1, .enum_number = 1});
    } else {
      at = field->is_repeated() ? at->GetReflection()->AddMessage(at, field)
                                : at->GetReflection()->MutableMessage(at, field);
    }
  }
  return message;
}

std::string Text(const Descriptor& type, const Path& path) {
  std::string text = type.full_name();
  for (const FieldDescriptor* field : path) absl::StrAppend(&text, " ", field->name());
  return text;
}

class NativeRequestsTest : public ::testing::Test {
 protected:
  // Whether a caller who sees these classes alone may make a native call with the request.
  absl::Status Check(const std::vector<DataClass>& visible, const Message& request) {
    auto grant = std::make_shared<services::Grant>();
    grant->name = "narrow";
    grant->connections = {"lincoln"};
    grant->scope = services::FieldScope(visible, {});
    std::vector<std::shared_ptr<const services::Grant>> grants = {std::move(grant)};
    async::CallContext call(loop_, async::kNever);
    call.set_method("Provider.Method");
    call.set_connection("lincoln");
    call.set_caller_data(std::make_shared<services::CallerRights>(std::move(grants)));
    return scopes_.CheckRequest(call, request);
  }

  async::TestLoop loop_;
  services::FieldScopes scopes_;
};

TEST_F(NativeRequestsTest, AProvidersMessageAsksByNoHiddenFieldHoweverDeep) {
  int refused = 0;
  int deep = 0;
  for (const Descriptor* type : MessagesOfMethods()) {
    std::vector<Path> paths;
    Path at;
    AddPaths(*type, at, paths);
    for (const std::vector<DataClass>& visible : {std::vector<DataClass>{DATA_CLASS_UNSPECIFIED},
                                                  {DATA_CLASS_IDENTITY},
                                                  {DATA_CLASS_EDUCATION_RECORD},
                                                  {DATA_CLASS_IDENTITY, DATA_CLASS_SECRET}}) {
      std::set<DataClass> seen(visible.begin(), visible.end());
      seen.insert(DATA_CLASS_UNSPECIFIED);
      for (const Path& path : paths) {
        bool hidden = privacy::IsOpenShape(*type);
        for (const FieldDescriptor* field : path) {
          hidden |= seen.count(privacy::ClassOf(*field)) == 0 || privacy::IsOpenShape(*field) ||
                    field->message_type() == google::protobuf::Any::descriptor() ||
                    field->name() == "sort" || field->name() == "ordering";
        }
        const absl::Status status = Check(visible, *MessageWith(*type, path));
        EXPECT_EQ(absl::IsPermissionDenied(status), hidden) << Text(*type, path);
        EXPECT_EQ(status.ok(), !hidden) << Text(*type, path);
        refused += hidden;
        deep += hidden && path.size() > 1;
      }
    }
  }
  EXPECT_GT(refused, 100);
  EXPECT_GT(deep, 100);
}

// The classes of the fields of this name in a message and all inside it.
void AddClasses(const Descriptor& type, const std::string& name, std::set<const Descriptor*>& seen,
                std::set<DataClass>& classes) {
  if (!seen.insert(&type).second) return;
  for (int i = 0; i < type.field_count(); ++i) {
    const FieldDescriptor& field = *type.field(i);
    if (field.name() == name) classes.insert(privacy::ClassOf(field));
    if (field.message_type() != nullptr) AddClasses(*field.message_type(), name, seen, classes);
  }
}

TEST_F(NativeRequestsTest, WhatAListIsNarrowedByHasTheClassThatItHasInTheReply) {
  int compared = 0;
  for (const FileDescriptor* file : AllFiles()) {
    if (file->package().rfind("edugate.provider.", 0) != 0) continue;
    for (int i = 0; i < file->service_count(); ++i) {
      for (int j = 0; j < file->service(i)->method_count(); ++j) {
        const auto& method = *file->service(i)->method(j);
        for (int k = 0; k < method.input_type()->field_count(); ++k) {
          const FieldDescriptor& field = *method.input_type()->field(k);
          // `state__in` of `state`; an `id` in a request is the record's own.
          const std::string name(absl::StripSuffix(field.name(), "_in"));
          std::set<const Descriptor*> seen;
          std::set<DataClass> classes;
          if (name != "id") AddClasses(*method.output_type(), name, seen, classes);
          classes.erase(DATA_CLASS_UNSPECIFIED);
          if (classes.empty()) continue;
          ++compared;
          EXPECT_EQ(classes.count(privacy::ClassOf(field)), 1u) << field.full_name();
        }
      }
    }
  }
  EXPECT_GT(compared, 5);
}

TEST_F(NativeRequestsTest, TheFieldIsNamedAndItsValueIsNot) {
  edx::BulkEnrollRequest request;
  request.mutable_enrollment()->add_course_run_keys("course-v1:edX+DemoX+2T");
  EXPECT_TRUE(Check({DATA_CLASS_EDUCATION_RECORD}, request).ok());
  request.mutable_enrollment()->add_emails("canary@example.net");
  const absl::Status refused = Check({DATA_CLASS_EDUCATION_RECORD}, request);
  EXPECT_EQ(errors::ReasonOf(refused), v1::ERROR_REASON_CALLER_DENIED);
  EXPECT_EQ(errors::MetadataOf(refused)["field"],
            "edugate.provider.edx_enterprise.v1.BulkEnrollment.emails");
  EXPECT_THAT(std::string(refused.message()), Not(HasSubstr("canary")));
  EXPECT_TRUE(Check({DATA_CLASS_IDENTITY}, request).ok());
}

TEST_F(NativeRequestsTest, AnEmptyMessageInsideAsksByNothing) {
  edx::BulkEnrollRequest request;
  request.mutable_enrollment();
  EXPECT_TRUE(Check({DATA_CLASS_EDUCATION_RECORD}, request).ok());
}

TEST_F(NativeRequestsTest, WhatAnAnyHoldsCannotBeJudged) {
  google::rpc::Status request;
  request.set_message("harmless");
  EXPECT_TRUE(Check({DATA_CLASS_IDENTITY}, request).ok());
  request.add_details();
  EXPECT_TRUE(absl::IsPermissionDenied(Check({DATA_CLASS_IDENTITY}, request)));
}

}  // namespace
}  // namespace edugate::tests
