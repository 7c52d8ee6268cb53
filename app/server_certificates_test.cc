#include "app/server_certificates.h"

#include <openssl/pem.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <iterator>
#include <map>
#include <string>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "runtime/http/test_identity.h"

namespace edugate::app {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;

constexpr long kDay = 86400;  // NOLINT(google-runtime-int): as TestIdentity has it.

std::string TextOf(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(file), {});
}

class ServerCertificatesTest : public ::testing::Test {
 protected:
  ServerCertificatesTest() {
    tls_.set_certificate_file(PathOf("crt"));
    tls_.set_private_key_file(PathOf("key"));
    tls_.set_client_ca_file(PathOf("ca"));
    WriteCertificate(one_, tls_.certificate_file());
    WriteKey(one_, tls_.private_key_file());
    WriteCertificate(one_, tls_.client_ca_file());
  }
  ~ServerCertificatesTest() override {
    for (const char* name : {"crt", "key", "ca"}) std::remove(PathOf(name).c_str());
  }

  static std::string PathOf(const char* name) {
    return absl::StrCat(::testing::TempDir(), "server-certificates-", getpid(), ".", name);
  }

  // Another file each time: two that are written within a tick of the clock look the same.
  static std::string Next(const std::string& path) { return path + ".next"; }

  static void WriteCertificate(const http::TestIdentity& identity, const std::string& path) {
    std::FILE* const file = std::fopen(Next(path).c_str(), "w");
    ASSERT_NE(file, nullptr);
    PEM_write_X509(file, identity.certificate.get());
    std::fclose(file);
    std::rename(Next(path).c_str(), path.c_str());
  }

  static void WriteKey(const http::TestIdentity& identity, const std::string& path) {
    std::FILE* const file = std::fopen(Next(path).c_str(), "w");
    ASSERT_NE(file, nullptr);
    PEM_write_PrivateKey(file, identity.key.get(), nullptr, nullptr, 0, nullptr, nullptr);
    std::fclose(file);
    std::rename(Next(path).c_str(), path.c_str());
  }

  std::map<std::string, std::string> Mistakes() const {
    std::map<std::string, std::string> mistakes;
    CheckServerTls(tls_, [&](const std::string& key, absl::string_view what) {
      mistakes[key] = std::string(what);
    });
    return mistakes;
  }

  const http::TestIdentity one_{"IP:127.0.0.1", kDay};
  const http::TestIdentity two_{"IP:127.0.0.1", kDay};
  v1::ServerTls tls_;
};

TEST_F(ServerCertificatesTest, WhatBelongsTogetherHasNoMistake) {
  EXPECT_THAT(Mistakes(), IsEmpty());
  tls_.clear_client_ca_file();
  EXPECT_THAT(Mistakes(), IsEmpty());
}

TEST_F(ServerCertificatesTest, TheKeyOfAnotherCertificateIsAMistake) {
  WriteKey(two_, tls_.private_key_file());
  EXPECT_THAT(Mistakes(), ElementsAre(Pair("server.tls.private_key_file",
                                           "is not the key of the certificate")));
  EXPECT_TRUE(absl::IsInvalidArgument(ServerCertificates::Open(tls_).status()));
}

TEST_F(ServerCertificatesTest, AFileThatHoldsSomethingElseIsAMistake) {
  std::ofstream(tls_.certificate_file()) << "nothing of the kind";
  std::ofstream(tls_.private_key_file()) << TextOf(tls_.client_ca_file());
  std::ofstream(tls_.client_ca_file()) << "";
  EXPECT_THAT(Mistakes(),
              ElementsAre(Pair("server.tls.certificate_file", HasSubstr("no certificate")),
                          Pair("server.tls.client_ca_file", HasSubstr("no certificates")),
                          Pair("server.tls.private_key_file", HasSubstr("no private key"))));
}

TEST_F(ServerCertificatesTest, AFileThatIsNotThereOrAFolderIsAMistake) {
  tls_.set_certificate_file("/nowhere/tls.crt");
  tls_.set_client_ca_file(::testing::TempDir());
  tls_.clear_private_key_file();
  EXPECT_THAT(Mistakes(), ElementsAre(Pair("server.tls.certificate_file", "can't be read"),
                                      Pair("server.tls.client_ca_file", "can't be read"),
                                      Pair("server.tls.private_key_file", "is missing")));
}

TEST_F(ServerCertificatesTest, WhatDoesNotBelongTogetherLeavesTheCopiesAsTheyAre) {
  auto certificates = ServerCertificates::Open(tls_);
  ASSERT_TRUE(certificates.ok()) << certificates.status();
  const v1::ServerTls copies = (*certificates)->copies();
  const std::string certificate = TextOf(tls_.certificate_file());
  const std::string key = TextOf(tls_.private_key_file());
  EXPECT_EQ(TextOf(copies.certificate_file()), certificate);
  EXPECT_EQ(TextOf(copies.private_key_file()), key);
  EXPECT_EQ(TextOf(copies.client_ca_file()), certificate);

  // A file counts when it has stayed the same from one look to the next.
  WriteCertificate(two_, tls_.certificate_file());
  for (int i = 0; i < 2; ++i) (*certificates)->Look();
  EXPECT_EQ(TextOf(copies.certificate_file()), certificate);
  EXPECT_EQ(TextOf(copies.private_key_file()), key);

  WriteKey(two_, tls_.private_key_file());
  for (int i = 0; i < 2; ++i) (*certificates)->Look();
  EXPECT_EQ(TextOf(copies.certificate_file()), TextOf(tls_.certificate_file()));
  EXPECT_EQ(TextOf(copies.private_key_file()), TextOf(tls_.private_key_file()));
  EXPECT_NE(TextOf(copies.private_key_file()), key);
}

TEST_F(ServerCertificatesTest, WhatCouldNotBeReadForWantOfDescriptorsIsReadWhenThereAreSome) {
  auto certificates = ServerCertificates::Open(tls_);
  ASSERT_TRUE(certificates.ok()) << certificates.status();
  const v1::ServerTls copies = (*certificates)->copies();
  WriteCertificate(two_, tls_.certificate_file());
  WriteKey(two_, tls_.private_key_file());
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &before), 0);
  const rlimit none{.rlim_cur = 0, .rlim_max = before.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &none), 0);
  for (int i = 0; i < 2; ++i) (*certificates)->Look();
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &before), 0);

  (*certificates)->Look();
  EXPECT_EQ(TextOf(copies.certificate_file()), TextOf(tls_.certificate_file()));
  EXPECT_EQ(TextOf(copies.private_key_file()), TextOf(tls_.private_key_file()));
}

TEST_F(ServerCertificatesTest, WithoutAuthoritiesNoneAreNamed) {
  tls_.clear_client_ca_file();
  auto certificates = ServerCertificates::Open(tls_);
  ASSERT_TRUE(certificates.ok()) << certificates.status();
  EXPECT_EQ((*certificates)->copies().client_ca_file(), "");
}

}  // namespace
}  // namespace edugate::app
