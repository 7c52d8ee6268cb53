#include "sandbox/control.h"

#include "absl/algorithm/container.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "nlohmann/json.hpp"
#include "sandbox/webhook_sender.h"

namespace edugate::sandbox {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::pair<const char*, Drop> kDrops[] = {
    {"before_response", Drop::kBeforeResponse},
    {"mid_body", Drop::kMidBody},
    {"reset", Drop::kReset},
};

Reply ErrorReply(int status, absl::string_view error) {
  return JsonReply(status, Json{{"error", std::string(error)}}.dump() + "\n");
}

Reply Answer(int status, const Json& json) { return JsonReply(status, json.dump(2) + "\n"); }

// Takes the members of a JSON object one by one; what is wrong and what is left over is remembered.
class Members {
 public:
  explicit Members(const std::string& body)
      : json_(body.empty() ? Json::object()
                           : Json::parse(body, nullptr, /*allow_exceptions=*/false)) {
    if (!json_.is_object()) {
      Fail("the body is not a JSON object");
      json_ = Json::object();
    }
  }

  std::optional<Json> Take(const char* key) {
    auto member = json_.find(key);
    if (member == json_.end()) return std::nullopt;
    Json value = std::move(*member);
    json_.erase(member);
    return value;
  }

  void Text(const char* key, std::string& to) {
    const std::optional<Json> value = Take(key);
    if (!value) return;
    if (!value->is_string()) return Fail(absl::StrCat(key, " is not a string"));
    to = value->get<std::string>();
  }

  std::optional<int64_t> Integer(const char* key, int64_t least) {
    const std::optional<Json> value = Take(key);
    if (!value) return std::nullopt;
    if (!value->is_number_integer() || value->get<int64_t>() < least ||
        value->get<int64_t>() > 1'000'000'000) {
      Fail(absl::StrCat(key, " is not an integer from ", least));
      return std::nullopt;
    }
    return value->get<int64_t>();
  }

  void Fail(std::string error) {
    if (error_.empty()) error_ = std::move(error);
  }

  // "" if all went well and nothing is left over.
  std::string error() const {
    if (!error_.empty() || json_.empty()) return error_;
    return absl::StrCat("unknown key ", json_.begin().key());
  }

