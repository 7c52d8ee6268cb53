#include "runtime/codec/json_writer.h"

#include <limits>

#include "gmock/gmock.h"
#include "google/protobuf/text_format.h"
#include "gtest/gtest.h"
#include "runtime/codec/testdata/codec_test.pb.h"

namespace edugate::codec {
namespace {

using testing::Everything;
using testing::Request;

template <typename T>
T Proto(const std::string& text) {
  T message;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &message)) << text;
  return message;
}

std::string Json(const std::string& text) { return WriteJson(Proto<Everything>(text)); }

TEST(JsonWriterTest, WritesEachKindOfValue) {
  const std::pair<std::string, std::string> kCases[] = {
      {"", "{}"},
      {"text:''", R"({"text":""})"},
      {R"(text:'a"\\\n\001é')", R"({"text":"a\"\\\n\u0001é"})"},
      {"int64:-9223372036854775808", R"({"int64":-9223372036854775808})"},
      {"uint64:18446744073709551615", R"({"uint64":18446744073709551615})"},
      {"flag:false", R"({"flag":false})"},
      {"real:0.1", R"({"real":0.1})"},
      {"real:nan", R"({"real":null})"},
      {"single:0.1", R"({"single":0.1})"},
      {"color:COLOR_DARK_GREEN", R"({"color":"COLOR_DARK_GREEN"})"},
      {"blob:'hi'", R"({"blob":"aGk="})"},
      {"plain:'' plain_number:0", "{}"},
      {"plain:'x' plain_number:1", R"({"plain":"x","plainNumber":1})"},
      {"start:'x'", R"({"course_start":"x"})"},
      {"leaf{}", R"({"leaf":{}})"},
      {"tags:'a' tags:''", R"({"tags":["a",""]})"},
      {"labels{key:'b' value:'2'} labels{key:'a' value:'1'}", R"({"labels":{"a":"1","b":"2"}})"},
      {"by_number{key:-5 value{id:1}}", R"({"by-number":{"-5":{"id":1}}})"},
      {"by_flag{key:true value:1}", R"({"byFlag":{"true":1}})"},
      {"raw:'{\"a\": 1e400}'", R"({"raw":{"a": 1e400}})"},
      {"raw:'not json'", R"({"raw":"not json"})"},
      {"at{seconds:1441592009}", R"({"at":"2015-09-07T02:13:29Z"})"},
      {"epoch_millis{seconds:1441592009 nanos:5000000}", R"({"epochMillis":1441592009005})"},
      {"wrapped_text{value:''}", R"({"wrappedText":""})"},
      {"any{null_value:NULL_VALUE}", R"({"any":null})"},
      {"open{fields{key:'b' value{number_value:1}} fields{key:'a' value{list_value{}}}}",
       R"({"open":{"a":[],"b":1}})"},
      {"unknown_fields{path:'x' json:'1'} text:'a'", R"({"text":"a"})"},
  };
  for (const auto& [text, json] : kCases) EXPECT_EQ(Json(text), json) << text;
}

TEST(JsonWriterTest, AnEnumNumberWithoutANameIsANumber) {
  Everything message;
  message.set_color(static_cast<testing::Color>(77));
  EXPECT_EQ(WriteJson(message), R"({"color":77})");
}

TEST(JsonWriterTest, TextThatIsNotUtf8IsMended) {
  Everything message;
  message.set_text("a\xff");
  EXPECT_EQ(WriteJson(message), "{\"text\":\"a\xEF\xBF\xBD\"}");
}

TEST(JsonWriterTest, WritesNullAndEmptyWhereTheProviderTellsThemFromAbsent) {
  EXPECT_EQ(WriteJson(Request()), R"({"note":null,"tags":[],"word":"","leaf":null})");
}

TEST(JsonWriterTest, HeadersAndWhatStandsInThePathAreLeftOut) {
  const auto request = Proto<Request>("token:'t' note:'n' tags:'a' word:'w' leaf{} big:5");
  WriteOptions options;
  options.omit = {Request::descriptor()->FindFieldByName("big"),
                  Request::descriptor()->FindFieldByName("leaf")};
  EXPECT_EQ(WriteJson(request, options), R"({"note":"n","tags":["a"],"word":"w"})");
}

TEST(JsonWriterTest, OneFieldCanBeTheBody) {
  const auto request = Proto<Request>("tags:'a' big:5");
  const auto field = [](const char* name) { return Request::descriptor()->FindFieldByName(name); };
  EXPECT_EQ(WriteJsonField(request, field("tags")), R"(["a"])");
  EXPECT_EQ(WriteJsonField(request, field("big")), "5");
  EXPECT_EQ(WriteJsonField(request, field("leaf")), "null");
}

TEST(JsonWriterTest, UnknownFieldsDoNotDisplaceWhatIsThere) {
  WriteOptions all;
  all.include_unknown_fields = true;
  EXPECT_EQ(
      WriteJson(Proto<Everything>(
                    "text:'a' unknown_fields{path:'text' json:'\"b\"'} "
                    "unknown_fields{path:'text.x' json:'1'} unknown_fields{path:'..' json:'1'} "
                    "unknown_fields{path:'y' json:'not json'} unknown_fields{path:'z' json:'1'}"),
                all),
      R"({"text":"a","z":1})");
}

TEST(FormWriterTest, WritesPairs) {
  const auto request = Proto<Request>(
      "token:'t' note:'a b&c=é+*~' tags:'x' tags:'y' leaf{id:1} big:9007199254740993 notify:true "
      "color:COLOR_RED "
      "emails:'a@b.c'");
  EXPECT_EQ(WriteForm(request),
            "note=a+b%26c%3D%C3%A9%2B*%7E&tags=x&tags=y&word=&leaf=%7B%22id%22%3A1%7D&big="
            "9007199254740993&"
            "user_emails=a%40b.c&notify=true&color=COLOR_RED");
  EXPECT_EQ(WriteForm(testing::Leaf()), "");
  EXPECT_EQ(WriteForm(Proto<testing::Leaf>("name:'\"quoted\"'")), "name=%22quoted%22");
}

}  // namespace
}  // namespace edugate::codec
