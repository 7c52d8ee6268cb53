#include "runtime/rest/client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>

#include "google/api/httpbody.pb.h"
#include "runtime/errors/nothing_sent.h"
#include "runtime/rest/client_fixture.h"

namespace edugate::rest {
namespace {

using absl::StatusCode;
using async::CallContext;
using http::Answer;
using http::Failure;
using http::NoAnswer;
using testing::Book;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::kBase;
using testing::kBook;
using testing::LibraryOperation;
using ::testing::Not;
using ::testing::SizeIs;
using testing::With;
namespace reason = edugate::v1;

class ClientTest : public testing::ClientFixture {};

// A budget that is bound by its tokens alone.
constexpr int kNoShare = 1'000'000;

TEST_F(ClientTest, ARequestIsAuthorizedSentAndItsReplyDecoded) {
  Expect(Answer(200, kBook));
  const auto book = GetBook();
  ASSERT_TRUE(book.ok()) << book.status();
  EXPECT_EQ(book->title(), "Moby");
  ASSERT_THAT(http_.requests(), SizeIs(1));
  EXPECT_EQ(http_.requests()[0].header("Authorization"), "token-1");
  EXPECT_EQ(http_.requests()[0].header("Accept"), "application/json");
  EXPECT_EQ(elapsed(), absl::ZeroDuration());
}

TEST_F(ClientTest, AFailureNamesWhereItHappened) {
  Expect(Answer(404, "canary"));
  const absl::Status status = GetBook().status();
  EXPECT_EQ(errors::ReasonOf(status), reason::ERROR_REASON_RESOURCE_NOT_FOUND);
  const auto metadata = errors::MetadataOf(status);
  EXPECT_EQ(metadata.at("connection"), "lib");
  EXPECT_EQ(metadata.at("provider"), "library");
  EXPECT_EQ(metadata.at("operation"), "Library.GetBook");
  EXPECT_EQ(metadata.at("provider_status"), "404");
  EXPECT_THAT(errors::ToRpcStatus(status).DebugString(), Not(HasSubstr("canary")));
}

TEST_F(ClientTest, ARequestThatCannotBeBuiltIsNotSent) {
  CallContext call(loop_, async::kNever);
  testing::GetBookRequest empty;
  const auto book =
      loop_.RunToCompletion(client().Call<Book>(call, LibraryOperation("GetBook"), empty));
  EXPECT_EQ(errors::ReasonOf(book.status()), reason::ERROR_REASON_ARGUMENT_INVALID);
  EXPECT_THAT(http_.requests(), IsEmpty());
}

TEST_F(ClientTest, AnOutageIsTriedThreeTimesWithJitteredWaits) {
  for (int i = 0; i < 3; ++i) Expect(Answer(503, "canary", "text/html"));
  const absl::Status status = GetBook().status();
  EXPECT_EQ(status.code(), StatusCode::kUnavailable);
  EXPECT_EQ(errors::ReasonOf(status), reason::ERROR_REASON_PROVIDER_UNAVAILABLE);
  EXPECT_EQ(errors::RetryAfterOf(status), absl::Seconds(1));
  EXPECT_THAT(http_.requests(), SizeIs(3));
  // Half of 100 ms and half of 200 ms.
  EXPECT_EQ(elapsed(), absl::Milliseconds(150));
}

TEST_F(ClientTest, AnOutageThatPassesIsNotSeen) {
  Expect(Answer(502, ""));
  Expect(NoAnswer(Failure::kReset, true));
  Expect(Answer(200, kBook));
  EXPECT_TRUE(GetBook().ok());
}

TEST_F(ClientTest, TheConfiguredNumberOfAttemptsIsKept) {
  options_.policy.max_attempts = 1;
  Expect(Answer(503, ""));
  EXPECT_EQ(GetBook().status().code(), StatusCode::kUnavailable);
  EXPECT_EQ(elapsed(), absl::ZeroDuration());
}

TEST_F(ClientTest, WhatDoesNotPassIsNotTriedAgain) {
  options_.breaker.disabled = true;
  for (const int status : {400, 403, 404, 405, 409, 410, 422, 423, 501, 302}) {
    Expect(Answer(status, ""));
    EXPECT_FALSE(GetBook().ok()) << status;
  }
  for (const Failure failure : {Failure::kTls, Failure::kTooLarge, Failure::kBadEncoding,
                                Failure::kProtocol, Failure::kRequestRefused}) {
    Expect(NoAnswer(failure, false));
    EXPECT_FALSE(GetBook().ok()) << http::FailureName(failure);
  }
  EXPECT_EQ(elapsed(), absl::ZeroDuration());
}

TEST_F(ClientTest, TheProvidersOwnWaitIsKept) {
  Expect(With(Answer(429, ""), "Retry-After", "7"));
  Expect(With(Answer(503, ""), "Retry-After", "2"));
  Expect(Answer(200, kBook));
  EXPECT_TRUE(GetBook().ok());
  EXPECT_EQ(elapsed(), absl::Seconds(9));
}

TEST_F(ClientTest, ALimitWithoutATimeIsLeftAloneForASecond) {
  Expect(Answer(429, ""));
  Expect(Answer(200, kBook));
  EXPECT_TRUE(GetBook().ok());
  EXPECT_EQ(elapsed(), absl::Seconds(1));
}

TEST_F(ClientTest, AWaitBeyondTheDeadlineIsNotWaitedForButTold) {
  Expect(With(Answer(429, ""), "Retry-After", "7"));
  const absl::Status status = GetBook(absl::Seconds(5)).status();
  EXPECT_EQ(errors::ReasonOf(status), reason::ERROR_REASON_PROVIDER_RATE_LIMITED);
  EXPECT_EQ(errors::RetryAfterOf(status), absl::Seconds(7));
  EXPECT_EQ(elapsed(), absl::ZeroDuration());
}

TEST_F(ClientTest, NoAttemptIsStartedWithLessThanTheLeastTime) {
  Expect(With(Answer(503, ""), "Retry-After", "1"));
  EXPECT_EQ(GetBook(absl::Milliseconds(1049)).status().code(), StatusCode::kUnavailable);
  Expect(With(Answer(503, ""), "Retry-After", "1"));
  Expect(Answer(200, kBook));
  EXPECT_TRUE(GetBook(absl::Milliseconds(1050)).ok());
}

TEST_F(ClientTest, AnEmptyBudgetEndsTheRetriesUntilSuccessesFillIt) {
  options_.breaker.disabled = true;
  options_.retry.budget_percent = kNoShare;
  constexpr int kRetries = 50;
  for (int call = 0; call < kRetries / 2; ++call) {
    for (int i = 0; i < 3; ++i) Expect(Answer(503, ""));
    EXPECT_FALSE(GetBook().ok());
  }
  Expect(Answer(503, ""));
  EXPECT_FALSE(GetBook().ok());
  EXPECT_THAT(http_.requests(), SizeIs(kRetries / 2 * 3 + 1));

  for (int i = 0; i < options_.retry.attempt_cost; ++i) {
    Expect(Answer(200, kBook));
    EXPECT_TRUE(GetBook().ok());
  }
  Expect(Answer(503, ""));
  Expect(Answer(200, kBook));
  EXPECT_TRUE(GetBook().ok());
}

TEST_F(ClientTest, ARetryAfterATimeoutCostsMore) {
  options_.breaker.disabled = true;
  options_.retry.budget_percent = kNoShare;
  constexpr int kRetries = 25;
  int requests = 0;
  for (int call = 0; call < kRetries / 2; ++call, requests += 3) {
    for (int i = 0; i < 3; ++i) Expect(NoAnswer(Failure::kTimeout, true));
    EXPECT_FALSE(GetBook().ok());
  }
  Expect(NoAnswer(Failure::kTimeout, true));
  // What is left pays for one cheap retry.
  Expect(Answer(503, ""));
  EXPECT_FALSE(GetBook().ok());
  EXPECT_THAT(http_.requests(), SizeIs(requests + 2));
}

TEST_F(ClientTest, AWriteThatWasSentIsNotSentAgain) {
  const struct {
    http::Exchange exchange;
    reason::ErrorReason why;
    StatusCode code;
  } cases[] = {
      {NoAnswer(Failure::kReset, true), reason::ERROR_REASON_WRITE_OUTCOME_UNKNOWN,
       StatusCode::kUnknown},
      {NoAnswer(Failure::kTimeout, true), reason::ERROR_REASON_WRITE_OUTCOME_UNKNOWN,
       StatusCode::kUnknown},
      {NoAnswer(Failure::kTruncated, true), reason::ERROR_REASON_WRITE_OUTCOME_UNKNOWN,
       StatusCode::kUnknown},
      {Answer(500, ""), reason::ERROR_REASON_PROVIDER_ERROR, StatusCode::kUnknown},
      {Answer(503, ""), reason::ERROR_REASON_PROVIDER_UNAVAILABLE, StatusCode::kUnavailable},
      {Answer(429, ""), reason::ERROR_REASON_PROVIDER_RATE_LIMITED, StatusCode::kResourceExhausted},
  };
  for (const auto& each : cases) {
    ExpectLend(each.exchange);
    const absl::Status status = Call("LendBook").status();
    EXPECT_EQ(errors::ReasonOf(status), each.why);
    EXPECT_EQ(status.code(), each.code);
  }
  EXPECT_THAT(http_.requests(), SizeIs(std::size(cases)));
}

TEST_F(ClientTest, AWriteThatWasNotSentIsSentAgain) {
  ExpectLend(NoAnswer(Failure::kConnect, false));
  ExpectLend(NoAnswer(Failure::kResolve, false));
  ExpectLend(Answer(200, kBook));
  EXPECT_TRUE(Call("LendBook").ok());

  for (int i = 0; i < 3; ++i) ExpectLend(NoAnswer(Failure::kConnect, false));
  EXPECT_EQ(errors::ReasonOf(Call("LendBook").status()), reason::ERROR_REASON_PROVIDER_UNAVAILABLE);
}

TEST_F(ClientTest, AWriteWithoutASecondEffectIsSentAgain) {
  ExpectPut(NoAnswer(Failure::kReset, true));
  ExpectPut(Answer(500, ""));
  ExpectPut(Answer(200, kBook));
  EXPECT_TRUE(Call("PutBook").ok());
}

TEST_F(ClientTest, ARefusedTokenIsRenewedAndTheRequestSentOnceMoreWhateverItsEffect) {
  Expect(Answer(401, ""));
  Expect(Answer(200, kBook));
  EXPECT_TRUE(GetBook().ok());
  ExpectLend(Answer(401, ""));
  ExpectLend(Answer(200, kBook));
  EXPECT_TRUE(Call("LendBook").ok());
  ASSERT_THAT(http_.requests(), SizeIs(4));
  EXPECT_EQ(http_.requests()[0].header("Authorization"), "token-1");
  EXPECT_EQ(http_.requests()[1].header("Authorization"), "token-2");
  EXPECT_EQ(http_.requests()[3].header("Authorization"), "token-3");
  EXPECT_EQ(elapsed(), absl::ZeroDuration());
}

TEST_F(ClientTest, ACredentialThatIsRefusedInsideASuccessIsRenewedToo) {
  constexpr char kStranger[] = R"({"id": 1, "title": "stranger"})";
  Expect(Answer(200, kStranger));
  Expect(Answer(200, kBook));
  EXPECT_EQ(GetBook()->title(), "Moby");
  ExpectLend(Answer(200, kStranger));
  ExpectLend(Answer(200, kBook));
  EXPECT_TRUE(Call("LendBook").ok());
  // Nothing of the refusal is left where the second answer has no body.
  for (http::Exchange each : {Answer(200, kStranger), Answer(204, "")}) {
    http_.Expect("DELETE", std::string(kBase) + "/books/7", std::move(each));
  }
  const auto deleted = Call("DeleteBook");
  ASSERT_TRUE(deleted.ok()) << deleted.status();
  EXPECT_EQ(deleted->ByteSizeLong(), 0);
  ASSERT_THAT(http_.requests(), SizeIs(6));
  EXPECT_EQ(http_.requests()[0].header("Authorization"), "token-1");
  EXPECT_EQ(http_.requests()[1].header("Authorization"), "token-2");
  EXPECT_EQ(http_.requests()[3].header("Authorization"), "token-3");

  Expect(Answer(200, kStranger));
  Expect(Answer(200, kStranger));
  EXPECT_EQ(errors::ReasonOf(GetBook().status()),
            reason::ERROR_REASON_PROVIDER_CREDENTIALS_INVALID);
  authorizer_.renews = false;
  Expect(Answer(200, kStranger));
  EXPECT_EQ(errors::ReasonOf(GetBook().status()),
            reason::ERROR_REASON_PROVIDER_CREDENTIALS_INVALID);
  EXPECT_EQ(elapsed(), absl::ZeroDuration());
}

TEST_F(ClientTest, ASecondRefusalIsTheResult) {
  Expect(Answer(401, "canary"));
  Expect(Answer(401, "canary"));
  const absl::Status status = GetBook().status();
  EXPECT_EQ(status.code(), StatusCode::kFailedPrecondition);
  EXPECT_EQ(errors::ReasonOf(status), reason::ERROR_REASON_PROVIDER_CREDENTIALS_INVALID);
}

TEST_F(ClientTest, ACredentialThatCannotBeRenewedIsNotTriedTwice) {
  authorizer_.renews = false;
  Expect(Answer(401, ""));
  EXPECT_EQ(GetBook().status().code(), StatusCode::kFailedPrecondition);
}

TEST_F(ClientTest, WithoutACredentialNothingIsSent) {
  authorizer_.tokens_until_failure = 0;
  const absl::Status status = GetBook().status();
  EXPECT_EQ(errors::ReasonOf(status), reason::ERROR_REASON_INTERNAL);
  EXPECT_EQ(errors::MetadataOf(status).at("operation"), "Library.GetBook");
  EXPECT_TRUE(errors::IsNothingSent(status));
  EXPECT_THAT(http_.requests(), IsEmpty());
}

TEST_F(ClientTest, AFailureToRenewIsTheResult) {
  authorizer_.tokens_until_failure = 1;
  Expect(Answer(401, ""));
  const absl::Status status = GetBook().status();
  EXPECT_EQ(errors::ReasonOf(status), reason::ERROR_REASON_INTERNAL);
  EXPECT_EQ(errors::MetadataOf(status).at("operation"), "Library.GetBook");
}

TEST_F(ClientTest, AReplyThatCannotBeDecodedIsInvalidAndNamesNoValue) {
  const struct {
    std::string body;
    const char* type;
    const char* names;
  } cases[] = {
      {"<html>canary</html>", "text/html", "text/html"},
      {"canary,canary", "text/csv", "text/csv"},
      {R"({"id": 7, "volumes": [{"id": 1}, {"title": "canary)", "application/json",
       "reply can't be used"},
      {R"({"volumes": [{"id": 1}, {"title": canary}]})", "application/json", "volumes[1].title"},
      {R"(["canary"])", "application/json", "reply can't be used"},
      {R"("canary")", "application/json", "reply can't be used"},
      {R"({"title": "canary"} {})", "application/json", "reply can't be used"},
      {"{\"title\": \"canary\xFF\"}", "application/json", "not valid UTF-8"},
      {std::string(100, '['), "application/json", "reply can't be used"},
      {"<!DOCTYPE r [<!ENTITY a \"canary\">]><r>&a;</r>", "application/xml", "reply can't be used"},
      {"", "application/json", "empty"},
      {"canary", "", "reply can't be used"},
  };
  for (const auto& each : cases) {
    Expect(Answer(200, each.body, each.type));
    const absl::Status status = GetBook().status();
    EXPECT_EQ(status.code(), StatusCode::kInternal) << each.body;
    EXPECT_EQ(errors::ReasonOf(status), reason::ERROR_REASON_PROVIDER_RESPONSE_INVALID);
    EXPECT_THAT(std::string(status.message()), HasSubstr(each.names));
    EXPECT_THAT(errors::ToRpcStatus(status).DebugString(), Not(HasSubstr("canary")));
  }
  EXPECT_THAT(http_.requests(), SizeIs(std::size(cases)));
}

TEST_F(ClientTest, TheReplysOwnTypeDecidesHowItIsRead) {
  Expect(Answer(200, "<root><id>7</id><title>Moby</title></root>", "application/xml"));
  const auto book = GetBook();
  ASSERT_TRUE(book.ok()) << book.status();
  EXPECT_EQ(book->id(), 7);
}

TEST_F(ClientTest, AReplyWithoutABodyIsOneOnlyWhereItIsDeclaredSo) {
  http_.Expect("DELETE", std::string(kBase) + "/books/7", Answer(204, "", ""));
  const auto deleted = Call("DeleteBook");
  ASSERT_TRUE(deleted.ok()) << deleted.status();
  EXPECT_FALSE(deleted->has_id());

  http_.Expect("DELETE", std::string(kBase) + "/books/7", Answer(200, kBook));
  EXPECT_EQ(Call("DeleteBook")->id(), 7);

  Expect(Answer(204, "", ""));
  EXPECT_EQ(errors::ReasonOf(GetBook().status()), reason::ERROR_REASON_PROVIDER_RESPONSE_INVALID);
}

TEST_F(ClientTest, AnAttemptLeavesNothingInTheReplyOfTheNext) {
  http_.Expect("DELETE", std::string(kBase) + "/books/7", Answer(200, R"({"title": "busy"})"));
  http_.Expect("DELETE", std::string(kBase) + "/books/7", Answer(204, "", ""));
  const auto deleted = Call("DeleteBook");
  ASSERT_TRUE(deleted.ok()) << deleted.status();
  EXPECT_FALSE(deleted->has_title());
}

TEST_F(ClientTest, AReplyCanBeAFailureByWhatItSays) {
  for (int i = 0; i < 3; ++i) Expect(Answer(200, R"({"title": "busy"})"));
  EXPECT_EQ(errors::ReasonOf(GetBook().status()), reason::ERROR_REASON_PROVIDER_ERROR);
  ExpectLend(Answer(200, R"({"title": "busy"})"));
  EXPECT_EQ(errors::ReasonOf(Call("LendBook").status()), reason::ERROR_REASON_PROVIDER_ERROR);
}

TEST_F(ClientTest, AListAtTheTopGoesIntoTheDeclaredField) {
  http_.Expect("GET", std::string(kBase) + "/books/7/titles", Answer(200, R"(["a", "b"])"));
  CallContext call(loop_, async::kNever);
  testing::GetBookRequest request;
  request.set_id("7");
  const auto list = loop_.RunToCompletion(
      client().Call<testing::BookList>(call, LibraryOperation("ListTitles"), request));
  ASSERT_TRUE(list.ok()) << list.status();
  EXPECT_THAT(list->titles(), ElementsAre("a", "b"));
}

TEST_F(ClientTest, DriftIsToldByNamesAlone) {
  Expect(Answer(200, R"({"title": 5, "pages": 300, "volumes": [{"id": "x"}]})"));
  const auto book = GetBook();
  ASSERT_TRUE(book.ok()) << book.status();
  EXPECT_THAT(drift_.lines(), ::testing::UnorderedElementsAre(
                                  "unknown Book pages", "ill-fitting Book id", "missing Book id"));
  ASSERT_THAT(book->unknown_fields(), SizeIs(1));
  EXPECT_EQ(book->unknown_fields(0).json(), "300");
}

TEST_F(ClientTest, ADriftSinkIsNotNeeded) {
  parts_.drift = nullptr;
  Expect(Answer(200, R"({"pages": 300})"));
  EXPECT_TRUE(GetBook().ok());
}

class FileTest : public ClientTest {
 protected:
  // Downloads a file as a whole, or into a sink.
  absl::Status Download(google::api::HttpBody& file, ReplyInfo* info = nullptr,
                        CallOptions options = {}) {
    CallContext call(loop_, async::After(loop_.fake_clock().MonotonicNow(), absl::Seconds(30)));
    testing::GetFileRequest request;
    request.set_path("a/b.zip");
    return loop_.RunToCompletion(client().CallInto(call, LibraryOperation("GetFile"), request, file,
                                                   info, std::move(options)));
  }

