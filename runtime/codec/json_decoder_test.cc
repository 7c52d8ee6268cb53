#include "runtime/codec/json_decoder.h"

#include "gmock/gmock.h"
#include "google/protobuf/text_format.h"
#include "google/protobuf/util/message_differencer.h"
#include "gtest/gtest.h"
#include "runtime/codec/testdata/codec_test.pb.h"
#include "runtime/codec/testdata/recording_drift.h"

namespace edugate::codec {
namespace {

using google::protobuf::Message;
using google::protobuf::util::MessageDifferencer;
using ::testing::ElementsAre;
using testing::Everything;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using testing::RecordingDrift;
using testing::Whole;

template <typename T = Everything>
T Proto(const std::string& text) {
  T message;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &message)) << text;
  return message;
}

template <typename T = Everything>
T Decoded(const std::string& json, DecodeOptions options = {}) {
  T message;
  const absl::Status status = DecodeJson(json, options, &message);
  EXPECT_TRUE(status.ok()) << status << " for " << json.substr(0, 200);
  return message;
}

std::string Problem(const std::string& json, DecodeOptions options = {}, Message* out = nullptr) {
  Everything everything;
  const absl::Status status = DecodeJson(json, options, out != nullptr ? out : &everything);
  EXPECT_EQ(status.code(), absl::StatusCode::kInternal) << json.substr(0, 200);
  return std::string(status.message());
}

struct Case {
  std::string json;
  std::string expected;  // in protobuf's text format
};

template <typename T = Everything>
void ExpectAll(const std::vector<Case>& cases) {
  for (const Case& c : cases) {
    const T decoded = Decoded<T>(c.json);
    const T expected = Proto<T>(c.expected);
    EXPECT_TRUE(MessageDifferencer::Equals(decoded, expected))
        << c.json << "\ngave     " << decoded.ShortDebugString() << "\nand not  "
        << expected.ShortDebugString();
  }
}

TEST(JsonDecoderTest, TextTakesNumbersAndBooleansAsTheirOwnCharacters) {
  ExpectAll({
      {R"({"text":"plain"})", "text:'plain'"},
      {R"({"text":550.0})", "text:'550.0'"},
      {R"({"text":-1.50E+3 })", "text:'-1.50E+3'"},
      {R"({"text":12345678901234567890123})", "text:'12345678901234567890123'"},
      {R"({"text":1e400})", "text:'1e400'"},
      {R"({"text":true})", "text:'true'"},
      {R"({"text":false})", "text:'false'"},
      {R"({"text":""})", "text:''"},
      {R"({"text":"a\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00"})", R"(text:'a"\\/\b\f\n\r\té😀')"},
      {R"({"text":"\u0000"})", R"(text:'\000')"},
  });
}

TEST(JsonDecoderTest, NumbersAreExactOrIllFitting) {
  ExpectAll({
      {R"({"int32":12})", "int32:12"},
      {R"({"int32":12.0})", "int32:12"},
      {R"({"int32":1e3})", "int32:1000"},
      {R"({"int32":"12"})", "int32:12"},
      {R"({"int32":-0})", "int32:0"},
      {R"({"int32":12.5})", "unknown_fields{path:'int32' json:'12.5' ill_fitting:true}"},
      {R"({"int32":2147483648})",
       "unknown_fields{path:'int32' json:'2147483648' ill_fitting:true}"},
      {R"({"int32":"abc"})", "unknown_fields{path:'int32' json:'\"abc\"' ill_fitting:true}"},
      {R"({"int32":" 12"})", "unknown_fields{path:'int32' json:'\" 12\"' ill_fitting:true}"},
      {R"({"int32":"0012"})", "unknown_fields{path:'int32' json:'\"0012\"' ill_fitting:true}"},
      {R"({"int32":""})", "unknown_fields{path:'int32' json:'\"\"' ill_fitting:true}"},
      {R"({"int32":true})", "unknown_fields{path:'int32' json:'true' ill_fitting:true}"},
      {R"({"int32":[1]})", "unknown_fields{path:'int32' json:'[1]' ill_fitting:true}"},
      {R"({"int64":9223372036854775807})", "int64:9223372036854775807"},
      {R"({"int64":-9223372036854775808})", "int64:-9223372036854775808"},
      {R"({"int64":"9007199254740993"})", "int64:9007199254740993"},
      {R"({"int64":9223372036854775808})",
       "unknown_fields{path:'int64' json:'9223372036854775808' ill_fitting:true}"},
      {R"({"uint64":18446744073709551615})", "uint64:18446744073709551615"},
      {R"({"uint64":-1})", "unknown_fields{path:'uint64' json:'-1' ill_fitting:true}"},
      {R"({"uint32":4294967295})", "uint32:4294967295"},
      {R"({"uint32":4294967296})",
       "unknown_fields{path:'uint32' json:'4294967296' ill_fitting:true}"},
      {R"({"real":0.93})", "real:0.93"},
      {R"({"real":"0.93"})", "real:0.93"},
      {R"({"real":1e400})", "unknown_fields{path:'real' json:'1e400' ill_fitting:true}"},
      {R"({"real":9007199254740993})",
       "unknown_fields{path:'real' json:'9007199254740993' ill_fitting:true}"},
      {R"({"real":9007199254740992})", "real:9007199254740992"},
      {R"({"single":16777217})", "unknown_fields{path:'single' json:'16777217' ill_fitting:true}"},
      {R"({"single":0.5})", "single:0.5"},
      {R"({"plain_number":"x"})",
       "unknown_fields{path:'plain_number' json:'\"x\"' ill_fitting:true}"},
  });
}

TEST(JsonDecoderTest, BooleansComeAsWordsToo) {
  ExpectAll({
      {R"({"flag":true})", "flag:true"},
      {R"({"flag":false})", "flag:false"},
      {R"({"flag":"True"})", "flag:true"},
      {R"({"flag":"false"})", "flag:false"},
      {R"({"flag":1})", "unknown_fields{path:'flag' json:'1' ill_fitting:true}"},
      {R"({"flag":"yes"})", "unknown_fields{path:'flag' json:'\"yes\"' ill_fitting:true}"},
      {R"({"flag":""})", "unknown_fields{path:'flag' json:'\"\"' ill_fitting:true}"},
  });
}

TEST(JsonDecoderTest, NullLeavesAFieldUnsetAndAListEmpty) {
  ExpectAll({
      {R"({"text":null,"int32":null,"leaf":null,"tags":null,"leaves":null,"labels":null,"open":null,"at":null,
           "wrapped_text":null,"raw":null,"color":null,"plain":null,"child":null,"left":null})",
       ""},
      {R"({"tags":[]})", ""},
      {R"({"leaf":{}})", "leaf{}"},
      {R"({"tags":["a",null,"b"]})",
       "tags:'a' tags:'b' unknown_fields{path:'tags[1]' json:'null' ill_fitting:true}"},
      {R"({"leaves":[null]})", "unknown_fields{path:'leaves[0]' json:'null' ill_fitting:true}"},
  });
}

