#include "app/config_check.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <set>
#include <system_error>
#include <variant>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "absl/time/time.h"
#include "adapters/resource_name.h"
#include "app/auth_options.h"
#include "app/bracketed_host.h"
#include "app/callers_check.h"
#include "app/config_ranges.h"
#include "app/duration.h"
#include "app/mistake.h"
#include "app/privacy_check.h"
#include "app/provider_table.h"
#include "app/resilience_check.h"
#include "app/server_certificates.h"
#include "app/telemetry_check.h"
#include "runtime/auth/credential_header.h"
#include "runtime/auth/factory.h"
#include "runtime/config/mistakes.h"
#include "services/bridge.h"
#include "services/page_token.h"

namespace edugate::app {
namespace {

using google::protobuf::FieldDescriptor;

// scheme, host and what follows; empty members where the URL is none.
struct UrlParts {
  absl::string_view scheme;
  absl::string_view host;
  bool port_right = false;  // none, or a number that a port can be
};

UrlParts SplitUrl(absl::string_view url) {
  const size_t colon = url.find("://");
  if (colon == absl::string_view::npos) return {};
  UrlParts parts{.scheme = url.substr(0, colon)};
  absl::string_view rest = url.substr(colon + 3);
  rest = rest.substr(0, rest.find('/'));
  absl::string_view port;
  if (absl::StartsWith(rest, "[")) {
    const size_t end = rest.find(']');
    if (end == absl::string_view::npos) return {};
    parts.host = rest.substr(1, end - 1);
    port = rest.substr(end + 1);
  } else {
    parts.host = rest.substr(0, rest.find(':'));
    port = rest.substr(parts.host.size());
  }
  int number = 0;
  parts.port_right =
      port.empty() || (absl::ConsumePrefix(&port, ":") && absl::SimpleAtoi(port, &number) &&
                       number > 0 && number <= 65535);
  return parts;
}

// 127.0.0.0/8 in the usual notation. A name may begin with 127., too, and leads anywhere.
bool IsLoopbackAddress(absl::string_view host) {
  in_addr address{};
  return inet_pton(AF_INET, std::string(host).c_str(), &address) == 1 &&
         (ntohl(address.s_addr) >> 24) == 127;
}

bool IsLoopbackHost(absl::string_view host) {
  return host == "localhost" || host == "::1" || IsLoopbackAddress(host);
}

bool IsListenAddress(absl::string_view address) {
  const size_t colon = address.rfind(':');
  int port = 0;
  return colon != absl::string_view::npos && colon > 0 &&
         absl::SimpleAtoi(address.substr(colon + 1), &port) && port >= 0 && port <= 65535;
}

constexpr std::array kServerRanges = {
    NumberRange{"max_request_bytes", 1024, 64 << 20},
    NumberRange{"max_reply_bytes", 1 << 20, 64 << 20},
    NumberRange{"max_streams_per_connection", 1, 10000},
    NumberRange{"max_connections", 1, 1'000'000},
    NumberRange{"connection_deadline_percent", 1, 95},
    NumberRange{"max_calls", 1, 1'000'000},
    NumberRange{"max_metadata_bytes", 1024, 64 << 10},
    NumberRange{"max_buffer_bytes", 16 << 20, int64_t{16} << 30},
};
constexpr std::array kLimitsRanges = {
    NumberRange{"max_response_bytes", 1024, 256 << 20},
    NumberRange{"max_response_depth", 4, 512},
    NumberRange{"max_pages", 1, 10000},
    NumberRange{"max_attempts", 1, 10},
    NumberRange{"max_response_header_bytes", 1024, 1 << 20},
    NumberRange{"max_decode_ratio", 1, 10000},
};
constexpr std::array kLimitsSpans = {
    SpanRange{"attempt_timeout", absl::Milliseconds(50), absl::Hours(1)},
    SpanRange{"least_attempt", absl::Milliseconds(1), absl::Seconds(10)},
};
constexpr std::array kTokenNumbers = {NumberRange{"refresh_percent", 1, 99}};
constexpr std::array kTokenSpans = {
    SpanRange{"failure_memory", absl::Milliseconds(100), absl::Minutes(1)},
    SpanRange{"max_failure_memory", absl::Milliseconds(100), absl::Minutes(10)},
    SpanRange{"default_token_life", absl::Seconds(1), absl::Hours(24)},
    SpanRange{"max_token_life", absl::Seconds(1), absl::Hours(24)},
};
constexpr std::array kOptionsRanges = {
    NumberRange{"page_size", 1, 1000},
    NumberRange{"bulk_enrollment_limit", 1, 10000},
};
constexpr std::array kWebhookRanges = {NumberRange{"max_body_bytes", 1024, 1 << 20}};
constexpr std::array kRuntimeRanges = {NumberRange{"loops", 1, 256}};

constexpr std::array kServerSpans = {
    SpanRange{"default_deadline", absl::Milliseconds(100), absl::Hours(1)},
    SpanRange{"max_deadline", absl::Seconds(1), absl::Hours(1)},
    SpanRange{"shutdown_grace", absl::ZeroDuration(), absl::Minutes(10)},
    SpanRange{"shutdown_delay", absl::ZeroDuration(), absl::Minutes(5)},
    SpanRange{"max_connection_age", absl::Seconds(1), absl::Hours(24)},
    SpanRange{"max_connection_age_grace", absl::Seconds(1), absl::Hours(24)},
    SpanRange{"keepalive_time", absl::Seconds(1), absl::Hours(2)},
    SpanRange{"keepalive_timeout", absl::Seconds(1), absl::Minutes(10)},
    SpanRange{"page_token_lifetime", absl::Minutes(1), absl::Hours(30 * 24)},
};
constexpr std::array kOptionsSpans = {
    SpanRange{"poll_interval", absl::Milliseconds(50), absl::Minutes(1)},
};
constexpr std::array kStateSpans = {
    SpanRange{"event_retention", absl::Minutes(1), absl::Hours(365 * 24)},
    SpanRange{"request_id_retention", absl::Minutes(1), absl::Hours(7 * 24)},
};

constexpr std::array kRedisSpans = {
    SpanRange{"timeout", absl::Milliseconds(50), absl::Seconds(30)},
};

// The numbers of which 0 is one.
constexpr std::array<absl::string_view, 2> kMayBeZero = {"runtime.loops", "state.redis.database"};

constexpr size_t kLeastPageTokenKeyBytes = 32;
constexpr size_t kMaxIssuerBytes = 200;

// Checks one configuration; notes every mistake.
class Checker {
 public:
  Checker(const config::SourceMap& source, absl::string_view file)
      : source_(source), mistakes_(file) {}

