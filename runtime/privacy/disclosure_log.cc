#include "runtime/privacy/disclosure_log.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "runtime/errors/errors.h"
#include "runtime/store/reply.h"
#include "runtime/telemetry/json_fields.h"
#include "runtime/telemetry/log.h"

namespace edugate::privacy {

namespace {

// A process that loses every line says so this often.
constexpr int64_t kLinesBetweenComplaints = 1000;

absl::Status Failed(const std::string& path, absl::string_view what) {
  const int error = errno;
  char words[128];
  return errors::StoreUnavailable(absl::StrCat("the disclosure log ", path, " ", what, ": ",
                                               strerror_r(error, words, sizeof(words))));
}

bool WriteAll(int fd, const std::string& bytes) {
  std::size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t wrote = write(fd, bytes.data() + done, bytes.size() - done);
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote <= 0) return false;
    done += static_cast<std::size_t>(wrote);
  }
  return true;
}

// So that a new or renamed file is found after a power failure.
void SyncFolderOf(const std::string& path) {
  const std::string folder = std::filesystem::path(path).parent_path().string();
  const int fd = open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return;
  fsync(fd);
  close(fd);
}

bool IsFile(const std::string& path) {
  struct stat status;
  return lstat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode);
}

std::string LineOf(absl::string_view kind, const telemetry::JsonFields& more) {
  telemetry::JsonFields members;
  members.Text("kind", kind);
  return more.text().empty() ? members.text() : absl::StrCat(members.text(), ",", more.text());
}

// The end of a file: what stands after its last line break, and the line before that.
struct Tail {
  std::string last_line;
  std::string unfinished;   // behind the last line break
  int64_t whole_bytes = 0;  // up to the last line break
  bool readable = false;
};

Tail TailOf(int fd, int64_t size) {
  Tail tail;
  // An unfinished line and the one before it.
  const int64_t wanted = 2 * static_cast<int64_t>(kMaxLineBytes) + 2;
  const int64_t from = size > wanted ? size - wanted : 0;
  std::string bytes(static_cast<std::size_t>(size - from), '\0');
  std::size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t got = pread(fd, bytes.data() + done, bytes.size() - done,
                              static_cast<off_t>(from) + static_cast<off_t>(done));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return tail;
    done += static_cast<std::size_t>(got);
  }
  tail.readable = true;
  const std::size_t last_break = bytes.rfind('\n');
  if (last_break == std::string::npos) {
    tail.whole_bytes = from == 0 ? 0 : -1;
    tail.unfinished = std::move(bytes);
    return tail;
  }
  tail.whole_bytes = from + static_cast<int64_t>(last_break) + 1;
  const std::size_t before =
      last_break == 0 ? std::string::npos : bytes.rfind('\n', last_break - 1);
  const std::size_t start = before == std::string::npos ? 0 : before + 1;
  tail.last_line = bytes.substr(start, last_break - start);
  tail.unfinished = bytes.substr(last_break + 1);
  return tail;
}

}  // namespace

DisclosureLog::DisclosureLog(DisclosureLogOptions options)
    : options_(std::move(options)),
      clock_(options_.clock == nullptr ? async::SystemClock() : *options_.clock),
      chain_(options_.key) {}

absl::StatusOr<std::unique_ptr<DisclosureLog>> DisclosureLog::Open(DisclosureLogOptions options) {
  std::unique_ptr<DisclosureLog> log(new DisclosureLog(std::move(options)));
  absl::Status started = log->Start();
  if (!started.ok()) return started;
  return log;
}

DisclosureLog::~DisclosureLog() {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    ending_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
  if (file_ >= 0) close(file_);
  if (lock_ >= 0) close(lock_);
}

absl::Status DisclosureLog::Start() {
  absl::Status locked = Lock();
  if (!locked.ok()) return locked;
  int64_t torn_bytes = 0;
  absl::Status recovered = Recover(&torn_bytes);
  if (!recovered.ok()) return recovered;
  telemetry::JsonFields more;
  if (torn_bytes > 0) {
    more.Integer("torn_bytes", torn_bytes);
    telemetry::Warn(absl::StrCat("the disclosure log ended within a line: ", torn_bytes,
                                 " bytes of it were taken out"));
  }
  absl::Status written = WriteBatch({LineOf("start", more)});
  if (!written.ok()) return written;
  thread_ = std::thread([this] { Run(); });
  return absl::OkStatus();
}

absl::Status DisclosureLog::Lock() {
  const std::string path = options_.path + ".lock";
  lock_ = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (lock_ < 0) return Failed(path, "can't be opened");
  if (flock(lock_, LOCK_EX | LOCK_NB) != 0) {
    return errors::StoreUnavailable(
        absl::StrCat("the disclosure log ", options_.path, " is in use by another process"));
  }
  return absl::OkStatus();
}

