# The libraries sipwarden stands on (docs/decisions names the reason of each).
find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
find_package(ZLIB REQUIRED)

foreach(item
	"uv:libuv" "osip:libosip2" "crypto:libcrypto" "rdkafka:rdkafka"
	"clamav:libclamav" "hs:libhs" "icu:icu-i18n icu-uc" "sqlite:sqlite3"
	"jansson:jansson" "fyaml:libfyaml" "protobufc:libprotobuf-c"
	"seccomp:libseccomp")
	string(REPLACE ":" ";" pair "${item}")
	list(GET pair 0 name)
	list(GET pair 1 modules)
	string(REPLACE " " ";" modules "${modules}")
	pkg_check_modules(${name} REQUIRED IMPORTED_TARGET ${modules})
endforeach()

find_program(PROTOC_C protoc-c REQUIRED)

# sipwarden_protobuf(TARGET FILE): C code of FILE,
# generated into the build folder and included by its path from the root.
function(sipwarden_protobuf target file)
	get_filename_component(stem ${file} NAME_WE)
	get_filename_component(folder ${CMAKE_CURRENT_SOURCE_DIR}/${file} DIRECTORY)
	file(RELATIVE_PATH place ${CMAKE_SOURCE_DIR} ${folder})
	set(out ${CMAKE_BINARY_DIR}/generated)
	set(base ${out}/${place}/${stem}.pb-c)
	add_custom_command(
		OUTPUT ${base}.c ${base}.h
		COMMAND ${CMAKE_COMMAND} -E make_directory ${out}
		COMMAND ${PROTOC_C} --proto_path=${CMAKE_SOURCE_DIR}
			--c_out=${out} ${CMAKE_CURRENT_SOURCE_DIR}/${file}
		DEPENDS ${file}
		VERBATIM)
	target_sources(${target} PRIVATE ${base}.c ${base}.h)
	set_source_files_properties(${base}.c PROPERTIES COMPILE_OPTIONS
		"-Wno-conversion;-Wno-shadow;-Wno-pedantic")
	target_include_directories(${target} SYSTEM PUBLIC ${out})
endfunction()
