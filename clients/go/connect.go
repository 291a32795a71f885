// Package imageid is a client of the local daemon that resolves imageIds.
//
// Package imageid/v1 holds the messages and services, generated from the contract.
package imageid

import (
	"context"
	"fmt"
	"strings"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
)

// Connect makes a channel to the daemon that FindEndpoint finds. Nothing is dialled before
// the first call.
func Connect() (*grpc.ClientConn, error) {
	endpoint, err := FindEndpoint()
	if err != nil {
		return nil, err
	}
	return ConnectTo(endpoint)
}

// ConnectTo makes a channel to the daemon at endpoint.
func ConnectTo(endpoint Endpoint) (*grpc.ClientConn, error) {
	options := []grpc.DialOption{
		// The daemon speaks plain text: it listens on this host alone.
		grpc.WithTransportCredentials(insecure.NewCredentials()),
	}
	if endpoint.Token != "" {
		options = append(options, grpc.WithPerRPCCredentials(bearer(endpoint.Token)))
	}
	return grpc.NewClient(endpoint.Address, options...)
}

type bearer string

func (token bearer) GetRequestMetadata(context.Context, ...string) (map[string]string, error) {
	return map[string]string{"authorization": "Bearer " + string(token)}, nil
}

func (bearer) RequireTransportSecurity() bool { return false }

// A receiver refuses headers of more than 8 KiB by default.
const longestHeaderBytes = 4096

// WithImageID adds the metadata by which a proxy shards calls. HTTP/2 allows printable
// ASCII alone in a header, so anything else is percent-encoded; a very long imageID is
// left out.
func WithImageID(ctx context.Context, imageID string) context.Context {
	header := percentEncoded(imageID)
	if len(header) > longestHeaderBytes {
		return ctx
	}
	return metadata.AppendToOutgoingContext(ctx, "x-image-id", header)
}

func percentEncoded(text string) string {
	var ascii strings.Builder
	for _, octet := range []byte(text) {
		if octet > ' ' && octet < 0x7f {
			ascii.WriteByte(octet)
		} else {
			fmt.Fprintf(&ascii, "%%%02X", octet)
		}
	}
	return ascii.String()
}
