#include "runtime/codec/xml_decoder.h"

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
using testing::Whole;

template <typename T = Everything>
T Proto(const std::string& text) {
  T message;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &message)) << text;
  return message;
}

template <typename T = Everything>
T Decoded(const std::string& xml, DecodeOptions options = {}) {
  T message;
  const absl::Status status = DecodeXml(xml, options, &message);
  EXPECT_TRUE(status.ok()) << status << " for " << xml.substr(0, 200);
  return message;
}

std::string Problem(const std::string& xml, DecodeOptions options = {}, Message* out = nullptr) {
  Everything everything;
  const absl::Status status = DecodeXml(xml, options, out != nullptr ? out : &everything);
  EXPECT_EQ(status.code(), absl::StatusCode::kInternal) << xml.substr(0, 200);
  return std::string(status.message());
}

struct Case {
  std::string xml;  // inside <root>
  std::string expected;
};

void ExpectAll(const std::vector<Case>& cases) {
  for (const Case& c : cases) {
    const Everything decoded =
        Decoded("<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<root>" + c.xml + "</root>");
    const Everything expected = Proto(c.expected);
    EXPECT_TRUE(MessageDifferencer::Equals(decoded, expected))
        << c.xml << "\ngave     " << decoded.ShortDebugString() << "\nand not  "
        << expected.ShortDebugString();
  }
}

TEST(XmlDecoderTest, TypesComeFromTheSchema) {
  ExpectAll({
      {"<flag>True</flag>", "flag:true"},
      {"<flag>False</flag>", "flag:false"},
      {"<text>True</text>", "text:'True'"},
      {"<text>550.0</text>", "text:'550.0'"},
      {"<int64>12345678901234567</int64>", "int64:12345678901234567"},
      {"<int32> 5\n</int32>", "int32:5"},
      {"<text> 5\n</text>", "text:' 5\\n'"},
      {"<text> </text>", "text:' '"},
      {"<real>1e+22</real>", "real:1e22"},
      {"<int32>abc</int32>", R"(unknown_fields{path:'int32' json:'"abc"' ill_fitting:true})"},
      {"<int32>12.5</int32>", R"(unknown_fields{path:'int32' json:'"12.5"' ill_fitting:true})"},
      {"<color>red</color>", "color:COLOR_RED"},
      {"<at>2015-09-07T02:13:29Z</at>", "at{seconds:1441592009}"},
      {"<leaf><id>1</id></leaf>", "leaf{id:1}"},
      {"<leaf>text</leaf>", R"(unknown_fields{path:'leaf' json:'"text"' ill_fitting:true})"},
      {"<text><b>x</b></text>", R"(unknown_fields{path:'text' json:'{"b":"x"}' ill_fitting:true})"},
      {"<labels><a>1</a><b></b></labels>", "labels{key:'a' value:'1'} labels{key:'b' value:''}"},
      {"<any><a>1</a></any>", "any{struct_value{fields{key:'a' value{string_value:'1'}}}}"},
      {"<raw><a><list-item>1</list-item></a></raw>", R"(raw:'{"a":["1"]}')"},
      {"<wrapped_number>5</wrapped_number>", "wrapped_number{value:5}"},
      {"<course_start_date>x</course_start_date>", "start:'x'"},
  });
}

TEST(XmlDecoderTest, EmptyElementsAreNothing) {
  ExpectAll({
      {"<text></text><int32></int32><flag/><leaf></leaf><tags></tags><leaves></leaves><labels></"
       "labels><at></at>"
       "<open></open><raw></raw><color></color><plain></plain><wrapped_text></wrapped_text><blob></"
       "blob>",
       ""},
      {"<tags><list-item></list-item></tags>", "tags:''"},
      {"<leaves><list-item></list-item></leaves>", "leaves{}"},
      {"<numbers><list-item></list-item></numbers>",
       "unknown_fields{path:'numbers[0]' json:'null' ill_fitting:true}"},
      {"", ""},
  });
}

