#include "runtime/http/curl_failure.h"

#include <curl/curl.h>

#include "gtest/gtest.h"

namespace edugate::http {
namespace {

// A request that was written and not answered.
constexpr CurlProgress kSent = {.address_refused = false,
                                .no_socket = false,
                                .sockets_opened = true,
                                .connected = true,
                                .request_sent = true,
                                .response_started = false,
                                .system_error = false,
                                .broke_off = false};

TEST(CurlFailureTest, MostCodesSayByThemselvesWhatHappened) {
  struct Case {
    CURLcode code;
    Failure failure;
  };
  const Case cases[] = {
      {CURLE_OK, Failure::kNone},
      {CURLE_URL_MALFORMAT, Failure::kRequestRefused},
      {CURLE_LOGIN_DENIED, Failure::kRequestRefused},
      {CURLE_COULDNT_RESOLVE_HOST, Failure::kResolve},
      {CURLE_PEER_FAILED_VERIFICATION, Failure::kTls},
      {CURLE_SSL_CACERT_BADFILE, Failure::kTls},
      {CURLE_GOT_NOTHING, Failure::kReset},
      {CURLE_HTTP2, Failure::kReset},
      {CURLE_HTTP2_STREAM, Failure::kReset},
      {CURLE_SEND_ERROR, Failure::kReset},
      {CURLE_PARTIAL_FILE, Failure::kTruncated},
      {CURLE_BAD_CONTENT_ENCODING, Failure::kBadEncoding},
      {CURLE_FILESIZE_EXCEEDED, Failure::kTooLarge},
      {CURLE_FAILED_INIT, Failure::kLocal},
  };
  for (const Case& each : cases) {
    EXPECT_EQ(FailureOf(each.code, CurlProgress{}), each.failure) << each.code;
    EXPECT_EQ(FailureOf(each.code, kSent), each.failure) << each.code;
  }
}

TEST(CurlFailureTest, ATimeOutIsThatOfTheStepThatItCameIn) {
  CurlProgress progress{};
  EXPECT_EQ(FailureOf(CURLE_OPERATION_TIMEDOUT, progress), Failure::kResolve);
  progress.sockets_opened = true;
  EXPECT_EQ(FailureOf(CURLE_OPERATION_TIMEDOUT, progress), Failure::kConnect);
  progress.connected = true;
  EXPECT_EQ(FailureOf(CURLE_OPERATION_TIMEDOUT, progress), Failure::kTimeout);
  // A kept connection.
  progress.sockets_opened = false;
  EXPECT_EQ(FailureOf(CURLE_OPERATION_TIMEDOUT, progress), Failure::kTimeout);
}

TEST(CurlFailureTest, WithoutASocketOfTheSystemTheFaultIsOurs) {
  CurlProgress progress{};
  progress.sockets_opened = true;
  EXPECT_EQ(FailureOf(CURLE_COULDNT_CONNECT, progress), Failure::kConnect);
  progress.no_socket = true;
  EXPECT_EQ(FailureOf(CURLE_COULDNT_CONNECT, progress), Failure::kLocal);
}

TEST(CurlFailureTest, AHandshakeThatBreaksOffSaysNothingOfTrust) {
  CurlProgress progress{};
  progress.sockets_opened = true;
  EXPECT_EQ(FailureOf(CURLE_SSL_CONNECT_ERROR, progress), Failure::kTls);
  progress.broke_off = true;
  EXPECT_EQ(FailureOf(CURLE_SSL_CONNECT_ERROR, progress), Failure::kConnect);
}

TEST(CurlFailureTest, BytesThatAreNoChunksAreToldFromABrokenSocket) {
  CurlProgress progress = kSent;
  EXPECT_EQ(FailureOf(CURLE_RECV_ERROR, progress), Failure::kReset);
  progress.response_started = true;
  EXPECT_EQ(FailureOf(CURLE_RECV_ERROR, progress), Failure::kProtocol);
  progress.system_error = true;
  EXPECT_EQ(FailureOf(CURLE_RECV_ERROR, progress), Failure::kReset);
}

TEST(CurlFailureTest, CodesOfTheRequestAreThoseOfTheAnswerOnceItWasSent) {
  struct Case {
    int code;
    Failure before;
    Failure after;
  };
  const Case cases[] = {
      {CURLE_UNSUPPORTED_PROTOCOL, Failure::kRequestRefused, Failure::kProtocol},
      {CURLE_OUT_OF_MEMORY, Failure::kLocal, Failure::kTooLarge},
      {CURLE_WEIRD_SERVER_REPLY, Failure::kLocal, Failure::kProtocol},
      {CURL_LAST + 1, Failure::kLocal, Failure::kProtocol},
  };
  for (const Case& each : cases) {
    EXPECT_EQ(FailureOf(each.code, CurlProgress{}), each.before) << each.code;
    EXPECT_EQ(FailureOf(each.code, kSent), each.after) << each.code;
  }
}

TEST(CurlFailureTest, LibcurlsWordsForAConnectionsEndAreKnown) {
  EXPECT_TRUE(BrokeOff("Recv failure: Connection reset by peer"));
  EXPECT_TRUE(BrokeOff("Send failure: Broken pipe"));
  EXPECT_TRUE(BrokeOff("OpenSSL SSL_connect: SSL_ERROR_SYSCALL in connection to h:443 "));
  EXPECT_FALSE(BrokeOff("error:0A00010B:SSL routines::wrong version number"));
  EXPECT_FALSE(BrokeOff("SSL certificate problem: certificate has expired"));
  EXPECT_FALSE(BrokeOff(""));
}

}  // namespace
}  // namespace edugate::http
