// Whom the client trusts.
#include <string>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "runtime/http/client_fixture.h"
#include "runtime/http/curl_http_client.h"
#include "runtime/http/scripted_server.h"
#include "runtime/http/test_identity.h"

namespace edugate::http {
namespace {

class CurlHttpClientTlsTest : public ClientTest {
 protected:
  static std::string UrlOf(const ScriptedServer& server) {
    return absl::StrCat("https://127.0.0.1:", server.port(), "/");
  }

  Exchange GetTrusting(const std::string& ca_file, const std::string& url) {
    CurlOptions options = LoopbackOptions();
    options.ca_file = ca_file;
    CurlHttpClient client(loop_, options);
    return SendWith(client, MakeRequest("GET", url));
  }
};

TEST_F(CurlHttpClientTlsTest, TrustsTheGivenAuthorityAndKeepsTheConnection) {
  const TestIdentity identity("IP:127.0.0.1", 3600);
  ScriptedServer server(ServeTls(identity));
  CurlOptions options = LoopbackOptions();
  options.ca_file = identity.SaveAs("trusted.pem");
  CurlHttpClient client(loop_, options);
  for (int i = 0; i < 3; ++i) {
    const Exchange exchange = SendWith(client, MakeRequest("GET", UrlOf(server)));
    ASSERT_TRUE(exchange.ok()) << exchange.detail;
    EXPECT_EQ(exchange.response.body, "{}");
    EXPECT_EQ(exchange.reused_connection, i > 0);
  }
  EXPECT_EQ(server.connections(), 1);
}

TEST_F(CurlHttpClientTlsTest, AnAuthorityThatIsExchangedInItsFileCountsFromTheNextConnection) {
  const TestIdentity before("IP:127.0.0.1", 3600);
  const TestIdentity now("IP:127.0.0.1", 3600);
  ScriptedServer server(ServeTls(now));
  CurlOptions options = LoopbackOptions();
  options.ca_file = before.SaveAs("exchanged.pem");
  CurlHttpClient client(loop_, options);
  EXPECT_EQ(SendWith(client, MakeRequest("GET", UrlOf(server))).failure, Failure::kTls);
  now.SaveAs("exchanged.pem");
  const Exchange exchange = SendWith(client, MakeRequest("GET", UrlOf(server)));
  EXPECT_TRUE(exchange.ok()) << exchange.detail;
}

TEST_F(CurlHttpClientTlsTest, ACertificateOfNobodyKnownIsRefused) {
  const TestIdentity identity("IP:127.0.0.1", 3600);
  ScriptedServer server(ServeTls(identity));
  const Exchange exchange = Get(UrlOf(server));
  EXPECT_EQ(exchange.failure, Failure::kTls) << exchange.detail;
  EXPECT_FALSE(exchange.request_sent);
}

TEST_F(CurlHttpClientTlsTest, ACertificateForAnotherHostIsRefused) {
  const TestIdentity identity("DNS:api.example.net", 3600);
  ScriptedServer server(ServeTls(identity));
  const Exchange exchange = GetTrusting(identity.SaveAs("other_host.pem"), UrlOf(server));
  EXPECT_EQ(exchange.failure, Failure::kTls) << exchange.detail;
  EXPECT_FALSE(exchange.request_sent);
}

TEST_F(CurlHttpClientTlsTest, AnExpiredCertificateIsRefused) {
  const TestIdentity identity("IP:127.0.0.1", -3600);
  ScriptedServer server(ServeTls(identity));
  const Exchange exchange = GetTrusting(identity.SaveAs("expired.pem"), UrlOf(server));
  EXPECT_EQ(exchange.failure, Failure::kTls) << exchange.detail;
  EXPECT_FALSE(exchange.request_sent);
}

TEST_F(CurlHttpClientTlsTest, AConnectionThatEndsWithinTheHandshakeSaysNothingOfTheCertificate) {
  constexpr char kHello[] = "\x16\x03\x03\x00\x40\x02\x00";  // The beginning of an answer.
  const ScriptedServer::Script scripts[] = {
      [](ScriptedConnection& connection) { connection.Reset(); },
      [](ScriptedConnection& connection) { connection.Close(); },
      [](ScriptedConnection& connection) {
        connection.ReadSome(1);
        connection.Reset();
      },
      [](ScriptedConnection& connection) {
        connection.ReadSome(4096);
        connection.Close();
      },
      [&kHello](ScriptedConnection& connection) {
        connection.ReadSome(4096);
        connection.Send(absl::string_view(kHello, sizeof(kHello) - 1));
        connection.Close();
      },
  };
  for (const ScriptedServer::Script& script : scripts) {
    ScriptedServer server(script);
    const Exchange exchange = Get(UrlOf(server));
    EXPECT_EQ(exchange.failure, Failure::kConnect) << exchange.detail;
    EXPECT_FALSE(exchange.request_sent);
  }
}

TEST_F(CurlHttpClientTlsTest, AServerOfAnOldVersionIsRefused) {
  const TestIdentity identity("IP:127.0.0.1", 3600);
  ScriptedServer server(ServeTls(identity, TLS1_1_VERSION));
  const Exchange exchange = GetTrusting(identity.SaveAs("old.pem"), UrlOf(server));
  EXPECT_EQ(exchange.failure, Failure::kTls) << exchange.detail;
  EXPECT_FALSE(exchange.request_sent);
}

}  // namespace
}  // namespace edugate::http
