#!/bin/sh
# format_check.sh -- clang-format is content with every C file.
set -eu
files() {
	git ls-files -co --exclude-standard -- '*.c' '*.h' 2>/dev/null ||
		find . -name build -prune -o -name '*.[ch]' -print
}
files | while read -r file; do
	[ ! -f "$file" ] || printf '%s\n' "$file"
done | xargs clang-format --dry-run -Werror || {
	echo 'To mend: ./dev format'
	exit 1
}
