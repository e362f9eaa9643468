#ifndef DIFFUSER_TESTS_BENCH_TABLE_H_
#define DIFFUSER_TESTS_BENCH_TABLE_H_

#include <string>
#include <vector>

namespace diffuser::bench {

using TableRow = std::vector<std::string>;

// Lines with columns as wide as their longest cell, of which the first `left` are aligned left, the
// others right; no space at a line's end. REQUIRES: rows of one size.
std::string FormatTable(const std::vector<TableRow>& rows, size_t left = 1);

}  // namespace diffuser::bench

#endif  // DIFFUSER_TESTS_BENCH_TABLE_H_