TEST(JsonDecoderTest, AValueKeepsNullAndAbsentApart) {
  EXPECT_FALSE(Decoded("{}").has_any());
  EXPECT_TRUE(Decoded(R"({"any":null})").any().has_null_value());
  ExpectAll({{R"({"anys":[null,1,"x"]})",
              "anys{null_value:NULL_VALUE} anys{number_value:1} anys{string_value:'x'}"}});
}

TEST(JsonDecoderTest, UnknownFieldsGoToTheNearestMessageThatKeepsThem) {
  ExpectAll({
      {R"({"new": {"a": [1, 2.50] } ,"text":"x"})",
       R"(text:'x' unknown_fields{path:'new' json:'{"a": [1, 2.50] }'})"},
      {R"({"leaf":{"name":"n","extra":1e400}})",
       "leaf{name:'n'} unknown_fields{path:'leaf.extra' json:'1e400'}"},
      {R"({"leaves":[{},{"inner":{"x":null}}]})",
       "leaves{} leaves{inner{}} unknown_fields{path:'leaves[1].inner.x' json:'null'}"},
      {R"({"child":{"leaf":{"x":1}}})", "child{leaf{} unknown_fields{path:'leaf.x' json:'1'}}"},
      {R"({"children":{"k":{"x":1}}})",
       "children{key:'k' value{unknown_fields{path:'x' json:'1'}}}"},
      {R"({"by-number":{"5":{"x":1}}})",
       R"(by_number{key:5 value{}} unknown_fields{path:'by-number.5.x' json:'1'})"},
      {R"({"a.b":1,"":2,"c[0]":3})",
       R"(unknown_fields{path:'["a.b"]' json:'1'} unknown_fields{path:'[""]' json:'2'}
          unknown_fields{path:'["c[0]"]' json:'3'})"},
      {R"({"unknown_fields":[{"path":"x"}]})",
       R"(unknown_fields{path:'unknown_fields' json:'[{"path":"x"}]'})"},
      {R"({"n\u0061me":1,"t\u0065xt":"x"})", "text:'x' unknown_fields{path:'name' json:'1'}"},
  });
}

TEST(JsonDecoderTest, WithoutAnyMessageThatKeepsThemOnlyDriftHears) {
  RecordingDrift drift;
  DecodeOptions options;
  options.drift = &drift;
  const auto message = Decoded<testing::Forgetful>(R"({"id":"x","other":{"deep":1}})", options);
  EXPECT_FALSE(message.has_id());
  EXPECT_THAT(drift.lines(), ElementsAre("ill-fitting Forgetful id", "unknown Forgetful other"));
}

TEST(JsonDecoderTest, DriftIsTheNamesAndNeverTheValues) {
  RecordingDrift drift;
  DecodeOptions options;
  options.drift = &drift;
  Decoded(
      R"({"leaves":[{"nick_name":"Jo Secret"},{"id":"secret"}],"tags":[{}],"color":"secret","jo@secret.com":1,
              "labels":{"jo@secret.com":[],"jo_secret":[]},"open":{"jo@secret.com":9007199254740993},"text":"a","text":"b"})",
      options);
  EXPECT_THAT(
      drift.lines(),
      ElementsAre("unknown Leaf nick_name", "ill-fitting Leaf id", "ill-fitting Everything tags[]",
                  "new enum value Everything color", "unknown Everything *",
                  "ill-fitting Everything labels.*", "ill-fitting Everything labels.*",
                  "ill-fitting Everything open.*", "unknown Everything text"));
}