  void ExpectFile(http::Exchange exchange) {
    http_.Expect("GET", std::string(kBase) + "/files/a/b.zip/content", std::move(exchange));
  }
};

TEST_F(FileTest, ARawReplyIsTakenByteForByte) {
  const std::string bytes("PK\x03\x04\0\xFF", 6);
  ExpectFile(Answer(200, bytes, "application/zip"));
  google::api::HttpBody file;
  ReplyInfo info;
  ASSERT_TRUE(Download(file, &info).ok());
  EXPECT_EQ(file.data(), bytes);
  EXPECT_EQ(file.content_type(), "application/zip");
  EXPECT_EQ(info.http_status, 200);
  EXPECT_EQ(info.content_type, "application/zip");
  EXPECT_FALSE(info.empty);
}

TEST_F(FileTest, AContentTypeThatNoMessageCanHoldIsNotPassed) {
  ExpectFile(Answer(200, "PK", "application/\xFFzip"));
  google::api::HttpBody file;
  ASSERT_TRUE(Download(file).ok());
  EXPECT_EQ(file.data(), "PK");
  EXPECT_EQ(file.content_type(), "");
}

TEST_F(FileTest, ARawReplyWhoseEndCannotBeToldIsRefused) {
  http::Exchange cut = Answer(200, "PK\x03\x04", "application/zip");
  cut.response.unframed = true;
  ExpectFile(cut);
  google::api::HttpBody file;
  EXPECT_EQ(errors::ReasonOf(Download(file)), reason::ERROR_REASON_PROVIDER_RESPONSE_INVALID);
  EXPECT_THAT(file.data(), IsEmpty());
}

TEST_F(ClientTest, AReplyWithAnEndOfItsOwnNeedsNoFrame) {
  http::Exchange whole = Answer(200, kBook);
  whole.response.unframed = true;
  Expect(whole);
  EXPECT_TRUE(GetBook().ok());
  http::Exchange cut = Answer(200, R"({"id": 7, "title": "Mo)");
  cut.response.unframed = true;
  Expect(cut);
  EXPECT_EQ(errors::ReasonOf(GetBook().status()), reason::ERROR_REASON_PROVIDER_RESPONSE_INVALID);
}

class KeepingSink : public http::BodySink {
 public:
  http::Flow Write(absl::string_view chunk) override {
    bytes.append(chunk.data(), chunk.size());
    return http::Flow::kContinue;
  }
  std::string bytes;
};

TEST_F(FileTest, ASinkTakesTheBytesOfASuccessAndTheMessageStaysEmpty) {
  ExpectFile(Answer(200, "bytes", "application/zip"));
  KeepingSink sink;
  google::api::HttpBody file;
  ASSERT_TRUE(Download(file, nullptr, {.sink = &sink}).ok());
  EXPECT_EQ(sink.bytes, "bytes");
  EXPECT_THAT(file.data(), IsEmpty());
}

TEST_F(FileTest, AStreamIsNotStartedTwice) {
  KeepingSink sink;
  google::api::HttpBody file;
  ExpectFile(Answer(503, "", ""));
  EXPECT_EQ(Download(file, nullptr, {.sink = &sink}).code(), StatusCode::kUnavailable);
  ExpectFile(NoAnswer(Failure::kReset, true));
  EXPECT_EQ(Download(file, nullptr, {.sink = &sink}).code(), StatusCode::kUnavailable);
  EXPECT_THAT(http_.requests(), SizeIs(2));
  EXPECT_THAT(sink.bytes, IsEmpty());
}

TEST_F(FileTest, AReplyMayBeAsLargeAsItsOperationOrItsCallSays) {
  google::api::HttpBody file;
  ExpectFile(Answer(200, std::string(16000001, 'x'), "application/zip"));
  EXPECT_EQ(errors::ReasonOf(Download(file)), reason::ERROR_REASON_PROVIDER_RESPONSE_INVALID);
  ExpectFile(Answer(200, "12345", "application/zip"));
  EXPECT_EQ(errors::ReasonOf(Download(file, nullptr, {.max_response_bytes = 4})),
            reason::ERROR_REASON_PROVIDER_RESPONSE_INVALID);
}

TEST_F(ClientTest, TheConnectionsLimitBoundsWhatDeclaresNone) {
  parts_.max_response_bytes = 20;
  Expect(Answer(200, kBook));
  EXPECT_EQ(errors::ReasonOf(GetBook().status()), reason::ERROR_REASON_PROVIDER_RESPONSE_INVALID);
  parts_.max_response_depth = 2;
  client_ = nullptr;
  parts_.max_response_bytes = 2000;
  Expect(Answer(200, R"({"volumes": [{"id": 1}]})"));
  EXPECT_EQ(errors::ReasonOf(GetBook().status()), reason::ERROR_REASON_PROVIDER_RESPONSE_INVALID);
}

TEST_F(ClientTest, AMethodsOwnLimitsWin) {
  options_.methods = {{"GetBook", {.max_response_bytes = 20}}};
  Expect(Answer(200, kBook));
  EXPECT_EQ(errors::ReasonOf(GetBook().status()), reason::ERROR_REASON_PROVIDER_RESPONSE_INVALID);
  options_.methods = {{"GetBook", {.max_response_depth = 2}}};
  client_ = nullptr;
  Expect(Answer(200, R"({"volumes": [{"id": 1}]})"));
  EXPECT_EQ(errors::ReasonOf(GetBook().status()), reason::ERROR_REASON_PROVIDER_RESPONSE_INVALID);
}

TEST_F(ClientTest, AMethodsOwnBackoffAndLeastTimeCount) {
  options_.methods = {{"GetBook",
                       {.least_attempt = absl::Seconds(1),
                        .backoff = {.initial = absl::Seconds(2), .max = absl::Seconds(2)}}}};
  Expect(Answer(503, ""));
  Expect(Answer(200, kBook));
  EXPECT_TRUE(GetBook(absl::Seconds(2)).ok());
  // Half of it, as the fixture's chance has it.
  EXPECT_EQ(elapsed(), absl::Seconds(1));
  Expect(Answer(503, ""));
  EXPECT_FALSE(GetBook(absl::Milliseconds(1999)).ok());
  EXPECT_THAT(http_.requests(), SizeIs(3));
}

TEST_F(ClientTest, AnOperationsOwnLimitHoldsForItsDecodingToo) {
  const std::string title(12 << 20, 'x');
  http_.Expect("POST", std::string(kBase) + "/shelves/s/search",
               Answer(200, R"({"books": [{"title": ")" + title + R"("}]})"));
  CallContext call(loop_, async::kNever);
  testing::SearchBooksRequest request;
  request.set_shelf("s");
  const auto list = loop_.RunToCompletion(
      client().Call<testing::BookList>(call, LibraryOperation("SearchBooks"), request));
  ASSERT_TRUE(list.ok()) << list.status();
  EXPECT_EQ(list->books(0).title().size(), title.size());
}

class TextSource : public http::BodySource {
 public:
  Piece Read(char* buffer, std::size_t capacity) override {
    const std::size_t size = std::min(capacity, text.size());
    if (size == 0) return {Piece::Kind::kEnd};
    std::copy_n(text.begin(), size, buffer);
    text.erase(0, size);
    return {Piece::Kind::kBytes, size};
  }
  std::string text = "--x\r\nfile\r\n--x--";
};

class UploadTest : public ClientTest {
 protected:
  absl::Status Upload(http::BodySource& source) {
    CallContext call(loop_, async::After(loop_.fake_clock().MonotonicNow(), absl::Seconds(30)));
    testing::UploadScanRequest request;
    request.set_id("7");
    request.mutable_scan()->set_content_type("replaced");
    Book book;
    return loop_.RunToCompletion(client().CallInto(
        call, LibraryOperation("UploadScan"), request, book, nullptr,
        {.source = &source, .source_content_type = "multipart/form-data; boundary=x"}));
  }

