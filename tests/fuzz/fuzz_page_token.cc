// Any text as a page token, any bytes as a token's content, any text as the cursor of numbered
// pages.

#include <algorithm>
#include <cstdint>
#include <limits>
#include <string>

#include "adapters/numbered_page.h"
#include "runtime/errors/errors.h"
#include "services/page_token.h"
#include "tests/fuzz/input.h"
#include "tests/fuzz/invariant.h"

namespace edugate {
namespace {

// The same bytes every time, so that a run can be repeated.
bool CountingBytes(unsigned char* out, size_t size) {
  for (size_t i = 0; i < size; ++i) out[i] = static_cast<unsigned char>(i * 37 + 11);
  return true;
}

const services::PageTokenSealer* NewSealer(absl::string_view secret) {
  auto key = services::PageTokenKey::FromSecret(secret);
  fuzz::Require(key.ok(), "a secret makes a key");
  auto made = services::PageTokenSealer::Create({*key}, absl::Hours(1), CountingBytes);
  fuzz::Require(made.ok(), "a key makes a sealer");
  return new services::PageTokenSealer(*std::move(made));
}

const services::PageTokenSealer& Sealer() {
  static const auto* sealer = NewSealer("a secret of the fuzz target");
  return *sealer;
}

// Nothing is ever sealed with this one's key: libFuzzer sees what is compared, so that it learns
// tokens which the target itself has sealed.
const services::PageTokenSealer& StrangersSealer() {
  static const auto* sealer = NewSealer("a secret that the fuzz target never seals with");
  return *sealer;
}

void RequireRefused(const absl::Status& status) {
  fuzz::Require(errors::ReasonOf(status) == v1::ERROR_REASON_PAGE_TOKEN_INVALID,
                "a bad token is refused as one");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const absl::string_view text = fuzz::Input(data, size).Rest();
  const absl::Time now = absl::FromUnixSeconds(1'800'000'000);
  const services::PageBinding binding{"caller", "EnrollmentService.ListEnrollments",
                                      std::string(32, 'q')};

  // Nobody can make a token without the key.
  const auto forged = StrangersSealer().Open(text, binding, now);
  fuzz::Require(!forged.ok(), "a token that was not sealed does not open", text);
  RequireRefused(forged.status());

  const auto content = services::DecodePageTokenContent(text);
  if (content.has_value()) {
    fuzz::Require(services::EncodePageTokenContent(*content) == text,
                  "a content is encoded as it was", text);
  }

  services::PageState state;
  state.cursor = std::string(text);
  state.offset = static_cast<uint32_t>(size * 2654435761u);
  const auto sealed = Sealer().Seal(state, binding, now);
  fuzz::Require(sealed.ok() == (size <= services::kMaxCursorBytes), "a cursor has a largest size");
  if (sealed.ok()) {
    fuzz::Require(sealed->size() <= services::kMaxPageTokenBytes, "a token has a largest size");
    const auto opened = Sealer().Open(*sealed, binding, now);
    fuzz::Require(opened.ok() && *opened == state, "what is sealed can be opened");

    std::string changed = *sealed;
    const size_t at = (size > 0 ? data[0] * size_t{131} + size : 0) % changed.size();
    changed[at] = changed[at] == 'A' ? 'B' : 'A';
    const auto tampered = Sealer().Open(changed, binding, now);
    fuzz::Require(!tampered.ok(), "a changed token does not open", changed);
    RequireRefused(tampered.status());

    services::PageBinding other = binding;
    other.caller += "x";
    RequireRefused(Sealer().Open(*sealed, other, now).status());
    other = binding;
    other.query_digest[0] = 'p';
    RequireRefused(Sealer().Open(*sealed, other, now).status());
    RequireRefused(Sealer().Open(*sealed, binding, now + absl::Hours(2)).status());
  }

  constexpr int32_t kMostRecords = 200;
  const auto page = adapters::NumberedPage::FromCursor(text, 1, 50, kMostRecords);
  if (page.ok()) {
    fuzz::Require(page->number >= 1 && page->size >= 1 && page->size <= kMostRecords,
                  "a page is within its bounds", text);
    if (page->number < std::numeric_limits<int32_t>::max() - 1) {
      const auto next =
          adapters::NumberedPage::FromCursor(page->Next().ToCursor(), 1, 50, kMostRecords);
      fuzz::Require(next.ok() && next->number == page->number + 1 && next->size == page->size,
                    "the next page's cursor is one", text);
    }
  } else {
    RequireRefused(page.status());
  }
  return 0;
}

}  // namespace edugate
