// A provider with as many reenrollments as asked for: OpenApply's list, each page made when it is
// asked for, over sandbox's HTTP server.
//
//   bench_pages RECORDS
//
// Record N has the id N, from 1, and nothing in it is random. Prints `listening on HOST:PORT`;
// SIGTERM ends it.
#include <algorithm>
#include <array>
#include <csignal>
#include <cstdint>
#include <iostream>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/string_view.h"
#include "absl/time/civil_time.h"
#include "absl/time/clock.h"
#include "sandbox/http_server.h"
#include "sandbox/provider.h"

namespace edugate::bench {
namespace {

// The document's default of per_page, and its maximum.
constexpr int64_t kPageSize = 50;
constexpr int64_t kMaxPageSize = 200;

constexpr std::array kLabels = {"Pending",  "Confirmed", "Undecided",
                                "Declined", "Not Sent",  "Sí, continúa"};

std::string Instant(absl::CivilDay day) {
  return absl::StrCat(absl::FormatCivilTime(day), "T02:13:29.000Z");
}

// The fields, types and order of the vendor's document.
void AppendRecord(int64_t id, std::string& out) {
  const absl::CivilDay created = absl::CivilDay(2015, 9, 7) + id % 3000;
  const absl::CivilDay changed = created + 14;
  absl::StrAppendFormat(
      &out,
      R"({"id":%d,"created_at":"%s","updated_at":"%s","deleted_at":null,"form":{"id":%d},)"
      R"("student":{"id":%d,"custom_id":"%d","application_id":"%08d","serial_number":%d,)"
      R"("status":"Enrolled","status_level":null},"status":{"name":"%s","updated_at":"%s"},)"
      R"("year":%d,"grade":%d,"active":%s,"acceptance_date":"%s","fee":{"amount":"%d.0"},)"
      R"("ignored_deadline":%s})",
      id, Instant(created), Instant(changed), id, 2'000'000 + id, id, id, id,
      kLabels[id % kLabels.size()], Instant(changed), 2019 + id % 5, 1 + id % 12,
      id % 7 == 0 ? "false" : "true", absl::FormatCivilTime(changed), 550 + 25 * (id % 9),
      id % 11 == 0 ? "true" : "false");
}

std::string Page(int64_t number, int64_t size, int64_t records) {
  const int64_t first = (number - 1) * size + 1;
  const int64_t last = std::min(number * size, records);
  std::string body = R"({"reenrollments":[)";
  for (int64_t id = first; id <= last; ++id) {
    if (id > first) body.push_back(',');
    AppendRecord(id, body);
  }
  const int64_t pages = (records + size - 1) / size;
  absl::StrAppendFormat(&body, R"(],"meta":{"page":%d,"pages":%d,"per_page":%d}})", number, pages,
                        size);
  return body;
}

sandbox::Reply Answer(const sandbox::Request& request, int64_t records) {
  const absl::string_view path =
      absl::string_view(request.target).substr(0, request.target.find('?'));
  if (request.method != "GET" || path != "/api/v3/reenrollments") {
    return sandbox::JsonReply(404, R"({"error":"Not Found"})");
  }
  const int64_t number = sandbox::WholeNumber(request.Argument("page").value_or("1")).value_or(0);
  const int64_t size =
      sandbox::WholeNumber(request.Argument("per_page").value_or(absl::StrCat(kPageSize)))
          .value_or(0);
  if (number < 1 || number > records || size < 1 || size > kMaxPageSize) {
    return sandbox::JsonReply(422, R"({"error":"page or per_page is out of range"})");
  }
  return sandbox::JsonReply(200, Page(number, size, records));
}

int Serve(int64_t records) {
  // Every thread of the process has it blocked, so that sigwait below gets it.
  sigset_t stop;
  sigemptyset(&stop);
  sigaddset(&stop, SIGTERM);
  sigaddset(&stop, SIGINT);
  pthread_sigmask(SIG_BLOCK, &stop, nullptr);

  auto server = sandbox::HttpServer::Start(
      {}, [records](const sandbox::Request& request) { return Answer(request, records); },
      absl::SleepFor);
  if (!server.ok()) {
    std::cerr << "bench_pages: " << server.status().message() << "\n";
    return 1;
  }
  std::cout << "listening on 127.0.0.1:" << (*server)->port() << '\n' << std::flush;
  int signal = 0;
  sigwait(&stop, &signal);
  (*server)->Stop();
  return 0;
}

}  // namespace
}  // namespace edugate::bench

int main(int argc, char** argv) {
  int64_t records = 0;
  if (argc != 2 || !absl::SimpleAtoi(argv[1], &records) || records < 1) {
    std::cerr << "usage: bench_pages RECORDS\n";
    return 2;
  }
  return edugate::bench::Serve(records);
}
