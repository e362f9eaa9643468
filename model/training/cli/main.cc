#include "model/training/cli/cli.h"

int main(int argc, char** argv) { return diffuser::training::RunTrainCli(argc, argv); }
