#include "server/metrics/process_collector.h"

#include <sys/resource.h>
#include <unistd.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <sstream>
#include <system_error>

#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"

namespace diffuser::metrics {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;

std::string ReadFile(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

void Add(std::string name, std::string help, MetricType type, double value,
         std::vector<MetricFamily>& families) {
  ClientMetric metric;
  (type == MetricType::Counter ? metric.counter.value : metric.gauge.value) = value;
  families.push_back({std::move(name), std::move(help), type, {std::move(metric)}});
}

// Fields of /proc/self/stat from the third on. The second, the program's name, stands in
// parentheses and may hold anything.
std::vector<std::string> StatFields(const std::string& proc) {
  const std::string stat = ReadFile(proc + "/self/stat");
  const size_t name_end = stat.rfind(')');
  if (name_end == std::string::npos) return {};
  return absl::StrSplit(stat.substr(name_end + 1), ' ', absl::SkipWhitespace());
}

// Field `number` as proc(5) numbers them. REQUIRES: fields reach that far.
double Field(const std::vector<std::string>& fields, int number) {
  double value = 0;
  return absl::SimpleAtod(fields[number - 3], &value) ? value : 0;
}

std::optional<double> BootTime(const std::string& proc) {
  std::istringstream stat(ReadFile(proc + "/stat"));
  for (std::string line; std::getline(stat, line);) {
    const std::vector<std::string> words = absl::StrSplit(line, ' ');
    double seconds = 0;
    if (words[0] == "btime" && words.size() > 1 && absl::SimpleAtod(words[1], &seconds)) {
      return seconds;
    }
  }
  return std::nullopt;
}

void AddStat(const std::string& proc, std::vector<MetricFamily>& families) {
  const std::vector<std::string> stat = StatFields(proc);
  if (stat.size() < 22) return;
  const double ticks = static_cast<double>(sysconf(_SC_CLK_TCK));
  const double page = static_cast<double>(sysconf(_SC_PAGESIZE));
  Add("process_cpu_seconds_total", "User and system CPU time spent, in seconds.",
      MetricType::Counter, (Field(stat, 14) + Field(stat, 15)) / ticks, families);
  Add("process_threads", "Threads of the process.", MetricType::Gauge, Field(stat, 20), families);
  Add("process_virtual_memory_bytes", "Virtual memory size in bytes.", MetricType::Gauge,
      Field(stat, 23), families);
  Add("process_resident_memory_bytes", "Resident memory size in bytes.", MetricType::Gauge,
      Field(stat, 24) * page, families);
  if (const std::optional<double> boot = BootTime(proc)) {
    Add("process_start_time_seconds", "Start of the process, in seconds since the epoch.",
        MetricType::Gauge, *boot + Field(stat, 22) / ticks, families);
  }
}

void AddFiles(const std::string& proc, std::vector<MetricFamily>& families) {
  std::error_code error;
  const std::filesystem::directory_iterator open(proc + "/self/fd", error);
  if (!error) {
    Add("process_open_fds", "Open file descriptors.", MetricType::Gauge,
        static_cast<double>(std::distance(begin(open), end(open))), families);
  }
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
    const double most =
        limit.rlim_cur == RLIM_INFINITY ? INFINITY : static_cast<double>(limit.rlim_cur);
    Add("process_max_fds", "The most file descriptors that can be open.", MetricType::Gauge, most,
        families);
  }
}

}  // namespace

std::vector<MetricFamily> ProcessCollector::Collect() const {
  std::vector<MetricFamily> families;
  AddStat(proc_, families);
  AddFiles(proc_, families);
  return families;
}

}  // namespace diffuser::metrics
