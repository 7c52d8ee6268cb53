#include "runtime/codec/schema.h"

#include <thread>

#include "gmock/gmock.h"
#include "google/protobuf/descriptor.pb.h"
#include "gtest/gtest.h"
#include "runtime/codec/testdata/codec_test.pb.h"

namespace edugate::codec {
namespace {

using testing::Everything;

const Schema& EverythingSchema() { return Schema::For(Everything::descriptor()); }

std::string FieldFor(absl::string_view name) {
  const int spelling = EverythingSchema().Find(name);
  if (spelling == Schema::kUnknown) return "unknown";
  return EverythingSchema().spellings()[spelling].plan->field->name();
}

TEST(SchemaTest, FindsAFieldByJsonNameAliasAndProtoName) {
  EXPECT_EQ(FieldFor("course_start"), "start");
  EXPECT_EQ(FieldFor("course_start_date"), "start");
  EXPECT_EQ(FieldFor("startDate"), "start");
  EXPECT_EQ(FieldFor("start"), "start");
  EXPECT_EQ(FieldFor("oneOrMany"), "unknown");
  EXPECT_EQ(FieldFor("OneOrMany"), "one_or_many");
  EXPECT_EQ(FieldFor("Start"), "unknown");
}

TEST(SchemaTest, FirstSpellingsAreTheJsonNamesInOrderOfDeclaration) {
  const Schema& schema = EverythingSchema();
  for (const FieldPlan& plan : schema.fields()) {
    EXPECT_EQ(schema.spellings()[plan.index].name, plan.field->json_name());
    EXPECT_EQ(schema.spellings()[plan.index].plan, &plan);
  }
}

TEST(SchemaTest, UnknownFieldsIsNoFieldOfTheProvider) {
  EXPECT_EQ(FieldFor("unknown_fields"), "unknown");
  EXPECT_EQ(FieldFor("unknownFields"), "unknown");
  ASSERT_NE(EverythingSchema().unknown_fields(), nullptr);
  EXPECT_EQ(EverythingSchema().unknown_fields()->number(), 1000);
  EXPECT_EQ(Schema::For(testing::Leaf::descriptor()).unknown_fields(), nullptr);
}

TEST(SchemaTest, ARecursiveMessageIsItsOwnNestedSchema) {
  EXPECT_EQ(EverythingSchema().FindField("child")->nested, &EverythingSchema());
}

TEST(SchemaTest, KnowsWhatTheVendorPromises) {
  EXPECT_THAT(Schema::For(testing::Promised::descriptor()).documented_required(),
              ::testing::ElementsAre(0, 1));
}

TEST(SchemaTest, EnumWordsStandWithAndWithoutTheirPrefix) {
  const FieldPlan* color = EverythingSchema().FindField("color");
  EXPECT_EQ(color->enum_values.at("color_dark_green")->number(), testing::COLOR_DARK_GREEN);
  EXPECT_EQ(color->enum_values.at("dark_green")->number(), testing::COLOR_DARK_GREEN);
}

// More types than a thread remembers.
TEST(SchemaTest, IsThatOfTheTypeHoweverManyWereAskedForBefore) {
  const auto* file = google::protobuf::FieldDescriptorProto::descriptor()->file();
  ASSERT_GT(file->message_type_count(), 16);
  std::vector<const Schema*> first;
  for (int round = 0; round < 2; ++round) {
    for (int i = 0; i < file->message_type_count(); ++i) {
      const Schema& schema = Schema::For(file->message_type(i));
      EXPECT_EQ(schema.descriptor(), file->message_type(i));
      if (round == 0) first.push_back(&schema);
      EXPECT_EQ(&schema, first[i]);
    }
  }
}

TEST(SchemaTest, IsTheSameForEveryThread) {
  std::vector<const Schema*> seen(8);
  std::vector<std::thread> threads;
  for (const Schema*& slot : seen) {
    threads.emplace_back([&slot] { slot = &Schema::For(testing::Request::descriptor()); });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_THAT(seen, ::testing::Each(&Schema::For(testing::Request::descriptor())));
}

}  // namespace
}  // namespace edugate::codec
