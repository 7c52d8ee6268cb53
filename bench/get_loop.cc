// The floor of the back: bare GETs by libcurl's multi interface, driven by epoll in one thread, as
// many in flight as asked for, over connections that are kept.
//
//   bench_get URL BYTES CALLS IN_FLIGHT [CALLS_PER_SECOND]
//
// Every answer must be a 200 of BYTES bytes. Prints the CPU time of one call, in microseconds. With
// CALLS_PER_SECOND, calls start at that pace, at most IN_FLIGHT of them at a time, and what is
// printed is how long they took, in microseconds: one a line.
#include <curl/curl.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <ctime>
#include <iostream>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "bench/cpu_time.h"

namespace edugate::bench {
namespace {

// A page comes with one recv; libcurl's default of 16 KB takes two.
constexpr long kReceiveBuffer = 32 << 10;

using Clock = std::chrono::steady_clock;

// A socket stays registered with epoll for as long as it is open, for reading once it is connected:
// a call on a kept connection then costs no epoll_ctl. It is the cheapest loop around libcurl that
// is known here.
class GetLoop {
 public:
  GetLoop(std::string url, size_t bytes) : url_(std::move(url)), bytes_(bytes) {
    epoll_ = epoll_create1(EPOLL_CLOEXEC);
    multi_ = curl_multi_init();
    curl_multi_setopt(multi_, CURLMOPT_SOCKETFUNCTION, &GetLoop::OnSocket);
    curl_multi_setopt(multi_, CURLMOPT_SOCKETDATA, this);
    curl_multi_setopt(multi_, CURLMOPT_TIMERFUNCTION, &GetLoop::OnTimer);
    curl_multi_setopt(multi_, CURLMOPT_TIMERDATA, this);
  }

  ~GetLoop() {
    for (Transfer* transfer : transfers_) {
      curl_easy_cleanup(transfer->easy);
      delete transfer;
    }
    // Closes the kept connections, which still speak to this loop.
    curl_multi_cleanup(multi_);
    curl_slist_free_all(headers_);
    close(epoll_);
  }

  GetLoop(const GetLoop&) = delete;
  GetLoop& operator=(const GetLoop&) = delete;

  // Makes the transfers that Run will keep in flight.
  void Prepare(int in_flight) {
    headers_ = curl_slist_append(headers_, "api_key: bench");
    for (int i = 0; i < in_flight; ++i) {
      auto* transfer = new Transfer{curl_easy_init(), {}, {}};
      curl_easy_setopt(transfer->easy, CURLOPT_URL, url_.c_str());
      curl_easy_setopt(transfer->easy, CURLOPT_HTTPHEADER, headers_);
      curl_easy_setopt(transfer->easy, CURLOPT_WRITEFUNCTION, &GetLoop::OnData);
      curl_easy_setopt(transfer->easy, CURLOPT_WRITEDATA, transfer);
      curl_easy_setopt(transfer->easy, CURLOPT_PRIVATE, transfer);
      curl_easy_setopt(transfer->easy, CURLOPT_CLOSESOCKETFUNCTION, &GetLoop::OnClose);
      curl_easy_setopt(transfer->easy, CURLOPT_CLOSESOCKETDATA, this);
      curl_easy_setopt(transfer->easy, CURLOPT_NOSIGNAL, 1L);
      curl_easy_setopt(transfer->easy, CURLOPT_BUFFERSIZE, kReceiveBuffer);
      curl_easy_setopt(transfer->easy, CURLOPT_PROXY, "");
      transfers_.push_back(transfer);
    }
  }

  // Makes `calls` calls. False: one of them failed; no other run then.
  bool Run(int64_t calls) {
    to_start_ = calls;
    in_flight_ = 0;
    for (Transfer* transfer : transfers_) Start(transfer);
    while (in_flight_ > 0 && !failed_) Turn();
    return !failed_;
  }

