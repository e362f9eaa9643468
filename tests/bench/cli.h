#ifndef DIFFUSER_TESTS_BENCH_CLI_H_
#define DIFFUSER_TESTS_BENCH_CLI_H_

namespace diffuser::bench {

// All of diffuser-bench but the process around it: reads the arguments, runs the command and gives
// the exit code, a training::ExitCode. What went wrong is on std::cerr, "diffuser-bench: ...".
int RunBenchCli(int argc, const char* const* argv);

}  // namespace diffuser::bench

#endif  // DIFFUSER_TESTS_BENCH_CLI_H_
