// Page tokens (AIP-158): where a list goes on, sealed so that a caller can neither read nor change
// it, and of use only to the same caller, for the same method and query, for a while.
//
// A token is base64url (no padding) of: a version byte, a random nonce of 96 bits, the encrypted
// content, and a tag of 128 bits (AES-256-GCM). What the token is bound to is authenticated data
// and isn't in it. Any replica with the same key can open it. Random nonces bound how many tokens a
// key may seal: change it before 2^32 of them.
#ifndef SERVICES_PAGE_TOKEN_H_
#define SERVICES_PAGE_TOKEN_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace google::protobuf {
class Message;
}  // namespace google::protobuf

namespace edugate::services {

// The longest token, in bytes. A longer one is refused before it is decoded.
inline constexpr size_t kMaxPageTokenBytes = 8192;

// The longest cursor that can be sealed, in bytes, so that its token stays within
// kMaxPageTokenBytes.
inline constexpr size_t kMaxCursorBytes = 6000;

// The most keys that open and don't seal, and with the one that seals the most that a sealer takes.
inline constexpr size_t kMaxOpeningKeys = 8;
inline constexpr size_t kMaxPageTokenKeys = 1 + kMaxOpeningKeys;

// How long a token can be used where the configuration says nothing.
inline constexpr absl::Duration kDefaultPageTokenLifetime = absl::Hours(24);

// Where a list goes on.
struct PageState {
  std::string cursor;   // the adapter's cursor of the provider page to read; opaque, may be empty
  uint32_t offset = 0;  // how many records of that provider page were already given out

  bool operator==(const PageState&) const = default;
};

// What a token is good for. Every member has to be the same when the token comes back.
struct PageBinding {
  std::string caller;  // who asks: the authenticated caller's id
  std::string method;  // `EnrollmentService.ListEnrollments`; a stream that goes on from the list's
                       // tokens says the same
  std::string query_digest;  // QueryDigest of the request
};

// Fills `size` bytes at `out` with random bytes fit for cryptography; false where there are none.
// Called from every thread.
using RandomBytes = std::function<bool(unsigned char* out, size_t size)>;

// The system's source (OpenSSL).
RandomBytes SystemRandomBytes();

// A key of 256 bits, wiped from memory when it goes.
class PageTokenKey {
 public:
  static constexpr size_t kBytes = 32;

  // Derived from a secret of any length by HKDF with SHA-256. The secret has to be hard to guess:
  // derivation makes a weak one no stronger. Errors: ARGUMENT_INVALID for an empty one.
  static absl::StatusOr<PageTokenKey> FromSecret(absl::string_view secret);
  // A new key, for a process that was given none. Errors: INTERNAL where there is no randomness.
  static absl::StatusOr<PageTokenKey> Generate(const RandomBytes& random);

  PageTokenKey(const PageTokenKey&) = default;
  PageTokenKey& operator=(const PageTokenKey&) = default;
  ~PageTokenKey();

  const unsigned char* data() const { return bytes_.data(); }

 private:
  PageTokenKey() = default;

  std::array<unsigned char, kBytes> bytes_{};
};

// Seals and opens page tokens. Immutable, and used from every thread at once.
class PageTokenSealer {
 public:
  // The first key seals; all of them open, so that a key can be changed while tokens of the one
  // before are still out. Errors: ARGUMENT_INVALID where there are no keys, more than
  // kMaxPageTokenKeys, or a lifetime that isn't positive.
  static absl::StatusOr<PageTokenSealer> Create(std::vector<PageTokenKey> keys,
                                                absl::Duration lifetime = kDefaultPageTokenLifetime,
                                                RandomBytes random = SystemRandomBytes());

  // The token of `state`, good until `now` plus the lifetime. Errors: PROVIDER_RESPONSE_INVALID
  // where the cursor is longer than kMaxCursorBytes; INTERNAL where there is no randomness.
  absl::StatusOr<std::string> Seal(const PageState& state, const PageBinding& binding,
                                   absl::Time now) const;

  // The state that was sealed. Errors: PAGE_TOKEN_INVALID, which tells an expired token apart and
  // nothing else.
  absl::StatusOr<PageState> Open(absl::string_view token, const PageBinding& binding,
                                 absl::Time now) const;

 private:
  PageTokenSealer(std::vector<PageTokenKey> keys, absl::Duration lifetime, RandomBytes random);

  std::vector<PageTokenKey> keys_;
  absl::Duration lifetime_;
  RandomBytes random_;
};

// A digest (SHA-256, 32 bytes) of what a list request asks: every field but `page_size`,
// `page_token` and `resume_token`. Messages of different types with the same fields, as
// ListEnrollmentsRequest and StreamEnrollmentsRequest are, have the same digest.
std::string QueryDigest(const google::protobuf::Message& request);

// A token's content before encryption, and back; nothing where `bytes` isn't one.
struct PageTokenContent {
  PageState state;
  absl::Time expiry;  // to the millisecond
};
std::string EncodePageTokenContent(const PageTokenContent& content);
std::optional<PageTokenContent> DecodePageTokenContent(absl::string_view bytes);

}  // namespace edugate::services

#endif  // SERVICES_PAGE_TOKEN_H_