  absl::Status Check(const v1::Config& config) {
    if (!IsListenAddress(config.server().listen())) {
      Add("server.listen", "needs HOST:PORT");
    }
    if (!config.server().admin_listen().empty() &&
        !IsListenAddress(config.server().admin_listen())) {
      Add("server.admin_listen", "needs HOST:PORT");
    }
    if (!config.server().health_listen().empty() &&
        !IsListenAddress(config.server().health_listen())) {
      Add("server.health_listen", "needs HOST:PORT");
    }
    CheckNumbers(config.server(), kServerRanges, "server", note_);
    CheckNumbers(config.runtime(), kRuntimeRanges, "runtime", note_);
    CheckSpans(config.server(), kServerSpans, "server", note_);
    CheckDeadlines(config.server());
    CheckState(config);
    CheckZeros(config, "");
    if (config.server().has_page_token_key()) {
      CheckSecret(config.server().page_token_key(), "server.page_token_key",
                  kLeastPageTokenKeyBytes);
    }
    CheckOpeningKeys(config.server());
    if (config.server().has_tls()) CheckServerTls(config.server().tls(), note_);
    const absl::Status served = CheckListen(config.server());
    if (!served.ok()) Add("server.listen", served.message());
    CheckCallers(config, note_);
    CheckVisible(config.callers());
    CheckTelemetry(config.telemetry(), note_);
    CheckPrivacy(config, note_);
    CheckRateLimits(config, note_);
    if (config.connections().empty()) Add("connections", "needs at least one connection");
    std::set<std::string> ids;
    for (int i = 0; i < config.connections_size(); ++i) {
      const v1::ConnectionConfig& connection = config.connections(i);
      const std::string key = absl::StrCat("connections[", i, "]");
      if (!adapters::IsConnectionId(connection.id())) {
        Add(absl::StrCat(key, ".id"),
            "needs a lower-case letter, then at most 62 lower-case letters, digits and hyphens");
      } else if (!ids.insert(connection.id()).second) {
        Add(absl::StrCat(key, ".id"), "is the id of another connection, too");
      }
      CheckConnection(config, connection, key);
    }
    return mistakes_.ToStatus();
  }

