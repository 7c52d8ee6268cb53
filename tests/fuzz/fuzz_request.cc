// Any request message of any declared operation as an HTTP request. The first byte chooses the
// operation; the rest is the message as JSON.

#include <memory>
#include <string>

#include "absl/strings/match.h"
#include "runtime/codec/json_decoder.h"
#include "runtime/codec/json_text.h"
#include "runtime/http/request_check.h"
#include "runtime/rest/request_builder.h"
#include "tests/fuzz/input.h"
#include "tests/fuzz/invariant.h"
#include "tests/fuzz/provider_operations.h"

namespace edugate {
namespace {

constexpr char kBaseUrl[] = "https://provider.example/prefix";

int Slashes(absl::string_view text) {
  int count = 0;
  for (const char c : text) count += c == '/';
  return count;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Input input(data, size);
  const auto& all = fuzz::ProviderOperations();
  const rest::Operation& operation = *all[input.Choice(all.size())].operation;
  const std::unique_ptr<google::protobuf::Message> message(
      google::protobuf::MessageFactory::generated_factory()
          ->GetPrototype(operation.descriptor().input_type())
          ->New());
  if (!codec::DecodeJson(std::string(input.Rest()), {}, message.get()).ok()) return 0;

  const auto request = rest::BuildRequest(operation, {.base_url = kBaseUrl}, *message);
  if (!request.ok()) {
    fuzz::Require(request.status().code() == absl::StatusCode::kInvalidArgument,
                  "a request that can't be sent is the caller's mistake");
    return 0;
  }
  const absl::string_view url = request->url;
  fuzz::Require(absl::StartsWith(url, kBaseUrl), "a request goes to its connection", url);
  const absl::string_view path = url.substr(0, url.find('?'));
  fuzz::Require(Slashes(path) == Slashes(kBaseUrl) + Slashes(operation.path().text()),
                "a path has the segments that its operation declares", url);
  fuzz::Require(!absl::StrContains(url, "/../") && !absl::EndsWith(path, "/.."),
                "a path leads nowhere else", url);
  fuzz::Require(!absl::StrContains(url, '#'), "a URL has no fragment", url);
  fuzz::Require(request->method == operation.verb(), "the verb is the declared one");

  // Headers with values that can't be sent are the client's to refuse; the URL is always sound.
  http::Request bare;
  bare.method = request->method;
  bare.url = request->url;
  fuzz::Require(http::RefusalOf(bare, /*plain_http=*/false).empty(), "the URL can be sent", url);

  const bool json = operation.options().body_encoding() != rest::v1::BODY_ENCODING_FORM &&
                    operation.options().body_encoding() != rest::v1::BODY_ENCODING_RAW;
  if (request->has_body && json) {
    fuzz::Require(codec::IsJsonText(request->body), "a JSON body is JSON", request->body);
  }
  return 0;
}

}  // namespace edugate
