#ifndef DIFFUSER_TESTS_SERVER_METRICS_EXPOSITION_H_
#define DIFFUSER_TESTS_SERVER_METRICS_EXPOSITION_H_

#include <map>
#include <sstream>
#include <stdexcept>
#include <string>

namespace diffuser::metrics {

// The samples of Prometheus' text format: "name{labels}" to value, labels as they stand in the
// text. Throws on a line that is neither comment nor sample.
inline std::map<std::string, double> ParseExposition(const std::string& text) {
  std::map<std::string, double> samples;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    if (line.empty() || line[0] == '#') continue;
    const size_t space = line.rfind(' ');
    if (space == std::string::npos) throw std::invalid_argument(line);
    const std::string series = line.substr(0, space);
    if (!samples.emplace(series, std::stod(line.substr(space + 1))).second) {
      throw std::invalid_argument("twice: " + line);
    }
  }
  return samples;
}

}  // namespace diffuser::metrics

#endif  // DIFFUSER_TESTS_SERVER_METRICS_EXPOSITION_H_