  // Makes `calls` calls, `pace` apart. False: one of them failed; no other run then.
  bool RunAtPace(int64_t calls, std::chrono::nanoseconds pace) {
    paced_ = true;
    idle_ = transfers_;
    took_.reserve(static_cast<size_t>(calls));
    next_ = Clock::now();
    for (int64_t started = 0; (started < calls || in_flight_ > 0) && !failed_;) {
      for (; started < calls && !idle_.empty() && Clock::now() >= next_; ++started) {
        Transfer* transfer = idle_.back();
        idle_.pop_back();
        // A call that starts late has waited since it was due.
        transfer->due = next_;
        next_ += pace;
        to_start_ = 1;
        Start(transfer);
      }
      if (started == calls) next_ = Clock::time_point::max();
      Turn();
    }
    return !failed_;
  }

  // How long the calls of RunAtPace took.
  const std::vector<std::chrono::nanoseconds>& took() const { return took_; }

 private:
  struct Transfer {
    CURL* easy;
    std::string body;
    Clock::time_point due;
  };

  void Start(Transfer* transfer) {
    if (to_start_ == 0) return;
    --to_start_;
    ++in_flight_;
    transfer->body.clear();
    curl_multi_add_handle(multi_, transfer->easy);
  }

  void Turn() {
    int running = 0;
    // 0 is how libcurl asks to be called for the transfers that were added.
    if (timeout_ms_ == 0) {
      timeout_ms_ = -1;
      curl_multi_socket_action(multi_, CURL_SOCKET_TIMEOUT, 0, &running);
    }
    Collect();
    if (in_flight_ == 0 && !paced_) return;
    std::array<epoll_event, 128> events;
    const int count = Wait(events);
    if (count == 0 && (!paced_ || timeout_ms_ > 0)) timeout_ms_ = 0;
    for (int i = 0; i < count; ++i) {
      const uint32_t ready = events[i].events;
      const int mask = ((ready & EPOLLIN) != 0 ? CURL_CSELECT_IN : 0) |
                       ((ready & EPOLLOUT) != 0 ? CURL_CSELECT_OUT : 0) |
                       ((ready & (EPOLLERR | EPOLLHUP)) != 0 ? CURL_CSELECT_ERR : 0);
      curl_multi_socket_action(multi_, events[i].data.fd, mask, &running);
    }
  }

  int Wait(std::array<epoll_event, 128>& events) {
    const int size = static_cast<int>(events.size());
    if (!paced_) return epoll_wait(epoll_, events.data(), size, static_cast<int>(timeout_ms_));
    auto wait = idle_.empty() ? Clock::duration(std::chrono::seconds(1)) : next_ - Clock::now();
    if (timeout_ms_ >= 0)
      wait = std::min<Clock::duration>(wait, std::chrono::milliseconds(timeout_ms_));
    wait = std::clamp<Clock::duration>(wait, Clock::duration(0), std::chrono::seconds(1));
    const timespec limit{.tv_sec = wait / std::chrono::seconds(1),
                         .tv_nsec = static_cast<long>((wait % std::chrono::seconds(1)).count())};
    return epoll_pwait2(epoll_, events.data(), size, &limit, nullptr);
  }

  void Collect() {
    int left = 0;
    while (CURLMsg* message = curl_multi_info_read(multi_, &left)) {
      if (message->msg != CURLMSG_DONE) continue;
      CURL* easy = message->easy_handle;
      const CURLcode result = message->data.result;
      Transfer* transfer = nullptr;
      long status = 0;
      curl_easy_getinfo(easy, CURLINFO_PRIVATE, &transfer);
      curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
      curl_multi_remove_handle(multi_, easy);
      --in_flight_;
      if (result != CURLE_OK || status != 200 || transfer->body.size() != bytes_) {
        std::cerr << "bench_get: " << curl_easy_strerror(result) << ", status " << status << ", "
                  << transfer->body.size() << " bytes\n";
        failed_ = true;
      }
      if (paced_) {
        took_.push_back(Clock::now() - transfer->due);
        idle_.push_back(transfer);
      } else {
        Start(transfer);
      }
    }
  }

