#include "tests/bench/cli.h"

int main(int argc, char** argv) { return diffuser::bench::RunBenchCli(argc, argv); }
