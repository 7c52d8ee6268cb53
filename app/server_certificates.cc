#include "app/server_certificates.h"

#include <fcntl.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "runtime/telemetry/log.h"

namespace edugate::app {
namespace {

constexpr std::chrono::milliseconds kLookInterval{500};
// More than any list of authorities needs.
constexpr size_t kMaxBytes = size_t{4} << 20;

constexpr absl::string_view kCertificateKey = "server.tls.certificate_file";
constexpr absl::string_view kPrivateKeyKey = "server.tls.private_key_file";
constexpr absl::string_view kAuthoritiesKey = "server.tls.client_ca_file";

using Source = std::unique_ptr<BIO, int (*)(BIO*)>;
using Certificate = std::unique_ptr<X509, void (*)(X509*)>;
using Key = std::unique_ptr<EVP_PKEY, void (*)(EVP_PKEY*)>;

// What the three files hold. The key is wiped when it goes.
struct Texts {
  Texts() = default;
  Texts(const Texts&) = delete;
  Texts& operator=(const Texts&) = delete;
  ~Texts() { OPENSSL_cleanse(key.data(), key.size()); }

  std::string certificate;
  std::string key;
  std::string authorities;
  // Whether one of them could not be opened for want of descriptors or memory.
  bool starved = false;
};

Source SourceOf(const std::string& text) {
  return {BIO_new_mem_buf(text.data(), static_cast<int>(text.size())), &BIO_free};
}

// OpenSSL would ask at the terminal.
int NoPassphrase(char*, int, int, void*) { return 0; }

bool Read(const std::string& path, absl::string_view key, const Mistake& mistake, std::string& text,
          bool& starved) {
  if (path.empty()) {
    mistake(std::string(key), "is missing");
    return false;
  }
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "re"),
                                                             &std::fclose);
  if (file == nullptr && (errno == EMFILE || errno == ENFILE || errno == ENOMEM)) starved = true;
  text.resize(kMaxBytes);
  const size_t size = file == nullptr ? 0 : std::fread(text.data(), 1, text.size(), file.get());
  text.resize(size);
  if (file != nullptr && std::ferror(file.get()) == 0 && size < kMaxBytes) return true;
  mistake(std::string(key), size < kMaxBytes ? "can't be read" : "is too large");
  return false;
}

Certificate NextIn(BIO* source) {
  return {PEM_read_bio_X509(source, nullptr, &NoPassphrase, nullptr), &X509_free};
}

// The first certificate of a text whose further ones, if there are any, can be read, too.
Certificate FirstOf(const std::string& text) {
  ERR_clear_error();
  const Source source = SourceOf(text);
  Certificate first = NextIn(source.get());
  while (first != nullptr) {
    if (NextIn(source.get()) != nullptr) continue;
    if (ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE) first.reset();
    break;
  }
  ERR_clear_error();
  return first;
}

// Reads the files and notes what is wrong with them.
void ReadAll(const v1::ServerTls& tls, const Mistake& mistake, Texts& texts) {
  const bool has_certificate =
      Read(tls.certificate_file(), kCertificateKey, mistake, texts.certificate, texts.starved);
  const bool has_key =
      Read(tls.private_key_file(), kPrivateKeyKey, mistake, texts.key, texts.starved);
  if (!tls.client_ca_file().empty() &&
      Read(tls.client_ca_file(), kAuthoritiesKey, mistake, texts.authorities, texts.starved) &&
      FirstOf(texts.authorities) == nullptr) {
    mistake(std::string(kAuthoritiesKey), "holds no certificates in PEM");
  }
  const Certificate certificate =
      has_certificate ? FirstOf(texts.certificate) : Certificate(nullptr, &X509_free);
  if (has_certificate && certificate == nullptr) {
    mistake(std::string(kCertificateKey), "holds no certificate in PEM");
  }
  const Key key(
      has_key ? PEM_read_bio_PrivateKey(SourceOf(texts.key).get(), nullptr, &NoPassphrase, nullptr)
              : nullptr,
      &EVP_PKEY_free);
  if (has_key && key == nullptr) {
    mistake(std::string(kPrivateKeyKey), "holds no private key in PEM without a passphrase");
  }
  if (certificate != nullptr && key != nullptr &&
      X509_check_private_key(certificate.get(), key.get()) != 1) {
    mistake(std::string(kPrivateKeyKey), "is not the key of the certificate");
  }
  ERR_clear_error();
}

