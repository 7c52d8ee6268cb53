// gRPC server reflection (grpc.reflection.v1alpha), as far as the caller may see: gRPC's own knows
// no callers.
#ifndef SERVICES_REFLECTION_SERVICE_H_
#define SERVICES_REFLECTION_SERVICE_H_

#include <memory>
#include <string>
#include <vector>

namespace grpc {
class Service;
}  // namespace grpc

namespace edugate::services {

class Bridge;
class Drain;

// Lists the services of these whole names and answers for every proto of the program. A provider's
// service is listed, and found by its name, where a grant of the caller names one of its methods;
// the providers' messages are found by everybody, since replies carry them. Where callers are
// configured, only who is known gets an answer.
//
// A conversation is a stream like others: it passes the gate and has the streams' deadline. It ends
// with OK where nothing is asked for BridgeOptions::slow_reader_limit, and when the process is
// about to end; with SLOW_CONSUMER where an answer isn't taken for as long. The observer hears of
// those that fail alone, as of calls without a context. What `bridge` needs, and `drain`, which may
// be null, outlive the service.
std::unique_ptr<grpc::Service> MakeReflectionService(std::vector<std::string> services,
                                                     Bridge& bridge, Drain* drain);

}  // namespace edugate::services

#endif  // SERVICES_REFLECTION_SERVICE_H_
