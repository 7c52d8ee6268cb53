// A channel to edugate: where it is, who is calling, and what the channel does by itself.
#ifndef CHANNEL_H_
#define CHANNEL_H_

#include <grpcpp/channel.h>

#include <memory>
#include <string>

struct ChannelOptions {
  // `HOST:PORT`, or `dns:///HOST:PORT` for all addresses of a name.
  std::string target;
  // A PEM file with the authority that signs edugate's certificate. Empty: no TLS.
  std::string tls_ca;
  // A file with a JSON Web Token that says who is calling. It needs TLS.
  std::string token_file;
  // A file with gRPC's service config, as deploy/service_config.json: deadlines and retries of each
  // method. May be empty.
  std::string service_config;
};

// Opens a channel. It connects with the first call, and again by itself whenever it must. Throws
// std::runtime_error where the options don't fit or a file can't be read.
std::shared_ptr<grpc::Channel> OpenChannel(const ChannelOptions& options);

#endif  // CHANNEL_H_
