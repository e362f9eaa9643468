#include "tests/bench/memory.h"

#include <malloc.h>

#include <fstream>
#include <iterator>
#include <string>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace diffuser::bench {
namespace {

// The bytes of a line "KEY:   123 kB".
absl::Status ReadLine(absl::string_view text, absl::string_view key, int64_t& bytes) {
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    if (!absl::ConsumePrefix(&line, key) || !absl::ConsumePrefix(&line, ":")) continue;
    int64_t kilobytes = 0;
    if (!absl::ConsumeSuffix(&line, " kB") || !absl::SimpleAtoi(line, &kilobytes)) break;
    bytes = kilobytes * 1024;
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(
      absl::StrCat("the process's status has no line '", key, ": COUNT kB'"));
}

}  // namespace

absl::StatusOr<ResidentMemory> ParseResidentMemory(absl::string_view proc_status) {
  ResidentMemory memory;
  absl::Status status = ReadLine(proc_status, "VmHWM", memory.peak);
  status.Update(ReadLine(proc_status, "RssAnon", memory.anonymous));
  status.Update(ReadLine(proc_status, "RssFile", memory.file));
  status.Update(ReadLine(proc_status, "RssShmem", memory.shared));
  if (!status.ok()) return status;
  return memory;
}

absl::StatusOr<ResidentMemory> ReadResidentMemory() {
  std::ifstream file("/proc/self/status");
  const std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  if (text.empty()) return absl::UnavailableError("/proc/self/status: cannot be read");
  return ParseResidentMemory(text);
}

absl::Status ResetPeak() {
  malloc_trim(0);
  std::ofstream file("/proc/self/clear_refs");
  file << "5";
  file.close();
  if (file) return absl::OkStatus();
  return absl::UnavailableError("/proc/self/clear_refs: cannot be written");
}

int64_t PeakAbove(const ResidentMemory& before, const ResidentMemory& after) {
  return after.peak - after.file - after.shared - before.anonymous;
}

}  // namespace diffuser::bench
