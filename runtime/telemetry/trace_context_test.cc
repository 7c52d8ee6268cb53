#include "runtime/telemetry/trace_context.h"

#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"

namespace edugate::telemetry {
namespace {

constexpr char kParent[] = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

TEST(TraceparentTest, IsReadAndWrittenBack) {
  const auto read = ParseTraceparent(kParent);
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(Hex(read->trace_id), "4bf92f3577b34da6a3ce929d0e0e4736");
  EXPECT_EQ(Hex(read->parent_id), "00f067aa0ba902b7");
  EXPECT_TRUE(read->sampled);
  EXPECT_EQ(FormatTraceparent(read->trace_id, read->parent_id, read->sampled), kParent);
}

TEST(TraceparentTest, OnlyTheSampledBitOfTheFlagsIsRead) {
  EXPECT_FALSE(
      ParseTraceparent("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-02")->sampled);
  EXPECT_TRUE(ParseTraceparent("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-ff")->sampled);
}

TEST(TraceparentTest, AVersionToComeIsReadAsFarAsItIsKnown) {
  EXPECT_TRUE(ParseTraceparent("cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"));
  EXPECT_TRUE(ParseTraceparent("cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more"));
  EXPECT_FALSE(ParseTraceparent("cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01more"));
}

TEST(TraceparentTest, AnythingElseIsNone) {
  for (const char* text : {
           "",
           "00",
           "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0",
           "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-",
           "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more",
           "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
           "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
           "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
           "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
           "00-4bf92f3577b34da6a3ce929d0e0e473g-00f067aa0ba902b7-01",
           "00_4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
           " 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
           "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01 ",
       }) {
    EXPECT_FALSE(ParseTraceparent(text).has_value()) << text;
  }
}

TEST(TracestateTest, TheRecommendationsExamplesPass) {
  EXPECT_TRUE(IsTracestate("rojo=00f067aa0ba902b7"));
  EXPECT_TRUE(IsTracestate("rojo=00f067aa0ba902b7,congo=t61rcWkgMzE"));
  EXPECT_TRUE(IsTracestate("congo=ucfJifl5GOE,rojo=00f067aa0ba902b7"));
  EXPECT_TRUE(IsTracestate("fw529a3039@dt=FfFfFfFf"));
  EXPECT_TRUE(IsTracestate("1tenant@dt=x"));
  EXPECT_TRUE(IsTracestate("a=1, b=2 ,\tc=3,,"));
  EXPECT_TRUE(IsTracestate(""));
}

TEST(TracestateTest, WhatItsGrammarForbidsFails) {
  EXPECT_FALSE(IsTracestate("foo"));
  EXPECT_FALSE(IsTracestate("foo="));
  EXPECT_FALSE(IsTracestate("=1"));
  EXPECT_FALSE(IsTracestate("Foo=1"));
  EXPECT_FALSE(IsTracestate("1foo=1"));
  EXPECT_FALSE(IsTracestate("foo@=1"));
  EXPECT_FALSE(IsTracestate("@foo=1"));
  EXPECT_FALSE(IsTracestate("foo@bar@baz=1"));
  EXPECT_FALSE(IsTracestate("foo=bar=baz"));
  EXPECT_FALSE(IsTracestate("foo=1,foo=2"));
  EXPECT_FALSE(IsTracestate("foo=\x01"));
  EXPECT_FALSE(IsTracestate("foo=\xc3\xa9"));
  EXPECT_FALSE(IsTracestate(absl::StrCat(std::string(257, 'a'), "=1")));
  EXPECT_FALSE(IsTracestate(absl::StrCat("a=", std::string(511, 'x'))));
  std::string many;
  for (int i = 0; i < 33; ++i) absl::StrAppend(&many, i > 0 ? "," : "", "k", i, "=1");
  EXPECT_FALSE(IsTracestate(many));
}

TEST(TracePlaceTest, ACallersTraceIsGoneOnWith) {
  const auto place = PlaceOf(kParent, "rojo=1", 0, true);
  EXPECT_EQ(Hex(place.trace_id), "4bf92f3577b34da6a3ce929d0e0e4736");
  EXPECT_EQ(Hex(place.parent_id), "00f067aa0ba902b7");
  EXPECT_FALSE(IsNone(place.span_id));
  EXPECT_NE(place.span_id, place.parent_id);
  EXPECT_TRUE(place.sampled) << "the caller decides";
  EXPECT_EQ(place.state, "rojo=1");
  const async::SpanId attempt = NewSpanId();
  EXPECT_EQ(OutgoingTraceparent(place, attempt),
            absl::StrCat("00-4bf92f3577b34da6a3ce929d0e0e4736-", Hex(attempt), "-01"));
}

TEST(TracePlaceTest, WithoutSpansOfItsOwnACallersPlaceIsPassedOnAsItIs) {
  const auto place = PlaceOf(kParent, "", 1, false);
  EXPECT_EQ(OutgoingTraceparent(place, NewSpanId()), kParent);
}

TEST(TracePlaceTest, WithoutACallersTraceThereIsANewOneAndNothingIsSentWithoutSpans) {
  const auto place = PlaceOf("", "rojo=1", 1, false);
  EXPECT_FALSE(IsNone(place.trace_id));
  EXPECT_TRUE(IsNone(place.parent_id));
  EXPECT_EQ(place.state, "") << "a tracestate means nothing without its traceparent";
  EXPECT_FALSE(place.sampled);
  EXPECT_EQ(OutgoingTraceparent(place, NewSpanId()), "");
  EXPECT_TRUE(PlaceOf("", "", 1, true).sampled);
  EXPECT_FALSE(PlaceOf("", "", 0, true).sampled);
  EXPECT_NE(PlaceOf("", "", 0, true).trace_id, place.trace_id);
}

TEST(TracePlaceTest, ABadTracestateIsLeftOutAndTheTraceGoesOn) {
  const auto place = PlaceOf(kParent, "Bad", 0, true);
  EXPECT_EQ(place.state, "");
  EXPECT_EQ(Hex(place.trace_id), "4bf92f3577b34da6a3ce929d0e0e4736");
}

TEST(SamplingTest, TakesItsShareOfTheIds) {
  int sampled = 0;
  for (int i = 0; i < 20000; ++i) {
    if (Sampled(NewTraceId(), 0.25)) ++sampled;
  }
  EXPECT_GT(sampled, 4500);
  EXPECT_LT(sampled, 5500);
  EXPECT_FALSE(Sampled(NewTraceId(), 0));
  EXPECT_TRUE(Sampled(NewTraceId(), 1));
}

}  // namespace
}  // namespace edugate::telemetry
