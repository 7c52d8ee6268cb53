#include "runtime/codec/decoder.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "runtime/codec/testdata/codec_test.pb.h"

namespace edugate::codec {
namespace {

using testing::Leaf;

TEST(DecoderTest, TheContentTypeDecides) {
  for (absl::string_view type : {"application/json", "Application/JSON; charset=utf-8", "text/json",
                                 "application/hal+json", "application/problem+json;x=y", ""}) {
    Leaf leaf;
    EXPECT_TRUE(Decode(type, R"({"name":"a"})", {}, &leaf).ok()) << type;
    EXPECT_EQ(leaf.name(), "a");
  }
  for (absl::string_view type :
       {"application/xml", "text/xml; charset=utf-8", "application/atom+xml", " Application/XML ",
        "TEXT/XML", "a/B+XML", ""}) {
    Leaf leaf;
    EXPECT_TRUE(Decode(type, "<root><name>a</name></root>", {}, &leaf).ok()) << type;
    EXPECT_EQ(leaf.name(), "a");
  }
}

TEST(DecoderTest, JsonSaidToBeXmlIsNotRead) {
  Leaf leaf;
  EXPECT_FALSE(Decode("application/xml", R"({"name":"a"})", {}, &leaf).ok());
  EXPECT_FALSE(Decode("application/json", "<root><name>a</name></root>", {}, &leaf).ok());
}

TEST(DecoderTest, WhatIsNeitherIsNamedByItsType) {
  const std::pair<absl::string_view, absl::string_view> kCases[] = {
      {"text/html; charset=utf-8", "the body is text/html, not JSON or XML"},
      {"Text/HTML", "the body is text/html, not JSON or XML"},
      {"Application/XHTML+XML", "the body is application/xhtml+xml, not JSON or XML"},
      {"image/SVG+xml", "the body is image/svg+xml, not JSON or XML"},
      {"text/csv", "the body is text/csv, not JSON or XML"},
      {"application/zip", "the body is application/zip, not JSON or XML"},
      {"application/xhtml+xml", "the body is application/xhtml+xml, not JSON or XML"},
      {"application/x-ndjson", "the body is application/x-ndjson, not JSON or XML"},
      {"secret token=\"x\"", "the body is a malformed type, not JSON or XML"},
  };
  for (const auto& [type, message] : kCases) {
    Leaf leaf;
    const absl::Status status = Decode(type, "<p>secret</p>", {}, &leaf);
    EXPECT_EQ(status.code(), absl::StatusCode::kInternal);
    EXPECT_EQ(status.message(), message);
  }
}

TEST(DecoderTest, WithoutATypeTheFirstBytesDecide) {
  EXPECT_EQ(FormatOf("", " \n{}"), BodyFormat::kJson);
  EXPECT_EQ(FormatOf("", "[]"), BodyFormat::kJson);
  EXPECT_EQ(FormatOf("", "\xEF\xBB\xBF{}"), BodyFormat::kJson);
  EXPECT_EQ(FormatOf("", "<?xml version='1.0'?><root/>"), BodyFormat::kXml);
  EXPECT_EQ(FormatOf("", "<root/>"), BodyFormat::kXml);
  EXPECT_EQ(FormatOf("", "<!DOCTYPE HTML><p>"), BodyFormat::kOther);
  EXPECT_EQ(FormatOf("", "<HTML>"), BodyFormat::kOther);
  EXPECT_EQ(FormatOf("", "PK\x03\x04"), BodyFormat::kOther);
  EXPECT_EQ(FormatOf("", "a,b\n1,2"), BodyFormat::kOther);
  EXPECT_EQ(FormatOf("", ""), BodyFormat::kOther);
  EXPECT_EQ(FormatOf("; charset=utf-8", "{}"), BodyFormat::kJson);
}

TEST(DecoderTest, AnEmptyBodyIsSaidToBeEmpty) {
  for (absl::string_view type : {"", "application/json", "application/xml", "text/html"}) {
    Leaf leaf;
    leaf.set_name("old");
    EXPECT_EQ(Decode(type, "", {}, &leaf).message(), "the body is empty") << type;
    EXPECT_FALSE(leaf.has_name());
  }
}

}  // namespace
}  // namespace edugate::codec
