#include "runtime/codec/field_writers.h"

#include "google/protobuf/arena.h"
#include "gtest/gtest.h"
#include "runtime/codec/scalar.h"
#include "runtime/codec/schema.h"
#include "runtime/codec/testdata/codec_test.pb.h"

namespace edugate::codec {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using testing::Everything;

// Puts a value into a field twice, which a repeated one holds twice.
void Fill(Message* message, const FieldPlan& plan) {
  const Slot slot(message, plan);
  for (int i = 1; i <= 2; ++i) {
    switch (plan.field->cpp_type()) {
      case FieldDescriptor::CPPTYPE_BOOL:
        slot.Bool(true);
        break;
      case FieldDescriptor::CPPTYPE_INT32:
        slot.Int32(INT32_MIN + i);
        break;
      case FieldDescriptor::CPPTYPE_INT64:
        slot.Int64(INT64_MIN + i);
        break;
      case FieldDescriptor::CPPTYPE_UINT32:
        slot.Uint32(UINT32_MAX - i);
        break;
      case FieldDescriptor::CPPTYPE_UINT64:
        slot.Uint64(UINT64_MAX - i);
        break;
      case FieldDescriptor::CPPTYPE_FLOAT:
        slot.Float(0.25F * static_cast<float>(i));
        break;
      case FieldDescriptor::CPPTYPE_DOUBLE:
        slot.Double(0.1 * i);
        break;
      case FieldDescriptor::CPPTYPE_ENUM:
        slot.Enum(i);
        break;
      case FieldDescriptor::CPPTYPE_STRING:
        slot.String(i == 1 ? absl::string_view("a text that is longer than a short one")
                           : absl::string_view("b\0c", 3));
        break;
      case FieldDescriptor::CPPTYPE_MESSAGE: {
        // What was there stays where the field is singular.
        Message* inner = slot.Submessage();
        inner->GetReflection()->MutableUnknownFields(inner)->AddVarint(100, i);
        break;
      }
    }
  }
}

TEST(FieldWritersTest, WriteWhatReflectionWrites) {
  const Schema& schema = Schema::For(Everything::descriptor());
  google::protobuf::Arena arena;
  for (const FieldPlan& plan : schema.fields()) {
    SCOPED_TRACE(plan.field->name());
    if (plan.kind == ValueKind::kMap) continue;
    ASSERT_NE(plan.writer, nullptr);
    FieldPlan reflected = plan;
    reflected.writer = nullptr;
    Everything expected;
    Fill(&expected, reflected);
    Everything on_heap;
    Fill(&on_heap, plan);
    auto* on_arena = google::protobuf::Arena::CreateMessage<Everything>(&arena);
    Fill(on_arena, plan);
    EXPECT_GT(expected.ByteSizeLong(), 0);
    EXPECT_EQ(on_heap.SerializeAsString(), expected.SerializeAsString());
    EXPECT_EQ(on_arena->SerializeAsString(), expected.SerializeAsString());
  }
}

TEST(FieldWritersTest, AreFoundByTheMessageAndTheNumber) {
  const FieldWriter* text = FieldWriters::Find("edugate.codec.testing.Everything", 8);
  ASSERT_NE(text, nullptr);
  EXPECT_EQ(text->number, 8);
  EXPECT_NE(FieldWriters::Find("edugate.codec.testing.Leaf", 1), nullptr);
  EXPECT_NE(FieldWriters::Find("edugate.codec.testing.Leaf", 1), text);
  EXPECT_EQ(FieldWriters::Find("edugate.codec.testing.Leaf", 8), nullptr);
  // A map, and classes that were generated without.
  EXPECT_EQ(FieldWriters::Find("edugate.codec.testing.Everything", 16), nullptr);
  EXPECT_EQ(FieldWriters::Find("google.protobuf.StringValue", 1), nullptr);
}

TEST(FieldWritersTest, ALaterMemberOfAOneofTakesTheEarliersPlace) {
  const Schema& schema = Schema::For(Everything::descriptor());
  Everything message;
  Slot(&message, *schema.FindField("left")).String("x");
  EXPECT_EQ(message.left(), "x");
  Slot(&message, *schema.FindField("right")).Int64(5);
  EXPECT_FALSE(message.has_left());
  EXPECT_EQ(message.right(), 5);
}

}  // namespace
}  // namespace edugate::codec
