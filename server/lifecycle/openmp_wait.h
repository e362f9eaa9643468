#ifndef DIFFUSER_SERVER_LIFECYCLE_OPENMP_WAIT_H_
#define DIFFUSER_SERVER_LIFECYCLE_OPENMP_WAIT_H_

namespace diffuser::lifecycle {

// Makes OpenMP's threads sleep, not spin, while they wait for one another. Spinning is a few
// percent faster on an idle machine; but the threads of gRPC and the tokenizer want a core now and
// then, and a thread that spins keeps it from the very one that it waits for: short answers then
// take tens of times as long. In a container with a CPU quota it also burns the quota.
//
// OpenMP reads this from the environment when it is loaded, which is before main: so the program
// starts itself once more, in the same process, with OMP_WAIT_POLICY=PASSIVE. Returns, having done
// nothing, where OMP_WAIT_POLICY or GOMP_SPINCOUNT is set, or where that fails.
//
// REQUIRES: called first of all in main, with its argv.
void MakeOpenMpWaitPassively(char** argv);

}  // namespace diffuser::lifecycle

#endif  // DIFFUSER_SERVER_LIFECYCLE_OPENMP_WAIT_H_