absl::Status DisclosureLog::OpenFile() {
  file_ = open(options_.path.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (file_ < 0) return Failed(options_.path, "can't be opened");
  struct stat status;
  if (fstat(file_, &status) != 0) return Failed(options_.path, "can't be read");
  size_ = status.st_size;
  SyncFolderOf(options_.path);
  return absl::OkStatus();
}

// Where the chain goes on: after the last line of the newest file that has one.
absl::Status DisclosureLog::Recover(int64_t* torn_bytes) {
  const auto files = DisclosureFiles(options_.path);
  if (files.ok()) {
    for (const std::string& file : *files) {
      const std::string digits = file == options_.path ? "" : file.substr(options_.path.size() + 1);
      int64_t number = 0;
      if (absl::SimpleAtoi(digits, &number)) files_ = number;
    }
  }
  absl::Status opened = OpenFile();
  if (!opened.ok()) return opened;
  Tail tail = TailOf(file_, size_);
  if (!tail.readable) return Failed(options_.path, "can't be read");
  if (tail.whole_bytes < 0 || !MayBeUnfinishedLine(tail.unfinished)) {
    return errors::StoreUnavailable(
        absl::StrCat("the disclosure log ", options_.path, " is not one: move it away"));
  }
  const int64_t whole_bytes = tail.whole_bytes;
  // There may be closed ones, whose chain another one must not stand beside.
  if (whole_bytes == 0 && !files.ok()) return errors::StoreUnavailable(files.status().message());
  if (whole_bytes == 0 && files_ > 0) {
    // The process ended between closing a file and the first line of the next one.
    const std::string closed = absl::StrCat(options_.path, ".", files_);
    const int fd = open(closed.c_str(), O_RDONLY | O_CLOEXEC);
    struct stat status;
    if (fd < 0 || fstat(fd, &status) != 0) return Failed(closed, "can't be read");
    tail = TailOf(fd, status.st_size);
    close(fd);
  }
  // Of a log that has begun an empty last line is as wrong as any other.
  if (whole_bytes > 0 || files_ > 0) {
    const absl::StatusOr<ChainLine> last = ParseChainLine(tail.last_line);
    if (!last.ok() || chain_.HashOf(last->hashed) != std::string(last->hash)) {
      return errors::StoreUnavailable(absl::StrCat(
          "the last line of the disclosure log ", options_.path,
          " doesn't verify: it was changed, or disclosure.chain_key is another one. Look at it "
          "with `edugate audit verify`, and move its files away to begin a new log"));
    }
    end_.seq = last->seq;
    end_.hash = std::string(last->hash);
  }
  // Last, so that a file that is not gone on with stays as it is.
  if (whole_bytes < size_) {
    *torn_bytes = size_ - whole_bytes;
    if (ftruncate(file_, whole_bytes) != 0) return Failed(options_.path, "can't be mended");
    size_ = whole_bytes;
  }
  return absl::OkStatus();
}

std::string DisclosureLog::Stamped(const std::string& members) const {
  return absl::StrCat(
      "\"time\":\"",
      absl::FormatTime("%Y-%m-%dT%H:%M:%E6SZ", clock_.WallNow(), absl::UTCTimeZone()), "\",",
      members);
}

absl::Status DisclosureLog::WriteLines(const std::string& bytes) {
  if (!WriteAll(file_, bytes)) return Failed(options_.path, "can't be written");
  if (fdatasync(file_) != 0) return Failed(options_.path, "can't be written");
  return absl::OkStatus();
}

// The file that is open stays so, under its name, where the next one can't be begun.
absl::Status DisclosureLog::Rotate() {
  // Closed files that the start did not find are older than this one, and renaming would replace
  // them.
  while (IsFile(absl::StrCat(options_.path, ".", files_ + 1))) ++files_;
  const std::string closed = absl::StrCat(options_.path, ".", files_ + 1);
  if (rename(options_.path.c_str(), closed.c_str()) != 0) {
    return Failed(options_.path, absl::StrCat("can't be closed as ", closed));
  }
  const int full = std::exchange(file_, -1);
  const int64_t full_size = size_;
  absl::Status opened = OpenFile();
  if (!opened.ok() && rename(closed.c_str(), options_.path.c_str()) == 0) {
    if (file_ >= 0) close(file_);
    file_ = full;
    size_ = full_size;
    return opened;
  }
  // The first batch begins the next file.
  ++files_;
  close(full);
  if (!opened.ok()) size_ = 0;
  return opened;
}

void DisclosureLog::NoteRotation(const absl::Status& rotated) {
  const bool said = std::exchange(rotation_failing_, !rotated.ok());
  if (rotated.ok()) return;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    ++counts_.rotations_failed;
  }
  if (said) return;
  telemetry::Error(absl::StrCat(absl::string_view(rotated.message()),
                                "; the full file goes on until it can be closed"));
}

