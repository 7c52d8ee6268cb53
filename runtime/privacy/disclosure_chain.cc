#include "runtime/privacy/disclosure_chain.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <system_error>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

namespace edugate::privacy {

namespace {

constexpr absl::string_view kSeq = "{\"seq\":";
constexpr absl::string_view kPrev = ",\"prev\":\"";
constexpr absl::string_view kHash = ",\"hash\":\"";
constexpr absl::string_view kEnd = "\"}";
// `,"hash":"...64..."}`.
constexpr std::size_t kHashPart = kHash.size() + kHashDigits + kEnd.size();
// `,"prev":"...64..."`.
constexpr std::size_t kPrevPart = kPrev.size() + kHashDigits + 1;

bool IsHash(absl::string_view text) {
  return text.size() == kHashDigits && std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
         });
}

// Reads a file line by line, at most kMaxLineBytes of each.
class LineReader {
 public:
  explicit LineReader(const std::string& path) : stream_(path, std::ios::binary) {}

  bool good() const { return !stream_.fail(); }

  enum class Got { kLine, kEnd, kNoBreak, kTooLong, kUnreadable };

  Got Next(std::string& line) {
    line.clear();
    char c = 0;
    while (stream_.get(c)) {
      if (c == '\n') return Got::kLine;
      if (line.size() == kMaxLineBytes) return Got::kTooLong;
      line.push_back(c);
    }
    if (stream_.bad()) return Got::kUnreadable;
    return line.empty() ? Got::kEnd : Got::kNoBreak;
  }

 private:
  std::ifstream stream_;
};

// Why the line doesn't follow `end`; empty where it does, and `end` is then moved on to it.
std::string FaultOf(const std::string& text, bool first_of_all, const Chain& chain, ChainEnd& end) {
  const absl::StatusOr<ChainLine> line = ParseChainLine(text);
  if (!line.ok()) return std::string(line.status().message());
  if (chain.HashOf(line->hashed) != std::string(line->hash)) {
    return "the line was changed, or the key is another one";
  }
  if (first_of_all) {
    if (line->seq != 1 && !absl::StrContains(text, kFileBeginning)) {
      return absl::StrCat("the log begins with line number ", line->seq,
                          ", which is not a file's first: lines before it are missing");
    }
    if (line->seq == 1 && absl::string_view(line->prev) != absl::string_view(end.hash)) {
      return "the first line goes on from another one";
    }
  } else if (line->seq != end.seq + 1) {
    return absl::StrCat(
        "line number ", line->seq, " stands after line number ", end.seq, ": ",
        line->seq > end.seq ? "lines between them are missing" : "it was put in or moved");
  } else if (absl::string_view(line->prev) != absl::string_view(end.hash)) {
    return "the line doesn't go on from the one before it";
  }
  end.seq = line->seq;
  end.hash = std::string(line->hash);
  return "";
}

}  // namespace

absl::StatusOr<ChainLine> ParseChainLine(absl::string_view line) {
  absl::Status wrong = absl::InvalidArgumentError("not a line of a disclosure log");
  if (line.size() > kMaxLineBytes) return absl::InvalidArgumentError("the line is too long");
  if (!absl::StartsWith(line, kSeq) || !absl::EndsWith(line, kEnd)) return wrong;
  if (line.size() < kSeq.size() + 1 + kPrevPart + kHashPart) return wrong;
  ChainLine parts;
  parts.hashed = line.substr(0, line.size() - kHashPart);
  absl::string_view hash = line.substr(parts.hashed.size());
  parts.hash = hash.substr(kHash.size(), kHashDigits);
  absl::string_view prev = parts.hashed.substr(parts.hashed.size() - kPrevPart);
  parts.prev = prev.substr(kPrev.size(), kHashDigits);
  if (!absl::StartsWith(hash, kHash) || !absl::StartsWith(prev, kPrev) || prev.back() != '"' ||
      !IsHash(parts.hash) || !IsHash(parts.prev)) {
    return wrong;
  }
  const absl::string_view rest = line.substr(kSeq.size());
  const absl::string_view digits = rest.substr(0, rest.find_first_not_of("0123456789"));
  if (digits.empty() || digits.size() > 18 || digits.front() == '0' || rest[digits.size()] != ',' ||
      !absl::SimpleAtoi(digits, &parts.seq)) {
    return wrong;
  }
  return parts;
}

