// Whom a connection's endpoint reaches: the options of libcurl that keep requests where they
// belong.
#include <openssl/evp.h>
#include <openssl/ssl.h>

#include <cstdlib>
#include <fstream>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "runtime/http/client_fixture.h"
#include "runtime/http/curl_http_client.h"
#include "runtime/http/scripted_server.h"
#include "runtime/http/test_identity.h"

namespace edugate::http {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kAddressRefused[] = "the host's address is not allowed";

class EndpointTest : public ClientTest {
 protected:
  EndpointTest() : ClientTest(CurlOptions()) {}

  Exchange SendTo(HttpClient& endpoint, const Request& request) {
    async::CallContext call(loop_, async::After(loop_.clock().MonotonicNow(), absl::Seconds(60)));
    return async::BlockOn(loop_, endpoint.Send(call, request));
  }

  Exchange GetFrom(HttpClient& endpoint, std::string url) {
    return SendTo(endpoint, MakeRequest("GET", std::move(url)));
  }

  std::unique_ptr<HttpClient> EndpointAt(std::string origin) {
    EndpointOptions options;
    options.origins = {std::move(origin)};
    return client_.MakeEndpoint(options);
  }
};

TEST_F(EndpointTest, SpeaksToItsOwnOriginAlone) {
  ScriptedServer own(ScriptedServer::Always(ScriptedServer::Ok("{}")));
  ScriptedServer other(ScriptedServer::Always(ScriptedServer::Ok("{}")));
  auto endpoint = EndpointAt(own.Url("/api/v3"));
  EXPECT_TRUE(GetFrom(*endpoint, own.Url("/api/v3/x")).ok());
  for (const std::string& url :
       {other.Url("/"), absl::StrCat("http://127.0.0.1:", own.port(), "0/"),
        absl::StrCat("http://127.0.0.1:", own.port(), "@127.0.0.1:", other.port(), "/"),
        absl::StrCat("https://127.0.0.1:", own.port(), "/"), std::string("https://a.example/")}) {
    const Exchange exchange = GetFrom(*endpoint, url);
    EXPECT_EQ(exchange.failure, Failure::kRequestRefused) << url;
    EXPECT_FALSE(exchange.request_sent) << url;
  }
  EXPECT_EQ(own.requests().size(), 1u);
  EXPECT_EQ(other.connections(), 0);
}

TEST_F(EndpointTest, TakesNoProxyFromTheEnvironment) {
  ScriptedServer proxy(ScriptedServer::Always(ScriptedServer::Ok("proxied")));
  ScriptedServer own(ScriptedServer::Always(ScriptedServer::Ok("{}")));
  const std::string address = proxy.Url("");
  for (const char* name : {"http_proxy", "all_proxy"}) setenv(name, address.c_str(), 1);
  const Exchange exchange = GetFrom(*EndpointAt(own.Url("")), own.Url("/"));
  for (const char* name : {"http_proxy", "all_proxy"}) unsetenv(name);
  EXPECT_EQ(exchange.response.body, "{}");
  EXPECT_EQ(proxy.connections(), 0);
}

TEST_F(EndpointTest, SendsThePathAsItWasBuiltAndNoUser) {
  ScriptedServer own(ScriptedServer::Always(ScriptedServer::Ok("{}")));
  auto endpoint = EndpointAt(own.Url(""));
  EXPECT_TRUE(GetFrom(*endpoint, own.Url("/a/%2E%2e/..%2Fb/../c?q=%C3%a9&r=/../#part")).ok());
  ASSERT_EQ(own.requests().size(), 1u);
  EXPECT_THAT(own.requests()[0],
              testing::StartsWith("GET /a/%2E%2e/..%2Fb/../c?q=%C3%a9&r=/../ HTTP/1.1\r\n"));
  CurlOptions anywhere;
  anywhere.allow_loopback = true;
  CurlHttpClient open(loop_, anywhere);
  for (const std::string& url :
       {absl::StrCat("http://user:word@127.0.0.1:", own.port(), "/"),
        absl::StrCat("http://127.0.0.1:", own.port(), "0000/"), std::string("http://a b/"),
        std::string("127.0.0.1/x"), std::string("file:///etc/passwd"), std::string()}) {
    EXPECT_EQ(SendTo(open, MakeRequest("GET", url)).failure, Failure::kRequestRefused) << url;
  }
  EXPECT_EQ(own.requests().size(), 1u);
}

TEST_F(EndpointTest, WithoutAnOriginReachesNobody) {
  ScriptedServer server(ScriptedServer::Always(ScriptedServer::Ok("{}")));
  auto endpoint = client_.MakeEndpoint({});
  EXPECT_EQ(GetFrom(*endpoint, server.Url("/")).failure, Failure::kRequestRefused);
  EXPECT_EQ(server.connections(), 0);
}

TEST_F(EndpointTest, ThisMachineIsReachedOnlyWhereTheOriginNamesIt) {
  ScriptedServer server(ScriptedServer::Always(ScriptedServer::Ok("{}")));
  auto local = EndpointAt(server.Url(""));
  EXPECT_TRUE(GetFrom(*local, server.Url("/")).ok());
  // The permission is the other endpoint's.
  for (const char* host : {"2130706433", "0177.0.0.1", "0x7f000001", "127.1", "0.0.0.0",
                           "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[64:ff9b::7f00:1]"}) {
    const std::string origin = absl::StrCat("https://", host, ":", server.port());
    auto endpoint = EndpointAt(origin);
    const Exchange exchange = GetFrom(*endpoint, absl::StrCat(origin, "/"));
    EXPECT_EQ(exchange.failure, Failure::kConnect) << host << ": " << exchange.detail;
    EXPECT_EQ(exchange.detail, kAddressRefused) << host;
  }
  EXPECT_EQ(server.connections(), 1);
}

TEST_F(EndpointTest, ThisMachineCanBeNamedAsANetworkForTls) {
  ScriptedServer server(ScriptedServer::Always(ScriptedServer::Ok("{}")));
  EndpointOptions options;
  options.origins = {absl::StrCat("https://2130706433:", server.port())};
  options.allowed_networks = {*Network::Parse("127.0.0.2/32")};
  auto other = client_.MakeEndpoint(options);
  EXPECT_EQ(GetFrom(*other, options.origins[0]).detail, kAddressRefused);
  EXPECT_EQ(server.connections(), 0);
  options.allowed_networks = {*Network::Parse("127.0.0.1/32")};
  auto named = client_.MakeEndpoint(options);
  EXPECT_THAT(GetFrom(*named, options.origins[0]).detail, Not(HasSubstr(kAddressRefused)));
  EXPECT_EQ(server.connections(), 1);
}

TEST_F(EndpointTest, PrivateNetworksNeedToBeNamed) {
  for (const char* host : {"10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1",
                           "[fd00::1]", "[fe80::1]", "[::ffff:10.1.2.3]", "[64:ff9b::a01:203]",
                           "224.0.0.1", "[ff02::1]", "255.255.255.255"}) {
    const std::string origin = absl::StrCat("https://", host);
    auto endpoint = EndpointAt(origin);
    EXPECT_EQ(GetFrom(*endpoint, absl::StrCat(origin, "/")).detail, kAddressRefused) << host;
  }
  EndpointOptions options;
  options.origins = {"https://10.255.255.1", "https://10.1.2.3", "https://224.0.0.1"};
  options.allowed_networks = {*Network::Parse("10.255.0.0/16"), *Network::Parse("224.0.0.0/4")};
  options.connect_timeout = absl::Milliseconds(100);
  auto endpoint = client_.MakeEndpoint(options);
  // Nobody is there; it was tried all the same, for no longer than the endpoint's own limit.
  const Exchange allowed = GetFrom(*endpoint, "https://10.255.255.1/");
  EXPECT_NE(allowed.failure, Failure::kNone);
  EXPECT_NE(allowed.detail, kAddressRefused);
  EXPECT_EQ(GetFrom(*endpoint, "https://10.1.2.3/").detail, kAddressRefused);
  // What leads nowhere can't be allowed.
  EXPECT_EQ(GetFrom(*endpoint, "https://224.0.0.1/").detail, kAddressRefused);
}

TEST_F(EndpointTest, AKeptConnectionOfAnotherEndpointGivesNoPermission) {
  const TestIdentity identity("IP:127.0.0.1", 3600);
  const std::string ca_file = identity.SaveAs("endpoint_kept.pem");
  ScriptedServer server(ServeTls(identity));
  const std::string url = absl::StrCat("https://127.0.0.1:", server.port(), "/");
  CurlOptions strict;
  strict.ca_file = ca_file;
  CurlHttpClient client(loop_, strict);
  EndpointOptions options;
  options.origins = {url};
  options.ca_file = ca_file;
  auto endpoint = client.MakeEndpoint(options);
  ASSERT_TRUE(GetFrom(*endpoint, url).ok());
  const Exchange exchange = GetFrom(client, url);
  EXPECT_EQ(exchange.failure, Failure::kConnect) << exchange.detail;
  EXPECT_EQ(exchange.detail, kAddressRefused);
  EXPECT_FALSE(exchange.request_sent);
  EXPECT_TRUE(GetFrom(*endpoint, url).ok());
}

// The other endpoint has the limits of production.
TEST_F(EndpointTest, EachHasItsOwnLimits) {
  ScriptedServer server([](ScriptedConnection& connection) {
    while (connection.ReadRequest()) {
      connection.Send(absl::StrCat("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-Padding: ",
                                   std::string(2000, 'p'), "\r\n\r\n{}"));
    }
  });
  EndpointOptions options;
  options.origins = {server.Url("/")};
  options.max_header_bytes = 1000;
  auto narrow = client_.MakeEndpoint(options);
  auto usual = EndpointAt(server.Url("/"));
  EXPECT_TRUE(GetFrom(*usual, server.Url("/")).ok());
  EXPECT_EQ(GetFrom(*narrow, server.Url("/")).failure, Failure::kTooLarge);
  EXPECT_TRUE(GetFrom(*usual, server.Url("/")).ok());

  ScriptedServer silent([](ScriptedConnection& connection) { connection.WaitForEnd(); });
  options.origins = {silent.Url("/")};
  options.stall_time = absl::Seconds(1);
  auto impatient = client_.MakeEndpoint(options);
  EXPECT_EQ(GetFrom(*impatient, silent.Url("/")).failure, Failure::kTimeout);
}

TEST_F(EndpointTest, EachHasItsOwnAuthorities) {
  const TestIdentity identity("IP:127.0.0.1", 3600);
  ScriptedServer server(ServeTls(identity));
  const std::string url = absl::StrCat("https://127.0.0.1:", server.port(), "/");
  EndpointOptions trusting;
  trusting.origins = {url};
  trusting.ca_file = identity.SaveAs("endpoint_trusted.pem");
  auto with = client_.MakeEndpoint(trusting);
  auto without = EndpointAt(url);
  // In turn, so that handles go from one to the other.
  for (int i = 0; i < 2; ++i) {
    EXPECT_TRUE(GetFrom(*with, url).ok());
    EXPECT_EQ(GetFrom(*without, url).failure, Failure::kTls);
  }
}

TEST_F(EndpointTest, ARedirectTakesNoCredentialAnywhere) {
  ScriptedServer evil(ScriptedServer::Always(ScriptedServer::Ok("{}")));
  for (const int status : {301, 302, 303, 307, 308}) {
    ScriptedServer own(ScriptedServer::Always(
        absl::StrCat("HTTP/1.1 ", status, " Found\r\nLocation: ", evil.Url("/steal"),
                     "\r\nRefresh: 0; url=", evil.Url("/steal"), "\r\nContent-Length: 0\r\n\r\n")));
    auto endpoint = EndpointAt(own.Url(""));
    Request request = MakeRequest("GET", own.Url("/"));
    request.headers = {{"X-Api-Key", "canary-key"}, {"Authorization", "Bearer canary-token"}};
    const Exchange exchange = SendTo(*endpoint, request);
    EXPECT_TRUE(exchange.ok()) << exchange.detail;
    EXPECT_EQ(exchange.response.status, status);
  }
  EXPECT_EQ(evil.connections(), 0);
}

TEST_F(EndpointTest, ProxiesOfTheEnvironmentAreIgnored) {
  ScriptedServer proxy(ScriptedServer::Always(ScriptedServer::Ok("{}")));
  ScriptedServer server(ScriptedServer::Always(ScriptedServer::Ok("{\"from\":\"server\"}")));
  for (const char* name : {"http_proxy", "https_proxy", "ALL_PROXY", "all_proxy"}) {
    setenv(name, proxy.Url("").c_str(), 1);
  }
  auto endpoint = EndpointAt(server.Url(""));
  const Exchange exchange = GetFrom(*endpoint, server.Url("/"));
  for (const char* name : {"http_proxy", "https_proxy", "ALL_PROXY", "all_proxy"}) unsetenv(name);
  EXPECT_EQ(exchange.response.body, "{\"from\":\"server\"}");
  EXPECT_EQ(proxy.connections(), 0);
}

TEST_F(EndpointTest, ANetrcFileIsIgnored) {
  const std::string home = ::testing::TempDir();
  std::ofstream(home + "/.netrc") << "machine 127.0.0.1 login canary password canary\n";
  const char* const before = std::getenv("HOME");
  const std::string old = before == nullptr ? "" : before;
  setenv("HOME", home.c_str(), 1);
  ScriptedServer server(ScriptedServer::Always(ScriptedServer::Ok("{}")));
  auto endpoint = EndpointAt(server.Url(""));
  EXPECT_TRUE(GetFrom(*endpoint, server.Url("/")).ok());
  setenv("HOME", old.c_str(), 1);
  ASSERT_EQ(server.requests().size(), 1u);
  EXPECT_THAT(server.requests()[0], Not(HasSubstr("uthorization")));
}

TEST_F(EndpointTest, OtherSchemesAreRefused) {
  auto endpoint = EndpointAt("https://a.example");
  for (const char* url : {"file:///etc/passwd", "ftp://a.example/", "gopher://a.example/",
                          "dict://a.example/", "smb://a.example/", "ws://a.example/"}) {
    EXPECT_EQ(GetFrom(*endpoint, url).failure, Failure::kRequestRefused) << url;
    EXPECT_EQ(GetFrom(client_, url).failure, Failure::kRequestRefused) << url;
  }
}

}  // namespace
}  // namespace edugate::http
