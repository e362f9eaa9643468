#ifndef DIFFUSER_MODEL_TRAINING_CLI_CLI_H_
#define DIFFUSER_MODEL_TRAINING_CLI_CLI_H_

namespace diffuser::training {

// All of diffuser-train but the process around it: reads the arguments, runs the command and gives
// the exit code, an ExitCode. What went wrong is on std::cerr, "diffuser-train: …".
int RunTrainCli(int argc, const char* const* argv);

}  // namespace diffuser::training

#endif  // DIFFUSER_MODEL_TRAINING_CLI_CLI_H_
