#include "tests/bench/machine.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <thread>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "model/kernels/cuda/cuda_library.h"
#include "tests/bench/isa.h"

namespace diffuser::bench {
namespace {

// What follows the colon in the first line that begins with `key`.
absl::string_view FindValue(absl::string_view text, absl::string_view key) {
  for (const absl::string_view line : absl::StrSplit(text, '\n')) {
    const std::pair<absl::string_view, absl::string_view> halves =
        absl::StrSplit(line, absl::MaxSplits(':', 1));
    if (absl::StripAsciiWhitespace(halves.first) == key) {
      return absl::StripAsciiWhitespace(halves.second);
    }
  }
  return "";
}

}  // namespace

Machine DescribeMachine(absl::string_view proc_cpuinfo, int cores, int threads) {
  constexpr absl::string_view kNotable[] = {"avx2",        "avx512f",  "avx512_vnni",
                                            "avx512_bf16", "amx_bf16", "amx_int8"};
  const std::vector<absl::string_view> flags =
      absl::StrSplit(FindValue(proc_cpuinfo, "flags"), ' ');
  std::vector<absl::string_view> found;
  for (const absl::string_view flag : kNotable) {
    if (std::find(flags.begin(), flags.end(), flag) != flags.end()) found.push_back(flag);
  }
  const absl::string_view name = FindValue(proc_cpuinfo, "model name");
  return {.processor = std::string(name.empty() ? "unknown" : name),
          .cores = cores,
          .threads = threads,
          .isa = found.empty() ? "unknown" : absl::StrJoin(found, " ")};
}

Machine ThisMachine(int threads, const std::string& isa) {
  std::ifstream file("/proc/cpuinfo");
  const std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  Machine machine = DescribeMachine(text, UsableCores(), threads);
  if (isa != kNativeIsa) absl::StrAppend(&machine.isa, ", of which ", isa, " is used");
  return machine;
}

std::string DescribeDevice(const std::string& device) {
  if (device == "cpu") return device;
  const auto library = kernels::cuda::CudaLibrary::Open("libdiffuser_cuda.so");
  if (!library.ok()) return device;
  const auto devices = (*library)->Devices();
  if (!devices.ok()) return device;
  for (const kernels::cuda::DeviceInfo& info : *devices) {
    if (device == absl::StrCat("cuda:", info.ordinal)) return info.name;
  }
  return device;
}

int UsableCores() { return std::max(1, static_cast<int>(std::thread::hardware_concurrency())); }

}  // namespace diffuser::bench