TEST(JsonDecoderTest, WhatTheVendorPromisesAndLeavesOutIsDrift) {
  RecordingDrift drift;
  DecodeOptions options;
  options.drift = &drift;
  Decoded<testing::Promised>(R"({"tags":null})", options);
  EXPECT_THAT(drift.lines(), ElementsAre("missing Promised id"));
}

TEST(JsonDecoderTest, OfARepeatedNameTheLastWins) {
  ExpectAll({
      {R"({"text":"a","text":"b"})", R"(text:'b' unknown_fields{path:'text' json:'"a"'})"},
      {R"({"text":"a","text":null})", R"(unknown_fields{path:'text' json:'"a"'})"},
      {R"({"tags":["a"],"tags":["b","c"]})",
       R"(tags:'b' tags:'c' unknown_fields{path:'tags' json:'["a"]'})"},
      {R"({"leaf":{"id":1,"x":2},"text":"t","leaf":{"name":"n"}})",
       R"(leaf{name:'n'} text:'t' unknown_fields{path:'leaf' json:'{"id":1,"x":2}'})"},
      {R"({"int32":"x","int32":5})", R"(int32:5 unknown_fields{path:'int32' json:'"x"'})"},
      {R"({"labels":{"a":"1","b":"2","a":"3"}})",
       R"(labels{key:'b' value:'2'} labels{key:'a' value:'3'} unknown_fields{path:'labels.a' json:'"1"'})"},
      {R"({"labels":{"a":"1","b":"2","c":"3","a":[]}})",
       R"(labels{key:'b' value:'2'} labels{key:'c' value:'3'} unknown_fields{path:'labels.a' json:'"1"'}
          unknown_fields{path:'labels.a' json:'[]' ill_fitting:true})"},
      {R"({"open":{"a":1,"a":2}})",
       R"(open{fields{key:'a' value{number_value:2}}} unknown_fields{path:'open.a' json:'1'})"},
      {R"({"left":"a","right":5})",
       R"(left:'a' unknown_fields{path:'right' json:'5' ill_fitting:true})"},
  });
}

TEST(JsonDecoderTest, OfSeveralSpellingsTheFirstThatIsNotNullWins) {
  ExpectAll({
      {R"({"course_start":"a"})", "start:'a'"},
      {R"({"course_start_date":"a"})", "start:'a'"},
      {R"({"startDate":"a"})", "start:'a'"},
      {R"({"startDate":"a","course_start":"b"})",
       R"(start:'a' unknown_fields{path:'course_start' json:'"b"'})"},
      {R"({"course_start":null,"startDate":"b"})",
       R"(start:'b' unknown_fields{path:'course_start' json:'null'})"},
      {R"({"course_start":"a","startDate":null})",
       R"(start:'a' unknown_fields{path:'startDate' json:'null'})"},
      {R"({"course_start":5,"start":"b"})", R"(start:'5' unknown_fields{path:'start' json:'"b"'})"},
  });
}

TEST(JsonDecoderTest, OneElementStandsForAListWhereDeclared) {
  ExpectAll({
      {R"({"OneOrMany":{"id":1}})", "one_or_many{id:1}"},
      {R"({"OneOrMany":[{"id":1},{"id":2}]})", "one_or_many{id:1} one_or_many{id:2}"},
      {R"({"OneOrMany":null})", ""},
      {R"({"OneOrMany":5})", "unknown_fields{path:'OneOrMany' json:'5' ill_fitting:true}"},
      {R"({"leaves":{"id":1}})",
       R"(unknown_fields{path:'leaves' json:'{"id":1}' ill_fitting:true})"},
      {R"({"tags":"a"})", R"(unknown_fields{path:'tags' json:'"a"' ill_fitting:true})"},
  });
}

TEST(JsonDecoderTest, JsonTextTakesAnythingAsItStands) {
  ExpectAll({
      {R"({"raw": {"a" : [1, 2.50]} })", R"(raw:'{"a" : [1, 2.50]}')"},
      {R"({"raw":"text"})", R"(raw:'"text"')"},
      {R"({"raw":1e400})", "raw:'1e400'"},
      {R"({"raws":[1,null,{}]})", "raws:'1' raws:'null' raws:'{}'"},
  });
}

TEST(JsonDecoderTest, EnumsAreWordsOrNumbers) {
  ExpectAll({
      {R"({"color":"COLOR_RED"})", "color:COLOR_RED"},
      {R"({"color":"dark_green"})", "color:COLOR_DARK_GREEN"},
      {R"({"color":2})", "color:COLOR_DARK_GREEN"},
      {R"({"color":"1"})", "color:COLOR_RED"},
      {R"({"color":"mauve"})", R"(unknown_fields{path:'color' json:'"mauve"' ill_fitting:true})"},
      {R"({"color":77})", "unknown_fields{path:'color' json:'77' ill_fitting:true}"},
      {R"({"color":99999999999})",
       "unknown_fields{path:'color' json:'99999999999' ill_fitting:true}"},
      {R"({"color":1.5})", "unknown_fields{path:'color' json:'1.5' ill_fitting:true}"},
      {R"({"color":""})", R"(unknown_fields{path:'color' json:'""' ill_fitting:true})"},
      {R"({"colors":["red","mauve",2]})",
       R"(colors:COLOR_RED colors:COLOR_DARK_GREEN unknown_fields{path:'colors[1]' json:'"mauve"' ill_fitting:true})"},
  });
}

