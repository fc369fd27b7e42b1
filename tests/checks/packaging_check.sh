#!/bin/sh
# packaging_check.sh -- an installation is complete and its units are sound.
set -eu
build=${SIPWARDEN_BUILD:-build/dev}
place=$build/installed
rm -rf "$place"
DESTDIR=$(pwd) && case $place in /*) DESTDIR= ;; *) DESTDIR=$DESTDIR/ ;; esac
export DESTDIR="$DESTDIR$place"
cmake --install "$build" --prefix /usr >"$build/install.log" || {
	tail -n 20 "$build/install.log"
	echo 'The installation above did not end; see packaging/CMakeLists.txt.'
	exit 1
}
faults=0
want() {
	[ -e "$DESTDIR$1" ] || {
		echo "not installed: $1"
		faults=$((faults + 1))
	}
}
for file in etc/sipwarden/sipwarden.yaml etc/sipwarden/users.yaml \
	etc/sipwarden/content.yaml usr/bin/sipwarden \
	usr/lib/sysusers.d/sipwarden.conf usr/lib/tmpfiles.d/sipwarden.conf \
	usr/share/sipwarden/signatures/sipwarden.ndb \
	usr/share/man/man5/sipwarden.yaml.5; do
	want "/$file"
done
for program in "$DESTDIR"/usr/sbin/sipwarden-*; do
	name=$(basename "$program")
	want "/usr/lib/systemd/system/$name.service"
	want "/usr/share/man/man8/$name.8"
done
# docs/decisions/0001-licence.md: libclamav and OpenSSL meet in no program.
links() {
	readelf -d "$1" | grep -q "NEEDED.*\[$2\."
}
for program in "$DESTDIR"/usr/bin/sipwarden "$DESTDIR"/usr/sbin/sipwarden-*; do
	case $program in
	*-scanner) never=libcrypto ;;
	*) never=libclamav ;;
	esac
	if links "$program" "$never"; then
		echo "$(basename "$program") links $never"
		faults=$((faults + 1))
	fi
done
links "$DESTDIR/usr/sbin/sipwarden-scanner" libclamav || {
	echo 'readelf does not tell what sipwarden-scanner links'
	faults=$((faults + 1))
}
# A second installation leaves what the administrator has written.
echo '# mine' >"$DESTDIR/etc/sipwarden/users.yaml"
cmake --install "$build" --prefix /usr >>"$build/install.log"
grep -q '^# mine$' "$DESTDIR/etc/sipwarden/users.yaml" || {
	echo 'a second installation writes over users.yaml'
	faults=$((faults + 1))
}
if command -v systemd-analyze >/dev/null 2>&1; then
	# The programs stand elsewhere than the units say: that alone is let by.
	said=$(systemd-analyze verify --man=no --recursive-errors=no \
		"$DESTDIR"/usr/lib/systemd/system/*.service 2>&1 |
		grep 'sipwarden-[a-z]*\.service:' |
		grep -v 'is not executable\|Failed to create') || :
	if [ -n "$said" ]; then
		printf '%s\n' "$said"
		faults=$((faults + 1))
	fi
fi
[ "$faults" -eq 0 ] || {
	echo "$faults to mend, in packaging/ or docs/man/."
	exit 1
}
