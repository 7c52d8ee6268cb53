// The form of the disclosure log's lines, and how they hang together.
//
// A line is one JSON object:
//
//     {"seq":7,...,"prev":"HASH OF LINE 6","hash":"HASH OF LINE 7"}
//
// `hash` is the HMAC-SHA-256 under the deployment's key, or the SHA-256 where there is none, of the
// line's bytes before `,"hash":`; `prev` is the `hash` of the line before, and 64 zeros in the
// first line of all. So a line that was changed, taken out, put in or moved breaks the chain there.
#ifndef EDUGATE_RUNTIME_PRIVACY_DISCLOSURE_CHAIN_H_
#define EDUGATE_RUNTIME_PRIVACY_DISCLOSURE_CHAIN_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace edugate::privacy {

// The length of a hash in words: lower-case hexadecimal digits.
inline constexpr std::size_t kHashDigits = 64;

// The longest line, its line break excluded. Longer ones are not the log's.
inline constexpr std::size_t kMaxLineBytes = 4 << 20;

// The fewest bytes of a chain's key.
inline constexpr std::size_t kMinChainKeyBytes = 32;

// A line taken apart. The views are of the line.
struct ChainLine {
  int64_t seq = 0;
  absl::string_view prev;
  absl::string_view hash;
  absl::string_view hashed;  // what `hash` is the hash of
};

// Takes a line without its line break apart. INVALID_ARGUMENT where it isn't of the form; the
// message is a sentence without a value of it.
absl::StatusOr<ChainLine> ParseChainLine(absl::string_view line);

// Whether the text may be what a crash left of a line: its beginning, or NULs, which file systems
// give for what they had no time to write.
bool MayBeUnfinishedLine(absl::string_view text);

// Where a chain ends: what the next line goes on from.
struct ChainEnd {
  int64_t seq = 0;
  std::string hash = std::string(kHashDigits, '0');
};

// Makes and checks the hashes.
class Chain {
 public:
  // `key` may be empty: SHA-256.
  explicit Chain(std::string key) : key_(std::move(key)) {}

  // The next line, its line break excluded, with these members (`"a":1,"b":"x"`); moves `end` on.
  std::string Line(absl::string_view members, ChainEnd& end) const;

  // The hash that a line should have.
  std::string HashOf(absl::string_view hashed) const;

 private:
  const std::string key_;
};

// The members with which a line says that a file begins: a file of a log whose older files are
// elsewhere must begin with such a line.
inline constexpr absl::string_view kFileBeginning = "\"kind\":\"file\"";

// The files of a log, the oldest first: PATH.1, PATH.2 ... and PATH itself, as far as they are
// there. UNAVAILABLE where the folder can't be listed or looked into, so that nobody can tell.
absl::StatusOr<std::vector<std::string>> DisclosureFiles(const std::string& path);

// What a check of a log found.
struct ChainCheck {
  bool whole = false;
  // Where and why the chain is broken: `FILE:LINE: what`. Empty where it is whole.
  std::string fault;
  int64_t lines = 0;  // that are right, from the beginning
  int64_t files = 0;
  int64_t first_seq = 0;
  ChainEnd end;
  bool saw_expected = false;
};

// Reads the files as one chain, the oldest first. A fault of the file system is a fault of the
// chain, too. `saw_expected` says whether a line has the hash `expected`.
ChainCheck CheckChain(const std::vector<std::string>& files, const Chain& chain,
                      const std::string& expected = "");

}  // namespace edugate::privacy

#endif  // EDUGATE_RUNTIME_PRIVACY_DISCLOSURE_CHAIN_H_
