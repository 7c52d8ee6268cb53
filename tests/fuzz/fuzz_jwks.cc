// Key sets: a file of the operator's, which may be cut or wrong.

#include "runtime/identity/jwk_set.h"
#include "tests/fuzz/invariant.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using edugate::identity::Algorithm;
  const absl::string_view text(reinterpret_cast<const char*>(data), size);
  const auto set = edugate::identity::JwkSet::Parse(text);
  if (!set.ok()) return 0;
  edugate::fuzz::Require(set->size() > 0 && set->size() <= edugate::identity::kMaxJwks,
                         "a set has keys, and not too many");
  for (const Algorithm algorithm : {Algorithm::kRs256, Algorithm::kPs256, Algorithm::kEs256,
                                    Algorithm::kEs384, Algorithm::kEdDsa}) {
    for (const auto* key : set->Candidates(algorithm, "")) {
      edugate::fuzz::Require(key->Fits(algorithm), "a candidate fits");
      edugate::fuzz::Require(!key->Verify(algorithm, "text", std::string(64, 'x')),
                             "what nobody signed is not genuine");
    }
  }
  return 0;
}