 private:
  void Add(const std::string& key, absl::string_view what) {
    mistakes_.Add(source_.LineOf(key), key, what);
  }

  // An empty list is no list to protobuf, and that shows everything.
  void CheckVisible(const v1::CallersConfig& callers) {
    for (int i = 0; i < callers.grants_size(); ++i) {
      const std::string key = absl::StrCat("callers.grants[", i, "].visible");
      if (!callers.grants(i).visible().empty() || !source_.Has(key)) continue;
      Add(key,
          "is empty: [ unspecified ] shows nothing of persons; without the key, everything shows");
    }
  }

  void CheckConnection(const v1::Config& config, const v1::ConnectionConfig& connection,
                       const std::string& key) {
    if (!IsBaseUrl(connection.base_url())) {
      Add(absl::StrCat(key, ".base_url"),
          "needs an https URL without user, query and fragment (http to a loopback address only)");
    }
    const ProviderRow* provider = FindProvider(connection.provider());
    if (provider == nullptr) {
      std::vector<std::string> known;
      for (const ProviderRow& row : ProviderTable()) known.emplace_back(row.id);
      Add(absl::StrCat(key, ".provider"), absl::StrCat("must be ", absl::StrJoin(known, ", ")));
      return;
    }
    CheckLearnerIdIssuer(connection, *provider, absl::StrCat(key, ".learner_id_issuer"));
    CheckNumbers(connection.limits(), kLimitsRanges, absl::StrCat(key, ".limits"), note_);
    CheckSpans(connection.limits(), kLimitsSpans, absl::StrCat(key, ".limits"), note_);
    CheckResilience(config, connection, *provider, key, note_);
    CheckNumbers(connection.options(), kOptionsRanges, absl::StrCat(key, ".options"), note_);
    CheckSpans(connection.options(), kOptionsSpans, absl::StrCat(key, ".options"), note_);
    CheckAuth(connection, *provider, absl::StrCat(key, ".auth"));
    CheckOptions(connection.options(), *provider, absl::StrCat(key, ".options"));
    if (connection.has_webhook()) {
      CheckWebhook(connection.webhook(), *provider, absl::StrCat(key, ".webhook"));
    }
  }

