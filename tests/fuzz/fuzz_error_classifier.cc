// Any answer of any operation, judged by its provider's classifier. A byte chooses the operation,
// another the status; header lines follow, an empty line and the body. Byte 1 stands for a canary,
// which must not reach the caller.

#include <memory>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "runtime/codec/decoder.h"
#include "runtime/errors/errors.h"
#include "tests/fuzz/input.h"
#include "tests/fuzz/invariant.h"
#include "tests/fuzz/provider_operations.h"

namespace edugate {
namespace {

constexpr int kStatuses[] = {200, 201, 202, 204, 301, 400, 401, 403, 404, 405,
                             406, 408, 409, 413, 415, 422, 423, 429, 500, 501,
                             502, 503, 504, 520, 100, 304, 418, 451, 599};

http::Response ReadResponse(fuzz::Input& input) {
  http::Response response;
  response.status = kStatuses[input.Choice(std::size(kStatuses))];
  for (absl::string_view line = input.Line(); !line.empty(); line = input.Line()) {
    const size_t colon = line.find(':');
    if (colon == absl::string_view::npos) break;
    response.headers.push_back(
        {std::string(line.substr(0, colon)), fuzz::WithCanary(line.substr(colon + 1))});
  }
  response.body = fuzz::WithCanary(input.Rest());
  return response;
}

void RequireDiscreet(const errors::ProviderFailure& failure) {
  fuzz::Require(failure.reason != v1::ERROR_REASON_UNSPECIFIED, "a failure has a reason");
  fuzz::Require(!absl::StrContains(failure.message, fuzz::kCanary),
                "a failure's message is edugate's own", failure.message);
  if (failure.retry_after.has_value()) {
    fuzz::Require(
        *failure.retry_after >= absl::ZeroDuration() && *failure.retry_after <= absl::Hours(1),
        "nobody waits longer than an hour");
  }
  const absl::Status status = errors::FromProvider(
      failure, {.connection = "lincoln", .provider = "any", .operation = "Any.Call"});
  fuzz::Require(!status.ok(), "a failure is no success");
  const std::string wire = errors::ToRpcStatus(status).SerializeAsString();
  fuzz::Require(wire.size() <= errors::kMaxStatusBytes, "a status fits into the trailers");
  fuzz::Require(!absl::StrContains(wire, fuzz::kCanary), "nothing of a body reaches the caller");
  fuzz::Require(errors::ReasonOf(status) == failure.reason, "the reason reaches the caller");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Input input(data, size);
  const auto& all = fuzz::ProviderOperations();
  const fuzz::ProviderOperation& chosen = all[input.Choice(all.size())];
  const http::Response response = ReadResponse(input);

  const auto failure = chosen.classifier->Classify(*chosen.operation, response);
  if (failure.has_value()) {
    RequireDiscreet(*failure);
    return 0;
  }
  fuzz::Require(response.status < 500 && (response.status < 300 || response.status >= 400),
                "neither a redirect nor a server's failure is a success");
  if (chosen.operation->effect() == rest::v1::EFFECT_WRITE) {
    fuzz::Require(response.status < 401, "only edX's 400 may be a success");
  }

  const std::unique_ptr<google::protobuf::Message> reply(
      google::protobuf::MessageFactory::generated_factory()
          ->GetPrototype(chosen.operation->descriptor().output_type())
          ->New());
  const absl::string_view content_type = response.header("Content-Type");
  codec::DecodeOptions options;
  options.response_field = chosen.operation->options().response_field();
  const absl::Status decoded = codec::Decode(content_type, response.body, options, reply.get());
  if (!decoded.ok()) {
    fuzz::Require(!absl::StrContains(decoded.message(), fuzz::kCanary) ||
                      absl::StrContains(content_type, fuzz::kCanary),
                  "a decoder repeats nothing of a body", decoded.message());
    return 0;
  }
  const auto in_band = chosen.classifier->ClassifyReply(*chosen.operation, *reply);
  if (in_band.has_value()) RequireDiscreet(*in_band);
  return 0;
}

}  // namespace edugate
