#ifndef DIFFUSER_MODEL_TRAINING_SETTINGS_H_
#define DIFFUSER_MODEL_TRAINING_SETTINGS_H_

#include <string>
#include <utility>
#include <vector>

#include "model/training/training_job.h"

namespace diffuser::training {

// The settings of a run as its command line takes them, in one order: {"epochs", "10"}.
std::vector<std::pair<std::string, std::string>> DescribeSettings(const TrainingJob& job);

// All that the numbers of a run depend on, "name value" a line: settings, shape and data. Two runs
// with the same text give the same bits on the same machine.
std::string SettingsText(const TrainingJob& job);

}  // namespace diffuser::training

#endif  // DIFFUSER_MODEL_TRAINING_SETTINGS_H_
