#include "runtime/telemetry/span_exporter.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "runtime/async/test_loop.h"
#include "runtime/http/fake_http_client.h"
#include "runtime/telemetry/trace_context.h"

namespace edugate::telemetry {
namespace {

constexpr char kUrl[] = "http://collector:4318/v1/traces";

std::size_t SpansIn(const http::SeenRequest& request) {
  const auto json = nlohmann::json::parse(request.body);
  return json["resourceSpans"][0]["scopeSpans"][0]["spans"].size();
}

class SpanExporterTest : public ::testing::Test {
 protected:
  SpanExporterTest() {
    options_.endpoint = kUrl;
    options_.resource.service_name = "edugate";
    options_.max_batch = 4;
    options_.max_queue = 10;
    options_.random = [] { return 0.5; };
  }
  void TearDown() override {
    call_.Cancel();
    loop_.RunUntilIdle();
  }

  void Start() {
    exporter_.emplace(options_, loop_, http_);
    loop_.Spawn(exporter_->Run(call_));
  }
  void Offer(int count) {
    for (int i = 0; i < count; ++i) {
      Span span;
      span.trace_id = NewTraceId();
      span.span_id = NewSpanId();
      span.name = "s";
      exporter_->Offer(std::move(span));
    }
  }
  http::Expectation& Expect(http::Exchange exchange) {
    return http_.Expect("POST", kUrl, std::move(exchange));
  }
  static http::Exchange Later(int status, const char* retry_after) {
    http::Exchange exchange = http::Answer(status, "");
    exchange.response.headers.push_back({"Retry-After", retry_after});
    return exchange;
  }

