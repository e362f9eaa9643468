# diffuser_crate: the `tokenizers` crate behind the C interface of model/tokenizer/crate, as a static library.
find_program(CARGO cargo HINTS "$ENV{HOME}/.cargo/bin" REQUIRED)
set(crate_dir "${PROJECT_SOURCE_DIR}/model/tokenizer/crate")
set(crate_target "${DIFFUSER_DEPS}/cargo-target")
set(crate_library "${crate_target}/release/libdiffuser_tokenizer.a")
file(GLOB crate_sources CONFIGURE_DEPENDS "${crate_dir}/src/*.rs")
add_custom_command(
  OUTPUT "${crate_library}"
  COMMAND ${CARGO} build --release --locked --quiet --manifest-path "${crate_dir}/Cargo.toml"
          --target-dir "${crate_target}"
  DEPENDS ${crate_sources} "${crate_dir}/Cargo.toml" "${crate_dir}/Cargo.lock"
  COMMENT "cargo build diffuser_tokenizer"
  USES_TERMINAL VERBATIM)
add_custom_target(diffuser_crate_build DEPENDS "${crate_library}")
add_library(diffuser_crate INTERFACE)
add_dependencies(diffuser_crate diffuser_crate_build)
target_link_libraries(diffuser_crate INTERFACE "${crate_library}" Threads::Threads ${CMAKE_DL_LIBS} m)
