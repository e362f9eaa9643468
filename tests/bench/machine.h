#ifndef DIFFUSER_TESTS_BENCH_MACHINE_H_
#define DIFFUSER_TESTS_BENCH_MACHINE_H_

#include <string>

#include "absl/strings/string_view.h"
#include "tests/bench/results.h"

namespace diffuser::bench {

// The machine that /proc/cpuinfo describes; "unknown" where it does not say.
Machine DescribeMachine(absl::string_view proc_cpuinfo, int cores, int threads);

// This one, of which `isa` is used (isa.h).
Machine ThisMachine(int threads, const std::string& isa);

// What a device that an engine was loaded on is called: "cpu", or its name as the driver has it, or
// "cuda:0" where nothing here can ask the driver.
std::string DescribeDevice(const std::string& device);

// Cores that this process may use. >= 1.
int UsableCores();

}  // namespace diffuser::bench

#endif  // DIFFUSER_TESTS_BENCH_MACHINE_H_
