// Rust's standard library and crates are not built for the thread sanitizer: it sees their memory
// through malloc and memcpy, but not the atomics that guard it, and takes the regular expressions'
// pool of caches, each used by one thread at a time, for a race.

extern "C" const char* __tsan_default_suppressions();
extern "C" const char* __tsan_default_suppressions() { return "race:regex_automata\n"; }