TEST(XmlDecoderTest, AnElementOfWhiteSpaceIsEmptyUnlessItIsText) {
  ExpectAll({
      {"<int32> </int32><flag>\n</flag><leaf>\n  </leaf><tags>\n</tags><leaves>\t</leaves>"
       "<labels> </labels><at> </at><open> </open><color> </color><blob> </blob>"
       "<wrapped_number> </wrapped_number><OneOrMany>\n</OneOrMany>",
       ""},
      {"<leaves><list-item>\n</list-item></leaves>", "leaves{}"},
      {"<text> </text><wrapped_text> </wrapped_text><any> </any>",
       "text:' ' wrapped_text{value:' '} any{string_value:' '}"},
      {"<tags><list-item> </list-item></tags>", "tags:' '"},
  });
}

TEST(XmlDecoderTest, ListsAreListsAlsoWithOneElement) {
  ExpectAll({
      {"<tags><list-item>a</list-item></tags>", "tags:'a'"},
      {"<tags><list-item>a</list-item><list-item>b</list-item></tags>", "tags:'a' tags:'b'"},
      {"<leaves><list-item><id>1</id></list-item></leaves>", "leaves{id:1}"},
      {"<leaves>\n  <list-item>\n    <id>1</id>\n  </list-item>\n</leaves>", "leaves{id:1}"},
      {"<OneOrMany><id>1</id></OneOrMany>", "one_or_many{id:1}"},
      {"<leaves><id>1</id></leaves>",
       R"(unknown_fields{path:'leaves' json:'{"id":"1"}' ill_fitting:true})"},
      {"<leaf><list-item><id>1</id></list-item></leaf>",
       R"(unknown_fields{path:'leaf' json:'[{"id":"1"}]' ill_fitting:true})"},
  });
}

TEST(XmlDecoderTest, NothingIsDroppedUnseen) {
  ExpectAll({
      {"<new>5</new>", R"(unknown_fields{path:'new' json:'"5"'})"},
      {"<new></new>", R"(unknown_fields{path:'new' json:'""'})"},
      {"<new><a>1</a><b><list-item>x</list-item></b></new>",
       R"(unknown_fields{path:'new' json:'{"a":"1","b":["x"]}'})"},
      {"<leaf><x>1</x></leaf>", R"(leaf{} unknown_fields{path:'leaf.x' json:'"1"'})"},
      {"<text>a</text><text>b</text>", R"(text:'b' unknown_fields{path:'text' json:'"a"'})"},
      {"<text lang=\"en\">a</text>", R"(text:'a' unknown_fields{path:'text@lang' json:'"en"'})"},
      {"<tags><list-item n='1'>a</list-item></tags>",
       R"(tags:'a' unknown_fields{path:'list-item@n' json:'"1"'})"},
      {"<leaf><id>1</id>loose</leaf>",
       R"(leaf{id:1} unknown_fields{path:'leaf.#text' json:'"loose"'})"},
      {"<tags>loose<list-item>a</list-item></tags>",
       R"(tags:'a' unknown_fields{path:'tags#text' json:'"loose"'})"},
      {"<new>loose<list-item>a</list-item></new>",
       R"(unknown_fields{path:'new' json:'["a"]'} unknown_fields{path:'new#text' json:'"loose"'})"},
      {"<labels>loose<a n='1'>x</a></labels>",
       R"(labels{key:'a' value:'x'} unknown_fields{path:'a@n' json:'"1"'}
          unknown_fields{path:'labels#text' json:'"loose"'})"},
  });
  EXPECT_EQ(Decoded("<root xmlns='urn:x'><text>a</text></root>").unknown_fields(0).path(),
            "root@xmlns");
}

TEST(XmlDecoderTest, TextIsUnescapedAndItsLineEndsFolded) {
  ExpectAll({
      {"<text>&lt;p&gt;a &amp;amp; b&lt;/p&gt;</text>", "text:'<p>a &amp; b</p>'"},
      {"<text>&quot;&apos;&#233;&#x1F600;</text>", "text:'\"\\'é😀'"},
      {"<text>a\r\nb\rc\nd</text>", "text:'a\\nb\\nc\\nd'"},
      {"<text><![CDATA[<p>&amp;</p>]]></text>", "text:'<p>&amp;</p>'"},
      {"<text>a<!-- no --><![CDATA[b]]>c</text>", "text:'abc'"},
      {"<text>\xF0\x9F\x98\x80</text>", "text:'😀'"},
  });
}

