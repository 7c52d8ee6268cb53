#include "tests/end_to_end/metrics_text.h"

#include <cmath>
#include <limits>
#include <optional>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace edugate::end_to_end {
namespace {

bool IsName(absl::string_view name, bool colon) {
  if (name.empty() || absl::ascii_isdigit(name[0])) return false;
  for (const char c : name) {
    if (!absl::ascii_isalnum(c) && c != '_' && !(colon && c == ':')) return false;
  }
  return true;
}

std::optional<double> ReadValue(absl::string_view text) {
  if (text == "+Inf") return std::numeric_limits<double>::infinity();
  if (text == "-Inf") return -std::numeric_limits<double>::infinity();
  if (text == "NaN" || text == "Nan") return std::nan("");
  double value = 0;
  if (!absl::SimpleAtod(text, &value)) return std::nullopt;
  return value;
}

// Takes `{a="b",...}` off the front.
std::optional<std::map<std::string, std::string>> TakeLabels(absl::string_view& text) {
  std::map<std::string, std::string> labels;
  if (!absl::ConsumePrefix(&text, "{")) return labels;
  while (!absl::ConsumePrefix(&text, "}")) {
    const std::size_t equals = text.find("=\"");
    if (equals == absl::string_view::npos) return std::nullopt;
    const std::string name(text.substr(0, equals));
    if (!IsName(name, false)) return std::nullopt;
    text.remove_prefix(equals + 2);
    std::string value;
    for (;;) {
      if (text.empty() || text[0] == '\n') return std::nullopt;
      const char c = text[0];
      text.remove_prefix(1);
      if (c == '"') break;
      if (c != '\\') {
        value += c;
        continue;
      }
      if (text.empty()) return std::nullopt;
      const char escaped = text[0];
      text.remove_prefix(1);
      if (escaped != '\\' && escaped != '"' && escaped != 'n') return std::nullopt;
      value += escaped == 'n' ? '\n' : escaped;
    }
    if (!labels.emplace(name, value).second) return std::nullopt;
    if (!absl::ConsumePrefix(&text, ",") && !absl::StartsWith(text, "}")) return std::nullopt;
  }
  return labels;
}

class Reader {
 public:
  Scrape Read(absl::string_view text) {
    if (!absl::EndsWith(text, "\n")) Note("the text ends without a line break", "");
    for (const absl::string_view line : absl::StrSplit(absl::StripSuffix(text, "\n"), '\n')) {
      if (line.empty()) continue;
      absl::StartsWith(line, "#") ? Comment(line) : Sample(line);
    }
    for (const auto& [name, family] : scrape_.families) Check(name, family);
    return std::move(scrape_);
  }

 private:
  void Note(absl::string_view what, absl::string_view where) {
    scrape_.mistakes.push_back(absl::StrCat(what, ": ", where));
  }

  void Comment(absl::string_view line) {
    const std::vector<std::string> words = absl::StrSplit(line, absl::MaxSplits(' ', 3));
    if (words.size() < 4 || (words[1] != "HELP" && words[1] != "TYPE")) {
      return Note("no HELP and no TYPE", line);
    }
    if (!IsName(words[2], true)) return Note("no name", line);
    ScrapedFamily& family = scrape_.families[words[2]];
    std::string& place = words[1] == "HELP" ? family.help : family.type;
    if (!place.empty()) Note("told twice", line);
    if (!family.samples.empty()) Note("told after its samples", line);
    place = words[3];
  }

