#ifndef DIFFUSER_MODEL_TOKENIZER_CRATE_DIFFUSER_TOKENIZER_H_
#define DIFFUSER_MODEL_TOKENIZER_CRATE_DIFFUSER_TOKENIZER_H_

// The C interface of the Rust crate in this folder: text in, token ids out, and the training of new
// tokenizers. The users are model/tokenizer/{tokenizer,training}.cc; src/lib.rs implements it with
// the same names and layouts.
//
// A loaded tokenizer is immutable: any number of threads may encode with one instance at once, and
// none waits for another. Every call but diffuser_trainer_finish runs on the caller's own thread.
// No Rust panic crosses this border: it becomes DIFFUSER_TOKENIZER_FAILED, or null, and prints
// nothing.

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum diffuser_tokenizer_status {
  DIFFUSER_TOKENIZER_OK = 0,
  DIFFUSER_TOKENIZER_FAILED = 1,        // diffuser_tokenizer_last_error() says why
  DIFFUSER_TOKENIZER_INVALID_UTF8 = 2,  // here too: "byte <n> begins no character"
} diffuser_tokenizer_status;

typedef struct diffuser_tokenizer diffuser_tokenizer;

// What is the same for every text.
typedef struct diffuser_tokenizer_info {
  uint32_t vocab_size;  // every id that the tokenizer gives is below; at most INT32_MAX
  size_t prefix;        // special tokens that it puts before a text's own
  size_t suffix;        // and after them
} diffuser_tokenizer_info;

// Half-open range of bytes of the text, begin <= end <= its length, both on character boundaries.
// Tokens that are pieces of one character each have that whole character's range.
typedef struct diffuser_byte_range {
  size_t begin;
  size_t end;
} diffuser_byte_range;

// One text's tokens: the special ones that the tokenizer adds, prefix + suffix in number (range
// [0, 0)), and between them the text's own. Owned by the caller until diffuser_encoding_free.
typedef struct diffuser_encoding {
  const uint32_t* ids;                 // [length]
  const diffuser_byte_range* offsets;  // [length]
  size_t length;                       // >= prefix + suffix
} diffuser_encoding;

// Reads a tokenizer.json. Truncation, padding and BPE dropout that it asks for are switched off.
// Null on failure. The path is any bytes that name a file.
diffuser_tokenizer* diffuser_tokenizer_load_json(const char* path);

// Reads vocab.json and merges.txt as RoBERTa's byte-level BPE: no space is put before the text, and
// <s> and </s> (which the vocabulary must hold) around its tokens. Null on failure.
diffuser_tokenizer* diffuser_tokenizer_load_bpe(const char* vocab_path, const char* merges_path);

void diffuser_tokenizer_free(diffuser_tokenizer* tokenizer);  // null is allowed

diffuser_tokenizer_info diffuser_tokenizer_describe(const diffuser_tokenizer* tokenizer);

// Encodes `length` bytes. Takes time in proportion to them, and for RoBERTa's kind of tokenizer, on
// a text with words in it, a few megabytes of memory besides the result; for others about 125 bytes
// per byte of the text. On DIFFUSER_TOKENIZER_OK *encoding is set, else it is null.
// REQUIRES: text is readable for length bytes; it may be null where length is 0.
diffuser_tokenizer_status diffuser_tokenizer_encode(const diffuser_tokenizer* tokenizer,
                                                    const char* text, size_t length,
                                                    diffuser_encoding** encoding);

void diffuser_encoding_free(diffuser_encoding* encoding);  // null is allowed

typedef struct diffuser_trainer diffuser_trainer;

typedef struct diffuser_training_settings {
  uint32_t vocab_size;     // ids at most, special tokens and the 256 bytes included; >= 261
  uint64_t min_frequency;  // a pair seen less often is never merged
  bool lowercase;          // texts are put in lower case first
  bool collapse_spaces;    // runs of spaces and tabs become one space first
} diffuser_training_settings;

// Begins the training of a byte-level BPE: special tokens <s> 0, <pad> 1, </s> 2, <unk> 3, <mask>
// 4; no space before the text, <s> and </s> around its tokens. Null on failure. The caller's until
// diffuser_trainer_finish or diffuser_trainer_free; used by one thread at a time.
diffuser_trainer* diffuser_trainer_new(diffuser_training_settings settings);

void diffuser_trainer_free(diffuser_trainer* trainer);  // null is allowed

// Counts a text's words; memory grows with the number of different ones. At most 2 GiB of text in
// all: the library counts pairs in 32 bits. REQUIRES: as diffuser_tokenizer_encode.
diffuser_tokenizer_status diffuser_trainer_add(diffuser_trainer* trainer, const char* text,
                                               size_t length);

// `length` bytes of text, owned by the caller until diffuser_text_free.
typedef struct diffuser_text {
  const char* bytes;
  size_t length;
} diffuser_text;

// Merges pairs, on as many threads as there are cores (RAYON_NUM_THREADS), and ends the trainer.
// Gives a tokenizer.json: the same bytes for the same texts and settings. Null on failure.
diffuser_text* diffuser_trainer_finish(diffuser_trainer* trainer);

void diffuser_text_free(diffuser_text* text);  // null is allowed

// Why this thread's last failed call failed; never null, and valid until its next failing call.
// Holds no part of a text that was encoded.
const char* diffuser_tokenizer_last_error(void);

#ifdef __cplusplus
}  // extern "C"
#endif

#endif  // DIFFUSER_MODEL_TOKENIZER_CRATE_DIFFUSER_TOKENIZER_H_
