#include "services/page_token.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/rand.h>

#include <limits>
#include <memory>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"
#include "runtime/digest/message_bytes.h"
#include "runtime/digest/sha256.h"
#include "runtime/errors/errors.h"

namespace edugate::services {
namespace {

constexpr char kVersion = 1;
constexpr size_t kNonceBytes = 12;
constexpr size_t kTagBytes = 16;
constexpr size_t kOverheadBytes = 1 + kNonceBytes + kTagBytes;
constexpr size_t kContentHeaderBytes = 8 + 4;
// Four characters carry three bytes.
static_assert((kOverheadBytes + kContentHeaderBytes + kMaxCursorBytes + 2) / 3 * 4 <=
              kMaxPageTokenBytes);

// One text for everything but expiry, so that an answer teaches nothing about the token.
constexpr char kRefused[] = "not a token of this list for this caller; start again without one";
constexpr char kExpired[] = "expired; start again without one";

// Keeps keys for other purposes, and formats to come, apart.
constexpr char kKeyPurpose[] = "edugate page token key v1";
constexpr char kBindingPurpose[] = "edugate page token v1";

// Where a key's complaint points in the configuration.
constexpr char kKeyField[] = "server.page_token_key";

struct FreeCipher {
  void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
};
using Cipher = std::unique_ptr<EVP_CIPHER_CTX, FreeCipher>;

struct FreeKeyContext {
  void operator()(EVP_PKEY_CTX* context) const { EVP_PKEY_CTX_free(context); }
};

unsigned char* Bytes(char* data) { return reinterpret_cast<unsigned char*>(data); }
const unsigned char* Bytes(const char* data) {
  return reinterpret_cast<const unsigned char*>(data);
}

// Appends `value` as `size` bytes, the highest first.
void AppendNumber(std::string* out, uint64_t value, size_t size) {
  for (size_t i = size; i-- > 0;) out->push_back(static_cast<char>(value >> (8 * i) & 0xFF));
}

uint64_t ReadNumber(absl::string_view bytes) {
  uint64_t value = 0;
  for (const char c : bytes) value = value << 8 | static_cast<unsigned char>(c);
  return value;
}

// Appends a text so that where it ends can't be moved into the next one.
void AppendText(std::string* out, absl::string_view text) {
  AppendNumber(out, text.size(), 8);
  absl::StrAppend(out, text);
}

std::string AuthenticatedData(const PageBinding& binding) {
  std::string data;
  AppendText(&data, kBindingPurpose);
  data.push_back(kVersion);
  AppendText(&data, binding.caller);
  AppendText(&data, binding.method);
  AppendText(&data, binding.query_digest);
  return data;
}

// Encrypts `plain`; the nonce, the cipher text and the tag are appended to `out`. False where
// OpenSSL fails.
bool Encrypt(const PageTokenKey& key, absl::string_view nonce, absl::string_view data,
             absl::string_view plain, std::string* out) {
  const Cipher cipher(EVP_CIPHER_CTX_new());
  std::string sealed(plain.size() + kTagBytes, '\0');
  int length = 0;
  int rest = 0;
  const bool done = cipher != nullptr &&
                    EVP_EncryptInit_ex(cipher.get(), EVP_aes_256_gcm(), nullptr, key.data(),
                                       Bytes(nonce.data())) == 1 &&
                    EVP_EncryptUpdate(cipher.get(), nullptr, &length, Bytes(data.data()),
                                      static_cast<int>(data.size())) == 1 &&
                    EVP_EncryptUpdate(cipher.get(), Bytes(sealed.data()), &length,
                                      Bytes(plain.data()), static_cast<int>(plain.size())) == 1 &&
                    EVP_EncryptFinal_ex(cipher.get(), Bytes(sealed.data()) + length, &rest) == 1 &&
                    EVP_CIPHER_CTX_ctrl(cipher.get(), EVP_CTRL_GCM_GET_TAG, kTagBytes,
                                        Bytes(sealed.data()) + plain.size()) == 1;
  if (done) absl::StrAppend(out, nonce, sealed);
  return done;
}

// The inverse of Encrypt, of nonce, cipher text and tag; nothing where the tag is another one.
std::optional<std::string> Decrypt(const PageTokenKey& key, absl::string_view sealed,
                                   absl::string_view data) {
  const absl::string_view nonce = sealed.substr(0, kNonceBytes);
  const absl::string_view text =
      sealed.substr(kNonceBytes, sealed.size() - kNonceBytes - kTagBytes);
  std::string tag(sealed.substr(sealed.size() - kTagBytes));
  const Cipher cipher(EVP_CIPHER_CTX_new());
  std::string plain(text.size(), '\0');
  int length = 0;
  int rest = 0;
  const bool done =
      cipher != nullptr &&
      EVP_DecryptInit_ex(cipher.get(), EVP_aes_256_gcm(), nullptr, key.data(),
                         Bytes(nonce.data())) == 1 &&
      EVP_DecryptUpdate(cipher.get(), nullptr, &length, Bytes(data.data()),
                        static_cast<int>(data.size())) == 1 &&
      EVP_DecryptUpdate(cipher.get(), Bytes(plain.data()), &length, Bytes(text.data()),
                        static_cast<int>(text.size())) == 1 &&
      EVP_CIPHER_CTX_ctrl(cipher.get(), EVP_CTRL_GCM_SET_TAG, kTagBytes, tag.data()) == 1 &&
      EVP_DecryptFinal_ex(cipher.get(), Bytes(plain.data()) + length, &rest) == 1;
  if (!done) return std::nullopt;
  return plain;
}

// The bytes of a token; nothing where it isn't written exactly as Seal writes, so that no second
// spelling opens.
std::optional<std::string> Unarmor(absl::string_view token) {
  std::string bytes;
  if (token.size() > kMaxPageTokenBytes || !absl::WebSafeBase64Unescape(token, &bytes) ||
      absl::WebSafeBase64Escape(bytes) != token) {
    return std::nullopt;
  }
  if (bytes.size() < kOverheadBytes + kContentHeaderBytes || bytes.front() != kVersion) {
    return std::nullopt;
  }
  return bytes;
}

}  // namespace

RandomBytes SystemRandomBytes() {
  return [](unsigned char* out, size_t size) {
    return size <= static_cast<size_t>(std::numeric_limits<int>::max()) &&
           RAND_bytes(out, static_cast<int>(size)) == 1;
  };
}

absl::StatusOr<PageTokenKey> PageTokenKey::FromSecret(absl::string_view secret) {
  if (secret.empty()) return errors::ArgumentInvalid(kKeyField, "is empty");
  const std::unique_ptr<EVP_PKEY_CTX, FreeKeyContext> context(
      EVP_PKEY_CTX_new_id(EVP_PKEY_HKDF, nullptr));
  PageTokenKey key;
  size_t size = kBytes;
  const bool done =
      context != nullptr && EVP_PKEY_derive_init(context.get()) == 1 &&
      EVP_PKEY_CTX_set_hkdf_md(context.get(), EVP_sha256()) == 1 &&
      EVP_PKEY_CTX_set1_hkdf_key(context.get(), Bytes(secret.data()),
                                 static_cast<int>(secret.size())) == 1 &&
      EVP_PKEY_CTX_add1_hkdf_info(context.get(), Bytes(kKeyPurpose), sizeof kKeyPurpose - 1) == 1 &&
      EVP_PKEY_derive(context.get(), key.bytes_.data(), &size) == 1 && size == kBytes;
  if (!done) return errors::Internal("the key of page tokens can't be derived");
  return key;
}

absl::StatusOr<PageTokenKey> PageTokenKey::Generate(const RandomBytes& random) {
  PageTokenKey key;
  if (!random(key.bytes_.data(), key.bytes_.size())) {
    return errors::Internal("no randomness for a key of page tokens");
  }
  return key;
}

PageTokenKey::~PageTokenKey() { OPENSSL_cleanse(bytes_.data(), bytes_.size()); }

PageTokenSealer::PageTokenSealer(std::vector<PageTokenKey> keys, absl::Duration lifetime,
                                 RandomBytes random)
    : keys_(std::move(keys)), lifetime_(lifetime), random_(std::move(random)) {}

absl::StatusOr<PageTokenSealer> PageTokenSealer::Create(std::vector<PageTokenKey> keys,
                                                        absl::Duration lifetime,
                                                        RandomBytes random) {
  if (keys.empty() || keys.size() > kMaxPageTokenKeys) {
    return errors::ArgumentInvalid(kKeyField,
                                   absl::StrCat("takes 1 to ", kMaxPageTokenKeys, " keys"));
  }
  if (lifetime <= absl::ZeroDuration() || lifetime == absl::InfiniteDuration()) {
    return errors::ArgumentInvalid("server.page_token_lifetime", "has to be positive and finite");
  }
  return PageTokenSealer(std::move(keys), lifetime, std::move(random));
}

absl::StatusOr<std::string> PageTokenSealer::Seal(const PageState& state,
                                                  const PageBinding& binding,
                                                  absl::Time now) const {
  if (state.cursor.size() > kMaxCursorBytes) {
    return errors::ProviderResponseInvalid(
        absl::StrCat("the next page's cursor is longer than ", kMaxCursorBytes, " bytes"), {});
  }
  std::string nonce(kNonceBytes, '\0');
  std::string bytes(1, kVersion);
  if (!random_(Bytes(nonce.data()), nonce.size()) ||
      !Encrypt(keys_.front(), nonce, AuthenticatedData(binding),
               EncodePageTokenContent({state, now + lifetime_}), &bytes)) {
    return errors::Internal("a page token can't be sealed");
  }
  return absl::WebSafeBase64Escape(bytes);
}

absl::StatusOr<PageState> PageTokenSealer::Open(absl::string_view token, const PageBinding& binding,
                                                absl::Time now) const {
  const std::optional<std::string> bytes = Unarmor(token);
  if (!bytes.has_value()) return errors::PageTokenInvalid(kRefused);
  const std::string data = AuthenticatedData(binding);
  for (const PageTokenKey& key : keys_) {
    const std::optional<std::string> plain =
        Decrypt(key, absl::string_view(*bytes).substr(1), data);
    if (!plain.has_value()) continue;
    std::optional<PageTokenContent> content = DecodePageTokenContent(*plain);
    if (!content.has_value()) return errors::PageTokenInvalid(kRefused);
    if (now >= content->expiry) return errors::PageTokenInvalid(kExpired);
    return std::move(content->state);
  }
  return errors::PageTokenInvalid(kRefused);
}

std::string QueryDigest(const google::protobuf::Message& request) {
  const std::unique_ptr<google::protobuf::Message> query(request.New());
  query->CopyFrom(request);
  query->DiscardUnknownFields();
  for (const char* name : {"page_size", "page_token", "resume_token"}) {
    const google::protobuf::FieldDescriptor* field = query->GetDescriptor()->FindFieldByName(name);
    if (field != nullptr) query->GetReflection()->ClearField(query.get(), field);
  }
  const digest::Sha256Digest digest = digest::Sha256(digest::MessageBytes(*query));
  return std::string(digest.begin(), digest.end());
}

std::string EncodePageTokenContent(const PageTokenContent& content) {
  std::string bytes;
  AppendNumber(&bytes, static_cast<uint64_t>(absl::ToUnixMillis(content.expiry)), 8);
  AppendNumber(&bytes, content.state.offset, 4);
  absl::StrAppend(&bytes, content.state.cursor);
  return bytes;
}

std::optional<PageTokenContent> DecodePageTokenContent(absl::string_view bytes) {
  if (bytes.size() < kContentHeaderBytes || bytes.size() > kContentHeaderBytes + kMaxCursorBytes) {
    return std::nullopt;
  }
  PageTokenContent content;
  content.expiry = absl::FromUnixMillis(static_cast<int64_t>(ReadNumber(bytes.substr(0, 8))));
  content.state.offset = static_cast<uint32_t>(ReadNumber(bytes.substr(8, 4)));
  content.state.cursor = std::string(bytes.substr(kContentHeaderBytes));
  return content;
}

}  // namespace edugate::services
