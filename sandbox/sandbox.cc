#include "sandbox/sandbox.h"

#include <map>

#include "absl/base/thread_annotations.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"
#include "sandbox/class_enrollment.h"
#include "sandbox/control.h"
#include "sandbox/edx_enterprise.h"
#include "sandbox/fault_list.h"
#include "sandbox/http_server.h"
#include "sandbox/measureone.h"
#include "sandbox/openapply.h"
#include "sandbox/provider.h"
#include "sandbox/request_log.h"

namespace edugate::sandbox {
namespace {

constexpr char kUnmatched[] = "unmatched";

// The requests of a provider in the current period.
struct Window {
  absl::Time start = absl::InfinitePast();
  int requests = 0;
};

// Settings and request windows by provider. Thread-safe.
class Rules {
 public:
  ProviderSettings Settings(absl::string_view provider) const {
    absl::MutexLock lock(&mutex_);
    auto found = settings_.find(std::string(provider));
    return found == settings_.end() ? ProviderSettings() : found->second;
  }

  void Set(absl::string_view provider, const ProviderSettings& settings) {
    absl::MutexLock lock(&mutex_);
    settings_[std::string(provider)] = settings;
    windows_.erase(std::string(provider));
  }

  void Clear() {
    absl::MutexLock lock(&mutex_);
    settings_.clear();
    windows_.clear();
  }

  // Where webhooks go where no setting says it. Clear() leaves it.
  void SetWebhookUrl(absl::string_view url) {
    absl::MutexLock lock(&mutex_);
    webhook_url_ = std::string(url);
  }

  std::string webhook_url() const {
    absl::MutexLock lock(&mutex_);
    return webhook_url_;
  }

  // Counts a request; the end of the window if it is one too many.
  std::optional<absl::Time> Exceeds(absl::string_view provider, absl::Time now) {
    absl::MutexLock lock(&mutex_);
    auto found = settings_.find(std::string(provider));
    if (found == settings_.end() || found->second.rate_limit.requests <= 0) return std::nullopt;
    const RateLimit& limit = found->second.rate_limit;
    Window& window = windows_[std::string(provider)];
    if (now >= window.start + limit.period) window = {now, 0};
    if (++window.requests <= limit.requests) return std::nullopt;
    return window.start + limit.period;
  }

 private:
  mutable absl::Mutex mutex_;
  std::map<std::string, ProviderSettings> settings_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, Window> windows_ ABSL_GUARDED_BY(mutex_);
  std::string webhook_url_ ABSL_GUARDED_BY(mutex_);
};

// A provider and its routes, which are made once.
struct Tenant {
  std::unique_ptr<Provider> provider;
  std::vector<Route> routes;
};

// What the paths of a provider say about a request.
struct Match {
  const Route* route = nullptr;
  std::map<std::string, std::string> captures;
  // Why there is no route.
  Refusal refusal = Refusal::kNotFound;
};

Match FindRoute(const Tenant& tenant, const Request& request) {
  Match match;
  for (const Route& route : tenant.routes) {
    auto captures =
        MatchPattern(route.pattern, request.target, tenant.provider->paths_ignore_case());
    if (!captures) continue;
    if (route.method != request.method) {
      match.refusal = Refusal::kMethodNotAllowed;
      continue;
    }
    match.route = &route;
    match.captures = *std::move(captures);
    return match;
  }
  return match;
}

void Deform(const Fault& fault, Reply& reply) {
  if (fault.status) reply.status = *fault.status;
  if (fault.body) {
    reply.body = *fault.body;
    if (reply.content_type.empty()) reply.content_type = "application/json; charset=utf-8";
  }
  if (!fault.content_type.empty()) reply.content_type = fault.content_type;
  if (fault.truncate_to && reply.body.size() > *fault.truncate_to)
    reply.body.resize(*fault.truncate_to);
  reply.headers.insert(reply.headers.end(), fault.headers.begin(), fault.headers.end());
  reply.drop = fault.drop;
  reply.trickle = fault.trickle;
}

}  // namespace

struct Sandbox::Parts {
  Options options;
  Rules rules;
  FaultList faults;
  RequestLog log;
  std::vector<Tenant> tenants;
  absl::Notification stopping;
  absl::Mutex stop_mutex;
  bool stopped ABSL_GUARDED_BY(stop_mutex) = false;
  // Last, so that its threads end before what they use.
  std::unique_ptr<HttpServer> server;

