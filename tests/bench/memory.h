#ifndef DIFFUSER_TESTS_BENCH_MEMORY_H_
#define DIFFUSER_TESTS_BENCH_MEMORY_H_

#include <cstdint>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace diffuser::bench {

// Resident memory of a process, in bytes, as /proc/PID/status has it.
struct ResidentMemory {
  int64_t peak = 0;       // VmHWM: the most there was of all three
  int64_t anonymous = 0;  // RssAnon: heap and stacks
  int64_t file = 0;       // RssFile: mapped weights and code
  int64_t shared = 0;     // RssShmem
};

// Errors: INVALID_ARGUMENT naming the line that is missing or no number of kB.
absl::StatusOr<ResidentMemory> ParseResidentMemory(absl::string_view proc_status);

// This process's. Errors: UNAVAILABLE (no /proc), and those of ParseResidentMemory.
absl::StatusOr<ResidentMemory> ReadResidentMemory();

// Gives free heap back to the system, and has the peak begin anew from what is resident now.
// Errors: UNAVAILABLE (the kernel does not let it).
absl::Status ResetPeak();

// The most that was resident above what `before` had, mapped files left out: they are weights and
// code, which become resident when they are first read. `after` has the peak.
int64_t PeakAbove(const ResidentMemory& before, const ResidentMemory& after);

}  // namespace diffuser::bench

#endif  // DIFFUSER_TESTS_BENCH_MEMORY_H_
