#!/bin/sh
# shell_check.sh -- shellcheck is content with every shell script.
set -eu
shellcheck dev .ci/run tests/checks/*.sh tests/fuzz/*.sh || {
	echo 'Mend what shellcheck says above; its page of each number tells more.'
	exit 1
}
