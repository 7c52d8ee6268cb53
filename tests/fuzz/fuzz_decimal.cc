// Any text as a decimal number and as money.

#include <cstring>
#include <string>

#include "runtime/codec/decimal.h"
#include "tests/fuzz/input.h"
#include "tests/fuzz/invariant.h"

namespace edugate {
namespace {

void RequireSound(const google::type::Money& money, absl::string_view text) {
  constexpr int32_t kNanosPerUnit = 1'000'000'000;
  fuzz::Require(money.nanos() > -kNanosPerUnit && money.nanos() < kNanosPerUnit,
                "nanos are a fraction", text);
  fuzz::Require(
      !(money.units() > 0 && money.nanos() < 0) && !(money.units() < 0 && money.nanos() > 0),
      "units and nanos have one sign", text);
  const std::string decimal = codec::MoneyToDecimal(money);
  const auto again = codec::DecimalToMoney(decimal, money.currency_code());
  fuzz::Require(again.ok() && again->units() == money.units() && again->nanos() == money.nanos(),
                "money is read as it is written", decimal);
  const auto cents = codec::MoneyToCents(money);
  if (cents.has_value()) {
    const auto back = codec::CentsToMoney(*cents, money.currency_code());
    fuzz::Require(back.units() == money.units() && back.nanos() == money.nanos(), "cents are money",
                  decimal);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const absl::string_view text = fuzz::Input(data, size).Rest();

  const auto decimal = codec::NormalizeDecimal(text);
  if (decimal.has_value()) {
    const auto again = codec::NormalizeDecimal(*decimal);
    fuzz::Require(again == decimal, "a normal decimal is its own normal form", text);
    fuzz::Require(decimal->size() <= text.size() + 40, "a decimal doesn't outgrow its text", text);
  }
  const bool json = codec::IsJsonNumber(text);
  // An exponent can be larger than google.type.Decimal takes.
  const bool plain = text.find_first_of("eE") == absl::string_view::npos;
  fuzz::Require(!json || !plain || decimal.has_value(), "a JSON number is a decimal", text);

  const auto number = codec::ExactInt64(text);
  const auto natural = codec::ExactUint64(text);
  fuzz::Require(json || (!number.has_value() && !natural.has_value()),
                "only a JSON number is an integer", text);
  if (number.has_value()) {
    fuzz::Require(codec::ExactInt64(std::to_string(*number)) == number, "an integer is its text",
                  text);
    fuzz::Require(natural.has_value() == (*number >= 0), "signs are kept", text);
  }
  if (natural.has_value()) {
    fuzz::Require(codec::ExactUint64(std::to_string(*natural)) == natural, "an integer is its text",
                  text);
    if (number.has_value()) {
      fuzz::Require(static_cast<uint64_t>(*number) == *natural, "both read the same", text);
    }
  }

  const auto money = codec::DecimalToMoney(text, "USD");
  fuzz::Require(!money.ok() || decimal.has_value(), "only a decimal is money", text);
  if (money.ok()) {
    RequireSound(*money, text);
  } else {
    fuzz::Require(money.status().code() == absl::StatusCode::kInvalidArgument,
                  "what isn't money is refused as such", text);
  }
  if (decimal.has_value()) {
    const auto normal = codec::DecimalToMoney(*decimal, "USD");
    fuzz::Require(normal.ok() == money.ok(), "normal forms mean the same", text);
    if (money.ok()) {
      fuzz::Require(normal->units() == money->units() && normal->nanos() == money->nanos(),
                    "normal forms mean the same", text);
    }
  }
  int64_t cents = 0;
  if (size >= sizeof cents) {
    std::memcpy(&cents, data, sizeof cents);
    const auto amount = codec::CentsToMoney(cents, "EUR");
    RequireSound(amount, "cents");
    fuzz::Require(codec::MoneyToCents(amount) == cents, "cents are kept");
  }
  return 0;
}

}  // namespace edugate
