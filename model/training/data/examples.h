#ifndef DIFFUSER_MODEL_TRAINING_DATA_EXAMPLES_H_
#define DIFFUSER_MODEL_TRAINING_DATA_EXAMPLES_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace diffuser::training {

// One labelled document.
struct Example {
  std::string text;                 // UTF-8, not blank
  std::vector<std::string> labels;  // UTF-8, distinct, none empty; exactly one unless multi_label
  std::string file;                 // that it was read from
  int64_t line = 0;                 // where it starts there, from 1
};

// Where it starts, for messages: "FILE:LINE".
std::string PlaceOf(const Example& example);

// The examples of one file or folder, in its order.
struct ExampleFile {
  std::string path;  // as given
  std::vector<Example> examples;
  bool multi_label = false;  // a document has any number of labels, not exactly one
};

struct ReadOptions {
  // Of CSV and TSV, which start with a line of column names.
  std::string text_column = "text";
  std::string label_column = "label";
  // Between the labels of one cell, which makes the file multi-label; "": a cell is one label.
  std::string label_separator;
};

// Reads labelled documents; what `path` is decides the form:
//
//   *.jsonl *.ndjson *.json  one JSON object a line with `text` and either `label` (a string or a
//                            number) or `labels` (a list of them, may be empty); other fields and
//                            blank lines are passed over. All lines have the same one of the two.
//   *.csv *.tsv              RFC 4180: quoted fields may hold separators, newlines and "" for ".
//   a folder                 DIR/LABEL/*.txt, one document a file, in order of their names; other
//                            files and hidden folders are passed over.
//
// Every line is read before anything is reported, so that all faults are seen at once.
// Errors: NOT_FOUND (no such path), PERMISSION_DENIED, INVALID_ARGUMENT (unknown form; no column of
// that name; faulty lines: how many, and the first ten, one a line, as "FILE:LINE: what is wrong").
absl::StatusOr<ExampleFile> ReadExamples(const std::string& path, const ReadOptions& options = {});

}  // namespace diffuser::training

#endif  // DIFFUSER_MODEL_TRAINING_DATA_EXAMPLES_H_
