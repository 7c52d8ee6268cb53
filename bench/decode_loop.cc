// The floor of the middle: a provider's bytes decoded and mapped, over and over, in one thread.
//
//   bench_decode record|page FOLDER CALLS
//
// FOLDER holds the providers' bytes. Prints the CPU time of one call, in microseconds.
#include <iostream>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "bench/cpu_time.h"
#include "bench/replies.h"
#include "google/protobuf/arena.h"
#include "runtime/codec/json_decoder.h"

namespace edugate::bench {
namespace {

// Decodes and maps `body` `calls` times. Each time begins with a fresh body, which has the room
// that a transport leaves behind one, and ends with a reply on an arena, as a call's is.
template <typename Reply>
absl::Status Repeat(absl::Status (*decode)(std::string, Reply&), const std::string& body,
                    int64_t calls) {
  for (int64_t i = 0; i < calls; ++i) {
    std::string fresh;
    fresh.reserve(body.size() + codec::kBodyPadding);
    fresh.append(body);
    google::protobuf::Arena arena;
    auto* reply = google::protobuf::Arena::CreateMessage<Reply>(&arena);
    absl::Status status = decode(std::move(fresh), *reply);
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

template <typename Reply>
absl::Status Measure(absl::Status (*decode)(std::string, Reply&), const std::string& body,
                     int64_t calls) {
  absl::Status status = Repeat(decode, body, calls / 10 + 1);
  if (!status.ok()) return status;
  const double before = CpuSeconds();
  status = Repeat(decode, body, calls);
  if (!status.ok()) return status;
  std::cout << (CpuSeconds() - before) * 1e6 / static_cast<double>(calls) << "\n";
  return absl::OkStatus();
}

absl::Status Run(const std::string& what, const std::string& folder, int64_t calls) {
  auto bytes = ReadProviderBytes(folder);
  if (!bytes.ok()) return bytes.status();
  if (what == "record") return Measure(&DecodeRecord, bytes->record, calls);
  if (what == "page") return Measure(&DecodePage, bytes->page, calls);
  return absl::InvalidArgumentError("it is record or page");
}

}  // namespace
}  // namespace edugate::bench

int main(int argc, char** argv) {
  int64_t calls = 0;
  if (argc != 4 || !absl::SimpleAtoi(argv[3], &calls) || calls < 1) {
    std::cerr << "usage: bench_decode record|page FOLDER CALLS\n";
    return 2;
  }
  const absl::Status status = edugate::bench::Run(argv[1], argv[2], calls);
  if (!status.ok()) {
    std::cerr << "bench_decode: " << status.message() << "\n";
    return 1;
  }
  return 0;
}
