// Whether somebody thought about what each field says of a person.
#include "runtime/privacy/classification.h"

#include <google/protobuf/descriptor.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/privacy/messages.h"

namespace edugate::tests {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::FileDescriptor;
using privacy::ClassOf;
using privacy::v1::DATA_CLASS_UNSPECIFIED;
using ::testing::IsEmpty;

constexpr char kReviewed[] = EDUGATE_SOURCE_DIR "/tests/privacy/unclassified_fields.txt";

TEST(ClassificationTest, KnowsEveryFileOfTheProtos) {
  std::set<std::string> known;
  for (const FileDescriptor* file : AllFiles()) known.insert(file->name());
  const std::filesystem::path root = EDUGATE_SOURCE_DIR "/proto";
  for (const auto& each : std::filesystem::recursive_directory_iterator(root)) {
    if (each.path().extension() != ".proto") continue;
    std::ifstream stream(each.path());
    bool has_message = false;
    for (std::string line; std::getline(stream, line);) {
      has_message = has_message || absl::StartsWith(line, "message ");
    }
    const std::string name = std::filesystem::relative(each.path(), root).string();
    EXPECT_TRUE(!has_message || known.count(name) > 0)
        << name << " is not among AllFiles() of tests/privacy/messages.cc";
  }
}

// The messages that stand somewhere outside of every classified field: those that nothing holds or
// that a method takes or gives, and those that such a message holds in a field without a class.
std::set<const Descriptor*> Exposed() {
  const std::vector<const Descriptor*> all = AllMessages();
  std::set<const Descriptor*> exposed(all.begin(), all.end());
  for (const Descriptor* message : all) {
    for (int i = 0; i < message->field_count(); ++i)
      exposed.erase(message->field(i)->message_type());
  }
  for (const FileDescriptor* file : AllFiles()) {
    for (int i = 0; i < file->service_count(); ++i) {
      const auto& service = *file->service(i);
      for (int n = 0; n < service.method_count(); ++n) {
        exposed.insert(service.method(n)->input_type());
        exposed.insert(service.method(n)->output_type());
      }
    }
  }
  std::vector<const Descriptor*> open(exposed.begin(), exposed.end());
  while (!open.empty()) {
    const Descriptor* const message = open.back();
    open.pop_back();
    for (int i = 0; i < message->field_count(); ++i) {
      const FieldDescriptor& field = *message->field(i);
      const Descriptor* const below = field.message_type();
      if (below == nullptr || ClassOf(field) != DATA_CLASS_UNSPECIFIED) continue;
      if (exposed.insert(below).second) open.push_back(below);
    }
  }
  return exposed;
}

bool IsText(const FieldDescriptor& field) {
  return field.cpp_type() == FieldDescriptor::CPPTYPE_STRING || field.is_map();
}

TEST(ClassificationTest, EveryTextHasAClassOrAReasonToHaveNone) {
  // Message to its reviewed fields.
  std::map<std::string, std::set<std::string>> reviewed;
  std::ifstream stream(kReviewed);
  ASSERT_TRUE(stream.good()) << kReviewed;
  for (std::string line; std::getline(stream, line);) {
    if (line.empty() || line[0] == '#') continue;
    const std::vector<std::string> parts = absl::StrSplit(line, " | ");
    ASSERT_EQ(parts.size(), 2u) << "needs MESSAGE: FIELD... | REASON: " << line;
    EXPECT_GT(parts[1].size(), 9u) << "needs a reason: " << line;
    const std::vector<std::string> names = absl::StrSplit(parts[0], absl::MaxSplits(": ", 1));
    ASSERT_EQ(names.size(), 2u) << line;
    for (const absl::string_view field : absl::StrSplit(names[1], ' ')) {
      EXPECT_TRUE(reviewed[names[0]].insert(std::string(field)).second) << line;
    }
  }
  const std::set<const Descriptor*> exposed = Exposed();
  for (const Descriptor* message : AllMessages()) {
    if (exposed.count(message) == 0) continue;
    const FieldDescriptor* const redacted = privacy::RedactedFieldsOf(*message);
    for (int i = 0; i < message->field_count(); ++i) {
      const FieldDescriptor& field = *message->field(i);
      if (!IsText(field) || &field == redacted || ClassOf(field) != DATA_CLASS_UNSPECIFIED) {
        continue;
      }
      EXPECT_EQ(reviewed[message->full_name()].erase(field.name()), 1u)
          << field.full_name() << " needs a data_class, or a reason in " << kReviewed;
    }
  }
  for (const auto& [message, fields] : reviewed) {
    EXPECT_THAT(fields, IsEmpty()) << message << ": are not there, or have a class by now";
  }
}

TEST(ClassificationTest, EveryRecordHasAPlaceForWhatIsHiddenInIt) {
  int records = 0;
  for (const Descriptor* message : AllMessages()) {
    if (!absl::StartsWith(message->full_name(), "edugate.v1.")) continue;
    if (message->FindFieldByName("unknown_fields") == nullptr) continue;
    ++records;
    EXPECT_NE(privacy::RedactedFieldsOf(*message), nullptr) << message->full_name();
  }
  EXPECT_GE(records, 15);
}

TEST(ClassificationTest, PasswordsTokensAndCodesThatGrantSomethingAreSecrets) {
  const std::set<std::string> granting = {"password", "access_token", "mfa_token", "coupon_code"};
  for (const Descriptor* message : AllMessages()) {
    for (int i = 0; i < message->field_count(); ++i) {
      const FieldDescriptor& field = *message->field(i);
      if (field.cpp_type() != FieldDescriptor::CPPTYPE_STRING) continue;
      if (granting.count(field.name()) == 0) continue;
      EXPECT_EQ(ClassOf(field), privacy::v1::DATA_CLASS_SECRET) << field.full_name();
    }
  }
}

}  // namespace
}  // namespace edugate::tests