TEST(JsonDecoderTest, WellKnownTypesAreWrittenAsTheirJson) {
  ExpectAll({
      {R"({"at":"2015-09-07T02:13:29.500Z"})", "at{seconds:1441592009 nanos:500000000}"},
      {R"({"at":"2015-09-07"})",
       R"(unknown_fields{path:'at' json:'"2015-09-07"' ill_fitting:true})"},
      {R"({"at":1441592009})", "unknown_fields{path:'at' json:'1441592009' ill_fitting:true}"},
      {R"({"at":""})", R"(unknown_fields{path:'at' json:'""' ill_fitting:true})"},
      {R"({"epoch_millis":1441592009500})", "epoch_millis{seconds:1441592009 nanos:500000000}"},
      {R"({"epoch_millis":"1441592009500"})", "epoch_millis{seconds:1441592009 nanos:500000000}"},
      {R"({"wrapped_text":5})", "wrapped_text{value:'5'}"},
      {R"({"wrapped_number":"5"})", "wrapped_number{value:5}"},
      {R"({"wrapped_number":"x"})",
       R"(unknown_fields{path:'wrapped_number' json:'"x"' ill_fitting:true})"},
      {R"({"wrapped_numbers":[1,"x",3]})",
       R"(wrapped_numbers{value:1} wrapped_numbers{value:3} unknown_fields{path:'wrapped_numbers[1]' json:'"x"' ill_fitting:true})"},
      {R"({"open":{"a":[true,null,"x",1.5,{}]}})",
       "open{fields{key:'a' value{list_value{values{bool_value:true} values{null_value:NULL_VALUE} "
       "values{string_value:'x'} values{number_value:1.5} values{struct_value{}}}}}}"},
      {R"({"open":[]})", "unknown_fields{path:'open' json:'[]' ill_fitting:true}"},
      {R"({"list":[1]})", "list{values{number_value:1}}"},
      {R"({"any":9007199254740993})",
       "unknown_fields{path:'any' json:'9007199254740993' ill_fitting:true}"},
      {R"({"open":{"id":9007199254740993,"n":1}})",
       "open{fields{key:'n' value{number_value:1}}} "
       "unknown_fields{path:'open.id' json:'9007199254740993' ill_fitting:true}"},
      {R"({"blob":"aGk="})", "blob:'hi'"},
      {R"({"blob":"-_-_"})", R"(blob:'\xfb\xff\xbf')"},
      {R"({"blob":"&&"})", R"(unknown_fields{path:'blob' json:'"&&"' ill_fitting:true})"},
      {R"({"by-number":{"5":{"id":1},"x":{"id":2}}})",
       R"(by_number{key:5 value{id:1}} unknown_fields{path:'by-number.x' json:'{"id":2}' ill_fitting:true})"},
      {R"({"by_flag":{"true":1,"false":2}})",
       "by_flag{key:true value:1} by_flag{key:false value:2}"},
      {R"({"any_by_name":{"a":null}})", "any_by_name{key:'a' value{null_value:NULL_VALUE}}"},
      {R"({"labels":{"a":null}})", "unknown_fields{path:'labels.a' json:'null' ill_fitting:true}"},
  });
}

TEST(JsonDecoderTest, HalfASurrogatePairIsNoTextAndIsKept) {
  ExpectAll({
      {R"({"text":"\ud800"})", R"(unknown_fields{path:'text' json:'"\\ud800"' ill_fitting:true})"},
      {R"({"\ud800":1})", R"(unknown_fields{path:'\\ud800' json:'1'})"},
  });
}

TEST(JsonDecoderTest, AWholeBodyCanBeOneField) {
  DecodeOptions leaves;
  leaves.response_field = "leaves";
  EXPECT_TRUE(MessageDifferencer::Equals(Decoded<Whole>(R"([{"id":1},{"id":2}])", leaves),
                                         Proto<Whole>("leaves{id:1} leaves{id:2}")));
  EXPECT_TRUE(MessageDifferencer::Equals(Decoded<Whole>("[]", leaves), Whole()));
  EXPECT_TRUE(MessageDifferencer::Equals(Decoded<Whole>(" null ", leaves), Whole()));
  EXPECT_TRUE(MessageDifferencer::Equals(
      Decoded<Whole>(R"([{"id":1},5])", leaves),
      Proto<Whole>("leaves{id:1} unknown_fields{path:'leaves[1]' json:'5' ill_fitting:true}")));
  DecodeOptions text;
  text.response_field = "text";
  EXPECT_EQ(Decoded<Whole>("\"Not \\u00e9nough\"", text).text(), "Not énough");
  EXPECT_EQ(Decoded<Whole>("12.50", text).text(), "12.50");
  DecodeOptions raw;
  raw.response_field = "raw";
  EXPECT_EQ(Decoded<Whole>(R"( {"detail": 1} )", raw).raw(), R"({"detail": 1})");
  DecodeOptions any;
  any.response_field = "any";
  EXPECT_EQ(Decoded<Whole>("[1,2]", any).any().list_value().values_size(), 2);
  Whole out;
  for (const std::string& json :
       {"\"a\" \"b\"", "1,2", "1]", "[1] 2", "{} {}", "{}]", "tru", "\"a"}) {
    Problem(json, raw, &out);
    Problem(json, any, &out);
  }
  DecodeOptions wrong;
  wrong.response_field = "nothing";
  EXPECT_THAT(Problem("{}", wrong, &out), HasSubstr("no field nothing"));
}