  SpanExporterOptions options_;
  http::FakeHttpClient http_;
  async::TestLoop loop_;
  async::CallContext call_{loop_, async::kNever};
  std::optional<SpanExporter> exporter_;
};

TEST_F(SpanExporterTest, SendsAFullBatchAtOnceAndTheRestInTime) {
  Start();
  Expect(http::Answer(200, "{}"));
  Offer(4);
  loop_.RunReady();
  ASSERT_EQ(http_.requests().size(), 1u);
  EXPECT_EQ(SpansIn(http_.requests()[0]), 4u);
  EXPECT_EQ(http_.requests()[0].header("Content-Type"), "application/json");
  Offer(1);
  loop_.RunReady();
  EXPECT_EQ(http_.requests().size(), 1u);
  Expect(http::Answer(200, "{}"));
  loop_.Advance(options_.max_wait);
  EXPECT_EQ(http_.requests().size(), 2u);
  EXPECT_EQ(exporter_->counts().exported, 5);
}

TEST_F(SpanExporterTest, ALongQueueGoesInSeveralBatches) {
  Start();
  for (int i = 0; i < 3; ++i) Expect(http::Answer(200, "{}"));
  Offer(10);
  loop_.Advance(options_.max_wait);
  ASSERT_EQ(http_.requests().size(), 3u);
  EXPECT_EQ(SpansIn(http_.requests()[0]), 4u);
  EXPECT_EQ(SpansIn(http_.requests()[2]), 2u);
}

TEST_F(SpanExporterTest, DropsAndCountsWhatItHasNoRoomFor) {
  Start();
  Expect(http::Answer(200, "{}")).delay = absl::Seconds(5);
  Offer(4);
  loop_.RunReady();
  Offer(13);
  EXPECT_EQ(exporter_->counts().dropped, 3);
  EXPECT_EQ(exporter_->queued(), 10u);
  for (int i = 0; i < 3; ++i) Expect(http::Answer(200, "{}"));
  loop_.Advance(absl::Seconds(10));
  EXPECT_EQ(exporter_->counts().exported, 14);
}

TEST_F(SpanExporterTest, TriesAgainWhenTheCollectorIsBusyAndWaitsAsItAsks) {
  Start();
  Expect(http::Answer(503, ""));
  Offer(4);
  loop_.RunReady();
  EXPECT_EQ(http_.requests().size(), 1u);
  Expect(Later(429, "7"));
  loop_.Advance(absl::Milliseconds(500));  // Half of the first second, as `random` says.
  EXPECT_EQ(http_.requests().size(), 2u);
  loop_.Advance(absl::Milliseconds(6999));
  EXPECT_EQ(http_.requests().size(), 2u);
  Expect(http::Answer(200, "{}"));
  loop_.Advance(absl::Milliseconds(1));
  EXPECT_EQ(http_.requests().size(), 3u);
  EXPECT_EQ(exporter_->counts().exported, 4);
  EXPECT_EQ(http_.requests()[0].body, http_.requests()[2].body);
}

TEST_F(SpanExporterTest, TriesAgainWithoutAnAnswerAndGivesUpInTheEnd) {
  Start();
  for (int i = 0; i < options_.max_attempts; ++i) {
    Expect(http::NoAnswer(http::Failure::kConnect, false));
  }
  Offer(4);
  loop_.Advance(absl::Minutes(2));
  EXPECT_EQ(http_.left(), 0u);
  EXPECT_EQ(exporter_->counts().failed, 4);
  EXPECT_EQ(exporter_->counts().exported, 0);
}

TEST_F(SpanExporterTest, ABatchThatIsRefusedIsNotSentAgain) {
  Start();
  Expect(http::Answer(400, "no"));
  Offer(4);
  loop_.Advance(absl::Minutes(1));
  EXPECT_EQ(exporter_->counts().failed, 4);
}

TEST_F(SpanExporterTest, CountsSpansThatTheCollectorRejects) {
  Start();
  Expect(http::Answer(200, R"({"partialSuccess":{"rejectedSpans":"3","errorMessage":"x"}})"));
  Offer(4);
  loop_.RunReady();
  EXPECT_EQ(exporter_->counts().exported, 1);
  EXPECT_EQ(exporter_->counts().failed, 3);
}

TEST_F(SpanExporterTest, SendsTheHeaderAsItIsNow) {
  std::string key = "one";
  options_.header = "Api-Key";
  options_.header_value = [&key] { return key; };
  Start();
  Expect(http::Answer(200, "{}"));
  Offer(4);
  loop_.RunReady();
  key = "two";
  Expect(http::Answer(200, "{}"));
  Offer(4);
  loop_.RunReady();
  EXPECT_EQ(http_.requests()[0].header("Api-Key"), "one");
  EXPECT_EQ(http_.requests()[1].header("Api-Key"), "two");
}

TEST_F(SpanExporterTest, AtTheEndWhatIsLeftIsSent) {
  Start();
  Offer(1);
  loop_.RunReady();
  Expect(http::Answer(200, "{}"));
  call_.Cancel();
  loop_.RunUntilIdle();
  EXPECT_EQ(exporter_->counts().exported, 1);
}

TEST_F(SpanExporterTest, ABatchThatWaitsForABusyCollectorIsSentOnceMoreAtTheEnd) {
  Start();
  Expect(Later(503, "20"));
  Offer(4);
  loop_.RunReady();
  Expect(http::Answer(200, "{}"));
  call_.Cancel();
  loop_.RunUntilIdle();
  EXPECT_EQ(exporter_->counts().exported, 4);
}

TEST_F(SpanExporterTest, TheEndWaitsNoLongerThanItsTime) {
  Start();
  Offer(1);
  Expect(http::Answer(200, "{}")).delay = absl::Hours(1);
  const async::MonotonicTime before = loop_.fake_clock().MonotonicNow();
  call_.Cancel();
  loop_.RunUntilIdle();
  EXPECT_EQ(absl::FromChrono(loop_.fake_clock().MonotonicNow() - before), options_.last_flush);
  EXPECT_EQ(exporter_->counts().failed, 1);
}

}  // namespace
}  // namespace edugate::telemetry