// A file in memory with this content; -1 where there is none.
int FileOf(const std::string& text) {
  const int fd = memfd_create("edugate-tls", MFD_CLOEXEC);
  size_t done = 0;
  while (fd >= 0 && done < text.size()) {
    const ssize_t wrote = write(fd, text.data() + done, text.size() - done);
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote <= 0) {
      close(fd);
      return -1;
    }
    done += static_cast<size_t>(wrote);
  }
  return fd;
}

std::string PathOf(int fd) { return absl::StrCat("/proc/self/fd/", fd); }

}  // namespace

void CheckServerTls(const v1::ServerTls& tls, const Mistake& mistake) {
  Texts texts;
  ReadAll(tls, mistake, texts);
}

absl::StatusOr<std::unique_ptr<ServerCertificates>> ServerCertificates::Open(
    const v1::ServerTls& tls) {
  std::unique_ptr<ServerCertificates> made(new ServerCertificates(tls));
  // First: what changes in between is seen at the next look.
  made->watch_.Watch({tls.certificate_file(), tls.private_key_file(), tls.client_ca_file()});
  absl::Status taken = made->TakeOver();
  if (!taken.ok()) return taken;
  for (const int copy : made->copies_) {
    if (access(PathOf(copy).c_str(), R_OK) == 0) continue;
    return absl::UnavailableError("the certificate's copies can't be read: is /proc mounted?");
  }
  made->thread_ = std::thread([certificates = made.get()] { certificates->Run(); });
  return made;
}

ServerCertificates::~ServerCertificates() {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    ending_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
  for (const int copy : copies_) {
    if (copy >= 0) close(copy);
  }
}

v1::ServerTls ServerCertificates::copies() const {
  v1::ServerTls copies = tls_;
  copies.set_certificate_file(PathOf(copies_[kCertificate]));
  copies.set_private_key_file(PathOf(copies_[kKey]));
  if (!tls_.client_ca_file().empty()) copies.set_client_ca_file(PathOf(copies_[kAuthorities]));
  return copies;
}

absl::Status ServerCertificates::TakeOver() {
  Texts texts;
  std::string mistakes;
  ReadAll(
      tls_,
      [&mistakes](const std::string& key, absl::string_view what) {
        absl::StrAppend(&mistakes, mistakes.empty() ? "" : "; ", key, " ", what);
      },
      texts);
  // Nothing is wrong with the files, and nothing of them will change: they are read again.
  if (texts.starved) {
    return absl::UnavailableError("there is no memory or descriptor to read the files");
  }
  if (!mistakes.empty()) return absl::InvalidArgumentError(mistakes);
  const std::array<int, kFiles> fresh = {FileOf(texts.certificate), FileOf(texts.key),
                                         FileOf(texts.authorities)};
  const bool made = std::all_of(fresh.begin(), fresh.end(), [](int fd) { return fd >= 0; });
  for (int i = 0; i < kFiles; ++i) {
    if (made && copies_[i] < 0) {
      copies_[i] = fresh[i];
      continue;
    }
    // One after the other: if gRPC reads in between, it reads again in a moment.
    if (made) dup3(fresh[i], copies_[i], O_CLOEXEC);
    if (fresh[i] >= 0) close(fresh[i]);
  }
  if (!made) return absl::UnavailableError("there is no memory or descriptor for the copies");
  return absl::OkStatus();
}

void ServerCertificates::Look() {
  const std::lock_guard<std::mutex> lock(looking_);
  if (!watch_.Changed() && !again_) return;
  const absl::Status taken = TakeOver();
  again_ = absl::IsUnavailable(taken);
  if (taken.ok()) {
    telemetry::Info("the gRPC port's certificate was loaded again");
  } else {
    telemetry::Error(
        absl::StrCat("the gRPC port's new certificate can't be used, and the one "
                     "before stays: ",
                     taken.message()));
  }
}

void ServerCertificates::Run() {
  std::unique_lock<std::mutex> lock(mutex_);
  while (!wake_.wait_for(lock, kLookInterval, [this] { return ending_; })) {
    lock.unlock();
    Look();
    lock.lock();
  }
}

}  // namespace edugate::app
