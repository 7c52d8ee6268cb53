// Whom the client trusts.
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <cstdio>
#include <memory>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "runtime/http/client_fixture.h"
#include "runtime/http/curl_http_client.h"
#include "runtime/http/scripted_server.h"

namespace edugate::http {
namespace {

// A certificate that signs itself, for one subject alternative name ("IP:127.0.0.1"), valid from
// now for `seconds` (negative: expired).
struct Identity {
  Identity(const char* alternative_name, long seconds)
      : key(EVP_EC_gen("P-256"), &EVP_PKEY_free), certificate(X509_new(), &X509_free) {
    X509* const x = certificate.get();
    X509_set_version(x, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(x), 1);
    X509_gmtime_adj(X509_getm_notBefore(x), -100000);
    X509_gmtime_adj(X509_getm_notAfter(x), seconds);
    X509_set_pubkey(x, key.get());
    const unsigned char name[] = "test";
    X509_NAME_add_entry_by_txt(X509_get_subject_name(x), "CN", MBSTRING_ASC, name, -1, -1, 0);
    X509_set_issuer_name(x, X509_get_subject_name(x));
    X509_EXTENSION* const extension =
        X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, alternative_name);
    X509_add_ext(x, extension, -1);
    X509_EXTENSION_free(extension);
    X509_sign(x, key.get(), EVP_sha256());
  }

  // Writes the certificate where a client finds it.
  std::string SaveAs(const std::string& name) const {
    const std::string path = testing::TempDir() + name;
    std::FILE* const file = std::fopen(path.c_str(), "w");
    EXPECT_NE(file, nullptr);
    PEM_write_X509(file, certificate.get());
    std::fclose(file);
    return path;
  }

  std::unique_ptr<EVP_PKEY, void (*)(EVP_PKEY*)> key;
  std::unique_ptr<X509, void (*)(X509*)> certificate;
};

// Answers every request on a connection over TLS, at most at version `version`.
ScriptedServer::Script ServeTls(const Identity& identity, int version = TLS1_3_VERSION) {
  return [&identity, version](ScriptedConnection& connection) {
    std::unique_ptr<SSL_CTX, void (*)(SSL_CTX*)> context(SSL_CTX_new(TLS_server_method()),
                                                         &SSL_CTX_free);
    SSL_CTX_set_security_level(context.get(), 0);
    SSL_CTX_set_max_proto_version(context.get(), version);
    SSL_CTX_use_certificate(context.get(), identity.certificate.get());
    SSL_CTX_use_PrivateKey(context.get(), identity.key.get());
    std::unique_ptr<SSL, void (*)(SSL*)> ssl(SSL_new(context.get()), &SSL_free);
    SSL_set_fd(ssl.get(), connection.fd());
    if (SSL_accept(ssl.get()) != 1) return;
    std::string seen;
    char buffer[4096];
    while (true) {
      const int size = SSL_read(ssl.get(), buffer, sizeof(buffer));
      if (size <= 0) return;
      seen.append(buffer, static_cast<std::size_t>(size));
      if (seen.find("\r\n\r\n") == std::string::npos) continue;
      seen.clear();
      const std::string answer = ScriptedServer::Ok("{}");
      if (SSL_write(ssl.get(), answer.data(), static_cast<int>(answer.size())) <= 0) return;
    }
  };
}

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
  const Identity identity("IP:127.0.0.1", 3600);
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

TEST_F(CurlHttpClientTlsTest, ACertificateOfNobodyKnownIsRefused) {
  const Identity identity("IP:127.0.0.1", 3600);
  ScriptedServer server(ServeTls(identity));
  const Exchange exchange = Get(UrlOf(server));
  EXPECT_EQ(exchange.failure, Failure::kTls) << exchange.detail;
  EXPECT_FALSE(exchange.request_sent);
}

TEST_F(CurlHttpClientTlsTest, ACertificateForAnotherHostIsRefused) {
  const Identity identity("DNS:api.example.net", 3600);
  ScriptedServer server(ServeTls(identity));
  const Exchange exchange = GetTrusting(identity.SaveAs("other_host.pem"), UrlOf(server));
  EXPECT_EQ(exchange.failure, Failure::kTls) << exchange.detail;
  EXPECT_FALSE(exchange.request_sent);
}

TEST_F(CurlHttpClientTlsTest, AnExpiredCertificateIsRefused) {
  const Identity identity("IP:127.0.0.1", -3600);
  ScriptedServer server(ServeTls(identity));
  const Exchange exchange = GetTrusting(identity.SaveAs("expired.pem"), UrlOf(server));
  EXPECT_EQ(exchange.failure, Failure::kTls) << exchange.detail;
  EXPECT_FALSE(exchange.request_sent);
}

TEST_F(CurlHttpClientTlsTest, AServerOfAnOldVersionIsRefused) {
  const Identity identity("IP:127.0.0.1", 3600);
  ScriptedServer server(ServeTls(identity, TLS1_1_VERSION));
  const Exchange exchange = GetTrusting(identity.SaveAs("old.pem"), UrlOf(server));
  EXPECT_EQ(exchange.failure, Failure::kTls) << exchange.detail;
  EXPECT_FALSE(exchange.request_sent);
}

}  // namespace
}  // namespace edugate::http