  void CheckAuth(const v1::ConnectionConfig& connection, const ProviderRow& provider,
                 const std::string& key) {
    const auto* scheme = connection.auth().GetReflection()->GetOneofFieldDescriptor(
        connection.auth(), v1::AuthConfig::descriptor()->FindOneofByName("scheme"));
    const auto& taken = provider.auth_schemes;
    if (scheme == nullptr || std::find(taken.begin(), taken.end(), scheme->name()) == taken.end()) {
      Add(key, absl::StrCat("needs ", absl::StrJoin(taken, " or ")));
      return;
    }
    const std::string below = absl::StrCat(key, ".", scheme->name());
    const v1::AuthConfig& auth = connection.auth();
    if (auth.has_bearer()) CheckSecret(auth.bearer(), below);
    if (auth.has_api_key()) {
      CheckSecret(auth.api_key(), below);
      CheckHeader(auth.api_key().header(), absl::StrCat(below, ".header"));
    }
    if (auth.has_basic()) {
      CheckSecret(auth.basic().username(), absl::StrCat(below, ".username"));
      CheckSecret(auth.basic().password(), absl::StrCat(below, ".password"));
    }
    if (auth.has_oauth2_client()) {
      CheckSecret(auth.oauth2_client().client_id(), absl::StrCat(below, ".client_id"));
      CheckSecret(auth.oauth2_client().client_secret(), absl::StrCat(below, ".client_secret"));
      if (!IsBaseUrl(auth.oauth2_client().token_url())) {
        Add(absl::StrCat(below, ".token_url"), "needs an https URL");
      }
      CheckTokens(connection, provider, below);
    }
  }

  void CheckTokens(const v1::ConnectionConfig& connection, const ProviderRow& provider,
                   const std::string& key) {
    const v1::OAuth2ClientAuth& config = connection.auth().oauth2_client();
    CheckNumbers(config, kTokenNumbers, key, note_);
    CheckSpans(config, kTokenSpans, key, note_);
    const auth::AuthOptions effective = ToAuthOptions(connection, provider);
    const auto& options = std::get<auth::OAuth2ClientOptions>(effective.scheme);
    if (options.use.failure_memory > options.use.max_failure_memory) {
      Add(absl::StrCat(key, ".failure_memory"), "must be at most max_failure_memory");
    }
    if (options.default_life > options.max_life) {
      Add(absl::StrCat(key, ".default_token_life"), "must be at most max_token_life");
    }
  }

  void CheckLearnerIdIssuer(const v1::ConnectionConfig& connection, const ProviderRow& provider,
                            const std::string& key) {
    const std::string& issuer = connection.learner_id_issuer();
    if (issuer.empty()) return;
    if (!provider.learner_external_ids) Add(key, "means nothing to this provider");
    const bool printable =
        std::all_of(issuer.begin(), issuer.end(), [](char c) { return c > ' ' && c < '\x7f'; });
    if (!printable || issuer.size() > kMaxIssuerBytes || issuer.find('|') != std::string::npos) {
      Add(key, "needs at most 200 visible ASCII characters without |");
    }
  }

  void CheckWebhook(const v1::WebhookConfig& webhook, const ProviderRow& provider,
                    const std::string& key) {
    if (!provider.webhooks) Add(key, "means nothing to this provider");
    if (webhook.secrets().empty()) Add(absl::StrCat(key, ".secrets"), "needs at least one secret");
    for (int i = 0; i < webhook.secrets_size(); ++i) {
      CheckSecret(webhook.secrets(i), absl::StrCat(key, ".secrets[", i, "]"));
    }
    CheckHeader(webhook.header(), absl::StrCat(key, ".header"));
    CheckNumbers(webhook, kWebhookRanges, key, note_);
  }

  // Empty: the default.
  void CheckHeader(const std::string& name, const std::string& key) {
    if (name.empty()) return;
    const absl::Status checked = auth::CheckHeaderName(name);
    if (!checked.ok()) Add(key, checked.message());
  }

  void CheckDeadlines(const v1::ServerConfig& server) {
    if (!server.has_default_deadline()) return;
    if (ToDuration(server.default_deadline()) <= MaxDeadline(server)) return;
    Add("server.default_deadline", "must be at most max_deadline");
  }

  void CheckOpeningKeys(const v1::ServerConfig& server) {
    constexpr size_t kMost = services::kMaxOpeningKeys;
    if (static_cast<size_t>(server.page_token_opening_keys_size()) > kMost) {
      Add("server.page_token_opening_keys", absl::StrCat("takes at most ", kMost, " keys"));
    }
    for (int i = 0; i < server.page_token_opening_keys_size(); ++i) {
      CheckSecret(server.page_token_opening_keys(i),
                  absl::StrCat("server.page_token_opening_keys[", i, "]"), kLeastPageTokenKeyBytes);
    }
  }