  void AddProvider(std::unique_ptr<Provider> (*make)(Surroundings), const char* id) {
    std::unique_ptr<Provider> provider = make({options.now, [this, id] {
                                                 ProviderSettings settings = rules.Settings(id);
                                                 if (settings.webhook_url.empty())
                                                   settings.webhook_url = rules.webhook_url();
                                                 return settings;
                                               }});
    std::vector<Route> routes = provider->Routes();
    tenants.push_back({std::move(provider), std::move(routes)});
  }

  // Answers a request to a provider, whose target is below its prefix.
  Reply Answer(const Tenant& tenant, Request request) {
    const Provider& provider = *tenant.provider;
    Match match = FindRoute(tenant, request);
    request.captures = std::move(match.captures);
    SeenRequest seen;
    seen.provider = std::string(provider.id());
    seen.method = request.method;
    seen.target = request.target;
    seen.route =
        match.route ? absl::StrCat(match.route->method, " ", match.route->pattern) : kUnmatched;
    seen.authorized = provider.Authorized(request);

    const std::optional<Fault> fault = faults.Take(provider.id(), request.target);
    if (fault && fault->delay > absl::ZeroDuration()) options.sleep(fault->delay);
    Reply reply;
    bool handled = false;
    if (!fault || fault->applied.value_or(!fault->status.has_value())) {
      if (const std::optional<absl::Time> reset = rules.Exceeds(provider.id(), options.now())) {
        reply = provider.RefuseRequest(Refusal::kThrottled, request);
        if (provider.tells_rate_limit()) AddLimitHeaders(provider, *reset, reply);
      } else if (match.route == nullptr) {
        reply = provider.RefuseRequest(match.refusal, request);
      } else if (!seen.authorized && !match.route->open) {
        reply = provider.RefuseRequest(Refusal::kUnauthorized, request);
      } else {
        reply = match.route->handle(request);
        handled = true;
      }
    }
    if (fault) Deform(*fault, reply);
    seen.status = reply.status;
    log.Record(std::move(seen), handled, fault.has_value());
    return reply;
  }

