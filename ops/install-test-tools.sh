#!/bin/sh
# Installs the Debian packages that the tests need and this machine lacks: real servers to test
# against, and the tools of the other languages. Quick when all are there. Starts no service.
set -eu

PATH="$PATH:/usr/sbin:/sbin" # where Debian keeps servers, and where users do not look

has() { command -v "$1" >/dev/null 2>&1; }
at_least() { printf '%s\n%s\n' "$1" "$2" | sort -V -C; } # floor, version

has_node() { has node && at_least 18 "$(node --version | sed 's/^v//')"; }    # Debian 12 has 18
has_go() { has go && at_least 1.19 "$(go env GOVERSION | sed 's/^go//')"; }   # Debian 12 has 1.19
has_orthanc_plugin() { [ -e /usr/share/orthanc/plugins/libOrthancDicomWeb.so ]; }

missing_packages() {
    has Orthanc || echo orthanc
    has_orthanc_plugin || echo orthanc-dicomweb
    has nginx || echo nginx-light
    has prometheus && has promtool || echo prometheus
    has systemd-analyze || echo systemd
    has dcm2pnm && has dcmj2pnm && has dcml2pnm || echo dcmtk
    has gdcmconv || echo libgdcm-tools
    has opj_compress && has opj_decompress || echo libopenjp2-tools
    has jpegtran || echo libjpeg-turbo-progs
    has_node || echo nodejs
    has npm || echo npm
    has_go || echo golang-go
    has cc || echo gcc libc6-dev
}

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

can_be_root() {
    [ "$(id -u)" = 0 ] || { has sudo && { [ -t 0 ] || sudo -n true 2>/dev/null; }; }
}

give_up() {
    echo "The tests need what these Debian packages hold, and $1: $packages" >&2
    echo "Install them with:  sudo apt-get install --no-install-recommends $packages" >&2
    echo "(elsewhere than on Debian: Orthanc with DICOMweb, nginx, Prometheus, DCMTK, GDCM, OpenJPEG's tools, jpegtran, Node >= 18 with npm, Go >= 1.19, a C compiler)" >&2
    exit 1
}

# Debian starts a server as soon as it is installed, unless this policy says no.
# Tests start their own, on free ports and with their own settings.
install_without_starting() {
    policy=/usr/sbin/policy-rc.d
    if [ ! -e "$policy" ]; then
        printf '#!/bin/sh\nexit 101\n' | as_root tee "$policy" >/dev/null
        as_root chmod 755 "$policy"
        trap 'as_root rm -f "$policy"' EXIT
    fi
    as_root apt-get update -qq
    # shellcheck disable=SC2086  # one word for each package
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $packages
    for package in $packages; do
        case $package in
            nginx-light) as_root systemctl disable --quiet nginx.service ;;
            orthanc | prometheus) as_root systemctl disable --quiet "$package.service" ;;
        esac
    done
}

# The public suite of HTTP caches, at the version of its package-lock.json.
install_http_cache_tests() {
    suite=$(cd "$(dirname "$0")/../tests/http_cache_tests" && pwd)
    cmp -s "$suite/package-lock.json" "$suite/node_modules/.installed-from" && return
    npm --prefix "$suite" ci --ignore-scripts --no-audit --no-fund --loglevel=error >&2
    cp "$suite/package-lock.json" "$suite/node_modules/.installed-from"
}

packages=$(missing_packages | tr '\n' ' ' | sed 's/ $//')
if [ -n "$packages" ]; then
    has apt-get || give_up "this machine has no apt-get"
    can_be_root || give_up "only root can install them"
    install_without_starting
    packages=$(missing_packages | tr '\n' ' ' | sed 's/ $//')
    [ -z "$packages" ] || give_up "what apt-get installed is too old or not in PATH"
fi
install_http_cache_tests
