#include "model/cpu_limit.h"

#include <sched.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"

namespace diffuser::model {
namespace {

namespace fs = std::filesystem;

std::string FirstLine(const fs::path& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

std::optional<double> Quota(absl::string_view quota, absl::string_view period) {
  double quota_us = 0;
  double period_us = 0;
  if (!absl::SimpleAtod(quota, &quota_us) || !absl::SimpleAtod(period, &period_us)) return {};
  if (quota_us <= 0 || period_us <= 0) return {};  // -1: no quota
  return quota_us / period_us;
}

std::optional<double> QuotaOfV2(const fs::path& dir) {
  const std::vector<std::string> words = absl::StrSplit(FirstLine(dir / "cpu.max"), ' ');
  return words.size() == 2 ? Quota(words[0], words[1]) : std::nullopt;  // "max 100000": no quota
}

std::optional<double> QuotaOfV1(const fs::path& dir) {
  return Quota(FirstLine(dir / "cpu.cfs_quota_us"), FirstLine(dir / "cpu.cfs_period_us"));
}

// The least quota of `group` and all above it. In a container `group` may be the host's path, which
// is not there; the walk up ends at the container's own.
template <typename Reader>
std::optional<double> LeastQuota(const fs::path& mount, const std::string& group, Reader read) {
  std::optional<double> least;
  for (fs::path path = fs::path(group).relative_path();; path = path.parent_path()) {
    const std::optional<double> quota = read(mount / path);
    if (quota) least = std::min(*quota, least.value_or(*quota));
    if (path.empty()) return least;
  }
}

}  // namespace

std::optional<double> CgroupCpus(const std::string& proc_cgroup, const std::string& root) {
  std::optional<double> least;
  const auto take = [&](std::optional<double> quota) {
    if (quota) least = std::min(*quota, least.value_or(*quota));
  };
  std::ifstream file(proc_cgroup);
  for (std::string line; std::getline(file, line);) {
    // "0::/group" of version 2, "4:cpu,cpuacct:/group" of version 1.
    const std::vector<std::string> parts = absl::StrSplit(line, absl::MaxSplits(':', 2));
    if (parts.size() != 3) continue;
    if (parts[1].empty()) {
      take(LeastQuota(root, parts[2], QuotaOfV2));
      continue;
    }
    const std::vector<std::string> controllers = absl::StrSplit(parts[1], ',');
    if (std::find(controllers.begin(), controllers.end(), "cpu") == controllers.end()) continue;
    const fs::path joined = fs::path(root) / parts[1];
    std::error_code error;
    const bool has_joined = fs::exists(joined, error);
    take(LeastQuota(has_joined ? joined : fs::path(root) / "cpu", parts[2], QuotaOfV1));
  }
  return least;
}

int UsableCpus() {
  cpu_set_t mask;
  CPU_ZERO(&mask);
  int cpus = sched_getaffinity(0, sizeof(mask), &mask) == 0 ? CPU_COUNT(&mask) : 1;
  if (const auto quota = CgroupCpus("/proc/self/cgroup", "/sys/fs/cgroup")) {
    cpus = std::min(cpus, static_cast<int>(std::ceil(*quota)));
  }
  return std::max(cpus, 1);
}

}  // namespace diffuser::model