TEST(JsonDecoderTest, WhatIsNotOneCompleteJsonTextIsRefused) {
  for (const std::string& json : {"",
                                  " ",
                                  "{",
                                  "}",
                                  "{]",
                                  "{\"text\"",
                                  "{\"text\":",
                                  "{\"text\":}",
                                  "{\"text\":\"a",
                                  "{\"text\":\"a\"",
                                  "{\"text\":\"a\",}",
                                  "{\"text\":\"a\"}}",
                                  "{\"text\":\"a\"} {}",
                                  "{\"text\":\"a\"} x",
                                  "{\"text\" \"a\"}",
                                  "{\"text\":\"a\" \"int32\":1}",
                                  "{text:\"a\"}",
                                  "{'text':'a'}",
                                  "{\"tags\":[\"a\",]}",
                                  "{\"tags\":[\"a\"}",
                                  "{\"tags\":[,]}",
                                  "{\"tags\":[\"a\" \"b\"]}",
                                  "{\"leaf\":{\"id\":1}",
                                  "{\"leaf\":{]}",
                                  "{\"int32\":01}",
                                  "{\"int32\":1.}",
                                  "{\"int32\":+1}",
                                  "{\"int32\":.5}",
                                  "{\"int32\":1x}",
                                  "{\"int32\":1\"a\"}",
                                  "{\"int32\":NaN}",
                                  "{\"text\":tru}",
                                  "{\"text\":nulll}",
                                  "{\"text\":True}",
                                  "{\"text\":\"\\x\"}",
                                  "{\"text\":\"\\u12\"}",
                                  "{\"text\":\"\n\"}",
                                  "{\"\\x\":1}",
                                  "{\"unknown\":[1,}",
                                  "{\"unknown\":[}]}",
                                  "{\"unknown\":{\"a\"}}",
                                  "{\"unknown\":1\"a\"}",
                                  "{\"unknown\":tru}",
                                  "{\"unknown\":[1,]}",
                                  "{\"raw\":[1,]}",
                                  "{\"raw\":{\"a\":}}",
                                  "{\"leaves\":[{\"unknown\":\"\\x\"}]}",
                                  "{\"text\":1\f}",
                                  "{\"open\":{\"a\":tru}}",
                                  "{\"open\":{\"a\":[1,]}}",
                                  "{\"labels\":{\"a\":}}",
                                  "{\"child\":{\"child\":[1,2}}",
                                  "// x\n{}",
                                  "{/**/}",
                                  "<html></html>",
                                  "null",
                                  "true",
                                  "\"text\"",
                                  "12",
                                  "[]",
                                  "[{}]"}) {
    Everything out;
    EXPECT_EQ(DecodeJson(json, {}, &out).code(), absl::StatusCode::kInternal) << json;
  }
}

TEST(JsonDecoderTest, EveryPrefixOfABodyIsRefused) {
  const std::string json =
      R"({"text":"a\n","leaf":{"id":1,"x":[1,{"y":null}]},"tags":["a"],"open":{"a":[{}]},"labels":{"k":"v"},"n":-1.5e3})";
  Decoded(json);
  for (size_t size = 0; size < json.size(); ++size) {
    Everything out;
    EXPECT_FALSE(DecodeJson(json.substr(0, size), {}, &out).ok()) << json.substr(0, size);
  }
}

TEST(JsonDecoderTest, AnErrorNamesThePathAndNoValue) {
  EXPECT_EQ(Problem(R"({"leaves":[{},{"id":secret}]})"), "leaves[1].id is not valid JSON");
  EXPECT_EQ(Problem(R"({"labels":{"jo@secret.com":secret}})"), "labels.* is not valid JSON");
  EXPECT_EQ(Problem(R"({"labels":{"jo_secret":secret}})"), "labels.* is not valid JSON");
  EXPECT_EQ(Problem(R"({"children":{"jo_secret":{"int32":secret}}})"),
            "children.*.int32 is not valid JSON");
  EXPECT_EQ(Problem(R"({"jo@secret.com":secret})"), "* is not valid JSON");
  EXPECT_EQ(Problem(R"({"new_field":secret})"), "new_field is not valid JSON");
  EXPECT_EQ(Problem("[1]"), "the body is a list, not an object");
  EXPECT_EQ(Problem("null"), "the body is null, not an object");
  EXPECT_EQ(Problem("\"secret\""), "the body is text, not an object");
  EXPECT_EQ(Problem(""), "the body is empty");
}

