// A server's side of TLS, for tests: certificates that sign themselves, and connections that use
// them.
#ifndef EDUGATE_RUNTIME_HTTP_TEST_IDENTITY_H_
#define EDUGATE_RUNTIME_HTTP_TEST_IDENTITY_H_

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>
#include <utility>

#include "gtest/gtest.h"
#include "runtime/http/scripted_server.h"

namespace edugate::http {

// A certificate that signs itself, for one subject alternative name ("IP:127.0.0.1"), valid from
// now for `seconds` (negative: expired).
struct TestIdentity {
  TestIdentity(const char* alternative_name, int64_t seconds)
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

// The server's end of a connection over TLS.
class TestTlsConnection {
 public:
  // Shakes hands on `fd`: at most at `version`, with `protocol` alone (ALPN) if that isn't empty.
  TestTlsConnection(const TestIdentity& identity, int fd, int version, std::string protocol = "")
      : context_(SSL_CTX_new(TLS_server_method()), &SSL_CTX_free), wanted_(std::move(protocol)) {
    SSL_CTX_set_security_level(context_.get(), 0);
    SSL_CTX_set_max_proto_version(context_.get(), version);
    SSL_CTX_use_certificate(context_.get(), identity.certificate.get());
    SSL_CTX_use_PrivateKey(context_.get(), identity.key.get());
    if (!wanted_.empty()) SSL_CTX_set_alpn_select_cb(context_.get(), &Select, &wanted_);
    ssl_.reset(SSL_new(context_.get()));
    SSL_set_fd(ssl_.get(), fd);
    open_ = SSL_accept(ssl_.get()) == 1;
  }

  bool open() const { return open_; }

  // What was agreed on (ALPN); empty if nothing was.
  std::string protocol() const {
    const unsigned char* name = nullptr;
    unsigned int size = 0;
    SSL_get0_alpn_selected(ssl_.get(), &name, &size);
    return std::string(reinterpret_cast<const char*>(name), size);
  }

  // Some bytes; none at the connection's end.
  std::string Read() {
    char buffer[4096];
    const int size = SSL_read(ssl_.get(), buffer, sizeof(buffer));
    return size <= 0 ? std::string() : std::string(buffer, static_cast<std::size_t>(size));
  }

  bool Write(const std::string& bytes) {
    return bytes.empty() || SSL_write(ssl_.get(), bytes.data(), static_cast<int>(bytes.size())) > 0;
  }

 private:
  static int Select(SSL*, const unsigned char** out, unsigned char* out_size,
                    const unsigned char* offered, unsigned int size, void* wanted) {
    const std::string& name = *static_cast<const std::string*>(wanted);
    for (unsigned int at = 0; at < size; at += offered[at] + 1u) {
      const std::string each(reinterpret_cast<const char*>(offered + at + 1), offered[at]);
      if (each != name) continue;
      *out = offered + at + 1;
      *out_size = offered[at];
      return SSL_TLSEXT_ERR_OK;
    }
    return SSL_TLSEXT_ERR_NOACK;
  }

  std::unique_ptr<SSL_CTX, void (*)(SSL_CTX*)> context_;
  std::unique_ptr<SSL, void (*)(SSL*)> ssl_{nullptr, &SSL_free};
  std::string wanted_;
  bool open_ = false;
};

// Answers every request on a connection over TLS with `{}`, at most at version `version`.
inline ScriptedServer::Script ServeTls(const TestIdentity& identity, int version = TLS1_3_VERSION) {
  return [&identity, version](ScriptedConnection& connection) {
    TestTlsConnection tls(identity, connection.fd(), version);
    if (!tls.open()) return;
    std::string seen;
    while (true) {
      const std::string bytes = tls.Read();
      if (bytes.empty()) return;
      seen += bytes;
      if (seen.find("\r\n\r\n") == std::string::npos) continue;
      seen.clear();
      if (!tls.Write(ScriptedServer::Ok("{}"))) return;
    }
  };
}

}  // namespace edugate::http

#endif  // EDUGATE_RUNTIME_HTTP_TEST_IDENTITY_H_