  void CheckState(const v1::Config& config) {
    const v1::StateConfig& state = config.state();
    CheckSpans(state, kStateSpans, "state", note_);
    // Otherwise a request_id is forgotten while its write is in progress, and sent again.
    if (state.has_request_id_retention() &&
        ToDuration(state.request_id_retention()) < MaxDeadline(config.server())) {
      Add("state.request_id_retention", "must be at least server.max_deadline");
    }
    if (state.has_sqlite()) CheckSqlite(state.sqlite());
    if (state.has_redis()) CheckRedis(state);
  }

  void CheckSqlite(const v1::SqliteConfig& sqlite) {
    std::error_code error;
    const std::filesystem::path folder = std::filesystem::path(sqlite.path()).parent_path();
    if (sqlite.path().empty()) {
      Add("state.sqlite.path", "is missing");
    } else if (!folder.empty() && !std::filesystem::is_directory(folder, error)) {
      Add("state.sqlite.path", "needs a folder that exists");
    }
  }

  // A whole number that is 0 is no number to protobuf, and its default would hold instead.
  void CheckZeros(const google::protobuf::Message& message, const std::string& at) {
    const google::protobuf::Reflection& reflection = *message.GetReflection();
    const google::protobuf::Descriptor& type = *message.GetDescriptor();
    for (int i = 0; i < type.field_count(); ++i) {
      const FieldDescriptor& field = *type.field(i);
      const std::string key = absl::StrCat(at, at.empty() ? "" : ".", field.name());
      const bool nested = field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE && !field.is_map();
      if (nested && field.is_repeated()) {
        for (int place = 0; place < reflection.FieldSize(message, &field); ++place) {
          CheckZeros(reflection.GetRepeatedMessage(message, &field, place),
                     absl::StrCat(key, "[", place, "]"));
        }
      } else if (nested && reflection.HasField(message, &field)) {
        CheckZeros(reflection.GetMessage(message, &field), key);
      } else if (!field.is_repeated() && IsDefaultedNumber(field) &&
                 !reflection.HasField(message, &field) && source_.Has(key) &&
                 std::find(kMayBeZero.begin(), kMayBeZero.end(), key) == kMayBeZero.end()) {
        Add(key, "must not be 0; without the key, its default holds");
      }
    }
  }

  // A whole number that is not told from none where it is 0.
  static bool IsDefaultedNumber(const FieldDescriptor& field) {
    return !field.has_presence() && (field.cpp_type() == FieldDescriptor::CPPTYPE_INT32 ||
                                     field.cpp_type() == FieldDescriptor::CPPTYPE_INT64);
  }

  static absl::Duration MaxDeadline(const v1::ServerConfig& server) {
    return server.has_max_deadline() ? ToDuration(server.max_deadline())
                                     : services::BridgeOptions().max_deadline;
  }

  void CheckRedis(const v1::StateConfig& state) {
    constexpr int kMostDatabase = 15;
    const v1::RedisConfig& redis = state.redis();
    if (state.has_sqlite()) Add("state.redis", "can't be together with sqlite");
    int port = 0;
    const size_t colon = redis.address().rfind(':');
    const bool named = colon != std::string::npos && colon > 0 &&
                       absl::SimpleAtoi(redis.address().substr(colon + 1), &port) && port > 0 &&
                       port <= 65535;
    if (!named) Add("state.redis.address", "needs HOST:PORT");
    if (redis.database() < 0 || redis.database() > kMostDatabase) {
      Add("state.redis.database", absl::StrCat("must be from 0 to ", kMostDatabase));
    }
    if (redis.has_password()) CheckSecret(redis.password(), "state.redis.password");
    if (!redis.username().empty() && !redis.has_password()) {
      Add("state.redis.username", "needs a password");
    }
    if (!redis.ca_file().empty()) {
      CheckFile(redis.ca_file(), "state.redis.ca_file");
      if (!redis.tls()) Add("state.redis.ca_file", "means nothing without tls");
    }
    CheckSpans(redis, kRedisSpans, "state.redis", note_);
  }