 private:
  Json json_;
  std::string error_;
};

void TakeBody(Members& members, Fault& fault) {
  if (const std::optional<Json> body = members.Take("body")) {
    fault.body = body->is_string() ? body->get<std::string>() : body->dump();
    if (!body->is_string()) fault.content_type = "application/json; charset=utf-8";
  }
  std::string encoded;
  members.Text("body_base64", encoded);
  if (!encoded.empty()) {
    std::string bytes;
    if (!absl::Base64Unescape(encoded, &bytes)) members.Fail("body_base64 is not base64");
    fault.body = std::move(bytes);
  }
}

void TakeHeaders(Members& members, Fault& fault) {
  const std::optional<Json> headers = members.Take("headers");
  if (!headers) return;
  if (!headers->is_object()) return members.Fail("headers is not an object");
  for (const auto& [name, value] : headers->items()) {
    fault.headers.emplace_back(name, value.is_string() ? value.get<std::string>() : value.dump());
  }
}

void TakeDrop(Members& members, Fault& fault) {
  std::string drop;
  members.Text("drop", drop);
  if (drop.empty()) return;
  for (const auto& [name, value] : kDrops) {
    if (drop == name) fault.drop = value;
  }
  if (fault.drop == Drop::kNone) members.Fail("drop is none of before_response, mid_body, reset");
}

Reply AddFault(Sandbox& sandbox, const Request& request) {
  Members members(request.body);
  Fault fault;
  members.Text("provider", fault.provider);
  members.Text("path_contains", fault.path_contains);
  fault.count = static_cast<int>(members.Integer("count", -1).value_or(fault.count));
  fault.skip = static_cast<int>(members.Integer("skip", 0).value_or(fault.skip));
  if (const std::optional<Json> applied = members.Take("applied")) {
    if (applied->is_boolean()) {
      fault.applied = applied->get<bool>();
    } else {
      members.Fail("applied is not true or false");
    }
  }
  if (const std::optional<int64_t> status = members.Integer("status", 200)) {
    if (*status > 599) members.Fail("status is above 599");
    fault.status = static_cast<int>(*status);
  }
  TakeBody(members, fault);
  members.Text("content_type", fault.content_type);
  TakeHeaders(members, fault);
  if (const std::optional<int64_t> bytes = members.Integer("truncate_to", 0)) {
    fault.truncate_to = static_cast<size_t>(*bytes);
  }
  fault.delay = absl::Milliseconds(members.Integer("delay_ms", 0).value_or(0));
  fault.trickle = absl::Milliseconds(members.Integer("trickle_ms", 0).value_or(0));
  TakeDrop(members, fault);
  if (fault.count == 0) members.Fail("count is 0");
  if (!fault.provider.empty() && !absl::c_linear_search(sandbox.providers(), fault.provider)) {
    members.Fail(absl::StrCat("there is no provider ", fault.provider));
  }
  if (const std::string error = members.error(); !error.empty()) return ErrorReply(400, error);
  return Answer(201, {{"id", sandbox.AddFault(std::move(fault))}});
}

Reply ListFaults(const Sandbox& sandbox) {
  Json faults = Json::array();
  for (const FaultState& state : sandbox.Faults()) {
    Json fault = {{"id", state.id},
                  {"provider", state.fault.provider},
                  {"path_contains", state.fault.path_contains},
                  {"left", state.left}};
    if (state.fault.status) fault["status"] = *state.fault.status;
    faults.push_back(std::move(fault));
  }
  return Answer(200, {{"faults", std::move(faults)}});
}

Reply ListRequests(const Sandbox& sandbox) {
  Json requests = Json::array();
  for (const RouteCount& count : sandbox.Requests()) {
    requests.push_back({{"provider", count.provider},
                        {"route", count.route},
                        {"count", count.count},
                        {"authorized", count.authorized},
                        {"unauthorized", count.unauthorized},
                        {"handled", count.handled},
                        {"faulted", count.faulted}});
  }
  Json recent = Json::array();
  for (const SeenRequest& request : sandbox.RecentRequests()) {
    recent.push_back({{"provider", request.provider},
                      {"method", request.method},
                      {"target", request.target},
                      {"authorized", request.authorized},
                      {"status", request.status}});
  }
  Json answer = {{"requests", std::move(requests)}, {"recent", std::move(recent)}};
  // A target may hold bytes that are not UTF-8.
  return JsonReply(200, answer.dump(2, ' ', false, Json::error_handler_t::replace) + "\n");
}

Json SettingsJson(const Sandbox& sandbox) {
  Json all;
  for (const std::string& provider : sandbox.providers()) {
    const ProviderSettings settings = sandbox.Settings(provider);
    all[provider] = {{"max_per_page", settings.max_per_page},
                     {"rate_limit",
                      {{"requests", settings.rate_limit.requests},
                       {"period_seconds", absl::ToInt64Seconds(settings.rate_limit.period)}}},
                     {"token_lifetime_seconds", absl::ToInt64Seconds(settings.token_lifetime)},
                     {"processing_time_ms", absl::ToInt64Milliseconds(settings.processing_time)},
                     {"webhook_url", settings.webhook_url}};
  }
  return all;
}

// Changes what the body names and leaves the rest as it was.
Reply ChangeSettings(Sandbox& sandbox, const Request& request) {
  Members members(request.body);
  std::string provider;
  members.Text("provider", provider);
  const std::optional<int64_t> max_per_page = members.Integer("max_per_page", 0);
  const std::optional<int64_t> token_lifetime = members.Integer("token_lifetime_seconds", 0);
  const std::optional<int64_t> processing_time = members.Integer("processing_time_ms", 0);
  std::optional<std::string> webhook_url;
  if (const std::optional<Json> url = members.Take("webhook_url")) {
    if (url->is_string()) webhook_url = url->get<std::string>();
    if (!webhook_url || (!webhook_url->empty() && !IsWebhookUrl(*webhook_url))) {
      members.Fail(
          "webhook_url is neither an address, as http://127.0.0.1:7080/webhooks/m1, nor empty");
    }
  }
  std::optional<RateLimit> rate_limit;
  if (const std::optional<Json> limit = members.Take("rate_limit")) {
    rate_limit.emplace();
    if (!limit->is_null()) {
      Members inner(limit->dump());
      rate_limit->requests = static_cast<int>(inner.Integer("requests", 0).value_or(0));
      rate_limit->period = absl::Seconds(inner.Integer("period_seconds", 1).value_or(60));
      if (const std::string error = inner.error(); !error.empty())
        members.Fail(absl::StrCat("rate_limit: ", error));
    }
  }
  if (!provider.empty() && !absl::c_linear_search(sandbox.providers(), provider)) {
    members.Fail(absl::StrCat("there is no provider ", provider));
  }
  if (const std::string error = members.error(); !error.empty()) return ErrorReply(400, error);
  for (const std::string& id : sandbox.providers()) {
    if (!provider.empty() && provider != id) continue;
    ProviderSettings settings = sandbox.Settings(id);
    if (max_per_page) settings.max_per_page = static_cast<int>(*max_per_page);
    if (token_lifetime) settings.token_lifetime = absl::Seconds(*token_lifetime);
    if (rate_limit) settings.rate_limit = *rate_limit;
    if (processing_time) settings.processing_time = absl::Milliseconds(*processing_time);
    if (webhook_url) settings.webhook_url = *webhook_url;
    if (const absl::Status set = sandbox.SetSettings(id, settings); !set.ok())
      return ErrorReply(400, set.message());
  }
  return Answer(200, SettingsJson(sandbox));
}

Reply NoContent() {
  Reply reply;
  reply.status = 204;
  return reply;
}

}  // namespace

Reply Control(Sandbox& sandbox, const Request& request) {
  const absl::string_view path =
      absl::string_view(request.target).substr(0, request.target.find('?'));
  const std::string what = absl::StrCat(request.method, " ", path);
  if (what == "POST /faults") return AddFault(sandbox, request);
  if (what == "GET /faults") return ListFaults(sandbox);
  if (what == "DELETE /faults") {
    sandbox.ClearFaults();
    return NoContent();
  }
  if (auto captures = MatchPattern("/faults/{id}", path, false);
      captures && request.method == "DELETE") {
    const std::optional<int64_t> id = WholeNumber(captures->at("id"));
    return id && sandbox.RemoveFault(*id) ? NoContent() : ErrorReply(404, "no such fault");
  }
  if (what == "GET /requests") return ListRequests(sandbox);
  if (what == "DELETE /requests") {
    sandbox.ClearRequests();
    return NoContent();
  }
  if (what == "GET /settings") return Answer(200, SettingsJson(sandbox));
  if (what == "POST /settings") return ChangeSettings(sandbox, request);
  if (what == "POST /reset") {
    sandbox.Reset();
    return NoContent();
  }
  if (what == "GET " || what == "GET /") {
    Reply reply;
    reply.content_type = "text/plain; charset=utf-8";
    reply.body = Describe(sandbox);
    return reply;
  }
  return ErrorReply(404, "the control API has no such operation; see GET /_sandbox");
}

}  // namespace edugate::sandbox