TEST(XmlDecoderTest, AWholeBodyCanBeOneField) {
  DecodeOptions leaves;
  leaves.response_field = "leaves";
  EXPECT_TRUE(MessageDifferencer::Equals(
      Decoded<Whole>("<root><list-item><id>1</id></list-item></root>", leaves),
      Proto<Whole>("leaves{id:1}")));
  EXPECT_TRUE(MessageDifferencer::Equals(Decoded<Whole>("<root></root>", leaves), Whole()));
  DecodeOptions text;
  text.response_field = "text";
  EXPECT_EQ(Decoded<Whole>("<root>message</root>", text).text(), "message");
  EXPECT_EQ(Problem("<root><list-item>1</list-item></root>"), "the body is a list, not an object");
  EXPECT_EQ(Problem("<root>text</root>"), "the body is text, not an object");
}

TEST(XmlDecoderTest, DeclarationsAndEntitiesAreRefused) {
  const std::string bomb =
      "<?xml version=\"1.0\"?><!DOCTYPE lolz [<!ENTITY lol \"lol\"><!ENTITY lol2 "
      "\"&lol;&lol;&lol;\">]>"
      "<root><text>&lol2;</text></root>";
  EXPECT_EQ(Problem(bomb), "the body holds a DOCTYPE or another declaration");
  EXPECT_EQ(Problem("<!DOCTYPE r SYSTEM \"file:///etc/passwd\"><root/>"),
            "the body holds a DOCTYPE or another declaration");
  EXPECT_EQ(Problem("<!doctype html><html></html>"),
            "the body holds a DOCTYPE or another declaration");
  EXPECT_EQ(Problem("<root><!ENTITY x \"y\"></root>"),
            "the body holds a DOCTYPE or another declaration");
  EXPECT_EQ(Problem("<root><?php echo 1 ?></root>"), "the body holds a processing instruction");
  EXPECT_EQ(Problem("<?xml-stylesheet href='x'?><root/>"),
            "the body holds a processing instruction");
  EXPECT_EQ(Problem("<root/><?xml version='1.0'?>"), "the body holds a processing instruction");
  for (const std::string text : {"&lol;", "&nbsp;", "&", "&;", "&#;", "&#x;", "&#0;", "&#xD800;",
                                 "&#x110000;", "&#1;", "& amp;", "&AMP;", "&#99999999999;"}) {
    EXPECT_EQ(Problem("<root><text>" + text + "</text></root>"),
              "the body holds an entity other than XML's own")
        << text;
    EXPECT_EQ(Problem("<root><text a='" + text + "'/></root>"),
              "the body holds an entity other than XML's own")
        << text;
  }
}

TEST(XmlDecoderTest, WhatIsNotOneCompleteDocumentIsRefused) {
  for (const std::string xml : {"",
                                " ",
                                "text",
                                "<",
                                "<root",
                                "<root>",
                                "<root><text>a</root>",
                                "<root><text></txet></root>",
                                "</root>",
                                "<root></root></root>",
                                "<root/><root/>",
                                "<root></root>x",
                                "x<root></root>",
                                "<root><has space>1</has space></root>",
                                "<root><!-- </root>",
                                "<root><![CDATA[ </root>",
                                "<root a=\"1></root>",
                                "<root a=\"<\"></root>",
                                "<root><1/></root>",
                                "<![CDATA[x]]><root/>",
                                "{}",
                                "<root><a></root></a>",
                                "<?xml version='1.0'",
                                "<root>\x01</root>",
                                "<root>\xEF\xBF\xBF</root>",
                                "<root>\xff</root>",
                                "<root <text>a</text></root>"}) {
    Everything out;
    EXPECT_EQ(DecodeXml(xml, {}, &out).code(), absl::StatusCode::kInternal) << xml;
  }
}

TEST(XmlDecoderTest, EveryPrefixOfADocumentIsRefused) {
  const std::string xml =
      "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<root><text "
      "a='1'>x&amp;y</text><tags><list-item>a</list-item></tags></root>";
  Decoded(xml);
  for (size_t size = 0; size < xml.size(); ++size) {
    Everything out;
    EXPECT_FALSE(DecodeXml(xml.substr(0, size), {}, &out).ok()) << xml.substr(0, size);
  }
}