  void AddLimitHeaders(const Provider& provider, absl::Time reset, Reply& reply) const {
    const RateLimit limit = rules.Settings(provider.id()).rate_limit;
    reply.headers.emplace_back("X-RateLimit-Limit", absl::StrCat(limit.requests));
    reply.headers.emplace_back("X-RateLimit-Period",
                               absl::StrCat(absl::ToInt64Seconds(limit.period)));
    reply.headers.emplace_back("X-RateLimit-Reset", absl::StrCat(absl::ToUnixSeconds(reset)));
  }
};

absl::StatusOr<std::unique_ptr<Sandbox>> Sandbox::Start(const Options& options) {
  auto parts = std::make_unique<Parts>();
  Parts* inside = parts.get();
  parts->options = options;
  parts->rules.SetWebhookUrl(options.webhook_url);
  if (!parts->options.now) parts->options.now = [] { return absl::Now(); };
  if (!parts->options.sleep) {
    parts->options.sleep = [inside](absl::Duration time) {
      inside->stopping.WaitForNotificationWithTimeout(time);
    };
  }
  parts->AddProvider(&MakeOpenApply, "openapply");
  parts->AddProvider(&MakeClassEnrollment, "class_enrollment");
  parts->AddProvider(&MakeMeasureOne, "measureone");
  parts->AddProvider(&MakeEdxEnterprise, "edx_enterprise");

  std::unique_ptr<Sandbox> sandbox(new Sandbox(std::move(parts)));
  auto handle = [sandbox = sandbox.get(), inside](const Request& request) {
    const absl::string_view target = request.target;
    const size_t prefix = target.find_first_of("/?", 1);
    const absl::string_view name = absl::StripPrefix(target.substr(0, prefix), "/");
    Request below = request;
    below.target =
        prefix == absl::string_view::npos ? std::string() : std::string(target.substr(prefix));
    if (name == "_sandbox") return Control(*sandbox, below);
    for (const Tenant& tenant : inside->tenants) {
      if (tenant.provider->id() == name) return inside->Answer(tenant, std::move(below));
    }
    return JsonReply(404, "{\"error\":\"no provider is simulated here; see GET /_sandbox\"}\n");
  };
  absl::StatusOr<std::unique_ptr<HttpServer>> server =
      HttpServer::Start(inside->options, handle, inside->options.sleep);
  if (!server.ok()) return server.status();
  inside->server = *std::move(server);
  return sandbox;
}

Sandbox::Sandbox(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}

Sandbox::~Sandbox() { Stop(); }

int Sandbox::port() const { return parts_->server->port(); }

std::string Sandbox::root_url() const {
  return absl::StrCat("http://", parts_->options.host, ":", port());
}

std::string Sandbox::base_url(absl::string_view provider) const {
  return absl::StrCat(root_url(), "/", provider);
}

std::vector<std::string> Sandbox::providers() const {
  std::vector<std::string> ids;
  for (const Tenant& tenant : parts_->tenants) ids.emplace_back(tenant.provider->id());
  return ids;
}

void Sandbox::Stop() {
  absl::MutexLock lock(&parts_->stop_mutex);
  if (parts_->stopped) return;
  parts_->stopped = true;
  parts_->stopping.Notify();
  if (parts_->server) parts_->server->Stop();
}

int64_t Sandbox::AddFault(Fault fault) { return parts_->faults.Add(std::move(fault)); }
bool Sandbox::RemoveFault(int64_t id) { return parts_->faults.Remove(id); }
void Sandbox::ClearFaults() { parts_->faults.Clear(); }
std::vector<FaultState> Sandbox::Faults() const { return parts_->faults.All(); }

std::vector<RouteCount> Sandbox::Requests() const { return parts_->log.Counts(); }
int64_t Sandbox::CountRequests(absl::string_view provider, absl::string_view route_contains) const {
  return parts_->log.Count(provider, route_contains);
}
std::vector<SeenRequest> Sandbox::RecentRequests() const { return parts_->log.Recent(); }
void Sandbox::ClearRequests() { parts_->log.Clear(); }

absl::Status Sandbox::SetSettings(absl::string_view provider, const ProviderSettings& settings) {
  bool known = false;
  for (const std::string& id : providers()) {
    if (!provider.empty() && provider != id) continue;
    parts_->rules.Set(id, settings);
    known = true;
  }
  if (!known)
    return absl::NotFoundError(absl::StrCat("The sandbox has no provider ", provider, "."));
  return absl::OkStatus();
}

ProviderSettings Sandbox::Settings(absl::string_view provider) const {
  return parts_->rules.Settings(provider);
}

void Sandbox::SetWebhookUrl(absl::string_view url) { parts_->rules.SetWebhookUrl(url); }

void Sandbox::Reset() {
  parts_->faults.Clear();
  parts_->rules.Clear();
  parts_->log.Clear();
  for (const Tenant& tenant : parts_->tenants) tenant.provider->Reset();
}

std::string ConfigYaml(const Sandbox& sandbox) {
  std::string yaml =
      "server: { listen: \"127.0.0.1:7443\", admin_listen: \"127.0.0.1:7080\" }\nconnections:\n";
  for (const Tenant& tenant : sandbox.parts_->tenants) {
    absl::StrAppend(&yaml,
                    tenant.provider->ConnectionYaml(sandbox.base_url(tenant.provider->id())));
  }
  return yaml;
}

std::string Describe(const Sandbox& sandbox) {
  std::string text = absl::StrCat("The sandbox listens on ", sandbox.root_url(),
                                  ". Its credentials and records are made up.\n");
  for (const Tenant& tenant : sandbox.parts_->tenants) {
    absl::StrAppend(&text, "\n", sandbox.base_url(tenant.provider->id()), "\n");
    for (absl::string_view line :
         absl::StrSplit(tenant.provider->Summary(), '\n', absl::SkipEmpty())) {
      absl::StrAppend(&text, "  ", line, "\n");
    }
    for (const Route& route : tenant.routes)
      absl::StrAppend(&text, "  ", route.method, " ", route.pattern, "\n");
  }
  absl::StrAppend(
      &text, "\n", sandbox.root_url(),
      "/_sandbox\n"
      "  POST GET DELETE /faults   GET DELETE /requests   POST GET /settings   POST /reset\n");
  return text;
}

}  // namespace edugate::sandbox