bool MayBeUnfinishedLine(absl::string_view text) {
  const absl::string_view written = text.substr(0, text.find('\0'));
  const std::size_t size = std::min(written.size(), kSeq.size());
  return written.substr(0, size) == kSeq.substr(0, size);
}

std::string Chain::HashOf(absl::string_view hashed) const {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest;
  unsigned int size = 0;
  const auto* const bytes = reinterpret_cast<const unsigned char*>(hashed.data());
  if (key_.empty()) {
    EVP_Digest(bytes, hashed.size(), digest.data(), &size, EVP_sha256(), nullptr);
  } else {
    HMAC(EVP_sha256(), key_.data(), static_cast<int>(key_.size()), bytes, hashed.size(),
         digest.data(), &size);
  }
  // OpenSSL allocates for it; without memory there is no digest, and none must pass for one.
  if (size == 0) std::abort();
  return absl::BytesToHexString(
      absl::string_view(reinterpret_cast<const char*>(digest.data()), size));
}

std::string Chain::Line(absl::string_view members, ChainEnd& end) const {
  ++end.seq;
  std::string line = absl::StrCat(kSeq, end.seq, ",", members, kPrev, end.hash, "\"");
  end.hash = HashOf(line);
  absl::StrAppend(&line, kHash, end.hash, kEnd);
  return line;
}

absl::StatusOr<std::vector<std::string>> DisclosureFiles(const std::string& path) {
  namespace fs = std::filesystem;
  std::vector<std::pair<int64_t, std::string>> closed;
  std::error_code error;
  const fs::path whole(path);
  const fs::path folder = whole.parent_path().empty() ? fs::path(".") : whole.parent_path();
  const std::string prefix = whole.filename().string() + ".";
  for (fs::directory_iterator each(folder, error), end; !error && each != end;
       each.increment(error)) {
    const std::string name = each->path().filename().string();
    int64_t number = 0;
    if (!absl::StartsWith(name, prefix)) continue;
    const std::string digits = name.substr(prefix.size());
    // A name with other spellings of a number isn't one of the log's.
    if (!absl::SimpleAtoi(digits, &number) || number < 1 || absl::StrCat(number) != digits) {
      continue;
    }
    closed.emplace_back(number, absl::StrCat(path, ".", digits));
  }
  const bool no_folder = error == std::errc::no_such_file_or_directory;
  const bool there = (!error || no_folder) && fs::exists(whole, error);
  if (error) {
    return absl::UnavailableError(absl::StrCat("the folder of ", path, " can't be looked into (",
                                               error.message(),
                                               "): which files the log has can't be told"));
  }
  std::sort(closed.begin(), closed.end());
  std::vector<std::string> files;
  files.reserve(closed.size() + 1);
  for (auto& [number, file] : closed) files.push_back(std::move(file));
  if (there) files.push_back(path);
  return files;
}

ChainCheck CheckChain(const std::vector<std::string>& files, const Chain& chain,
                      const std::string& expected) {
  ChainCheck check;
  std::string text;
  for (const std::string& file : files) {
    LineReader reader(file);
    int64_t number = 0;
    const auto fault = [&](absl::string_view what) {
      check.fault = absl::StrCat(file, ":", number, ": ", what);
      return check;
    };
    if (!reader.good()) return fault("the file can't be read");
    ++check.files;
    while (true) {
      const LineReader::Got got = reader.Next(text);
      if (got == LineReader::Got::kEnd) break;
      ++number;
      if (got == LineReader::Got::kUnreadable) return fault("the file can't be read on");
      if (got == LineReader::Got::kTooLong) return fault("the line is too long");
      if (got == LineReader::Got::kNoBreak) {
        return fault(
            "the file ends within a line: it was cut, or edugate is writing it, or ended then (its "
            "next "
            "start mends that and says so in the log)");
      }
      const bool first_of_all = check.lines == 0;
      const std::string what = FaultOf(text, first_of_all, chain, check.end);
      if (!what.empty()) return fault(what);
      if (first_of_all) check.first_seq = check.end.seq;
      ++check.lines;
      check.saw_expected = check.saw_expected || check.end.hash == expected;
    }
  }
  check.whole = true;
  return check;
}

}  // namespace edugate::privacy