  void Sample(absl::string_view line) {
    absl::string_view rest = line;
    MetricSample sample;
    const std::size_t end = rest.find_first_of("{ ");
    if (end == absl::string_view::npos) return Note("no value", line);
    sample.name = std::string(rest.substr(0, end));
    rest.remove_prefix(end);
    auto labels = TakeLabels(rest);
    if (!IsName(sample.name, true) || !labels.has_value() || !absl::ConsumePrefix(&rest, " ")) {
      return Note("no sample", line);
    }
    sample.labels = *std::move(labels);
    const auto value = ReadValue(rest);
    if (!value.has_value()) return Note("no number", line);
    sample.value = *value;
    std::string family = sample.name;
    if (scrape_.families.count(family) == 0) {
      for (const char* suffix : {"_bucket", "_sum", "_count"}) {
        std::string whole = sample.name;
        if (!absl::EndsWith(whole, suffix)) continue;
        whole.resize(whole.size() - std::string(suffix).size());
        const auto found = scrape_.families.find(whole);
        if (found != scrape_.families.end() && found->second.type == "histogram") family = whole;
      }
    }
    if (scrape_.families.count(family) == 0) return Note("a sample before its family", line);
    if (family != last_family_ && !scrape_.families[family].samples.empty()) {
      Note("the samples of a family are apart", line);
    }
    last_family_ = family;
    const std::string series = absl::StrCat(
        sample.name, "{", absl::StrJoin(sample.labels, ",", absl::PairFormatter("=")), "}");
    if (!series_.insert(series).second) Note("stands twice", series);
    for (const auto& [name, unused] : sample.labels) {
      if (name != "le") scrape_.families[family].label_names.insert(name);
    }
    scrape_.families[family].samples.push_back(std::move(sample));
  }

  void Check(const std::string& name, const ScrapedFamily& family) {
    if (family.help.empty() || family.type.empty()) Note("has no HELP or no TYPE", name);
    if (family.type == "counter") {
      if (!absl::EndsWith(name, "_total")) Note("a counter's name ends in _total", name);
      for (const MetricSample& sample : family.samples) {
        if (!(sample.value >= 0)) Note("a counter is not negative", name);
      }
    } else if (family.type == "histogram") {
      CheckHistogram(name, family);
    } else if (family.type != "gauge") {
      Note("has no type that is known", name);
    }
  }

  void CheckHistogram(const std::string& name, const ScrapedFamily& family) {
    struct One {
      double last_bound = -std::numeric_limits<double>::infinity();
      double last = 0;
      std::optional<double> infinite;
      std::optional<double> count;
      bool sum = false;
    };
    std::map<std::map<std::string, std::string>, One> all;
    for (const MetricSample& sample : family.samples) {
      auto labels = sample.labels;
      const std::string le = labels["le"];
      labels.erase("le");
      One& one = all[labels];
      if (sample.name == name + "_sum") one.sum = true;
      if (sample.name == name + "_count") one.count = sample.value;
      if (sample.name != name + "_bucket") continue;
      const auto bound = ReadValue(le);
      if (!bound.has_value() || *bound <= one.last_bound) {
        Note("buckets are in order", name);
        continue;
      }
      if (sample.value < one.last) Note("buckets don't fall", name);
      one.last_bound = *bound;
      one.last = sample.value;
      if (std::isinf(*bound)) one.infinite = sample.value;
    }
    for (const auto& [labels, one] : all) {
      if (!one.sum || !one.count.has_value() || one.infinite != one.count) {
        Note("a histogram has a sum, a count and a bucket +Inf of as many", name);
      }
    }
  }

  Scrape scrape_;
  std::set<std::string> series_;
  std::string last_family_;
};

}  // namespace

double Scrape::Sum(const std::string& name,
                   const std::map<std::string, std::string>& labels) const {
  double sum = 0;
  for (const auto& [family_name, family] : families) {
    for (const MetricSample& sample : family.samples) {
      if (sample.name != name) continue;
      bool holds = true;
      for (const auto& [label, value] : labels) {
        const auto found = sample.labels.find(label);
        holds = holds && found != sample.labels.end() && found->second == value;
      }
      if (holds) sum += sample.value;
    }
  }
  return sum;
}

Scrape ReadMetrics(absl::string_view text) { return Reader().Read(text); }

}  // namespace edugate::end_to_end
