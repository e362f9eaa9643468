#ifndef DIFFUSER_TESTS_BENCH_CLI_H_
#define DIFFUSER_TESTS_BENCH_CLI_H_

namespace diffuser::bench {

// The exit codes of diffuser-bench.
enum ExitCode {
  kOk = 0,
  kFailed = 1,  // a file or a checkpoint that cannot be used, a run that failed
  kUsage = 2,   // wrong flags or values
};

// All of diffuser-bench but the process around it. What went wrong is on std::cerr,
// "diffuser-bench: ...".
int RunBenchCli(int argc, const char* const* argv);

}  // namespace diffuser::bench

#endif  // DIFFUSER_TESTS_BENCH_CLI_H_
