#ifndef DIFFUSER_SERVER_PIPELINE_SENTENCES_H_
#define DIFFUSER_SERVER_PIPELINE_SENTENCES_H_

#include <cstdint>
#include <string_view>
#include <vector>

#include "model/tokenizer/tokenizer.h"

namespace diffuser::pipeline {

// Where each sentence of a text begins, ascending; a sentence ends where the next begins, so
// together they are all of the text. The first begins at 0.
//
// A sentence ends after a newline; after . ! ? with any closing quotes and brackets, where white
// space follows; and after the full-width 。！？ and the half-width ｡. White space after its end
// belongs to it, so no sentence is all white space (unless the text is). No language's
// abbreviations are known: "Dr. X" is two. Bytes that are no UTF-8 are passed over. Linear in the
// text.
std::vector<int64_t> FindSentences(std::string_view text);

// Without the white space (ASCII) at both ends; unchanged if there is nothing else.
tokenizer::ByteRange TrimWhiteSpace(std::string_view text, tokenizer::ByteRange range);

}  // namespace diffuser::pipeline

#endif  // DIFFUSER_SERVER_PIPELINE_SENTENCES_H_
