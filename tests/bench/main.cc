#include "server/lifecycle/openmp_wait.h"
#include "tests/bench/cli.h"

int main(int argc, char** argv) {
  diffuser::lifecycle::MakeOpenMpWaitPassively(argv);  // as in the server
  return diffuser::bench::RunBenchCli(argc, argv);
}
