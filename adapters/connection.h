// A configured connection: an account at a provider, and what it can do.
#ifndef ADAPTERS_CONNECTION_H_
#define ADAPTERS_CONNECTION_H_

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "adapters/native_method.h"
#include "adapters/ports.h"

namespace edugate::adapters {

// A provider behind the ports. One instance for each connection.
class Adapter {
 public:
  virtual ~Adapter() = default;

  // What the provider offers. The ports call the adapter, which outlives them.
  virtual Ports ports() = 0;
};

inline constexpr int kDefaultMaxPages = 20;

// A connection as the services see it.
struct Connection {
  std::string id;
  std::string provider;  // openapply, class_enrollment, measureone, edx_enterprise
  std::string display_name;
  // The most pages of the provider's that one page of a caller's may cost; a caller's page that is
  // not full by then ends early, with a token.
  int max_pages = kDefaultMaxPages;
  // Who gives out the external ids by which this provider finds learners; empty where none does.
  std::string learner_id_issuer;
  Ports ports;
  // The provider's own API; empty where native calls are off.
  std::vector<NativeMethod> native;
};

// The configured connections, by id.
class ConnectionRegistry {
 public:
  explicit ConnectionRegistry(std::vector<Connection> connections);

  // CONNECTION_UNKNOWN where there is none.
  absl::StatusOr<const Connection*> Find(absl::string_view id) const;

  // In the order of the configuration.
  const std::vector<Connection>& connections() const { return connections_; }

 private:
  std::vector<Connection> connections_;
  std::map<std::string, const Connection*> by_id_;
};

// A port that calls a method of an adapter.
template <typename Adapter, typename Argument, typename Result>
Port<Argument, Result> Bind(
    Adapter* adapter,
    async::Task<absl::StatusOr<Result>> (Adapter::*method)(async::CallContext&, const Argument&)) {
  return [adapter, method](async::CallContext& call, const Argument& argument) {
    return (adapter->*method)(call, argument);
  };
}

// The same for a port that fills a record or adds a page of records.
template <typename Adapter, typename Argument, typename Answer, typename Into>
std::function<async::Task<Answer>(async::CallContext&, const Argument&, Into&)> Bind(
    Adapter* adapter,
    async::Task<Answer> (Adapter::*method)(async::CallContext&, const Argument&, Into&)) {
  return [adapter, method](async::CallContext& call, const Argument& argument, Into& into) {
    return (adapter->*method)(call, argument, into);
  };
}

}  // namespace edugate::adapters

#endif  // ADAPTERS_CONNECTION_H_
