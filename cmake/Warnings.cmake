# diffuser_library(NAME SOURCES... DEPS...): one library of our own code, with our
# warnings as errors and, where a preset asks for them, the sanitizers.
add_library(diffuser_flags INTERFACE)
target_compile_options(diffuser_flags INTERFACE -Wall -Wextra -Wshadow -Werror)
target_include_directories(diffuser_flags INTERFACE "${PROJECT_SOURCE_DIR}")
if(DIFFUSER_SANITIZE)
  target_compile_options(diffuser_flags INTERFACE
    -fsanitize=${DIFFUSER_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  target_link_options(diffuser_flags INTERFACE -fsanitize=${DIFFUSER_SANITIZE})
endif()

function(diffuser_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPS;PRIVATE_DEPS" ${ARGN})
  if(ARG_SOURCES)
    add_library(${name} STATIC ${ARG_SOURCES})
    target_link_libraries(${name} PUBLIC diffuser_flags ${ARG_DEPS} PRIVATE ${ARG_PRIVATE_DEPS})
  else()
    add_library(${name} INTERFACE)
    target_link_libraries(${name} INTERFACE diffuser_flags ${ARG_DEPS})
  endif()
endfunction()