  void CheckFile(const std::string& path, const std::string& key) {
    if (path.empty()) {
      Add(key, "is missing");
    } else if (!std::ifstream(path).good()) {
      Add(key, "can't be read");
    }
  }

  template <typename Place>
  void CheckSecret(const Place& place, const std::string& key, size_t least_bytes = 1) {
    if (place.source_case() == Place::SOURCE_NOT_SET) {
      Add(key, "needs one of value, file and env");
      return;
    }
    v1::Secret secret;
    if (place.source_case() == Place::kFile) secret.set_file(place.file());
    if (place.source_case() == Place::kEnv) secret.set_env(place.env());
    if (place.source_case() == Place::kValue) secret.set_value(place.value());
    const auto read = ToSecretSource(secret).Read();
    if (!read.ok()) {
      Add(key, read.status().message());
    } else if (read->Reveal().size() < least_bytes) {
      Add(key, absl::StrCat("needs at least ", least_bytes, " bytes"));
    }
  }

  void CheckOptions(const v1::ConnectionOptions& options, const ProviderRow& provider,
                    const std::string& key) {
    const google::protobuf::Reflection& reflection = *options.GetReflection();
    std::vector<const FieldDescriptor*> set;
    reflection.ListFields(options, &set);
    for (const FieldDescriptor* field : set) {
      const auto& taken = provider.options;
      if (std::find(taken.begin(), taken.end(), field->name()) == taken.end()) {
        Add(absl::StrCat(key, ".", field->name()), "means nothing to this provider");
      }
    }
    for (const std::string& name : provider.required_options) {
      if (!reflection.HasField(options, options.GetDescriptor()->FindFieldByName(name))) {
        Add(absl::StrCat(key, ".", name), "is missing");
      }
    }
  }

  const config::SourceMap& source_;
  config::Mistakes mistakes_;
  const Mistake note_ = [this](const std::string& key, absl::string_view what) { Add(key, what); };
};

}  // namespace

absl::StatusOr<v1::Config> LoadConfigFile(const std::string& path) {
  v1::Config config;
  auto source = config::LoadYamlFile(path, &config);
  if (!source.ok()) return source.status();
  absl::Status checked = Checker(*source, path).Check(config);
  if (!checked.ok()) return checked;
  return config;
}

absl::StatusOr<v1::Config> LoadConfigText(absl::string_view text, absl::string_view name) {
  v1::Config config;
  auto source = config::LoadYaml(text, name, &config);
  if (!source.ok()) return source.status();
  absl::Status checked = Checker(*source, name).Check(config);
  if (!checked.ok()) return checked;
  return config;
}

bool IsBaseUrl(absl::string_view url) {
  const bool visible =
      std::all_of(url.begin(), url.end(), [](char c) { return c > ' ' && c < '\x7f'; });
  if (!visible || url.find_first_of("?#@\\") != absl::string_view::npos) return false;
  const UrlParts parts = SplitUrl(url);
  if (parts.host.empty() || !parts.port_right) return false;
  return parts.scheme == "https" || (parts.scheme == "http" && IsLoopbackHost(parts.host));
}

absl::Status CheckListen(const v1::ServerConfig& server) {
  if (server.has_tls() || server.insecure()) return absl::OkStatus();
  const absl::string_view host =
      absl::string_view(server.listen()).substr(0, server.listen().rfind(':'));
  if (IsLoopbackHost(WithoutBrackets(host))) return absl::OkStatus();
  return absl::InvalidArgumentError(
      "isn't a loopback address and has no TLS: needs server.tls, or server.insecure: true where "
      "callers without TLS are meant");
}

bool IsLoopbackUrl(absl::string_view url) { return IsLoopbackHost(SplitUrl(url).host); }

}  // namespace edugate::app