  void ExpectUpload(http::Exchange exchange) {
    http_.Expect("POST", std::string(kBase) + "/books/7/scan", std::move(exchange));
  }
};

TEST_F(UploadTest, ASourceIsTheBodyWithOneContentType) {
  TextSource source;
  ExpectUpload(Answer(200, kBook));
  ASSERT_TRUE(Upload(source).ok());
  ASSERT_THAT(http_.requests(), SizeIs(1));
  const http::SeenRequest& seen = http_.requests()[0];
  EXPECT_EQ(seen.body, "--x\r\nfile\r\n--x--");
  std::vector<std::string> types;
  for (const auto& [name, value] : seen.headers) {
    if (name == "Content-Type") types.push_back(value);
  }
  EXPECT_THAT(types, ElementsAre("multipart/form-data; boundary=x"));
}

TEST_F(UploadTest, ASourceIsReadOnceWhateverHappens) {
  const http::Exchange failures[] = {NoAnswer(Failure::kConnect, false), Answer(401, ""),
                                     Answer(503, "")};
  for (const http::Exchange& failure : failures) {
    TextSource source;
    ExpectUpload(failure);
    EXPECT_FALSE(Upload(source).ok());
  }
  EXPECT_THAT(http_.requests(), SizeIs(3));
}

TEST_F(UploadTest, ACredentialThatIsRefusedIsRenewedForTheNextCall) {
  TextSource source;
  ExpectUpload(Answer(401, ""));
  EXPECT_FALSE(Upload(source).ok());
  ExpectUpload(Answer(200, kBook));
  EXPECT_TRUE(Upload(source).ok());
  ASSERT_THAT(http_.requests(), SizeIs(2));
  EXPECT_EQ(http_.requests()[1].header("Authorization"), "token-2");
}

TEST_F(FileTest, ACallMayAskForAnotherType) {
  ExpectFile(Answer(200, "x", "text/csv"));
  google::api::HttpBody file;
  ASSERT_TRUE(Download(file, nullptr, {.accept = "text/csv"}).ok());
  std::vector<std::string> accepts;
  for (const auto& [name, value] : http_.requests()[0].headers) {
    if (name == "Accept") accepts.push_back(value);
  }
  EXPECT_THAT(accepts, ElementsAre("text/csv"));
}

TEST_F(ClientTest, TheDeadlineEndsTheCallWhereverItIs) {
  http::Expectation slow;
  slow.method = "GET";
  slow.url = std::string(kBase) + "/books/7";
  slow.exchange = Answer(200, kBook);
  slow.delay = absl::Seconds(10);
  http_.Expect(slow);
  const absl::Status status = GetBook(absl::Seconds(5)).status();
  EXPECT_EQ(status.code(), StatusCode::kDeadlineExceeded);
  EXPECT_EQ(errors::ReasonOf(status), reason::ERROR_REASON_DEADLINE_EXCEEDED);
  EXPECT_EQ(errors::MetadataOf(status).at("operation"), "Library.GetBook");
  EXPECT_EQ(elapsed(), absl::Seconds(5));
}

TEST_F(ClientTest, NothingIsSentAfterTheDeadline) {
  EXPECT_EQ(GetBook(absl::ZeroDuration()).status().code(), StatusCode::kDeadlineExceeded);
  EXPECT_THAT(http_.requests(), IsEmpty());
}

TEST_F(ClientTest, ACancelledCallEndsAtOnceInAnAnswersWaitAndInTheWaitForARetry) {
  for (const bool while_sending : {true, false}) {
    http::Expectation expected;
    expected.method = "GET";
    expected.url = std::string(kBase) + "/books/7";
    expected.exchange = With(Answer(503, ""), "Retry-After", "20");
    if (while_sending) expected.delay = absl::Seconds(20);
    http_.Expect(expected);
    CallContext call(loop_, async::After(loop_.fake_clock().MonotonicNow(), absl::Seconds(60)));
    testing::GetBookRequest request;
    request.set_id("7");
    absl::Status status;
    bool done = false;
    auto run = [](Client& client, CallContext& call, const testing::GetBookRequest& request,
                  absl::Status& status, bool& done) -> async::Task<void> {
      auto book = co_await client.Call<Book>(call, LibraryOperation("GetBook"), request);
      status = book.status();
      done = true;
    };
    loop_.Spawn(run(client(), call, request, status, done));
    loop_.Advance(absl::Seconds(10));
    EXPECT_FALSE(done);
    call.Cancel();
    loop_.RunReady();
    ASSERT_TRUE(done);
    EXPECT_EQ(status.code(), StatusCode::kCancelled);
    EXPECT_EQ(errors::ReasonOf(status), reason::ERROR_REASON_CANCELLED);
  }
  EXPECT_THAT(http_.requests(), SizeIs(2));
}

}  // namespace
}  // namespace edugate::rest