TEST(JsonDecoderTest, InvalidUtf8IsRefused) {
  for (const std::string& bytes :
       {"\xff", "\xc3", "\xc0\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80"}) {
    EXPECT_EQ(Problem("{\"text\":\"" + bytes + "\"}"), "the body is not valid UTF-8");
    EXPECT_EQ(Problem("{\"unknown\":\"" + bytes + "\"}"), "the body is not valid UTF-8");
  }
  DecodeOptions text;
  text.response_field = "text";
  Whole out;
  EXPECT_EQ(Problem("\"\xff\"", text, &out), "the body is not valid UTF-8");
}

TEST(JsonDecoderTest, AByteOrderMarkIsAccepted) {
  EXPECT_EQ(Decoded("\xEF\xBB\xBF{\"text\":\"a\"}").text(), "a");
}

TEST(JsonDecoderTest, ABodyWithRoomBehindItGivesTheSame) {
  std::string json = R"({"text":"a"})";
  json.reserve(4096);
  EXPECT_EQ(Decoded(json).text(), "a");
  Everything out;
  EXPECT_TRUE(DecodeJson(std::move(json), {}, &out).ok());
  EXPECT_EQ(out.text(), "a");
}

TEST(JsonDecoderTest, TheMessageIsClearedFirst) {
  Everything out = Proto("text:'old' tags:'old'");
  EXPECT_TRUE(DecodeJson("{}", {}, &out).ok());
  EXPECT_TRUE(MessageDifferencer::Equals(out, Everything()));
}

TEST(JsonDecoderTest, SizeIsBounded) {
  DecodeOptions options;
  options.max_bytes = 10;
  Decoded(R"({"text":1})", options);
  EXPECT_EQ(Problem(R"({"text":12})", options), "the body is too large");
}

std::string Nested(const std::string& open, const std::string& inside, const std::string& close,
                   int depth) {
  std::string json;
  for (int i = 0; i < depth; ++i) json += open;
  json += inside;
  for (int i = 0; i < depth; ++i) json += close;
  return json;
}

TEST(JsonDecoderTest, DepthIsBoundedWhereverItIs) {
  DecodeOptions options;
  options.max_depth = 5;
  const auto body = [](const std::string& name, const std::string& value) {
    return "{\"" + name + "\":" + value + "}";
  };
  Decoded(Nested("{\"child\":", "{}", "}", 4), options);
  EXPECT_EQ(Problem(Nested("{\"child\":", "{}", "}", 5), options),
            "child.child.child.child.child is nested too deeply");
  for (const std::string name :
       {"any", "unknown", "raw", "text", "anys", "raws", "leaf", "labels"}) {
    Decoded(body(name, Nested("[", "", "]", 4)), options);
    EXPECT_THAT(Problem(body(name, Nested("[", "", "]", 5)), options),
                HasSubstr("is nested too deeply"))
        << name;
  }
  Decoded(body("open", Nested("{\"a\":", "{}", "}", 3)), options);
  EXPECT_THAT(Problem(body("open", Nested("{\"a\":", "{}", "}", 4)), options),
              HasSubstr("is nested too deeply"));
}

TEST(JsonDecoderTest, AMillionNestedListsAreRefused) {
  const std::string open(1'000'000, '[');
  const std::string close(1'000'000, ']');
  DecodeOptions options;
  options.response_field = "any";
  Whole out;
  EXPECT_THAT(Problem(open + close, options, &out), HasSubstr("is nested too deeply"));
  EXPECT_THAT(Problem("{\"unknown\":" + open + close + "}"), HasSubstr("is nested too deeply"));
  EXPECT_THAT(Problem(open), HasSubstr("not one complete JSON text"));
  DecodeOptions boundless = options;
  boundless.max_depth = 100'000'000;
  EXPECT_THAT(Problem(open + close, boundless, &out), HasSubstr("is nested too deeply"));
}

TEST(JsonDecoderTest, TheNumberOfValuesIsBounded) {
  DecodeOptions options;
  options.max_nodes = 4;
  Decoded(R"({"tags":["a","b"]})", options);
  for (const std::string json :
       {R"({"tags":["a","b","c"]})", R"({"unknown":["a","b","c"]})", R"({"raw":["a","b","c"]})",
        R"({"any":["a","b","c"]})", R"({"leaf":{"id":1,"name":"","x":1}})",
        R"({"labels":{"a":"","b":"","c":""}})", R"({"open":{"a":"","b":"","c":""}})"}) {
    EXPECT_THAT(Problem(json, options), HasSubstr("holds too many values")) << json;
  }
}

TEST(JsonDecoderTest, TheMemoryOfABodysMessagesIsBounded) {
  std::string many = "[";
  while (many.size() < (4u << 20)) many += "{},";
  many.back() = ']';
  DecodeOptions leaves;
  leaves.response_field = "leaves";
  Whole out;
  EXPECT_THAT(Problem(many, leaves, &out), HasSubstr("holds too many objects"));
  DecodeOptions roomy = leaves;
  roomy.max_message_bytes = 1 << 30;
  EXPECT_THAT(Problem(many, roomy, &out), HasSubstr("holds too many values"));
  DecodeOptions tight;
  tight.max_message_bytes = Everything().SpaceUsedLong();
  Decoded(R"({"tags":["a","b"]})", tight);
  EXPECT_THAT(Problem(R"({"leaf":{}})", tight), HasSubstr("holds too many objects"));
}

