// Any request at a webhook's door. The first line is the connection; header lines follow, an empty
// line and the body.

#include <memory>
#include <string>

#include "absl/strings/match.h"
#include "adapters/measureone/measureone_verification_mapping.h"
#include "runtime/async/test_loop.h"
#include "services/fake_event_log.h"
#include "services/webhooks.h"
#include "tests/fuzz/input.h"
#include "tests/fuzz/invariant.h"

namespace edugate {
namespace {

using services::WebhookAnswer;

constexpr char kSecret[] = "Bearer door";
constexpr size_t kMostBytes = 512;

adapters::Connection Provider() {
  adapters::Connection connection{.id = "bayview", .provider = "measureone"};
  connection.ports.read_webhook = [](std::string body) {
    return adapters::ReadWebhook("bayview", std::move(body));
  };
  return connection;
}

struct Answered {
  WebhookAnswer first;
  WebhookAnswer second;
  size_t stored;
};

// The same request delivered twice.
Answered Deliver(const services::WebhookRequest& request) {
  async::TestLoop loop;
  services::FakeEventLog log;
  const adapters::ConnectionRegistry registry({Provider()});
  services::WebhookSource source{.connection = "bayview", .max_body_bytes = kMostBytes};
  source.for_each_secret = [](const std::function<void(absl::string_view)>& visit) {
    visit(kSecret);
    visit("");
  };
  auto receiver = services::WebhookReceiver::Create({source}, registry, log);
  fuzz::Require(receiver.ok(), "a receiver for a provider that sends webhooks");
  async::CallContext call(loop, async::kNever);
  Answered answered;
  answered.first = loop.RunToCompletion((*receiver)->Receive(call, request));
  answered.second = loop.RunToCompletion((*receiver)->Receive(call, request));
  answered.stored = log.size();
  return answered;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Input input(data, size);
  services::WebhookRequest request;
  request.connection = std::string(input.Line());
  int shown = 0;
  bool right = false;
  for (absl::string_view line = input.Line(); !line.empty(); line = input.Line()) {
    const size_t colon = line.find(':');
    if (colon == absl::string_view::npos) break;
    const absl::string_view name = line.substr(0, colon);
    const absl::string_view value = line.substr(colon + 1);
    request.headers.emplace_back(std::string(name), std::string(value));
    if (!absl::EqualsIgnoreCase(name, "authorization")) continue;
    ++shown;
    right = value == kSecret;
  }
  request.body = std::string(input.Rest());

  const Answered answered = Deliver(request);
  fuzz::Require(answered.first == answered.second, "two deliveries are answered alike");
  const bool stored = answered.first == WebhookAnswer::kStored;
  fuzz::Require(answered.stored == (stored ? 1u : 0u), "an event is stored once, and only then");
  if (request.connection != "bayview") {
    fuzz::Require(answered.first == WebhookAnswer::kUnknown, "other connections take none");
  } else if (shown != 1 || !right) {
    fuzz::Require(answered.first == WebhookAnswer::kUnauthorized, "only the provider gets in");
  } else if (request.body.size() > kMostBytes) {
    fuzz::Require(answered.first == WebhookAnswer::kTooLarge, "a body is bounded");
  } else {
    const bool event = adapters::ReadWebhook("bayview", request.body).ok();
    fuzz::Require(answered.first == (event ? WebhookAnswer::kStored : WebhookAnswer::kUnreadable),
                  "an event is stored, and nothing else");
  }
  return 0;
}

}  // namespace edugate
