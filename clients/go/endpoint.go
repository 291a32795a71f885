package imageid

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// Endpoint is where the daemon listens, and the token that it asks for over TCP.
type Endpoint struct {
	Address string // "unix:/path" or "host:port"
	Token   string // may be empty
}

// What the daemon writes into endpoint.json.
type endpointFile struct {
	Listen    []string `json:"listen"`
	TokenFile string   `json:"token_file"`
}

var endsWithPort = regexp.MustCompile(`:\d+$`)

// FindEndpoint finds the daemon: IMAGEID_ENDPOINT (an address, or the path of an
// endpoint.json), else the endpoint.json in IMAGEID_RUNTIME_DIR, $XDG_RUNTIME_DIR/imageid,
// or the user's cache folder.
func FindEndpoint() (Endpoint, error) {
	named := os.Getenv("IMAGEID_ENDPOINT")
	own := filepath.Join(runtimeDirectory(), "endpoint.json")
	switch {
	case named == "":
		return fromFile(own)
	case strings.HasSuffix(named, ".json"):
		return fromFile(named)
	default:
		return fromAddress(named, own)
	}
}

func fromFile(path string) (Endpoint, error) {
	known, err := readEndpointFile(path)
	if err != nil {
		return Endpoint{}, err
	}
	if len(known.Listen) == 0 {
		return Endpoint{}, fmt.Errorf("%s names no address; restart imageidd", path)
	}
	return withToken(preferred(known.Listen), known)
}

// A Unix socket before TCP: it needs no token.
func preferred(addresses []string) string {
	for _, address := range addresses {
		if isUnixSocket(address) {
			return address
		}
	}
	return addresses[0]
}

// The token is sent to the daemon's own addresses alone: another's would learn it.
func fromAddress(address, path string) (Endpoint, error) {
	if !isUnixSocket(address) && !endsWithPort.MatchString(address) {
		return Endpoint{}, errors.New(
			"cannot read IMAGEID_ENDPOINT: write unix:PATH, HOST:PORT or the path of an endpoint.json")
	}
	if known, err := readEndpointFile(path); err == nil {
		for _, own := range known.Listen {
			if own == address {
				return withToken(address, known)
			}
		}
	}
	return Endpoint{Address: address}, nil
}

func withToken(address string, known endpointFile) (Endpoint, error) {
	if isUnixSocket(address) {
		return Endpoint{Address: address}, nil
	}
	token, err := readOrExplain(known.TokenFile)
	return Endpoint{Address: address, Token: strings.TrimSpace(string(token))}, err
}

func isUnixSocket(address string) bool {
	return strings.HasPrefix(address, "unix:")
}

func runtimeDirectory() string {
	if folder := os.Getenv("IMAGEID_RUNTIME_DIR"); folder != "" {
		return folder
	}
	if folder := os.Getenv("XDG_RUNTIME_DIR"); folder != "" {
		return filepath.Join(folder, "imageid")
	}
	folder, _ := os.UserCacheDir() // unknown only without a home folder: then no file is found either
	return filepath.Join(folder, "imageid", "run")
}

func readEndpointFile(path string) (endpointFile, error) {
	var known endpointFile
	text, err := readOrExplain(path)
	if err != nil {
		return known, err
	}
	if err := json.Unmarshal(text, &known); err != nil {
		return known, fmt.Errorf("%s is not an endpoint.json; restart imageidd: %w", path, err)
	}
	return known, nil
}

func readOrExplain(path string) ([]byte, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("is imageidd running, and as this user? %w", err)
	}
	return text, nil
}