  static size_t OnData(char* data, size_t size, size_t count, void* user) {
    static_cast<Transfer*>(user)->body.append(data, size * count);
    return size * count;
  }

  static int OnSocket(CURL*, curl_socket_t socket, int what, void* user, void*) {
    // libcurl forgets a socket after each transfer and asks for it again in the next one.
    if (what != CURL_POLL_REMOVE) static_cast<GetLoop*>(user)->Watch(socket, what);
    return 0;
  }

  void Watch(curl_socket_t socket, int what) {
    epoll_event event{};
    event.events = ((what & CURL_POLL_IN) != 0 ? uint32_t{EPOLLIN} : 0) |
                   ((what & CURL_POLL_OUT) != 0 ? uint32_t{EPOLLOUT} : 0);
    event.data.fd = socket;
    if (watched_.size() <= static_cast<size_t>(socket)) watched_.resize(socket + 1);
    uint32_t& watched = watched_[socket];
    if (watched == event.events) return;
    epoll_ctl(epoll_, watched == 0 ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, socket, &event);
    watched = event.events;
  }

  static int OnClose(void* user, curl_socket_t socket) {
    auto* loop = static_cast<GetLoop*>(user);
    if (static_cast<size_t>(socket) < loop->watched_.size()) loop->watched_[socket] = 0;
    return close(socket);
  }

  static int OnTimer(CURLM*, long timeout_ms, void* user) {
    static_cast<GetLoop*>(user)->timeout_ms_ = timeout_ms;
    return 0;
  }

  const std::string url_;
  const size_t bytes_;
  int epoll_ = -1;
  CURLM* multi_ = nullptr;
  curl_slist* headers_ = nullptr;
  std::vector<Transfer*> transfers_;
  // What each socket, by its number, is registered for; 0: not at all.
  std::vector<uint32_t> watched_;
  long timeout_ms_ = -1;
  int64_t to_start_ = 0;
  int in_flight_ = 0;
  bool failed_ = false;
  bool paced_ = false;
  // Of RunAtPace.
  std::vector<Transfer*> idle_;
  Clock::time_point next_;
  std::vector<std::chrono::nanoseconds> took_;
};

}  // namespace
}  // namespace edugate::bench

int main(int argc, char** argv) {
  int64_t bytes = 0;
  int64_t calls = 0;
  int in_flight = 0;
  double rate = 0;
  if (argc < 5 || argc > 6 || !absl::SimpleAtoi(argv[2], &bytes) ||
      !absl::SimpleAtoi(argv[3], &calls) || !absl::SimpleAtoi(argv[4], &in_flight) || calls < 1 ||
      in_flight < 1 || (argc == 6 && (!absl::SimpleAtod(argv[5], &rate) || rate < 1))) {
    std::cerr << "usage: bench_get URL BYTES CALLS IN_FLIGHT [CALLS_PER_SECOND]\n";
    return 2;
  }
  curl_global_init(CURL_GLOBAL_DEFAULT);
  edugate::bench::GetLoop loop(argv[1], static_cast<size_t>(bytes));
  loop.Prepare(in_flight);
  // Opens the connections.
  if (!loop.Run(calls / 10 + in_flight)) return 1;
  if (rate > 0) {
    if (!loop.RunAtPace(calls, std::chrono::nanoseconds(static_cast<int64_t>(1e9 / rate))))
      return 1;
    for (const std::chrono::nanoseconds each : loop.took()) std::cout << each.count() / 1e3 << "\n";
    return 0;
  }
  const double before = edugate::bench::CpuSeconds();
  if (!loop.Run(calls)) return 1;
  std::cout << (edugate::bench::CpuSeconds() - before) * 1e6 / static_cast<double>(calls) << "\n";
  return 0;
}