// The file was closed because it could not be mended or, after the last one was full, not begun.
absl::Status DisclosureLog::Reopen() {
  const int64_t whole = size_;
  absl::Status opened = OpenFile();
  if (!opened.ok() || size_ <= whole) return opened;
  size_ = whole;
  if (ftruncate(file_, whole) == 0) return absl::OkStatus();
  absl::Status failed = Failed(options_.path, "can't be mended");
  close(std::exchange(file_, -1));
  return failed;
}

// All of them, or none.
absl::Status DisclosureLog::WriteBatch(const std::vector<std::string>& members) {
  if (file_ < 0) {
    absl::Status opened = Reopen();
    if (!opened.ok()) return opened;
  }
  if (size_ == 0 && members.front() != std::string(kFileBeginning)) {
    absl::Status begun = WriteBatch({std::string(kFileBeginning)});
    if (!begun.ok()) return begun;
  }
  ChainEnd end = end_;
  std::string bytes;
  for (const std::string& each : members) {
    absl::StrAppend(&bytes, chain_.Line(Stamped(each), end), "\n");
  }
  absl::Status written = WriteLines(bytes);
  if (!written.ok()) {
    // What a full disk took of it must not stand between two lines of the chain.
    if (ftruncate(file_, size_) != 0) close(std::exchange(file_, -1));
    return written;
  }
  end_ = std::move(end);
  size_ += static_cast<int64_t>(bytes.size());
  return absl::OkStatus();
}

void DisclosureLog::Run() {
  while (true) {
    std::deque<Waiting> batch;
    {
      std::unique_lock<std::mutex> lock(mutex_);
      wake_.wait(lock, [this] { return ending_ || !waiting_.empty(); });
      if (waiting_.empty()) return;
      batch.swap(waiting_);
      waiting_bytes_ = 0;
    }
    std::vector<std::string> members;
    members.reserve(batch.size());
    for (Waiting& each : batch) members.push_back(std::move(each.members));
    // A file whose end could not be mended is not gone on with, nor closed as if it were whole.
    if (file_ >= 0 && size_ >= options_.max_file_bytes) NoteRotation(Rotate());
    const absl::Status written = WriteBatch(members);
    if (written.ok()) {
      const std::lock_guard<std::mutex> lock(mutex_);
      counts_.written += static_cast<int64_t>(batch.size());
    } else {
      Lost(static_cast<int64_t>(batch.size()), written);
    }
    for (Waiting& each : batch) {
      if (each.done) each.done(written);
    }
  }
}

void DisclosureLog::Lost(int64_t lines, const absl::Status& why) {
  int64_t lost = 0;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    const bool complain =
        counts_.lost == 0 || counts_.lost + lines - complained_ >= kLinesBetweenComplaints;
    counts_.lost += lines;
    if (!complain) return;
    complained_ = counts_.lost;
    lost = counts_.lost;
  }
  telemetry::Error(absl::StrCat("disclosures could not be logged (", lost,
                                " so far): ", absl::string_view(why.message())));
}

void DisclosureLog::Submit(std::string members, Done done) {
  const std::size_t bytes = members.size();
  absl::Status refused = absl::OkStatus();
  std::unique_lock<std::mutex> lock(mutex_);
  if (waiting_.size() >= options_.max_waiting_lines ||
      waiting_bytes_ + bytes > options_.max_waiting_bytes) {
    refused = errors::StoreUnavailable("too many disclosures wait for the disk");
  } else if (bytes + 1024 > kMaxLineBytes) {
    refused = errors::StoreUnavailable("a disclosure is too long for the log");
  }
  if (!refused.ok()) {
    lock.unlock();
    Lost(1, refused);
    if (done) done(refused);
    return;
  }
  waiting_bytes_ += bytes;
  waiting_.push_back({std::move(members), std::move(done)});
  lock.unlock();
  wake_.notify_one();
}

void DisclosureLog::Append(std::string members) { Submit(std::move(members), nullptr); }

async::Task<absl::Status> DisclosureLog::AppendAndWait(async::CallContext& call,
                                                       std::string members) {
  const auto reply = std::make_shared<store::Reply<bool>>(call.loop());
  Submit(std::move(members), [reply](const absl::Status& status) {
    reply->Send(status.ok() ? absl::StatusOr<bool>(true) : absl::StatusOr<bool>(status));
  });
  auto answer = co_await reply->Wait(call);
  co_return answer.status();
}

DisclosureCounts DisclosureLog::counts() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return counts_;
}

}  // namespace edugate::privacy