TEST(XmlDecoderTest, OnlyUtf8IsRead) {
  EXPECT_EQ(Decoded("\xEF\xBB\xBF<root><text>é</text></root>").text(), "é");
  EXPECT_EQ(Decoded("<?xml version='1.0' encoding='UTF-8'?><root><text>é</text></root>").text(),
            "é");
  EXPECT_EQ(
      Decoded("<?xml version='1.0' encoding='ISO-8859-1'?><root><text>e</text></root>").text(),
      "e");
  EXPECT_EQ(Problem("<?xml version='1.0' encoding='ISO-8859-1'?><root><text>é</text></root>"),
            "the body declares an encoding other than UTF-8");
  EXPECT_EQ(Problem("<root><text>\xc3</text></root>"), "the body is not valid UTF-8");
}

TEST(XmlDecoderTest, BoundsHoldBeforeTheDocumentIsBuilt) {
  DecodeOptions options;
  options.max_bytes = 20;
  EXPECT_EQ(Problem("<root><text>a</text></root>", options), "the body is too large");
  options = {};
  options.max_nodes = 3;
  Decoded("<root><tags><list-item>a</list-item></tags></root>", options);
  EXPECT_THAT(Problem("<root><tags><list-item>a</list-item><list-item/></tags></root>", options),
              HasSubstr("holds too many values"));
  EXPECT_THAT(Problem("<root a='1' b='2' c='3'></root>", options),
              HasSubstr("holds too many values"));
  EXPECT_THAT(Problem("<root><!----><!----><!----></root>", options),
              HasSubstr("holds too many values"));
  std::string deep;
  for (int i = 0; i < 1'000'000; ++i) deep += "<a>";
  EXPECT_THAT(Problem("<root>" + deep), HasSubstr("is nested too deeply"));
  std::string close;
  for (int i = 0; i < 1'000'000; ++i) close += "</a>";
  EXPECT_THAT(Problem("<root>" + deep + close + "</root>"), HasSubstr("is nested too deeply"));
}

TEST(XmlDecoderTest, ALongNameIsNotRepeatedForEachAttributeWithoutEnd) {
  const auto body = [](size_t name, int attributes) {
    std::string xml = "<root><" + std::string(name, 'n');
    for (int i = 0; i < attributes; ++i) xml += " a" + std::to_string(i) + "='1'";
    return xml + "/></root>";
  };
  EXPECT_EQ(Decoded(body(1'000, 200)).unknown_fields_size(), 201);
  EXPECT_EQ(Problem(body(100'000, 200)), "the body holds too much outside its schema");
  EXPECT_EQ(Problem(body(4'000'000, 190'000)), "the body holds too much outside its schema");
}

TEST(XmlDecoderTest, DepthIsCountedAsInJson) {
  DecodeOptions options;
  options.max_depth = 3;
  Decoded("<root><child><child><text>a</text></child></child></root>", options);
  EXPECT_THAT(
      Problem("<root><child><child><child><text>a</text></child></child></child></root>", options),
      HasSubstr("is nested too deeply"));
}

TEST(XmlDecoderTest, APromisedListMayBeEmptyAndNotMissing) {
  DecodeOptions options;
  options.promised_lists = true;
  testing::Promised out;
  for (const std::string body :
       {"<root><tags></tags></root>", "<root><tags/></root>", "<root><tags>\n</tags></root>",
        "<root><tags><list-item>a</list-item></tags></root>",
        "<root><tags><list-item>a</list-item><list-item>b</list-item></tags></root>"}) {
    EXPECT_TRUE(DecodeXml(body, options, &out).ok()) << body;
  }
  EXPECT_EQ(out.tags_size(), 2);
  EXPECT_THAT(std::string(DecodeXml("<root><error>no</error></root>", options, &out).message()),
              HasSubstr("tags is missing"));
  options.response_field = "leaves";
  Whole whole;
  EXPECT_EQ(Problem("<root><error>no</error></root>", options, &whole), "the body is not a list");
  EXPECT_EQ(Decoded<Whole>("<root/>", options).leaves_size(), 0);
}

TEST(XmlDecoderTest, DriftIsHeardAsFromJson) {
  testing::RecordingDrift drift;
  DecodeOptions options;
  options.drift = &drift;
  Decoded("<root><leaf><id>secret</id><nick_name>x</nick_name></leaf><color>secret</color></root>",
          options);
  EXPECT_THAT(drift.lines(), ElementsAre("ill-fitting Leaf id", "unknown Leaf nick_name",
                                         "new enum value Everything color"));
}

}  // namespace
}  // namespace edugate::codec
