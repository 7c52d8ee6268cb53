#include "app/call_command.h"

#include <memory>
#include <ostream>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "app/json_request.h"
#include "app/method_name.h"
#include "app/reflection_database.h"
#include "app/rpc_client.h"
#include "google/protobuf/dynamic_message.h"
#include "google/protobuf/util/json_util.h"
#include "google/rpc/code.pb.h"
#include "nlohmann/json.hpp"

namespace edugate::app {
namespace {

using google::protobuf::DescriptorPool;
using google::protobuf::DynamicMessageFactory;
using google::protobuf::Message;
using google::protobuf::MethodDescriptor;

google::rpc::Status MakeStatus(absl::StatusCode code, absl::string_view message) {
  google::rpc::Status status;
  status.set_code(static_cast<int>(code));
  status.set_message(std::string(message));
  return status;
}

// {"code": "NOT_FOUND", "message": "...", "details": [...]}
void PrintError(const google::rpc::Status& status, std::ostream& out) {
  nlohmann::ordered_json error;
  error["code"] = google::rpc::Code_Name(static_cast<google::rpc::Code>(status.code()));
  error["message"] = status.message();
  error["details"] = nlohmann::ordered_json::array();
  for (const auto& detail : status.details()) {
    std::string json;
    if (!google::protobuf::util::MessageToJsonString(detail, &json).ok()) continue;
    error["details"].push_back(nlohmann::ordered_json::parse(json, nullptr, false));
  }
  out << error.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) << '\n';
}

// The server's method that was meant.
absl::StatusOr<const MethodDescriptor*> FindMethod(const std::string& typed,
                                                   ReflectionDatabase& database,
                                                   const DescriptorPool& pool) {
  auto services = database.ListServices();
  if (!services.ok()) return services.status();
  std::vector<std::string> methods;
  for (const std::string& name : *services) {
    const auto* service = pool.FindServiceByName(name);
    if (service == nullptr) continue;
    for (int i = 0; i < service->method_count(); ++i) {
      methods.push_back(service->method(i)->full_name());
    }
  }
  const std::string name = ResolveMethod(typed, methods);
  if (!name.empty()) return pool.FindMethodByName(name);
  const auto suggestions = SuggestMethods(typed, methods);
  return absl::NotFoundError(
      absl::StrCat("no method ", typed, suggestions.empty() ? "" : "; did you mean ",
                   absl::StrJoin(suggestions, ", "), suggestions.empty() ? "" : "?"));
}

// The serialized requests that the JSON text means: one, or for a client stream each element of a
// list.
absl::StatusOr<std::vector<std::string>> Requests(const std::string& text,
                                                  const MethodDescriptor& method,
                                                  DynamicMessageFactory& factory) {
  const std::string given = text.empty() ? "{}" : text;
  std::vector<std::string> texts;
  if (method.client_streaming()) {
    auto each = ExpandEnumNamesOfEach(given, method.input_type());
    if (!each.ok()) return each.status();
    texts = *std::move(each);
  } else {
    auto one = ExpandEnumNames(given, method.input_type());
    if (!one.ok()) return one.status();
    texts.push_back(*std::move(one));
  }
  std::vector<std::string> requests;
  for (const std::string& json : texts) {
    const std::unique_ptr<Message> message(factory.GetPrototype(method.input_type())->New());
    const auto parsed = google::protobuf::util::JsonStringToMessage(json, message.get());
    if (!parsed.ok()) {
      return absl::InvalidArgumentError(
          absl::StrCat("the request is no ", method.input_type()->name(), ": ",
                       std::string(parsed.message().data(), parsed.message().size())));
    }
    requests.push_back(message->SerializeAsString());
  }
  return requests;
}

}  // namespace

int RunCall(const CallCommand& command, std::ostream& out) {
  const auto connected = RpcClient::Connect(command.target);
  if (!connected.ok()) {
    PrintError(MakeStatus(connected.status().code(), connected.status().message()), out);
    return 1;
  }
  RpcClient* const client = connected->get();
  ReflectionDatabase database(*client);
  DescriptorPool pool(&database);
  DynamicMessageFactory factory(&pool);
  auto method = FindMethod(command.method, database, pool);
  if (!method.ok()) {
    PrintError(MakeStatus(method.status().code(), method.status().message()), out);
    return 1;
  }
  auto requests = Requests(command.request, **method, factory);
  if (!requests.ok()) {
    PrintError(MakeStatus(requests.status().code(), requests.status().message()), out);
    return 1;
  }
  google::protobuf::util::JsonPrintOptions options;
  options.add_whitespace = !(*method)->server_streaming();
  bool readable = true;
  const auto print = [&](const std::string& bytes) {
    const std::unique_ptr<Message> reply(factory.GetPrototype((*method)->output_type())->New());
    std::string json;
    readable = readable && reply->ParseFromString(bytes) &&
               google::protobuf::util::MessageToJsonString(*reply, &json, options).ok();
    if (!readable) return;
    out << json;
    // With white space the text ends its own line.
    if (!options.add_whitespace) out << '\n';
    out.flush();
  };
  const google::rpc::Status status =
      client->Call(absl::StrCat("/", (*method)->service()->full_name(), "/", (*method)->name()),
                   *requests, print);
  if (status.code() == 0 && readable) return 0;
  PrintError(status.code() != 0
                 ? status
                 : MakeStatus(absl::StatusCode::kInternal, "a reply could not be printed as JSON"),
             out);
  return 1;
}

}  // namespace edugate::app