TEST(JsonDecoderTest, TheMemoryOfMapsAndOfValuesWithoutASchemaIsBoundedToo) {
  for (const std::string item : {"{}", "[]", "0", "null", "{\"a\":0}"}) {
    std::string list = "[" + item;
    for (int i = 1; i < 1'000; ++i) list += "," + item;
    list += "]";
    for (const std::string& json : {"{\"any\":" + list + "}", "{\"list\":" + list + "}",
                                    "{\"anys\":" + list + "}", "{\"open\":{\"x\":" + list + "}}"}) {
      DecodeOptions options;
      Decoded(json, options);
      options.max_message_bytes = Everything().SpaceUsedLong() + 16'000;
      EXPECT_THAT(Problem(json, options), HasSubstr("holds too many objects")) << item;
    }
  }
  std::string labels = R"({"labels":{"0":"")";
  for (int i = 1; i < 1'000; ++i) labels += ",\"" + std::to_string(i) + "\":\"\"";
  labels += "}}";
  DecodeOptions options;
  Decoded(labels, options);
  options.max_message_bytes = Everything().SpaceUsedLong() + 16'000;
  EXPECT_THAT(Problem(labels, options), HasSubstr("holds too many objects"));
}

TEST(JsonDecoderTest, AListThatIsPromisedIsNotTakenForAnEmptyOne) {
  testing::Promised out;
  DecodeOptions options;
  EXPECT_TRUE(DecodeJson("{}", options, &out).ok());
  options.promised_lists = true;
  EXPECT_TRUE(DecodeJson(R"({"tags":[]})", options, &out).ok());
  EXPECT_TRUE(DecodeJson(R"({"tags":null})", options, &out).ok());
  for (const std::string body : {"{}", R"({"error":"no such school"})", R"({"id":1})"}) {
    EXPECT_THAT(std::string(DecodeJson(body, options, &out).message()),
                HasSubstr("tags is missing"))
        << body;
  }
  for (const std::string body : {R"({"tags":"none"})", R"({"tags":{"0":"a"}})", R"({"tags":0})"}) {
    EXPECT_THAT(std::string(DecodeJson(body, options, &out).message()),
                HasSubstr("tags is not a list"))
        << body;
  }
}

TEST(JsonDecoderTest, AWholeBodyThatIsToBeAListIsNotTakenForAnEmptyOne) {
  DecodeOptions options;
  options.promised_lists = true;
  options.response_field = "leaves";
  EXPECT_EQ(Decoded<Whole>(R"([{"id":1}])", options).leaves_size(), 1);
  EXPECT_EQ(Decoded<Whole>("[]", options).leaves_size(), 0);
  EXPECT_EQ(Decoded<Whole>("null", options).leaves_size(), 0);
  Whole out;
  for (const std::string body : {"{}", R"({"error":"no such country"})", R"({"leaves":[{"id":1}]})",
                                 R"("none")", "0", "false"}) {
    EXPECT_EQ(Problem(body, options, &out), "the body is not a list") << body;
  }
  options.response_field = "text";
  EXPECT_EQ(Decoded<Whole>(R"("a")", options).text(), "a");
}

TEST(JsonDecoderTest, AListOfWhichNothingFitsIsNotTakenForAnEmptyOne) {
  testing::Promised out;
  DecodeOptions options;
  EXPECT_TRUE(DecodeJson(R"({"tags":[["a"]]})", options, &out).ok());
  options.promised_lists = true;
  for (const std::string body :
       {R"({"tags":[["canary"]]})", R"({"tags":[{"canary":1},null,{"canary":2}]})"}) {
    EXPECT_EQ(Problem(body, options, &out), "tags holds nothing that fits it") << body;
  }
  EXPECT_TRUE(DecodeJson(R"({"tags":[["a"],"b"]})", options, &out).ok());
  EXPECT_THAT(out.tags(), ElementsAre("b"));
  EXPECT_TRUE(DecodeJson(R"({"tags":[null]})", options, &out).ok());

  options.response_field = "leaves";
  Whole whole;
  EXPECT_EQ(Problem(R"(["canary",5])", options, &whole), "the body holds nothing that fits it");
  EXPECT_EQ(Decoded<Whole>(R"(["a",{"id":1}])", options).leaves_size(), 1);
  EXPECT_EQ(Decoded<Whole>("[null]", options).leaves_size(), 0);
}

TEST(JsonDecoderTest, AValueIsFollowedByACommaOrABracketAndNothingElse) {
  for (const std::string body : {R"({"text":"a":"b"})",
                                 R"({"text":"a":"b"}})",
                                 R"({"x":"a":"b"})",
                                 R"({"x":1:2})",
                                 R"({"x":[1]:2})",
                                 R"({"text":"a""b"})",
                                 R"({"text":"a"{}})",
                                 R"({"text":"a",})",
                                 R"({"text":"a",,"x":1})",
                                 R"({"text"})",
                                 R"({"text",1})",
                                 R"({"text":})",
                                 R"({,})",
                                 R"({:})",
                                 R"({"x":{}]})",
                                 R"({"tags":["a":"b"]})",
                                 R"({"tags":["a"}})",
                                 R"({"tags":["a",]})",
                                 R"({"tags":[,]})",
                                 R"({"tags":["a" "b"]})",
                                 R"({"labels":{"a":"b":"c"}})",
                                 R"({"labels":{"a":"b",}})",
                                 R"({"open":{"a":"b":"c"}})",
                                 R"({"list":["a":"b"]})",
                                 R"({"any":["a":"b"]})",
                                 R"({"text":"a"}})",
                                 R"({"text":"a"}{})",
                                 R"({"leaf":{"id":1}}})"}) {
    Everything out;
    EXPECT_EQ(DecodeJson(body, {}, &out).code(), absl::StatusCode::kInternal) << body;
  }
}

TEST(JsonDecoderTest, NamesAreFoundWhateverTheirOrderAndLength) {
  ExpectAll({
      {R"({"wrapped_numbers":[1],"text":"x","int64":5,"flag":true,"plain_number":7,"at":null,"real":1})",
       "wrapped_numbers{value:1} text:'x' int64:5 flag:true plain_number:7 real:1"},
      {R"({"flag":true,"int64":5,"uint64":6,"blob":"YQ==","leaf":{"inner":{"id":3},"name":"n"}})",
       "flag:true int64:5 uint64:6 blob:'a' leaf{inner{id:3} name:'n'}"},
      {R"({"tex":1,"texts":2,"text ":3,"Text":4,"wrapped_numberz":5,"a_name_of_more_than_sixteen":6})",
       R"(unknown_fields{path:'tex' json:'1'} unknown_fields{path:'texts' json:'2'}
          unknown_fields{path:'text ' json:'3'} unknown_fields{path:'Text' json:'4'}
          unknown_fields{path:'wrapped_numberz' json:'5'}
          unknown_fields{path:'a_name_of_more_than_sixteen' json:'6'})"},
      {"{ \"text\" \n:\t\"x\" , \"int64\" : 5 , \"leaf\" : { } }", "text:'x' int64:5 leaf{}"},
  });
}

TEST(JsonDecoderTest, WhatOneObjectHeldIsNotTakenForTheNextOnes) {
  ExpectAll({
      {R"({"leaves":[{"id":1,"name":"a"},{"id":2},{"name":"b"},{}],"leaf":{"id":3}})",
       "leaves{id:1 name:'a'} leaves{id:2} leaves{name:'b'} leaves{} leaf{id:3}"},
      {R"({"leaf":{"id":1,"inner":{"id":2,"inner":{"id":3}},"id":4}})",
       "leaf{id:4 inner{id:2 inner{id:3}}} unknown_fields{path:'leaf.id' json:'1'}"},
      {R"({"text":"a","child":{"text":"b","child":{"text":"c"},"text":"d"},"text":"e"})",
       R"(text:'e' child{text:'d' child{text:'c'} unknown_fields{path:'text' json:'"b"'}}
          unknown_fields{path:'text' json:'"a"'})"},
  });
}

TEST(JsonDecoderTest, AMegabyteOfDigitsIsJustANumber) {
  const std::string digits(1 << 20, '7');
  EXPECT_EQ(Decoded("{\"text\":" + digits + "}").text(), digits);
  for (const std::string name : {"int64", "uint64", "real", "any", "color"}) {
    const Everything out = Decoded("{\"" + name + "\":" + digits + "}");
    ASSERT_EQ(out.unknown_fields_size(), 1) << name;
    EXPECT_EQ(out.unknown_fields(0).json(), digits);
    EXPECT_TRUE(out.unknown_fields(0).ill_fitting());
  }
}

TEST(JsonDecoderTest, ALongKeyCannotMultiplyWhatIsKept) {
  std::string json = "{\"by-number\":{},\"open\":{\"" + std::string(1 << 20, 'k') + "\":[";
  for (int i = 0; i < 20'000; ++i) json += "9007199254740993,";
  json.back() = ']';
  EXPECT_THAT(Problem(json + "}}"), HasSubstr("holds too much outside its schema"));
}

TEST(JsonDecoderTest, RepeatedNamesCostNoMoreThanTheirLength) {
  std::string json = "{";
  for (int i = 0; i < 60'000; ++i) json += R"("text":1,"int32":"x",)";
  json += R"("labels":{)";
  for (int i = 0; i < 30'000; ++i) json += R"("a":"","b":[],)";
  json.back() = '}';
  const Everything out = Decoded(json + "}");
  EXPECT_EQ(out.text(), "1");
  EXPECT_EQ(out.labels_size(), 1);
}

TEST(JsonDecoderTest, ALargeBodyLeavesTheNextOneUntouched) {
  const std::string large = "{\"text\":\"" + std::string(2 << 20, 'x') + "\"}";
  EXPECT_EQ(Decoded(large).text().size(), 2u << 20);
  EXPECT_EQ(Decoded(R"({"text":"a"})").text(), "a");
}

}  // namespace
}  // namespace edugate::codec
