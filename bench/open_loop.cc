// Calls that come at their own pace, whether or not the ones before have been answered: what a
// closed loop of callers, which slows down with its server, never does.
//
// open_loop TARGET METHOD_PATH REQUEST_FILE RATE SECONDS DEADLINE_MS CHANNELS
// Prints one JSON object: how many calls were made, answered in time, refused by a limit, too late
// or failed otherwise; the latencies of those that were answered; this program's CPU time.

#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "bench/cpu_time.h"

namespace {

using Clock = std::chrono::steady_clock;

struct Counts {
  std::atomic<int64_t> ok{0};
  std::atomic<int64_t> refused{0};
  std::atomic<int64_t> late{0};
  std::atomic<int64_t> failed{0};
  std::atomic<int64_t> ended{0};
  std::mutex mutex;
  std::vector<float> milliseconds;  // Of the answered calls; under the mutex.
};

struct OneCall {
  grpc::ClientContext context;
  grpc::ByteBuffer request;
  grpc::ByteBuffer reply;
  Clock::time_point began;
};

void Count(const grpc::Status& status, Clock::time_point began, Counts& counts) {
  switch (status.error_code()) {
    case grpc::StatusCode::OK: {
      const float took = std::chrono::duration<float, std::milli>(Clock::now() - began).count();
      const std::lock_guard<std::mutex> lock(counts.mutex);
      counts.milliseconds.push_back(took);
      ++counts.ok;
      break;
    }
    case grpc::StatusCode::RESOURCE_EXHAUSTED:
      ++counts.refused;
      break;
    case grpc::StatusCode::DEADLINE_EXCEEDED:
      ++counts.late;
      break;
    default:
      ++counts.failed;
  }
  ++counts.ended;
}

double Percentile(std::vector<float>& sorted, double part) {
  if (sorted.empty()) return 0;
  return sorted[std::min(sorted.size() - 1, static_cast<size_t>(part * sorted.size()))];
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 8) {
    std::fprintf(stderr,
                 "open_loop TARGET METHOD_PATH REQUEST_FILE RATE SECONDS DEADLINE_MS CHANNELS\n");
    return 2;
  }
  const std::string target = argv[1];
  const std::string path = argv[2];
  std::ifstream file(argv[3], std::ios::binary);
  // As h2load sends it: the message behind gRPC's prefix of 5 bytes.
  std::string message(std::istreambuf_iterator<char>(file), {});
  message.erase(0, std::min<size_t>(5, message.size()));
  const double rate = std::atof(argv[4]);
  const double seconds = std::atof(argv[5]);
  const auto deadline = std::chrono::milliseconds(std::atoi(argv[6]));
  const int channels = std::atoi(argv[7]);

  std::vector<std::unique_ptr<grpc::GenericStub>> stubs;
  for (int i = 0; i < channels; ++i) {
    grpc::ChannelArguments arguments;
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    auto channel = grpc::CreateCustomChannel(target, grpc::InsecureChannelCredentials(), arguments);
    channel->WaitForConnected(std::chrono::system_clock::now() + std::chrono::seconds(10));
    stubs.push_back(std::make_unique<grpc::GenericStub>(channel));
  }
  const grpc::Slice slice(message);
  const grpc::ByteBuffer request(&slice, 1);

  Counts counts;
  const double cpu_before = edugate::bench::CpuSeconds();
  const Clock::time_point began = Clock::now();
  const auto total = static_cast<int64_t>(rate * seconds);
  int64_t made = 0;
  while (made < total) {
    const double elapsed = std::chrono::duration<double>(Clock::now() - began).count();
    const auto due = std::min(total, static_cast<int64_t>(elapsed * rate));
    for (; made < due; ++made) {
      auto* call = new OneCall;
      call->request = request;
      call->began = Clock::now();
      call->context.set_deadline(std::chrono::system_clock::now() + deadline);
      stubs[made % channels]->UnaryCall(&call->context, path, {}, &call->request, &call->reply,
                                        [call, &counts](grpc::Status status) {
                                          Count(status, call->began, counts);
                                          delete call;
                                        });
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  const double sending = std::chrono::duration<double>(Clock::now() - began).count();
  while (counts.ended < made) std::this_thread::sleep_for(std::chrono::milliseconds(5));
  const double cpu = edugate::bench::CpuSeconds() - cpu_before;

  std::sort(counts.milliseconds.begin(), counts.milliseconds.end());
  std::printf(
      "{\"made\": %lld, \"seconds\": %.3f, \"ok\": %lld, \"refused\": %lld, \"late\": %lld, "
      "\"failed\": %lld, \"p50_ms\": %.2f, \"p99_ms\": %.2f, \"client_cpu_seconds\": %.3f}\n",
      static_cast<long long>(made), sending, static_cast<long long>(counts.ok),
      static_cast<long long>(counts.refused), static_cast<long long>(counts.late),
      static_cast<long long>(counts.failed), Percentile(counts.milliseconds, 0.5),
      Percentile(counts.milliseconds, 0.99), cpu);
  return 0;
}
