#ifndef DIFFUSER_MODEL_CHECKPOINT_LABELS_H_
#define DIFFUSER_MODEL_CHECKPOINT_LABELS_H_

#include <string>
#include <vector>

#include "model/checkpoint/field_reader.h"

namespace diffuser::checkpoint {

// The label names by logit index: from id2label, else from label2id, else "LABEL_<i>" for
// num_labels (2 where the config has none of the three). Names are distinct and not empty, and
// num_labels, where given, agrees. What is wrong stays in fields.status().
std::vector<std::string> ReadLabels(FieldReader& fields);

// One threshold in [0, 1] a label: from label_thresholds, a list by logit index or an object by
// label name; 0.5 for a label it does not name. What is wrong stays in fields.status().
std::vector<float> ReadLabelThresholds(const std::vector<std::string>& labels, FieldReader& fields);

}  // namespace diffuser::checkpoint

#endif  // DIFFUSER_MODEL_CHECKPOINT_LABELS_H_
